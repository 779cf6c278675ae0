# SPDX-License-Identifier: Apache-2.0
"""A camera that is turned between presets is two cameras in turn: each view has its own empty scene and its times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.findings import Finding, FindingKind
from indexer.health import HealthState, Look, health_spans, look_at
from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import probe
from indexer.segments import Segment
from indexer.views import named_looks, stable_views
from models.modelset import load_model_set
from review.finding_words import french_sentence
from tests.clips import Clip, Mover, make_clip, street

GOP_S = 0.96
TURNS_S = (20.0, 40.0)
END_S = 60.0
MOVERS = (
    Mover(from_s=5.0, to_s=12.0),
    Mover(from_s=25.0, to_s=32.0, start_xy_px=(320, 60), speed_xy_px_s=(-60, 0), seed=4, upper_bgr=(190, 70, 30)),
    Mover(from_s=47.0, to_s=54.0, seed=5, upper_bgr=(40, 160, 40)),
)


def _other_scene(size_wh_px: tuple[int, int] = (320, 240)) -> NDArray[np.uint8]:
    return np.ascontiguousarray(street(size_wh_px, seed=77)[::-1])


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Segment]:
    path = tmp_path_factory.mktemp("turned") / "dome.mp4"
    presets = ((TURNS_S[0], _other_scene()), (TURNS_S[1], street()))
    clip = make_clip(path, n_frames=round(END_S * 12.5), movers=MOVERS, presets=presets)
    return clip, _indexed(clip)


def _indexed(clip: Clip) -> Segment:
    probed = probe(str(clip.path))
    recording = probed.recording(str(clip.path), camera="cam1")
    (plan,) = plan_segments(recording, probed.packets, IndexConfig())
    return index_segment(recording, probed.packets, plan, IndexConfig(), load_model_set("standard"))


def _of_kind(segment: Segment, kind: FindingKind) -> list[Finding]:
    return [finding for finding in segment.findings if finding.kind is kind]


def _seconds(*ticks: int | None) -> list[float]:
    return [round(float(tick * Fraction(1, 12800)), 2) for tick in ticks if tick is not None]


def test_each_view_is_named_with_its_spans(turned: tuple[Clip, Segment]) -> None:
    views = _of_kind(turned[1], FindingKind.SEVERAL_VIEWS)

    assert [finding.detail.split(" at ")[0] for finding in views] == [
        "The camera is turned: view 1 of 2",
        "The camera is turned: view 2 of 2",
    ]
    assert [finding.count for finding in views] == [2, 1]
    start_s, end_s = _seconds(views[1].first_pts_ticks, views[1].last_pts_ticks)
    assert TURNS_S[0] <= start_s <= TURNS_S[0] + 2 * GOP_S
    assert TURNS_S[1] - 2 * GOP_S <= end_s <= TURNS_S[1]
    assert all(french_sentence(finding.detail) for finding in turned[1].findings)


def test_what_lies_between_two_views_is_said_to_be_unusable_and_taken_off_the_coverage(
    turned: tuple[Clip, Segment],
) -> None:
    clip, segment = turned
    between = _of_kind(segment, FindingKind.UNUSABLE_PERIOD)

    assert len(between) == 2
    for finding, turn_s in zip(between, TURNS_S, strict=True):
        start_s, end_s = _seconds(finding.first_pts_ticks, finding.last_pts_ticks)
        assert start_s <= turn_s < end_s <= start_s + 3 * GOP_S
    n_skipped = sum(span.n_frames for span in segment.skipped)
    n_between = len(clip.pts_ticks) - segment.stats.n_decoded - n_skipped
    assert n_skipped > 0 and segment.n_unseen == n_between > 0
    assert n_between == sum(
        finding.first_pts_ticks <= tick < finding.last_pts_ticks  # type: ignore[operator]  # Reason: they have places.
        for finding in between
        for tick in clip.pts_ticks
    )
    assert not _of_kind(segment, FindingKind.DECODE_ERRORS)


def test_whoever_passes_in_either_view_is_one_track_and_a_turn_invents_nobody(turned: tuple[Clip, Segment]) -> None:
    clip, segment = turned

    found = [(int(track.frame_index[0]), int(track.frame_index[-1])) for track in segment.tracks]

    seen = [clip.frames_in_view(mover, least_width_px=6) for mover in MOVERS]
    assert len(found) == len(MOVERS)
    for (first, last), frames in zip(found, seen, strict=True):
        assert abs(first - frames[0]) <= 4 and abs(last - frames[-1]) <= 4


def test_no_look_reaches_over_what_lies_between_two_spans_of_a_view(turned: tuple[Clip, Segment]) -> None:
    assert 0 < turned[1].stats.longest_look_ticks <= 2 * GOP_S * 12800


def test_what_is_said_of_the_pictures_of_one_view_is_not_said_of_the_other(tmp_path: Path) -> None:
    gray = np.repeat(cv2.cvtColor(_other_scene(), cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
    clip = make_clip(tmp_path / "dome.mp4", n_frames=400, presets=((16.0, gray),))

    segment = _indexed(clip)

    (night,) = _of_kind(segment, FindingKind.NIGHT_OR_IR)
    ends = [(item.first_pts_ticks, item.last_pts_ticks) for item in _of_kind(segment, FindingKind.SEVERAL_VIEWS)]
    assert (night.first_pts_ticks, night.last_pts_ticks) == ends[1] != ends[0]


def _looks(*scenes: NDArray[np.uint8]) -> list[Look]:
    return [look_at(scene) for scene in scenes]


def _views(looks: list[Look]) -> list[tuple[tuple[int, int], ...]]:
    times = [i * 2000 for i in range(len(looks))]
    found = stable_views(
        looks, named_looks(looks)[0], times, end_pts_ticks=len(looks) * 2000, time_base=Fraction(1, 1000)
    )
    return [view.spans for view in found]


def test_a_tour_of_three_presets_is_three_views() -> None:
    third = cv2.rotate(street((640, 640), seed=9), cv2.ROTATE_90_CLOCKWISE)[:360]
    one, two, three = _looks(street((640, 360)), _other_scene((640, 360)), np.asarray(third, np.uint8))

    views = _views(([one] * 8 + [two] * 8 + [three] * 8) * 2)

    assert views == [
        ((0, 14_000), (48_000, 62_000)),
        ((16_000, 30_000), (64_000, 78_000)),
        ((32_000, 46_000), (80_000, 96_000)),
    ]


@pytest.mark.parametrize("change", ["light", "lamp", "lorry", "black", "a moment elsewhere"])
def test_light_traffic_and_a_moment_elsewhere_are_no_other_view(change: str) -> None:
    scene = street((640, 360))
    other = {
        "light": lambda: np.clip(scene * 0.35, 0, 255).astype(np.uint8),
        "lamp": lambda: np.clip(scene * np.linspace(0.4, 1.5, 640)[None, :, None], 0, 255).astype(np.uint8),
        "lorry": lambda: np.concatenate([scene[:, :250], np.full((360, 390, 3), 90, np.uint8)], axis=1),
        "black": lambda: np.full_like(scene, 3),
        "a moment elsewhere": lambda: _other_scene((640, 360)),
    }[change]()
    one, two = _looks(scene, other)
    n_others = 3 if change == "a moment elsewhere" else 20

    assert _views([one] * 20 + [two] * n_others + [one] * 20) == []


CARD = np.ascontiguousarray(street((640, 360), seed=31).transpose(1, 0, 2)[::-1][:360, :360].repeat(2, axis=1)[:, :640])


def _cloth(width: int, height: int) -> NDArray[np.uint8]:
    """Folds of a dark bag over the lens."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    folds = 45 + 25 * np.sin(5 * x + 3 * y) - 15 * y
    return np.repeat(folds[:, :, None], 3, axis=2).astype(np.uint8)


