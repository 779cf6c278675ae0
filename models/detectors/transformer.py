# SPDX-License-Identifier: Apache-2.0
"""Detectors with transformers (RT-DETR, D-FINE and their kin) in the form in which their authors export them.

Inputs ``images`` [1,3,S,S] float32, RGB, 0 to 1, plain resize, and ``orig_target_sizes`` [1,2] int64, width and height
of the picture; outputs ``labels`` [1,Q], ``boxes`` [1,Q,4] x1 y1 x2 y2 in pixels of the picture, and ``scores`` [1,Q],
without doubles. The exporters of both projects give these names.

Source: Zhao et al., "DETRs Beat YOLOs on Real-time Object Detection", arXiv 2304.08069; Peng et al., "D-FINE", arXiv
2410.13842 (code of both Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors._pictures import settle
from models.detectors.protocol import LABELS, Detections
from models.errors import ModelProblem
from models.runtime import Input, Net

__all__ = ["UNREAD", "TransformerDetector"]

UNREAD: Final = "-"
"""Stands in an entry's ``classes`` for a class of the net that is never read."""
_DEFAULT_SIDE_PX: Final = 640
_INPUTS: Final = frozenset({"images", "orig_target_sizes"})
_OUTPUTS: Final = ("labels", "boxes", "scores")
_MIN_SCORE: Final = 0.4
_MAX_IOU: Final = 0.8
"""The net gives no doubles; only boxes that are all but the same are taken for one."""


class TransformerDetector:
    """One net of that contract.

    Args:
        net: The net.
        model_id: ``name@version`` of the registry entry.
        classes: Our label of each class of the net, in its order; :data:`UNREAD` for those that are not read.
        min_score: Weaker boxes are dropped.

    Raises:
        ModelProblem: The net does not have the contract, or a class is no label of ours.
    """

    def __init__(self, net: Net, *, model_id: str, classes: Sequence[str], min_score: float = _MIN_SCORE) -> None:
        if set(net.input_shapes) != _INPUTS or not set(_OUTPUTS) <= set(net.output_names):
            raise ModelProblem(
                f"The net {model_id} does not have the contract of a detector: it takes {', '.join(net.input_shapes)} "
                f"and gives {', '.join(net.output_names)}.",
                hint="It must take images and orig_target_sizes, and give labels, boxes and scores.",
            )
        strangers = sorted(set(classes) - LABELS - {UNREAD})
        if strangers or not LABELS.intersection(classes):
            named = f"“{strangers[0]}”, which is no label here" if strangers else "no class that is read"
            raise ModelProblem(
                f"The registry entry of {model_id} lists {named}.",
                hint=f"Labels: {', '.join(sorted(LABELS))}; {UNREAD} for a class that is not read.",
            )
        self._net, self._model_id, self._min_score = net, model_id, min_score
        self._classes = tuple(classes)
        side = net.input_shapes["images"][-1]
        self._side_px = side if isinstance(side, int) else _DEFAULT_SIDE_PX

    @property
    def model_id(self) -> str:
        """``name@version`` of the registry entry."""
        return self._model_id

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """Find objects in a picture (H, W, 3), BGR."""
        height, width = image_bgr_u8.shape[:2]
        resized = cv2.resize(image_bgr_u8, (self._side_px, self._side_px), interpolation=cv2.INTER_LINEAR)
        rgb = resized[..., ::-1].astype(np.float32) / 255
        inputs: dict[str, Input] = {
            "images": np.ascontiguousarray(rgb.transpose(2, 0, 1)[np.newaxis], np.float32),
            "orig_target_sizes": np.array([[width, height]], np.int64),
        }
        found = self._net.run(inputs, outputs=_OUTPUTS)
        numbers = found["labels"].reshape(-1).astype(np.intp)
        is_read = np.array([0 <= n < len(self._classes) and self._classes[n] != UNREAD for n in numbers], np.bool_)
        return settle(
            found["boxes"].reshape(-1, 4)[is_read],
            found["scores"].reshape(-1)[is_read],
            numbers[is_read],
            labels=self._classes,
            image_shape=image_bgr_u8.shape,
            min_score=self._min_score,
            max_iou=_MAX_IOU,
        )
