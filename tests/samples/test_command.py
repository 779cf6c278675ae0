# SPDX-License-Identifier: Apache-2.0
"""``python -m samples``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from samples.__main__ import main


def test_help_names_every_option() -> None:
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    for option in (
        "--out",
        "--minutes",
        "--activity",
        "--seed",
        "--size",
        "--cameras",
        "--vfr",
        "--cbr",
        "--night",
        "--no-clock",
    ):
        assert option in result.stdout


def test_a_set_is_made_and_told_as_json(tmp_path: Path) -> None:
    arguments = [
        "--out",
        str(tmp_path / "set"),
        "--minutes",
        "0.02",
        "--size",
        "320x240",
        "--cameras",
        "1",
        "--jobs",
        "1",
        "--vfr",
        "none",
    ]

    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert [item["camera"] for item in told["files"]] == ["cam-rue"]
    assert Path(told["truth"]).is_file()


@pytest.mark.parametrize(
    ("option", "value", "words"), [("--size", "wide", "WIDTHxHEIGHT"), ("--cameras", "cam-moon", "cameras are some of")]
)
def test_a_wrong_option_is_refused_with_a_reason(tmp_path: Path, option: str, value: str, words: str) -> None:
    result = CliRunner().invoke(main, ["--out", str(tmp_path / "set"), option, value])

    assert result.exit_code == 2
    assert words in result.stderr
