# SPDX-License-Identifier: Apache-2.0
"""Where recordings are cut: never into crumbs, always at gaps of the scene and changes of size, and without a hole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.config import IndexConfig
from indexer.planning import SegmentPlan, plan_segments
from indexer.probe import PacketTable
from indexer.records import Recording
from tests.indexer.factories import make_recording

MINUTE = 60_000


def _recording(
    steps_ms: Sequence[int], *, gop: int = 10, size_changes: tuple[tuple[int, int, int], ...] = ()
) -> tuple[Recording, PacketTable]:
    pts = np.concatenate([[0], np.cumsum(np.array(steps_ms, np.int64))])
    base = make_recording(n_frames=len(pts))
    facts = replace(
        base.facts,
        n_packets=len(pts),
        last_pts_ticks=int(pts[-1]),
        time_base=Fraction(1, 1000),
        size_changes=size_changes,
    )
    table = PacketTable(pts_ticks=pts, size_bytes=np.ones(len(pts), np.int32), is_key=np.arange(len(pts)) % gop == 0)
    return replace(base, facts=facts), table


def _plans(found: tuple[Recording, PacketTable], **values: float) -> tuple[SegmentPlan, ...]:
    return plan_segments(*found, IndexConfig(**values))  # type: ignore[arg-type]  # Reason: fields by name.


@given(
    steps=st.lists(st.sampled_from([40, 100, 100, 100, 5_000, 400_000, 4_000_000]), min_size=1, max_size=400),
    gop=st.integers(1, 40),
    segment_s=st.sampled_from([1.0, 7.0, 60.0]),
    least=st.sampled_from([1, 20, 100]),
)
def test_segments_cover_a_recording_once_whatever_its_times(
    steps: list[int], gop: int, segment_s: float, least: int
) -> None:
    found = _recording(steps, gop=gop)
    recording, packets = found

    plans = _plans(found, segment_s=segment_s, min_segment_frames=least)

    assert plans[0].start_pts_ticks == 0 and plans[-1].end_pts_ticks == recording.facts.last_pts_ticks + 1
    assert all(a.end_pts_ticks == b.start_pts_ticks for a, b in pairwise(plans))
    assert [plan.first_frame for plan in plans] == [
        int(np.searchsorted(packets.pts_ticks, plan.start_pts_ticks)) for plan in plans
    ]
    assert sum(plan.n_frames for plan in plans) == len(packets.pts_ticks)
    assert all(packets.is_key[plan.first_frame] for plan in plans)
    assert len(plans) == 1 or all(plan.n_frames >= least for plan in plans)


def test_a_day_recorded_on_motion_is_not_cut_by_the_clock() -> None:
    # Forty alarms of five seconds, a quarter of an hour apart: ten hours on the clock, three minutes of pictures.
    steps = ([100] * 49 + [15 * MINUTE]) * 40

    plans = _plans(_recording(steps))

    # Each piece holds at least two alarms: fifty frames know too little of their scene.
    assert len(plans) == 20
    assert {plan.n_frames for plan in plans} == {100, 101}


def test_a_long_gap_is_where_a_recording_is_cut() -> None:
    steps = [100] * 149 + [10 * MINUTE] + [100] * 200

    plans = _plans(_recording(steps))

    assert [plan.first_frame for plan in plans] == [0, 150]


def test_a_short_gap_does_not_cut() -> None:
    assert len(_plans(_recording([100] * 149 + [MINUTE] + [100] * 200))) == 1


def test_length_is_counted_without_what_was_not_recorded() -> None:
    # Twelve minutes of pictures with four minutes missing in the middle: two segments, not three.
    steps = [100] * 3599 + [4 * MINUTE] + [100] * 3600

    plans = _plans(_recording(steps))

    assert len(plans) == 2
    assert abs(plans[0].n_frames - plans[1].n_frames) <= 60 * 10


def test_a_change_of_size_cuts_however_short_the_piece() -> None:
    steps = [100] * 200

    plans = _plans(_recording(steps, size_changes=((15_000, 640, 480), (16_000, 320, 240))))

    assert [(plan.first_frame, plan.n_frames) for plan in plans] == [(0, 150), (150, 10), (160, 41)]


def test_the_size_at_a_time_is_that_of_the_last_change_before() -> None:
    facts = _recording([100] * 200, size_changes=((15_000, 640, 480), (16_000, 352, 288)))[0].facts

    sizes = [facts.size_at(pts) for pts in (0, 14_999, 15_000, 15_999, 16_000, 99_999)]

    assert sizes == [(320, 240), (320, 240), (640, 480), (640, 480), (352, 288), (352, 288)]
