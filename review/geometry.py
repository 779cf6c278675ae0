# SPDX-License-Identifier: Apache-2.0
"""Where an object went: its foot point over time, lines it crossed, and how long it stayed in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from indexer.records import Track
from indexer.zones import are_inside

__all__ = ["Path", "crosses_line", "longest_stay_s", "path_of"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """The middle of the lower edge of an object's box (where it stands), frame by frame.

    Attributes:
        time_s: (N,) media seconds.
        xy_px: (N, 2) source pixels.
    """

    time_s: NDArray[np.float64]
    xy_px: NDArray[np.float64]


def path_of(track: Track, time_base: Fraction) -> Path:
    """The foot path of a track."""
    boxes = track.boxes_xyxy_px.astype(np.float64)
    feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
    time_s = np.asarray(track.pts_ticks * float(time_base), np.float64)
    return Path(time_s=time_s, xy_px=feet)


def crosses_line(path: Path, line: tuple[Point, Point]) -> bool:
    """True when the path crosses the segment between two points, in either direction.

    >>> path = Path(time_s=np.array([0.0, 1.0]), xy_px=np.array([[0.0, 0.0], [10.0, 0.0]]))
    >>> crosses_line(path, ((5, -1), (5, 1))), crosses_line(path, ((5, 1), (5, 2)))
    (True, False)
    """
    start, end = np.array(line[0], float), np.array(line[1], float)
    sides = _sides(start, end, path.xy_px)
    # Why: a foot point may lie on the line itself; what counts is from which side the path came and to which it goes.
    off = np.flatnonzero(sides)
    turns = np.flatnonzero(np.sign(sides[off[:-1]]) != np.sign(sides[off[1:]]))
    for before, after in zip(off[turns], off[turns + 1], strict=True):
        if after == before + 1:
            share = sides[before] / (sides[before] - sides[after])
            met = path.xy_px[before : before + 1] + share * (path.xy_px[after] - path.xy_px[before])
        else:
            met = path.xy_px[before + 1 : after]
        along = (met - start) @ (end - start) / float((end - start) @ (end - start))
        if along.max() >= 0 and along.min() <= 1:
            return True
    return False


def longest_stay_s(path: Path, zone: tuple[Point, ...]) -> float | None:
    """Longest unbroken stay inside a polygon, seconds; without a polygon the whole path; None when never inside."""
    if not zone:
        return float(path.time_s[-1] - path.time_s[0])
    inside = are_inside(path.xy_px, zone)
    if not inside.any():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    return max(float(path.time_s[stop - 1] - path.time_s[start]) for start, stop in edges.reshape(-1, 2))


def _sides(a: NDArray[np.float64], b: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed distance, times a constant, of points (N, 2) from the line a-b; 0 on it."""
    direction = b - a
    return np.asarray(direction[0] * (points[:, 1] - a[1]) - direction[1] * (points[:, 0] - a[0]), np.float64)
