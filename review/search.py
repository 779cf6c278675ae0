# SPDX-License-Identifier: Apache-2.0
"""Search by attribute, place and time: filters in the index, then times and geometry, hits with their coverage.

Every search is an act: purpose and filters are in the audit log before the hits are shown.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from indexer.findings import FindingKind
from indexer.index import Index
from indexer.records import Track
from indexer.ticks import format_utc, seconds_of, utc_of
from models.errors import UnknownReference
from review.accuracy import accuracy_of
from review.corrections import CORRECTIONS_PREFIX, standing
from review.geometry import crosses_line, longest_stay_s, path_of
from review.hits import Coverage, Hit, HitAttribute, MadeBy, Query, SearchResult
from review.movement import movement_of
from review.recordings import read_recordings
from review.requisition import ScopeVerdict
from review.session import CaseSession
from review.store import SUFFIX
from review.timeline import timeline_of
from review.verdicts import latest
from review.wording import with_words

__all__ = [
    "attributes_of",
    "crop_jpeg",
    "hit_of",
    "index_of",
    "made_by_of",
    "recordings_without_clock",
    "search",
    "similar",
    "track_exists",
    "tracks_of",
]

CLOSE_SHARE: Final = 0.55
"""A second colour answers a search when its share is at least this part of the first one's."""
N_SIMILAR: Final = 50

_indexes: WeakKeyDictionary[CaseSession, tuple[tuple[str, ...], Index]] = WeakKeyDictionary()


def index_of(session: CaseSession) -> Index:
    """The index of the case as stored now, with what was corrected by hand; opened again only when those were written.

    Raises:
        Tampered: A segment, a recording's document or a correction is damaged.
    """
    prefixes = ("segments/", "recordings/", CORRECTIONS_PREFIX)
    names = [name for prefix in prefixes for name in session.store.names(prefix)]
    state = tuple(_version_of(session, name) for name in names)
    known = _indexes.get(session)
    if known is not None and known[0] == state:
        return known[1]
    if known is not None:
        known[1].close()
    recordings = {item.recording.recording_id: item.recording for item in read_recordings(session)}
    index = Index(session.store, recordings, corrections=standing(session))
    if known is None:
        session.call_at_close(lambda: _forget(session))
    _indexes[session] = (state, index)
    return index


def _version_of(session: CaseSession, name: str) -> str:
    """A blob's name with what tells that it was written anew, by this process or another."""
    facts = (session.store.folder / f"{name}{SUFFIX}").stat()
    return f"{name} {facts.st_ino} {facts.st_mtime_ns} {facts.st_size}"


def _forget(session: CaseSession) -> None:
    known = _indexes.pop(session, None)
    if known is not None:
        known[1].close()


def search(session: CaseSession, query: Query, *, purpose: str) -> SearchResult:
    """Find objects. The act is logged before anything is returned.

    Args:
        session: An open case.
        query: Filters; words in ``query.text`` are turned into filters first.
        purpose: Why, in the officer's words; mandatory.

    Raises:
        UsageProblem: No purpose.
        UnknownReference: A camera that the case does not have.
    """
    query, ignored = with_words(query, query.text)
    for camera in query.cameras:
        if camera not in session.requisition.scope.cameras:
            raise UnknownReference(
                f"There is no camera “{camera}” in this case.",
                hint=f"Known: {', '.join(session.requisition.scope.cameras)}.",
            )
    with session.act("search.run", purpose=purpose, detail={"query": _query_document(query)}) as act:
        index = index_of(session)
        hits = [hit for hit in _candidates(session, index, query) if _in_time(hit, query) and _moves_so(hit, query)]
        kept = tuple(hit for hit in hits if _in_place(index.track(hit.track_id), index, query))
        result = SearchResult(
            query=query,
            hits=kept,
            coverage=_coverage(session, index),
            words_ignored=ignored,
            timeline=timeline_of(session, index),
        )
        act.result = {"n_hits": len(kept), "track_ids": [hit.track_id for hit in kept]}
    return result


def similar(session: CaseSession, track_id: str, *, purpose: str) -> SearchResult:
    """Objects of the same case whose clothing or bodywork looks alike (« ressemblance »), never an identity.

    Raises:
        UnknownReference: No such track, or none that could be described.
    """
    with session.act("similar.run", purpose=purpose, detail={"track_id": track_id}) as act:
        index = index_of(session)
        track = index.track(track_id)
        if not len(track.vector):
            raise UnknownReference(
                f"{track_id} has no appearance to compare.", hint="Choose an object that is larger in the picture."
            )
        among = [other.track_id for other in index.tracks if other.class_name == track.class_name]
        found = index.vectors.nearest(track.vector, n_wanted=N_SIMILAR + 1, among=among)
        verdicts = _verdicts(session)
        hits = tuple(
            hit_of(index, index.track(other), score=max(0.0, score), verdicts=verdicts)
            for other, score in found
            if other != track_id
        )
        result = SearchResult(query=Query(classes=(track.class_name,)), hits=hits, coverage=_coverage(session, index))
        act.result = {"n_hits": len(hits), "track_ids": [hit.track_id for hit in hits]}
    return result


