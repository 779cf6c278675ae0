# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.records import RecordingId
from review.synopsis._pixels import PlainPixels
from review.synopsis.backdrop import Backdrop
from review.synopsis.registration import anchor_of, shift_between
from review.synopsis.silhouette import Patch, cut_patch

NO_RIVALS = np.zeros((0, 4), np.float32)
BOX = np.array([100, 60, 160, 180], np.float32)


def ground() -> NDArray[np.uint8]:
    coarse = np.random.default_rng(3).integers(90, 140, (24, 32, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((10, 10, 1), np.uint8))


def a_backdrop(image: NDArray[np.uint8], *, is_usable: bool = True) -> Backdrop:
    return Backdrop(
        key=(RecordingId("r-1"), 0, 0),
        image_bgr_u8=image,
        weak_u8=np.full(image.shape[:2], 12, np.uint8),
        sparse_f32=image[::2, ::2].astype(np.float32),
        stride=2,
        is_usable=is_usable,
        anchor=anchor_of(image),
        is_steady=True,
    )


def person(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Draw a blue body with two legs, apart from each other, into the box; where its pixels are."""
    body = np.zeros(image.shape[:2], bool)
    body[66:130, 112:148] = True
    body[130:176, 114:126] = True
    body[130:176, 136:148] = True
    image[body] = (170, 60, 40)
    return body


def cut(
    frame: NDArray[np.uint8],
    scene: NDArray[np.uint8],
    *,
    gains: tuple[float, float, float] = (1, 1, 1),
    shift: tuple[float, float] = (0, 0),
    rivals: NDArray[np.float32] = NO_RIVALS,
    is_usable: bool = True,
) -> Patch:
    return cut_patch(
        PlainPixels(frame),
        BOX,
        a_backdrop(scene, is_usable=is_usable),
        np.array(gains, np.float32),
        shift_px=shift,
        rivals_xyxy_px=rivals,
    )


def weights_in_frame(patch: Patch) -> NDArray[np.float32]:
    whole = np.zeros((240, 320), np.float32)
    height, width = patch.weight_f32.shape
    whole[patch.y_px : patch.y_px + height, patch.x_px : patch.x_px + width] = patch.weight_f32
    return whole


def test_a_person_is_cut_along_the_body_and_keeps_both_legs() -> None:
    frame = ground()
    body = person(frame)

    patch = cut(frame, ground())

    weight = weights_in_frame(patch)
    assert patch.is_silhouette
    assert weight[body].mean() > 0.97
    assert weight[60:180, 100:106].max() < 0.2
    assert weight[150:170, 129:133].mean() < 0.75


def test_the_pixels_of_a_patch_are_those_of_the_frame() -> None:
    frame = ground()
    person(frame)

    patch = cut(frame, ground())

    height, width = patch.weight_f32.shape
    assert np.array_equal(patch.image_bgr_u8, frame[patch.y_px : patch.y_px + height, patch.x_px : patch.x_px + width])


def test_exposure_does_not_turn_the_ground_into_object() -> None:
    frame = ground()
    body = person(frame)
    bright = np.clip(frame * 1.25, 0, 255).astype(np.uint8)

    patch = cut(bright, ground(), gains=(1.25, 1.25, 1.25))

    weight = weights_in_frame(patch)
    assert weight[body].mean() > 0.95
    assert weight[~body].max(initial=0) <= 1 and weight[60:180, 100:106].max() < 0.2


def test_a_swayed_camera_is_compared_in_its_place() -> None:
    frame = np.roll(ground(), (4, 7), axis=(0, 1))
    body = person(frame)

    patch = cut(frame, ground(), shift=(7.0, 4.0))

    weight = weights_in_frame(patch)
    assert weight[body].mean() > 0.95
    assert weight[60:180, 100:106].max() < 0.2


def test_faint_shadow_beside_a_body_is_faint_in_the_film() -> None:
    frame = ground()
    shade = np.zeros(frame.shape[:2], bool)
    shade[150:178, 102:112] = True
    frame[shade] = (frame[shade] * 0.85).astype(np.uint8)
    body = person(frame)

    patch = cut(frame, ground())

    weight = weights_in_frame(patch)
    assert weight[body].mean() > 0.95
    assert weight[shade].mean() < 0.5


def test_an_object_that_the_scene_does_not_tell_apart_stands_in_a_soft_box() -> None:
    frame = ground()

    patch = cut(frame, ground())

    weight = weights_in_frame(patch)
    assert not patch.is_silhouette
    assert weight[120, 130] == pytest.approx(1.0)
    assert weight[60, 100] < 0.6
    assert patch.weight_f32[0].max() < 0.3 and patch.weight_f32[:, 0].max() < 0.3


def test_without_a_scene_the_soft_box_stands_in() -> None:
    frame = ground()
    person(frame)

    assert not cut(frame, ground(), is_usable=False).is_silhouette


def test_pixels_nearer_to_another_object_are_left_to_it() -> None:
    frame = ground()
    person(frame)
    frame[70:170, 150:175] = (30, 200, 220)
    rival = np.array([[148, 60, 200, 180]], np.float32)

    alone = weights_in_frame(cut(frame, ground()))
    beside = weights_in_frame(cut(frame, ground(), rivals=rival))

    assert beside[90:150, 158:160].mean() < 0.5 * alone[90:150, 158:160].mean()
    assert beside[90:130, 115:135].mean() > 0.95


def test_an_object_at_the_border_of_the_picture_is_not_faded_there() -> None:
    frame = ground()
    frame[60:180, 0:40] = (170, 60, 40)

    patch = cut_patch(
        PlainPixels(frame),
        np.array([0, 60, 40, 180], np.float32),
        a_backdrop(ground()),
        np.ones(3, np.float32),
        shift_px=(0.0, 0.0),
        rivals_xyxy_px=NO_RIVALS,
    )

    assert patch.weight_f32[40:100, 0].min() > 0.9


def test_a_displaced_frame_is_recognised_and_a_large_object_is_not_taken_for_sway() -> None:
    coarse = np.random.default_rng(5).integers(20, 220, (27, 48, 3), dtype=np.uint8)
    scene = np.kron(coarse, np.ones((10, 10, 1), np.uint8))
    crossed = scene.copy()
    crossed[40:240, 100:260] = 15

    moved = shift_between(anchor_of(scene), anchor_of(np.roll(scene, (3, -6), axis=(0, 1))))
    crossing = np.array([[100, 40, 260, 240]], np.float32)

    assert moved == pytest.approx((-6, 3), abs=0.6)
    assert shift_between(anchor_of(scene), anchor_of(crossed, crossing)) == (0.0, 0.0)


def test_recognising_a_displacement_leaves_the_anchors_as_they_were() -> None:
    scene, frame = anchor_of(ground()), anchor_of(np.roll(ground(), 5, axis=1))
    before = scene.edges_f32.copy()

    first = shift_between(scene, frame)
    second = shift_between(scene, frame)

    assert first == second
    assert np.array_equal(scene.edges_f32, before)
