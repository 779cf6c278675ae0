# SPDX-License-Identifier: Apache-2.0
"""The crop classifier: probabilities for any crop, the right names for crops of real recordings."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.classifier import CropClassifier, fit_crop
from models.errors import Defect
from tests.shared_data import shared_path

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def classifier() -> CropClassifier:
    return CropClassifier.load()


def noise(height: int, width: int, seed: int = 3) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def frame_of(path: Path, number: int) -> Picture:
    capture = cv2.VideoCapture(str(path))
    for _ in range(number):
        capture.grab()
    is_there, frame = capture.read()
    capture.release()
    assert is_there
    return np.asarray(frame, np.uint8)


def test_the_classes_are_the_seven_kinds_and_other(classifier: CropClassifier):
    assert classifier.classes == ("person", "bicycle", "motorcycle", "car", "van", "truck", "bus", "other")
    assert classifier.model_id == "relecture-crop@1"


def test_no_crops_give_no_rows(classifier: CropClassifier):
    assert classifier.classify([]).shape == (0, len(classifier.classes))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (17, 9), (2160, 3840)])
def test_a_crop_of_any_size_gets_probabilities_that_sum_to_one(classifier: CropClassifier, size: tuple[int, int]):
    rows = classifier.classify([noise(*size)])

    assert rows.dtype == np.float32
    assert rows.shape == (1, len(classifier.classes))
    assert rows.min() >= 0
    assert rows.sum() == pytest.approx(1, abs=1e-5)


def test_a_crop_gets_the_same_row_alone_and_in_a_long_list(classifier: CropClassifier):
    crops = [noise(30 + i, 20, seed=i) for i in range(45)]

    together = classifier.classify(crops)

    assert np.allclose(together[40], classifier.classify([crops[40]])[0], atol=1e-5)


def test_crops_are_left_as_they_were(classifier: CropClassifier):
    crop = noise(40, 30)
    before = crop.copy()

    classifier.classify([crop])

    assert np.array_equal(crop, before)


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0, 3), (5, 5), (5, 5, 4)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]):
    with pytest.raises(Defect, match="BGR picture"):
        fit_crop(np.zeros(shape, np.uint8))


def test_proportions_are_kept_by_the_letterbox():
    fitted = fit_crop(np.full((128, 32, 3), 255, np.uint8))

    assert (fitted[:, 24:40] == 255).all()
    assert (fitted[:, :24] == 114).all()


@pytest.mark.parametrize("level", [0, 90, 128, 255])
def test_a_flat_grey_crop_is_other(classifier: CropClassifier, level: int):
    row = classifier.classify([np.full((60, 60, 3), level, np.uint8)])[0]

    assert classifier.classes[int(row.argmax())] == "other"


# Why: one crop in five is named wrongly (the first car of this clip at frame 80, the red one at frame 215 among them);
# what counts is the vote over a track, which tests/real holds to every labelled pass.
SEEN_BY_EYE = (
    ("car-detection.mp4", 205, (105, 48, 252, 345), "car"),
    ("car-detection.mp4", 330, (135, 15, 318, 315), "car"),
    ("car-detection.mp4", 150, (250, 100, 450, 350), "other"),
    ("person-bicycle-car-detection.mp4", 366, (141, 137, 283, 355), "car"),
    ("person-bicycle-car-detection.mp4", 390, (637, 34, 703, 107), "bicycle"),
    ("person-bicycle-car-detection.mp4", 300, (4, 44, 53, 121), "person"),
    ("person-bicycle-car-detection.mp4", 240, (200, 0, 500, 170), "other"),
    ("one-by-one-person-detection.mp4", 600, (388, 0, 564, 392), "person"),
    ("one-by-one-person-detection.mp4", 1300, (357, 0, 520, 406), "person"),
    ("bottle-detection.mp4", 400, (290, 115, 345, 315), "other"),
)


@pytest.mark.shared
@pytest.mark.parametrize(("clip", "frame", "box", "name"), SEEN_BY_EYE)
def test_a_crop_of_a_real_recording_gets_its_name(
    classifier: CropClassifier, clip: str, frame: int, box: tuple[int, int, int, int], name: str
):
    picture = frame_of(shared_path("footage", clip), frame)
    left, top, right, bottom = box

    row = classifier.classify([picture[top:bottom, left:right]])[0]

    assert classifier.classes[int(row.argmax())] == name
