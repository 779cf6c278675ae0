# SPDX-License-Identifier: Apache-2.0
"""Crops of persons with the places of their upper and lower garment, for the net of :mod:`models.training.garments`.

Three sources, since none has what is needed. *Photographs*: boxes of COCO pictures under CC BY, and persons that a
listed detector finds in street pictures of Open Images; a listed net marks cloth (MIT licence, Kazuhito00), another
gives a point on each garment (Apache-2.0, Intel), and the cut between the garments is where the colour changes most
between the two points. *Cut-outs* of persons, labelled alike, before other
grounds and among other persons, so that the net learns whose garment is meant. *Figures* drawn from the program's own
samples, whose parts are known: short sleeves, shorts, coats, patterns. Where a label is doubtful it says nothing.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from models.attributes import PersonAttributeNet
from models.runtime import Net, open_session
from models.training.garment_figures import DOUBTFUL, LOWER, OTHER, UPPER, Labelled, drawn_figure
from models.training.teachers import Teachers

__all__ = ["SIZE_HW", "Garments"]

SIZE_HW = (96, 48)
_KEPT_HEIGHT_PX = 240
_MIN_HEIGHT_PX = 60
_CONTEXT = 0.2
_MIN_SCORE = 0.5
_TEACHER_PX = 512
_MEAN, _STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
_BACKWARDS_LAB = np.array([1.0, 1.5, 1.5], np.float32)


class Teacher:
    """Marks the two garments of one person by two listed nets."""

    def __init__(self, weights: Path) -> None:
        digests = dict(reversed(line.split()) for line in (weights / "SHA256SUMS").read_text().splitlines())

        def load(name: str) -> Net:
            return open_session(weights / name, expected_sha256=digests[name], device="cpu")

        self._cloth = load("clothes_skin_hair_pan_mnv3s.onnx")
        self._points = PersonAttributeNet(load("person-attributes-recognition-crossroad-0230.onnx"), model_id="points")

    def labels(self, pixels: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray | None:
        """Labels (H, W) of the person in the box, or None where the teachers do not agree that there is one."""
        x1, y1, x2, y2 = box
        (described,) = self._points.describe([pixels[int(y1) : int(y2), int(x1) : int(x2)]])
        (_, up), (_, down) = described.upper_point_norm, described.lower_point_norm
        if down < up + 0.12:
            return None
        small = cv2.resize(pixels, (_TEACHER_PX, _TEACHER_PX))[..., ::-1].astype(np.float32) / 255
        maps = self._cloth.run({"x.1": ((small - _MEAN) / _STD).transpose(2, 0, 1)[np.newaxis]})["1273"][0]
        hair, cloth, skin = (cv2.resize(one, pixels.shape[1::-1]) for one in maps)
        is_cloth = (cloth > 0.5) & (cloth > skin) & (cloth > hair)
        inside = np.zeros(pixels.shape[:2], bool)
        inside[int(y1) : int(y2), int(x1) : int(x2)] = True
        if (is_cloth & inside).sum() < 0.15 * inside.sum():
            return None
        cut, spread = _cut_between(pixels, is_cloth & inside, y1 + up * (y2 - y1), y1 + down * (y2 - y1))
        rows = np.arange(len(pixels))[:, np.newaxis]
        labels = np.where(is_cloth, np.where(rows < cut, UPPER, LOWER), OTHER).astype(np.uint8)
        labels[is_cloth & (np.abs(rows - cut) < spread * (y2 - y1))] = DOUBTFUL
        labels[is_cloth & ~inside] = DOUBTFUL
        labels[(cloth > 0.25) & (cloth < 0.75)] = DOUBTFUL
        return _without_sleeves(pixels, labels, cut)


def _cut_between(pixels: np.ndarray, cloth: np.ndarray, top: float, bottom: float) -> tuple[float, float]:
    """Row of the cut, and the half-width of what is doubtful as a share of the height."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB).astype(np.float32) * _BACKWARDS_LAB
    mass = cloth.sum(1).astype(float)
    sums = (lab * cloth[..., np.newaxis]).sum(1)
    above_mass, above = np.cumsum(mass), np.cumsum(sums, 0)
    below_mass, below = mass.sum() - above_mass, sums.sum(0) - above
    height = bottom - top
    rows = np.arange(int(top + 0.1 * height), max(int(top + 0.1 * height) + 1, int(bottom - 0.1 * height)))
    rows = rows[(above_mass[rows] > 20) & (below_mass[rows] > 20)]
    if len(rows) == 0:
        return (top + bottom) / 2, 0.08
    contrast = np.linalg.norm(
        above[rows] / above_mass[rows, np.newaxis] - below[rows] / below_mass[rows, np.newaxis], axis=1
    )
    usual = np.exp(-0.5 * ((rows - (0.45 * top + 0.55 * bottom)) / (0.35 * height)) ** 2)
    best = int((above_mass[rows] * below_mass[rows] * contrast**2 * usual).argmax())
    is_clear = contrast[best] > 25
    return (float(rows[best]), 0.02) if is_clear else ((0.45 * top + 0.55 * bottom), 0.07)


