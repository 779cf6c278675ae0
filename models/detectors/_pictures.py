# SPDX-License-Identifier: Apache-2.0
"""Getting a picture into a net and boxes back out: letterboxes, tensors, suppression, clipping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors.protocol import Detections

__all__ = ["IMAGENET_MEAN_BGR", "IMAGENET_STD_BGR", "Letterbox", "fitting_size_wh", "settle", "tensor_of"]

IMAGENET_MEAN_BGR: Final = (103.53, 116.28, 123.675)
IMAGENET_STD_BGR: Final = (57.375, 57.12, 58.395)
_PAD_VALUE: Final = 114
_MIN_SIDE_PX: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterbox:
    """How a picture was fitted into a net's input: scaled by one factor, then shifted.

    Attributes:
        scale: Input pixels per source pixel.
        left_px: Columns of padding left of the picture, input pixels.
        top_px: Rows of padding above it, input pixels.
    """

    scale: float
    left_px: int
    top_px: int

    @staticmethod
    def fit(
        image_bgr_u8: NDArray[np.uint8], size_wh: tuple[int, int], *, place: Literal["top-left", "centre"]
    ) -> tuple[NDArray[np.uint8], Letterbox]:
        """Scale a picture into ``size_wh``, keep its proportions, and pad the rest with grey 114.

        >>> picture = np.zeros((432, 768, 3), np.uint8)
        >>> padded, box = Letterbox.fit(picture, (640, 384), place="centre")
        >>> padded.shape, round(box.scale, 3), box.top_px
        ((384, 640, 3), 0.833, 12)
        """
        height, width = image_bgr_u8.shape[:2]
        scale = min(size_wh[0] / width, size_wh[1] / height)
        inner_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        inner = cv2.resize(image_bgr_u8, inner_wh, interpolation=method)
        left = (size_wh[0] - inner_wh[0]) // 2 if place == "centre" else 0
        top = (size_wh[1] - inner_wh[1]) // 2 if place == "centre" else 0
        padded = np.full((size_wh[1], size_wh[0], 3), _PAD_VALUE, np.uint8)
        padded[top : top + inner_wh[1], left : left + inner_wh[0]] = inner
        return padded, Letterbox(scale=scale, left_px=left, top_px=top)

    def to_source(self, boxes_xyxy_px: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (N, 4) of the net's input in source pixels, not clipped."""
        shift = np.array([self.left_px, self.top_px, self.left_px, self.top_px], np.float32)
        return ((boxes_xyxy_px - shift) / np.float32(self.scale)).astype(np.float32)


_LEAST_ENLARGED_PX: Final = 512


def fitting_size_wh(
    image_shape: Sequence[int], *, long_side_px: int, multiple_px: int = 32, max_enlargement: float | None = None
) -> tuple[int, int]:
    """Input size whose longer side is ``long_side_px`` and whose shape is the picture's, rounded up.

    With ``max_enlargement`` a small picture is enlarged by no more than that, or to 512 px: beyond it the work grows
    faster than what is found.

    >>> fitting_size_wh((432, 768, 3), long_side_px=640)
    (640, 384)
    """
    height, width = image_shape[:2]
    if max_enlargement is not None:
        long_side_px = min(long_side_px, max(_LEAST_ENLARGED_PX, round(max_enlargement * max(height, width))))
    scale = long_side_px / max(height, width)
    return (_up(width * scale, multiple_px), _up(height * scale, multiple_px))


def tensor_of(
    image_bgr_u8: NDArray[np.uint8],
    *,
    mean_bgr: tuple[float, float, float] | None = None,
    std_bgr: tuple[float, float, float] | None = None,
) -> NDArray[np.float32]:
    """A picture (H, W, 3) as [1, 3, H, W] float32, normalised when a mean and a deviation are given."""
    array = image_bgr_u8.astype(np.float32)
    if mean_bgr is not None and std_bgr is not None:
        array -= np.array(mean_bgr, np.float32)
        array /= np.array(std_bgr, np.float32)
    return np.ascontiguousarray(array.transpose(2, 0, 1)[np.newaxis])


def settle(
    boxes_xyxy_px: NDArray[np.float32],
    scores: NDArray[np.float32],
    class_index: NDArray[np.intp],
    *,
    labels: Sequence[str],
    image_shape: Sequence[int],
    min_score: float,
    max_iou: float,
    top_k: int = 200,
) -> Detections:
    """Drop weak boxes, suppress doubles within a class, clip to the picture, sort by score.

    Args:
        boxes_xyxy_px: (N, 4) source pixels.
        scores: (N,) 0 to 1.
        class_index: (N,) index into ``labels``.
        labels: Our label of each class.
        image_shape: Height and width first.
        min_score: Boxes below it are dropped.
        max_iou: Of two boxes of a class that overlap more, the weaker goes.
        top_k: At most so many are returned.
    """
    strong = np.flatnonzero(scores >= min_score)
    if len(strong) == 0:
        return Detections.none()
    boxes, scores, class_index = boxes_xyxy_px[strong], scores[strong], class_index[strong]
    xywh = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]).astype(np.float64)
    kept = cv2.dnn.NMSBoxesBatched(
        xywh.tolist(), scores.astype(float).tolist(), class_index.tolist(), float(min_score), float(max_iou)
    )
    order = np.array(sorted((int(i) for i in kept), key=lambda i: (-float(scores[i]), i))[:top_k], dtype=np.intp)
    height, width = image_shape[:2]
    clipped = boxes[order]
    clipped[:, 0::2] = clipped[:, 0::2].clip(0, width)
    clipped[:, 1::2] = clipped[:, 1::2].clip(0, height)
    is_real = (clipped[:, 2:] - clipped[:, :2]).min(axis=1, initial=np.inf) >= _MIN_SIDE_PX
    order, clipped = order[is_real], clipped[is_real]
    return Detections(
        boxes_xyxy_px=clipped,
        scores=scores[order].clip(0, 1),
        labels=tuple(labels[int(class_index[i])] for i in order),
    )


def _up(length: float, multiple: int) -> int:
    return max(multiple, -(-round(length) // multiple) * multiple)
