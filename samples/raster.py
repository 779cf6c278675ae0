# SPDX-License-Identifier: Apache-2.0
"""A small software renderer: depth-buffered triangles, supersampled, averaged per pixel in linear light.

Recipe: :func:`pose` moves the vertices and projects them, :func:`fill_ids` finds the nearest triangle of each sample. Then
:func:`resolve` shades every sample of the standing scene, once; for things that move :func:`light_vertices` computes light at
the vertices and :func:`resolve_lit` colours the pixels. Compiled by numba, single thread, no fast-math: the same call gives the
same bytes on one machine.

Light model: one distant key light with a shadow map, a sky and a ground that light from above and below, and a mirror-like coat
that reflects a painted surrounding (sky, house band, ground) by Schlick's approximation of Fresnel's law.

One file over 350 lines, because numba's cache of compiled code does not see a change in a function that another file holds.

Source: C. Schlick, "An inexpensive BRDF model for physically-based rendering", Computer Graphics Forum 13(3), 1994;
H. Gouraud, "Continuous shading of curved surfaces", IEEE Transactions on Computers C-20(6), 1971.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["MATERIAL_COLUMNS", "ROW", "bounds", "fill_ids", "light_vertices", "pose", "resolve", "resolve_lit"]

MATERIAL_COLUMNS = 9
"""Columns of a material row: linear r, g, b, gloss, noise amplitude, noise frequency (1/m), texture (-1 none),
emission, kind (see :mod:`samples.materials`)."""

ROW = 16
"""Floats per vertex row of :func:`light_vertices`: sample x, y, 1/depth; light r, g, b; mirrored r, g, b; mirror share; u, v;
rest x, y, z; unused."""

Three = tuple[float, float, float]
Five = tuple[float, float, float, float, float]
Six = tuple[float, float, float, float, float, float]
Array = Any  # Reason: numba compiles from the arrays it meets; their shapes are in each docstring.


@numba.njit(cache=True, error_model="numpy")
def pose(points: Array, normals: Array, bone_of: Array, bones: Array, eye: Array, axes: Array, lens: Array, out: Array,
         out_normals: Array, screen: Array) -> None:
    """Move vertices by their bones and project them.

    Args:
        points: (N, 3) rest positions; normals: (N, 3); bone_of: (N,); bones: (B, 3, 4) to world metres.
        eye: (3,) camera position; axes: (3, 3) rows right, down, forward; lens: (3,) focal length and centre, samples.
        out: (N, 3) world positions written; out_normals: (N, 3); screen: (N, 3) sample x, y and 1/depth (0 when behind).
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
    """Left, top, right, bottom of the vertices of (N, 3) ``screen`` that lie in front of the camera, and their number."""
    left, top, right, bottom, n = 1e9, 1e9, -1e9, -1e9, 0.0
    for i in range(screen.shape[0]):
        if screen[i, 2] > 0.0:
            left, right = min(left, screen[i, 0]), max(right, screen[i, 0])
            top, bottom = min(top, screen[i, 1]), max(bottom, screen[i, 1])
            n += 1.0
    return left, top, right, bottom, n