def _without_sleeves(pixels: np.ndarray, labels: np.ndarray, cut: float) -> np.ndarray:
    """Labels in which cloth below the cut that has the colour of what is above is doubtful: arms, long hems."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB).astype(np.float32) * _BACKWARDS_LAB
    means = [np.median(lab[labels == part], axis=0) if (labels == part).any() else None for part in (UPPER, LOWER)]
    if means[0] is None or means[1] is None or np.linalg.norm(means[0] - means[1]) < 25:
        return labels
    to_upper, to_lower = (np.linalg.norm(lab - mean, axis=2) for mean in means)
    labels[(labels == LOWER) & (to_upper < 0.6 * to_lower)] = DOUBTFUL
    is_low = np.arange(len(lab))[:, np.newaxis] > cut * 0.8
    labels[(labels == UPPER) & (to_lower < 0.6 * to_upper) & is_low] = DOUBTFUL
    return labels


class Garments:
    """An endless, seeded source of crops with labels.

    Args:
        shared: Folder of shared pictures and weights.
        left_out: Names of COCO pictures that must not be learned from.
    """

    def __init__(self, shared: Path, *, left_out: frozenset[str], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        training, teacher = shared / "training", Teacher(shared / "weights")
        self.photographs = _photographs(training / "coco_ccby", teacher, left_out)
        self.photographs += _found(training / "openimages_vehicles", shared / "weights", teacher)
        self.cutouts = _cutouts(training / "cutouts_ccby", teacher, left_out)
        grounds = sorted((training / "carla_synthetic" / "images").glob("*.jpg"))[::3]
        grounds += sorted((training / "openimages_vehicles" / "images").glob("*.jpg"))[::2]
        self._grounds = [_reduced(cv2.imread(str(path)), 480) for path in grounds]
        self.figures = [drawn_figure(self._rng) for _ in range(900)]

    def batch(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Crops (n, 3, 96, 48) float32 BGR 0 to 255, and labels (n, 96, 48) uint8."""
        pairs = [self._one() for _ in range(n)]
        return np.stack([crop.transpose(2, 0, 1) for crop, _ in pairs]).astype(np.float32), np.stack(
            [labels for _, labels in pairs]
        )

    def _one(self) -> tuple[np.ndarray, np.ndarray]:
        rng, kind = self._rng, self._rng.random()
        if kind < 0.5:
            one = self.photographs[rng.integers(len(self.photographs))]
        else:
            one = self._composed(self.cutouts if kind < 0.78 else self.figures)
        crop, labels = self._cropped(one)
        if rng.random() < 0.5:
            crop, labels = crop[:, ::-1], labels[:, ::-1]
        return self._filmed(crop), np.ascontiguousarray(labels)

    def _composed(self, pool: list[Labelled]) -> Labelled:
        """A person before a ground, perhaps with another one behind and one thing in front."""
        rng = self._rng
        one = pool[rng.integers(len(pool))]
        height, width = one.labels.shape
        ground = self._grounds[rng.integers(len(self._grounds))]
        side = rng.uniform(0.3, 1.0)
        part_h, part_w = min(len(ground), int(side * 200) + 16), min(ground.shape[1], int(side * 160) + 16)
        y, x = rng.integers(0, len(ground) - part_h + 1), rng.integers(0, ground.shape[1] - part_w + 1)
        picture = cv2.resize(ground[y : y + part_h, x : x + part_w], (width, height)).astype(np.float32)
        for _ in range(rng.choice((0, 0, 1, 2))):
            other = self._any_person()
            high = round(height * rng.uniform(0.7, 1.2))
            wide = max(4, round(other.labels.shape[1] * high / len(other.labels)))
            pixels, alpha = cv2.resize(other.pixels, (wide, high)), cv2.resize(other.alpha, (wide, high))
            left, top = round(rng.uniform(-0.8, 0.8) * width), round(rng.uniform(-0.3, 0.3) * height)
            _paste(picture, pixels, alpha, left, top)
        alpha = one.alpha[..., np.newaxis]
        own = one.pixels.astype(np.float32)
        if rng.random() < 0.2:
            # Why: what has the colours of the ground is what masks by motion lose.
            own = own * 0.6 + 0.4 * picture.mean((0, 1))
        picture = picture * (1 - alpha) + own * alpha
        return Labelled(pixels=picture.clip(0, 255).astype(np.uint8), labels=one.labels, box_xyxy=one.box_xyxy)

    def _any_person(self) -> Labelled:
        pool = self.cutouts if self._rng.random() < 0.5 else self.figures
        return pool[self._rng.integers(len(pool))]

    def _cropped(self, one: Labelled) -> tuple[np.ndarray, np.ndarray]:
        """The box, moved and grown a little as boxes of motion are, at a CCTV size."""
        rng, (x1, y1, x2, y2) = self._rng, one.box_xyxy
        w, h = x2 - x1, y2 - y1
        shift = np.array([rng.normal(0, 0.07) * w, rng.normal(0, 0.035) * h])
        grow = np.array([rng.uniform(-0.06, 0.14) * w, rng.uniform(-0.03, 0.07) * h])
        if rng.random() < 0.12:
            grow[1] -= rng.uniform(0.05, 0.25) * h  # Why: legs behind a car, a head above the picture's edge.
        corners = np.array([(x1, y1), (x2, y2)], np.float32) + np.array([shift - grow, shift + grow], np.float32)
        high = int(rng.choice((36, 48, 64, 96, 128)))
        wide = max(8, round(high * (corners[1, 0] - corners[0, 0]) / (corners[1, 1] - corners[0, 1])))
        out_h, out_w = SIZE_HW
        scale = np.array([(corners[1, 0] - corners[0, 0]) / wide, (corners[1, 1] - corners[0, 1]) / high])
        move = np.array([[scale[0], 0, corners[0, 0]], [0, scale[1], corners[0, 1]]], np.float32)
        blur = max(0.0, 0.45 * float(scale.max()) - 0.2)
        soft = cv2.GaussianBlur(one.pixels, (0, 0), blur) if blur > 0.2 else one.pixels
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        small = cv2.warpAffine(soft, move, (wide, high), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        quality = int(rng.integers(25, 90))
        small = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
        crop = cv2.resize(small, (out_w, out_h), interpolation=cv2.INTER_AREA if high > out_h else cv2.INTER_LINEAR)
        move = move @ np.diag([wide / out_w, high / out_h, 1]).astype(np.float32)
        labels = cv2.warpAffine(one.labels, move, (out_w, out_h), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
                                borderMode=cv2.BORDER_CONSTANT, borderValue=DOUBTFUL)  # fmt: skip
        return crop, labels

    def _filmed(self, crop: np.ndarray) -> np.ndarray:
        """Another exposure, cast, saturation and noise."""
        rng = self._rng
        light = (crop.astype(np.float32) / 255) ** float(np.exp(rng.normal(0, 0.3)))
        light = light * np.exp(rng.normal(0, 0.09, 3)).astype(np.float32) * float(np.exp(rng.normal(0, 0.15)))
        grey = light.mean(2, keepdims=True)
        light = grey + (light - grey) * float(rng.uniform(0.2, 1.3))
        light = light + rng.normal(0, rng.uniform(0, 0.03), light.shape).astype(np.float32)
        return (light * 255).clip(0, 255)


def _paste(picture: np.ndarray, pixels: np.ndarray, alpha: np.ndarray, left: int, top: int) -> None:
    height, width = picture.shape[:2]
    y1, y2, x1, x2 = max(0, top), min(height, top + len(alpha)), max(0, left), min(width, left + alpha.shape[1])
    if y1 >= y2 or x1 >= x2:
        return
    part = alpha[y1 - top : y2 - top, x1 - left : x2 - left, np.newaxis]
    picture[y1:y2, x1:x2] = (
        picture[y1:y2, x1:x2] * (1 - part) + pixels[y1 - top : y2 - top, x1 - left : x2 - left] * part
    )


def _reduced(picture: np.ndarray, side_px: int) -> np.ndarray:
    scale = min(1.0, side_px / max(picture.shape[:2]))
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _photographs(folder: Path, teacher: Teacher, left_out: frozenset[str]) -> list[Labelled]:
    found = []
    for file in sorted((folder / "labels").glob("*.txt")):
        path = folder / "images" / f"{file.stem}.jpg"
        if path.name in left_out or not path.is_file():
            continue
        picture = cv2.imread(str(path))
        size = np.array([picture.shape[1], picture.shape[0]])
        rows = np.array([line.split() for line in file.read_text().splitlines()], float).reshape(-1, 5)
        for row in rows[rows[:, 0] == 0]:
            (x, y), (w, h) = row[1:3] * size - row[3:5] * size / 2, row[3:5] * size
            if h < _MIN_HEIGHT_PX or not 1.5 < h / w < 4.5:
                continue
            found += _labelled(picture, (x, y, x + w, y + h), teacher)
    return found


def _found(folder: Path, weights: Path, teacher: Teacher) -> list[Labelled]:
    """Persons that nobody labelled, by a listed detector."""
    detector, found = Teachers(weights).rtmdet, []
    for path in sorted((folder / "images").glob("*.jpg")):
        picture = _reduced(cv2.imread(str(path)), 1024)
        seen = detector.detect(picture)
        for (x1, y1, x2, y2), score in zip(seen.boxes_xyxy_px.astype(float), seen.scores, strict=True):
            if score >= _MIN_SCORE and y2 - y1 >= _MIN_HEIGHT_PX and 1.5 < (y2 - y1) / (x2 - x1) < 4.5:
                found += _labelled(picture, (max(0.0, x1), max(0.0, y1), x2, y2), teacher)
    return found


def _labelled(picture: np.ndarray, box: tuple[float, float, float, float], teacher: Teacher) -> list[Labelled]:
    x1, y1, x2, y2 = box
    dx, dy = _CONTEXT * (x2 - x1), _CONTEXT * (y2 - y1)
    left, top = max(0, int(x1 - dx)), max(0, int(y1 - dy))
    part = picture[top : int(y2 + dy), left : int(x2 + dx)]
    scale = min(1.0, _KEPT_HEIGHT_PX / (y2 - y1))
    moved = tuple(float(v) for v in (np.array(box) - [left, top, left, top]))
    labels = teacher.labels(part, moved)
    if labels is None:
        return []
    return [
        Labelled(
            pixels=cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
            labels=cv2.resize(labels, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST),
            box_xyxy=tuple(value * scale for value in moved),
        )
    ]


def _cutouts(folder: Path, teacher: Teacher, left_out: frozenset[str]) -> list[Labelled]:
    with (folder / "attribution.csv").open(encoding="utf-8", newline="") as file:
        names = {row["file"]: f"coco_{row['coco_file']}" for row in csv.DictReader(file)}
    found = []
    for path in sorted((folder / "person").glob("*.png")):
        if names.get(f"person/{path.name}", "") in left_out:
            continue
        cut = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        rows, columns = np.nonzero(cut[..., 3] > 127)
        if len(rows) == 0:
            continue
        x1, y1, x2, y2 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        if y2 - y1 < _MIN_HEIGHT_PX or not 1.5 < (y2 - y1) / (x2 - x1) < 4.8:
            continue
        dx, dy = round(_CONTEXT * (x2 - x1)), round(_CONTEXT * (y2 - y1))
        padded = cv2.copyMakeBorder(cut[y1:y2, x1:x2], dy, dy, dx, dx, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
        alpha = padded[..., 3:].astype(np.float32) / 255
        grey = (padded[..., :3] * alpha + 150 * (1 - alpha)).astype(np.uint8)
        for one in _labelled(grey, (dx, dy, dx + x2 - x1, dy + y2 - y1), teacher):
            resized = cv2.resize(alpha[..., 0], one.labels.shape[::-1], interpolation=cv2.INTER_AREA)
            labels = np.where(resized < 0.5, OTHER, one.labels).astype(np.uint8)
            found.append(Labelled(pixels=one.pixels, labels=labels, box_xyxy=one.box_xyxy, alpha=resized))
    return found
