# SPDX-License-Identifier: Apache-2.0
"""House fronts: plaster or brick, windows with shutters, doors, shop fronts, drawn with cv2 from a seed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.materials import TEXTURE_CHANNELS

__all__ = ["FACADE_PER_M", "WALLS", "facade_texture", "garage_texture", "mottled"]

FACADE_PER_M = 36
Rgb8 = tuple[int, int, int]
Texture = NDArray[np.uint8]

WALLS: tuple[Rgb8, ...] = (
    (196, 184, 160),
    (206, 200, 188),
    (178, 158, 132),
    (188, 176, 166),
    (160, 140, 122),
    (212, 202, 176),
    (170, 166, 160),
    (184, 150, 126),
)
SHUTTERS: tuple[Rgb8, ...] = ((96, 110, 118), (112, 122, 98), (122, 98, 82), (170, 168, 160), (86, 92, 106))
AWNINGS: tuple[Rgb8, ...] = ((120, 58, 52), (58, 78, 70), (66, 70, 96), (142, 126, 92), (74, 70, 68))


def mottled(height: int, width: int, rgb: Rgb8, *, seed: int, amount: float = 0.06, gloss: int = 0) -> Texture:
    """A plain surface with stains of three sizes and a fine grain."""
    rng = np.random.default_rng((seed, 5))
    stains = np.zeros((height, width), np.float32)
    for cell, weight in ((160, 0.45), (40, 0.3), (9, 0.15), (1, 0.30)):
        rough = rng.standard_normal((max(2, height // cell + 2), max(2, width // cell + 2))).astype(np.float32)
        stains += weight * cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = np.array(rgb, np.float32) * (1 + amount * stains[..., None])
    texture = np.zeros((height, width, TEXTURE_CHANNELS), np.uint8)
    texture[..., :3] = np.clip(picture, 0, 255).astype(np.uint8)
    texture[..., 4] = gloss
    return texture


def _rectangle(texture: Texture, x0: float, y0: float, x1: float, y1: float, colour: tuple[int, ...]) -> None:
    """Fill a rectangle given in metres from the upper left corner."""
    left, top, right, bottom = (max(0, round(value * FACADE_PER_M)) for value in (x0, y0, x1, y1))
    texture[top : max(bottom, top + 1), left : max(right, left + 1)] = colour


def _window(
    texture: Texture, x: float, y: float, w: float, h: float, *, shutter: Rgb8 | None, rng: np.random.Generator
) -> None:
    """A window with its upper left corner at (x, y), metres."""
    frame = (222, 218, 208, 0, 30, 0)
    _rectangle(texture, x - 0.14, y - 0.14, x + w + 0.14, y + h + 0.08, (206, 200, 190, 0, 0, 0))
    _rectangle(texture, x - 0.02, y - 0.06, x + w + 0.02, y + h, (60, 56, 52, 0, 0, 0))
    if rng.random() < 0.22:
        _rectangle(texture, x, y, x + w, y + h, (232, 196, 132, 0, 90, 46))
    else:
        _rectangle(texture, x, y, x + w, y + h, (34, 40, 46, 0, 235, 0))
    if rng.random() < 0.5:
        pale = (150, 148, 142, 0, 120, 0)
        _rectangle(texture, x, y, x + w * 0.26, y + h, pale)
        _rectangle(texture, x + w * 0.74, y, x + w, y + h, pale)
    for line in (0.0, 0.47, 0.95):
        _rectangle(texture, x + w * line, y, x + w * (line + 0.055), y + h, frame)
    for line in (0.0, 0.33, 0.97):
        _rectangle(texture, x, y + h * line, x + w, y + h * line + 0.05, frame)
    _rectangle(texture, x - 0.18, y + h, x + w + 0.18, y + h + 0.09, (214, 210, 202, 0, 0, 0))
    _rectangle(texture, x - 0.16, y + h + 0.09, x + w + 0.16, y + h + 0.14, (96, 90, 84, 0, 0, 0))
    if shutter is not None:
        for left in (x - 0.16 - w * 0.48, x + w + 0.16):
            _rectangle(texture, left, y - 0.04, left + w * 0.48, y + h + 0.02, (*shutter, 0, 20, 0))
            for k in range(9):
                line = y + h * (k + 0.5) / 9
                _rectangle(
                    texture,
                    left + 0.05,
                    line,
                    left + w * 0.48 - 0.05,
                    line + 0.03,
                    (*(int(v * 0.7) for v in shutter), 0, 0, 0),
                )


def _shop(texture: Texture, width_m: float, height_m: float, rng: np.random.Generator) -> None:
    """A shop front over the ground floor."""
    awning = AWNINGS[rng.integers(len(AWNINGS))]
    top = height_m - 3.3
    _rectangle(texture, 0.35, top, width_m - 0.35, height_m, (*(int(v * 0.62) for v in awning), 0, 40, 0))
    _rectangle(texture, 0.45, top + 0.08, width_m - 0.45, top + 0.55, (*awning, 0, 40, 6))
    letters = rng.uniform(0.12, 0.3, 12)
    at = width_m / 2 - letters.sum() * 0.62
    for letter in letters:
        _rectangle(texture, at, top + 0.2, at + letter, top + 0.44, (226, 220, 200, 0, 0, 20))
        at += letter * 1.25
    _rectangle(texture, 0.6, top + 0.75, width_m - 0.6, height_m - 0.55, (44, 48, 50, 0, 220, 6))
    for _ in range(9):
        x, w, h = rng.uniform(0.7, width_m - 1.4), rng.uniform(0.25, 0.7), rng.uniform(0.3, 1.1)
        rgb = tuple(int(v) for v in rng.uniform(60, 170, 3))
        _rectangle(texture, x, height_m - 0.6 - h, x + w, height_m - 0.6, (*rgb, 0, 170, 4))
    for x in np.arange(0.6, width_m - 0.5, (width_m - 1.2) / 3):
        _rectangle(texture, x, top + 0.7, x + 0.08, height_m - 0.5, (58, 56, 54, 0, 30, 0))
    _rectangle(texture, width_m * 0.44, top + 0.85, width_m * 0.44 + 0.95, height_m - 0.05, (40, 44, 46, 0, 200, 4))


def facade_texture(width_m: float, height_m: float, *, seed: int, is_shop: bool) -> Texture:
    """The front of a house, upper left corner first.

    Recipe: mottled plaster, darker towards the street, a plinth, one row of windows per 3 m, string courses, a cornice,
    stains below the sills; the ground floor is a shop or has a door and windows.
    """
    rng = np.random.default_rng((seed, 11))
    wall = WALLS[rng.integers(len(WALLS))]
    height, width = round(height_m * FACADE_PER_M), round(width_m * FACADE_PER_M)
    texture = mottled(height, width, wall, seed=seed, amount=0.05)
    dirt = np.clip(np.linspace(-1.2, 1.0, height), 0, 1)[:, None, None] * 0.16
    texture[..., :3] = (texture[..., :3] * (1 - dirt)).astype(np.uint8)
    shutter = SHUTTERS[rng.integers(len(SHUTTERS))] if rng.random() < 0.65 else None
    floors = int((height_m - 3.4) // 2.9)
    n_windows = max(1, int(width_m // 2.6))
    pitch = width_m / n_windows
    pale: tuple[int, ...] = (*(min(255, int(v * 1.08)) for v in wall), 0, 0, 0)
    for floor in range(floors):
        y = height_m - 3.4 - 2.9 * floor - 2.25
        for k in range(n_windows):
            _window(texture, pitch * (k + 0.5) - 0.5, y, 1.0, 1.55, shutter=shutter, rng=rng)
        _rectangle(texture, 0, y + 2.0, width_m, y + 2.12, pale)
    _rectangle(texture, 0, 0, width_m, 0.28, pale)
    _rectangle(texture, 0, 0.28, width_m, 0.40, (*(int(v * 0.6) for v in wall), 0, 0, 0))
    if is_shop:
        _shop(texture, width_m, height_m, rng)
    else:
        for k in range(n_windows):
            x = pitch * (k + 0.5) - 0.5
            if k == n_windows // 2:
                door = SHUTTERS[rng.integers(len(SHUTTERS))]
                _rectangle(texture, x - 0.15, height_m - 2.65, x + 1.15, height_m, (200, 194, 184, 0, 0, 0))
                _rectangle(
                    texture, x, height_m - 2.5, x + 1.0, height_m - 0.02, (*(int(v * 0.7) for v in door), 0, 40, 0)
                )
                for top in (2.35, 1.2):
                    _rectangle(
                        texture,
                        x + 0.12,
                        height_m - top,
                        x + 0.88,
                        height_m - top + 0.95,
                        (*(int(v * 0.55) for v in door), 0, 40, 0),
                    )
            else:
                _window(texture, x, height_m - 2.45, 1.0, 1.45, shutter=None, rng=rng)
        _rectangle(texture, 0, height_m - 0.5, width_m, height_m, (*(int(v * 0.72) for v in wall), 0, 0, 0))
    _rectangle(texture, width_m - 0.16, 0.3, width_m - 0.07, height_m, (118, 116, 112, 0, 40, 0))
    return texture


def garage_texture(width_m: float, height_m: float, *, seed: int) -> Texture:
    """The wall around a car-park entrance: concrete, with a sign band and hazard marks beside the opening."""
    texture = mottled(
        round(height_m * FACADE_PER_M), round(width_m * FACADE_PER_M), (150, 148, 142), seed=seed, amount=0.08
    )
    for x in np.arange(0, width_m, 2.4):
        _rectangle(texture, x, 0, x + 0.03, height_m, (112, 110, 106, 0, 0, 0))
    for y in np.arange(1.2, height_m, 1.5):
        _rectangle(texture, 0, y, width_m, y + 0.03, (120, 118, 114, 0, 0, 0))
    _rectangle(texture, 1.2, height_m - 3.55, width_m - 1.2, height_m - 2.95, (26, 70, 140, 0, 60, 20))
    _rectangle(
        texture, width_m / 2 - 0.2, height_m - 3.47, width_m / 2 + 0.2, height_m - 3.03, (236, 238, 240, 0, 20, 24)
    )
    return texture
