# SPDX-License-Identifier: Apache-2.0
"""Triangle meshes of simple solids, in metres, from which every figure, vehicle and house of the footage is built.

Axes: x forward (for a figure or vehicle) or along the street, y to the left, z up. Knows no camera and no light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "F32",
    "Mesh",
    "box",
    "capsule",
    "combine",
    "disc",
    "ellipsoid",
    "grid_normals",
    "grid_sheet",
    "loft",
    "moved",
    "quad",
    "ring",
    "rounded_box",
    "tiled_quad",
    "turned",
]

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """Triangles with what the shader needs.

    Attributes:
        points_m: (N, 3) float32 vertex positions.
        normals: (N, 3) float32 unit vectors; the shader turns them towards the eye, so winding is free.
        uv: (N, 2) float32 texture coordinates, in texture sizes; they wrap.
        faces: (M, 3) int32 vertex indices.
        materials: (M,) int32 row of the material table, per face.
        bones: (N,) int32 index of the rigid part that a vertex moves with.
    """

    points_m: F32
    normals: F32
    uv: F32
    faces: NDArray[np.int32]
    materials: NDArray[np.int32]
    bones: NDArray[np.int32]

    def with_bone(self, bone: int) -> Mesh:
        """The same mesh, moved by another rigid part."""
        return replace(self, bones=np.full(len(self.points_m), bone, np.int32))


def _mesh(
    points: NDArray[np.floating],
    normals: NDArray[np.floating],
    faces: Sequence[Sequence[int]] | NDArray[np.integer],
    material: int,
    uv: NDArray[np.floating] | None = None,
) -> Mesh:
    n = len(points)
    faces_i = np.asarray(faces, np.int32).reshape(-1, 3)
    return Mesh(
        points_m=np.asarray(points, np.float32),
        normals=np.asarray(normals, np.float32),
        uv=np.zeros((n, 2), np.float32) if uv is None else np.asarray(uv, np.float32),
        faces=faces_i,
        materials=np.full(len(faces_i), material, np.int32),
        bones=np.zeros(n, np.int32),
    )


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))


def _grid_faces(rows: int, columns: int) -> NDArray[np.int32]:
    """Two triangles per cell of a (rows, columns) vertex grid."""
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def grid_normals(grid_m: NDArray[np.floating]) -> F32:
    """Smooth normals of a (R, C, 3) vertex grid; vertices within a millimetre are welded first.

    Welding keeps the poles and folded edges of a loft smooth, where finite differences would vanish.
    """
    rows, columns = grid_m.shape[:2]
    points = grid_m.reshape(-1, 3)
    faces = _grid_faces(rows, columns)
    normal = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
    _, weld = np.unique(np.round(points, 3), axis=0, return_inverse=True)
    weld = weld.ravel()
    total = np.zeros((weld.max() + 1, 3))
    for corner in range(3):
        np.add.at(total, weld[faces[:, corner]], normal)
    return _unit(total[weld]).reshape(rows, columns, 3).astype(np.float32)


def grid_sheet(
    grid_m: NDArray[np.floating], normals: NDArray[np.floating], uv: NDArray[np.floating], material: int
) -> Mesh:
    """A mesh of a (R, C, 3) vertex grid with given normals (R, C, 3) and texture coordinates (R, C, 2)."""
    rows, columns = grid_m.shape[:2]
    return _mesh(grid_m.reshape(-1, 3), normals.reshape(-1, 3), _grid_faces(rows, columns), material, uv.reshape(-1, 2))


def _outwards(grid_m: NDArray[np.floating], normals: F32) -> F32:
    """Normals of a closed skin, turned to point out of it."""
    out = grid_m - grid_m.reshape(-1, 3).mean(axis=0)
    return normals if float((out * normals).sum()) >= 0 else -normals


def loft(sections_m: NDArray[np.floating], material: int) -> Mesh:
    """A skin over (R, C, 3) cross-sections; both ends are closed with a fan at their mean point."""
    first, last = sections_m[:1].mean(axis=1, keepdims=True), sections_m[-1:].mean(axis=1, keepdims=True)
    columns = sections_m.shape[1]
    closed = np.concatenate([np.repeat(first, columns, 1), sections_m, np.repeat(last, columns, 1)])
    closed = np.concatenate([closed, closed[:, :1]], axis=1)
    uv = np.zeros((*closed.shape[:2], 2))
    return grid_sheet(closed, _outwards(closed, grid_normals(closed)), uv, material)


def capsule(
    start_m: Sequence[float],
    end_m: Sequence[float],
    radius_m: float,
    end_radius_m: float | None = None,
    *,
    material: int,
    n_sides: int = 8,
    flatten: float = 1.0,
) -> Mesh:
    """A limb: a tapered tube with round ends. ``flatten`` squeezes it along y."""
    a, b = np.asarray(start_m, float), np.asarray(end_m, float)
    r0, r1 = radius_m, radius_m if end_radius_m is None else end_radius_m
    axis = _unit(b - a)
    other = np.array([1.0, 0, 0]) if abs(axis[0]) < 0.9 else np.array([0, 1.0, 0])
    u = _unit(np.cross(axis, other))
    v = np.cross(axis, u)
    cap = np.linspace(0, np.pi / 2, 3)
    rings = [(a - axis * r0 * np.cos(t), r0 * np.sin(t), -np.cos(t), np.sin(t)) for t in cap]
    rings += [(b + axis * r1 * np.cos(t), r1 * np.sin(t), np.cos(t), np.sin(t)) for t in cap[::-1]]
    around = np.linspace(0, 2 * np.pi, n_sides + 1)
    spoke = np.cos(around)[:, None] * u + np.sin(around)[:, None] * v
    points = np.stack([centre + radius * spoke for centre, radius, _, _ in rings])
    normals = np.stack([along * axis + out * spoke for _, _, along, out in rings])
    points[..., 1] = a[1] + (points[..., 1] - a[1]) * flatten
    return grid_sheet(points, normals, np.zeros((*points.shape[:2], 2)), material)


def ellipsoid(
    centre_m: Sequence[float],
    radii_m: Sequence[float],
    *,
    material: int,
    n_sides: int = 12,
    from_z: float = -1.0,
    to_z: float = 1.0,
) -> Mesh:
    """An ellipsoid, or its slice between two heights given in units of the vertical radius."""
    t = np.linspace(np.arccos(np.clip(to_z, -1, 1)), np.arccos(np.clip(from_z, -1, 1)), 7)[:, None]
    p = np.linspace(0, 2 * np.pi, n_sides + 1)[None, :]
    sphere = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t) * np.ones_like(p)], -1)
    radii = np.asarray(radii_m, float)
    points = np.asarray(centre_m, float) + sphere * radii
    return grid_sheet(points, _unit(sphere / radii), np.zeros((*points.shape[:2], 2)), material)


def quad(
    corners_m: Sequence[Sequence[float]],
    *,
    material: int,
    uv: Sequence[Sequence[float]] = ((0, 0), (1, 0), (1, 1), (0, 1)),
) -> Mesh:
    """A flat four-sided face; corners in order around it."""
    points = np.asarray(corners_m, float)
    normal = _unit(np.cross(points[1] - points[0], points[2] - points[0]))
    return _mesh(points, np.repeat(normal[None], 4, 0), [[0, 1, 2], [0, 2, 3]], material, np.asarray(uv, float))


def tiled_quad(
    corners_m: Sequence[Sequence[float]], *, material: int, uv: Sequence[Sequence[float]], cell_m: float = 3.0
) -> Mesh:
    """A flat four-sided face cut into cells, so that a part behind a camera does not take the rest with it."""
    a, b, c, d = np.asarray(corners_m, float)
    ua, ub, uc, ud = np.asarray(uv, float)
    columns, rows = (max(1, round(float(np.linalg.norm(side)) / cell_m)) for side in (b - a, d - a))
    s, t = np.linspace(0, 1, columns + 1)[None, :, None], np.linspace(0, 1, rows + 1)[:, None, None]
    points = (1 - t) * ((1 - s) * a + s * b) + t * ((1 - s) * d + s * c)
    places = (1 - t) * ((1 - s) * ua + s * ub) + t * ((1 - s) * ud + s * uc)
    normal = _unit(np.cross(b - a, d - a))
    return grid_sheet(points, np.broadcast_to(normal, points.shape), places, material)


def box(centre_m: Sequence[float], size_m: Sequence[float], *, material: int) -> Mesh:
    """A box with sharp edges."""
    x, y, z = (np.asarray(size_m, float) / 2)[:3]
    faces = [
        [(-x, -y, -z), (-x, y, -z), (-x, y, z), (-x, -y, z)],
        [(x, -y, -z), (x, y, -z), (x, y, z), (x, -y, z)],
        [(-x, -y, -z), (x, -y, -z), (x, -y, z), (-x, -y, z)],
        [(-x, y, -z), (x, y, -z), (x, y, z), (-x, y, z)],
        [(-x, -y, -z), (x, -y, -z), (x, y, -z), (-x, y, -z)],
        [(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)],
    ]
    sheets = [quad(face, material=material) for face in faces]
    turned_out = [replace(s, normals=s.normals * np.sign((s.points_m.mean(0) * s.normals[0]).sum())) for s in sheets]
    return moved(combine(turned_out), centre_m)


def rounded_box(
    centre_m: Sequence[float], radii_m: Sequence[float], *, material: int, power: float = 0.45, n_sides: int = 16
) -> Mesh:
    """A box with round edges (a superellipsoid): ``power`` 1 is an ellipsoid, towards 0 a box."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 9)[:, None]
    p = np.linspace(0, 2 * np.pi, n_sides + 1)[None, :]

    def bent(value: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(np.sign(value) * np.abs(value) ** power)

    unit = np.stack(
        [bent(np.cos(t)) * bent(np.cos(p)), bent(np.cos(t)) * bent(np.sin(p)), bent(np.sin(t)) * np.ones_like(p)], -1
    )
    points = np.asarray(centre_m, float) + unit * np.asarray(radii_m, float)
    return grid_sheet(points, _outwards(points, grid_normals(points)), np.zeros((*points.shape[:2], 2)), material)


def disc(centre_m: Sequence[float], radius_m: float, *, material: int, n_sides: int = 28, towards: int = 1) -> Mesh:
    """An upright disc that faces y (``towards`` 1 or -1); its texture coordinates put the unit square around it."""
    around = np.linspace(0, 2 * np.pi, n_sides, endpoint=False)
    rim = np.stack([np.cos(around), np.zeros(n_sides), np.sin(around)], 1)
    points = np.concatenate([np.zeros((1, 3)), rim]) * radius_m + np.asarray(centre_m, float)
    uv = np.concatenate([[[0.5, 0.5]], 0.5 + 0.5 * rim[:, [0, 2]]])
    faces = [[0, 1 + i, 1 + (i + 1) % n_sides] for i in range(n_sides)]
    return _mesh(points, np.tile([[0.0, float(towards), 0.0]], (len(points), 1)), faces, material, uv * 0.998)


def ring(
    centre_m: Sequence[float],
    radius_m: float,
    tube_m: float,
    *,
    material: int,
    n_sides: int = 28,
    n_tube: int = 8,
    width_m: float | None = None,
) -> Mesh:
    """An upright torus around y (a tyre); ``width_m`` is the half-width along y when it is not round."""
    a = np.linspace(0, 2 * np.pi, n_sides + 1)[:, None]
    b = np.linspace(0, 2 * np.pi, n_tube + 1)[None, :]
    half = tube_m if width_m is None else width_m
    radial = radius_m - tube_m + tube_m * np.cos(b)
    points = np.stack([radial * np.cos(a), half * np.sin(b) * np.ones_like(a), radial * np.sin(a)], -1)
    normals = np.stack([np.cos(b) * np.cos(a), np.sin(b) * np.ones_like(a), np.cos(b) * np.sin(a)], -1)
    return grid_sheet(points + np.asarray(centre_m, float), normals, np.zeros((*points.shape[:2], 2)), material)


def combine(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of several; bones and materials keep their numbers."""
    starts = np.cumsum([0] + [len(mesh.points_m) for mesh in meshes[:-1]])
    return Mesh(
        points_m=np.concatenate([mesh.points_m for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        uv=np.concatenate([mesh.uv for mesh in meshes]),
        faces=np.concatenate([mesh.faces + np.int32(start) for mesh, start in zip(meshes, starts, strict=True)]).astype(
            np.int32
        ),
        materials=np.concatenate([mesh.materials for mesh in meshes]),
        bones=np.concatenate([mesh.bones for mesh in meshes]),
    )


def moved(mesh: Mesh, by_m: Sequence[float]) -> Mesh:
    """The mesh shifted by a vector."""
    return replace(mesh, points_m=(mesh.points_m + np.asarray(by_m, np.float32)).astype(np.float32))


def turned(mesh: Mesh, *, heading_deg: float) -> Mesh:
    """The mesh turned about the vertical axis through the origin, counter-clockwise seen from above."""
    c, s = np.cos(np.deg2rad(heading_deg)), np.sin(np.deg2rad(heading_deg))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
    return replace(mesh, points_m=mesh.points_m @ turn.T, normals=mesh.normals @ turn.T)
