# SPDX-License-Identifier: Apache-2.0
"""Collects labelled patches (object plus surroundings) from the openly licensed pictures, and negatives between them.

A label is the set of classes that the annotation allows: where a set has no van, its cars may be vans. Two-wheelers
with a rider become one box, the union; a rider alone is not used.
"""

from __future__ import annotations

import json
import random
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.training.teachers import Teachers

__all__ = ["CLASSES", "OTHER", "Patch", "allow", "collect_pictures", "iou", "is_held_out", "patch_of", "read_boxes"]

CLASSES = ("person", "bicycle", "motorcycle", "car", "van", "truck", "bus", "other")
OTHER = len(CLASSES) - 1
PERSON, BICYCLE, MOTORCYCLE, CAR, VAN, TRUCK, BUS, BAG = range(8)
MAX_SIDE_PX = 112
CONTEXT = 0.45
BICYCLES_AMONG_BIKES = frozenset(f"bike{n}" for n in (150, 220, 274, 318, 440, 447, 49, 497, 50))
"""Roadside "bike" crops that show a bicycle, found by eye."""


@dataclass
class Patch:
    """One object with its surroundings.

    ``allowed`` is a boolean vector over CLASSES; ``box`` is x1 y1 x2 y2 in patch pixels; ``turns`` marks vehicles.
    """

    pixels: np.ndarray
    box: tuple[float, float, float, float]
    allowed: np.ndarray
    origin: str
    held_out: bool
    turns: bool = False
    has_bag: int = -1


def allow(*classes: int) -> np.ndarray:
    """Boolean vector over CLASSES."""
    allowed = np.zeros(len(CLASSES), bool)
    allowed[list(classes)] = True
    return allowed


def is_held_out(group: str, share: float = 0.2) -> bool:
    """A fixed fifth of all groups, by checksum of the name."""
    return zlib.crc32(group.encode()) % 1000 < share * 1000


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Overlaps (len(a), len(b))."""
    if len(a) == 0 or len(b) == 0:
        return np.zeros((len(a), len(b)))
    inter = intersection(a, b)
    return inter / (area(a)[:, None] + area(b)[None] - inter + 1e-9)


def area(a: np.ndarray) -> np.ndarray:
    return (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])


def intersection(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return (high - low).clip(0).prod(axis=2)


def patch_of(picture: np.ndarray, box: np.ndarray, **rest: object) -> Patch:
    """Cut the box with 45 % of surroundings on each side, the object at most 112 px long."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = (float(v) for v in box)
    dx, dy = (x2 - x1) * CONTEXT + 2, (y2 - y1) * CONTEXT + 2
    left, top = int(max(0, x1 - dx)), int(max(0, y1 - dy))
    right, bottom = int(min(width, x2 + dx)), int(min(height, y2 + dy))
    pixels = picture[top:bottom, left:right]
    scale = min(1.0, MAX_SIDE_PX / max(x2 - x1, y2 - y1))
    if scale < 1:
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    moved = ((x1 - left) * scale, (y1 - top) * scale, (x2 - left) * scale, (y2 - top) * scale)
    return Patch(pixels=pixels.copy(), box=moved, **rest)  # type: ignore[arg-type]


def collect_pictures(training: Path, teachers: Teachers, seed: int = 1) -> list[Patch]:
    """All patches of the picture sets and the roadside crops."""
    patches: list[Patch] = []
    for name in ("coco_ccby", "openimages_vehicles", "openimages_person_bicycle", "carla_synthetic"):
        meta = json.loads((training / name / "meta.json").read_text())["images"]
        for stem in sorted(meta):
            patches += _picture(training / name, stem, meta[stem], teachers, seed)
    patches += _roadside(training / "roadside_vehicle_crops")
    return patches


