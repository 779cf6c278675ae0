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
from indexer.triage import KeyLook
from models.modelset import ModelSet, load_model_set
from tests.clips import Clip, Mover, constant_pts, irregular_pts, make_clip

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
        self.recording: Recording = self.probed.recording(str(clip.path), camera="cam1")
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


def _glued(out: Path, *parts: Clip) -> Path:
    out.write_bytes(b"".join(part.path.read_bytes() for part in parts))
    return out


def _transport(path: Path, first_s: int, n_frames: int, **options: object) -> Clip:
    pts = tuple(90_000 * first_s + 7_200 * i for i in range(n_frames))
    return make_clip(path, pts_ticks=pts, time_base=Fraction(1, 90_000), container_format="mpegts", gop=10, **options)  # type: ignore[arg-type]  # Reason: options by name.


def test_boxes_are_in_pixels_of_the_picture_they_belong_to(folder: Path, models: ModelSet) -> None:
    small = _transport(folder / "small.ts", 10, 150, movers=(replace(WALKER, from_s=3.0),))
    walker = Mover(
        size_wh_px=(52, 128), start_xy_px=(-52.0, 240.0), speed_xy_px_s=(120.0, 0.0), from_s=3.0, seed=WALKER.seed
    )
    large = _transport(folder / "large.ts", 22, 150, movers=(walker,), size_wh_px=(640, 480))
    both = _glued(folder / "both.ts", small, large)

    indexed = Indexed(replace(small, path=both), models, IndexConfig())

    assert [segment.stats.n_frames for segment in indexed.segments] == [150, 150]
    assert indexed.recording.facts.size_changes == ((indexed.segments[1].start_pts_ticks, 640, 480),)
    heights = [np.median(np.diff(s.tracks[0].boxes_xyxy_px[:, 1::2], axis=1)) for s in indexed.segments]
    assert heights[1] / heights[0] == pytest.approx(2.0, abs=0.25)
    assert not any(s.stats.n_other_size for s in indexed.segments)


def test_pictures_that_cannot_be_decoded_are_named_by_the_segment(folder: Path, models: ModelSet) -> None:
    clip = make_clip(folder / "holed.mp4", movers=(WALKER,), n_frames=120, gop=10)
    probed = probe(str(clip.path))
    # Why: a frame that the packet table has and the decoder never gives is what a lost frame looks like.
    table = replace(
        probed.packets,
        pts_ticks=np.sort(np.append(probed.packets.pts_ticks, [5, 6, 7])),
        size_bytes=np.append(probed.packets.size_bytes, [1, 1, 1]),
        is_key=np.append(probed.packets.is_key, [False] * 3),
    )
    recording = probed.recording(str(clip.path), camera="cam1")
    (plan,) = plan_segments(recording, table, IndexConfig.of_profile("exhaustive"))

    segment = index_segment(recording, table, plan, IndexConfig.of_profile("exhaustive"), models)

    (lost,) = [finding for finding in segment.findings if finding.kind is FindingKind.DECODE_ERRORS]
    assert lost.count == 3 and "3 frame(s) of this stretch could not be decoded" in lost.detail
    assert segment.n_unseen == 3


def test_pictures_behind_a_clock_set_back_are_named_and_taken_off_the_coverage(folder: Path, models: ModelSet) -> None:
    first = _transport(folder / "first.ts", 10, 400, movers=(WALKER,))
    # Begins four frames before the other ends.
    second = make_clip(
        folder / "second.ts",
        pts_ticks=tuple(90_000 * 10 + 7_200 * (396 + i) for i in range(40)),
        time_base=Fraction(1, 90_000),
        container_format="mpegts",
        gop=10,
    )
    both = _glued(folder / "back.ts", first, second)

    (segment,) = Indexed(replace(first, path=both), models, IndexConfig.of_profile("exhaustive")).segments

    (said,) = [finding for finding in segment.findings if finding.kind is FindingKind.TIME_BACKWARD]
    assert said.count == segment.stats.n_time_repeats == 4
    assert segment.n_unseen == 4
    assert FindingKind.DECODE_ERRORS not in {finding.kind for finding in segment.findings}


