# SPDX-License-Identifier: Apache-2.0
"""How many processes this machine can well run at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["usable_processors"]

GROUPS: Final = Path("/sys/fs/cgroup")
OWN_GROUP: Final = Path("/proc/self/cgroup")


def usable_processors(bytes_each: int = 0) -> int:
    """Processors that this process may use, but no more than there is free memory for; at least one.

    Args:
        bytes_each: Memory that each process takes; 0 leaves memory out of account.
    """
    # Why: on a shared machine a program is often given some processors only, which the plain count does not say.
    n = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    free = _free_bytes()
    return max(1, n if bytes_each <= 0 or free is None else min(n, free // bytes_each))


def _free_bytes() -> int | None:
    """Memory that this process may still take without swapping; None where the system does not tell."""
    found = [amount for amount in (_free_of_machine(), *_free_of_groups(GROUPS, OWN_GROUP)) if amount is not None]
    return min(found, default=None)


def _free_of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _free_of_groups(groups: Path, own_group: Path) -> tuple[int, ...]:
    """What the control groups leave that this process is in, its own and those around it; none where there are none."""
    try:
        lines = own_group.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError):
        return ()
    inside = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if inside is None:
        return ()
    folder = groups / inside
    found = [_free_of_group(place) for place in (folder, *folder.parents) if place.is_relative_to(groups)]
    return tuple(amount for amount in found if amount is not None)


def _free_of_group(folder: Path) -> int | None:
    try:
        most = (folder / "memory.max").read_text(encoding="ascii").strip()
        taken = int((folder / "memory.current").read_text(encoding="ascii"))
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    if most == "max":
        return None
    # Why: pages of files count as taken, and are given back as soon as somebody asks for memory.
    files = sum(int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "active_file ")))
    return max(0, int(most) - taken + files)
