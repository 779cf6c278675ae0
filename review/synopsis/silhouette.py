# SPDX-License-Identifier: Apache-2.0
"""Soft masks: what of a box is the object, told by the empty scene; the plain soft box where that fails.

Pixels stay original; only their weight over the backdrop is decided here. Shadow inside the box stays as faint or deep
as it is, shadow beyond the box is left out. Pixels nearer to another object's box are left to that object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from review.synopsis._jit import kernel
from review.synopsis._pixels import SourcePixels, blurred, resized
from review.synopsis.backdrop import Backdrop

__all__ = ["Patch", "cut_patch"]

MARGIN: Final = 0.12
MIN_MARGIN_PX: Final = 5
STRONG: Final = 2.0
LEAST_COVER: Final = 0.16
MOST_COVER: Final = 0.985
LOCAL_GAIN: Final = (0.8, 1.25)
LEAST_RIM: Final = 40
LEAST_BODY: Final = 0.16
SHADE: Final = 0.9
WEIGH_PX: Final = 9_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """A piece of one source frame with the weight of each pixel.

    Attributes:
        x_px: Left edge in the source picture.
        y_px: Top edge in the source picture.
        image_bgr_u8: (h, w, 3), original pixels.
        weight_f32: (h, w), 0 to 1.
        is_silhouette: False when the mask failed and the soft box stands in.
    """

    x_px: int
    y_px: int
    image_bgr_u8: NDArray[np.uint8]
    weight_f32: NDArray[np.float32]
    is_silhouette: bool


def cut_patch(
    frame: SourcePixels,
    box_xyxy_px: NDArray[np.float32],
    backdrop: Backdrop,
    gains: NDArray[np.float32],
    *,
    shift_px: tuple[float, float],
    rivals_xyxy_px: NDArray[np.float32],
    before: Patch | None = None,
) -> Patch:
    """Cut an object out of its frame.

    Args:
        frame: Source frame.
        box_xyxy_px: (4,) box of the object.
        backdrop: Empty scene of the lighting period.
        gains: (3,) exposure of the frame over the backdrop.
        shift_px: (dx, dy) by which the camera swayed against the backdrop.
        rivals_xyxy_px: (R, 4) boxes of objects that move apart from this one in the film.
        before: Patch of the same object one sample earlier, which steadies the mask.

    Returns:
        The patch; its arrays are copies.
    """
    width, height = frame.size_wh_px
    x0, y0, x1, y1 = (float(v) for v in box_xyxy_px)
    margin = max(MIN_MARGIN_PX, MARGIN * min(x1 - x0, y1 - y0))
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    right, bottom = min(width, int(np.ceil(x1 + margin))), min(height, int(np.ceil(y1 + margin)))
    top, left = min(top, height - 1), min(left, width - 1)
    corners = (left, top, max(right, left + 1), max(bottom, top + 1))
    image = frame.crop(corners)
    inner = _inner_box(image.shape[:2], (x0 - left, y0 - top, x1 - left, y1 - top))
    found: NDArray[np.float32] | None = None
    if backdrop.is_usable and backdrop.image_bgr_u8.shape == (height, width, 3):
        found = _weigh(image, backdrop, corners, shift_px, gains, inner, before)
    sides = (left > 0, top > 0, right < width, bottom < height)
    weight = _soft_box(image.shape[:2], inner, margin, sides) if found is None else found
    _fade(weight, margin, sides)
    _yield_to_rivals(weight, inner, rivals_xyxy_px - np.array([left, top, left, top], np.float32))
    return Patch(x_px=left, y_px=top, image_bgr_u8=image, weight_f32=weight, is_silhouette=found is not None)


def _inner_box(shape: tuple[int, int], box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    height, width = shape
    x0, y0 = min(max(int(box[0]), 0), width - 1), min(max(int(box[1]), 0), height - 1)
    return x0, y0, min(max(int(np.ceil(box[2])), x0 + 1), width), min(max(int(np.ceil(box[3])), y0 + 1), height)


def _weigh(
    image: NDArray[np.uint8],
    backdrop: Backdrop,
    box: tuple[int, int, int, int],
    shift_px: tuple[float, float],
    gains: NDArray[np.float32],
    inner: tuple[int, int, int, int],
    before: Patch | None,
) -> NDArray[np.float32] | None:
    """(h, w) weights, or None when the scene does not tell the object apart.

    Large objects are weighed at a lower resolution: the edge is feathered anyway.
    """
    height, width = image.shape[:2]
    scale = min(1.0, (WEIGH_PX / (height * width)) ** 0.5)
    size = (width, height) if scale > 0.8 else (max(8, round(width * scale)), max(8, round(height * scale)))
    part = (size[0] / width, size[1] / height)
    weight = _weigh_small(
        image if size == (width, height) else resized(image, size, cv2.INTER_LINEAR),
        _seen(backdrop.image_bgr_u8, box, shift_px, size),
        _seen(backdrop.weak_u8, box, shift_px, size),
        gains,
        _inner_box(
            (size[1], size[0]), (inner[0] * part[0], inner[1] * part[1], inner[2] * part[0], inner[3] * part[1])
        ),
        _remembered(before, (size[1], size[0])),
    )
    if weight is None or size == (width, height):
        return weight
    return resized(weight, (width, height), cv2.INTER_LINEAR)


def _seen(
    plane: NDArray[np.uint8], box: tuple[int, int, int, int], shift_px: tuple[float, float], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The part of a backdrop plane that a swayed camera sees in a box of its frame, at a size."""
    left, top, right, bottom = box
    if shift_px == (0.0, 0.0):
        # Why: loops are compiled for arrays without gaps, once.
        part = np.ascontiguousarray(plane[top:bottom, left:right])
        return part if size == (right - left, bottom - top) else resized(part, size, cv2.INTER_LINEAR)
    across, down = (right - left) / size[0], (bottom - top) / size[1]
    back = np.array(
        [
            [across, 0, left - shift_px[0] + 0.5 * (across - 1)],
            [0, down, top - shift_px[1] + 0.5 * (down - 1)],
        ],
        np.float32,
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _lit_gains(
    scene: NDArray[np.uint8], image: NDArray[np.uint8], gains: NDArray[np.float32], inner: tuple[int, int, int, int]
) -> NDArray[np.float32]:
    """Exposure of the frame over the scene, corrected by what the rim around the object shows."""
    step = max(1, round((image.shape[0] * image.shape[1] / 4_000) ** 0.5))
    ratio, n = _rim_ratio(image, scene, gains, inner[0], inner[1], inner[2], inner[3], step)
    return gains if n < LEAST_RIM else np.asarray(gains * np.clip(ratio, *LOCAL_GAIN), np.float32)


@kernel
def _rim_ratio(
    image: NDArray[np.uint8],
    scene: NDArray[np.uint8],
    gains: NDArray[np.float32],
    x0: int,
    y0: int,
    x1: int,
    y1: int,
    step: int,
) -> tuple[NDArray[np.float32], int]:
    """(3,) median ratio of image to lit scene at every ``step``-th pixel outside a box, and how many those are."""
    height, width = image.shape[:2]
    found = np.empty((3, (height // step + 1) * (width // step + 1)), np.float32)
    n = 0
    for y in range(0, height, step):
        for x in range(0, width, step):
            if x0 <= x < x1 and y0 <= y < y1:
                continue
            for c in range(3):
                lit = np.float32(scene[y, x, c]) * gains[c] + np.float32(8)
                found[c, n] = (np.float32(image[y, x, c]) + np.float32(8)) / lit
            n += 1
    middle = np.ones(3, np.float32)
    if n > 0:
        for c in range(3):
            middle[c] = np.median(found[c, :n])
    return middle, n


@kernel
def _compare(
    image: NDArray[np.uint8],
    scene: NDArray[np.uint8],
    weak: NDArray[np.uint8],
    gains: NDArray[np.float32],
    remembered: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Per pixel: differs (0/1), differs strongly (0/1), darkened like shadow (0/1), and how dark (0 to 1)."""
    height, width = weak.shape
    differs = np.zeros((height, width), np.uint8)
    strong = np.zeros((height, width), np.uint8)
    shadow = np.zeros((height, width), np.uint8)
    dark = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            most = 0.0
            low, high = 10.0, 0.0
            for c in range(3):
                lit = min(scene[y, x, c] * gains[c], 255.0)
                value = float(image[y, x, c])
                most = max(most, abs(value - lit))
                ratio = (value + 4.0) / (lit + 4.0)
                low, high = min(low, ratio), max(high, ratio)
            if most > weak[y, x] or (remembered[y, x] and most > 0.6 * weak[y, x]):
                differs[y, x] = 1
            if most > STRONG * weak[y, x]:
                strong[y, x] = 1
            if high < 0.97 and low > 0.38 and high - low < 0.10:
                shadow[y, x] = 1
                dark[y, x] = min(1.0, max(0.0, (0.93 - 0.5 * (low + high)) / 0.4))
    return differs, strong, shadow, dark


def _weigh_small(
    image: NDArray[np.uint8],
    scene: NDArray[np.uint8],
    weak: NDArray[np.uint8],
    gains: NDArray[np.float32],
    inner: tuple[int, int, int, int],
    remembered: NDArray[np.uint8],
) -> NDArray[np.float32] | None:
    smooth = np.asarray(cv2.blur(image, (3, 3)), np.uint8)
    plain = np.asarray(cv2.blur(scene, (3, 3)), np.uint8)
    differs, strong, shadow, dark = _compare(smooth, plain, weak, _lit_gains(scene, image, gains, inner), remembered)
    x0, y0, x1, y1 = inner
    box_area = (x1 - x0) * (y1 - y0)
    outside = np.ones_like(differs)
    outside[y0:y1, x0:x1] = 0
    differs[(outside & shadow) > 0] = 0
    body = differs & (1 - shadow)
    if int(body[y0:y1, x0:x1].sum()) >= LEAST_BODY * box_area:
        # Why: dark parts within the outline of what surely is the object belong to it; beyond it they are shadow.
        differs &= (1 - shadow) | _outline(body, strong, box_area)
    else:
        dark[:] = 0
    solid = _joined(differs, strong, inner)
    if solid is None:
        return None
    size = min(x1 - x0, y1 - y0)
    reach = max(1, round(0.02 * size))
    grown = cv2.dilate(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    weight = blurred(grown.astype(np.float32), max(0.9, 0.018 * size))
    dark[outside > 0] = 0
    shade = blurred(dark, max(1.5, 0.04 * size)) * SHADE
    return np.asarray(np.maximum(weight, shade), np.float32)


def _outline(body: NDArray[np.uint8], strong: NDArray[np.uint8], box_area: int) -> NDArray[np.uint8]:
    """Convex hull, filled with 1, of the larger parts of the body that hold strong pixels."""
    hull = np.zeros_like(body)
    opened = cv2.morphologyEx(body, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    n_strong = np.bincount(labels[strong > 0], minlength=count)
    keep = (stats[:, cv2.CC_STAT_AREA] >= 0.01 * box_area) & (n_strong >= 4)
    keep[0] = False
    contours, _ = cv2.findContours(keep[labels].astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if contours:
        cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(contours)), 1)
    return hull


def _joined(
    differs: NDArray[np.uint8], strong: NDArray[np.uint8], inner: tuple[int, int, int, int]
) -> NDArray[np.uint8] | None:
    """(h, w) mask of 0 or 1 without specks and holes, or None when it cannot be trusted."""
    x0, y0, x1, y1 = inner
    box_height, box_width = y1 - y0, x1 - x0
    size = max(3, round(0.05 * min(box_height, box_width * 2))) | 1
    mask = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return None
    inside = np.bincount(labels[y0:y1, x0:x1].ravel(), minlength=count)
    n_strong = np.bincount(labels[strong > 0], minlength=count)
    area = stats[:, cv2.CC_STAT_AREA]
    keep = (inside >= 0.5 * area) & (n_strong >= np.maximum(4, 0.05 * area)) & (area >= 0.004 * box_height * box_width)
    keep[0] = False
    kept = keep[labels].astype(np.uint8)
    contours, _ = cv2.findContours(kept, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(kept, contours, -1, 1, thickness=cv2.FILLED)
    cover = float(kept[y0:y1, x0:x1].mean())
    return kept if LEAST_COVER <= cover <= MOST_COVER else None


def _remembered(before: Patch | None, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Where the last silhouette lay, in this patch; all 0 when there was none."""
    if before is None or not before.is_silhouette:
        return np.zeros(shape, np.uint8)
    last = (before.weight_f32 > 0.7).astype(np.uint8)
    # Why: patches move with their object, so corner on corner is the best guess of where the object went.
    return resized(last, (shape[1], shape[0]), cv2.INTER_NEAREST)


def _soft_box(
    shape: tuple[int, int], inner: tuple[int, int, int, int], margin: float, sides: tuple[bool, bool, bool, bool]
) -> NDArray[np.float32]:
    """A rounded box whose edge fades over the margin, but not where (left, top, right, bottom) the picture ends."""
    weight = np.zeros(shape, np.float32)
    far = max(shape)
    x0, y0 = inner[0] - (0 if sides[0] else far), inner[1] - (0 if sides[1] else far)
    x1, y1 = inner[2] + (0 if sides[2] else far), inner[3] + (0 if sides[3] else far)
    radius = 0.5 * min(inner[2] - inner[0], inner[3] - inner[1])
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) + 0.5
    dx = np.maximum(np.maximum(x0 + radius - xs, xs - (x1 - radius)), 0)
    dy = np.maximum(np.maximum(y0 + radius - ys, ys - (y1 - radius)), 0)
    outside = np.hypot(dx, dy) - radius
    weight[:] = np.clip(0.5 - outside / max(2.0, margin), 0, 1)
    return weight


def _fade(weight: NDArray[np.float32], margin: float, sides: tuple[bool, bool, bool, bool]) -> None:
    """Let weights fall to 0 at those edges (left, top, right, bottom) that are not the picture's own."""
    reach = max(1, min(round(margin), 6, weight.shape[0], weight.shape[1]))
    ramp = ((np.arange(reach) + 0.5) / reach).astype(np.float32)
    if sides[0]:
        weight[:, :reach] *= ramp
    if sides[1]:
        weight[:reach] *= ramp[:, None]
    if sides[2]:
        weight[:, -reach:] *= ramp[::-1]
    if sides[3]:
        weight[-reach:] *= ramp[::-1, None]


def _yield_to_rivals(
    weight: NDArray[np.float32], inner: tuple[int, int, int, int], rivals: NDArray[np.float32]
) -> None:
    """Take away pixels that lie nearer, in units of the boxes, to another object than to this one."""
    height, width = weight.shape
    meets = (rivals[:, 2] > 0) & (rivals[:, 3] > 0) & (rivals[:, 0] < width) & (rivals[:, 1] < height)
    if meets.any():
        _share_out(weight, np.array(inner, np.float32), np.ascontiguousarray(rivals[meets], np.float32))


@kernel
def _share_out(weight: NDArray[np.float32], own: NDArray[np.float32], rivals: NDArray[np.float32]) -> None:
    """Lower weights in place by the distances to the centres of boxes, 1 at the edge of each (ellipse)."""
    height, width = weight.shape
    for y in range(height):
        for x in range(width):
            mine = _distance(x, y, own)
            for k in range(len(rivals)):
                theirs = _distance(x, y, rivals[k])
                if theirs < 1.1:
                    weight[y, x] *= min(1.0, max(0.0, (theirs - mine) * 4.0 + 0.5))


@kernel
def _distance(x: float, y: float, box: NDArray[np.float32]) -> float:
    half_w, half_h = max(1.0, (box[2] - box[0]) / 2), max(1.0, (box[3] - box[1]) / 2)
    dx = (x - (box[0] + box[2]) / 2) / half_w
    dy = (y - (box[1] + box[3]) / 2) / half_h
    return float(np.sqrt(dx * dx + dy * dy))
