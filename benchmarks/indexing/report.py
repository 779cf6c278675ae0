# SPDX-License-Identifier: Apache-2.0
"""What was measured, as a table in Markdown, and as pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.indexing.footage import Pass
from benchmarks.indexing.frames import EveryFrame
from benchmarks.indexing.losses import losses, passes_found
from benchmarks.indexing.measure import Timing, median_of
from benchmarks.indexing.memory import SegmentMemory, read_memory
from benchmarks.indexing.speed import read_results

__all__ = ["draw_memory", "draw_speed", "losses_table", "memory_table", "speed_table"]


BARS = ("Relecture", "ffmpeg -f null", "finder on every frame", "detectors on every frame", "DVR-Scan")
BAR_COLOURS = ("#1f5fa8", "#9a9a9a", "#7fb07f", "#3f7f3f", "#c98a3a")
COLUMNS = (
    "recording",
    "in view",
    "ffmpeg -f null, s",
    "Relecture, 2 workers, s",
    "ratio",
    "CPU s, ffmpeg / Relecture",
    "not decoded",
    "finder on every frame, s (ratio)",
    "detectors on every frame, s (ratio)",
    "DVR-Scan, s (ratio)",
    "1 worker, s",
    "without walkers, s",
    "runs",
)


def speed_table(folder: Path) -> str:
    """Medians of every program over every recording; columns that nothing was measured for are left out."""
    rows = []
    for name, result in sorted(read_results(folder).items()):
        found, medians = _found(folder, name, "standard"), _medians(result)
        ours = medians.get("relecture-2") or medians.get("relecture-1")
        if found is None or ours is None:
            continue
        decode = medians.get("decode")
        others = _others(result, medians, found)
        runs = (len(items) for key, items in result["timings"].items() if not key.startswith("exhaustive"))
        rows.append(
            (
                name,
                _activity(folder, name),
                _wall(decode),
                f"{ours.wall_s:.1f}",
                _ratio(decode.wall_s if decode else None, ours),
                f"{decode.cpu_s:.0f} / {ours.cpu_s:.0f}" if decode else f"- / {ours.cpu_s:.0f}",
                f"{found['skipped_s'] / found['footage_s']:.1%}",
                *(f"{wall_s:.0f} ({_ratio(wall_s, ours)})" if wall_s else "-" for wall_s in others),
                _wall(medians.get("relecture-1")),
                _wall(medians.get("no-walkers-2")),
                str(min(runs)),
            )
        )
    kept = [i for i in range(len(COLUMNS)) if any(row[i] != "-" for row in rows)]
    lines = [_line([COLUMNS[i] for i in kept]), _line(["---"] * len(kept))]
    return "\n".join([*lines, *(_line([row[i] for i in kept]) for row in rows)])


def _others(
    result: dict[str, Any], medians: dict[str, Timing], found: dict[str, Any]
) -> tuple[float | None, float | None, float | None]:
    """Wall seconds of the embedded finder and of imported detectors on every frame, and of DVR-Scan.

    The first two are extrapolated and perfectly shared by two cores; the third is extrapolated where it scanned a part.
    """
    n_frames = sum(segment["n_frames"] for segment in found["segments"])
    timed = {name: EveryFrame(**item) for name, item in result.get("every_frame", {}).items()}
    embedded = timed.pop("embedded", None)
    imported = next(iter(timed.values()), None)
    dvr_s = None
    for name, timing in medians.items():
        if name.startswith("dvr-scan"):
            part = name.removeprefix("dvr-scan-").removesuffix("s")
            share = float(part) / found["footage_s"] if part.isdigit() else 1.0
            dvr_s = timing.wall_s / min(1.0, share)
    walls = [item.wall_s(n_frames, workers=2) if item else None for item in (embedded, imported)]
    return walls[0], walls[1], dvr_s


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _ratio(other_s: float | None, ours: Timing) -> str:
    return f"{other_s / ours.wall_s:.2f}" if other_s else "-"


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

    names, groups = [], []
    for name, result in sorted(read_results(folder).items()):
        found, medians = _found(folder, name, "standard"), _medians(result)
        if found is not None and "decode" in medians and "relecture-2" in medians:
            walls = [medians["relecture-2"].wall_s, medians["decode"].wall_s, *_others(result, medians, found)]
            names.append(name)
            groups.append([wall_s / found["footage_s"] * 3600 if wall_s else 0.0 for wall_s in walls])
    figure = Figure(figsize=(9, 0.8 * len(names) + 1.5), layout="constrained")
    axes = figure.subplots()
    for number, (label, colour) in enumerate(zip(BARS, BAR_COLOURS, strict=True)):
        places = [row + 0.16 * (number - 2) for row in range(len(names))]
        if any(group[number] for group in groups):
            axes.barh(places, [group[number] for group in groups], 0.15, label=label, color=colour)
    axes.set_yticks(list(range(len(names))), names)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("wall seconds per hour of footage, two cores, logarithmic")
    axes.legend(fontsize="small")
    figure.savefig(out)


def draw_memory(logs: Sequence[Path], out: Path, *, limit_mib: float = 1536) -> None:
    """Peak of one worker, and what it holds between segments, over the length of each recording."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # Reason: only where a plot is asked for.

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots()
    for log, colour in zip(logs, BAR_COLOURS[0::3], strict=False):
        items: Sequence[SegmentMemory] = read_memory(log)
        hours = [item.start_s / 3600 for item in items]
        peaks = [item.peak_mib for item in items]
        axes.plot(hours, peaks, drawstyle="steps-post", label=f"{log.stem}: peak in the segment", color=colour)
        held = [item.resident_mib for item in items]
        axes.plot(hours, held, label="after the segment", color=colour, linewidth=0.6, alpha=0.6)
    axes.axhline(limit_mib, color="#c0392b", linewidth=0.8, label="1.5 GiB")
    axes.set_ylim(0, limit_mib * 1.08)
    axes.set_xlabel("hours of the recording")
    axes.set_ylabel("MiB, one worker")
    axes.legend(loc="lower right", ncols=3, fontsize="small")
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
    return f"{footage['activity']:.1%}" if footage else "-"


def _passes(folder: Path, name: str) -> list[Pass]:
    return [Pass(**item) for item in _footage(folder, name).get("passes", [])]


def _wall(timing: Timing | None) -> str:
    return f"{timing.wall_s:.1f}" if timing else "-"
