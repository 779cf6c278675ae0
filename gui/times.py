# SPDX-License-Identifier: Apache-2.0
"""Times as an officer in France types and reads them: local time of Paris, with the change of hour told, not guessed.

Values inside are UTC; this is the only place of the window that turns them into wall-clock text and back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

__all__ = [
    "PARIS",
    "TimeParse",
    "format_clock",
    "format_day",
    "format_displayed",
    "format_media_s",
    "format_moment",
    "parse_moment",
]

PARIS: Final = ZoneInfo("Europe/Paris")

_FORMS: Final = (
    re.compile(r"(?:(?P<y>\d{4})-(?P<mo>\d{1,2})-(?P<d>\d{1,2})[T ])?(?P<time>\S+)"),
    re.compile(r"(?P<d>\d{1,2})[/.](?P<mo>\d{1,2})(?:[/.](?P<y>\d{4}))? (?P<time>\S+)"),
)
_DAY_ONLY: Final = (
    re.compile(r"(?P<y>\d{4})-(?P<mo>\d{1,2})-(?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})[/.](?P<mo>\d{1,2})(?:[/.](?P<y>\d{4}))?"),
)
_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:hH](\d{1,2})?)?(?:[:mM](\d{1,2}))?(?:[.,](\d{1,6}))?[sS]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeParse:
    """What a typed time means.

    Attributes:
        moment_utc: The instant; None when the text names none.
        warning: ``doubled`` when the local hour occurs twice that night (the first is taken), ``skipped`` when it
            does not occur, ``unreadable`` when the text is no time, ``no-day`` when a day is needed; else empty.
    """

    moment_utc: datetime | None = None
    warning: str = ""


def parse_moment(text: str, *, day: date | None) -> TimeParse:
    """Read a time that a person typed, as local time of Paris.

    Takes ``21:03``, ``21h03``, ``21:03:10``, ``2/3 21:03``, ``02/03/2026 21:03:10``, ``2026-03-02 21:03`` and a
    day alone (its midnight). A time alone means that time on ``day``.

    Args:
        text: What was typed; empty text names no time and is no fault.
        day: Local day that a time alone, or a date without a year, refers to.

    >>> parse_moment("21h03", day=date(2026, 3, 2)).moment_utc.isoformat()
    '2026-03-02T20:03:00+00:00'
    >>> parse_moment("2:30", day=date(2026, 3, 29)).warning
    'skipped'
    """
    text = " ".join(text.split())
    if not text:
        return TimeParse()
    for form in _DAY_ONLY:
        match = form.fullmatch(text)
        if match is not None:
            return _local(match, "0:00", day)
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _local(match, match["time"], day)
    return TimeParse(warning="unreadable")


def _local(match: re.Match[str], time_text: str, day: date | None) -> TimeParse:
    clock = _CLOCK.fullmatch(time_text)
    if clock is None:
        return TimeParse(warning="unreadable")
    if day is None and (match["d"] is None or match["y"] is None):
        return TimeParse(warning="no-day")
    year = int(match["y"]) if match["y"] else (day.year if day else 0)
    month = int(match["mo"]) if match["mo"] else (day.month if day else 0)
    dom = int(match["d"]) if match["d"] else (day.day if day else 0)
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
    microsecond = int((clock[4] or "").ljust(6, "0") or 0)
    try:
        naive = datetime(year, month, dom, 0, minute, second, microsecond) + timedelta(hours=hour)
    except ValueError:
        return TimeParse(warning="unreadable")
    if hour > 24 or (hour == 24 and (minute or second)):
        return TimeParse(warning="unreadable")
    return _to_utc(naive)


def _to_utc(naive: datetime) -> TimeParse:
    first = naive.replace(tzinfo=PARIS, fold=0)
    second = naive.replace(tzinfo=PARIS, fold=1)
    moment = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return TimeParse(moment_utc=moment)
    does_occur = moment.astimezone(PARIS).replace(tzinfo=None) == naive
    return TimeParse(moment_utc=moment, warning="doubled" if does_occur else "skipped")


def _is_doubled(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def format_clock(moment: datetime | None, *, with_ms: bool = False, zone: bool = False) -> str:
    """Clock time ``21:03:10``; a moment with another offset than Paris is shown in its own offset if ``zone``.

    Args:
        moment: An aware instant; None gives a dash.
        with_ms: Add milliseconds, cut and not rounded.
        zone: Say the UTC offset; said anyway in the hour that occurs twice.
    """
    if moment is None:
        return "—"
    local = moment.astimezone(PARIS)
    text = local.strftime("%H:%M:%S")
    if with_ms:
        text += f".{local.microsecond // 1000:03d}"
    if zone or _is_doubled(local):
        text += " " + _offset(local)
    return text


def format_displayed(moment: datetime | None, *, with_day: bool = False) -> str:
    """What the recorder's own clock showed, as it showed it: never moved to another time zone."""
    if moment is None:
        return "—"
    return moment.strftime("%d/%m/%Y %H:%M:%S" if with_day else "%H:%M:%S")


def _offset(local: datetime) -> str:
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    sign = "−" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def format_day(moment: datetime | None) -> str:
    """Local day ``02/03/2026``; empty without a moment."""
    return "" if moment is None else moment.astimezone(PARIS).strftime("%d/%m/%Y")


def format_moment(moment: datetime | None, *, with_ms: bool = False, zone: bool = False) -> str:
    """Local day and clock time.

    >>> format_moment(datetime(2026, 3, 2, 20, 3, 10, tzinfo=UTC), zone=True)
    '02/03/2026 21:03:10 UTC+1'
    """
    if moment is None:
        return "—"
    return f"{format_day(moment)} {format_clock(moment, with_ms=with_ms, zone=zone)}"


def format_media_s(seconds: float) -> str:
    """Position or length in media time, ``1:02:03`` or ``2:03``; cut to the second.

    >>> format_media_s(3723.9)
    '1:02:03'
    """
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"
