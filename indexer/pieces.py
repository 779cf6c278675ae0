# SPDX-License-Identifier: Apache-2.0
"""Joins the pieces in which motion sees one object at one time: behind a post, or where it has the ground's colour.

Motion cuts an object wherever something hides it or nothing tells it from the ground. In one picture such pieces look
like two objects side by side; over time they do not. Three things are believed:

* *one within the other*: as long as the smaller one is seen, it lies in the larger one's box;
* *a seam that stands still*: the edges at which two pieces face each other stay where they are, close together, while
  the whole moves on: something stands before it. Of two who walk side by side those edges move along;
* *a change of hands*: one piece ends while another, which began a moment before, is what the first had been.

The other way round, a track that stands somewhere (a branch, a reflection, a hole left in the scene) and at once has
many times its size is two things: something came that swallowed it. What stands is never a piece of what passes.

Walkers take no part: the net that found them tells them apart. Where it took a rider or the like for walkers for a
moment, the region before and after is what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.sketches import Box, Sighting, Sketch, iou_xyxy

__all__ = ["join_pieces"]

MIN_COMMON: Final = 4
WITHIN_SHARE: Final = 0.7
WITHIN_PICTURES: Final = 0.8
SEAM_TREMBLE_UNIT: Final = 0.03
"""Median shift of a seam's edges, as a share of the whole's size; below, it stands still."""
SEAM_WIDTH_UNIT: Final = 0.2
FACING_SHARE: Final = 0.5
MOVED_UNIT: Final = 0.25
"""The whole must have moved by this share of its size while both pieces were seen."""
HANDOVER_S: Final = 0.4
HANDOVER_IOU: Final = 0.5
N_RECENT: Final = 4
STOOD_S: Final = 1.0
STOOD_IOU: Final = 0.5
STOOD_PICTURES: Final = 8
JUMP: Final = 4.0
"""Growth from one picture to the next at which what stood there is not what is there now."""


def join_pieces(sketches: list[Sketch], *, ticks_per_s: float, pixel_px: float) -> list[Sketch]:
    """Sketches of moving regions with the pieces of one object joined, by first appearance; in place.

    Args:
        sketches: Of one span, seen by motion.
        ticks_per_s: Ticks of their times in a second.
        pixel_px: Size of a pixel of the motion picture in pixels of the boxes: no edge is known better.
    """
    parts = sorted((part for sketch in sketches for part in _cut_at_jumps(sketch, ticks_per_s)), key=_by_first)
    pending = [_Piece(sketch=part, is_apart=_is_apart(part)) for part in parts]
    while (found := _next_pair(pending, ticks_per_s, pixel_px)) is not None:
        earlier, later = found
        _join(earlier.sketch, later.sketch)
        pending.remove(later)
        earlier.is_apart = _is_apart(earlier.sketch)
        earlier.others.clear()
        for piece in pending:
            piece.others.discard(earlier)
    return [piece.sketch for piece in pending]


@dataclass(slots=True, eq=False)
class _Piece:
    """A sketch and what is known of it, so that nothing is compared twice.

    Attributes:
        sketch: The sketch.
        is_apart: True for what is never a piece: it stands, or walks.
        others: Later pieces of which it is none, since either changed last.
    """

    sketch: Sketch
    is_apart: bool
    others: set[_Piece] = field(default_factory=set)


def _next_pair(pending: list[_Piece], ticks_per_s: float, pixel_px: float) -> tuple[_Piece, _Piece] | None:
    """The first two pieces, in order of appearance, that are one object."""
    for earlier, later in _pairs(pending, ticks_per_s):
        if later in earlier.others:
            continue
        if _are_one(earlier.sketch, later.sketch, ticks_per_s, pixel_px):
            return earlier, later
        earlier.others.add(later)
    return None


def _cut_at_jumps(sketch: Sketch, ticks_per_s: float) -> list[Sketch]:
    """The sketch, or what stood and what came as two: crops, looks and votes go to the part of their time."""
    areas = _areas(np.array([s.box_xyxy_px for s in sketch.sightings], np.float64))
    for i in range(1, len(areas)):
        ratio = float(areas[i] / max(1.0, areas[i - 1]))
        if (ratio > JUMP and _stood(sketch.sightings[:i][::-1], ticks_per_s)) or (
            ratio < 1 / JUMP and _stood(sketch.sightings[i:], ticks_per_s)
        ):
            head, tail = sketch.cut(sketch.sightings[i].pts_ticks)
            return [head, *_cut_at_jumps(tail, ticks_per_s)]
    return [sketch]


def _stood(outward: list[Sighting], ticks_per_s: float) -> bool:
    """True where the object was in one place for a second, outward from one end."""
    end = outward[0]
    recent = [s for s in outward if abs(s.pts_ticks - end.pts_ticks) <= STOOD_S * ticks_per_s]
    is_long = len(recent) < len(outward)
    return is_long and float(np.median([iou_xyxy(end.box_xyxy_px, s.box_xyxy_px) for s in recent])) > STOOD_IOU


def _pairs(ordered: list[_Piece], ticks_per_s: float) -> Iterator[tuple[_Piece, _Piece]]:
    """Every two that are seen at one time, or nearly."""
    for i, earlier in enumerate(ordered):
        if earlier.is_apart:
            continue
        end = earlier.sketch.last.pts_ticks + HANDOVER_S * ticks_per_s
        for later in islice(ordered, i + 1, None):
            if later.sketch.first.pts_ticks > end:
                break
            if not later.is_apart:
                yield earlier, later


def _is_apart(sketch: Sketch) -> bool:
    return sketch.is_walker or _stands(sketch)


def _stands(sketch: Sketch) -> bool:
    """True for what is seen for a while and ends where it began, having been there most of the time."""
    boxes = np.array([s.box_xyxy_px for s in sketch.sightings], np.float64)
    usual, first, last = (_median_box(part) for part in (boxes, boxes[:N_RECENT], boxes[-N_RECENT:]))
    alike = np.median([iou_xyxy(usual, s.box_xyxy_px) for s in sketch.sightings])
    return len(boxes) >= STOOD_PICTURES and min(float(alike), iou_xyxy(first, last)) > STOOD_IOU


def _median_box(boxes: NDArray[np.float64]) -> Box:
    x1, y1, x2, y2 = np.median(boxes, axis=0).tolist()
    return (x1, y1, x2, y2)


def _are_one(earlier: Sketch, later: Sketch, ticks_per_s: float, pixel_px: float) -> bool:
    boxes_a, boxes_b = _common(earlier, later)
    if _changes_hands(earlier, later, ticks_per_s):
        return True
    if len(boxes_a) < MIN_COMMON:
        return False
    return _lies_within(boxes_a, boxes_b, min(len(earlier.sightings), len(later.sightings))) or any(
        _has_still_seam(boxes_a, boxes_b, axis, pixel_px) for axis in (0, 1)
    )


def _common(a: Sketch, b: Sketch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes (N, 4) of both at the N instants at which both were seen."""
    box_by_pts = {s.pts_ticks: s.box_xyxy_px for s in b.sightings}
    pairs = [(s.box_xyxy_px, box_by_pts[s.pts_ticks]) for s in a.sightings if s.pts_ticks in box_by_pts]
    both = np.array(pairs, np.float64).reshape(-1, 2, 4)
    return both[:, 0], both[:, 1]


