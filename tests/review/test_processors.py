# SPDX-License-Identifier: Apache-2.0
"""How many processes are started where a program was given less than the machine has."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from review import processors
from review.processors import usable_processors


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A control group inside another, without limits."""
    folder = tmp_path / "groups" / "user.slice" / "relecture"
    folder.mkdir(parents=True)
    (tmp_path / "own").write_text("0::/user.slice/relecture\n", encoding="ascii")
    monkeypatch.setattr(processors, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(processors, "OWN_GROUP", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(processors, "_free_of_machine", lambda: 64 << 30)
    limit(folder, most="max", taken=0)
    return folder


def limit(folder: Path, *, most: str, taken: int, files: int = 0) -> None:
    (folder / "memory.max").write_text(f"{most}\n", encoding="ascii")
    (folder / "memory.current").write_text(f"{taken}\n", encoding="ascii")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {files}\nactive_file 0\n", encoding="ascii")


def test_as_many_as_the_program_may_use_where_memory_suffices(group: Path) -> None:
    assert usable_processors() == usable_processors(1 << 30) == 8


def test_a_limit_of_memory_of_the_group_or_of_one_around_it_is_kept_to(group: Path) -> None:
    limit(group, most=str(6 << 30), taken=1 << 30)
    assert usable_processors(1 << 30) == 5

    limit(group.parent, most=str(3 << 30), taken=2 << 30)
    assert usable_processors(1 << 30) == 1


def test_memory_that_only_holds_files_can_be_had(group: Path) -> None:
    limit(group, most=str(6 << 30), taken=5 << 30, files=3 << 30)

    assert usable_processors(1 << 30) == 4


def test_one_is_always_started(group: Path) -> None:
    limit(group, most=str(1 << 20), taken=2 << 20)

    assert usable_processors(1 << 30) == 1


def test_a_system_without_groups_tells_by_the_machine_alone(group: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "OWN_GROUP", group / "missing")
    monkeypatch.setattr(processors, "_free_of_machine", lambda: 2 << 30)

    assert usable_processors(1 << 30) == 2
