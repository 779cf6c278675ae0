# SPDX-License-Identifier: Apache-2.0
"""The three times of an audit record: wall clock, monotonic clock and the boot that the latter belongs to.

The wall clock can be set by whoever holds the machine; the monotonic one cannot be set back within a boot. Their
difference shows a step. Nothing here repairs a time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

__all__ = ["Clock", "ClockStep", "Moment", "SystemClock", "clock_steps", "format_moment"]

BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
STEP_MS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One instant as three clocks saw it.

    Attributes:
        utc: Wall clock.
        monotonic_ms: Milliseconds of a clock that never runs backward within a boot.
        boot_id: Which boot that clock belongs to; empty where the system does not tell.
    """

    utc: datetime
    monotonic_ms: int
    boot_id: str


class Clock(Protocol):
    """Source of moments; tests pass their own."""

    def now(self) -> Moment:
        """The present moment."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Moment:
        """The present moment."""
        boot_id = BOOT_ID_FILE.read_text().strip() if BOOT_ID_FILE.exists() else ""
        return Moment(utc=datetime.now(UTC), monotonic_ms=time.monotonic_ns() // 1_000_000, boot_id=boot_id)


def format_moment(moment: datetime) -> str:
    """UTC with milliseconds and a ``Z``.

    >>> format_moment(datetime(2026, 3, 2, 21, 3, 13, 250_999, tzinfo=UTC))
    '2026-03-02T21:03:13.250Z'
    """
    whole = moment.astimezone(UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{whole.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """The wall clock was set between two neighbouring records of one boot.

    Attributes:
        after_seq: Sequence number of the record before the step.
        step_ms: By how much, positive when the clock was set forward.
    """

    after_seq: int
    step_ms: int


def clock_steps(moments: Iterable[tuple[int, Moment]]) -> tuple[ClockStep, ...]:
    """Steps of more than two seconds between neighbours of one boot, in order.

    Args:
        moments: Sequence number and moment of each record, in order of the log.
    """
    steps = []
    before: tuple[int, Moment] | None = None
    for seq, moment in moments:
        if before is not None and moment.boot_id and before[1].boot_id == moment.boot_id:
            wall_ms = round((moment.utc - before[1].utc).total_seconds() * 1000)
            step_ms = wall_ms - (moment.monotonic_ms - before[1].monotonic_ms)
            if abs(step_ms) > STEP_MS:
                steps.append(ClockStep(after_seq=before[0], step_ms=step_ms))
        before = (seq, moment)
    return tuple(steps)
