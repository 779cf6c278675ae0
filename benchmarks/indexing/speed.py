# SPDX-License-Identifier: Apache-2.0
"""The race: plain decoding, Relecture and DVR-Scan in turn over the same recording, as often as asked.

Programs take turns, so that a slow minute of the machine falls on all of them; medians are taken of each. Every timing
is kept, with the load of the machine when it began.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.indexing.frames import every_frame, every_frame_embedded
from benchmarks.indexing.measure import Timing, decode_command, dvr_scan_command, relecture_run, timed

__all__ = ["frames_of", "race", "read_results", "run_exhaustive"]

PROGRAM_NAMES = {"decode": "ffmpeg -f null", "dvr-scan": "DVR-Scan"}


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Everything measured so far, by recording."""
    path = folder / "results.json"
    return json.loads(path.read_text()) if path.exists() else {}


def race(
    clip: Path,
    folder: Path,
    *,
    runs: int,
    jobs: Sequence[int],
    dvr_scan: Path | None,
    dvr_scan_s: float | None = None,
    has_decode: bool = True,
    has_walkers: bool = True,
) -> None:
    """Run the programs in turn; timings are added to what earlier runs over this recording gave.

    Args:
        clip: The recording.
        folder: Where results stand.
        runs: Turns.
        jobs: Worker counts to run Relecture with.
        dvr_scan: Its program, in an environment of its own; None leaves it out.
        dvr_scan_s: How much of the recording it scans, seconds; None for all.
        has_decode: Whether ffmpeg runs too.
        has_walkers: False adds a run without the net that finds walkers.
    """
    for _ in range(runs):
        if has_decode:
            _add(folder, clip, "decode", timed(decode_command(clip)))
        for n_jobs in jobs:
            timing, found = relecture_run(clip, profile="standard", jobs=n_jobs, out=folder / "run.json")
            _add(folder, clip, f"relecture-{n_jobs}", timing)
            _keep(folder, clip, "standard", found)
            if not has_walkers:
                timing, _ = relecture_run(
                    clip, profile="standard", jobs=n_jobs, out=folder / "run.json", has_walkers=False
                )
                _add(folder, clip, f"no-walkers-{n_jobs}", timing)
        if dvr_scan is not None:
            name = "dvr-scan" if dvr_scan_s is None else f"dvr-scan-{dvr_scan_s:.0f}s"
            _add(folder, clip, name, timed(dvr_scan_command(dvr_scan, clip, first_s=dvr_scan_s)))


def run_exhaustive(clip: Path, folder: Path, *, jobs: int) -> None:
    """Index without skipping anything, once, for the tracks that triage loses."""
    timing, found = relecture_run(clip, profile="exhaustive", jobs=jobs, out=folder / "run.json")
    _add(folder, clip, f"exhaustive-{jobs}", timing)
    _keep(folder, clip, "exhaustive", found)


def frames_of(clip: Path, folder: Path, *, profile: str) -> None:
    """Time the embedded finder, and imported detectors where there are any, on a sample of frames."""
    results = read_results(folder)
    by_name = results.setdefault(clip.stem, {}).setdefault("every_frame", {})
    by_name["embedded"] = asdict(every_frame_embedded(clip))
    measured = every_frame(clip, profile=profile)
    if measured is not None:
        by_name[profile] = asdict(measured)
    _write(folder, results)


def _add(folder: Path, clip: Path, name: str, timing: Timing) -> None:
    results = read_results(folder)
    results.setdefault(clip.stem, {}).setdefault("timings", {}).setdefault(name, []).append(asdict(timing))
    _write(folder, results)


def _keep(folder: Path, clip: Path, profile: str, found: dict[str, Any]) -> None:
    (folder / f"{clip.stem}.{profile}.json").write_text(json.dumps(found))


def _write(folder: Path, results: dict[str, dict[str, Any]]) -> None:
    draft = folder / "results.part"
    draft.write_text(json.dumps(results, indent=1, sort_keys=True))
    draft.replace(folder / "results.json")
