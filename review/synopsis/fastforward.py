# SPDX-License-Identifier: Apache-2.0
"""Smart fast-forward: native frames in their order, still spans skipped, both times in the margin.

The sibling of the synopsis for those who want nothing composed: every picture is one source frame, whole. What was
skipped is said in the margin where it was skipped. Heads and plates are coarsened as in the synopsis.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.media import iter_pictures
from indexer.records import Recording, RecordingId, Track, TrackId
from indexer.ticks import ticks_of, utc_of
from models.errors import AlreadyThere, Defect, UnknownReference
from review.film import FilmWriter
from review.streaming import streamed
from review.synopsis.backdrop import Allowed, has_no_times, inside
from review.synopsis.lettering import GROUND, MARK, Letterer, local_zone, time_text
from review.synopsis.make import map_path_of
from review.synopsis.plan import Cancel, Progress, SynopsisCancelled
from review.synopsis.presence import Presence
from review.synopsis.privacy import coarsen, private_boxes
from review.synopsis.sidemap import MapObject, MapWriter, SourceDigest
from review.synopsis.tubes import film_rate, tubes_of

__all__ = ["FastForwardOptions", "FastForwardReport", "active_spans", "make_fast_forward"]

FILM_SCHEMA: Final = "relecture.fast-forward/1"
HEAD: Final = struct.Struct("<iqii")
"""Of a picture on its way from the sandbox: number of its span, PTS, height and width."""
Span = tuple[Recording, tuple[int, int]]
NOTICE: Final = "AVANCE RAPIDE — images natives, passages immobiles sautés"


@dataclass(frozen=True, slots=True, kw_only=True)
class FastForwardOptions:
    """What the officer chose.

    Attributes:
        speed: 1 shows every frame of the active spans; n shows one in n, and says so.
        around_s: Footage kept before and after what is seen.
        unmasked: Tracks whose head or plate is shown.
    """

    speed: int = 1
    around_s: Fraction = Fraction(1)
    unmasked: frozenset[TrackId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FastForwardReport:
    """What a fast-forward film reports; lengths in seconds."""

    path: Path
    map_path: Path
    map_sha256: str
    length_s: float
    footage_s: float
    shown_s: float
    n_spans: int
    n_frames: int
    speed: int

    def document(self) -> dict[str, object]:
        """The report as JSON values."""
        return {
            "schema": FILM_SCHEMA,
            "film": str(self.path),
            "map": str(self.map_path),
            "map_sha256": self.map_sha256,
            "length_s": round(self.length_s, 3),
            "footage_s": round(self.footage_s, 3),
            "footage_shown_s": round(self.shown_s, 3),
            "spans": self.n_spans,
            "frames": self.n_frames,
            "speed": self.speed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shot:
    """One native frame to show, how long, and the share of the film that is done with it."""

    recording: Recording
    pts_ticks: int
    image_u8: NDArray[np.uint8] = field(repr=False)
    n_film_frames: int
    skipped_s: float
    share: float


def active_spans(
    tracks: Sequence[Track], recording: Recording, *, around_s: Fraction, allowed: Allowed | None = None
) -> tuple[tuple[int, int], ...]:
    """Half-open tick spans of a recording in which any of the tracks is seen, with some footage around, merged."""
    facts = recording.facts
    around = ticks_of(around_s, facts.time_base)
    spans = sorted(
        (
            max(facts.first_pts_ticks, int(track.pts_ticks[0]) - around),
            min(facts.last_pts_ticks, int(track.pts_ticks[-1]) + around) + 1,
        )
        for track in tracks
        if track.recording_id == recording.recording_id
    )
    merged: list[tuple[int, int]] = []
    for first, end in spans:
        if merged and first <= merged[-1][1] + around:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((first, end))
    return tuple(part for span in merged for part in inside(span, recording.recording_id, allowed))


def make_fast_forward(
    tracks: Sequence[Track],
    recordings: Mapping[RecordingId, Recording],
    out_path: Path,
    options: FastForwardOptions,
    *,
    context: Sequence[Track] = (),
    allowed: Allowed | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> FastForwardReport:
    """Make the film and its map. Arguments and errors as in :func:`review.synopsis.make.make_synopsis`."""
    map_path = map_path_of(out_path)
    if map_path.exists():
        raise AlreadyThere(f"{map_path} exists already.", hint="Choose another name, or move the film and map away.")
    used = sorted(
        {recordings[track.recording_id] for track in tracks},
        key=lambda r: (r.camera, r.clock.start_utc is None, str(r.clock.start_utc), r.path),
    )
    if not used:
        raise UnknownReference("There is no object to show.", hint="Widen the search; it says what was analysed.")
    spans = [
        (recording, span)
        for recording in used
        for span in active_spans(tracks, recording, around_s=options.around_s, allowed=allowed)
    ]
    rate = film_rate(used)
    known = [*tracks, *(t for t in context if t.track_id not in {track.track_id for track in tracks})]
    presence = Presence(tubes_of(known, recordings), {r.recording_id: r.facts.median_step_ticks for r in used})
    page = _Page(used, options.speed)
    sources = tuple(
        SourceDigest(recording_id=r.recording_id, name=Path(r.path).name, sha256=r.sha256, time_base=r.facts.time_base)
        for r in used
    )
    chosen = frozenset(track.track_id for track in tracks)
    with FilmWriter(out_path, size_wh_px=page.size_wh_px, rate=rate) as film:
        draft_path = film.folder / "map"
        with (
            MapWriter(draft_path, sources=sources, rate=rate, size_wh_px=page.size_wh_px) as side_map,
            streamed(_pictures, spans, rate, options.speed, recordings=used) as pictures,
        ):
            for shot in _shots(pictures, spans, rate, options.speed):
                if cancel is not None and cancel():
                    raise SynopsisCancelled("The film was stopped.", hint="Nothing was written.")
                picture, rows = page.paint(shot, presence, options.unmasked, chosen)
                for _ in range(shot.n_film_frames):
                    side_map.add([replace(row, frame=film.n_frames) for row in rows])
                    film.write(picture)
                if progress is not None:
                    progress("render", shot.share)
            map_sha256 = side_map.finish()
        comment = {
            "schema": FILM_SCHEMA,
            "notice": NOTICE,
            "map": map_path.name,
            "map_sha256": map_sha256,
            "sources": [{"recording_id": s.recording_id, "sha256": s.sha256} for s in sources],
        }
        film.finish(
            comment=json.dumps(comment, ensure_ascii=False, sort_keys=True),
            title=NOTICE,
            beside={draft_path: map_path},
        )
        n_frames = film.n_frames
    shown = sum((span[1] - span[0]) * recording.facts.time_base for recording, span in spans)
    return FastForwardReport(
        path=out_path,
        map_path=map_path,
        map_sha256=map_sha256,
        length_s=float(n_frames / rate),
        footage_s=float(sum(r.facts.duration_s for r in recordings.values())),
        shown_s=float(shown),
        n_spans=len(spans),
        n_frames=n_frames,
        speed=options.speed,
    )


def _pictures(spans: Sequence[Span], rate: Fraction, speed: int) -> Iterator[bytes]:
    """In the sandbox: the native pictures that the film shows, each behind the header :data:`HEAD`."""
    for number, (recording, span) in enumerate(spans):
        facts = recording.facts
        counts = has_no_times(recording)
        pictures = iter_pictures(
            recording.path,
            start_pts_ticks=None if counts else span[0],
            end_pts_ticks=None if counts else span[1],
            stream_index=facts.stream_index,
            forced_format=facts.forced_format,
        )
        last_due = -1
        for at, picture in enumerate(pictures):
            pts = at if counts else picture.pts_ticks
            if pts is None or not span[0] <= pts < span[1]:
                continue
            due = _due(recording, span, pts, rate, speed)
            if due > last_due:
                last_due = due
                image = np.ascontiguousarray(picture.bgr_u8())
                yield HEAD.pack(number, pts, *image.shape[:2]) + image.tobytes()


def _due(recording: Recording, span: tuple[int, int], pts_ticks: int, rate: Fraction, speed: int) -> int:
    """Film frame, counted from the start of its span, at which a picture is due."""
    return int((pts_ticks - span[0]) * recording.facts.time_base * rate / speed + Fraction(1, 2))


def _shots(messages: Iterable[bytes], spans: Sequence[Span], rate: Fraction, speed: int) -> Iterator[_Shot]:
    """Native pictures, each with the number of film frames until the next one of its span is due."""
    waiting: tuple[int, int, int, NDArray[np.uint8]] | None = None
    for message in messages:
        number, pts, image = _read(message, spans)
        recording, span = spans[number]
        due = _due(recording, span, pts, rate, speed)
        if waiting is not None and (number, due) <= waiting[:2]:
            raise Defect("Pictures of a fast-forward film came out of order.")
        if waiting is not None:
            yield _shot(spans, waiting, n_film_frames=due - waiting[1] if number == waiting[0] else 1)
        waiting = (number, due, pts, image)
    if waiting is not None:
        yield _shot(spans, waiting, n_film_frames=1)


def _read(message: bytes, spans: Sequence[Span]) -> tuple[int, int, NDArray[np.uint8]]:
    """What :func:`_pictures` said, checked: hostile footage may have taken the process over that said it."""
    number, pts, height, width = HEAD.unpack_from(message)
    is_sound = 0 <= number < len(spans) and len(message) == HEAD.size + height * width * 3 and height > 0 < width
    if not is_sound or not spans[number][1][0] <= pts < spans[number][1][1]:
        raise Defect("A picture of a fast-forward film is not what its header says.")
    return number, pts, np.frombuffer(message, np.uint8, offset=HEAD.size).reshape(height, width, 3)


def _shot(spans: Sequence[Span], waiting: tuple[int, int, int, NDArray[np.uint8]], *, n_film_frames: int) -> _Shot:
    number, _, pts, image = waiting
    recording, span = spans[number]
    before = spans[number - 1] if number else None
    skipped_s = 0.0
    if before is not None and before[0].recording_id == recording.recording_id:
        skipped_s = float((span[0] - before[1][1]) * recording.facts.time_base)
    return _Shot(
        recording=recording,
        pts_ticks=pts,
        image_u8=image,
        n_film_frames=n_film_frames,
        skipped_s=skipped_s,
        share=(number + (pts + 1 - span[0]) / (span[1] - span[0])) / len(spans),
    )


class _Page:
    """Puts a native frame under its margins."""

    def __init__(self, recordings: Sequence[Recording], speed: int) -> None:
        width = max(r.facts.size_wh_px[0] for r in recordings)
        height = max(r.facts.size_wh_px[1] for r in recordings)
        self._letterer = Letterer((width, height))
        self._band_px = round(self._letterer.size_px * 1.8)
        self._foot_px = round(self._letterer.size_px * 3.4)
        self.size_wh_px = (-(-width // 2) * 2, -(-(height + self._band_px + self._foot_px) // 2) * 2)
        self._speed = speed

    def paint(
        self, shot: _Shot, presence: Presence, unmasked: frozenset[TrackId], chosen: frozenset[TrackId]
    ) -> tuple[NDArray[np.uint8], list[MapObject]]:
        canvas = np.full((self.size_wh_px[1], self.size_wh_px[0], 3), GROUND, np.uint8)
        image = shot.image_u8.copy()
        names, classes, boxes = presence.at(shot.recording.recording_id, shot.pts_ticks)
        for name, class_name, box in zip(names, classes, boxes, strict=True):
            if name not in unmasked:
                for private in private_boxes(class_name, box):
                    coarsen(image, private, is_plate=class_name not in {"person", "bicycle", "motorcycle"})
        names, _, boxes = presence.at(shot.recording.recording_id, shot.pts_ticks, is_exact=True)
        rows = [self._row(shot, name, box) for name, box in zip(names, boxes, strict=True) if name in chosen]
        height, width = image.shape[:2]
        canvas[self._band_px : self._band_px + height, :width] = image
        self._words(canvas, shot)
        return canvas, rows

    def _row(self, shot: _Shot, name: TrackId, box: NDArray[np.float32]) -> MapObject:
        x0, y0, x1, y1 = (float(value) for value in box)
        return MapObject(
            frame=0,
            box_xyxy_px=(int(x0), int(y0) + self._band_px, int(x1) + 1, int(y1) + 1 + self._band_px),
            recording_id=shot.recording.recording_id,
            track_id=name,
            piece=0,
            pts_ticks=shot.pts_ticks,
            source_box_xyxy_px=(x0, y0, x1, y1),
            tag=time_text(shot.recording, shot.pts_ticks),
        )

    def _words(self, canvas: NDArray[np.uint8], shot: _Shot) -> None:
        recording, pts = shot.recording, shot.pts_ticks
        letterer, width = self._letterer, self.size_wh_px[0]
        pace = f" ×{self._speed} (1 image sur {self._speed})" if self._speed > 1 else ""
        letterer.write(canvas, letterer.tag(NOTICE + pace), (8, 4), ground=0.0, ink=MARK)
        camera = letterer.tag(f"Caméra {recording.camera}")
        letterer.write(canvas, camera, (width - camera.ink_f32.shape[1] - 8, 4), ground=0.0)
        top = canvas.shape[0] - self._foot_px + 2
        moment = utc_of(
            pts,
            first_pts_ticks=recording.facts.first_pts_ticks,
            time_base=recording.facts.time_base,
            clock=recording.clock,
        )
        if moment is None:
            said = f"{time_text(recording, pts, parts=3)} depuis le début (horloge inconnue)"
        else:
            displayed = (moment + timedelta(milliseconds=recording.clock.offset_ms)).astimezone(local_zone(recording))
            said = (
                f"{moment.astimezone(local_zone(recording)):%Y-%m-%d} corrigée {time_text(recording, pts, parts=3)}"
                f" · affichée {displayed:%H:%M:%S},{displayed.microsecond // 1000:03d}"
            )
        letterer.write(canvas, letterer.tag(said), (8, top), ground=0.0)
        source = f"{Path(recording.path).name} · PTS {pts}"
        if shot.skipped_s > 0:
            source += f" · {shot.skipped_s:.1f} s immobiles sautées avant ce passage"
        letterer.write(
            canvas,
            letterer.tag(source, scale=0.85),
            (8, top + round(1.5 * letterer.size_px)),
            ground=0.0,
            ink=(170, 170, 170),
        )
