# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the law side: one home with three operators per run, since each costs a scrypt; cases are made afresh."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from review.operators import Quality
from tests.review.law.kit import FakeClock, SoundCase, build_sound_case, new_operator


@pytest.fixture(scope="session")
def operators_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("RELECTURE_HOME")
    os.environ["RELECTURE_HOME"] = str(home)
    try:
        new_operator("martin")
        new_operator("dupont", quality=Quality.APJ)
        new_operator("juge", quality=Quality.MAGISTRAT)
        new_operator("expired", expires=date(2026, 2, 1))
    finally:
        if before is None:
            del os.environ["RELECTURE_HOME"]
        else:
            os.environ["RELECTURE_HOME"] = before
    return home


@pytest.fixture(autouse=True)
def home(operators_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELECTURE_HOME", str(operators_home))
    monkeypatch.delenv("RELECTURE_OPERATOR", raising=False)
    monkeypatch.delenv("RELECTURE_PASSPHRASE", raising=False)
    return operators_home


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sound_case(tmp_path: Path, clock: FakeClock) -> SoundCase:
    return build_sound_case(tmp_path, clock=clock)


@pytest.fixture
def flip() -> Callable[[Path, int], None]:
    """Change one bit of the byte at a position of a file (negative counts from the end)."""

    def change(path: Path, position: int) -> None:
        content = bytearray(path.read_bytes())
        content[position] ^= 1
        path.write_bytes(bytes(content))

    return change
