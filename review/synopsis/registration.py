# SPDX-License-Identifier: Apache-2.0
"""How far a camera sways: translation between a frame and an empty scene, so that masks and patches stay in place.

Source: phase correlation, Kuglin and Hines, 1975, as implemented by OpenCV (Apache-2.0), on gradient magnitudes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Anchor", "anchor_of", "shift_between"]

ANCHOR_WIDTH_PX: Final = 256
MAX_SHARE: Final = 0.06
LEAST_LIKENESS: Final = 0.25
GAIN_OVER_STILL: Final = 0.04


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anchor:
    """What a picture is recognised by.

    Attributes:
        edges_f32: (h, w) gradient magnitudes, small, mean free, 0 where an object stands.
        valid_f32: (h, w) 0 where an object stands, else 1.
        scale_px: Source pixels per pixel of these.
    """

    edges_f32: NDArray[np.float32]
    valid_f32: NDArray[np.float32]
    scale_px: float


@lru_cache(maxsize=8)
def _window(width: int, height: int) -> NDArray[np.float32]:
    return np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F), np.float32)


def anchor_of(image_bgr_u8: NDArray[np.uint8], boxes_xyxy_px: NDArray[np.float32] | None = None) -> Anchor:
    """Edges of a picture, 256 pixels wide at most, without those inside the boxes of objects."""
    height, width = image_bgr_u8.shape[:2]
    scale = max(1.0, width / ANCHOR_WIDTH_PX)
    size = (max(16, round(width / scale)), max(16, round(height / scale)))
    small = cv2.resize(cv2.extractChannel(image_bgr_u8, 1), size, interpolation=cv2.INTER_AREA)
    gx = cv2.Sobel(small, cv2.CV_32F, 1, 0)
    gy = cv2.Sobel(small, cv2.CV_32F, 0, 1)
    edges = np.minimum(cv2.magnitude(gx, gy), 160.0)
    valid = np.ones_like(edges)
    if boxes_xyxy_px is not None:
        for x0, y0, x1, y1 in boxes_xyxy_px / scale:
            valid[max(0, int(y0) - 1) : int(y1) + 2, max(0, int(x0) - 1) : int(x1) + 2] = 0
    edges = (edges - float(edges.sum() / max(1.0, edges.size))) * valid
    return Anchor(edges_f32=np.asarray(edges, np.float32), valid_f32=valid, scale_px=scale)


def shift_between(scene: Anchor, frame: Anchor) -> tuple[float, float] | None:
    """(dx, dy) in source pixels: what stands at p in the scene stands at p + d in the frame; None when unsure.

    A shift is believed only when it makes the edges agree clearly better than none does: a large object that crosses a
    steady picture must not move the scene.
    """
    if scene.edges_f32.shape != frame.edges_f32.shape:
        return None
    height, width = scene.edges_f32.shape
    still = _likeness(scene, frame, 0.0, 0.0)
    # Why: OpenCV 5.0 lays the window over its inputs in place, which would wear an anchor away call by call.
    (dx, dy), _ = cv2.phaseCorrelate(scene.edges_f32.copy(), frame.edges_f32.copy(), _window(width, height))
    if abs(dx) <= MAX_SHARE * width and abs(dy) <= MAX_SHARE * height:
        moved = _likeness(scene, frame, dx, dy)
        if moved > still + GAIN_OVER_STILL and moved >= LEAST_LIKENESS:
            return _settled(dx * scene.scale_px), _settled(dy * scene.scale_px)
    return (0.0, 0.0) if still >= LEAST_LIKENESS else None


def _settled(shift_px: float) -> float:
    """To an eighth of a pixel: sums of floats differ in the last digits from run to run, the film must not."""
    return round(shift_px * 8) / 8


def _likeness(scene: Anchor, frame: Anchor, dx: float, dy: float) -> float:
    """Correlation of the edges, -1 to 1, when the frame is moved back by a shift; where neither shows an object."""
    move = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
    size = (scene.edges_f32.shape[1], scene.edges_f32.shape[0])
    theirs = cv2.warpAffine(frame.edges_f32, move, size) if dx or dy else frame.edges_f32
    valid = cv2.warpAffine(frame.valid_f32, move, size) if dx or dy else frame.valid_f32
    both = scene.valid_f32 * valid
    a, b = scene.edges_f32 * both, theirs * both
    energy = float(np.vdot(a, a)) * float(np.vdot(b, b))
    return float(np.vdot(a, b)) / energy**0.5 if energy > 0 else 0.0
