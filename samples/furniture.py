# SPDX-License-Identifier: Apache-2.0
"""What stands in a street: trees, lamp posts, bollards, benches, signs."""

from __future__ import annotations

import numpy as np

from samples.geometry import Mesh, box, capsule, combine, ellipsoid, quad, rounded_box
from samples.materials import Surfaces

__all__ = ["bench", "bin_", "bollard", "lamp_post", "sign_post", "street_surfaces", "tree"]


def street_surfaces(surfaces: Surfaces) -> dict[str, int]:
    """Surfaces that the furniture shares, by name."""
    return {
        "bark": surfaces.add((96, 84, 72), grain=0.4, grain_per_m=14),
        "iron": surfaces.add((52, 56, 58), gloss=0.35, grain=0.1),
        "steel": surfaces.add((150, 152, 154), gloss=0.45),
        "wood": surfaces.add((134, 100, 68), grain=0.3, grain_per_m=20),
        "lamp": surfaces.add((250, 246, 232), glow=0.9),
        "sign_blue": surfaces.add((30, 74, 158), gloss=0.2),
        "sign_red": surfaces.add((176, 30, 34), gloss=0.2),
        "white": surfaces.add((224, 224, 220), gloss=0.2),
        "leaf0": surfaces.add((62, 84, 40), grain=0.2),
        "leaf1": surfaces.add((76, 98, 46), grain=0.2),
        "leaf2": surfaces.add((52, 72, 36), grain=0.2),
        "leaf3": surfaces.add((92, 110, 56), grain=0.2),
        "stone": surfaces.add((168, 164, 156), grain=0.14, grain_per_m=5),
        "soil": surfaces.add((84, 70, 56), grain=0.3),
    }


def _leaves(
    centre_m: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    radius_m: float,
    n: int,
    rng: np.random.Generator,
    materials: list[int],
) -> Mesh:
    """A clump of small quads that face every way, denser towards its skin."""
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    at = centre_m + direction * (radius_m * rng.uniform(0.45, 1.0, (n, 1)) ** 0.6) * (1.0, 1.0, 0.8)
    u = rng.normal(size=(n, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(u, direction + 0.3 * rng.normal(size=(n, 3)))
    v /= np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-6)
    half = rng.uniform(0.06, 0.14, (n, 1))
    corners = np.stack(
        [at - half * u - half * v, at + half * u - half * v, at + half * u + half * v, at - half * u + half * v], 1
    )
    # Leaves are lit as the clump is, which reads as a round crown; a little of their own tilt keeps them alive.
    normal = direction * 0.8 + rng.normal(size=(n, 3)) * 0.35
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    first = (np.arange(n) * 4)[:, None]
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])]).astype(np.int32)
    shade = rng.choice(materials, n).astype(np.int32)
    return Mesh(
        points_m=corners.reshape(-1, 3).astype(np.float32),
        normals=np.repeat(normal, 4, 0).astype(np.float32),
        uv=np.zeros((4 * n, 2), np.float32),
        faces=faces,
        materials=np.concatenate([shade, shade]),
        bones=np.zeros(4 * n, np.int32),
    )


def tree(names: dict[str, int], *, height_m: float, seed: int) -> tuple[Mesh, Mesh]:
    """A street tree as (trunk with branches and grate, foliage)."""
    rng = np.random.default_rng((seed, 41))
    crown = height_m * 0.62
    fork = np.array([rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), height_m * 0.42])
    wood = [
        capsule((0, 0, 0), tuple(fork), 0.13, 0.10, material=names["bark"]),
        box((0, 0, 0.01), (1.1, 1.1, 0.03), material=names["soil"]),
    ]
    clumps = []
    for k in range(9):
        a = 2 * np.pi * k / 8 + rng.uniform(-0.3, 0.3)
        out = rng.uniform(0.45, 0.8) * height_m * 0.24 if k < 8 else 0.0
        tip = np.array(
            [
                out * np.cos(a),
                out * np.sin(a),
                crown + rng.uniform(-0.11, 0.22) * height_m + (0.16 * height_m if k == 8 else 0.0),
            ]
        )
        wood.append(capsule(tuple(fork), tuple(tip), 0.06, 0.02, material=names["bark"], n_sides=6))
        leaves = [names[f"leaf{i}"] for i in range(4)]
        clumps.append(_leaves(tip, height_m * rng.uniform(0.13, 0.17), 420, rng, leaves))
    return combine(wood), combine(clumps)


