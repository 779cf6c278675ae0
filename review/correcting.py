# SPDX-License-Identifier: Apache-2.0
"""Splitting and merging tracks by hand, as logged acts; where they are kept is :mod:`review.corrections`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.corrections import Correction, CorrectionKind, Description, halves_of, made_by, merged
from indexer.index import Index
from indexer.records import Track
from indexer.redescribe import EmptyScene, described_anew
from indexer.ticks import utc_of
from models.errors import NotFootage, UnreadableInput, UsageProblem
from models.modelset import PROFILES, Profile, load_model_set
from review.audit.record import JsonObject
from review.corrections import CorrectionRecord, next_number, record_correction, require_not_validated
from review.frames import HitFrames
from review.recordings import packets_of, read_recordings
from review.search import index_of
from review.session import CaseSession

__all__ = ["merge_tracks", "split_track", "tick_of"]

N_SCENE_PICTURES: Final = 24
SCENE_S: Final = 60.0
"""The empty scene is estimated from keyframes up to that long before and after the track."""


def split_track(session: CaseSession, track_id: str, *, at_pts_ticks: int, note: str = "") -> CorrectionRecord:
    """Make two tracks of one: frames before a tick, and those from it on. Both are described anew from the original.

    Args:
        session: A writing session.
        track_id: The track.
        at_pts_ticks: First tick of the second half, stream time base.
        note: The officer's words; they stay encrypted and do not enter the log.

    Raises:
        UnknownReference: No such track.
        UsageProblem: It is not seen on both sides of that tick.
        NotAllowed: It is validated, or the rules forbid it.
        UnreadableInput: The original has gone or changed, or is damaged throughout.
    """
    index = index_of(session)
    track = index.track(track_id)
    halves = halves_of(track, at_pts_ticks)
    require_not_validated(session, [track_id])
    first_tick = int(halves[1].pts_ticks[0])
    detail: JsonObject = {"track": track_id, "at_pts_ticks": first_tick, "recording_id": track.recording_id}
    with session.act("tracks.split", detail=detail) as act:
        correction = Correction(
            number=next_number(session),
            kind=CorrectionKind.SPLIT,
            track_ids=(track.track_id,),
            at_pts_ticks=first_tick,
            descriptions=_descriptions(session, index, track, halves),
        )
        record = record_correction(session, correction, note=note)
        act.result = {"number": record.number, "tracks": list(made_by(correction))}
    return record


def tick_of(session: CaseSession, track_id: str, moment: datetime) -> int:
    """Tick of the first frame of a track at or after a corrected time.

    Raises:
        UnknownReference: No such track.
        UsageProblem: The recording has no clock, or the track has no frame from that time on.
    """
    index = index_of(session)
    track = index.track(track_id)
    facts, clock = index.recordings[track.recording_id].facts, index.recordings[track.recording_id].clock
    for pts in track.pts_ticks.tolist():
        at = utc_of(pts, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base, clock=clock)
        if at is None:
            raise UsageProblem("The recorder's clock is not established.", hint="Name the PTS of the frame instead.")
        if at >= moment:
            return int(pts)
    raise UsageProblem(f"{track_id} has left the picture by then.", hint="Choose an earlier time.")


def merge_tracks(session: CaseSession, first_id: str, second_id: str, *, note: str = "") -> CorrectionRecord:
    """Make one track of two of the same recording, in whichever order they are named.

    Raises:
        UnknownReference: No such track.
        UsageProblem: They are of two recordings, or are seen side by side.
        NotAllowed: One of them is validated, or the rules forbid it.
    """
    index = index_of(session)
    pair = sorted(
        (index.track(first_id), index.track(second_id)), key=lambda item: (int(item.pts_ticks[0]), item.track_id)
    )
    merged(*pair)
    names = tuple(track.track_id for track in pair)
    require_not_validated(session, names)
    with session.act("tracks.merge", detail={"tracks": list(names), "recording_id": pair[0].recording_id}) as act:
        correction = Correction(number=next_number(session), kind=CorrectionKind.MERGE, track_ids=names)
        record = record_correction(session, correction, note=note)
        act.result = {"number": record.number, "tracks": list(made_by(correction))}
    return record


def _descriptions(
    session: CaseSession, index: Index, track: Track, halves: tuple[Track, Track]
) -> tuple[Description, ...]:
    recording = index.recordings[track.recording_id]
    packets = packets_of(session, track.recording_id)
    frames = HitFrames(track, recording, packets.pts_ticks)
    try:
        models = load_model_set(_profile_of(index, track))
        scene = EmptyScene.of(_scene_pictures(session, frames, packets.is_key, packets.pts_ticks))
        return tuple(
            described_anew(half, recording=recording, picture_at=frames.image_bgr_u8, scene=scene, models=models)
            for half in halves
        )
    finally:
        frames.close()


def _profile_of(index: Index, track: Track) -> Profile:
    """The profile that the segment of a track's first frame was made with."""
    made = {
        segment.profile.partition("+")[0]
        for segment in index.segments
        if segment.recording_id == track.recording_id
        and segment.start_pts_ticks <= track.pts_ticks[0] < segment.end_pts_ticks
    }
    return next((profile for profile in PROFILES if profile in made), "standard")


def _scene_pictures(
    session: CaseSession, frames: HitFrames, is_key: NDArray[np.bool_], pts_ticks: NDArray[np.int64]
) -> list[NDArray[np.uint8]]:
    """Pictures around a track that the requisition covers: keyframes, which decode alone, or others where few are.

    Raises:
        UnreadableInput: None of them decodes.
    """
    track, recording = frames.track, frames.recording
    item = next(item for item in read_recordings(session) if item.recording.recording_id == track.recording_id)
    margin = int(SCENE_S / recording.facts.time_base)
    near = (pts_ticks >= track.pts_ticks[0] - margin) & (pts_ticks <= track.pts_ticks[-1] + margin)
    near &= np.any([(pts_ticks >= start) & (pts_ticks < end) for start, end in item.allowed_ticks()], axis=0)
    chosen = np.flatnonzero(near & is_key)
    if len(chosen) < N_SCENE_PICTURES // 2:
        chosen = np.flatnonzero(near)
    picks = chosen[np.unique(np.linspace(0, len(chosen) - 1, min(N_SCENE_PICTURES, len(chosen))).round().astype(int))]
    pictures: list[NDArray[np.uint8]] = []
    for i in picks:
        try:
            picture = frames.image_bgr_u8(int(i))
        except NotFootage:
            continue
        if not pictures or picture.shape == pictures[0].shape:
            pictures.append(picture)
    if not pictures:
        raise UnreadableInput(
            f"No picture of {recording.path} around {track.track_id} can be decoded.", hint="The file is damaged there."
        )
    return pictures
