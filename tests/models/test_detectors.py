# SPDX-License-Identifier: Apache-2.0
"""Decoders hold to their authors' contracts: known outputs give known boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.detectors import COARSE_LABELS, LABELS, Detections
from models.detectors._pictures import Letterbox, fitting_size_wh, settle
from models.detectors.nanodet import decode_nanodet
from models.detectors.pvb import decode_pvb
from models.detectors.yolox import decode_yolox


@given(
    width=st.integers(16, 900),
    height=st.integers(16, 900),
    place=st.sampled_from(["top-left", "centre"]),
    box=st.tuples(*[st.floats(0, 1)] * 4),
)
def test_a_box_put_into_a_letterbox_comes_back(width: int, height: int, place: str, box: tuple[float, ...]):
    picture = np.zeros((height, width, 3), np.uint8)
    source = np.array([[box[0] * width, box[1] * height, box[2] * width, box[3] * height]], np.float32)

    padded, letterbox = Letterbox.fit(picture, (640, 384), place=place)  # type: ignore[arg-type]
    inside = source * letterbox.scale + np.array([letterbox.left_px, letterbox.top_px] * 2, np.float32)

    assert padded.shape == (384, 640, 3)
    np.testing.assert_allclose(letterbox.to_source(inside), source, atol=1e-2)


@given(width=st.integers(16, 4000), height=st.integers(16, 4000))
def test_a_fitting_size_has_the_right_multiple_and_holds_the_picture(width: int, height: int):
    size = fitting_size_wh((height, width, 3), long_side_px=640)
    scale = 640 / max(width, height)

    assert max(size) == 640
    assert all(side % 32 == 0 for side in size)
    assert size[0] >= round(width * scale) and size[1] >= round(height * scale)


def test_yolox_cells_are_ordered_by_stride_then_row_then_column():
    raw = np.zeros((8 * 4 + 4 * 2 + 2 * 1, 85), np.float32)
    at = 8 * 1 + 3  # second row, fourth column of the finest stride, in a 64x32 input
    raw[at, :4] = (0.5, 0.25, np.log(2), np.log(3))
    raw[at, 4], raw[at, 5 + 2], raw[at, 5 + 3] = 0.8, 0.5, 0.25

    boxes, scores = decode_yolox(raw, (64, 32))

    np.testing.assert_allclose(boxes[at], [28 - 8, 10 - 12, 28 + 8, 10 + 12], rtol=1e-5)
    assert scores[at].tolist() == pytest.approx([0, 0, 0.4, 0.2, 0, 0, 0, 0, 0])


def test_nanodet_distances_are_the_mean_of_their_distribution_in_strides():
    n = 8 * 4 + 4 * 2 + 2 * 1 + 1 * 1
    raw = np.zeros((n, 112), np.float32)
    at = 8 * 2 + 5
    for side, bin_ in enumerate((1, 2, 3, 4)):
        raw[at, 80 + 8 * side + bin_] = 50

    (box,) = decode_nanodet(raw, (64, 32), rows=np.array([at]))

    np.testing.assert_allclose(box, [40 - 8, 16 - 16, 40 + 24, 16 + 32], rtol=1e-4)


def test_pvb_boxes_move_and_grow_from_their_priors_by_the_variances():
    priors = np.array([[[0.4, 0.4, 0.6, 0.8], [0.1, 0.1, 0.2, 0.2]]], np.float32).reshape(1, 2, 4)
    logits = np.array([[1.0, -1.0, np.log(2) / 0.2, 0.0]], np.float32)

    (box,) = decode_pvb(logits, priors)

    np.testing.assert_allclose(box, [0.52 - 0.2, 0.56 - 0.2, 0.52 + 0.2, 0.56 + 0.2], rtol=1e-5)


def test_suppression_is_within_a_class_and_the_best_comes_first():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 11], [0, 0, 10, 10], [50, 50, 60, 60]], np.float32)

    found = settle(
        boxes,
        np.array([0.6, 0.9, 0.7, 0.1], np.float32),
        np.array([0, 0, 1, 0]),
        labels=("car", "person"),
        image_shape=(100, 100, 3),
        min_score=0.3,
        max_iou=0.5,
    )

    assert found.labels == ("car", "person")
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])


def test_boxes_are_clipped_and_what_lies_outside_is_dropped():
    boxes = np.array([[-5, -5, 20, 20], [200, 10, 240, 20]], np.float32)

    found = settle(
        boxes,
        np.array([0.9, 0.8], np.float32),
        np.array([0, 0]),
        labels=("car",),
        image_shape=(50, 100, 3),
        min_score=0.3,
        max_iou=0.5,
    )

    assert found.boxes_xyxy_px.tolist() == [[0, 0, 20, 20]]


def test_nothing_strong_gives_no_detection():
    found = settle(
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, np.intp),
        labels=("car",),
        image_shape=(9, 9),
        min_score=0.3,
        max_iou=0.5,
    )

    assert len(found) == 0


def test_detections_are_read_only_copies_with_known_labels():
    boxes = np.array([[0, 0, 5, 5]], np.float32)
    found = Detections(boxes_xyxy_px=boxes, scores=np.array([0.5], np.float32), labels=("car",))
    boxes[:] = 7

    assert found.boxes_xyxy_px.tolist() == [[0, 0, 5, 5]]
    with pytest.raises(ValueError, match="read-only"):
        found.boxes_xyxy_px[0] = 1
    with pytest.raises(AssertionError, match="unknown label"):
        Detections(boxes_xyxy_px=boxes, scores=np.array([0.5], np.float32), labels=("face",))
    assert LABELS.issuperset(COARSE_LABELS)
    assert all(LABELS.issuperset(names) for names in COARSE_LABELS.values())
