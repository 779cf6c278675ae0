# SPDX-License-Identifier: Apache-2.0
"""Bicycles and motorcycles with their riders: one model each, so that machine and rider hide one another rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samples.gait import pose_bones, riding_limbs
from samples.geometry import F32, Mesh, capsule, combine, ellipsoid, ring, rounded_box
from samples.materials import Surfaces
from samples.models3d import Model
from samples.persons import BONES, Figure, figure_parts

__all__ = ["BICYCLE", "MOTORCYCLE", "Machine", "cycle_bones", "cycle_model"]

Rgb8 = tuple[int, int, int]
FRAME, REAR, FRONT, CRANK = len(BONES), len(BONES) + 1, len(BONES) + 2, len(BONES) + 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Measures of a two-wheeler, metres from the point on the ground between its wheels."""

    rear_x: float
    front_x: float
    wheel_m: float
    hips_xz: tuple[float, float]
    crank_xz: tuple[float, float]
    lean_deg: float
    is_pedalled: bool


BICYCLE = Machine(
    rear_x=-0.50,
    front_x=0.56,
    wheel_m=0.34,
    hips_xz=(-0.20, 1.00),
    crank_xz=(0.0, 0.29),
    lean_deg=30.0,
    is_pedalled=True,
)
MOTORCYCLE = Machine(
    rear_x=-0.66,
    front_x=0.74,
    wheel_m=0.31,
    hips_xz=(-0.22, 0.90),
    crank_xz=(0.0, 0.35),
    lean_deg=16.0,
    is_pedalled=False,
)


def _tube(a: tuple[float, float, float], b: tuple[float, float, float], radius_m: float, material: int) -> Mesh:
    return capsule(a, b, radius_m, material=material, n_sides=7).with_bone(FRAME)


def _wheel(
    machine: Machine, bone: int, tyre: int, steel: int, *, tube_m: float, width_m: float, n_spokes: int
) -> list[Mesh]:
    r = machine.wheel_m
    parts = [
        ring((0, 0, 0), r, tube_m, material=tyre, width_m=width_m),
        ring((0, 0, 0), r - 1.7 * tube_m, tube_m * 0.45, material=steel, n_tube=5),
    ]
    for k in range(n_spokes):
        a = np.pi * k / n_spokes
        end = ((r - 2 * tube_m) * np.cos(a), 0.0, (r - 2 * tube_m) * np.sin(a))
        parts.append(
            capsule(tuple(-v for v in end), end, 0.007 if machine.is_pedalled else 0.018, material=steel, n_sides=4)
        )
    parts.append(capsule((0, -0.05, 0), (0, 0.05, 0), 0.03, material=steel, n_sides=8))
    return [part.with_bone(bone) for part in parts]


def _bicycle(paint: int, dark: int, steel: int, lamp: int) -> list[Mesh]:
    bb, seat, head = (0.0, 0.0, 0.29), (-0.17, 0.0, 0.80), (0.40, 0.0, 0.83)
    rear, front = (BICYCLE.rear_x, 0.0, 0.34), (BICYCLE.front_x, 0.0, 0.34)
    parts = [
        _tube(bb, seat, 0.022, paint),
        _tube(seat, head, 0.022, paint),
        _tube(bb, (0.43, 0, 0.70), 0.026, paint),
        _tube((0.44, 0, 0.66), (0.385, 0, 0.98), 0.02, paint),
        _tube(seat, (-0.20, 0, 0.93), 0.015, steel),
        _tube((0.385, 0, 0.98), (0.44, 0, 1.03), 0.016, steel),
        rounded_box((-0.21, 0, 0.95), (0.14, 0.07, 0.035), material=dark).with_bone(FRAME),
        _tube((0.44, -0.27, 1.02), (0.44, 0.27, 1.02), 0.016, dark),
        ellipsoid((0.52, 0, 0.93), (0.04, 0.035, 0.035), material=lamp, n_sides=8).with_bone(FRAME),
        ring((0, 0.06, 0), 0.09, 0.012, material=steel, n_sides=16, n_tube=4).with_bone(CRANK),
    ]
    for y in (-0.06, 0.06):
        parts += [
            _tube(bb, (rear[0], y, rear[2]), 0.013, paint),
            _tube(seat, (rear[0], y, rear[2]), 0.011, paint),
            _tube((0.44, y * 0.8, 0.66), (front[0], y, front[2]), 0.015, paint),
        ]
    for sign in (1, -1):
        parts.append(
            capsule((0, sign * 0.10, 0), (0.165 * sign, sign * 0.10, 0), 0.014, material=steel, n_sides=5).with_bone(
                CRANK
            )
        )
        parts.append(rounded_box((0.165 * sign, sign * 0.15, 0), (0.05, 0.045, 0.014), material=dark).with_bone(CRANK))
    return parts


