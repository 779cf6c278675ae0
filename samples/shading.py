# SPDX-License-Identifier: Apache-2.0
"""The colour half of the renderer: light, texture and mirrored surroundings, averaged per pixel in linear light.

:func:`resolve` shades the standing scene, once, with a shadow map at every sample. For things that move,
:func:`light_vertices` computes light at the vertices and :func:`resolve_lit` colours the pixels: a tenth of the cost.

Light model: one distant key light, a sky and a ground that light from above and below, and a mirror-like coat that
reflects a painted surrounding (sky, band of houses, ground) by Schlick's approximation of Fresnel's law.

One file over 350 lines, because numba's cache of compiled code does not see a change in a function of another file.

Source: C. Schlick, "An inexpensive BRDF model for physically-based rendering", Computer Graphics Forum 13(3), 1994;
H. Gouraud, "Continuous shading of curved surfaces", IEEE Transactions on Computers C-20(6), 1971.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["MATERIAL_COLUMNS", "ROW", "Lit", "Skin", "Vertices", "light_vertices", "resolve", "resolve_lit"]

MATERIAL_COLUMNS = 9
"""Columns of a material row: linear r, g, b, gloss, noise amplitude, noise frequency (1/m), texture (-1 none),
emission, unused."""
ROW = 16
"""Floats per vertex row of :func:`light_vertices`: sample x, y, 1/depth; light r, g, b; mirrored r, g, b; mirror share;
u, v; rest x, y, z; unused."""

Three = tuple[float, float, float]
Five = tuple[float, float, float, float, float]
Six = tuple[float, float, float, float, float, float]
Array = Any  # Reason: numba compiles from the arrays it meets; their shapes are in each docstring.


class Vertices(NamedTuple):
    """Vertices of a posed mesh.

    Attributes:
        world: (N, 3) float32 metres.
        normals: (N, 3) float32.
        uv: (N, 2) float32 texture places.
        rest: (N, 3) float32 positions that carry the grain.
        screen: (N, 3) float32 from :func:`samples.raster.pose`.
    """

    world: Array
    normals: Array
    uv: Array
    rest: Array
    screen: Array


class Skin(NamedTuple):
    """Triangles and what covers them; see :mod:`samples.materials`.

    Attributes:
        faces: (M, 3) int32.
        face_material: (M,) int32.
        materials: (K, MATERIAL_COLUMNS) float32.
        texels: (T,) uint8.
        levels: (n, N_LEVELS, 4) int32.
    """

    faces: Array
    face_material: Array
    materials: Array
    texels: Array
    levels: Array


class Lit(NamedTuple):
    """Light of a scene; see :mod:`samples.lighting`.

    Attributes:
        eye: (3,) float32, metres.
        light: (10, 3) float32.
        shadow: (S, S) float32 distance along the key light.
    """

    eye: Array
    light: Array
    shadow: Array


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
    """Picture grey by the square root of linear light, 0 to 2 by 1/1024: sRGB with a soft shoulder above 0.6."""
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
def _surface_at(
    u: float,
    v: float,
    px: float,
    py: float,
    pz: float,
    materials: Array,
    m: int,
    texels: Array,
    levels: Array,
    samples_per_m: float,
) -> Five:
    """Linear red, green, blue, gloss and emission of a point at texture place (u, v), rest position (px, py, pz)."""
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
def _lit(
    surface: Five, nx: float, ny: float, nz: float, vx: float, vy: float, vz: float, light: Array, key_seen: float
) -> Three:
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
def _shade(
    f: int, z: float, qx: float, qy: float, seed: int, v: Vertices, skin: Skin, lit: Lit, samples_per_m: float
) -> Three:
    """Light of the sample at (qx, qy), where triangle f lies at 1/depth z."""
    a, b, c = skin.faces[f, 0], skin.faces[f, 1], skin.faces[f, 2]
    ax, ay = v.screen[a, 0], v.screen[a, 1]
    bx, by = v.screen[b, 0] - ax, v.screen[b, 1] - ay
    cx, cy = v.screen[c, 0] - ax, v.screen[c, 1] - ay
    qx, qy = qx - ax, qy - ay
    k = 1.0 / (bx * cy - cx * by)
    wb, wc = (qx * cy - cx * qy) * k, (bx * qy - qx * by) * k
    wa = (1.0 - wb - wc) * v.screen[a, 2] / z
    wb, wc = wb * v.screen[b, 2] / z, wc * v.screen[c, 2] / z
    gx = wa * v.world[a, 0] + wb * v.world[b, 0] + wc * v.world[c, 0]
    gy = wa * v.world[a, 1] + wb * v.world[b, 1] + wc * v.world[c, 1]
    gz = wa * v.world[a, 2] + wb * v.world[b, 2] + wc * v.world[c, 2]
    nx = wa * v.normals[a, 0] + wb * v.normals[b, 0] + wc * v.normals[c, 0]
    ny = wa * v.normals[a, 1] + wb * v.normals[b, 1] + wc * v.normals[c, 1]
    nz = wa * v.normals[a, 2] + wb * v.normals[b, 2] + wc * v.normals[c, 2]
    vx, vy, vz = lit.eye[0] - gx, lit.eye[1] - gy, lit.eye[2] - gz
    v1 = 1.0 / np.sqrt(vx * vx + vy * vy + vz * vz)
    n1 = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
    vx, vy, vz = vx * v1, vy * v1, vz * v1
    if nx * vx + ny * vy + nz * vz < 0.0:
        n1 = -n1
    px = wa * v.rest[a, 0] + wb * v.rest[b, 0] + wc * v.rest[c, 0]
    py = wa * v.rest[a, 1] + wb * v.rest[b, 1] + wc * v.rest[c, 1]
    pz = wa * v.rest[a, 2] + wb * v.rest[b, 2] + wc * v.rest[c, 2]
    tu = wa * v.uv[a, 0] + wb * v.uv[b, 0] + wc * v.uv[c, 0]
    tv = wa * v.uv[a, 1] + wb * v.uv[b, 1] + wc * v.uv[c, 1]
    m = skin.face_material[f]
    surface = _surface_at(tu, tv, px, py, pz, skin.materials, m, skin.texels, skin.levels, samples_per_m)
    seen = _key_visible(gx, gy, gz, lit.light, lit.shadow, seed)
    return _lit(surface, nx * n1, ny * n1, nz * n1, vx, vy, vz, lit.light, seen)


@numba.njit(cache=True, error_model="numpy")
def resolve(
    ids: Array,
    nearness: Array,
    vertices: Vertices,
    skin: Skin,
    lit: Lit,
    pixels_per_unit: float,
    ss: int,
    y0: int,
    rgb: Array,
    alpha: Array,
) -> None:
    """Shade the samples that :func:`samples.raster.fill_ids` found, for standing things.

    Every second sample of a row that lies on the triangle of its left neighbour takes the neighbour's colour.

    Args:
        ids: (H*ss, W*ss) int32 triangle of each sample, -1 for none.
        nearness: (H*ss, W*ss) float32 1/depth.
        vertices: The posed mesh.
        skin: What covers it.
        lit: Its light.
        pixels_per_unit: Focal length in samples, to pick texture levels.
        ss: Samples per pixel side.
        y0: First row of the window in the picture, whose width is whole.
        rgb: (H, W, 3) float32 written, 0 to 255.
        alpha: (H, W) float32 written, share of samples covered.
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
                if s % 2 == 0 or f != shaded:
                    shaded = f
                    z, gy = nearness[sy, sx], y0 * ss + sy
                    seed = gy * 7919 + sx * 104729
                    r, g, b = _shade(f, z, sx + 0.5, gy + 0.5, seed, vertices, skin, lit, z * pixels_per_unit)
                red, green, blue = red + r, green + g, blue + b
            alpha[y, x] = seen / (ss * ss)
            share = 1.0 / max(seen, 1)
            rgb[y, x, 0], rgb[y, x, 1], rgb[y, x, 2] = _tone(red * share), _tone(green * share), _tone(blue * share)


