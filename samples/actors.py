# SPDX-License-Identifier: Apache-2.0
"""Who moves through the street: paths, speeds, looks, and where each one is at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from samples.cycles import BICYCLE, MOTORCYCLE, cycle_bones, cycle_model
from samples.gait import pose_bones, standing_limbs, stride_m, walking_limbs
from samples.geometry import F32
from samples.models3d import Model, placement, wheel_bones
from samples.palette import BAG_DYES, CLOTH, PAINT
from samples.persons import Figure, person_model
from samples.street import PAVEMENT_M, PORTAL_X, SQUARE_X
from samples.vehicles import vehicle_model

__all__ = ["KINDS", "Actor", "Handover", "Look", "Place", "model_of"]

KINDS = {
    "person": "person",
    "bicycle": "bicycle",
    "motorcycle": "motorcycle",
    "hatchback": "car",
    "saloon": "car",
    "van": "van",
    "truck": "truck",
    "bus": "bus",
}
"""Shape to class name of the truth."""

STEP_S = 0.04
HALF_BASE_M = {
    "person": 0.25,
    "bicycle": 0.53,
    "motorcycle": 0.68,
    "hatchback": 1.26,
    "saloon": 1.37,
    "van": 1.67,
    "truck": 2.3,
    "bus": 3.2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Looks of an actor; colours are keys of :mod:`samples.palette`.

    Attributes:
        shape: A key of :data:`KINDS`.
        paint: Vehicle or machine colour; empty for a person on foot.
        upper, lower: Clothes of a person or rider; empty for four-wheelers.
        bag: ``none``, ``backpack``, ``handbag`` or ``suitcase``.
        bag_dye: Its colour.
        height_m, hair, is_long_hair, is_long_coat, build: The figure.
    """

    shape: str
    paint: str = ""
    upper: str = ""
    lower: str = ""
    bag: str = "none"
    bag_dye: str = "black"
    height_m: float = 1.75
    hair: tuple[int, int, int] = (58, 42, 32)
    skin: tuple[int, int, int] = (205, 160, 132)
    is_long_hair: bool = False
    is_long_coat: bool = False
    build: float = 1.0

    @property
    def class_name(self) -> str:
        """Class of the truth."""
        return KINDS[self.shape]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A bag that changes hands: the giver holds it until ``at_s`` (reference seconds), the other after."""

    at_s: float
    is_giver: bool
    bag: str
    bag_dye: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an actor is at one moment."""

    x_m: float
    y_m: float
    z_m: float
    heading_rad: float
    distance_m: float
    speed_m_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Way:
    """A rounded path ``xy_m`` by ``arc_m``, and distance and speed every STEP_S."""

    xy_m: NDArray[np.float64]
    arc_m: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    speed_m_s: NDArray[np.float64]


