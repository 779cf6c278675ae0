# SPDX-License-Identifier: Apache-2.0
"""The embedded nets are the listed ones, and each has a card that says what it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import models
from models.errors import ModelProblem
from models.registry import Registry, RegistryEntry
from models.runtime import open_session

FOLDER = Path(models.__file__).parent / "embedded"
ENTRIES = tuple(entry for entry in Registry.load(folder=FOLDER).entries if entry.is_embedded)


def test_every_net_in_the_folder_is_listed_and_every_listed_net_is_there():
    assert {path.name for path in FOLDER.glob("*.onnx")} == {entry.file for entry in ENTRIES}
    assert ENTRIES


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_embedded_file_has_the_listed_digest_and_size(entry: RegistryEntry):
    content = (FOLDER / entry.file).read_bytes()

    assert hashlib.sha256(content).hexdigest() == entry.sha256
    assert len(content) == entry.size_bytes


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_card_beside_a_net_names_its_digest_and_its_teachers(entry: RegistryEntry):
    card = (FOLDER / f"{Path(entry.file).stem}.md").read_text(encoding="utf-8")

    assert entry.sha256 in card
    assert "Teachers" in card
    assert "CC BY" in card


def test_an_altered_embedded_file_is_refused(tmp_path: Path):
    entry = ENTRIES[0]
    content = bytearray((FOLDER / entry.file).read_bytes())
    content[-1] ^= 1
    altered = tmp_path / entry.file
    altered.write_bytes(content)

    with pytest.raises(ModelProblem, match="not the listed one"):
        open_session(altered, expected_sha256=entry.sha256, device="cpu")


def test_an_embedded_net_is_small():
    assert all(entry.size_bytes < 1_500_000 for entry in ENTRIES)
