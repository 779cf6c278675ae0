# SPDX-License-Identifier: Apache-2.0
"""Who appears, how they move, and what the truth keeps of it."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from samples.actors import Actor, Look
from samples.gait import pose_bones, walking_limbs
from samples.models3d import placement
from samples.palette import CLOTH, COLOUR_NAMES, PAINT
from samples.persons import BONES
from samples.routes import FOOT_ROUTES, ROAD_ROUTES
from samples.script import collide, fill, scripted
from samples.sighting import Lookout
from samples.street import CAMERA_NAMES, cameras
from samples.tally import interactions_of, light_of, objects_of

SIZE = (320, 180)
CAST = [actor for group in scripted() for actor in group]


def open_view(length_s: float, names: tuple[str, ...] = CAMERA_NAMES) -> Lookout:
    """Cameras with nothing standing in their way."""
    views = cameras(SIZE)
    return Lookout(
        {n: views[n] for n in names}, {n: np.zeros((SIZE[1] * 2, SIZE[0] * 2), np.float32) for n in names}, length_s
    )


def test_the_script_shows_every_class() -> None:
    assert {actor.look.class_name for actor in CAST} == {
        "person",
        "bicycle",
        "motorcycle",
        "car",
        "van",
        "truck",
        "bus",
    }


def test_the_script_shows_many_colours_and_every_bag() -> None:
    vehicles = {PAINT[a.look.paint].names[0] for a in CAST if a.look.class_name in ("car", "van", "truck", "bus")}
    uppers = {CLOTH[a.look.upper].names[0] for a in CAST if a.look.shape == "person"}

    assert {"red", "white", "black", "grey", "blue", "green", "yellow"} <= vehicles
    assert len(uppers) >= 7
    assert {actor.look.bag for actor in CAST} == {"none", "backpack", "handbag", "suitcase"}


def test_one_person_wears_a_dark_jacket_and_a_light_backpack() -> None:
    look = next(actor.look for actor in CAST if actor.actor_id == "p-dark-jacket")

    assert (CLOTH[look.upper].names[0], look.bag, look.bag_dye) == ("black", "backpack", "light")


def test_every_colour_name_is_one_of_the_twelve() -> None:
    names = {name for dye in (*PAINT.values(), *CLOTH.values()) for name in dye.names}

    assert names <= set(COLOUR_NAMES)


def test_nobody_in_the_script_runs_through_another() -> None:
    clashes = [(a.actor_id, b.actor_id) for a, b in itertools.combinations(CAST, 2) if collide(a, b)]

    assert clashes == []


def test_a_car_that_follows_too_close_collides() -> None:
    look = Look(shape="saloon", paint="grey")
    first, second = (
        Actor(actor_id=n, look=look, path_m=ROAD_ROUTES["east"], start_s=s, speed_m_s=10.0)
        for n, s in (("a", 0.0), ("b", 0.3))
    )

    assert collide(first, second)


@pytest.mark.parametrize("wanted", [0.04, 0.25])
def test_chance_passes_reach_the_wanted_activity(wanted: float) -> None:
    lookout = open_view(900.0, ("cam-rue",))
    actors = fill(900.0, activity=wanted, seed=3, camera_names=("cam-rue",), share_seen=lookout.share_seen)

    assert lookout.share_seen(actors) == pytest.approx(wanted, abs=0.02)


def test_the_same_seed_gives_the_same_cast() -> None:
    casts = [
        fill(400.0, activity=0.3, seed=5, camera_names=CAMERA_NAMES, share_seen=open_view(400.0).share_seen)
        for _ in range(2)
    ]

    assert casts[0] == casts[1]


def test_actors_come_to_a_stand_and_go_on() -> None:
    giver = next(actor for actor in CAST if actor.handover is not None and actor.handover.is_giver)
    at_s = giver.handover.at_s if giver.handover else 0.0
    place = giver.place_at(at_s)

    assert place is not None and place.speed_m_s == 0.0
    assert giver.distance_at(giver.end_s)[0] == pytest.approx(giver.length_m, abs=0.1)


def test_a_bag_changes_hands_at_one_moment() -> None:
    giver, taker = (a for a in CAST if a.handover is not None)
    assert giver.handover is not None
    at_s = giver.handover.at_s

    assert [(giver.bag_at(t), taker.bag_at(t)) for t in (at_s - 0.1, at_s + 0.1)] == [
        ("handbag", "none"),
        ("none", "handbag"),
    ]


@pytest.mark.parametrize("phase", [0.0, 0.1, 0.35, 0.6, 0.8])
def test_the_lowest_foot_of_a_walker_stands_on_the_ground(phase: float) -> None:
    bones = pose_bones(walking_limbs(phase, 1.0), root=placement(3.0, 2.0, 0.14, 0.7), height_m=1.75)
    soles = [
        bones[BONES[f"{side}_foot"]] @ np.array([x, 0, -0.075, 1.0])
        for side in ("left", "right")
        for x in (-0.07, 0.19)
    ]

    assert min(sole[2] for sole in soles) == pytest.approx(0.14, abs=1e-4)


def test_routes_begin_and_end_out_of_sight() -> None:
    lookout = open_view(200.0)
    routes = {name: route for name, route in ROAD_ROUTES.items() if not name.startswith("car-park")}
    for name, route in routes.items():
        actor = Actor(actor_id=name, look=Look(shape="saloon", paint="grey"), path_m=route, start_s=1.0, speed_m_s=10.0)

        for camera in ("cam-place", "cam-garage"):
            assert not lookout.seen(actor, camera)[5:10].any(), (name, camera)


def test_foot_routes_stay_off_the_road_but_for_crossings() -> None:
    for name, route in FOOT_ROUTES.items():
        actor = Actor(
            actor_id=name,
            look=Look(shape="person", upper="black", lower="black"),
            path_m=route,
            start_s=0.0,
            speed_m_s=1.4,
        )
        for step in range(0, int(actor.end_s * 5)):
            place = actor.place_at(step / 5)
            if place is not None and abs(place.y_m) < 2.8:
                assert min(abs(place.x_m - crossing) for crossing in (19.5, 59.5)) < 2.0, name


def rows(frames: range, *, bag: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.array([(frame, 10, 20, 30, 60, 900, bag) for frame in frames], np.int32)


def test_a_long_absence_makes_two_passes() -> None:
    walker = next(actor for actor in CAST if actor.actor_id == "p-yellow")
    pts = np.arange(1000, dtype=np.int64) * 3600
    table = np.concatenate([rows(range(100, 150)), rows(range(170, 200)), rows(range(400, 420))])
    who = np.full(len(table), walker.actor_id)

    (thing,) = objects_of("cam-rue", [walker], who, table, pts, Fraction(1, 90000))

    assert [(p.first_frame, p.last_frame, p.n_frames_seen) for p in thing.passes] == [(100, 199, 80), (400, 419, 20)]
    assert thing.passes[0].last_pts == 199 * 3600
    assert thing.upper == ("yellow",)


def test_a_handover_is_an_interaction_with_its_frame() -> None:
    giver, taker = (a for a in CAST if a.handover is not None)
    assert giver.handover is not None
    at = round(giver.handover.at_s * 25)
    pts = np.arange(at + 500, dtype=np.int64) * 3600
    span = range(at - 300, at + 300)
    table = np.concatenate([rows(span), rows(span)])
    table[: len(span), 6] = np.where(np.array(span) < at, 2, 0)
    table[len(span) :, 6] = np.where(np.array(span) < at, 0, 2)
    who = np.array([giver.actor_id] * len(span) + [taker.actor_id] * len(span))
    things = objects_of("cam-place", [giver, taker], who, table, pts, Fraction(1, 90000))

    (meeting,) = interactions_of(things, [giver, taker], pts, Fraction(1, 90000))

    assert meeting.object_ids == ("cam-place/p-giver", "cam-place/p-taker")
    assert meeting.first_frame < meeting.handover_frame < meeting.last_frame
    assert abs(meeting.handover_frame - at) <= 1
    assert [change.bag for change in things[1].bag_changes] == ["handbag"]


def test_a_cloud_is_a_light_event() -> None:
    (cloud,) = light_of(np.arange(4000, dtype=np.int64) * 3600, Fraction(1, 90000), seed=1)

    assert 0.85 < cloud.lowest_gain < 0.96
    assert 100 < cloud.last_frame - cloud.first_frame < 1500
