# SPDX-License-Identifier: Apache-2.0
"""Where a recording is cut into segments: at keyframes, at long gaps and where the picture size changes.

Length is counted in *recorded* time, in which a gap lasts no longer than the limit of a gap: a recorder that runs on
motion alone writes a file of days that holds minutes, and would else be cut into crumbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.config import IndexConfig
from indexer.probe import PacketTable
from indexer.records import Recording

__all__ = ["SegmentPlan", "plan_segments"]

LONGEST_COUNTED_STEP_S: Final = 10.0
"""A step between two frames counts at most this much of recorded time."""
SCENE_GAP_S: Final = 300.0
"""After a gap of this length light and parked cars are others: the scene is learnt anew behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlan:
    """One half-open stretch of a recording to index on its own.

    Attributes:
        number: 0-based place in the recording.
        start_pts_ticks: First tick.
        end_pts_ticks: First tick behind.
        first_frame: Index of its first frame.
        n_frames: Frames in it.
        only_ticks: Half-open spans to perceive, where a stored segment is completed; empty for all of the stretch.
        completes_sha256: Content digest of the segment that is completed; empty for a segment of its own.
    """

    number: int
    start_pts_ticks: int
    end_pts_ticks: int
    first_frame: int
    n_frames: int
    only_ticks: tuple[tuple[int, int], ...] = ()
    completes_sha256: str = ""


def plan_segments(recording: Recording, packets: PacketTable, config: IndexConfig) -> tuple[SegmentPlan, ...]:
    """Cut a recording into segments that cover it exactly, of about equal recorded time.

    Args:
        recording: Its facts say when the picture size changes.
        packets: Its packet table.
        config: Says how long a segment may be, to about one group of pictures.
    """
    facts, pts = recording.facts, packets.pts_ticks
    forced = sorted({pts_ticks for pts_ticks, _, _ in facts.size_changes if pts_ticks > facts.first_pts_ticks})
    parts = [0, *(int(at) for at in np.searchsorted(pts, forced)), len(pts)]
    keys = np.flatnonzero(packets.is_key)
    steps_s = np.minimum(np.diff(pts, append=pts[-1:]) * float(facts.time_base), LONGEST_COUNTED_STEP_S)
    recorded_s = np.concatenate([[0.0], np.cumsum(steps_s)])
    is_after_gap = np.concatenate([[False], np.diff(pts) * float(facts.time_base) >= SCENE_GAP_S])
    least = config.min_segment_frames
    cuts: list[int] = []
    for first, last in pairwise(sorted(set(parts))):
        within = keys[(keys > first) & (keys < last)]
        scenes = _long_enough([first, *within[is_after_gap[within]].tolist(), last], least)
        for start, end in pairwise(scenes):
            inner = within[(within > start) & (within < end)]
            cuts += _long_enough([start, *_even_cuts(inner, recorded_s, start, end, config.segment_s), end], least)[:-1]
    frames = [*cuts, len(pts)]
    edges = [facts.first_pts_ticks, *(int(pts[at]) for at in cuts[1:]), facts.last_pts_ticks + 1]
    return tuple(
        SegmentPlan(
            number=number, start_pts_ticks=edges[number], end_pts_ticks=edges[number + 1], first_frame=a, n_frames=b - a
        )
        for number, (a, b) in enumerate(pairwise(frames))
    )


def _even_cuts(
    keys: NDArray[np.int64], recorded_s: NDArray[np.float64], start: int, end: int, segment_s: float
) -> list[int]:
    """Keyframes nearest to the places that part a stretch of frames into equal recorded times."""
    length_s = float(recorded_s[end] - recorded_s[start])
    n_wanted = max(1, int(np.ceil(length_s / segment_s - 1e-9)))
    if n_wanted == 1 or not len(keys):
        return []
    ideals = np.linspace(recorded_s[start], recorded_s[end], n_wanted + 1)[1:-1]
    return sorted({int(keys[np.argmin(np.abs(recorded_s[keys] - ideal))]) for ideal in ideals})


def _long_enough(edges: list[int], least: int) -> list[int]:
    """Edges of which each piece holds enough frames; the first and the last edge stay."""
    kept = [edges[0]]
    for edge in edges[1:-1]:
        if edge - kept[-1] >= least and edges[-1] - edge >= least:
            kept.append(edge)
    return [*kept, edges[-1]]
