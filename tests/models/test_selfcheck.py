# SPDX-License-Identifier: Apache-2.0
"""One damaged fixture per numbered check, one change away from a sound one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from models import selfcheck
from models._registry_file import RefusedFile, entry_from_table
from models.errors import ModelProblem
from models.registry import Registry
from models.selfcheck import require_sound_registry, verify_models
from tests.models.tiny_net import digest_of, entry_table, identity_net


def sound_registry(folder: Path) -> Registry:
    folder.mkdir(exist_ok=True)
    (folder / "tiny.onnx").write_bytes(identity_net())
    entry = entry_from_table(entry_table(identity_net()), is_embedded=False)
    refused = RefusedFile(name="walks", sha256=digest_of(b"walks"), reason="it tells who walks.")
    return Registry([entry], refused=[refused], folder=folder)


def failed_numbers(registry: Registry) -> list[int]:
    return [check.number for check in verify_models(registry).checks if check.outcome == "failed"]


def test_a_sound_folder_passes_every_check(tmp_path: Path):
    report = verify_models(sound_registry(tmp_path / "m"))

    assert report.is_sound
    assert [check.number for check in report.checks] == [1, 2, 3, 4, 5, 6]


def test_check_1_finds_an_entry_that_slipped_past_the_reader(tmp_path: Path):
    registry = sound_registry(tmp_path / "m")
    registry.entries = (dataclasses.replace(registry.entries[0], outputs_used=("emotion",)),)

    assert failed_numbers(registry) == [1]
    with pytest.raises(ModelProblem, match="emotion"):
        require_sound_registry(registry)


def test_check_2_finds_a_missing_embedded_net(tmp_path: Path):
    registry = sound_registry(tmp_path / "m")
    lost = entry_from_table(entry_table(identity_net(note="lost"), name="lost-net", file="lost.onnx"), is_embedded=True)
    registry.entries = (*registry.entries, lost)

    assert failed_numbers(registry) == [2]


def test_check_3_finds_an_altered_net(tmp_path: Path):
    registry = sound_registry(tmp_path / "m")
    (tmp_path / "m" / "tiny.onnx").write_bytes(identity_net(note="altered"))

    assert failed_numbers(registry) == [3]


def test_check_4_finds_an_unlisted_file_even_in_a_folder_below(tmp_path: Path):
    registry = sound_registry(tmp_path / "m")
    (tmp_path / "m" / "below").mkdir()
    (tmp_path / "m" / "below" / "tiny.onnx").write_bytes(b"anything")

    assert failed_numbers(registry) == [4]
    with pytest.raises(ModelProblem, match="not listed"):
        require_sound_registry(registry)


def test_check_5_finds_a_refused_file_whatever_it_is_called(tmp_path: Path):
    registry = sound_registry(tmp_path / "m")
    (tmp_path / "m" / "harmless.onnx").write_bytes(b"walks")

    assert failed_numbers(registry) == [5]
    with pytest.raises(ModelProblem, match="who walks"):
        require_sound_registry(registry)


@pytest.mark.parametrize(
    "line", ["cv2.FaceDetectorYN.create()", "cv2.CascadeClassifier()", "import dlib", "from insightface import app"]
)
def test_check_6_finds_code_for_faces(tmp_path: Path, line: str):
    (tmp_path / "indexer").mkdir()
    (tmp_path / "indexer" / "x.py").write_text(f"import cv2\n{line}\n")

    found = selfcheck._refused_code(tmp_path)

    assert len(found) == 1
    assert found[0].startswith("indexer/x.py:2 ")


def test_the_programs_own_code_passes_check_6():
    assert selfcheck._refused_code(Path(selfcheck.__file__).parents[1]) == []


def test_the_shipped_registry_starts_on_an_empty_machine(tmp_path: Path):
    require_sound_registry(Registry.load(folder=tmp_path / "none"))