@numba.njit(cache=True, error_model="numpy")
def fill_ids(screen: Array, faces: Array, facing: Array, x0: int, y0: int, ids: Array, nearness: Array) -> None:
    """Write, for each sample of a window, the nearest triangle and its 1/depth.

    Args:
        screen: (N, 3) from :func:`pose`; faces: (M, 3).
        facing: (N,) cosine between normal and eye; triangles that turn away at all corners are dropped. Or (0,): none is.
        x0: First sample column of the window; y0: first sample row.
        ids: (H, W) int32, -1 where empty, updated in place; nearness: (H, W) float32 1/depth, updated in place.
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
        wa_dx, wa_dy = -wb_dx - wc_dx, -wb_dy - wc_dy
        z_dx = wb_dx * (zb - za) + wc_dx * (zc - za)
        for y in range(top, bottom + 1):
            dy, dx = y + 0.5 - ay, left + 0.5 - ax
            wb, wc = wb_dx * dx + wb_dy * dy, wc_dx * dx + wc_dy * dy
            first, last = 0.0, float(right - left)
            for w, step in ((wb, wb_dx), (wc, wc_dx), (1.0 - wb - wc, wa_dx)):
                if step > 1e-12:
                    first = max(first, -w / step)
                elif step < -1e-12:
                    last = min(last, -w / step)
                elif w < -1e-7:
                    last = -1.0
            x_first, x_last = left + int(np.ceil(first - 1e-5)), left + int(np.floor(last + 1e-5))
            z = za + wb * (zb - za) + wc * (zc - za) + z_dx * (x_first - left)
            for x in range(x_first, x_last + 1):
                if z > nearness[y, x]:
                    nearness[y, x] = z
                    ids[y, x] = f
                z += z_dx


@numba.njit(cache=True, inline="always")
def _hash(ix: int, iy: int, iz: int) -> float:
    h = (ix * 374761393 + iy * 668265263 + iz * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFF) / 65535.0


@numba.njit(cache=True, error_model="numpy")
def _value_noise(x: float, y: float, z: float) -> float:
    """Smooth lattice noise in [0, 1] with one cell per unit."""
    ix, iy, iz = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    fx, fy, fz = x - ix, y - iy, z - iz
    fx, fy, fz = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy), fz * fz * (3 - 2 * fz)
    total = 0.0
    for k in range(8):
        ox, oy, oz = k & 1, (k >> 1) & 1, (k >> 2) & 1
        weight = (fx if ox else 1 - fx) * (fy if oy else 1 - fy) * (fz if oz else 1 - fz)
        total += weight * _hash(ix + ox, iy + oy, iz + oz)
    return total


@numba.njit(cache=True, error_model="numpy")
def _texel(texels: Array, offset: int, width: int, height: int, u: float, v: float) -> Six:
    """Bilinear, wrapped look-up of the six channels of one texture level, each 0 to 255."""
    # Fixed point, 1/16 texel: the six sums are whole numbers.
    x, y = int((u - np.floor(u)) * width * 16.0) - 8, int((v - np.floor(v)) * height * 16.0) - 8
    ix, iy, fx, fy = x >> 4, y >> 4, x & 15, y & 15
    left, right = (ix if ix >= 0 else width - 1), (ix + 1 if ix + 1 < width else 0)
    upper, lower = (iy if iy >= 0 else height - 1), (iy + 1 if iy + 1 < height else 0)
    a, b = offset + (upper * width + left) * 6, offset + (upper * width + right) * 6
    c, d = offset + (lower * width + left) * 6, offset + (lower * width + right) * 6
    wa, wb, wc, wd = (16 - fx) * (16 - fy), fx * (16 - fy), (16 - fx) * fy, fx * fy
    return (
        (wa * texels[a] + wb * texels[b] + wc * texels[c] + wd * texels[d]) / 256.0,
        (wa * texels[a + 1] + wb * texels[b + 1] + wc * texels[c + 1] + wd * texels[d + 1]) / 256.0,
        (wa * texels[a + 2] + wb * texels[b + 2] + wc * texels[c + 2] + wd * texels[d + 2]) / 256.0,
        (wa * texels[a + 3] + wb * texels[b + 3] + wc * texels[c + 3] + wd * texels[d + 3]) / 256.0,
        (wa * texels[a + 4] + wb * texels[b + 4] + wc * texels[c + 4] + wd * texels[d + 4]) / 256.0,
        (wa * texels[a + 5] + wb * texels[b + 5] + wc * texels[c + 5] + wd * texels[d + 5]) / 256.0,
    )


@numba.njit(cache=True, error_model="numpy")
def _surround(ry: float, rz: float, light: Array) -> Three:
    """What a mirror sees in a direction: sky above, a band of houses at the horizon, ground below."""
    if rz < 0.0:
        return light[2, 0] * 0.9, light[2, 1] * 0.9, light[2, 2] * 0.9
    wave = 0.24 + 0.07 * ry * (3.0 - 4.0 * ry * ry)
    t = min(max((rz - wave + 0.05) * 10.0, 0.0), 1.0)
    k = (0.55 + 0.65 * rz) * t
    return (
        light[3, 0] * (1 - t) + light[1, 0] * k,
        light[3, 1] * (1 - t) + light[1, 1] * k,
        light[3, 2] * (1 - t) + light[1, 2] * k,
    )


def _tone_table() -> NDArray[np.float32]:
    """Picture grey by the square root of linear light, 0 to 2 in steps of 1/1024: sRGB transfer with a soft shoulder above 0.6."""
    light = (np.arange(2049) / 1024.0) ** 2
    bent = np.where(light > 0.6, 0.6 + 0.4 * (1.0 - np.exp(-(light - 0.6) / 0.4)), light)
    grey = np.where(bent <= 0.0031308, 12.92 * bent, 1.055 * np.maximum(bent, 1e-9) ** (1.0 / 2.4) - 0.055)
    return (255.0 * grey).astype(np.float32)


_TONE = _tone_table()


@numba.njit(cache=True, error_model="numpy")
def _tone(value: float) -> float:
    """Linear light to picture grey, 0 to 255."""
    return float(_TONE[min(int(np.sqrt(max(value, 0.0)) * 1024.0), 2048)])


@numba.njit(cache=True, error_model="numpy")
def _key_visible(px: float, py: float, pz: float, light: Array, shadow: Array, seed: int) -> float:
    """Share of four jittered shadow-map taps that see the key light.

    ``light`` rows 4 to 6 are the right, up and forward axes of the map, row 7 its origin and samples per metre,
    row 8 the half-width of the blurred edge in metres.
    """
    size = shadow.shape[0]
    u = (light[4, 0] * px + light[4, 1] * py + light[4, 2] * pz - light[7, 0]) * light[7, 2]
    v = (light[5, 0] * px + light[5, 1] * py + light[5, 2] * pz - light[7, 1]) * light[7, 2]
    d = light[6, 0] * px + light[6, 1] * py + light[6, 2] * pz
    spread = light[8, 0] * light[7, 2]
    seen = 0.0
    for k in range(4):
        x = int(u + spread * (_hash(seed, k, 1) - 0.5) * 2)
        y = int(v + spread * (_hash(seed, k, 2) - 0.5) * 2)
        if x < 0 or y < 0 or x >= size or y >= size or d <= shadow[y, x] + 0.12:
            seen += 0.25
    return seen


@numba.njit(cache=True, error_model="numpy")
def _surface_at(u: float, v: float, px: float, py: float, pz: float, materials: Array, m: int, texels: Array, levels: Array,
             samples_per_m: float) -> Five:
    """Linear red, green, blue, gloss and emission of a point with texture place (u, v) and rest position (px, py, pz)."""
    red, green, blue, gloss, glow = materials[m, 0], materials[m, 1], materials[m, 2], materials[m, 3], materials[m, 7]
    t = int(materials[m, 6])
    if t >= 0:
        level, ratio = 0, 1.25 * levels[t, 0, 3] / samples_per_m
        while ratio > 1.6 and level < levels.shape[1] - 1:
            ratio *= 0.5
            level += 1
        r, g, b, paint, gl, em = _texel(texels, levels[t, level, 0], levels[t, level, 1], levels[t, level, 2], u, v)
        paint /= 255.0
        red = paint * red + r * r / 65025.0
        green = paint * green + g * g / 65025.0
        blue = paint * blue + b * b / 65025.0
        gloss, glow = gl / 255.0, em / 127.5
    if materials[m, 4] > 0:
        q = materials[m, 5]
        n = 0.65 * _value_noise(px * q, py * q, pz * q) + 0.35 * _value_noise(px * q * 2.7, py * q * 2.7, pz * q * 2.7)
        grain = 1.0 + materials[m, 4] * (2.0 * n - 1.0)
        red, green, blue = red * grain, green * grain, blue * grain
    return red, green, blue, gloss, glow


@numba.njit(cache=True, error_model="numpy")
def _lit(surface: Five, nx: float, ny: float, nz: float, vx: float, vy: float, vz: float, light: Array,
         key_seen: float) -> Three:
    """Light that a surface with unit normal n sends along the unit vector v (towards the eye)."""
    red, green, blue, gloss, glow = surface
    key = max(0.0, nx * light[0, 0] + ny * light[0, 1] + nz * light[0, 2]) * key_seen
    up = 0.5 + 0.5 * nz
    red *= light[9, 0] * key + light[1, 0] * up + light[2, 0] * (1.0 - up) + glow
    green *= light[9, 1] * key + light[1, 1] * up + light[2, 1] * (1.0 - up) + glow
    blue *= light[9, 2] * key + light[1, 2] * up + light[2, 2] * (1.0 - up) + glow
    if gloss > 0.02:
        facing = nx * vx + ny * vy + nz * vz
        away = 1.0 - facing
        away2 = away * away
        fresnel = gloss * (0.05 + 0.10 * gloss + (0.85 - 0.10 * gloss) * away2 * away2 * away)
        rx, ry, rz = 2 * facing * nx - vx, 2 * facing * ny - vy, 2 * facing * nz - vz
        sr, sg, sb = _surround(ry, rz, light)
        shine = 0.0
        if key > 0.0:
            aligned = max(0.0, rx * light[0, 0] + ry * light[0, 1] + rz * light[0, 2])
            aligned = aligned * aligned * aligned * aligned
            shine = 0.5 * gloss * aligned**12
        red = red * (1.0 - fresnel) + fresnel * sr + shine * light[9, 0]
        green = green * (1.0 - fresnel) + fresnel * sg + shine * light[9, 1]
        blue = blue * (1.0 - fresnel) + fresnel * sb + shine * light[9, 2]
    return red, green, blue


@numba.njit(cache=True, error_model="numpy")
def _shade(f: int, z: float, qx: float, qy: float, seed: int, world: Array, normals: Array, uv: Array, rest: Array,
           screen: Array, faces: Array, face_material: Array, materials: Array, texels: Array, levels: Array, eye: Array,
           light: Array, shadow: Array, pixels_per_unit: float) -> Three:
    """Light of the sample at (qx, qy), where triangle f lies at 1/depth z."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    ax, ay = screen[a, 0], screen[a, 1]
    bx, by = screen[b, 0] - ax, screen[b, 1] - ay
    cx, cy = screen[c, 0] - ax, screen[c, 1] - ay
    qx, qy = qx - ax, qy - ay
    k = 1.0 / (bx * cy - cx * by)
    wb, wc = (qx * cy - cx * qy) * k, (bx * qy - qx * by) * k
    wa = (1.0 - wb - wc) * screen[a, 2] / z
    wb, wc = wb * screen[b, 2] / z, wc * screen[c, 2] / z
    gx = wa * world[a, 0] + wb * world[b, 0] + wc * world[c, 0]
    gy = wa * world[a, 1] + wb * world[b, 1] + wc * world[c, 1]
    gz = wa * world[a, 2] + wb * world[b, 2] + wc * world[c, 2]
    nx = wa * normals[a, 0] + wb * normals[b, 0] + wc * normals[c, 0]
    ny = wa * normals[a, 1] + wb * normals[b, 1] + wc * normals[c, 1]
    nz = wa * normals[a, 2] + wb * normals[b, 2] + wc * normals[c, 2]
    vx, vy, vz = eye[0] - gx, eye[1] - gy, eye[2] - gz
    v1 = 1.0 / np.sqrt(vx * vx + vy * vy + vz * vz)
    n1 = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
    vx, vy, vz = vx * v1, vy * v1, vz * v1
    if nx * vx + ny * vy + nz * vz < 0.0:
        n1 = -n1
    px = wa * rest[a, 0] + wb * rest[b, 0] + wc * rest[c, 0]
    py = wa * rest[a, 1] + wb * rest[b, 1] + wc * rest[c, 1]
    pz = wa * rest[a, 2] + wb * rest[b, 2] + wc * rest[c, 2]
    tu = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]
    tv = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]
    surface = _surface_at(tu, tv, px, py, pz, materials, face_material[f], texels, levels, z * pixels_per_unit)
    seen = _key_visible(gx, gy, gz, light, shadow, seed)
    return _lit(surface, nx * n1, ny * n1, nz * n1, vx, vy, vz, light, seen)


