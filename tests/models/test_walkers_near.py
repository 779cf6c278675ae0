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
