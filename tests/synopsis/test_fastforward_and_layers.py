# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from indexer.media import iter_frames
from models.errors import AlreadyThere
from review.synopsis.fastforward import FastForwardOptions, active_spans, make_fast_forward
from review.synopsis.layers import dwell_layer, heat_layer, hour_strips, path_layer, save_layer
from review.synopsis.sidemap import SynopsisMap
from tests.synopsis.scenes import Actor, Clip, make_clip, read_number, straight_tube

ACTORS = (
    Actor(first=20, n_frames=30, from_xy=(10, 30)),
    Actor(first=140, n_frames=30, from_xy=(30, 120)),
)
SCENE = np.full((360, 640, 3), 120, np.uint8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return make_clip(tmp_path_factory.mktemp("clip"), ACTORS, n_frames=200, offset_ms=-3_792_000)


def test_spans_hold_what_is_seen_with_a_second_around_and_join_when_close(clip: Clip) -> None:
    step = clip.recording.facts.median_step_ticks

    spans = active_spans(clip.tracks, clip.recording, around_s=Fraction(1))

    assert spans == ((10 * step, 59 * step + 1), (130 * step, 179 * step + 1))
    assert len(active_spans(clip.tracks, clip.recording, around_s=Fraction(5))) == 1


def test_spans_outside_the_requisition_are_left_out(clip: Clip) -> None:
    step = clip.recording.facts.median_step_ticks

    spans = active_spans(
        clip.tracks,
        clip.recording,
        around_s=Fraction(1),
        allowed={clip.recording.recording_id: [(0, 40 * step)]},
    )

    assert spans == ((10 * step, 40 * step),)


def test_every_picture_is_the_native_frame_that_the_map_names(clip: Clip, tmp_path: Path) -> None:
    recordings = {clip.recording.recording_id: clip.recording}

    report = make_fast_forward(clip.tracks, recordings, tmp_path / "film.mp4", FastForwardOptions())

    side_map = SynopsisMap(report.map_path, expected_sha256=report.map_sha256)
    pts_of_frame = [frame.pts_ticks for frame in iter_frames(clip.recording.path)]
    checked = 0
    for number, frame in enumerate(iter_frames(str(report.path))):
        for row in side_map.objects_of(number):
            x0, y0 = row.box_xyxy_px[:2]
            assert pts_of_frame[read_number(frame.image_u8, (x0, y0))] == row.pts_ticks
            checked += 1
    assert checked == 60
    assert report.length_s == pytest.approx(10.0, abs=0.2)
    assert report.footage_s == 20.0


def test_a_faster_film_shows_one_frame_in_n(clip: Clip, tmp_path: Path) -> None:
    recordings = {clip.recording.recording_id: clip.recording}

    report = make_fast_forward(clip.tracks, recordings, tmp_path / "film.mp4", FastForwardOptions(speed=4))

    assert report.length_s == pytest.approx(2.5, abs=0.3)
    assert report.speed == 4


def test_an_existing_film_is_left_alone(clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"mine")

    with pytest.raises(AlreadyThere):
        make_fast_forward(
            clip.tracks,
            {clip.recording.recording_id: clip.recording},
            tmp_path / "film.mp4",
            FastForwardOptions(),
        )


def test_layers_show_where_feet_were_and_nowhere_else() -> None:
    tubes = [straight_tube(1, start_s=0, duration_s=10, from_xy=(100, 150), to_xy=(500, 150))]

    for layer in (path_layer(SCENE, tubes), heat_layer(SCENE, tubes), dwell_layer(SCENE, tubes)):
        margin = layer.shape[0] - 360
        picture = layer[margin:].astype(int)
        ground = np.median(picture.reshape(-1, 3), axis=0)
        assert np.abs(picture[200, 300] - ground).max() > 40
        assert np.abs(picture[320:, :] - ground).max() < 12
        assert layer[:margin].max() > 150


def test_hours_count_each_track_once_by_kind() -> None:
    tubes = [
        straight_tube(k, start_s=3600 * (k % 3), duration_s=5, from_xy=(100, 150), to_xy=(500, 150)) for k in range(6)
    ]

    strips = hour_strips(tubes, (0, 6 * 3600 * 1_000_000), has_clock=True, zone=UTC)

    assert strips.shape[1] == 960
    assert strips.max() > 150


def test_a_layer_is_never_overwritten(tmp_path: Path) -> None:
    save_layer(SCENE, tmp_path / "layer.png")

    with pytest.raises(AlreadyThere, match=r"layer\.png"):
        save_layer(SCENE, tmp_path / "layer.png")
