# SPDX-License-Identifier: Apache-2.0
"""Cuts units that last longer than a film may: into consecutive pieces, each with its own times.

All tubes of a unit are cut at the same instants of the source, and at instants at which nobody of the unit meets
another where there are such: who meets whom stays whole. The pieces of an instant stay together to the frame; pieces of
different instants may stand in the film side by side.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import RecordingId, TrackId
from review.synopsis.groups import Interaction, Tie
from review.synopsis.tubes import MICROSECONDS, Tube

__all__ = ["CutTrack", "cut_units", "longest_unit", "ties_across"]

STEP_US: Final = MICROSECONDS // 5
BESIDE_US: Final = MICROSECONDS
"""Footage left before and after a meeting, where there is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutTrack:
    """A track that the film shows in pieces side by side, because it lasts longer than the film may.

    Attributes:
        track_id: The track.
        recording_id: Its recording.
        pts_ticks: PTS at which each piece but the first begins, stream time base of the recording.
        is_meeting_cut: True when a cut lies within a meeting, because there was no other instant.
    """

    track_id: TrackId
    recording_id: RecordingId
    pts_ticks: tuple[int, ...]
    is_meeting_cut: bool


def longest_unit(tubes: Sequence[Tube], unit: NDArray[np.int64]) -> tuple[tuple[TrackId, ...], float]:
    """Tracks of the unit that lasts longest, sorted, and how long it lasts, seconds of source time."""
    starts, ends = _spans(tubes, unit)
    longest = int(np.argmax(ends - starts))
    tracks = {tube.track_id for tube, number in zip(tubes, unit.tolist(), strict=True) if number == longest}
    return tuple(sorted(tracks)), float(ends[longest] - starts[longest]) / MICROSECONDS


def cut_units(
    tubes: Sequence[Tube], unit: NDArray[np.int64], meetings: Sequence[Interaction], *, limit_us: int
) -> tuple[tuple[Tube, ...], NDArray[np.int64], tuple[CutTrack, ...]]:
    """Cut every unit that lasts longer than a limit into as few pieces as keep to it.

    Args:
        tubes: Tubes of one camera, in source order.
        unit: (N,) unit of each.
        meetings: Spans in which two of them meet, by index into ``tubes``.
        limit_us: Longest piece, microseconds of source time.

    Returns:
        Tubes in source order, their units, and the tracks that were cut, sorted.
    """
    starts, ends = _spans(tubes, unit)
    together: dict[int, list[tuple[int, int]]] = {}
    for item in meetings:
        together.setdefault(int(unit[item.first]), []).append((item.start_us, item.end_us))
    cuts_of: dict[int, list[int]] = {}
    cut_meetings: set[int] = set()
    for number in np.flatnonzero(ends - starts > limit_us).tolist():
        cuts, is_free = _cuts(int(starts[number]), int(ends[number]), limit_us, together.get(number, []))
        cuts_of[number] = cuts
        cut_meetings |= set() if is_free else {number}
    found: list[tuple[Tube, tuple[int, int]]] = []
    cut_tracks: list[CutTrack] = []
    for tube, number in zip(tubes, unit.tolist(), strict=True):
        pieces = _pieces(tube, cuts_of.get(number, []))
        found += [(piece, (number, at)) for piece, at in pieces]
        if len(pieces) > 1:
            cut_tracks.append(
                CutTrack(
                    track_id=tube.track_id,
                    recording_id=tube.recording_id,
                    pts_ticks=tuple(int(piece.pts_ticks[0]) for piece, _ in pieces[1:]),
                    is_meeting_cut=number in cut_meetings,
                )
            )
    found.sort(key=lambda item: (item[0].start_us, item[0].track_id, item[0].piece))
    found = _numbered(found) if cut_tracks else found
    numbers: dict[tuple[int, int], int] = {}
    units = np.array([numbers.setdefault(key, len(numbers)) for _, key in found], np.int64)
    ordered = tuple(sorted(cut_tracks, key=lambda cut: (cut.track_id, cut.pts_ticks)))
    return tuple(tube for tube, _ in found), units, ordered


