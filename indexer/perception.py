# SPDX-License-Identifier: Apache-2.0
"""From the pictures of one active span to sketches: motion, detection where it moves, tracking, crops.

Motion is measured on every analysed picture (about twelve a second). A detector, where there is one, looks at about six
pictures a second and only while something moves. What moves and no detector names is tracked by motion alone, so that a
detector's blind spot (a car from above, a tarpaulin) costs the name and not the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.arrays import u8
from indexer.fusion import fuse, is_explained
from indexer.linking import stitch
from indexer.media import Picture
from indexer.motion import MotionModel
from indexer.pieces import join_pieces
from indexer.sketches import Box, CropSample, Sighting, Sketch, as_box, cut_crop, iou_xyxy, overlap_share, widened
from indexer.steady import IDENTITY, Steadier, boxes_to_picture, gray_of, warp_to_reference
from indexer.tracking import SketchTracker, drop_noise
from indexer.walkers import CalmFinder, settle_walkers
from indexer.zones import Zone, watched_only
from models.appearance import colour_by_place
from models.detectors import BAG_LABELS, Detections, Detector, RunAware
from models.detectors.walkers import WalkerFinder

__all__ = ["NumberedPicture", "Scene", "SpanPerception", "SpanResult"]

ANALYSED_PER_S: Final = 12.6
DETECTED_PER_S: Final = 6.3
CROP_STEP_S: Final = 0.24
MOTION_SCORE: Final = 0.6
PARKED_MOVING_UNIT: Final = 0.02
"""A vehicle's box of which less differs from the empty scene is the scene: it has stood there all the while."""
UNSURE_SCORE: Final = 0.25
"""Below the tracker's threshold for beginning: an unsure walker continues a track and begins none."""
PARKED_S: Final = 90.0
MAX_BOX_UNIT: Final = 0.75
GHOST_S: Final = 2.5
STILL_IOU: Final = 0.85
GHOST_CHECK_EVERY: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumberedPicture:
    """A picture with its place in the recording."""

    frame_index: int
    pts_ticks: int
    picture: Picture


@dataclass(slots=True, kw_only=True, eq=False)
class Scene:
    """What is known of the camera in this segment.

    Attributes:
        size_wh_px: Motion-picture size.
        source_wh_px: Source size.
        model: Empty scene and comparison.
        steadier: Registration, only where the camera drifts.
        ignored_px: Zones that an officer set aside, source pixels.
    """

    size_wh_px: tuple[int, int]
    source_wh_px: tuple[int, int]
    model: MotionModel
    steadier: Steadier | None = None
    ignored_px: tuple[Zone, ...] = ()


@dataclass(slots=True, kw_only=True)
class SpanResult:
    """What one span gave."""

    sketches: list[Sketch] = field(default_factory=list)
    n_decoded: int = 0
    n_analysed: int = 0
    n_detector_calls: int = 0
    n_noise: int = 0
    n_corrupt: int = 0
    decoded_pts_ticks: list[int] = field(default_factory=list)
    decoded_index: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """One analysed picture in hand."""

    numbered: NumberedPicture
    small_bgr: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    matrix: NDArray[np.float64]
    blob_boxes: list[Box]


