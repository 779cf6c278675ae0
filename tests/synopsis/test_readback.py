# SPDX-License-Identifier: Apache-2.0
"""A finished film is held against its recordings; a map that names another frame, or another object, is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from indexer.records import Recording, RecordingId
from review.synopsis import LayoutOptions, MapObject, SynopsisMap, SynopsisOptions, SynopsisReport, make_synopsis
from review.synopsis.readback import ReadBack, read_back
from review.synopsis.sidemap import MapWriter
from tests.synopsis.scenes import Actor, Clip, make_clip

ACTORS = (
    Actor(first=4, n_frames=60, from_xy=(10, 30), step_xy=(3, 0)),
    Actor(first=90, n_frames=50, from_xy=(200, 60), step_xy=(-3, 0), tint=(160, 60, 40)),
    Actor(first=160, n_frames=50, from_xy=(20, 120), step_xy=(3, 1), tint=(40, 60, 170)),
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return make_clip(tmp_path_factory.mktemp("clip"), ACTORS, n_frames=230)


@pytest.fixture(scope="module")
def made(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> SynopsisReport:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    # Why: objects that stand free can be read back, and how closely the default packs them is not the matter here.
    options = SynopsisOptions(layout=LayoutOptions(is_never_overlapping=True))
    return make_synopsis(clip.tracks, recordings_of(clip), path, options)


def recordings_of(clip: Clip) -> dict[RecordingId, Recording]:
    return {clip.recording.recording_id: clip.recording}


def checked(
    clip: Clip, made: SynopsisReport, folder: Path, change: Callable[[MapObject], MapObject], **more: object
) -> ReadBack:
    """Read the film back with a map of which every row was changed."""
    side_map = SynopsisMap(made.map_path)
    with MapWriter(
        folder / "map", sources=made.sources, rate=Fraction(made.frame_rate), size_wh_px=made.size_wh_px
    ) as out:
        for number in side_map.frames().tolist():
            out.add([change(row) for row in side_map.objects_of(number)])
        out.finish()
    classes = {track.track_id: track.class_name for track in clip.tracks}
    return read_back(made.path, SynopsisMap(folder / "map"), recordings_of(clip), classes=classes, **more)  # type: ignore[arg-type]


def test_a_sound_film_is_confirmed_object_by_object(made: SynopsisReport) -> None:
    assert made.checked.is_sound and made.timestamp_error == 0
    assert made.checked.n_confirmed >= 10


@pytest.mark.parametrize("n_frames", [-1, 1, 3])
def test_a_map_that_names_a_frame_next_to_the_one_shown_is_found_out_to_the_tick(
    clip: Clip, made: SynopsisReport, tmp_path: Path, n_frames: int
) -> None:
    step = clip.recording.facts.median_step_ticks

    found = checked(clip, made, tmp_path, lambda row: replace(row, pts_ticks=row.pts_ticks + n_frames * step))

    assert found.worst_ticks == abs(n_frames) * step
    assert found.n_confirmed == 0 and not found.is_sound
    assert found.n_tags_wrong > 0, "and the time beside the object is no longer that of the PTS"


def test_pixels_that_no_frame_around_shows_are_found_out(clip: Clip, made: SynopsisReport, tmp_path: Path) -> None:
    step = clip.recording.facts.median_step_ticks

    found = checked(clip, made, tmp_path, lambda row: replace(row, pts_ticks=row.pts_ticks + 20 * step))

    assert found.n_unlike > 0 and not found.is_sound


def test_frames_outside_the_requisition_are_not_looked_at(clip: Clip, made: SynopsisReport, tmp_path: Path) -> None:
    found = checked(clip, made, tmp_path, lambda row: row, allowed={clip.recording.recording_id: [(-2, -1)]})

    assert found.n_confirmed == 0 and found.n_undecided == 12
