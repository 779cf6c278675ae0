# SPDX-License-Identifier: Apache-2.0
"""The empty picture of one camera, rendered once: colour, depth, and which pixels are ground."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.camera import Camera
from samples.geometry import F32
from samples.lighting import LightRig, shadow_map
from samples.painting import drop_shadow
from samples.raster import fill_ids, pose
from samples.shading import Lit, Skin, Vertices, resolve
from samples.street import Street

__all__ = ["HIDING_SS", "Backdrop", "render_backdrop"]

HIDING_SS = 2
"""Samples per pixel side of the depth that hides moving things behind standing ones."""
SS = 4
BAND_PX = 60
MAP_SIZE = 2048


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """What one camera sees when nobody is there.

    Attributes:
        rgb_u8: (H, W, 3) uint8 picture.
        nearness: (H*HIDING_SS, W*HIDING_SS) float32, 1/depth; 0 for sky.
        ground_lit: (H, W) uint8: 0 where no ground is seen, else 1 to 255, the share of key light that reaches it.
        leaves: (H, W) uint8, 255 where foliage is seen.
        light: (10, 3) packed light for moving things.
        shade_map: (S, S) float32 shadow map that ``light`` refers to.
    """

    rgb_u8: NDArray[np.uint8]
    nearness: F32
    ground_lit: NDArray[np.uint8]
    leaves: NDArray[np.uint8]
    light: F32
    shade_map: F32


def render_backdrop(camera: Camera, street: Street, rig: LightRig, *, soften_px: float = 0.55) -> Backdrop:
    """Render the standing scene with 16 samples a pixel, in bands to bound memory; some seconds.

    Args:
        camera: Where to look from.
        street: The scene.
        rig: Its light.
        soften_px: Gaussian blur of the lens at 720 lines, scaled with the picture.
    """
    width, height = camera.size_wh_px
    mesh, table = street.model.mesh, street.model.surfaces
    n = len(mesh.points_m)
    eye, axes, lens = np.array(camera.eye_m, np.float32), camera.axes, camera.lens(SS)
    world, normals, screen = (np.empty((n, 3), np.float32) for _ in range(3))
    still = np.eye(3, 4, dtype=np.float32)[None]
    pose(mesh.points_m, mesh.normals, mesh.bones, still, eye, axes, lens, world, normals, screen)
    centre = np.array(camera.eye_m) + 30.0 * camera.axes[2]
    shade, light = shadow_map(mesh, rig, centre_m=(float(centre[0]), float(centre[1])), reach_m=60.0, size=MAP_SIZE)
    vertices = Vertices(world=world, normals=normals, uv=mesh.uv, rest=mesh.points_m, screen=screen)
    skin = Skin(mesh.faces, mesh.materials, table.rows, table.texels, table.levels)
    lit = Lit(eye=eye, light=light, shadow=shade)
    rgb, cover = np.empty((height, width, 3), np.float32), np.empty((height, width), np.float32)
    nearness = np.empty((height * HIDING_SS, width * HIDING_SS), np.float32)
    leaves = np.zeros((height, width), np.uint8)
    step = SS // HIDING_SS
    for y0 in range(0, height, BAND_PX):
        rows = min(BAND_PX, height - y0)
        ids, near = np.full((rows * SS, width * SS), -1, np.int32), np.zeros((rows * SS, width * SS), np.float32)
        fill_ids(screen, mesh.faces, np.zeros(0, np.float32), 0, y0 * SS, ids, near)
        band = slice(y0, y0 + rows)
        resolve(ids, near, vertices, skin, lit, float(lens[0]), SS, y0, rgb[band], cover[band])
        nearness[y0 * HIDING_SS : (y0 + rows) * HIDING_SS] = near[step // 2 :: step, step // 2 :: step]
        middle = ids[SS // 2 :: SS, SS // 2 :: SS]
        leaves[band] = np.where(street.leaf_faces[np.maximum(middle, 0)] & (middle >= 0), 255, 0)
    rise = np.linspace(0.80, 1.15, height, dtype=np.float32)[:, None, None]
    sky = rise * np.array(rig.zenith_u8, np.float32)
    picture = rgb * cover[..., None] + np.minimum(sky, np.float32(255)) * (1 - cover[..., None])
    ground_lit = _ground_lit(camera, nearness[::HIDING_SS, ::HIDING_SS], light, shade)
    under = _under_parked(camera, world, mesh.faces[street.parked_faces])
    picture = picture * (1 - 0.38 * under * (ground_lit > 0))[..., None]
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), soften_px * height / 720), np.float32)
    return Backdrop(
        rgb_u8=np.clip(np.round(picture), 0, 255).astype(np.uint8),
        nearness=nearness,
        ground_lit=ground_lit,
        leaves=leaves,
        light=light,
        shade_map=shade,
    )


def _under_parked(camera: Camera, world: F32, faces: NDArray[np.int32]) -> F32:
    """(H, W) soft mask of the ground under cars at rest, which sees little of the sky."""
    width, height = camera.size_wh_px
    flat = np.empty_like(world)
    drop_shadow(
        world,
        np.array([0, 0, 1], np.float32),
        0.0,
        0.75,
        np.array(camera.eye_m, np.float32),
        camera.axes,
        camera.lens(),
        flat,
    )
    ids, near = np.full((height, width), -1, np.int32), np.zeros((height, width), np.float32)
    fill_ids(flat, np.ascontiguousarray(faces), np.zeros(0, np.float32), 0, 0, ids, near)
    return np.asarray(cv2.GaussianBlur((ids >= 0).astype(np.float32), (0, 0), 3.0 * height / 720), np.float32)


def _ground_lit(camera: Camera, nearness: F32, light: F32, shade: F32) -> NDArray[np.uint8]:
    """Share of key light on pixels whose point lies less than 0.25 m above the road, 1 to 255; elsewhere 0."""
    width, height = camera.size_wh_px
    focal, cx, cy = camera.lens().astype(float)
    axes = camera.axes.astype(float)
    x = ((np.arange(width) + 0.25 - cx) / focal)[None, :, None]
    y = ((np.arange(height) + 0.25 - cy) / focal)[:, None, None]
    depth = 1.0 / np.maximum(nearness, 1e-4)[..., None]
    point = np.array(camera.eye_m) + depth * (axes[0] * x + axes[1] * y + axes[2])
    is_ground = (nearness > 0) & (point[..., 2] < 0.25)
    u, v, along = (point @ light[row].astype(float) for row in (4, 5, 6))
    size = shade.shape[0]
    column = np.clip((u - light[7, 0]) * light[7, 2], 0, size - 1).astype(int)
    row = np.clip((v - light[7, 1]) * light[7, 2], 0, size - 1).astype(int)
    lit = (along <= shade[row, column] + 0.12).astype(np.float32)
    lit = cv2.GaussianBlur(lit, (0, 0), 2.0 * height / 720)
    return np.where(is_ground, np.clip(np.round(lit * 255), 1, 255), 0).astype(np.uint8)
