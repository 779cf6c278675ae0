# SPDX-License-Identifier: Apache-2.0
"""Detectors in the form that RT-DETR and D-FINE are exported in, against a net of a few nodes with that contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.detectors.transformer import TransformerDetector
from models.errors import ModelProblem
from models.modelset import load_detector
from models.own_nets import list_own_net
from models.registry import Registry
from models.runtime import Net, open_session_bytes
from tests.models.make_nets import write_own_net
from tests.models.tiny_net import digest_of, field_bytes, identity_net, varint_field

FLOAT, INT64 = 1, 7
BOXES = np.array([[0.1, 0.2, 0.3, 0.8], [0.5, 0.5, 1.2, 0.9], [0.0, 0.0, 0.4, 0.4]], np.float32)
LABELS = np.array([[0, 4, 2]], np.int64)
CLASSES = ("person", "bicycle", "car", "motorcycle", "-", "bus")


def _node(kind: str, sources: Sequence[str], target: str, number: tuple[str, int] | None = None) -> bytes:
    made = b"".join(field_bytes(1, name.encode()) for name in sources)
    made += field_bytes(2, target.encode()) + field_bytes(4, kind.encode())
    if number is not None:
        name, value = number
        made += field_bytes(5, field_bytes(1, name.encode()) + varint_field(3, value) + varint_field(20, 2))
    return made


def _table(name: str, values: np.ndarray, kind: int) -> bytes:
    dims = b"".join(varint_field(1, side) for side in values.shape)
    return dims + varint_field(2, kind) + field_bytes(8, name.encode()) + field_bytes(9, values.tobytes())


def _value(name: str, kind: int, dims: Sequence[int]) -> bytes:
    shape = b"".join(field_bytes(1, varint_field(1, dim)) for dim in dims)
    tensor = varint_field(1, kind) + field_bytes(2, shape)
    return field_bytes(1, name.encode()) + field_bytes(2, field_bytes(1, tensor))


def detr_net(side_px: int = 64, *, n_boxes: int = 3) -> bytes:
    """Three objects at fixed places of any picture; the score of object i is the mean of channel i of ``images``."""
    nodes = (
        _node("Identity", ["label_table"], "labels"),
        _node("Cast", ["orig_target_sizes"], "sizes", ("to", FLOAT)),
        _node("Concat", ["sizes", "sizes"], "twice", ("axis", 1)),
        _node("Unsqueeze", ["twice", "axes"], "spread"),
        _node("Mul", ["box_table", "spread"], "boxes"),
        _node("GlobalAveragePool", ["images"], "pooled"),
        _node("Flatten", ["pooled"], "scores"),
    )
    tables = (
        _table("label_table", LABELS, INT64),
        _table("axes", np.array([1], np.int64), INT64),
        _table("box_table", BOXES[None, :n_boxes], FLOAT),
    )
    graph = b"".join(field_bytes(1, node) for node in nodes) + field_bytes(2, b"detr")
    graph += b"".join(field_bytes(5, table) for table in tables)
    graph += field_bytes(11, _value("images", FLOAT, (1, 3, side_px, side_px)))
    graph += field_bytes(11, _value("orig_target_sizes", INT64, (1, 2)))
    for name, kind, shape in (("labels", INT64, (1, 3)), ("boxes", FLOAT, (1, n_boxes, 4)), ("scores", FLOAT, (1, 3))):
        graph += field_bytes(12, _value(name, kind, shape))
    return varint_field(1, 8) + field_bytes(7, graph) + field_bytes(8, varint_field(2, 13))


def opened(content: bytes) -> Net:
    return open_session_bytes(content, name="tiny", expected_sha256=digest_of(content), device="cpu")


def picture(*, red: float, green: float, blue: float) -> np.ndarray:
    return np.full((100, 200, 3), (255 * blue, 255 * green, 255 * red), np.uint8)


def test_boxes_come_in_pixels_of_the_picture_with_our_labels_best_first() -> None:
    found = TransformerDetector(opened(detr_net()), model_id="detr@1", classes=CLASSES).detect(
        picture(red=0.6, green=0.5, blue=0.9)
    )

    assert found.labels == ("car", "person")
    assert found.scores.tolist() == pytest.approx([0.9, 0.6], abs=0.01)
    assert found.boxes_xyxy_px.round().tolist() == [[0, 0, 80, 40], [20, 20, 60, 80]]


def test_a_class_that_is_not_read_and_one_beyond_the_list_give_nothing() -> None:
    detector = TransformerDetector(opened(detr_net()), model_id="detr@1", classes=("person",))

    assert detector.detect(picture(red=0.9, green=0.9, blue=0.9)).labels == ("person",)


def test_boxes_are_cut_at_the_edge_of_the_picture() -> None:
    detector = TransformerDetector(opened(detr_net()), model_id="detr@1", classes=("-", "-", "-", "-", "bus"))

    (box,) = detector.detect(picture(red=0, green=1, blue=0)).boxes_xyxy_px.tolist()

    assert box == [100, 50, 200, pytest.approx(90)]


def test_weak_boxes_are_dropped_and_nothing_is_an_answer() -> None:
    detector = TransformerDetector(opened(detr_net()), model_id="detr@1", classes=CLASSES)

    assert len(detector.detect(picture(red=0.1, green=0.1, blue=0.1))) == 0


@pytest.mark.parametrize(
    ("content", "classes", "said"),
    [
        (identity_net(), CLASSES, "does not have the contract of a detector"),
        (detr_net(), ("person", "zebra"), "lists “zebra”"),
        (detr_net(), ("-", "-"), "no class that is read"),
    ],
    ids=["another net", "a strange label", "nothing read"],
)
def test_what_does_not_fit_is_refused_before_it_looks(content: bytes, classes: Sequence[str], said: str) -> None:
    with pytest.raises(ModelProblem, match=said):
        TransformerDetector(opened(content), model_id="detr@1", classes=classes)


def test_a_listed_detector_serves_exhaustive_and_leaves_an_office_pc_its_own_nets(tmp_path: Path) -> None:
    registry = Registry.load(folder=tmp_path / "models")
    own = {"name": "own-detr", "role": "detector", "file": "own-detr.onnx", "classes": CLASSES}
    registry.list_local(*write_own_net(tmp_path / "usb", content=detr_net(), **own))  # type: ignore[arg-type]

    thorough = load_detector(registry, "exhaustive", device="cpu")

    assert thorough is not None and thorough.model_id == "own-detr@1"
    assert thorough.detect(picture(red=0.6, green=0.5, blue=0.9)).labels == ("car", "person")
    assert load_detector(registry, "standard", device="cpu") is None


@pytest.mark.parametrize(
    ("content", "changes", "said"),
    [
        (identity_net(), {}, "does not have the contract of a detector"),
        (detr_net(), {"classes": ("person", "zebra")}, "lists “zebra”"),
        (detr_net(n_boxes=2), {}, "failed on a trial picture"),
        (identity_net(), {"role": "vehicle_make", "classes": ("Peugeot",)}, "contract of a net of makes"),
        (b"no net", {}, "cannot be loaded"),
    ],
    ids=["another net", "a strange label", "a box short", "no net of makes", "no net at all"],
)
def test_a_net_that_fails_its_trial_is_not_listed(
    tmp_path: Path, content: bytes, changes: dict[str, object], said: str
) -> None:
    registry = Registry.load(folder=tmp_path / "models")
    own = {"name": "own-detr", "role": "detector", "file": "own-detr.onnx", "classes": CLASSES, **changes}

    with pytest.raises(ModelProblem, match=said):
        list_own_net(registry, *write_own_net(tmp_path / "usb", content=content, **own))  # type: ignore[arg-type]

    assert not (tmp_path / "models").exists()


def test_a_net_that_passes_its_trial_is_listed(tmp_path: Path) -> None:
    registry = Registry.load(folder=tmp_path / "models")
    own = {"name": "own-detr", "role": "detector", "file": "own-detr.onnx", "classes": CLASSES}

    entry = list_own_net(registry, *write_own_net(tmp_path / "usb", content=detr_net(), **own))  # type: ignore[arg-type]

    assert registry.is_present(entry)
