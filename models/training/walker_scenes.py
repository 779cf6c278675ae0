# SPDX-License-Identifier: Apache-2.0
"""Pairs of a picture and its empty scene with the boxes of the walkers that stand in the one and not in the other.

Two thirds are composed: cut-out persons, alone and in groups, before photographs, darkened, faded into the ground,
behind posts, with shadows, among moving things that are no persons, beside ghosts that only the empty scene holds.
One third are rendered squares with their truth.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import cv2
import numpy as np

__all__ = ["Scenes"]

MIN_VISIBLE = 0.3
N_GROUNDS = 350


class Scenes:
    """An endless, seeded source of training pairs."""

    def __init__(self, shared: Path, rendered: list[Path], *, seed: int, size_hw: tuple[int, int]) -> None:
        self._dice = random.Random(seed)
        self._rng = np.random.default_rng(seed)
        self._size_hw = size_hw
        training = shared / "training"
        self._persons = [
            cut
            for path in sorted((training / "cutouts_ccby" / "person").glob("*.png"))
            if (cut := _trimmed(path)) is not None and 1.7 < cut.shape[0] / cut.shape[1] < 4.5 and cut.shape[0] > 60
        ]
        self._things = [
            cut
            for kind in ("car", "bus", "truck", "bag", "bicycle", "motorcycle")
            for path in sorted((training / "cutouts_ccby" / kind).glob("*.png"))
            if (cut := _trimmed(path)) is not None
        ]
        grounds = sorted((training / "carla_synthetic" / "images").glob("*.jpg"))
        grounds += sorted((training / "openimages_vehicles" / "images").glob("*.jpg"))
        grounds += sorted((training / "coco_ccby" / "images").glob("*.jpg"))
        random.Random(1).shuffle(grounds)
        self._grounds = [_reduced(cv2.imread(str(path))) for path in grounds[:N_GROUNDS]]
        self._rendered = [pair for folder in rendered for pair in _rendered_pairs(folder)]

    def batch(self, n: int) -> tuple[np.ndarray, list[np.ndarray]]:
        """(n, 6, H, W) float32 and n arrays of boxes (k, 4)."""
        pairs, boxes = [], []
        for _ in range(n):
            use_rendered = bool(self._rendered) and self._dice.random() < 0.35
            picture, scene, own = self._cut_rendered() if use_rendered else self._composed()
            picture, scene = self._filmed(picture, scene)
            if self._dice.random() < 0.5:
                picture, scene = picture[:, ::-1], scene[:, ::-1]
                own = np.column_stack(
                    [self._size_hw[1] - own[:, 2], own[:, 1], self._size_hw[1] - own[:, 0], own[:, 3]]
                )
            pairs.append(np.concatenate([picture, scene], axis=2).transpose(2, 0, 1).astype(np.float32))
            boxes.append(own)
        return np.stack(pairs), boxes

    def _composed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        dice, (height, width) = self._dice, self._size_hw
        scene = self._ground()
        picture = scene.copy()
        top_px, slope = float(np.exp(dice.uniform(np.log(16), np.log(95)))), dice.uniform(0.0, 0.45)
        boxes: list[tuple[float, float, float, float]] = []
        owner = np.zeros((height, width), np.int16)
        sizes: list[float] = []
        feet: list[tuple[float, float]] = []
        for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 4))):
            x, y = dice.uniform(0, width), dice.uniform(0.2 * height, 1.1 * height)
            for k in range(dice.choice((1, 1, 1, 2, 2, 3))):
                feet.append((x + k * dice.uniform(0.25, 0.6) * (top_px + slope * y) * dice.choice((-1, 1)), y + k * 3))
        for _ in range(dice.choice((0, 0, 0, 1, 2))):
            self._paste_thing(picture, owner)
        if dice.random() < 0.35:  # a ghost: only the empty scene holds it
            x, y = dice.uniform(0, width), dice.uniform(0.3 * height, height)
            self._paste(scene, None, dice.choice(self._persons), x, y, top_px + slope * y, 0)
        if dice.random() < 0.3:  # who never moves is in both
            x, y = dice.uniform(0, width), dice.uniform(0.3 * height, height)
            cut = dice.choice(self._persons)
            self._paste(scene, None, cut, x, y, top_px + slope * y, 0)
            self._paste(picture, None, cut, x, y, top_px + slope * y, 0)
        casts_shadow, fade = dice.random() < 0.5, dice.random() < 0.5
        lean = dice.uniform(-1.5, 1.5)
        for number, (x, y) in enumerate(sorted(feet, key=lambda foot: foot[1]), start=1):
            size = (top_px + slope * y) * dice.uniform(0.88, 1.12)
            cut = self._dressed(dice.choice(self._persons), picture, x, y, fade=fade)
            if casts_shadow:
                self._shadow(picture, cut, x, y, size, lean)
            boxes.append(self._paste(picture, owner, cut, x, y, size, number))
            sizes.append(size)
        for _ in range(dice.choice((0, 0, 1, 2))):  # posts and railings hide parts, in both pictures
            post = self._post(picture, scene)
            owner[post] = 0
        kept = []
        for number, box in enumerate(boxes, start=1):
            n_seen, area = int((owner == number).sum()), max(1.0, (box[2] - box[0]) * (box[3] - box[1]))
            whole = 0.5 * area
            x1, y1, x2, y2 = max(0.0, box[0]), max(0.0, box[1]), min(float(width), box[2]), min(float(height), box[3])
            if n_seen >= MIN_VISIBLE * whole and x2 - x1 > 3 and y2 - y1 > 8:
                kept.append((x1, y1, x2, y2))
        return picture, scene, np.array(kept, float).reshape(-1, 4)

    def _ground(self) -> np.ndarray:
        dice, (height, width) = self._dice, self._size_hw
        if dice.random() < 0.2:
            tint = self._rng.uniform(50, 200, 3)
            noise = cv2.resize(self._rng.normal(0, 14, (height // 8, width // 8, 3)), (width, height))
            return np.clip(tint + noise, 0, 255).astype(np.uint8)
        image = dice.choice(self._grounds)
        scale = dice.uniform(1.0, 1.8) * max(height / image.shape[0], width / image.shape[1])
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        y, x = dice.randint(0, image.shape[0] - height), dice.randint(0, image.shape[1] - width)
        return image[y : y + height, x : x + width].copy()

    def _dressed(self, cut: np.ndarray, picture: np.ndarray, x: float, y: float, *, fade: bool) -> np.ndarray:
        """Other light, hue and, at times, almost the colour of the ground."""
        dice = self._dice
        cut = cut.copy() if dice.random() < 0.5 else cut[:, ::-1].copy()
        colour = cut[..., :3].astype(np.float32)
        if dice.random() < 0.5:
            hsv = cv2.cvtColor(np.clip(colour, 0, 255).astype(np.uint8), cv2.COLOR_BGR2HSV)
            hsv[..., 0] = (hsv[..., 0].astype(int) + dice.randint(0, 179)) % 180
            colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).astype(np.float32)
        colour = colour * dice.uniform(0.45, 1.25) + dice.uniform(-15, 15)
        if fade and dice.random() < 0.6:
            row = int(np.clip(y - 10, 0, picture.shape[0] - 1))
            column = int(np.clip(x, 0, picture.shape[1] - 1))
            ground = picture[max(0, row - 20) : row + 1, max(0, column - 10) : column + 10].mean(axis=(0, 1))
            share = dice.uniform(0.2, 0.65)
            colour = colour * (1 - share) + ground * share
        cut[..., :3] = np.clip(colour, 0, 255)
        return cut

    def _paste(
        self,
        picture: np.ndarray,
        owner: np.ndarray | None,
        cut: np.ndarray,
        x: float,
        y: float,
        size: float,
        number: int,
    ) -> tuple[float, float, float, float]:
        """Put a cut-out with its feet at (x, y); returns its box, which may reach out of the picture."""
        high = max(6, round(size))
        wide = max(3, round(cut.shape[1] * high / cut.shape[0]))
        small = cv2.resize(cut, (wide, high), interpolation=cv2.INTER_AREA)
        left, top = round(x - wide / 2), round(y - high)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(picture.shape[1], left + wide), min(picture.shape[0], top + high)
        if x1 > x0 and y1 > y0:
            part = small[y0 - top : y1 - top, x0 - left : x1 - left]
            alpha = part[..., 3:].astype(np.float32) / 255
            region = picture[y0:y1, x0:x1]
            region[:] = (part[..., :3] * alpha + region * (1 - alpha)).astype(np.uint8)
            if owner is not None:
                owner[y0:y1, x0:x1][part[..., 3] > 127] = number
        return (float(left), float(top), float(left + wide), float(top + high))

    def _shadow(self, picture: np.ndarray, cut: np.ndarray, x: float, y: float, size: float, lean: float) -> None:
        high, wide = max(4, round(size * 0.5)), max(3, round(cut.shape[1] * size / cut.shape[0]))
        alpha = cv2.resize(cut[..., 3], (wide, high)).astype(np.float32) / 255
        matrix = np.array([[1, -lean, x - wide / 2 + lean * high], [0, 0.6, y - 0.6 * high]], np.float32)
        cast = cv2.warpAffine(alpha, matrix, (picture.shape[1], picture.shape[0]))
        cast = cv2.GaussianBlur(cast, (0, 0), 1.2)[..., None] * self._dice.uniform(0.2, 0.55)
        picture[:] = (picture * (1 - cast)).astype(np.uint8)

    def _paste_thing(self, picture: np.ndarray, owner: np.ndarray) -> None:
        """Something that moves and is no walker: a vehicle, a bag, or a patch of another picture."""
        dice, (height, width) = self._dice, self._size_hw
        if self._things and dice.random() < 0.6:
            cut = dice.choice(self._things)
            self._paste(picture, owner, cut, dice.uniform(0, width), dice.uniform(20, height), dice.uniform(12, 90), -1)
            return
        other = self._ground()
        w, h = dice.randint(8, 120), dice.randint(8, 70)
        x, y = dice.randint(0, width - w), dice.randint(0, height - h)
        mask = np.zeros((h, w), np.uint8)
        cv2.ellipse(mask, (w // 2, h // 2), (w // 2, h // 2), dice.uniform(0, 180), 0, 360, 255, -1)
        picture[y : y + h, x : x + w][mask > 0] = other[y : y + h, x : x + w][mask > 0]

    def _post(self, picture: np.ndarray, scene: np.ndarray) -> tuple[slice, slice]:
        dice, (height, width) = self._dice, self._size_hw
        tint = self._rng.uniform(20, 220, 3)
        if dice.random() < 0.7:
            x = dice.randint(0, width - 6)
            where = (slice(0, dice.randint(height // 2, height)), slice(x, x + dice.randint(2, 6)))
        else:
            y = dice.randint(height // 3, height - 14)
            x = dice.randint(0, width // 2)
            where = (slice(y, y + dice.randint(4, 14)), slice(x, x + dice.randint(20, width // 2)))
        picture[where] = tint
        scene[where] = tint
        return where

    def _cut_rendered(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        dice, (height, width) = self._dice, self._size_hw
        picture, scene, boxes = dice.choice(self._rendered)
        scale = max(dice.uniform(0.5, 1.6), height / picture.shape[0], width / picture.shape[1])
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        picture, scene = (cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in (picture, scene))
        y, x = dice.randint(0, size[1] - height), dice.randint(0, size[0] - width)
        own = boxes * scale - np.array([x, y, x, y])
        inside = np.column_stack([own[:, :2].clip(0), np.minimum(own[:, 2:], (width, height))])
        area = (own[:, 2:] - own[:, :2]).prod(axis=1)
        seen = (inside[:, 2:] - inside[:, :2]).clip(0).prod(axis=1)
        return (
            picture[y : y + height, x : x + width],
            scene[y : y + height, x : x + width],
            inside[(seen > 0.35 * area) & (inside[:, 3] - inside[:, 1] > 8)],
        )

    def _filmed(self, picture: np.ndarray, scene: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lens, light, noise and compression of the two pictures, each its own."""
        dice = self._dice
        gamma, cast = dice.uniform(0.7, 1.4), self._rng.uniform(0.88, 1.12, 3)
        grey, blur, noise = dice.random() < 0.12, dice.uniform(0, 1.0), dice.choice((0, 2, 4, 8))
        quality, results = dice.randint(30, 92), []
        for image, wobble in ((picture, dice.uniform(0.96, 1.04)), (scene, 1.0)):
            x = np.clip(255 * (image / 255.0) ** gamma * cast * wobble, 0, 255).astype(np.float32)
            if grey:
                x = np.repeat(x.mean(axis=2, keepdims=True), 3, axis=2)
            if blur > 0.3:
                x = cv2.GaussianBlur(x, (0, 0), blur)
            level = noise if image is picture else noise * 0.3
            if level:
                x = x + self._rng.normal(0, level, x.shape)
            x = np.clip(x, 0, 255).astype(np.uint8)
            if image is picture:
                x = cv2.imdecode(cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
            results.append(x)
        return results[0], results[1]


def _reduced(image: np.ndarray) -> np.ndarray:
    """At most 400 px on the shorter side: larger than needed costs time at every draw."""
    scale = min(1.0, 400 / min(image.shape[:2]))
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image


def _trimmed(path: Path) -> np.ndarray | None:
    """A cut-out with four channels, cut to what is opaque."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3 or image.shape[2] != 4:
        return None
    rows, columns = np.nonzero(image[..., 3] > 40)
    if len(rows) == 0:
        return None
    return image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _rendered_pairs(folder: Path) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Frames of a rendered set with the median of its frames; two-wheelers and vehicles are no walkers."""
    pairs = []
    for file in json.loads((folder / "truth.json").read_text(encoding="utf-8"))["files"]:
        clip = cv2.VideoCapture(str(folder / file["file"]))
        frames = []
        while (read := clip.read())[0]:
            frames.append(read[1])
        scene = np.median(np.stack(frames[:: max(1, len(frames) // 60)]), axis=0).astype(np.uint8)
        by_frame: dict[int, list[list[int]]] = {}
        for item in file["objects"]:
            for row in item["boxes"] if item["class"] == "person" else ():
                if row[5] >= 300:
                    by_frame.setdefault(row[0], []).append(row[1:5])
        for k in range(0, len(frames), 2):
            pairs.append((frames[k], scene, np.array(by_frame.get(k, []), float).reshape(-1, 4)))
    return pairs
