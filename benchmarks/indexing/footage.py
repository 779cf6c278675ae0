# SPDX-License-Identifier: Apache-2.0
"""Long recordings out of short ones: whole groups of pictures, copied without re-encoding, under exact new times.

A set of a few minutes made by ``samples`` holds *runs* (groups in which something is seen, with the quiet group on
either side of them) and quiet groups with true sensor noise. An hour at a wanted activity is runs, as often as needed,
between quiet groups. What this does not show: the same passes come again, and light and the burnt-in clock jump where
two groups meet that were not filmed one after the other, which makes triage look harder at those places, not easier.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BuiltFootage",
    "Pass",
    "SourceFootage",
    "active_frames_of",
    "build",
    "read_labels",
    "read_sample",
    "taken_whole",
]

MIN_QUIET_GROUPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One object in view, both frames included; frames count from 0 in the recording it belongs to."""

    name: str
    class_name: str
    first_frame: int
    last_frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFootage:
    """A short recording, and when something is seen in it."""

    path: Path
    passes: tuple[Pass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFootage:
    """A recording that was put together: frames, share of them in which something is seen, every pass."""

    path: Path
    n_frames: int
    duration_s: float
    activity: float
    n_bytes: int
    passes: tuple[Pass, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    first_frame: int
    packets: tuple[av.Packet, ...]
    is_active: bool


def read_sample(folder: Path) -> SourceFootage:
    """A set of one camera as ``python -m samples`` writes it."""
    (file,) = json.loads((folder / "truth.json").read_text())["files"]
    passes = tuple(
        Pass(
            name=f"{item['object_id']}#{number}",
            class_name=item["class"],
            first_frame=seen["first_frame"],
            last_frame=seen["last_frame"],
        )
        for item in file["objects"]
        for number, seen in enumerate(item["passes"])
    )
    return SourceFootage(path=folder / file["file"], passes=passes)


def read_labels(clip: Path, labels: Path) -> SourceFootage:
    """A real clip with its labelled passes."""
    events = json.loads(labels.read_text())["clips"].get(clip.name, {}).get("events", [])
    passes = tuple(
        Pass(
            name=f"{clip.stem}#{number}",
            class_name=item.get("type", "person"),
            first_frame=item["first"],
            last_frame=item["last"],
        )
        for number, item in enumerate(events)
    )
    return SourceFootage(path=clip, passes=passes)


def active_frames_of(passes: Iterable[Pass], n_frames: int) -> NDArray[np.bool_]:
    """(N,) bool: True for the frames in which something is seen."""
    active = np.zeros(n_frames, np.bool_)
    for item in passes:
        active[item.first_frame : item.last_frame + 1] = True
    return active


def build(source: SourceFootage, out: Path, *, length_s: float, activity: float | None, seed: int = 1) -> BuiltFootage:
    """Write a long recording of a short one.

    Args:
        source: The short one.
        out: MP4 to write.
        length_s: Wanted length, reached to one group.
        activity: Wanted share of active frames; None plays the source once and goes on with quiet groups.
        seed: Seed of the places of the runs.

    Raises:
        ValueError: The source holds no quiet group.
    """
    groups, step_ticks, time_base = _groups_of(source)
    quiet = [group for group in groups if not group.is_active]
    if not quiet:
        msg = f"{source.path.name} holds no group of pictures without anything in it."
        raise ValueError(msg)
    n_wanted = round(length_s / (step_ticks * time_base))
    runs = _runs_of(groups, source.passes)
    chosen = [groups] if activity is None else _choose(runs, source.passes, round(activity * n_wanted))
    order = _arrange(chosen, quiet, n_wanted, np.random.default_rng(seed))
    n_frames = _write(source.path, out, order, step_ticks, time_base)
    passes = tuple(_passes_of(order, source.passes))
    return BuiltFootage(
        path=out,
        n_frames=n_frames,
        duration_s=float(n_frames * step_ticks * time_base),
        activity=float(active_frames_of(passes, n_frames).mean()),
        n_bytes=out.stat().st_size,
        passes=passes,
    )


def taken_whole(source: SourceFootage, out: Path) -> BuiltFootage:
    """A recording as it was filmed, without any seam: its bytes under another name."""
    out.write_bytes(source.path.read_bytes())
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        times = [packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None]
        duration_s = float((max(times) - min(times)) * Fraction(stream.time_base or 1))
    return BuiltFootage(
        path=out,
        n_frames=len(times),
        duration_s=duration_s * len(times) / max(1, len(times) - 1),
        activity=float(active_frames_of(source.passes, len(times)).mean()),
        n_bytes=out.stat().st_size,
        passes=source.passes,
    )


def _groups_of(source: SourceFootage) -> tuple[list[_Group], int, Fraction]:
    groups: list[tuple[int, list[av.Packet]]] = []
    n_frames = 0
    with av.open(str(source.path)) as container:
        stream = container.streams.video[0]
        time_base = Fraction(stream.time_base or Fraction(1, 90000))
        times = []
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            if packet.is_keyframe:
                groups.append((n_frames, []))
            if groups:
                groups[-1][1].append(packet)
            times.append(packet.pts)
            n_frames += 1
    step_ticks = int(np.median(np.diff(np.sort(np.array([pts for pts in times if pts is not None], np.int64)))))
    active = active_frames_of(source.passes, n_frames)
    made = [_Group(first, tuple(items), bool(active[first : first + len(items)].any())) for first, items in groups]
    return made, step_ticks, time_base


def _runs_of(groups: Sequence[_Group], passes: Sequence[Pass]) -> list[list[_Group]]:
    """Active groups that follow each other, with the quiet group on either side where there is one."""
    runs: list[list[_Group]] = []
    for i, group in enumerate(groups):
        if not group.is_active:
            continue
        if i and groups[i - 1].is_active and runs:
            runs[-1].append(group)
        else:
            runs.append([groups[i - 1], group] if i else [group])
        if i + 1 < len(groups) and not groups[i + 1].is_active:
            runs[-1].append(groups[i + 1])
    assert all(run for run in runs) or not passes
    return runs


def _choose(runs: Sequence[list[_Group]], passes: Sequence[Pass], n_active: int) -> list[list[_Group]]:
    """Runs, in turn and again, until they hold about the wanted number of active frames."""
    sizes = [_n_active(run, passes) for run in runs]
    chosen: list[list[_Group]] = []
    total = 0
    for number, _ in zip(cycle(range(len(runs))), range(100_000), strict=False):
        if total + min(sizes) / 2 > n_active:
            break
        if total + sizes[number] / 2 <= n_active:
            chosen.append(runs[number])
            total += sizes[number]
    return chosen


def _n_active(run: Sequence[_Group], passes: Sequence[Pass]) -> int:
    n_frames = max(group.first_frame + len(group.packets) for group in run)
    active = active_frames_of([item for item in passes if item.first_frame < n_frames], n_frames + 100_000)
    return sum(int(active[g.first_frame : g.first_frame + len(g.packets)].sum()) for g in run)


def _arrange(
    chosen: Sequence[Sequence[_Group]], quiet: Sequence[_Group], n_wanted: int, rng: np.random.Generator
) -> list[list[_Group]]:
    """Runs with quiet stretches before, between and after them, of chance lengths."""
    n_run_frames = sum(len(group.packets) for run in chosen for group in run)
    per_group = float(np.mean([len(group.packets) for group in quiet]))
    n_quiet = max(0, round((n_wanted - n_run_frames) / per_group))
    least = min(MIN_QUIET_GROUPS, n_quiet // (len(chosen) + 1))
    shares = rng.dirichlet(np.ones(len(chosen) + 1)) * (n_quiet - least * (len(chosen) + 1))
    edges = np.round(np.concatenate([[0], np.cumsum(shares)])).astype(int)
    lengths = np.diff(edges) + least
    supply = cycle(quiet)
    order: list[list[_Group]] = []
    for number, length in enumerate(lengths.tolist()):
        order.append([next(supply) for _ in range(length)])
        if number < len(chosen):
            order.append(list(chosen[number]))
    return order


def _write(source: Path, out: Path, order: Sequence[Sequence[_Group]], step_ticks: int, time_base: Fraction) -> int:
    """Copy the packets under times that follow each other evenly; reordering inside a group is kept."""
    n_frames = 0
    with av.open(str(source)) as origin, av.open(str(out), "w", format="mp4") as target:
        stream = target.add_stream_from_template(origin.streams.video[0])
        stream.time_base = time_base
        for stretch in order:
            for group in stretch:
                ranks = np.argsort(np.argsort([packet.pts for packet in group.packets])).tolist()
                for place, (packet, rank) in enumerate(zip(group.packets, ranks, strict=True)):
                    copy = av.Packet(bytes(packet))
                    copy.stream = stream
                    copy.time_base = time_base
                    copy.is_keyframe = packet.is_keyframe
                    copy.pts = (n_frames + rank) * step_ticks
                    copy.dts = (n_frames + place - max(0, _delay(ranks))) * step_ticks
                    copy.duration = step_ticks
                    target.mux(copy)
                n_frames += len(group.packets)
    return n_frames


def _delay(ranks: Sequence[int]) -> int:
    return max(place - rank for place, rank in enumerate(ranks))


def _passes_of(order: Sequence[Sequence[_Group]], passes: Sequence[Pass]) -> Iterable[Pass]:
    """Where every pass lies in the long recording, once for each time its run is played."""
    n_before = 0
    for number, stretch in enumerate(order):
        if stretch:
            first = stretch[0].first_frame
            n_here = sum(len(group.packets) for group in stretch)
            if any(group.is_active for group in stretch):
                for item in passes:
                    start, end = item.first_frame - first, item.last_frame - first
                    if end >= 0 and start < n_here:
                        yield Pass(
                            name=f"{item.name}@{number}",
                            class_name=item.class_name,
                            first_frame=n_before + max(0, start),
                            last_frame=n_before + min(n_here - 1, end),
                        )
            n_before += n_here
