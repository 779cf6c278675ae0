# SPDX-License-Identifier: Apache-2.0
"""Cuts what motion shows into walkers: a region that is several becomes several, pieces of one become one.

The finder's boxes stand for a region when they account for what moved in it; else the region stays as motion saw it,
and the boxes within go, so that a car, a cyclist or somebody close to the camera is never cut into persons.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.motion import Blob
from indexer.sketches import Box, as_box, overlap_share
from models.detectors import Detections
from models.detectors.walkers import MAX_HEIGHT_PX

__all__ = ["SURE_SCORE", "settle_walkers"]

SURE_SCORE: Final = 0.35
ACCOUNTED_SHARE: Final = 0.55
"""Share of a region's moving pixels that must lie in the walkers' boxes."""
INSIDE_SHARE: Final = 0.6
HALF: Final = 0.5
EDGE_PX: Final = 2
MIN_MOVING_SHARE: Final = 0.06
"""A walker's box with fewer moving pixels than that is believed no more than the empty scene is."""


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
