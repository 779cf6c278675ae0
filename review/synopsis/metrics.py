# SPDX-License-Identifier: Apache-2.0
"""Exact figures of a layout, from boxes at every film frame.

Notation: tube i has boxes B_i(k), source start s_i and film start x_i, in film frames; the film has S frames of W by H
pixels, the footage T. Every figure is computed at every film frame; none is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review.synopsis._jit import kernel
from review.synopsis._ticks import TubeFrames
from review.synopsis.groups import Tie

__all__ = ["Figures", "disorder", "figures_of", "interactions_preserved", "never_overlap_bound_frames"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a layout is judged by.

    Attributes:
        fr: Film length over footage length, S / T.
        cr: Compactness, mean share of the picture that the union of boxes covers.
        overlap_area: OR, mean share of the picture that two or more boxes cover (He).
        ca: Collision area, pairwise intersections over the sum of box areas.
        ca_new: The same without pairs that keep their source offset.
        h50: Share of object-frames with more than half of the box covered by one other box.
        h50_new: The same, hidden by an object that does not keep its source offset.
        cdr: Chronological disorder, share of pairs in source order that the film shows in the other.
        ip: Share of interacting pairs whose meetings are shown whole, at their source offset to one frame; 1 when there
            is none.
        n_interactions: Interacting pairs.
        density_mean: Objects per film frame.
        density_p95: 95th percentile of the same.
        density_max: Largest number of objects at once.
    """

    fr: float
    cr: float
    overlap_area: float
    ca: float
    ca_new: float
    h50: float
    h50_new: float
    cdr: float
    ip: float
    n_interactions: int
    density_mean: float
    density_p95: float
    density_max: int


def figures_of(
    frames: TubeFrames,
    start_frame: NDArray[np.int64],
    *,
    n_film_frames: int,
    n_footage_frames: int,
    ties: Sequence[Tie],
) -> Figures:
    """All figures of a layout of one camera.

    Args:
        frames: Tubes on the film grid.
        start_frame: (N,) film start of each tube.
        n_film_frames: S.
        n_footage_frames: T, in film frames.
        ties: Pairs that belong together.

    Cost: linear in object-frames, quadratic in objects at once.
    """
    shift = start_frame - frames.source_start
    owner, film_frame, boxes = _on_film(frames, start_frame)
    order = np.lexsort((owner, film_frame))
    owner, film_frame, boxes = owner[order], film_frame[order], boxes[order]
    ptr = np.searchsorted(film_frame, np.arange(n_film_frames + 1)).astype(np.int64)
    sums = _frame_sums(ptr, owner, np.round(boxes).astype(np.int64), shift)
    density = np.diff(ptr)
    picture = frames.size_wh_px[0] * frames.size_wh_px[1]
    area = max(sums[2], 1.0)
    return Figures(
        fr=n_film_frames / max(n_footage_frames, 1),
        cr=sums[0] / max(n_film_frames * picture, 1),
        overlap_area=sums[1] / max(n_film_frames * picture, 1),
        ca=sums[3] / area,
        ca_new=sums[4] / area,
        h50=sums[5] / max(len(owner), 1),
        h50_new=sums[6] / max(len(owner), 1),
        cdr=disorder(frames.source_start, start_frame),
        ip=interactions_preserved(shift, ties),
        n_interactions=len(ties),
        density_mean=float(density.mean()) if len(density) else 0.0,
        density_p95=float(np.percentile(density, 95)) if len(density) else 0.0,
        density_max=int(density.max(initial=0)),
    )


def interactions_preserved(shift: NDArray[np.int64], ties: Sequence[Tie]) -> float:
    """IP: share of pairs each of whose meetings is shown whole, at one film offset to one frame."""
    if not ties:
        return 1.0
    kept = [all(int(np.ptp(shift[list(tubes)])) <= 1 for tubes in tie.meetings) for tie in ties]
    return float(np.mean(kept))


def disorder(source_start: NDArray[np.int64], start: NDArray[np.int64]) -> float:
    """CDR: #{s_i < s_j and x_i > x_j} over n (n - 1) / 2, exactly, in n log n.

    >>> disorder(np.array([0, 1, 2]), np.array([5, 4, 9]))
    0.3333333333333333
    """
    n = len(start)
    if n < 2:
        return 0.0
    # Why: among equal source starts ascending film starts add no inversion, so ties never count.
    order = np.lexsort((start, source_start))
    return float(_inversions(np.ascontiguousarray(start[order]))) / (n * (n - 1) / 2)


def never_overlap_bound_frames(frames: TubeFrames, unit: NDArray[np.int64]) -> int:
    """Frames that a film without any overlap needs at least: the busiest point of the picture, one unit at a time.

    Boxes are looked at on a lattice of points, so the bound is sound, if not always the tightest.
    """
    owner, frame, boxes = _on_film(frames, frames.source_start)
    width, height = frames.size_wh_px
    order = np.lexsort((frame, unit[owner]))
    return int(_busiest(unit[owner][order], frame[order], boxes[order], width, height))


