# SPDX-License-Identifier: Apache-2.0
"""Writes films: frames in, an H.264 MP4 that plays anywhere out, whole or not at all.

The only place that drives the ffmpeg program to encode. Frames stream through a pipe, so memory does not grow with the
film. A film in the making has a temporary name beside its place; it takes its name when it is complete. A film is
written by one encoder (:class:`FilmWriter`), or in parts that several encode side by side (:class:`FilmParts`).
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal

import ffmpeg
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from models.errors import AlreadyThere, Defect, StoreProblem, ToolMissing

if sys.platform == "linux":
    import fcntl

__all__ = ["FilmParts", "FilmWriter", "ffmpeg_program", "peak_mib"]

QUALITY_CRF: Final = 21
ENCODER_THREADS: Final = 3
"""Fixed, because the bytes of a film depend on it."""
KEYFRAMES_EVERY_S: Final = 4
ENCODER_TUNING: Final = "ref=1:subme=1:me=dia:bframes=0:weightp=0:trellis=0:rc-lookahead=10"
"""Half the work of the preset at the same size, measured on films whose ground stands still (docs/measurements.md)."""
TAGS: Final = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
PipedLayout = Literal["bgr24", "yuv420p"]
STREAM_TICKS_PER_S: Final = 1_200_000
"""Of the parts of a film, which carry no times: 48 kHz times 25."""
LEAST_TICKS_PER_S: Final = 10_000
PIPE_BYTES: Final = 1 << 20


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


class _Making:
    """A film that does not have its name yet: a folder beside its place, the encoders' words, and the end of it all.

    Args:
        path: Where the film will lie; must not exist.
        size_wh_px: Width and height, checked to be even.

    Raises:
        AlreadyThere: Something has that name.
        StoreProblem: The folder cannot be written.
        ToolMissing: There is no ffmpeg program.
    """

    def __init__(self, path: Path, size_wh_px: tuple[int, int]) -> None:
        if path.exists():
            raise AlreadyThere(f"{path} exists already.", hint="Choose another name, or move the film away first.")
        width, height = size_wh_px
        if width % 2 or height % 2:
            raise Defect(f"A film of {width} x {height} pixels cannot be encoded; both must be even.")
        self._path = path
        self._program = ffmpeg_program()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = tempfile.TemporaryDirectory(prefix=".film-", dir=path.parent)
        except OSError as problem:
            raise StoreProblem(
                f"{path.parent} cannot be written: {problem.strerror}.", hint="Choose a folder that you may write to."
            ) from problem
        self.folder = Path(self._folder.name)
        self._log: IO[bytes] = (self.folder / "log").open("w+b")

    def start(self, command: Any, *, stdin: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start the ffmpeg program with what the command of the ffmpeg library says."""
        command = ffmpeg.overwrite_output(command).global_args("-hide_banner", "-loglevel", "error", "-nostdin")
        try:
            return subprocess.Popen(  # noqa: S603  # Reason: our own program and arguments, no shell.
                command.compile(cmd=self._program), stdin=stdin, stdout=subprocess.DEVNULL, stderr=self._log
            )
        except OSError as problem:
            self._folder.cleanup()
            raise ToolMissing(
                f"The ffmpeg program did not start: {problem.strerror}.", hint="Install Relecture again."
            ) from problem

    def publish(self, done_path: Path) -> None:
        """Give a complete film its name.

        Raises:
            StoreProblem: The name cannot be given.
            AlreadyThere: Something took the name in the meantime.
        """
        if self._path.exists():
            raise AlreadyThere(f"{self._path} exists already.", hint="Choose another name.")
        try:
            done_path.replace(self._path)
        except OSError as problem:
            raise StoreProblem(
                f"{self._path} cannot be written: {problem.strerror}.", hint="Check the disk."
            ) from problem

    def failure(self) -> StoreProblem:
        """What an encoder that stopped said last, in our words."""
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()
        return StoreProblem(
            f"The film could not be written: {said[-1] if said else 'the encoder stopped'}.",
            hint="Check the free space of the disk that the film goes to, then run the command again.",
        )

    def close(self) -> None:
        """Remove what has no name."""
        self._log.close()
        self._folder.cleanup()


def _encoding(
    out_path: Path,
    *,
    size_wh_px: tuple[int, int],
    rate: Fraction,
    sample_aspect: Fraction,
    layout: PipedLayout,
    threads: int,
) -> Any:
    """Raw frames from the standard input to H.264."""
    source = ffmpeg.input("pipe:", format="rawvideo", pix_fmt=layout, video_size=size_wh_px, framerate=str(rate))
    convert = "scale=out_color_matrix=bt709:out_range=tv" if layout == "bgr24" else TAGS
    return source.output(
        str(out_path),
        vcodec="libx264",
        preset="veryfast",
        crf=QUALITY_CRF,
        pix_fmt="yuv420p",
        vf=f"{convert},setsar={sample_aspect.numerator}/{sample_aspect.denominator}",
        g=max(1, round(rate * KEYFRAMES_EVERY_S)),
        **{"x264-params": ENCODER_TUNING},
        threads=threads,
        colorspace="bt709",
        color_primaries="bt709",
        color_trc="bt709",
        fflags="+bitexact",
        **{"flags:v": "+bitexact"},
    )


