# SPDX-License-Identifier: Apache-2.0
"""What differs from the empty scene: a foreground mask that ignores light, noise and most shadows, and its blobs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer._kernels import at_gain, chosen_pixels, compare, empty_masks, follow, tally
from indexer.arrays import f32, u8
from indexer.background import Background, gains_between

__all__ = ["Blob", "MotionModel", "blinking_regions", "burnt_in_lines", "clock_regions", "motion_size"]

MAX_WIDTH_PX: Final = 640
WEAK_LEVELS: Final = 11.0
WEAK_SIGMAS: Final = 3.5
STRONG_RATIO: Final = 2.2
EDGE_SHARE: Final = 0.5
"""Part of the local contrast of the scene that a pixel may differ by: a camera trembles by half a pixel."""
MIN_AREA_UNIT: Final = 1.1e-4
"""Smallest blob, as a share of the picture: 25 px of 640x360, about 8x30 px of 1920x1080."""
ADAPTATION: Final = 0.1
ADAPT_EVERY: Final = 5
"""The background takes on this share of the difference, every so many pictures, where nothing moves."""
GLOBAL_CHANGE_UNIT: Final = 0.6
GHOST_EDGE_RATIO: Final = 1.15
MIN_STRONG_PX: Final = 6
"""A region with fewer strong pixels is noise."""
BLINK_SHARE: Final = 0.12
BLINK_TIMES: Final = 3
BLINK_TIMES_SHARE: Final = 0.04
BLINK_MAX_AREA_UNIT: Final = 0.004
BLINK_RING_PX: Final = 10
BLINK_RING_RATIO: Final = 0.2
BLINK_MARGIN_PX: Final = 2
"""What blinks is left out with so many pixels around it."""
STEP_PICTURES: Final = 3
"""A digit of a clock without seconds stands for so many pictures at least, on average, before it changes."""
CLOCK_BORDER_UNIT: Final = 0.14
"""Rows of the picture, from above and from below, in which recorders write."""
LINE_REACH: Final = 30.0
"""How far a burnt-in line goes on beside its seconds, in heights of a digit: date, time and name of a camera."""
GLYPHS_WIDTH: Final = 4.0
"""Digits that change together are at most this wide, in heights of a digit."""
SAME_GLYPH_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One connected moving region.

    Attributes:
        box_xyxy: Box in motion-picture pixels, half-open.
        area_px: Foreground pixels inside.
    """

    box_xyxy: tuple[int, int, int, int]
    area_px: int


def motion_size(size_wh_px: tuple[int, int]) -> tuple[int, int]:
    """Size of the pictures that motion is measured on: at most 640 wide, aspect kept, even sides.

    >>> motion_size((1920, 1080))
    (640, 360)
    >>> motion_size((352, 288))
    (352, 288)
    """
    width, height = size_wh_px
    scale = min(1.0, MAX_WIDTH_PX / width)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


