# SPDX-License-Identifier: Apache-2.0
"""Patches from real fixed-camera clips: what a simple background model cuts out, named by teachers and pass labels.

The cutter is deliberately plain (median background, gain removed, threshold, closing): the shipped indexer has its
own, and the net should not depend on one cutter's habits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from models.training.sources import BICYCLE, CAR, OTHER, PERSON, Patch, allow, area, intersection, iou, patch_of
from models.training.teachers import Teachers

__all__ = ["car_cutouts", "collect_clips", "cut", "read_clip"]

TRAINING_CLIPS = ("person-bicycle-car-detection.mp4", "one-by-one-person-detection.mp4")
WINDOWS = {"person-bicycle-car-detection.mp4": 60, "car-detection.mp4": 75}


def read_clip(path: Path) -> list[np.ndarray]:
    """All frames, BGR."""
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        is_there, frame = capture.read()
        if not is_there:
            return frames
        frames.append(frame)


def cut(
    frames: list[np.ndarray], *, step: int = 1, window: int = 0, min_area_px: int = 150
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(frame number, boxes of moving blobs (N, 4), mask) of every ``step``-th frame.

    ``window`` frames to each side make the background (0: the whole clip): cameras drift on their mounts, so that a
    background of the whole clip makes painted lines move; a short one forgets persons who stand still.
    """
    background, made_at = None, -1
    for number in range(0, len(frames), step):
        if background is None or (window and number - made_at >= 12):
            low, high = (max(0, number - window), number + window) if window else (0, len(frames))
            some = frames[low:high]
            background = np.median(np.stack(some[:: max(1, len(some) // 40)]), axis=0).astype(np.float32)
            level, made_at = float(np.median(background)), number
            # Why: a camera that trembles by two pixels must not make every painted line move.
            brightest, darkest = cv2.dilate(background, np.ones((7, 7))), cv2.erode(background, np.ones((7, 7)))
        frame = frames[number].astype(np.float32)
        gain = float(np.median(frame[::4, ::4] / (background[::4, ::4] + 1)))
        moved = np.maximum(frame - brightest * gain, darkest * gain - frame).max(axis=2)
        mask = (moved > max(14.0, 0.1 * level)).astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((13, 9), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        boxes = [[x, y, x + w, y + h] for x, y, w, h, n in stats[1:] if n >= min_area_px]
        yield number, np.array(boxes, float).reshape(-1, 4), mask


def collect_clips(
    footage: Path, teachers: Teachers, *, names: tuple[str, ...] = TRAINING_CLIPS, step: int = 3
) -> tuple[list[Patch], list[np.ndarray]]:
    """Patches of the training clips, and empty frames to compose on.

    A blob takes the class of the teacher box that it overlaps; teacher boxes are used beside it (tighter than motion).
    Blobs and background boxes of frames outside every labelled pass are negatives.
    """
    labels = json.loads((footage / "labels.json").read_text())["clips"]
    patches: list[Patch] = []
    empty: list[np.ndarray] = []
    rng = np.random.default_rng(5)
    for name in names:
        frames, events = read_clip(footage / name), labels[name]["events"]
        margin = labels[name].get("tolerance_frames", 12)
        for number, blobs, _ in cut(frames, step=step, window=WINDOWS.get(name, 0)):
            frame = frames[number]
            inside = any(e["first"] <= number <= e["last"] for e in events)
            near = any(e["first"] - margin <= number <= e["last"] + margin for e in events)
            if inside:
                patches += _objects(
                    frame,
                    blobs,
                    teachers,
                    origin=f"clip:{name[:6]}",
                    kinds=_kinds(events),
                    cycles=_only_cycles(number, events),
                )
            elif not near:
                if number % (step * 4) == 0:
                    empty.append(frame)
                patches += [
                    patch_of(frame, b, allowed=allow(OTHER), origin=f"clip:{name[:6]}:noise", held_out=False)
                    for b in blobs[:3]
                ]
                patches += [_ground(frame, rng, name) for _ in range(2)]
    return patches, empty


def car_cutouts(footage: Path) -> list[np.ndarray]:
    """RGBA cut-outs of the two cars of ``person-bicycle-car-detection.mp4``, seen from above, whole in the picture."""
    name = "person-bicycle-car-detection.mp4"
    frames, found = read_clip(footage / name), []
    for number, blobs, mask in cut(frames, step=2, window=WINDOWS[name]):
        for x1, y1, x2, y2 in blobs.astype(int):
            is_whole = x1 > 3 and y1 > 3 and x2 < mask.shape[1] - 3 and y2 < mask.shape[0] - 3
            if is_whole and (x2 - x1) * (y2 - y1) > 20_000:
                inner = cv2.erode(mask[y1:y2, x1:x2], np.ones((5, 5), np.uint8))
                filled = cv2.morphologyEx(inner, cv2.MORPH_CLOSE, np.ones((41, 41), np.uint8))
                found.append(np.dstack([frames[number][y1:y2, x1:x2], filled * 255]))
    return found


def _kinds(events: list[dict]) -> set[int]:
    words = {"car": CAR, "cyclist": BICYCLE, "person": PERSON}
    return {words[e.get("type", "person")] for e in events}


def _is_cycle_sized(box: np.ndarray) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return bool(500 < wide * high < 9000 and high > 30 and wide > 0.45 * high)


def _only_cycles(number: int, events: list[dict]) -> bool:
    """A cyclist passes and no pedestrian does."""
    running = [e.get("type", "person") for e in events if e["first"] <= number <= e["last"]]
    return "cyclist" in running and "person" not in running


def _ground(frame: np.ndarray, rng: np.random.Generator, name: str) -> Patch:
    high = float(np.exp(rng.uniform(np.log(20), np.log(220))))
    wide = high * float(np.exp(rng.uniform(-1, 1)))
    wide, high = min(wide, frame.shape[1] - 2.0), min(high, frame.shape[0] - 2.0)
    x, y = rng.uniform(0, frame.shape[1] - wide), rng.uniform(0, frame.shape[0] - high)
    box = np.array([x, y, x + wide, y + high])
    return patch_of(frame, box, allowed=allow(OTHER), origin=f"clip:{name[:6]}:ground", held_out=False)


def _objects(
    frame: np.ndarray, blobs: np.ndarray, teachers: Teachers, *, origin: str, kinds: set[int], cycles: bool
) -> list[Patch]:
    coarse = {"vehicle": CAR, "person": PERSON, "two_wheeler": BICYCLE}
    found = teachers.pvb.detect(frame)
    boxes = list(found.boxes_xyxy_px.astype(float))
    names = [coarse[label] for label in found.labels]
    persons = teachers.rtmdet.detect(frame)
    for box, score in zip(persons.boxes_xyxy_px.astype(float), persons.scores, strict=True):
        if score > 0.5 and (not boxes or iou(box[None], np.array(boxes)).max() < 0.35):
            boxes.append(box)
            names.append(PERSON)
    kept = [(b, n) for b, n in zip(boxes, names, strict=True) if n in kinds]
    if cycles:
        # The teachers overlook small cyclists from above: in these frames no other small thing moves.
        free = [b for b in blobs if not kept or iou(b[None], np.array([k for k, _ in kept])).max() < 0.05]
        kept += [(b, BICYCLE) for b in free if _is_cycle_sized(b)]
    if not kept:
        return []
    taught = np.array([b for b, _ in kept])
    patches = []
    overlap = iou(blobs, taught)
    for j, (box, kind) in enumerate(kept):
        rider = any(n == BICYCLE and iou(box[None], b[None])[0, 0] > 0.15 for b, n in kept)
        if kind == PERSON and rider:
            continue
        if len(blobs) == 0 or overlap[:, j].max() < 0.25:
            continue  # not moving: not the labelled object
        rest = {"allowed": allow(kind), "origin": origin, "held_out": False, "turns": kind == CAR}
        patches.append(patch_of(frame, box, **rest))
        blob = blobs[overlap[:, j].argmax()]
        covered = intersection(blob[None], box[None])[0, 0] / area(box[None])[0]
        if overlap[:, j].max() > 0.35 and covered > 0.5:
            patches.append(patch_of(frame, blob, **rest))
        if kind == PERSON and BICYCLE not in kinds:
            h = box[3] - box[1]
            part = box.copy()
            part[1] += 0.72 * h
            patches.append(patch_of(frame, part, allowed=allow(OTHER), origin=origin + ":part", held_out=False))
    return patches
