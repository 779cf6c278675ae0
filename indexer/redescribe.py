# SPDX-License-Identifier: Apache-2.0
"""Looks at a part of a track anew: what is said of the whole does not hold for either of two objects in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.arrays import u8
from indexer.background import estimate_background
from indexer.corrections import Description
from indexer.describe import DecodedFrames, SceneLight, describe
from indexer.motion import MotionModel, motion_size
from indexer.records import Recording, Track
from indexer.sketches import Box, CropSample, Sighting, Sketch, as_box, cut_crop, iou_xyxy, overlap_share, widened
from models.colour import is_colourless
from models.detectors import BAG_LABELS, Detector, RunAware
from models.modelset import ModelSet

__all__ = ["EmptyScene", "described_anew"]

N_LOOKS: Final = 8
SAME_IOU: Final = 0.4
BAG_INSIDE: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyScene:
    """What the camera sees around that time when nothing passes, and its light.

    Attributes:
        model: Empty scene and comparison, in motion pixels.
        light: What colours must be read with.
    """

    model: MotionModel
    light: SceneLight

    @classmethod
    def of(cls, pictures_bgr_u8: Sequence[NDArray[np.uint8]]) -> EmptyScene:
        """Estimate it from pictures (H, W, 3) of one size, in time order, at least one."""
        height, width = pictures_bgr_u8[0].shape[:2]
        small = [
            u8(cv2.resize(item, motion_size((width, height)), interpolation=cv2.INTER_AREA)) for item in pictures_bgr_u8
        ]
        model = MotionModel(estimate_background(small))
        is_night = all(is_colourless(item) for item in small)
        light = SceneLight.of(model.empty_scene_bgr_u8, is_colourless=is_night)
        return cls(model=model, light=light)


def described_anew(
    part: Track,
    *,
    recording: Recording,
    picture_at: Callable[[int], NDArray[np.uint8]],
    scene: EmptyScene,
    models: ModelSet,
) -> Description:
    """Name class, colours and what is carried from up to eight frames of a part of a track.

    Where they show nothing with a convincing class, the whole track's class stays.

    Args:
        part: Its frames; what it says is still said of the whole.
        recording: Where it was seen.
        picture_at: The frame of that 0-based index, (H, W, 3) BGR.
        scene: The empty scene around that time.
        models: Models that name things.

    Raises:
        NotFootage: A frame is damaged.
    """
    sketch = Sketch(from_detector=models.detector is not None)
    labels: dict[int, tuple[str, float]] = {}
    if isinstance(models.detector, RunAware):
        models.detector.begin()
    for row in _chosen_rows(part):
        picture = picture_at(int(part.frame_index[row]))
        box = as_box(part.boxes_xyxy_px[row].tolist())
        seen = _detected(models.detector, picture, box, sketch) if models.detector is not None else None
        if seen is not None:
            labels[row] = seen
        crop = _crop(picture, box, scene.model, pts_ticks=int(part.pts_ticks[row]), label=seen[0] if seen else "")
        if crop is not None:
            sketch.keep_crop(crop)
    for row in range(len(part.pts_ticks)):
        label, score = labels.get(row, ("", float(part.scores[row])))
        sketch.add(
            Sighting(
                frame_index=int(part.frame_index[row]),
                pts_ticks=int(part.pts_ticks[row]),
                box_xyxy_px=as_box(part.boxes_xyxy_px[row].tolist()),
                score=score,
                label=label,
            )
        )
    frames = DecodedFrames(frame_index=part.frame_index, pts_ticks=part.pts_ticks)
    return Description.of(
        describe(sketch, recording=recording, frames=frames, models=models, scene=scene.light, whole=part)
    )


def _chosen_rows(part: Track) -> list[int]:
    """The frame that shows it largest in each of up to eight stretches of equal length; seen ones before guessed."""
    sides = part.boxes_xyxy_px[:, 2:] - part.boxes_xyxy_px[:, :2]
    worth = sides.prod(axis=1) * np.where(part.scores > 0, 1.0, 0.25)
    stretches = np.array_split(np.arange(len(worth)), min(N_LOOKS, len(worth)))
    return [int(rows[np.argmax(worth[rows])]) for rows in stretches]


def _detected(detector: Detector, picture: NDArray[np.uint8], box: Box, sketch: Sketch) -> tuple[str, float] | None:
    """Label and score of the detection on the box, or None; counts the bags on it."""
    found = detector.detect(picture)
    boxes = [as_box(item) for item in found.boxes_xyxy_px.tolist()]
    best = max(
        (
            (iou_xyxy(other, box), score, label)
            for other, score, label in zip(boxes, found.scores.tolist(), found.labels, strict=True)
            if label not in BAG_LABELS
        ),
        default=(0.0, 0.0, ""),
    )
    if best[0] < SAME_IOU:
        return None
    if best[2] == "person" and found.is_complete:
        sketch.n_bag_looks += 1
        inside = {
            label
            for other, label in zip(boxes, found.labels, strict=True)
            if label in BAG_LABELS and overlap_share(other, box) > BAG_INSIDE
        }
        sketch.bag_votes.update(inside)
    return best[2], best[1]


def _crop(picture: NDArray[np.uint8], box: Box, model: MotionModel, *, pts_ticks: int, label: str) -> CropSample | None:
    height, width = picture.shape[:2]
    size = motion_size((width, height))
    mask = model.foreground(u8(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)))
    scale = size[0] / width
    image, crop_mask = cut_crop(picture, mask, box, mask_scale=scale)
    if min(image.shape[:2]) < 4:
        return None
    is_wide = label not in ("", "person")
    return CropSample(
        pts_ticks=pts_ticks,
        quality=float((box[2] - box[0]) * (box[3] - box[1])),
        image_bgr_u8=image,
        mask_u8=crop_mask,
        wide_bgr_u8=cut_crop(picture, mask, widened(box), mask_scale=scale)[0] if is_wide else None,
    )
