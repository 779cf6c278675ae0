# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Recording, RecordingId, StreamFacts, Track, TrackId
from indexer.ticks import ClockRecord, utc_of
from models.errors import UnknownReference
from review.synopsis.tubes import camera_axes, film_rate, frames_of, microseconds_of, tubes_of
from tests.synopsis.scenes import straight_tube


def a_recording(
    name: str, *, start: datetime | None, time_base: Fraction = Fraction(1, 90000), step: int = 3600
) -> Recording:
    facts = StreamFacts(
        container="mp4",
        codec="h264",
        stream_index=0,
        size_wh_px=(640, 360),
        time_base=time_base,
        n_packets=100,
        first_pts_ticks=step,
        last_pts_ticks=step * 100,
        median_step_ticks=step,
        is_vfr=False,
        n_keyframes=4,
    )
    return Recording(
        recording_id=RecordingId(f"r-{name}"),
        path=f"/{name}.mp4",
        sha256=name * 8,
        size_bytes=1,
        camera="C1",
        piece="1",
        facts=facts,
        clock=ClockRecord(displayed_start=start, offset_ms=-3_792_000, drift_ppm=50 if start else 0),
    )


def a_track(recording: Recording, pts: list[int]) -> Track:
    n = len(pts)
    return Track(
        track_id=TrackId("t-1"),
        recording_id=recording.recording_id,
        camera="C1",
        class_name="car",
        class_score=1.0,
        class_model="m@1",
        frame_index=np.arange(n, dtype=np.int32),
        pts_ticks=np.array(pts),
        boxes_xyxy_px=np.tile([10.0, 10.0, 700.0, 60.0], (n, 1)),
        scores=np.ones(n),
        best_pts_ticks=pts[0],
    )


def test_a_tube_lies_on_the_corrected_clock_of_its_recording_to_the_microsecond() -> None:
    recording = a_recording("a", start=datetime(2026, 3, 2, 20, tzinfo=UTC))
    pts = [3600, 7200, 333_333_333]

    (tube,) = tubes_of([a_track(recording, pts)], {recording.recording_id: recording})

    for tick, time_us in zip(pts, tube.time_us.tolist(), strict=True):
        moment = utc_of(tick, first_pts_ticks=3600, time_base=recording.facts.time_base, clock=recording.clock)
        assert moment is not None
        assert abs((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6 - time_us) <= 1


def test_boxes_are_cut_to_the_picture() -> None:
    recording = a_recording("a", start=None)

    (tube,) = tubes_of([a_track(recording, [3600])], {recording.recording_id: recording})

    assert tube.boxes_xyxy_px.max() <= 640


def test_a_track_of_an_unknown_recording_is_refused_by_name() -> None:
    recording = a_recording("a", start=None)

    with pytest.raises(UnknownReference, match="r-a"):
        tubes_of([a_track(recording, [3600])], {})


def test_recordings_without_a_clock_follow_the_dated_ones_in_the_order_of_their_paths() -> None:
    dated = a_recording("z", start=datetime(2026, 3, 2, 20, tzinfo=UTC))
    first, second = a_recording("a", start=None), a_recording("b", start=None)

    axes = camera_axes([second, dated, first])

    assert axes[dated.recording_id] < axes[first.recording_id] < axes[second.recording_id]


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    st.fractions(min_value=Fraction(1, 2), max_value=60, max_denominator=1001),
)
def test_film_frames_round_half_up_exactly(times_us: list[int], rate: Fraction) -> None:
    found = frames_of(np.array(times_us), origin_us=0, rate=rate)

    expected = [floor(Fraction(t, 1_000_000) * rate + Fraction(1, 2)) for t in times_us]
    assert found.tolist() == expected


@given(st.integers(0, 2**40), st.sampled_from([Fraction(1, 90000), Fraction(1, 1000), Fraction(1001, 30000)]))
def test_media_microseconds_are_exact(ticks: int, time_base: Fraction) -> None:
    found = microseconds_of(np.array([ticks]), first_pts_ticks=0, time_base=time_base)

    assert int(found[0]) == floor(ticks * time_base * 1_000_000 + Fraction(1, 2))


def test_the_film_runs_at_the_rate_of_its_fastest_source() -> None:
    slow, fast = a_recording("a", start=None, step=15000), a_recording("b", start=None, step=3600)

    assert film_rate([slow, fast]) == 25
    assert film_rate([slow]) == 6
    assert film_rate([a_recording("c", start=None, step=1500)]) == 30


def test_the_arrays_of_a_tube_cannot_be_changed() -> None:
    tube = straight_tube(1, start_s=0, duration_s=10, from_xy=(50, 100), to_xy=(60, 100))

    with pytest.raises(ValueError, match="read-only"):
        tube.boxes_xyxy_px[0] = 0
    assert replace(tube, piece=3).piece == 3
