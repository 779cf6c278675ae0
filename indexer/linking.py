# SPDX-License-Identifier: Apache-2.0
"""Joins the pieces of one object that something hid for a while: by place, speed, size and look, all pieces at once.

A tracker decides picture by picture and must not wait; here the whole span is known. Every end is held against every
later beginning, and the assignment that costs least in all is taken, so that of two who come out from behind a post
each gets the piece that fits best.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from indexer.sketches import Box, Sighting, Sketch

__all__ = ["stitch"]

STITCH_S: Final = 2.0
MAX_COST: Final = 0.6
MIN_LIKENESS: Final = 0.8
"""Below this likeness of colours two pieces are two objects; the same object in other light stays above it."""
USUAL_LIKENESS: Final = 0.9
RADIUS_SIZES: Final = (0.6, 0.25)
"""Distance allowed between guess and beginning: so many sizes of the object, and so many more a second of hiding."""
RECENT_S: Final = 0.9
N_LOOKS: Final = 4
EDGE_UNIT: Final = 0.012
_FAR: Final = 9.0


def stitch(sketches: list[Sketch], *, ticks_per_s: float, size_wh_px: tuple[int, int] | None = None) -> list[Sketch]:
    """Join sketches where one begins in time and place where another was bound to be; earliest first, in place.

    Args:
        sketches: Of one span and one kind of sighting.
        ticks_per_s: Ticks of their times in a second.
        size_wh_px: Picture size; who left over its edge is not looked for again. None where it is not known.
    """
    ordered = sorted(sketches, key=lambda item: (item.first.pts_ticks, item.first.box_xyxy_px))
    if len(ordered) < 2:
        return ordered
    next_by_index = _assigned(_costs(ordered, ticks_per_s, size_wh_px), len(ordered))
    continued = set(next_by_index.values())
    result = []
    for i, sketch in enumerate(ordered):
        if i in continued:
            continue
        at = i
        while at in next_by_index:
            at = next_by_index[at]
            sketch.take_over(ordered[at])
        result.append(sketch)
    return result


def _costs(
    ordered: list[Sketch], ticks_per_s: float, size_wh_px: tuple[int, int] | None
) -> dict[tuple[int, int], float]:
    """Cost by (earlier, later) of the pairs that could be one object; all others are out of the question."""
    firsts = np.array([sketch.first.pts_ticks for sketch in ordered])
    costs: dict[tuple[int, int], float] = {}
    for i, earlier in enumerate(ordered):
        end = earlier.last.pts_ticks
        low, high = np.searchsorted(firsts, [end + 1, end + int(STITCH_S * ticks_per_s) + 1])
        if low == high or (size_wh_px is not None and _left(earlier, size_wh_px, ticks_per_s)):
            continue
        for j in range(int(low), int(high)):
            cost = _cost(earlier, ordered[j], ticks_per_s)
            if cost < _FAR:
                costs[i, j] = cost
    return costs


def _assigned(costs: dict[tuple[int, int], float], n_sketches: int) -> dict[int, int]:
    """Which piece goes on as which: the cheapest assignment in all.

    Why: pieces that share no candidate cannot compete, so each connected set is solved alone; one matrix of a busy
    span would hold the square of some thousand pieces.
    """
    if not costs:
        return {}
    ends, starts = np.array(list(costs)).T
    n_nodes = 2 * n_sketches
    links = coo_matrix((np.ones(len(ends)), (ends, n_sketches + starts)), shape=(n_nodes, n_nodes))
    set_by_node = connected_components(links, directed=False)[1]
    pairs_by_set: dict[int, list[tuple[int, int]]] = {}
    for pair in costs:
        pairs_by_set.setdefault(int(set_by_node[pair[0]]), []).append(pair)
    next_by_index: dict[int, int] = {}
    for pairs in pairs_by_set.values():
        rows, columns = (sorted(set(side)) for side in zip(*pairs, strict=True))
        table = np.array([[costs.get((i, j), _FAR) for j in columns] for i in rows])
        for row, column in zip(*linear_sum_assignment(table), strict=True):
            if table[row, column] < MAX_COST:
                next_by_index[rows[row]] = columns[column]
    return next_by_index


def _cost(earlier: Sketch, later: Sketch, ticks_per_s: float) -> float:
    """0 for a perfect continuation, 1 and more for none."""
    gap_s = (later.first.pts_ticks - earlier.last.pts_ticks) / ticks_per_s
    if not 0 < gap_s <= STITCH_S:
        return _FAR
    end, start = _typical(earlier.sightings[-3:]), _typical(later.sightings[:3])
    size_a, size_b = _size(end), _size(start)
    if not 0.5 < size_a / size_b < 2.0:
        return _FAR
    likeness = _likeness(earlier, later)
    if likeness < MIN_LIKENESS:
        return _FAR
    before = _velocity(earlier.sightings[::-1], ticks_per_s)
    after = _velocity(later.sightings, ticks_per_s)
    a, b = _centre(earlier.last.box_xyxy_px), _centre(later.first.box_xyxy_px)
    # Why: an object that was moving may have stopped, or set off again, behind what hides it.
    misses = (b - a - before * gap_s, b - a - after * gap_s, b - a - (before + after) / 2 * gap_s, b - a)
    miss = min(float(np.hypot(*guess)) for guess in misses) / max(size_a, size_b)
    place = miss / (RADIUS_SIZES[0] + RADIUS_SIZES[1] * gap_s)
    look = max(0.0, (USUAL_LIKENESS - likeness) / (USUAL_LIKENESS - MIN_LIKENESS))
    return 0.8 * place + 0.6 * look + 0.5 * abs(float(np.log(size_a / size_b)))


def _likeness(earlier: Sketch, later: Sketch) -> float:
    if not earlier.looks or not later.looks:
        return USUAL_LIKENESS
    a = np.mean([look for _, look in earlier.looks[-N_LOOKS:]], axis=0)
    b = np.mean([look for _, look in later.looks[:N_LOOKS]], axis=0)
    return float(a @ b / max(1e-9, float(np.linalg.norm(a) * np.linalg.norm(b))))


def _left(sketch: Sketch, size_wh_px: tuple[int, int], ticks_per_s: float) -> bool:
    """True when the sketch ends at an edge of the picture towards which it was moving."""
    x1, y1, x2, y2 = sketch.last.box_xyxy_px
    width, height = size_wh_px
    vx, vy = _velocity(sketch.sightings[::-1], ticks_per_s)
    margin = EDGE_UNIT * width
    return bool(
        (x1 <= margin and vx < 0)
        or (x2 >= width - margin and vx > 0)
        or (y1 <= margin and vy < 0)
        or (y2 >= height - margin and vy > 0)
    )


def _velocity(outward: list[Sighting], ticks_per_s: float) -> NDArray[np.float64]:
    """Pixels a second near one end; ``outward`` begins at that end."""
    end = outward[0]
    recent = [s for s in outward[:12] if abs(s.pts_ticks - end.pts_ticks) <= RECENT_S * ticks_per_s]
    span_s = (recent[-1].pts_ticks - end.pts_ticks) / ticks_per_s
    if span_s == 0:
        return np.zeros(2)
    return np.asarray((_centre(recent[-1].box_xyxy_px) - _centre(end.box_xyxy_px)) / span_s, np.float64)


def _typical(sightings: list[Sighting]) -> Box:
    """Median box: the very first and last are often cut."""
    x1, y1, x2, y2 = np.median([s.box_xyxy_px for s in sightings], axis=0).tolist()
    return (x1, y1, x2, y2)


def _centre(box: Box) -> NDArray[np.float64]:
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])


def _size(box: Box) -> float:
    return max(1.0, float(np.sqrt((box[2] - box[0]) * (box[3] - box[1]))))
