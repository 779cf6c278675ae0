# SPDX-License-Identifier: Apache-2.0
"""Who is in the picture at an instant of a recording, for masking others out and for cleaning backgrounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import RecordingId, TrackId
from review.synopsis.tubes import Tube

__all__ = ["Presence"]

KEPT: Final = 64
Present = tuple[tuple[TrackId, ...], tuple[str, ...], NDArray[np.float32]]


class Presence:
    """Boxes of all known objects of each recording, found by presentation time.

    Args:
        tubes: Every tube known, shown in the film or not.
        step_ticks: Ticks between frames of each recording; an object seen within one step counts as present.
    """

    def __init__(self, tubes: Sequence[Tube], step_ticks: dict[RecordingId, int]) -> None:
        self._tubes = tuple(tubes)
        self._step = step_ticks
        self._found: dict[tuple[RecordingId, int, bool], Present] = {}
        self._members: dict[RecordingId, NDArray[np.int64]] = {}
        self._spans: dict[RecordingId, NDArray[np.int64]] = {}
        for recording_id in sorted({tube.recording_id for tube in tubes}):
            members = np.array([i for i, tube in enumerate(tubes) if tube.recording_id == recording_id], np.int64)
            spans = np.array([(tubes[i].pts_ticks[0], tubes[i].pts_ticks[-1]) for i in members], np.int64)
            self._members[recording_id] = members
            self._spans[recording_id] = spans

    def at(self, recording_id: RecordingId, pts_ticks: int, *, is_exact: bool = False) -> Present:
        """Tracks, classes and (N, 4) boxes of what is in the picture then.

        ``is_exact`` leaves out what is known of the frame before or after only.
        """
        asked = (recording_id, pts_ticks, is_exact)
        if asked not in self._found:
            # Why: everyone of a unit asks for the same frame.
            while len(self._found) >= KEPT:
                del self._found[next(iter(self._found))]
            self._found[asked] = self._look(recording_id, pts_ticks, is_exact=is_exact)
        return self._found[asked]

    def _look(self, recording_id: RecordingId, pts_ticks: int, *, is_exact: bool) -> Present:
        if recording_id not in self._members:
            return (), (), np.zeros((0, 4), np.float32)
        spans, step = self._spans[recording_id], 0 if is_exact else self._step.get(recording_id, 1)
        present = np.flatnonzero((spans[:, 0] <= pts_ticks + step) & (spans[:, 1] >= pts_ticks - step))
        names: list[TrackId] = []
        classes: list[str] = []
        boxes: list[NDArray[np.float32]] = []
        for member in self._members[recording_id][present].tolist():
            tube = self._tubes[member]
            at = min(int(tube.pts_ticks.searchsorted(pts_ticks)), len(tube.pts_ticks) - 1)
            if at > 0 and pts_ticks - tube.pts_ticks[at - 1] < tube.pts_ticks[at] - pts_ticks:
                at -= 1
            if abs(int(tube.pts_ticks[at]) - pts_ticks) <= step:
                names.append(tube.track_id)
                classes.append(tube.class_name)
                boxes.append(tube.boxes_xyxy_px[at])
        stacked = np.stack(boxes) if boxes else np.zeros((0, 4), np.float32)
        return tuple(names), tuple(classes), stacked