@numba.njit(cache=True, error_model="numpy")
def light_vertices(v: Vertices, lit: Lit, rows: Array, facing: Array) -> None:
    """Light at each vertex, packed with what a pixel needs.

    Args:
        v: The posed mesh; ``screen`` in samples.
        lit: Its light.
        rows: (N, ROW) float32, written.
        facing: (N,) float32 cosine between normal and eye, written.
    """
    for i in range(v.world.shape[0]):
        vx, vy, vz = lit.eye[0] - v.world[i, 0], lit.eye[1] - v.world[i, 1], lit.eye[2] - v.world[i, 2]
        nx, ny, nz = v.normals[i, 0], v.normals[i, 1], v.normals[i, 2]
        scale = 1.0 / np.sqrt(vx * vx + vy * vy + vz * vz)
        length = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
        vx, vy, vz = vx * scale, vy * scale, vz * scale
        nx, ny, nz = nx * length, ny * length, nz * length
        cosine = nx * vx + ny * vy + nz * vz
        facing[i] = cosine
        key = max(0.0, nx * lit.light[0, 0] + ny * lit.light[0, 1] + nz * lit.light[0, 2])
        if key > 0.0:
            seen = 0.0
            for k in range(3):
                seen += _key_visible(v.world[i, 0], v.world[i, 1], v.world[i, 2], lit.light, lit.shadow, k)
            key *= seen / 3.0
        up = 0.5 + 0.5 * nz
        away = 1.0 - max(cosine, 0.0)
        mirror = 0.12 + 0.78 * away * away * away * away * away
        rx, ry, rz = 2 * cosine * nx - vx, 2 * cosine * ny - vy, 2 * cosine * nz - vz
        sr, sg, sb = _surround(ry, rz, lit.light)
        shine = 0.0
        if key > 0.0:
            aligned = max(0.0, rx * lit.light[0, 0] + ry * lit.light[0, 1] + rz * lit.light[0, 2])
            aligned = aligned * aligned * aligned * aligned
            shine = 0.5 * aligned**12
        rows[i, 0], rows[i, 1], rows[i, 2] = v.screen[i, 0], v.screen[i, 1], v.screen[i, 2]
        rows[i, 3] = lit.light[9, 0] * key + lit.light[1, 0] * up + lit.light[2, 0] * (1.0 - up)
        rows[i, 4] = lit.light[9, 1] * key + lit.light[1, 1] * up + lit.light[2, 1] * (1.0 - up)
        rows[i, 5] = lit.light[9, 2] * key + lit.light[1, 2] * up + lit.light[2, 2] * (1.0 - up)
        rows[i, 6] = mirror * sr + shine * lit.light[9, 0]
        rows[i, 7] = mirror * sg + shine * lit.light[9, 1]
        rows[i, 8] = mirror * sb + shine * lit.light[9, 2]
        rows[i, 9] = mirror
        rows[i, 10], rows[i, 11] = v.uv[i, 0], v.uv[i, 1]
        rows[i, 12], rows[i, 13], rows[i, 14] = v.rest[i, 0], v.rest[i, 1], v.rest[i, 2]


