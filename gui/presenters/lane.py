# SPDX-License-Identifier: Apache-2.0
"""Hits along time: bins of a round length, counted by verdict, and what is known of the footage below them.

Pure functions behind the lanes under the grid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from gui.times import PARIS
from review.hits import Hit, TimelineSpan

__all__ = ["ROWS", "Bin", "Lane", "LaneSpan", "Row", "make_lane", "spans_at"]

_STEPS_S: Final = (1, 5, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 604800)
_VERDICTS: Final = ("validated", "doubtful", "", "rejected")
Row = Literal["analysed", "unusable", "gap", "judged"]
ROWS: Final[tuple[Row, ...]] = ("analysed", "unusable", "gap", "judged")
"""Lanes below the bars, from top to bottom."""
_ROW_BY_KIND: Final[dict[str, Row]] = {
    "analysed": "analysed",
    "not_analysed": "analysed",
    "skipped": "analysed",
    "unusable": "unusable",
    "gap": "gap",
}


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
class LaneSpan:
    """A stretch of one of the lanes below the bars.

    Attributes:
        row: Which lane.
        kind: As in :class:`review.hits.TimelineKind`, or ``judged``.
        start_utc: First instant.
        end_utc: First instant behind.
        source: What it is known from; None for a hit that was judged.
        camera: Camera.
    """

    row: Row
    kind: str
    start_utc: datetime
    end_utc: datetime
    camera: str
    source: TimelineSpan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Hits along corrected time.

    Attributes:
        start_utc: Left edge, on a round local time; None when no hit has a time.
        step_s: Length of a bin, seconds.
        bins: Every bin over hits and footage, empty ones too.
        n_untimed: Hits whose clock is not established, which cannot be shown here.
        spans: Stretches of the lanes below, in the order in which they are painted.
    """

    start_utc: datetime | None = None
    step_s: int = 0
    bins: tuple[Bin, ...] = ()
    n_untimed: int = 0
    spans: tuple[LaneSpan, ...] = ()


def make_lane(
    hits: tuple[Hit, ...],
    timeline: tuple[TimelineSpan, ...] = (),
    *,
    from_utc: datetime | None = None,
    to_utc: datetime | None = None,
    max_bins: int = 72,
) -> Lane:
    """Count hits in bins of the shortest round length that needs at most ``max_bins``.

    Args:
        hits: What a search gave.
        timeline: What is known of the footage; the lane reaches over all of it, within the period searched.
        from_utc: Start of the period searched; None where it is open.
        to_utc: End of it.
        max_bins: Most bars.
    """
    timed = [(hit.start_utc, hit.verdict) for hit in hits if hit.start_utc is not None]
    n_untimed = len(hits) - len(timed)
    known = [span for span in timeline if _is_within(span, from_utc, to_utc)]
    ends = [moment for moment, _ in timed]
    ends += [max(span.start_utc, from_utc or span.start_utc) for span in known]
    ends += [min(span.end_utc, to_utc or span.end_utc) for span in known]
    if not ends:
        return Lane(n_untimed=n_untimed)
    first, last = min(ends), max(ends)
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
    spans = (*_spans_of(known), *_judged(hits))
    return Lane(start_utc=start, step_s=step_s, bins=bins, n_untimed=n_untimed, spans=spans)


def spans_at(lane: Lane, row: Row, moment: datetime, *, reach: timedelta = timedelta(0)) -> tuple[LaneSpan, ...]:
    """The stretches of a row that hold a moment or lie within ``reach`` of it; what is painted last comes first."""
    found = [span for span in lane.spans if span.row == row and span.start_utc - reach <= moment < span.end_utc + reach]
    return tuple(reversed(found))


def _is_within(span: TimelineSpan, from_utc: datetime | None, to_utc: datetime | None) -> bool:
    return (from_utc is None or span.end_utc > from_utc) and (to_utc is None or span.start_utc < to_utc)


def _spans_of(timeline: Sequence[TimelineSpan]) -> Iterator[LaneSpan]:
    order = tuple(_ROW_BY_KIND)
    for span in sorted(timeline, key=lambda span: order.index(span.kind)):
        yield LaneSpan(
            row=_ROW_BY_KIND[span.kind],
            kind=span.kind,
            start_utc=span.start_utc,
            end_utc=span.end_utc,
            camera=span.camera,
            source=span,
        )


def _judged(hits: Sequence[Hit]) -> Iterator[LaneSpan]:
    for hit in hits:
        if hit.verdict and hit.start_utc is not None and hit.end_utc is not None:
            yield LaneSpan(row="judged", kind="judged", start_utc=hit.start_utc, end_utc=hit.end_utc, camera=hit.camera)


def _floor(moment: datetime, step_s: int) -> datetime:
    """Last round local time at or before a moment, as UTC."""
    local = moment.astimezone(PARIS)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    # Why: both are turned to UTC first, since Python subtracts wall clocks within one zone.
    elapsed_s = (moment - midnight.astimezone(moment.tzinfo)).total_seconds()
    return moment - timedelta(seconds=elapsed_s % step_s)