@numba.njit(cache=True, error_model="numpy")
def resolve(ids: Array, nearness: Array, world: Array, normals: Array, uv: Array, rest: Array, screen: Array, faces: Array,
            face_material: Array, materials: Array, texels: Array, levels: Array, eye: Array, light: Array, shadow: Array,
            pixels_per_unit: float, ss: int, y0: int, rgb: Array, alpha: Array) -> None:
    """Shade the samples that :func:`fill_ids` found and average them per pixel, in linear light; for standing things.

    Every second sample of a row that lies on the triangle of its left neighbour takes the neighbour's colour.

    Args:
        ids: (H*ss, W*ss) int32; nearness: likewise, float32.
        world: (N, 3); normals: (N, 3); uv: (N, 2); rest: (N, 3) positions that carry the grain; screen: (N, 3).
        faces: (M, 3); face_material: (M,); materials: (K, MATERIAL_COLUMNS); texels, levels: see samples.materials.
        eye: (3,) metres; light: (10, 3), see samples.lighting; shadow: (S, S) its map.
        pixels_per_unit: Focal length in samples, to pick texture levels.
        ss: Samples per pixel side; y0: first row of the window in the picture, whose width is whole.
        rgb: (H, W, 3) float32 written, 0 to 255; alpha: (H, W) share of samples covered.
    """
    height, width = alpha.shape
    for y in range(height):
        for x in range(width):
            seen, shaded, r, g, b = 0, -1, 0.0, 0.0, 0.0
            red, green, blue = 0.0, 0.0, 0.0
            for s in range(ss * ss):
                sy, sx = y * ss + s // ss, x * ss + s % ss
                f = ids[sy, sx]
                if f < 0:
                    continue
                seen += 1
                gy = y0 * ss + sy
                if s % 2 == 0 or f != shaded:
                    shaded = f
                    r, g, b = _shade(f, nearness[sy, sx], sx + 0.5, gy + 0.5, gy * 7919 + sx * 104729, world, normals, uv, rest,
                                     screen, faces, face_material, materials, texels, levels, eye, light, shadow, pixels_per_unit)
                red, green, blue = red + r, green + g, blue + b
            alpha[y, x] = seen / (ss * ss)
            share = 1.0 / max(seen, 1)
            rgb[y, x, 0], rgb[y, x, 1], rgb[y, x, 2] = _tone(red * share), _tone(green * share), _tone(blue * share)


