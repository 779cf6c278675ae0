# SPDX-License-Identifier: Apache-2.0
"""Cuts what motion shows into walkers: a region that is several becomes several, pieces of one become one.

The finder is asked around what differs from the scene, and only once while that does not change: a parked car, a bottle
put down, somebody who stands still.

The finder's boxes stand for a region when they account for what moved in it; else the region stays as motion saw it,
and the boxes within go, so that a car, a cyclist or somebody close to the camera is never cut into persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.motion import WEAK_LEVELS, Blob, MotionModel
from indexer.sketches import Box, as_box, overlap_share
from models.detectors import Detections
from models.detectors.walkers import AROUND_PX, MAX_HEIGHT_PX, WalkerFinder

__all__ = ["SURE_SCORE", "CalmFinder", "settle_walkers"]

SURE_SCORE: Final = 0.35
ACCOUNTED_SHARE: Final = 0.55
"""Share of a region's moving pixels that must lie in the walkers' boxes."""
INSIDE_SHARE: Final = 0.6
HALF: Final = 0.5
MAX_ANSWER_LOOKS: Final = 12
"""An answer stands for so many pictures at most, about a second, for the scene follows the light meanwhile."""
TREMBLE_PX: Final = 6
"""The border of what stands still trembles by so much from picture to picture."""
MAX_CHANGED_PX: Final = 12
"""More pixels that changed are somebody who moved: the smallest object that motion sees has 25."""
EDGE_PX: Final = 2
MIN_MOVING_SHARE: Final = 0.06
"""A walker's box with fewer moving pixels than that is believed no more than the empty scene is."""


Region = tuple[int, int, int, int]


class CalmFinder:
    """Asks the finder around what moves, and gives its last answer again while nothing changes there.

    Args:
        finder: The embedded finder.
    """

    def __init__(self, finder: WalkerFinder) -> None:
        self._finder = finder
        self._answers: list[_Answer] = []

    def forget(self) -> None:
        """Ask anew next time: the scene has changed."""
        self._answers = []

    def find(self, picture_bgr: NDArray[np.uint8], model: MotionModel, blobs: tuple[Blob, ...]) -> Detections:
        """Walkers around the blobs of a picture, in its pixels.

        Args:
            picture_bgr: (H, W, 3).
            model: Knows the empty scene.
            blobs: What differs from it, at least one.
        """
        scene: NDArray[np.uint8] | None = None
        answers = []
        for region in _apart([blob.box_xyxy for blob in blobs]):
            answer = next((known for known in self._answers if known.stands_for(picture_bgr, region)), None)
            if answer is None:
                scene = model.empty_scene_bgr_u8 if scene is None else scene
                found = self._finder.find(picture_bgr, scene, near_xyxy=region)
                answer = _Answer(region, _part(picture_bgr, _grown(region, TREMBLE_PX)).copy(), found)
            answer.n_looks += 1
            answers.append(answer)
        self._answers = answers
        return Detections(
            boxes_xyxy_px=np.concatenate([answer.found.boxes_xyxy_px for answer in answers]),
            scores=np.concatenate([answer.found.scores for answer in answers]),
            labels=tuple(label for answer in answers for label in answer.found.labels),
        )


@dataclass(slots=True, eq=False)
class _Answer:
    """What the finder said of a region, and how the region looked then."""

    region: Region
    picture_bgr: NDArray[np.uint8]
    found: Detections
    n_looks: int = 0

    def stands_for(self, picture_bgr: NDArray[np.uint8], region: Region) -> bool:
        """True while the region is where it was and looks as it did."""
        if self.n_looks >= MAX_ANSWER_LOOKS:
            return False
        if max(abs(a - b) for a, b in zip(self.region, region, strict=True)) > TREMBLE_PX:
            return False
        now = cv2.GaussianBlur(_part(picture_bgr, _grown(self.region, TREMBLE_PX)), (3, 3), 0)
        change = cv2.absdiff(now, cv2.GaussianBlur(self.picture_bgr, (3, 3), 0)).max(axis=2)
        return int(np.count_nonzero(change > WEAK_LEVELS)) <= MAX_CHANGED_PX


def _apart(boxes: list[Region]) -> list[Region]:
    """Boxes as few regions so far from each other that the finder, asked around each, looks nowhere twice."""
    regions: list[Region] = []
    for box in sorted(boxes):
        joined = box
        while near := [other for other in regions if _overlap(_grown(joined, AROUND_PX), _grown(other, AROUND_PX))]:
            for other in near:
                regions.remove(other)
                joined = _around(joined, other)
        regions.append(joined)
    return sorted(regions)


def _grown(region: Region, by_px: int) -> Region:
    return region[0] - by_px, region[1] - by_px, region[2] + by_px, region[3] + by_px


def _overlap(a: Region, b: Region) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _around(a: Region, b: Region) -> Region:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _part(picture: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    return picture[max(0, region[1]) : max(0, region[3]), max(0, region[0]) : max(0, region[2])]


def settle_walkers(
    blobs: tuple[Blob, ...], mask: NDArray[np.uint8], found: Detections
) -> tuple[list[Box], list[tuple[Box, bool]]]:
    """Regions that stay, and walkers as (box, sure), in pixels of the mask.

    Args:
        blobs: Moving regions.
        mask: (H, W) what moves, 0 or 255.
        found: Walkers of the same picture.
    """
    walkers = [
        (box, score >= SURE_SCORE)
        for box, score in zip(_boxes(found), found.scores.tolist(), strict=True)
        if _moving_share(mask, box) >= MIN_MOVING_SHARE
    ]
    sure = np.zeros(mask.shape, np.bool_)
    for box, is_sure in walkers:
        if is_sure:
            x1, y1, x2, y2 = _whole(box, mask.shape)
            sure[y1:y2, x1:x2] = True
    kept: list[Box] = []
    for blob in blobs:
        x1, y1, x2, y2 = blob.box_xyxy
        part = mask[y1:y2, x1:x2] > 0
        accounted = float(np.count_nonzero(part & sure[y1:y2, x1:x2])) / max(1, int(part.sum()))
        n_inside = sum(is_sure and overlap_share(box, as_box(blob.box_xyxy)) > HALF for box, is_sure in walkers)
        # Why: what the picture's edge cuts may be somebody far too near to be judged by the part that is seen.
        is_cut = x1 <= EDGE_PX or y2 >= mask.shape[0] - EDGE_PX or x2 >= mask.shape[1] - EDGE_PX
        if accounted < ACCOUNTED_SHARE or y2 - y1 > MAX_HEIGHT_PX or (is_cut and n_inside < 2):
            kept.append(as_box(blob.box_xyxy))
    walkers = [item for item in walkers if not any(overlap_share(item[0], region) > INSIDE_SHARE for region in kept)]
    return kept, walkers


def _boxes(found: Detections) -> list[Box]:
    return [as_box(box) for box in found.boxes_xyxy_px.tolist()]


def _moving_share(mask: NDArray[np.uint8], box: Box) -> float:
    x1, y1, x2, y2 = _whole(box, mask.shape)
    part = mask[y1:y2, x1:x2]
    return float(np.count_nonzero(part)) / max(1, part.size)


def _whole(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    height, width = shape[:2]
    return max(0, int(box[0])), max(0, int(box[1])), min(width, round(box[2])), min(height, round(box[3]))