def _lies_within(a: NDArray[np.float64], b: NDArray[np.float64], n_shorter: int) -> bool:
    common = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(axis=1)
    smaller = np.minimum(_areas(a), _areas(b))
    n_within = int(np.count_nonzero(common >= WITHIN_SHARE * smaller))
    return n_within >= WITHIN_PICTURES * len(a) and n_within >= WITHIN_PICTURES * n_shorter


def _has_still_seam(a: NDArray[np.float64], b: NDArray[np.float64], axis: int, pixel_px: float) -> bool:
    """True where two pieces face each other across something that stands, along x (0) or y (1)."""
    low, high = (a, b) if np.median(a[:, axis] + a[:, axis + 2]) <= np.median(b[:, axis] + b[:, axis + 2]) else (b, a)
    other = 1 - axis
    whole = np.concatenate([np.minimum(a[:, :2], b[:, :2]), np.maximum(a[:, 2:], b[:, 2:])], axis=1)
    sides = np.median(whole[:, 2:] - whole[:, :2], axis=0)
    facing = np.minimum(low[:, other + 2], high[:, other + 2]) - np.maximum(low[:, other], high[:, other])
    narrower = np.minimum(low[:, other + 2] - low[:, other], high[:, other + 2] - high[:, other])
    if np.median(facing) < FACING_SHARE * np.median(narrower):
        return False
    edges = np.stack([low[:, axis + 2], high[:, axis]])
    width = np.median(edges[1] - edges[0])
    if not -2 * pixel_px <= width <= SEAM_WIDTH_UNIT * sides.max():
        return False
    trembles = np.median(np.abs(edges - np.median(edges, axis=1, keepdims=True)), axis=1).max()
    if trembles > max(1.5 * pixel_px, SEAM_TREMBLE_UNIT * float(sides[axis])):
        return False
    return bool(np.abs(whole[-1] - whole[0]).max() > MOVED_UNIT * float(sides.max()))


def _changes_hands(earlier: Sketch, later: Sketch, ticks_per_s: float) -> bool:
    """True where the later one goes on, after the earlier one's end, as the earlier one was before the later began."""
    overlap = earlier.last.pts_ticks - later.first.pts_ticks
    was_a_walker = earlier.last.is_walker or later.first.is_walker
    if overlap > HANDOVER_S * ticks_per_s or (overlap < 0 and not was_a_walker):
        return False
    before = [s for s in earlier.sightings if s.pts_ticks < later.first.pts_ticks and not s.is_walker]
    after = [s for s in later.sightings if s.pts_ticks > earlier.last.pts_ticks and not s.is_walker]
    if len(before) < N_RECENT or len(after) < N_RECENT:
        return False
    gap = (after[0].pts_ticks - before[-1].pts_ticks) / max(1, before[-1].pts_ticks - before[-N_RECENT].pts_ticks)
    old, last = (np.array(s.box_xyxy_px) for s in (before[-N_RECENT], before[-1]))
    x1, y1, x2, y2 = (last + gap * (last - old)).tolist()
    return max(iou_xyxy((x1, y1, x2, y2), s.box_xyxy_px) for s in after[:N_RECENT]) >= HANDOVER_IOU


def _join(earlier: Sketch, later: Sketch) -> None:
    """Take a piece over; where both were seen the object is around both."""
    mine = {s.pts_ticks: s for s in earlier.sightings}
    theirs = {s.pts_ticks: s for s in later.sightings}
    earlier.take_over(later)
    earlier.sightings = [
        replace(s, box_xyxy_px=_around(mine[s.pts_ticks], theirs[s.pts_ticks]))
        if s.pts_ticks in mine and s.pts_ticks in theirs
        else s
        for s in earlier.sightings
    ]


def _around(a: Sighting, b: Sighting) -> Box:
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = a.box_xyxy_px, b.box_xyxy_px
    return (min(ax1, bx1), min(ay1, by1), max(ax2, bx2), max(ay2, by2))


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))


def _by_first(sketch: Sketch) -> tuple[int, Box]:
    return sketch.first.pts_ticks, sketch.first.box_xyxy_px
