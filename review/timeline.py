# SPDX-License-Identifier: Apache-2.0
"""What is known of the footage along corrected time: analysed, skipped, unusable, missing. Hits are read against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from indexer.findings import FindingKind
from indexer.index import Index
from indexer.oddities import gap_steps
from indexer.records import Recording
from indexer.segments import Segment
from indexer.ticks import utc_of
from review.finding_words import french_sentence
from review.hits import TimelineKind, TimelineSpan
from review.recordings import CaseRecording, packets_of, read_recordings
from review.requisition import ScopeVerdict
from review.session import CaseSession

__all__ = ["timeline_of"]

LEAST_GAP_S = 1.0

_known: WeakKeyDictionary[Index, tuple[TimelineSpan, ...]] = WeakKeyDictionary()


def timeline_of(session: CaseSession, index: Index) -> tuple[TimelineSpan, ...]:
    """Every span that a reader of the hits must know, by camera and time; made once for an index.

    Recordings whose clock is not established have no place in it.
    """
    if index not in _known:
        items = [
            item
            for item in read_recordings(session)
            if item.scope != ScopeVerdict.OUTSIDE and item.recording.clock.is_known
        ]
        spans = [span for item in items for span in _of_recording(session, index, item)]
        spans += _between_recordings(items)
        _known[index] = tuple(sorted(spans, key=lambda span: (span.camera, span.start_utc, span.end_utc)))
    return _known[index]


def _of_recording(session: CaseSession, index: Index, item: CaseRecording) -> Iterator[TimelineSpan]:
    recording = item.recording
    segments = [segment for segment in index.segments if segment.recording_id == recording.recording_id]
    for start, end in item.allowed_ticks():
        for first, last in _uncovered(segments, start, end):
            yield _span(recording, TimelineKind.NOT_ANALYSED, first, last)
    for segment in segments:
        yield from _of_segment(recording, segment)
    pts = packets_of(session, recording.recording_id).pts_ticks
    for place in np.flatnonzero(gap_steps(np.diff(pts), recording.facts)).tolist():
        at = int(pts[place]) + recording.facts.median_step_ticks
        yield _span(recording, TimelineKind.GAP, at, int(pts[place + 1]))


def _of_segment(recording: Recording, segment: Segment) -> Iterator[TimelineSpan]:
    yield _span(recording, TimelineKind.ANALYSED, segment.start_pts_ticks, segment.end_pts_ticks)
    for span in segment.skipped:
        yield _span(recording, TimelineKind.SKIPPED, span.first_pts_ticks, span.end_pts_ticks, score=span.score)
    for finding in segment.findings:
        first, last = finding.first_pts_ticks, finding.last_pts_ticks
        if finding.kind is FindingKind.UNUSABLE_PERIOD and first is not None and last is not None:
            yield _span(recording, TimelineKind.UNUSABLE, first, last, detail=finding.detail)


def _uncovered(segments: Sequence[Segment], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Parts of a span that no segment covers."""
    at = start
    for segment in sorted(segments, key=lambda segment: segment.start_pts_ticks):
        if segment.end_pts_ticks <= at or segment.start_pts_ticks >= end:
            continue
        if segment.start_pts_ticks > at:
            yield at, segment.start_pts_ticks
        at = segment.end_pts_ticks
    if at < end:
        yield at, end


def _between_recordings(items: Sequence[CaseRecording]) -> Iterator[TimelineSpan]:
    """Between two files of one camera, where the second begins later than the first ends."""
    for before, after in pairwise(items):
        one, other = before.recording, after.recording
        if one.camera != other.camera:
            continue
        end = _moment(one, one.facts.last_pts_ticks + one.facts.median_step_ticks)
        start = _moment(other, other.facts.first_pts_ticks)
        if (start - end).total_seconds() > LEAST_GAP_S:
            yield TimelineSpan(
                kind=TimelineKind.GAP,
                camera=one.camera,
                recording_name=f"{Path(one.path).name}, {Path(other.path).name}",
                start_utc=end,
                end_utc=start,
            )


def _span(
    recording: Recording, kind: TimelineKind, first: int, last: int, *, score: float | None = None, detail: str = ""
) -> TimelineSpan:
    return TimelineSpan(
        kind=kind,
        camera=recording.camera,
        recording_name=Path(recording.path).name,
        start_utc=_moment(recording, first),
        end_utc=_moment(recording, last),
        score=score,
        detail=detail,
        detail_fr=french_sentence(detail) or detail,
    )


def _moment(recording: Recording, pts_ticks: int) -> datetime:
    facts = recording.facts
    moment = utc_of(pts_ticks, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base, clock=recording.clock)
    assert moment is not None, "only recordings with a clock have a place in time"
    return moment