def lamp_post(names: dict[str, int], *, arm_y_m: float, height_m: float = 6.5) -> Mesh:
    """A street lamp whose arm reaches ``arm_y_m`` along y."""
    top = height_m
    return combine(
        [
            capsule((0, 0, 0), (0, 0, 0.9), 0.10, 0.085, material=names["iron"]),
            capsule((0, 0, 0.9), (0, 0, top), 0.06, 0.045, material=names["iron"]),
            capsule((0, 0, top), (0, arm_y_m, top + 0.25), 0.035, material=names["iron"], n_sides=6),
            rounded_box((0, arm_y_m, top + 0.22), (0.16, 0.34, 0.06), material=names["iron"]),
            rounded_box((0, arm_y_m, top + 0.15), (0.11, 0.26, 0.02), material=names["lamp"]),
        ]
    )


def bollard(names: dict[str, int]) -> Mesh:
    """A knee-high iron post with a ball."""
    return combine(
        [
            capsule((0, 0, 0), (0, 0, 0.86), 0.05, 0.045, material=names["iron"], n_sides=8),
            ellipsoid((0, 0, 0.95), (0.075, 0.075, 0.075), material=names["iron"], n_sides=10),
        ]
    )


def bench(names: dict[str, int]) -> Mesh:
    """A wooden bench that faces +y."""
    slats = [box((0, y, 0.45), (1.8, 0.09, 0.04), material=names["wood"]) for y in (-0.18, -0.06, 0.06, 0.18)]
    back = [box((0, -0.26, z), (1.8, 0.04, 0.10), material=names["wood"]) for z in (0.62, 0.78)]
    legs = [box((x, 0, 0.22), (0.06, 0.42, 0.44), material=names["iron"]) for x in (-0.75, 0.75)]
    return combine([*slats, *back, *legs])


def bin_(names: dict[str, int]) -> Mesh:
    """A litter bin."""
    return combine(
        [
            rounded_box((0, 0, 0.45), (0.21, 0.21, 0.44), material=names["iron"], power=0.35),
            rounded_box((0, 0, 0.92), (0.24, 0.24, 0.04), material=names["steel"], power=0.35),
        ]
    )


def sign_post(names: dict[str, int], *, is_round: bool) -> Mesh:
    """A traffic sign whose face looks towards -x."""
    post = capsule((0, 0, 0), (0, 0, 2.6), 0.032, material=names["steel"], n_sides=8)
    if is_round:
        around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        plates = []
        for r, x, name in ((0.32, -0.05, "sign_red"), (0.23, -0.06, "white")):
            rim = [(x, r * np.cos(a), 2.35 + r * np.sin(a)) for a in around]
            plates += [quad([rim[k], rim[k + 1], rim[k + 2], (x, 0, 2.35)], material=names[name]) for k in range(0, 22)]
            plates.append(quad([rim[22], rim[23], rim[0], (x, 0, 2.35)], material=names[name]))
            plates.append(quad([rim[23], rim[0], rim[1], (x, 0, 2.35)], material=names[name]))
        return combine([post, *plates])
    plate = [(-0.05, -0.28, 2.0), (-0.05, 0.28, 2.0), (-0.05, 0.28, 2.56), (-0.05, -0.28, 2.56)]
    inner = [(-0.06, -0.1, 2.1), (-0.06, 0.1, 2.1), (-0.06, 0.1, 2.46), (-0.06, -0.1, 2.46)]
    return combine([post, quad(plate, material=names["sign_blue"]), quad(inner, material=names["white"])])
