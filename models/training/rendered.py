# SPDX-License-Identifier: Apache-2.0
"""Patches from rendered recordings with their ground truth (``truth.json`` of the package ``samples``).

They teach the view of a street camera: from above, small, in traffic, at night. Seeds used for training must never be
the ones that a figure is reported on.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from models.training.sources import CLASSES, OTHER, Patch, allow, area, intersection, patch_of

__all__ = ["collect_rendered"]

MIN_VISIBLE = 550
VIEWS_PER_OBJECT = 9


def collect_rendered(folder: Path, *, held_out: bool = False, seed: int = 3) -> list[Patch]:
    """Up to nine views of each object, and background between the objects."""
    rng = random.Random(seed)
    patches: list[Patch] = []
    for file in json.loads((folder / "truth.json").read_text())["files"]:
        wanted: dict[int, list[tuple[int, np.ndarray, int]]] = defaultdict(list)
        present: dict[int, list[np.ndarray]] = defaultdict(list)
        for item in file["objects"]:
            for row in item["boxes"]:
                present[row[0]].append(np.array(row[1:5], float))
            rows = [r for r in item["boxes"] if r[5] >= MIN_VISIBLE and min(r[3] - r[1], r[4] - r[2]) >= 9]
            has_bag = int(item["bag"] != "none") if item["class"] == "person" else -1
            for row in rng.sample(rows, min(VIEWS_PER_OBJECT, len(rows))):
                wanted[row[0]].append((CLASSES.index(item["class"]), np.array(row[1:5], float), has_bag))
        origin = f"rendered:{'night' if file['is_night'] else 'day'}"
        capture = cv2.VideoCapture(str(folder / file["file"]))
        number = -1
        while capture.grab():
            number += 1
            if number not in wanted and number % 50:
                continue
            frame = capture.retrieve()[1]
            for kind, box, has_bag in wanted.get(number, ()):
                patches.append(patch_of(frame, box, allowed=allow(kind), origin=origin, held_out=held_out,
                                        turns=3 <= kind < OTHER, has_bag=has_bag))  # fmt: skip
            patches += _ground(frame, np.array(present.get(number, [])).reshape(-1, 4), rng, origin, held_out=held_out)
    return patches


def _ground(frame: np.ndarray, taken: np.ndarray, rng: random.Random, origin: str, *, held_out: bool) -> list[Patch]:
    height, width = frame.shape[:2]
    wide, high = np.exp(rng.uniform(np.log(12), np.log(220))), np.exp(rng.uniform(np.log(16), np.log(220)))
    x, y = rng.uniform(0, width - wide), rng.uniform(0, height - high)
    box = np.array([x, y, x + wide, y + high])
    if len(taken):
        inter = intersection(taken, box[None])[:, 0]
        if (inter / area(taken) > 0.15).any() or (inter / area(box[None]) > 0.2).any():
            return []
    return [patch_of(frame, box, allowed=allow(OTHER), origin=origin + ":ground", held_out=held_out)]
