# SPDX-License-Identifier: Apache-2.0
"""Synopses of a case: search, scope, log and verdicts around the films that the rest of this package makes.

Only spans that the requisition covers are looked at. Showing heads or plates is an act of its own with its own reason,
and reaches no further than hits that an officer validated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from indexer.records import Recording, RecordingId, Track, TrackId
from models.errors import AlreadyThere, UsageProblem
from review.audit.record import JsonObject
from review.desk_values import SynopsisWish
from review.frames import require_original
from review.hits import Query
from review.recordings import read_recordings
from review.search import index_of, search, tracks_of
from review.session import CaseSession
from review.synopsis.backdrop import Allowed
from review.synopsis.fastforward import FastForwardOptions, FastForwardReport, make_fast_forward
from review.synopsis.layers import dwell_layer, heat_layer, hour_strips, path_layer, save_layer
from review.synopsis.layout import LayoutOptions, Order
from review.synopsis.lettering import local_zone
from review.synopsis.make import make_synopsis
from review.synopsis.plan import Arrangement, Cancel, Progress, SynopsisOptions, SynopsisPlan, plan_synopsis
from review.synopsis.report import SynopsisReport
from review.synopsis.scenes import empty_scenes
from review.synopsis.tubes import tubes_of
from review.verdicts import Decision, latest

__all__ = [
    "Material",
    "case_fast_forward",
    "case_layers",
    "case_synopsis",
    "gather",
    "options_of",
    "plan_of",
    "require_free",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """What a search found, ready to be shown.

    Attributes:
        tracks: The hits' tracks.
        context: All other tracks of the same recordings.
        recordings: Every recording that was searched.
        allowed: Tick spans that the requisition covers, by recording.
        purpose: Why, as logged with the search.
        unmasked: Validated hits whose head or plate may be shown; empty unless asked for and logged.
    """

    tracks: tuple[Track, ...]
    context: tuple[Track, ...]
    recordings: Mapping[RecordingId, Recording]
    allowed: Allowed
    purpose: str
    unmasked: frozenset[TrackId] = field(default_factory=frozenset)


def gather(session: CaseSession, query: Query, *, purpose: str, unmask: bool = False) -> Material:
    """Search the case, as a logged act, and bring together what a film of the hits needs.

    Args:
        session: An open case.
        query: Which objects.
        purpose: Why.
        unmask: True shows heads and plates of validated hits; logged as an act of its own.

    Raises:
        UsageProblem: Unmasking without a hit that an officer validated.
        UnreadableInput: An original is missing or has changed.
    """
    hits = search(session, query, purpose=purpose).hits
    index = index_of(session)
    tracks = tracks_of(session, hits)
    recordings = {
        item.recording.recording_id: item
        for item in read_recordings(session)
        if not query.cameras or item.recording.camera in query.cameras
    }
    used = {track.recording_id for track in tracks}
    for recording_id in sorted(used):
        require_original(recordings[recording_id].recording)
    chosen = {track.track_id for track in tracks}
    material = Material(
        tracks=tracks,
        context=tuple(t for t in index.tracks if t.recording_id in used and t.track_id not in chosen),
        recordings={key: item.recording for key, item in recordings.items()},
        allowed={key: item.allowed_ticks() for key, item in recordings.items()},
        purpose=purpose,
    )
    return _unmasked(session, material) if unmask else material


def _unmasked(session: CaseSession, material: Material) -> Material:
    verdicts = latest(session)
    validated = frozenset(
        track.track_id
        for track in material.tracks
        if track.track_id in verdicts and verdicts[track.track_id].decision is Decision.VALIDATED
    )
    if not validated:
        raise UsageProblem(
            "None of these hits is validated, so no head or plate may be shown.",
            hint="Validate a hit first: relecture judge CASE TRACK validated.",
        )
    with session.act("unmask.synopsis", purpose=material.purpose, detail={"track_ids": sorted(validated)}):
        return replace(material, unmasked=validated)


def options_of(wish: SynopsisWish) -> SynopsisOptions:
    """The options that a wish of the window stands for."""
    return SynopsisOptions(
        layout=LayoutOptions(
            density=wish.density,
            length_s=None if wish.wanted_s is None else Fraction(wish.wanted_s),
            order=Order(wish.order),
            is_never_overlapping=wish.never_overlaps,
        ),
        arrangement=Arrangement(wish.arrangement),
        keeps_still=wish.keeps_still,
        split_s=None if wish.split_s is None else Fraction(wish.split_s),
    )


def require_free(*paths: Path) -> None:
    """Refuse a name that is taken before hours are spent on what would bear it.

    Raises:
        AlreadyThere: Something has one of the names.
    """
    for path in paths:
        if path.exists():
            raise AlreadyThere(f"{path} exists already.", hint="Choose another name, or move it away first.")


def plan_of(material: Material, options: SynopsisOptions) -> SynopsisPlan:
    """How long the film would be, and how dense, before anything is decoded."""
    return plan_synopsis(material.tracks, material.recordings, options)


def case_synopsis(
    session: CaseSession,
    material: Material,
    out_path: Path,
    options: SynopsisOptions,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> SynopsisReport:
    """Make a synopsis as a logged act; errors as in :func:`review.synopsis.make.make_synopsis`."""
    detail: JsonObject = {
        "track_ids": _names(material.tracks),
        "density": options.layout.density,
        "length_s": _seconds(options.layout.length_s),
        "split_s": _seconds(options.split_s),
        "order": options.layout.order.value,
        "arrangement": options.arrangement.value,
        "never_overlap": options.layout.is_never_overlapping,
        "keep_still": options.keeps_still,
        "unmasked": sorted(material.unmasked),
    }
    with session.act("synopsis.make", purpose=material.purpose, detail=detail) as act:
        report = make_synopsis(
            material.tracks,
            material.recordings,
            out_path,
            replace(options, unmasked=material.unmasked),
            context=material.context,
            allowed=material.allowed,
            progress=progress,
            cancel=cancel,
        )
        act.result = {
            "film_sha256": report.film_sha256,
            "map_sha256": report.map_sha256,
            "n_shown": report.tracks_shown,
            "n_not_shown": len(report.not_shown),
        }
    return report


def case_fast_forward(
    session: CaseSession,
    material: Material,
    out_path: Path,
    *,
    speed: int = 1,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> FastForwardReport:
    """Make a fast-forward film of native frames as a logged act."""
    detail: JsonObject = {"track_ids": _names(material.tracks), "speed": speed, "unmasked": sorted(material.unmasked)}
    with session.act("synopsis.fast_forward", purpose=material.purpose, detail=detail) as act:
        report = make_fast_forward(
            material.tracks,
            material.recordings,
            out_path,
            FastForwardOptions(speed=speed, unmasked=material.unmasked),
            context=material.context,
            allowed=material.allowed,
            progress=progress,
            cancel=cancel,
        )
        act.result = {"map_sha256": report.map_sha256, "n_frames": report.n_frames}
    return report


def case_layers(session: CaseSession, material: Material, folder: Path) -> tuple[Path, ...]:
    """Write paths, heat, dwell and hourly strips of each camera as PNG, as a logged act; the files, sorted."""
    with session.act("synopsis.layers", purpose=material.purpose, detail={"track_ids": _names(material.tracks)}):
        tubes = tubes_of(material.tracks, material.recordings)
        known = [*tubes, *tubes_of(material.context, material.recordings)]
        of_camera = {
            camera: [tube for tube in tubes if tube.camera == camera] for camera in sorted({t.camera for t in tubes})
        }
        middles = [mine[len(mine) // 2] for mine in of_camera.values()]
        instants = [(middle.recording_id, int(middle.pts_ticks[0])) for middle in middles]
        scenes = empty_scenes(instants, material.recordings, known=known, allowed=material.allowed)
        written: list[Path] = []
        for (camera, mine), middle, scene in zip(of_camera.items(), middles, scenes, strict=True):
            zone = local_zone(material.recordings[middle.recording_id])
            span = (min(tube.start_us for tube in mine), max(tube.end_us for tube in mine))
            pictures = {
                "paths": path_layer(scene, mine),
                "heat": heat_layer(scene, mine),
                "dwell": dwell_layer(scene, mine),
                "hours": hour_strips(mine, span, has_clock=middle.has_clock, zone=zone),
            }
            for name, picture in pictures.items():
                path = folder / f"{_file_name(camera)}-{name}.png"
                save_layer(picture, path)
                written.append(path)
    return tuple(sorted(written))


def _seconds(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _names(tracks: Sequence[Track]) -> list[str]:
    return sorted(track.track_id for track in tracks)


def _file_name(camera: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in camera)