@numba.njit(cache=True, error_model="numpy")
def light_vertices(world: Array, normals: Array, uv: Array, rest: Array, screen: Array, eye: Array, light: Array, shadow: Array,
                   rows: Array, facing: Array) -> None:
    """Light at each vertex, packed with what a pixel needs.

    Args:
        world: (N, 3); normals: (N, 3); uv: (N, 2); rest: (N, 3); screen: (N, 3) in samples.
        eye: (3,); light: (10, 3); shadow: (S, S) its map.
        rows: (N, ROW) written; facing: (N,) cosine between normal and eye, written.
    """
    for i in range(world.shape[0]):
        vx, vy, vz = eye[0] - world[i, 0], eye[1] - world[i, 1], eye[2] - world[i, 2]
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        scale = 1.0 / np.sqrt(vx * vx + vy * vy + vz * vz)
        length = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
        vx, vy, vz = vx * scale, vy * scale, vz * scale
        nx, ny, nz = nx * length, ny * length, nz * length
        cosine = nx * vx + ny * vy + nz * vz
        facing[i] = cosine
        key = max(0.0, nx * light[0, 0] + ny * light[0, 1] + nz * light[0, 2])
        if key > 0.0:
            seen = 0.0
            for k in range(3):
                seen += _key_visible(world[i, 0], world[i, 1], world[i, 2], light, shadow, k)
            key *= seen / 3.0
        up = 0.5 + 0.5 * nz
        away = 1.0 - max(cosine, 0.0)
        mirror = 0.12 + 0.78 * away * away * away * away * away
        rx, ry, rz = 2 * cosine * nx - vx, 2 * cosine * ny - vy, 2 * cosine * nz - vz
        sr, sg, sb = _surround(ry, rz, light)
        shine = 0.0
        if key > 0.0:
            aligned = max(0.0, rx * light[0, 0] + ry * light[0, 1] + rz * light[0, 2])
            aligned = aligned * aligned * aligned * aligned
            shine = 0.5 * aligned**12
        rows[i, 0], rows[i, 1], rows[i, 2] = screen[i, 0], screen[i, 1], screen[i, 2]
        rows[i, 3] = light[9, 0] * key + light[1, 0] * up + light[2, 0] * (1.0 - up)
        rows[i, 4] = light[9, 1] * key + light[1, 1] * up + light[2, 1] * (1.0 - up)
        rows[i, 5] = light[9, 2] * key + light[1, 2] * up + light[2, 2] * (1.0 - up)
        rows[i, 6] = mirror * sr + shine * light[9, 0]
        rows[i, 7] = mirror * sg + shine * light[9, 1]
        rows[i, 8] = mirror * sb + shine * light[9, 2]
        rows[i, 9] = mirror
        rows[i, 10], rows[i, 11] = uv[i, 0], uv[i, 1]
        rows[i, 12], rows[i, 13], rows[i, 14] = rest[i, 0], rest[i, 1], rest[i, 2]


