# SPDX-License-Identifier: Apache-2.0
"""Reads a finished film back and holds it against the recordings: does an object show the frame that the map names?

Objects are drawn by chance from the map as it lies on the disk. Their pixels come from the film as it was encoded, and
those that they are held against from the recording, decoded anew by another process in the sandbox: the frame that the
map names and those around it. Where the frames differ, the film must be most like the one that is named.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.media import iter_pictures
from indexer.records import Recording, RecordingId, TrackId
from models.errors import Defect
from review.film_parts import ticks_per_s
from review.streaming import streamed
from review.synopsis._pixels import resized
from review.synopsis.backdrop import Allowed, has_no_times, inside
from review.synopsis.lettering import time_text
from review.synopsis.privacy import private_boxes
from review.synopsis.sidemap import MapObject, SynopsisMap

__all__ = ["ReadBack", "read_back"]

N_OBJECTS: Final = 12
AROUND_FRAMES: Final = 6
"""Native frames on either side that the named one is told from."""
SETTLED_FRAMES: Final = 6
"""Film frames for which an object must have stood, and stands on: it fades in and out where its track is cut."""
LEAST_PX: Final = 20
DIFFERENT_LEVELS: Final = 18
"""A pixel tells frames apart where they differ by so much."""
LEAST_DIFFERENT: Final = 40
SHIFT_PX: Final = 2
"""A native picture is tried so far beside its place."""
MOST_LEVELS: Final = 60
CLEAR_LEVELS: Final = 2.0
CLEARLY_WORSE: Final = 1.5
"""A frame is not the one shown where it is so many times as far from the film as another: the next frame of something
that moves is twice as far, and a plain surface before a plain ground gives up to 1.4 without any fault."""
CODING_LEVELS: Final = 25.0
"""Mean difference, where the frames differ, beyond which a film shows something else than any of them."""
HEAD: Final = struct.Struct("<iii")
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What reading a film back gave.

    Attributes:
        n_confirmed: Objects that are most like the frame that the map names.
        n_undecided: Objects that all frames around show alike, because nothing moved, or that were not found whole.
        n_unlike: Objects that no frame around the named one shows.
        worst_ticks: Largest distance between the frame that an object is most like and the one that the map names.
        n_tags_wrong: Different times of the map that are not that of their PTS.
    """

    n_confirmed: int
    n_undecided: int
    n_unlike: int
    worst_ticks: int
    n_tags_wrong: int

    @property
    def is_sound(self) -> bool:
        """True when nothing contradicts the map."""
        return self.worst_ticks == 0 and self.n_unlike == 0 and self.n_tags_wrong == 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sample:
    """One object of the film: where the map says it comes from, its grey picture, and which pixels may be compared."""

    row: MapObject
    film_u8: NDArray[np.uint8]
    may_tell: NDArray[np.bool_]


def read_back(
    film_path: Path,
    side_map: SynopsisMap,
    recordings: Mapping[RecordingId, Recording],
    *,
    classes: Mapping[TrackId, str],
    unmasked: frozenset[TrackId] = frozenset(),
    allowed: Allowed | None = None,
    n_objects: int = N_OBJECTS,
) -> ReadBack:
    """Hold a film against its map and its recordings.

    Args:
        film_path: The film.
        side_map: Its map, read from the disk.
        recordings: Those that it shows.
        classes: Class of each track, which says where its pixels were coarsened.
        unmasked: Tracks that were not coarsened.
        allowed: Tick spans that may be looked at, by recording; None for all.
        n_objects: How many objects are drawn by chance; the same ones for the same map.

    Raises:
        UnreadableInput: The film or the footage cannot be decoded.
    """
    rows = _drawn(side_map, n_objects)
    samples = list(_samples(film_path, side_map, rows, classes, unmasked))
    wanted = [(s.row.recording_id, *_window(s.row, recordings, allowed), _source(s), _size(s)) for s in samples]
    used = {s.row.recording_id: recordings[s.row.recording_id] for s in samples}
    judged: list[int | None] = []
    if samples:
        with streamed(_natives, wanted, used, recordings=list(used.values())) as said:
            judged = [_judged(s, *_read(message, s)) for s, message in zip(samples, said, strict=True)]
    decided = [ticks for ticks in judged if ticks is not None and ticks >= 0]
    return ReadBack(
        n_confirmed=decided.count(0),
        n_undecided=len(rows) - len(samples) + judged.count(None),
        n_unlike=judged.count(-1),
        worst_ticks=max(decided, default=0),
        n_tags_wrong=sum(tag not in {"", time_text(recordings[key], pts)} for key, pts, tag in side_map.times()),
    )


