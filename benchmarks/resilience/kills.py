# SPDX-License-Identifier: Apache-2.0
"""Kills ``relecture import`` and ``relecture index`` at random points, goes on, and compares with an untouched run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.resilience.bench import LOOK_EVERY_S, Bench, Usual, n_records_of
from benchmarks.resilience.rounds import rounds

__all__ = ["kill_often"]

KILLS_A_COMMAND: Final = 5


def kill_often(work: Path, *, n_times: int, seed: int) -> None:
    """Kill so many times, over import and over index in turn; prints what came of it.

    A round makes a case, imports and indexes it; in each, processes are killed at a random point of the work: once the
    audit log has grown by a random number of records, and a random part of the time between two records later. Then the
    command is started again, until it ends by itself.
    """
    bench = Bench(work, delivered=work / "delivered")

    def disturbed(chance: random.Random, case: Path, command: str, usual: Usual) -> Counter[str]:
        n_before, n_killed = n_records_of(case), 0
        for _ in range(KILLS_A_COMMAND):
            # Why: what an earlier try wrote is not written again, and a kill behind the end would be none.
            n_left = max(1, usual.n_records - (n_records_of(case) - n_before))
            n_records = chance.randrange(n_left)
            delay_s = chance.random() * (usual.step_s if n_records else usual.start_s)
            if not _killed_at(bench, case, n_records, delay_s, *bench.arguments(command, case)):
                break
            n_killed += 1
        return Counter({f"killed during {command}": n_killed})

    rounds(bench, work, disturbed, n_times=n_times, seed=seed)


def _killed_at(bench: Bench, case: Path, n_records: int, delay_s: float, *arguments: str) -> bool:
    """Start a command, kill it and its children after so many records and seconds; False when it ended before."""
    n_before = n_records_of(case)
    with bench.started(*arguments) as process:
        while process.poll() is None and n_records_of(case) < n_before + n_records:
            time.sleep(LOOK_EVERY_S)
        try:
            process.wait(timeout=delay_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
    return False