class MotionModel:
    """Compares pictures of one camera with its empty scene and follows slow change of light.

    Args:
        background: The empty scene.
    """

    def __init__(self, background: Background) -> None:
        self._colour = background.colour_bgr.copy()
        height, width = self._colour.shape[:2]
        scene = np.clip(self._colour, 0, 255).astype(np.uint8)
        contrast = cv2.morphologyEx(scene, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).max(axis=2)
        self._weak_levels = np.maximum(
            np.maximum(WEAK_LEVELS, WEAK_SIGMAS * background.sigma_levels), EDGE_SHARE * contrast
        ).astype(np.float32)
        self._weak, self._kind = empty_masks(height, width)
        self._watched: NDArray[np.uint8] | None = None
        self._watched_unit = 1.0
        self._n_pictures = 0
        self._min_area_px = max(12, int(MIN_AREA_UNIT * width * height))
        closing = max(3, width // 128) | 1
        self._close = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (closing, closing))
        self._open = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        self.gains = np.ones(3, np.float32)

    @property
    def empty_scene_bgr_u8(self) -> NDArray[np.uint8]:
        """(H, W, 3) the background as it is believed now, at the gain of the last picture."""
        scene = np.empty(self._colour.shape, np.uint8)
        at_gain(self._colour, self.gains, scene)
        return scene

    def foreground(self, picture_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Mask of what differs, (H, W) uint8 with 0 or 255; also lets the background follow the light.

        Args:
            picture_bgr: (H, W, 3) at the size of the background.
        """
        self.gains = gains_between(picture_bgr, self._colour)
        smooth = cv2.GaussianBlur(picture_bgr, (3, 3), 0)
        n_strong = compare(smooth, self._colour, self.gains, self._weak_levels, STRONG_RATIO, self._weak, self._kind)
        mask = np.zeros_like(self._weak)
        # Why: most pictures of a quiet hour end here, before their specks are put together and counted.
        if n_strong >= MIN_STRONG_PX:
            self._mark_supported(mask)
        self._n_pictures += 1
        if self._n_pictures % ADAPT_EVERY == 0 and not self.is_global_change(mask):
            follow(smooth, cv2.dilate(mask, self._close), self._colour, self.gains, ADAPTATION)
        return mask

    def ignore(self, regions: NDArray[np.bool_], *, watched_unit: float = 1.0) -> None:
        """See no motion in these pixels, (H, W) bool, from now on.

        Args:
            regions: What is not watched.
            watched_unit: Share of the picture in which a change of all of it can be seen: large zones take from it.
        """
        self._watched = u8(np.where(regions, 0, 255))
        self._watched_unit = watched_unit

    def blobs(self, mask: NDArray[np.uint8]) -> tuple[Blob, ...]:
        """Connected regions of a mask, largest first, ties by position."""
        if not mask.any():
            return ()
        left, top, columns, rows = cv2.boundingRect(mask)
        part = mask[top : top + rows, left : left + columns]
        count, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8, ltype=_label_type(part))
        found = []
        for x, y, width, height, area in stats[1:count].tolist():
            if area >= self._min_area_px and width >= 3 and height >= 3:
                box = (left + x, top + y, left + x + width, top + y + height)
                found.append(Blob(box_xyxy=box, area_px=area))
        return tuple(sorted(_joined(found), key=lambda blob: (-blob.area_px, blob.box_xyxy)))

    def is_global_change(self, mask: NDArray[np.uint8]) -> bool:
        """True when most of the picture differs: the camera moved, was covered, or the light was switched."""
        return float(np.count_nonzero(mask)) / mask.size > GLOBAL_CHANGE_UNIT * self._watched_unit

    def is_ghost(
        self, picture_bgr: NDArray[np.uint8], mask: NDArray[np.uint8], box_xyxy: tuple[int, int, int, int]
    ) -> bool:
        """True when the outline of a region is an edge of the believed scene and not of the picture.

        An object that is there has its outline in the picture; where the scene was estimated with an object that has
        left, the outline is in the estimate.
        """
        x1, y1, x2, y2 = box_xyxy
        part = mask[y1:y2, x1:x2]
        outline = cv2.morphologyEx(part, cv2.MORPH_GRADIENT, self._open) > 0
        if outline.sum() < 8:
            return False
        seen = _edges(picture_bgr[y1:y2, x1:x2])[outline].mean()
        believed = _edges(self.empty_scene_bgr_u8[y1:y2, x1:x2])[outline].mean()
        return bool(believed > GHOST_EDGE_RATIO * seen)

    def absorb(self, picture_bgr: NDArray[np.uint8], box_xyxy: tuple[int, int, int, int]) -> None:
        """Make what stands in a box part of the empty scene, as with a car that has parked."""
        x1, y1, x2, y2 = box_xyxy
        self._colour[y1:y2, x1:x2] = picture_bgr[y1:y2, x1:x2].astype(np.float32) / self.gains

    def _mark_supported(self, mask: NDArray[np.uint8]) -> None:
        """Mark in an empty mask the weak regions that hold strong pixels; shadow comes off what is more than shadow."""
        weak = cv2.morphologyEx(self._weak, cv2.MORPH_OPEN, self._open)
        around = self._part_in_use(u8(weak))
        weak = cv2.morphologyEx(weak[around], cv2.MORPH_CLOSE, self._close)
        if self._watched is not None:
            weak = cv2.bitwise_and(weak, self._watched[around])
        kind = np.ascontiguousarray(self._kind[around])
        count, labels, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8, ltype=_label_type(u8(weak)))
        n_strong, n_body = np.zeros(count, np.int64), np.zeros(count, np.int64)
        tally(labels, kind, n_strong, n_body)
        area = stats[:, cv2.CC_STAT_AREA]
        keep = (n_strong >= np.maximum(MIN_STRONG_PX, 0.06 * area)) & (area >= self._min_area_px // 2)
        keep[0] = False
        if not keep.any():
            return
        # Why: a dark grey car on asphalt looks like shadow all over; only where a body stands out is shadow removed.
        has_body = n_body >= np.maximum(8, 0.25 * area)
        chosen = np.empty(weak.shape, np.uint8)
        chosen_pixels(labels, kind, keep, has_body, chosen)
        cleaned = cv2.morphologyEx(chosen, cv2.MORPH_OPEN, self._open)
        mask[around] = cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, self._close)

    def _part_in_use(self, mask: NDArray[np.uint8]) -> tuple[slice, slice]:
        """Rows and columns outside of which a mask is 0, with room for closing to come out as in the whole."""
        x, y, width, height = cv2.boundingRect(mask)
        room = self._close.shape[0]
        return slice(max(0, y - room), y + height + room), slice(max(0, x - room), x + width + room)


def _label_type(mask: NDArray[np.uint8]) -> int:
    """Labels of two bytes where they are enough for any mask of that size: half the memory to go through."""
    n_most = -(-mask.shape[0] // 2) * -(-mask.shape[1] // 2)
    return cv2.CV_16U if n_most < np.iinfo(np.uint16).max else cv2.CV_32S


def blinking_regions(masks: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """Small places that change again and again while nothing around them does: a burnt-in clock, a branch, a lamp.

    What people or vehicles pass through is busy all around; what blinks on its own is alone. Only such places are
    given, so that a busy pavement is never left out.

    Args:
        masks: Foreground masks (H, W) of pictures spread over the segment.

    Returns:
        (H, W) bool.
    """
    activity, n_starts = _activity(masks)
    return _alone((activity > BLINK_SHARE) & (n_starts >= max(BLINK_TIMES, BLINK_TIMES_SHARE * len(masks))), activity)


def clock_regions(masks: list[NDArray[np.uint8]], blinking: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What a recorder writes near the upper or lower edge of the picture, with and without seconds.

    A clock without seconds changes once a minute: too seldom to blink, and each of its digits stands still between.

    Args:
        masks: Foreground masks (H, W) of pictures spread over the segment.
        blinking: (H, W) bool of :func:`blinking_regions`.

    Returns:
        (H, W) bool.
    """
    activity, n_starts = _activity(masks)
    stands = (n_starts >= BLINK_TIMES) & (activity * len(masks) >= STEP_PICTURES * n_starts)
    regions = blinking | _alone((activity > BLINK_SHARE) & stands, activity)
    border = round(CLOCK_BORDER_UNIT * len(regions))
    regions[border : len(regions) - border] = False
    return regions


def _activity(masks: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Share of the pictures in which each pixel differs, and how often it began to; (H, W) each."""
    n_active = np.zeros(masks[0].shape, np.uint16)
    n_starts = np.zeros_like(n_active)
    before = np.zeros(masks[0].shape, np.bool_)
    for mask in masks:
        now = mask > 0
        n_active += now
        n_starts += now & ~before
        before = now
    return f32(n_active / len(masks)), n_starts


def _alone(hot: NDArray[np.bool_], activity: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The hot places that are small and have nothing going on around them."""
    height, width = hot.shape
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BLINK_RING_PX + 1, 2 * BLINK_RING_PX + 1))
    grown = cv2.morphologyEx(hot.astype(np.uint8), cv2.MORPH_CLOSE, around)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(u8(grown), connectivity=8)
    result = np.zeros((height, width), np.bool_)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] > BLINK_MAX_AREA_UNIT * height * width:
            continue
        region = u8((labels == label).astype(np.uint8))
        near = cv2.dilate(region, np.ones((5, 5), np.uint8))
        ring = (cv2.dilate(near, around) > 0) & (near == 0)
        if activity[ring].mean() < BLINK_RING_RATIO * activity[region > 0].mean():
            result |= near > 0
    return result


