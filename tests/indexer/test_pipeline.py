# SPDX-License-Identifier: Apache-2.0
"""From a clip whose every box is known to segments: what moved is found, when and where, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from indexer.findings import FindingKind
from indexer.index import content_digest
from indexer.pipeline import IndexConfig, SegmentPlan, index_segment, plan_segments
from indexer.probe import ProbeResult, probe
from indexer.records import Recording, Track
from indexer.sketches import iou_xyxy
from models.modelset import ModelSet, load_model_set
from tests.clips import Clip, Mover, constant_pts, irregular_pts, make_clip
from tests.indexer.factories import recording_of

WALKER = Mover(from_s=4.0)
LATER = Mover(start_xy_px=(320, 150), speed_xy_px_s=(-70, 0), from_s=14.0, seed=4, upper_bgr=(190, 70, 30))
N_FRAMES = 280


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelSet]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELECTURE_HOME", str(tmp_path_factory.mktemp("home")))
        yield load_model_set("standard")


class Indexed:
    """A clip with what was found in it."""

    def __init__(self, clip: Clip, models: ModelSet, config: IndexConfig) -> None:
        self.clip = clip
        self.probed: ProbeResult = probe(str(clip.path))
        self.recording: Recording = recording_of(str(clip.path), self.probed)
        plans = plan_segments(self.recording, self.probed.packets, config)
        self.segments = [index_segment(self.recording, self.probed.packets, plan, config, models) for plan in plans]

    @property
    def tracks(self) -> list[Track]:
        return [track for segment in self.segments for track in segment.tracks]

    def time_s(self, tick: int) -> float:
        facts = self.recording.facts
        return float((tick - facts.first_pts_ticks) * facts.time_base)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def steady(folder: Path, models: ModelSet) -> Indexed:
    clip = make_clip(folder / "steady.mp4", movers=(WALKER, LATER), n_frames=N_FRAMES, b_frames=2)
    return Indexed(clip, models, IndexConfig())


@pytest.fixture(scope="module")
def irregular(folder: Path, models: ModelSet) -> Indexed:
    clip = make_clip(folder / "irregular.mp4", movers=(WALKER, LATER), pts_ticks=irregular_pts(190), b_frames=2)
    return Indexed(clip, models, IndexConfig())


@pytest.mark.parametrize("kind", ["steady", "irregular"])
def test_each_object_that_crosses_is_one_track_and_nothing_else_is(kind: str, request: pytest.FixtureRequest) -> None:
    indexed: Indexed = request.getfixturevalue(kind)

    assert len(indexed.tracks) == 2


@pytest.mark.parametrize("kind", ["steady", "irregular"])
def test_a_track_begins_and_ends_within_two_analysed_pictures_of_the_truth(
    kind: str, request: pytest.FixtureRequest
) -> None:
    indexed: Indexed = request.getfixturevalue(kind)

    for track, mover in zip(indexed.tracks, (WALKER, LATER), strict=True):
        seen = indexed.clip.frames_in_view(mover, least_width_px=6)
        n_early = seen[0] - int(track.frame_index[0])
        n_late = int(track.frame_index[-1]) - seen[-1]
        assert -2 <= n_early <= 2 and -2 <= n_late <= 2


@pytest.mark.parametrize("kind", ["steady", "irregular"])
def test_every_box_lies_on_its_object(kind: str, request: pytest.FixtureRequest) -> None:
    indexed: Indexed = request.getfixturevalue(kind)

    for track, mover in zip(indexed.tracks, (WALKER, LATER), strict=True):
        overlaps = []
        for tick, box in zip(track.pts_ticks.tolist(), track.boxes_xyxy_px.tolist(), strict=True):
            truth = mover.box_at(indexed.time_s(tick), (320, 240))
            overlaps.append(iou_xyxy(tuple(box), tuple(map(float, truth))) if truth else 0.0)  # type: ignore[arg-type]
        # The clip has no shadows: what is left is smoothing and the spread of the code's blocks.
        assert np.median(overlaps) > 0.6
        assert min(overlaps[3:-3]) > 0.3


@pytest.mark.parametrize("kind", ["steady", "irregular"])
def test_frame_numbers_and_times_are_those_of_the_packet_table(kind: str, request: pytest.FixtureRequest) -> None:
    indexed: Indexed = request.getfixturevalue(kind)
    table = indexed.probed.packets.pts_ticks

    for track in indexed.tracks:
        assert np.array_equal(table[track.frame_index], track.pts_ticks)
        assert np.all(np.diff(track.frame_index) == 1), "one entry for every decoded frame"


def test_still_stretches_are_skipped_and_said_to_be(steady: Indexed) -> None:
    (segment,) = steady.segments

    n_skipped = sum(span.n_frames for span in segment.skipped)
    assert n_skipped > 0
    assert segment.stats.n_decoded + n_skipped == segment.stats.n_frames == N_FRAMES
    for span in segment.skipped:
        for mover in (WALKER, LATER):
            seen = steady.clip.frames_in_view(mover, least_width_px=6)
            times = [steady.probed.packets.pts_ticks[i] for i in seen]
            assert not any(span.first_pts_ticks <= tick < span.end_pts_ticks for tick in times)


def test_exhaustive_skips_nothing_and_finds_the_same_objects(steady: Indexed, models: ModelSet) -> None:
    whole = Indexed(steady.clip, models, IndexConfig.of_profile("exhaustive"))

    assert whole.segments[0].skipped == ()
    assert whole.segments[0].stats.n_decoded == N_FRAMES
    assert [track.frame_index[0] for track in whole.tracks] == [track.frame_index[0] for track in steady.tracks]


def test_indexing_twice_gives_the_same_content(irregular: Indexed, models: ModelSet) -> None:
    again = Indexed(irregular.clip, models, IndexConfig())

    assert content_digest(again.segments) == content_digest(irregular.segments)


def test_an_empty_street_gives_no_track(folder: Path, models: ModelSet) -> None:
    indexed = Indexed(make_clip(folder / "empty.mp4", n_frames=180, gop=10), models, IndexConfig())

    assert indexed.tracks == []
    assert sum(span.n_frames for span in indexed.segments[0].skipped) == 180


def test_a_raw_stream_is_analysed_frame_by_frame_without_times(folder: Path, models: ModelSet) -> None:
    clip = make_clip(folder / "raw.h264", movers=(replace(WALKER, from_s=2.0),), n_frames=120, container_format="h264")

    indexed = Indexed(clip, models, IndexConfig())

    seen = clip.frames_in_view(clip.movers[0], least_width_px=6)
    assert indexed.segments[0].stats.n_decoded == 120
    assert len(indexed.tracks) == 1
    assert abs(int(indexed.tracks[0].frame_index[0]) - seen[0]) <= 4


def test_long_groups_of_pictures_are_decoded_whole(folder: Path, models: ModelSet) -> None:
    clip = make_clip(folder / "long.mp4", movers=(replace(WALKER, from_s=2.0),), n_frames=100, gop=50)

    (segment,) = Indexed(clip, models, IndexConfig()).segments

    assert segment.skipped == () and segment.stats.n_decoded == 100


def test_pictures_without_colour_are_said_to_carry_none(folder: Path, models: ModelSet) -> None:
    clip = make_clip(
        folder / "night.mp4", movers=(replace(WALKER, from_s=2.0),), n_frames=100, pixel_format="gray", codec="libx264"
    )

    (segment,) = Indexed(clip, models, IndexConfig()).segments

    assert FindingKind.NIGHT_OR_IR in {finding.kind for finding in segment.findings}
    assert all(item.value == "unknown" for track in segment.tracks for item in track.attributes)


def _plans(indexed: Indexed, segment_s: float) -> tuple[SegmentPlan, ...]:
    return plan_segments(indexed.recording, indexed.probed.packets, IndexConfig(segment_s=segment_s))


@pytest.mark.parametrize("segment_s", [0.1, 1.0, 3.7, 5.0, 10.0, 1000.0])
def test_segments_cover_a_recording_exactly_and_begin_at_keyframes(irregular: Indexed, segment_s: float) -> None:
    plans = _plans(irregular, segment_s)
    facts, packets = irregular.recording.facts, irregular.probed.packets
    keys = set(packets.pts_ticks[packets.is_key].tolist())

    assert plans[0].start_pts_ticks == facts.first_pts_ticks
    assert plans[-1].end_pts_ticks == facts.last_pts_ticks + 1
    assert all(a.end_pts_ticks == b.start_pts_ticks for a, b in pairwise(plans))
    assert all(plan.start_pts_ticks in keys for plan in plans)
    assert [plan.number for plan in plans] == list(range(len(plans)))
    assert sum(plan.n_frames for plan in plans) == facts.n_packets


def test_a_recording_cut_into_segments_gives_the_same_objects(folder: Path, models: ModelSet) -> None:
    movers = (replace(WALKER, from_s=1.0), replace(LATER, from_s=11.0))
    clip = make_clip(folder / "cut.mp4", movers=movers, b_frames=2, gop=8, pts_ticks=constant_pts(210))

    whole = Indexed(clip, models, IndexConfig())
    parts = Indexed(clip, models, IndexConfig(segment_s=9.0))

    assert len(parts.segments) == 2
    found = [(int(t.frame_index[0]), int(t.frame_index[-1])) for t in parts.tracks]
    expected = [(int(t.frame_index[0]), int(t.frame_index[-1])) for t in whole.tracks]
    assert np.abs(np.array(found) - np.array(expected)).max() <= 2


def test_times_are_exact_on_a_clock_of_a_thirtieth_of_1001(folder: Path, models: ModelSet) -> None:
    base = Fraction(1001, 30_000)
    clip = make_clip(folder / "ntsc.mkv", movers=(replace(WALKER, from_s=2.0),), pts_ticks=range(160), time_base=base)

    indexed = Indexed(clip, models, IndexConfig())

    (track,) = indexed.tracks
    assert np.array_equal(indexed.probed.packets.pts_ticks[track.frame_index], track.pts_ticks)
