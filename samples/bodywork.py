# SPDX-License-Identifier: Apache-2.0
"""Shapes and paintwork of cars, vans, lorries and buses.

Recipe: a side outline (front bumper, bonnet, roof, tail) is swept across the width; the section leans inwards above the
belt line and its edges are rounded. Doors, windows, lamps, grille and plates are drawn with cv2 into two textures:
one for the flanks (seen from the side) and one for the sweep (bonnet, windscreen, roof, tail, unrolled).
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.bodies import Body, Point
from samples.geometry import Mesh, combine, grid_normals, grid_sheet
from samples.materials import Surfaces

__all__ = ["PIXELS_PER_M", "body_mesh", "draw_shape", "flank_texture", "paint_surfaces", "sweep_texture"]

PIXELS_PER_M = 100

BODY = (0, 0, 0, 255, 190, 0)
SEAM = (4, 4, 5, 70, 30, 0)
GLASS = (22, 27, 31, 0, 255, 0)
RUBBER = (30, 30, 32, 0, 20, 0)
PLASTIC = (46, 47, 49, 0, 45, 0)
LAMP = (214, 218, 224, 0, 230, 70)
TAIL = (176, 16, 18, 0, 190, 34)
AMBER = (214, 112, 22, 0, 160, 10)
CHROME = (186, 190, 194, 0, 200, 0)
PLATE = (232, 232, 226, 0, 40, 0)
PLATE_BLUE = (26, 62, 150, 0, 40, 0)


def draw_shape(texture: NDArray[np.uint8], polygon_px: NDArray[np.floating], colour: tuple[int, ...]) -> None:
    """Fill a polygon, anti-aliased, in all six channels of a texture, in place."""
    corners = np.asarray(polygon_px, float)
    height, width = texture.shape[:2]
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, (width, height))
    if left >= right or top >= bottom:
        return
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [np.round((corners - (left, top)) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    share = mask[..., None].astype(np.float32) / 255
    part = texture[top:bottom, left:right]
    part[:] = np.round(part * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)


def _outline(body: Body) -> NDArray[np.float64]:
    """The outline with its corners cut (Chaikin's rule), (S, 2)."""
    points = np.array(body.outline, float)
    for _ in range(body.smooth):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    # Long straight stretches are divided, since light is computed at the vertices.
    arc = _arc(points)
    steps = [np.linspace(a, b, max(2, int((b - a) / 0.9) + 2))[:-1] for a, b in itertools.pairwise(arc.tolist())]
    at = np.concatenate([*steps, arc[-1:]])
    return np.stack([np.interp(at, arc, points[:, 0]), np.interp(at, arc, points[:, 1])], 1)


def _arc(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(outline, axis=0).T))])


