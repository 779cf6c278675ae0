# SPDX-License-Identifier: Apache-2.0
"""What a detector sees and the scene has held all the while: a parked vehicle is no object, a still person is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import probe
from indexer.sketches import iou_xyxy
from models.detectors import Detections
from models.modelset import load_model_set
from tests.clips import Mover, make_clip

STANDING = (200.0, 40.0, 270.0, 75.0)
CAR = Mover(size_wh_px=(70, 34), start_xy_px=(-70.0, 150.0), speed_xy_px_s=(110.0, 0.0), lower_bgr=(30, 30, 200))


class _SeesTwo:
    """Finds what is painted red, and always something at one place of the scene."""

    model_id = "of-this-test@1"

    def __init__(self, label: str) -> None:
        self._label = label

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        boxes, labels = [STANDING], [self._label]
        rows, columns = np.nonzero((image_bgr_u8[..., 2] > 140) & (image_bgr_u8[..., 1] < 90))
        if len(rows) > 50:
            boxes.append((float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)))
            labels.append("car")
        return Detections(
            boxes_xyxy_px=np.array(boxes, np.float32), scores=np.full(len(boxes), 0.9, np.float32), labels=tuple(labels)
        )


@pytest.mark.parametrize(("label", "is_followed"), [("car", False), ("person", True)])
def test_what_stands_in_the_scene_is_followed_only_where_it_is_a_person(
    tmp_path: Path, label: str, is_followed: bool
) -> None:
    clip = make_clip(tmp_path / "street.mp4", movers=(CAR,), n_frames=60)
    probed = probe(str(clip.path))
    recording, config = probed.recording(str(clip.path), camera="cam1"), IndexConfig.of_profile("exhaustive")
    (plan,) = plan_segments(recording, probed.packets, config)
    models = replace(load_model_set("fast", device="cpu"), detector=_SeesTwo(label))

    tracks = index_segment(recording, probed.packets, plan, config, models).tracks

    stood = [t for t in tracks if all(iou_xyxy(STANDING, tuple(map(float, box))) > 0.8 for box in t.boxes_xyxy_px)]
    assert bool(stood) == is_followed
    assert any(t.boxes_xyxy_px[-1, 0] - t.boxes_xyxy_px[0, 0] > 100 for t in tracks)
