# SPDX-License-Identifier: Apache-2.0
"""Peak memory of this process, where the system tells."""

from __future__ import annotations

import sys

try:
    import resource
except ImportError:  # Reason: the module does not exist on Windows; the figure is then left out.
    resource = None  # type: ignore[assignment]

__all__ = ["peak_memory_mib"]


def peak_memory_mib() -> float | None:
    """Largest resident size of this process so far, MiB; None if the system does not tell."""
    if resource is None:
        return None
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
