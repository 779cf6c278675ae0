# SPDX-License-Identifier: Apache-2.0
"""Heads and number plates are coarsened by default: the silhouette stays readable, the person does not.

Places are taken from the boxes, not found by a detector: the top of a person, the lower middle of a vehicle that is
large enough for a plate to be read, no farther than a plate of that kind of vehicle can reach.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.records import VEHICLE_CLASSES
from review.synopsis._pixels import resized

__all__ = ["coarsen", "private_boxes"]

HEAD_SHARE: Final = 0.18
RIDER_HEAD_SHARE: Final = 0.28
HEAD_OF_WIDTH: Final = 0.4
MOST_OF_PERSON: Final = 0.4
PLATE_MIN_VEHICLE_PX: Final = 110
PLATE_WIDTH_M: Final = 0.52
PLATE_TOP_M: Final = 1.2
"""Upper edge of a plate above the ground, at most, where it can be kept (Regulation (EU) 2021/535, annex III)."""
PLATE_ASIDE_M: Final = 0.25
"""How far the middle of a plate lies beside that of the vehicle at most."""
PLATE_SHARE: Final = 0.45
SIDE_ASIDE: Final = 0.3
FRONT_ASPECT: Final = 1.3
"""A box no wider than this, in its heights, shows a front or a rear."""
BODY_M: Final = {"car": (1.75, 1.4), "van": (1.95, 1.9), "truck": (2.5, 2.4), "bus": (2.5, 2.9)}
"""Width and height of a low one of each class, metres: what a plate is held against."""
CELLS_ACROSS: Final = 3
LEAST_SHARE: Final = 0.08


def private_boxes(class_name: str, box_xyxy_px: NDArray[np.float32]) -> tuple[tuple[float, float, float, float], ...]:
    """Boxes (x0, y0, x1, y1) of what must not be recognised in an object of that class; source pixels."""
    x0, y0, x1, y1 = (float(v) for v in box_xyxy_px)
    width, height = x1 - x0, y1 - y0
    if class_name == "person":
        # Why: a person cut by the edge of the picture, or bent, has a head larger than 18 % of the box.
        tall = min(max(HEAD_SHARE * height, HEAD_OF_WIDTH * width), MOST_OF_PERSON * height)
        return ((x0 - 0.05 * width, y0 - 0.04 * height, x1 + 0.05 * width, y0 + tall),)
    if class_name in {"bicycle", "motorcycle"}:
        return ((x0, y0 - 0.04 * height, x1, y0 + RIDER_HEAD_SHARE * height),)
    if class_name in VEHICLE_CLASSES and max(width, height) >= PLATE_MIN_VEHICLE_PX:
        aside, up = _plate_shares(class_name, is_front=width <= FRONT_ASPECT * height)
        middle = (x0 + x1) / 2
        return ((middle - aside * width, y1 - up * height, middle + aside * width, y0 + 0.97 * height),)
    return ()


def _plate_shares(class_name: str, *, is_front: bool) -> tuple[float, float]:
    """How far from the middle, and how high above the lower edge, a plate reaches, in widths and heights of the box."""
    if not is_front or class_name not in BODY_M:
        return SIDE_ASIDE, PLATE_SHARE
    body_width_m, body_height_m = BODY_M[class_name]
    aside = (PLATE_WIDTH_M / 2 + PLATE_ASIDE_M) / body_width_m
    return min(SIDE_ASIDE, aside), min(PLATE_SHARE, PLATE_TOP_M / body_height_m)


def coarsen(
    image_bgr_u8: NDArray[np.uint8],
    box: tuple[float, float, float, float],
    *,
    is_plate: bool,
    weight_f32: NDArray[np.float32] | None = None,
) -> None:
    """Coarsen a box of an image in place, with a soft edge; parts outside the image are ignored.

    Args:
        image_bgr_u8: (H, W, 3).
        box: (x0, y0, x1, y1), pixels of the image.
        is_plate: True for the zone of a plate, False for a head.
        weight_f32: (H, W) weights of an object's pixels; a head then takes the colours of the object alone and does not
            melt into the ground behind it, which would make a person look headless. None weighs all alike.
    """
    height, width = image_bgr_u8.shape[:2]
    x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
    x1, y1 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    part = image_bgr_u8[y0:y1, x0:x1]
    cell = max(4, round((0.3 * (box[3] - box[1]) if is_plate else box[3] - box[1]) / CELLS_ACROSS))
    small = (max(1, round((x1 - x0) / cell)), max(1, round((y1 - y0) / cell)))
    cells = resized(part, small).reshape(small[1], small[0], 3)
    if weight_f32 is not None:
        cells = _of_object(part, weight_f32[y0:y1, x0:x1], cells)
    coarse = cv2.resize(cells, (x1 - x0, y1 - y0), interpolation=cv2.INTER_CUBIC)
    weight = np.multiply.outer(_plateau(y1 - y0), _plateau(x1 - x0))
    image_bgr_u8[y0:y1, x0:x1] = cv2.blendLinear(coarse, part, weight, 1 - weight)


def _of_object(part: NDArray[np.uint8], weight: NDArray[np.float32], cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The cells again, each the mean of the object's pixels in it; those without any take the mean of all others."""
    size = (cells.shape[1], cells.shape[0])
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], 1)
    if float(share.mean()) < LEAST_SHARE:
        return cells
    summed = cv2.resize(part * weight[..., None], size, interpolation=cv2.INTER_AREA).reshape(cells.shape)
    mean = summed.sum(axis=(0, 1)) / share.sum()
    means = np.where(share >= LEAST_SHARE, summed / np.maximum(share, LEAST_SHARE), mean)
    return np.clip(means, 0, 255).astype(np.uint8)


@lru_cache(maxsize=512)
def _plateau(length_px: int) -> NDArray[np.float32]:
    """1 with a short fall at both ends."""
    reach = max(1.0, 0.1 * length_px)
    at = np.arange(length_px) + 0.5
    return np.asarray(np.clip(np.minimum(at, length_px - at) / reach, 0, 1), np.float32)
