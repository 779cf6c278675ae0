# SPDX-License-Identifier: Apache-2.0
"""How many processes this machine can well run at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["usable_processors"]


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
    """Memory that can be taken without swapping; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
