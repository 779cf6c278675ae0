# SPDX-License-Identifier: Apache-2.0
"""Settles a layout: shortens it a little, lifts units one by one and puts each back where it disturbs least.

First fit never looks back: what came early stands where a later unit would have fitted better. Here the film is pressed
together by a few percent, which makes units overlap, and then every unit is taken off the board and put where overlap
and loss of order cost least, within a window around its place in source order. When a few rounds bring the overlap back
under its allowance, the film is pressed again. The same units give the same film.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from review.synopsis._board import N_ROWS, UnitTicks, cells_of, next_alone, shared_part
from review.synopsis._jit import kernel

__all__ = ["Settled", "settle"]

PRESS: Final = 0.96
ROUNDS: Final = 6
"""Rounds at one length; most lengths need two."""
GAIN: Final = 2e-4
"""Share of overlap that a round must win to be worth another."""
MOST_AT_ONCE: Final = 64
"""Pressed together, more may stand in one tick than the density allows, until rounds have sorted it out."""
PRICE: Final = 0.8
"""Of the mean area of a unit, over as many pairs as :data:`NEAR_UNITS`: what a pair out of order costs."""
NEAR_UNITS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """A layout that keeps to the allowance: (U,) start ticks, -1 for units that do not take part; end; shared area."""

    starts: NDArray[np.int64]
    end: int
    shared: float


def settle(
    units: UnitTicks,
    starts: NDArray[np.int64],
    rank: NDArray[np.int64],
    *,
    cap: int,
    overlap: float,
    window: int,
    shortest: float,
    is_ordered: bool,
    heard: Callable[[], None],
) -> Iterator[Settled]:
    """Ever shorter layouts that keep to the allowances, from one that does.

    Args:
        units: Boxes of all units.
        starts: (U,) start ticks, the first at 0; -1 for units that do not take part.
        rank: (U,) place in source order.
        cap: Objects at once.
        overlap: Share of the units' area that may be covered, 0 to 1.
        window: Ticks that a unit may be put from its place in source order.
        shortest: Ticks below which nothing need be tried.
        is_ordered: False when order costs nothing.
        heard: Called now and then; may raise to stop.
    """
    members = np.flatnonzero(starts >= 0)
    n_ticks = units.n_ticks
    starts, end = starts.copy(), int((starts + n_ticks)[members].max())
    volume = float(units.volume[members].sum())
    price = PRICE * volume / len(members) / min(max(len(members) - 1, 1), NEAR_UNITS) if is_ordered else 0.0
    # Why: around its place in source order, so that what first fit has put far away can come back.
    wanted = np.zeros(len(starts))
    wanted[members[np.argsort(rank[members])]] = np.sort(starts[members]) / end
    chance = np.random.default_rng(0)
    # Why: where nothing may overlap, order only chooses between places without overlap.
    price *= 1.0 if overlap else 1e-9
    while True:
        table = _Table(units, members, starts, end)
        shared = np.inf
        for _ in range(ROUNDS):
            heard()
            before = shared
            n_crowded = table.round(chance.permutation(members), starts, rank, wanted, cap, window, price)
            shared = table.shared()
            if n_crowded == 0 and (shared <= overlap * volume or before - shared < GAIN * volume):
                break
        if n_crowded or shared > overlap * volume:
            return
        yield Settled(starts=starts.copy(), end=int((starts + n_ticks)[members].max()), shared=shared)
        pressed = int(end * PRESS)
        if pressed < max(shortest, n_ticks[members].max()) or pressed == end:
            return
        starts[members] = np.minimum(np.round(starts * (pressed / end)).astype(np.int64), pressed - n_ticks)[members]
        end = pressed


class _Table:
    """Who stands where at each tick, with names, so that a unit can be taken off again."""

    def __init__(self, units: UnitTicks, members: NDArray[np.int64], starts: NDArray[np.int64], end: int) -> None:
        self._units, self._end = units, end
        self._rows, self._masks = cells_of(units.boxes_cells)
        widest = min(len(units.boxes_cells), len(members) * units.most_at_once, MOST_AT_ONCE + units.most_at_once)
        self._words = np.zeros((end, N_ROWS), np.uint64)
        self._placed = np.zeros((end, widest), np.int64)
        self._owner = np.zeros((end, widest), np.int64)
        self._count = np.zeros(end, np.int64)
        # Why: one who finds no room in a tick is left out of it and counted as crowded until it is moved.
        for unit in members:
            self._put(int(unit), int(starts[unit]))

    def _put(self, unit: int, start: int) -> None:
        u = self._units
        _put(
            unit,
            start,
            u.first_tick,
            u.tick_ptr,
            self._rows,
            self._masks,
            self._words,
            self._placed,
            self._owner,
            self._count,
        )

    def round(
        self,
        order: NDArray[np.int64],
        starts: NDArray[np.int64],
        rank: NDArray[np.int64],
        wanted: NDArray[np.float64],
        cap: int,
        window: int,
        price: float,
    ) -> int:
        """Put every unit of ``order`` anew, in ``starts``; how many found no place that is not crowded."""
        u = self._units
        return int(
            _round(
                order,
                self._end,
                window,
                price,
                cap,
                starts,
                rank,
                wanted,
                u.first_tick,
                u.tick_ptr,
                u.boxes_cells,
                self._rows,
                self._masks,
                u.apart_ptr,
                u.apart,
                self._words,
                self._placed,
                self._owner,
                self._count,
            )
        )

    def shared(self) -> float:
        """Area that pairs of different units share, over all ticks, in cells."""
        return float(_shared(self._placed, self._owner, self._count, self._units.boxes_cells))


@kernel
def _put(
    u: int,
    t: int,
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    rows: NDArray[np.int8],
    masks: NDArray[np.uint64],
    words: NDArray[np.uint64],
    placed: NDArray[np.int64],
    owner: NDArray[np.int64],
    count: NDArray[np.int64],
) -> None:
    base = first_tick[u]
    for j in range(first_tick[u + 1] - base):
        at = t + j
        for b in range(tick_ptr[base + j], tick_ptr[base + j + 1]):
            if count[at] == placed.shape[1]:
                break
            for r in range(rows[b, 0], rows[b, 1]):
                words[at, r] |= masks[b]
            placed[at, count[at]], owner[at, count[at]] = b, u
            count[at] += 1


@kernel
def _take(
    u: int,
    t: int,
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    rows: NDArray[np.int8],
    masks: NDArray[np.uint64],
    words: NDArray[np.uint64],
    placed: NDArray[np.int64],
    owner: NDArray[np.int64],
    count: NDArray[np.int64],
) -> None:
    base = first_tick[u]
    for j in range(first_tick[u + 1] - base):
        at = t + j
        if tick_ptr[base + j + 1] == tick_ptr[base + j]:
            continue
        words[at, :] = 0
        n = 0
        for k in range(count[at]):
            if owner[at, k] != u:
                b = placed[at, k]
                placed[at, n], owner[at, n] = b, owner[at, k]
                n += 1
                for r in range(rows[b, 0], rows[b, 1]):
                    words[at, r] |= masks[b]
        count[at] = n


@kernel
def _cost(
    u: int,
    t: int,
    limit: float,
    hint: int,
    cap: int,
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    boxes: NDArray[np.float32],
    rows: NDArray[np.int8],
    masks: NDArray[np.uint64],
    words: NDArray[np.uint64],
    placed: NDArray[np.int64],
    count: NDArray[np.int64],
) -> tuple[float, int]:
    """Weighted shared area of unit u at tick t, and the tick of u at which it passed the limit; infinite if crowded.

    The search starts at ``hint``, the tick that failed the last time: neighbours mostly fail there too.
    """
    base = first_tick[u]
    n = first_tick[u + 1] - base
    shared = 0.0
    for step in range(n):
        j = (hint + step) % n
        at = t + j
        own = tick_ptr[base + j + 1] - tick_ptr[base + j]
        if own == 0 or count[at] == 0:
            continue
        if count[at] + own > cap:
            return np.inf, j
        for b in range(tick_ptr[base + j], tick_ptr[base + j + 1]):
            clash = False
            for r in range(rows[b, 0], rows[b, 1]):
                if words[at, r] & masks[b]:
                    clash = True
                    break
            if not clash:
                continue
            for k in range(count[at]):
                part, weight = shared_part(boxes[b], boxes[placed[at, k]])
                shared += weight * part
                if shared > limit:
                    return shared, j
    return shared, 0


@kernel
def _losses(
    u: int,
    lo: int,
    hi: int,
    starts: NDArray[np.int64],
    rank: NDArray[np.int64],
    owner: NDArray[np.int64],
    count: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Pairs out of order when u starts at lo, lo + 1, ... hi, less the fewest of these; one more place is spare."""
    losses = np.zeros(hi - lo + 2, np.int64)
    for at in range(lo, min(hi + 1, len(count))):
        last = -1
        for k in range(count[at]):
            v = owner[at, k]
            # Why: boxes of one unit are neighbours in a tick, and the unit counts once.
            if v in (last, u) or starts[v] != at:
                continue
            last = v
            if rank[v] < rank[u]:
                losses[at - lo] -= 1
            else:
                losses[at - lo + 1] += 1
    total = 0
    for k in range(hi - lo + 1):
        total += losses[k]
        losses[k] = total
    fewest = losses[: hi - lo + 1].min()
    for k in range(hi - lo + 1):
        losses[k] -= fewest
    return losses