@numba.njit(cache=True, error_model="numpy")
def _pixel(rows: Array, a: int, b: int, c: int, qx: float, qy: float, z: float, materials: Array, m: int, texels: Array, levels: Array, samples_per_m: float) -> Three:
    """Linear red, green, blue of a sample inside the triangle of vertex rows a, b and c, with material row m."""
    bx, by = rows[b, 0] - rows[a, 0], rows[b, 1] - rows[a, 1]
    cx, cy = rows[c, 0] - rows[a, 0], rows[c, 1] - rows[a, 1]
    qx, qy = qx - rows[a, 0], qy - rows[a, 1]
    k = 1.0 / ((bx * cy - cx * by) * z)
    wb, wc = (qx * cy - cx * qy) * k, (bx * qy - qx * by) * k
    wa = (1.0 / z - wb - wc) * rows[a, 2]
    wb, wc = wb * rows[b, 2], wc * rows[c, 2]
    u, v, px, py, pz = 0.0, 0.0, 0.0, 0.0, 0.0
    if materials[m, 6] >= 0:
        u, v = wa * rows[a, 10] + wb * rows[b, 10] + wc * rows[c, 10], wa * rows[a, 11] + wb * rows[b, 11] + wc * rows[c, 11]
    if materials[m, 4] > 0:
        px = wa * rows[a, 12] + wb * rows[b, 12] + wc * rows[c, 12]
        py = wa * rows[a, 13] + wb * rows[b, 13] + wc * rows[c, 13]
        pz = wa * rows[a, 14] + wb * rows[b, 14] + wc * rows[c, 14]
    red, green, blue, gloss, glow = _surface_at(u, v, px, py, pz, materials, m, texels, levels, samples_per_m)
    keep = 1.0 - gloss * (wa * rows[a, 9] + wb * rows[b, 9] + wc * rows[c, 9])
    red *= keep * (wa * rows[a, 3] + wb * rows[b, 3] + wc * rows[c, 3]) + glow
    green *= keep * (wa * rows[a, 4] + wb * rows[b, 4] + wc * rows[c, 4]) + glow
    blue *= keep * (wa * rows[a, 5] + wb * rows[b, 5] + wc * rows[c, 5]) + glow
    if gloss > 0.02:
        red += gloss * (wa * rows[a, 6] + wb * rows[b, 6] + wc * rows[c, 6])
        green += gloss * (wa * rows[a, 7] + wb * rows[b, 7] + wc * rows[c, 7])
        blue += gloss * (wa * rows[a, 8] + wb * rows[b, 8] + wc * rows[c, 8])
    return red, green, blue