def _drawn(side_map: SynopsisMap, n_objects: int) -> list[MapObject]:
    """Objects that stand free, whole and settled, in film order; the seed is the digest of the map."""
    chance = np.random.default_rng(int(side_map.sha256[:16], 16))
    found: dict[int, MapObject] = {}
    frames = chance.permutation(side_map.frames())
    for frame in frames[: 8 * n_objects].tolist():
        rows = side_map.objects_of(frame)
        steady = _names(side_map, frame - SETTLED_FRAMES) & _names(side_map, frame + SETTLED_FRAMES)
        fit = [row for row in rows if (row.track_id, row.piece) in steady and _stands_free(row, rows)]
        if fit:
            found[frame] = fit[int(chance.integers(len(fit)))]
        if len(found) == n_objects:
            break
    return [found[frame] for frame in sorted(found)]


def _names(side_map: SynopsisMap, frame: int) -> set[tuple[TrackId, int]]:
    return {(row.track_id, row.piece) for row in side_map.objects_of(frame)}


def _stands_free(row: MapObject, rows: Sequence[MapObject]) -> bool:
    x0, y0, x1, y1 = row.box_xyxy_px
    others = [other.box_xyxy_px for other in rows if other is not row]
    is_free = all(x1 <= a or c <= x0 or y1 <= b or d <= y0 for a, b, c, d in others)
    return is_free and min(x1 - x0, y1 - y0) >= LEAST_PX


def _samples(
    film_path: Path,
    side_map: SynopsisMap,
    rows: Sequence[MapObject],
    classes: Mapping[TrackId, str],
    unmasked: frozenset[TrackId],
) -> Iterator[_Sample]:
    """The pixels of the objects, as the encoded film holds them."""
    rate = Fraction(side_map.header["rate"])
    step = ticks_per_s(rate) / rate
    for row in rows:
        pts = int(row.frame * step)
        picture = next(iter_pictures(str(film_path), start_pts_ticks=pts, end_pts_ticks=pts + 1), None)
        if picture is None:
            continue
        film = cv2.cvtColor(picture.crop_bgr_u8(row.box_xyxy_px), cv2.COLOR_BGR2GRAY)
        may_tell = np.ones(film.shape, bool)
        if row.track_id not in unmasked:
            _leave_out(may_tell, row, classes[row.track_id])
        yield _Sample(row=row, film_u8=np.asarray(film, np.uint8), may_tell=may_tell)


def _leave_out(may_tell: NDArray[np.bool_], row: MapObject, class_name: str) -> None:
    """Take what was coarsened out of the comparison."""
    height, width = may_tell.shape
    x0, y0, x1, y1 = row.source_box_xyxy_px
    scale = width / max(x1 - x0, 1.0), height / max(y1 - y0, 1.0)
    for a, b, c, d in private_boxes(class_name, np.array(row.source_box_xyxy_px, np.float32)):
        left, right = int((a - x0) * scale[0]), int((c - x0) * scale[0]) + 1
        top, bottom = int((b - y0) * scale[1]), int((d - y0) * scale[1]) + 1
        may_tell[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False


def _window(
    row: MapObject, recordings: Mapping[RecordingId, Recording], allowed: Allowed | None
) -> tuple[int, int, int]:
    """PTS, and the half-open span of ticks around it that may be looked at."""
    around = AROUND_FRAMES * recordings[row.recording_id].facts.median_step_ticks
    span = (row.pts_ticks - around, row.pts_ticks + around + 1)
    parts = inside(span, row.recording_id, allowed)
    first, end = next(((a, b) for a, b in parts if a <= row.pts_ticks < b), (row.pts_ticks, row.pts_ticks + 1))
    return row.pts_ticks, first, end


def _source(sample: _Sample) -> Box:
    x0, y0, x1, y1 = sample.row.source_box_xyxy_px
    return int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))


