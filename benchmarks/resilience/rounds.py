# SPDX-License-Identifier: Apache-2.0
"""Rounds of one kind of trouble: a case is made, its import and its index are disturbed, resumed, and compared.

A round is right when the resumed index has the content digest of a run that nobody disturbed, ``verify`` passes every
check and no temporary file is left. A case that is not right is kept.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.resilience.bench import Bench, Usual

__all__ = ["Disturb", "rounds"]

Disturb = Callable[[random.Random, Path, str, Usual], Counter[str]]
"""Disturbs one command over a case some times, and says what came of each."""


def rounds(bench: Bench, results: Path, disturb: Disturb, *, n_times: int, seed: int) -> None:
    """Go on until a command was disturbed so many times; prints how often each outcome came.

    Args:
        bench: What the commands run on.
        results: Folder of the state, which a second run goes on from, and of cases that are not right.
        disturb: The trouble.
        n_times: How often, over all commands and all runs.
        seed: Of every chance; with the number of the round it decides that round.
    """
    results.mkdir(parents=True, exist_ok=True)
    state = results / "state.json"
    done = json.loads(state.read_text()) if state.exists() else {"times": {}, "rounds": 0, "wrong": []}
    times: Counter[str] = Counter(done["times"])
    bench.enrol()
    bench.film()
    whole, usual_by_command = bench.untouched()
    while times.total() < n_times:
        chance = random.Random(f"{seed}:{done['rounds']}")  # noqa: S311  # Reason: repeatable trouble, no secret.
        case = bench.new_case("round")
        for command, usual in usual_by_command.items():
            times += disturb(chance, case, command, usual)
            bench.run(*bench.arguments(command, case))
        done["rounds"] += 1
        wrong = bench.judged(case, whole)
        if wrong:
            done["wrong"].append({"round": done["rounds"], "wrong": wrong})
            shutil.copytree(case, results / f"wrong-{done['rounds']}", dirs_exist_ok=True)
        done["times"] = dict(times)
        state.write_text(json.dumps(done))
        print(f"round {done['rounds']}: {dict(times)}, wrong {len(done['wrong'])}", file=sys.stderr, flush=True)
    print("| what | times |\n|---|---|")
    for what, n in sorted(times.items()):
        print(f"| {what} | {n} |")
    print(f"\n{done['rounds']} cases, each resumed to its end: {len(done['wrong'])} are not as the untouched one.")
