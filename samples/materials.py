# SPDX-License-Identifier: Apache-2.0
"""Colours, surfaces and texture pictures, packed the way the renderer reads them.

A texture has six channels of 8 bits: red, green, blue, paint, gloss, glow. Paint is the share of the material's own
colour that shows there, so one drawing of a car serves every paint.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.geometry import F32
from samples.shading import MATERIAL_COLUMNS

__all__ = ["TEXTURE_CHANNELS", "SurfaceTable", "Surfaces", "linear"]

TEXTURE_CHANNELS = 6
N_LEVELS = 7


def linear(rgb_u8: tuple[int, int, int]) -> tuple[float, float, float]:
    """Linear-light reflectance of an 8-bit picture colour (square law, as the textures use).

    >>> linear((255, 0, 0))
    (1.0, 0.0, 0.0)
    """
    r, g, b = ((value / 255.0) ** 2 for value in rgb_u8)
    return r, g, b


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceTable:
    """What the renderer reads.

    Attributes:
        rows: (K, MATERIAL_COLUMNS) float32.
        texels: (T,) uint8, all levels of all textures.
        levels: (n_textures, N_LEVELS, 4) int32: offset, width, height, texels per metre at full size.
    """

    rows: F32
    texels: NDArray[np.uint8]
    levels: NDArray[np.int32]


@dataclass(slots=True)
class Surfaces:
    """Collects surfaces and textures while a model is built."""

    _rows: list[list[float]] = field(default_factory=list)
    _textures: list[tuple[NDArray[np.uint8], float]] = field(default_factory=list)

    def add(
        self,
        rgb_u8: tuple[int, int, int] = (255, 255, 255),
        *,
        gloss: float = 0.0,
        grain: float = 0.0,
        grain_per_m: float = 8.0,
        texture: int = -1,
        glow: float = 0.0,
    ) -> int:
        """A surface; returns its number. ``grain`` is the amplitude of its mottling, ``grain_per_m`` its fineness."""
        row = [*linear(rgb_u8), gloss, grain, grain_per_m, float(texture), glow, 0.0]
        assert len(row) == MATERIAL_COLUMNS
        self._rows.append(row)
        return len(self._rows) - 1

    def add_texture(self, picture: NDArray[np.uint8], *, texels_per_m: float) -> int:
        """A (H, W, 6) texture picture; returns its number."""
        assert picture.ndim == 3 and picture.shape[2] == TEXTURE_CHANNELS and picture.dtype == np.uint8
        self._textures.append((picture, texels_per_m))
        return len(self._textures) - 1

    def table(self) -> SurfaceTable:
        """Pack all surfaces, with halved copies of each texture for distance."""
        parts: list[NDArray[np.uint8]] = []
        levels = np.zeros((max(1, len(self._textures)), N_LEVELS, 4), np.int32)
        offset = 0
        for number, (picture, texels_per_m) in enumerate(self._textures):
            current = picture
            for level in range(N_LEVELS):
                height, width = current.shape[:2]
                levels[number, level] = (offset, width, height, round(texels_per_m))
                parts.append(np.ascontiguousarray(current).ravel())
                offset += current.size
                size = (max(1, width // 2), max(1, height // 2))
                halves = [cv2.resize(current[..., k : k + 3], size, interpolation=cv2.INTER_AREA) for k in (0, 3)]
                current = np.concatenate([half.reshape(size[1], size[0], 3) for half in halves], axis=2)
        texels = np.concatenate(parts) if parts else np.zeros(TEXTURE_CHANNELS, np.uint8)
        return SurfaceTable(rows=np.array(self._rows, np.float32), texels=texels, levels=levels)
