# SPDX-License-Identifier: Apache-2.0
"""Takes the delivered recordings away at random points of ``import`` and ``index``, puts them back, and goes on."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.resilience.bench import LOOK_EVERY_S, Bench, Usual, n_records_of
from benchmarks.resilience.rounds import rounds

__all__ = ["unplug_often"]

UNPLUGGED_A_COMMAND: Final = 6
CLEAR_CODES: Final = frozenset({0, 1, *range(10, 20)})
PATIENCE_S: Final = 600.0


def unplug_often(work: Path, *, n_times: int, seed: int) -> None:
    """Take the medium away so many times; prints how the runs ended.

    The folder of the originals is renamed at a random point (as in ``kills``); in half of the runs it is put back a
    little later, and taken away again, while the command goes on. A command that misses its originals must end by
    itself, with what it says of them.
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
            waits = _waits(chance, usual, is_put_back=chance.random() < 0.5)
            arguments = bench.arguments(command, case, jobs=chance.choice((1, 2)))
            n_unplugged, wrong = _unplugged(bench, case, n_records, waits, *arguments)
            if n_unplugged == 0:
                break
            ended[f"unplugged during {command}{wrong}"] += n_unplugged
        return ended

    rounds(bench, work, disturbed, n_times=n_times, seed=seed)


def _waits(chance: random.Random, usual: Usual, *, is_put_back: bool) -> Iterator[float]:
    """Seconds until the medium is taken away, until it is put back, until it is taken away again, and so on."""
    yield chance.random() * usual.step_s
    while is_put_back:
        yield chance.random() * usual.step_s
    yield PATIENCE_S


def _unplugged(bench: Bench, case: Path, n_records: int, waits: Iterator[float], *arguments: str) -> tuple[int, str]:
    """How often the medium was taken away while a command ran, and what was wrong with how that ended."""
    n_before, n_unplugged = n_records_of(case), 0
    away = bench.delivered.with_name("unplugged")
    with bench.started(*arguments) as process:
        while process.poll() is None and n_records_of(case) < n_before + n_records:
            time.sleep(LOOK_EVERY_S)
        for wait_s in waits:
            try:
                process.wait(timeout=wait_s)
                break
            except subprocess.TimeoutExpired:
                if away.exists():
                    away.rename(bench.delivered)
                else:
                    bench.delivered.rename(away)
                    n_unplugged += 1
        if away.exists():
            away.rename(bench.delivered)
        said = process.communicate(timeout=PATIENCE_S)[0]
    is_clear = process.returncode in CLEAR_CODES and "Traceback" not in said
    return n_unplugged, "" if is_clear else f": code {process.returncode}, {said}"
