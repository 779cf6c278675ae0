# SPDX-License-Identifier: Apache-2.0
"""Pixels that are read by the part, and OpenCV calls whose result keeps the type of its input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PlainPixels", "SourcePixels", "blended", "blurred", "resized"]

T = TypeVar("T", np.uint8, np.float32)


class SourcePixels(Protocol):
    """A source picture, (H, W, 3) BGR, of which parts can be had without the rest."""

    @property
    def size_wh_px(self) -> tuple[int, int]:
        """Width and height."""

    def crop(self, box_xyxy_px: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """A copy of the pixels inside a box that lies in the picture."""

    def sparse(self, step: int) -> NDArray[np.uint8]:
        """Every ``step``-th pixel both ways, to a few grey levels."""

    def whole(self) -> NDArray[np.uint8]:
        """All pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class PlainPixels:
    """An image in memory as :class:`SourcePixels`."""

    image_bgr_u8: NDArray[np.uint8]

    @property
    def size_wh_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.image_bgr_u8.shape[1], self.image_bgr_u8.shape[0]

    def crop(self, box_xyxy_px: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """A copy of the pixels inside a box that lies in the picture."""
        x0, y0, x1, y1 = box_xyxy_px
        return self.image_bgr_u8[y0:y1, x0:x1].copy()

    def sparse(self, step: int) -> NDArray[np.uint8]:
        """Every ``step``-th pixel both ways."""
        return np.ascontiguousarray(self.image_bgr_u8[::step, ::step])

    def whole(self) -> NDArray[np.uint8]:
        """All pixels."""
        return self.image_bgr_u8


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