@numba.njit(cache=True, error_model="numpy")
def _pixel(rows: Array, f: int, m: int, qx: float, qy: float, z: float, skin: Skin, samples_per_m: float) -> Three:
    """Linear red, green, blue of a sample of triangle f, of material m, at 1/depth z."""
    a, b, c = skin.faces[f, 0], skin.faces[f, 1], skin.faces[f, 2]
    bx, by = rows[b, 0] - rows[a, 0], rows[b, 1] - rows[a, 1]
    cx, cy = rows[c, 0] - rows[a, 0], rows[c, 1] - rows[a, 1]
    qx, qy = qx - rows[a, 0], qy - rows[a, 1]
    k = 1.0 / ((bx * cy - cx * by) * z)
    wb, wc = (qx * cy - cx * qy) * k, (bx * qy - qx * by) * k
    wa = (1.0 / z - wb - wc) * rows[a, 2]
    wb, wc = wb * rows[b, 2], wc * rows[c, 2]
    u, v, px, py, pz = 0.0, 0.0, 0.0, 0.0, 0.0
    if skin.materials[m, 6] >= 0:
        u, v = (
            wa * rows[a, 10] + wb * rows[b, 10] + wc * rows[c, 10],
            wa * rows[a, 11] + wb * rows[b, 11] + wc * rows[c, 11],
        )
    if skin.materials[m, 4] > 0:
        px = wa * rows[a, 12] + wb * rows[b, 12] + wc * rows[c, 12]
        py = wa * rows[a, 13] + wb * rows[b, 13] + wc * rows[c, 13]
        pz = wa * rows[a, 14] + wb * rows[b, 14] + wc * rows[c, 14]
    surface = _surface_at(u, v, px, py, pz, skin.materials, m, skin.texels, skin.levels, samples_per_m)
    red, green, blue, gloss, glow = surface
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
def resolve_lit(
    ids: Array,
    nearness: Array,
    hidden_by: Array,
    hidden_ss: int,
    rows: Array,
    skin: Skin,
    pixels_per_unit: float,
    ss: int,
    x0: int,
    y0: int,
    rgba: Array,
    full: Array,
) -> None:
    """Colour the samples that :func:`samples.raster.fill_ids` found, for things that move.

    Neighbouring samples of one pixel on one material are coloured once.

    Args:
        ids: (H*ss, W*ss) int32 triangle of each sample, -1 for none.
        nearness: (H*ss, W*ss) float32 1/depth.
        hidden_by: (RH, RW) float32 1/depth of the standing scene over the whole picture.
        hidden_ss: Samples per pixel side of ``hidden_by``.
        rows: (N, ROW) from :func:`light_vertices`.
        skin: What covers the mesh.
        pixels_per_unit: Focal length in samples, to pick texture levels.
        ss: Samples per pixel side.
        x0: First column of the window, which lies inside the picture.
        y0: First row.
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
                    material = skin.face_material[f]
                    if material != shaded:
                        shaded = material
                        r, g, b = _pixel(rows, f, material, gx + 0.5, gy + 0.5, z, skin, z * pixels_per_unit)
                    red, green, blue = red + r, green + g, blue + b
            full[y, x] = covered / (ss * ss)
            if seen == 0:
                rgba[y, x, 0], rgba[y, x, 1], rgba[y, x, 2], rgba[y, x, 3] = 0.0, 0.0, 0.0, 0.0
                continue
            share, alpha = 1.0 / seen, seen / (ss * ss)
            rgba[y, x, 0], rgba[y, x, 1], rgba[y, x, 2] = (
                _tone(red * share) * alpha,
                _tone(green * share) * alpha,
                _tone(blue * share) * alpha,
            )
            rgba[y, x, 3] = alpha
