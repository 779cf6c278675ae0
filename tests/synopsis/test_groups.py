# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from review.synopsis.groups import find_interactions, group_tubes
from review.synopsis.tubes import Tube
from tests.synopsis.scenes import straight_tube


def kinds(*tubes: Tube) -> set[str]:
    return {item.kind for item in find_interactions(tubes)}


def test_two_persons_who_meet_belong_together() -> None:
    a = straight_tube(1, start_s=0, duration_s=6, from_xy=(100, 200), to_xy=(320, 200))
    b = straight_tube(2, start_s=0, duration_s=6, from_xy=(500, 200), to_xy=(330, 200))

    assert "near" in kinds(a, b)
    assert group_tubes((a, b), find_interactions((a, b))).tolist() == [0, 0]


def test_two_persons_at_other_times_do_not() -> None:
    a = straight_tube(1, start_s=0, duration_s=6, from_xy=(100, 200), to_xy=(300, 200))
    b = straight_tube(2, start_s=6, duration_s=6, from_xy=(100, 200), to_xy=(300, 200))

    assert kinds(a, b) == set()


def test_two_persons_far_apart_do_not() -> None:
    a = straight_tube(1, start_s=0, duration_s=6, from_xy=(100, 60), to_xy=(300, 60))
    b = straight_tube(2, start_s=0, duration_s=6, from_xy=(300, 300), to_xy=(100, 300))

    assert kinds(a, b) == set()


def test_a_passing_of_less_than_half_a_second_is_no_meeting() -> None:
    a = straight_tube(1, start_s=0, duration_s=2, from_xy=(0, 200), to_xy=(640, 200), size_wh=(20, 40))
    b = straight_tube(2, start_s=0, duration_s=2, from_xy=(640, 200), to_xy=(0, 200), size_wh=(20, 40))

    assert kinds(a, b) == set()


def test_a_person_at_a_car_touches_it() -> None:
    car = straight_tube(
        1, start_s=0, duration_s=9, from_xy=(300, 200), to_xy=(300, 200), size_wh=(260, 60), class_name="car"
    )
    person = straight_tube(2, start_s=3, duration_s=3, from_xy=(420, 200), to_xy=(410, 200), size_wh=(30, 70))

    assert "touch" in kinds(car, person)


def test_persons_walking_side_by_side_at_a_distance_belong_together() -> None:
    a = straight_tube(1, start_s=0, duration_s=8, from_xy=(100, 200), to_xy=(500, 200))
    b = straight_tube(2, start_s=0, duration_s=8, from_xy=(100, 340), to_xy=(500, 340))

    assert kinds(a, b) == {"abreast"}


def test_ties_pass_on_and_cameras_stay_apart() -> None:
    a = straight_tube(1, start_s=0, duration_s=4, from_xy=(100, 200), to_xy=(120, 200))
    b = straight_tube(2, start_s=2, duration_s=8, from_xy=(140, 200), to_xy=(160, 200))
    c = straight_tube(3, start_s=8, duration_s=4, from_xy=(180, 200), to_xy=(190, 200))
    elsewhere = straight_tube(4, start_s=0, duration_s=9, from_xy=(100, 200), to_xy=(120, 200), camera="C2")
    tubes = (a, b, c, elsewhere)

    assert group_tubes(tubes, find_interactions(tubes)).tolist() == [0, 0, 0, 1]


def near_by_hand(a: Tube, b: Tube) -> bool:
    """The rule written out: centres closer than the mean box height at each instant of at least one second."""
    times = sorted(set(a.time_us.tolist()) & set(b.time_us.tolist()))
    run: list[int] = []
    for time in times:
        box_a = a.boxes_xyxy_px[a.time_us.tolist().index(time)]
        box_b = b.boxes_xyxy_px[b.time_us.tolist().index(time)]
        apart = (box_a[:2] + box_a[2:] - box_b[:2] - box_b[2:]) / 2
        height = (box_a[3] - box_a[1] + box_b[3] - box_b[1]) / 2
        if float(np.hypot(*apart)) < height:
            run = [*run, time] if not run or time - run[-1] <= 400_000 else [time]
            if run[-1] - run[0] >= 1_000_000:
                return True
    return False


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(40, 600)] * 4, st.integers(0, 20), st.integers(2, 8)), min_size=2, max_size=5))
def test_near_agrees_with_the_rule_written_out(walks: list[tuple[int, ...]]) -> None:
    tubes = [
        straight_tube(k, start_s=w[4] / 5, duration_s=w[5], from_xy=(w[0], w[1] * 0.5), to_xy=(w[2], w[3] * 0.5))
        for k, w in enumerate(walks)
    ]

    found = {(item.first, item.second) for item in find_interactions(tubes) if item.kind == "near"}

    pairs = {(i, j) for i in range(len(tubes)) for j in range(i + 1, len(tubes))}
    assert found == {(i, j) for i, j in pairs if near_by_hand(tubes[i], tubes[j])}
