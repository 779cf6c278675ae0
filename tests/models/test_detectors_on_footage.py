# SPDX-License-Identifier: Apache-2.0
"""Golden: boxes on frames of real footage, checked by eye once; a difference is forgiven by overlap, not by machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.detectors import Detections
from models.modelset import Profile, load_detector
from models.registry import Registry
from tests.models.footage import one_frame, read_frames
from tests.shared_data import shared_path

Expected = tuple[tuple[str, tuple[int, int, int, int]], ...]

CARS = ("car-detection.mp4", 205)
PEDESTRIAN = ("person-bicycle-car-detection.mp4", 330)
CAR_AND_CYCLIST = ("person-bicycle-car-detection.mp4", 396)
INDOORS = ("one-by-one-person-detection.mp4", 1050)

BY_EYE: dict[tuple[str, int], Expected] = {
    CARS: (("vehicle", (88, 49, 259, 352)), ("vehicle", (313, 155, 486, 431))),
    PEDESTRIAN: (("person", (162, 20, 192, 97)),),
    CAR_AND_CYCLIST: (("vehicle", (0, 55, 106, 156)), ("two_wheeler", (674, 31, 744, 104))),
    INDOORS: (("person", (383, 10, 522, 381)),),
}
FINER = {"two_wheeler": {"two_wheeler", "bicycle"}}
MIN_IOU = 0.7

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("home") / "models"
    registry = Registry.load(folder=folder)
    registry.import_path(shared_path("weights"))
    return registry


def iou(one: np.ndarray, other: tuple[int, int, int, int]) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    common = float(np.clip(high - low, 0, None).prod())
    areas = float((one[2:] - one[:2]).prod()) + (other[2] - other[0]) * (other[3] - other[1])
    return common / (areas - common)


def check(found: Detections, expected: Expected) -> None:
    assert len(found) == len(expected), list(found.labels)
    for label, box in expected:
        overlaps = [
            iou(seen, box)
            for seen, seen_label in zip(found.boxes_xyxy_px, found.labels, strict=True)
            if seen_label in FINER.get(label, {label})
        ]
        assert overlaps and max(overlaps) >= MIN_IOU, (label, box, overlaps)


@pytest.mark.parametrize("profile", ["fast", "standard", "exhaustive"])
@pytest.mark.parametrize("place", list(BY_EYE), ids=lambda place: f"{place[0]}-{place[1]}")
def test_each_profile_finds_what_the_eye_finds(registry: Registry, profile: Profile, place: tuple[str, int]):
    clip, index = place
    others = tuple(sorted(i for name, i in BY_EYE if name == clip))
    picture = one_frame(shared_path("footage", clip), index, others)
    detector = load_detector(registry, profile, device="cpu")
    assert detector is not None

    check(detector.detect(picture), BY_EYE[place])


def test_detection_is_repeatable_and_leaves_the_picture_as_it_was(registry: Registry):
    clip, index = CAR_AND_CYCLIST
    picture = read_frames(shared_path("footage", clip), {index})[index]
    before = picture.copy()

    answers = []
    for _ in range(2):
        detector = load_detector(registry, "standard", device="cpu")
        assert detector is not None
        answers.append(detector.detect(picture))

    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(answers[0].boxes_xyxy_px, answers[1].boxes_xyxy_px)
    np.testing.assert_array_equal(answers[0].scores, answers[1].scores)
    assert answers[0].labels == answers[1].labels


@pytest.mark.parametrize("name", ["yolox-nano", "nanodet-plus-m-1.5x", "rtmdet-nano-person"])
def test_each_general_net_alone_finds_the_person(tmp_path: Path, name: str):
    registry = Registry.load(folder=tmp_path)
    registry.import_file(shared_path("weights", f"{registry.entry(name).file}"))
    picture = read_frames(shared_path("footage", INDOORS[0]), {INDOORS[1]})[INDOORS[1]]
    detector = load_detector(registry, "standard", device="cpu")
    assert detector is not None

    found = detector.detect(picture).of("person")

    check(found, BY_EYE[INDOORS])
    assert detector.model_id == registry.entry(name).model_id
