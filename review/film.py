# SPDX-License-Identifier: Apache-2.0
"""Writes films by one encoder: frames in, an H.264 MP4 that plays anywhere out, whole or not at all.

Frames stream through a pipe, so memory does not grow with the film.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from models.errors import StoreProblem
from review.film_draft import FilmDraft, PipedLayout, encoding, naming

__all__ = ["FilmWriter"]

ENCODER_THREADS: Final = 3
"""Fixed, because the bytes of a film depend on it."""


class FilmWriter(FilmDraft):
    """Streams frames into an MP4 (H.264, yuv420p, faststart).

    Leaving it without :meth:`finish` removes what was written.

    Attributes:
        n_frames: Frames written so far.

    Args:
        path: Where the film will lie; must not exist.
        size_wh_px: Even width and height.
        rate: Frames per second.
        sample_aspect: Pixel aspect ratio to announce.
        layout: ``bgr24`` takes frames of (H, W, 3); ``yuv420p`` planes of (H * 3 // 2, W), BT.709 in studio range.

    Raises:
        AlreadyThere: Something has that name.
        StoreProblem: The folder cannot be written.
        ToolMissing: There is no ffmpeg program.
    """

    def __init__(
        self,
        path: Path,
        *,
        size_wh_px: tuple[int, int],
        rate: Fraction,
        sample_aspect: Fraction = Fraction(1),
        layout: PipedLayout = "bgr24",
    ) -> None:
        super().__init__(path, size_wh_px)
        width, height = size_wh_px
        self._shape = (height, width, 3) if layout == "bgr24" else (height * 3 // 2, width)
        self._raw_path = self.folder / "raw.mp4"
        command = encoding(
            self._raw_path,
            size_wh_px=size_wh_px,
            rate=rate,
            sample_aspect=sample_aspect,
            layout=layout,
            threads=ENCODER_THREADS,
        )
        self._encoder = self.start(command)
        self.n_frames = 0

    @property
    def encoder_pid(self) -> int:
        """Process number of the encoder, for measuring its memory."""
        return self._encoder.pid

    def write(self, frame_u8: NDArray[np.uint8]) -> None:
        """Append one frame in the layout of the film.

        Raises:
            StoreProblem: The encoder stopped, mostly because the disk is full.
        """
        assert frame_u8.shape == self._shape, f"frame of {frame_u8.shape}, film of {self._shape}"
        assert self._encoder.stdin is not None
        try:
            self._encoder.stdin.write(np.ascontiguousarray(frame_u8).data)
        except (BrokenPipeError, OSError) as problem:
            raise self._stopped() from problem
        self.n_frames += 1

    def finish(self, *, comment: str, title: str = "", beside: Mapping[Path, Path] | None = None) -> None:
        """Close the film, write its comment, and give it its name.

        Args:
            comment: What the film says of itself.
            title: Its title.
            beside: Finished file to name of what takes its name together with the film.

        Raises:
            StoreProblem: Encoding failed or a name cannot be given.
            AlreadyThere: Something took a name in the meantime.
        """
        assert self._encoder.stdin is not None
        try:
            self._encoder.stdin.close()
        except OSError as problem:
            raise self._stopped() from problem
        if self._encoder.wait() != 0:
            raise self._stopped()
        done_path = self.folder / "done.mp4"
        copied = ffmpeg.input(str(self._raw_path)).output(str(done_path), **naming(comment, title))
        if self.start(copied, stdin=subprocess.DEVNULL).wait() != 0:
            raise self._stopped()
        self.publish(done_path, beside or {})

    def _stopped(self) -> StoreProblem:
        self._encoder.wait()
        return self.failure()
