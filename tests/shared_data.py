# SPDX-License-Identifier: Apache-2.0
"""Finds recordings and weights kept beside the checkout: tests skip without them at a desk and fail in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["shared_path"]


def shared_path(*parts: str) -> Path:
    """Path below ``../shared``; skips the test at a desk when it is missing, fails it where ``CI`` is set."""
    path = Path(__file__).resolve().parents[2].joinpath("shared", *parts)
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {'/'.join(parts)} in ../shared")
        # Reason: the footage and weights are not part of the repository; a desk may lack them.
        pytest.skip(f"no ../shared/{'/'.join(parts)} on this machine")
    return path
