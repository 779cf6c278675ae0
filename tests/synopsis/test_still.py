# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from review.synopsis.still import cut_still
from review.synopsis.tubes import Tube
from tests.synopsis.scenes import straight_tube


def parked(*, stands_s: float = 600, class_name: str = "car") -> Tube:
    """Drives in for four seconds, stands, drives off for four."""
    size = (150.0, 80.0)
    arrive = straight_tube(1, start_s=0, duration_s=4, from_xy=(80, 250), to_xy=(300, 250), size_wh=size)
    stand = straight_tube(1, start_s=4, duration_s=stands_s, from_xy=(302, 250), to_xy=(303, 250), size_wh=size)
    leave = straight_tube(1, start_s=4 + stands_s, duration_s=4, from_xy=(310, 250), to_xy=(560, 250), size_wh=size)
    parts = (arrive, stand, leave)
    return Tube(
        track_id=arrive.track_id,
        recording_id=arrive.recording_id,
        camera="C1",
        class_name=class_name,
        pts_ticks=np.concatenate([p.pts_ticks for p in parts]),
        boxes_xyxy_px=np.concatenate([p.boxes_xyxy_px for p in parts]),
        time_us=np.concatenate([p.time_us for p in parts]),
        has_clock=False,
        size_wh_px=(640, 360),
    )


def test_a_parked_car_is_shown_arriving_and_leaving() -> None:
    car = parked()

    pieces, left_out = cut_still([car])

    assert len(pieces) == 2
    assert pieces[0].end_us < 8_000_000 and pieces[1].start_us > 600_000_000
    assert sum(len(p.pts_ticks) for p in pieces) + sum(s.n_samples for s in left_out) == len(car.pts_ticks)
    assert 590 < left_out[0].duration_s < 600


def test_who_meets_the_parked_car_is_shown_with_it() -> None:
    person = straight_tube(2, start_s=300, duration_s=10, from_xy=(330, 230), to_xy=(360, 230), size_wh=(30, 70))

    pieces, _ = cut_still([parked(), person])

    cars = [p for p in pieces if p.class_name == "car"]
    assert len(cars) == 3
    assert cars[1].start_us <= 300_000_000 and cars[1].end_us >= 309_800_000


def test_a_person_who_stands_still_is_kept_whole() -> None:
    person = parked(class_name="person")

    pieces, left_out = cut_still([person])

    assert pieces == (person,)
    assert left_out == ()


def test_a_car_that_stands_all_along_still_appears() -> None:
    car = straight_tube(
        1, start_s=0, duration_s=900, from_xy=(300, 200), to_xy=(300, 200), size_wh=(150, 80), class_name="car"
    )

    pieces, _ = cut_still([car])

    assert len(pieces) == 1
    assert 1 <= len(pieces[0].pts_ticks) <= 5 * 4


def test_a_car_at_a_red_light_is_not_cut() -> None:
    car = parked(stands_s=8)

    pieces, left_out = cut_still([car])

    assert pieces == (car,)
    assert left_out == ()