def _motorcycle(paint: int, dark: int, steel: int, lamp: int, tail: int) -> list[Mesh]:
    def lump(x: float, z: float, rx: float, ry: float, rz: float, material: int, power: float = 0.7) -> Mesh:
        return rounded_box((x, 0, z), (rx, ry, rz), material=material, power=power).with_bone(FRAME)

    parts = [
        lump(0.02, 0.45, 0.24, 0.17, 0.19, dark, 0.5),
        lump(0.20, 0.80, 0.27, 0.16, 0.15, paint),
        lump(-0.30, 0.78, 0.30, 0.14, 0.06, dark),
        lump(-0.62, 0.80, 0.22, 0.11, 0.08, paint),
        lump(0.55, 0.88, 0.17, 0.18, 0.20, paint),
        lump(0.50, 1.08, 0.07, 0.13, 0.12, dark),
        lump(0.71, 0.86, 0.04, 0.10, 0.07, lamp),
        lump(-0.83, 0.80, 0.03, 0.08, 0.04, tail),
        lump(0.74, 0.56, 0.20, 0.07, 0.05, paint),
        lump(0.30, 0.50, 0.20, 0.19, 0.22, paint),
        lump(-0.70, 0.52, 0.18, 0.06, 0.04, dark),
        _tube((0.46, -0.36, 1.02), (0.46, 0.36, 1.02), 0.02, dark),
        capsule((-0.1, -0.17, 0.32), (-0.72, -0.19, 0.42), 0.045, 0.065, material=steel, n_sides=8).with_bone(FRAME),
    ]
    for y in (-0.10, 0.10):
        parts += [
            _tube((0.52, y, 0.95), (MOTORCYCLE.front_x, y, 0.31), 0.028, steel),
            _tube((0.0, y, 0.36), (MOTORCYCLE.rear_x, y, 0.31), 0.03, dark),
        ]
    return parts


def cycle_model(machine: Machine, paint_rgb: Rgb8, rider: Figure) -> Model:
    """A machine in a paint with a rider on it; its bones come from :func:`cycle_bones`."""
    surfaces = Surfaces()
    paint = surfaces.add(paint_rgb, gloss=0.6)
    dark, steel = surfaces.add((28, 28, 30), gloss=0.15), surfaces.add((140, 142, 146), gloss=0.5)
    tyre, lamp = surfaces.add((22, 22, 24)), surfaces.add((240, 240, 230), gloss=0.6, glow=0.35)
    tail = surfaces.add((190, 16, 18), gloss=0.4, glow=0.3)
    parts = figure_parts(rider, surfaces)
    if machine.is_pedalled:
        parts += _bicycle(paint, dark, steel, lamp)
        tube_m, width_m, n_spokes = 0.02, 0.02, 7
    else:
        parts += _motorcycle(paint, dark, steel, lamp, tail)
        tube_m, width_m, n_spokes = 0.075, 0.065, 5
    for bone in (REAR, FRONT):
        parts += _wheel(machine, bone, tyre, steel, tube_m=tube_m, width_m=width_m, n_spokes=n_spokes)
    return Model(mesh=combine(parts), surfaces=surfaces.table())


def cycle_bones(machine: Machine, root: F32, distance_m: float, *, height_m: float) -> F32:
    """(18, 3, 4) bones of machine and rider after a distance, world metres; root is the ground between the wheels."""
    base, origin = root[:, :3].astype(float), root[:, 3].astype(float)
    crank = distance_m / 5.2
    hips_root = root.copy()
    hips_root[:, 3] = origin + base @ np.array([machine.hips_xz[0], 0, 0])
    limbs = riding_limbs(crank, is_pedalling=machine.is_pedalled, lean=machine.lean_deg)
    bones = np.empty((len(BONES) + 4, 3, 4), np.float32)
    bones[: len(BONES)] = pose_bones(limbs, root=hips_root, height_m=height_m, seat_m=machine.hips_xz[1])
    roll = distance_m / machine.wheel_m
    places = (
        (FRAME, (0.0, 0.0, 0.0), 0.0),
        (REAR, (machine.rear_x, 0.0, machine.wheel_m), roll),
        (FRONT, (machine.front_x, 0.0, machine.wheel_m), roll),
        (CRANK, (machine.crank_xz[0], 0.0, machine.crank_xz[1]), 2 * np.pi * crank),
    )
    for bone, at, angle in places:
        c, s = np.cos(angle), np.sin(angle)
        bones[bone, :, :3] = base @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        bones[bone, :, 3] = base @ np.array(at) + origin
    return bones
