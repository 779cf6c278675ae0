# SPDX-License-Identifier: Apache-2.0
"""OpenCV calls whose result keeps the type of its input."""

from __future__ import annotations

from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["blended", "blurred", "resized"]

T = TypeVar("T", np.uint8, np.float32)


def resized(image: NDArray[T], size_wh_px: tuple[int, int], interpolation: int = cv2.INTER_AREA) -> NDArray[T]:
    """The image at another size."""
    return cast("NDArray[T]", cv2.resize(image, size_wh_px, interpolation=interpolation))


def blurred(image: NDArray[T], sigma_px: float) -> NDArray[T]:
    """The image under a Gaussian."""
    return cast("NDArray[T]", cv2.GaussianBlur(image, (0, 0), sigma_px))


def blended(top: NDArray[np.uint8], below: NDArray[np.uint8], weight: NDArray[np.float32]) -> NDArray[np.uint8]:
    """``top`` over ``below`` by (h, w) weights of 0 to 1, rounded."""
    parts = [np.ascontiguousarray(part) for part in (top, below)]
    solid = np.ascontiguousarray(weight)
    return cast("NDArray[np.uint8]", cv2.blendLinear(parts[0], parts[1], solid, 1 - solid))