def _on_film(
    frames: TubeFrames, start_frame: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Every object-frame: owner, film frame and box; a sample holds until the next one."""
    n = frames.n_frames
    owner = np.repeat(np.arange(len(n)), n)
    begin = np.cumsum(n) - n
    relative = np.arange(int(n.sum())) - np.repeat(begin, n)
    # One ascending key over all tubes lets a single search find the sample that is on screen.
    span = int(n.max(initial=0)) + 1
    keys = np.repeat(np.arange(len(n)), np.diff(frames.first)) * span + frames.frame
    sample = np.searchsorted(keys, owner * span + relative, side="right") - 1
    return owner, relative + start_frame[owner], frames.boxes_xyxy_px[sample]


@kernel
def _frame_sums(
    ptr: NDArray[np.int64], owner: NDArray[np.int64], boxes: NDArray[np.int64], shift: NDArray[np.int64]
) -> tuple[float, float, float, float, float, float, float]:
    """Sums over frames: union, covered twice, areas, pair intersections, new ones, half-hidden objects, newly so."""
    union, twice, areas, pairs, new_pairs, hidden, new_hidden = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for f in range(len(ptr) - 1):
        a, b = ptr[f], ptr[f + 1]
        n = b - a
        if n == 0:
            continue
        covered_once = 0.0
        any_pair = False
        worst = np.zeros(n)
        worst_new = np.zeros(n)
        for i in range(n):
            own = float((boxes[a + i, 2] - boxes[a + i, 0]) * (boxes[a + i, 3] - boxes[a + i, 1]))
            covered_once += own
        areas += covered_once
        for i in range(n):
            for j in range(i + 1, n):
                w = min(boxes[a + i, 2], boxes[a + j, 2]) - max(boxes[a + i, 0], boxes[a + j, 0])
                h = min(boxes[a + i, 3], boxes[a + j, 3]) - max(boxes[a + i, 1], boxes[a + j, 1])
                if w <= 0 or h <= 0:
                    continue
                any_pair = True
                part = float(w * h)
                pairs += part
                if abs(shift[owner[a + i]] - shift[owner[a + j]]) > 1:
                    new_pairs += part
                    worst_new[i] = max(worst_new[i], part)
                    worst_new[j] = max(worst_new[j], part)
                worst[i] = max(worst[i], part)
                worst[j] = max(worst[j], part)
        if not any_pair:
            union += covered_once
            continue
        for i in range(n):
            own = float((boxes[a + i, 2] - boxes[a + i, 0]) * (boxes[a + i, 3] - boxes[a + i, 1]))
            if worst[i] > 0.5 * own:
                hidden += 1.0
            if worst_new[i] > 0.5 * own:
                new_hidden += 1.0
        once, more = _coverage(boxes[a:b])
        union += once
        twice += more
    return union, twice, areas, pairs, new_pairs, hidden, new_hidden


@kernel
def _coverage(boxes: NDArray[np.int64]) -> tuple[float, float]:
    """Pixels covered by at least one and by at least two boxes, by a sweep over columns."""
    n = len(boxes)
    xs = np.empty(2 * n, np.int64)
    for i in range(n):
        xs[2 * i] = boxes[i, 0]
        xs[2 * i + 1] = boxes[i, 2]
    xs.sort()
    once, more = 0.0, 0.0
    edges = np.empty(2 * n, np.int64)
    for s in range(2 * n - 1):
        wide = xs[s + 1] - xs[s]
        if wide <= 0:
            continue
        m = 0
        for i in range(n):
            if boxes[i, 0] <= xs[s] and boxes[i, 2] >= xs[s + 1] and boxes[i, 3] > boxes[i, 1]:
                # Why: doubling keeps starts and ends apart in one sortable number (an end sorts before a start).
                edges[m] = 2 * boxes[i, 1] + 1
                edges[m + 1] = 2 * boxes[i, 3]
                m += 2
        part = edges[:m]
        part.sort()
        depth = 0
        for e in range(m - 1):
            depth += 1 if part[e] & 1 else -1
            tall = (part[e + 1] >> 1) - (part[e] >> 1)
            if depth >= 1:
                once += float(wide * tall)
            if depth >= 2:
                more += float(wide * tall)
    return once, more


@kernel
def _inversions(values: NDArray[np.int64]) -> int:
    """Pairs i < j with values[i] > values[j], by bottom-up merge sort."""
    n = len(values)
    source = values.copy()
    target = np.empty_like(source)
    count = 0
    width = 1
    while width < n:
        for left in range(0, n, 2 * width):
            middle = min(left + width, n)
            right = min(left + 2 * width, n)
            i, j, k = left, middle, left
            while i < middle and j < right:
                if source[i] <= source[j]:
                    target[k] = source[i]
                    i += 1
                else:
                    target[k] = source[j]
                    count += middle - i
                    j += 1
                k += 1
            while i < middle:
                target[k] = source[i]
                i += 1
                k += 1
            while j < right:
                target[k] = source[j]
                j += 1
                k += 1
        source, target = target, source
        width *= 2
    return count


@kernel
def _busiest(
    unit: NDArray[np.int64], frame: NDArray[np.int64], boxes: NDArray[np.float32], width: int, height: int
) -> int:
    """Most frames any lattice point is covered, counting each unit once a frame."""
    nx, ny = 96, 54
    total = np.zeros((ny, nx), np.int64)
    last = np.full((ny, nx), -1, np.int64)
    for k in range(len(unit)):
        stamp = k
        # Why: boxes of one unit and frame are neighbours in the sorted order and must count once.
        while stamp > 0 and unit[stamp - 1] == unit[k] and frame[stamp - 1] == frame[k]:
            stamp -= 1
        x0 = int(np.ceil(boxes[k, 0] * nx / width - 0.5))
        x1 = int(np.ceil(boxes[k, 2] * nx / width - 0.5))
        y0 = int(np.ceil(boxes[k, 1] * ny / height - 0.5))
        y1 = int(np.ceil(boxes[k, 3] * ny / height - 0.5))
        for y in range(max(y0, 0), min(y1, ny)):
            for x in range(max(x0, 0), min(x1, nx)):
                if last[y, x] != stamp:
                    last[y, x] = stamp
                    total[y, x] += 1
    return int(total.max())
