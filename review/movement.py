# SPDX-License-Identifier: Apache-2.0
"""How large an object is in the picture, how fast it moves and where to: computed from its boxes, by no model.

Nothing is said in metres: the camera is not calibrated. Speed is told in the object's own sizes per second, which does
not change with its distance; a body that comes straight at the camera seems slower, by half or more.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import Track
from review.geometry import path_of
from review.hits import SIZES, SPEEDS, Movement

__all__ = ["METHOD", "movement_of"]

METHOD: Final = "relecture-movement@1"
_SIZE_BORDERS_UNIT: Final = (0.1, 0.3)
"""Height as a share of the picture's from which an object is medium, and large."""
_SPEED_BORDERS: Final = (0.15, 1.0, 2.5)
"""Own sizes a second from which an object is slow, medium and fast; a person of 1.7 m who walks makes about 1.4."""
_STEP_S: Final = 0.5
_MIN_WAY_SIZES: Final = 0.75
"""An object that ends up nearer than this to where it began has gone nowhere."""


def movement_of(track: Track, time_base: Fraction, *, picture_height_px: int) -> Movement:
    """Size, speed and direction of a track.

    Args:
        track: The track.
        time_base: Seconds per tick of its recording.
        picture_height_px: Height of the pictures that its boxes are measured in.
    """
    sides = (track.boxes_xyxy_px[:, 2:] - track.boxes_xyxy_px[:, :2]).astype(np.float64)
    low, height, high = np.percentile(sides[:, 1], (25, 50, 75))
    own_size = max(1.0, float(np.median(np.sqrt(np.maximum(sides.prod(axis=1), 0)))))
    path = path_of(track, time_base)
    rows = _spread_rows(path.time_s)
    steps = np.hypot(*np.diff(path.xy_px[rows], axis=0).T)
    spans_s = np.diff(path.time_s[rows])
    sizes_per_s = float(np.median(steps / spans_s)) / own_size if len(steps) else 0.0
    dx, dy = _end_of(path.xy_px, last=True) - _end_of(path.xy_px, last=False)
    angle = float(np.degrees(np.arctan2(-dy, dx))) % 360
    has_gone = float(np.hypot(dx, dy)) >= _MIN_WAY_SIZES * own_size
    share = float(height) / picture_height_px
    return Movement(
        height_px=round(float(height), 1),
        height_spread_px=round(float(high - low) / 2, 1),
        height_unit=round(share, 4),
        size=SIZES[int(np.searchsorted(_SIZE_BORDERS_UNIT, share, side="right"))],
        sizes_per_s=round(sizes_per_s, 2),
        speed=SPEEDS[int(np.searchsorted(_SPEED_BORDERS, sizes_per_s, side="right"))],
        direction=("right", "away", "left", "towards")[round(angle / 90) % 4] if has_gone else "",
        angle_deg=round(angle, 1),
    )


def _spread_rows(time_s: NDArray[np.float64]) -> list[int]:
    """Rows half a second apart or more; the first and the last one of what is shorter."""
    rows = [0]
    for row, at in enumerate(time_s):
        if at - time_s[rows[-1]] >= _STEP_S:
            rows.append(row)
    return rows if len(rows) > 1 or len(time_s) < 2 else [0, len(time_s) - 1]


def _end_of(xy_px: NDArray[np.float64], *, last: bool) -> NDArray[np.float64]:
    """Middle of the first or last tenth of a path: one shaky box must not decide the direction."""
    n = max(1, len(xy_px) // 10)
    return np.asarray(np.median(xy_px[-n:] if last else xy_px[:n], axis=0))
