# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.indexing``: indexing against plain decoding, a detector on every frame, and DVR-Scan.

    make SET OUT --minutes 60 --activity 0.04    a long recording of a short set of ``python -m samples``
    sample SET OUT                               a recording of ``python -m samples`` as it was filmed, without seams
    real CLIP LABELS OUT --minutes 10            a real clip, played once, then its own quiet groups
    speed CLIP... --results DIR --runs 3         ffmpeg, Relecture with one and two workers, DVR-Scan, in turn
    exhaustive CLIP... --results DIR             the run that skips nothing, for the tracks that triage loses
    frames CLIP... --results DIR                 the imported detectors on a sample of frames
    all CLIP... --results DIR                    speed, frames and report in one run
    memory CLIP --log FILE                       peak memory of every segment of a long recording
    engines CLIP --work DIR [--kill]             local workers and those of Dask: walls, equal digests, promised ends
    promises --memory FILE...                    what a run would have promised, from what `memory` wrote
    passes --log FILE --count 600                passes that triage loses, over small samples of many seeds
    report --results DIR [--memory FILE...]      tables in Markdown, and plots beside the results

DVR-Scan brings another OpenCV and is installed in an environment of its own: name its program with --dvr-scan; with
--dvr-scan-s it scans so many seconds of each recording, and its time for the whole is extrapolated.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.indexing import many, report, speed
from benchmarks.indexing.engines import compare_engines, played_back, promise_error, table
from benchmarks.indexing.footage import BuiltFootage, build, read_labels, read_sample, taken_whole
from benchmarks.indexing.memory import follow_memory, read_memory


def main() -> None:
    arguments = _parser().parse_args()
    arguments.run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    made = commands.add_parser("make")
    made.add_argument("set", type=Path)
    made.add_argument("out", type=Path)
    made.add_argument("--minutes", type=float, default=60.0)
    made.add_argument("--activity", type=float, default=0.04)
    made.add_argument("--seed", type=int, default=1)
    made.set_defaults(run=_make)
    real = commands.add_parser("real")
    real.add_argument("clip", type=Path)
    real.add_argument("labels", type=Path)
    real.add_argument("out", type=Path)
    real.add_argument("--minutes", type=float, default=10.0)
    real.set_defaults(run=_real)
    sample = commands.add_parser("sample")
    sample.add_argument("set", type=Path)
    sample.add_argument("out", type=Path)
    sample.set_defaults(run=lambda arguments: _say(taken_whole(read_sample(arguments.set), arguments.out)))
    for name, run in (("speed", _speed), ("exhaustive", _exhaustive), ("frames", _frames), ("all", _all)):
        command = commands.add_parser(name)
        command.add_argument("clips", type=Path, nargs="+")
        command.add_argument("--results", type=Path, required=True)
        command.add_argument("--runs", type=int, default=3)
        command.add_argument("--jobs", type=int, nargs="+", default=[2, 1])
        command.add_argument("--dvr-scan", type=Path)
        command.add_argument("--dvr-scan-s", type=float, help="Seconds that DVR-Scan is timed on. Default: all.")
        command.add_argument("--no-decode", action="store_true")
        command.add_argument("--also-no-walkers", action="store_true", help="Run once more without that net.")
        command.add_argument("--profile", default="fast", help="Whose detectors are timed on every frame.")
        command.add_argument("--home", type=Path, help="Folder of imported detectors, for the frames alone.")
        command.set_defaults(run=run)
    memory = commands.add_parser("memory")
    memory.add_argument("clip", type=Path)
    memory.add_argument("--log", type=Path, required=True)
    memory.set_defaults(run=lambda arguments: follow_memory(arguments.clip, arguments.log))
    engines = commands.add_parser("engines")
    engines.add_argument("clip", type=Path)
    engines.add_argument("--work", type=Path, required=True)
    engines.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    engines.add_argument("--engine", nargs="+", choices=["local", "dask"], default=["local", "dask"])
    engines.add_argument("--kill", action="store_true", help="Run Dask once more and kill a worker on the way.")
    engines.set_defaults(run=_engines)
    _add_longer(commands)
    tables = commands.add_parser("report")
    tables.add_argument("--results", type=Path, required=True)
    tables.add_argument("--memory", type=Path, nargs="+")
    tables.set_defaults(run=_report)
    return parser


