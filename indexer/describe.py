# SPDX-License-Identifier: Apache-2.0
"""From a sketch to a track: name its class, its colours and what it carries, once, on its best crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.records import VEHICLE_CLASSES, Attribute, Recording, Track
from indexer.segments import track_id_of
from indexer.sketches import CropSample, Sketch
from models.colour import (
    ALGORITHM_ID,
    ColourShare,
    cloth_gains,
    combine_shares,
    estimate_gains,
    lamp_gains,
    person_colours,
    vehicle_colour,
)
from models.detectors import COARSE_LABELS
from models.makes import VehicleMakeNet
from models.modelset import ModelSet

__all__ = ["COLOUR_MODEL", "DecodedFrames", "SceneLight", "describe"]

COLOUR_MODEL: Final = ALGORITHM_ID
NOTHING: Final = "other"
KINDS: Final = {
    "person": ("person",),
    "two-wheeler": ("bicycle", "motorcycle"),
    "vehicle": ("car", "van", "truck", "bus"),
}
MIN_CLASS_SCORE: Final = 0.45
MIN_CLASS_SCORE_BESIDE_DETECTOR: Final = 0.6
MIN_CLASS_SCORE_OF_FEW: Final = 0.7
FEW_CROPS: Final = 3
"""Fewer looks than that are a weak vote, and need a clearer one: brief pieces were the most often invented."""
CLASSIFIER_SHARE: Final = 0.35
"""Weight of the crop classifier where a detector has voted; the rest is the detector's."""
VETO_SCORE: Final = 0.5
MIN_AGREEMENT: Final = 0.4
MIN_AGREEMENT_OF_CUT: Final = 0.65
"""The same where the picture's edge cut the object on nearly every look: nobody saw it whole."""
CERTAIN_LOOKS: Final = 8
CERTAIN_SCORE: Final = 0.7
LARGE_CROP_PX: Final = 48
"""From this size on, what the classifier takes for no object is none: detectors call a reaching arm a person."""
N_COLOUR_CROPS: Final = 5
N_ALTERNATIVES: Final = 3
MIN_ALTERNATIVE: Final = 0.15
BAG_SHARE: Final = 0.25
MIN_BAG_LOOKS: Final = 2
MIN_HAT_SCORE: Final = 0.7
MIN_MAKE_PX: Final = 48
N_MAKES: Final = 5
MIN_MAKE_SCORE: Final = 0.05
MIN_BEST_MAKE_SCORE: Final = 0.15
JPEG_QUALITY: Final = 88


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedFrames:
    """Frames that the decoder delivered in a span, in order: parallel (N,) arrays."""

    frame_index: NDArray[np.int32]
    pts_ticks: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneLight:
    """What colours must be read with.

    Attributes:
        gains_bgr: (3,) white-balance gains of the empty scene, for paint.
        cloth_gains_bgr: (3,) gains of the empty scene for garments.
        lamp_gains_bgr: (3,) gains on codes that make light of orange lamps look like day, for the crop classifier.
        is_colourless: True at night, in infrared and thermal pictures: then no colour is named.
    """

    gains_bgr: NDArray[np.float32]
    cloth_gains_bgr: NDArray[np.float32]
    lamp_gains_bgr: NDArray[np.float32]
    is_colourless: bool

    @classmethod
    def of(cls, empty_bgr_u8: NDArray[np.uint8], *, is_colourless: bool) -> SceneLight:
        """The light of an empty scene (H, W, 3)."""
        return cls(
            gains_bgr=estimate_gains(empty_bgr_u8),
            cloth_gains_bgr=cloth_gains(empty_bgr_u8),
            lamp_gains_bgr=lamp_gains(empty_bgr_u8),
            is_colourless=is_colourless,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    class_name: str
    score: float
    model: str


def describe(
    sketch: Sketch,
    *,
    recording: Recording,
    frames: DecodedFrames,
    models: ModelSet,
    scene: SceneLight,
    whole: Track | None = None,
) -> Track:
    """Make a track of a sketch.

    Args:
        sketch: With at least three sightings.
        recording: Where it was seen.
        frames: Every decoded frame of the span, for the frames between sightings.
        models: Models that name things.
        scene: Light of the scene, for colours.
        whole: The track that this is a part of, whose class stays where the part alone has no convincing one.
    """
    named = _name_class(sketch, models, scene)
    if whole is not None and named.class_name == NOTHING:
        named = _Named(class_name=whole.class_name, score=whole.class_score, model=whole.class_model)
    index, pts, boxes, scores = _fill(sketch, frames)
    crops = sorted(sketch.crops, key=lambda crop: (-crop.quality, crop.pts_ticks))
    attributes = _attributes(sketch, named.class_name, crops[:N_COLOUR_CROPS], models, scene)
    vector = np.zeros(0, np.float32)
    if crops and models.appearance is not None and named.class_name != "other":
        encoded = models.appearance.encode(
            [crop.image_bgr_u8 for crop in crops[:3]], [named.class_name] * len(crops[:3])
        )
        mean = encoded.mean(axis=0)
        vector = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    jpeg = b""
    if crops:
        jpeg = cv2.imencode(".jpg", crops[0].image_bgr_u8, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
    return Track(
        track_id=track_id_of(recording.recording_id, int(pts[0]), tuple(boxes[0].tolist())),
        recording_id=recording.recording_id,
        camera=recording.camera,
        class_name=named.class_name,
        class_score=round(named.score, 4),
        class_model=named.model,
        frame_index=index,
        pts_ticks=pts,
        boxes_xyxy_px=boxes,
        scores=scores,
        best_pts_ticks=crops[0].pts_ticks if crops else int(pts[len(pts) // 2]),
        attributes=attributes,
        vector=vector,
        crop_jpeg=jpeg,
    )


def _name_class(sketch: Sketch, models: ModelSet, scene: SceneLight) -> _Named:
    classifier = models.classifier
    looks = dict.fromkeys(classifier.classes, 0.0)
    if sketch.crops:
        probabilities = classifier.classify([_by_day(crop.image_bgr_u8, scene) for crop in sketch.crops])
        wide = [_by_day(crop.wide_bgr_u8, scene) for crop in sketch.crops if crop.wide_bgr_u8 is not None]
        if len(wide) == len(sketch.crops):
            probabilities = np.asarray((probabilities + classifier.classify(wide)) / 2, np.float32)
        weights = np.sqrt([max(crop.quality, 1.0) for crop in sketch.crops])
        mean = (probabilities * weights[:, None]).sum(axis=0) / weights.sum()
        looks = {name: float(value) for name, value in zip(classifier.classes, mean, strict=True)}
    if not sketch.votes:
        needed = MIN_CLASS_SCORE if models.detector is None else MIN_CLASS_SCORE_BESIDE_DETECTOR
        needed = max(needed, MIN_CLASS_SCORE_OF_FEW) if len(sketch.crops) < FEW_CROPS else needed
        return _named_by_looks(sketch, looks, needed, classifier.model_id)
    assert models.detector is not None
    if _crops_are_large(sketch) and _is_doubtful(sketch, looks):
        return _Named(class_name="other", score=looks.get(NOTHING, 0.0), model=classifier.model_id)
    total = sum(sketch.votes.values())
    combined: dict[str, float] = {}
    for label, weight in sorted(sketch.votes.items()):
        share = (1 - CLASSIFIER_SHARE) * weight / total
        names = COARSE_LABELS.get(label, (label,))
        within = sum(looks.get(name, 0.0) for name in names) or 1.0
        for name in names:
            part = looks.get(name, 0.0) / within if len(names) > 1 else 1.0
            combined[name] = combined.get(name, 0.0) + share * part
    for name, value in looks.items():
        if name != NOTHING:
            combined[name] = combined.get(name, 0.0) + CLASSIFIER_SHARE * value
    name, score = max(combined.items(), key=lambda item: (item[1], item[0]))
    return _Named(class_name=name, score=score, model=f"{models.detector.model_id}+{classifier.model_id}")


def _by_day(crop_bgr_u8: NDArray[np.uint8], scene: SceneLight) -> NDArray[np.uint8]:
    if (scene.lamp_gains_bgr == 1).all():
        return crop_bgr_u8
    return np.asarray((crop_bgr_u8 * scene.lamp_gains_bgr).round().clip(0, 255), np.uint8)


def _crops_are_large(sketch: Sketch) -> bool:
    """True where the classifier can be trusted against a detector: it is weak on small crops, not on large ones."""
    sides = [min(crop.image_bgr_u8.shape[:2]) for crop in sketch.crops]
    return bool(sides) and float(np.median(sides)) >= LARGE_CROP_PX


def _is_doubtful(sketch: Sketch, looks: dict[str, float]) -> bool:
    """True where the classifier sees no object, or neither detector nor classifier is sure of the same kind."""
    votes = {
        kind: sum(
            weight for label, weight in sketch.votes.items() if set(COARSE_LABELS.get(label, (label,))) & set(names)
        )
        for kind, names in KINDS.items()
    }
    kind = max(votes, key=lambda item: (votes[item], item))
    seen = [sighting.score for sighting in sketch.sightings if sighting.label]
    # Why: an arm was called a person on nearly every picture; no net called anything a vehicle that often.
    if kind == "vehicle" and len(seen) >= CERTAIN_LOOKS and votes[kind] >= CERTAIN_SCORE * len(seen):
        return False
    if looks.get(NOTHING, 0.0) >= VETO_SCORE:
        return True
    needed = MIN_AGREEMENT_OF_CUT if sketch.is_always_cut else MIN_AGREEMENT
    return float(np.mean(seen)) * sum(looks.get(name, 0.0) for name in KINDS[kind]) < needed


def _named_by_looks(sketch: Sketch, looks: dict[str, float], needed: float, model_id: str) -> _Named:
    """Decide the kind first and the class within it: a car that may as well be a van is still no bottle."""
    sums = {kind: sum(looks.get(name, 0.0) for name in names) for kind, names in KINDS.items()}
    kind = max(sums, key=lambda item: (sums[item], item))
    # Why: a difference that never left its place is the scene itself: light, a thing put down, a hole left behind.
    if sums[kind] <= looks.get(NOTHING, 0.0) or sums[kind] < needed or not sketch.has_travelled:
        return _Named(class_name="other", score=looks.get(NOTHING, 0.0), model=model_id)
    name = max(KINDS[kind], key=lambda item: (looks.get(item, 0.0), item))
    return _Named(class_name=name, score=looks[name], model=model_id)


def _attributes(
    sketch: Sketch, class_name: str, crops: list[CropSample], models: ModelSet, scene: SceneLight
) -> tuple[Attribute, ...]:
    if not crops or class_name == "other":
        return ()
    found: list[Attribute] = []
    if scene.is_colourless:
        names = {"person": ("upper_colour", "lower_colour")}.get(
            class_name, ("colour",) if class_name in VEHICLE_CLASSES else ("upper_colour",)
        )
        found += [_unknown(name, "the picture carries no colour (night, infrared or thermal)") for name in names]
    elif class_name in VEHICLE_CLASSES:
        shares = [vehicle_colour(crop.image_bgr_u8, crop.mask_u8, gains_bgr=scene.gains_bgr) for crop in crops]
        found.append(_colour("colour", combine_shares(shares)))
    else:
        uppers, lowers = _garment_colours(class_name, crops, models, scene)
        found.append(_colour("upper_colour", combine_shares(uppers)))
        if class_name == "person":
            found.append(_colour("lower_colour", combine_shares(lowers)))
    if class_name == "person":
        found += _carried(sketch, crops, models)
    if class_name in VEHICLE_CLASSES and models.makes is not None:
        found.append(_make(crops, models.makes))
    return tuple(found)


def _garment_colours(
    class_name: str, crops: list[CropSample], models: ModelSet, scene: SceneLight
) -> tuple[list[tuple[ColourShare, ...]], list[tuple[ColourShare, ...]]]:
    """Shares of the upper and of the lower garment on each crop."""
    found: Sequence[NDArray[np.float32] | None] = [None] * len(crops)
    # Why: the finder of garments has seen nobody on a saddle.
    if models.garments is not None and class_name == "person":
        found = models.garments.find([crop.image_bgr_u8 for crop in crops])
    pairs = [
        person_colours(crop.image_bgr_u8, crop.mask_u8, garments=garments, gains_bgr=scene.cloth_gains_bgr)
        for crop, garments in zip(crops, found, strict=True)
    ]
    return [upper for upper, _ in pairs], [lower for _, lower in pairs]


def _make(crops: list[CropSample], net: VehicleMakeNet) -> Attribute:
    """A ranked list of makes, to be confirmed by eye; unknown where the vehicle is too small or none stands out."""
    large = [crop.image_bgr_u8 for crop in crops if min(crop.image_bgr_u8.shape[:2]) >= MIN_MAKE_PX]
    note = f"smaller than {MIN_MAKE_PX} px"
    if large:
        mean = net.rank(large).mean(axis=0)
        ranked = sorted(zip(mean.tolist(), net.makes, strict=True), key=lambda item: (-item[0], item[1]))
        kept = [(make, round(score, 4)) for score, make in ranked[:N_MAKES] if score >= MIN_MAKE_SCORE]
        if kept and kept[0][1] >= MIN_BEST_MAKE_SCORE:
            (make, score), *rest = kept
            return Attribute(
                name="make",
                value=make,
                score=score,
                model=net.model_id,
                alternatives=tuple(rest),
                note="to be confirmed",
            )
        note = "no make stands out"
    return Attribute(name="make", value="unknown", score=0.0, model=net.model_id, note=note)


def _colour(name: str, ranked: tuple[object, ...]) -> Attribute:
    shares = [(share.name, round(float(share.share), 4)) for share in ranked]  # type: ignore[attr-defined]
    if not shares:
        return _unknown(name, "too few pixels")
    (value, score), *rest = shares
    others = tuple((other, part) for other, part in rest[:N_ALTERNATIVES] if part >= MIN_ALTERNATIVE)
    return Attribute(name=name, value=value, score=score, model=COLOUR_MODEL, alternatives=others)


def _unknown(name: str, note: str) -> Attribute:
    return Attribute(name=name, value="unknown", score=0.0, model=COLOUR_MODEL, note=note)


def _carried(sketch: Sketch, crops: list[CropSample], models: ModelSet) -> list[Attribute]:
    found: list[Attribute] = []
    if sketch.n_bag_looks and sketch.bag_votes:
        assert models.detector is not None
        ranked = sorted(
            ((count / sketch.n_bag_looks, label) for label, count in sketch.bag_votes.items()), reverse=True
        )
        share, label = ranked[0]
        if share >= BAG_SHARE and sketch.bag_votes[label] >= MIN_BAG_LOOKS:
            alternatives = tuple((other, round(part, 4)) for part, other in ranked[1:])
            found.append(
                Attribute(
                    name="bag",
                    value=label,
                    score=round(min(1.0, share), 4),
                    model=models.detector.model_id,
                    alternatives=alternatives,
                )
            )
    if models.person_attributes is not None:
        described = models.person_attributes.describe([crop.image_bgr_u8 for crop in crops])
        model_id = models.person_attributes.model_id
        # Why: what the same net says of bags is hardly better than chance (0011); it is not read.
        score = float(np.mean([item.score("hat") for item in described]))
        if score >= MIN_HAT_SCORE:
            found.append(Attribute(name="headgear", value="hat", score=round(score, 4), model=model_id))
    return found


def _fill(
    sketch: Sketch, frames: DecodedFrames
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """One entry for every decoded frame from first to last sighting; boxes between sightings are interpolated."""
    known_pts = np.array([s.pts_ticks for s in sketch.sightings], np.int64)
    known_boxes = np.array([s.box_xyxy_px for s in sketch.sightings], np.float64)
    known_scores = {s.pts_ticks: s.score for s in sketch.sightings}
    inside = (frames.pts_ticks >= known_pts[0]) & (frames.pts_ticks <= known_pts[-1])
    pts = frames.pts_ticks[inside]
    boxes = np.stack([np.interp(pts, known_pts, known_boxes[:, side]) for side in range(4)], axis=1)
    scores = np.array([known_scores.get(int(tick), 0.0) for tick in pts], np.float32)
    return frames.frame_index[inside], pts, boxes.astype(np.float32), scores
