# SPDX-License-Identifier: Apache-2.0
"""Several detectors as one: the union of what they see, one box an object, riders joined with their machines.

Why a union: on views from above the COCO nets miss most cars and call the rest suitcases or buses, while the
surveillance nets find them all but miss distant riders, whom the COCO nets find. What one of them sees is a
proposition worth following; the track and the crop classifier settle what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.detectors.protocol import BAG_LABELS, Detections, Detector

__all__ = ["CompositeDetector", "Member", "fuse", "join_riders"]

_FAMILY_BY_LABEL: Final = {
    "person": "person",
    "vehicle": "vehicle",
    "car": "vehicle",
    "van": "vehicle",
    "truck": "vehicle",
    "bus": "vehicle",
    "two_wheeler": "two_wheeler",
    "bicycle": "two_wheeler",
    "motorcycle": "two_wheeler",
    "backpack": "bag",
    "handbag": "bag",
    "suitcase": "bag",
}
_SAME_OBJECT_IOU: Final = 0.5
_SAME_OBJECT_COVER: Final = 0.85
_SAME_OBJECT_SIZE: Final = 0.35
_SAME_PLACE_IOU: Final = 0.8
_TELLS_TWO_WHEELERS_APART: Final = 0.5
_RIDER_MIN_OVERLAP: Final = 0.25
_RIDER_CENTRE_MARGIN: Final = 0.15
_RIDER_FEET_SLACK: Final = 0.06
_RIDER_FEET_TOP: Final = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One net of a composite and its part in it.

    Attributes:
        detector: The net.
        leaves_out: Labels of it that nobody reads, because another member finds those objects better.
        every: It looks at one picture in so many: bags and kinds need fewer looks than places.
        stays_awake: Whether it looks at every picture as long as it sees something that is not where it was.
    """

    detector: Detector
    leaves_out: frozenset[str] = frozenset()
    every: int = 1
    stays_awake: bool = False

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """What this member contributes for a picture (H, W, 3), BGR."""
        found = self.detector.detect(image_bgr_u8)
        if self.leaves_out.isdisjoint(found.labels):
            return found
        return found.kept(np.array([label not in self.leaves_out for label in found.labels], dtype=np.bool_))


class CompositeDetector:
    """Runs its members one after another on each picture and merges what they see.

    Members come in order of trust in their labels and boxes: of two boxes for one object, the earlier member's box
    and label stay and the better score is taken.
    """

    def __init__(self, members: Sequence[Detector | Member], *, joins_riders: bool = True) -> None:
        assert members, "a composite has members"
        self.members = tuple(item if isinstance(item, Member) else Member(detector=item) for item in members)
        self._joins_riders = joins_riders
        self.begin()

    @property
    def model_id(self) -> str:
        """The members' ``name@version``, joined by ``+``."""
        return "+".join(member.detector.model_id for member in self.members)

    def begin(self) -> None:
        """Start a new run of pictures: which members look at which of them counts from here."""
        self._n_looks = 0
        self._awake_until = [0] * len(self.members)
        self._seen = [Detections.none()] * len(self.members)

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """Find objects in a picture (H, W, 3), BGR."""
        now = [
            number
            for number, member in enumerate(self.members)
            if self._n_looks % member.every == 0 or self._n_looks < self._awake_until[number]
        ]
        opinions = []
        for number in now:
            member = self.members[number]
            found = member.detect(image_bgr_u8)
            if member.stays_awake and _is_news(found, self._seen[number]):
                # Why: one look longer than the next that is due, so that nobody dozes off between two sightings.
                self._awake_until[number] = self._n_looks + member.every + 1
            self._seen[number] = found
            opinions.append(found)
        self._n_looks += 1
        merged = fuse(opinions)
        merged = replace(merged, is_complete=len(now) == len(self.members))
        return join_riders(merged) if self._joins_riders else merged


def fuse(opinions: Sequence[Detections]) -> Detections:
    """One box an object, out of several detectors' opinions on one picture.

    Boxes of one family (person, vehicle, two-wheeler, bag) from different opinions are one object when they overlap
    by IoU 0.5, or when one covers the other to 85 % and is not much larger; one box of an opinion stands for one
    object, so that two persons whom one net sees as one stay two. A bag that lies within a vehicle is dropped.

    A later opinion may say whether a two-wheeler is a bicycle or a motorcycle. It may not say which kind of vehicle a
    ``vehicle`` is: from above, a COCO net calls a red car a bus with score 0.85, and it has no word for a van.
    """
    boxes: list[NDArray[np.float32]] = []
    scores: list[float] = []
    labels: list[str] = []
    for opinion in opinions:
        known_by_new = _same_objects(opinion, boxes, labels)
        for new, (box, label) in enumerate(zip(opinion.boxes_xyxy_px, opinion.labels, strict=True)):
            score = float(opinion.scores[new])
            known = known_by_new.get(new)
            if known is None:
                boxes.append(box)
                scores.append(score)
                labels.append(label)
                continue
            if labels[known] == "two_wheeler" and score >= _TELLS_TWO_WHEELERS_APART:
                labels[known] = label
            scores[known] = max(scores[known], score)
    return _without_vehicle_bags(_sorted(boxes, scores, labels))


