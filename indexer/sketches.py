# SPDX-License-Identifier: Apache-2.0
"""Tracks while they are being drawn: sightings, the crops worth keeping, and the votes of the detectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.arrays import u8
from indexer.pictures import Picture

__all__ = ["CropSample", "Sighting", "Sketch", "as_box", "iou_xyxy", "overlap_share", "widened"]

Box = tuple[float, float, float, float]

MAX_CROPS: Final = 8
CROP_SIDE_PX: Final = 256
MOVED_IOU: Final = 0.45
LIKE_AREA: Final = 2.5
MIN_ELSEWHERE: Final = 3
N_LOOKS: Final = 4
ALWAYS_CUT_SHARE: Final = 0.8
WIDER_SHARE: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One object in one analysed picture; the box is in source pixels.

    ``is_walker`` says that the net of walkers drew the box, and not motion.
    """

    frame_index: int
    pts_ticks: int
    box_xyxy_px: Box
    score: float
    label: str = ""
    is_walker: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CropSample:
    """A cut-out of an object with its foreground mask, at most 256 px a side.

    Attributes:
        pts_ticks: When.
        quality: What it is worth: larger, whole, sharp and alone is better.
        image_bgr_u8: (h, w, 3) uint8.
        mask_u8: (h, w) uint8, 255 on the object.
        wide_bgr_u8: The same with 15 % of surroundings a side, where a detector drew the box; else None. The classifier
            learned with ground around vehicles, as motion cuts them.
    """

    pts_ticks: int
    quality: float
    image_bgr_u8: NDArray[np.uint8]
    mask_u8: NDArray[np.uint8]
    wide_bgr_u8: NDArray[np.uint8] | None = None


@dataclass(slots=True, eq=False)
class Sketch:
    """A track under construction."""

    from_detector: bool
    sightings: list[Sighting] = field(default_factory=list)
    crops: list[CropSample] = field(default_factory=list)
    votes: Counter[str] = field(default_factory=Counter)
    bag_votes: Counter[str] = field(default_factory=Counter)
    n_bag_looks: int = 0
    last_crop_pts_ticks: int | None = None
    looks: list[tuple[int, NDArray[np.float32]]] = field(default_factory=list)
    settled: bool = False
    n_cut: int = 0
    n_judged: int = 0

    @property
    def has_moved(self) -> bool:
        """True when the object left the place where it was first seen, or came to it growing."""
        first = self.first.box_xyxy_px
        return any(iou_xyxy(first, sighting.box_xyxy_px) < MOVED_IOU for sighting in self.sightings)

    @property
    def has_travelled(self) -> bool:
        """True when it was seen elsewhere, at a like size, than where it mostly was.

        Stricter than :attr:`has_moved`: what trembles in its place, or is seen now whole and now in part, did not
        travel.
        """
        boxes = np.array([sighting.box_xyxy_px for sighting in self.sightings])
        sizes = boxes[:, 2:] - boxes[:, :2]
        areas = sizes.prod(axis=1)
        alike = (areas > np.median(areas) / LIKE_AREA) & (areas < np.median(areas) * LIKE_AREA)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        away = np.abs(middles - np.median(middles, axis=0)) > np.median(sizes, axis=0) / 2
        return int(np.count_nonzero(away.any(axis=1) & alike)) >= MIN_ELSEWHERE

    @property
    def is_walker(self) -> bool:
        """True when the net of walkers drew most of its boxes."""
        return 2 * sum(sighting.is_walker for sighting in self.sightings) > len(self.sightings)

    @property
    def is_always_cut(self) -> bool:
        """True when the picture's edge cut it nearly every time."""
        return self.n_judged > 0 and self.n_cut >= ALWAYS_CUT_SHARE * self.n_judged

    @property
    def first(self) -> Sighting:
        """Earliest sighting."""
        return self.sightings[0]

    @property
    def last(self) -> Sighting:
        """Latest sighting."""
        return self.sightings[-1]

    def add(self, sighting: Sighting) -> None:
        """Append a later sighting and count its label."""
        self.sightings.append(sighting)
        if sighting.label:
            self.votes[sighting.label] += sighting.score  # type: ignore[assignment]  # Reason: weights are floats.

    def wants_look(self, pts_ticks: int, min_step_ticks: int) -> bool:
        """True when its colours are worth reading again."""
        return not self.looks or pts_ticks - self.looks[-1][0] >= min_step_ticks

    def keep_look(self, pts_ticks: int, look: NDArray[np.float32]) -> None:
        """Remember its colours; the first four and the last four, which joining needs, are kept."""
        self.looks.append((pts_ticks, look))
        if len(self.looks) > 2 * N_LOOKS:
            del self.looks[N_LOOKS]

    def wants_crop(self, pts_ticks: int, quality: float, min_step_ticks: int) -> bool:
        """True when a crop of that quality at that time would be kept."""
        if self.last_crop_pts_ticks is not None and pts_ticks - self.last_crop_pts_ticks < min_step_ticks:
            return False
        return len(self.crops) < MAX_CROPS or quality > min(crop.quality for crop in self.crops)

    def keep_crop(self, crop: CropSample) -> None:
        """Keep a crop; beyond eight the worst one goes."""
        self.crops.append(crop)
        self.last_crop_pts_ticks = crop.pts_ticks
        if len(self.crops) > MAX_CROPS:
            self.crops.remove(min(self.crops, key=lambda item: (item.quality, item.pts_ticks)))

    def cut(self, pts_ticks: int) -> tuple[Sketch, Sketch]:
        """What was seen before an instant, and from it on, as two sketches; this one is left as it is.

        Only for what motion saw: labels and bags cannot be told apart by time.
        """
        halves = (Sketch(from_detector=self.from_detector), Sketch(from_detector=self.from_detector))
        for sighting in self.sightings:
            halves[sighting.pts_ticks >= pts_ticks].add(sighting)
        for crop in self.crops:
            halves[crop.pts_ticks >= pts_ticks].keep_crop(crop)
        for at, look in self.looks:
            halves[at >= pts_ticks].keep_look(at, look)
        for half in halves:
            half.n_judged = len(half.sightings)
            half.n_cut = round(self.n_cut * len(half.sightings) / max(1, len(self.sightings)))
        return halves

    def take_over(self, later: Sketch) -> None:
        """Append another sketch of the same object that continues this one."""
        best_by_pts: dict[int, Sighting] = {}
        for sighting in (*self.sightings, *later.sightings):
            known = best_by_pts.get(sighting.pts_ticks)
            if known is None or sighting.score > known.score:
                best_by_pts[sighting.pts_ticks] = sighting
        self.sightings = [best_by_pts[pts] for pts in sorted(best_by_pts)]
        self.looks = [*self.looks[:N_LOOKS], *later.looks[-N_LOOKS:]]
        self.votes.update(later.votes)
        self.bag_votes.update(later.bag_votes)
        self.n_bag_looks += later.n_bag_looks
        self.n_cut += later.n_cut
        self.n_judged += later.n_judged
        both = sorted([*self.crops, *later.crops], key=lambda item: (-item.quality, item.pts_ticks))
        self.crops = sorted(both[:MAX_CROPS], key=lambda item: item.pts_ticks)


