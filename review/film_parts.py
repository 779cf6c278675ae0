# SPDX-License-Identifier: Apache-2.0
"""Writes a film in consecutive parts that several encoders write side by side, joined without encoding again."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

import ffmpeg

from review.film_draft import FilmDraft, encoding, naming

if sys.platform == "linux":
    import fcntl

__all__ = ["FilmParts", "ticks_per_s"]

STREAM_TICKS_PER_S: Final = 1_200_000
"""Of the parts of a film, which carry no times: 48 kHz times 25."""
LEAST_TICKS_PER_S: Final = 10_000
PIPE_BYTES: Final = 1 << 20


class FilmParts(FilmDraft):
    """A film whose consecutive parts are encoded by as many encoders, in any order, and joined without re-encoding.

    Leaving it without :meth:`finish` removes what was written.

    Args:
        path: Where the film will lie; must not exist.
        n_parts: How many parts; the bytes of the film depend on it.
        size_wh_px: Even width and height.
        rate: Frames per second.
        sample_aspect: Pixel aspect ratio to announce.

    Raises:
        AlreadyThere: Something has that name.
        StoreProblem: The folder cannot be written.
        ToolMissing: There is no ffmpeg program.
    """

    def __init__(
        self,
        path: Path,
        *,
        n_parts: int,
        size_wh_px: tuple[int, int],
        rate: Fraction,
        sample_aspect: Fraction = Fraction(1),
    ) -> None:
        super().__init__(path, size_wh_px)
        self._size_wh_px, self._rate, self._sample_aspect = size_wh_px, rate, sample_aspect
        self._encoders: dict[int, subprocess.Popen[bytes]] = {}
        self._paths = [self.folder / f"part-{number:05d}.h264" for number in range(n_parts)]

    def encoder(self, number: int) -> subprocess.Popen[bytes]:
        """Start the encoder of a part, over again when there was one: it takes planes (yuv420p) from its input."""
        if number in self._encoders:
            self.stop(self._encoders.pop(number))
        command = encoding(
            self._paths[number],
            size_wh_px=self._size_wh_px,
            rate=self._rate,
            sample_aspect=self._sample_aspect,
            layout="yuv420p",
            threads=1,
        )
        encoder = self._encoders[number] = self.start(command)
        _widen(encoder)
        return encoder

    def finish_part(self, number: int) -> None:
        """Wait until a part is encoded, nothing being written to it any more.

        Raises:
            StoreProblem: Encoding failed.
        """
        encoder = self._encoders.pop(number)
        assert encoder.stdin is not None
        encoder.stdin.close()
        if encoder.wait() != 0:
            raise self.failure()

    def finish(self, *, comment: str, title: str = "", beside: Mapping[Path, Path] | None = None) -> None:
        """Join the parts, write the comment, and give the film its name.

        Args:
            comment: What the film says of itself.
            title: Its title.
            beside: Finished file to name of what takes its name together with the film.

        Raises:
            StoreProblem: Joining failed or a name cannot be given.
            AlreadyThere: Something took a name in the meantime.
        """
        self.publish(self.join(comment=comment, title=title), beside or {})

    def join(self, *, comment: str, title: str = "") -> Path:
        """Join the parts and write the comment; the complete film, which has no name of its own yet.

        Raises:
            StoreProblem: Joining failed.
        """
        done_path = self.folder / "done.mp4"
        # Why: parts carry no times; frame n of the film is shown at exactly n / rate.
        step = f"{STREAM_TICKS_PER_S * self._rate.denominator}/{self._rate.numerator}"
        times = f"setts=ts=round(N*{step}):duration=round({step})"
        joined = ffmpeg.input("pipe:", format="h264", framerate=str(self._rate)).output(
            str(done_path),
            **{"bsf:v": f"filter_units=remove_types=7|8,{times}"},
            video_track_timescale=ticks_per_s(self._rate),
            **naming(comment, title),
        )
        joiner = self.start(joined)
        assert joiner.stdin is not None
        try:
            for path in self._paths:
                with path.open("rb") as part:
                    shutil.copyfileobj(part, joiner.stdin, PIPE_BYTES)
                path.unlink()
            joiner.stdin.close()
        except OSError as problem:
            self.stop(joiner)
            raise self.failure() from problem
        if joiner.wait() != 0:
            raise self.failure()
        return done_path


def ticks_per_s(rate: Fraction) -> int:
    """Ticks of a second in the film, whole for every frame and fine enough for any player."""
    ticks = rate.numerator
    while ticks < LEAST_TICKS_PER_S:
        ticks *= 2
    return ticks


def _widen(encoder: subprocess.Popen[bytes]) -> None:
    """Let a pipe hold more than 64 KiB, so that painter and encoder change places less often."""
    if sys.platform != "linux":
        return
    assert encoder.stdin is not None
    # Why: a user may have too many wide pipes already; a narrow one works as well, only slower.
    with contextlib.suppress(OSError):
        fcntl.fcntl(encoder.stdin.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