@lru_cache(maxsize=4096)
def _way_of(
    path_m: tuple[tuple[float, float], ...], speed_m_s: float, stops: tuple[tuple[float, float], ...], is_on_foot: bool
) -> _Way:
    xy, arc = _rounded(path_m, radius_m=0.8 if is_on_foot else 3.2)
    distance, speed = _progress(float(arc[-1]), speed_m_s, stops, brake_m_s2=0.9 if is_on_foot else 1.8)
    return _Way(xy_m=xy, arc_m=arc, distance_m=distance, speed_m_s=speed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One actor on one path.

    Attributes:
        actor_id: Name that is the same in all cameras of a set.
        look: Looks.
        path_m: Corner points (x, y) of the way; corners are rounded.
        start_s: Reference second at which the actor sets out.
        speed_m_s: Cruising speed.
        stops: (distance along the path, seconds) where the actor waits.
        handover: A bag that changes hands, or None.
        faces: Point (x, y) that the actor turns to while waiting, or None.
    """

    actor_id: str
    look: Look
    path_m: tuple[tuple[float, float], ...]
    start_s: float
    speed_m_s: float
    stops: tuple[tuple[float, float], ...] = ()
    handover: Handover | None = None
    faces: tuple[float, float] | None = None

    def way(self) -> _Way:
        """Rounded path, and distance and speed every 0.04 s."""
        return _way_of(self.path_m, self.speed_m_s, self.stops, self.look.shape == "person")

    @property
    def length_m(self) -> float:
        """Length of the rounded path."""
        return float(self.way().arc_m[-1])

    @property
    def end_s(self) -> float:
        """Reference second at which the actor is gone."""
        return self.start_s + (len(self.way().distance_m) - 1) * STEP_S

    def distance_at(self, time_s: float) -> tuple[float, float]:
        """Metres along the path and speed at a reference second within the actor's time."""
        way = self.way()
        at = (time_s - self.start_s) / STEP_S
        steps = np.arange(len(way.distance_m))
        return float(np.interp(at, steps, way.distance_m)), float(np.interp(at, steps, way.speed_m_s))

    def place_at(self, time_s: float) -> Place | None:
        """Where the actor is, or None before and after its time."""
        if not self.start_s <= time_s <= self.end_s:
            return None
        distance, speed = self.distance_at(time_s)
        half = HALF_BASE_M[self.look.shape]
        (fx, fy), (rx, ry) = self._point(distance + half), self._point(distance - half)
        heading = float(np.arctan2(fy - ry, fx - rx))
        x, y = (fx + rx) / 2, (fy + ry) / 2
        if self.faces is not None:
            wanted = float(np.arctan2(self.faces[1] - y, self.faces[0] - x))
            turn = (wanted - heading + np.pi) % (2 * np.pi) - np.pi
            heading += turn * max(0.0, 1.0 - speed / (0.6 * self.speed_m_s))
        z = (_ground_z(fx, fy) + _ground_z(rx, ry)) / 2
        return Place(x_m=x, y_m=y, z_m=z, heading_rad=heading, distance_m=distance, speed_m_s=speed)

    def _point(self, distance_m: float) -> tuple[float, float]:
        way = self.way()
        arc, xy = way.arc_m, way.xy_m
        if distance_m < 0:
            d = (xy[1] - xy[0]) / np.linalg.norm(xy[1] - xy[0])
            return float(xy[0, 0] + d[0] * distance_m), float(xy[0, 1] + d[1] * distance_m)
        if distance_m > arc[-1]:
            d = (xy[-1] - xy[-2]) / np.linalg.norm(xy[-1] - xy[-2])
            over = distance_m - arc[-1]
            return float(xy[-1, 0] + d[0] * over), float(xy[-1, 1] + d[1] * over)
        return float(np.interp(distance_m, arc, xy[:, 0])), float(np.interp(distance_m, arc, xy[:, 1]))

    def bag_at(self, time_s: float) -> str:
        """Bag that the actor carries at a reference second."""
        if self.handover is None:
            return self.look.bag
        holds = (time_s < self.handover.at_s) == self.handover.is_giver
        return self.handover.bag if holds else "none"

    def drawn_at(self, time_s: float) -> tuple[Model, F32, Place] | None:
        """Model, bones in world metres and place at a reference second, or None when absent."""
        place = self.place_at(time_s)
        if place is None:
            return None
        bag = self.bag_at(time_s)
        dye = self.handover.bag_dye if self.handover is not None else self.look.bag_dye
        model = model_of(self.look, bag, dye)
        root = placement(place.x_m, place.y_m, place.z_m, place.heading_rad)
        if self.look.shape == "person":
            return model, self._walking(place, root, bag, time_s), place
        if self.look.shape in ("bicycle", "motorcycle"):
            machine = BICYCLE if self.look.shape == "bicycle" else MOTORCYCLE
            return model, cycle_bones(machine, root, place.distance_m, height_m=self.look.height_m), place
        return model, wheel_bones(model, root, place.distance_m), place

    def _walking(self, place: Place, root: F32, bag: str, time_s: float) -> F32:
        share = min(1.0, place.speed_m_s / self.speed_m_s)
        if share > 0.02:
            phase = place.distance_m / stride_m(self.speed_m_s, self.look.height_m)
            limbs = walking_limbs(phase, share**0.7, bag=bag)
        else:
            reach = 0.0
            if self.handover is not None:
                reach = float(np.exp(-(((time_s - self.handover.at_s) / 0.9) ** 4)))
            limbs = standing_limbs(time_s, reach=reach, bag=bag, seed=sum(map(ord, self.actor_id)))
        return pose_bones(limbs, root=root, height_m=self.look.height_m)


def _rounded(
    points_m: tuple[tuple[float, float], ...], *, radius_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A path with round corners, and arc length at each of its points."""
    points = np.array(points_m, float)
    line = [points[0]]
    for before, corner, after in zip(points[:-2], points[1:-1], points[2:], strict=True):
        a, b = before - corner, after - corner
        la, lb = np.linalg.norm(a), np.linalg.norm(b)
        cut = min(radius_m, 0.45 * la, 0.45 * lb)
        p, q = corner + a / la * cut, corner + b / lb * cut
        for t in np.linspace(0, 1, 9):
            line.append((1 - t) ** 2 * p + 2 * t * (1 - t) * corner + t * t * q)
    line.append(points[-1])
    xy = np.array(line)
    return xy, np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])


def _progress(
    length_m: float, speed_m_s: float, stops: tuple[tuple[float, float], ...], *, brake_m_s2: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance and speed every 0.04 s: cruising, braking before each stop, waiting, setting off again."""
    distance, speed, s, v = [0.0], [speed_m_s], 0.0, speed_m_s
    waiting, pending = 0.0, list(stops)
    while s < length_m:
        if waiting > 0:
            waiting -= STEP_S
            v = 0.0
        else:
            limit = speed_m_s
            if pending:
                left = pending[0][0] - s
                limit = min(limit, float(np.sqrt(2 * brake_m_s2 * max(left, 0.0))))
                if left < 0.02:
                    waiting = pending.pop(0)[1]
                    limit = 0.0
            v = min(limit, v + brake_m_s2 * STEP_S)
            v = max(v, 0.03 if waiting <= 0 else 0.0)
        s += v * STEP_S
        distance.append(s)
        speed.append(v if waiting <= 0 else 0.0)
    return np.array(distance), np.array(speed)


def _ground_z(x: float, y: float) -> float:
    """Height of the ground under a point; kerbs are climbed over 0.3 m."""

    def rise(edge: float, value: float) -> float:
        t = min(max((value - edge) / 0.3 + 0.5, 0.0), 1.0)
        return t * t * (3 - 2 * t) * PAVEMENT_M

    if y < 0:
        if 95.2 < x < 103.0:
            return 0.0
        return rise(3.3, -y) if not PORTAL_X[0] < x < PORTAL_X[1] else min(PAVEMENT_M, 0.04 * max(0.0, -y - 3.3))
    return rise(3.3 if x > SQUARE_X[0] else 5.4, y)


@lru_cache(maxsize=256)
def model_of(look: Look, bag: str, bag_dye: str) -> Model:
    """The model of a look with a bag; built once per process."""
    if look.shape in ("person", "bicycle", "motorcycle"):
        is_biker = look.shape == "motorcycle"
        figure = Figure(
            upper_rgb=CLOTH[look.upper].rgb,
            lower_rgb=CLOTH[look.lower].rgb,
            bag="none" if is_biker else bag,
            bag_rgb=PAINT[look.paint].rgb if is_biker else BAG_DYES[bag_dye].rgb,
            hair_rgb=look.hair,
            skin_rgb=look.skin,
            height_m=look.height_m,
            build=look.build,
            is_long_coat=look.is_long_coat,
            is_long_hair=look.is_long_hair,
            has_helmet=is_biker,
        )
        if look.shape == "person":
            return person_model(figure)
        return cycle_model(BICYCLE if look.shape == "bicycle" else MOTORCYCLE, PAINT[look.paint].rgb, figure)
    return vehicle_model(look.shape, PAINT[look.paint].rgb)
