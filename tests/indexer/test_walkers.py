# SPDX-License-Identifier: Apache-2.0
"""Walkers stand for what moves where they account for it, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.background import estimate_background
from indexer.motion import Blob, MotionModel
from indexer.walkers import CalmFinder, settle_walkers
from models.detectors import Detections
from models.detectors.walkers import WalkerFinder


def _mask(*boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    mask = np.zeros((200, 300), np.uint8)
    for x1, y1, x2, y2 in boxes:
        mask[y1:y2, x1:x2] = 255
    return mask


def _blob(x1: int, y1: int, x2: int, y2: int) -> Blob:
    return Blob(box_xyxy=(x1, y1, x2, y2), area_px=(x2 - x1) * (y2 - y1))


def _found(*boxes: tuple[float, ...], score: float = 0.6) -> Detections:
    return Detections(
        boxes_xyxy_px=np.array(boxes, np.float32).reshape(-1, 4),
        scores=np.full(len(boxes), score, np.float32),
        labels=("person",) * len(boxes),
    )


def test_one_region_that_is_two_walkers_becomes_two() -> None:
    regions, walkers = settle_walkers(
        (_blob(100, 50, 150, 120),), _mask((100, 50, 150, 120)), _found((98, 48, 126, 122), (124, 48, 152, 122))
    )

    assert regions == []
    assert [is_sure for _, is_sure in walkers] == [True, True]


def test_pieces_of_one_walker_become_one() -> None:
    blobs = (_blob(100, 50, 120, 75), _blob(102, 95, 118, 120))

    regions, walkers = settle_walkers(blobs, _mask((100, 50, 120, 75), (102, 95, 118, 120)), _found((98, 48, 122, 122)))

    assert (regions, len(walkers)) == ([], 1)


def test_a_car_with_a_supposed_walker_in_it_stays_a_car() -> None:
    regions, walkers = settle_walkers((_blob(50, 60, 200, 130),), _mask((50, 60, 200, 130)), _found((90, 65, 115, 125)))

    assert regions == [(50.0, 60.0, 200.0, 130.0)]
    assert walkers == []


def test_where_nothing_moves_there_is_no_walker() -> None:
    regions, walkers = settle_walkers((_blob(50, 60, 70, 100),), _mask((50, 60, 70, 100)), _found((200, 60, 225, 130)))

    assert regions == [(50.0, 60.0, 70.0, 100.0)]
    assert walkers == []


def test_an_unsure_walker_does_not_take_the_place_of_a_region() -> None:
    blob = _blob(100, 50, 124, 120)

    regions, walkers = settle_walkers((blob,), _mask(blob.box_xyxy), _found((98, 48, 126, 122), score=0.25))

    assert regions == [(100.0, 50.0, 124.0, 120.0)]
    assert walkers == []


def test_who_stands_too_near_is_left_to_motion() -> None:
    blob = _blob(100, 5, 180, 199)

    regions, walkers = settle_walkers((blob,), _mask(blob.box_xyxy), _found((98, 5, 182, 170)))

    assert (len(regions), walkers) == (1, [])


class _Counting(WalkerFinder):
    """Says what it was asked and finds one walker in the middle of each region."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int, int]] = []

    def find(
        self,
        picture_bgr_u8: NDArray[np.uint8],
        scene_bgr_u8: NDArray[np.uint8],
        *,
        near_xyxy: tuple[int, int, int, int] | None = None,
    ) -> Detections:
        assert near_xyxy is not None
        self.asked.append(near_xyxy)
        return _found(near_xyxy)


@pytest.fixture
def empty_picture() -> NDArray[np.uint8]:
    return np.full((360, 640, 3), 90, np.uint8)


@pytest.fixture
def model(empty_picture: NDArray[np.uint8]) -> MotionModel:
    return MotionModel(estimate_background([empty_picture]))


def _with_figure(picture: NDArray[np.uint8], x: int) -> NDArray[np.uint8]:
    shown = picture.copy()
    shown[100:160, x : x + 24] = 200
    return shown


def test_somebody_who_stands_still_is_looked_for_once_and_found_every_time(
    empty_picture: NDArray[np.uint8], model: MotionModel
) -> None:
    counting, picture = _Counting(), _with_figure(empty_picture, 100)
    finder = CalmFinder(counting)

    found = [finder.find(picture, model, (_blob(100, 100, 124, 160),)) for _ in range(6)]

    assert len(counting.asked) == 1
    assert [item.boxes_xyxy_px.tolist() for item in found] == [[[100, 100, 124, 160]]] * 6


def test_somebody_who_moves_within_the_same_region_is_looked_for_again(
    empty_picture: NDArray[np.uint8], model: MotionModel
) -> None:
    counting = _Counting()
    finder = CalmFinder(counting)

    for x in (100, 102):
        finder.find(_with_figure(empty_picture, x), model, (_blob(99, 99, 127, 161),))

    assert len(counting.asked) == 2


def test_what_became_part_of_the_scene_is_looked_at_again(empty_picture: NDArray[np.uint8], model: MotionModel) -> None:
    counting, picture = _Counting(), _with_figure(empty_picture, 100)
    finder = CalmFinder(counting)
    finder.find(picture, model, (_blob(100, 100, 124, 160),))

    finder.forget()
    finder.find(picture, model, (_blob(100, 100, 124, 160),))

    assert len(counting.asked) == 2


def test_an_answer_is_not_given_for_longer_than_about_a_second(
    empty_picture: NDArray[np.uint8], model: MotionModel
) -> None:
    counting, picture = _Counting(), _with_figure(empty_picture, 100)
    finder = CalmFinder(counting)

    for _ in range(13):
        finder.find(picture, model, (_blob(100, 100, 124, 160),))

    assert len(counting.asked) == 2


def test_regions_far_from_each_other_are_looked_at_on_their_own(
    empty_picture: NDArray[np.uint8], model: MotionModel
) -> None:
    counting = _Counting()
    blobs = (_blob(20, 100, 44, 160), _blob(60, 100, 84, 160), _blob(500, 100, 524, 160))

    found = CalmFinder(counting).find(empty_picture, model, blobs)

    assert counting.asked == [(20, 100, 84, 160), (500, 100, 524, 160)]
    assert len(found.scores) == len(found.labels) == 2
