# SPDX-License-Identifier: Apache-2.0
"""Takes the delivered recordings away at random points of ``import`` and ``index``, puts them back, and goes on."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.resilience.bench import LOOK_EVERY_S, Bench, Usual, n_records_of
from benchmarks.resilience.rounds import rounds

__all__ = ["unplug_often"]

UNPLUGGED_A_COMMAND: Final = 6
CLEAR_CODES: Final = frozenset({0, 1, *range(10, 20)})
PATIENCE_S: Final = 600.0


def unplug_often(work: Path, *, n_times: int, seed: int) -> None:
    """Take the medium away so many times; prints how each run ended.

    The folder of the originals is renamed at a random point (as in ``kills``), and in half of the cases put back while
    the command still runs. A command that misses its originals must end by itself, with what it says of them.
    """
    bench = Bench(work, delivered=work / "delivered")

    def disturbed(chance: random.Random, case: Path, command: str, usual: Usual) -> Counter[str]:
        ended: Counter[str] = Counter()
        n_before = n_records_of(case)
        for _ in range(UNPLUGGED_A_COMMAND):
            n_left = usual.n_records - (n_records_of(case) - n_before)
            if n_left <= 0:
                break
            n_records = chance.randrange(n_left)
            away_s = chance.random() * (usual.step_s * 3 if n_records else usual.start_s)
            back_s = chance.choice((PATIENCE_S, chance.random() * usual.step_s * 3))
            arguments = bench.arguments(command, case, jobs=chance.choice((1, 2)))
            said = _unplugged(bench, case, n_records, away_s, back_s, *arguments)
            if said is None:
                break
            ended[f"unplugged during {command}{said}"] += 1
        return ended

    rounds(bench, work, disturbed, n_times=n_times, seed=seed)


def _unplugged(bench: Bench, case: Path, n_records: int, away_s: float, back_s: float, *arguments: str) -> str | None:
    """What was wrong with how a command ended, empty for nothing; None when it ended before the medium was gone."""
    n_before, away = n_records_of(case), bench.delivered.with_name("unplugged")
    with bench.started(*arguments) as process:
        while process.poll() is None and n_records_of(case) < n_before + n_records:
            time.sleep(LOOK_EVERY_S)
        time.sleep(away_s)
        if process.poll() is not None:
            return None
        bench.delivered.rename(away)
        deadline = time.monotonic() + back_s
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
        away.rename(bench.delivered)
        said = process.communicate(timeout=PATIENCE_S)[0]
    is_clear = process.returncode in CLEAR_CODES and "Traceback" not in said
    return "" if is_clear else f": code {process.returncode}, {said}"
