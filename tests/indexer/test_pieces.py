# SPDX-License-Identifier: Apache-2.0
"""Pieces that motion sees of one object at one time become one object; two objects side by side stay two."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from indexer.pieces import join_pieces
from indexer.sketches import Box, CropSample, Sighting, Sketch

PER_S = 1000.0
STEP = 80
Way = Callable[[float], Box]


def _sketch(times: Sequence[int], way: Way, *, is_walker: bool = False) -> Sketch:
    """Seen at some ticks, in the box that its way gives for the seconds since 0."""
    sketch = Sketch(from_detector=False)
    for pts in times:
        box = way(pts / PER_S)
        sketch.add(Sighting(frame_index=pts // 40, pts_ticks=pts, box_xyxy_px=box, score=0.6, is_walker=is_walker))
    return sketch


def _joined(*sketches: Sketch) -> list[Sketch]:
    return join_pieces(list(sketches), ticks_per_s=PER_S, pixel_px=1.0)


def _car(second: float) -> Box:
    return (300 - 100 * second, 100.0, 460 - 100 * second, 190.0)


def _left_of_post(second: float) -> Box:
    return (_car(second)[0], 100.0, 318.0, 190.0)


def _right_of_post(second: float) -> Box:
    return (330.0, 100.0, _car(second)[2], 190.0)


def test_a_car_behind_a_post_is_one_car_from_end_to_end() -> None:
    times = range(0, 1200, STEP)

    (whole,) = _joined(_sketch(times, _left_of_post), _sketch(times, _right_of_post))

    assert [s.pts_ticks for s in whole.sightings] == list(times)
    assert whole.sightings[5].box_xyxy_px == _car(0.4)


def test_two_who_walk_side_by_side_stay_two() -> None:
    times = range(0, 1600, STEP)
    pair = [_sketch(times, lambda t, x=x: (x + 60 * t, 100, x + 30 + 60 * t, 190)) for x in (100.0, 135.0)]

    assert len(_joined(*pair)) == 2


def test_two_cars_that_drive_apart_from_one_place_stay_two() -> None:
    times = range(0, 1600, STEP)
    left = _sketch(times, lambda t: (200 - 80 * t, 100, 300 - 80 * t, 190))
    right = _sketch(times, lambda t: (310 + 80 * t, 100, 410 + 80 * t, 190))

    assert len(_joined(left, right)) == 2


def test_a_part_that_is_seen_within_a_larger_one_belongs_to_it() -> None:
    roof = _sketch(range(400, 1200, STEP), lambda t: (330 - 100 * t, 105, 420 - 100 * t, 140))

    assert len(_joined(_sketch(range(0, 1600, STEP), _car), roof)) == 1


def test_what_stands_in_the_way_is_no_piece_of_what_passes() -> None:
    branch = _sketch(range(0, 4000, STEP), lambda t: (280, 110, 300, 180))

    both = _joined(branch, _sketch(range(1200, 2800, STEP), lambda t: _car(t - 1.2)))

    assert sorted(item.first.pts_ticks for item in both) == [0, 1200]


def test_what_swallows_a_standing_thing_begins_when_it_comes() -> None:
    def swallowed(second: float) -> Box:
        return (320, 110, 340, 150) if second < 2 else _car(second - 2)

    taken_over = _sketch(range(0, 3200, STEP), swallowed)
    taken_over.crops = [
        CropSample(
            pts_ticks=pts,
            quality=1.0,
            image_bgr_u8=np.zeros((9, 9, 3), np.uint8),
            mask_u8=np.zeros((9, 9), np.uint8),
        )
        for pts in (400, 2400)
    ]

    stood, came = _joined(taken_over)

    assert (stood.last.pts_ticks, came.first.pts_ticks) == (1920, 2000)
    assert [[crop.pts_ticks for crop in part.crops] for part in (stood, came)] == [[400], [2400]]


def test_a_rider_whom_the_net_of_walkers_cut_for_a_moment_is_one_from_end_to_end() -> None:
    def rider(second: float) -> Box:
        return (100 + 90 * second, 100, 150 + 90 * second, 170)

    def front(second: float) -> Box:
        return (125 + 90 * second, 100, 150 + 90 * second, 150)

    before = _sketch(range(0, 800, STEP), rider)
    for sighting in _sketch(range(800, 1040, STEP), front, is_walker=True).sightings:
        before.add(sighting)

    (whole,) = _joined(before, _sketch(range(1040, 2000, STEP), rider))

    assert (whole.first.pts_ticks, whole.last.pts_ticks) == (0, 1920)


def test_walkers_are_left_to_their_net() -> None:
    times = range(0, 1200, STEP)
    pieces = [_sketch(times, way, is_walker=True) for way in (_left_of_post, _right_of_post)]

    assert len(_joined(*pieces)) == 2
