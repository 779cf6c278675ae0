# SPDX-License-Identifier: Apache-2.0
"""The registry lets in listed files alone, and no purpose that the product refuses can be listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from models._registry_file import RefusedFile, entry_from_table, read_registry_file
from models.errors import ModelProblem, UnreadableInput
from models.registry import Registry, models_folder, relecture_home, sha256_of
from models.roles import Role, refused_purpose_of
from tests.models.tiny_net import digest_of, entry_table, identity_net
from tests.shared_data import shared_path

REFUSED_ROLES = (
    "face_recognition",
    "face_detector",
    "faceEmbedding",
    "gait",
    "body_shape",
    "person_reid",
    "person_reidentification",
    "emotion",
    "suspicious_behaviour",
    "gender",
    "is_male",
    "age",
    "skin_colour",
    "ethnicity",
    "religion",
    "watch_list",
    "live_stream",
    "weapon",
    "fire",
    "super_resolution",
    "speech",
    "risk_score",
)


def one_entry_registry(folder: Path, **changes: object) -> Registry:
    entry = entry_from_table(entry_table(identity_net(), **changes), is_embedded=False)
    return Registry([entry], folder=folder)


@pytest.mark.parametrize("role", REFUSED_ROLES)
def test_an_entry_with_a_refused_role_is_refused_by_name(role: str):
    with pytest.raises(ModelProblem, match="refuses") as caught:
        entry_from_table(entry_table(identity_net(), role=role), is_embedded=False)

    assert role in caught.value.message


@pytest.mark.parametrize("key", ["name", "file"])
@pytest.mark.parametrize("word", ["face-embedding", "gait-net", "person-reidentification-0277", "age-gender-0013"])
def test_an_allowed_role_does_not_cover_a_refused_name(key: str, word: str):
    value = word if key == "name" else f"{word}.onnx"

    with pytest.raises(ModelProblem, match="Relecture refuses"):
        entry_from_table(entry_table(identity_net(), **{key: value}), is_embedded=False)


@pytest.mark.parametrize("output", ["453[0] is_male", "age_conv3", "emotion", "skin mask"])
def test_a_refused_output_cannot_be_used(output: str):
    with pytest.raises(ModelProblem, match="Relecture refuses"):
        entry_from_table(entry_table(identity_net(), outputs_used=[output]), is_embedded=False)


def test_a_role_that_nobody_knows_is_refused():
    with pytest.raises(ModelProblem, match="no such role"):
        entry_from_table(entry_table(identity_net(), role="poet"), is_embedded=False)


@pytest.mark.parametrize("role", list(Role))
def test_every_allowed_role_can_be_listed(role: Role):
    assert entry_from_table(entry_table(identity_net(), role=str(role)), is_embedded=False).role is role


def test_words_that_only_contain_a_refused_word_are_not_refused():
    for text in ("image", "surface_mask", "backpack", "person_attributes", "original", "truck", "average", "message"):
        assert refused_purpose_of(text) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sha256": "ABC"}, "unusable sha256"),
        ({"name": "Two Words"}, "unusable name"),
        ({"file": "../up.onnx"}, "unusable file"),
        ({"file": "net.pth"}, "unusable file"),
        ({"size_bytes": 0}, "unusable size_bytes"),
        ({"size_bytes": "12"}, "size_bytes that is no int"),
        ({"origin": "http://example.org"}, "unusable origin"),
        ({"download": "ftp://example.org/x"}, "unusable download"),
        ({"licens": "MIT"}, "Did you mean licence"),
        ({"classes": "car"}, "classes that is no"),
    ],
)
def test_a_damaged_entry_is_refused(changes: dict[str, object], told: str):
    with pytest.raises(ModelProblem, match=told):
        entry_from_table(entry_table(identity_net(), **changes), is_embedded=False)


def test_an_entry_without_licence_is_refused():
    table = entry_table(identity_net())
    del table["licence"]

    with pytest.raises(ModelProblem, match="has no licence"):
        entry_from_table(table, is_embedded=False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("format = 2", "has not the format"),
        ("format = 1\n[other]", "unknown key other"),
        ("format = 1\n[model]\nname = 'x'", "a list of tables"),
        ("format = ", "cannot be read"),
    ],
)
def test_a_damaged_registry_file_is_refused(tmp_path: Path, text: str, told: str):
    path = tmp_path / "registry.toml"
    path.write_text(text)

    with pytest.raises(ModelProblem, match=told):
        read_registry_file(path, is_embedded=False)


def test_the_shipped_registry_is_sound_and_lists_what_it_promises(tmp_path: Path):
    registry = Registry.load(folder=tmp_path)
    imported = [entry for entry in registry.entries if not entry.is_embedded]

    assert {entry.role for entry in imported} == {
        Role.DETECTOR,
        Role.PERSON_ATTRIBUTES,
        Role.VEHICLE_ATTRIBUTES,
        Role.CLOTHING_MASK,
    }
    assert all(entry.licence in ("Apache-2.0", "MIT") for entry in imported)
    assert registry.of_role(Role.VEHICLE_MAKE) == ()
    assert {item.name for item in registry.refused} == {
        "person-reidentification-retail-0277",
        "person-reidentification-retail-0288",
    }


def test_a_name_or_a_digest_cannot_be_listed_twice(tmp_path: Path):
    one = entry_from_table(entry_table(identity_net()), is_embedded=False)
    other = entry_from_table(entry_table(identity_net(), name="other-net"), is_embedded=False)

    with pytest.raises(ModelProblem, match=r"lists the sha256 .* twice"):
        Registry([one, other], folder=tmp_path)
    with pytest.raises(ModelProblem, match="twice"):
        Registry([one], refused=[RefusedFile(name="x", sha256=one.sha256, reason="r")], folder=tmp_path)


def test_a_listed_file_is_imported_under_its_listed_name(tmp_path: Path):
    registry = one_entry_registry(tmp_path / "models")
    delivered = tmp_path / "whatever-it-is-called.bin"
    delivered.write_bytes(identity_net())

    entry = registry.import_file(delivered)

    assert registry.is_present(entry)
    assert sha256_of(registry.path_of(entry)) == entry.sha256
    assert [path.name for path in registry.folder.iterdir()] == ["tiny.onnx"]
    assert registry.open("tiny-net").sha256 == entry.sha256


def test_an_altered_file_in_the_folder_is_replaced_by_an_import_and_refused_before(tmp_path: Path):
    registry = one_entry_registry(tmp_path)
    (tmp_path / "tiny.onnx").write_bytes(identity_net(note="altered"))
    with pytest.raises(ModelProblem, match="not the listed one"):
        registry.open("tiny-net")

    registry.place(identity_net(), name="tiny")

    assert registry.open("tiny-net@1").sha256 == digest_of(identity_net())


def test_an_unlisted_file_is_refused_with_its_digest_and_nothing_is_written(tmp_path: Path):
    registry = one_entry_registry(tmp_path / "models")
    strange = tmp_path / "strange.onnx"
    strange.write_bytes(identity_net(note="strange"))

    with pytest.raises(ModelProblem, match=digest_of(identity_net(note="strange"))):
        registry.import_file(strange)

    assert not registry.folder.exists()


def test_a_refused_file_is_recognised_by_its_content_and_the_reason_is_told(tmp_path: Path):
    refused = RefusedFile(name="walks", sha256=digest_of(b"walks"), reason="it tells who walks.")
    registry = Registry([], refused=[refused], folder=tmp_path)

    with pytest.raises(ModelProblem, match="it tells who walks"):
        registry.place(b"walks", name="harmless.onnx")


def test_a_folder_gives_every_listed_file_and_says_what_it_refused(tmp_path: Path):
    registry = one_entry_registry(tmp_path / "models")
    delivered = tmp_path / "delivered"
    delivered.mkdir()
    (delivered / "a.onnx").write_bytes(identity_net())
    (delivered / "b.onnx").write_bytes(identity_net(note="strange"))

    report = registry.import_path(delivered)

    assert [entry.name for entry in report.imported] == ["tiny-net"]
    assert [(Path(path).name, sha) for path, sha, _ in report.refused] == [
        ("b.onnx", digest_of(identity_net(note="strange")))
    ]


def test_a_path_that_gives_nothing_is_told(tmp_path: Path):
    registry = one_entry_registry(tmp_path / "models")

    with pytest.raises(UnreadableInput, match=r"holds no \.onnx"):
        registry.import_path(tmp_path)
    with pytest.raises(UnreadableInput, match="cannot be read"):
        registry.import_path(tmp_path / "none.onnx")


def test_a_model_that_was_not_imported_says_how_to_import_it(tmp_path: Path):
    registry = one_entry_registry(tmp_path)

    with pytest.raises(ModelProblem, match="not on this machine") as caught:
        registry.open("tiny-net")

    assert "models import" in caught.value.hint
    with pytest.raises(ModelProblem, match="No model is listed"):
        registry.entry("unheard-of")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    registry = one_entry_registry(blocked / "models")

    with pytest.raises(ModelProblem, match="cannot be written"):
        registry.place(identity_net(), name="tiny")


def test_the_home_folder_follows_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))
    assert (relecture_home(), models_folder()) == (tmp_path, tmp_path / "models")
    monkeypatch.delenv("RELECTURE_HOME")
    assert relecture_home().name == "relecture"


@pytest.mark.shared
def test_every_weight_at_hand_is_listed_with_its_size_or_refused(tmp_path: Path):
    registry = Registry.load(folder=tmp_path)
    entry_by_digest = {entry.sha256: entry for entry in registry.entries}
    refused = {item.sha256 for item in registry.refused}

    for path in sorted(shared_path("weights").glob("*.onnx")):
        digest = sha256_of(path)
        assert digest in refused or entry_by_digest[digest].size_bytes == path.stat().st_size
