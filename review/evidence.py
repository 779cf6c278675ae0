# SPDX-License-Identifier: Apache-2.0
"""Stills and clips of one object, made from the original, with everything that a court asks beside the picture.

A still is the exact frame, losslessly, with its caption in a margin. A clip is cut without re-encoding: its pixels are
the recorder's own; it can begin only at a keyframe, and the exhibit says how much earlier that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import cv2

from indexer.media import Frame
from indexer.records import Recording, Track
from indexer.ticks import ClockRecord, utc_of
from models.errors import AlreadyThere, OutOfScope
from models.measured import measured
from models.registry import Registry
from review.bundle_content import AnalysisFacts, ModelFact
from review.conformity import conformity_of
from review.cutting import clip_suffix, cut_clip
from review.drafts import write_new
from review.exhibits import Exhibit
from review.frames import HitFrames, require_original
from review.hits import MadeBy
from review.lettering import with_caption_below
from review.recordings import packets_of, read_recordings
from review.report_words import french, french_attribute, french_correction
from review.search import attributes_of, index_of, made_by_of
from review.session import CaseSession
from review.zones import applied_zones

__all__ = ["absent_tracks", "analysis_facts", "export_clip", "export_still"]

PARIS: Final = ZoneInfo("Europe/Paris")


def absent_tracks(session: CaseSession, track_ids: Sequence[str]) -> tuple[str, ...]:
    """Those of the tracks that the index does not hold, in their order."""
    held = {track.track_id for track in index_of(session).tracks}
    return tuple(track_id for track_id in track_ids if track_id not in held)


def export_still(session: CaseSession, track_id: str, out_path: Path, *, pts_ticks: int | None = None) -> Exhibit:
    """Write one frame of an object as PNG, its caption below it.

    Args:
        session: An open case.
        track_id: The object.
        out_path: File to make; must not exist.
        pts_ticks: Which frame; None for the one that shows the object best.

    Raises:
        AlreadyThere: ``out_path`` exists.
        UnknownReference: No such track.
        UnreadableInput: The original has gone or changed.
        OutOfScope: That frame lies outside the requisition.
    """
    _refuse_existing(out_path)
    index = index_of(session)
    track = index.track(track_id)
    recording = index.recordings[track.recording_id]
    with session.act("still.export", detail={"track_id": track_id, "recording_id": recording.recording_id}) as act:
        frames = HitFrames(track, recording, packets_of(session, recording.recording_id).pts_ticks)
        try:
            i = frames.best_index if pts_ticks is None else frames.index_at_pts(pts_ticks)
            _require_in_scope(session, recording, frames.pts_ticks(i))
            frame = frames.frame(i)
            box = frames.box(i)
            caption = _still_caption(session, frames, i, frame, made_by_of(index, track))
        finally:
            frames.close()
        sheet = with_caption_below(frame.image_u8, caption)
        ok, encoded = cv2.imencode(".png", sheet)
        assert ok, "PNG encoding of a uint8 picture cannot fail"
        content = encoded.tobytes()
        write_new(out_path, content)
        sha256 = hashlib.sha256(content).hexdigest()
        act.result = {"sha256": sha256, "pts_ticks": frames.pts_ticks(i)}
    return _exhibit(
        "still",
        out_path,
        sha256,
        track,
        recording,
        first=frames.pts_ticks(i),
        last=frames.pts_ticks(i),
        box=box,
        method="exact frame, PNG, caption in the margin",
        made_by=made_by_of(index, track),
    )


def export_clip(session: CaseSession, track_id: str, out_path: Path) -> Exhibit:
    """Cut the span of an object out of the original without re-encoding.

    Args:
        session: An open case.
        track_id: The object.
        out_path: File to make; its suffix becomes ``.mkv`` where MP4 cannot hold the codec.

    Raises:
        AlreadyThere: The file exists.
        UnknownReference: No such track, or a stream without times that cannot be cut.
        StoreProblem: The disk is full, or what was cut does not show the pictures of the original.
    """
    index = index_of(session)
    track = index.track(track_id)
    recording = index.recordings[track.recording_id]
    require_original(recording)
    out_path = out_path.with_suffix(clip_suffix(recording))
    _refuse_existing(out_path)
    with session.act("clip.export", detail={"track_id": track_id, "recording_id": recording.recording_id}) as act:
        packets = packets_of(session, recording.recording_id)
        seen_first, seen_last = int(track.pts_ticks[0]), int(track.pts_ticks[-1])
        first, last = cut_clip(recording, packets, seen_first, seen_last, out_path)
        sha256 = _sha256_of(out_path)
        act.result = {"sha256": sha256, "first_pts_ticks": first, "last_pts_ticks": last}
    early_s = float((seen_first - first) * recording.facts.time_base)
    is_outside = not (_is_allowed(session, recording, first) and _is_allowed(session, recording, last))
    outside = "; what is shown outside the requisition's times is needed to decode the rest" if is_outside else ""
    late_s = float((last - seen_last) * recording.facts.time_base)
    return _exhibit(
        "clip",
        out_path,
        sha256,
        track,
        recording,
        first=first,
        last=last,
        box=None,
        method=f"stream copy, no re-encoding; begins {early_s:.3f} s before the object, at a keyframe, ends "
        f"{late_s:.3f} s after it; every picture decoded and found equal to the original's{outside}",
        made_by=made_by_of(index, track),
    )


def analysis_facts(session: CaseSession) -> AnalysisFacts:
    """How the recordings of the case were analysed, for the bundle and the report."""
    index = index_of(session)
    registry = Registry.load()
    entry_by_id = {entry.model_id: entry for entry in registry.entries}
    models = []
    for model_id in index.model_ids:
        entry = entry_by_id.get(model_id)
        if entry is None:
            found = measured("colour", model_id)
            english, french_words = found or ("", "")
            models.append(
                ModelFact(
                    name=model_id,
                    role="algorithm of this program",
                    sha256="",
                    accuracy=english,
                    accuracy_fr=french_words,
                )
            )
        else:
            models.append(
                ModelFact(
                    name=model_id,
                    role=str(entry.role),
                    sha256=entry.sha256,
                    accuracy=entry.accuracy_said[0],
                    accuracy_fr=entry.accuracy_said[1],
                )
            )
    analysed_s = skipped_s = 0.0
    for segment in index.segments:
        facts = index.recordings[segment.recording_id].facts
        time_base = facts.time_base
        unseen_ticks = segment.n_unseen * facts.median_step_ticks
        analysed_s += float(max(0, segment.end_pts_ticks - segment.start_pts_ticks - unseen_ticks) * time_base)
        skipped_s += sum(float((s.end_pts_ticks - s.first_pts_ticks) * time_base) for s in segment.skipped)
    profiles = sorted({segment.profile for segment in index.segments})
    decoders = {segment.decoder or index.recordings[segment.recording_id].facts.decoder for segment in index.segments}
    return AnalysisFacts(
        profile=", ".join(profiles),
        configuration_sha256=", ".join(sorted({segment.config_sha256 for segment in index.segments})),
        models=tuple(models),
        decoder=", ".join(sorted(decoders)),
        n_tracks=len(index.tracks),
        analysed_s=analysed_s,
        keyframes_only_s=skipped_s,
        findings=tuple((segment.recording_id, item) for segment in index.segments for item in segment.findings),
        conformity=tuple(
            (recording_id, conformity_of(recording, packets_of(session, recording_id)))
            for recording_id, recording in sorted(index.recordings.items())
        ),
        zones=applied_zones(session, index),
        coverage=(
            f"{analysed_s:.1f} s of footage analysed; in {skipped_s:.1f} s of it only the keyframes were looked at, "
            "since nothing moved in them."
        ),
    )


def _still_caption(session: CaseSession, frames: HitFrames, i: int, frame: Frame, made_by: MadeBy | None) -> list[str]:
    recording, track = frames.recording, frames.track
    corrected, displayed = frames.utc(i), frames.displayed(i)
    lines = [
        f"{session.requisition.reference} — caméra {recording.camera}"
        + (f" — pièce {recording.piece}" if recording.piece else ""),
        f"Heure corrigée : {_local(corrected)} ; heure affichée : {_local(displayed, zone_of=displayed)} "
        f"({_clock_words(recording.clock)})",
        f"Fichier : {Path(recording.path).name} — SHA-256 {recording.sha256}",
        f"Flux {recording.facts.stream_index}, PTS {frames.pts_ticks(i)} × {recording.facts.time_base} s, image n° {i} "
        f"(ordre de décodage, à partir de 0), type {frame.picture_type}, {recording.facts.decoder}",
    ]
    if frame.is_corrupt:
        lines.append("IMAGE ENDOMMAGÉE dans l’enregistrement : le décodeur en a reconstitué des parties.")
    box = frames.box(i)
    where = f" ; cadre x1 y1 x2 y2 = {' '.join(str(round(value)) for value in box)} px" if box is not None else ""
    said = ", ".join(french_attribute(item, model=item.model) for item in attributes_of(track))
    proposed = f"{french(track.class_name)} ({track.class_score:.0%}, {track.class_model})"
    lines.append(f"Proposition {track.track_id} : {proposed}{where}" + (f" ; {said}" if said else ""))
    if made_by is not None:
        lines.append(f"Objet suivi rectifié à la main : {french_correction(made_by)}.")
    return lines


def _local(moment: datetime | None, *, zone_of: datetime | None = None) -> str:
    if moment is None:
        return "non établie"
    shown = moment.astimezone(PARIS) if zone_of is None else moment
    return shown.strftime("%d/%m/%Y %H:%M:%S.") + f"{shown.microsecond // 1000:03d} " + shown.strftime("UTC%z")


def _clock_words(clock: ClockRecord) -> str:
    if not clock.is_known:
        return "horloge de l’enregistreur non relevée"
    return f"écart {clock.offset_ms / 1000:+.3f} s, incertitude ± {clock.uncertainty_ms / 1000:.3f} s"


def _exhibit(
    kind: str,
    path: Path,
    sha256: str,
    track: Track,
    recording: Recording,
    *,
    first: int,
    last: int,
    box: tuple[float, float, float, float] | None,
    method: str,
    made_by: MadeBy | None,
) -> Exhibit:
    facts, clock = recording.facts, recording.clock

    def utc(pts: int) -> datetime | None:
        return utc_of(pts, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base, clock=clock)

    start = utc(first)
    displayed = None
    if clock.displayed_start is not None and start is not None:
        displayed = (start + timedelta(milliseconds=clock.offset_ms)).astimezone(clock.displayed_start.tzinfo or UTC)
    return Exhibit(
        kind="still" if kind == "still" else "clip",
        path=path,
        sha256=sha256,
        track_id=track.track_id,
        recording_id=recording.recording_id,
        source_name=Path(recording.path).name,
        source_sha256=recording.sha256,
        camera=recording.camera,
        first_pts_ticks=first,
        last_pts_ticks=last,
        time_base=facts.time_base,
        start_utc=start,
        end_utc=utc(last),
        displayed_start=displayed,
        clock_offset_ms=clock.offset_ms,
        uncertainty_ms=clock.uncertainty_ms,
        box_xyxy_px=box,
        class_name=track.class_name,
        model=track.class_model,
        method=method,
        attributes=attributes_of(track),
        made_by=made_by,
    )


def _is_allowed(session: CaseSession, recording: Recording, pts_ticks: int) -> bool:
    spans = [
        span
        for item in read_recordings(session)
        if item.recording.recording_id == recording.recording_id
        for span in item.allowed_ticks()
    ]
    return any(start <= pts_ticks < end for start, end in spans)


def _require_in_scope(session: CaseSession, recording: Recording, pts_ticks: int) -> None:
    if not _is_allowed(session, recording, pts_ticks):
        raise OutOfScope(
            f"The frame at tick {pts_ticks} of {Path(recording.path).name} lies outside the requisition.",
            hint="Showing it needs a complementary requisition: relecture case extend CASE --from requisition.toml",
        )


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise AlreadyThere(f"{path} exists already.", hint="Choose another name; nothing is overwritten.")


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
