# SPDX-License-Identifier: Apache-2.0
"""Appearance vectors: unit length, blind to heads, alike for alike clothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.appearance import AppearanceEncoder, without_head

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def encoder() -> AppearanceEncoder:
    return AppearanceEncoder.load()


def figure(upper_bgr: tuple[int, int, int], lower_bgr: tuple[int, int, int], *, seed: int, high: int = 90) -> Picture:
    """A head, a garment above and one below, on a grey ground, with noise."""
    picture = np.full((high, high // 3, 3), 120, np.int16)
    picture[: high // 6, 8:-8] = (150, 170, 210)
    picture[high // 6 : high // 2, 3:-3] = upper_bgr
    picture[high // 2 :, 6:-6] = lower_bgr
    picture += np.random.default_rng(seed).integers(-6, 7, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def test_vectors_have_unit_length_and_the_stated_dimension(encoder: AppearanceEncoder):
    crops = [
        figure((40, 40, 200), (30, 30, 30), seed=1),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((7, 400, 3), np.uint8),
    ]

    vectors = encoder.encode(crops, ["person", "car", "van"])

    assert vectors.shape == (3, encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_no_crops_give_no_vectors(encoder: AppearanceEncoder):
    assert encoder.encode([], []).shape == (0, encoder.dimension)


@pytest.mark.parametrize("kind", ["person", "bicycle", "motorcycle"])
@pytest.mark.parametrize("high", [21, 50, 97, 300])
def test_the_vector_is_equal_whatever_stands_where_the_head_is(encoder: AppearanceEncoder, kind: str, high: int):
    crop = figure((40, 40, 200), (30, 30, 30), seed=1, high=high)
    other_head = crop.copy()
    other_head[: int(np.ceil(0.18 * high))] = np.random.default_rng(9).integers(0, 256, 3)

    plain, covered, changed = (encoder.encode([c], [kind]) for c in (crop, without_head(crop), other_head))

    assert np.array_equal(plain, covered)
    assert np.array_equal(plain, changed)


def test_ranking_is_the_same_when_heads_are_blacked_out(encoder: AppearanceEncoder):
    colours = [(40, 40, 200), (200, 60, 40), (40, 160, 60), (220, 220, 220), (25, 25, 25)]
    gallery = [figure(c, (60, 40, 30), seed=i) for i, c in enumerate(colours)]
    queries = [figure(c, (60, 40, 30), seed=50 + i) for i, c in enumerate(colours)]
    kinds = ["person"] * len(colours)

    with_heads = encoder.encode(queries, kinds) @ encoder.encode(gallery, kinds).T
    covered = [without_head(q) for q in queries]
    without = encoder.encode(covered, kinds) @ encoder.encode([without_head(g) for g in gallery], kinds).T

    assert np.array_equal(with_heads, without)
    assert with_heads.argmax(axis=1).tolist() == list(range(len(colours)))


def test_the_same_clothes_at_half_the_size_are_nearer_than_other_clothes(encoder: AppearanceEncoder):
    big, small = (
        figure((40, 40, 200), (30, 30, 30), seed=1, high=120),
        figure((40, 40, 200), (30, 30, 30), seed=2, high=60),
    )
    swapped = figure((30, 30, 30), (40, 40, 200), seed=3, high=120)

    vectors = encoder.encode([big, small, swapped], ["person"] * 3)

    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1


def test_crops_are_left_as_they_were(encoder: AppearanceEncoder):
    crop = figure((40, 40, 200), (30, 30, 30), seed=1)
    before = crop.copy()

    encoder.encode([crop], ["person"])

    assert np.array_equal(crop, before)


def test_the_id_names_the_method_and_the_net(encoder: AppearanceEncoder):
    assert encoder.model_id == "relecture-appearance@1+relecture-crop@1"
