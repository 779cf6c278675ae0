# SPDX-License-Identifier: Apache-2.0
"""``relecture index`` over one recording by either engine: walls, efficiency, equal digests, and promises kept or not.

Every run indexes a case of its own in a process of its own. What is told while it runs ("so many seconds left") is kept
with the moment it was told, and held against the real end.
"""

from __future__ import annotations

import argparse
import heapq
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.indexing.measure import Timing, timed
from benchmarks.resilience.bench import Bench
from review.dask_engine import DaskEngine
from review.engines import Engine, LocalEngine
from review.indexing import IndexProgress, run_index
from review.session import CaseSession

__all__ = ["EngineRun", "compare_engines", "played_back", "promise_error", "table"]

BELIEVED_FROM_S: Final = 60.0
"""A promise counts from here on: before it too little is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRun:
    """One run.

    Attributes:
        engine: ``local`` or ``dask``.
        jobs: Workers.
        n_killed: Workers that were killed on the way.
        timing: The process with all that it started.
        wall_s: Seconds of the run itself, loading of nets included.
        content_sha256: What it made.
        promises: (Seconds since its beginning, seconds that it said are left) at each segment.
    """

    engine: str
    jobs: int
    n_killed: int
    timing: Timing
    wall_s: float
    content_sha256: str
    promises: tuple[tuple[float, float], ...]


def compare_engines(
    clip: Path, work: Path, *, jobs: Sequence[int], engines: Sequence[str], has_kill: bool
) -> tuple[EngineRun, ...]:
    """Index a recording by every engine and number of workers; ``has_kill`` adds a run that loses a Dask worker."""
    wanted = [(engine, n_jobs, False) for engine in engines for n_jobs in jobs]
    if has_kill:
        wanted.append(("dask", max(jobs), True))
    return tuple(_run(clip, work, engine, n_jobs, is_killed) for engine, n_jobs, is_killed in wanted)


def promise_error(promises: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Error of the first promise after a minute and the largest after it, as parts of the whole; None for a short run.

    +0.1 says that the end was promised a tenth of the run's length too late.

    >>> promise_error(((50.0, 90.0), (70.0, 40.0), (90.0, 5.0), (100.0, 0.0)))
    (0.1, 0.1)
    """
    end_s = max(said_s for said_s, _ in promises)
    errors = [round((said_s + left_s) / end_s - 1, 4) for said_s, left_s in promises if said_s >= BELIEVED_FROM_S]
    return (errors[0], max(errors, key=abs)) if errors and end_s > BELIEVED_FROM_S else None


def played_back(works_s: Sequence[float], jobs: int, *, start_s: float = 5.0) -> tuple[tuple[float, float], ...]:
    """What a run would have promised whose segments of equal length took so long, in turn, after so long a start.

    >>> played_back((10.0, 10.0), 1, start_s=0.0)
    ((10.0, 10.0), (20.0, 0.0))
    """
    free_s = [start_s] * jobs
    ends_s = [heapq.heapreplace(free_s, free_s[0] + work_s) + work_s for work_s in works_s]
    return tuple((end_s, end_s / n * (len(works_s) - n)) for n, end_s in enumerate(sorted(ends_s), 1))


def table(runs: Sequence[EngineRun]) -> str:
    """Runs as Markdown; efficiency against the same engine with one worker, where that ran."""
    lines = [
        "| engine | workers | wall s | processor s | efficiency | equal | promised after a minute, at worst |",
        "|---|---|---|---|---|---|---|",
    ]
    alone_s = {run.engine: run.wall_s for run in runs if run.jobs == 1}
    for run in runs:
        base = alone_s.get(run.engine)
        efficiency = f"{base / (run.jobs * run.wall_s):.2f}" if base and not run.n_killed else "-"
        errors = promise_error(run.promises)
        lines.append(
            f"| {run.engine}{f', {run.n_killed} killed' if run.n_killed else ''} | {run.jobs} | {run.wall_s:.1f} "
            f"| {run.timing.cpu_s:.0f} | {efficiency} | {run.content_sha256 == runs[0].content_sha256} "
            f"| {f'{errors[0]:+.0%}, {errors[1]:+.0%}' if errors else '-'} |"
        )
    return "\n".join(lines)


def _run(clip: Path, work: Path, engine: str, jobs: int, is_killed: bool) -> EngineRun:
    name = f"{clip.stem}-{engine}-{jobs}{'-killed' if is_killed else ''}"
    bench = Bench(work, delivered=clip.parent)
    bench.enrol()
    case = bench.new_case(name)
    bench.run("import", str(case), str(clip), "--camera", "cam1")
    out = work / f"{name}.json"
    os.environ.update(bench.environment)
    options = ["--engine", engine, "--jobs", jobs, "--out", out, *(["--kill"] if is_killed else [])]
    timing = timed([sys.executable, "-m", __spec__.name, case, *map(str, options)], log=work / f"{name}.log")
    shutil.rmtree(case)
    said = json.loads(out.read_text())
    promises = tuple((float(at_s), float(left_s)) for at_s, left_s in said.pop("promises"))
    return EngineRun(engine=engine, jobs=jobs, timing=timing, promises=promises, **said)


def main() -> None:
    """Entry of the measured process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case", type=Path)
    parser.add_argument("--engine", choices=["local", "dask"], required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    promises: list[tuple[float, float]] = []
    killed: list[int] = []

    def tell(state: IndexProgress) -> None:
        promises.append((time.perf_counter() - started, state.left_s or 0.0))
        if given.kill and not killed and state.done_s > state.total_s / 3:
            # Why: the only children of this process are the workers of the cluster.
            victim = multiprocessing.active_children()[0]
            killed.append(victim.pid or 0)
            victim.kill()

    engine: Engine = DaskEngine(jobs=given.jobs) if given.engine == "dask" else LocalEngine(given.jobs)
    passphrase = os.environ["RELECTURE_PASSPHRASE"]
    with CaseSession.open(given.case, operator_id=None, passphrase=passphrase) as session:
        started = time.perf_counter()
        report = run_index(session, engine=engine, progress=tell)
    document = {
        "wall_s": report.wall_s,
        "content_sha256": report.content_sha256,
        "n_killed": len(killed),
        "promises": promises,
    }
    given.out.write_text(json.dumps(document))


if __name__ == "__main__":
    main()
