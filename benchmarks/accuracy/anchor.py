# SPDX-License-Identifier: Apache-2.0
"""What anybody would build first: one person net on every picture, and ByteTrack as its library sets it."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import av
import numpy as np
import supervision as sv
from numpy.typing import NDArray
from trackers import ByteTrackTracker

from benchmarks.accuracy.recordings import Labelled
from benchmarks.accuracy.scores import MotScores, mot_scores
from benchmarks.accuracy.sheet import MIN_VISIBLE_UNIT
from models.detectors.rtmdet import RtmdetPersonDetector
from models.registry import Registry

__all__ = ["score_anchor"]

_NET: Final = "rtmdet-nano-person"
_LONG_SIDE_PX: Final = 640


@dataclass(frozen=True, slots=True, eq=False)
class _Boxes:
    """The part of a track that scores look at."""

    frame_index: NDArray[np.int64]
    boxes_xyxy_px: NDArray[np.float32]


def score_anchor(labelled: Labelled) -> tuple[MotScores, float]:
    """Scores of the anchor on a recording with labelled boxes, and its processor seconds, decoding included.

    Raises:
        ModelProblem: The person net is not imported.
    """
    registry = Registry.load()
    model_id = registry.entry(_NET).model_id
    detector = RtmdetPersonDetector(registry.open(_NET, device="cpu"), model_id=model_id, long_side_px=_LONG_SIDE_PX)
    tracker = ByteTrackTracker()
    found: dict[int, list[tuple[int, NDArray[np.float32]]]] = defaultdict(list)
    start = time.process_time()
    with av.open(str(labelled.path)) as recording:
        for number, frame in enumerate(recording.decode(video=0)):
            seen = detector.detect(frame.to_ndarray(format="bgr24"))
            tracked = tracker.update(
                sv.Detections(
                    xyxy=seen.boxes_xyxy_px.astype(np.float64).reshape(-1, 4),
                    confidence=seen.scores.astype(np.float64),
                    class_id=np.zeros(len(seen), int),
                )
            )
            for box, track in zip(tracked.xyxy, tracked.tracker_id, strict=True):
                if track >= 0:
                    found[int(track)].append((number, box))
    spent_s = time.process_time() - start
    tracks = [
        _Boxes(np.array([n for n, _ in boxes]), np.array([box for _, box in boxes], np.float32))
        for boxes in found.values()
    ]
    return mot_scores(labelled, tracks, min_visible_unit=MIN_VISIBLE_UNIT), spent_s  # type: ignore[arg-type]
