# SPDX-License-Identifier: Apache-2.0
"""Walking figures: fourteen rigid parts in clothes, with or without a bag.

Proportions follow the usual eight-heads figure drawing canon; the parts overlap at the joints so that no gap opens.
Figures have no face that could be recognised: a plain head with hair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samples.geometry import Mesh, capsule, combine, ellipsoid, loft, ring, rounded_box
from samples.materials import Surfaces
from samples.models3d import Model

__all__ = ["BAGS", "BONES", "CANON_M", "Figure", "figure_parts", "person_model"]

Rgb8 = tuple[int, int, int]

BONES = {
    name: number
    for number, name in enumerate(
        (
            "pelvis",
            "torso",
            "head",
            "left_upper_arm",
            "left_forearm",
            "right_upper_arm",
            "right_forearm",
            "left_thigh",
            "left_shin",
            "left_foot",
            "right_thigh",
            "right_shin",
            "right_foot",
            "carried",
        )
    )
}
CANON_M = {
    "height": 1.75,
    "thigh": 0.43,
    "shin": 0.42,
    "ankle": 0.075,
    "hip": 0.09,
    "upper_arm": 0.29,
    "forearm": 0.25,
    "shoulder_y": 0.178,
    "shoulder_z": 0.388,
    "lumbar": 0.07,
    "neck": 0.465,
}
BAGS = ("none", "backpack", "handbag", "suitcase")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Looks of one person; colours are 8-bit red, green, blue.

    Attributes:
        upper_rgb: Jacket or pullover.
        lower_rgb: Trousers.
        bag: One of :data:`BAGS`.
        bag_rgb: Colour of the bag.
        shoes_rgb, hair_rgb, skin_rgb: The rest.
        height_m: Height with shoes.
        build: Width against the canon, 0.9 slim to 1.15 broad.
        is_long_coat: The upper garment reaches the middle of the thigh.
        is_long_hair: Hair falls to the neck.
        has_helmet: Wears a helmet of the bag's colour.
    """

    upper_rgb: Rgb8
    lower_rgb: Rgb8
    bag: str = "none"
    bag_rgb: Rgb8 = (60, 52, 46)
    shoes_rgb: Rgb8 = (38, 36, 36)
    hair_rgb: Rgb8 = (58, 42, 32)
    skin_rgb: Rgb8 = (205, 160, 132)
    height_m: float = 1.75
    build: float = 1.0
    is_long_coat: bool = False
    is_long_hair: bool = False
    has_helmet: bool = False


def _torso(figure: Figure, cloth: int) -> Mesh:
    """The upper garment from hem to collar."""
    hem, flare = (-0.26, 1.22) if figure.is_long_coat else (-0.15, 1.0)
    rows = [
        (hem, flare * 0.138, flare * 0.195),
        (hem + 0.02, flare * 0.142, flare * 0.199),
        (-0.08, 0.135, 0.186),
        (0.03, 0.124, 0.168),
        (0.14, 0.130, 0.174),
        (0.26, 0.142, 0.192),
        (0.35, 0.137, 0.205),
        (0.40, 0.120, 0.198),
        (0.435, 0.096, 0.150),
        (0.475, 0.066, 0.078),
        (0.50, 0.062, 0.066),
    ]
    around = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    c, s = np.cos(around), np.sin(around)
    sections = []
    for z, rx, ry in rows:
        x = np.sign(c) * np.abs(c) ** 0.85 * rx * (0.96 if z > 0.2 else 1.0)
        sections.append(np.stack([x, np.sign(s) * np.abs(s) ** 0.85 * ry * figure.build, np.full_like(x, z)], 1))
    return loft(np.stack(sections), cloth)


def _limb(name: str, length_m: float, r0: float, r1: float, material: int, *, n_sides: int = 8) -> Mesh:
    return capsule((0, 0, 0), (0, 0, -length_m), r0, r1, material=material, n_sides=n_sides).with_bone(BONES[name])


def _head(figure: Figure, surfaces: Surfaces, skin: int) -> list[Mesh]:
    bone = BONES["head"]
    hair = surfaces.add(figure.hair_rgb, grain=0.35, grain_per_m=60)
    parts = [
        capsule((0, 0, -0.02), (0.012, 0, 0.07), 0.056, 0.053, material=skin),
        ellipsoid((0.018, 0, 0.165), (0.098, 0.076, 0.118), material=skin),
        ellipsoid((0.112, 0, 0.155), (0.018, 0.013, 0.020), material=skin, n_sides=8),
    ]
    if figure.has_helmet:
        shell = surfaces.add(figure.bag_rgb, gloss=0.6)
        parts.append(ellipsoid((0.0, 0, 0.175), (0.148, 0.125, 0.142), material=shell, from_z=-0.55))
        parts.append(
            rounded_box((0.115, 0, 0.165), (0.038, 0.085, 0.042), material=surfaces.add((18, 20, 24), gloss=0.9))
        )
    else:
        parts.append(ellipsoid((-0.006, 0, 0.190), (0.108, 0.089, 0.110), material=hair, from_z=0.12))
        parts.append(ellipsoid((-0.034, 0, 0.170), (0.085, 0.086, 0.118), material=hair, from_z=-0.55))
        if figure.is_long_hair:
            parts.append(ellipsoid((-0.055, 0, 0.085), (0.062, 0.088, 0.135), material=hair))
    return [part.with_bone(bone) for part in parts]


