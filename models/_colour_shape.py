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
_VEHICLE_EDGE: Final = 0.03
_MIDDLE_RADIUS: Final = 0.75
_CERTAIN_RADIUS: Final = 0.25
_CUT_ROUNDS: Final = 3
_CUT_COVERS: Final = (0.1, 0.9)
_MAX_CUT_PX: Final = 112
_MIN_CUT_PX: Final = 8
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


def guessed_vehicle(crop_bgr_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Weights (H, W), 0 to 1, of a vehicle in a crop (H, W, 3) of BGR: cut out from the middle against the border.

    Where the cut takes nearly all or nearly nothing, an ellipse in the middle speaks.

    Source: GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004), of OpenCV, told that the middle is the vehicle and
    that a narrow border is not.
    """
    height, width = crop_bgr_u8.shape[:2]
    if min(height, width) == 0:
        return np.zeros((height, width), np.float32)
    scale = min(1.0, _MAX_CUT_PX / max(height, width))
    small_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(crop_bgr_u8, small_wh, interpolation=cv2.INTER_AREA)
    y = np.abs((np.arange(small_wh[1]) + 0.5) / small_wh[1] * 2 - 1)[:, np.newaxis]
    x = np.abs((np.arange(small_wh[0]) + 0.5) / small_wh[0] * 2 - 1)[np.newaxis]
    radius = np.hypot(x, y)
    is_middle = radius < _MIDDLE_RADIUS
    if min(small_wh) < _MIN_CUT_PX:
        found = is_middle.astype(np.float32)
    else:
        seeds = np.where(is_middle, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        seeds[np.maximum(x, y) > 1 - 2 * _VEHICLE_EDGE] = cv2.GC_BGD
        seeds[radius < _CERTAIN_RADIUS] = cv2.GC_FGD
        # Why: the cut draws its seeds from the library's own generator; the same crop must give the same answer.
        cv2.setRNGSeed(0)
        looks = (np.zeros((1, 65)), np.zeros((1, 65)))
        cv2.grabCut(small, seeds, (0, 0, 1, 1), *looks, _CUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
        found = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
        if not _CUT_COVERS[0] < float(found.mean()) < _CUT_COVERS[1]:
            found = is_middle.astype(np.float32)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


def _spoken(difference: NDArray[np.floating], bounds: tuple[float, float]) -> NDArray[np.float32]:
    low, high = bounds
    return np.asarray(_LEAST + (1 - _LEAST) * ((difference - low) / (high - low)).clip(0, 1), np.float32)
