# SPDX-License-Identifier: Apache-2.0
"""The light of the street: one soft key light, sky and ground, and how a cloud passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samples.geometry import F32, Mesh
from samples.raster import fill_ids

__all__ = ["LightRig", "cloud_gain", "shadow_map"]

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LightRig:
    """Light of one recording; a white sheet lying flat in it shows about full white.

    Attributes:
        towards_key: Direction from the ground to the key light; need not be a unit vector.
        key_rgb: Irradiance of the key light on a sheet that faces it.
        sky_rgb: Light from above; also the colour of the sky where it is mirrored.
        ground_rgb: Light that the ground sends up.
        house_rgb: Brightness of the houses where they are mirrored.
        zenith_u8: Colour of the sky in the picture.
        soft_m: Half-width of a shadow's blurred edge on the ground.
    """

    towards_key: Rgb = (-0.45, -0.75, 1.15)
    key_rgb: Rgb = (0.62, 0.59, 0.54)
    sky_rgb: Rgb = (0.44, 0.47, 0.51)
    ground_rgb: Rgb = (0.20, 0.19, 0.18)
    house_rgb: Rgb = (0.26, 0.24, 0.22)
    zenith_u8: tuple[int, int, int] = (104, 118, 146)
    soft_m: float = 0.16

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vector towards the key light."""
        vector = np.asarray(self.towards_key, float)
        return np.asarray(vector / np.linalg.norm(vector))

    def packed(self, *, map_origin_m: tuple[float, float] = (0.0, 0.0), map_per_m: float = 1.0) -> F32:
        """(10, 3) float32 for :func:`samples.raster.resolve`.

        Rows: 0 key direction, 1 sky, 2 ground, 3 houses, 4 to 6 axes of the shadow map, 7 its origin and samples
        per metre, 8 softness, 9 key colour.
        """
        light = np.zeros((10, 3), np.float32)
        light[0], light[1], light[2], light[3] = self.direction, self.sky_rgb, self.ground_rgb, self.house_rgb
        light[4:7] = self.map_axes
        light[7] = (*map_origin_m, map_per_m)
        light[8, 0] = self.soft_m
        light[9] = self.key_rgb
        return light

    @property
    def map_axes(self) -> NDArray[np.float64]:
        """(3, 3) rows right, up and forward of a picture taken from the key light."""
        forward = -self.direction
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward])


def shadow_map(
    mesh: Mesh, rig: LightRig, *, centre_m: tuple[float, float], reach_m: float, size: int
) -> tuple[F32, F32]:
    """Depth picture of a scene from the key light, and the light array that refers to it.

    Args:
        mesh: The standing scene.
        rig: Its light.
        centre_m: Point on the ground that the map is centred on.
        reach_m: Half-width of the map.
        size: Samples per side.

    Returns:
        (size, size) float32 distance along the light, large where nothing stands, and the packed light (10, 3).
    """
    axes = rig.map_axes
    origin = axes[:2] @ np.array([*centre_m, 0.0]) - reach_m
    per_m = size / (2 * reach_m)
    along = mesh.points_m @ axes.T.astype(np.float32)
    screen = np.empty((len(along), 3), np.float32)
    screen[:, :2] = (along[:, :2] - origin) * per_m
    screen[:, 2] = 500.0 - along[:, 2]
    ids = np.full((size, size), -1, np.int32)
    nearness = np.zeros((size, size), np.float32)
    fill_ids(screen, mesh.faces, np.zeros(0, np.float32), 0, 0, ids, nearness)
    depth = np.where(ids >= 0, 500.0 - nearness, 1e6).astype(np.float32)
    return depth, rig.packed(map_origin_m=(float(origin[0]), float(origin[1])), map_per_m=per_m)


def cloud_gain(time_s: NDArray[np.floating], *, seed: int) -> NDArray[np.float64]:
    """Slow gain of the whole picture, about 1, as thin clouds pass: between 0.90 and 1.04.

    Recipe: sine waves of 47, 113 and 290 seconds with seeded phases, and a cloud of some 25 seconds every few minutes.
    """
    rng = np.random.default_rng((seed, 77))
    phases = rng.uniform(0, 2 * np.pi, 3)
    period_s = (47.0, 113.0, 290.0)
    drift = sum(np.sin(2 * np.pi * time_s / p + f) for p, f in zip(period_s, phases, strict=True)) * 0.006
    every_s, wide_s = 170.0, 9.0
    middle = rng.uniform(60, 110)
    since = (time_s - middle + every_s / 2) % every_s - every_s / 2
    return np.asarray(1.0 + drift - 0.075 * np.exp(-0.5 * (since / wide_s) ** 2))
