# SPDX-License-Identifier: Apache-2.0
"""Files in the making never lie under their name, never over another's, and do not outlive their maker for long."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import AlreadyThere, StoreProblem, UnreadableInput
from review.drafts import publish, remove_left, temporary_folder_beside, write_new
from review.session import CaseSession

DIES = """
import os, sys
from pathlib import Path
from review.drafts import temporary_folder_beside
with temporary_folder_beside(Path(sys.argv[1])) as folder:
    (folder / "pictures").write_bytes(b"of the case")
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, str(tmp_path / "film.mp4")], check=False)
    assert died.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert (left / "pictures").exists()

    write_new(tmp_path / "other.txt", b"content")

    assert [path.name for path in tmp_path.iterdir()] == ["other.txt"]


def test_what_a_killed_process_left_anywhere_is_removed_where_a_case_is_opened_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, out = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    monkeypatch.setenv("RELECTURE_HOME", str(home))
    subprocess.run([sys.executable, "-c", DIES, str(out / "film.mp4")], check=False)
    with temporary_folder_beside(tmp_path / "mine") as mine:
        assert len(list((home / "drafts").iterdir())) == 2
        with pytest.raises(UnreadableInput):
            CaseSession.open(tmp_path / "no case", operator_id=None, passphrase=None)

        assert list(out.iterdir()) == []
        assert mine.is_dir(), "what is in use stays"
    assert list((home / "drafts").iterdir()) == []


def test_a_note_that_points_elsewhere_removes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home" / "drafts").mkdir(parents=True)
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / ".lock").write_bytes(b"")
    (tmp_path / "home" / "drafts" / ".relecture-x").write_text(str(tmp_path / "evidence"), encoding="utf-8")
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path / "home"))

    remove_left()

    assert (tmp_path / "evidence" / ".lock").exists()


def test_what_is_in_use_is_left_alone(tmp_path: Path) -> None:
    with temporary_folder_beside(tmp_path / "film.mp4") as folder:
        (folder / "pictures").write_bytes(b"in the making")
        write_new(tmp_path / "other.txt", b"content")

        assert (folder / "pictures").read_bytes() == b"in the making"
    assert not folder.exists()


def test_a_folder_of_that_name_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".relecture-notes").mkdir()

    write_new(tmp_path / "other.txt", b"content")

    assert (tmp_path / ".relecture-notes").exists()


def test_names_are_given_to_all_files_or_to_none(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path / "taken").write_bytes(b"another's")

    with pytest.raises(AlreadyThere, match="taken exists already"):
        publish({tmp_path / "a": tmp_path / "free", tmp_path / "b": tmp_path / "taken"})

    assert (tmp_path / "taken").read_bytes() == b"another's"
    assert not (tmp_path / "free").exists()
    assert (tmp_path / "a").exists(), "what is finished is not lost"


def test_a_name_that_cannot_be_given_leaves_no_empty_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"mine")

    with pytest.raises(StoreProblem, match="cannot be written"):
        publish({tmp_path / "b": tmp_path / "one", tmp_path / "missing": tmp_path / "two"})

    assert not (tmp_path / "one").exists() and not (tmp_path / "two").exists()


def test_a_file_that_exists_is_not_written_over(tmp_path: Path) -> None:
    write_new(tmp_path / "list.txt", b"first")

    with pytest.raises(AlreadyThere):
        write_new(tmp_path / "list.txt", b"second")

    assert (tmp_path / "list.txt").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]
