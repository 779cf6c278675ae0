# SPDX-License-Identifier: Apache-2.0
"""Cuts a span out of an original without re-encoding, and checks the result picture by picture before it is kept.

A copy can begin only at a keyframe, and must go on until every picture wanted can be decoded, so it may show a little
more at both ends; what it shows is returned and said on the exhibit.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Final

import ffmpeg
import numpy as np

from indexer.media import iter_packets, iter_pictures
from indexer.probe import PacketTable
from indexer.records import Recording
from models.errors import StoreProblem, UnknownReference
from review.film import ffmpeg_program

__all__ = ["clip_suffix", "cut_clip", "temporary_folder_beside"]

COPY_INTO_MP4: Final = frozenset({"h264", "hevc", "mpeg4", "mjpeg", "av1", "vp9"})
STILL_INSTEAD: Final = "Export stills of the same object instead."


def clip_suffix(recording: Recording) -> str:
    """``.mp4`` where MP4 can hold the codec, else ``.mkv``."""
    return ".mp4" if recording.facts.codec in COPY_INTO_MP4 else ".mkv"


def cut_clip(
    recording: Recording, packets: PacketTable, first_pts_ticks: int, last_pts_ticks: int, out_path: Path
) -> tuple[int, int]:
    """Copy the packets from the keyframe at or before the first picture wanted until the last one can be decoded.

    Args:
        recording: The original.
        packets: Its packet table.
        first_pts_ticks: First picture wanted.
        last_pts_ticks: Last picture wanted.
        out_path: File to make.

    Returns:
        PTS of the first and the last picture that the clip shows.

    Raises:
        UnknownReference: The recording cannot be cut there.
        StoreProblem: The disk is full, or the clip does not show the pictures of the original.
    """
    start = _keyframe_before(packets, first_pts_ticks)
    shown = _shown_pts(recording, start, last_pts_ticks)
    with temporary_folder_beside(out_path) as folder:
        made = folder / out_path.name
        _copy(recording, start, len(shown), max(shown), made)
        _require_same_pictures(recording, start, set(shown), made)
        try:
            made.replace(out_path)
        except OSError as problem:
            raise StoreProblem(
                f"{out_path} cannot be written: {problem.strerror}.", hint="Choose another folder."
            ) from problem
    return start, max(shown)


@contextmanager
def temporary_folder_beside(path: Path) -> Iterator[Path]:
    """A folder beside a file to be made, gone afterwards with whatever is in it.

    Raises:
        StoreProblem: It cannot be made there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".relecture-", dir=path.parent)
    except OSError as problem:
        raise StoreProblem(
            f"{path.parent} cannot be written: {problem.strerror}.", hint="Choose another folder."
        ) from problem
    with folder as name:
        yield Path(name)


def _keyframe_before(packets: PacketTable, pts_ticks: int) -> int:
    keys = packets.pts_ticks[packets.is_key]
    at = int(np.searchsorted(keys, pts_ticks, side="right")) - 1
    if at < 0:
        raise UnknownReference(
            "The recording has no keyframe before this object, so it cannot be cut without re-encoding.",
            hint=STILL_INSTEAD,
        )
    return int(keys[at])


def _shown_pts(recording: Recording, start: int, last: int) -> list[int]:
    """PTS of the packets to copy, in file order: up to the last one that shows a picture wanted."""
    for near in (start, None):
        shown: list[int] = []
        n_wanted = 0
        for packet in iter_packets(recording.path, near_pts_ticks=near, forced_format=recording.facts.forced_format):
            if packet.stream_index != recording.facts.stream_index or packet.pts_ticks is None:
                continue
            if not shown and packet.pts_ticks != start:
                continue
            # Why: behind a keyframe that lies beyond the end nothing is wanted any more.
            if packet.is_key and packet.pts_ticks > last and packet.pts_ticks != start:
                break
            shown.append(packet.pts_ticks)
            if packet.pts_ticks <= last:
                n_wanted = len(shown)
        if n_wanted:
            return shown[:n_wanted]
    raise UnknownReference("The original cannot be cut at this place.", hint=STILL_INSTEAD)


def _copy(recording: Recording, start: int, n_packets: int, last: int, made: Path) -> None:
    facts = recording.facts
    # Why: ffmpeg's input seek takes the keyframe at or before the time asked for; half a frame later than the
    # keyframe's own time keeps rounding from landing on the one before it.
    seek_s = float((start + Fraction(facts.median_step_ticks, 2)) * facts.time_base)
    source_options: dict[str, object] = {"ss": f"{seek_s:.6f}", "seek_timestamp": 1}
    if facts.forced_format:
        source_options["format"] = facts.forced_format
    command = (
        ffmpeg.input(recording.path, **source_options)[str(facts.stream_index)]
        .output(
            str(made),
            c="copy",
            avoid_negative_ts="make_zero",
            map_metadata="-1",
            fflags="+bitexact",
            **{
                "frames:v": n_packets,
                "metadata:g:0": f"comment=Relecture: stream copy of {recording.sha256}, PTS {start} to {last}",
            },
        )
        .global_args("-hide_banner", "-loglevel", "error", "-nostdin")
    )
    # Reason: the program is the one that ships with the package and every argument is ours, no shell between.
    done = subprocess.run(command.compile(cmd=ffmpeg_program()), capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0 or not made.exists():
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise StoreProblem(
            f"The clip could not be cut: {said[-1] if said else 'ffmpeg stopped'}.",
            hint="Check the free space of the disk; a still of the same object can be exported instead.",
        )


def _require_same_pictures(recording: Recording, start: int, shown: set[int], made: Path) -> None:
    """Decode clip and original side by side; every picture of the span must be there, and no other."""
    originals = _digests(
        recording.path,
        start=start,
        end=max(shown) + 1,
        only=shown,
        stream_index=recording.facts.stream_index,
        forced_format=recording.facts.forced_format,
    )
    copies = _digests(str(made))
    if any(original != copy for original, copy in zip_longest(originals, copies)):
        raise StoreProblem(
            "The clip that was cut does not show the same pictures as the original, so it was not kept.",
            hint=STILL_INSTEAD,
        )


def _digests(
    path: str,
    *,
    start: int | None = None,
    end: int | None = None,
    only: set[int] | None = None,
    stream_index: int | None = None,
    forced_format: str = "",
) -> Iterator[bytes]:
    pictures = iter_pictures(
        path, start_pts_ticks=start, end_pts_ticks=end, stream_index=stream_index, forced_format=forced_format
    )
    for picture in pictures:
        if only is None or picture.pts_ticks in only:
            yield hashlib.sha256(np.ascontiguousarray(picture.bgr_u8()).tobytes()).digest()
