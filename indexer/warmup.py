# SPDX-License-Identifier: Apache-2.0
"""Compiles the per-pixel loops before a process enters the sandbox, where the compiler's cache cannot be written."""

from __future__ import annotations

import numpy as np
from numba.core.caching import NullCache
from numba.core.registry import CPUDispatcher

from indexer import _kernels
from indexer.background import estimate_background
from indexer.motion import ADAPT_EVERY, MotionModel

__all__ = ["compile_kernels"]


def compile_kernels() -> None:
    """Load or compile every loop for the arrays that pictures give, and let go of the cache on disk.

    A loop that meets another kind of array later is still compiled, in memory.
    """
    pictures = [np.full((96, 96, 3), 40 + i, np.uint8) for i in range(4)]
    model = MotionModel(estimate_background(pictures))
    picture = pictures[0].copy()
    picture[4:12, 4:12] = 200
    # Why: the scene follows the light at every fifth picture only.
    for _ in range(ADAPT_EVERY):
        model.blobs(model.foreground(picture))
    _ = model.empty_scene_bgr_u8
    for loop in vars(_kernels).values():
        if isinstance(loop, CPUDispatcher):
            vars(loop)["_cache"] = NullCache()
