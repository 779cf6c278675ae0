# SPDX-License-Identifier: Apache-2.0
"""Nets that a unit lists itself, and the ranking of makes that one of them may give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelProblem
from models.make_names import MAKES, canonical_make
from models.makes import VehicleMakeNet
from models.modelset import load_model_set
from models.registry import Registry, sha256_of
from models.roles import Role
from models.selfcheck import verify_models
from tests.models.make_nets import colour_net, write_own_net
from tests.models.tiny_net import identity_net


def painted(bgr: tuple[int, int, int]) -> np.ndarray:
    return np.full((60, 100, 3), bgr, np.uint8)


def listed(tmp_path: Path, **changes: object) -> Registry:
    registry = Registry.load(folder=tmp_path / "models")
    registry.list_local(*write_own_net(tmp_path / "usb", **changes))  # type: ignore[arg-type]
    return Registry.load(folder=tmp_path / "models")


def test_without_a_net_the_slot_is_empty(tmp_path: Path) -> None:
    assert VehicleMakeNet.load(Registry.load(folder=tmp_path)) is None
    assert load_model_set("fast", registry=Registry.load(folder=tmp_path)).makes is None


def test_a_net_that_the_unit_listed_ranks_makes_and_is_in_the_record_of_the_run(tmp_path: Path) -> None:
    registry = listed(tmp_path)

    models = load_model_set("fast", registry=registry)

    assert models.makes is not None
    ranked = models.makes.rank([painted((200, 20, 20)), painted((20, 20, 200))])
    assert [models.makes.makes[i] for i in ranked.argmax(axis=1)] == ["peugeot", "renault"]
    assert "own-makes@1" in models.ids
    assert models.digest != load_model_set("fast", registry=Registry.load(folder=tmp_path / "none")).digest
    assert models.makes.rank([]).shape == (0, 3)


def test_the_self_check_knows_the_net_and_its_entry(tmp_path: Path) -> None:
    registry = listed(tmp_path)

    assert verify_models(registry).is_sound
    assert registry.entry("own-makes").is_local
    assert registry.entry("own-makes").accuracy_said[1] == "selon BR Reims : Aucune : un réseau d’essai."
    assert registry.entry("yolox-nano").accuracy_said[0] == registry.entry("yolox-nano").accuracy


def test_an_altered_net_of_the_unit_is_refused_like_any_other(tmp_path: Path) -> None:
    registry = listed(tmp_path)
    registry.path_of(registry.entry("own-makes")).write_bytes(colour_net(16))

    with pytest.raises(ModelProblem, match="is not the listed one: SHA-256 expected"):
        registry.open("own-makes")


def test_an_entry_that_is_taken_away_leaves_a_stranger_that_stops_the_start(tmp_path: Path) -> None:
    listed(tmp_path)
    (tmp_path / "models" / "own-makes.entry.toml").unlink()

    with pytest.raises(ModelProblem, match=r"own-makes\.onnx is not listed"):
        load_model_set("fast", registry=Registry.load(folder=tmp_path / "models"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha256": "0" * 64}, "is not the one that the entry lists"),
        ({"role": "face_embedding"}, "Relecture refuses face recognition"),
        ({"role": "appearance"}, "lists a net of the role appearance"),
        ({"role": "crop_classifier"}, "lists a net of the role crop_classifier"),
        ({"classes": ("gender",)}, "Relecture refuses inferred sex"),
        ({"classes": ()}, "has an empty classes"),
        ({"name": "yolox-nano"}, "lists the name yolox-nano twice"),
        ({"file": "yolox_nano_dyn.onnx"}, "belongs to yolox-nano"),
        ({"name": "relecture-colour"}, "names that begin with relecture are those of the program"),
        ({"version": "1+relecture-crop@1"}, "has an unusable version"),
    ],
)
def test_what_a_unit_must_not_list_is_refused_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    registry = Registry.load(folder=tmp_path / "models")

    with pytest.raises(ModelProblem, match=said):
        registry.list_local(*write_own_net(tmp_path / "usb", **changes))  # type: ignore[arg-type]

    assert not (tmp_path / "models").exists()


def test_a_refused_file_cannot_be_listed(tmp_path: Path) -> None:
    registry = Registry.load(folder=tmp_path / "models")
    refused = registry.refused[0]
    entry, net = write_own_net(tmp_path / "usb")
    known = Registry(
        registry.entries,
        refused=[type(refused)(name="a net of faces", sha256=sha256_of(net), reason="faces")],
        folder=registry.folder,
    )

    with pytest.raises(ModelProblem, match="twice"):
        known.list_local(entry, net)


def test_a_net_of_another_contract_says_what_it_should_be(tmp_path: Path) -> None:
    registry = listed(tmp_path, content=identity_net())

    with pytest.raises(ModelProblem, match="does not have the contract of a net of makes"):
        VehicleMakeNet.load(registry)


def test_a_class_that_searches_do_not_know_is_named(tmp_path: Path) -> None:
    registry = listed(tmp_path, classes=("Peugeot", "Zorglub", "Renault"))

    with pytest.raises(ModelProblem, match="lists “Zorglub”"):
        VehicleMakeNet.load(registry)


def test_listing_the_same_net_again_changes_nothing_and_a_new_version_replaces_it(tmp_path: Path) -> None:
    listed(tmp_path)
    again = listed(tmp_path)
    newer = listed(tmp_path, content=colour_net(48))

    assert len(again.of_role(Role.VEHICLE_MAKE)) == len(newer.of_role(Role.VEHICLE_MAKE)) == 1
    assert again.entry("own-makes").sha256 != newer.entry("own-makes").sha256
    assert verify_models(newer).is_sound


@pytest.mark.parametrize(
    ("typed", "make"), [("Škoda", "skoda"), ("VW", "volkswagen"), ("land rover", "land-rover"), ("clio", None)]
)
def test_makes_are_read_as_typed(typed: str, make: str | None) -> None:
    assert canonical_make(typed) == make
    assert all(canonical_make(name) == name for name in MAKES)
