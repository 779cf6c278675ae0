# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.times import PARIS, format_clock, format_displayed, format_media_s, format_moment, parse_moment

DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21:03", "2026-03-02T20:03:00+00:00"),
        ("21h03", "2026-03-02T20:03:00+00:00"),
        ("21h", "2026-03-02T20:00:00+00:00"),
        ("21:03:10.5", "2026-03-02T20:03:10.500000+00:00"),
        ("3/3 1:02", "2026-03-03T00:02:00+00:00"),
        ("03/07/2026 21:03", "2026-07-03T19:03:00+00:00"),
        ("2026-03-04 21:03:10", "2026-03-04T20:03:10+00:00"),
        ("2026-03-04T21:03", "2026-03-04T20:03:00+00:00"),
        ("04/03", "2026-03-03T23:00:00+00:00"),
        ("24:00", "2026-03-02T23:00:00+00:00"),
    ],
)
def test_a_typed_local_time_becomes_utc(text: str, expected: str) -> None:
    parsed = parse_moment(text, day=DAY)

    assert parsed.warning == ""
    assert parsed.moment_utc is not None
    assert parsed.moment_utc.isoformat() == expected


@pytest.mark.parametrize("text", ["x", "25:00", "21:61", "32/03 21:00", "31/02/2026", "24:30", "21:03 demain", "-1"])
def test_what_is_no_time_is_told_and_not_guessed(text: str) -> None:
    assert parse_moment(text, day=DAY).warning == "unreadable"


def test_an_empty_field_names_no_time_and_is_no_fault() -> None:
    parsed = parse_moment("  ", day=None)

    assert (parsed.moment_utc, parsed.warning) == (None, "")


@pytest.mark.parametrize("text", ["21:03", "02/03 21:03"])
def test_a_time_without_its_day_is_asked_for_its_day(text: str) -> None:
    assert parse_moment(text, day=None).warning == "no-day"


def test_the_hour_that_occurs_twice_is_told_and_the_first_is_taken() -> None:
    parsed = parse_moment("25/10/2026 02:30", day=None)

    assert parsed.warning == "doubled"
    assert parsed.moment_utc == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_hour_that_does_not_occur_is_told() -> None:
    assert parse_moment("29/03/2026 02:30", day=None).warning == "skipped"


def test_the_doubled_hour_is_shown_with_its_offset() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    assert format_clock(first) == "02:30:00 UTC+2"
    assert format_clock(second) == "02:30:00 UTC+1"


@given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2060, 1, 1)))
def test_what_is_shown_reads_back_as_the_same_second(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC, microsecond=0)
    local = moment.astimezone(PARIS)

    parsed = parse_moment(format_moment(moment).partition(" UTC")[0], day=None)

    assert parsed.moment_utc is not None
    is_second_pass = parsed.warning == "doubled" and local.fold == 1
    assert parsed.moment_utc == moment - (timedelta(hours=1) if is_second_pass else timedelta())


def test_a_recorders_time_is_shown_as_it_showed_it() -> None:
    shown = datetime(2026, 3, 2, 20, 0, 1, tzinfo=timezone(timedelta(hours=5)))

    assert format_displayed(shown) == "20:00:01"
    assert format_displayed(None) == "—"


def test_milliseconds_are_cut_and_not_rounded() -> None:
    assert format_clock(datetime(2026, 3, 2, 20, 0, 0, 999_999, tzinfo=UTC), with_ms=True) == "21:00:00.999"
    assert format_media_s(59.999) == "0:59"
