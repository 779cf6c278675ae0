# SPDX-License-Identifier: Apache-2.0
"""The occupancy board: who stands where at each tick of the film, and the search for a free place.

A tick of the film has one 64-bit word per row of cells and a list of the exact boxes placed there. The words answer
"surely free" in a few operations; only where they clash are boxes intersected. That is the spatial index: no pair of
objects is ever compared that does not meet in a cell of a tick.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review.synopsis._jit import kernel

__all__ = ["N_COLUMNS", "N_ROWS", "Board", "UnitTicks", "cells_of", "next_alone", "shared_part"]

N_COLUMNS = 64
N_ROWS = 36


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitTicks:
    """Boxes of every unit at its ticks, flat.

    ``tick_ptr[first_tick[u] + j]`` to ``tick_ptr[first_tick[u] + j + 1]`` are the boxes of unit u at its j-th tick.

    Attributes:
        first_tick: (U + 1,) int64.
        tick_ptr: (ticks + 1,) int64.
        boxes_cells: (boxes, 4) float32, in cells of the board.
        volume: (U,) float64, sum of box areas over ticks, in cells.
        apart_ptr: (U + 1,) int64; ``apart[apart_ptr[u]:apart_ptr[u + 1]]`` are the units that must never be in the film
            while unit u is: other pieces of the same object.
        apart: (pairs,) int64.
    """

    first_tick: NDArray[np.int64]
    tick_ptr: NDArray[np.int64]
    boxes_cells: NDArray[np.float32]
    volume: NDArray[np.float64]
    apart_ptr: NDArray[np.int64]
    apart: NDArray[np.int64]

    @property
    def n_ticks(self) -> NDArray[np.int64]:
        """(U,) number of ticks of each unit."""
        return np.diff(self.first_tick)

    @property
    def most_at_once(self) -> int:
        """Largest number of boxes that any unit has at one tick."""
        return int(np.diff(self.tick_ptr).max(initial=1))


@kernel
def cells_of(boxes: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.uint64]]:
    """(M, 2) first and end row, and (M,) column mask, of the cells that each box touches."""
    rows = np.empty((len(boxes), 2), np.int8)
    masks = np.empty(len(boxes), np.uint64)
    full = np.uint64(0xFFFFFFFFFFFFFFFF)
    for i in range(len(boxes)):
        c0 = min(max(int(np.floor(boxes[i, 0])), 0), 63)
        c1 = min(max(int(np.ceil(boxes[i, 2])), c0 + 1), 64)
        rows[i, 0] = min(max(int(np.floor(boxes[i, 1])), 0), 35)
        rows[i, 1] = min(max(int(np.ceil(boxes[i, 3])), rows[i, 0] + 1), 36)
        n = c1 - c0
        mask = full if n == 64 else (np.uint64(1) << np.uint64(n)) - np.uint64(1)
        masks[i] = mask << np.uint64(c0)
    return rows, masks


@kernel
def shared_part(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float]:
    """Area that two boxes share, and what each unit of it costs."""
    w = min(one[2], other[2]) - max(one[0], other[0])
    h = min(one[3], other[3]) - max(one[1], other[1])
    if w <= 0.0 or h <= 0.0:
        return 0.0, 1.0
    part = w * h
    smaller = min((one[2] - one[0]) * (one[3] - one[1]), (other[2] - other[0]) * (other[3] - other[1]))
    # Why: a box that hides more than half of another hides the object; it costs triple.
    return part, 3.0 if part > 0.5 * smaller else 1.0


@kernel
def _overlap(
    u: int,
    t: int,
    end: int,
    limit: float,
    hint: int,
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    boxes: NDArray[np.float32],
    rows: NDArray[np.int8],
    masks: NDArray[np.uint64],
    words: NDArray[np.uint64],
    placed: NDArray[np.float32],
    count: NDArray[np.int32],
) -> tuple[float, float, int]:
    """Weighted and plain shared area of unit u placed at tick t, stopping once the weighted one passes the limit.

    Last comes the tick of u that passed it. The search starts at ``hint``, the tick of u that failed the last time:
    neighbours mostly fail there too.
    """
    base = first_tick[u]
    n = min(first_tick[u + 1] - base, end - t)
    shared, plain = 0.0, 0.0
    # Why: near the end of the film fewer ticks count, and an old hint would wrap past some of them.
    hint = hint if hint < n else 0
    for step in range(n):
        j = hint + step
        if j >= n:
            j -= n
        at = t + j
        if count[at] == 0:
            continue
        for b in range(tick_ptr[base + j], tick_ptr[base + j + 1]):
            mask = masks[b]
            clash = False
            for r in range(rows[b, 0], rows[b, 1]):
                if words[at, r] & mask:
                    clash = True
                    break
            if not clash:
                continue
            for k in range(count[at]):
                part, weight = shared_part(boxes[b], placed[at, k])
                if part > 0.0:
                    shared += weight * part
                    plain += part
                    if shared > limit:
                        return shared, plain, j
    return shared, plain, 0


@kernel
def _first_crowded(
    u: int,
    t: int,
    end: int,
    cap: int,
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    count: NDArray[np.int32],
) -> int:
    """Last tick of unit u, placed at t, that would hold more than ``cap`` objects; -1 when there is none."""
    base = first_tick[u]
    n = min(first_tick[u + 1] - base, end - t)
    for j in range(n - 1, -1, -1):
        own = tick_ptr[base + j + 1] - tick_ptr[base + j]
        if own > 0 and count[t + j] > 0 and count[t + j] + own > cap:
            return j
    return -1


@kernel
def next_alone(
    u: int,
    t: int,
    first_tick: NDArray[np.int64],
    apart_ptr: NDArray[np.int64],
    apart: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> int:
    """The first tick from t on at which unit u would not be in the film together with another piece of an object."""
    n = first_tick[u + 1] - first_tick[u]
    moved = True
    while moved:
        moved = False
        for k in range(apart_ptr[u], apart_ptr[u + 1]):
            other = apart[k]
            over = starts[other] + first_tick[other + 1] - first_tick[other]
            if starts[other] >= 0 and t < over and starts[other] < t + n:
                t = over
                moved = True
    return t


@kernel
def _put(
    u: int,
    t: int,
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    boxes: NDArray[np.float32],
    rows: NDArray[np.int8],
    masks: NDArray[np.uint64],
    words: NDArray[np.uint64],
    placed: NDArray[np.float32],
    count: NDArray[np.int32],
) -> None:
    base = first_tick[u]
    for j in range(first_tick[u + 1] - base):
        at = t + j
        for b in range(tick_ptr[base + j], tick_ptr[base + j + 1]):
            for r in range(rows[b, 0], rows[b, 1]):
                words[at, r] |= masks[b]
            placed[at, count[at]] = boxes[b]
            count[at] += 1


@kernel
def _fill(
    order: NDArray[np.int64],
    lo: int,
    end: int,
    alpha: float,
    cap: int,
    monotone: bool,
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    boxes: NDArray[np.float32],
    rows: NDArray[np.int8],
    masks: NDArray[np.uint64],
    volume: NDArray[np.float64],
    words: NDArray[np.uint64],
    placed: NDArray[np.float32],
    count: NDArray[np.int32],
    apart_ptr: NDArray[np.int64],
    apart: NDArray[np.int64],
    base: int,
    starts: NDArray[np.int64],
) -> tuple[int, float]:
    """Place units in the given order at the first tick from ``lo`` that has room; returns the end and the overlap.

    ``lo`` and ``end`` count from row 0 of the board, ``starts`` from the start of the film, ``base`` ticks earlier.
    """
    total = 0.0
    widest = placed.shape[1]
    for index in range(len(order)):
        u = order[index]
        n = first_tick[u + 1] - first_tick[u]
        limit = alpha * volume[u]
        hint = 0
        t = lo
        while t < end:
            alone = next_alone(u, t + base, first_tick, apart_ptr, apart, starts) - base
            if alone > t:
                t = alone
                continue
            j = _first_crowded(u, t, end, min(cap, widest), first_tick, tick_ptr, count)
            if j >= 0:
                # Why: every start up to here keeps the crowded tick inside a unit without gaps; one with gaps steps.
                own = tick_ptr[first_tick[u] + 1] - tick_ptr[first_tick[u]]
                t += j + 1 if own == 1 and tick_ptr[first_tick[u] + n] - tick_ptr[first_tick[u]] == n else 1
                continue
            shared, plain, hint = _overlap(
                u, t, end, limit, hint, first_tick, tick_ptr, boxes, rows, masks, words, placed, count
            )
            if shared <= limit:
                total += plain
                break
            t += 1
        _put(u, t, first_tick, tick_ptr, boxes, rows, masks, words, placed, count)
        starts[u] = t + base
        end = max(end, t + n)
        if monotone:
            lo = max(lo, t)
    return end, total


class Board:
    """A sliding stretch of film ticks; what lies before ``lo`` is forgotten, so memory follows the window.

    Ticks that callers see are absolute; ``base`` is the absolute tick of row 0.
    """

    def __init__(self, units: UnitTicks, *, cap: int) -> None:
        self._units = units
        self._cap = cap
        self._widest = max(units.most_at_once, min(cap, 250)) + 1
        self._rows, self._masks = cells_of(units.boxes_cells)
        self._base = 0
        self.end = 0
        self._words = np.zeros((0, N_ROWS), np.uint64)
        self._placed = np.zeros((0, self._widest, 4), np.float32)
        self._count = np.zeros(0, np.int32)

    def fill(
        self,
        order: NDArray[np.int64],
        *,
        lo: int,
        alpha: float,
        starts: NDArray[np.int64],
        is_monotone: bool = False,
    ) -> float:
        """Place the units of ``order`` from tick ``lo`` on; absolute ticks go to ``starts``, -1 before. Shared area."""
        units = self._units
        lo = max(lo, self._base)
        self._make_room(lo, self.end + int(units.n_ticks[order].sum()))
        end, shared = _fill(
            order,
            lo - self._base,
            self.end - self._base,
            alpha,
            self._cap,
            is_monotone,
            units.first_tick,
            units.tick_ptr,
            units.boxes_cells,
            self._rows,
            self._masks,
            units.volume,
            self._words,
            self._placed,
            self._count,
            units.apart_ptr,
            units.apart,
            self._base,
            starts,
        )
        self.end = end + self._base
        return shared

    def _make_room(self, lo: int, end: int) -> None:
        kept = slice(lo - self._base, max(self.end - self._base, lo - self._base))
        n_kept, n_room = kept.stop - kept.start, max(end - lo, 1)
        room = int(n_room * 1.25)
        words = np.zeros((room, N_ROWS), np.uint64)
        placed = np.empty((room, self._widest, 4), np.float32)
        count = np.zeros(room, np.int32)
        available = min(n_kept, len(self._count) - kept.start) if len(self._count) > kept.start else 0
        words[:available] = self._words[kept.start : kept.start + available]
        placed[:available] = self._placed[kept.start : kept.start + available]
        count[:available] = self._count[kept.start : kept.start + available]
        self._words, self._placed, self._count, self._base = words, placed, count, lo
