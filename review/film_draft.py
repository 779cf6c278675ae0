# SPDX-License-Identifier: Apache-2.0
"""What every film in the making has: a folder that goes away, programs that encode, and one end to it all.

The only place that drives the ffmpeg program to encode. :mod:`review.film` writes a film by one encoder,
:mod:`review.film_parts` in parts by several.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal, Self

import ffmpeg
import imageio_ffmpeg

from models.errors import AlreadyThere, Defect, StoreProblem, ToolMissing
from review.drafts import publish, temporary_folder_beside

__all__ = ["FilmDraft", "PipedLayout", "encoding", "ffmpeg_program", "naming", "peak_mib"]

QUALITY_CRF: Final = 21
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


class FilmDraft:
    """A film that does not have its name yet: its folder, the programs that write it and what they say.

    Use as a context manager: leaving it ends every program and removes what has no name.

    Args:
        path: Where the film will lie; must not exist.
        size_wh_px: Even width and height.

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
        self._running: list[subprocess.Popen[bytes]] = []
        self._held = ExitStack()
        self.folder = self._held.enter_context(temporary_folder_beside(path))
        self._log: IO[bytes] = self._held.enter_context((self.folder / "log").open("w+b"))

    def start(self, command: Any, *, stdin: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start the ffmpeg program with what the command of the ffmpeg library says.

        Raises:
            ToolMissing: It does not start.
        """
        command = ffmpeg.overwrite_output(command).global_args("-hide_banner", "-loglevel", "error", "-nostdin")
        try:
            program = subprocess.Popen(  # noqa: S603  # Reason: our own program and arguments, no shell.
                command.compile(cmd=self._program), stdin=stdin, stdout=subprocess.DEVNULL, stderr=self._log
            )
        except OSError as problem:
            self.close()
            raise ToolMissing(
                f"The ffmpeg program did not start: {problem.strerror}.", hint="Install Relecture again."
            ) from problem
        self._running.append(program)
        return program

    def stop(self, program: subprocess.Popen[bytes]) -> None:
        """End a program that writes, if it has not ended, and let go of it."""
        if program in self._running:
            self._running.remove(program)
        if program.poll() is None:
            program.kill()
            program.wait()
        if program.stdin is not None and not program.stdin.closed:
            try:
                program.stdin.close()
            except OSError:
                program.stdin = None

    def failure(self) -> StoreProblem:
        """What an encoder that stopped said last, in our words."""
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()
        return StoreProblem(
            f"The film could not be written: {said[-1] if said else 'the encoder stopped'}.",
            hint="Check the free space of the disk that the film goes to, then run the command again.",
        )

    def publish(self, done_path: Path, beside: Mapping[Path, Path]) -> None:
        """Give a complete film its name, and what lies beside it with it: all or nothing.

        Args:
            done_path: The film, complete.
            beside: Finished file to the name that it takes.

        Raises:
            AlreadyThere: Something took a name in the meantime.
            StoreProblem: A name cannot be given.
        """
        publish({**beside, done_path: self._path})
        self.close()

    def close(self) -> None:
        """End every program and remove what has no name."""
        for program in list(self._running):
            self.stop(program)
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def encoding(
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


def naming(comment: str, title: str) -> dict[str, str]:
    """Output options that finish a film: its words, and its index in front."""
    words = {"metadata:g:0": f"comment={comment}"} | ({"metadata:g:1": f"title={title}"} if title else {})
    return {"c": "copy", "movflags": "+faststart", "fflags": "+bitexact", **words}


def peak_mib(pid: int) -> float | None:
    """Largest resident size of a running process, MiB; None where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)
