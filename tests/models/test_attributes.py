# SPDX-License-Identifier: Apache-2.0
"""What is read of the attribute nets, and above all what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from models.attributes import PERSON_ATTRIBUTES, PersonAttributeNet, VehicleAttributeNet
from models.errors import Defect, ModelProblem
from models.registry import Registry
from models.runtime import Net
from tests.shared_data import shared_path

REFUSED_SLOTS = {"is_male": 0, "has_longsleeves": 4, "has_longhair": 6}
CROP = np.zeros((160, 80, 3), np.uint8)


class PersonNetDouble:
    """Answers with given numbers, as the person net would."""

    def __init__(self, slots: Sequence[float]) -> None:
        self.slots = np.array(slots, np.float32)

    def run(
        self, inputs: Mapping[str, NDArray[np.float32]], *, outputs: Sequence[str]
    ) -> dict[str, NDArray[np.float32]]:
        n = len(inputs["0"])
        answers = {
            "453": np.tile(self.slots.reshape(1, 8, 1, 1), (n, 1, 1, 1)),
            "456": np.tile(np.array([0.4, 0.3], np.float32).reshape(1, 2, 1, 1), (n, 1, 1, 1)),
            "459": np.tile(np.array([0.5, 1.7], np.float32).reshape(1, 2, 1, 1), (n, 1, 1, 1)),
        }
        return {name: answers[name] for name in outputs}


def person_net(slots: Sequence[float]) -> PersonAttributeNet:
    return PersonAttributeNet(cast(Net, PersonNetDouble(slots)), model_id="double@1")


@pytest.mark.parametrize("slot", REFUSED_SLOTS.values(), ids=REFUSED_SLOTS.keys())
def test_what_the_net_says_in_a_refused_slot_changes_nothing(slot: int):
    slots = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    baseline = person_net(slots).describe([CROP])

    for value in (0.0, 0.5, 1.0, -1e30, float("nan")):
        changed = list(slots)
        changed[slot] = value
        assert person_net(changed).describe([CROP]) == baseline


def test_each_attribute_is_read_from_its_own_slot():
    (described,) = person_net([9, 0.2, 0.3, 0.4, 9, 0.6, 9, 0.8]).describe([CROP])

    assert [name for name, _ in described.scores] == list(PERSON_ATTRIBUTES)
    assert [round(score, 3) for _, score in described.scores] == [0.2, 0.3, 0.4, 0.6, 0.8]
    assert described.score("hat") == pytest.approx(0.4)


def test_no_attribute_is_named_after_a_trait_of_the_person():
    assert not set(PERSON_ATTRIBUTES) & {"is_male", "male", "female", "longhair", "hair", "age", "skin"}


def test_points_on_garments_stay_within_the_crop():
    (described,) = person_net([0] * 8).describe([CROP])

    assert described.upper_point_norm == pytest.approx((0.4, 0.3))
    assert described.lower_point_norm == pytest.approx((0.5, 1.0))


def test_many_crops_of_any_size_give_one_answer_each():
    crops = [np.zeros((30 + i, 20, 3), np.uint8) for i in range(37)]

    assert len(person_net([0] * 8).describe(crops)) == 37
    assert person_net([0] * 8).describe([]) == ()


def test_an_empty_crop_is_our_own_defect():
    with pytest.raises(Defect, match="cannot be described"):
        person_net([0] * 8).describe([np.zeros((0, 20, 3), np.uint8)])


def test_a_net_that_was_not_imported_says_so(tmp_path: Path):
    registry = Registry.load(folder=tmp_path)

    with pytest.raises(ModelProblem, match="not on this machine"):
        PersonAttributeNet.load(registry)
    with pytest.raises(ModelProblem, match="not on this machine"):
        VehicleAttributeNet.load(registry)


@pytest.mark.shared
def test_the_real_nets_answer_with_probabilities(tmp_path: Path):
    registry = Registry.load(folder=tmp_path)
    for name in (PersonAttributeNet.name, VehicleAttributeNet.name):
        registry.import_file(shared_path("weights", f"{name}.onnx"))
    red = np.full((90, 120, 3), (30, 30, 200), np.uint8)

    (person,) = PersonAttributeNet.load(registry, device="cpu").describe([CROP])
    first, second = VehicleAttributeNet.load(registry, device="cpu").describe([red, red])

    assert all(0 <= score <= 1 for _, score in person.scores)
    # Why: the engine's kernels treat places of a batch differently on some processors; only the last bits may differ.
    assert dict(first.colours) == pytest.approx(dict(second.colours), abs=1e-5)
    assert dict(first.types) == pytest.approx(dict(second.types), abs=1e-5)
    assert sum(score for _, score in first.colours) == pytest.approx(1, abs=1e-4)
    assert sum(score for _, score in first.types) == pytest.approx(1, abs=1e-4)
    assert max(first.colours, key=lambda item: item[1])[0] == "red"
