# SPDX-License-Identifier: Apache-2.0
"""Corrections by hand: a track that holds two objects is split, two tracks of one object are merged.

Segments stay as they were committed. Corrections lie over them and are applied, in their order, whenever the index is
opened; taking one away gives back exactly what was there. Identifiers of what they make follow from the tracks and
the instant that they name, so that the same correction always makes the same tracks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import Attribute, Track, TrackId
from indexer.segments import id_of
from models.errors import UsageProblem

__all__ = ["Correction", "CorrectionKind", "Description", "apply_corrections", "halves_of", "made_by", "merged"]

MAX_COMMON_SHARE: Final = 0.5
"""Two tracks seen side by side in more than this part of the shorter one are two objects."""


class CorrectionKind(StrEnum):
    """What was done by hand."""

    SPLIT = "split"
    MERGE = "merge"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Description:
    """What is said of one half of a split track, looked at anew; the fields are those of a track."""

    class_name: str
    class_score: float
    class_model: str
    best_pts_ticks: int
    attributes: tuple[Attribute, ...]
    vector: NDArray[np.float32]
    crop_jpeg: bytes

    @classmethod
    def of(cls, track: Track) -> Description:
        """What a track says of its object."""
        return cls(**{item.name: getattr(track, item.name) for item in fields(cls)})

    def said_of(self, track: Track) -> Track:
        """The track with this description in the place of its own."""
        return replace(track, **{item.name: getattr(self, item.name) for item in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Correction:
    """One correction that stands.

    Attributes:
        number: 1-based, in order of time.
        kind: Split or merge.
        track_ids: The track that is split, or the two that are merged, the earlier one first.
        at_pts_ticks: First tick of the second half, stream time base; 0 for a merge.
        descriptions: Of the two halves; empty for a merge.
    """

    number: int
    kind: CorrectionKind
    track_ids: tuple[TrackId, ...]
    at_pts_ticks: int = 0
    descriptions: tuple[Description, ...] = ()


def made_by(correction: Correction) -> tuple[TrackId, ...]:
    """Identifiers of the tracks that a correction makes: two halves in order, or one."""
    named = "|".join(correction.track_ids)
    if correction.kind is CorrectionKind.MERGE:
        return (id_of(f"merge|{named}"),)
    return tuple(id_of(f"split|{named}|{correction.at_pts_ticks}|{half}") for half in (0, 1))


def halves_of(track: Track, at_pts_ticks: int) -> tuple[Track, Track]:
    """The frames of a track before a tick, and those from it on; descriptions are still the whole track's.

    Raises:
        UsageProblem: One of the halves would be empty.
    """
    place = int(np.searchsorted(track.pts_ticks, at_pts_ticks))
    if not 0 < place < len(track.pts_ticks):
        raise UsageProblem(
            f"{track.track_id} cannot be split there: it is seen from PTS {int(track.pts_ticks[0])} to "
            f"{int(track.pts_ticks[-1])}, and each half needs a frame.",
            hint="Name the first frame of the second object.",
        )
    return _rows(track, slice(0, place)), _rows(track, slice(place, None))


def merged(a: Track, b: Track) -> Track:
    """One track of two, with the longer one's description, completed by the other's.

    Frames in which neither was seen stay out. Where both were, the box that was seen with the higher score counts.

    Raises:
        UsageProblem: They are of two recordings, or are seen side by side.
    """
    if a.recording_id != b.recording_id:
        raise UsageProblem(
            f"{a.track_id} and {b.track_id} are of two recordings; a track lies within one.",
            hint="Validate both: the report lists them one after the other.",
        )
    n_common = len(np.intersect1d(a.pts_ticks, b.pts_ticks))
    if a.track_id == b.track_id or n_common > MAX_COMMON_SHARE * min(len(a.pts_ticks), len(b.pts_ticks)):
        raise UsageProblem(
            f"{a.track_id} and {b.track_id} are seen side by side in {n_common} frames: two objects cannot be one.",
            hint="Merge tracks that follow each other.",
        )
    # Why: sorted by tick, then by score downwards; the first of each tick is kept.
    scores = np.concatenate([a.scores, b.scores])
    pts = np.concatenate([a.pts_ticks, b.pts_ticks])
    order = np.lexsort((-scores, pts))
    kept = order[np.unique(pts[order], return_index=True)[1]]
    longer, shorter = (a, b) if len(a.pts_ticks) >= len(b.pts_ticks) else (b, a)
    if longer.class_name == "other":
        longer, shorter = shorter, longer
    named = {item.name for item in longer.attributes}
    alike = () if longer.class_name != shorter.class_name else shorter.attributes
    return replace(
        longer,
        frame_index=np.concatenate([a.frame_index, b.frame_index])[kept],
        pts_ticks=pts[kept],
        boxes_xyxy_px=np.concatenate([a.boxes_xyxy_px, b.boxes_xyxy_px])[kept],
        scores=scores[kept],
        attributes=(*longer.attributes, *(item for item in alike if item.name not in named)),
    )


def apply_corrections(
    tracks: Mapping[TrackId, Track], corrections: Iterable[Correction]
) -> tuple[dict[TrackId, Track], dict[TrackId, tuple[Correction, ...]], tuple[int, ...]]:
    """Tracks after every correction.

    Args:
        tracks: Tracks of the segments by identifier.
        corrections: Those that stand, in order of number.

    Returns:
        Tracks by identifier; the corrections behind each track made by hand, in their order, the one that made it
        last; numbers of corrections that name a track which the index does not hold (it was made again with other
        models), and which change nothing.
    """
    result = dict(tracks)
    made: dict[TrackId, tuple[Correction, ...]] = {}
    idle: list[int] = []
    for correction in corrections:
        try:
            before = [result[track_id] for track_id in correction.track_ids]
            after = _after(correction, before)
        except (KeyError, UsageProblem):
            idle.append(correction.number)
            continue
        behind: set[Correction] = {correction}
        for track_id in correction.track_ids:
            del result[track_id]
            behind.update(made.pop(track_id, ()))
        for track in after:
            result[track.track_id] = track
            made[track.track_id] = tuple(sorted(behind, key=lambda item: item.number))
    return result, made, tuple(idle)


def _after(correction: Correction, before: list[Track]) -> tuple[Track, ...]:
    names = made_by(correction)
    if correction.kind is CorrectionKind.MERGE:
        return (replace(merged(*before), track_id=names[0]),)
    halves = halves_of(before[0], correction.at_pts_ticks)
    return tuple(
        replace(said.said_of(half), track_id=name)
        for half, said, name in zip(halves, correction.descriptions, names, strict=True)
    )


def _rows(track: Track, rows: slice) -> Track:
    return replace(
        track,
        frame_index=track.frame_index[rows],
        pts_ticks=track.pts_ticks[rows],
        boxes_xyxy_px=track.boxes_xyxy_px[rows],
        scores=track.scores[rows],
    )
