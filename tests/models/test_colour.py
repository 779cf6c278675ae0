# SPDX-License-Identifier: Apache-2.0
"""Colours get the names that people give them, smoothly, and from the pixels that count."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.colour import (
    COLOURS,
    FRENCH_BY_COLOUR,
    ColourShare,
    canonical_colour,
    combine_shares,
    estimate_gains,
    is_colourless,
    name_colours,
    near_colours,
    person_colours,
    vehicle_colour,
)
from tests.models.footage import empty_scene, foreground, labels, one_frame, read_frames
from tests.shared_data import shared_path

PATCHES = {
    "black": "000000 191919 2d2d2d",
    "white": "ffffff e6e6e6 d8dde0 f0ebe0",
    "grey": "808080 606060 a0a0a0 b8b8b8 707478",
    "red": "ff0000 c01020 8b0000 b22222 dc143c 700a18 960018 6e1e32 b03040",
    "orange": "ffa500 ff8c00 ff7f00 e06010",
    "yellow": "ffff00 ffd700 e6c200",
    "green": "008000 00ff00 228b22 556b2f 2e8b57 6b8e23 006400 98fb98 14401e 4b5320",
    "blue": "0000ff 000080 4169e1 87ceeb 1e90ff 5070a0 506482 1a2a50 00bfff 191970 3a4a66",
    "purple": "800080 4b0082 8a2be2 663399 9370db 5a3c78",
    "pink": "ffc0cb ff69b4 ff1493 f4b6c2 e8a0b0 db7093",
    "brown": "8b4513 654321 5c4033 a0522d 6f4e37 964b00 8b5a2b 4a3020",
    "beige": "d2b48c deb887 c8b496 e1c699 c3b091 d9c7a8 bfa88a",
}
ROAD = (105, 108, 106)
Picture = NDArray[np.uint8]


def patch(code: str, n: int = 4) -> Picture:
    red, green, blue = (int(code[i : i + 2], 16) for i in (0, 2, 4))
    return np.full((n, 3), (blue, green, red), np.uint8)


def top(shares: tuple[ColourShare, ...]) -> str:
    return shares[0].name


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in PATCHES.items() for code in codes.split()])
def test_a_named_patch_gets_its_name(name: str, code: str):
    assert top(name_colours(patch(code))) == name


@given(
    code=st.tuples(*[st.integers(0, 255)] * 3),
    step=st.tuples(*[st.sampled_from([-1, 1])] * 3),
)
@settings(max_examples=200, deadline=None)
def test_shares_sum_to_one_and_move_smoothly(code: tuple[int, int, int], step: tuple[int, int, int]):
    other = tuple(np.clip(np.add(code, step), 0, 255))

    first = {item.name: item.share for item in name_colours(np.array([code], np.uint8))}
    second = {item.name: item.share for item in name_colours(np.array([other], np.uint8))}

    assert sum(first.values()) == pytest.approx(1, abs=1e-3)
    assert all(abs(first.get(name, 0) - second.get(name, 0)) < 0.4 for name in COLOURS)


def test_weights_say_which_pixels_speak():
    pixels = np.concatenate([patch("ff0000", 30), patch("0000ff", 10)])

    assert top(name_colours(pixels)) == "red"
    assert top(name_colours(pixels, np.array([0] * 30 + [1] * 10, np.float32))) == "blue"
    assert name_colours(pixels, np.zeros(40, np.float32)) == ()
    assert name_colours(np.zeros((0, 3), np.uint8)) == ()


def person(upper: str, lower: str, *, waist: float = 0.52, head: str = "3b2a20") -> tuple[Picture, NDArray[np.bool_]]:
    """A figure 60 x 150 before a green wall."""
    crop = np.full((150, 60, 3), patch("40a040")[0], np.uint8)
    mask = np.zeros((150, 60), bool)
    for y0, y1, x0, x1, code in (
        (2, 24, 22, 38, head),
        (24, round(150 * waist), 10, 50, upper),
        (round(150 * waist), 140, 16, 44, lower),
        (140, 150, 14, 46, "f0f0f0"),
    ):
        crop[y0:y1, x0:x1] = patch(code)[0]
        mask[y0:y1, x0:x1] = True
    return crop, mask


@pytest.mark.parametrize("waist", [0.45, 0.52, 0.62, 0.72])
def test_upper_and_lower_garment_are_told_apart_wherever_the_coat_ends(waist: float):
    crop, mask = person("b01020", "202a60", waist=waist)

    upper, lower = person_colours(crop, mask)

    assert (top(upper), top(lower)) == ("red", "blue")
    assert upper[0].share > 0.9
    assert lower[0].share > 0.9


def test_head_shoes_and_wall_do_not_colour_the_garments():
    crop, mask = person("f0f0f0", "101010", head="ff8000")

    upper, lower = person_colours(crop, mask)

    assert {item.name for item in upper} <= {"white", "grey"}
    assert top(lower) == "black"
    assert "green" not in {item.name for item in (*upper, *lower)}


def test_bare_arms_do_not_outweigh_a_shirt():
    crop, mask = person("2040a0", "202020")
    crop[24:78, 10:22] = patch("d0a080")[0]
    crop[24:78, 38:50] = patch("d0a080")[0]

    upper, _ = person_colours(crop, mask)

    assert top(upper) == "blue"


def test_without_a_mask_the_middle_of_the_crop_speaks():
    crop, _ = person("b01020", "202a60")

    upper, lower = person_colours(crop)

    assert (top(upper), top(lower)) == ("red", "blue")


def test_a_soft_mask_counts_like_a_hard_one():
    crop, mask = person("b01020", "202a60")

    hard, soft = person_colours(crop, mask), person_colours(crop, mask.astype(np.uint8) * 255)

    assert hard == soft


def car(paint: str, *, shade: str | None = None, glass: str = "20252a") -> tuple[Picture, NDArray[np.bool_]]:
    """A car seen from above and behind, 80 x 140 px, with glass, tyres and shadow, on grey road."""
    crop = np.full((140, 80, 3), ROAD, np.uint8)
    mask = np.zeros((140, 80), bool)
    crop[10:132, 8:72], mask[10:132, 8:72] = patch(paint)[0], True
    if shade is not None:
        crop[80:132, 8:72] = patch(shade)[0]
    crop[34:56, 14:66] = patch(glass)[0]
    crop[92:112, 14:66] = patch(glass)[0]
    crop[120:138, 6:74] = patch("141414")[0]
    mask[120:138, 6:74] = True
    crop[16:30, 4:10] = crop[16:30, 70:76] = patch("181818")[0]
    return crop, mask


@pytest.mark.parametrize(
    ("paint", "shade", "name"),
    [
        ("f4f4f4", None, "white"),
        ("fafafa", "a8acb0", "white"),
        ("a0a4a8", None, "grey"),
        ("a0a4a8", "707478", "grey"),
        ("1c1c20", None, "black"),
        ("c01828", None, "red"),
        ("e06878", "a02030", "red"),
        ("1c3c80", None, "blue"),
        ("206040", None, "green"),
        ("e8c020", None, "yellow"),
        ("e07818", None, "orange"),
        ("6a4426", None, "brown"),
        ("d8c8a4", None, "beige"),
    ],
)
def test_a_cars_paint_is_named_and_not_its_glass_or_shadow(paint: str, shade: str | None, name: str):
    crop, mask = car(paint, shade=shade)

    assert top(vehicle_colour(crop, mask, gains_bgr=np.ones(3, np.float32))) == name
    assert top(vehicle_colour(crop, mask)) == name


def test_glass_that_mirrors_the_sky_does_not_make_a_white_car_blue():
    crop, mask = car("f0f0f0", glass="8098b0")

    assert top(vehicle_colour(crop, mask, gains_bgr=np.ones(3, np.float32))) == "white"


def test_what_is_not_visible_has_no_colour():
    crop, _ = car("c01828")

    assert vehicle_colour(np.zeros((0, 0, 3), np.uint8)) == ()
    assert vehicle_colour(crop[:2, :2]) != ()


def test_crops_that_disagree_with_the_rest_are_left_out():
    red = (ColourShare(name="red", share=1.0),)
    green = (ColourShare(name="green", share=1.0),)

    assert combine_shares([red, red, (), red, green]) == red
    assert combine_shares([red, green], weights=[3, 1]) == (
        ColourShare(name="red", share=0.75),
        ColourShare(name="green", share=0.25),
    )
    assert combine_shares([(), ()]) == ()


def test_every_colour_has_a_french_name_and_neighbours_that_know_it():
    assert set(FRENCH_BY_COLOUR) == set(COLOURS)
    for name, french in FRENCH_BY_COLOUR.items():
        assert canonical_colour(french.upper()) == name
        assert name in near_colours(name) <= set(COLOURS)
    assert "black" in near_colours("blue") and "blue" in near_colours("black")
    assert {"grey", "white"} <= near_colours("silver")
    assert near_colours("mauve") == frozenset()


@pytest.mark.parametrize("cast", [(1.0, 1.0, 1.0), (1.12, 1.0, 0.94), (0.9, 1.0, 1.06), (1.0, 1.08, 1.0)])
def test_gains_take_a_light_cast_off_a_grey_road(cast: tuple[float, float, float]):
    road = np.random.default_rng(3).normal(110, 12, (90, 160, 1)) * np.array(cast)
    scene = road.clip(0, 255).astype(np.uint8)

    gains = estimate_gains(scene)
    linear = (scene.reshape(-1, 3) / 255.0) ** 2.2 * gains

    before = np.ptp(((scene.reshape(-1, 3) / 255.0) ** 2.2).mean(axis=0))
    assert np.ptp(linear.mean(axis=0)) <= max(0.3 * before, 0.004)


def test_a_scene_without_anything_grey_gives_no_gains():
    lawn = np.full((90, 160, 3), patch("30a030")[0], np.uint8)

    np.testing.assert_array_equal(estimate_gains(lawn), np.ones(3))


def test_gains_are_bounded():
    tinted = np.full((90, 160, 3), (150, 128, 118), np.uint8)

    assert np.all(np.abs(np.log(estimate_gains(tinted))) <= np.log(1.181))


def noise(seed: int) -> Picture:
    grey = np.random.default_rng(seed).normal(90, 25, (120, 160))
    grey = cv2.GaussianBlur(grey, (9, 9), 0) + np.linspace(-40, 60, 160)
    return grey.clip(0, 255).astype(np.uint8)


def test_infrared_is_colourless_even_with_a_caption_and_a_car_park_with_a_red_car_is_not():
    infrared = cv2.cvtColor(noise(1), cv2.COLOR_GRAY2BGR)
    caption = infrared.copy()
    caption[4:12, 4:40] = (0, 220, 255)
    with_car = infrared.copy()
    with_car[40:80, 40:100] = (40, 30, 170)

    assert is_colourless(infrared)
    assert is_colourless(caption)
    assert not is_colourless(with_car)


def test_a_picture_in_one_tint_is_colourless():
    tinted = (noise(2)[..., np.newaxis] * np.array([0.4, 0.7, 1.0])).clip(0, 255).astype(np.uint8)

    assert is_colourless(tinted)
    assert is_colourless(np.zeros((40, 40, 3), np.uint8))


VEHICLE_CROPS = (
    # clip, event, frame, box checked by eye
    ("car-detection.mp4", 0, 84, (261, 36, 423, 336)),
    ("car-detection.mp4", 1, 210, (66, 96, 256, 432)),
    ("car-detection.mp4", 2, 216, (291, 34, 461, 331)),
    ("car-detection.mp4", 3, 330, (136, 17, 311, 347)),
    ("person-bicycle-car-detection.mp4", 0, 12, (86, 135, 250, 345)),
    ("person-bicycle-car-detection.mp4", 3, 372, (131, 116, 268, 289)),
)
PERSON_CROPS = (
    ("one-by-one-person-detection.mp4", 0, 132, (384, 12, 521, 398)),
    ("one-by-one-person-detection.mp4", 1, 330, (378, 4, 544, 386)),
    ("one-by-one-person-detection.mp4", 2, 600, (386, 6, 566, 394)),
    ("one-by-one-person-detection.mp4", 3, 804, (362, 10, 522, 386)),
    ("one-by-one-person-detection.mp4", 4, 1050, (383, 8, 522, 380)),
    ("one-by-one-person-detection.mp4", 5, 1302, (356, 4, 524, 402)),
)


def cut_out(clip: str, index: int, box: tuple[int, int, int, int]) -> tuple[Picture, NDArray[np.bool_], Picture]:
    path = shared_path("footage", clip)
    others = tuple(sorted(i for name, _, i, _ in (*VEHICLE_CROPS, *PERSON_CROPS) if name == clip))
    picture, scene = one_frame(path, index, others), empty_scene(path)
    x1, y1, x2, y2 = box
    return picture[y1:y2, x1:x2], foreground(picture, scene)[y1:y2, x1:x2], scene


def accepted(event: dict[str, object], key: str) -> set[str | None]:
    words = event[key]
    assert isinstance(words, list)
    return {canonical_colour(word) for word in words}


@pytest.mark.shared
@pytest.mark.parametrize(("clip", "event", "index", "box"), VEHICLE_CROPS)
def test_cars_of_the_footage_have_an_accepted_colour(clip: str, event: int, index: int, box: tuple[int, int, int, int]):
    crop, mask, scene = cut_out(clip, index, box)
    label = labels(shared_path("footage", "labels.json"))[clip]["events"][event]

    shares = vehicle_colour(crop, mask, gains_bgr=estimate_gains(scene))

    assert top(shares) in accepted(label, "colour"), shares


@pytest.mark.shared
@pytest.mark.parametrize(("clip", "event", "index", "box"), PERSON_CROPS)
def test_persons_of_the_footage_have_accepted_garment_colours(
    clip: str, event: int, index: int, box: tuple[int, int, int, int]
):
    crop, mask, scene = cut_out(clip, index, box)
    label = labels(shared_path("footage", "labels.json"))[clip]["events"][event]

    upper, lower = person_colours(crop, mask, gains_bgr=estimate_gains(scene))

    assert top(upper) in accepted(label, "upper"), upper
    assert top(lower) in accepted(label, "lower"), lower


@pytest.mark.shared
@pytest.mark.parametrize(
    "clip", ["car-detection.mp4", "person-bicycle-car-detection.mp4", "one-by-one-person-detection.mp4"]
)
def test_grey_scenes_by_day_are_not_taken_for_infrared(clip: str):
    wanted = {10, 80, 205, 332}

    assert not any(is_colourless(picture) for picture in read_frames(shared_path("footage", clip), wanted).values())


def test_where_garments_were_found_their_pixels_speak_most():
    crop, mask = person("b01020", "202a60")
    garments = np.zeros((2, *crop.shape[:2]), np.float32)
    garments[0, 90:130, 20:40] = 1
    garments[1, 30:70, 20:40] = 1

    upper, lower = person_colours(crop, mask, garments=garments)

    assert (top(upper), top(lower)) == ("blue", "red")


def test_a_garment_that_was_not_found_is_read_by_shape():
    crop, mask = person("b01020", "202a60")
    garments = np.zeros((2, *crop.shape[:2]), np.float32)
    garments[0, 30:70, 20:40] = 1

    assert person_colours(crop, mask, garments=garments)[1] == person_colours(crop, mask)[1]


def test_what_lies_outside_the_mask_speaks_less_than_what_lies_inside():
    crop, mask = person("b01020", "202a60")
    garments = np.zeros((2, *crop.shape[:2]), np.float32)
    garments[0, 30:70, 5:55] = 1
    crop[30:70, 5:30] = patch("2040c0")[0]
    mask[:, :30] = False

    (first, second), _ = (answer[:2] for answer in person_colours(crop, mask, garments=garments))

    assert (first.name, second.name) == ("red", "blue")


def test_a_vehicle_without_a_mask_is_cut_out_of_the_road():
    road = patch("8a8f8c")[0]
    crop = np.full((100, 100, 3), road, np.uint8)
    rows, columns = np.mgrid[:100, :100]
    crop[np.abs(rows - columns) + np.abs(rows + columns - 100) / 2.2 < 40] = patch("f4f4f2")[0]

    assert top(vehicle_colour(crop)) == "white"
