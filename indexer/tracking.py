# SPDX-License-Identifier: Apache-2.0
"""Following objects from picture to picture with ``trackers`` (ByteTrack).

The library's numbers are mapped to sketches at once: its process-wide counter never reaches a result.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker

from indexer.sketches import Box, Sighting, Sketch, iou_xyxy

__all__ = ["SketchTracker", "drop_noise"]

LOST_S: Final = 1.2
MIN_SCORE: Final = 0.3
MIN_SIGHTINGS: Final = 3
MIN_LIFE_S: Final = 0.25
BOX_BUFFER: Final = 0.3
"""Boxes are grown by this share before they are compared: at six pictures a second a fast object hardly overlaps itself
from one to the next. Walkers are slow and walk close together: theirs stay as they are. Source: Yang et al., "Hard to
Track Objects with Irregular Motions and Similar Appearances? Make It Easier by Buffering the Matching Space", WACV
2023."""


class SketchTracker:
    """Associates sightings over time into sketches.

    Args:
        from_detector: Whether the sightings are detections (their scores count) or motion (all count alike).
    """

    def __init__(self, *, from_detector: bool, rate_hz: float = 30.0) -> None:
        self._from_detector = from_detector
        self._tracker = ByteTrackTracker(
            lost_track_buffer=int(LOST_S * 30),
            frame_rate=rate_hz,
            track_activation_threshold=0.45 if from_detector else MIN_SCORE,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=0.1,
            high_conf_det_threshold=0.45 if from_detector else MIN_SCORE,
        )
        self._sketch_by_number: dict[int, Sketch] = {}
        self._all: list[Sketch] = []
        self._unclaimed: list[Sighting] = []

    def update(self, time_s: float, sightings: list[Sighting], *, n_walkers: int = 0) -> list[tuple[Sketch, Sighting]]:
        """Take the sightings of one picture, in time order; return those that now belong to a sketch.

        Args:
            time_s: Time of the picture.
            sightings: What was seen in it.
            n_walkers: How many of them, from the end of the list, are walkers although nothing labels them.
        """
        first_walker = len(sightings) - n_walkers
        boxes = np.array(
            [
                s.box_xyxy_px if s.label == "person" or i >= first_walker else _grown(s.box_xyxy_px)
                for i, s in enumerate(sightings)
            ],
            np.float64,
        ).reshape(-1, 4)
        detections = sv.Detections(
            xyxy=boxes,
            confidence=np.array([s.score for s in sightings], np.float64),
            class_id=np.arange(len(sightings)),
        )
        result = self._tracker.update(detections, timestamp=time_s)
        claimed: list[tuple[Sketch, Sighting]] = []
        free: list[Sighting] = []
        numbers = result.tracker_id if result.tracker_id is not None else np.zeros(0, int)
        origins = result.class_id if result.class_id is not None else np.zeros(0, int)
        for number, origin in sorted(zip(numbers.tolist(), origins.tolist(), strict=True), key=lambda pair: pair[1]):
            sighting = sightings[origin]
            if number < 0:
                free.append(sighting)
                continue
            sketch = self._sketch_by_number.get(number)
            if sketch is None:
                sketch = Sketch(from_detector=self._from_detector)
                self._sketch_by_number[number] = sketch
                self._all.append(sketch)
                first = self._claim_first(sighting)
                if first is not None:
                    sketch.add(first)
            sketch.add(sighting)
            claimed.append((sketch, sighting))
        self._unclaimed = free
        return claimed

    def finish(self) -> list[Sketch]:
        """Every sketch so far, in order of first appearance."""
        return sorted(self._all, key=lambda sketch: (sketch.first.pts_ticks, sketch.first.box_xyxy_px))

    def _claim_first(self, second: Sighting) -> Sighting | None:
        """The library numbers an object at its second sighting; find the first one among those left over."""
        best = max(self._unclaimed, key=lambda s: iou_xyxy(_grown(s.box_xyxy_px), second.box_xyxy_px), default=None)
        if best is None or iou_xyxy(_grown(best.box_xyxy_px), second.box_xyxy_px) < 0.05:
            return None
        self._unclaimed.remove(best)
        return best


def drop_noise(sketches: list[Sketch], *, ticks_per_s: float) -> tuple[list[Sketch], int]:
    """Leave out what was seen too briefly to be anything; also says how many were left out."""
    kept = [
        sketch
        for sketch in sketches
        if len(sketch.sightings) >= MIN_SIGHTINGS
        and (sketch.last.pts_ticks - sketch.first.pts_ticks) >= MIN_LIFE_S * ticks_per_s
    ]
    return kept, len(sketches) - len(kept)


def _grown(box: Box) -> Box:
    dx, dy = BOX_BUFFER * (box[2] - box[0]), BOX_BUFFER * (box[3] - box[1])
    return (box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy)
