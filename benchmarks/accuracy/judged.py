# SPDX-License-Identifier: Apache-2.0
"""Colours of pictures that were judged by eye: vehicles, and persons as small and coarse as CCTV shows them.

``judged/vehicles.csv`` (roadside crops of one camera), ``judged/photographs.csv`` (vehicles of many cameras) and
``judged/persons.csv`` name pictures of the training folder and the accepted colours, the one we would give first:
facts, no pictures. Half of each list (``tuned``, ``tuned-2``) was looked at while borders were set, the other
(``held``, ``held-2``) was not: only its figures say anything, and a little less at each time that it is scored. The
lists with a 2 were judged later; photographs are in those alone.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour import ColourShare, person_colours, vehicle_colour
from models.garments import GarmentFinder

__all__ = ["HALVES", "MASKS", "Judged", "judged_persons", "judged_table", "judged_vehicles", "score_judged"]

MASKS: Final = ("none", "cut")
"""``none``: the crop alone, as a folder of crops gives it. ``cut``: cut out by GrabCut, as rough as motion cuts it."""
HALVES: Final = ("tuned", "held", "tuned-2", "held-2")
_LISTS: Final = Path(__file__).parent / "judged"
_HEIGHTS_PX: Final = (40, 121)
_JPEG_QUALITIES: Final = (35, 76)
_CONTEXT: Final = 0.25
_EDGE: Final = 0.07
_PHOTOGRAPH_PX: Final = 128
_PHOTOGRAPH_QUALITY: Final = 60
_CUT_ROUNDS: Final = 3

Crop = NDArray[np.uint8]


@dataclass(slots=True, kw_only=True)
class Judged:
    """One column: how many are right, and what was called what.

    Attributes:
        wrong: (file, accepted, named) of every wrong answer.
    """

    n: int = 0
    n_right: int = 0
    n_near: int = 0
    wrong: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, accepted: str, answer: tuple[ColourShare, ...]) -> None:
        """Count one answer against the accepted names, parted by ``|``."""
        named = answer[0].name if answer else "unknown"
        names = accepted.split("|")
        self.n += 1
        self.n_right += named in names
        self.n_near += named in names or any(share.name in names for share in answer[1:2])
        if named not in names:
            self.wrong.append((name, accepted, named))

    @property
    def confusions(self) -> Counter[tuple[str, str]]:
        """(accepted first, named) of the wrong ones."""
        return Counter((accepted.split("|")[0], named) for _, accepted, named in self.wrong)


def score_judged(training: Path, *, half: str, mask: str) -> dict[str, Judged]:
    """Scores of ``colour``, ``upper`` and ``lower`` of one half of both lists.

    Args:
        training: Folder of the training pictures.
        half: One of :data:`HALVES`.
        mask: One of :data:`MASKS`.
    """
    scores = {name: Judged() for name in ("colour", "photographed", "upper", "lower")}
    finder = GarmentFinder.load()
    for name, crop, cut, accepted in judged_vehicles(training, half=half):
        scores["colour"].add(name, accepted, vehicle_colour(crop, cut if mask == "cut" else None))
    for name, crop, cut, accepted in judged_photographs(training, half=half):
        scores["photographed"].add(name, accepted, vehicle_colour(crop, cut if mask == "cut" else None))
    for name, crop, cut, upper, lower in judged_persons(training, half=half):
        garments = finder.find([crop])[0]
        answers = person_colours(crop, cut if mask == "cut" else None, garments=garments)
        for column, accepted, answer in zip(("upper", "lower"), (upper, lower), answers, strict=True):
            if accepted:
                scores[column].add(name, accepted, answer)
    return scores


def judged_table(training: Path) -> str:
    """Both halves with and without masks as a table in Markdown, and what was called what."""
    lines = [
        "| half | mask | colour of | right | or the second name | called otherwise |",
        "|---|---|---|---|---|---|",
    ]
    for half in HALVES:
        for mask in MASKS:
            for column, score in score_judged(training, half=half, mask=mask).items():
                called = ", ".join(f"{a} {b} {n}" for (a, b), n in score.confusions.most_common())
                right = f"{score.n_right} of {score.n} ({score.n_right / max(1, score.n):.1%})"
                lines.append(f"| {half} | {mask} | {column} | {right} | {score.n_near} | {called} |")
    return "\n".join(lines)


def judged_vehicles(training: Path, *, half: str) -> Iterator[tuple[str, Crop, Crop, str]]:
    """(file, crop, mask, accepted) of the roadside crops, which have road around the vehicle."""
    for row in _rows("vehicles.csv", half):
        crop = _read(training / "roadside_vehicle_crops" / row["file"])
        yield row["file"], crop, _cut_out(crop, _inset(crop)), row["colour"]


def judged_photographs(training: Path, *, half: str) -> Iterator[tuple[str, Crop, Crop, str]]:
    """(file, crop, mask, accepted) of vehicles on photographs of all kinds, at most 128 px and compressed once more."""
    for row in _rows("photographs.csv", half):
        picture = _read(training / "openimages_vehicles" / "images" / row["file"])
        x1, y1, x2, y2 = (int(row[f"box_{side}"]) for side in ("x1", "y1", "x2", "y2"))
        dx, dy = round(_EDGE * (x2 - x1)), round(_EDGE * (y2 - y1))
        around = picture[max(0, y1 - dy) : y2 + dy, max(0, x1 - dx) : x2 + dx]
        scale = min(1.0, _PHOTOGRAPH_PX / max(around.shape[:2]))
        small = cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _PHOTOGRAPH_QUALITY])[1]
        coarse = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
        yield row["file"], coarse, _cut_out(coarse, _inset(coarse)), row["colour"]


def judged_persons(training: Path, *, half: str) -> Iterator[tuple[str, Crop, Crop, str, str]]:
    """(file and place, crop, mask, accepted above, accepted below), 40 to 120 px high and compressed once more."""
    for row in _rows("persons.csv", half):
        picture = _read(training / "coco_ccby" / "images" / row["file"])
        x1, y1, x2, y2 = (int(row[f"box_{side}"]) for side in ("x1", "y1", "x2", "y2"))
        name = f"{row['file']} at {x1},{y1}"
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big"))
        dx, dy = round(_CONTEXT * (x2 - x1)), round(_CONTEXT * (y2 - y1))
        left, top = max(0, x1 - dx), max(0, y1 - dy)
        around = picture[top : y2 + dy, left : x2 + dx]
        scale = min(1.0, float(rng.integers(*_HEIGHTS_PX)) / (y2 - y1))
        small = cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*_JPEG_QUALITIES))])[1]
        coarse = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
        place = [round(value * scale) for value in (x1 - left, y1 - top, x2 - x1, y2 - y1)]
        x, y, width, height = place
        mask = _cut_out(coarse, (x, y, width, height))
        box = (slice(y, y + height), slice(x, x + width))
        yield name, coarse[box], mask[box], row["upper"], row["lower"]


def _rows(name: str, half: str) -> list[dict[str, str]]:
    with (_LISTS / name).open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["half"] == half]


def _read(path: Path) -> Crop:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        msg = f"{path} cannot be read."
        raise FileNotFoundError(msg)
    return np.asarray(picture, np.uint8)


def _inset(crop: Crop) -> tuple[int, int, int, int]:
    height, width = crop.shape[:2]
    return round(0.06 * width), round(0.06 * height), round(0.88 * width), round(0.88 * height)


def _cut_out(picture: Crop, box_xywh: tuple[int, int, int, int]) -> Crop:
    cv2.setRNGSeed(0)
    mask = np.zeros(picture.shape[:2], np.uint8)
    models = (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.grabCut(picture, mask, box_xywh, *models, _CUT_ROUNDS, cv2.GC_INIT_WITH_RECT)
    return np.asarray(np.where((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD), 255, 0), np.uint8)