def _bag(figure: Figure, surfaces: Surfaces) -> list[Mesh]:
    """The bag on the bone that carries it; hand-held ones hang from the origin of ``carried``."""
    if figure.bag == "none" or figure.has_helmet:
        return []
    skin = surfaces.add(figure.bag_rgb, grain=0.12, grain_per_m=12, gloss=0.12)
    dark = surfaces.add(tuple(value // 2 for value in figure.bag_rgb), grain=0.1)  # type: ignore[arg-type]  # Reason: three ints.
    if figure.bag == "backpack":
        straps = [
            capsule((0.128, side * 0.105, 0.16), (0.085, side * 0.10, 0.43), 0.026, material=dark, n_sides=6)
            for side in (-1, 1)
        ]
        body = [
            rounded_box((-0.225, 0, 0.21), (0.115, 0.165, 0.245), material=skin, power=0.6),
            rounded_box((-0.325, 0, 0.13), (0.045, 0.125, 0.125), material=dark, power=0.6),
            *straps,
        ]
        return [part.with_bone(BONES["torso"]) for part in body]
    bone = BONES["carried"]
    if figure.bag == "handbag":
        return [
            rounded_box((0, 0, -0.30), (0.175, 0.065, 0.125), material=skin, power=0.4).with_bone(bone),
            rounded_box((0, 0.0, -0.22), (0.17, 0.068, 0.03), material=dark, power=0.4).with_bone(bone),
            ring((0, 0, -0.13), 0.115, 0.011, material=dark, n_sides=18, n_tube=5).with_bone(bone),
        ]
    steel = surfaces.add((150, 152, 156), gloss=0.6)
    return [
        rounded_box((0, 0, 0.39), (0.125, 0.215, 0.315), material=skin, power=0.28).with_bone(bone),
        rounded_box((0.118, 0, 0.39), (0.02, 0.17, 0.25), material=dark, power=0.3).with_bone(bone),
        *[
            capsule((-0.10, y, 0.65), (-0.10, y, 1.02), 0.011, material=steel, n_sides=6).with_bone(bone)
            for y in (-0.09, 0.09)
        ],
        capsule((-0.10, -0.09, 1.03), (-0.10, 0.09, 1.03), 0.016, material=dark, n_sides=6).with_bone(bone),
        *[
            ellipsoid((-0.10, y, 0.04), (0.045, 0.02, 0.045), material=dark, n_sides=10).with_bone(bone)
            for y in (-0.17, 0.17)
        ],
    ]


def figure_parts(figure: Figure, surfaces: Surfaces) -> list[Mesh]:
    """All parts of a person in canon size (1.75 m), each in the axes of its own bone."""
    upper = surfaces.add(figure.upper_rgb, grain=0.22, grain_per_m=9)
    sleeve = surfaces.add(figure.upper_rgb, grain=0.22, grain_per_m=12)
    collar = surfaces.add(tuple(int(value * 0.8) for value in figure.upper_rgb), grain=0.15)  # type: ignore[arg-type]  # Reason: three ints.
    lower = surfaces.add(figure.lower_rgb, grain=0.22, grain_per_m=10)
    shoes = surfaces.add(figure.shoes_rgb, gloss=0.15)
    sole = surfaces.add((70, 68, 66))
    skin = surfaces.add(figure.skin_rgb, grain=0.05, grain_per_m=30)
    zip_line = surfaces.add(tuple(value // 2 for value in figure.upper_rgb))  # type: ignore[arg-type]  # Reason: three ints.
    torso, b = BONES["torso"], figure.build
    parts = [
        _torso(figure, upper).with_bone(torso),
        capsule((0.133, 0.004, -0.11), (0.134, 0.004, 0.33), 0.008, material=zip_line, n_sides=5).with_bone(torso),
        ellipsoid((0.004, 0, 0.475), (0.079, 0.083, 0.045), material=collar).with_bone(torso),
        ellipsoid((0, 0, 0.0), (0.116, 0.158 * b, 0.135), material=lower).with_bone(BONES["pelvis"]),
        *_head(figure, surfaces, skin),
    ]
    for side in ("left", "right"):
        parts += [
            _limb(f"{side}_upper_arm", CANON_M["upper_arm"], 0.061 * b, 0.051 * b, sleeve),
            _limb(f"{side}_forearm", CANON_M["forearm"] - 0.02, 0.052 * b, 0.040 * b, sleeve),
            ellipsoid((0.008, 0, -0.31), (0.040, 0.026, 0.075), material=skin, n_sides=8).with_bone(
                BONES[f"{side}_forearm"]
            ),
            _limb(f"{side}_thigh", CANON_M["thigh"], 0.094 * b, 0.068 * b, lower, n_sides=9),
            _limb(f"{side}_shin", CANON_M["shin"] - 0.03, 0.069 * b, 0.055 * b, lower, n_sides=9),
            rounded_box((0.058, 0, -0.033), (0.142, 0.048, 0.044), material=shoes, power=0.65, n_sides=12).with_bone(
                BONES[f"{side}_foot"]
            ),
            rounded_box((0.058, 0, -0.066), (0.148, 0.051, 0.014), material=sole, power=0.5, n_sides=12).with_bone(
                BONES[f"{side}_foot"]
            ),
        ]
    return parts + _bag(figure, surfaces)


def person_model(figure: Figure) -> Model:
    """A person who can walk; bones as in :data:`BONES`, moved by :mod:`samples.gait`."""
    surfaces = Surfaces()
    return Model(mesh=combine(figure_parts(figure, surfaces)), surfaces=surfaces.table())
