# SPDX-License-Identifier: Apache-2.0
"""Fills a real, small file system so that ``import`` and ``index`` run out of space at a random byte, then goes on."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.resilience.bench import Bench, Usual
from benchmarks.resilience.rounds import rounds
from models.errors import StoreProblem

__all__ = ["fill_often"]

FILLED_A_COMMAND: Final = 8
PATIENCE_S: Final = 600.0
BALLAST: Final = "ballast"


def fill_often(work: Path, *, volume: Path, n_times: int, seed: int) -> None:
    """Let a command run out of space so many times; prints how each ended.

    Cases and the operator's home lie on ``volume``. Before a command as much of it is taken as leaves a random part of
    what the command still has to write; then the space is given back and the command started again, until it ends by
    itself. It must end by itself when it is full as well: with the code of a disk that cannot be written, a hint, and
    no trace of Python.
    """
    bench = Bench(volume / "relecture", delivered=work / "delivered")

    def disturbed(chance: random.Random, case: Path, command: str, usual: Usual) -> Counter[str]:
        ended: Counter[str] = Counter()
        free_at_first = bench.free_bytes()
        for _ in range(FILLED_A_COMMAND):
            n_left = usual.n_bytes - (free_at_first - bench.free_bytes())
            if n_left <= 0:
                break
            ballast = _filled(volume, leave_bytes=chance.randrange(n_left))
            jobs = chance.choice((1, 2))
            done = bench.tried(*bench.arguments(command, case, jobs=jobs), patience_s=PATIENCE_S)
            ballast.unlink()
            if done.returncode in {0, 1}:
                break
            is_clear = done.returncode == StoreProblem.exit_code and "Traceback" not in done.stderr
            ended[f"full during {command}" + ("" if is_clear else f": code {done.returncode}, {done.stderr}")] += 1
        return ended

    rounds(bench, work, disturbed, n_times=n_times, seed=seed)


def _filled(volume: Path, *, leave_bytes: int) -> Path:
    """A file that takes all of a file system but so many bytes, in whole blocks."""
    ballast = volume / BALLAST
    with ballast.open("wb") as file:
        # Why: a file system keeps some blocks to itself, so it is asked until it refuses, in smaller and smaller steps.
        size, step = 0, os.statvfs(volume).f_blocks * os.statvfs(volume).f_frsize
        while step:
            try:
                os.posix_fallocate(file.fileno(), size, step)
                size += step
            except OSError:
                step //= 2
        file.truncate(max(0, size - leave_bytes))
    return ballast
