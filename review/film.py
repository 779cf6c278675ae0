# SPDX-License-Identifier: Apache-2.0
"""Writes films: frames in, an H.264 MP4 that plays anywhere out, whole or not at all.

The only place that drives the ffmpeg program to encode. Frames stream through a pipe, so memory does not grow with the
film. A film in the making has a temporary name beside its place; it takes its name when it is complete.
"""

from __future__ import annotations

import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Literal

import ffmpeg
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from models.errors import AlreadyThere, Defect, StoreProblem, ToolMissing

__all__ = ["FilmWriter", "ffmpeg_program"]

QUALITY_CRF: Final = 21
ENCODER_THREADS: Final = 3
"""Fixed, because the bytes of a film depend on it."""
KEYFRAMES_EVERY_S: Final = 4
ENCODER_TUNING: Final = "ref=1:subme=1:me=dia:bframes=0:weightp=0:trellis=0:rc-lookahead=10"
"""Half the work of the preset at the same size, measured on films whose ground stands still (docs/measurements.md)."""
TAGS: Final = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
PipedLayout = Literal["bgr24", "yuv420p"]


def ffmpeg_program() -> str:
    """Path of the ffmpeg program that ships with Relecture.

    Raises:
        ToolMissing: There is none for this machine.
    """
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (RuntimeError, OSError) as problem:
        raise ToolMissing(
            "The ffmpeg program that writes films is missing.",
            hint="Install Relecture again, or set IMAGEIO_FFMPEG_EXE to an ffmpeg program.",
        ) from problem


class FilmWriter:
    """Streams frames into an MP4 (H.264, yuv420p, faststart).

    Use as a context manager: leaving it without :meth:`finish` removes what was written.

    Attributes:
        n_frames: Frames written so far.
        encoder_peak_mib: Peak memory of the encoder, MiB, once finished; None where the system does not tell.

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
        if path.exists():
            raise AlreadyThere(f"{path} exists already.", hint="Choose another name, or move the film away first.")
        width, height = size_wh_px
        if width % 2 or height % 2:
            raise Defect(f"A film of {width} x {height} pixels cannot be encoded; both must be even.")
        self._path = path
        self._shape = (height, width, 3) if layout == "bgr24" else (height * 3 // 2, width)
        self._program = ffmpeg_program()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = tempfile.TemporaryDirectory(prefix=".film-", dir=path.parent)
        except OSError as problem:
            raise StoreProblem(
                f"{path.parent} cannot be written: {problem.strerror}.", hint="Choose a folder that you may write to."
            ) from problem
        self._raw_path = Path(self._folder.name) / "raw.mp4"
        self._log: IO[bytes] = (Path(self._folder.name) / "log").open("w+b")
        source = ffmpeg.input(
            "pipe:", format="rawvideo", pix_fmt=layout, video_size=(width, height), framerate=str(rate)
        )
        convert = "scale=out_color_matrix=bt709:out_range=tv" if layout == "bgr24" else TAGS
        filters = f"{convert},setsar={sample_aspect.numerator}/{sample_aspect.denominator}"
        command = source.output(
            str(self._raw_path),
            vcodec="libx264",
            preset="veryfast",
            crf=QUALITY_CRF,
            pix_fmt="yuv420p",
            vf=filters,
            g=max(1, round(rate * KEYFRAMES_EVERY_S)),
            **{"x264-params": ENCODER_TUNING},
            threads=ENCODER_THREADS,
            colorspace="bt709",
            color_primaries="bt709",
            color_trc="bt709",
            fflags="+bitexact",
            **{"flags:v": "+bitexact"},
        )
        command = ffmpeg.overwrite_output(command).global_args("-hide_banner", "-loglevel", "error", "-nostdin")
        self._encoder = self._start(command.compile(cmd=self._program))
        self.n_frames = 0
        self.encoder_peak_mib: float | None = None

    def _start(self, arguments: list[str], *, stdin: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603  # Reason: our own program and arguments, no shell.
                arguments, stdin=stdin, stdout=subprocess.DEVNULL, stderr=self._log
            )
        except OSError as problem:
            self._folder.cleanup()
            raise ToolMissing(
                f"The ffmpeg program did not start: {problem.strerror}.", hint="Install Relecture again."
            ) from problem

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
            raise self._failure() from problem
        self.n_frames += 1

    def finish(self, *, comment: str, title: str = "") -> None:
        """Close the film, write its comment, and give it its name.

        Raises:
            StoreProblem: Encoding failed or the name cannot be given.
            AlreadyThere: Something took the name in the meantime.
        """
        assert self._encoder.stdin is not None
        self.encoder_peak_mib = _peak_mib(self._encoder.pid)
        try:
            self._encoder.stdin.close()
        except OSError as problem:
            raise self._failure() from problem
        if self._encoder.wait() != 0:
            raise self._failure()
        done_path = Path(self._folder.name) / "done.mp4"
        copied = ffmpeg.input(str(self._raw_path)).output(
            str(done_path),
            c="copy",
            movflags="+faststart",
            fflags="+bitexact",
            **{"metadata:g:0": f"comment={comment}"},
            **({"metadata:g:1": f"title={title}"} if title else {}),
        )
        copied = copied.global_args("-hide_banner", "-loglevel", "error", "-nostdin")
        finished = self._start(copied.compile(cmd=self._program), stdin=subprocess.DEVNULL)
        if finished.wait() != 0:
            raise self._failure()
        if self._path.exists():
            raise AlreadyThere(f"{self._path} exists already.", hint="Choose another name.")
        try:
            done_path.replace(self._path)
        except OSError as problem:
            raise StoreProblem(
                f"{self._path} cannot be written: {problem.strerror}.", hint="Check the disk."
            ) from problem
        self._close()

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._encoder.poll() is None:
            self._encoder.kill()
            self._encoder.wait()
        if self._encoder.stdin is not None and not self._encoder.stdin.closed:
            try:
                self._encoder.stdin.close()
            except OSError:
                self._encoder.stdin = None
        self._log.close()
        self._folder.cleanup()

    def _failure(self) -> StoreProblem:
        self._encoder.wait()
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()
        return StoreProblem(
            f"The film could not be written: {said[-1] if said else 'the encoder stopped'}.",
            hint="Check the free space of the disk that the film goes to, then run the command again.",
        )


def _peak_mib(pid: int) -> float | None:
    """Largest resident size of a running process, MiB; None where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)