def _add_longer(commands: Any) -> None:
    promises = commands.add_parser("promises")
    promises.add_argument("--memory", type=Path, nargs="+", required=True)
    promises.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    promises.set_defaults(run=_promises)
    passes = commands.add_parser("passes")
    passes.add_argument("--log", type=Path, required=True)
    passes.add_argument("--count", type=int, default=600, help="Passes wanted, those of the log included.")
    passes.set_defaults(run=_passes)


def _make(arguments: argparse.Namespace) -> None:
    source = read_sample(arguments.set)
    built = build(
        source,
        arguments.out,
        length_s=arguments.minutes * 60,
        activity=arguments.activity,
        seed=arguments.seed,
    )
    _say(built)


def _real(arguments: argparse.Namespace) -> None:
    source = read_labels(arguments.clip, arguments.labels)
    _say(build(source, arguments.out, length_s=arguments.minutes * 60, activity=None))


def _say(built: BuiltFootage) -> None:
    """Keep what is known of a recording beside it."""
    document = {**asdict(built), "path": built.path.name}
    built.path.with_suffix(".footage.json").write_text(json.dumps(document))
    print(f"{built.path.name}: {built.duration_s:.1f} s, {built.activity:.1%} active, {len(built.passes)} passes")


def _speed(arguments: argparse.Namespace) -> None:
    arguments.results.mkdir(parents=True, exist_ok=True)
    for clip in arguments.clips:
        _take_footage(clip, arguments.results)
        speed.race(
            clip,
            arguments.results,
            runs=arguments.runs,
            jobs=arguments.jobs,
            dvr_scan=arguments.dvr_scan,
            dvr_scan_s=arguments.dvr_scan_s,
            has_decode=not arguments.no_decode,
            has_walkers=not arguments.also_no_walkers,
        )


def _exhaustive(arguments: argparse.Namespace) -> None:
    arguments.results.mkdir(parents=True, exist_ok=True)
    for clip in arguments.clips:
        _take_footage(clip, arguments.results)
        speed.run_exhaustive(clip, arguments.results, jobs=arguments.jobs[0])


def _frames(arguments: argparse.Namespace) -> None:
    arguments.results.mkdir(parents=True, exist_ok=True)
    if arguments.home is not None:
        os.environ["RELECTURE_HOME"] = str(arguments.home)
    for clip in arguments.clips:
        speed.frames_of(clip, arguments.results, profile=arguments.profile)


def _all(arguments: argparse.Namespace) -> None:
    _speed(arguments)
    _frames(arguments)
    _report(arguments)


def _passes(arguments: argparse.Namespace) -> None:
    many.follow_passes(arguments.log, n_passes=arguments.count)
    print(many.passes_table(arguments.log))


def _report(arguments: argparse.Namespace) -> None:
    text = f"{report.speed_table(arguments.results)}\n\n{report.losses_table(arguments.results)}\n"
    (arguments.results / "tables.md").write_text(text)
    print(text)
    report.draw_speed(arguments.results, arguments.results / "speed.png")
    logs = getattr(arguments, "memory", None) or []
    for log in logs:
        print(f"\n{log.stem}\n\n{report.memory_table(log)}")
    if logs:
        report.draw_memory(logs, arguments.results / "memory.png")


def _engines(given: argparse.Namespace) -> None:
    runs = compare_engines(given.clip, given.work, jobs=given.jobs, engines=given.engine, has_kill=given.kill)
    print(table(runs))


def _promises(given: argparse.Namespace) -> None:
    for log in given.memory:
        works_s = [item.cpu_s for item in read_memory(log)]
        for jobs in given.jobs:
            errors = promise_error(played_back(works_s, jobs))
            said = "too short" if errors is None else f"{errors[0]:+.0%} after a minute, {errors[1]:+.0%} at worst"
            print(f"{log.stem}, {len(works_s)} segments, {jobs} workers: {said}")


def _take_footage(clip: Path, folder: Path) -> None:
    """Keep what is known of a recording with its results."""
    known = clip.with_suffix(".footage.json")
    if known.exists():
        (folder / known.name).write_text(known.read_text())


if __name__ == "__main__":
    main()
