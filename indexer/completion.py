# SPDX-License-Identifier: Apache-2.0
"""What was skipped, made up for later: a second immutable blob beside a segment, and both read as one.

The blob of the rest names the digest of the segment that it completes. Where that segment was made again or taken back
since, the rest is passed over. Identifiers of tracks that stood in the index never change by completing it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from typing import Final

from indexer.blobs import BlobStore
from indexer.planning import SegmentPlan
from indexer.records import RecordingId, StreamFacts, Track
from indexer.segments import Segment, SegmentStats, read_header, segment_name, unpack
from indexer.tracks import join_across_cut, joined

__all__ = ["MAX_CUT_S", "completed", "read_segments", "rest_plan"]

MAX_CUT_S: Final = 1.0
"""Two pieces of a track are one only if no more than this lies between them."""
COMPLETED: Final = "+exhaustive"
"""Put behind the profile of a segment whose skipped spans were made up for."""


def rest_plan(plan: SegmentPlan, segment: Segment, *, content_sha256: str) -> SegmentPlan | None:
    """What is left to do of a stored segment; None where it skipped nothing.

    Args:
        plan: As the segment was made by.
        segment: As it is stored.
        content_sha256: Its digest as its header gives it: packed by another version of pyarrow it would be another one.
    """
    if not segment.skipped:
        return None
    spans = tuple((span.first_pts_ticks, span.end_pts_ticks) for span in segment.skipped)
    return replace(plan, only_ticks=spans, completes_sha256=content_sha256)


def read_segments(store: BlobStore, recording_id: RecordingId, facts: StreamFacts) -> Iterator[Segment]:
    """The stored segments of a recording by number, void ones left out, completed where that was done.

    Raises:
        Tampered: A segment does not match its digest.
    """
    names = set(store.names(f"segments/{recording_id}/"))
    numbers = sorted(int(name.rsplit("/", 1)[1][:4]) for name in names if not name.endswith("-rest.seg"))
    for number in numbers:
        name, rest_name = segment_name(recording_id, number), segment_name(recording_id, number, is_rest=True)
        content = store.read(name)
        segment = unpack(content, name=name)
        if segment.is_void:
            continue
        if rest_name in names:
            rest = unpack(store.read(rest_name), name=rest_name)
            if rest.completes_sha256 == read_header(content, name=name).content_sha256:
                segment = completed(segment, rest, time_base=facts.time_base)
        yield segment


def completed(segment: Segment, rest: Segment, *, time_base: Fraction) -> Segment:
    """A segment and what makes up for its skipped spans, as one that skipped nothing.

    A piece that continues a track of the segment, or leads up to one, is joined to it under that track's identifier.
    Two tracks of the segment stay two, also where the piece between them shows that they are one object, and a piece
    that reaches the segment's end is not joined to what the next one begins with: a verdict may rest on either.

    Args:
        segment: As triage left it.
        rest: What its skipped spans hold.
        time_base: Seconds per tick.
    """
    tracks = _with_pieces(segment.tracks, rest.tracks, max_step_ticks=int(MAX_CUT_S / time_base))
    return replace(
        segment,
        profile=segment.profile + COMPLETED,
        model_ids=tuple(dict.fromkeys([*segment.model_ids, *rest.model_ids])),
        tracks=tracks,
        skipped=(),
        findings=(*segment.findings, *rest.findings),
        stats=_added(segment.stats, rest.stats),
        audited=(),
        stood=segment.tracks,
    )


def _with_pieces(tracks: Sequence[Track], pieces: Sequence[Track], *, max_step_ticks: int) -> tuple[Track, ...]:
    track_by_id = {track.track_id: track for track in tracks}
    piece_by_id = {piece.track_id: piece for piece in pieces}
    for earlier, later in join_across_cut(tracks, pieces, max_step_ticks=max_step_ticks):
        track_by_id[earlier] = joined(track_by_id[earlier], piece_by_id.pop(later))
    for earlier, later in join_across_cut(tuple(piece_by_id.values()), tracks, max_step_ticks=max_step_ticks):
        track_by_id[later] = replace(joined(piece_by_id.pop(earlier), track_by_id[later]), track_id=later)
    found = (*track_by_id.values(), *piece_by_id.values())
    return tuple(sorted(found, key=lambda item: (int(item.pts_ticks[0]), item.track_id)))


def _added(one: SegmentStats, other: SegmentStats) -> SegmentStats:
    """Counts and seconds of both; frames are those of the segment, and nothing counts as skipped any more."""
    sums = {item.name: getattr(one, item.name) + getattr(other, item.name) for item in fields(SegmentStats)}
    return SegmentStats(
        **{
            **sums,
            "n_frames": one.n_frames,
            "n_groups_skipped": 0,
            "smallest_width_px": 0,
            "smallest_height_px": 0,
            "smallest_contrast_levels": 0,
            "longest_look_ticks": 0,
            "peak_memory_mib": max(one.peak_memory_mib, other.peak_memory_mib),
        }
    )
