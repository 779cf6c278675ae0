# SPDX-License-Identifier: Apache-2.0
"""Looking for walkers around what moves gives what looking everywhere gives there."""

from __future__ import annotations

import numpy as np
import pytest

from models.detectors.walkers import WalkerFinder
from tests.clips import Mover, street

SIZE = (640, 360)


@pytest.mark.parametrize("at_xy", [(30.0, 20.0), (300.0, 150.0), (600.0, 280.0)])
def test_a_look_around_a_region_finds_what_a_look_at_the_whole_picture_finds(at_xy: tuple[float, float]) -> None:
    finder = WalkerFinder.load()
    scene = street(SIZE)
    picture = scene.copy()
    Mover(size_wh_px=(22, 60), start_xy_px=at_xy, speed_xy_px_s=(0, 0)).draw(picture, 0.0)
    x, y = (int(value) for value in at_xy)

    whole = finder.find(picture, scene)
    near = finder.find(picture, scene, near_xyxy=(x, y, min(640, x + 22), min(360, y + 60)))

    assert len(near.scores) == len(whole.scores) > 0
    assert np.abs(near.boxes_xyxy_px - whole.boxes_xyxy_px).max() < 0.5
    assert np.abs(near.scores - whole.scores).max() < 0.01


def test_somebody_tall_is_one_walker_and_not_two_halves() -> None:
    finder = WalkerFinder.load()
    scene = street(SIZE)
    picture = scene.copy()
    height_px = 230
    Mover(size_wh_px=(84, height_px), start_xy_px=(260.0, 90.0), speed_xy_px_s=(0, 0)).draw(picture, 0.0)

    found = finder.find_tall(picture, scene, near_xyxy=(260, 90, 344, 320))

    sure = found.kept(found.scores >= 0.35)
    assert len(sure) == 1
    x1, y1, x2, y2 = sure.boxes_xyxy_px[0].tolist()
    assert abs((y2 - y1) - height_px) < 0.2 * height_px
    assert 240 < x1 < 290 and 315 < x2 < 365


def test_a_short_walker_beside_a_tall_one_is_not_lost() -> None:
    finder = WalkerFinder.load()
    scene = street(SIZE)
    picture = scene.copy()
    Mover(size_wh_px=(22, 60), start_xy_px=(120.0, 200.0), speed_xy_px_s=(0, 0), seed=3).draw(picture, 0.0)
    alone = finder.find(picture, scene)
    Mover(size_wh_px=(84, 230), start_xy_px=(260.0, 90.0), speed_xy_px_s=(0, 0)).draw(picture, 0.0)

    both = finder.find_tall(picture, scene, near_xyxy=(120, 90, 344, 320))

    short = both.boxes_xyxy_px[both.boxes_xyxy_px[:, 2] < 200]
    assert len(alone) == len(short) == 1
    assert np.abs(short - alone.boxes_xyxy_px).max() < 1.0