def join_riders(detections: Detections) -> Detections:
    """Join each two-wheeler with the person who rides it: one box around both, labelled as the machine.

    A person rides when the box overlaps the machine's, its middle lies between the wheels, and its feet lie within
    the machine's height and not below its wheels: who stands in front of a parked machine has the feet lower. A
    person joins one machine at most.
    """
    boxes = [box.copy() for box in detections.boxes_xyxy_px]
    scores, labels = [float(score) for score in detections.scores], list(detections.labels)
    riders: set[int] = set()
    for machine in (i for i, label in enumerate(labels) if _FAMILY_BY_LABEL[label] == "two_wheeler"):
        candidates = [
            (_overlap_of(boxes[i], boxes[machine]), -i)
            for i, label in enumerate(labels)
            if label == "person" and i not in riders and _rides(boxes[i], boxes[machine])
        ]
        if candidates:
            rider = -max(candidates)[1]
            riders.add(rider)
            boxes[machine] = np.concatenate(
                [np.minimum(boxes[machine][:2], boxes[rider][:2]), np.maximum(boxes[machine][2:], boxes[rider][2:])]
            )
            scores[machine] = max(scores[machine], scores[rider])
    kept = [i for i in range(len(labels)) if i not in riders]
    joined = _sorted([boxes[i] for i in kept], [scores[i] for i in kept], [labels[i] for i in kept])
    return replace(joined, is_complete=detections.is_complete)


def _is_news(found: Detections, before: Detections) -> bool:
    """True when something is seen that did not lie in the same place at the last look: what is parked is no news."""
    if not len(found):
        return False
    if not len(before):
        return True
    areas = (before.boxes_xyxy_px[:, 2:] - before.boxes_xyxy_px[:, :2]).prod(axis=1)
    for box in found.boxes_xyxy_px:
        common = _common_area(box, before.boxes_xyxy_px)
        if float((common / (areas + _area(box) - common)).max()) < _SAME_PLACE_IOU:
            return True
    return False


def _rides(person: NDArray[np.float32], machine: NDArray[np.float32]) -> bool:
    width, height = machine[2] - machine[0], machine[3] - machine[1]
    middle_x = (person[0] + person[2]) / 2
    is_between_wheels = (
        machine[0] + _RIDER_CENTRE_MARGIN * width <= middle_x <= machine[2] - _RIDER_CENTRE_MARGIN * width
    )
    feet = (person[3] - machine[1]) / height
    return bool(
        is_between_wheels
        and _RIDER_FEET_TOP <= feet <= 1 + _RIDER_FEET_SLACK
        and person[1] <= machine[1] + height / 2
        and _overlap_of(person, machine) >= _RIDER_MIN_OVERLAP
    )


def _overlap_of(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Share of the smaller box that the two have in common."""
    return float(_common_area(one, other[np.newaxis])[0] / min(_area(one), _area(other)))


def _same_objects(opinion: Detections, boxes: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> dict[int, int]:
    """Index of a new box to index of the known box that is the same object; one to one, best overlap first."""
    if not boxes:
        return {}
    known = np.array(boxes, np.float32)
    known_areas = (known[:, 2:] - known[:, :2]).prod(axis=1)
    pairs: list[tuple[float, int, int]] = []
    for new, (box, label) in enumerate(zip(opinion.boxes_xyxy_px, opinion.labels, strict=True)):
        common = _common_area(box, known)
        area = _area(box)
        for old, known_label in enumerate(labels):
            if _FAMILY_BY_LABEL[known_label] != _FAMILY_BY_LABEL[label]:
                continue
            small, large = sorted((area, float(known_areas[old])))
            iou = float(common[old]) / (small + large - float(common[old]))
            is_part = float(common[old]) / small >= _SAME_OBJECT_COVER and small / large >= _SAME_OBJECT_SIZE
            if iou >= _SAME_OBJECT_IOU or is_part:
                pairs.append((-iou, new, old))
    matched: dict[int, int] = {}
    for _, new, old in sorted(pairs):
        if new not in matched and old not in matched.values():
            matched[new] = old
    return matched


def _without_vehicle_bags(detections: Detections) -> Detections:
    vehicles = [b for b, label in zip(detections.boxes_xyxy_px, detections.labels, strict=True) if label == "vehicle"]
    keep = np.array(
        [
            label not in BAG_LABELS
            or not any(_common_area(box, other[np.newaxis])[0] > _area(box) / 2 for other in vehicles)
            for box, label in zip(detections.boxes_xyxy_px, detections.labels, strict=True)
        ],
        dtype=np.bool_,
    )
    return detections.kept(keep)


def _sorted(boxes: Sequence[NDArray[np.float32]], scores: Sequence[float], labels: Sequence[str]) -> Detections:
    order = sorted(range(len(labels)), key=lambda i: (-scores[i], i))
    return Detections(
        boxes_xyxy_px=np.array([boxes[i] for i in order], np.float32).reshape(-1, 4),
        scores=np.array([scores[i] for i in order], np.float32),
        labels=tuple(labels[i] for i in order),
    )


def _area(box: NDArray[np.float32]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _common_area(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common: NDArray[np.float32] = (high - low).clip(0, None).prod(axis=1).astype(np.float32)
    return common
