# SPDX-License-Identifier: Apache-2.0
"""Captions with accents, drawn beside pictures and never over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["with_caption_below"]

PAPER_BGR: Final = (250, 250, 250)
INK_BGR: Final = (30, 30, 30)
LINE_SPACING: Final = 1.45


def with_caption_below(image_bgr_u8: NDArray[np.uint8], lines: Sequence[str]) -> NDArray[np.uint8]:
    """A picture with lines of text in a margin below it; the picture's own pixels are unchanged.

    Args:
        image_bgr_u8: (H, W, 3).
        lines: Text; long lines are broken at spaces to fit the width.

    Returns:
        (H + margin, max(W, 640), 3); a narrow picture is centred.
    """
    height, width = image_bgr_u8.shape[:2]
    total_width = max(640, width)
    size_px = max(13, round(total_width / 72))
    font = cv2.FontFace("sans")
    margin = size_px
    rows = [row for line in lines for row in _broken(line, font, size_px, total_width - 2 * margin)]
    step = round(size_px * LINE_SPACING)
    sheet = np.full((height + 2 * margin + step * len(rows), total_width, 3), PAPER_BGR, np.uint8)
    left = (total_width - width) // 2
    sheet[:height, left : left + width] = image_bgr_u8
    for i, row in enumerate(rows):
        baseline = height + margin + step * i + size_px
        cv2.putText(sheet, row, (margin, baseline), INK_BGR, font, size_px)
    return sheet


def _broken(line: str, font: cv2.FontFace, size_px: int, width_px: int) -> list[str]:
    rows: list[str] = []
    current = ""
    for word in line.split(" "):
        longer = f"{current} {word}" if current else word
        if current and _width(longer, font, size_px) > width_px:
            rows.append(current)
            current = word
        else:
            current = longer
    return [*rows, current]


def _width(text: str, font: cv2.FontFace, size_px: int) -> int:
    box = cv2.getTextSize((0, 0), text, (0, 0), font, size_px)
    return int(box[2])
