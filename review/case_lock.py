# SPDX-License-Identifier: Apache-2.0
"""The lock of the one process that may write to a case; it names its holder and ends with its process."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Final

from models.errors import CaseBusy, StoreProblem
from review.audit.clock import Clock, format_moment

__all__ = ["LOCK_FILE", "take_writer_lock"]

LOCK_FILE: Final = "lock"
MAX_STAMP_BYTES: Final = 4096


def take_writer_lock(folder: Path, operator_id: str, clock: Clock) -> int:
    """Take the lock of a case folder; gives the descriptor that holds it until it is closed.

    Raises:
        CaseBusy: Names the process, operator and time of who holds it.
        StoreProblem: The lock file cannot be made or written.
    """
    path = folder / LOCK_FILE
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise StoreProblem(f"Cannot lock the case: {path}: {problem.strerror}.", hint="Check permissions.") from problem
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        holder = os.pread(descriptor, MAX_STAMP_BYTES, 0)
        os.close(descriptor)
        raise CaseBusy(
            f"The case is open for writing elsewhere: {_holder_text(holder)}.",
            hint="Wait for it to end, or close the window that holds it.",
        ) from problem
    stamp = {"pid": os.getpid(), "operator": operator_id, "since": format_moment(clock.now().utc)}
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(stamp).encode(), 0)
    except OSError as problem:
        os.close(descriptor)
        raise StoreProblem(
            f"Cannot lock the case: {path}: {problem.strerror}.", hint="Free some space or check the disk."
        ) from problem
    return descriptor


def _holder_text(content: bytes) -> str:
    try:
        stamp = json.loads(content)
        return f"process {stamp['pid']}, operator {stamp['operator']}, since {stamp['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
