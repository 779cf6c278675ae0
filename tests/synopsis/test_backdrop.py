# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from review.synopsis._pixels import PlainPixels
from review.synopsis.backdrop import Backdrops, _hide_clock, frame_gains
from review.synopsis.presence import Presence
from review.synopsis.reels import Reels
from review.synopsis.tubes import Tube, tubes_of
from tests.synopsis.scenes import Actor, Clip, make_clip

LINGERER = Actor(first=0, n_frames=100, from_xy=(60, 60), step_xy=(0.8, 0))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return make_clip(tmp_path_factory.mktemp("clip"), (LINGERER,), n_frames=130)


def backdrops_of(clip: Clip, tubes: tuple[Tube, ...], **options: object) -> Backdrops:
    recordings = {clip.recording.recording_id: clip.recording}
    steps = {clip.recording.recording_id: clip.recording.facts.median_step_ticks}
    return Backdrops(recordings, Presence(tubes, steps), **options)  # type: ignore[arg-type]


def test_who_stands_in_most_frames_is_not_in_the_empty_scene(clip: Clip) -> None:
    tubes = tubes_of(clip.tracks, {clip.recording.recording_id: clip.recording})

    backdrop = backdrops_of(clip, tubes).at(clip.recording.recording_id, 0)

    middle = backdrop.image_bgr_u8[70:110, 80:140].astype(float)
    assert middle.std(axis=(0, 1)).max() < 40
    assert 60 < middle.mean() < 140
    assert backdrop.is_usable and backdrop.is_steady


def test_a_backdrop_is_made_once(clip: Clip) -> None:
    backdrops = backdrops_of(clip, ())

    first = backdrops.at(clip.recording.recording_id, 0)
    last = backdrops.at(clip.recording.recording_id, clip.recording.facts.last_pts_ticks)

    assert first is last


def test_only_spans_that_the_requisition_covers_are_looked_at(clip: Clip) -> None:
    end = clip.recording.facts.last_pts_ticks + 1
    late = end * 110 // 130

    backdrop = backdrops_of(clip, (), allowed={clip.recording.recording_id: [(late, end)]}).at(
        clip.recording.recording_id, 0
    )

    middle = backdrop.image_bgr_u8[70:110, 80:140].astype(float)
    assert middle.std(axis=(0, 1)).max() < 40


def test_what_stood_outside_those_spans_is_not_in_the_scene(tmp_path: Path) -> None:
    stander = Actor(first=0, n_frames=80, from_xy=(100, 80), step_xy=(0, 0))
    stood = make_clip(tmp_path, [stander], n_frames=100)
    key, step = stood.recording.recording_id, stood.recording.facts.median_step_ticks

    everywhere = backdrops_of(stood, ()).at(key, 0)
    allowed = backdrops_of(stood, (), allowed={key: [(84 * step, 100 * step)]}).at(key, 0)

    apart = np.abs(everywhere.image_bgr_u8.astype(int) - allowed.image_bgr_u8)
    assert apart[90:120, 110:160].mean() > 20
    assert apart[180:, :].mean() < 3


def test_exposure_is_measured_against_the_scene(clip: Clip) -> None:
    backdrop = backdrops_of(clip, ()).at(clip.recording.recording_id, 0)
    brighter = np.clip(backdrop.image_bgr_u8 * 1.2, 0, 255).astype(np.uint8)

    assert frame_gains(PlainPixels(brighter), backdrop) == pytest.approx([1.2] * 3, abs=0.03)


def test_a_reel_gives_exact_frames_forward_and_starts_again_when_asked_to_go_back(clip: Clip) -> None:
    recording, track = clip.recording, clip.tracks[0]
    reels = Reels({recording.recording_id: recording})
    pts = [int(track.pts_ticks[k]) for k in (3, 4, 9, 60, 5)]

    found = [reels.frame("a", recording.recording_id, tick) for tick in pts]
    reels.close()

    assert [frame.pts_ticks if frame else None for frame in found] == pts


def test_a_reel_between_two_frames_gives_the_one_on_screen(clip: Clip) -> None:
    recording, track = clip.recording, clip.tracks[0]
    reels = Reels({recording.recording_id: recording})
    reels.frame("a", recording.recording_id, int(track.pts_ticks[3]))

    found = reels.frame("a", recording.recording_id, int(track.pts_ticks[7]) + 1)
    reels.close()

    assert found is not None and found.pts_ticks == int(track.pts_ticks[7])


def test_a_new_holder_goes_on_with_a_reel_that_was_left_shortly_before(clip: Clip, tmp_path: Path) -> None:
    recording, track = clip.recording, clip.tracks[0]
    reels = Reels({recording.recording_id: recording})
    reels.frame("a", recording.recording_id, int(track.pts_ticks[3]))
    reels.release("a")

    reels.frame("b", recording.recording_id, int(track.pts_ticks[6]))
    n_decoded = reels.n_decoded
    reels.close()

    assert n_decoded == 4


def test_running_digits_are_coarsened_and_a_trembling_line_of_the_ground_is_not() -> None:
    image = np.full((360, 640, 3), 90, np.uint8)
    image[10:24, 20:60] = np.random.default_rng(1).integers(0, 256, (14, 40, 3), dtype=np.uint8)
    for k in range(60):
        image[20 + k // 3 : 25 + k // 3, 300 + k] = 240
    line = image[:, 300:360].copy()
    spread = np.zeros((360, 640), np.uint8)
    spread[10:24, 20:60] = 80
    for k in range(60):
        spread[19 + k // 3 : 22 + k // 3, 300 + k] = 80

    _hide_clock(image, spread)

    assert image[12:22, 25:55].std() < 25
    assert np.array_equal(image[:, 300:360], line)