class SpanPerception:
    """Perceives one span of one recording. Make a new one for every span; the scene is shared.

    Args:
        scene: Camera knowledge; its background goes on following the light.
        detector: None where motion alone proposes objects.
        finder: Cuts what moves into walkers; None where detectors do, or motion is taken as it is.
        time_base: Seconds per tick.
        step_s: Median distance of frames, seconds.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        detector: Detector | None,
        time_base: Fraction,
        step_s: float,
        finder: WalkerFinder | None = None,
    ) -> None:
        self._scene = scene
        self._detector = detector
        self._finder = CalmFinder(finder) if detector is None and finder is not None else None
        if isinstance(detector, RunAware):
            detector.begin()
        self._time_base = time_base
        self._ticks_per_s = float(1 / time_base)
        self._analyse_every = max(1, round(1 / (ANALYSED_PER_S * step_s)))
        self._detect_every = max(1, round(ANALYSED_PER_S / DETECTED_PER_S * min(1.0, 1 / (ANALYSED_PER_S * step_s))))
        self._scale = scene.size_wh_px[0] / scene.source_wh_px[0]
        looks_per_s = 1 / (self._analyse_every * step_s)
        self._motion = SketchTracker(from_detector=False, rate_hz=looks_per_s)
        self._detected = (
            SketchTracker(from_detector=True, rate_hz=looks_per_s / self._detect_every)
            if detector is not None
            else None
        )
        self._result = SpanResult()

    def run(self, pictures: Iterator[NumberedPicture]) -> SpanResult:
        """Consume the pictures of the span, in order, and return its sketches."""
        for numbered in pictures:
            self._result.n_decoded += 1
            self._result.n_corrupt += numbered.picture.is_corrupt
            self._result.decoded_pts_ticks.append(numbered.pts_ticks)
            self._result.decoded_index.append(numbered.frame_index)
            if numbered.frame_index % self._analyse_every == 0:
                self._analyse(numbered)
        return self._finish()

    def _analyse(self, numbered: NumberedPicture) -> None:
        small = numbered.picture.bgr_u8(self._scene.size_wh_px)
        matrix = IDENTITY
        if self._scene.steadier is not None:
            matrix = self._scene.steadier.locate(gray_of(small))
            small = warp_to_reference(small, matrix, self._scene.model.empty_scene_bgr_u8)
        mask = self._scene.model.foreground(small)
        self._result.n_analysed += 1
        if self._scene.model.is_global_change(mask):
            return
        blobs = self._scene.model.blobs(mask)
        regions = [as_box(blob.box_xyxy) for blob in blobs]
        walkers: list[tuple[Box, bool]] = []
        if self._finder is not None and blobs:
            found = self._finder.find(small, self._scene.model, blobs)
            found = watched_only(found, self._scene.ignored_px, scale=self._scale)
            regions, walkers = settle_walkers(blobs, mask, found)
        blob_boxes = [box for box in self._in_source(regions, matrix) if not self._is_everything(box)]
        walker_boxes = self._in_source([box for box, _ in walkers], matrix)
        look = _Look(numbered=numbered, small_bgr=small, mask=mask, matrix=matrix, blob_boxes=blob_boxes)
        time_s = float(numbered.pts_ticks * self._time_base)
        sightings = [self._sighting(numbered, box, MOTION_SCORE) for box in blob_boxes]
        for box, (_, is_sure) in zip(walker_boxes, walkers, strict=True):
            score = MOTION_SCORE if is_sure else UNSURE_SCORE
            sightings.append(replace(self._sighting(numbered, box, score), is_walker=True))
        pairs = self._motion.update(time_s, sightings, n_walkers=len(walkers))
        full: NDArray[np.uint8] | None = None
        if self._detected is not None and self._result.n_analysed % self._detect_every == 0:
            detections = Detections.none()
            if self._needs_look(blob_boxes):
                full = numbered.picture.bgr_u8()
                detections = self._call_detector(full)
            pairs = self._take_detections(time_s, look, detections) + pairs
        self._settle(look, pairs)
        self._cut(look, pairs, full)

    def _needs_look(self, moving: list[Box]) -> bool:
        """Whether a detector is asked: only where something moves."""
        return bool(moving)

    def _call_detector(self, full_bgr: NDArray[np.uint8]) -> Detections:
        assert self._detector is not None
        self._result.n_detector_calls += 1
        return watched_only(self._detector.detect(full_bgr), self._scene.ignored_px)

    def _take_detections(self, time_s: float, look: _Look, detections: Detections) -> list[tuple[Sketch, Sighting]]:
        assert self._detected is not None
        objects: list[Sighting] = []
        bags: list[tuple[str, Box]] = []
        for box, score, label in zip(
            detections.boxes_xyxy_px.tolist(), detections.scores.tolist(), detections.labels, strict=True
        ):
            if label in BAG_LABELS:
                bags.append((label, tuple(box)))
            else:
                sighting = self._sighting(look.numbered, self._clipped(box), score, label)
                # Why: persons who never move are what detectors are imported for; parked vehicles are the scene.
                if label == "person" or self._moving_unit(look, sighting) >= PARKED_MOVING_UNIT:
                    objects.append(sighting)
        pairs = self._detected.update(time_s, objects)
        for sketch, sighting in pairs:
            if sighting.label == "person" and detections.is_complete:
                sketch.n_bag_looks += 1
                for label in sorted({name for name, box in bags if overlap_share(box, sighting.box_xyxy_px) > 0.6}):
                    sketch.bag_votes[label] += 1
        return pairs

    def _moving_unit(self, look: _Look, sighting: Sighting) -> float:
        """Share of a box that differs from the empty scene, 0 to 1."""
        x1, y1, x2, y2 = self._motion_box(sighting, look.matrix)
        part = look.mask[y1:y2, x1:x2]
        return float(np.count_nonzero(part)) / max(1, part.size)

    def _sighting(self, numbered: NumberedPicture, box: Box, score: float, label: str = "") -> Sighting:
        return Sighting(
            frame_index=numbered.frame_index, pts_ticks=numbered.pts_ticks, box_xyxy_px=box, score=score, label=label
        )

    def _in_source(self, boxes: list[Box], matrix: NDArray[np.float64]) -> list[Box]:
        """Boxes of the motion picture in source pixels."""
        if not boxes:
            return []
        moved = boxes_to_picture(np.array(boxes, np.float32).reshape(-1, 4), matrix) / self._scale
        return [self._clipped(box) for box in moved]

    def _clipped(self, box: NDArray[np.float32] | list[float]) -> Box:
        width, height = self._scene.source_wh_px
        x1, y1, x2, y2 = (float(value) for value in box)
        return (max(0.0, x1), max(0.0, y1), min(float(width), x2), min(float(height), y2))

    def _is_everything(self, box: Box) -> bool:
        """A region that spans the picture is a change of light, not an object."""
        width, height = self._scene.source_wh_px
        return (box[2] - box[0]) * (box[3] - box[1]) > MAX_BOX_UNIT * width * height

    def _settle(self, look: _Look, pairs: list[tuple[Sketch, Sighting]]) -> None:
        """Make scene of what stands still: soon where the scene was mistaken, after a minute and a half if it parked.

        Else the hole that a departed car leaves, or a parked car, would be an object for ever.
        """
        for sketch, sighting in pairs:
            if sketch.from_detector or sketch.settled:
                continue
            is_parked = self._is_still(sketch, sighting, PARKED_S)
            if not is_parked:
                if len(sketch.sightings) % GHOST_CHECK_EVERY or not self._is_still(sketch, sighting, GHOST_S):
                    continue
                # Why: what came in on its own feet is there, however faint its outline against what stood there before.
                if sketch.has_moved:
                    continue
                if not self._scene.model.is_ghost(look.small_bgr, look.mask, self._motion_box(sighting, look.matrix)):
                    continue
            self._scene.model.absorb(look.small_bgr, self._motion_box(sighting, look.matrix))
            sketch.settled = True
            if self._finder is not None:
                self._finder.forget()

    def _is_still(self, sketch: Sketch, sighting: Sighting, for_s: float) -> bool:
        since = sighting.pts_ticks - for_s * self._ticks_per_s
        if sketch.first.pts_ticks > since:
            return False
        earlier = next(s for s in sketch.sightings if s.pts_ticks >= since)
        return iou_xyxy(earlier.box_xyxy_px, sighting.box_xyxy_px) > STILL_IOU

    def _motion_box(self, sighting: Sighting, matrix: NDArray[np.float64]) -> tuple[int, int, int, int]:
        """Box in the scene's own pixels, one pixel wider."""
        shift = matrix[:, 2] if matrix is not IDENTITY else np.zeros(2)
        x1, y1, x2, y2 = (value * self._scale for value in sighting.box_xyxy_px)
        width, height = self._scene.size_wh_px
        return (
            max(0, int(x1 - shift[0]) - 1),
            max(0, int(y1 - shift[1]) - 1),
            min(width, int(x2 - shift[0]) + 2),
            min(height, int(y2 - shift[1]) + 2),
        )

    def _cut(self, look: _Look, pairs: list[tuple[Sketch, Sighting]], full: NDArray[np.uint8] | None) -> None:
        step_ticks = int(CROP_STEP_S * self._ticks_per_s)
        source = look.numbered.picture if full is None else full
        for sketch, sighting in pairs:
            sketch.n_judged += 1
            sketch.n_cut += self._n_edges(sighting.box_xyxy_px) > 0
            if sketch.wants_look(sighting.pts_ticks, step_ticks):
                box = self._motion_box(sighting, look.matrix)
                sketch.keep_look(sighting.pts_ticks, colour_by_place(look.small_bgr, box))
            quality = self._quality(sighting, pairs)
            if not sketch.wants_crop(sighting.pts_ticks, quality, step_ticks):
                continue
            mask = look.mask
            if look.matrix is not IDENTITY:
                mask = u8(cv2.warpAffine(mask, look.matrix, self._scene.size_wh_px, flags=cv2.INTER_NEAREST))
            image, crop_mask = cut_crop(source, mask, sighting.box_xyxy_px, mask_scale=self._scale)
            if image.shape[0] < 4 or image.shape[1] < 4:
                continue
            wide = None
            if sighting.label and sighting.label != "person":
                wide, _ = cut_crop(source, mask, widened(sighting.box_xyxy_px), mask_scale=self._scale)
            sketch.keep_crop(
                CropSample(
                    pts_ticks=sighting.pts_ticks,
                    quality=quality,
                    image_bgr_u8=image,
                    mask_u8=crop_mask,
                    wide_bgr_u8=wide,
                )
            )

    def _quality(self, sighting: Sighting, pairs: list[tuple[Sketch, Sighting]]) -> float:
        """Size in pixels, less where the picture's edge cuts the object or another object covers it."""
        x1, y1, x2, y2 = sighting.box_xyxy_px
        n_cut = self._n_edges(sighting.box_xyxy_px)
        covered = max(
            (
                overlap_share(sighting.box_xyxy_px, other.box_xyxy_px)
                for _, other in pairs
                if other is not sighting and iou_xyxy(other.box_xyxy_px, sighting.box_xyxy_px) < 0.5
            ),
            default=0.0,
        )
        return float((x2 - x1) * (y2 - y1)) * (0.35**n_cut) * (1 - 0.7 * covered) * (0.5 + 0.5 * sighting.score)

    def _n_edges(self, box: Box) -> int:
        """How many edges of the picture cut a box."""
        width, height = self._scene.source_wh_px
        margin = 0.006 * width
        return (box[0] < margin) + (box[1] < margin) + (box[2] > width - margin) + (box[3] > height - margin)

    def _finish(self) -> SpanResult:
        whole = join_pieces(self._motion.finish(), ticks_per_s=self._ticks_per_s, pixel_px=1 / self._scale)
        motion, n_noise = drop_noise(
            stitch(whole, ticks_per_s=self._ticks_per_s, size_wh_px=self._scene.source_wh_px),
            ticks_per_s=self._ticks_per_s,
        )
        detected: list[Sketch] = []
        if self._detected is not None:
            detected, n_weak = drop_noise(
                stitch(self._detected.finish(), ticks_per_s=self._ticks_per_s, size_wh_px=self._scene.source_wh_px),
                ticks_per_s=self._ticks_per_s,
            )
            n_noise += n_weak
            detected = [sketch for sketch in fuse(detected, motion) if not _is_scene(sketch)]
            motion = [sketch for sketch in motion if not is_explained(sketch, detected)]
        self._result.sketches = detected + motion
        self._result.n_noise = n_noise
        return self._result


def _is_scene(sketch: Sketch) -> bool:
    """True for a vehicle that never left its place: who passed before it made it differ from the scene for a moment."""
    return 2 * sketch.votes["person"] < sum(sketch.votes.values()) and not sketch.has_moved
