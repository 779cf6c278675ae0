# SPDX-License-Identifier: Apache-2.0
"""Detections say what an object is, motion says when it came and went: one sketch out of both.

A detector looks a few times a second and loses small or cut objects near the edges; the motion of the same object is
seen in every analysed picture. Where a motion sketch and a detected one are clearly one single object, the detected
one takes over the times that motion adds, and detected pieces on one motion sketch become one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from indexer.sketches import Box, Sighting, Sketch, iou_xyxy, overlap_share

__all__ = ["fuse", "is_explained"]

SAME_IOU: Final = 0.5
"""Median overlap of a motion box and the detections on it from which they are taken for one single object."""
ALONE_IOU: Final = 0.25
"""The same where one detected sketch alone lies on the motion: a shadow or a reflection may widen the motion box."""
MAX_SHARED_PICTURES: Final = 3
MAX_GROWTH: Final = 1.7
"""A motion box that suddenly has this many times the area has swallowed something else."""
CLAIM_SHARE: Final = 0.5
MAX_FOREIGN_PICTURES: Final = 1
EXPLAINED_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class _Match:
    sketch: Sketch
    iou: float


def fuse(detected: list[Sketch], motion: list[Sketch]) -> list[Sketch]:
    """Detected sketches with the times that motion adds, pieces of one object joined; by first appearance."""
    remaining = sorted(detected, key=_by_first)
    for blob in sorted(motion, key=_by_first):
        matches = [match for sketch in remaining if (match := _match(sketch, blob)) is not None]
        needed = SAME_IOU if len(matches) > 1 else ALONE_IOU
        if not matches or any(match.iou < needed for match in matches) or not _follow_each_other(matches):
            continue
        if _is_shared(blob, [match.sketch for match in matches], remaining):
            continue
        first, *others = (match.sketch for match in matches)
        for later in others:
            first.take_over(later)
            remaining.remove(later)
        rivals = [sketch for sketch in remaining if sketch is not first]
        _add_times(first, blob, rivals)
    return sorted(remaining, key=_by_first)


def is_explained(blob: Sketch, detected: list[Sketch]) -> bool:
    """True when a good part of a motion sketch lies on detected objects, or around several of them."""
    n_explained = 0
    for sighting in blob.sightings:
        for other in detected:
            box = _box_at(other, sighting.pts_ticks)
            if box is None:
                continue
            inside = max(overlap_share(box, sighting.box_xyxy_px), overlap_share(sighting.box_xyxy_px, box))
            if inside > 0.45:
                n_explained += 1
                break
    return n_explained >= EXPLAINED_SHARE * len(blob.sightings)


def _match(sketch: Sketch, blob: Sketch) -> _Match | None:
    """How well a detected sketch lies on a motion sketch, where both are seen; None where they are apart."""
    box_by_pts = {sighting.pts_ticks: sighting.box_xyxy_px for sighting in blob.sightings}
    common = [s for s in sketch.sightings if s.pts_ticks in box_by_pts]
    touching = [s for s in common if overlap_share(s.box_xyxy_px, box_by_pts[s.pts_ticks]) > CLAIM_SHARE]
    if len(touching) < max(2, 0.5 * len(common)) or len(touching) < 0.4 * len(sketch.sightings):
        return None
    return _Match(sketch, float(np.median([iou_xyxy(s.box_xyxy_px, box_by_pts[s.pts_ticks]) for s in touching])))


def _is_shared(blob: Sketch, matched: list[Sketch], detected: list[Sketch]) -> bool:
    """True when others pass through the motion sketch too: what it shows beyond the detections may be theirs."""
    for other in detected:
        if other in matched:
            continue
        n_touching = 0
        for sighting in blob.sightings:
            box = _box_at(other, sighting.pts_ticks)
            n_touching += box is not None and overlap_share(box, sighting.box_xyxy_px) > CLAIM_SHARE
            if n_touching > MAX_FOREIGN_PICTURES:
                return True
    return False


def _follow_each_other(matches: list[_Match]) -> bool:
    """True when pieces come one after the other; the ends of two may overlap by a few pictures."""
    ordered = [match.sketch for match in matches]
    return all(_begins_late(a, b) and _same_kind(a, b) for a, b in pairwise(ordered))


def _begins_late(a: Sketch, b: Sketch) -> bool:
    n_shared = sum(sighting.pts_ticks >= b.first.pts_ticks for sighting in a.sightings)
    return n_shared <= MAX_SHARED_PICTURES and n_shared < len(b.sightings)


def _same_kind(a: Sketch, b: Sketch) -> bool:
    """Pieces may be one object unless their best labels are of different worlds (a person is never a vehicle)."""
    kinds = {
        ("person" if max(s.votes, key=lambda label: (s.votes[label], label)) == "person" else "machine") for s in (a, b)
    }
    return len(kinds) == 1


def _add_times(sketch: Sketch, blob: Sketch, rivals: list[Sketch]) -> None:
    """Add the sightings of a motion sketch outside the detected span, outward from its ends while plausible."""
    for direction in (-1, 1):
        end = sketch.first if direction < 0 else sketch.last
        outside = [s for s in blob.sightings if (s.pts_ticks - end.pts_ticks) * direction > 0]
        added: list[Sighting] = []
        for sighting in outside if direction > 0 else reversed(outside):
            if _area(sighting.box_xyxy_px) > MAX_GROWTH * _area(end.box_xyxy_px):
                break
            if any(_claims(rival, sighting) for rival in rivals):
                break
            end = replace(sighting, score=0.0, label="")
            added.append(end)
        sketch.sightings = sorted([*sketch.sightings, *added], key=lambda item: item.pts_ticks)


def _claims(rival: Sketch, sighting: Sighting) -> bool:
    box = _box_at(rival, sighting.pts_ticks)
    return box is not None and overlap_share(box, sighting.box_xyxy_px) > CLAIM_SHARE


def _box_at(sketch: Sketch, pts_ticks: int) -> Box | None:
    """Box of the sighting nearest in time, None outside the sketch's life."""
    if not sketch.first.pts_ticks <= pts_ticks <= sketch.last.pts_ticks:
        return None
    return min(sketch.sightings, key=lambda s: abs(s.pts_ticks - pts_ticks)).box_xyxy_px


def _area(box: Box) -> float:
    return max(1.0, (box[2] - box[0]) * (box[3] - box[1]))


def _by_first(sketch: Sketch) -> tuple[int, Box]:
    return sketch.first.pts_ticks, sketch.first.box_xyxy_px