@numba.njit(cache=True, error_model="numpy")
def resolve_lit(ids: Array, nearness: Array, hidden_by: Array, hidden_ss: int, rows: Array, faces: Array, face_material: Array, materials: Array,
                texels: Array, levels: Array, pixels_per_unit: float, ss: int, x0: int, y0: int, rgba: Array, full: Array) -> None:
    """Colour the samples that :func:`samples.raster.fill_ids` found, and average them per pixel in linear light.

    Neighbouring samples of one pixel on one material are coloured once.

    Args:
        ids: (H*ss, W*ss) int32; nearness: likewise, float32.
        hidden_by: (RH, RW) float32 1/depth of the standing scene over the whole picture.
        hidden_ss: Samples per pixel side of ``hidden_by``.
        rows: (N, ROW) from :func:`light_vertices`; faces: (M, 3); face_material: (M,).
        materials, texels, levels: see samples.materials.
        pixels_per_unit: Focal length in samples, to pick texture levels.
        ss: Samples per pixel side; x0, y0: first pixel of the window, which lies inside the picture.
        rgba: (H, W, 4) float32 written: colour 0 to 255 multiplied by the share of samples seen, and that share.
        full: (H, W) float32 written: share of samples covered, seen or hidden.
    """
    height, width = full.shape
    for y in range(height):
        for x in range(width):
            seen, covered, shaded = 0, 0, -1
            red, green, blue = 0.0, 0.0, 0.0
            r, g, b = 0.0, 0.0, 0.0
            for sy in range(y * ss, y * ss + ss):
                for sx in range(x * ss, x * ss + ss):
                    f = ids[sy, sx]
                    if f < 0:
                        continue
                    covered += 1
                    z = nearness[sy, sx]
                    gy, gx = y0 * ss + sy, x0 * ss + sx
                    if z < hidden_by[gy * hidden_ss // ss, gx * hidden_ss // ss] * 0.985:
                        continue
                    seen += 1
                    if face_material[f] != shaded:
                        shaded = face_material[f]
                        r, g, b = _pixel(rows, faces[f, 0], faces[f, 1], faces[f, 2], gx + 0.5, gy + 0.5, z, materials,
                                         shaded, texels, levels, z * pixels_per_unit)
                    red, green, blue = red + r, green + g, blue + b
            full[y, x] = covered / (ss * ss)
            if seen == 0:
                rgba[y, x, 0], rgba[y, x, 1], rgba[y, x, 2], rgba[y, x, 3] = 0.0, 0.0, 0.0, 0.0
                continue
            share, alpha = 1.0 / seen, seen / (ss * ss)
            rgba[y, x, 0], rgba[y, x, 1], rgba[y, x, 2] = _tone(red * share) * alpha, _tone(green * share) * alpha, _tone(blue * share) * alpha
            rgba[y, x, 3] = alpha
