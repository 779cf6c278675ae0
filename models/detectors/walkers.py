# SPDX-License-Identifier: Apache-2.0
"""Finds walkers where a picture differs from its empty scene: one box each. Ships with the program.

It says *where* somebody upright stands who is not part of the scene; what it is, the crop classifier decides over the
track. Seen beside the empty scene, a ghost, a poster or a parked dummy is no walker, and grey clothes on grey ground
still are.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors._pictures import settle
from models.detectors.protocol import Detections
from models.registry import Registry
from models.runtime import Device, Net

__all__ = ["AROUND_PX", "MAX_HEIGHT_PX", "WalkerFinder"]

MAX_HEIGHT_PX: Final = 170.0
"""It has seen nobody taller; who is, is found whole by motion."""
_MIN_SCORE: Final = 0.2
_MAX_IOU: Final = 0.55
_STRIDE_PX: Final = 4
_MULTIPLE_PX: Final = 16
_MIN_SIDE_PX: Final = 4.0
AROUND_PX: Final = 96
"""How far around a region is looked: with less, boxes near the cut come out otherwise than in the whole picture."""


class WalkerFinder:
    """The embedded finder of walkers.

    Attributes:
        model_id: ``name@version`` of the registry entry.
    """

    name: Final = "relecture-walkers"

    def __init__(self, net: Net, *, model_id: str) -> None:
        self._net = net
        self.model_id = model_id

    @classmethod
    def load(cls, registry: Registry | None = None, *, device: Device = "cpu") -> WalkerFinder:
        """Open the embedded net, its bytes checked against the registry.

        Raises:
            ModelProblem: The file is missing, altered or not listed.
        """
        listed = registry if registry is not None else Registry.load()
        return cls(listed.open(cls.name, device=device), model_id=listed.entry(cls.name).model_id)

    def find(
        self,
        picture_bgr_u8: NDArray[np.uint8],
        scene_bgr_u8: NDArray[np.uint8],
        *,
        near_xyxy: tuple[int, int, int, int] | None = None,
    ) -> Detections:
        """Walkers of a picture (H, W, 3) that are not in its empty scene (H, W, 3), boxes in pixels of the picture.

        Scores of 0.35 and more were right in 98 of 100 on rendered squares; lower ones help to keep hold of somebody.

        Args:
            picture_bgr_u8: The picture.
            scene_bgr_u8: Its empty scene, of the same size.
            near_xyxy: Look only around this half-open region, for time follows area; None looks everywhere.
        """
        assert picture_bgr_u8.shape == scene_bgr_u8.shape, "picture and scene are one size"
        if near_xyxy is not None:
            return self._find_near(picture_bgr_u8, scene_bgr_u8, near_xyxy)
        height, width = picture_bgr_u8.shape[:2]
        below, right = -height % _MULTIPLE_PX, -width % _MULTIPLE_PX
        pair = np.empty((1, 6, height + below, width + right), np.float32)
        for first, image in ((0, picture_bgr_u8), (3, scene_bgr_u8)):
            # Why: plane by plane this takes a tenth of the time of one transposition.
            whole = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
            for number, plane in enumerate(cv2.split(whole), first):
                pair[0, number] = plane
        found = self._net.run({"pair": pair}, outputs=("peaks", "boxes"))
        rows, columns = np.nonzero(found["peaks"][0, 0] >= _MIN_SCORE)
        scores = found["peaks"][0, 0][rows, columns]
        wide, high, shift_x, shift_y = found["boxes"][0][:, rows, columns]
        centre_x, centre_y = (columns + 0.5 + shift_x) * _STRIDE_PX, (rows + 0.5 + shift_y) * _STRIDE_PX
        boxes = np.stack([centre_x - wide / 2, centre_y - high / 2, centre_x + wide / 2, centre_y + high / 2], axis=1)
        is_walker = (high <= MAX_HEIGHT_PX) & (np.minimum(wide, high) >= _MIN_SIDE_PX)
        return settle(
            boxes[is_walker].astype(np.float32),
            scores[is_walker],
            np.zeros(int(is_walker.sum()), np.intp),
            labels=("person",),
            image_shape=(height, width),
            min_score=_MIN_SCORE,
            max_iou=_MAX_IOU,
        )

    def _find_near(
        self, picture: NDArray[np.uint8], scene: NDArray[np.uint8], region_xyxy: tuple[int, int, int, int]
    ) -> Detections:
        height, width = picture.shape[:2]
        # Why: cut on the net's own grid and far enough out, the answer is that of the whole picture.
        x1, y1 = (max(0, value - AROUND_PX) // _MULTIPLE_PX * _MULTIPLE_PX for value in region_xyxy[:2])
        x2, y2 = (-(-(value + AROUND_PX) // _MULTIPLE_PX) * _MULTIPLE_PX for value in region_xyxy[2:])
        cut = (slice(y1, min(y2, height)), slice(x1, min(x2, width)))
        found = self.find(picture[cut], scene[cut])
        shift = np.array([x1, y1, x1, y1], np.float32)
        return Detections(boxes_xyxy_px=found.boxes_xyxy_px + shift, scores=found.scores, labels=found.labels)
