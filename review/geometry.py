# SPDX-License-Identifier: Apache-2.0
"""Where an object went: its foot point over time, lines it crossed, and how long it stayed in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from indexer.records import Track

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
    before, after = path.xy_px[:-1], path.xy_px[1:]
    side_of_path = _side(start, end, before) * _side(start, end, after)
    towards_start = _side_rows(before, after, start)
    towards_end = _side_rows(before, after, end)
    return bool(np.any((side_of_path < 0) & (towards_start * towards_end <= 0)))


def longest_stay_s(path: Path, zone: tuple[Point, ...]) -> float | None:
    """Longest unbroken stay inside a polygon, seconds; without a polygon the whole path; None when never inside."""
    if not zone:
        return float(path.time_s[-1] - path.time_s[0])
    inside = _inside(path.xy_px, np.array(zone, float))
    if not inside.any():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    return max(float(path.time_s[stop - 1] - path.time_s[start]) for start, stop in edges.reshape(-1, 2))


def _side(a: NDArray[np.float64], b: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sign of the side of the line a-b on which points (N, 2) lie."""
    direction = b - a
    return np.asarray(np.sign(direction[0] * (points[:, 1] - a[1]) - direction[1] * (points[:, 0] - a[0])))


def _side_rows(a: NDArray[np.float64], b: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sign of the side of each line a[i]-b[i] on which one point lies."""
    direction = b - a
    return np.asarray(
        np.sign(direction[:, 0] * (point[1] - a[:, 1]) - direction[:, 1] * (point[0] - a[:, 0])), dtype=np.float64
    )


def _inside(points: NDArray[np.float64], polygon: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Even-odd rule for points (N, 2)."""
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), bool)
    following = np.roll(polygon, -1, axis=0)
    for (x1, y1), (x2, y2) in zip(polygon, following, strict=True):
        spans = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing_x = (x2 - x1) * (y - y1) / (y2 - y1) + x1
        inside ^= spans & (x < crossing_x)
    return inside
