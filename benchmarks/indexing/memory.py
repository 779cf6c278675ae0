# SPDX-License-Identifier: Apache-2.0
"""Memory over a very long recording: one worker process makes every segment, its peak taken anew for each.

Linux only: the kernel's high-water mark of resident memory is reset before every segment. Results are appended to a
file as they come, so that a run that is stopped goes on where it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.indexing.driver import probed_recording
from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.segments import pack
from models.modelset import load_model_set

__all__ = ["SegmentMemory", "follow_memory", "read_memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMemory:
    """One segment: peak and end of resident memory while it was made, what it took, what it gave."""

    number: int
    start_s: float
    n_decoded: int
    n_tracks: int
    peak_mib: float
    resident_mib: float
    wall_s: float
    cpu_s: float


def read_memory(log: Path) -> tuple[SegmentMemory, ...]:
    """What a run wrote so far."""
    if not log.exists():
        return ()
    return tuple(SegmentMemory(**json.loads(line)) for line in log.read_text().splitlines())


def follow_memory(
    clip: Path, log: Path, *, profile: str = "standard", between: Callable[[], None] = lambda: None
) -> tuple[SegmentMemory, ...]:
    """Index a recording in this process and log memory after every segment.

    Args:
        clip: The recording.
        log: JSON lines; segments that stand in it are not made again.
        profile: Profile to index with.
        between: Called before every segment, so that a shared machine can be yielded.
    """
    recording, packets = probed_recording(clip)
    config = IndexConfig.of_profile(profile)
    models = load_model_set("standard")
    done = {item.number for item in read_memory(log)}
    for plan in plan_segments(recording, packets, config):
        if plan.number in done:
            continue
        between()
        Path("/proc/self/clear_refs").write_text("5")
        started = time.perf_counter()
        segment = index_segment(recording, packets, plan, config, models)
        pack(segment)
        item = {
            "number": plan.number,
            "start_s": round(
                float((plan.start_pts_ticks - recording.facts.first_pts_ticks) * recording.facts.time_base)
            ),
            "n_decoded": segment.stats.n_decoded + segment.stats.n_audit_frames,
            "n_tracks": len(segment.tracks),
            "peak_mib": _status_mib("VmHWM"),
            "resident_mib": _status_mib("VmRSS"),
            "wall_s": round(time.perf_counter() - started, 2),
            "cpu_s": segment.stats.cpu_s,
        }
        with log.open("a") as file:
            file.write(json.dumps(item) + "\n")
    return read_memory(log)


def _status_mib(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0
