# SPDX-License-Identifier: Apache-2.0
"""Labelled crops: class and colour of single pictures, against the labels of a CSV or of folder names.

A folder ``labels.csv`` has a column ``file`` and one or more of ``class``, ``colour``, ``upper``, ``lower``; several
accepted answers are parted by ``|``. Without it, the name of each sub-folder is the class.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from models.classifier import CropClassifier
from models.colour import person_colours, vehicle_colour
from models.garments import GarmentFinder
from models.registry import Registry

__all__ = ["score_crops"]

_SUFFIXES = {".jpg", ".jpeg", ".png"}


def score_crops(folder: Path) -> dict[str, dict[str, object]]:
    """Right answers and confusions for every labelled column."""
    classifier, finder = CropClassifier.load(Registry.load()), GarmentFinder.load(Registry.load())
    confusions: dict[str, Counter[tuple[str, str]]] = {}
    for path, labels in _labelled(folder):
        image = cv2.imread(str(path))
        if image is None:
            continue
        for column, accepted in labels.items():
            named = _named(column, np.asarray(image, np.uint8), classifier, finder)
            confusions.setdefault(column, Counter())[accepted[0], accepted[0] if named in accepted else named] += 1
    return {
        column: {
            "n": sum(counts.values()),
            "right": sum(n for (a, b), n in counts.items() if a == b),
            "confusion": {f"{a} -> {b}": n for (a, b), n in sorted(counts.items())},
        }
        for column, counts in confusions.items()
    }


def _labelled(folder: Path) -> list[tuple[Path, dict[str, tuple[str, ...]]]]:
    table = folder / "labels.csv"
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            return [
                (
                    folder / row["file"],
                    {c: tuple(v.split("|")) for c, v in row.items() if c != "file" and v and not c.startswith("_")},
                )
                for row in csv.DictReader(file)
            ]
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
    return [(path, {"class": (path.parent.name,)}) for path in paths]


def _named(column: str, image: np.ndarray, classifier: CropClassifier, finder: GarmentFinder) -> str:
    if column == "class":
        return classifier.classes[int(classifier.classify([image])[0].argmax())]
    if column == "colour":
        shares = vehicle_colour(image)
    else:
        shares = person_colours(image, garments=finder.find([image])[0])[0 if column == "upper" else 1]
    return shares[0].name if shares else "unknown"
