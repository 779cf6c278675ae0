# SPDX-License-Identifier: Apache-2.0
"""From sightings to objects: followed, joined, fused with detections, riders taken to their machines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from indexer.fusion import fuse, is_explained
from indexer.linking import stitch
from indexer.records import Track
from indexer.sketches import MAX_CROPS, CropSample, Sighting, Sketch, cut_crop, iou_xyxy, overlap_share
from indexer.tracking import SketchTracker, drop_noise
from indexer.tracks import absorb_riders, join_across_cut
from tests.indexer.factories import make_track

PER_S = 1000.0
Box = tuple[float, float, float, float]


def _sighting(pts: int, box: Box, *, label: str = "", score: float = 0.9) -> Sighting:
    return Sighting(frame_index=pts // 100, pts_ticks=pts, box_xyxy_px=box, score=score, label=label)


def _moved(box: Box, dx: float, dy: float = 0.0) -> Box:
    return (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)


def _sketch(times: Sequence[int], *, start: Box = (0, 100, 40, 180), speed: float = 60.0, label: str = "") -> Sketch:
    sketch = Sketch(from_detector=bool(label))
    for pts in times:
        sketch.add(_sighting(pts, _moved(start, speed * (pts - times[0]) / PER_S), label=label))
    return sketch


def test_two_objects_that_go_their_ways_are_two_from_their_first_sighting_on() -> None:
    tracker = SketchTracker(from_detector=False)
    left, right = (0.0, 100.0, 40.0, 180.0), (280.0, 100.0, 320.0, 180.0)

    for i in range(20):
        tracker.update(i * 0.08, [_sighting(i * 80, _moved(left, 4 * i)), _sighting(i * 80, _moved(right, -2 * i))])

    sketches = tracker.finish()
    assert [len(sketch.sightings) for sketch in sketches] == [20, 20]
    assert [sketch.first.box_xyxy_px for sketch in sketches] == [left, right]
    assert all(sketch.has_moved for sketch in sketches)


def test_numbers_of_one_run_do_not_reach_the_next() -> None:
    def run() -> list[tuple[int, Box]]:
        tracker = SketchTracker(from_detector=True)
        for i in range(6):
            tracker.update(i * 0.16, [_sighting(i * 160, _moved((0, 0, 40, 80), 5 * i), label="person")])
        return [(len(sketch.sightings), sketch.first.box_xyxy_px) for sketch in tracker.finish()]

    assert run() == run() == [(6, (0, 0, 40, 80))]


def test_an_object_that_is_hidden_for_two_seconds_is_one() -> None:
    before = _sketch(range(0, 1000, 100))
    after = _sketch(range(2800, 3800, 100), start=_moved((0, 100, 40, 180), 60 * 2.8))

    (joined,) = stitch([after, before], ticks_per_s=PER_S)

    assert [sighting.pts_ticks for sighting in joined.sightings] == [*range(0, 1000, 100), *range(2800, 3800, 100)]


@pytest.mark.parametrize("start", [(0, 0, 160, 320), (300, 10, 340, 90)], ids=["another size", "elsewhere"])
def test_sketches_that_do_not_continue_each_other_stay_two(start: Box) -> None:
    assert (
        len(stitch([_sketch(range(0, 1000, 100)), _sketch(range(1200, 2000, 100), start=start)], ticks_per_s=PER_S))
        == 2
    )


def test_sketches_that_live_at_the_same_time_are_never_joined() -> None:
    assert len(stitch([_sketch(range(0, 1000, 100)), _sketch(range(500, 1500, 100))], ticks_per_s=PER_S)) == 2


def test_what_was_seen_too_briefly_is_left_out_and_counted() -> None:
    kept, n_noise = drop_noise(
        [_sketch((0, 100)), _sketch((0, 50, 100)), _sketch(range(0, 400, 100))], ticks_per_s=PER_S
    )

    assert (len(kept), n_noise) == (1, 2)


def test_motion_tells_when_a_detected_object_came_and_went() -> None:
    motion = _sketch(range(0, 3000, 100))
    detected = Sketch(from_detector=True)
    for sighting in motion.sightings[10:20:2]:
        detected.add(_sighting(sighting.pts_ticks, sighting.box_xyxy_px, label="car"))

    (fused,) = fuse([detected], [motion])

    assert (fused.first.pts_ticks, fused.last.pts_ticks) == (0, 2900)
    assert fused.votes.keys() == {"car"}
    assert is_explained(motion, [fused])


def test_a_detection_is_not_lost_where_nothing_moves() -> None:
    alone = _sketch(range(0, 1000, 200), label="person")

    assert fuse([alone], [_sketch(range(5000, 6000, 100))]) == [alone]
    assert not is_explained(_sketch(range(5000, 6000, 100)), [alone])


def test_two_detected_persons_in_one_moving_region_stay_two() -> None:
    wide = _sketch(range(0, 2000, 100), start=(0, 100, 120, 180))
    people = [_sketch(range(0, 2000, 200), start=(x, 100, x + 40, 180), label="person") for x in (0, 80)]

    assert len(fuse(people, [wide])) == 2


def test_labels_count_by_their_scores() -> None:
    sketch = Sketch(from_detector=True)
    for label, score in (("car", 0.5), ("van", 0.9), ("car", 0.5)):
        sketch.add(_sighting(0, (0, 0, 9, 9), label=label, score=score))

    assert dict(sketch.votes) == {"car": 1.0, "van": 0.9}


def test_the_best_crops_are_kept_and_no_more_than_eight() -> None:
    sketch = Sketch(from_detector=False)
    image = np.zeros((8, 8, 3), np.uint8)
    for pts in range(0, 2000, 100):
        if sketch.wants_crop(pts, float(pts), 100):
            sketch.keep_crop(CropSample(pts_ticks=pts, quality=float(pts), image_bgr_u8=image, mask_u8=image[..., 0]))

    assert sorted(crop.pts_ticks for crop in sketch.crops) == list(range(1200, 2000, 100))
    assert len(sketch.crops) == MAX_CROPS
    assert not sketch.wants_crop(1950, 1e9, 100)


def test_a_crop_is_the_box_of_the_picture_and_of_its_mask() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    mask = np.zeros((120, 160), np.uint8)
    mask[50:90, 30:50] = 255

    image, cut_mask = cut_crop(picture, mask, (60.0, 100.0, 100.0, 180.0), mask_scale=0.5)

    assert np.array_equal(image, picture[100:180, 60:100])
    assert cut_mask.shape == (80, 40) and cut_mask.min() == 255


def test_a_large_crop_is_at_most_256_pixels_a_side() -> None:
    image, mask = cut_crop(
        np.zeros((1080, 1920, 3), np.uint8), np.zeros((360, 640), np.uint8), (0, 0, 1920, 1080), mask_scale=1 / 3
    )

    assert image.shape == (144, 256, 3) and mask.shape == (144, 256)


def test_a_box_outside_of_the_picture_gives_what_is_inside() -> None:
    image, mask = cut_crop(
        np.zeros((100, 100, 3), np.uint8), np.zeros((100, 100), np.uint8), (-20, 50, 10, 140), mask_scale=1
    )

    assert image.shape == (50, 10, 3) and mask.shape == (50, 10)


def test_boxes_overlap_from_nothing_to_all() -> None:
    assert iou_xyxy((0, 0, 1, 1), (2, 2, 3, 3)) == 0
    assert iou_xyxy((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert iou_xyxy((0, 0, 0, 0), (0, 0, 0, 0)) == 0
    assert overlap_share((0, 0, 2, 2), (1, 0, 9, 9)) == 0.5


def _rider_and_bicycle(times: Sequence[int] = range(0, 1000, 100)) -> tuple[Track, Track]:
    rider = make_track("t-1", class_name="person", pts_ticks=times, box=(12, 0, 28, 50), step_xy=(5, 0))
    return rider, make_track("t-2", class_name="bicycle", pts_ticks=times, box=(5, 10, 35, 70), step_xy=(5, 0))


def test_a_rider_is_part_of_the_machine() -> None:
    rider, bicycle = _rider_and_bicycle()

    assert absorb_riders([rider, bicycle]) == [bicycle]


def test_somebody_who_walks_beside_a_bicycle_is_kept() -> None:
    rider, bicycle = _rider_and_bicycle()
    beside = make_track("t-3", class_name="person", pts_ticks=range(0, 1000, 100), box=(60, 0, 76, 60), step_xy=(5, 0))

    assert absorb_riders([beside, bicycle]) == [beside, bicycle]
    assert absorb_riders([rider]) == [rider]


def test_somebody_who_gets_off_and_walks_on_is_kept() -> None:
    walks_on = _rider_and_bicycle(range(0, 3000, 100))[0]
    bicycle = _rider_and_bicycle(range(0, 1000, 100))[1]

    assert absorb_riders([walks_on, bicycle]) == [walks_on, bicycle]


def test_a_passer_by_is_not_taken_for_a_rider_of_a_car() -> None:
    rider, _ = _rider_and_bicycle()
    car = make_track("t-4", pts_ticks=range(0, 1000, 100), box=(0, 0, 60, 70), step_xy=(5, 0))

    assert absorb_riders([rider, car]) == [rider, car]


def test_of_two_machines_on_one_place_the_one_seen_longer_stays() -> None:
    short = make_track("t-1", class_name="motorcycle", pts_ticks=range(0, 500, 100), box=(5, 10, 35, 70))
    long = make_track("t-2", class_name="bicycle", pts_ticks=range(0, 1000, 100), box=(5, 10, 35, 70))

    assert absorb_riders([short, long]) == [long]


def test_each_track_is_joined_once_with_its_best_continuation() -> None:
    earlier = [make_track("t-1", box=(0, 0, 20, 40)), make_track("t-2", box=(100, 0, 120, 40))]
    later = [
        make_track("t-3", pts_ticks=(300, 400), box=(2, 0, 22, 40)),
        make_track("t-4", pts_ticks=(300, 400), box=(6, 0, 26, 40)),
        make_track("t-5", pts_ticks=(300, 400), box=(101, 0, 121, 40)),
    ]

    assert sorted(join_across_cut(earlier, later, max_step_ticks=1000)) == [("t-1", "t-3"), ("t-2", "t-5")]