def track_exists(session: CaseSession, track_id: str) -> bool:
    """True when the index holds a track of that identifier."""
    return any(track.track_id == track_id for track in index_of(session).tracks)


def tracks_of(session: CaseSession, hits: tuple[Hit, ...]) -> tuple[Track, ...]:
    """The tracks behind hits, in their order."""
    return index_of(session).tracks_of([hit.track_id for hit in hits])


def crop_jpeg(session: CaseSession, track_id: str) -> bytes:
    """JPEG of an object's best crop, for lists; the head is not masked here."""
    return index_of(session).track(track_id).crop_jpeg


def hit_of(
    index: Index, track: Track, *, score: float | None = None, verdicts: dict[str, tuple[str, str]] | None = None
) -> Hit:
    """A track as a proposition with its times, source and models."""
    recording = index.recordings[track.recording_id]
    facts, clock = recording.facts, recording.clock
    first, last = int(track.pts_ticks[0]), int(track.pts_ticks[-1])

    def utc(pts: int) -> Any:
        return utc_of(pts, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base, clock=clock)

    start = utc(first)
    displayed = None
    if clock.displayed_start is not None and start is not None:
        zone = clock.displayed_start.tzinfo
        displayed = (start + timedelta(milliseconds=clock.offset_ms)).astimezone(zone)
    best = int(np.argmin(np.abs(track.pts_ticks - track.best_pts_ticks)))
    box = track.boxes_xyxy_px[best]
    verdict, note = (verdicts or {}).get(track.track_id, ("", ""))
    return Hit(
        track_id=track.track_id,
        recording_id=track.recording_id,
        recording_name=Path(recording.path).name,
        recording_sha256=recording.sha256,
        camera=track.camera,
        class_name=track.class_name,
        class_score=track.class_score,
        class_model=track.class_model,
        score=track.class_score if score is None else round(score, 4),
        first_pts_ticks=first,
        last_pts_ticks=last,
        best_pts_ticks=track.best_pts_ticks,
        first_frame=int(track.frame_index[0]),
        last_frame=int(track.frame_index[-1]),
        best_box_xyxy_px=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
        start_utc=start,
        end_utc=utc(last),
        displayed_start=displayed,
        start_s=float(seconds_of(first - facts.first_pts_ticks, facts.time_base)),
        end_s=float(seconds_of(last - facts.first_pts_ticks, facts.time_base)),
        attributes=attributes_of(track),
        verdict=verdict,
        verdict_note=note,
        movement=movement_of(track, facts.time_base, picture_height_px=facts.size_at(first)[1]),
        made_by=made_by_of(index, track),
        class_accuracy=accuracy_of("class", track.class_model),
    )


def attributes_of(track: Track) -> tuple[HitAttribute, ...]:
    """What is said of a track, as shown beside a hit, with the measured accuracy of each."""
    return tuple(
        HitAttribute(
            name=item.name,
            value=item.value,
            score=item.score,
            model=item.model,
            note=item.note,
            alternatives=item.alternatives,
            accuracy=accuracy_of(item.name, item.model).english,
            accuracy_fr=accuracy_of(item.name, item.model).french,
        )
        for item in track.attributes
    )


def made_by_of(index: Index, track: Track) -> MadeBy | None:
    """The corrections by hand behind a track; None for what the analysis found."""
    made: MadeBy | None = None
    for one in index.corrections_by_track.get(track.track_id, ()):
        earlier = (*made.earlier, replace(made, earlier=())) if made else ()
        made = MadeBy(number=one.number, kind=str(one.kind), track_ids=one.track_ids, earlier=earlier)
    return made


def _candidates(session: CaseSession, index: Index, query: Query) -> list[Hit]:
    wanted = [
        ("colour", query.colours, CLOSE_SHARE),
        ("upper_colour", query.upper, CLOSE_SHARE),
        ("lower_colour", query.lower, CLOSE_SHARE),
        ("bag", () if "any" in query.bags else query.bags, CLOSE_SHARE),
        # Why: a make is a ranked suggestion; whatever stands on the list may be the one.
        ("make", query.makes, 0.0),
    ]
    found = index.rows.select(
        classes=query.classes,
        not_classes=() if query.classes else ("other",),
        cameras=query.cameras,
        attributes=[item for item in wanted if item[1]],
    )
    verdicts = _verdicts(session)
    hits = [hit_of(index, index.track(track_id), score=score, verdicts=verdicts) for track_id, score in found]
    if "any" in query.bags:
        hits = [hit for hit in hits if any(item.name == "bag" and item.value != "none" for item in hit.attributes)]
    return hits


