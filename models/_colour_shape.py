# SPDX-License-Identifier: Apache-2.0
"""Where the object lies in its crop: by the shape of what it is, and by what differs from the crop's border.

Motion gives a mask, but not always a good one: who stands still has none, grey trousers before grey ground leave holes
in it, and crops from elsewhere come without. Then the middle of the crop is asked, in the outline of a standing person
or of a vehicle, and what looks like the ground beside it speaks little.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["body_outline", "guessed_body", "guessed_vehicle"]

_BODY_PLACES: Final = (0.0, 0.15, 0.25, 0.5, 0.6, 0.95)
_BODY_HALF_WIDTHS: Final = (0.30, 0.35, 0.60, 0.60, 0.55, 0.45)
"""Half-width of a standing or walking person by height, as shares of the box's half-width."""
_CERTAIN_SHARE: Final = 0.6
_BESIDE_SHARE: Final = 0.08
_ROWS_SHARE: Final = 0.06
_BODY_DIFFERENCE: Final = (0.04, 0.14)
_VEHICLE_EDGE: Final = 0.07
_VEHICLE_DIFFERENCE: Final = (0.06, 0.20)
_VEHICLE_RADII: Final = (0.7, 1.1)
_TINT_COUNTS: Final = (1.0, 2.0, 2.0)
"""A difference of tint parts paint from road better than one of lightness, which shadow has too."""
_N_GROUNDS: Final = 4
_MAX_GROUND_PIXELS: Final = 600
_LEAST: Final = 0.1


def body_outline(shape_hw: tuple[int, int]) -> NDArray[np.float32]:
    """Weights (H, W), 0 to 1, of the outline of an upright person in a crop."""
    height, width = shape_hw
    half = np.interp((np.arange(height) + 0.5) / height, _BODY_PLACES, _BODY_HALF_WIDTHS)[:, np.newaxis]
    away = np.abs((np.arange(width) + 0.5) / width * 2 - 1)[np.newaxis]
    certain = _CERTAIN_SHARE * half
    return np.asarray(1 - ((away - certain) / certain).clip(0, 1), np.float32)


def guessed_body(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (H, W), 0 to 1, of a person in a crop (H, W, 3) of OKLab: the outline, less what is seen beside it."""
    height, width = lab.shape[:2]
    if min(height, width) == 0:
        return np.zeros((height, width), np.float32)
    beside = max(1, round(_BESIDE_SHARE * width))
    rows = 2 * max(1, round(_ROWS_SHARE * height)) + 1
    difference = np.full((height, width), np.inf, np.float32)
    for side in (lab[:, :beside], lab[:, -beside:]):
        ground = np.median(side, axis=1)
        padded = np.pad(ground, ((rows // 2, rows // 2), (0, 0)), mode="edge")
        near = np.median(np.lib.stride_tricks.sliding_window_view(padded, rows, axis=0), axis=-1)
        difference = np.minimum(difference, np.linalg.norm(lab - near[:, np.newaxis], axis=2))
    return body_outline((height, width)) * _spoken(difference, _BODY_DIFFERENCE)


def guessed_vehicle(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (H, W), 0 to 1, of a vehicle in a crop (H, W, 3) of OKLab: an ellipse, less what the border shows."""
    height, width = lab.shape[:2]
    if min(height, width) == 0:
        return np.zeros((height, width), np.float32)
    edge = max(1, round(_VEHICLE_EDGE * min(height, width)))
    border = np.concatenate([part.reshape(-1, 3) for part in (lab[:edge], lab[-edge:], lab[:, :edge], lab[:, -edge:])])
    border = np.ascontiguousarray(border[:: max(1, len(border) // _MAX_GROUND_PIXELS)], np.float32)
    n_grounds = min(_N_GROUNDS, len(border))
    # Why: k-means draws its seeds from the library's own generator; the same crop must give the same answer.
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 0.001)
    _, _, grounds = cv2.kmeans(border, n_grounds, np.zeros(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)
    tint = np.array(_TINT_COUNTS, np.float32)
    difference = np.min([np.linalg.norm((lab - ground) * tint, axis=2) for ground in grounds], axis=0)
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, np.newaxis]
    x = ((np.arange(width) + 0.5) / width * 2 - 1)[np.newaxis]
    inner, outer = _VEHICLE_RADII
    inside = ((outer - np.hypot(x, y)) / (outer - inner)).clip(0, 1)
    return np.asarray(inside, np.float32) * _spoken(difference, _VEHICLE_DIFFERENCE)


def _spoken(difference: NDArray[np.floating], bounds: tuple[float, float]) -> NDArray[np.float32]:
    low, high = bounds
    return np.asarray(_LEAST + (1 - _LEAST) * ((difference - low) / (high - low)).clip(0, 1), np.float32)
