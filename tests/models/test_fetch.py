# SPDX-License-Identifier: Apache-2.0
"""Fetching is asked for by name, checked before it is kept, and never falls back on anything."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import IO

import pytest

from models import fetch
from models._registry_file import entry_from_table
from models.errors import EnvironmentProblem, ModelProblem
from models.fetch import fetch_model
from models.registry import Registry
from tests.models.tiny_net import entry_table, identity_net

ADDRESS = "https://example.org/tiny.onnx"


def registry_in(folder: Path, **changes: object) -> Registry:
    table = entry_table(identity_net(), **{"download": ADDRESS, **changes})
    return Registry([entry_from_table(table, is_embedded=False)], folder=folder)


def sending(content: bytes, asked: list[str] | None = None):
    def open_(address: str, /) -> contextlib.AbstractContextManager[IO[bytes]]:
        if asked is not None:
            asked.append(address)
        return contextlib.closing(io.BytesIO(content))

    return open_


def test_the_listed_file_is_fetched_from_its_author_and_kept(tmp_path: Path):
    registry, asked, seen = registry_in(tmp_path), [], []

    entry = fetch_model(
        registry,
        "tiny-net",
        opener=sending(identity_net(), asked),
        on_progress=lambda received, expected: seen.append((received, expected)),
    )

    assert asked == [ADDRESS]
    assert seen[-1] == (entry.size_bytes, entry.size_bytes)
    assert registry.open("tiny-net").sha256 == entry.sha256


def test_another_file_of_the_same_length_is_refused_and_not_kept(tmp_path: Path):
    content = bytearray(identity_net())
    content[-1] ^= 1

    with pytest.raises(ModelProblem, match="not listed"):
        fetch_model(registry_in(tmp_path / "m"), "tiny-net", opener=sending(bytes(content)))

    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("content", [b"", b"short", identity_net() * 100])
def test_a_file_of_another_length_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(ModelProblem, match="bytes long"):
        fetch_model(registry_in(tmp_path / "m"), "tiny-net", opener=sending(content))

    assert not (tmp_path / "m").exists()


def test_a_network_that_fails_is_the_machines_trouble(tmp_path: Path):
    def failing(address: str, /) -> contextlib.AbstractContextManager[IO[bytes]]:
        raise OSError("no route")

    with pytest.raises(EnvironmentProblem, match="no route") as caught:
        fetch_model(registry_in(tmp_path), "tiny-net", opener=failing)

    assert "models import" in caught.value.hint


def test_a_model_without_a_direct_address_says_where_to_look(tmp_path: Path):
    registry = registry_in(tmp_path, download="", obtaining="Ask the author.")

    with pytest.raises(ModelProblem, match="Ask the author") as caught:
        fetch_model(registry, "tiny-net", opener=sending(b""))

    assert "https://example.org/tiny" in caught.value.hint


def test_an_embedded_model_is_not_fetched(tmp_path: Path):
    entry = entry_from_table(entry_table(identity_net()), is_embedded=True)

    with pytest.raises(ModelProblem, match="ships with"):
        fetch_model(Registry([entry], folder=tmp_path), "tiny-net")


def test_only_https_is_opened_and_followed():
    with pytest.raises(OSError, match="not https"):
        fetch._open_https("http://example.org/tiny.onnx")
    with pytest.raises(OSError, match="redirected"):
        fetch._HttpsOnly().redirect_request(None, io.BytesIO(), 302, "", {}, "http://example.org/x")
