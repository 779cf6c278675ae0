# SPDX-License-Identifier: Apache-2.0
"""Typed door to numba: kernels compile once per machine and are kept, so that the command starts quickly."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

__all__ = ["kernel"]

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of arrays and numbers; exact arithmetic, no fast-math, so that results repeat."""
    return cast(Callable[P, R], njit(cache=True, fastmath=False, nogil=True)(function))
