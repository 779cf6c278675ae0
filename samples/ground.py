# SPDX-License-Identifier: Apache-2.0
"""The ground: asphalt with its markings, slabs, setts and kerbs, drawn with cv2 from a seed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.bodywork import draw_shape
from samples.facades import mottled

__all__ = ["ROAD_PER_M", "road_texture", "setts_texture", "slabs_texture"]

ROAD_PER_M = 40
Texture = NDArray[np.uint8]
WHITE = (214, 213, 208, 0, 0, 0)


def _grained(texture: Texture, seed: int, amount: float) -> None:
    """Add single-texel grit, as broken stone shows in asphalt."""
    rng = np.random.default_rng((seed, 3))
    grit = rng.standard_normal(texture.shape[:2]).astype(np.float32)
    texture[..., :3] = np.clip(texture[..., :3] * (1 + amount * grit[..., None]), 0, 255).astype(np.uint8)


def road_texture(
    x0_m: float,
    x1_m: float,
    y0_m: float,
    y1_m: float,
    *,
    crossings_m: tuple[float, ...],
    bay_y_m: float,
    bay_x1_m: float,
    seed: int,
) -> Texture:
    """A straight road seen from above; columns run along x, rows from y0 upwards.

    Args:
        x0_m: West end.
        x1_m: East end.
        y0_m: South edge.
        y1_m: North edge.
        crossings_m: x of the middle of each zebra crossing.
        bay_y_m: y where the parking bays begin; they end at ``bay_x1_m`` along the road.
        bay_x1_m: x where the last bay ends.
        seed: Seed of stains, patches and cracks.
    """
    rng = np.random.default_rng((seed, 21))
    width, height = round((x1_m - x0_m) * ROAD_PER_M), round((y1_m - y0_m) * ROAD_PER_M)
    texture = mottled(height, width, (98, 98, 99), seed=seed, amount=0.07)
    _grained(texture, seed, 0.085)

    def area(xa: float, xb: float, ya: float, yb: float, colour: tuple[int, ...]) -> None:
        x, y = np.array([xa, xb, xb, xa]) - x0_m, np.array([ya, ya, yb, yb]) - y0_m
        draw_shape(texture, np.stack([x, y], 1) * ROAD_PER_M, colour)

    lane = np.exp(
        -((((np.arange(height) / ROAD_PER_M + y0_m)[:, None] - np.array([-2.45, -0.9, 0.9, 2.45])) / 0.33) ** 2)
    ).sum(1)
    texture[..., :3] = (texture[..., :3] * (1 + 0.05 * lane[:, None, None]).clip(0, 1.1)).clip(0, 255).astype(np.uint8)
    for _ in range(26):
        x, y = rng.uniform(x0_m, x1_m), rng.uniform(y0_m, y1_m - 1.5)
        tone = int(rng.uniform(74, 92))
        area(x, x + rng.uniform(1.0, 6.0), y, y + rng.uniform(0.6, 1.6), (tone, tone, tone + 1, 0, 0, 0))
    _grained(texture, seed + 1, 0.05)
    cracks = np.zeros((height, width), np.uint8)
    for _ in range(40):
        start = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        steps = np.cumsum(rng.normal(0, 9, (30, 2)) + rng.normal(0, 6, 2), axis=0)
        cv2.polylines(cracks, [(start + steps).astype(np.int32)], False, 255, 1, cv2.LINE_AA)
    texture[cracks > 0, :3] = (texture[cracks > 0, :3] * (1 - 0.28 * (cracks[cracks > 0, None] / 255.0))).astype(
        np.uint8
    )
    for x in np.arange(x0_m + 1, x1_m, 4.33):
        if min((abs(x + 1.5 - c) for c in crossings_m), default=99) > 4.0:
            area(x, x + 3.0, -0.06, 0.06, WHITE)
    for centre in crossings_m:
        for y in np.arange(-3.0, 3.0, 1.0):
            area(centre - 1.6, centre + 1.6, y, y + 0.5, WHITE)
        area(centre - 2.6, centre - 2.25, -3.2, -0.15, WHITE)
        area(centre + 2.25, centre + 2.6, 0.15, 3.2, WHITE)
    for x in np.arange(x0_m, bay_x1_m, 5.4):
        area(x, x + 0.1, bay_y_m, y1_m, WHITE)
    area(x0_m, bay_x1_m, bay_y_m - 0.05, bay_y_m + 0.05, WHITE)
    for x, y in ((8.0, 0.8), (27.5, -1.4), (-34.0, 0.6), (66.0, 1.1), (-12.0, -0.7), (82.0, -1.0)):
        around = np.linspace(0, 2 * np.pi, 40)
        ring = np.stack([(x - x0_m + 0.36 * np.cos(around)), (y - y0_m + 0.36 * np.sin(around))], 1) * ROAD_PER_M
        draw_shape(texture, ring, (70, 68, 66, 0, 60, 0))
    worn = mottled(height, width, (128, 128, 128), seed=seed + 9, amount=0.5)[..., :1].astype(np.float32) / 128
    bright = texture[..., :1] > 150
    texture[..., :3] = np.where(bright, texture[..., :3] * np.clip(worn, 0.72, 1.0), texture[..., :3]).astype(np.uint8)
    return texture


def slabs_texture(
    *, seed: int, per_m: int = 50, side_m: float = 6.0, slab_m: tuple[float, float] = (0.75, 0.5)
) -> Texture:
    """A square of pavement slabs in broken bond, which tiles."""
    rng = np.random.default_rng((seed, 31))
    size = round(side_m * per_m)
    texture = mottled(size, size, (150, 147, 141), seed=seed, amount=0.05)
    _grained(texture, seed, 0.035)
    rows, columns = round(side_m / slab_m[1]), round(side_m / slab_m[0])
    for row in range(rows):
        y = row * slab_m[1] * per_m
        shift = (row % 2) * slab_m[0] / 2 * per_m
        for column in range(columns + 1):
            x = column * slab_m[0] * per_m - shift
            xa, xb, ya, yb = (
                max(0, round(x)),
                min(size, round(x + slab_m[0] * per_m)),
                round(y),
                round(y + slab_m[1] * per_m),
            )
            if xb <= xa:
                continue
            tint = rng.normal(1.0, 0.045)
            texture[ya:yb, xa:xb, :3] = np.clip(texture[ya:yb, xa:xb, :3] * tint, 0, 255).astype(np.uint8)
            texture[ya:yb, xa : xa + 1, :3] = (texture[ya:yb, xa : xa + 1, :3] * 0.68).astype(np.uint8)
        texture[round(y) : round(y) + 1, :, :3] = (texture[round(y) : round(y) + 1, :, :3] * 0.68).astype(np.uint8)
    spots = np.zeros((size, size), np.uint8)
    for _ in range(50):
        column, row, r = (int(v) for v in rng.integers((6, 6, 1), (size - 6, size - 6, 3)))
        cv2.circle(spots, (column, row), r, 255, -1, cv2.LINE_AA)
    texture[..., :3] = (texture[..., :3] * (1 - 0.22 * spots[..., None] / 255.0)).astype(np.uint8)
    return texture


def setts_texture(*, seed: int, per_m: int = 50, side_m: float = 4.0) -> Texture:
    """A square of large paving in two greys with darker bands, which tiles."""
    texture = slabs_texture(seed=seed, per_m=per_m, side_m=side_m, slab_m=(0.4, 0.4))
    texture[..., :3] = np.clip(texture[..., :3].astype(np.float32) * (1.0, 0.97, 0.91), 0, 255).astype(np.uint8)
    band = round(0.4 * per_m)
    texture[:band, :, :3] = (texture[:band, :, :3] * 0.76).astype(np.uint8)
    texture[:, :band, :3] = (texture[:, :band, :3] * 0.76).astype(np.uint8)
    return texture
