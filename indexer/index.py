# SPDX-License-Identifier: Apache-2.0
"""The index of a case: immutable segments in a blob store, and the views that make them quick to ask."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from indexer.blobs import BlobStore
from indexer.completion import MAX_CUT_S, read_segments
from indexer.corrections import Correction, apply_corrections
from indexer.records import Recording, RecordingId, Track, TrackId
from indexer.rows import TrackRows
from indexer.segments import Segment, pack, segment_name, unpack
from indexer.tracks import join_across_cut, joined
from indexer.vectors import VectorIndex
from models.errors import UnknownReference

__all__ = ["Index", "content_digest", "stored_numbers", "void_segments", "write_segment"]


def write_segment(store: BlobStore, segment: Segment) -> str:
    """Commit one segment: one durable write, all or nothing. Returns its content digest."""
    content, digest = pack(segment)
    is_rest = bool(segment.completes_sha256)
    store.write(segment_name(segment.recording_id, segment.number, is_rest=is_rest), content)
    return digest


def stored_numbers(store: BlobStore, recording_id: RecordingId) -> frozenset[int]:
    """Numbers of the segments of a recording that are committed."""
    names = (name.rsplit("/", 1)[1].removesuffix(".seg") for name in store.names(f"segments/{recording_id}/"))
    return frozenset(int(name) for name in names if not name.endswith("-rest"))


def void_segments(
    store: BlobStore,
    recording_id: RecordingId,
    *,
    allowed_ticks: Sequence[tuple[int, int]] | None = None,
    from_number: int = 0,
) -> int:
    """Replace stored segments by empty ones, which every reader passes over; returns how many.

    Args:
        store: Where the segments are.
        recording_id: Whose segments.
        allowed_ticks: Keep segments that lie inside one of these half-open spans; None keeps none.
        from_number: Leave segments of a lower number alone.
    """
    n_void = 0
    for number in sorted(stored_numbers(store, recording_id)):
        name = segment_name(recording_id, number)
        segment = unpack(store.read(name), name=name)
        span = (segment.start_pts_ticks, segment.end_pts_ticks)
        is_kept = any(start <= span[0] and span[1] <= end for start, end in allowed_ticks or ())
        if number < from_number or segment.is_void or is_kept:
            continue
        # Why: what completes a segment goes first; were the run killed in between, the segment itself would be taken
        # back again, but nobody would look for the rest of a void one.
        rest_name = segment_name(recording_id, number, is_rest=True)
        if store.exists(rest_name):
            rest = unpack(store.read(rest_name), name=rest_name)
            store.write(rest_name, pack(rest.voided())[0])
        write_segment(store, segment.voided())
        n_void += 1
    return n_void


def content_digest(segments: Iterable[Segment]) -> str:
    """Hex SHA-256 over the content of all segments in order: equal indexes give equal digests."""
    digest = hashlib.sha256()
    for segment in sorted(segments, key=lambda item: (item.recording_id, item.number)):
        if not segment.is_void:
            digest.update(pack(segment)[1].encode())
    return digest.hexdigest()


class Index:
    """Everything that the stored segments say, ready to be searched. Read-only; open again to see new segments.

    Args:
        store: Where the segments are.
        recordings: Recordings of the case by identifier; segments of others are ignored.
        corrections: Corrections by hand that stand, in order of number.

    Attributes:
        corrections_by_track: The corrections behind each track made by hand, in order; the last one made it.
        idle_corrections: Numbers of corrections that name a track which is not there, and change nothing.

    Raises:
        Tampered: A segment does not match its digest.
    """

    def __init__(
        self,
        store: BlobStore,
        recordings: Mapping[RecordingId, Recording],
        *,
        corrections: Sequence[Correction] = (),
    ) -> None:
        self.recordings = dict(recordings)
        self.segments: tuple[Segment, ...] = tuple(
            segment
            for recording_id, recording in sorted(self.recordings.items())
            for segment in read_segments(store, recording_id, recording.facts)
        )
        found, self.corrections_by_track, self.idle_corrections = apply_corrections(self._joined_tracks(), corrections)
        by_appearance = sorted(
            found.items(), key=lambda item: (item[1].recording_id, int(item[1].pts_ticks[0]), item[0])
        )
        self._track_by_id = dict(by_appearance)
        self.rows = TrackRows()
        self.rows.add(self.tracks)
        # Why: vectors of two appearance nets cannot be compared; those that most tracks have are kept.
        lengths = Counter(len(track.vector) for track in self.tracks if len(track.vector))
        usual = max(lengths, key=lambda length: (lengths[length], length), default=0)
        described = [track for track in self.tracks if len(track.vector) == usual > 0]
        vectors = np.stack([track.vector for track in described]) if described else np.zeros((0, 1), np.float32)
        self.vectors = VectorIndex([track.track_id for track in described], vectors)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All tracks, by recording and first appearance."""
        return tuple(self._track_by_id.values())

    @property
    def model_ids(self) -> tuple[str, ...]:
        """What made the segments, and what described the tracks that were corrected by hand, sorted."""
        ids = {model_id for segment in self.segments for model_id in segment.model_ids}
        for track_id in self.corrections_by_track:
            track = self._track_by_id[track_id]
            said_by = (track.class_model, *(item.model for item in track.attributes))
            ids.update(part for joined_ids in said_by for part in joined_ids.split("+") if part)
        return tuple(sorted(ids))

    def track(self, track_id: str) -> Track:
        """One track.

        Raises:
            UnknownReference: There is none of that identifier.
        """
        found = self._track_by_id.get(TrackId(track_id))
        if found is None:
            raise UnknownReference(
                f"There is no track {track_id} in this case.", hint="List them with: relecture tracks CASE"
            )
        return found

    def tracks_of(self, track_ids: Sequence[str]) -> tuple[Track, ...]:
        """The tracks of several identifiers, in that order."""
        return tuple(self.track(track_id) for track_id in track_ids)

    def close(self) -> None:
        """Release the views."""
        self.rows.close()

    def _joined_tracks(self) -> dict[TrackId, Track]:
        """Tracks by identifier, those that a cut between two segments broke joined again."""
        result: dict[TrackId, Track] = {}
        current: dict[TrackId, TrackId] = {}
        previous: Segment | None = None
        for segment in sorted(self.segments, key=lambda item: (item.recording_id, item.number)):
            pairs: dict[TrackId, TrackId] = {}
            if previous is not None and previous.recording_id == segment.recording_id:
                facts = self.recordings[segment.recording_id].facts
                # Why: where the picture size changed, boxes on both sides are measured in other pixels.
                has_one_size = facts.size_at(previous.start_pts_ticks) == facts.size_at(segment.start_pts_ticks)
                step = int(MAX_CUT_S / facts.time_base) if has_one_size else 0
                # Why: as the cut stood before anything was made up for; what came since may take no identifier away.
                before, behind = (each.tracks if each.stood is None else each.stood for each in (previous, segment))
                pairs = {later: earlier for earlier, later in join_across_cut(before, behind, max_step_ticks=step)}
            mapping: dict[TrackId, TrackId] = {}
            for track in segment.tracks:
                earlier_id = pairs.get(track.track_id)
                if earlier_id is None:
                    result[track.track_id] = track
                    mapping[track.track_id] = track.track_id
                else:
                    kept = current[earlier_id]
                    result[kept] = joined(result[kept], track)
                    mapping[track.track_id] = kept
            current, previous = mapping, segment
        return result