def _half_width(body: Body, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the width at each station: full amidships, narrower at the corners."""
    front, rear = max(p[0] for p in body.outline), min(p[0] for p in body.outline)
    nose = np.clip((x - (front - 0.75)) / 0.75, 0, 1) ** 2.2 * body.nose_taper
    tail = np.clip(((rear + 0.55) - x) / 0.55, 0, 1) ** 2.2 * body.nose_taper * 0.7
    return body.width_m / 2 * (1 - nose - tail)


def body_mesh(body: Body, *, flank: int, sweep: int) -> Mesh:
    """The skin of a vehicle: two flanks and the sweep, with the given surfaces."""
    line = _outline(body)
    arc = _arc(line)
    half = _half_width(body, line[:, 0])
    sections, n_side = [], 0
    roof = line[:, 1].max()
    for (x, top), w in zip(line, half, strict=True):
        low = min(body.sill_m, top)
        heights = [low, low + 0.12, low + 0.3, body.belt_m - 0.12, body.belt_m, *np.linspace(body.belt_m, roof, 5)[1:]]
        side = []
        for k, z in enumerate(heights):
            z_side = min(z, top - body.round_m * 0.8) if top - body.round_m > low else low
            lean = body.lean * max(0.0, (z_side - body.belt_m) / max(roof - body.belt_m, 0.1)) ** 1.25
            bulge = (0.94, 0.985, 1.0, 1.0, 0.985)[k] if k < 5 else 0.985
            side.append((x, w * bulge * (1 - lean), max(z_side, low)))
        edge_y, edge_z = side[-1][1], side[-1][2]
        n_side = len(side)
        r = min(body.round_m, edge_y)
        rise = top - edge_z
        for t in (0.4, 0.75, 1.0):
            side.append((x, edge_y - r * (1 - np.cos(t * np.pi / 2)), edge_z + rise * np.sin(t * np.pi / 2) * 0.92))
        inner = edge_y - r
        side += [(x, inner * f, edge_z + rise * (0.92 + 0.08 * (1 - f * f))) for f in (0.8, 0.5, 0.2, 0.0)]
        half_section = np.array(side)
        mirrored = half_section[-2::-1] * (1, -1, 1)
        sections.append(np.concatenate([half_section, mirrored]))
    grid = np.stack(sections)
    normals = grid_normals(grid)
    # Triangles of a folded grid may turn inwards; the outside is where the section points.
    outward = grid - np.array([0.0, 0.0, 0.7 * body.belt_m])
    outward[..., 0] *= 0.25
    normals *= np.where((normals * outward).sum(-1, keepdims=True) < 0, -1.0, 1.0).astype(np.float32)
    columns, corner = grid.shape[1], n_side
    front = max(p[0] for p in body.outline)
    side_uv = np.stack([(front - grid[..., 0]) / body.length_m, 1 - grid[..., 2] / roof], -1) * 0.998 + 0.001
    span = arc[-1]
    sweep_uv = (
        np.stack([np.repeat(arc[:, None] / span, columns, 1), 0.5 + grid[..., 1] / (body.width_m + 0.02)], -1) * 0.998
        + 0.001
    )
    parts = [
        grid_sheet(grid[:, : corner + 1], normals[:, : corner + 1], side_uv[:, : corner + 1], flank),
        grid_sheet(
            grid[:, columns - corner - 1 :],
            normals[:, columns - corner - 1 :],
            side_uv[:, columns - corner - 1 :],
            flank,
        ),
        grid_sheet(
            grid[:, corner : columns - corner],
            normals[:, corner : columns - corner],
            sweep_uv[:, corner : columns - corner],
            sweep,
        ),
    ]
    return combine(parts)


def flank_texture(body: Body, *, stripe: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    """Side view of a vehicle, front to the left: windows, seams, handles, wheel arches, lamps at both ends."""
    roof = max(z for _, z in body.outline)
    front = max(x for x, _ in body.outline)
    scale = PIXELS_PER_M
    height, width = round(roof * scale), round(body.length_m * scale)
    texture = np.empty((height, width, 6), np.uint8)
    texture[:] = BODY
    shade = np.clip(np.linspace(roof, 0, height) / max(body.belt_m, 0.1), 0.35, 1.0)
    texture[..., 3] = (texture[..., 3] * (0.45 + 0.55 * shade)[:, None]).astype(np.uint8)

    def at(points: tuple[Point, ...]) -> NDArray[np.float64]:
        return np.array([((front - x) * scale, (roof - z) * scale) for x, z in points])

    def bar(x0: float, x1: float, z0: float, z1: float, colour: tuple[int, ...]) -> None:
        draw_shape(texture, at(((x0, z0), (x1, z0), (x1, z1), (x0, z1))), colour)

    low, rear = body.sill_m, front - body.length_m
    if stripe is not None:
        bar(front, rear, low + 0.35, low + 0.62, stripe)
    bar(front, rear, low - 0.05, low + 0.09, PLASTIC)
    for x in body.doors:
        bar(x - 0.008, x + 0.008, low + 0.10, roof - 0.12, SEAM)
    for polygon in body.windows:
        corners = np.array(polygon)
        middle = corners.mean(axis=0)
        grown = middle + (corners - middle) * (1 + 0.05 / np.ptp(corners, axis=0).clip(0.3))
        draw_shape(texture, at(tuple(map(tuple, grown))), RUBBER)
        draw_shape(texture, at(polygon), GLASS)
    if len(body.doors) > 1 and body.windows:
        bar(front - 0.7, rear + 0.4, body.belt_m - 0.23, body.belt_m - 0.215, SEAM)
        for x in body.doors[1:]:
            bar(x + 0.07, x + 0.24, body.belt_m - 0.13, body.belt_m - 0.095, CHROME)
    for x in body.axles:
        around = np.linspace(0, 2 * np.pi, 40)
        r = body.wheel_m * 1.17
        draw_shape(
            texture, at(tuple((x + r * np.cos(t), body.wheel_m + r * np.sin(t)) for t in around)), (12, 12, 13, 0, 0, 0)
        )
    if body.windscreen[1] > 0:
        bar(front - 0.02, front - 0.42, body.belt_m - 0.36, body.belt_m - 0.22, LAMP)
    if rear < -1.9:
        bar(rear + 0.02, rear + 0.24, body.belt_m - 0.26, body.belt_m - 0.02, TAIL)
    return texture


def sweep_texture(body: Body) -> NDArray[np.uint8]:
    """The unrolled bonnet, windscreen, roof and tail: u along the outline from the front, v across."""
    line = _outline(body)
    arc = _arc(line)
    scale = PIXELS_PER_M
    width, height = round(arc[-1] * scale), round(body.width_m * scale)
    texture = np.empty((height, width, 6), np.uint8)
    texture[:] = BODY
    top = int(np.argmax(line[:, 1]))

    def arc_at(z: float, *, is_rear: bool) -> float:
        part = slice(top, None) if is_rear else slice(0, top + 1)
        heights, arcs = line[part, 1], arc[part]
        order = np.argsort(heights)
        return float(np.interp(z, heights[order], arcs[order]))

    def across(
        z0: float,
        z1: float,
        y0: float,
        y1: float,
        colour: tuple[int, ...],
        *,
        is_rear: bool = False,
        inset: float = 0.0,
    ) -> None:
        a, b = arc_at(z0, is_rear=is_rear) * scale, arc_at(z1, is_rear=is_rear) * scale
        for side in (-1, 1):
            c, d = height / 2 + side * y0 * scale, height / 2 + side * y1 * scale
            e = height / 2 + side * (y1 - inset) * scale
            draw_shape(texture, np.array([(a, c), (a, d), (b, e), (b, c)]), colour)

    half, low, belt = body.width_m / 2, body.sill_m, body.belt_m
    across(low, low + 0.16, 0, half, PLASTIC)
    across(low, low + 0.16, 0, half, PLASTIC, is_rear=True)
    if body.windscreen[1] > 0:
        lean = body.lean * half * 0.55
        across(body.windscreen[0] - 0.03, body.windscreen[1] + 0.02, 0, half - 0.07, RUBBER, inset=lean)
        across(*body.windscreen, 0, half - 0.11, GLASS, inset=lean)
        across(low + 0.19, belt - 0.33, 0, half * 0.62, RUBBER)
        across(belt - 0.30, belt - 0.24, 0, half * 0.45, PLASTIC)
        across(belt - 0.37, belt - 0.21, half * 0.56, half, LAMP)
        across(low + 0.20, low + 0.31, 0, 0.26, PLATE)
    if body.rear_glass[1] > 0:
        across(*body.rear_glass, 0, half - 0.20, GLASS, is_rear=True, inset=-body.lean * half * 0.4)
    if body.windows or body.windscreen[1] == 0:
        tall = 0.24 if body.belt_m < 1.1 else 0.36
        across(belt - 0.27, belt - 0.27 + tall, half * 0.62, half, TAIL, is_rear=True)
        across(belt - 0.33, belt - 0.28, half * 0.70, half, AMBER, is_rear=True)
        across(low + 0.26, low + 0.37, 0, 0.26, PLATE, is_rear=True)
    return texture


def paint_surfaces(
    surfaces: Surfaces, body: Body, paint_rgb: tuple[int, int, int], *, stripe: tuple[int, ...] | None = None
) -> tuple[int, int]:
    """Add the two textured surfaces of a body in a paint; returns their numbers (flank, sweep)."""
    flank = surfaces.add_texture(flank_texture(body, stripe=stripe), texels_per_m=PIXELS_PER_M)
    sweep = surfaces.add_texture(sweep_texture(body), texels_per_m=PIXELS_PER_M)
    return surfaces.add(paint_rgb, texture=flank), surfaces.add(paint_rgb, texture=sweep)
