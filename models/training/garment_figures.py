# SPDX-License-Identifier: Apache-2.0
"""Figures drawn from the program's own samples with the place of every garment: labels that nobody had to guess."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from samples.camera import Camera
from samples.gait import pose_bones, walking_limbs
from samples.materials import linear
from samples.models3d import placement
from samples.persons import BAGS, BONES, Figure, person_model
from samples.raster import fill_ids, pose

__all__ = ["DOUBTFUL", "LOWER", "OTHER", "UPPER", "Labelled", "drawn_figure"]

OTHER, UPPER, LOWER, DOUBTFUL = 0, 1, 2, 255

_SAMPLES = 2
_UPPER_ROWS, _LOWER_ROWS, _BARE_ROWS = (0, 1, 2, 7), (3,), (6,)
_SKINS = ((235, 195, 170), (205, 160, 132), (160, 112, 84), (110, 74, 54), (70, 48, 38))


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """A picture around a person with labels; ``alpha`` (0 to 1) where the person was cut out, else None."""

    pixels: np.ndarray
    labels: np.ndarray
    box_xyxy: tuple[float, float, float, float]
    alpha: np.ndarray | None = None


def drawn_figure(rng: np.random.Generator) -> Labelled:
    """One figure, seen from a street camera's height, with labels and alpha."""
    figure = Figure(
        upper_rgb=_dye(rng), lower_rgb=_dye(rng), bag=str(rng.choice(BAGS)), bag_rgb=_dye(rng), shoes_rgb=_dye(rng),
        hair_rgb=tuple(int(v) for v in rng.integers(15, 120) * np.array([1, 0.8, 0.65])),  # type: ignore[arg-type]
        skin_rgb=_SKINS[rng.integers(len(_SKINS))], height_m=float(rng.uniform(1.5, 1.95)),
        build=float(rng.uniform(0.9, 1.2)), is_long_coat=bool(rng.random() < 0.3),
        is_long_hair=bool(rng.random() < 0.4),
    )  # fmt: skip
    model = person_model(figure)
    limbs = walking_limbs(float(rng.random()), float(rng.choice((0.1, 0.6, 1.0))), bag=figure.bag)
    limbs = dataclasses.replace(limbs, spread=float(rng.uniform(4, 25)))
    root = placement(0, 0, 0, float(rng.uniform(0, 2 * np.pi)))
    bones = pose_bones(limbs, root=root, height_m=figure.height_m)
    away, down = rng.uniform(5, 14), math.radians(rng.choice((8, 15, 25, 40, 55)))
    camera = Camera(name="any", eye_m=(-away * math.cos(down), 0, 0.9 + away * math.sin(down)), target_m=(0, 0, 0.9),
                    hfov_deg=math.degrees(2 * math.atan(1.15 / away)), size_wh_px=(240, 240))  # fmt: skip
    mesh = model.mesh
    world, normals, screen = (np.zeros((len(mesh.points_m), 3), np.float32) for _ in range(3))
    pose(mesh.points_m, mesh.normals, mesh.bones, bones.astype(np.float32), np.array(camera.eye_m, np.float32),
         camera.axes, camera.lens(_SAMPLES), world, normals, screen)  # fmt: skip
    side = 240 * _SAMPLES
    ids, nearness = np.full((side, side), -1, np.int32), np.zeros((side, side), np.float32)
    fill_ids(screen, mesh.faces, np.zeros(0, np.float32), 0, 0, ids, nearness)
    part, colours = _faces(mesh, model.surfaces.rows, rng)
    sun = rng.normal(0, 1, 3) * [1, 1, 0.4] + [0, 0, 0.8]
    shade = np.abs(normals[mesh.faces].mean(1) @ (sun / np.linalg.norm(sun)))
    lit = colours * (rng.uniform(0.25, 0.7) + rng.uniform(0.3, 0.9) * shade[:, np.newaxis])
    seen = ids >= 0
    pixels = np.where(seen[..., np.newaxis], lit[ids], 0)
    pixels = _patterned(pixels, np.where(seen, part[ids], 0), world[mesh.faces].mean(1)[ids], rng)
    labels = np.where(seen, part[ids], 0).astype(np.uint8)[::_SAMPLES, ::_SAMPLES]
    alpha = cv2.resize(seen.astype(np.float32), (240, 240), interpolation=cv2.INTER_AREA)
    small = cv2.resize(pixels.astype(np.float32), (240, 240), interpolation=cv2.INTER_AREA)
    small = small / np.maximum(alpha, 0.05)[..., np.newaxis]
    codes = (np.clip(small, 0, 1) ** (1 / 2.2) * 255)[..., ::-1]
    rows, columns = np.nonzero(alpha > 0.5)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    dx = 0.2 * (box[2] - box[0])
    left, right = max(0, int(box[0] - dx)), min(240, int(box[2] + dx))
    return Labelled(pixels=codes[:, left:right].astype(np.uint8), labels=np.ascontiguousarray(labels[:, left:right]),
                    box_xyxy=(box[0] - left, box[1], box[2] - left, box[3]), alpha=alpha[:, left:right])  # fmt: skip


def _dye(rng: np.random.Generator) -> tuple[int, int, int]:
    """Half of all garments are nearly neutral, as in the street."""
    value = rng.uniform(0.05, 0.95)
    chroma = rng.uniform(0, 0.12) if rng.random() < 0.55 else rng.uniform(0.2, 0.9)
    hsv = np.array([[[rng.uniform(0, 360), chroma, value]]], np.float32)
    r, g, b = (cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] * 255).astype(int)
    return int(r), int(g), int(b)


def _faces(mesh: Any, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Garment (F,) and linear colour (F, 3) of each triangle; sleeves and trousers are short at times."""
    material, bone = mesh.materials, mesh.bones[mesh.faces[:, 0]]
    part = np.where(np.isin(material, _UPPER_ROWS), 1, np.where(np.isin(material, _LOWER_ROWS), 2, 0)).astype(np.uint8)
    colours = rows[material, :3].astype(float)
    bare = rows[_BARE_ROWS[0], :3]
    limbs = []
    if rng.random() < 0.45:
        limbs += ["left_forearm", "right_forearm"]
        if rng.random() < 0.3:
            limbs += ["left_upper_arm", "right_upper_arm"]
    if rng.random() < 0.3:
        limbs += ["left_shin", "right_shin"]
    is_bare = np.isin(bone, [BONES[name] for name in limbs]) & (part > 0)
    part[is_bare], colours[is_bare] = 0, bare
    return part, colours


def _patterned(pixels: np.ndarray, part: np.ndarray, place_m: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stripes, blocks and prints on garments, folds everywhere."""
    folds = cv2.GaussianBlur(rng.normal(0, 1, pixels.shape[:2]).astype(np.float32), (0, 0), rng.uniform(3, 14))
    pixels = pixels * np.exp(0.25 * folds / max(1e-6, float(folds.std())))[..., np.newaxis]
    for garment in (1, 2):
        kind = rng.random()
        if kind > 0.35:
            continue
        other = np.array(linear(_dye(rng)))
        axis = place_m[..., 2] if kind < 0.2 else place_m[..., 1]
        period = rng.uniform(0.04, 0.5)
        on = (part == garment) & (np.sin(2 * np.pi * axis / period) > rng.uniform(-0.3, 0.8))
        pixels[on] = pixels[on] * 0.3 + other * 0.5
    return pixels
