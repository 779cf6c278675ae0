# SPDX-License-Identifier: Apache-2.0
"""What was measured, as a table in Markdown, and as pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.indexing.footage import Pass
from benchmarks.indexing.losses import losses, passes_found
from benchmarks.indexing.measure import Timing, median_of
from benchmarks.indexing.memory import SegmentMemory, read_memory
from benchmarks.indexing.speed import read_results

__all__ = ["draw_memory", "draw_speed", "losses_table", "memory_table", "speed_table"]


def speed_table(folder: Path) -> str:
    """Medians of every program over every recording, and what follows from them."""
    lines = [
        "| recording | active | ffmpeg -f null, s | Relecture 2 workers, s (without walkers) "
        "| decode / Relecture | 1 worker, s "
        "| CPU s (ffmpeg / Relecture) | not decoded | DVR-Scan, s | runs |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in sorted(read_results(folder).items()):
        medians = _medians(result)
        found = _found(folder, name, "standard")
        if found is None or not medians:
            continue
        decode, two, one, dvr, bare = (
            medians.get(key) for key in ("decode", "relecture-2", "relecture-1", "dvr-scan", "no-walkers-2")
        )
        best = two or one
        assert best is not None
        lines.append(
            f"| {name} | {_activity(folder, name)} | {_wall(decode)} | {_wall(two)} ({_wall(bare)}) "
            f"| {f'{decode.wall_s / best.wall_s:.2f}' if decode else ''} | {_wall(one)} "
            f"| {f'{decode.cpu_s:.0f}' if decode else ''} / {best.cpu_s:.0f} "
            f"| {found['skipped_s'] / found['footage_s']:.1%} | {_wall(dvr)} "
            f"| {min(len(items) for key, items in result['timings'].items() if not key.startswith('exhaustive'))} |"
        )
    return "\n".join(lines)


def losses_table(folder: Path) -> str:
    """Tracks that triage lost, recording by recording, against the run that skipped nothing."""
    lines = [
        "| recording | named tracks of exhaustive | lost | cut | at most lost (95 %) | passes of the truth seen by "
        "standard / exhaustive / all | unnamed lost | audited, missed, at most |",
        "|---|---|---|---|---|---|---|---|",
    ]
    n_reference = n_lost = 0
    for path in sorted(folder.glob("*.exhaustive.json")):
        name = path.name.removesuffix(".exhaustive.json")
        whole, found = _found(folder, name, "exhaustive"), _found(folder, name, "standard")
        if whole is None or found is None:
            continue
        named = losses(whole["tracks"], found["tracks"])
        unnamed = losses(whole["tracks"], found["tracks"], class_name="other")
        passes = _passes(folder, name)
        seen = (passes_found(passes, found["tracks"]), passes_found(passes, whole["tracks"]), len(passes))
        audit = found.get("audit", {})
        n_reference, n_lost = n_reference + named.n_reference, n_lost + named.n_lost
        bound = audit.get("upper_bound_unit")
        lines.append(
            f"| {name} | {named.n_reference} | {named.n_lost} | {named.n_cut} | {named.upper_unit:.1%} "
            f"| {' / '.join(map(str, seen))} | {unnamed.n_lost} of {unnamed.n_reference} "
            f"| {audit.get('n_groups_audited', 0)}, {audit.get('n_groups_missed', 0)}, "
            f"{f'{bound:.1%}' if bound is not None else '-'} |"
        )
    lines.append(f"| all | {n_reference} | {n_lost} | | | | | |")
    return "\n".join(lines)


def memory_table(log: Path) -> str:
    """Peak of resident memory over the hours of a long recording."""
    items = read_memory(log)
    lines = ["| hour | segments | peak, MiB | after the last segment, MiB | CPU s |", "|---|---|---|---|---|"]
    hours = sorted({int(item.start_s // 3600) for item in items})
    for hour in hours:
        own = [item for item in items if int(item.start_s // 3600) == hour]
        lines.append(
            f"| {hour} | {len(own)} | {max(item.peak_mib for item in own):.0f} | {own[-1].resident_mib:.0f} "
            f"| {sum(item.cpu_s for item in own):.0f} |"
        )
    return "\n".join(lines)


def draw_speed(folder: Path, out: Path) -> None:
    """Bars of wall seconds per hour of footage."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # Reason: only where a plot is asked for.

    rows = []
    for name, result in sorted(read_results(folder).items()):
        found, medians = _found(folder, name, "standard"), _medians(result)
        if found is not None and "decode" in medians and "relecture-2" in medians:
            hours = found["footage_s"] / 3600
            rows.append((name, medians["decode"].wall_s / hours, medians["relecture-2"].wall_s / hours))
    figure = Figure(figsize=(9, 0.45 * len(rows) + 1.5), layout="constrained")
    axes = figure.subplots()
    places = range(len(rows))
    axes.barh([p + 0.2 for p in places], [row[1] for row in rows], 0.38, label="ffmpeg -f null", color="#9a9a9a")
    axes.barh([p - 0.2 for p in places], [row[2] for row in rows], 0.38, label="Relecture, 2 workers", color="#1f5fa8")
    axes.set_yticks(list(places), [row[0] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("wall seconds per hour of footage, median")
    axes.legend()
    figure.savefig(out)


def draw_memory(log: Path, out: Path, *, limit_mib: float = 1536) -> None:
    """Peak and resident memory of one worker over the length of a recording."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # Reason: only where a plot is asked for.

    items: Sequence[SegmentMemory] = read_memory(log)
    hours = [item.start_s / 3600 for item in items]
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(hours, [item.peak_mib for item in items], drawstyle="steps-post", label="peak in the segment")
    axes.plot(hours, [item.resident_mib for item in items], label="after the segment", color="#9a9a9a")
    axes.axhline(limit_mib, color="#c0392b", linewidth=0.8, label="1.5 GiB")
    axes.set_ylim(0, limit_mib * 1.08)
    axes.set_xlabel("hours of the recording")
    axes.set_ylabel("MiB, one worker")
    axes.legend(loc="lower right")
    figure.savefig(out)


def _medians(result: dict[str, Any]) -> dict[str, Timing]:
    return {name: median_of([Timing(**item) for item in items]) for name, items in result.get("timings", {}).items()}


def _found(folder: Path, name: str, profile: str) -> dict[str, Any] | None:
    path = folder / f"{name}.{profile}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _footage(folder: Path, name: str) -> dict[str, Any]:
    path = folder / f"{name}.footage.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _activity(folder: Path, name: str) -> str:
    footage = _footage(folder, name)
    return f"{footage['activity']:.1%}" if footage else ""


def _passes(folder: Path, name: str) -> list[Pass]:
    return [Pass(**item) for item in _footage(folder, name).get("passes", [])]


def _wall(timing: Timing | None) -> str:
    return f"{timing.wall_s:.1f}" if timing else "-"
