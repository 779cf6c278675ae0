# SPDX-License-Identifier: Apache-2.0
"""Stepping through a recording gives the very frames of a plain decode, forward, backward and at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from indexer.media import iter_frames
from indexer.probe import probe
from indexer.stepping import FrameReader
from models.errors import NotFootage
from tests.clips import Mover, irregular_pts, make_clip, pixel_sha256, sequential_decode

TICKS_90K = Fraction(1, 90000)


@pytest.fixture(scope="module", params=["b.mp4", "vfr.mp4", "cut.ts", "raw.h264"])
def footage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("stepping") / request.param)
    if path.suffix == ".ts":
        make_clip(path, movers=(Mover(),), b_frames=3, n_frames=60, time_base=TICKS_90K)
    elif path.suffix == ".h264":
        make_clip(path, movers=(Mover(),), b_frames=2, n_frames=60, container_format="h264")
    else:
        ticks = irregular_pts(60) if path.stem == "vfr" else None
        make_clip(path, movers=(Mover(),), b_frames=3, n_frames=60, pts_ticks=ticks)
    return path


@pytest.fixture
def reader(footage: Path) -> Iterator[FrameReader]:
    found = _reader(footage)
    yield found
    found.close()


def _reader(path: Path, *, cache_frames: int = 8) -> FrameReader:
    probed = probe(str(path))
    has_times = "no_time_base" not in {finding.kind.value for finding in probed.findings}
    return FrameReader(str(path), probed.packets.pts_ticks, has_times=has_times, cache_frames=cache_frames)


def _digests(path: Path) -> list[str]:
    return [digest for _, digest in sequential_decode(path)]


def test_stepping_forward_shows_every_frame_once(reader: FrameReader, footage: Path) -> None:
    assert [pixel_sha256(reader.frame(i).image_u8) for i in range(reader.n_frames)] == _digests(footage)


def test_stepping_backward_shows_every_frame_once(reader: FrameReader, footage: Path) -> None:
    found = [pixel_sha256(reader.frame(i).image_u8) for i in reversed(range(reader.n_frames))]

    assert found[::-1] == _digests(footage)


def test_jumping_about_shows_the_frame_that_was_asked_for(reader: FrameReader, footage: Path) -> None:
    expected = _digests(footage)
    chance = random.Random(11)

    for _ in range(25):
        i = chance.randrange(len(expected))
        assert pixel_sha256(reader.frame(i).image_u8) == expected[i]


def test_turning_round_at_both_ends_is_exact(reader: FrameReader, footage: Path) -> None:
    expected = _digests(footage)
    last = len(expected) - 1

    for i in (last, last - 1, last, 0, 1, 0, last):
        assert pixel_sha256(reader.frame(i).image_u8) == expected[i]


def test_frames_that_share_a_time_are_told_apart_by_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "c.mp4", movers=(Mover(),), n_frames=12)
    decoded = list(iter_frames(str(clip.path)))
    shared = [replace(frame, pts_ticks=200 if i == 3 else i * 100) for i, frame in enumerate(decoded)]
    monkeypatch.setattr("indexer.stepping.iter_frames", lambda *_, **__: iter(shared))
    reader = FrameReader("repeated", np.array([frame.pts_ticks for frame in shared], np.int64))

    found = [pixel_sha256(reader.frame(i).image_u8) for i in (2, 3, 4, 3, 2)]

    assert found == [pixel_sha256(decoded[i].image_u8) for i in (2, 3, 4, 3, 2)]


def test_the_frame_on_screen_is_the_last_one_at_or_before_a_time() -> None:
    reader = FrameReader("nowhere", np.array([0, 100, 200], np.int64))

    assert [reader.index_at(tick) for tick in (-5, 0, 99, 100, 250)] == [0, 0, 0, 1, 2]


@pytest.mark.parametrize("index", [-1, 3])
def test_a_frame_that_does_not_exist_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match="of 3"):
        FrameReader("nowhere", np.array([0, 100, 200], np.int64)).frame(index)


def test_a_frame_that_the_decoder_does_not_deliver_is_said_to_be_damaged(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "c.mp4", n_frames=10)
    invented = np.array([*clip.pts_ticks[:5], clip.pts_ticks[5] - 7, *clip.pts_ticks[5:]], np.int64)

    with pytest.raises(NotFootage, match=r"Frame 5 .* cannot be decoded"):
        FrameReader(str(clip.path), invented).frame(5)


def test_few_frames_are_kept_where_they_are_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("indexer.stepping.CACHE_BYTES", 320 * 240 * 3 * 4)
    clip = make_clip(tmp_path / "c.mp4", n_frames=30)
    reader = _reader(clip.path, cache_frames=64)

    for i in range(30):
        reader.frame(i)

    assert len(reader._cache) == 4
