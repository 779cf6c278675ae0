# SPDX-License-Identifier: Apache-2.0
"""A thing that can be drawn: its mesh, its surfaces, and rigid parts that move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samples.geometry import F32, Mesh
from samples.materials import SurfaceTable

__all__ = ["Model", "placement", "wheel_bones"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """A thing that can be drawn.

    Attributes:
        mesh: Its triangles; bone 0 is the body.
        surfaces: Its colours and textures.
        axles: (x, radius) of each axle, metres; axle i is bone 1 + i.
    """

    mesh: Mesh
    surfaces: SurfaceTable
    axles: tuple[tuple[float, float], ...] = ()


def placement(x_m: float, y_m: float, z_m: float, heading_rad: float) -> F32:
    """(3, 4) transform of a body that stands at a point and faces a heading (0 is +x, counter-clockwise)."""
    c, s = np.cos(heading_rad), np.sin(heading_rad)
    return np.array([[c, -s, 0, x_m], [s, c, 0, y_m], [0, 0, 1, z_m]], np.float32)


def wheel_bones(model: Model, root: F32, distance_m: float) -> F32:
    """(1 + axles, 3, 4) bones of a vehicle that has rolled a distance, in world metres."""
    bones = np.empty((1 + len(model.axles), 3, 4), np.float32)
    bones[0] = root
    for number, (x, radius) in enumerate(model.axles, start=1):
        a = distance_m / radius
        c, s = np.cos(a), np.sin(a)
        turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        bones[number, :, :3] = root[:, :3] @ turn
        bones[number, :, 3] = root[:, :3] @ np.array([x, 0, radius]) + root[:, 3]
    return bones