@kernel
def _round(
    order: NDArray[np.int64],
    end: int,
    window: int,
    price: float,
    cap: int,
    starts: NDArray[np.int64],
    rank: NDArray[np.int64],
    wanted: NDArray[np.float64],
    first_tick: NDArray[np.int64],
    tick_ptr: NDArray[np.int64],
    boxes: NDArray[np.float32],
    rows: NDArray[np.int8],
    masks: NDArray[np.uint64],
    apart_ptr: NDArray[np.int64],
    apart: NDArray[np.int64],
    words: NDArray[np.uint64],
    placed: NDArray[np.int64],
    owner: NDArray[np.int64],
    count: NDArray[np.int64],
) -> int:
    """Take every unit off and put it where it costs least; how many stay where it is crowded."""
    n_crowded = 0
    for index in range(len(order)):
        u = order[index]
        n = first_tick[u + 1] - first_tick[u]
        here = starts[u]
        _take(u, here, first_tick, tick_ptr, rows, masks, words, placed, owner, count)
        middle = min(int(wanted[u] * end), end - n)
        lo, hi = max(0, min(middle - window, here)), min(end - n, max(middle + window, here))
        losses = _losses(u, lo, hi, starts, rank, owner, count)
        best, found, hint = np.inf, -1, 0
        # Why: from where it stands outwards, so that a good place found early cuts the rest short.
        for step in range(2 * (hi - lo) + 1):
            t = here + (step + 1) // 2 * (1 if step % 2 else -1)
            if t < lo or t > hi or price * losses[t - lo] >= best:
                continue
            if next_alone(u, t, first_tick, apart_ptr, apart, starts) > t:
                continue
            room = best - price * losses[t - lo]
            cost, hint = _cost(u, t, room, hint, cap, first_tick, tick_ptr, boxes, rows, masks, words, placed, count)
            if cost < room:
                best, found = cost + price * losses[t - lo], t
        if found < 0:
            n_crowded, found = n_crowded + 1, here
        starts[u] = found
        _put(u, found, first_tick, tick_ptr, rows, masks, words, placed, owner, count)
    return n_crowded


@kernel
def _shared(
    placed: NDArray[np.int64], owner: NDArray[np.int64], count: NDArray[np.int64], boxes: NDArray[np.float32]
) -> float:
    total = 0.0
    for at in range(len(count)):
        for i in range(count[at]):
            for k in range(i + 1, count[at]):
                if owner[at, i] != owner[at, k]:
                    part, _ = shared_part(boxes[placed[at, i]], boxes[placed[at, k]])
                    total += part
    return total
