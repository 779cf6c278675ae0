# SPDX-License-Identifier: Apache-2.0
"""Opinions are merged so that nothing is lost, and riders become one with their machines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.detectors import Detections
from models.detectors.composite import CompositeDetector, Member, fuse, join_riders


def seen(*items: tuple[str, float, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        boxes_xyxy_px=np.array([box for _, _, box in items], np.float32).reshape(-1, 4),
        scores=np.array([score for _, score, _ in items], np.float32),
        labels=tuple(label for label, _, _ in items),
    )


class FixedDetector:
    def __init__(self, name: str, answer: Detections) -> None:
        self.model_id = name
        self._answer = answer

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        return self._answer


def test_one_object_seen_by_two_keeps_the_first_box_and_the_best_score():
    merged = fuse([seen(("vehicle", 0.6, (0, 0, 100, 50))), seen(("car", 0.9, (2, 2, 98, 52)))])

    assert merged.labels == ("vehicle",)
    assert merged.boxes_xyxy_px.tolist() == [[0, 0, 100, 50]]
    assert round(float(merged.scores[0]), 3) == 0.9


def test_what_only_one_sees_is_kept():
    merged = fuse([seen(("vehicle", 0.6, (0, 0, 100, 50))), seen(("person", 0.5, (200, 0, 220, 60)))])

    assert set(merged.labels) == {"vehicle", "person"}


def test_two_persons_whom_one_net_sees_as_one_stay_two():
    wide = seen(("person", 0.8, (0, 0, 60, 100)))
    two = seen(("person", 0.7, (0, 0, 45, 100)), ("person", 0.6, (20, 0, 60, 100)))

    assert fuse([wide, two]).labels == ("person", "person")


def test_a_small_person_in_front_of_a_large_one_is_not_fused_away():
    merged = fuse([seen(("person", 0.8, (0, 0, 60, 180))), seen(("person", 0.6, (20, 90, 45, 175)))])

    assert len(merged) == 2


def test_a_suitcase_as_large_as_the_car_it_lies_in_is_dropped():
    merged = fuse([seen(("vehicle", 0.9, (0, 0, 100, 200))), seen(("suitcase", 0.5, (2, 5, 99, 198)))])

    assert merged.labels == ("vehicle",)


def test_a_later_opinion_tells_bicycle_from_motorcycle_but_not_car_from_bus():
    first = seen(("two_wheeler", 0.6, (0, 0, 50, 50)), ("vehicle", 0.7, (100, 0, 200, 100)))
    later = seen(("bus", 0.85, (100, 0, 200, 100)), ("bicycle", 0.6, (0, 0, 50, 50)))

    assert set(fuse([first, later]).labels) == {"bicycle", "vehicle"}


def test_a_rider_and_the_bicycle_become_one_box():
    joined = join_riders(seen(("bicycle", 0.66, (672, 62, 746, 104)), ("person", 0.74, (699, 31, 736, 82))))

    assert joined.labels == ("bicycle",)
    assert joined.boxes_xyxy_px.tolist() == [[672, 31, 746, 104]]
    assert round(float(joined.scores[0]), 2) == 0.74


def test_who_stands_in_front_of_a_parked_bicycle_stays_a_person():
    joined = join_riders(seen(("bicycle", 0.7, (100, 60, 170, 100)), ("person", 0.8, (120, 20, 145, 115))))

    assert set(joined.labels) == {"bicycle", "person"}


def test_who_walks_beside_a_bicycle_stays_a_person():
    joined = join_riders(seen(("bicycle", 0.7, (100, 60, 170, 100)), ("person", 0.8, (160, 20, 190, 100))))

    assert set(joined.labels) == {"bicycle", "person"}


def test_one_person_rides_one_machine():
    joined = join_riders(
        seen(
            ("motorcycle", 0.7, (100, 60, 170, 100)),
            ("motorcycle", 0.6, (104, 62, 174, 102)),
            ("person", 0.8, (120, 30, 150, 90)),
        )
    )

    assert joined.labels.count("motorcycle") == 2
    assert "person" not in joined.labels


def test_a_composite_names_all_its_members():
    picture = np.zeros((10, 10, 3), np.uint8)
    composite = CompositeDetector([FixedDetector("a@1", Detections.none()), FixedDetector("b@2", Detections.none())])

    assert composite.model_id == "a@1+b@2"
    assert len(composite.detect(picture)) == 0


class Script:
    """Answers in turn and counts how often it was asked."""

    model_id = "script@1"

    def __init__(self, *answers: Detections) -> None:
        self.answers = answers
        self.looks: list[int] = []
        self.now = 0

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        self.looks.append(self.now)
        return self.answers[min(self.now, len(self.answers) - 1)]


def looked_at(script: Script, n_pictures: int) -> list[int]:
    composite = CompositeDetector([Member(detector=script, every=3, stays_awake=True)])
    for script.now in range(n_pictures):
        composite.detect(np.zeros((10, 10, 3), np.uint8))
    return script.looks


def car_at(x: float) -> Detections:
    return seen(("vehicle", 0.8, (x, 0, x + 50, 30)))


def test_a_member_that_sees_something_new_looks_at_every_picture_and_dozes_off_when_it_is_gone():
    driving = [Detections.none()] * 6 + [car_at(30.0 * i) for i in range(5)] + [Detections.none()]

    assert looked_at(Script(*driving), 20) == [0, 3, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18]


def test_what_is_parked_keeps_nobody_awake():
    assert looked_at(Script(car_at(10.0)), 13) == [0, 1, 2, 3, 6, 9, 12]


def test_equal_runs_are_looked_at_equally_whatever_came_before():
    script = Script(car_at(10.0), car_at(60.0), Detections.none())
    composite = CompositeDetector([Member(detector=script, every=3, stays_awake=True)])
    runs = []
    for _ in range(2):
        composite.begin()
        script.looks.clear()
        for script.now in range(8):
            composite.detect(np.zeros((10, 10, 3), np.uint8))
        runs.append(list(script.looks))

    assert runs[0] == runs[1]