@pytest.fixture(scope="module")
def quiet(folder: Path, models: ModelSet) -> Indexed:
    return Indexed(make_clip(folder / "quiet.mp4", n_frames=600, gop=12), models, IndexConfig(audit_unit=0.1))


def test_some_of_what_is_skipped_is_decoded_all_the_same(quiet: Indexed) -> None:
    (segment,) = quiet.segments

    assert segment.stats.n_groups_skipped == 50
    assert len(segment.audited) == 5
    assert segment.stats.n_audit_frames == sum(group.n_frames for group in segment.audited) == 60
    for group in segment.audited:
        assert any(
            s.first_pts_ticks <= group.first_pts_ticks < group.end_pts_ticks <= s.end_pts_ticks for s in segment.skipped
        )
    assert all((group.n_objects, group.n_unnamed) == (0, 0) for group in segment.audited)


def test_the_smallest_object_seen_is_measured_on_the_recording_itself(quiet: Indexed) -> None:
    stats = quiet.segments[0].stats

    assert 0 < stats.smallest_width_px < stats.smallest_height_px <= 40
    assert stats.smallest_contrast_levels in {25, 40, 60, 90}
    assert float(stats.longest_look_ticks * quiet.recording.facts.time_base) == pytest.approx(0.96)


def test_what_the_audit_finds_is_indexed_after_all(
    folder: Path, models: ModelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In view for nine seconds, and triage is made blind: only a chance draw can find it.
    clip = make_clip(folder / "missed.mp4", movers=(replace(WALKER, from_s=16.0),), n_frames=500, gop=12)
    blind = "indexer.pipeline.KeyLook"

    def still(**values: object) -> KeyLook:
        return KeyLook(**{**values, "is_active": False})  # type: ignore[arg-type]  # Reason: fields by name.

    monkeypatch.setattr(blind, still)

    (segment,) = Indexed(clip, models, IndexConfig(audit_unit=0.5)).segments
    (unaudited,) = Indexed(clip, models, IndexConfig(audit_unit=0.0)).segments

    assert unaudited.tracks == () and unaudited.audited == ()
    assert sum(group.n_objects > 0 for group in segment.audited) >= 1
    assert len(segment.tracks) == 1 and segment.skipped == ()


def test_the_audit_leaves_no_trace_where_it_finds_nothing(steady: Indexed, models: ModelSet) -> None:
    (with_audit,) = steady.segments
    (without,) = Indexed(steady.clip, models, IndexConfig(audit_unit=0.0)).segments

    assert with_audit.skipped == without.skipped
    assert content_digest([replace(with_audit, audited=())]) == content_digest([without])


def test_a_lens_that_goes_dark_is_a_finding_with_its_times(folder: Path, models: ModelSet) -> None:
    bag = Mover(
        size_wh_px=(320, 480), start_xy_px=(0, -100), speed_xy_px_s=(0, 0), from_s=8.0, to_s=14.0,
        upper_bgr=(0, 0, 0), lower_bgr=(0, 0, 0),
    )  # fmt: skip
    dark = Indexed(make_clip(folder / "dark.mp4", movers=(bag,), n_frames=N_FRAMES), models, IndexConfig())

    (finding,) = [item for item in dark.segments[0].findings if item.kind is FindingKind.UNUSABLE_PERIOD]

    assert finding.component == "health"
    assert finding.detail.startswith("The picture is black for ")
    assert finding.first_pts_ticks is not None and finding.last_pts_ticks is not None
    gop_s = 0.96
    assert 8.0 <= dark.time_s(finding.first_pts_ticks) <= 8.0 + gop_s
    assert 14.0 <= dark.time_s(finding.last_pts_ticks) <= 14.0 + gop_s


def test_a_camera_that_sways_between_its_keyframes_is_aligned(folder: Path, models: ModelSet) -> None:
    walker = replace(WALKER, from_s=12.0)
    # Why: 40 frames are 3.2 s, so that every keyframe falls where the camera is in its place.
    clip = make_clip(folder / "sway.mp4", movers=(walker,), n_frames=520, gop=40, sway_px=4.0, sway_period_s=3.2)

    (segment,) = Indexed(clip, models, IndexConfig()).segments

    assert FindingKind.CAMERA_MOVES in {finding.kind for finding in segment.findings}
    assert len(segment.tracks) == 1
