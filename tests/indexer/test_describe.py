# SPDX-License-Identifier: Apache-2.0
"""What is said of an object from its crops: what night greys out, what a bag or a hat needs, makes as a ranked list."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from indexer.describe import DecodedFrames, SceneLight, describe
from indexer.records import Attribute, Track
from indexer.sketches import CropSample, Sighting, Sketch
from models.makes import VehicleMakeNet
from models.runtime import open_session_bytes
from tests.indexer.factories import make_recording
from tests.models.make_nets import colour_net
from tests.models.tiny_net import digest_of

CLASSES = ("person", "bicycle", "motorcycle", "car", "van", "truck", "bus", "other")
NIGHT = "the picture carries no colour (night, infrared or thermal)"


def _light(*, is_colourless: bool = False) -> SceneLight:
    ones = np.ones(3, np.float32)
    return SceneLight(gains_bgr=ones, cloth_gains_bgr=ones, lamp_gains_bgr=ones, is_colourless=is_colourless)


def _models(class_name: str, **nets: Any) -> Any:
    sure = np.eye(len(CLASSES), dtype=np.float32)[CLASSES.index(class_name)]
    classifier = SimpleNamespace(
        model_id="crop@1", classes=CLASSES, classify=lambda crops: np.tile(sure, (len(crops), 1))
    )
    plain = {"detector": None, "person_attributes": None, "appearance": None, "garments": None, "makes": None}
    return SimpleNamespace(classifier=classifier, **{**plain, **nets})


def _makes() -> VehicleMakeNet:
    content = colour_net()
    net = open_session_bytes(content, name="makes", expected_sha256=digest_of(content), device="cpu")
    return VehicleMakeNet(net, model_id="makes@1", makes=("peugeot", "citroen", "renault"))


def _hats(score: float) -> Any:
    said = SimpleNamespace(score=lambda name: {"hat": score}.get(name, 1.0))
    return SimpleNamespace(model_id="worn@1", describe=lambda crops: [said] * len(crops))


def _described(
    models: Any,
    *,
    size_wh: tuple[int, int] = (100, 60),
    bgr: tuple[int, int, int] = (20, 20, 200),
    light: SceneLight | None = None,
    bags: dict[str, int] | None = None,
    n_looks: int = 0,
) -> Track:
    sketch = Sketch(from_detector=models.detector is not None)
    for i in range(10):
        box = (20.0 * i, 50.0, 20.0 * i + size_wh[0], 50.0 + size_wh[1])
        sketch.add(Sighting(frame_index=i, pts_ticks=100 * i, box_xyxy_px=box, score=0.9))
    for i in range(4):
        crop = np.full((size_wh[1], size_wh[0], 3), bgr, np.uint8)
        mask = np.full(crop.shape[:2], 255, np.uint8)
        sketch.keep_crop(CropSample(pts_ticks=100 * i, quality=100.0 + i, image_bgr_u8=crop, mask_u8=mask))
    sketch.bag_votes, sketch.n_bag_looks = Counter(bags or {}), n_looks
    frames = DecodedFrames(frame_index=np.arange(10, dtype=np.int32), pts_ticks=np.arange(0, 1000, 100))
    return describe(sketch, recording=make_recording(), frames=frames, models=models, scene=light or _light())


def _said(track: Track, name: str) -> Attribute:
    found = track.attribute(name)
    assert found is not None
    return found


def test_a_make_is_a_ranked_list_to_be_confirmed() -> None:
    make = _said(_described(_models("car", makes=_makes()), bgr=(98, 99, 100)), "make")

    assert (make.value, make.model, make.note) == ("renault", "makes@1", "to be confirmed")
    assert [value for value, _ in make.alternatives] == ["citroen", "peugeot"]
    assert 0.99 < make.score + sum(score for _, score in make.alternatives) < 1.01


def test_a_vehicle_that_is_too_small_has_no_make_and_says_why() -> None:
    make = _said(_described(_models("car", makes=_makes()), size_wh=(60, 30)), "make")

    assert (make.value, make.note, make.alternatives) == ("unknown", "smaller than 48 px", ())


def test_only_vehicles_have_a_make_and_none_where_no_net_is() -> None:
    assert _described(_models("person", makes=_makes()), size_wh=(60, 140)).attribute("make") is None
    assert _described(_models("car")).attribute("make") is None


@pytest.mark.parametrize(
    ("class_name", "names"),
    [("car", ["colour"]), ("person", ["upper_colour", "lower_colour"]), ("bicycle", ["upper_colour"])],
)
def test_at_night_every_colour_is_unknown_with_the_reason(class_name: str, names: list[str]) -> None:
    track = _described(_models(class_name), size_wh=(60, 140), light=_light(is_colourless=True))

    assert [(item.name, item.value, item.note) for item in track.attributes] == [
        (name, "unknown", NIGHT) for name in names
    ]


def test_night_takes_the_colour_and_leaves_what_does_not_need_one() -> None:
    night = _light(is_colourless=True)

    car = _described(_models("car", makes=_makes()), light=night)
    person = _described(_models("person", person_attributes=_hats(0.9)), size_wh=(60, 140), light=night)

    assert _said(car, "make").value == "renault"
    assert _said(person, "headgear").value == "hat"


@pytest.mark.parametrize(("score", "is_said"), [(0.69, False), (0.7, True)])
def test_headgear_is_said_from_the_score_on_at_which_it_was_measured(score: float, is_said: bool) -> None:
    track = _described(_models("person", person_attributes=_hats(score)), size_wh=(60, 140))

    assert (track.attribute("headgear") is not None) == is_said


def test_what_the_person_net_says_of_bags_is_not_read() -> None:
    track = _described(_models("person", person_attributes=_hats(0.0)), size_wh=(60, 140))

    assert track.attribute("bag") is None


@pytest.mark.parametrize(
    ("votes", "n_looks", "value"),
    [({"backpack": 3}, 8, "backpack"), ({"backpack": 1}, 3, None), ({"handbag": 2}, 20, None)],
    ids=["seen again and again", "seen once", "seen seldom"],
)
def test_a_bag_is_said_when_a_detector_sees_it_again_and_again(
    votes: dict[str, int], n_looks: int, value: str | None
) -> None:
    detector = SimpleNamespace(model_id="bags@1")

    track = _described(_models("person", detector=detector), size_wh=(60, 140), bags=votes, n_looks=n_looks)

    found = track.attribute("bag")
    assert (found.value if found else None) == value
