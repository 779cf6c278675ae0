# SPDX-License-Identifier: Apache-2.0
"""What happens: a fixed script for the first minutes, then seeded passes until the wanted activity is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from samples.actors import Actor, Handover, Look
from samples.routes import FOOT_ROUTES, MEETING_POINT, ROAD_ROUTES

__all__ = ["collide", "fill", "scripted"]

BLOND, BROWN, GREY_HAIR, BLACK_HAIR = (168, 128, 74), (70, 48, 34), (140, 138, 134), (28, 24, 22)


def _walker(actor_id: str, route: str, start_s: float, look: Look, speed_m_s: float = 1.45) -> Actor:
    return Actor(actor_id=actor_id, look=look, path_m=FOOT_ROUTES[route], start_s=start_s, speed_m_s=speed_m_s)


def _driver(actor_id: str, route: str, start_s: float, look: Look, speed_m_s: float = 10.0) -> Actor:
    return Actor(actor_id=actor_id, look=look, path_m=ROAD_ROUTES[route], start_s=start_s, speed_m_s=speed_m_s)


def _person(upper: str, lower: str, bag: str = "none", bag_dye: str = "black", **more: object) -> Look:
    return replace(Look(shape="person", upper=upper, lower=lower, bag=bag, bag_dye=bag_dye), **more)  # type: ignore[arg-type]  # Reason: fields of Look by name.


def _meeting(start_s: float) -> tuple[Actor, Actor]:
    """Two persons who meet in the square; one hands the other a bag, both go back the way they came."""
    x, y = MEETING_POINT
    giver_out = ((59.5, -14.0), (59.4, 4.6), (x + 0.30, y - 0.20))
    taker_out = ((36.0, 7.4), (50.0, 8.6), (x - 0.30, y + 0.20))
    giver = Actor(
        actor_id="p-giver",
        look=_person("brown", "black", hair=GREY_HAIR),
        path_m=giver_out + giver_out[-2::-1],
        start_s=start_s,
        speed_m_s=1.5,
    )
    taker = Actor(
        actor_id="p-taker",
        look=_person("white", "denim", hair=BLOND, is_long_hair=True, height_m=1.68),
        path_m=taker_out + taker_out[-2::-1],
        start_s=start_s,
        speed_m_s=1.45,
    )
    arrivals = [start_s + actor.length_m / 2 / actor.speed_m_s + 1.0 for actor in (giver, taker)]
    handed_s, parting_s = max(arrivals) + 3.5, max(arrivals) + 8.0
    return (
        replace(
            giver,
            stops=((giver.length_m / 2, parting_s - arrivals[0]),),
            faces=(x - 0.4, y + 0.26),
            handover=Handover(at_s=handed_s, is_giver=True, bag="handbag", bag_dye="red"),
        ),
        replace(
            taker,
            stops=((taker.length_m / 2, parting_s + 1.0 - arrivals[1]),),
            faces=(x + 0.4, y - 0.26),
            handover=Handover(at_s=handed_s, is_giver=False, bag="handbag", bag_dye="red"),
        ),
    )


def scripted() -> tuple[tuple[Actor, ...], ...]:
    """Groups of actors in the order of their time; each group fills one busy stretch of about 200 seconds in all."""
    dark_jacket = _person("black", "denim", "backpack", "light", hair=BROWN, height_m=1.80)
    return (
        (_driver("v-red-hatchback", "east", 0.0, Look(shape="hatchback", paint="red"), 9.5),),
        (
            _walker("p-dark-jacket", "rue-crossing", 20.0, dark_jacket),
            _walker(
                "p-suitcase",
                "place-crossing",
                14.0,
                _person("grey", "navy", "suitcase", "blue", hair=BLOND, is_long_hair=True, height_m=1.66),
            ),
            _walker(
                "p-handbag",
                "garage-out",
                27.0,
                _person(
                    "red", "black", "handbag", "brown", hair=BROWN, is_long_hair=True, height_m=1.68, is_long_coat=True
                ),
            ),
            _driver("v-white-van", "west", 24.0, Look(shape="van", paint="white"), 8.5),
            _driver("b-blue-rider", "east", 18.0, Look(shape="bicycle", paint="red", upper="blue", lower="black"), 5.6),
        ),
        (
            _driver("v-bus", "west", 82.0, Look(shape="bus", paint="green"), 8.5),
            _driver("v-blue-saloon", "east", 88.0, Look(shape="saloon", paint="blue"), 10.5),
            *_meeting(86.0),
            _driver("v-black-saloon", "car-park-out", 98.0, Look(shape="saloon", paint="black"), 7.5),
            _driver(
                "m-motorcycle",
                "east",
                112.0,
                Look(shape="motorcycle", paint="black", upper="anthracite", lower="black"),
                11.0,
            ),
            _walker("p-yellow", "rue-north-west", 92.0, _person("yellow", "anthracite", hair=BLACK_HAIR)),
            _walker(
                "p-green-backpack",
                "garage-east",
                100.0,
                _person("green", "beige", "backpack", "black", hair=BLACK_HAIR, build=1.1),
            ),
        ),
        (
            _driver("v-truck", "east", 150.0, Look(shape="truck", paint="yellow"), 8.0),
            _driver("v-grey-hatchback", "west", 152.0, Look(shape="hatchback", paint="silver"), 9.5),
            _walker(
                "p-beige", "place-crossing-back", 144.0, _person("beige", "brown", "handbag", "red", hair=GREY_HAIR)
            ),
            _driver(
                "b-green-rider",
                "west",
                156.0,
                Look(shape="bicycle", paint="blue", upper="green", lower="grey", bag="backpack", bag_dye="black"),
                5.2,
            ),
            _walker(
                "p-pink",
                "rue-crossing-back",
                156.0,
                _person("pink", "black", hair=BLOND, is_long_hair=True, height_m=1.64),
            ),
            _driver("v-orange-van", "car-park-in", 166.0, Look(shape="van", paint="orange"), 7.0),
        ),
    )


_ROOM_M = {
    "person": 0.4,
    "bicycle": 1.0,
    "motorcycle": 1.2,
    "hatchback": 2.2,
    "saloon": 2.4,
    "van": 2.8,
    "truck": 3.8,
    "bus": 6.2,
}
_SHAPES = (
    ("hatchback", 0.18),
    ("saloon", 0.16),
    ("van", 0.08),
    ("truck", 0.05),
    ("bus", 0.03),
    ("motorcycle", 0.08),
    ("bicycle", 0.12),
    ("person", 0.30),
)
_PAINTS = ("white", "black", "grey", "silver", "red", "blue", "navy", "green", "yellow", "orange", "brown", "beige")
_PAINT_SHARES = (0.2, 0.16, 0.16, 0.1, 0.1, 0.08, 0.05, 0.05, 0.03, 0.02, 0.02, 0.03)
_CLOTHS = (
    "black",
    "anthracite",
    "grey",
    "white",
    "red",
    "green",
    "blue",
    "navy",
    "yellow",
    "orange",
    "purple",
    "pink",
    "brown",
    "beige",
)
_TROUSERS = ("black", "anthracite", "denim", "navy", "grey", "beige", "brown", "white")


def _chance_actor(rng: np.random.Generator, number: int, start_s: float, camera_names: Sequence[str]) -> Actor:
    shape = str(rng.choice([name for name, _ in _SHAPES], p=[share for _, share in _SHAPES]))
    paint = str(rng.choice(_PAINTS, p=_PAINT_SHARES))
    upper, lower = str(rng.choice(_CLOTHS)), str(rng.choice(_TROUSERS))
    hair = (BLOND, BROWN, GREY_HAIR, BLACK_HAIR)[rng.integers(4)]
    bag = str(rng.choice(("none", "backpack", "handbag", "suitcase"), p=(0.45, 0.28, 0.17, 0.10)))
    dye = str(rng.choice(("light", "black", "brown", "blue", "red")))
    height_m, is_long, jitter = float(rng.uniform(1.60, 1.88)), bool(rng.random() < 0.4), float(rng.uniform(0.9, 1.12))
    if shape == "person":
        near = [
            name
            for name in sorted(FOOT_ROUTES)
            if any(name.startswith(camera.removeprefix("cam-")) for camera in camera_names)
        ]
        look = Look(
            shape="person",
            upper=upper,
            lower=lower,
            bag=bag,
            bag_dye=dye,
            height_m=height_m,
            hair=hair,
            is_long_hair=is_long,
            build=jitter,
        )
        return _walker(f"x{number:04d}", str(rng.choice(near)), start_s, look, 1.45 * jitter)
    route = str(rng.choice(("east", "west")))
    if shape in ("bicycle", "motorcycle"):
        look = Look(
            shape=shape,
            paint=paint,
            upper=upper,
            lower=lower,
            bag="backpack" if bag == "backpack" and shape == "bicycle" else "none",
            bag_dye=dye,
            hair=hair,
        )
        return _driver(f"x{number:04d}", route, start_s, look, (5.5 if shape == "bicycle" else 11.0) * jitter)
    if shape in ("hatchback", "saloon", "van") and "cam-garage" in camera_names and rng.random() < 0.25:
        route = str(rng.choice(("car-park-in", "car-park-out")))
    return _driver(
        f"x{number:04d}",
        route,
        start_s,
        Look(shape=shape, paint=paint),
        (8.5 if shape in ("truck", "bus") else 10.0) * jitter,
    )


def fill(
    length_s: float,
    *,
    activity: float | None,
    seed: int,
    camera_names: Sequence[str],
    share_seen: Callable[[Sequence[Actor]], float],
) -> tuple[Actor, ...]:
    """Actors for a set of recordings of one length.

    Args:
        length_s: Reference seconds that each camera records.
        activity: Wanted share of frames in which something moves, mean over the cameras; None takes the script as it
            is and goes on with passes of about the same density.
        seed: Seed of the chance passes.
        camera_names: Cameras that record.
        share_seen: Gives the share of frames in which some of the given actors is seen.
    """
    rng = np.random.default_rng((seed, 101))
    actors: list[Actor] = []
    script = [group for group in scripted() if group[0].start_s < length_s]
    wanted = share_seen([actor for group in script for actor in group]) if activity is None else activity
    if activity is None and length_s > 200.0:
        wanted = 0.5
    for group in script:
        for actor in group:
            if share_seen([*actors, actor]) <= wanted + 0.015:
                actors.append(actor)
    now, number, misses = share_seen(actors), 0, 0
    tolerance = max(0.004, 2.0 / length_s)
    while now < wanted - tolerance and misses < 60:
        number += 1
        burst_s = float(rng.uniform(-8.0, length_s))
        trial = list(actors)
        for k in range(int(rng.integers(1, 4))):
            newcomer = _chance_actor(rng, number * 10 + k, burst_s + float(rng.uniform(0, 12)), camera_names)
            if not any(collide(newcomer, other) for other in trial):
                trial.append(newcomer)
        share = share_seen(trial)
        if now < share <= wanted + tolerance:
            actors, now, misses = trial, share, 0
        else:
            misses += 1
    return tuple(sorted(actors, key=lambda actor: (actor.start_s, actor.actor_id)))


@lru_cache(maxsize=8192)
def _track(actor: Actor) -> NDArray[np.float64]:
    """(n, 3) x, y, heading of an actor on whole fifths of a second, from the first one in its time."""
    first, last = int(np.ceil(actor.start_s * 5)), int(np.floor(actor.end_s * 5))
    places = [actor.place_at(step / 5) for step in range(first, last + 1)]
    return np.array([(p.x_m, p.y_m, p.heading_rad) for p in places if p is not None]).reshape(-1, 3)


def collide(a: Actor, b: Actor) -> bool:
    """True when one actor would run through the other."""
    first_a, first_b = int(np.ceil(a.start_s * 5)), int(np.ceil(b.start_s * 5))
    track_a, track_b = _track(a), _track(b)
    start, end = max(first_a, first_b), min(first_a + len(track_a), first_b + len(track_b))
    if start >= end:
        return False
    pa, pb = track_a[start - first_a : end - first_a], track_b[start - first_b : end - first_b]
    if a.look.shape == "person" and b.look.shape == "person":
        return bool((np.hypot(pa[:, 0] - pb[:, 0], pa[:, 1] - pb[:, 1]) < 0.45).any())
    if _ROOM_M[a.look.shape] < _ROOM_M[b.look.shape]:
        a, b, pa, pb = b, a, pb, pa
    dx, dy = pb[:, 0] - pa[:, 0], pb[:, 1] - pa[:, 1]
    along = np.abs(dx * np.cos(pa[:, 2]) + dy * np.sin(pa[:, 2]))
    across = np.abs(dy * np.cos(pa[:, 2]) - dx * np.sin(pa[:, 2]))
    return bool(((along < _ROOM_M[a.look.shape] + 0.5 * _ROOM_M[b.look.shape] + 0.6) & (across < 1.7)).any())
