# SPDX-License-Identifier: Apache-2.0
"""A pinhole camera that hangs on a wall of the street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samples.geometry import F32

__all__ = ["Camera"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Where a camera hangs and where it looks.

    Attributes:
        name: Camera identifier, for example ``cam-rue``.
        eye_m: Position.
        target_m: A point on the optical axis.
        hfov_deg: Horizontal field of view.
        size_wh_px: Picture size.
    """

    name: str
    eye_m: tuple[float, float, float]
    target_m: tuple[float, float, float]
    hfov_deg: float
    size_wh_px: tuple[int, int]

    @property
    def axes(self) -> F32:
        """(3, 3) rows right, down, forward in world axes."""
        forward = np.subtract(self.target_m, self.eye_m)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward]).astype(np.float32)

    def lens(self, samples_per_pixel: int = 1) -> F32:
        """(3,) focal length and image centre, in samples."""
        width, height = self.size_wh_px
        focal = width / 2 / np.tan(np.deg2rad(self.hfov_deg) / 2)
        return (np.array([focal, width / 2, height / 2]) * samples_per_pixel).astype(np.float32)

    def project(self, points_m: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N, 3) pixel x, y and depth in metres of world points; a depth below zero lies behind the camera."""
        local = (np.asarray(points_m, float) - self.eye_m) @ self.axes.T.astype(float)
        focal, cx, cy = self.lens().astype(float)
        depth = local[:, 2]
        safe = np.where(depth > 0.05, depth, 0.05)
        return np.stack([cx + focal * local[:, 0] / safe, cy + focal * local[:, 1] / safe, depth], 1)
