# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from review.synopsis.lettering import WATERMARK, Letterer, place_tags
from review.synopsis.privacy import coarsen, private_boxes


def test_the_top_of_a_person_is_private_and_no_less_than_18_per_cent() -> None:
    (box,) = private_boxes("person", np.array([100, 100, 140, 200], np.float32))

    assert box[1] < 100 and box[3] >= 118
    assert box[0] <= 100 and box[2] >= 140


def test_a_large_vehicle_hides_its_plate_and_a_small_one_has_none_to_read() -> None:
    assert len(private_boxes("car", np.array([0, 0, 200, 120], np.float32))) == 1
    assert private_boxes("car", np.array([0, 0, 60, 40], np.float32)) == ()
    assert private_boxes("other", np.array([0, 0, 200, 120], np.float32)) == ()


def test_the_front_of_a_bus_seen_from_near_stays_visible_but_for_what_a_plate_can_reach() -> None:
    ((x0, y0, x1, y1),) = private_boxes("bus", np.array([100, 50, 600, 650], np.float32))

    assert (x1 - x0) * (y1 - y0) < 0.17 * 500 * 600
    for middle_m, low_m in ((0.0, 0.3), (0.25, 0.5), (-0.25, 1.05)):
        left, right = (350 + (middle_m + side * 0.26) / 2.55 * 500 for side in (-1, 1))
        bottom, top = (650 - edge / 3.1 * 600 for edge in (low_m, low_m + 0.11))
        assert x0 <= left and right <= x1 and y0 <= top and bottom <= y1, "a plate of a real bus lies in the zone"


def test_coarsening_removes_detail_and_keeps_the_mean() -> None:
    face = np.zeros((80, 80, 3), np.uint8)
    face[::2] = 255
    before = float(face.mean())

    coarsen(face, (10, 10, 70, 40), is_plate=False)

    inside = face[12:32, 14:66].astype(float)
    assert inside.std() < 40
    assert abs(inside.mean() - before) < 30
    assert face[60:].std() > 100


def test_a_coarse_head_keeps_the_colour_of_the_head_and_not_that_of_the_ground_behind() -> None:
    image = np.full((80, 80, 3), 30, np.uint8)
    image[15:35, 36:44] = 220
    image[15:35:2, 36:44] = 180
    weight = (image[:, :, 0] > 100).astype(np.float32)
    plain = image.copy()

    coarsen(plain, (10, 10, 70, 40), is_plate=False)
    coarsen(image, (10, 10, 70, 40), is_plate=False, weight_f32=weight)

    head = (slice(17, 33), slice(37, 43))
    assert plain[head].mean() < 150
    assert 180 < image[head].mean() < 220
    assert image[head].std() < 5


def test_coarsening_a_box_outside_the_image_changes_nothing() -> None:
    image = np.full((20, 20, 3), 9, np.uint8)

    coarsen(image, (-50, -50, -10, -10), is_plate=False)

    assert image.min() == image.max() == 9


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 320), st.integers(10, 120), st.integers(10, 150)),
        min_size=1,
        max_size=12,
    )
)
def test_a_tag_never_covers_another_object_or_another_tag(found: list[tuple[int, ...]]) -> None:
    boxes = np.array([(x, y, min(640, x + w), min(360, y + h)) for x, y, w, h in found], float)
    size = (52, 14)

    places = place_tags(boxes, [size] * len(boxes), (640, 360), [-1] * len(boxes))

    spots = [(k, (p.x_px, p.y_px, p.x_px + size[0], p.y_px + size[1])) for k, p in enumerate(places) if p is not None]
    for k, spot in spots:
        assert spot[0] >= 0 and spot[2] <= 640 and spot[1] >= 0 and spot[3] <= 360
        rest = [tuple(box) for j, box in enumerate(boxes) if j != k] + [s for j, s in spots if j != k]
        for other in rest:
            assert not (spot[0] < other[2] and other[0] < spot[2] and spot[1] < other[3] and other[1] < spot[3])


def test_a_lone_object_has_its_tag_beside_it_not_on_it() -> None:
    boxes = np.array([[300.0, 100.0, 340.0, 200.0]])

    (place,) = place_tags(boxes, [(52, 14)], (640, 360), [-1])

    assert place is not None
    assert place.y_px + 14 <= 100 and place.leader_px is None


def test_a_tag_keeps_its_side_while_that_side_is_free() -> None:
    boxes = np.array([[300.0, 100.0, 340.0, 200.0]])

    (place,) = place_tags(boxes, [(52, 14)], (640, 360), [1])

    assert place is not None and place.side == 1
    assert place.y_px >= 200


def test_accents_and_dashes_are_drawn() -> None:
    letterer = Letterer((1280, 720))

    plain, accented = letterer.tag("E").ink_f32, letterer.tag("È").ink_f32

    assert accented.sum() > plain.sum()
    assert letterer.tag("—").ink_f32.sum() > 0
    assert "È" in WATERMARK


def test_an_object_in_a_crowd_gets_its_time_on_a_line_that_crosses_nobody() -> None:
    small = [(300.0 + 14 * k, 150.0, 312.0 + 14 * k, 180.0) for k in range(7)]

    places = place_tags(np.array(small), [(52, 14)] * 7, (640, 360), [-1] * 7)

    assert all(place is not None for place in places)
    lines = [(k, place.leader_px) for k, place in enumerate(places) if place is not None and place.leader_px]
    assert lines
    for k, (x0, y0, x1, y1) in lines:
        for share in np.linspace(0, 1, 50):
            x, y = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
            assert not any(b[0] < x < b[2] and b[1] < y < b[3] for j, b in enumerate(small) if j != k)
