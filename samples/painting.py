# SPDX-License-Identifier: Apache-2.0
"""Compiled loops that put drawn things, shadows and time into a YUV 4:2:0 picture (BT.601, limited range)."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["blend", "darken", "drop_shadow"]

Array = Any  # Reason: numba compiles from the arrays it meets; their shapes are in each docstring.


@numba.njit(cache=True, error_model="numpy")
def drop_shadow(
    world: Array,
    direction: Array,
    ground_z: float,
    max_height: float,
    eye: Array,
    axes: Array,
    lens: Array,
    screen: Array,
) -> None:
    """Project vertices along a direction on the level ground, then into the picture.

    Args:
        world: (N, 3) metres.
        direction: (3,) towards the light.
        ground_z: Height of the ground.
        max_height: Vertices higher above the ground than this are dropped (1/depth 0).
        eye: (3,) camera position.
        axes: (3, 3) rows right, down, forward.
        lens: (3,) focal length and centre, pixels.
        screen: (N, 3) pixel x, y and 1/depth, written.
    """
    for i in range(world.shape[0]):
        rise = world[i, 2] - ground_z
        screen[i, 2] = 0.0
        if rise > max_height:
            continue
        t = max(rise, 0.0) / direction[2]
        dx = world[i, 0] - t * direction[0] - eye[0]
        dy = world[i, 1] - t * direction[1] - eye[1]
        dz = ground_z - eye[2]
        depth = axes[2, 0] * dx + axes[2, 1] * dy + axes[2, 2] * dz
        if depth < 0.25:
            continue
        screen[i, 0] = lens[1] + lens[0] * (axes[0, 0] * dx + axes[0, 1] * dy + axes[0, 2] * dz) / depth
        screen[i, 1] = lens[2] + lens[0] * (axes[1, 0] * dx + axes[1, 1] * dy + axes[1, 2] * dz) / depth
        screen[i, 2] = 1.0 / depth


@numba.njit(cache=True, error_model="numpy")
def darken(luma: Array, ground_lit: Array, mask: Array, x0: int, y0: int, strength: float, needs_key: bool) -> None:
    """Darken the ground of a picture under a soft mask, in place.

    Args:
        luma: (H, W) uint8.
        ground_lit: (H, W) uint8, 0 where no ground is seen, else share of key light.
        mask: (h, w) float32, 0 to 1.
        x0: Column of its corner.
        y0: Row of its corner.
        strength: Share of the picture grey that a full shadow takes.
        needs_key: Shadow of the key light: it falls only where that light arrives.
    """
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            lit = ground_lit[y0 + y, x0 + x]
            if lit == 0 or mask[y, x] <= 0.004:
                continue
            share = strength * mask[y, x]
            if needs_key:
                share *= lit / 255.0
            grey = luma[y0 + y, x0 + x]
            luma[y0 + y, x0 + x] = np.uint8(16.0 + (grey - 16.0) * (1.0 - share) + 0.5)


@numba.njit(cache=True, error_model="numpy")
def blend(luma: Array, cb: Array, cr: Array, rgba: Array, x0: int, y0: int) -> None:
    """Lay a drawn thing over a picture, in place.

    Args:
        luma: (H, W) uint8.
        cb: (H/2, W/2) uint8.
        cr: (H/2, W/2) uint8.
        rgba: (h, w, 4) float32: colour 0 to 255, already multiplied by alpha, and alpha 0 to 1.
        x0: Even column of the upper left corner; w is even.
        y0: Even row of it; h is even.
    """
    for y in range(0, rgba.shape[0], 2):
        for x in range(0, rgba.shape[1], 2):
            total = rgba[y, x, 3] + rgba[y, x + 1, 3] + rgba[y + 1, x, 3] + rgba[y + 1, x + 1, 3]
            if total <= 0.004:
                continue
            u, v = 0.0, 0.0
            for k in range(4):
                yy, xx = y + (k >> 1), x + (k & 1)
                r, g, b, a = rgba[yy, xx, 0], rgba[yy, xx, 1], rgba[yy, xx, 2], rgba[yy, xx, 3]
                grey = luma[y0 + yy, x0 + xx] * (1.0 - a) + 16.0 * a + 0.257 * r + 0.504 * g + 0.098 * b
                luma[y0 + yy, x0 + xx] = np.uint8(min(grey + 0.5, 254.0))
                u += 128.0 * a - 0.148 * r - 0.291 * g + 0.439 * b
                v += 128.0 * a + 0.439 * r - 0.368 * g - 0.071 * b
            hy, hx = (y0 + y) >> 1, (x0 + x) >> 1
            rest = 1.0 - 0.25 * total
            cb[hy, hx] = np.uint8(cb[hy, hx] * rest + 0.25 * u + 0.5)
            cr[hy, hx] = np.uint8(cr[hy, hx] * rest + 0.25 * v + 0.5)
