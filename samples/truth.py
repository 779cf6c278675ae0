# SPDX-License-Identifier: Apache-2.0
"""The ground truth of a set: one JSON file, and boxes in a side file when there are many.

Schema ``relecture-samples-truth/1``. Frames are numbered from 0 in decode order, which is presentation order; times are
ticks of ``time_base``; boxes are source pixels, right and bottom edges exclusive, around what can be seen.
``clock_offset_ms`` is displayed minus reference time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SCHEMA",
    "BagChange",
    "FileTruth",
    "Interaction",
    "LightEvent",
    "ObjectTruth",
    "Pass",
    "Truth",
    "read_truth",
    "write_truth",
]

SCHEMA = "relecture-samples-truth/1"
INLINE_BOXES = 60_000
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A stretch of frames, both ends included, in which an object is seen with no gap of more than three seconds."""

    first_frame: int
    last_frame: int
    first_pts: int
    last_pts: int
    n_frames_seen: int
    max_height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BagChange:
    """From this frame on the person carries this bag."""

    frame: int
    pts: int
    bag: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObjectTruth:
    """One object in one file.

    Attributes:
        object_id: Unique in the set: file's camera and actor.
        actor_id: The same in every file that the same actor is seen in.
        class_name: person, bicycle, motorcycle, car, van, truck or bus; the two-wheelers include their rider.
        shape: Finer shape, for example ``hatchback``.
        colour: Accepted names of the machine's or body's paint, best first; empty for persons.
        upper, lower: Accepted names of clothes, of persons and riders; else empty.
        bag: Bag at first sight; bag_colour: its accepted names.
        bag_changes: Later changes.
        passes: Stretches in which it is seen.
        best_frame: Frame with the largest seen area.
        boxes: (n, 6) int32: frame, x1, y1, x2, y2, visible share in per mille.
    """

    object_id: str
    actor_id: str
    class_name: str
    shape: str
    colour: tuple[str, ...]
    upper: tuple[str, ...]
    lower: tuple[str, ...]
    bag: str
    bag_colour: tuple[str, ...]
    bag_changes: tuple[BagChange, ...]
    passes: tuple[Pass, ...]
    best_frame: int
    boxes: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Two objects that meet; at ``handover_frame`` the bag changes hands (-1 when that is not in the file)."""

    kind: str
    object_ids: tuple[str, ...]
    first_frame: int
    last_frame: int
    handover_frame: int
    bag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LightEvent:
    """A slow dip of the light; ``lowest_gain`` is the picture's factor at its deepest."""

    kind: str
    first_frame: int
    last_frame: int
    lowest_gain: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileTruth:
    """One recording.

    Attributes:
        file: File name beside the truth.
        camera: Camera identifier.
        size_wh_px: Picture size.
        time_base: Seconds per tick.
        pts_ticks: (n,) int64, one per frame.
        displayed_start: What the recorder's clock shows at the first frame.
        clock_offset_ms: Displayed minus reference time.
        is_vfr, is_night, has_clock: Kind of recording.
        active_frames: Frames in which some object is seen.
        objects, interactions, light: What happens.
    """

    file: str
    camera: str
    size_wh_px: tuple[int, int]
    time_base: Fraction
    pts_ticks: NDArray[np.int64]
    displayed_start: datetime
    clock_offset_ms: int
    is_vfr: bool
    is_night: bool
    has_clock: bool
    active_frames: int
    objects: tuple[ObjectTruth, ...]
    interactions: tuple[Interaction, ...]
    light: tuple[LightEvent, ...]

    @property
    def activity(self) -> float:
        """Share of frames in which some object is seen."""
        return self.active_frames / max(1, len(self.pts_ticks))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """A whole set."""

    seed: int
    files: tuple[FileTruth, ...]


def _pts_json(pts: NDArray[np.int64]) -> Json:
    steps = np.diff(pts)
    if len(pts) > 1 and (steps == steps[0]).all():
        return {"first": int(pts[0]), "step": int(steps[0]), "count": len(pts)}
    return {"list": pts.tolist()}


def _object_json(item: ObjectTruth, *, is_inline: bool) -> Json:
    body: dict[str, object] = {
        "object_id": item.object_id,
        "actor_id": item.actor_id,
        "class": item.class_name,
        "shape": item.shape,
        "colour": list(item.colour),
        "upper": list(item.upper),
        "lower": list(item.lower),
        "bag": item.bag,
        "bag_colour": list(item.bag_colour),
        "first_frame": item.passes[0].first_frame,
        "last_frame": item.passes[-1].last_frame,
        "first_pts": item.passes[0].first_pts,
        "last_pts": item.passes[-1].last_pts,
        "best_frame": item.best_frame,
        "bag_changes": [{"frame": c.frame, "pts": c.pts, "bag": c.bag} for c in item.bag_changes],
        "passes": [{name: getattr(p, name) for name in Pass.__slots__} for p in item.passes],
    }
    if is_inline:
        body["boxes"] = item.boxes.tolist()
    return body


