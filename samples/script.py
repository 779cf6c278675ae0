# SPDX-License-Identifier: Apache-2.0
"""What happens: a fixed script for the first minutes, then seeded passes until the wanted activity is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from samples.actors import Actor, Handover, Look
from samples.routes import FOOT_ROUTES, MEETING_POINT, ROAD_ROUTES

__all__ = ["fill", "scripted"]

BLOND, BROWN, GREY_HAIR, BLACK_HAIR = (168, 128, 74), (70, 48, 34), (140, 138, 134), (28, 24, 22)


def _walker(actor_id: str, route: str, start_s: float, look: Look, speed_m_s: float = 1.45) -> Actor:
    return Actor(actor_id=actor_id, look=look, path_m=FOOT_ROUTES[route], start_s=start_s, speed_m_s=speed_m_s)


def _driver(actor_id: str, route: str, start_s: float, look: Look, speed_m_s: float = 10.0) -> Actor:
    return Actor(actor_id=actor_id, look=look, path_m=ROAD_ROUTES[route], start_s=start_s, speed_m_s=speed_m_s)


def _person(upper: str, lower: str, bag: str = "none", bag_dye: str = "black", **more: object) -> Look:
    return replace(Look(shape="person", upper=upper, lower=lower, bag=bag, bag_dye=bag_dye), **more)  # type: ignore[arg-type]  # Reason: fields of Look by name.


def _meeting(start_s: float) -> tuple[Actor, Actor]:
    """Two persons who meet in the square; one hands the other a bag, both go back."""
    x, y = MEETING_POINT
    wait_s, handed_s = 9.0, start_s + 21.5
    giver_path = ((59.5, -14.0), (59.5, 4.2), (x - 0.42, y), (59.9, 4.6), (59.7, -14.0))
    taker_path = ((44.0, 27.0), (52.0, 14.0), (x + 0.42, y + 0.1), (53.0, 15.0), (44.0, 27.0))
    giver = Actor(
        actor_id="p-giver", look=_person("brown", "black", hair=GREY_HAIR), path_m=giver_path, start_s=start_s, speed_m_s=1.5,
        stops=((_length(giver_path[:3]) - 0.6, wait_s),), faces=(x + 0.4, y), handover=Handover(at_s=handed_s, is_giver=True, bag="handbag", bag_dye="red"),
    )
    taker = Actor(
        actor_id="p-taker", look=_person("white", "denim", hair=BLOND, is_long_hair=True, height_m=1.68), path_m=taker_path, start_s=start_s, speed_m_s=1.45,
        stops=((_length(taker_path[:3]) - 0.6, wait_s + 1.0),), faces=(x - 0.4, y), handover=Handover(at_s=handed_s, is_giver=False, bag="handbag", bag_dye="red"),
    )
    return giver, taker


def _length(path: Sequence[tuple[float, float]]) -> float:
    return float(np.hypot(*np.diff(np.array(path), axis=0).T).sum())


def scripted() -> tuple[tuple[Actor, ...], ...]:
    """Groups of actors in the order of their time; each group fills one busy stretch of about 200 seconds in all."""
    dark_jacket = _person("black", "denim", "backpack", "light", hair=BROWN, height_m=1.80)
    return (
        (_driver("v-red-hatchback", "east", 0.0, Look(shape="hatchback", paint="red"), 9.5),),
        (
            _walker("p-dark-jacket", "rue-crossing", 20.0, dark_jacket),
            _walker("p-suitcase", "place-crossing", 22.0, _person("grey", "navy", "suitcase", "blue", hair=BLOND, is_long_hair=True, height_m=1.66)),
            _walker("p-handbag", "garage-out", 27.0, _person("red", "black", "handbag", "brown", hair=BROWN, is_long_hair=True, height_m=1.68, is_long_coat=True)),
            _driver("v-white-van", "west", 24.0, Look(shape="van", paint="white"), 8.5),
            _driver("b-blue-rider", "east", 24.0, Look(shape="bicycle", paint="red", upper="blue", lower="black"), 5.6),
        ),
        (
            _driver("v-bus", "west", 82.0, Look(shape="bus", paint="green"), 8.5),
            _driver("v-blue-saloon", "east", 88.0, Look(shape="saloon", paint="blue"), 10.5),
            *_meeting(86.0),
            _driver("v-black-saloon", "car-park-out", 98.0, Look(shape="saloon", paint="black"), 7.5),
            _driver("m-motorcycle", "east", 106.0, Look(shape="motorcycle", paint="black", upper="anthracite", lower="black"), 11.0),
            _walker("p-yellow", "rue-north-west", 92.0, _person("yellow", "anthracite", hair=BLACK_HAIR)),
            _walker("p-green-backpack", "garage-east", 100.0, _person("green", "beige", "backpack", "black", hair=BLACK_HAIR, build=1.1)),
        ),
        (
            _driver("v-truck", "east", 150.0, Look(shape="truck", paint="yellow"), 8.0),
            _driver("v-grey-hatchback", "west", 152.0, Look(shape="hatchback", paint="silver"), 9.5),
            _walker("p-beige", "place-crossing-back", 150.0, _person("beige", "brown", "handbag", "red", hair=GREY_HAIR)),
            _driver("b-green-rider", "west", 156.0, Look(shape="bicycle", paint="blue", upper="green", lower="grey", bag="backpack", bag_dye="black"), 5.2),
            _walker("p-pink", "rue-crossing-back", 163.0, _person("pink", "black", hair=BLOND, is_long_hair=True, height_m=1.64)),
            _driver("v-orange-van", "car-park-in", 166.0, Look(shape="van", paint="orange"), 7.0),
        ),
    )


_SHAPES = (("hatchback", 0.18), ("saloon", 0.16), ("van", 0.08), ("truck", 0.05), ("bus", 0.03), ("motorcycle", 0.08), ("bicycle", 0.12), ("person", 0.30))
_PAINTS = ("white", "black", "grey", "silver", "red", "blue", "navy", "green", "yellow", "orange", "brown", "beige")
_PAINT_SHARES = (0.2, 0.16, 0.16, 0.1, 0.1, 0.08, 0.05, 0.05, 0.03, 0.02, 0.02, 0.03)
_CLOTHS = ("black", "anthracite", "grey", "white", "red", "green", "blue", "navy", "yellow", "orange", "purple", "pink", "brown", "beige")
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
        near = [name for name in sorted(FOOT_ROUTES) if any(name.startswith(camera.removeprefix("cam-")) for camera in camera_names)]
        look = Look(shape="person", upper=upper, lower=lower, bag=bag, bag_dye=dye, height_m=height_m, hair=hair, is_long_hair=is_long, build=jitter)
        return _walker(f"x{number:04d}", str(rng.choice(near)), start_s, look, 1.45 * jitter)
    route = str(rng.choice(("east", "west")))
    if shape in ("bicycle", "motorcycle"):
        look = Look(shape=shape, paint=paint, upper=upper, lower=lower, bag="backpack" if bag == "backpack" and shape == "bicycle" else "none", bag_dye=dye, hair=hair)
        return _driver(f"x{number:04d}", route, start_s, look, (5.5 if shape == "bicycle" else 11.0) * jitter)
    if shape in ("hatchback", "saloon", "van") and "cam-garage" in camera_names and rng.random() < 0.25:
        route = str(rng.choice(("car-park-in", "car-park-out")))
    return _driver(f"x{number:04d}", route, start_s, Look(shape=shape, paint=paint), (8.5 if shape in ("truck", "bus") else 10.0) * jitter)


def fill(length_s: float, *, activity: float | None, seed: int, camera_names: Sequence[str], share_seen: Callable[[Sequence[Actor]], float]) -> tuple[Actor, ...]:
    """Actors for a set of recordings of one length.

    Args:
        length_s: Reference seconds that each camera records.
        activity: Wanted share of frames in which something moves, mean over the cameras; None takes the script as it is and
            goes on with passes of about the same density.
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
    while now < wanted - tolerance and misses < 40:
        number += 1
        burst_s = float(rng.uniform(-8.0, length_s))
        trial = [*actors, *[_chance_actor(rng, number * 10 + k, burst_s + float(rng.uniform(0, 12)), camera_names) for k in range(int(rng.integers(1, 4)))]]
        share = share_seen(trial)
        if now < share <= wanted + tolerance:
            actors, now, misses = trial, share, 0
        else:
            misses += 1
    return tuple(sorted(actors, key=lambda actor: (actor.start_s, actor.actor_id)))
