# SPDX-License-Identifier: Apache-2.0
"""Writes that survive a power cut: temporary file, fsync, replace, fsync of the folder.

An fsync that fails ends the process at once: Linux drops the dirty page and the next fsync then reports success, so
going on would acknowledge a record that is not on the disk.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, NoReturn

from models.errors import StoreProblem

__all__ = ["die_of_failed_fsync", "fsync_file", "fsync_folder", "make_folder", "write_durable"]

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700


def die_of_failed_fsync(path: Path, problem: OSError) -> NoReturn:
    """End the process without running any handler that might believe the write was kept."""
    sys.stderr.write(f"relecture: the disk refused to keep {path} ({problem.strerror}); stopping at once.\n")
    sys.stderr.write("  Check the disk and its cable, then run the same command again.\n")
    sys.stderr.flush()
    os._exit(StoreProblem.exit_code)


def fsync_file(descriptor: int, path: Path) -> None:
    """Flush an open file to the disk, or end the process."""
    try:
        os.fsync(descriptor)
    except OSError as problem:
        die_of_failed_fsync(path, problem)


def fsync_folder(folder: Path) -> None:
    """Make creations, renames and removals inside a folder durable, or end the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fsync_file(descriptor, folder)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, readable by its owner only, durably."""
    missing = [item for item in (folder, *folder.parents) if not item.exists()]
    for item in reversed(missing):
        item.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        fsync_folder(item.parent)


def write_durable(path: Path, content: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Replace a file's content atomically and durably; on failure the former content is still in place.

    Raises:
        StoreProblem: No space, no permission or a broken disk.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        make_folder(path.parent)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            remaining = memoryview(content)
            while remaining:
                remaining = remaining[os.write(descriptor, remaining) :]
            fsync_file(descriptor, temporary)
        finally:
            os.close(descriptor)
        temporary.replace(path)
        fsync_folder(path.parent)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        raise StoreProblem(
            f"Cannot write {path}: {problem.strerror}.", hint="Free some space or check the permissions."
        ) from problem