def _numbered(found: Sequence[tuple[Tube, tuple[int, int]]]) -> list[tuple[Tube, tuple[int, int]]]:
    """The pieces of each track counted anew in source time: what stood still may have been cut out of it before."""
    seen: Counter[TrackId] = Counter()
    numbered = []
    for tube, key in found:
        numbered.append((replace(tube, piece=seen[tube.track_id]), key))
        seen[tube.track_id] += 1
    return numbered


def ties_across(meetings: Sequence[Interaction], whole: Sequence[Tube], pieces: Sequence[Tube]) -> tuple[Tie, ...]:
    """The pairs that meet, by the pieces that show each meeting, so that a meeting that was cut is seen to be.

    Args:
        meetings: Spans in which two of ``whole`` meet.
        whole: Tubes before they were cut.
        pieces: The same in pieces.
    """
    stays: dict[TrackId, list[int]] = {}
    for tube in sorted(whole, key=lambda tube: tube.start_us):
        stays.setdefault(tube.track_id, []).append(tube.start_us)
    of_tube: dict[tuple[TrackId, int], list[int]] = {}
    for index, piece in enumerate(pieces):
        starts = stays[piece.track_id]
        start_us = starts[bisect_right(starts, piece.start_us) - 1]
        of_tube.setdefault((piece.track_id, start_us), []).append(index)
    ties: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for item in meetings:
        both = [k for t in (whole[item.first], whole[item.second]) for k in of_tube[t.track_id, t.start_us]]
        shown = tuple(k for k in both if pieces[k].start_us <= item.end_us and pieces[k].end_us >= item.start_us)
        ties.setdefault((item.first, item.second), []).append(shown)
    return tuple(Tie(meetings=tuple(ties[pair])) for pair in sorted(ties))


def _spans(tubes: Sequence[Tube], unit: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last instant of each unit."""
    n = int(unit.max(initial=-1)) + 1
    starts, ends = np.full(n, np.iinfo(np.int64).max), np.full(n, np.iinfo(np.int64).min)
    np.minimum.at(starts, unit, [tube.start_us for tube in tubes])
    np.maximum.at(ends, unit, [tube.end_us for tube in tubes])
    return starts, ends


def _cuts(start_us: int, end_us: int, limit_us: int, meetings: Sequence[tuple[int, int]]) -> tuple[list[int], bool]:
    """Instants that cut a span into as few pieces as the limit allows; whether all lie outside the meetings."""
    n_pieces = -(-(end_us - start_us) // limit_us)
    cuts: list[int] = []
    is_free = True
    for number in range(1, n_pieces):
        before = cuts[-1] if cuts else start_us
        # Why: a cut may lie so early that the rest still fits, and so late that this piece does.
        earliest = max(before + min(STEP_US, limit_us), end_us - (n_pieces - number) * limit_us)
        latest = max(earliest, min(before + limit_us, end_us - 1))
        even = min(max(start_us + (end_us - start_us) * number // n_pieces, earliest), latest)
        at = np.r_[even, np.arange(earliest, latest + 1, STEP_US)]
        inside = np.zeros(len(at), np.int64)
        for first, last in meetings:
            inside += 2 * ((at > first) & (at <= last)) + ((at > first - BESIDE_US) & (at <= last + BESIDE_US))
        best = int(np.lexsort((np.abs(at - even), inside))[0])
        is_free = is_free and int(inside[best]) < 2
        cuts.append(int(at[best]))
    return cuts, is_free


def _pieces(tube: Tube, cuts_us: Sequence[int]) -> list[tuple[Tube, int]]:
    """The pieces of a tube that hold a sample, each with its number in the unit."""
    if not cuts_us:
        return [(tube, 0)]
    edges = [0, *np.searchsorted(tube.time_us, np.array(cuts_us)).tolist(), len(tube.time_us)]
    spans = [(at, first, end) for at, (first, end) in enumerate(pairwise(edges)) if end > first]
    if len(spans) == 1:
        return [(tube, spans[0][0])]
    return [(tube.cut(first, end, piece=k), at) for k, (at, first, end) in enumerate(spans)]