def burnt_in_lines(masks: list[NDArray[np.uint8]], blinking: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What blinks, and beside it what changes as digits do: the minutes, hours and date of a burnt-in clock.

    Those change too seldom to blink, and a digit that is not the one of the empty scene would look like an object that
    came and stays. Taken for a digit is what lies on the rows of what blinks, is no larger than a few digits, and
    stands in two pictures running without having moved by a pixel.

    Args:
        masks: Foreground masks (H, W) of pictures spread over the segment.
        blinking: (H, W) bool of :func:`blinking_regions`.

    Returns:
        (H, W) bool.
    """
    result = blinking.copy()
    count, _, stats, _ = cv2.connectedComponentsWithStats(blinking.astype(np.uint8), connectivity=8)
    for x, y, width, height, _ in stats[1:count].tolist():
        digit_px = max(3, height - 2 * BLINK_MARGIN_PX)
        reach = round(LINE_REACH * digit_px)
        left = max(0, x - reach)
        rows, columns = slice(max(0, y - 1), y + height + 1), slice(left, x + width + reach)
        for before, after in pairwise(masks):
            _add_glyphs(result[rows, columns], before[rows, columns], after[rows, columns], digit_px)
    return result


def _add_glyphs(line: NDArray[np.bool_], before: NDArray[np.uint8], after: NDArray[np.uint8], digit_px: int) -> None:
    """Mark in place, on the rows of a line of text, what stands in both masks and is no larger than digits."""
    if not (before & after).any():
        return
    count, labels, stats, _ = cv2.connectedComponentsWithStats(after, connectivity=8)
    for label, (x, y, width, height, area) in enumerate(stats[1:count].tolist(), 1):
        # Why: what touches the edge of the rows goes on beyond them, as somebody who walks through the line does.
        is_on_line = y > 0 and y + height < line.shape[0]
        if not is_on_line or width > GLYPHS_WIDTH * digit_px:
            continue
        part = (slice(y, y + height), slice(x, x + width))
        n_same = np.count_nonzero((labels[part] == label) & (before[part] > 0))
        if n_same >= SAME_GLYPH_SHARE * area:
            margin = BLINK_MARGIN_PX
            line[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin] = True


def _edges(image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Local contrast, the largest over the channels."""
    gradient = cv2.morphologyEx(image_bgr, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return u8(gradient.max(axis=2))


def _joined(blobs: list[Blob]) -> list[Blob]:
    """Join parts of one upright object: boxes that overlap in x and are close in y (a torso and its legs)."""
    pending = sorted(blobs, key=lambda blob: (-blob.area_px, blob.box_xyxy))
    result: list[Blob] = []
    for blob in pending:
        for i, other in enumerate(result):
            if _belongs_to(blob, other):
                result[i] = _union(blob, other)
                break
        else:
            result.append(blob)
    return result


def _belongs_to(part: Blob, whole: Blob) -> bool:
    ax1, ay1, ax2, ay2 = part.box_xyxy
    bx1, by1, bx2, by2 = whole.box_xyxy
    overlap_x = min(ax2, bx2) - max(ax1, bx1)
    gap_y = max(ay1, by1) - min(ay2, by2)
    height = by2 - by1
    is_stacked = overlap_x > 0.6 * (ax2 - ax1) and gap_y < 0.15 * height
    is_thinner = part.area_px < 0.8 * whole.area_px
    width_after = max(ax2, bx2) - min(ax1, bx1)
    return bool(is_stacked and is_thinner and width_after < 1.35 * (bx2 - bx1))


def _union(a: Blob, b: Blob) -> Blob:
    box = (
        min(a.box_xyxy[0], b.box_xyxy[0]),
        min(a.box_xyxy[1], b.box_xyxy[1]),
        max(a.box_xyxy[2], b.box_xyxy[2]),
        max(a.box_xyxy[3], b.box_xyxy[3]),
    )
    return Blob(box_xyxy=box, area_px=a.area_px + b.area_px)
