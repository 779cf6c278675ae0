# SPDX-License-Identifier: Apache-2.0
"""Files in the making: in a folder beside their place, which goes away, and never put over a file that is there.

What a killed process left is removed by whoever makes the next file in that place, and by whoever opens a case next on
this workstation: these folders lie outside the case and may hold pictures of it.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from models.errors import AlreadyThere, StoreProblem
from review.home import home_folder

if sys.platform != "win32":
    import fcntl

__all__ = ["publish", "remove_left", "temporary_folder_beside", "write_new"]

PREFIX: Final = ".relecture-"
LOCK: Final = ".lock"


@contextmanager
def temporary_folder_beside(path: Path) -> Iterator[Path]:
    """A folder beside a file to be made, gone afterwards with whatever is in it.

    Raises:
        StoreProblem: It cannot be made there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path.parent)
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=path.parent, ignore_cleanup_errors=True)
        held = _hold(Path(folder.name))
    except OSError as problem:
        raise StoreProblem(
            f"{path.parent} cannot be written: {problem.strerror}.", hint="Choose another folder."
        ) from problem
    with folder as name, held, _noted(Path(name)):
        yield Path(name)


def remove_left() -> None:
    """Remove what killed processes of this workstation left, wherever they wrote; call where a case is opened."""
    for note in _notes().glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, UnicodeError):
            folder = Path(note.read_text(encoding="utf-8"))
            # Why: a note that was tampered with must not make us remove anything else.
            if folder.name == note.name:
                _remove_if_dead(folder / LOCK)
            if not folder.exists():
                note.unlink()


def publish(files: Mapping[Path, Path]) -> None:
    """Give finished files their names: all of them, or none.

    Args:
        files: Finished file to the name that it takes, on one disk.

    Raises:
        AlreadyThere: Something has one of the names; it is left as it is.
        StoreProblem: A name cannot be given.
    """
    claimed: list[Path] = []
    try:
        for path in files.values():
            # Why: only the system can tell two processes apart that want one name at the same moment.
            path.open("xb").close()
            claimed.append(path)
        for made, path in files.items():
            made.replace(path)
    except BaseException as problem:
        for path in claimed:
            path.unlink(missing_ok=True)
        if isinstance(problem, FileExistsError):
            raise AlreadyThere(
                f"{problem.filename} exists already.", hint="Choose another name; nothing is overwritten."
            ) from problem
        if isinstance(problem, OSError):
            raise StoreProblem(
                f"{problem.filename} cannot be written: {problem.strerror}.", hint="Choose another folder."
            ) from problem
        raise


def write_new(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet, whole or not at all.

    Raises:
        AlreadyThere: Something has that name.
        StoreProblem: The disk is full or the folder cannot be written.
    """
    with temporary_folder_beside(path) as folder:
        made = folder / "made"
        try:
            made.write_bytes(content)
        except OSError as problem:
            raise StoreProblem(f"{path} cannot be written: {problem.strerror}.", hint="Check the disk.") from problem
        publish({made: path})


def _hold(folder: Path) -> IO[bytes]:
    """Mark a folder as in use, for as long as the file that is returned stays open: the system lets go of the dead."""
    draft = folder / f"{LOCK}.new"
    held = draft.open("wb")
    if sys.platform != "win32":
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Why: under its name the lock is always held, so nobody takes a folder that is just being made for a dead one.
        draft.rename(folder / LOCK)
    return held


def _clear(parent: Path) -> None:
    """Remove folders whose makers are dead."""
    if sys.platform == "win32":
        return
    for lock_path in parent.glob(f"{PREFIX}*/{LOCK}"):
        _remove_if_dead(lock_path)


def _remove_if_dead(lock_path: Path) -> None:
    if sys.platform == "win32":
        return
    # Why: one in use, or another's and not ours to remove, stays; what is being done goes on all the same.
    with contextlib.suppress(OSError), lock_path.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock_path.parent)


@contextmanager
def _noted(folder: Path) -> Iterator[None]:
    """Note where a folder lies for as long as it does, so that it is found after a kill; none without a home."""
    note = _notes() / folder.name
    if home_folder().is_dir():
        with contextlib.suppress(OSError):
            note.parent.mkdir(exist_ok=True, mode=0o700)
            note.write_text(str(folder.absolute()), encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)


def _notes() -> Path:
    return home_folder() / "drafts"