def _verdicts(session: CaseSession) -> dict[str, tuple[str, str]]:
    return {str(track_id): (str(item.decision), item.note) for track_id, item in latest(session).items()}


def _in_time(hit: Hit, query: Query) -> bool:
    """True when the object is in view at some instant of ``[from, to)``; without a clock it cannot be shown to be."""
    if query.from_utc is None and query.to_utc is None:
        return True
    if hit.start_utc is None or hit.end_utc is None:
        return False
    is_late_enough = query.from_utc is None or hit.end_utc >= query.from_utc
    is_early_enough = query.to_utc is None or hit.start_utc < query.to_utc
    return is_late_enough and is_early_enough


def _moves_so(hit: Hit, query: Query) -> bool:
    """True for the size, speed and direction asked for; what went nowhere has no direction."""
    moves = hit.movement
    return moves is not None and all(
        not wanted or found in wanted
        for wanted, found in (
            (query.sizes, moves.size),
            (query.speeds, moves.speed),
            (query.directions, moves.direction),
        )
    )


def _in_place(track: Track, index: Index, query: Query) -> bool:
    if query.line_px is None and not query.zone_px and query.dwell_s <= 0:
        return True
    time_base = index.recordings[track.recording_id].facts.time_base
    path = path_of(track, time_base)
    if query.line_px is not None and not crosses_line(path, query.line_px):
        return False
    if query.zone_px or query.dwell_s > 0:
        stay_s = longest_stay_s(path, query.zone_px)
        return stay_s is not None and stay_s >= query.dwell_s
    return True


def recordings_without_clock(session: CaseSession) -> tuple[str, ...]:
    """File names of recordings whose frames have no time of day: a search by time cannot find anything in them."""
    return tuple(
        Path(item.recording.path).name for item in read_recordings(session) if not item.recording.clock.is_known
    )


def _coverage(session: CaseSession, index: Index) -> Coverage:
    items = [item for item in read_recordings(session) if item.scope != ScopeVerdict.OUTSIDE]
    verdicts = _verdicts(session)
    footage_s = analysed_s = skipped_s = 0.0
    n_complete = 0
    for item in items:
        time_base = item.recording.facts.time_base
        own = [segment for segment in index.segments if segment.recording_id == item.recording.recording_id]
        spans = item.allowed_ticks()
        wanted = sum(end - start for start, end in spans)
        done = sum(segment.end_pts_ticks - segment.start_pts_ticks for segment in own)
        # Why: the last frame lasts as long as the others, though its last tick is its only one.
        is_to_the_end = any(end > item.recording.facts.last_pts_ticks for _, end in spans)
        item_s = float((wanted + is_to_the_end * (item.recording.facts.median_step_ticks - 1)) * time_base)
        footage_s += item_s
        unseen_ticks = sum(segment.n_unseen for segment in own) * item.recording.facts.median_step_ticks
        analysed_s += max(0.0, item_s * min(1.0, done / max(1, wanted)) - float(unseen_ticks * time_base))
        skipped_s += sum(
            float((span.end_pts_ticks - span.first_pts_ticks) * time_base) for seg in own for span in seg.skipped
        )
        n_complete += bool(own) and done >= wanted
    return Coverage(
        footage_s=round(footage_s, 3),
        analysed_s=round(analysed_s, 3),
        skipped_s=round(skipped_s, 3),
        n_recordings=len(items),
        n_recordings_indexed=n_complete,
        profiles=tuple(sorted({segment.profile for segment in index.segments})),
        n_tracks=len(index.tracks),
        n_judged=sum(track.track_id in verdicts for track in index.tracks),
        models=index.model_ids,
        has_makes=any(item.name == "make" for track in index.tracks for item in track.attributes),
        zones=tuple(
            dict.fromkeys(
                f"{index.recordings[segment.recording_id].camera}: {finding.detail}"
                for segment in index.segments
                for finding in segment.findings
                if finding.kind is FindingKind.IGNORED_ZONE
            )
        ),
    )


def _query_document(query: Query) -> dict[str, Any]:
    document = asdict(query)
    document["from_utc"], document["to_utc"] = format_utc(query.from_utc), format_utc(query.to_utc)
    return {name: _plain(value) for name, value in document.items() if value}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value
