# SPDX-License-Identifier: Apache-2.0
"""What can be read of a file without any decoder: how long it says that it is, and when its pictures change form.

A demuxer stops quietly where a file breaks off, and never looks behind the first recording of two that were glued
together. The sizes that the container itself writes show both.

Source: ISO/IEC 14496-12 (boxes), RFC 8794 (EBML), Microsoft's AVI RIFF file reference (chunks) and Advanced Systems
Format specification (objects).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["FileLayout", "layout_of", "parameter_set"]

PARAMETER_SET_WITHIN: Final = 1024
TAIL_BYTES: Final = 4096
EBML_HEADER: Final = 0x1A45DFA3
MATROSKA_SEGMENT: Final = 0x18538067
ASF_HEADER: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_DATA: Final = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
ASF_INDEX_FAMILY: Final = bytes.fromhex("cf11")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLayout:
    """What the sizes written in a file add up to.

    Attributes:
        end_bytes: Where the last whole or broken part begins that belongs to the container, plus its announced size.
        missing_bytes: Announced bytes that the file does not have.
        n_recordings: Recordings that follow each other in the file; a demuxer shows the first.
        is_tail_blank: True where what lies behind the end is nothing, or zeros that fill up a sector.
    """

    end_bytes: int
    missing_bytes: int
    n_recordings: int
    is_tail_blank: bool = True


def layout_of(path: str, container: str) -> FileLayout | None:
    """Walk the outer parts of a file; None for containers that announce no sizes.

    Args:
        path: The file; opened read-only.
        container: Demuxer name as the probe gives it.
    """
    walk = _WALK_BY_CONTAINER.get(container.split(",", maxsplit=1)[0])
    if walk is None:
        return None
    with Path(path).open("rb") as file:
        size_bytes = file.seek(0, 2)
        end, n_recordings = walk(file, size_bytes)
        tail = _read_at(file, end, TAIL_BYTES)
    if end == 0:
        return None
    return FileLayout(
        end_bytes=end,
        missing_bytes=max(0, end - size_bytes),
        n_recordings=n_recordings,
        is_tail_blank=not any(tail),
    )


def parameter_set(codec: str, packet: memoryview) -> bytes:
    """The first sequence parameter set in the head of an H.264 or HEVC keyframe in byte-stream form, or nothing.

    Source: ITU-T H.264 and H.265, annexes B: units are parted by 00 00 01, and the type is in the byte that follows.
    """
    head = bytes(packet[:PARAMETER_SET_WITHIN])
    for unit in head.split(b"\0\0\1")[1:-1]:
        is_wanted = unit and (unit[0] & 31 == 7 if codec == "h264" else codec == "hevc" and unit[0] >> 1 & 63 == 33)
        if is_wanted:
            return unit.rstrip(b"\0")
    return b""


def _read_at(file: BinaryIO, position: int, n_bytes: int) -> bytes:
    file.seek(position)
    return file.read(n_bytes)


def _boxes(file: BinaryIO, size_bytes: int) -> tuple[int, int]:
    position = n_movies = 0
    while position + 8 <= size_bytes:
        head = _read_at(file, position, 16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = size_bytes - position
        if length < 8 or not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind):
            break
        n_movies += kind == b"moov"
        position += length
    return position, n_movies


def _chunks(file: BinaryIO, size_bytes: int) -> tuple[int, int]:
    position = n_files = 0
    while position + 12 <= size_bytes:
        head = _read_at(file, position, 12)
        length = int.from_bytes(head[4:8], "little")
        if head[:4] != b"RIFF" or length < 4:
            break
        n_files += head[8:12] == b"AVI "
        position += 8 + length + length % 2
    return position, n_files


def _elements(file: BinaryIO, size_bytes: int) -> tuple[int, int]:
    position = n_segments = 0
    while position + 12 <= size_bytes:
        identifier, n_identifier = _variable(_read_at(file, position, 4), keep_marker=True)
        length, n_length = _variable(_read_at(file, position + n_identifier, 8), keep_marker=False)
        if identifier not in {EBML_HEADER, MATROSKA_SEGMENT} or not n_length:
            break
        n_segments += identifier == MATROSKA_SEGMENT
        if length == (1 << 7 * n_length) - 1:
            # Why: a size of all ones is "unknown": a recorder that was stopped without closing its file.
            return size_bytes, n_segments
        position += n_identifier + n_length + length
    return position, n_segments


def _objects(file: BinaryIO, size_bytes: int) -> tuple[int, int]:
    position = n_headers = 0
    while position + 24 <= size_bytes:
        head = _read_at(file, position, 24)
        length = int.from_bytes(head[16:24], "little")
        is_known = head[:16] in {ASF_HEADER, ASF_DATA} or head[6:8] == ASF_INDEX_FAMILY
        if length < 24 or not is_known:
            break
        n_headers += head[:16] == ASF_HEADER
        position += length
    return position, n_headers


def _variable(content: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """A variable-length integer of EBML and its length in bytes; length 0 where there is none."""
    if not content or not content[0]:
        return 0, 0
    n_bytes = 9 - content[0].bit_length()
    value = int.from_bytes(content[:n_bytes], "big")
    return (value if keep_marker else value & (1 << 7 * n_bytes) - 1), n_bytes


_WALK_BY_CONTAINER: Final[dict[str, Callable[[BinaryIO, int], tuple[int, int]]]] = {
    "mov": _boxes,
    "matroska": _elements,
    "avi": _chunks,
    "asf": _objects,
}
