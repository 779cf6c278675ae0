# SPDX-License-Identifier: Apache-2.0
"""What is decided about several tracks together: riders belong to their machine, tracks cut by a segment are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from indexer.records import Track, TrackId
from indexer.sketches import Box, iou_xyxy, overlap_share

__all__ = ["absorb_riders", "join_across_cut"]

RIDER_SHARE: Final = 0.6
MIN_COMMON_FRAMES: Final = 3
JOIN_IOU: Final = 0.3
COVERED_SHARE: Final = 0.5


def absorb_riders(tracks: list[Track]) -> list[Track]:
    """Drop a person or a second machine that a bicycle or motorcycle track covers: a rider is one object."""
    machines = [track for track in tracks if track.class_name in {"bicycle", "motorcycle"}]
    kept = []
    for track in tracks:
        hosts = [m for m in machines if m is not track and (track.class_name == "person" or _is_lesser(track, m))]
        if track.class_name in {"person", "bicycle", "motorcycle"} and any(_rides(track, host) for host in hosts):
            continue
        kept.append(track)
    return kept


def join_across_cut(
    earlier: Sequence[Track], later: Sequence[Track], *, max_step_ticks: int
) -> list[tuple[TrackId, TrackId]]:
    """Pairs (earlier id, later id) of tracks that one segment ends with and the next begins with.

    Args:
        earlier: Tracks of one segment.
        later: Tracks of the next one.
        max_step_ticks: Longest time between the two ends, ticks.
    """
    candidates = []
    for a in earlier:
        for b in later:
            gap = int(b.pts_ticks[0] - a.pts_ticks[-1])
            if 0 < gap <= max_step_ticks:
                iou = iou_xyxy(_box(a, -1), _box(b, 0))
                if iou >= JOIN_IOU and (a.class_name == b.class_name or "other" in {a.class_name, b.class_name}):
                    candidates.append((-iou, a.track_id, b.track_id))
    pairs: list[tuple[TrackId, TrackId]] = []
    used: set[TrackId] = set()
    for _, first, second in sorted(candidates):
        if first not in used and second not in used:
            pairs.append((first, second))
            used |= {first, second}
    return pairs


def joined(a: Track, b: Track) -> Track:
    """One track of two that follow each other; it keeps the first one's identifier and the longer one's description."""
    longer = a if len(a.pts_ticks) >= len(b.pts_ticks) else b
    return replace(
        longer,
        track_id=a.track_id,
        frame_index=np.concatenate([a.frame_index, b.frame_index]),
        pts_ticks=np.concatenate([a.pts_ticks, b.pts_ticks]),
        boxes_xyxy_px=np.concatenate([a.boxes_xyxy_px, b.boxes_xyxy_px]),
        scores=np.concatenate([a.scores, b.scores]),
    )


def _is_lesser(track: Track, other: Track) -> bool:
    return track.class_name in {"bicycle", "motorcycle"} and (len(track.pts_ticks), track.track_id) < (
        len(other.pts_ticks),
        other.track_id,
    )


def _rides(person: Track, machine: Track) -> bool:
    common, at_person, at_machine = np.intersect1d(person.pts_ticks, machine.pts_ticks, return_indices=True)
    if len(common) < max(MIN_COMMON_FRAMES, 0.5 * len(person.pts_ticks)):
        return False
    n_covered = 0
    for i, j in zip(at_person, at_machine, strict=True):
        box, host = _box(person, int(i)), _box(machine, int(j))
        n_covered += max(overlap_share(box, host), overlap_share(host, box)) > COVERED_SHARE
    return bool(n_covered >= RIDER_SHARE * len(common))


def _box(track: Track, i: int) -> Box:
    x1, y1, x2, y2 = (float(value) for value in track.boxes_xyxy_px[i])
    return (x1, y1, x2, y2)