def _noisy(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _half_lost(state: HealthState, n_lost: int) -> list[NDArray[np.uint8]]:
    scene = street((640, 360))
    scene[8:28, 10:200] = 20
    lost = {
        HealthState.COVERED: _cloth(640, 360),
        HealthState.DEFOCUSED: np.asarray(cv2.GaussianBlur(scene, (0, 0), 9), np.uint8),
        HealthState.BLACK: np.full_like(scene, 3),
        HealthState.FROZEN: CARD,
    }[state]
    lost[8:28, 10:200] = 20
    for picture in (scene, lost):
        cv2.putText(picture, "CAM 04 PARKING", (12, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    live = [_noisy(scene, i) for i in range(15)]
    return [*live, *(lost if state is HealthState.FROZEN else _noisy(lost, 100 + i) for i in range(n_lost)), *live]


@pytest.mark.parametrize("n_lost", [20, 30, 60])
@pytest.mark.parametrize(
    "state", [HealthState.COVERED, HealthState.DEFOCUSED, HealthState.BLACK, HealthState.FROZEN], ids=str
)
def test_what_shows_nothing_is_no_view_however_long_it_lasts(state: HealthState, n_lost: int) -> None:
    looks = _looks(*_half_lost(state, n_lost))

    states = named_looks(looks)[1]
    spans = health_spans(
        looks,
        [i * 2000 for i in range(len(looks))],
        end_pts_ticks=len(looks) * 2000,
        time_base=Fraction(1, 1000),
        known=states,
    )

    assert _views(looks) == []
    assert [(span.state, span.first_pts_ticks, span.end_pts_ticks) for span in spans] == [
        (state, 15 * 2000, (15 + n_lost) * 2000)
    ]


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Segment:
    path = tmp_path_factory.mktemp("covered") / "bag.mp4"
    return _indexed(
        make_clip(path, n_frames=round(END_S * 12.5), movers=MOVERS[:1], presets=((30.0, _cloth(320, 240)),))
    )


def test_a_lens_covered_for_half_of_the_time_is_told_and_never_skipped_as_quiet(covered: Segment) -> None:
    (finding,) = _of_kind(covered, FindingKind.UNUSABLE_PERIOD)
    start_s, end_s = _seconds(finding.first_pts_ticks, finding.last_pts_ticks)

    assert "covered" in finding.detail and not _of_kind(covered, FindingKind.SEVERAL_VIEWS)
    assert 30.0 - GOP_S <= start_s <= 30.0 + GOP_S and end_s >= END_S - GOP_S
    assert covered.skipped
    assert all(_seconds(span.end_pts_ticks)[0] <= start_s for span in covered.skipped)
    assert len(covered.tracks) == 1
