# SPDX-License-Identifier: Apache-2.0
"""Tubes on the film's frame grid, and packed at the ticks that a layout works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from review.synopsis._board import N_COLUMNS, N_ROWS, UnitTicks
from review.synopsis._jit import kernel
from review.synopsis.tubes import Tube, frames_of

__all__ = ["TubeFrames", "frames_of_tubes", "ticks_of_units"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TubeFrames:
    """Samples of all tubes of one camera, flat, with the film frame that each first appears on.

    Attributes:
        first: (N + 1,) int64; samples ``first[i]`` to ``first[i + 1]`` belong to tube i.
        frame: (samples,) int64, film frames since the first sample of the tube.
        boxes_xyxy_px: (samples, 4) float32, whole pixels.
        source_start: (N,) int64, start of each tube on the source axis, in film frames.
        n_frames: (N,) int64, film frames that each tube lasts.
        size_wh_px: Picture that the boxes lie in.
    """

    first: NDArray[np.int64]
    frame: NDArray[np.int64]
    boxes_xyxy_px: NDArray[np.float32]
    source_start: NDArray[np.int64]
    n_frames: NDArray[np.int64]
    size_wh_px: tuple[int, int]


def frames_of_tubes(tubes: Sequence[Tube], rate: Fraction) -> TubeFrames:
    """Put the samples of all tubes on the film's frame grid; boxes scale to the largest picture of the camera."""
    counts = np.array([len(tube.pts_ticks) for tube in tubes], np.int64)
    first = np.r_[0, np.cumsum(counts)].astype(np.int64)
    width = max(tube.size_wh_px[0] for tube in tubes)
    height = max(tube.size_wh_px[1] for tube in tubes)
    boxes = np.round(np.concatenate([tube.boxes_xyxy_px for tube in tubes]))
    scale = np.array([(width / t.size_wh_px[0], height / t.size_wh_px[1]) * 2 for t in tubes], np.float32)
    if not np.all(scale == 1.0):
        boxes = np.round(boxes * np.repeat(scale, counts, axis=0))
    origin_us = min(tube.start_us for tube in tubes)
    absolute = frames_of(np.concatenate([tube.time_us for tube in tubes]), origin_us=origin_us, rate=rate)
    source_start = absolute[first[:-1]]
    frame = absolute - np.repeat(source_start, counts)
    return TubeFrames(
        first=first,
        frame=frame,
        boxes_xyxy_px=boxes,
        source_start=source_start,
        n_frames=frame[first[1:] - 1] + 1,
        size_wh_px=(width, height),
    )


def ticks_of_units(
    frames: TubeFrames,
    unit: NDArray[np.int64],
    offset: NDArray[np.int64],
    *,
    stride: int,
    is_hull: bool,
    whole: NDArray[np.int64] | None = None,
) -> UnitTicks:
    """Pack units at every ``stride``-th film frame.

    Args:
        frames: Tubes on the film grid.
        unit: (N,) unit of each tube.
        offset: (N,) film frames from the start of the unit to the start of the tube.
        stride: Film frames a tick.
        is_hull: True gives the hull of all boxes of the tick (no overlap can hide between ticks); False the box in
            its middle.
        whole: (N,) number of the object that each tube is a piece of; pieces of one object in different units are
            kept apart in the film. None where every tube is an object of its own.
    """
    tick_first = offset // stride
    n_ticks = (offset + frames.n_frames - 1) // stride - tick_first + 1
    out_first = np.r_[0, np.cumsum(n_ticks)].astype(np.int64)
    width, height = frames.size_wh_px
    scale = np.array([N_COLUMNS / width, N_ROWS / height] * 2, np.float32)
    boxes = _sample(
        frames.first, frames.frame, frames.boxes_xyxy_px * scale, offset, tick_first, out_first, stride, is_hull
    )
    tick = np.arange(out_first[-1]) - np.repeat(out_first[:-1] - tick_first, n_ticks)
    owner = np.repeat(unit, n_ticks)
    n_units = int(unit.max()) + 1
    unit_ticks = np.zeros(n_units, np.int64)
    np.maximum.at(unit_ticks, unit, tick_first + n_ticks)
    first_tick = np.r_[0, np.cumsum(unit_ticks)].astype(np.int64)
    slot = first_tick[owner] + tick
    order = np.argsort(slot, kind="stable")
    boxes = np.ascontiguousarray(boxes[order])
    tick_ptr = np.searchsorted(slot[order], np.arange(first_tick[-1] + 1)).astype(np.int64)
    area = (boxes[:, 2] - boxes[:, 0]).astype(np.float64) * (boxes[:, 3] - boxes[:, 1])
    volume = np.zeros(n_units, np.float64)
    np.add.at(volume, owner[order], area)
    apart_ptr, apart = _apart(unit, whole, n_units)
    return UnitTicks(
        first_tick=first_tick, tick_ptr=tick_ptr, boxes_cells=boxes, volume=volume, apart_ptr=apart_ptr, apart=apart
    )


def _apart(
    unit: NDArray[np.int64], whole: NDArray[np.int64] | None, n_units: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each unit the others that hold a piece of the same object, as (U + 1,) pointers and a flat list."""
    others: list[set[int]] = [set() for _ in range(n_units)]
    if whole is not None:
        numbers, counts = np.unique(whole, return_counts=True)
        for number in numbers[counts > 1]:
            holders = {int(holder) for holder in unit[whole == number]}
            for holder in holders:
                others[holder] |= holders - {holder}
    lengths = np.array([len(found) for found in others], np.int64)
    flat = [other for found in others for other in sorted(found)]
    return np.r_[0, np.cumsum(lengths)].astype(np.int64), np.array(flat, np.int64)


@kernel
def _sample(
    first: NDArray[np.int64],
    frame: NDArray[np.int64],
    boxes: NDArray[np.float32],
    offset: NDArray[np.int64],
    tick_first: NDArray[np.int64],
    out_first: NDArray[np.int64],
    stride: int,
    is_hull: bool,
) -> NDArray[np.float32]:
    """(ticks, 4) box of each tube at each of its ticks; a sample holds until the next one."""
    out = np.empty((out_first[-1], 4), np.float32)
    for i in range(len(offset)):
        k = first[i]
        for row in range(out_first[i], out_first[i + 1]):
            tick = tick_first[i] + row - out_first[i]
            opens = tick * stride - offset[i]
            closes = opens + stride
            until = closes if is_hull else opens + (stride + 1) // 2
            while k + 1 < first[i + 1] and frame[k + 1] <= opens:
                k += 1
            for c in range(4):
                out[row, c] = boxes[k, c]
            while k + 1 < first[i + 1] and frame[k + 1] < until:
                k += 1
                for c in range(4):
                    if not is_hull:
                        out[row, c] = boxes[k, c]
                    elif c < 2:
                        out[row, c] = min(out[row, c], boxes[k, c])
                    else:
                        out[row, c] = max(out[row, c], boxes[k, c])
    return out
