# SPDX-License-Identifier: Apache-2.0
"""The film picture as the encoder takes it: luma and halved chroma, renewed only where something was drawn.

Most of a synopsis is the empty scene, which stays; converting the whole picture again for every frame would cost more
than painting it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from review.synopsis._jit import kernel

__all__ = ["PicturePlanes", "Rect"]

Rect = tuple[int, int, int, int]
ROUND: Final = 1 << 15


class PicturePlanes:
    """Planes (yuv420p, BT.709, studio range) of a BGR picture of even size.

    Attributes:
        buffer_u8: (H * 3 // 2, W), luma first, then both chroma planes row by row, as raw video has them.

    Args:
        size_wh_px: Width and height of the picture, both even.
    """

    def __init__(self, size_wh_px: tuple[int, int]) -> None:
        width, height = size_wh_px
        self.buffer_u8 = np.zeros((height * 3 // 2, width), np.uint8)
        flat = self.buffer_u8.reshape(-1)
        n_luma, n_chroma = width * height, width * height // 4
        self._luma = flat[:n_luma].reshape(height, width)
        self._blue = flat[n_luma : n_luma + n_chroma].reshape(height // 2, width // 2)
        self._red = flat[n_luma + n_chroma :].reshape(height // 2, width // 2)

    def renew(self, picture_bgr_u8: NDArray[np.uint8], rects: Sequence[Rect]) -> None:
        """Take over the pixels inside (x0, y0, x1, y1) rectangles; parts outside the picture are ignored."""
        for x0, y0, x1, y1 in rects:
            _convert(picture_bgr_u8, self._luma, self._blue, self._red, x0, y0, x1, y1)


@kernel
def _convert(
    picture: NDArray[np.uint8],
    luma: NDArray[np.uint8],
    blue: NDArray[np.uint8],
    red: NDArray[np.uint8],
    x0: int,
    y0: int,
    x1: int,
    y1: int,
) -> None:
    """Convert the smallest rectangle of whole two by two blocks that holds (x0, y0, x1, y1)."""
    height, width = luma.shape
    top, bottom = max(0, y0) // 2, (min(height, y1) + 1) // 2
    left, right = max(0, x0) // 2, (min(width, x1) + 1) // 2
    for y in range(top, bottom):
        for x in range(left, right):
            total_b, total_g, total_r = 0, 0, 0
            for dy in range(2):
                for dx in range(2):
                    b = int(picture[2 * y + dy, 2 * x + dx, 0])
                    g = int(picture[2 * y + dy, 2 * x + dx, 1])
                    r = int(picture[2 * y + dy, 2 * x + dx, 2])
                    luma[2 * y + dy, 2 * x + dx] = 16 + ((4064 * b + 40254 * g + 11966 * r + ROUND) >> 16)
                    total_b, total_g, total_r = total_b + b, total_g + g, total_r + r
            # Why: sums of four pixels, hence two more bits to shift.
            blue[y, x] = 128 + ((28784 * total_b - 22189 * total_g - 6595 * total_r + 4 * ROUND) >> 18)
            red[y, x] = 128 + ((28784 * total_r - 26145 * total_g - 2639 * total_b + 4 * ROUND) >> 18)
