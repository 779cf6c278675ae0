# SPDX-License-Identifier: Apache-2.0
"""Registration of a camera that drifts: a mast in the wind or a loose mount moves the whole picture by a few pixels.

Corners of a reference picture are followed into each picture by pyramidal Lucas-Kanade flow, and a similarity
(shift, small rotation, small zoom) is fitted with RANSAC, so that moving objects do not pull it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.arrays import f32, u8

__all__ = [
    "IDENTITY",
    "Steadier",
    "boxes_to_picture",
    "drift_px",
    "gray_of",
    "spread",
    "usual_drift_px",
    "warp_to_reference",
]

N_CORNERS: Final = 160
N_DRIFT_PICTURES: Final = 30
MIN_INLIERS: Final = 12
MAX_ZOOM: Final = 0.05
FLOW_WINDOW: Final = (15, 15)
IDENTITY: Final = np.array([[1, 0, 0], [0, 1, 0]], np.float64)


class Steadier:
    """Finds where a reference picture lies in other pictures of the same camera.

    Args:
        reference_gray_u8: (H, W) uint8.
    """

    def __init__(self, reference_gray_u8: NDArray[np.uint8]) -> None:
        self._reference = reference_gray_u8
        corners = cv2.goodFeaturesToTrack(reference_gray_u8, N_CORNERS, 0.01, 8, blockSize=5)
        self._corners = corners if corners is not None else np.zeros((0, 1, 2), np.float32)
        self._last = IDENTITY.copy()

    def locate(self, picture_gray_u8: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(2, 3) matrix that takes reference coordinates to picture coordinates; the last one where none is found."""
        if len(self._corners) < MIN_INLIERS:
            return self._last
        level = _same_level(picture_gray_u8, self._reference)
        guess = cv2.transform(self._corners, self._last).astype(np.float32)
        moved, found, _ = cv2.calcOpticalFlowPyrLK(
            self._reference,
            level,
            self._corners,
            guess,
            winSize=FLOW_WINDOW,
            maxLevel=3,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        good = found.ravel() == 1
        if good.sum() < MIN_INLIERS:
            return self._last
        # Why: RANSAC draws from OpenCV's own generator; a fixed seed keeps the index equal from run to run.
        cv2.setRNGSeed(7)
        matrix, inliers = cv2.estimateAffinePartial2D(
            self._corners[good], moved[good], method=cv2.RANSAC, ransacReprojThreshold=1.0, maxIters=300
        )
        if matrix is None or int(inliers.sum()) < MIN_INLIERS:
            return self._last
        zoom = float(np.hypot(matrix[0, 0], matrix[1, 0]))
        if abs(zoom - 1) > MAX_ZOOM:
            return self._last
        self._last = matrix
        return self._last


def gray_of(picture_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) luma of a (H, W, 3) picture, as registration looks at it."""
    return u8(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2GRAY))


def drift_px(matrix: NDArray[np.float64], size_wh_px: tuple[int, int]) -> float:
    """Largest displacement of a picture corner under a registration, in pixels."""
    width, height = size_wh_px
    corners = np.array([[[0, 0], [width, 0], [0, height], [width, height]]], np.float64)
    return float(np.abs(cv2.transform(corners, matrix) - corners).max())


def usual_drift_px(pictures_bgr: Sequence[NDArray[np.uint8]], reference_gray_u8: NDArray[np.uint8]) -> float:
    """Median displacement of pictures (H, W, 3) against a reference (H, W), pixels; some of them are asked."""
    steadier, size = Steadier(reference_gray_u8), reference_gray_u8.shape[::-1]
    picks = spread(len(pictures_bgr), N_DRIFT_PICTURES)
    return float(np.median([drift_px(steadier.locate(gray_of(pictures_bgr[i])), size) for i in picks]))


def spread(n_items: int, n_most: int) -> list[int]:
    """Indices of at most so many items, evenly spread over all, the first and the last among them."""
    picks: list[int] = np.unique(np.linspace(0, n_items - 1, min(n_items, n_most)).round().astype(int)).tolist()
    return picks


def warp_to_reference(
    picture: NDArray[np.uint8], matrix: NDArray[np.float64], fill: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """The picture in reference coordinates; what lies outside of it is taken from ``fill`` or replicated."""
    height, width = picture.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if fill is None:
        warped = cv2.warpAffine(picture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    else:
        warped = cv2.warpAffine(
            picture, matrix, (width, height), dst=fill.copy(), flags=flags, borderMode=cv2.BORDER_TRANSPARENT
        )
    return np.asarray(warped, np.uint8)


def boxes_to_picture(boxes_xyxy: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Boxes of reference coordinates as upright boxes of picture coordinates, (N, 4)."""
    if len(boxes_xyxy) == 0:
        return boxes_xyxy
    centres = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    moved = cv2.transform(centres[None].astype(np.float64), matrix)[0] - centres
    return f32(boxes_xyxy + np.tile(moved, 2))


def _same_level(picture: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale the picture to the reference's brightness: flow assumes that a point keeps its grey level."""
    median = float(np.median(picture[::4, ::4]))
    wanted = float(np.median(reference[::4, ::4]))
    if median < 4 or abs(wanted / median - 1) < 0.03:
        return picture
    return u8(cv2.convertScaleAbs(picture, alpha=wanted / median))
