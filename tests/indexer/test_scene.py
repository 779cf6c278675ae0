# SPDX-License-Identifier: Apache-2.0
"""The empty scene, what differs from it, and a camera that drifts: on pictures drawn by code, with known answers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.background import estimate_background, gains_between
from indexer.motion import MotionModel, blinking_regions, burnt_in_lines, clock_regions, motion_size
from indexer.sketches import iou_xyxy
from indexer.steady import Steadier, boxes_to_picture, drift_px, warp_to_reference
from tests.clips import Mover, pictures, street

Image = NDArray[np.uint8]
WIDTH, HEIGHT = 320, 240


def _empty(n: int = 20) -> list[Image]:
    return list(pictures([float(i) for i in range(n)], ()))


def _gray(picture: Image) -> Image:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


@pytest.fixture(scope="module")
def model_of_empty() -> list[Image]:
    return _empty()


def test_the_empty_scene_is_found_where_nothing_moves(model_of_empty: list[Image]) -> None:
    background = estimate_background(model_of_empty)

    smooth = cv2.GaussianBlur(street(), (3, 3), 0).astype(float)
    assert np.abs(background.colour_bgr - smooth).mean() < 3
    assert background.support_unit.mean() > 0.9


def test_passers_by_leave_no_trace_in_the_empty_scene() -> None:
    passing = list(pictures([i * 0.4 for i in range(30)], (Mover(speed_xy_px_s=(40, 0)),)))

    background = estimate_background(passing)

    assert np.abs(background.colour_bgr - estimate_background(_empty()).colour_bgr).max(axis=2).mean() < 3
    assert np.abs(background.colour_bgr[125:180] - estimate_background(_empty()).colour_bgr[125:180]).mean() < 4


def test_one_picture_is_enough_for_a_scene() -> None:
    assert estimate_background(_empty(1)).colour_bgr.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("gain", [0.6, 1.0, 1.5])
def test_the_gain_of_a_picture_is_measured_past_a_large_object(model_of_empty: list[Image], gain: float) -> None:
    reference = estimate_background(model_of_empty).colour_bgr
    picture = np.clip(model_of_empty[0].astype(float) * gain, 0, 255).astype(np.uint8)
    picture[60:180, 40:160] = (20, 20, 200)

    assert gains_between(picture, reference) == pytest.approx(gain, abs=0.05)


def test_nothing_is_seen_where_nothing_moves(model_of_empty: list[Image]) -> None:
    model = MotionModel(estimate_background(model_of_empty))

    assert all(model.blobs(model.foreground(picture)) == () for picture in _empty(10))


def test_a_figure_is_seen_where_it_is(model_of_empty: list[Image]) -> None:
    model = MotionModel(estimate_background(model_of_empty))
    mover = Mover(start_xy_px=(100, 120), speed_xy_px_s=(0, 0))
    (picture,) = pictures([0.0], (mover,))

    blobs = model.blobs(model.foreground(picture))

    box = mover.box_at(0.0, (WIDTH, HEIGHT))
    assert box is not None and len(blobs) == 1
    assert iou_xyxy(tuple(map(float, blobs[0].box_xyxy)), tuple(map(float, box))) > 0.75  # type: ignore[arg-type]


def test_a_change_of_exposure_is_not_motion(model_of_empty: list[Image]) -> None:
    model = MotionModel(estimate_background(model_of_empty))
    darker = np.clip(model_of_empty[3].astype(float) * 0.75, 0, 255).astype(np.uint8)

    assert model.blobs(model.foreground(darker)) == ()


def test_a_covered_camera_is_a_change_of_everything(model_of_empty: list[Image]) -> None:
    model = MotionModel(estimate_background(model_of_empty))
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)

    assert model.is_global_change(model.foreground(noise))
    assert not model.is_global_change(model.foreground(model_of_empty[0]))


def test_of_what_was_absorbed_hardly_anything_is_seen_any_more(model_of_empty: list[Image]) -> None:
    model = MotionModel(estimate_background(model_of_empty))
    mover = Mover(start_xy_px=(100, 120), speed_xy_px_s=(0, 0))
    (picture,) = pictures([0.0], (mover,))
    model.foreground(picture)

    model.absorb(picture, (95, 115, 131, 189))

    assert sum(blob.area_px for blob in model.blobs(model.foreground(picture))) < 0.2 * 26 * 64


def test_the_hole_that_an_object_leaves_is_told_from_an_object() -> None:
    parked = Mover(start_xy_px=(100, 120), speed_xy_px_s=(0, 0), seed=3)
    with_car = MotionModel(estimate_background(list(pictures([float(i) for i in range(20)], (parked,)))))
    without = MotionModel(estimate_background(_empty()))
    (occupied,) = pictures([0.0], (parked,))
    empty = _empty(1)[0]
    box = (98, 118, 128, 186)

    assert with_car.is_ghost(empty, with_car.foreground(empty), box)
    assert not without.is_ghost(occupied, without.foreground(occupied), box)


def _clock_masks(n: int = 60) -> list[Image]:
    """What differs where a clock is burnt in: seconds at x 60 that come and go, a minute at x 40 that stays a while."""
    masks = [np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(n)]
    for i, mask in enumerate(masks):
        mask[20:32, 60:67] = 255 * (i % 3 == 0)
        mask[20:32, 40:47] = 255 * (20 <= i < 40)
    return masks


def test_the_minutes_of_a_burnt_in_clock_are_left_out_with_its_seconds() -> None:
    masks = _clock_masks()
    blinking = blinking_regions(masks)
    assert blinking[20:32, 60:67].all()
    assert not blinking[20:32, 40:47].any()

    left_out = burnt_in_lines(masks, blinking)

    assert left_out[20:32, 40:47].all()
    assert left_out[20:32, 60:67].all()
    assert not left_out[:, 100:].any()


def test_somebody_who_stands_on_the_line_of_a_clock_is_still_watched() -> None:
    masks = _clock_masks()
    blinking = blinking_regions(masks)
    for mask in masks[20:40]:
        mask[10:60, 120:132] = 255

    assert not burnt_in_lines(masks, blinking)[:, 100:].any()


def test_what_passes_small_on_the_line_of_a_clock_is_still_watched() -> None:
    masks = _clock_masks()
    blinking = blinking_regions(masks)
    for i, mask in enumerate(masks[20:40]):
        mask[21:31, 100 + 8 * i : 106 + 8 * i] = 255

    assert not burnt_in_lines(masks, blinking)[:, 98:].any()


def _minutes_masks(top: int) -> list[Image]:
    """What differs where a digit changes every ten pictures and comes back to that of the scene now and then."""
    masks = [np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(100)]
    for i, mask in enumerate(masks):
        mask[top : top + 12, 40:47] = 255 * (i // 10 % 3 != 0)
    return masks


def test_a_clock_without_seconds_is_left_out_where_recorders_write() -> None:
    nothing = np.zeros((HEIGHT, WIDTH), np.bool_)

    assert clock_regions(_minutes_masks(12), nothing)[12:24, 40:47].all()
    assert not clock_regions(_minutes_masks(110), nothing).any()


def test_somebody_who_comes_to_the_edge_of_the_picture_again_and_again_is_watched() -> None:
    masks = [np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(100)]
    for i, mask in enumerate(masks):
        x = 20 + 9 * (i % 25)
        mask[2:40, x : x + 14] = 255 * (i // 25 % 2)

    assert not clock_regions(masks, blinking_regions(masks)).any()


def test_large_pictures_are_looked_at_at_640_wide() -> None:
    assert [motion_size(size) for size in ((1920, 1080), (640, 480), (352, 288), (3840, 1080))] == [
        (640, 360),
        (640, 480),
        (352, 288),
        (640, 180),
    ]


@pytest.mark.parametrize("shift", [(0.0, 0.0), (3.0, -2.0), (-6.5, 4.0)])
def test_a_shifted_picture_is_found_and_put_back(shift: tuple[float, float]) -> None:
    reference = cv2.GaussianBlur(street(), (5, 5), 0)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    moved = np.asarray(cv2.warpAffine(reference, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8)

    found = Steadier(_gray(np.asarray(reference, np.uint8))).locate(_gray(moved))

    assert found[:, 2] == pytest.approx(shift, abs=0.5)
    assert drift_px(found, (WIDTH, HEIGHT)) == pytest.approx(max(map(abs, shift)), abs=1.0)
    back = warp_to_reference(moved, found).astype(int)
    assert np.abs(back - reference)[20:-20, 20:-20].mean() < 3


def test_locating_twice_gives_the_same_place() -> None:
    reference = _gray(street())
    moved = np.asarray(np.roll(reference, 3, axis=1), np.uint8)

    first, second = (Steadier(reference).locate(moved) for _ in range(2))

    assert np.array_equal(first, second)


def test_a_picture_without_corners_is_left_where_it_is() -> None:
    plain = np.full((HEIGHT, WIDTH), 90, np.uint8)

    assert Steadier(plain).locate(plain).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_boxes_follow_the_picture() -> None:
    boxes = np.array([[10, 20, 30, 60]], np.float32)

    moved = boxes_to_picture(boxes, np.array([[1, 0, 3], [0, 1, -2]], np.float64))

    assert moved.tolist() == [[13, 18, 33, 58]]
    assert boxes_to_picture(boxes[:0], np.eye(2, 3)).shape == (0, 4)
