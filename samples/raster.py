# SPDX-License-Identifier: Apache-2.0
"""The geometry half of a small software renderer: vertices to samples, triangles to a depth buffer.

Compiled by numba, one thread, no fast-math: the same call gives the same bytes on one machine. :mod:`samples.shading`
colours what this finds.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["bounds", "fill_ids", "pose"]

Two = tuple[float, float]
Five = tuple[float, float, float, float, float]
Array = Any  # Reason: numba compiles from the arrays it meets; their shapes are in each docstring.


@numba.njit(cache=True, error_model="numpy")
def pose(
    points: Array,
    normals: Array,
    bone_of: Array,
    bones: Array,
    eye: Array,
    axes: Array,
    lens: Array,
    out: Array,
    out_normals: Array,
    screen: Array,
) -> None:
    """Move vertices by their bones and project them.

    Args:
        points: (N, 3) rest positions.
        normals: (N, 3) rest normals.
        bone_of: (N,) bone of each vertex.
        bones: (B, 3, 4) transforms to world metres.
        eye: (3,) camera position.
        axes: (3, 3) rows right, down, forward.
        lens: (3,) focal length and centre, samples.
        out: (N, 3) world positions, written.
        out_normals: (N, 3) world normals, written.
        screen: (N, 3) sample x, y and 1/depth (0 when behind), written.
    """
    for i in range(points.shape[0]):
        m = bones[bone_of[i]]
        for k in range(3):
            out[i, k] = m[k, 0] * points[i, 0] + m[k, 1] * points[i, 1] + m[k, 2] * points[i, 2] + m[k, 3]
            out_normals[i, k] = m[k, 0] * normals[i, 0] + m[k, 1] * normals[i, 1] + m[k, 2] * normals[i, 2]
        dx, dy, dz = out[i, 0] - eye[0], out[i, 1] - eye[1], out[i, 2] - eye[2]
        depth = axes[2, 0] * dx + axes[2, 1] * dy + axes[2, 2] * dz
        if depth < 0.25:
            screen[i, 0] = 0.0
            screen[i, 1] = 0.0
            screen[i, 2] = 0.0
            continue
        inverse = 1.0 / depth
        screen[i, 0] = lens[1] + lens[0] * (axes[0, 0] * dx + axes[0, 1] * dy + axes[0, 2] * dz) * inverse
        screen[i, 1] = lens[2] + lens[0] * (axes[1, 0] * dx + axes[1, 1] * dy + axes[1, 2] * dz) * inverse
        screen[i, 2] = inverse


@numba.njit(cache=True, error_model="numpy")
def bounds(screen: Array) -> Five:
    """Left, top, right, bottom of the vertices of (N, 3) ``screen`` in front of the camera, and their number."""
    left, top, right, bottom, n = 1e9, 1e9, -1e9, -1e9, 0.0
    for i in range(screen.shape[0]):
        if screen[i, 2] > 0.0:
            left, right = min(left, screen[i, 0]), max(right, screen[i, 0])
            top, bottom = min(top, screen[i, 1]), max(bottom, screen[i, 1])
            n += 1.0
    return left, top, right, bottom, n


@numba.njit(cache=True, error_model="numpy")
def _span(w: float, step: float, first: float, last: float) -> Two:
    """Narrow a span of samples to where a weight, ``w`` at sample 0 and growing by ``step``, is not negative."""
    if step > 1e-12:
        return max(first, -w / step), last
    if step < -1e-12:
        return first, min(last, -w / step)
    return first, (-1.0 if w < -1e-7 else last)


@numba.njit(cache=True, error_model="numpy")
def fill_ids(screen: Array, faces: Array, facing: Array, x0: int, y0: int, ids: Array, nearness: Array) -> None:
    """Write, for each sample of a window, the nearest triangle and its 1/depth.

    Args:
        screen: (N, 3) from :func:`pose`.
        faces: (M, 3) vertex indices.
        facing: (N,) cosine between normal and eye; triangles that turn away at all corners are dropped. (0,) keeps all.
        x0: First sample column of the window.
        y0: First sample row.
        ids: (H, W) int32, -1 where empty, updated in place.
        nearness: (H, W) float32 1/depth, updated in place.
    """
    height, width = ids.shape
    culls = facing.shape[0] > 0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        za, zb, zc = screen[a, 2], screen[b, 2], screen[c, 2]
        if za == 0.0 or zb == 0.0 or zc == 0.0:
            continue
        if culls and facing[a] < -0.12 and facing[b] < -0.12 and facing[c] < -0.12:
            continue
        ax, ay = screen[a, 0] - x0, screen[a, 1] - y0
        bx, by = screen[b, 0] - x0, screen[b, 1] - y0
        cx, cy = screen[c, 0] - x0, screen[c, 1] - y0
        left, right = max(0, int(np.ceil(min(ax, bx, cx) - 0.5))), min(width - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        top, bottom = max(0, int(np.ceil(min(ay, by, cy) - 0.5))), min(height - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        if left > right or top > bottom:
            continue
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(area) < 1e-9:
            continue
        k = 1.0 / area
        # Barycentric weights are linear in x and y; where they are not negative gives the span of a row.
        wb_dx, wb_dy = (cy - ay) * k, -(cx - ax) * k
        wc_dx, wc_dy = -(by - ay) * k, (bx - ax) * k
        z_dx = wb_dx * (zb - za) + wc_dx * (zc - za)
        for y in range(top, bottom + 1):
            dy, dx = y + 0.5 - ay, left + 0.5 - ax
            wb, wc = wb_dx * dx + wb_dy * dy, wc_dx * dx + wc_dy * dy
            first, last = 0.0, float(right - left)
            first, last = _span(wb, wb_dx, first, last)
            first, last = _span(wc, wc_dx, first, last)
            first, last = _span(1.0 - wb - wc, -wb_dx - wc_dx, first, last)
            x_first, x_last = left + int(np.ceil(first - 1e-5)), left + int(np.floor(last + 1e-5))
            z = za + wb * (zb - za) + wc * (zc - za) + z_dx * (x_first - left)
            for x in range(x_first, x_last + 1):
                if z > nearness[y, x]:
                    nearness[y, x] = z
                    ids[y, x] = f
                z += z_dx
