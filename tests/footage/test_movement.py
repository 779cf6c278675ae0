# SPDX-License-Identifier: Apache-2.0
"""Size, speed band and direction of an object in the picture, from its boxes alone."""

from __future__ import annotations

from fractions import Fraction

import pytest

from review.hits import Movement
from review.movement import movement_of
from tests.indexer.factories import make_track

MS = Fraction(1, 1000)
BOX = (400.0, 300.0, 450.0, 350.0)


def moved(step_xy: tuple[float, float], *, n: int = 31, box: tuple[float, float, float, float] = BOX) -> Movement:
    """An object of 50 px that goes so far in a tenth of a second."""
    return movement_of(
        make_track(pts_ticks=[100 * i for i in range(n)], box=box, step_xy=step_xy), MS, picture_height_px=1000
    )


@pytest.mark.parametrize(
    ("step_xy", "direction"),
    [((5, 0), "right"), ((-5, 1), "left"), ((1, -5), "away"), ((0, 5), "towards"), ((0.5, 0.5), ""), ((0, 0), "")],
)
def test_the_direction_is_that_of_the_whole_way_and_none_for_what_went_nowhere(
    step_xy: tuple[float, float], direction: str
) -> None:
    assert moved(step_xy).direction == direction


@pytest.mark.parametrize(
    ("step_px", "sizes_per_s", "speed"),
    [(0, 0, "still"), (0.5, 0.1, "still"), (2.5, 0.5, "slow"), (7, 1.4, "medium"), (20, 4.0, "fast")],
)
def test_speed_is_told_in_own_sizes_a_second(step_px: float, sizes_per_s: float, speed: str) -> None:
    found = moved((step_px, 0))

    assert (found.sizes_per_s, found.speed) == (sizes_per_s, speed)


def test_a_nearer_object_of_the_same_kind_has_the_same_speed() -> None:
    near = moved((14, 0), box=(400, 300, 500, 400))

    assert near.sizes_per_s == moved((7, 0)).sizes_per_s


@pytest.mark.parametrize(("height", "size"), [(99, "small"), (100, "medium"), (299, "medium"), (300, "large")])
def test_size_is_a_share_of_the_picture(height: float, size: str) -> None:
    found = moved((5, 0), box=(0, 0, 40, height))

    assert (found.height_px, found.height_spread_px, found.size) == (height, 0, size)


def test_a_tremble_is_no_way_and_a_single_frame_has_no_speed() -> None:
    assert moved((5, 0), n=1).sizes_per_s == 0
    assert moved((5, 0), n=1).direction == ""
    assert moved((5, 0), n=3).sizes_per_s == pytest.approx(1.0)
