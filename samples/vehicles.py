# SPDX-License-Identifier: Apache-2.0
"""Cars, vans, lorries and buses as models whose wheels turn."""

from __future__ import annotations

import numpy as np

from samples.bodies import BODIES, Body
from samples.bodywork import body_mesh, paint_surfaces
from samples.geometry import Mesh, box, combine, disc, moved, ring
from samples.materials import TEXTURE_CHANNELS, Surfaces
from samples.models3d import Model

__all__ = ["vehicle_model"]

Rgb8 = tuple[int, int, int]


def _rim_texture(*, n_spokes: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A wheel seen from the side: tyre, rim, spokes, hub."""
    size = 96
    y, x = np.mgrid[0:size, 0:size] / (size - 1) * 2 - 1
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    spoke = 0.5 + 0.5 * np.cos(angle * n_spokes)
    texture = np.zeros((size, size, TEXTURE_CHANNELS), np.uint8)
    texture[..., :3] = 26
    rim = radius < 0.68
    light = np.where(radius < 0.16, 120, np.where(radius > 0.6, 150, 46 + 118 * np.clip(spoke * 2 - 0.75, 0, 1)))
    texture[rim, :3] = light[rim].astype(np.uint8)[:, None]
    texture[rim, 4] = 90
    return texture


def _wheels(
    body: Body, surfaces: Surfaces, *, first_bone: int, n_spokes: int
) -> tuple[list[Mesh], list[tuple[float, float]]]:
    """Tyres and rims of each axle; each axle is one bone whose origin is its centre."""
    tyre = surfaces.add((24, 24, 26), grain=0.1)
    rim = surfaces.add(texture=surfaces.add_texture(_rim_texture(n_spokes=n_spokes), texels_per_m=70))
    meshes: list[Mesh] = []
    r = body.wheel_m
    for number, _ in enumerate(body.axles):
        for side in (-1, 1):
            y = side * (body.width_m / 2 - 0.10)
            meshes.append(ring((0, y, 0), r, r * 0.28, material=tyre, width_m=0.12).with_bone(first_bone + number))
            meshes.append(
                disc((0, y + side * 0.105, 0), r * 0.93, material=rim, towards=side).with_bone(first_bone + number)
            )
    return meshes, [(x, r) for x in body.axles]


def _mirrors(body: Body, material: int) -> list[Mesh]:
    x = body.doors[0] - 0.12
    return [
        box((x, side * (body.width_m / 2 + 0.06), body.belt_m + 0.07), (0.10, 0.16, 0.13), material=material)
        for side in (-1, 1)
    ]


def vehicle_model(kind: str, paint_rgb: Rgb8, *, stripe_rgb: Rgb8 | None = None) -> Model:
    """A vehicle in a paint.

    Args:
        kind: ``hatchback``, ``saloon``, ``van``, ``truck`` or ``bus``.
        paint_rgb: Body colour; a lorry's box has it, its cab too.
        stripe_rgb: Colour of a band along the flanks, or None.
    """
    surfaces = Surfaces()
    stripe = (*stripe_rgb, 0, 120, 0) if stripe_rgb is not None else None
    under = surfaces.add((14, 14, 15))
    trim = surfaces.add((30, 31, 33), gloss=0.3)
    names = ("cab", "cargo") if kind == "truck" else (kind,)
    parts: list[Mesh] = []
    axles: list[tuple[float, float]] = []
    for name in names:
        body = BODIES[name]
        flank, sweep = paint_surfaces(surfaces, body, paint_rgb, stripe=stripe if name != "cab" else None)
        parts.append(body_mesh(body, flank=flank, sweep=sweep))
        xs = [x for x, _ in body.outline]
        middle, depth = (max(xs) + min(xs)) / 2, body.length_m - 0.3
        parts.append(box((middle, 0, body.sill_m + 0.05), (depth, body.width_m * 0.86, 0.2), material=under))
        wheels, found = _wheels(
            body, surfaces, first_bone=1 + len(axles), n_spokes=5 if kind in ("hatchback", "saloon") else 8
        )
        parts += wheels
        axles += found
        if name != "cargo" and body.windows:
            parts += _mirrors(body, trim)
    if kind == "truck":
        parts.append(box((-0.9, 0, 0.66), (5.2, 0.9, 0.22), material=under))
        parts += [
            box((-3.5, side * 0.9, 0.62), (0.1, 0.4, 0.14), material=surfaces.add((170, 16, 18), gloss=0.5, glow=0.3))
            for side in (-1, 1)
        ]
    if kind == "bus":
        parts.append(moved(box((0, 0, 0), (5.0, 1.5, 0.22), material=surfaces.add((205, 206, 204))), (-1.0, 0, 3.12)))
        sign = surfaces.add((250, 170, 40), glow=0.8)
        parts.append(box((5.93, 0, 2.78), (0.06, 1.3, 0.2), material=sign))
    return Model(mesh=combine(parts), surfaces=surfaces.table(), axles=tuple(axles))
