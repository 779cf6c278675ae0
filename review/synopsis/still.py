# SPDX-License-Identifier: Apache-2.0
"""Things that arrive and stand: a parked car is shown arriving, met by others, and leaving; not standing for hours.

Only vehicles, riders' machines and unnamed objects are cut. A person who stands still is what an officer may look for
and is kept whole. What is cut is returned, with its times, and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import TrackId
from review.synopsis.tubes import MICROSECONDS, Tube

__all__ = ["StillSpan", "cut_still"]

KEPT_CLASSES: Final = frozenset({"person"})
MIN_STILL_S: Final = 10.0
ARRIVAL_S: Final = 2.0
MEETING_S: Final = 1.0
SHORTEST_S: Final = 0.6
ALL_STILL_SHOWN_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StillSpan:
    """A span that the film leaves out because the object stood still and nobody was near it."""

    track_id: TrackId
    first_pts_ticks: int
    last_pts_ticks: int
    n_samples: int
    duration_s: float


def cut_still(tubes: Sequence[Tube]) -> tuple[tuple[Tube, ...], tuple[StillSpan, ...]]:
    """Cut what stands still out of the tubes; every track keeps at least one piece.

    Returns:
        Tubes in the order of the input, pieces in place of those that were cut; and what was left out.
    """
    kept: list[Tube] = []
    spans: list[StillSpan] = []
    starts = np.array([tube.start_us for tube in tubes], np.int64)
    ends = np.array([tube.end_us for tube in tubes], np.int64)
    for tube in tubes:
        runs = [] if tube.class_name in KEPT_CLASSES else _still_runs(tube)
        if not runs:
            kept.append(tube)
            continue
        shown = np.ones(len(tube.pts_ticks), bool)
        for first, end in runs:
            shown[first:end] = False
            shown[first:end] |= tube.time_us[first:end] < tube.time_us[first] + ARRIVAL_S * MICROSECONDS
            present = np.flatnonzero((starts <= tube.time_us[end - 1]) & (ends >= tube.time_us[first]))
            shown[first:end] |= _met(tube, first, end, [tubes[k] for k in present.tolist()])
        _drop_crumbs(tube, shown)
        pieces, left_out = _pieces(tube, shown)
        kept += pieces
        spans += left_out
    return tuple(sorted(kept, key=lambda tube: (tube.camera, tube.start_us, tube.track_id, tube.piece))), tuple(spans)


def _still_runs(tube: Tube) -> list[tuple[int, int]]:
    """Sample ranges in which the centre stays within a few per cent of the box for ten seconds or more."""
    boxes = tube.boxes_xyxy_px
    if tube.end_us - tube.start_us < MIN_STILL_S * MICROSECONDS:
        return []
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    reach = max(3.0, 0.07 * float(np.median(np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1), axis=1)))))
    runs: list[tuple[int, int]] = []
    at, n = 0, len(centre)
    need_us = MIN_STILL_S * MICROSECONDS
    while at < n:
        later = int(np.searchsorted(tube.time_us, tube.time_us[at] + need_us))
        if later >= n:
            break
        probe = centre[at : later + 1]
        if (np.ptp(probe, axis=0) > 2 * reach).any():
            # Why: the run can only start after the last sample that lies too far from the end of the probe.
            far = (np.abs(probe - probe[-1]) > 2 * reach).any(axis=1)
            at += int(np.flatnonzero(far)[-1]) + 1 if far.any() else 1
            continue
        middle = np.median(probe, axis=0)
        inside = np.asarray((np.abs(centre[at:] - middle) <= 2 * reach).all(axis=1))
        end = at + (int(np.flatnonzero(~inside)[0]) if not inside.all() else len(inside))
        runs.append((at, end))
        at = end
    return runs


def _met(tube: Tube, first: int, end: int, tubes: Sequence[Tube]) -> NDArray[np.bool_]:
    """Samples of ``[first, end)`` at which another object of the camera is near or touches, with a second around."""
    time = tube.time_us[first:end]
    met = np.zeros(end - first, bool)
    boxes = tube.boxes_xyxy_px[first:end]
    for other in tubes:
        if other.track_id == tube.track_id or other.camera != tube.camera:
            continue
        near = _near(time, boxes, other)
        if np.count_nonzero(near) == 0:
            continue
        times = time[near]
        margin = round(MEETING_S * MICROSECONDS)
        if times[-1] - times[0] < MICROSECONDS // 2:
            continue
        reached = np.searchsorted(times, time - margin, side="left") < np.searchsorted(times, time + margin, "right")
        met |= reached
    return met


def _near(time: NDArray[np.int64], boxes: NDArray[np.float32], other: Tube) -> NDArray[np.bool_]:
    at = np.clip(np.searchsorted(other.time_us, time, side="right") - 1, 0, len(other.time_us) - 1)
    theirs = other.boxes_xyxy_px[at]
    present = (time >= other.start_us) & (time <= other.end_us)
    height = (boxes[:, 3] - boxes[:, 1] + theirs[:, 3] - theirs[:, 1]) / 2
    apart = (boxes[:, :2] + boxes[:, 2:] - theirs[:, :2] - theirs[:, 2:]) / 2
    close = (apart**2).sum(axis=1) < height**2
    touching = (np.minimum(boxes[:, 2:], theirs[:, 2:]) > np.maximum(boxes[:, :2], theirs[:, :2])).all(axis=1)
    return np.asarray(present & (close | touching), bool)


def _drop_crumbs(tube: Tube, shown: NDArray[np.bool_]) -> None:
    """Join pieces over short gaps, and show the best three seconds of a thing that never moved."""
    edges = np.flatnonzero(np.diff(np.r_[False, ~shown, False].astype(np.int8)))
    for first, end in edges.reshape(-1, 2):
        if tube.time_us[end - 1] - tube.time_us[first] < SHORTEST_S * MICROSECONDS:
            shown[first:end] = True
    if not shown.any():
        shown[tube.time_us < tube.start_us + ALL_STILL_SHOWN_S * MICROSECONDS] = True


def _pieces(tube: Tube, shown: NDArray[np.bool_]) -> tuple[list[Tube], list[StillSpan]]:
    edges = np.flatnonzero(np.diff(np.r_[False, shown, False].astype(np.int8))).reshape(-1, 2)
    pieces = [tube.cut(int(first), int(end), piece=k) for k, (first, end) in enumerate(edges)]
    gaps = np.flatnonzero(np.diff(np.r_[False, ~shown, False].astype(np.int8))).reshape(-1, 2)
    spans = [
        StillSpan(
            track_id=tube.track_id,
            first_pts_ticks=int(tube.pts_ticks[first]),
            last_pts_ticks=int(tube.pts_ticks[end - 1]),
            n_samples=int(end - first),
            duration_s=float(tube.time_us[end - 1] - tube.time_us[first]) / MICROSECONDS,
        )
        for first, end in gaps
    ]
    return pieces, spans
