# SPDX-License-Identifier: Apache-2.0
"""Time is exact: ticks to instants and back, across changes of the clock, with offset and drift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from indexer.ticks import ClockRecord, format_utc, seconds_of, ticks_of, utc_of

TIME_BASES = st.sampled_from([Fraction(1, 90000), Fraction(1, 12800), Fraction(1, 1000), Fraction(1001, 30000)])
TICKS = st.integers(-(2**40), 2**40)
START = datetime(2026, 3, 2, 20, tzinfo=UTC)


@given(ticks=TICKS, time_base=TIME_BASES)
def test_ticks_survive_the_way_to_seconds_and_back(ticks: int, time_base: Fraction) -> None:
    assert ticks_of(seconds_of(ticks, time_base), time_base) == ticks


@given(seconds=st.fractions(-(10**6), 10**6), time_base=TIME_BASES)
def test_the_nearest_tick_is_at_most_half_a_tick_away(seconds: Fraction, time_base: Fraction) -> None:
    assert abs(seconds_of(ticks_of(seconds, time_base), time_base) - seconds) <= time_base / 2


def test_a_tie_between_two_ticks_goes_up() -> None:
    assert [ticks_of(Fraction(n, 2), Fraction(1)) for n in (-3, -1, 1, 3)] == [-1, 0, 1, 2]


@given(
    ticks=st.lists(st.integers(0, 2**36), min_size=2, max_size=20),
    time_base=TIME_BASES,
    drift=st.integers(-5000, 5000),
    offset=st.integers(-(10**8), 10**8),
)
def test_later_ticks_never_get_an_earlier_time(ticks: list[int], time_base: Fraction, drift: int, offset: int) -> None:
    clock = ClockRecord(displayed_start=START, offset_ms=offset, drift_ppm=drift)

    moments = [utc_of(tick, first_pts_ticks=0, time_base=time_base, clock=clock) for tick in sorted(ticks)]

    assert moments == sorted(moments, key=lambda moment: moment or START)


@given(tick=st.integers(0, 2**33), first=st.integers(-(2**33), 2**33), time_base=TIME_BASES)
def test_a_time_is_the_start_plus_the_exact_elapsed_time_to_half_a_microsecond(
    tick: int, first: int, time_base: Fraction
) -> None:
    clock = ClockRecord(displayed_start=START)

    moment = utc_of(first + tick, first_pts_ticks=first, time_base=time_base, clock=clock)

    assert moment is not None
    elapsed = Fraction((moment - START) // timedelta(microseconds=1), 1_000_000)
    assert abs(elapsed - tick * time_base) <= Fraction(1, 2_000_000)


def test_an_hour_of_footage_over_the_change_to_summer_time_lasts_an_hour() -> None:
    paris = ZoneInfo("Europe/Paris")
    clock = ClockRecord(displayed_start=datetime(2026, 3, 29, 1, 30, tzinfo=paris))

    end = utc_of(3600, first_pts_ticks=0, time_base=Fraction(1), clock=clock)

    assert end is not None
    assert end == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert end.astimezone(paris).strftime("%H:%M %z") == "03:30 +0200"


def test_the_hour_that_comes_twice_in_autumn_is_told_apart_by_its_offset() -> None:
    summer = ClockRecord(displayed_start=datetime.fromisoformat("2026-10-25T02:30:00+02:00"))
    winter = ClockRecord(displayed_start=datetime.fromisoformat("2026-10-25T02:30:00+01:00"))

    assert summer.start_utc is not None and winter.start_utc is not None
    assert winter.start_utc - summer.start_utc == timedelta(hours=1)


def test_a_recorder_that_runs_behind_is_corrected_forward() -> None:
    clock = ClockRecord(displayed_start=START, offset_ms=-3_792_000)

    assert clock.start_utc == START + timedelta(hours=1, minutes=3, seconds=12)


def test_a_recorder_that_runs_fast_loses_its_drift() -> None:
    clock = ClockRecord(displayed_start=START, drift_ppm=100)

    moment = utc_of(10_000, first_pts_ticks=0, time_base=Fraction(1), clock=clock)

    assert moment == START + timedelta(seconds=9999)


def test_without_a_displayed_start_there_is_no_time_of_day() -> None:
    assert utc_of(90_000, first_pts_ticks=0, time_base=Fraction(1, 90000), clock=ClockRecord()) is None
    assert not ClockRecord().is_known
    assert format_utc(None) is None


def test_a_time_is_written_in_utc_with_microseconds() -> None:
    assert format_utc(datetime.fromisoformat("2026-03-02T21:00:00.25+01:00")) == "2026-03-02T20:00:00.250000Z"