def read_boxes(path: Path, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Class numbers and boxes (N, 4) in pixels of a label file; none where there is no file."""
    rows = np.array([line.split() for line in path.read_text().splitlines()] if path.exists() else [], float)
    rows = rows.reshape(-1, 5)
    centre, side = rows[:, 1:3], rows[:, 3:5]
    boxes = np.hstack([centre - side / 2, centre + side / 2]) * [width, height, width, height]
    return rows[:, 0].astype(int), boxes


def _allowed_for(kind: int, origin: str) -> np.ndarray:
    if origin == "carla_synthetic" and kind == CAR:
        return allow(CAR, VAN, TRUCK)
    if origin == "coco_ccby" and kind == CAR:
        return allow(CAR, VAN)
    if kind == TRUCK and origin in ("coco_ccby", "openimages_vehicles"):
        return allow(TRUCK, VAN) if origin == "coco_ccby" else allow(TRUCK)
    return allow(kind)


def _picture(folder: Path, stem: str, meta: dict, teachers: Teachers, seed: int) -> list[Patch]:
    picture = cv2.imread(str(folder / "images" / f"{stem}.jpg"))
    height, width = picture.shape[:2]
    kinds, boxes = read_boxes(folder / "labels" / f"{stem}.txt", width, height)
    _, ignored = read_boxes(folder / "ignore" / f"{stem}.txt", width, height)
    origin, held_out = folder.name, is_held_out(meta["group"])
    seen = teachers.coco(picture)
    taught_person = np.array([b for k, b, s in seen if k == "person" and s > 0.5]).reshape(-1, 4)
    if PERSON not in meta["labelled"] and len(taught_person):
        extra = taught_person[iou(taught_person, boxes).max(axis=1, initial=0) < 0.5]
        kinds, boxes = np.r_[kinds, np.full(len(extra), PERSON)], np.vstack([boxes, extra])
    bags, persons = boxes[kinds == BAG], boxes[kinds == PERSON]
    kept: list[Patch] = []
    used_riders: set[int] = set()
    cycles = np.flatnonzero((kinds == BICYCLE) | (kinds == MOTORCYCLE))
    for i in cycles:
        box = boxes[i].copy()
        if len(persons):
            inside = intersection(persons, box[None])[:, 0] / area(persons)
            centred = np.abs((persons[:, 0] + persons[:, 2]) / 2 - (box[0] + box[2]) / 2) < (box[2] - box[0]) * 0.35
            above = persons[:, 1] < box[1] + 0.25 * (box[3] - box[1])
            for j in np.flatnonzero((inside > 0.3) & centred & above):
                used_riders.add(int(j))
                box = np.r_[np.minimum(box[:2], persons[j, :2]), np.maximum(box[2:], persons[j, 2:])]
            used_riders.update(int(j) for j in np.flatnonzero(inside > 0.3))
        kept.append(patch_of(picture, box, allowed=allow(kinds[i]), origin=origin, held_out=held_out))
    person_number = -1
    for kind, box in zip(kinds, boxes, strict=True):
        if kind == PERSON:
            person_number += 1
        if kind in (BICYCLE, MOTORCYCLE, BAG) or (kind == PERSON and person_number in used_riders):
            continue
        wide, high = box[2] - box[0], box[3] - box[1]
        if max(wide, high) < 12 or min(wide, high) < 5:
            continue
        if kind == PERSON and (high < 0.9 * wide or high > 0.97 * height):
            continue  # heads and shoulders that fill the picture are not what a fixed camera cuts out
        has_bag = -1
        if kind == PERSON and BAG in meta["labelled"]:
            has_bag = 0
            if len(bags):
                grown = box + np.array([-0.15 * wide, -0.02 * high, 0.15 * wide, 0.05 * high])
                inside = intersection(bags, grown[None])[:, 0] / area(bags)
                touching = intersection(bags, grown[None])[:, 0] / area(bags)
                has_bag = 1 if (inside > 0.75).any() else (-1 if (touching > 0.1).any() else 0)
        patch = patch_of(
            picture,
            box,
            allowed=_allowed_for(kind, origin),
            origin=origin,
            held_out=held_out,
            turns=kind in (CAR, VAN, TRUCK, BUS),
            has_bag=has_bag,
        )
        kept.append(patch)
    taken = np.vstack([boxes, ignored, *[np.array(b)[None] for _, b, _ in teachers.ours(seen)]])
    kept += _negatives(picture, taken, seen, origin=origin, held_out=held_out, seed=seed + zlib.crc32(stem.encode()))
    return kept


def _negatives(
    picture: np.ndarray, taken: np.ndarray, seen: list, *, origin: str, held_out: bool, seed: int
) -> list[Patch]:
    """Background boxes, other things that a teacher saw, and small parts of objects."""
    rng = random.Random(seed)
    height, width = picture.shape[:2]
    found: list[Patch] = []

    def is_free(box: np.ndarray) -> bool:
        if len(taken) == 0:
            return True
        inter = intersection(taken, box[None])[:, 0]
        return bool((inter / area(taken) < 0.15).all() and (inter / area(box[None]) < 0.25).all())

    for _ in range(12):
        side = np.exp(rng.uniform(np.log(24), np.log(200)))
        shape = np.exp(rng.uniform(-0.9, 0.9))
        w, h = min(side * shape**0.5, width - 1), min(side / shape**0.5, height - 1)
        x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
        box = np.array([x, y, x + w, y + h])
        if is_free(box) and len(found) < 4:
            found.append(patch_of(picture, box, allowed=allow(OTHER), origin=f"{origin}:ground", held_out=held_out))
    for kind, box, score in seen:
        if kind == "thing" and score > 0.4 and is_free(box) and min(box[2] - box[0], box[3] - box[1]) > 10:
            found.append(patch_of(picture, box, allowed=allow(OTHER), origin=f"{origin}:thing", held_out=held_out))
    for box in taken[:2]:
        w, h = box[2] - box[0], box[3] - box[1]
        if min(w, h) < 40:
            continue
        share_w, share_h = rng.uniform(0.2, 0.45), rng.uniform(0.2, 0.4)
        x, y = box[0] + rng.choice((0.0, 1 - share_w)) * w, box[1] + rng.choice((0.0, 1 - share_h)) * h
        part = np.array([x, y, x + share_w * w, y + share_h * h])
        found.append(patch_of(picture, part, allowed=allow(OTHER), origin=f"{origin}:part", held_out=held_out))
    return found


def _roadside(folder: Path) -> list[Patch]:
    meaning = {"bike": (MOTORCYCLE,), "car": (CAR,), "juggernaut": (TRUCK,), "minibus": (VAN,),
               "pickup": (CAR, TRUCK), "truck": (TRUCK,)}  # fmt: skip
    patches: list[Patch] = []
    for name, kinds in meaning.items():
        files = sorted((folder / name).glob("*.jpg"), key=lambda f: int("".join(c for c in f.stem if c.isdigit())))
        for number, file in enumerate(files):
            pixels = cv2.imread(str(file))
            real = (BICYCLE,) if file.stem in BICYCLES_AMONG_BIKES else kinds
            inset = 12.0 if name == "bike" else 7.0
            # Neighbouring files show the same vehicle a moment later: whole blocks of 20 are held out.
            patches.append(Patch(
                pixels=pixels, box=(inset, inset, pixels.shape[1] - inset, pixels.shape[0] - inset),
                allowed=allow(*real), origin=f"roadside:{name}", held_out=is_held_out(f"{name}-{number // 20}"),
                turns=name != "bike",
            ))  # fmt: skip
    return patches
