# SPDX-License-Identifier: Apache-2.0
"""Rules of published methods, written anew from their papers, to measure the layout against.

All take the same tubes on the same film grid and give a start frame per tube. None keeps objects that interact
together unless its paper does.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numba import njit
from numpy.typing import NDArray

from review.synopsis._board import Board
from review.synopsis._ticks import TubeFrames, frames_of_tubes, ticks_of_units
from review.synopsis.groups import find_interactions, group_tubes
from review.synopsis.tubes import Tube

__all__ = ["BASELINES", "fgs_greedy", "first_fit", "he_colouring", "longest_first", "pritch_annealing"]

UNCAPPED = 250


def first_fit(tubes: Sequence[Tube], rate: Fraction) -> NDArray[np.int64]:
    """Plain chronological first-fit: source order, each at the first place within 60 s that overlaps at most 5 %."""
    frames, stride, board, starts = _prepare(tubes, rate, np.arange(len(tubes)))
    order = np.argsort(frames.source_start, kind="stable")
    lo = 0
    for unit in order:
        board.fill(np.array([unit]), lo=lo, alpha=0.05, starts=starts)
        lo = max(lo, int(starts[unit]) - round(60 * rate / stride))
    return starts * stride


def longest_first(tubes: Sequence[Tube], rate: Fraction) -> NDArray[np.int64]:
    """Longest first over the whole set, no order at all: about the shortest film at 5 % that greed gives."""
    frames, stride, board, starts = _prepare(tubes, rate, np.arange(len(tubes)))
    board.fill(np.argsort(-frames.n_frames, kind="stable"), lo=0, alpha=0.05, starts=starts)
    return starts * stride


def he_colouring(tubes: Sequence[Tube], rate: Fraction, *, q_s: float = 2.0) -> NDArray[np.int64]:
    """Potential collision graph with L(q) colouring.

    Tubes whose paths cross in space are neighbours; nodes are coloured by falling degree with the smallest colour that
    collides with no neighbour; colour times q is the start.

    Source: He, Gao, Sang et al., "Graph coloring based surveillance video synopsis", Neurocomputing 225, 2017.
    """
    frames, stride, _, starts = _prepare(tubes, rate, np.arange(len(tubes)))
    cells = _path_cells(frames)
    neighbours = (cells @ cells.T) > 0
    q = max(1, round(q_s * rate / stride))
    units = ticks_of_units(frames, np.arange(len(tubes)), np.zeros(len(tubes), np.int64), stride=stride, is_hull=False)
    starts[:] = -1
    for node in np.argsort(-neighbours.sum(axis=1), kind="stable"):
        near = np.flatnonzero(neighbours[node] & (starts >= 0))
        colour = 0
        while _collides(node, colour * q, near, starts, units.first_tick, units.boxes_cells):
            colour += 1
        starts[node] = colour * q
    return starts * stride


def fgs_greedy(tubes: Sequence[Tube], rate: Fraction, *, collision: float = 0.10) -> NDArray[np.int64]:
    """Tube grouping and greedy shifting at a collision rate of 10 %, every earlier group checked at every shift.

    Source: "FGS: Fast Greedy Synopsis", arXiv 2409.05230, 2024.
    """
    unit = group_tubes(tubes, find_interactions(tubes))
    frames, stride, board, starts = _prepare(tubes, rate, unit)
    first = np.full(int(unit.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, unit, frames.source_start)
    for group in np.argsort(first, kind="stable"):
        board.fill(np.array([group]), lo=0, alpha=collision, starts=starts)
    return starts[unit] * stride + frames.source_start - first[unit]


def pritch_annealing(
    tubes: Sequence[Tube], rate: Fraction, *, length_frames: int, seed: int = 0, n_steps: int = 60_000
) -> NDArray[np.int64]:
    """Energy of collisions and lost temporal relations over all pairs, in a film of given length, annealed.

    Source: Pritch, Rav-Acha, Peleg, "Nonchronological Video Synopsis and Indexing", PAMI 30(11), 2008.
    """
    frames, stride, _, _ = _prepare(tubes, rate, np.arange(len(tubes)))
    units = ticks_of_units(frames, np.arange(len(tubes)), np.zeros(len(tubes), np.int64), stride=stride, is_hull=False)
    room = np.maximum(length_frames // stride - np.diff(units.first_tick), 0)
    chance = np.random.default_rng(seed)
    starts = np.minimum(chance.integers(0, length_frames // stride, len(tubes)), room)
    starts = _anneal(
        starts,
        room,
        frames.source_start // stride,
        units.first_tick,
        units.boxes_cells,
        chance.integers(0, len(tubes), n_steps),
        chance.random(n_steps),
        chance.random(n_steps),
    )
    return starts * stride


BASELINES = {
    "chronological first-fit, 5 %": first_fit,
    "longest first, no order": longest_first,
    "graph colouring (He 2017)": he_colouring,
    "FGS greedy, 10 % (2024)": fgs_greedy,
}


def _prepare(
    tubes: Sequence[Tube], rate: Fraction, unit: NDArray[np.int64]
) -> tuple[TubeFrames, int, Board, NDArray[np.int64]]:
    frames = frames_of_tubes(tubes, rate)
    stride = max(1, round(rate / 5))
    first = np.full(int(unit.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, unit, frames.source_start)
    units = ticks_of_units(frames, unit, frames.source_start - first[unit], stride=stride, is_hull=False)
    return frames, stride, Board(units, cap=UNCAPPED), np.full(int(unit.max()) + 1, -1, np.int64)


def _path_cells(frames: TubeFrames) -> NDArray[np.float32]:
    """(N, 48 * 27) 1 where the path of a tube touches a cell of 40 px."""
    cells = np.zeros((len(frames.n_frames), 27, 48), np.float32)
    scale = np.array([48 / frames.size_wh_px[0], 27 / frames.size_wh_px[1]] * 2)
    for tube in range(len(frames.n_frames)):
        for x0, y0, x1, y1 in frames.boxes_xyxy_px[frames.first[tube] : frames.first[tube + 1]] * scale:
            cells[tube, int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = 1
    return cells.reshape(len(cells), -1)


@njit(cache=True)
def _shared(a, b, offset, first_tick, boxes):
    """Shared area of tube a and tube b when b starts ``offset`` ticks after a."""
    total = 0.0
    for j in range(first_tick[b + 1] - first_tick[b]):
        i = j + offset
        if i < 0 or i >= first_tick[a + 1] - first_tick[a]:
            continue
        p, r = boxes[first_tick[a] + i], boxes[first_tick[b] + j]
        w = min(p[2], r[2]) - max(p[0], r[0])
        h = min(p[3], r[3]) - max(p[1], r[1])
        if w > 0 and h > 0:
            total += w * h
    return total


@njit(cache=True)
def _collides(node, start, near, starts, first_tick, boxes):
    for other in near:  # noqa: SIM110  # Reason: the compiler knows loops, not generators.
        if _shared(node, other, starts[other] - start, first_tick, boxes) > 0:
            return True
    return False


@njit(cache=True)
def _energy(tube, start, starts, source, first_tick, boxes):
    """Collision and temporal energy of one tube at a start against all others."""
    energy = 0.0
    for other in range(len(starts)):
        if other == tube:
            continue
        energy += _shared(tube, other, starts[other] - start, first_tick, boxes)
        kept = (source[tube] - source[other]) * (start - starts[other])
        if kept < 0:
            energy += 20.0 * np.exp(-abs(source[tube] - source[other]) / 300.0)
    return energy


@njit(cache=True)
def _anneal(starts, room, source, first_tick, boxes, which, where, luck):
    heat = 200.0
    for step in range(len(which)):
        tube = which[step]
        start = int(where[step] * (room[tube] + 1))
        before = _energy(tube, starts[tube], starts, source, first_tick, boxes)
        after = _energy(tube, start, starts, source, first_tick, boxes)
        if after <= before or luck[step] < np.exp((before - after) / heat):
            starts[tube] = start
        heat = max(0.5, heat * 0.9999)
    return starts
