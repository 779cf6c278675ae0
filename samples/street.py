# SPDX-License-Identifier: Apache-2.0
"""The street: where the houses, kerbs, trees, posts and parked cars stand, and where the cameras hang.

::

    y 32      ----------------houses----------------
              |               the square            |   cam-place hangs at the north side, looks south
    y 9.2  houses (alleys at x -20, 30) |  trees    |
    y 5.4  pavement, bays with parked cars          alley
    y 0    ========== road, x runs east ===================
    y -3.3 pavement
    y -6.3 houses (car park at x -34, alleys at x -46, 13, 59.5; side street at x 99)

cam-rue hangs at x -2 and looks east; cam-garage hangs opposite the car park.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samples.camera import Camera
from samples.facades import FACADE_PER_M, facade_texture, garage_texture, mottled
from samples.furniture import bench, bin_, bollard, lamp_post, sign_post, street_surfaces, tree
from samples.geometry import Mesh, box, combine, moved, quad, tiled_quad, turned
from samples.ground import ROAD_PER_M, road_texture, setts_texture, slabs_texture
from samples.materials import Surfaces, SurfaceTable
from samples.models3d import Model
from samples.vehicles import vehicle_model

__all__ = ["CAMERA_NAMES", "PAVEMENT_M", "Street", "cameras", "make_street"]

PAVEMENT_M = 0.14
"""Height of the pavements and of the square above the road."""

X0, X1 = -90.0, 150.0
ROAD = (-3.3, 3.3)
NORTH, SOUTH, SQUARE_Y = 9.2, -6.3, 32.0
SQUARE_X = (46.0, 104.0)
NORTH_ROWS = ((-90.0, -21.4), (-18.6, 28.6), (31.4, 46.0))
SOUTH_ROWS = ((-90.0, -47.3), (-44.7, -40.0), (-28.0, 11.7), (14.3, 58.2), (60.8, 95.2), (103.0, 150.0))
GARAGE_X = (-40.0, -28.0)
PORTAL_X = (-36.8, -31.2)

_NO_UV = ((0.0, 0.0),) * 4

_VIEWS = {
    "cam-rue": ((-2.0, -5.9, 5.2), (20.0, 2.6, 0.2), 60.0),
    "cam-place": ((78.0, 31.4, 6.6), (70.5, 6.0, 0.3), 62.0),
    "cam-garage": ((-29.5, 8.9, 4.3), (-35.2, -3.6, 0.7), 66.0),
}
CAMERA_NAMES = tuple(_VIEWS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Street:
    """The standing scene.

    Attributes:
        model: All triangles with their surfaces, in world metres.
        leaf_faces: (M,) True for the faces that are foliage, which sways.
        parked_faces: (M,) True for the faces of cars at rest.
    """

    model: Model
    leaf_faces: NDArray[np.bool_]
    parked_faces: NDArray[np.bool_]


def cameras(size_wh_px: tuple[int, int]) -> dict[str, Camera]:
    """The cameras by name, for a picture size."""
    return {
        name: Camera(name=name, eye_m=eye, target_m=target, hfov_deg=hfov, size_wh_px=size_wh_px)
        for name, (eye, target, hfov) in _VIEWS.items()
    }


def _flat(x0: float, x1: float, y0: float, y1: float, z: float, material: int, per_side_m: float | None) -> Mesh:
    """A level rectangle; its texture covers it once, or repeats every ``per_side_m``."""
    corners = [(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]
    if per_side_m is None:
        return tiled_quad(
            corners, material=material, uv=((0.0005, 0.0005), (0.9995, 0.0005), (0.9995, 0.9995), (0.0005, 0.9995))
        )
    return tiled_quad(corners, material=material, uv=[(x / per_side_m, y / per_side_m) for x, y, _ in corners])


def _ground(surfaces: Surfaces, seed: int) -> list[Mesh]:
    road = surfaces.add_texture(
        road_texture(X0, X1, ROAD[0], 5.4, crossings_m=(19.5, 59.5), bay_y_m=ROAD[1], bay_x1_m=44.0, seed=seed),
        texels_per_m=ROAD_PER_M,
    )
    slabs = surfaces.add_texture(slabs_texture(seed=seed), texels_per_m=50)
    setts = surfaces.add_texture(setts_texture(seed=seed + 1), texels_per_m=50)
    plain = surfaces.add_texture(mottled(400, 400, (98, 98, 98), seed=seed, amount=0.07), texels_per_m=20)
    m_road, m_slabs = (
        surfaces.add(texture=road, grain=0.05, grain_per_m=0.6),
        surfaces.add(texture=slabs, grain=0.05, grain_per_m=0.5),
    )
    m_setts, m_plain = surfaces.add(texture=setts, grain=0.06, grain_per_m=0.4), surfaces.add(texture=plain)
    kerb = surfaces.add((164, 162, 156), grain=0.12, grain_per_m=3)
    z = PAVEMENT_M
    parts = [
        _flat(X0, X1, ROAD[0], 5.4, 0.0, m_road, None),
        _flat(X0, 95.2, SOUTH - 12, ROAD[0] - 0.15, z, m_slabs, 6.0),
        _flat(103.0, X1, SOUTH - 12, ROAD[0] - 0.15, z, m_slabs, 6.0),
        _flat(95.2, 103.0, -60, ROAD[0], 0.0, m_plain, 20.0),
        _flat(X0, SQUARE_X[0], 5.55, NORTH + 12, z, m_slabs, 6.0),
        _flat(SQUARE_X[0], X1, ROAD[1] + 0.15, SQUARE_Y + 12, z, m_setts, 4.0),
        _flat(PORTAL_X[0], PORTAL_X[1], SOUTH - 14, SOUTH, 0.145, m_plain, 20.0),
    ]
    for x0, x1, y, towards in (
        (X0, 95.2, ROAD[0], -1),
        (103.0, X1, ROAD[0], -1),
        (X0, SQUARE_X[0], 5.4, 1),
        (SQUARE_X[0], X1, ROAD[1], 1),
    ):
        far, top = y + 0.15 * towards, z + 0.004
        parts.append(tiled_quad([(x0, y, top), (x1, y, top), (x1, far, top), (x0, far, top)], material=kerb, uv=_NO_UV))
        parts.append(tiled_quad([(x0, y, 0), (x1, y, 0), (x1, y, top), (x0, y, top)], material=kerb, uv=_NO_UV))
    parts.append(box((SQUARE_X[0], 4.4, z / 2), (0.15, 2.1, z + 0.004), material=kerb))
    return parts


def _house(surfaces: Surfaces, x0: float, x1: float, y: float, *, towards: int, seed: int) -> list[Mesh]:
    """A house with its front at y that faces +y (towards 1) or -y (-1)."""
    rng = np.random.default_rng((seed, 61))
    height = float(rng.choice([9.4, 9.4, 12.2, 12.2, 6.6]))
    texture = surfaces.add_texture(
        facade_texture(x1 - x0, height, seed=seed, is_shop=bool(rng.random() < 0.45)), texels_per_m=FACADE_PER_M
    )
    front, wall = surfaces.add(texture=texture), surfaces.add((164, 152, 138), grain=0.15, grain_per_m=2)
    roof = surfaces.add((96, 70, 60), grain=0.25, grain_per_m=3)
    z0, back = PAVEMENT_M, y - towards * 9.0
    left, right = (x1, x0) if towards > 0 else (x0, x1)
    corners = [(left, y, z0 + height), (right, y, z0 + height), (right, y, z0), (left, y, z0)]
    return [
        tiled_quad(
            corners, material=front, cell_m=2.0, uv=((0.001, 0.001), (0.999, 0.001), (0.999, 0.999), (0.001, 0.999))
        ),
        quad([(x0, y, z0), (x0, back, z0), (x0, back, z0 + height), (x0, y, z0 + height)], material=wall),
        quad([(x1, y, z0), (x1, back, z0), (x1, back, z0 + height), (x1, y, z0 + height)], material=wall),
        quad([(x0, back, z0), (x1, back, z0), (x1, back, z0 + height), (x0, back, z0 + height)], material=wall),
        quad(
            [
                (x0, y + 0.35 * towards, z0 + height),
                (x1, y + 0.35 * towards, z0 + height),
                (x1, back, z0 + height + 2.6),
                (x0, back, z0 + height + 2.6),
            ],
            material=roof,
        ),
    ]


def _rows(surfaces: Surfaces, seed: int) -> list[Mesh]:
    parts: list[Mesh] = []
    number = 0
    for rows, y, towards in (
        (NORTH_ROWS, NORTH, -1),
        (SOUTH_ROWS, SOUTH, 1),
        (((46.0, 104.0),), SQUARE_Y, -1),
        (((106.5, 150.0),), NORTH, -1),
    ):
        for x0, x1 in rows:
            n = max(1, round((x1 - x0) / 10.5))
            edges = np.linspace(x0, x1, n + 1)
            for a, b in itertools.pairwise(edges.tolist()):
                number += 1
                parts += _house(surfaces, a, b, y, towards=towards, seed=seed * 1000 + number)
    wall = surfaces.add((170, 158, 142), grain=0.15, grain_per_m=2)
    parts.append(box((46.0, 20.5, 4.8), (0.3, 23.0, 9.4), material=wall))
    parts += [box((104.1, (a + b) / 2, 4.8), (0.3, b - a, 9.4), material=wall) for a, b in ((9.2, 12.0), (16.0, 32.0))]
    return parts


def _garage(surfaces: Surfaces, seed: int) -> list[Mesh]:
    """A car-park entrance: a wall with an opening and a dark hall behind it."""
    width, height, z0 = GARAGE_X[1] - GARAGE_X[0], 9.4, PAVEMENT_M
    texture = surfaces.add_texture(garage_texture(width, height, seed=seed), texels_per_m=FACADE_PER_M)
    front, dark = surfaces.add(texture=texture), surfaces.add((58, 57, 55), grain=0.2, grain_per_m=2)
    yellow = surfaces.add((206, 170, 40), grain=0.1)
    top = 2.75

    def piece(xa: float, xb: float, za: float, zb: float) -> Mesh:
        def uv(x: float, z: float) -> tuple[float, float]:
            return (GARAGE_X[1] - x) / width * 0.998 + 0.001, 1 - (z - z0) / height * 0.998 - 0.001

        corners = [(xb, SOUTH, zb), (xa, SOUTH, zb), (xa, SOUTH, za), (xb, SOUTH, za)]
        return quad(corners, material=front, uv=[uv(x, z) for x, _, z in corners])

    a, b = PORTAL_X
    return [
        piece(GARAGE_X[0], a, z0, z0 + height),
        piece(b, GARAGE_X[1], z0, z0 + height),
        piece(a, b, top, z0 + height),
        quad(
            [(-40, SOUTH - 14, 0), (-10, SOUTH - 14, 0), (-10, SOUTH - 14, top + 0.5), (-40, SOUTH - 14, top + 0.5)],
            material=dark,
        ),
        quad([(a, SOUTH, 0), (a, SOUTH - 14, 0), (a, SOUTH - 14, top), (a, SOUTH, top)], material=dark),
        quad([(-40, SOUTH, top), (-10, SOUTH, top), (-10, SOUTH - 14, top), (-40, SOUTH - 14, top)], material=dark),
        quad([(b, SOUTH - 0.4, 0), (b, SOUTH, 0), (b, SOUTH, top), (b, SOUTH - 0.4, top)], material=dark),
        *[box((x, SOUTH + 0.12, 0.55), (0.2, 0.2, 0.9), material=yellow) for x in (a - 0.1, b + 0.1)],
    ]


def _furniture(surfaces: Surfaces, seed: int) -> tuple[list[Mesh], list[Mesh]]:
    """Posts, benches and trunks; and the foliage of each tree."""
    names, z = street_surfaces(surfaces), PAVEMENT_M
    parts: list[Mesh] = []
    leaves: list[Mesh] = []
    trees = (
        (51.0, 6.6, 6.6),
        (58.5, 18.0, 6.4),
        (66.5, 6.4, 6.8),
        (82.0, 6.8, 6.4),
        (91.0, 15.5, 7.0),
        (97.0, 24.0, 6.8),
        (25.0, 6.1, 5.8),
        (39.0, 6.1, 6.0),
        (-26.0, 6.1, 5.2),
    )
    for number, (x, y, height) in enumerate(trees):
        wood, crown = tree(names, height_m=height, seed=seed * 100 + number)
        parts.append(moved(wood, (x, y, z)))
        leaves.append(moved(crown, (x, y, z)))
    for x, y, arm in (
        (-8.0, 5.9, -1.5),
        (14.0, 5.9, -1.5),
        (34.0, 5.9, -1.5),
        (-44.0, 5.9, -1.5),
        (62.0, -3.8, 1.3),
        (88.0, -3.8, 1.3),
        (73.0, 19.0, -0.9),
        (-38.4, -3.75, 1.2),
    ):
        parts.append(moved(lamp_post(names, arm_y_m=arm), (x, y, z)))
    for x in (*np.arange(47.5, 58.0, 1.8), *np.arange(62.0, 95.0, 1.8)):
        parts.append(moved(bollard(names), (float(x), 3.85, z)))
    for x in (16.9, 22.1):
        parts += [moved(bollard(names), (x, -3.7, z)), moved(bollard(names), (x, 5.8, z))]
    for x, y, turn in ((62.0, 13.5, 0.0), (80.0, 14.5, 180.0), (72.0, 8.2, 180.0), (89.0, 9.5, 90.0)):
        parts.append(moved(turned(bench(names), heading_deg=turn), (x, y, z)))
    for x, y in ((64.2, 13.2), (11.0, -5.8), (-42.2, -5.8)):
        parts.append(moved(bin_(names), (x, y, z)))
    parts += [
        moved(sign_post(names, is_round=False), (17.0, -3.8, z)),
        moved(sign_post(names, is_round=True), (31.0, -3.8, z)),
        moved(sign_post(names, is_round=False), (57.2, -3.8, z)),
    ]
    planter = names["stone"]
    for x, y in ((68.0, 22.0), (85.0, 21.0)):
        parts.append(box((x, y, z + 0.25), (3.2, 1.2, 0.5), material=planter))
    return parts, leaves


def _parked() -> list[tuple[Model, float, float, float]]:
    """Cars at rest in the bays: model, x, y, heading."""
    rows = (
        ("saloon", (120, 124, 128), -51.0),
        ("hatchback", (232, 232, 228), -12.9),
        ("saloon", (36, 38, 42), 3.1),
        ("hatchback", (88, 100, 116), 14.0),
        ("saloon", (150, 152, 154), 35.6),
        ("van", (224, 224, 220), 41.0),
        ("hatchback", (30, 44, 74), -18.3),
    )
    return [(vehicle_model(kind, rgb), x, 4.42, np.pi if k % 3 else 0.0) for k, (kind, rgb, x) in enumerate(rows)]


def _joined(first: Model, others: list[tuple[Model, float, float, float]]) -> Model:
    """Models at rest, merged into one; each other model stands at x, y with a heading."""
    meshes, rows, texels, levels = [first.mesh], [first.surfaces.rows], [first.surfaces.texels], [first.surfaces.levels]
    for model, x, y, heading in others:
        mesh = model.mesh
        shift = np.zeros_like(mesh.points_m)
        for number, (axle_x, radius) in enumerate(model.axles, start=1):
            shift[mesh.bones == number] = (axle_x, 0, radius)
        mesh = replace(mesh, points_m=mesh.points_m + shift)
        mesh = moved(turned(mesh, heading_deg=float(np.rad2deg(heading))), (x, y, 0.0))
        n_rows, n_texels, n_textures = sum(map(len, rows)), sum(map(len, texels)), sum(map(len, levels))
        meshes.append(replace(mesh, materials=mesh.materials + np.int32(n_rows), bones=np.zeros_like(mesh.bones)))
        table = model.surfaces.rows.copy()
        table[:, 6] = np.where(table[:, 6] >= 0, table[:, 6] + n_textures, -1)
        offset = model.surfaces.levels.copy()
        offset[..., 0] += n_texels
        rows.append(table)
        texels.append(model.surfaces.texels)
        levels.append(offset)
    merged = SurfaceTable(rows=np.concatenate(rows), texels=np.concatenate(texels), levels=np.concatenate(levels))
    return Model(mesh=combine(meshes), surfaces=merged)


def make_street(seed: int) -> Street:
    """Build the standing scene; the seed changes house fronts, trees and stains, not the layout."""
    surfaces = Surfaces()
    parts = [*_ground(surfaces, seed), *_rows(surfaces, seed), *_garage(surfaces, seed)]
    furniture, leaves = _furniture(surfaces, seed)
    mesh = combine([*parts, *furniture, *leaves])
    is_leaf = np.zeros(len(mesh.faces), bool)
    n_leaf = sum(len(leaf.faces) for leaf in leaves)
    is_leaf[len(mesh.faces) - n_leaf :] = True
    model = _joined(Model(mesh=mesh, surfaces=surfaces.table()), _parked())
    n_parked = len(model.mesh.faces) - len(is_leaf)
    is_parked = np.concatenate([np.zeros_like(is_leaf), np.ones(n_parked, bool)])
    return Street(model=model, leaf_faces=np.concatenate([is_leaf, np.zeros(n_parked, bool)]), parked_faces=is_parked)
