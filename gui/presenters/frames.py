# SPDX-License-Identifier: Apache-2.0
"""What the player shows of a recording: a frame with all that identifies it, thumbnails, where a hit lies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from review.desk_values import Frames

__all__ = ["ShownFrame", "Span", "Thumb", "media_s_of", "read_frame", "span_of", "spread", "thumb_of"]

_THUMB_HEIGHT_PX: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownFrame:
    """One exact frame with what identifies it.

    Attributes:
        index: 0-based place in the recording, in the order frames are shown.
        image_bgr_u8: (H, W, 3), blue green red, as decoded; read-only.
        pts_ticks: Presentation time stamp, stream ticks.
        media_s: Seconds since the recording's first frame, exact.
        utc: Corrected time, or None.
        displayed: What the recorder showed, or None.
        box_xyxy_px: The hit's box, source pixels, or None.
        picture_type: ``I``, ``P``, ``B`` or ``?``.
    """

    index: int
    image_bgr_u8: NDArray[np.uint8]
    pts_ticks: int
    media_s: Fraction
    utc: datetime | None
    displayed: datetime | None
    box_xyxy_px: tuple[float, float, float, float] | None
    picture_type: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thumb:
    """A small picture of one frame, for the strip; never evidence."""

    index: int
    image_bgr_u8: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where the hit lies in its recording: frame indices, all inclusive."""

    n_frames: int
    first_index: int
    last_index: int
    best_index: int
    time_base: Fraction
    sample_aspect: Fraction


def span_of(source: Frames) -> Span:
    """Where a source's hit lies."""
    return Span(
        n_frames=source.n_frames,
        first_index=source.first_index,
        last_index=source.last_index,
        best_index=source.best_index,
        time_base=source.time_base,
        sample_aspect=source.sample_aspect,
    )


def media_s_of(source: Frames, index: int) -> Fraction:
    """Exact seconds of a frame since the recording's first."""
    return (source.pts_ticks(index) - source.pts_ticks(0)) * source.time_base


def read_frame(source: Frames, index: int) -> ShownFrame:
    """Decode one frame and gather what identifies it; slow."""
    image = np.ascontiguousarray(source.image_bgr_u8(index))
    image.flags.writeable = False
    return ShownFrame(
        index=index,
        image_bgr_u8=image,
        pts_ticks=source.pts_ticks(index),
        media_s=media_s_of(source, index),
        utc=source.utc(index),
        displayed=source.displayed(index),
        box_xyxy_px=source.box(index),
        picture_type=source.picture_type(index),
    )


def spread(first: int, last: int, n: int) -> tuple[int, ...]:
    """At most ``n`` distinct indices from first to last, evenly spread, ends included."""
    n = min(n, last - first + 1)
    if n == 1:
        return (first,)
    return tuple(first + round(k * (last - first) / (n - 1)) for k in range(n))


def thumb_of(image_bgr_u8: NDArray[np.uint8], box: tuple[float, float, float, float] | None) -> NDArray[np.uint8]:
    """The object with as much around it as it is large, every k-th pixel: no made-up value.

    Without a box, the whole frame.
    """
    height, width = image_bgr_u8.shape[:2]
    if box is not None:
        x1, y1, x2, y2 = box
        half = max(x2 - x1, y2 - y1, height / 12)
        centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
        left, top = max(0, int(centre_x - half)), max(0, int(centre_y - half))
        right, bottom = min(width, int(centre_x + half)), min(height, int(centre_y + half))
        if right - left > 1 and bottom - top > 1:
            image_bgr_u8 = image_bgr_u8[top:bottom, left:right]
    step = max(1, image_bgr_u8.shape[0] // _THUMB_HEIGHT_PX)
    return np.ascontiguousarray(image_bgr_u8[::step, ::step])
