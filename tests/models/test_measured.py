# SPDX-License-Identifier: Apache-2.0
"""Every figure that is shown names a count and is there in both languages, of a model that exists."""

from __future__ import annotations

import re

import pytest

from models.colour import ALGORITHM_ID
from models.measured import _figures, measured
from models.registry import Registry

FIGURES = sorted(_figures())


@pytest.mark.parametrize("key", FIGURES, ids="-".join)
def test_a_figure_says_of_how_many_and_in_both_languages(key: tuple[str, str]) -> None:
    english, french = _figures()[key]

    assert english != french
    assert re.findall(r"\d+", english) == re.findall(r"\d+", french.replace(",", "."))
    assert len(re.findall(r"\d+", english)) >= 2


def test_every_figure_is_of_a_listed_net_or_of_the_colour_method() -> None:
    known = {entry.model_id for entry in Registry.load().entries} | {ALGORITHM_ID}

    assert {model for _, model in FIGURES} <= known


def test_of_joined_nets_the_one_that_was_measured_for_it_speaks() -> None:
    joined = "rtmdet-nano-person@05d8511e+person-vehicle-bike-detection-2000@2022.3+yolox-nano@0.1.1rc0"

    assert measured("bag", joined) == measured("bag", "yolox-nano@0.1.1rc0")
    assert measured("make", joined) is None


def test_a_figure_is_not_lent_to_another_version() -> None:
    assert measured("colour", ALGORITHM_ID) is not None
    assert measured("colour", "relecture-colour@1") is None


@pytest.mark.parametrize("language", [0, 1])
def test_a_figure_says_whether_its_threshold_was_chosen_on_the_same_pictures(language: int) -> None:
    said = measured("headgear", "person-attributes-recognition-crossroad-0230@2022.3")

    assert said is not None
    assert ("not chosen on" in said.english, "n’a pas été choisi" in said.french)[language]
