# SPDX-License-Identifier: Apache-2.0
"""Hits along time: bins of a round length, counted by verdict. Pure functions behind the lane under the grid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gui.times import PARIS
from review.hits import Hit

__all__ = ["Bin", "Lane", "make_lane"]

_STEPS_S: Final = (1, 5, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 604800)
_VERDICTS: Final = ("validated", "doubtful", "", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bar.

    Attributes:
        start_utc: Inclusive; the bin lasts the lane's step.
        counts: Hits that begin in it, as (verdict, count), validated first, rejected last; only those above zero.
    """

    start_utc: datetime
    counts: tuple[tuple[str, int], ...]

    @property
    def n_hits(self) -> int:
        """Hits that begin in the bin."""
        return sum(count for _, count in self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Hits along corrected time.

    Attributes:
        start_utc: Left edge, on a round local time; None when no hit has a time.
        step_s: Length of a bin, seconds.
        bins: Every bin from the first hit to the last, empty ones too.
        n_untimed: Hits whose clock is not established, which cannot be shown here.
    """

    start_utc: datetime | None = None
    step_s: int = 0
    bins: tuple[Bin, ...] = ()
    n_untimed: int = 0


def make_lane(hits: tuple[Hit, ...], *, max_bins: int = 72) -> Lane:
    """Count hits in bins of the shortest round length that needs at most ``max_bins``."""
    timed = [(hit.start_utc, hit.verdict) for hit in hits if hit.start_utc is not None]
    n_untimed = len(hits) - len(timed)
    if not timed:
        return Lane(n_untimed=n_untimed)
    first, last = min(moment for moment, _ in timed), max(moment for moment, _ in timed)
    for step_s in _STEPS_S:
        start = _floor(first, step_s)
        n_bins = int((last - start).total_seconds() // step_s) + 1
        if n_bins <= max_bins:
            break
    counts: list[Counter[str]] = [Counter() for _ in range(n_bins)]
    for moment, verdict in timed:
        counts[min(n_bins - 1, int((moment - start).total_seconds() // step_s))][verdict] += 1
    bins = tuple(
        Bin(
            start_utc=start + timedelta(seconds=k * step_s),
            counts=tuple((name, count[name]) for name in _VERDICTS if count[name]),
        )
        for k, count in enumerate(counts)
    )
    return Lane(start_utc=start, step_s=step_s, bins=bins, n_untimed=n_untimed)


def _floor(moment: datetime, step_s: int) -> datetime:
    """Last round local time at or before a moment, as UTC."""
    local = moment.astimezone(PARIS)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    # Why: both are turned to UTC first, since Python subtracts wall clocks within one zone.
    elapsed_s = (moment - midnight.astimezone(moment.tzinfo)).total_seconds()
    return moment - timedelta(seconds=elapsed_s % step_s)