def cut_crop(
    picture: NDArray[np.uint8] | Picture, mask_u8: NDArray[np.uint8], box_xyxy_px: Box, *, mask_scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cut a box out of a picture and its motion mask, scaled to at most 256 px a side.

    Args:
        picture: Source picture, converted to (H, W, 3) BGR or not yet; of the latter only the box is converted.
        mask_u8: (h, w) mask in motion pixels, aligned with the picture.
        box_xyxy_px: Source pixels.
        mask_scale: Motion pixels per source pixel.
    """
    width, height = picture.size_wh_px if isinstance(picture, Picture) else picture.shape[1::-1]
    x1, y1 = max(0, int(box_xyxy_px[0])), max(0, int(box_xyxy_px[1]))
    x2, y2 = min(width, int(np.ceil(box_xyxy_px[2]))), min(height, int(np.ceil(box_xyxy_px[3])))
    crop = _part(picture, (x1, y1, x2, y2))
    mx1, my1 = int(x1 * mask_scale), int(y1 * mask_scale)
    mx2, my2 = max(mx1 + 1, int(np.ceil(x2 * mask_scale))), max(my1 + 1, int(np.ceil(y2 * mask_scale)))
    mask = mask_u8[my1:my2, mx1:mx2]
    scale = min(1.0, CROP_SIDE_PX / max(crop.shape[0], crop.shape[1], 1))
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    small = u8(cv2.resize(crop, size, interpolation=cv2.INTER_AREA)) if scale < 1 else crop.copy()
    if mask.size == 0:
        return small, np.full(size[::-1], 255, np.uint8)
    return small, u8(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR))


def _part(picture: NDArray[np.uint8] | Picture, box_xyxy_px: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    x1, y1, x2, y2 = box_xyxy_px
    if not isinstance(picture, Picture):
        return picture[y1:y2, x1:x2]
    return picture.crop_bgr_u8(box_xyxy_px) if x1 < x2 and y1 < y2 else np.zeros((0, 0, 3), np.uint8)


def widened(box: Box) -> Box:
    """A box with 15 % of its sides added all around; clipped where it is cut."""
    dx, dy = WIDER_SHARE * (box[2] - box[0]), WIDER_SHARE * (box[3] - box[1])
    return (box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy)


def as_box(values: Sequence[float]) -> Box:
    """Four numbers as a box of floats.

    >>> as_box((1, 2, 3, 4))
    (1.0, 2.0, 3.0, 4.0)
    """
    x1, y1, x2, y2 = values
    return (float(x1), float(y1), float(x2), float(y2))


def iou_xyxy(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1.

    >>> round(iou_xyxy((0, 0, 2, 2), (1, 0, 3, 2)), 3)
    0.333
    """
    inter = _intersection(a, b)
    union = _area(a) + _area(b) - inter
    return inter / union if union > 0 else 0.0


def overlap_share(part: Box, whole: Box) -> float:
    """Share of ``part`` that lies inside ``whole``, 0 to 1."""
    area = _area(part)
    return _intersection(part, whole) / area if area > 0 else 0.0


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _intersection(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height)