def _naming(comment: str, title: str) -> dict[str, str]:
    """Output options that finish a film: its words, and its index in front."""
    words = {"metadata:g:0": f"comment={comment}"} | ({"metadata:g:1": f"title={title}"} if title else {})
    return {"c": "copy", "movflags": "+faststart", "fflags": "+bitexact", **words}


class FilmWriter:
    """Streams frames into an MP4 (H.264, yuv420p, faststart).

    Use as a context manager: leaving it without :meth:`finish` removes what was written.

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
        self._making = _Making(path, size_wh_px)
        width, height = size_wh_px
        self._shape = (height, width, 3) if layout == "bgr24" else (height * 3 // 2, width)
        self._raw_path = self._making.folder / "raw.mp4"
        command = _encoding(
            self._raw_path,
            size_wh_px=size_wh_px,
            rate=rate,
            sample_aspect=sample_aspect,
            layout=layout,
            threads=ENCODER_THREADS,
        )
        self._encoder = self._making.start(command)
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
            raise self._failure() from problem
        self.n_frames += 1

    def finish(self, *, comment: str, title: str = "") -> None:
        """Close the film, write its comment, and give it its name.

        Raises:
            StoreProblem: Encoding failed or the name cannot be given.
            AlreadyThere: Something took the name in the meantime.
        """
        assert self._encoder.stdin is not None
        try:
            self._encoder.stdin.close()
        except OSError as problem:
            raise self._failure() from problem
        if self._encoder.wait() != 0:
            raise self._failure()
        done_path = self._making.folder / "done.mp4"
        copied = ffmpeg.input(str(self._raw_path)).output(str(done_path), **_naming(comment, title))
        if self._making.start(copied, stdin=subprocess.DEVNULL).wait() != 0:
            raise self._failure()
        self._making.publish(done_path)
        self._close()

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        _end(self._encoder)
        self._making.close()

    def _failure(self) -> StoreProblem:
        self._encoder.wait()
        return self._making.failure()


class FilmParts:
    """A film whose consecutive parts are encoded by as many encoders, in any order, and joined without re-encoding.

    Use as a context manager: leaving it without :meth:`finish` removes what was written.

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
        self._making = _Making(path, size_wh_px)
        self._size_wh_px, self._rate, self._sample_aspect = size_wh_px, rate, sample_aspect
        self._encoders: dict[int, subprocess.Popen[bytes]] = {}
        self._paths = [self._making.folder / f"part-{number:05d}.h264" for number in range(n_parts)]

    def encoder(self, number: int) -> subprocess.Popen[bytes]:
        """Start the encoder of a part, over again when there was one: it takes planes (yuv420p) from its input."""
        if number in self._encoders:
            _end(self._encoders.pop(number))
        command = _encoding(
            self._paths[number],
            size_wh_px=self._size_wh_px,
            rate=self._rate,
            sample_aspect=self._sample_aspect,
            layout="yuv420p",
            threads=1,
        )
        encoder = self._encoders[number] = self._making.start(command)
        _widen(encoder)
        return encoder

    def failure(self) -> StoreProblem:
        """Why an encoder stopped early."""
        return self._making.failure()

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

    def finish(self, *, comment: str, title: str = "") -> None:
        """Join the parts, write the comment, and give the film its name.

        Raises:
            StoreProblem: Joining failed or the name cannot be given.
            AlreadyThere: Something took the name in the meantime.
        """
        done_path = self._making.folder / "done.mp4"
        # Why: parts carry no times; frame n of the film is shown at exactly n / rate.
        step = f"{STREAM_TICKS_PER_S * self._rate.denominator}/{self._rate.numerator}"
        times = f"setts=ts=round(N*{step}):duration=round({step})"
        joined = ffmpeg.input("pipe:", format="h264", framerate=str(self._rate)).output(
            str(done_path),
            **{"bsf:v": f"filter_units=remove_types=7|8,{times}"},
            video_track_timescale=_ticks_per_s(self._rate),
            **_naming(comment, title),
        )
        joiner = self._making.start(joined)
        assert joiner.stdin is not None
        try:
            for path in self._paths:
                with path.open("rb") as part:
                    shutil.copyfileobj(part, joiner.stdin, PIPE_BYTES)
                path.unlink()
            joiner.stdin.close()
        except OSError as problem:
            _end(joiner)
            raise self.failure() from problem
        if joiner.wait() != 0:
            raise self.failure()
        self._making.publish(done_path)
        self._close()

    def __enter__(self) -> FilmParts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for encoder in self._encoders.values():
            _end(encoder)
        self._encoders.clear()
        self._making.close()


def peak_mib(pid: int) -> float | None:
    """Largest resident size of a running process, MiB; None where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


def _end(encoder: subprocess.Popen[bytes]) -> None:
    """Stop a program that writes, if it has not ended, and let go of it."""
    if encoder.poll() is None:
        encoder.kill()
        encoder.wait()
    if encoder.stdin is not None and not encoder.stdin.closed:
        try:
            encoder.stdin.close()
        except OSError:
            encoder.stdin = None


def _ticks_per_s(rate: Fraction) -> int:
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
