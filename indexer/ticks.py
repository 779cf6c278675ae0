# SPDX-License-Identifier: Apache-2.0
"""Exact time: integer ticks with a rational time base, and the clock record that ties them to UTC.

Seconds exist here only for display. A position is never frame number divided by a frame rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

__all__ = ["ClockRecord", "format_utc", "seconds_of", "ticks_of", "utc_of"]

MICROSECONDS = 1_000_000


def seconds_of(ticks: int, time_base: Fraction) -> Fraction:
    """Exact seconds of a tick count.

    >>> seconds_of(3003, Fraction(1, 30000))
    Fraction(1001, 10000)
    """
    return ticks * time_base


def ticks_of(seconds: Fraction | int | float, time_base: Fraction) -> int:
    """Nearest tick to a number of seconds (ties go up); for positions that a person typed.

    >>> ticks_of(Fraction(1, 2), Fraction(1, 90000))
    45000
    """
    return int((Fraction(seconds) / time_base + Fraction(1, 2)).__floor__())


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRecord:
    """What is known of a recorder's clock, for one recording.

    ``offset_ms`` is displayed time minus reference time: a recorder that runs 1 h 03 min 12 s behind has
    -3 792 000. Corrected time is therefore displayed time minus the offset.

    Attributes:
        displayed_start: Time that the recorder gave to the first frame, with its UTC offset; None when unknown.
        offset_ms: Displayed minus reference, milliseconds.
        uncertainty_ms: Half-width of the interval that the corrected time is claimed to lie in, milliseconds.
        drift_ppm: Clock drift in parts per million of media time, positive when the recorder runs fast.
        how_read: Where the start came from: ``typed``, ``file-name``, ``container`` or ``unknown``.
        proof: How the clock was compared with a reference, in the words of whoever did it.
    """

    displayed_start: datetime | None = None
    offset_ms: int = 0
    uncertainty_ms: int = 1000
    drift_ppm: int = 0
    how_read: str = "unknown"
    proof: str = ""

    @property
    def is_known(self) -> bool:
        """True when a UTC time can be given to a frame."""
        return self.displayed_start is not None

    @property
    def start_utc(self) -> datetime | None:
        """Corrected UTC of the first frame, or None."""
        if self.displayed_start is None:
            return None
        return self.displayed_start.astimezone(UTC) - timedelta(milliseconds=self.offset_ms)


def utc_of(pts_ticks: int, *, first_pts_ticks: int, time_base: Fraction, clock: ClockRecord) -> datetime | None:
    """Corrected UTC of a presentation time stamp, rounded to the microsecond; None without a clock.

    >>> clock = ClockRecord(displayed_start=datetime(2026, 3, 2, 20, tzinfo=UTC), offset_ms=-3_792_000)
    >>> utc_of(90000, first_pts_ticks=0, time_base=Fraction(1, 90000), clock=clock).isoformat()
    '2026-03-02T21:03:13+00:00'
    """
    start = clock.start_utc
    if start is None:
        return None
    elapsed_s = seconds_of(pts_ticks - first_pts_ticks, time_base)
    elapsed_s -= elapsed_s * clock.drift_ppm / 1_000_000
    return start + timedelta(microseconds=round(elapsed_s * MICROSECONDS))


def format_utc(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds and a ``Z``, as every ``--json`` prints it.

    >>> format_utc(datetime(2026, 3, 2, 21, 3, 13, tzinfo=UTC))
    '2026-03-02T21:03:13.000000Z'
    """
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
