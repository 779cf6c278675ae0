# SPDX-License-Identifier: Apache-2.0
"""YOLOX: anchor-free grid outputs at strides 8, 16 and 32.

Source: Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv 2107.08430 (code Apache-2.0).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.detectors._coco import COCO_COLUMNS, COCO_LABELS
from models.detectors._pictures import Letterbox, fitting_size_wh, settle, tensor_of
from models.detectors.protocol import Detections
from models.runtime import Net

__all__ = ["YoloxDetector", "decode_yolox"]

_STRIDES_PX: Final = (8, 16, 32)
_FIRST_CLASS: Final = 5
_MAX_LOG_SIDE: Final = 20.0


class YoloxDetector:
    """YOLOX with free height and width: 9 of its 80 classes are read."""

    def __init__(
        self,
        net: Net,
        *,
        model_id: str,
        input_size_wh: tuple[int, int] | None = None,
        long_side_px: int = 640,
        max_enlargement: float | None = None,
        min_score: float = 0.25,
        max_iou: float = 0.5,
    ) -> None:
        self._net, self._model_id = net, model_id
        self._max_enlargement = max_enlargement
        self._size_wh, self._long_side_px = input_size_wh, long_side_px
        self._min_score, self._max_iou = min_score, max_iou

    @property
    def model_id(self) -> str:
        """``name@version`` of the registry entry."""
        return self._model_id

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """Find objects in a picture (H, W, 3), BGR."""
        size_wh = self._size_wh or fitting_size_wh(
            image_bgr_u8.shape, long_side_px=self._long_side_px, max_enlargement=self._max_enlargement
        )
        padded, letterbox = Letterbox.fit(image_bgr_u8, size_wh, place="top-left")
        raw = self._net.run({"images": tensor_of(padded)})["output"][0]
        boxes, class_scores = decode_yolox(raw, size_wh)
        best = class_scores.argmax(axis=1)
        return settle(
            letterbox.to_source(boxes),
            class_scores[np.arange(len(best)), best],
            best,
            labels=COCO_LABELS,
            image_shape=image_bgr_u8.shape,
            min_score=self._min_score,
            max_iou=self._max_iou,
        )


def decode_yolox(raw: NDArray[np.float32], size_wh: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes (N, 4) x1 y1 x2 y2 in input pixels, and scores (N, 9) of the classes that are read.

    Args:
        raw: (N, 85): centre offset, log side, objectness and 80 class scores, the last two already through a sigmoid.
        size_wh: Input size, multiples of 32.
    """
    cells: list[NDArray[np.float32]] = []
    strides: list[NDArray[np.float32]] = []
    for stride in _STRIDES_PX:
        columns, rows = np.meshgrid(np.arange(size_wh[0] // stride), np.arange(size_wh[1] // stride))
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32))
        strides.append(np.full((columns.size, 1), stride, np.float32))
    grid, stride_px = np.concatenate(cells), np.concatenate(strides)
    assert len(grid) == len(raw), f"{len(raw)} outputs for {len(grid)} cells"
    centre = (raw[:, 0:2] + grid) * stride_px
    half = np.exp(np.minimum(raw[:, 2:4], _MAX_LOG_SIDE)) * stride_px / 2
    columns_read = [_FIRST_CLASS + column for column in COCO_COLUMNS]
    return np.concatenate([centre - half, centre + half], axis=1), raw[:, columns_read] * raw[:, 4:5]
