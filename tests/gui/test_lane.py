# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gui.presenters.lane import make_lane, spans_at
from review.hits import TimelineKind, TimelineSpan
from tests.gui.fakes import START, make_hit, many_hits


def test_every_timed_hit_is_counted_once_and_the_others_are_told() -> None:
    lane = make_lane((*many_hits(30), make_hit(98, at=None)))

    assert sum(item.n_hits for item in lane.bins) == 30
    assert lane.n_untimed == 1


def test_bins_begin_on_a_round_local_time() -> None:
    lane = make_lane(many_hits(30))

    assert lane.start_utc is not None
    assert lane.step_s == 300
    assert (lane.start_utc.minute % 5, lane.start_utc.second) == (0, 0)


def test_bins_stay_in_step_over_the_change_of_hour() -> None:
    before = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    hits = (make_hit(1, at=before), make_hit(2, at=before + timedelta(hours=6)))

    lane = make_lane(hits, max_bins=12)

    assert lane.step_s == 1800 or len(lane.bins) <= 12
    assert lane.bins[-1].n_hits == 1


def test_no_hits_make_no_bins() -> None:
    assert make_lane(()).bins == ()
    assert make_lane((make_hit(1, at=None),)).start_utc is None


@given(st.lists(st.integers(0, 40 * 86400), min_size=1, max_size=40), st.integers(4, 96))
def test_any_hits_fit_into_the_bins_allowed(seconds: list[int], max_bins: int) -> None:
    hits = tuple(make_hit(n, at=START + timedelta(seconds=s)) for n, s in enumerate(seconds))

    lane = make_lane(hits, max_bins=max_bins)

    assert sum(item.n_hits for item in lane.bins) == len(hits)
    assert len(lane.bins) <= max(max_bins, 7)


def _footage(kind: str, minutes: tuple[float, float], *, camera: str = "CAM-1", **values: Any) -> TimelineSpan:
    start, end = (START + timedelta(minutes=value) for value in minutes)
    return TimelineSpan(
        kind=TimelineKind(kind), camera=camera, recording_name="a.mp4", start_utc=start, end_utc=end, **values
    )


def test_the_lane_reaches_over_all_footage_within_the_period_searched() -> None:
    timeline = (_footage("analysed", (-60, 120)),)

    lane = make_lane(many_hits(5), timeline)
    narrow = make_lane(many_hits(5), timeline, from_utc=START, to_utc=START + timedelta(minutes=30))

    assert lane.start_utc is not None and lane.start_utc <= START - timedelta(minutes=60)
    assert lane.start_utc + timedelta(seconds=lane.step_s * len(lane.bins)) >= START + timedelta(minutes=120)
    assert narrow.start_utc is not None and START - timedelta(minutes=5) <= narrow.start_utc <= START


def test_footage_without_any_hit_is_shown_all_the_same() -> None:
    lane = make_lane((), (_footage("analysed", (0, 10)), _footage("skipped", (2, 8), score=0.01)))

    assert sum(item.n_hits for item in lane.bins) == 0 and len(lane.bins) > 1
    assert [span.kind for span in lane.spans] == ["analysed", "skipped"]


def test_what_is_known_of_a_moment_names_the_most_telling_first() -> None:
    judged = replace(make_hit(1, at=START + timedelta(minutes=3)), verdict="validated")
    lane = make_lane(
        (judged,),
        (
            _footage("skipped", (2, 8), score=0.01),
            _footage("analysed", (0, 10)),
            _footage("unusable", (4, 5), detail="The picture is black."),
            _footage("gap", (10, 12), camera="CAM-2"),
        ),
    )

    at = START + timedelta(minutes=4.5)
    assert [span.kind for span in spans_at(lane, "analysed", at)] == ["skipped", "analysed"]
    assert [span.kind for span in spans_at(lane, "unusable", at)] == ["unusable"]
    assert spans_at(lane, "gap", at) == ()
    assert [span.camera for span in spans_at(lane, "gap", START + timedelta(minutes=11))] == ["CAM-2"]
    assert [span.kind for span in spans_at(lane, "judged", START + timedelta(minutes=3))] == ["judged"]
