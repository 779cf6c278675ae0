# SPDX-License-Identifier: Apache-2.0
"""Colours where the mask or the light is poor: lamps in the dark, haze, dim pictures, crops without a mask."""

from __future__ import annotations

import numpy as np
import pytest

from models.colour import cloth_gains, lamp_gains, person_colours, vehicle_colour
from tests.models.test_colour import ROAD, Picture, car, person, top


def dimmed(picture: Picture, factor: float) -> Picture:
    linear = (picture / 255.0) ** 2.2 * factor
    return np.asarray((linear ** (1 / 2.2) * 255).round(), np.uint8)


def test_the_lamps_of_a_black_car_at_dusk_do_not_make_it_red():
    crop, mask = car("121314")
    lit = dimmed(crop, 0.4)
    height, width = mask.shape
    for x in (0.2, 0.72):
        lit[int(0.5 * height) : int(0.62 * height), int(x * width) : int((x + 0.09) * width)] = (40, 30, 235)

    assert top(vehicle_colour(lit, mask)) == "black"


def test_a_black_car_under_haze_is_black_and_a_dark_grey_one_stays_grey():
    haze = 55
    answers = []
    for paint in ("0c0c0e", "55585a"):
        crop, mask = car(paint)
        hazy = (crop.astype(float) * (255 - haze) / 255 + haze).round()
        answers.append(top(vehicle_colour(np.asarray(hazy, np.uint8), mask)))

    assert answers == ["black", "grey"]


@pytest.mark.parametrize(("paint", "name"), [("8c1018", "red"), ("10307a", "blue"), ("eeeeee", "white")])
def test_a_car_cut_out_with_road_around_it_needs_no_mask(paint: str, name: str):
    crop, mask = car(paint)
    wide = np.full((mask.shape[0] * 2, mask.shape[1] * 2, 3), ROAD, np.uint8)
    top_px, left_px = mask.shape[0] // 2, mask.shape[1] // 2
    wide[top_px : top_px + mask.shape[0], left_px : left_px + mask.shape[1]] = crop

    assert top(vehicle_colour(wide)) == name


def test_a_white_shirt_in_a_dim_scene_is_white_and_in_a_bright_one_shade_stays_shade():
    crop, mask = person("f2f2f0", "202020")
    dim_scene = np.full((90, 120, 3), dimmed(np.full((1, 1, 3), 150, np.uint8), 0.45)[0, 0], np.uint8)
    bright_scene = np.full((90, 120, 3), 215, np.uint8)
    shirt = dimmed(crop, 0.36)

    assert top(person_colours(shirt, mask, gains_bgr=cloth_gains(dim_scene))[0]) == "white"
    assert top(person_colours(shirt, mask, gains_bgr=cloth_gains(bright_scene))[0]) == "grey"


def test_brightening_is_bounded_and_never_darkens():
    black, white = np.zeros((30, 40, 3), np.uint8), np.full((30, 40, 3), 250, np.uint8)

    assert cloth_gains(black) == pytest.approx(np.full(3, 1.25**3), rel=1e-4)
    assert cloth_gains(white) == pytest.approx(np.ones(3), rel=0.02)


def test_trousers_that_the_mask_lost_are_read_where_legs_must_be():
    crop, mask = person("c01020", "203a8a")
    torn = mask.copy()
    torn[int(0.5 * len(torn)) :] = False

    upper, lower = person_colours(crop, torn)

    assert (top(upper), top(lower)) == ("red", "blue")


def test_a_mask_with_hardly_anything_in_it_is_no_mask():
    crop, mask = person("c01020", "203a8a")
    crumbs = np.zeros_like(mask)
    crumbs[2:5, 2:5] = True

    assert person_colours(crop, crumbs) == person_colours(crop)


def test_only_orange_lamps_are_taken_off_for_the_nets():
    grey = np.full((40, 60, 3), 110, np.uint8)
    sodium = np.asarray(grey * np.array([0.46, 0.67, 0.8]), np.uint8)
    lawn, sandstone = (np.full((40, 60, 3), bgr, np.uint8) for bgr in ((60, 120, 90), (120, 140, 155)))

    assert (sodium[0, 0] * lamp_gains(sodium)) == pytest.approx(np.full(3, 88), abs=2)
    for scene in (grey, lawn, sandstone, np.zeros((40, 60, 3), np.uint8)):
        assert (lamp_gains(scene) == 1).all()


def test_beige_trousers_stay_beige_before_warm_paving_and_a_blue_light_is_taken_off():
    warm, cold = (np.full((90, 120, 3), bgr, np.uint8) for bgr in ((150, 170, 182), (182, 172, 158)))

    assert cloth_gains(warm)[0] == pytest.approx(cloth_gains(warm)[2])
    assert cloth_gains(cold)[0] < cloth_gains(cold)[2]
