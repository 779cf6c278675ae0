# SPDX-License-Identifier: Apache-2.0
"""Parts of pictures: crops equal to the bit, planes renewed only where something was drawn."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.media import Picture, iter_frames, iter_pictures
from indexer.sketches import cut_crop
from review.film import FilmWriter
from review.film_draft import ffmpeg_program
from review.synopsis._planes import PicturePlanes
from review.synopsis.backdrop import _clean_median

SIZE = (160, 120)


def textured(seed: int = 0) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture(scope="module", params=["yuv420p", "yuv444p"])
def picture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    path = tmp_path_factory.mktemp("picture") / "one.mp4"
    command = [
        ffmpeg_program(),
        "-loglevel",
        "error",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "bgr24",
        "-s",
        "160x120",
        "-i",
        "-",
    ]
    command += ["-c:v", "libx264", "-pix_fmt", request.param, str(path)]
    subprocess.run(command, input=textured().tobytes(), check=True)
    return next(iter_pictures(str(path)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_crop_equals_the_same_part_of_the_whole_picture(picture: Picture, data: st.DataObject) -> None:
    x0, y0 = data.draw(st.integers(0, 158)), data.draw(st.integers(0, 118))
    x1, y1 = data.draw(st.integers(x0 + 1, 160)), data.draw(st.integers(y0 + 1, 120))

    part = picture.crop_bgr_u8((x0, y0, x1, y1))

    assert np.array_equal(part, picture.bgr_u8()[y0:y1, x0:x1])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_crop_of_an_object_is_the_same_from_a_picture_converted_or_not(picture: Picture, data: st.DataObject) -> None:
    x0, y0 = data.draw(st.floats(-20, 150)), data.draw(st.floats(-20, 110))
    box = (x0, y0, x0 + data.draw(st.floats(25, 200)), y0 + data.draw(st.floats(25, 150)))
    mask = np.random.default_rng(3).integers(0, 2, (60, 80), np.uint8) * np.uint8(255)

    unconverted, converted = (cut_crop(source, mask, box, mask_scale=0.5) for source in (picture, picture.bgr_u8()))

    assert all(np.array_equal(one, other) for one, other in zip(unconverted, converted, strict=True))


@pytest.mark.parametrize("step", [1, 2, 3, 4, 6, 10])
def test_sparse_pixels_are_those_of_the_whole_picture_to_three_levels(picture: Picture, step: int) -> None:
    found = picture.sparse_bgr_u8(step)

    wanted = picture.bgr_u8()[::step, ::step]
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= 3


def test_planes_renewed_piece_by_piece_equal_planes_made_at_once() -> None:
    before, after = textured(1), textured(1)
    rects = [(3, 5, 40, 33), (101, 0, 160, 7), (-4, 90, 11, 140)]
    for x0, y0, x1, y1 in rects:
        after[max(0, y0) : y1, max(0, x0) : x1] = textured(2)[max(0, y0) : y1, max(0, x0) : x1]
    renewed, at_once = PicturePlanes(SIZE), PicturePlanes(SIZE)
    renewed.renew(before, [(0, 0, *SIZE)])
    at_once.renew(after, [(0, 0, *SIZE)])

    renewed.renew(after, rects)

    assert np.array_equal(renewed.buffer_u8, at_once.buffer_u8)


def test_planes_come_back_from_the_film_in_the_colours_that_went_in(tmp_path: Path) -> None:
    image = textured(3)
    planes = PicturePlanes(SIZE)
    planes.renew(image, [(0, 0, *SIZE)])
    with FilmWriter(tmp_path / "film.mp4", size_wh_px=SIZE, rate=Fraction(25), layout="yuv420p") as film:
        for _ in range(3):
            film.write(planes.buffer_u8)
        film.finish(comment="colours")

    shown = next(iter_frames(str(tmp_path / "film.mp4"))).image_u8

    assert float(np.abs(shown.astype(float) - image).mean()) < 9


def test_the_clean_median_is_that_of_the_uncovered_samples() -> None:
    chance = np.random.default_rng(0)
    images = chance.integers(0, 256, (9, 20, 30, 3), dtype=np.uint8)
    covered = chance.random((9, 20, 30)) < 0.4
    covered[:, 0] = True

    image, _, support = _clean_median(images, covered)

    for y, x in ((0, 0), (0, 29), (7, 3), (19, 29), (11, 12)):
        free = ~covered[:, y, x]
        values = np.sort(images[free if free.any() else slice(None), y, x], axis=0)
        assert support[y, x] == free.sum()
        assert np.array_equal(image[y, x], values[len(values) // 2])
