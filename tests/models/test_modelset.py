# SPDX-License-Identifier: Apache-2.0
"""A set takes what is on the machine, names it, and is equal where its files are equal."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from models import modelset
from models.errors import ModelProblem
from models.modelset import PROFILES, Profile, digest_of, load_detector, load_model_set
from models.registry import Registry
from tests.shared_data import shared_path

PVB_SMALL, PVB_LARGE = "person-vehicle-bike-detection-2000", "person-vehicle-bike-detection-2002"
MEMBERS = {
    "fast": (PVB_SMALL,),
    "standard": ("rtmdet-nano-person", PVB_SMALL, "yolox-nano"),
    "exhaustive": ("rtmdet-nano-person", PVB_LARGE, PVB_SMALL, "nanodet-plus-m-1.5x"),
}


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for the embedded nets, which have tests of their own."""
    anything = Registry.load().entries[0]
    classifier = SimpleNamespace(model_id=anything.model_id, classes=("person", "other"))
    monkeypatch.setattr(modelset.CropClassifier, "load", lambda registry: classifier)
    monkeypatch.setattr(modelset.AppearanceEncoder, "load", lambda registry: SimpleNamespace(model_id="looks@1"))


def registry_with(folder: Path, *names: str) -> Registry:
    registry = Registry.load(folder=folder)
    for name in names:
        digest = registry.entry(name).sha256
        lines = shared_path("weights", "SHA256SUMS").read_text().splitlines()
        file = next(line.split()[1] for line in lines if line.startswith(digest))
        registry.import_file(shared_path("weights", file))
    return registry


@pytest.mark.parametrize("profile", PROFILES)
def test_with_nothing_imported_there_is_no_detector(tmp_path: Path, profile: Profile):
    assert load_detector(Registry.load(folder=tmp_path), profile) is None


@pytest.mark.usefixtures("embedded")
def test_a_machine_with_nothing_imported_still_has_a_set(tmp_path: Path):
    found = load_model_set("standard", registry=Registry.load(folder=tmp_path))

    assert found.detector is None
    assert found.person_attributes is None
    assert {"looks@1", "relecture-colour@3"} < set(found.ids)
    assert found.engine.startswith("onnxruntime@")


@pytest.mark.usefixtures("embedded")
def test_a_stranger_in_the_models_folder_stops_the_start(tmp_path: Path):
    (tmp_path / "stranger.onnx").write_bytes(b"who knows")

    with pytest.raises(ModelProblem, match=r"stranger\.onnx is not listed"):
        load_model_set("fast", registry=Registry.load(folder=tmp_path))


@pytest.mark.shared
@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_has_its_members(tmp_path: Path, profile: Profile):
    registry = registry_with(tmp_path, *{name for names in MEMBERS.values() for name in names})

    detector = load_detector(registry, profile, device="cpu")

    assert detector is not None
    assert detector.model_id == "+".join(registry.entry(name).model_id for name in MEMBERS[profile])


@pytest.mark.shared
def test_a_slot_takes_the_next_best_net_and_none_twice(tmp_path: Path):
    registry = registry_with(tmp_path, PVB_LARGE)

    for profile in PROFILES:
        detector = load_detector(registry, profile, device="cpu")
        assert detector is not None
        assert detector.model_id == registry.entry(PVB_LARGE).model_id


@pytest.mark.shared
@pytest.mark.usefixtures("embedded")
def test_the_digest_names_the_very_files(tmp_path: Path):
    first = load_model_set("fast", registry=registry_with(tmp_path / "a", PVB_SMALL), device="cpu")
    same = load_model_set("fast", registry=registry_with(tmp_path / "b", PVB_SMALL), device="cpu")
    other = load_model_set("fast", registry=registry_with(tmp_path / "c", PVB_LARGE), device="cpu")

    assert first.digest == same.digest != other.digest
    assert first.ids == same.ids
    assert f"{PVB_SMALL}@2022.3" in first.ids
    assert list(first.ids) == sorted(first.ids)


@pytest.mark.shared
@pytest.mark.usefixtures("embedded")
def test_an_altered_detector_stops_the_start(tmp_path: Path):
    registry = registry_with(tmp_path, PVB_SMALL)
    path = registry.path_of(registry.entry(PVB_SMALL))
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(ModelProblem, match=r"expected .* found"):
        load_model_set("fast", registry=registry)


def test_the_order_of_nets_does_not_change_the_digest(tmp_path: Path):
    one, two, *_ = Registry.load(folder=tmp_path).entries

    assert digest_of([one, two], methods=["m@1"]) == digest_of([two, one], methods=["m@1"])
    assert digest_of([one, two]) != digest_of([one, two], methods=["m@1"])
