# SPDX-License-Identifier: Apache-2.0
"""Says in the type what OpenCV's stubs leave open: the result is the dtype that went in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["f32", "u8"]


def u8(image: NDArray[Any]) -> NDArray[np.uint8]:
    """The array as uint8; a view where it is one already."""
    return np.asarray(image, np.uint8)


def f32(values: NDArray[Any]) -> NDArray[np.float32]:
    """The array as float32; a view where it is one already."""
    return np.asarray(values, np.float32)
