# SPDX-License-Identifier: Apache-2.0
"""A file may hold another video before the one that was analysed; films must come from the latter."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.media import iter_frames
from indexer.records import Recording, RecordingId
from review.film_draft import ffmpeg_program
from review.synopsis import SynopsisMap, make_synopsis
from review.synopsis.backdrop import Backdrops
from review.synopsis.fastforward import FastForwardOptions, make_fast_forward
from review.synopsis.plan import SynopsisOptions
from review.synopsis.presence import Presence
from tests.synopsis.scenes import Actor, Clip, make_clip, read_number

ACTOR = Actor(first=4, n_frames=60, from_xy=(10, 30), step_xy=(3, 0))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """The clip as stream 1 of a file whose stream 0 is another camera's picture."""
    folder = tmp_path_factory.mktemp("two")
    decoy = make_clip(folder, (), n_frames=80, name="decoy.mp4", camera="C2")
    first = make_clip(folder, (ACTOR,), n_frames=80)
    both = folder / "both.mp4"
    inputs = ["-i", decoy.recording.path, "-i", first.recording.path, "-map", "0:v", "-map", "1:v"]
    subprocess.run([ffmpeg_program(), "-loglevel", "error", *inputs, "-c", "copy", str(both)], check=True)
    facts = replace(first.recording.facts, stream_index=1)
    return Clip(recording=replace(first.recording, path=str(both), facts=facts), tracks=first.tracks)


def by_id(clip: Clip) -> dict[RecordingId, Recording]:
    return {clip.recording.recording_id: clip.recording}


def numbers_drawn(film: Path, map_path: Path, sha256: str) -> list[tuple[int, int]]:
    """Number read on the card and PTS in the map, for every object of every film frame."""
    side_map = SynopsisMap(map_path, expected_sha256=sha256)
    return [
        (read_number(frame.image_u8, row.box_xyxy_px[:2]), row.pts_ticks)
        for number, frame in enumerate(iter_frames(str(film)))
        for row in side_map.objects_of(number)
    ]


def test_a_synopsis_shows_the_stream_that_was_analysed(clip: Clip, tmp_path: Path) -> None:
    pts = [frame.pts_ticks for frame in iter_frames(clip.recording.path, stream_index=1)]

    made = make_synopsis(clip.tracks, by_id(clip), tmp_path / "film.mp4", SynopsisOptions())

    drawn = numbers_drawn(made.path, made.map_path, made.map_sha256)
    assert len(drawn) == ACTOR.n_frames
    assert all(pts[number] == said for number, said in drawn)


def test_fast_forward_shows_the_stream_that_was_analysed(clip: Clip, tmp_path: Path) -> None:
    pts = [frame.pts_ticks for frame in iter_frames(clip.recording.path, stream_index=1)]

    made = make_fast_forward(clip.tracks, by_id(clip), tmp_path / "film.mp4", FastForwardOptions())

    drawn = numbers_drawn(made.path, made.map_path, made.map_sha256)
    assert len(drawn) >= ACTOR.n_frames - 1
    assert all(pts[number] == said for number, said in drawn)


def test_the_empty_scene_is_that_of_the_stream_that_was_analysed(clip: Clip, tmp_path: Path) -> None:
    bright = make_clip(tmp_path, (), n_frames=80, name="bright.mp4")
    whitened = tmp_path / "white.mp4"
    subprocess.run(
        [ffmpeg_program(), "-loglevel", "error", "-i", bright.recording.path, "-vf", "negate", str(whitened)],
        check=True,
    )
    both = tmp_path / "both.mp4"
    inputs = ["-i", str(whitened), "-i", clip.recording.path, "-map", "0:v", "-map", "1:v:1"]
    subprocess.run([ffmpeg_program(), "-loglevel", "error", *inputs, "-c", "copy", str(both)], check=True)
    recording = replace(clip.recording, path=str(both))

    scene = Backdrops({recording.recording_id: recording}, Presence((), {})).at(recording.recording_id, 0)

    truth = next(iter_frames(str(both), stream_index=1)).image_u8
    assert float(np.abs(scene.image_bgr_u8.astype(float) - truth).mean()) < 6
