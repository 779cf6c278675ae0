# SPDX-License-Identifier: Apache-2.0
"""Walkers stand for what moves where they account for it, and nowhere else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indexer.motion import Blob
from indexer.walkers import settle_walkers
from models.detectors import Detections


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
