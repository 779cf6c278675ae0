# SPDX-License-Identifier: Apache-2.0
"""Says in one line each what this machine lacks to install Relecture; uses the standard library alone."""

from __future__ import annotations

import ctypes
import sys

LEAST_PYTHON = (3, 11)
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
"""Shared library to the Debian package that brings it; OpenCV and Qt load them."""


def problems() -> list[str]:
    """One line for every thing that is missing; empty when nothing is."""
    found = []
    if sys.version_info < LEAST_PYTHON:
        found.append(
            f"Python {sys.version.split()[0]} is too old: Relecture needs 3.11 or newer (make PYTHON=python3.11)."
        )
    try:
        import ensurepip  # noqa: F401, PLC0415  # Reason: only asks whether it is there.
        import venv  # noqa: F401, PLC0415  # Reason: as above.
    except ImportError:
        found.append("Python's venv module is missing: apt-get install python3-venv")
    if sys.platform == "linux":
        missing = []
        for library, package in LIBRARIES.items():
            try:
                ctypes.CDLL(library)
            except OSError:
                missing.append(package)
        if missing:
            found.append(f"System libraries are missing: apt-get install {' '.join(sorted(missing))}")
    return found


if __name__ == "__main__":
    lines = problems()
    for line in lines:
        sys.stderr.write(line + "\n")
    sys.exit(1 if lines else 0)
