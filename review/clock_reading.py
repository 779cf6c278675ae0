# SPDX-License-Identifier: Apache-2.0
"""What a person says of a recorder's clock, and the clock record of each file that follows from it.

The displayed start is typed, or taken from the file's name or its container where the person says so: neither is ever
believed unasked. The offset is typed, or follows from the display read beside a reference clock; two such readings give
the drift as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from indexer.ticks import ClockRecord
from models.errors import UsageProblem

__all__ = ["ClockCheck", "ClockReading", "StartSource", "parse_check", "parse_start_source", "stamp_in_name"]

StartSource = Literal["file-name", "container"]
ZONE: Final = ZoneInfo("Europe/Paris")
MAX_CHECKS: Final = 2
MIN_APART: Final = timedelta(hours=1)
MAX_DRIFT_PPM: Final = 1000
"""86 seconds a day: beyond that one of two readings is wrong, not the quartz."""
_STAMP: Final = re.compile(r"(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_ T.]?([0-2]\d)[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCheck:
    """The recorder's display and a reference clock, read at one instant; both with their UTC offset."""

    displayed: datetime
    reference: datetime

    @property
    def offset_ms(self) -> int:
        """Displayed minus reference."""
        return round((self.displayed - self.reference) / timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """What was read of a recorder's clock.

    Attributes:
        start: Displayed start of the one file, or where each file's is to be taken from; None leaves it unknown.
        offset_ms: Displayed minus true time; unused with checks.
        uncertainty_ms: Half-width of the claim on corrected time.
        checks: None, one (offset) or two (offset and drift) readings.
        proof: How it was read, for the report: a photograph's number, a procès-verbal.

    Raises:
        UsageProblem: Too many checks, an offset besides them, or two that contradict each other.
    """

    start: datetime | StartSource | None = None
    offset_ms: int = 0
    uncertainty_ms: int = 1000
    checks: tuple[ClockCheck, ...] = ()
    proof: str = ""

    def __post_init__(self) -> None:
        if self.uncertainty_ms < 0:
            raise UsageProblem("An uncertainty cannot be negative.", hint="Give half the width of the interval: 1s.")
        if self.checks and self.offset_ms:
            raise UsageProblem(
                "The offset is given twice: as --clock-offset and by --clock-check.", hint="Leave one of them out."
            )
        if len(self.checks) > MAX_CHECKS:
            raise UsageProblem(
                f"{len(self.checks)} clock checks: two are enough.", hint="Give the first and the last one."
            )
        if len(self.checks) == MAX_CHECKS:
            self._require_plausible_drift()

    @property
    def drift_ppm(self) -> int:
        """Drift between two checks in millionths of displayed time, positive when the recorder runs fast; else 0."""
        if len(self.checks) < MAX_CHECKS:
            return 0
        first, last = sorted(self.checks, key=lambda check: check.displayed)
        gained = timedelta(milliseconds=last.offset_ms - first.offset_ms)
        return round(1_000_000 * (gained / (last.displayed - first.displayed)))

    def record(self, file_name: str, container_created: str) -> ClockRecord:
        """The clock record of one file.

        Raises:
            UsageProblem: The start is to come from a name or a container that holds none, or from an hour that the
                clocks of France show twice or never.
        """
        start, how_read = self._start(file_name, container_created)
        return ClockRecord(
            displayed_start=start,
            offset_ms=self._offset_at(start),
            uncertainty_ms=self.uncertainty_ms,
            drift_ppm=self.drift_ppm,
            how_read=how_read,
            proof=self.proof,
        )

    def _start(self, file_name: str, container_created: str) -> tuple[datetime | None, str]:
        if self.start is None:
            return None, "unknown"
        if isinstance(self.start, datetime):
            return self.start, "typed"
        if self.start == "file-name":
            return _in_france(file_name), "file-name"
        try:
            moment = datetime.fromisoformat(container_created)
        except ValueError as problem:
            raise UsageProblem(
                f"{file_name}: the container says no time.", hint="Give --start, or leave the clock unknown."
            ) from problem
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC), "container"

    def _offset_at(self, start: datetime | None) -> int:
        if not self.checks:
            return self.offset_ms
        first = min(self.checks, key=lambda check: check.displayed)
        if start is None:
            return first.offset_ms
        return first.offset_ms + round((start - first.displayed) / timedelta(seconds=1) * self.drift_ppm / 1000)

    def _require_plausible_drift(self) -> None:
        first, last = sorted(self.checks, key=lambda check: check.displayed)
        if last.displayed - first.displayed < MIN_APART:
            raise UsageProblem(
                "The two clock checks are less than an hour apart: no drift can be told from them.",
                hint="Give only one of them, or readings that lie further apart.",
            )
        if abs(self.drift_ppm) > MAX_DRIFT_PPM:
            raise UsageProblem(
                f"The two clock checks mean a drift of {self.drift_ppm * 0.0864:.0f} s a day: one of them is wrong.",
                hint="Read them again; a clock that was set in between needs one import for each stretch.",
            )


def parse_check(text: str) -> ClockCheck:
    """``DISPLAYED=REFERENCE``, both with UTC offset.

    >>> parse_check("2026-03-02T19:56:48+01:00=2026-03-02T21:00:00+01:00").offset_ms
    -3792000

    Raises:
        UsageProblem: Not two such times.
    """
    displayed, equals, reference = text.partition("=")
    try:
        moments = [datetime.fromisoformat(part.strip()) for part in (displayed, reference)]
    except ValueError:
        moments = []
    if not equals or not moments or any(moment.tzinfo is None for moment in moments):
        raise UsageProblem(
            f"“{text}” is not a clock check.",
            hint="Write display=true time, both with UTC offset: 2026-03-02T19:56:48+01:00=2026-03-02T21:00:00+01:00.",
        )
    return ClockCheck(displayed=moments[0], reference=moments[1])


def parse_start_source(text: str) -> StartSource | None:
    """``file-name`` or ``container`` where that is what was typed instead of a time."""
    if text == "file-name":
        return "file-name"
    return "container" if text == "container" else None


def stamp_in_name(file_name: str) -> datetime | None:
    """The time in a file's name, as a recorder writes it: without UTC offset; None where there is none.

    >>> stamp_in_name("cam1_20260302-210000.mp4")
    datetime.datetime(2026, 3, 2, 21, 0)
    """
    match = _STAMP.search(file_name)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # Reason: the name says no offset.
    except ValueError:
        return None


def _in_france(file_name: str) -> datetime:
    stamp = stamp_in_name(file_name)
    if stamp is None:
        raise UsageProblem(
            f"{file_name}: the name holds no date and time.", hint="Give --start, or leave the clock unknown."
        )
    early, late = stamp.replace(tzinfo=ZONE), stamp.replace(tzinfo=ZONE, fold=1)
    if early.utcoffset() != late.utcoffset():
        raise UsageProblem(
            f"{file_name}: on that night the clocks of France show {stamp:%H:%M} twice, or never.",
            hint="Import this file by itself, with --start and the UTC offset: +02:00 for summer time, +01:00 after.",
        )
    return early
