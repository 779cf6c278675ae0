# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gui.presenters.lane import make_lane
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
