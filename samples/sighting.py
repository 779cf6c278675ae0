# SPDX-License-Identifier: Apache-2.0
"""When an actor can be seen by a camera, estimated a few times a second without drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from samples.actors import Actor
from samples.backdrop import HIDING_SS
from samples.camera import Camera
from samples.compose import MIN_HEIGHT_PX
from samples.geometry import F32

__all__ = ["PER_S", "Lookout"]

PER_S = 5
_HALF_LENGTH_M = {
    "person": 0.3,
    "bicycle": 0.9,
    "motorcycle": 1.0,
    "hatchback": 2.0,
    "saloon": 2.2,
    "van": 2.6,
    "truck": 3.5,
    "bus": 6.0,
}
_HEIGHT_M = {
    "person": 1.75,
    "bicycle": 1.8,
    "motorcycle": 1.6,
    "hatchback": 1.48,
    "saloon": 1.45,
    "van": 2.25,
    "truck": 2.95,
    "bus": 3.0,
}


class Lookout:
    """Remembers when each actor can be seen by each camera.

    Args:
        cameras: Cameras by name.
        nearness: Depth of each camera's standing scene, see :class:`samples.backdrop.Backdrop`.
        length_s: Reference seconds that are recorded, from 0.
    """

    def __init__(self, cameras: Mapping[str, Camera], nearness: Mapping[str, F32], length_s: float) -> None:
        self._cameras = dict(cameras)
        self._nearness = dict(nearness)
        self._n = int(np.ceil(length_s * PER_S))
        self._known: dict[tuple[Actor, str], tuple[NDArray[np.bool_], NDArray[np.bool_]]] = {}

    def seen(self, actor: Actor, camera: str) -> NDArray[np.bool_]:
        """(length * PER_S,) True where some point of the actor is in the picture and not hidden."""
        return self._look(actor, camera)[0]

    def near(self, actor: Actor, camera: str, first_s: float, last_s: float) -> bool:
        """True when the actor may show in the picture, or in its margin, between two reference seconds."""
        a, b = int(first_s * PER_S) - PER_S, int(last_s * PER_S) + PER_S + 1
        return bool(self._look(actor, camera)[1][max(a, 0) : max(b, 0)].any())

    def share_seen(self, actors: Sequence[Actor]) -> float:
        """Share of time in which some actor is seen, mean over the cameras."""
        shares = []
        for camera in self._cameras:
            seen = np.zeros(self._n, bool)
            for actor in actors:
                seen |= self.seen(actor, camera)
            shares.append(float(seen.mean()) if self._n else 0.0)
        return float(np.mean(shares)) if shares else 0.0

    def _look(self, actor: Actor, name: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        key = (actor, name)
        if key in self._known:
            return self._known[key]
        seen, near = np.zeros(self._n, bool), np.zeros(self._n, bool)
        camera = self._cameras[name]
        half, height = _HALF_LENGTH_M[actor.look.shape], _HEIGHT_M[actor.look.shape]
        for step in range(max(0, int(actor.start_s * PER_S)), min(self._n, int(actor.end_s * PER_S) + 1)):
            place = actor.place_at(step / PER_S)
            if place is None:
                continue
            c, s = np.cos(place.heading_rad) * half, np.sin(place.heading_rad) * half
            points = [
                (place.x_m + k * c, place.y_m + k * s, place.z_m + f * height)
                for k in (-1, -0.5, 0, 0.5, 1)
                for f in (0.15, 0.6, 0.97)
            ]
            seen[step], near[step] = self._points_seen(camera, self._nearness[name], np.array(points))
        self._known[key] = (seen, near)
        return seen, near

    @staticmethod
    def _points_seen(camera: Camera, nearness: F32, points_m: NDArray[np.float64]) -> tuple[bool, bool]:
        width, height = camera.size_wh_px
        x, y, depth = camera.project(points_m).T
        margin = 0.2 * width
        front = depth > 0.3
        near = bool((front & (x > -margin) & (x < width + margin) & (y > -margin) & (y < height + margin)).any())
        inside = front & (x >= 0) & (x < width) & (y >= 0) & (y < height)
        if not inside.any() or y[front].max() - y[front].min() < MIN_HEIGHT_PX * 0.8:
            return False, near
        rows, columns = (y[inside] * HIDING_SS).astype(int), (x[inside] * HIDING_SS).astype(int)
        return bool((1.0 / depth[inside] >= nearness[rows, columns] * 0.985).any()), near
