# SPDX-License-Identifier: Apache-2.0
"""Person, vehicle and two-wheeler detectors for surveillance views: SSD heads with prior boxes.

They say *vehicle*, not which; and *non-vehicle* in the author's words is a bicycle or motorcycle with its rider, as
the pictures show. Their labels are therefore the coarse ones of :mod:`models.detectors.protocol`.

Source: Intel Open Model Zoo 2022.3 (Apache-2.0); centre-size coding after Liu et al., "SSD", arXiv 1512.02325.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors._pictures import settle, tensor_of
from models.detectors.protocol import Detections
from models.runtime import Net

__all__ = ["PvbDetector", "decode_pvb"]

_LABELS: Final = ("vehicle", "person", "two_wheeler")
_N_CLASSES: Final = 4
_MAX_LOG_SIDE: Final = 10.0


class PvbDetector:
    """person-vehicle-bike-detection 2000 (256x256) or 2002 (512x512); the input size is the net's own."""

    def __init__(self, net: Net, *, model_id: str, min_score: float = 0.4, max_iou: float = 0.45) -> None:
        self._net, self._model_id = net, model_id
        self._min_score, self._max_iou = min_score, max_iou
        height, width = net.input_shapes["image"][2:]
        assert height is not None and width is not None, "the net has a fixed input size"
        self._size_wh = (width, height)

    @property
    def model_id(self) -> str:
        """``name@version`` of the registry entry."""
        return self._model_id

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """Find objects in a picture (H, W, 3), BGR; it is resized without regard to its proportions."""
        height, width = image_bgr_u8.shape[:2]
        method = cv2.INTER_AREA if width > self._size_wh[0] else cv2.INTER_LINEAR
        resized = np.asarray(cv2.resize(image_bgr_u8, self._size_wh, interpolation=method), np.uint8)
        found = self._net.run({"image": tensor_of(resized)})
        scores = found["class_conf"].reshape(-1, _N_CLASSES)[:, : len(_LABELS)]
        best = scores.argmax(axis=1)
        boxes_norm = decode_pvb(found["box_logits"], found["priors"])
        return settle(
            boxes_norm * np.array([width, height, width, height], np.float32),
            scores[np.arange(len(best)), best],
            best,
            labels=_LABELS,
            image_shape=image_bgr_u8.shape,
            min_score=self._min_score,
            max_iou=self._max_iou,
        )


def decode_pvb(box_logits: NDArray[np.float32], priors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes (N, 4) x1 y1 x2 y2 as shares of the picture.

    Args:
        box_logits: (1, 4N): centre shift and log scale, in units of the variances.
        priors: (1, 2, 4N): prior boxes x1 y1 x2 y2, then their variances.
    """
    logits = box_logits.reshape(-1, 4)
    prior, variance = priors[0].reshape(2, -1, 4)
    side = prior[:, 2:] - prior[:, :2]
    middle = (prior[:, :2] + prior[:, 2:]) / 2
    centre = middle + logits[:, :2] * variance[:, :2] * side
    half = side * np.exp(np.minimum(logits[:, 2:] * variance[:, 2:], _MAX_LOG_SIDE)) / 2
    return np.concatenate([centre - half, centre + half], axis=1)
