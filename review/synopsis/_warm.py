# SPDX-License-Identifier: Apache-2.0
"""Compiles the loops of painting before a process enters the sandbox, where the compiler's cache cannot be written."""

from __future__ import annotations

import sys
from typing import Final

import numpy as np
from numba.core.caching import NullCache
from numba.core.registry import CPUDispatcher

from review.synopsis._pixels import PlainPixels
from review.synopsis._planes import PicturePlanes
from review.synopsis.backdrop import empty_scene, frame_gains
from review.synopsis.lettering import Letterer
from review.synopsis.silhouette import cut_patch

__all__ = ["OURS", "compile_loops", "warm_up"]

OURS: Final = ("review.synopsis.", "indexer.")
"""Packages whose loops may be met while painting."""


def compile_loops() -> None:
    """Load or compile every loop for the arrays that painting gives; costs little where that is done."""
    picture = np.full((192, 256, 3), 90, np.uint8)
    # Why: large enough that exposure is measured and not taken to be unknown.
    scene = empty_scene([picture] * 3)
    picture[14:36, 22:44] = 220
    box, rivals = np.array([16, 8, 48, 40], np.float32), np.array([[40, 8, 60, 40]], np.float32)
    gains = frame_gains(PlainPixels(picture), scene)
    patch = cut_patch(PlainPixels(picture), box, scene, gains, shift_px=(0.0, 0.0), rivals_xyxy_px=rivals)
    letterer = Letterer((64, 48))
    letterer.write(picture, letterer.tag("0"), (2, 2))
    PicturePlanes((64, 48)).renew(picture, [(0, 0, 64, 48)])
    assert patch.is_silhouette


def warm_up() -> None:
    """Have every loop compiled, and let go of the cache on disk."""
    compile_loops()
    for name, module in sorted(sys.modules.items()):
        if name.startswith(OURS):
            for loop in vars(module).values():
                if isinstance(loop, CPUDispatcher):
                    vars(loop)["_cache"] = NullCache()