def _file_json(item: FileTruth, *, is_inline: bool) -> Json:
    return {
        "file": item.file,
        "camera": item.camera,
        "size_wh_px": list(item.size_wh_px),
        "time_base": str(item.time_base),
        "pts": _pts_json(item.pts_ticks),
        "displayed_start": item.displayed_start.isoformat(),
        "clock_offset_ms": item.clock_offset_ms,
        "is_vfr": item.is_vfr,
        "is_night": item.is_night,
        "has_clock": item.has_clock,
        "active_frames": item.active_frames,
        "objects": [_object_json(o, is_inline=is_inline) for o in item.objects],
        "interactions": [{name: getattr(i, name) for name in Interaction.__slots__} for i in item.interactions],
        "light": [{name: getattr(e, name) for name in LightEvent.__slots__} for e in item.light],
    }


def write_truth(truth: Truth, path: Path) -> None:
    """Write a truth file; boxes go to ``<stem>-boxes.npz`` beside it when there are more than 60,000."""
    is_inline = sum(len(o.boxes) for f in truth.files for o in f.objects) <= INLINE_BOXES
    if not is_inline:
        boxes = {o.object_id.replace("/", "--"): o.boxes for f in truth.files for o in f.objects}
        np.savez_compressed(_boxes_path(path), **boxes)  # type: ignore[arg-type]  # Reason: numpy's stub takes the keyword for allow_pickle.
    document = {
        "schema": SCHEMA,
        "seed": truth.seed,
        "boxes": "inline" if is_inline else _boxes_path(path).name,
        "files": [_file_json(f, is_inline=is_inline) for f in truth.files],
    }
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    draft.replace(path)


def _boxes_path(path: Path) -> Path:
    return path.with_name(path.stem + "-boxes.npz")


def read_truth(path: Path) -> Truth:
    """Read a truth file.

    Raises:
        ValueError: The file has another schema.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("schema") != SCHEMA:
        msg = f"{path.name} is not a truth file of schema {SCHEMA}."
        raise ValueError(msg)
    side: Mapping[str, NDArray[np.int32]] = {}
    if document["boxes"] != "inline":
        with np.load(path.with_name(document["boxes"])) as archive:
            side = {name: archive[name] for name in archive.files}
    return Truth(seed=document["seed"], files=tuple(_read_file(body, side) for body in document["files"]))


def _read_file(body: dict[str, object], side: Mapping[str, NDArray[np.int32]]) -> FileTruth:
    value: dict[str, object] = dict(body)
    pts = value.pop("pts")
    assert isinstance(pts, dict)
    ticks = (
        np.array(pts["list"], np.int64)
        if "list" in pts
        else pts["first"] + pts["step"] * np.arange(pts["count"], dtype=np.int64)
    )
    objects = value.pop("objects")
    interactions, light = value.pop("interactions"), value.pop("light")
    assert isinstance(objects, list) and isinstance(interactions, list) and isinstance(light, list)
    value["size_wh_px"] = tuple(value["size_wh_px"])  # type: ignore[arg-type]  # Reason: a JSON list of two numbers.
    value["time_base"] = Fraction(str(value["time_base"]))
    value["displayed_start"] = datetime.fromisoformat(str(value["displayed_start"]))
    return FileTruth(
        pts_ticks=ticks,
        objects=tuple(_read_object(o, side) for o in objects),
        interactions=tuple(Interaction(**{**i, "object_ids": tuple(i["object_ids"])}) for i in interactions),
        light=tuple(LightEvent(**e) for e in light),
        **value,  # type: ignore[arg-type]  # Reason: the remaining keys are fields by name.
    )


def _names(value: Sequence[str]) -> tuple[str, ...]:
    return tuple(value)


def _read_object(body: dict[str, object], side: Mapping[str, NDArray[np.int32]]) -> ObjectTruth:
    item = {key: body[key] for key in ("object_id", "actor_id", "shape", "bag", "best_frame")}
    boxes = (
        np.array(body["boxes"], np.int32).reshape(-1, 6)
        if "boxes" in body
        else side[str(body["object_id"]).replace("/", "--")]
    )
    return ObjectTruth(
        class_name=str(body["class"]),
        boxes=boxes,
        **{key: tuple(body[key]) for key in ("colour", "upper", "lower", "bag_colour")},  # type: ignore[arg-type]  # Reason: JSON lists of names.
        bag_changes=tuple(BagChange(**c) for c in body["bag_changes"]),  # type: ignore[attr-defined]  # Reason: a JSON list.
        passes=tuple(Pass(**p) for p in body["passes"]),  # type: ignore[attr-defined]  # Reason: a JSON list.
        **item,  # type: ignore[arg-type]  # Reason: the remaining keys are fields by name.
    )
