# SPDX-License-Identifier: Apache-2.0
"""Cuts a span out of an original without re-encoding, and checks the result picture by picture before it is kept.

A copy can begin only at a keyframe, and must go on until every picture wanted can be decoded, so it may show a little
more at both ends; what it shows is returned and said on the exhibit.
"""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Final

import numpy as np

from indexer.media import Picture, copy_packets, iter_packets, iter_pictures
from indexer.probe import PacketTable
from indexer.records import Recording
from models.errors import StoreProblem, UnknownReference
from review.drafts import publish, temporary_folder_beside

__all__ = ["clip_suffix", "cut_clip"]

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
    wanted, near = _wanted_packets(recording, packets, start, last_pts_ticks)
    last = max(wanted)
    with temporary_folder_beside(out_path) as folder:
        made = folder / out_path.name
        copy_packets(
            recording.path,
            str(made),
            pts_ticks=wanted,
            near_pts_ticks=near,
            stream_index=recording.facts.stream_index,
            forced_format=recording.facts.forced_format,
            comment=f"Relecture: stream copy of {recording.sha256}, PTS {start} to {last}",
        )
        _require_same_pictures(recording, start, last + 1, made)
        publish({made: out_path})
    return start, last


def _keyframe_before(packets: PacketTable, pts_ticks: int) -> int:
    keys = packets.pts_ticks[packets.is_key]
    at = int(np.searchsorted(keys, pts_ticks, side="right")) - 1
    if at < 0:
        raise UnknownReference(
            "The recording has no keyframe before this object, so it cannot be cut without re-encoding.",
            hint=STILL_INSTEAD,
        )
    return int(keys[at])


def _wanted_packets(recording: Recording, packets: PacketTable, start: int, last: int) -> tuple[list[int], int | None]:
    """PTS of the packets to copy, in file order, and the time to seek to for the first of them.

    Pictures are stored in another order than they are shown, so a few later ones may come along; it goes on until no
    picture is left out between them. Those that lead a keyframe need what lies before it, and are left out.
    """
    table = packets.pts_ticks
    for near in (start, None):
        wanted: list[int] = []
        latest = last
        for packet in iter_packets(recording.path, near_pts_ticks=near, forced_format=recording.facts.forced_format):
            if packet.stream_index != recording.facts.stream_index or packet.pts_ticks is None:
                continue
            if packet.pts_ticks < start or (not wanted and packet.pts_ticks != start):
                continue
            wanted.append(packet.pts_ticks)
            latest = max(latest, packet.pts_ticks)
            if len(wanted) == np.searchsorted(table, latest, side="right") - np.searchsorted(table, start):
                return wanted, near
    raise UnknownReference("The original cannot be cut at this place.", hint=STILL_INSTEAD)


def _require_same_pictures(recording: Recording, start: int, end: int, made: Path) -> None:
    """Decode clip and original side by side; every picture of the span must be there, and no other."""
    originals = iter_pictures(
        recording.path,
        start_pts_ticks=start,
        end_pts_ticks=end,
        stream_index=recording.facts.stream_index,
        forced_format=recording.facts.forced_format,
    )
    copies = iter_pictures(str(made))
    if any(
        original != copy for original, copy in zip_longest(map(Picture.sha256, originals), map(Picture.sha256, copies))
    ):
        raise StoreProblem(
            "The clip that was cut does not show the same pictures as the original, so it was not kept.",
            hint=STILL_INSTEAD,
        )
