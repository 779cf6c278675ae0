# SPDX-License-Identifier: Apache-2.0
"""Parts of a decoded picture, at the cost of the part: converting a whole picture costs a third of decoding it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.media import Picture

__all__ = ["crop_bgr_u8", "sparse_bgr_u8"]

QUARTERED: Final = frozenset({"yuv420p", "yuvj420p"})
"""Layouts of 8 bits in three planes, chroma halved both ways. Other pictures are converted whole."""


def crop_bgr_u8(picture: Picture, box_xyxy_px: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """The pixels ``picture.bgr_u8()[y0:y1, x0:x1]``, equal to the bit.

    Args:
        picture: A decoded picture.
        box_xyxy_px: Inside the picture, not empty.
    """
    x0, y0, x1, y1 = box_xyxy_px
    # Why: a chroma sample belongs to two by two pixels, so the box is widened to whole ones.
    left, top, right, bottom = x0 // 2, y0 // 2, (x1 + 1) // 2, (y1 + 1) // 2
    is_whole = 2 * right <= picture.size_wh_px[0] and 2 * bottom <= picture.size_wh_px[1]
    layout = picture._frame.format.name  # Reason: this module is the rest of the picture's.
    if layout not in QUARTERED or not is_whole:
        return picture.bgr_u8()[y0:y1, x0:x1].copy()
    luma, *chroma = _planes(picture)
    parts = [luma[2 * top : 2 * bottom, 2 * left : 2 * right], *(c[top:bottom, left:right] for c in chroma)]
    samples = np.concatenate([part.ravel() for part in parts]).reshape(-1, 2 * (right - left))
    pixels = _converted(picture, samples, layout)
    return np.ascontiguousarray(pixels[y0 - 2 * top : y1 - 2 * top, x0 - 2 * left : x1 - 2 * left])


def sparse_bgr_u8(picture: Picture, step: int) -> NDArray[np.uint8]:
    """The pixels ``picture.bgr_u8()[::step, ::step]``; for an even step to three grey levels, without the others."""
    layout = picture._frame.format.name
    if step % 2 or layout not in QUARTERED:
        return picture.bgr_u8()[::step, ::step].copy()
    luma, *chroma = _planes(picture)
    height, width = -(-picture.size_wh_px[1] // step), -(-picture.size_wh_px[0] // step)
    parts = [luma[::step, ::step], *(c[:: step // 2, :: step // 2] for c in chroma)]
    return _converted(picture, np.stack([part[:height, :width] for part in parts]), layout.replace("420", "444"))


def _planes(picture: Picture) -> list[NDArray[np.uint8]]:
    """Planes of 8 bits, (H, line) each, rows padded."""
    planes = picture._frame.planes
    return [np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size) for plane in planes]


def _converted(like: Picture, samples_u8: NDArray[np.uint8], layout: str) -> NDArray[np.uint8]:
    """Samples in a layout as BGR, by the matrix and range of a picture."""
    frame = like._frame
    part = type(frame).from_ndarray(samples_u8, format=layout)
    part.colorspace, part.color_range = frame.colorspace, frame.color_range
    return np.asarray(part.reformat(format="bgr24", interpolation="AREA", threads=1).to_ndarray(), np.uint8)
