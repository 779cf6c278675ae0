# SPDX-License-Identifier: Apache-2.0
"""The embedded finder of garments, on drawn figures whose garments are known and that it did not learn from."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.colour import person_colours
from models.errors import Defect
from models.garments import GarmentFinder
from models.registry import Registry
from models.roles import Role
from models.training.garment_figures import LOWER, UPPER, drawn_figure

Picture = NDArray[np.uint8]
SEED = 90210


@pytest.fixture(scope="module")
def finder() -> GarmentFinder:
    return GarmentFinder.load()


@pytest.fixture(scope="module")
def figures() -> list[tuple[Picture, Picture]]:
    """(crop, labels) of thirty figures before plain grounds."""
    rng = np.random.default_rng(SEED)
    return [_before_a_ground(rng) for _ in range(30)]


def _before_a_ground(rng: np.random.Generator) -> tuple[Picture, Picture]:
    one = drawn_figure(rng)
    assert one.alpha is not None
    ground = rng.uniform(60, 200, 3) + rng.normal(0, 4, one.pixels.shape)
    whole = one.pixels * one.alpha[..., np.newaxis] + ground * (1 - one.alpha[..., np.newaxis])
    x1, y1, x2, y2 = (round(side) for side in one.box_xyxy)
    return whole.clip(0, 255).astype(np.uint8)[y1:y2, x1:x2], one.labels[y1:y2, x1:x2]


def test_it_finds_both_garments_of_figures_that_it_has_not_seen(finder, figures):
    maps = finder.find([crop for crop, _ in figures])

    for channel, part, least in ((0, UPPER, 0.65), (1, LOWER, 0.45)):
        overlaps = [
            ((one[channel] > 0.5) & (labels == part)).sum() / ((one[channel] > 0.5) | (labels == part)).sum()
            for one, (_, labels) in zip(maps, figures, strict=True)
        ]
        assert np.mean(overlaps) > least


def test_maps_have_the_size_of_their_crops_and_do_not_depend_on_company(finder, figures):
    crops = [crop for crop, _ in figures[:3]]

    together, alone = finder.find(crops), [finder.find([crop])[0] for crop in crops]

    for crop, one, other in zip(crops, together, alone, strict=True):
        assert one.shape == (2, *crop.shape[:2])
        assert one.min() >= 0
        assert one.max() <= 1
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_shirt_of_the_ground_s_grey_is_read_where_a_torn_mask_has_lost_it(finder):
    rng = np.random.default_rng(SEED)
    crop, labels = _before_a_ground(rng)
    crop = crop.copy()
    crop[labels == UPPER] = (40, 30, 170)
    torn = np.where(labels == LOWER, 255, 0).astype(np.uint8)

    upper, _ = person_colours(crop, torn, garments=finder.find([crop])[0])

    assert upper[0].name == "red"


def test_an_empty_crop_is_a_defect(finder):
    with pytest.raises(Defect, match="no garments"):
        finder.find([np.zeros((0, 4, 3), np.uint8)])


def test_it_says_nothing_but_where_two_garments_are():
    entry = Registry.load().entry(GarmentFinder.name)

    assert entry.role is Role.CLOTHING_MASK
    assert len(entry.outputs_used) == 1
    assert entry.outputs_used[0].startswith("garments:")
