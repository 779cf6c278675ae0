# SPDX-License-Identifier: Apache-2.0
"""RTMDet for persons: decoding and suppression happen inside the net.

Source: Lyu et al., "RTMDet", arXiv 2212.07784; net of OpenMMLab (Apache-2.0).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.detectors._pictures import (
    IMAGENET_MEAN_BGR,
    IMAGENET_STD_BGR,
    Letterbox,
    fitting_size_wh,
    settle,
    tensor_of,
)
from models.detectors.protocol import Detections
from models.runtime import Net

__all__ = ["RtmdetPersonDetector"]


class RtmdetPersonDetector:
    """Finds persons only, as boxes; the input may have any size."""

    def __init__(
        self,
        net: Net,
        *,
        model_id: str,
        input_size_wh: tuple[int, int] | None = None,
        long_side_px: int = 416,
        min_score: float = 0.4,
        max_iou: float = 0.6,
    ) -> None:
        self._net, self._model_id = net, model_id
        self._size_wh, self._long_side_px = input_size_wh, long_side_px
        self._min_score, self._max_iou = min_score, max_iou

    @property
    def model_id(self) -> str:
        """``name@version`` of the registry entry."""
        return self._model_id

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """Find persons in a picture (H, W, 3), BGR."""
        size_wh = self._size_wh or fitting_size_wh(image_bgr_u8.shape, long_side_px=self._long_side_px)
        padded, letterbox = Letterbox.fit(image_bgr_u8, size_wh, place="top-left")
        tensor = tensor_of(padded, mean_bgr=IMAGENET_MEAN_BGR, std_bgr=IMAGENET_STD_BGR)
        rows = self._net.run({"input": tensor}, outputs=["dets"])["dets"][0]
        return settle(
            letterbox.to_source(rows[:, :4]),
            rows[:, 4],
            np.zeros(len(rows), np.intp),
            labels=("person",),
            image_shape=image_bgr_u8.shape,
            min_score=self._min_score,
            max_iou=self._max_iou,
        )
