# SPDX-License-Identifier: Apache-2.0
"""The sizes that a container writes of itself: where it ends, what is missing, how many follow each other."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from indexer.layout import FileLayout, layout_of, parameter_set
from tests.clips import make_clip, run_ffmpeg

CONTAINER_BY_NAME = {"c.mp4": "mov,mp4", "c.mkv": "matroska,webm", "c.avi": "avi", "c.wmv": "asf"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("layout")
    source = make_clip(place / "c.mp4", n_frames=15).path
    run_ffmpeg("-i", source, "-c", "copy", place / "c.mkv")
    run_ffmpeg("-i", source, "-c:v", "mjpeg", place / "c.avi")
    run_ffmpeg("-i", source, "-c:v", "wmv2", place / "c.wmv")
    return place


def _layout(path: Path, name: str) -> FileLayout:
    found = layout_of(str(path), CONTAINER_BY_NAME[name])
    assert found is not None
    return found


@pytest.mark.parametrize("name", CONTAINER_BY_NAME)
def test_a_whole_file_ends_where_its_sizes_say(folder: Path, name: str) -> None:
    path = folder / name

    assert _layout(path, name) == FileLayout(end_bytes=path.stat().st_size, missing_bytes=0, n_recordings=1)


@pytest.mark.parametrize("name", CONTAINER_BY_NAME)
def test_what_was_cut_off_is_counted_to_the_byte(folder: Path, tmp_path: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    cut = tmp_path / name
    # 40 bytes from the end lie inside the last part of each of these files.
    cut.write_bytes(content[:-40])

    assert _layout(cut, name).missing_bytes == 40


@pytest.mark.parametrize("name", CONTAINER_BY_NAME)
def test_what_lies_behind_the_end_is_not_counted_in(folder: Path, tmp_path: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    longer = tmp_path / name
    longer.write_bytes(content + b"\xde\xad\xbe\xef" * 100)

    assert _layout(longer, name).end_bytes == len(content)


@pytest.mark.parametrize("name", ["c.mp4", "c.mkv", "c.avi"])
def test_two_recordings_one_behind_the_other_are_counted(folder: Path, tmp_path: Path, name: str) -> None:
    glued = tmp_path / name
    glued.write_bytes((folder / name).read_bytes() * 2)

    assert _layout(glued, name).n_recordings == 2


def test_a_box_of_more_than_four_gigabytes_is_walked(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    length = 5 << 30
    with path.open("wb") as file:
        file.write((16).to_bytes(4, "big") + b"ftypisom" + bytes(4))
        file.write((1).to_bytes(4, "big") + b"mdat" + length.to_bytes(8, "big"))
        file.truncate(16 + length)

    assert _layout(path, "c.mp4").end_bytes == 16 + length


def test_a_matroska_file_of_unknown_length_misses_nothing(tmp_path: Path, folder: Path) -> None:
    content = bytearray((folder / "c.mkv").read_bytes())
    at = content.find(b"\x18\x53\x80\x67")
    content[at + 4 : at + 12] = b"\x01" + b"\xff" * 7
    path = tmp_path / "live.mkv"
    path.write_bytes(content[: len(content) // 2])

    assert _layout(path, "c.mkv").missing_bytes == 0


def test_containers_without_sizes_have_no_layout(folder: Path) -> None:
    assert layout_of(str(folder / "c.mp4"), "mpegts") is None
    assert layout_of(str(folder / "c.avi"), "mov,mp4") is None


def test_the_parameter_set_of_a_byte_stream_is_found_and_differs_with_the_size(tmp_path: Path) -> None:
    sets = []
    for size in ((320, 240), (640, 480)):
        clip = make_clip(tmp_path / f"{size[0]}.h264", n_frames=2, size_wh_px=size, container_format="h264")
        sets.append(parameter_set("h264", memoryview(clip.path.read_bytes())))

    assert sets[0] and sets[1] and sets[0] != sets[1]


def test_no_parameter_set_is_seen_in_other_codecs(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "c.avi",
        n_frames=2,
        codec="mjpeg",
        pixel_format="yuvj420p",
        time_base=Fraction(1, 10),
        pts_ticks=(0, 1),
    )

    assert parameter_set("mjpeg", memoryview(clip.path.read_bytes())) == b""