def _size(sample: _Sample) -> tuple[int, int]:
    return sample.film_u8.shape[1], sample.film_u8.shape[0]


def _natives(
    wanted: Sequence[tuple[RecordingId, int, int, int, Box, tuple[int, int]]],
    recordings: Mapping[RecordingId, Recording],
) -> Iterator[bytes]:
    """In the sandbox: the same box of every native frame of a span, grey and at the size that the film shows it."""
    for key, _, first, end, box, size in wanted:
        recording = recordings[key]
        counts = has_no_times(recording)
        pictures = iter_pictures(
            recording.path,
            start_pts_ticks=None if counts else first,
            end_pts_ticks=None if counts else end,
            stream_index=recording.facts.stream_index,
            forced_format=recording.facts.forced_format,
        )
        ticks: list[int] = []
        packed = b""
        for number, picture in enumerate(pictures):
            pts = number if counts else picture.pts_ticks
            if pts is None or pts < first:
                continue
            if pts >= end:
                break
            grey = cv2.cvtColor(picture.crop_bgr_u8(box), cv2.COLOR_BGR2GRAY)
            ticks.append(pts)
            packed += resized(np.asarray(grey, np.uint8), size).tobytes()
        yield HEAD.pack(len(ticks), size[1], size[0]) + np.array(ticks, "<i8").tobytes() + packed


def _read(message: bytes, sample: _Sample) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """PTS and (n, h, w) pictures that the sandbox sent."""
    n, height, width = HEAD.unpack_from(message)
    if n < 0 or (height, width) != sample.film_u8.shape or len(message) != HEAD.size + n * (8 + height * width):
        raise Defect("Pictures to compare a film with are not what their header says.")
    ticks = np.frombuffer(message, "<i8", count=n, offset=HEAD.size).astype(np.int64)
    pictures = np.frombuffer(message, np.uint8, offset=HEAD.size + 8 * n)
    return ticks, pictures.reshape(n, height, width)


def _judged(sample: _Sample, ticks: NDArray[np.int64], pictures: NDArray[np.uint8]) -> int | None:
    """Ticks between the frame that the film is most like and the one named; None undecided, -1 like none of them."""
    named = np.flatnonzero(ticks == sample.row.pts_ticks)
    if len(named) != 1:
        return -1
    tells = sample.may_tell & (np.ptp(pictures.astype(np.int16), axis=0) >= DIFFERENT_LEVELS)
    if len(ticks) < 2 or np.count_nonzero(tells[SHIFT_PX:-SHIFT_PX, SHIFT_PX:-SHIFT_PX]) < LEAST_DIFFERENT:
        return None
    in_place, errors = _errors(sample.film_u8, tells, pictures)
    if in_place.min() > CODING_LEVELS:
        return -1
    best, own = int(np.argmin(errors)), float(errors[named[0]])
    if errors.max() - errors[best] < CLEAR_LEVELS:
        return None
    is_own = own - errors[best] < max(0.5, 0.1 * own)
    if not is_own and own < CLEARLY_WORSE * errors[best]:
        return None
    return 0 if is_own else abs(int(ticks[best]) - sample.row.pts_ticks)


def _errors(
    film_u8: NDArray[np.uint8], tells: NDArray[np.bool_], pictures: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean difference of each native picture from the film: in its place, and laid where it fits best.

    Several cameras are shown reduced, and boxes are rounded on both sides: a picture may lie a pixel or two
    beside its place, which is as far as a slow walker goes in several frames.
    """
    inner = slice(SHIFT_PX, -SHIFT_PX)
    tells, film = tells[inner, inner], film_u8[inner, inner].astype(np.int16)
    height, width = film.shape
    in_place = np.minimum(np.abs(pictures[:, inner, inner].astype(np.int16) - film)[:, tells], MOST_LEVELS).mean(axis=1)
    found = in_place
    for y in range(2 * SHIFT_PX + 1):
        for x in range(2 * SHIFT_PX + 1):
            moved = pictures[:, y : y + height, x : x + width].astype(np.int16)
            apart = np.minimum(np.abs(moved - film)[:, tells], MOST_LEVELS)
            found = np.minimum(found, apart.mean(axis=1))
    return in_place, found
