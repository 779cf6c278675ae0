# SPDX-License-Identifier: Apache-2.0
"""NanoDet-Plus: class scores and four side distances as distributions, at strides 8, 16, 32 and 64.

Source: RangiLyu, NanoDet-Plus (code Apache-2.0); distance distributions after Li et al., "Generalized Focal Loss",
arXiv 2006.04388.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.detectors._coco import COCO_COLUMNS, COCO_LABELS
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

__all__ = ["NanodetDetector", "decode_nanodet"]

_STRIDES_PX: Final = (8, 16, 32, 64)
_N_CLASSES: Final = 80
_N_BINS: Final = 8


class NanodetDetector:
    """NanoDet-Plus with free height and width: 9 of its 80 classes are read."""

    def __init__(
        self,
        net: Net,
        *,
        model_id: str,
        input_size_wh: tuple[int, int] | None = None,
        long_side_px: int = 640,
        min_score: float = 0.35,
        max_iou: float = 0.5,
    ) -> None:
        self._net, self._model_id = net, model_id
        self._size_wh, self._long_side_px = input_size_wh, long_side_px
        self._min_score, self._max_iou = min_score, max_iou

    @property
    def model_id(self) -> str:
        """``name@version`` of the registry entry."""
        return self._model_id

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """Find objects in a picture (H, W, 3), BGR."""
        size_wh = self._size_wh or fitting_size_wh(image_bgr_u8.shape, long_side_px=self._long_side_px)
        padded, letterbox = Letterbox.fit(image_bgr_u8, size_wh, place="centre")
        tensor = tensor_of(padded, mean_bgr=IMAGENET_MEAN_BGR, std_bgr=IMAGENET_STD_BGR)
        raw = self._net.run({"data": tensor})["output"][0]
        class_scores = raw[:, list(COCO_COLUMNS)]
        best = class_scores.argmax(axis=1)
        scores = class_scores[np.arange(len(best)), best]
        strong = np.flatnonzero(scores >= self._min_score)
        boxes = decode_nanodet(raw, size_wh, rows=strong)
        return settle(
            letterbox.to_source(boxes),
            scores[strong],
            best[strong],
            labels=COCO_LABELS,
            image_shape=image_bgr_u8.shape,
            min_score=self._min_score,
            max_iou=self._max_iou,
        )


def decode_nanodet(
    raw: NDArray[np.float32], size_wh: tuple[int, int], *, rows: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Boxes (len(rows), 4) x1 y1 x2 y2 in input pixels.

    Args:
        raw: (N, 112): 80 scores, then 8 logits for each of left, top, right and bottom.
        size_wh: Input size.
        rows: Which of the N to decode.
    """
    cells: list[NDArray[np.float32]] = []
    for stride in _STRIDES_PX:
        columns, lines = np.meshgrid(
            np.arange(math.ceil(size_wh[0] / stride)), np.arange(math.ceil(size_wh[1] / stride))
        )
        side = np.full(columns.size, stride)
        cells.append(np.stack([columns.ravel() * stride, lines.ravel() * stride, side], axis=1).astype(np.float32))
    centres = np.concatenate(cells)
    assert len(centres) == len(raw), f"{len(raw)} outputs for {len(centres)} cells"
    centre = centres[rows]
    logits = raw[rows, _N_CLASSES:].reshape(-1, 4, _N_BINS)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    bins = np.arange(_N_BINS, dtype=np.float32)
    distance_px = (weights * bins).sum(axis=2) / weights.sum(axis=2) * centre[:, 2:3]
    return np.concatenate([centre[:, :2] - distance_px[:, :2], centre[:, :2] + distance_px[:, 2:]], axis=1)
