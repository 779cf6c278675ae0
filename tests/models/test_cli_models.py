# SPDX-License-Identifier: Apache-2.0
"""``relecture models``: results on stdout, the rest on stderr, and exit codes that tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from models import registry as registry_module
from models._registry_file import entry_from_table
from models.errors import ModelProblem
from models.registry import Registry
from review.cli import models as command_module
from review.cli.models import command
from tests.models.tiny_net import digest_of, entry_table, identity_net


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and a registry of one tiny net."""
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))
    entry = entry_from_table(entry_table(identity_net()), is_embedded=False)
    monkeypatch.setattr(
        command_module.Registry,
        "load",
        classmethod(lambda cls: Registry([entry], folder=registry_module.models_folder())),
    )
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def delivered(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_list_tells_what_is_there_and_what_could_be(home: Path):
    before = run("list", "--json")
    run("import", str(delivered(home / "usb", "x.onnx", identity_net())))
    after = run("list", "--json")

    assert json.loads(before.stdout)["models"][0]["state"] == "not imported"
    entry = json.loads(after.stdout)["models"][0]
    assert (entry["state"], entry["sha256"], entry["role"]) == ("imported", digest_of(identity_net()), "detector")
    assert "tiny-net@1" in run("list").stdout


def test_an_import_says_so_on_stderr_and_prints_no_result(home: Path):
    result = run("import", str(delivered(home / "usb", "x.onnx", identity_net())))

    assert (result.exit_code, result.stdout) == (0, "")
    assert (home / "models" / "tiny.onnx").read_bytes() == identity_net()


def test_a_named_file_that_is_refused_ends_with_findings_or_with_the_machines_code(home: Path):
    good = delivered(home / "usb", "x.onnx", identity_net())
    bad = delivered(home / "usb", "y.onnx", b"who knows")

    assert run("import", str(good), str(bad)).exit_code == 1
    alone = run("import", str(bad))
    assert isinstance(alone.exception, ModelProblem)
    assert alone.exception.exit_code == 23


def test_a_folder_is_imported_as_far_as_it_is_listed(home: Path):
    delivered(home / "usb", "x.onnx", identity_net())
    delivered(home / "usb", "y.onnx", b"who knows")

    assert run("import", str(home / "usb")).exit_code == 0


def test_check_passes_and_fails_with_numbered_checks(home: Path):
    run("import", str(delivered(home / "usb", "x.onnx", identity_net())))
    sound = run("check", "--json")
    delivered(home / "models", "stranger.onnx", b"who knows")
    unsound = run("check", "--json")

    assert (sound.exit_code, json.loads(sound.stdout)["sound"]) == (0, True)
    assert unsound.exit_code == 1
    failed = [item["number"] for item in json.loads(unsound.stdout)["checks"] if item["outcome"] == "failed"]
    assert failed == [4]
    assert "stranger.onnx" in run("check").stdout


def test_fetch_of_a_model_without_an_address_says_why(home: Path):
    result = run("fetch", "tiny-net")

    assert isinstance(result.exception, ModelProblem)
    assert "publishes no file" in result.exception.message
