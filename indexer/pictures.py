# SPDX-License-Identifier: Apache-2.0
"""A decoded picture whose pixels are converted only when asked, and only those that are asked for.

Converting a whole picture costs a third of decoding it. The frame is the decoding library's and stays inside here; the
library itself is known to :mod:`indexer.media` alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from indexer.media_values import Frame

__all__ = ["Picture", "PixelLayout"]

PixelLayout = Literal["bgr24", "gray"]
QUARTERED: Final = frozenset({"yuv420p", "yuvj420p"})
"""Layouts of 8 bits in three planes, chroma halved both ways. Parts of other pictures are cut from the whole."""
_PICTURE_TYPES: Final = {1: "I", 2: "P", 3: "B"}


class Picture:
    """A decoded picture; valid until the next one is taken.

    Args:
        frame: A video frame of the decoding library.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.pts_ticks: int | None = frame.pts
        self.is_corrupt: bool = frame.is_corrupt
        self.size_wh_px: tuple[int, int] = (frame.width, frame.height)

    def bgr_u8(self, size_wh_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """(H, W, 3) BGR, area-averaged to ``size_wh_px`` when given."""
        return self._pixels("bgr24", size_wh_px)

    def luma_u8(self, size_wh_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """(H, W) luma, area-averaged to ``size_wh_px`` when given."""
        return self._pixels("gray", size_wh_px)

    def crop_bgr_u8(self, box_xyxy_px: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """The pixels ``bgr_u8()[y0:y1, x0:x1]``, equal to the bit.

        Args:
            box_xyxy_px: Inside the picture, not empty.
        """
        x0, y0, x1, y1 = box_xyxy_px
        # Why: a chroma sample belongs to two by two pixels, so the box is widened to whole ones.
        left, top, right, bottom = x0 // 2, y0 // 2, (x1 + 1) // 2, (y1 + 1) // 2
        is_whole = 2 * right <= self.size_wh_px[0] and 2 * bottom <= self.size_wh_px[1]
        layout = self._frame.format.name
        if layout not in QUARTERED or not is_whole:
            return self.bgr_u8()[y0:y1, x0:x1].copy()
        luma, *chroma = self._planes()
        parts = [luma[2 * top : 2 * bottom, 2 * left : 2 * right], *(c[top:bottom, left:right] for c in chroma)]
        samples = np.concatenate([part.ravel() for part in parts]).reshape(-1, 2 * (right - left))
        pixels = self._converted(samples, layout)
        return np.ascontiguousarray(pixels[y0 - 2 * top : y1 - 2 * top, x0 - 2 * left : x1 - 2 * left])

    def sparse_bgr_u8(self, step: int) -> NDArray[np.uint8]:
        """The pixels ``bgr_u8()[::step, ::step]``; for an even step to three grey levels, without the others."""
        layout = self._frame.format.name
        if step % 2 or layout not in QUARTERED:
            return self.bgr_u8()[::step, ::step].copy()
        luma, *chroma = self._planes()
        height, width = -(-self.size_wh_px[1] // step), -(-self.size_wh_px[0] // step)
        parts = [luma[::step, ::step], *(c[:: step // 2, :: step // 2] for c in chroma)]
        return self._converted(np.stack([part[:height, :width] for part in parts]), layout.replace("420", "444"))

    def sha256(self) -> bytes:
        """Digest of the decoded samples as stored, before any conversion of colour."""
        return self.digest()[0]

    def digest(self) -> tuple[bytes, int]:
        """SHA-256 of the decoded samples as stored, plane by plane without padding, and their number of bytes.

        Samples that are not stored in planes are digested as BGR; :attr:`hashed_layout` says which.
        """
        digest, n_bytes = hashlib.sha256(), 0
        for samples in self._samples():
            digest.update(samples)
            n_bytes += len(samples)
        return digest.digest(), n_bytes

    @property
    def hashed_layout(self) -> str:
        """Name of the layout that :meth:`digest` is taken of."""
        return str(self._frame.format.name) if self._is_planar else "bgr24"

    @property
    def duration_ticks(self) -> int:
        """How long the picture is shown by the container, ticks; 0 where it does not say."""
        return int(self._frame.duration or 0)

    @property
    def _is_planar(self) -> bool:
        return len(self._frame.planes) == len(self._frame.format.components)

    def _samples(self) -> Iterator[bytes]:
        if not self._is_planar:
            yield self.bgr_u8().tobytes()
            return
        n_bytes = (self._frame.format.components[0].bits + 7) // 8
        for plane, rows in zip(self._frame.planes, self._planes(), strict=True):
            yield rows[:, : plane.width * n_bytes].tobytes()

    def frame(self, *, pixel: PixelLayout, size_wh_px: tuple[int, int] | None = None) -> Frame:
        """The picture as a value that may be kept."""
        return Frame(
            pts_ticks=self._frame.pts,
            image_u8=self._pixels(pixel, size_wh_px),
            is_key=self._frame.key_frame,
            is_corrupt=self._frame.is_corrupt,
            picture_type=_PICTURE_TYPES.get(int(self._frame.pict_type), "?"),
        )

    def _pixels(self, pixel: PixelLayout, size_wh_px: tuple[int, int] | None) -> NDArray[np.uint8]:
        layout = self._frame.format
        is_byte_plane = layout.name.startswith(("yuv", "nv12", "gray")) and layout.components[0].bits == 8
        if pixel == "gray" and size_wh_px is None and is_byte_plane:
            return self._planes()[0][:, : self.size_wh_px[0]].copy()
        return _reformatted(self._frame, pixel, size_wh_px or self.size_wh_px)

    def _planes(self) -> list[NDArray[np.uint8]]:
        """Planes as stored, (H, line) bytes each, rows padded."""
        return [
            np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
            for plane in self._frame.planes
        ]

    def _converted(self, samples_u8: NDArray[np.uint8], layout: str) -> NDArray[np.uint8]:
        """Samples in a layout as BGR, by the matrix and range of this picture."""
        part = type(self._frame).from_ndarray(samples_u8, format=layout)
        part.colorspace, part.color_range = self._frame.colorspace, self._frame.color_range
        return _reformatted(part, "bgr24", (part.width, part.height))


def _reformatted(frame: Any, pixel: PixelLayout, size_wh_px: tuple[int, int]) -> NDArray[np.uint8]:
    width, height = size_wh_px
    scaled = frame.reformat(width=width, height=height, format=pixel, interpolation="AREA", threads=1)
    return np.asarray(scaled.to_ndarray(), np.uint8)
