# SPDX-License-Identifier: Apache-2.0
"""Labelled recordings in one form, wherever they come from: samples, the four real clips, MOTChallenge folders."""

from __future__ import annotations

import configparser
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from samples.truth import FileTruth, ObjectTruth, read_truth

__all__ = ["Labelled", "LabelledPass", "mot_folder", "real_clips", "sample_set"]

MIN_VISIBLE_PER_MILLE: Final = 250
MIN_PASS_FRAMES: Final = 5
MOT_COUNTED: Final = frozenset({-1, 1})
"""MOTChallenge classes that count: pedestrian, or no class given (2015)."""
_VIDEO_SUFFIXES: Final = (".mp4", ".avi", ".mkv", ".mov", ".ts")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledPass:
    """One object that passes once.

    Attributes:
        name: Identifier within the recording.
        class_name: Class of the product.
        frames: (N,) int, 0-based decode order, sorted. Two frames where only first and last are labelled.
        boxes_xyxy_px: (N, 4) float; None where no boxes are labelled.
        visible_unit: (N,) share of the object that is seen; 1 where not labelled.
        colours, upper, lower: Accepted names; empty where not labelled.
        bag: Bag carried at first sight; empty where not labelled, ``none`` where none is carried.
        counts: False for what is labelled as not to be scored.
    """

    name: str
    class_name: str
    frames: NDArray[np.int64]
    boxes_xyxy_px: NDArray[np.float64] | None
    visible_unit: NDArray[np.float64]
    colours: tuple[str, ...] = ()
    upper: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()
    bag: str = ""
    counts: bool = True

    @property
    def height_px(self) -> float:
        """Median height; 0 where no boxes are labelled."""
        if self.boxes_xyxy_px is None:
            return 0.0
        return float(np.median(self.boxes_xyxy_px[:, 3] - self.boxes_xyxy_px[:, 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A recording with what passes in it."""

    name: str
    path: Path
    passes: tuple[LabelledPass, ...]
    is_night: bool = False
    has_boxes: bool = True
    classes: frozenset[str] = field(default_factory=frozenset)
    """Classes that are labelled completely; tracks of others are not held against the program. Empty for all."""


def sample_set(folder: Path) -> list[Labelled]:
    """Recordings of a set made by ``samples``."""
    truth = read_truth(folder / "truth.json")
    return [
        Labelled(
            name=f"{folder.name}/{item.camera}",
            path=folder / item.file,
            passes=tuple(found for obj in item.objects for found in _sample_passes(obj, item)),
            is_night=item.is_night,
        )
        for item in truth.files
    ]


def _sample_passes(obj: ObjectTruth, file: FileTruth) -> list[LabelledPass]:
    found = []
    for number, one in enumerate(obj.passes):
        frames = obj.boxes[:, 0]
        mine = obj.boxes[(frames >= one.first_frame) & (frames <= one.last_frame)]
        visible = mine[mine[:, 5] >= MIN_VISIBLE_PER_MILLE]
        if len(visible) == 0:
            continue
        found.append(
            LabelledPass(
                name=f"{obj.object_id}#{number}",
                class_name=obj.class_name,
                frames=mine[:, 0].astype(np.int64),
                boxes_xyxy_px=mine[:, 1:5].astype(np.float64),
                visible_unit=mine[:, 5] / 1000.0,
                colours=() if file.is_night else obj.colour,
                upper=() if file.is_night else obj.upper,
                lower=() if file.is_night else obj.lower,
                bag=obj.bag,
                counts=len(visible) >= MIN_PASS_FRAMES,
            )
        )
    return found


def real_clips(folder: Path) -> list[Labelled]:
    """Clips with a ``labels.json`` of pass events: type, first and last frame, accepted colours."""
    clips = json.loads((folder / "labels.json").read_text(encoding="utf-8"))["clips"]
    kinds = {"cyclist": "bicycle", "": "person"}
    result = []
    for name, clip in clips.items():
        passes = []
        for number, event in enumerate(clip["events"]):
            kind = event.get("type") or ""
            passes.append(
                LabelledPass(
                    name=f"{number}",
                    class_name=kinds.get(kind, kind),
                    frames=np.array([event["first"], event["last"]], np.int64),
                    boxes_xyxy_px=None,
                    visible_unit=np.ones(2),
                    colours=tuple("grey" if c == "silver" else c for c in event.get("colour") or ()),
                    upper=tuple(event.get("upper") or ()),
                    lower=tuple(event.get("lower") or ()),
                )
            )
        result.append(Labelled(name=name, path=folder / name, passes=tuple(passes), has_boxes=False))
    return result


def mot_folder(folder: Path, *, scratch: Path) -> Labelled:
    """A MOTChallenge sequence: ``gt/gt.txt`` and either ``img1/`` or a video beside it.

    Pictures are encoded without loss of note into a video under ``scratch`` at the rate of ``seqinfo.ini`` (25 a second
    without one), because the program reads recordings and not pictures.

    Raises:
        FileNotFoundError: There is no ground truth, or nothing to look at.
    """
    truth = np.loadtxt(folder / "gt" / "gt.txt", delimiter=",", ndmin=2)
    passes = []
    for number in np.unique(truth[:, 1]).astype(int):
        rows = truth[truth[:, 1] == number]
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        kind = int(rows[0, 7]) if rows.shape[1] > 7 and rows.shape[1] < 10 else -1
        boxes = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])
        visible = rows[:, 8] if 8 < rows.shape[1] < 10 else np.ones(len(rows))
        passes.append(
            LabelledPass(
                name=str(number),
                class_name="person",
                frames=rows[:, 0].astype(np.int64) - 1,
                boxes_xyxy_px=boxes,
                visible_unit=np.maximum(visible, 0.001),
                counts=kind in MOT_COUNTED and bool(rows[0, 6] != 0),
            )
        )
    videos = sorted(p for p in folder.iterdir() if p.suffix.lower() in _VIDEO_SUFFIXES)
    path = videos[0] if videos else _encoded(folder, scratch / f"{folder.name}.mp4")
    return Labelled(name=folder.name, path=path, passes=tuple(passes), classes=frozenset({"person"}))


def _encoded(folder: Path, path: Path) -> Path:
    pictures = sorted((folder / "img1").glob("*.jpg")) + sorted((folder / "img1").glob("*.png"))
    if not pictures:
        msg = f"{folder} has neither a video nor pictures in img1/."
        raise FileNotFoundError(msg)
    rate = 25
    if (folder / "seqinfo.ini").is_file():
        info = configparser.ConfigParser()
        info.read(folder / "seqinfo.ini", encoding="utf-8")
        rate = round(float(info["Sequence"].get("frameRate", "25")))
    with av.open(str(path), "w") as target:
        stream = None
        for picture in pictures:
            with av.open(str(picture)) as source:
                frame = next(source.decode(video=0)).reformat(format="yuv420p")
            if stream is None:
                stream = target.add_stream("libx264", rate=rate, options={"crf": "14", "g": str(2 * rate)})
                stream.width, stream.height = frame.width // 2 * 2, frame.height // 2 * 2
                stream.pix_fmt = "yuv420p"
            frame.pts = None
            target.mux(stream.encode(frame.reformat(width=stream.width, height=stream.height)))
        if stream is not None:
            target.mux(stream.encode())
    return path
