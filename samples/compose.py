# SPDX-License-Identifier: Apache-2.0
"""One frame of one camera: the empty picture, what moves in it, and the exact box of each thing that can be seen.

Recipe: each actor is drawn into a small window with the depth of the standing scene as a mask (4, 9 or 16 samples a
pixel), its shadow and its contact with the ground are dropped on the ground, far things first. What a box counts as
seen is what the standing scene and nearer actors leave of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.actors import Actor
from samples.backdrop import HIDING_SS, Backdrop
from samples.camera import Camera
from samples.geometry import F32
from samples.models3d import Model
from samples.painting import blend, darken, drop_shadow
from samples.raster import bounds, fill_ids, pose
from samples.shading import ROW, Lit, Skin, Vertices, light_vertices, resolve_lit
from samples.street import PORTAL_X

__all__ = ["MIN_HEIGHT_PX", "Composer", "Sighting"]

MIN_HEIGHT_PX = 8
"""Things whose whole outline is lower than this are neither drawn nor listed."""
MIN_SEEN_PX = 16
SEEN_ALPHA = 0.5
BIG_PX, MIDDLE_PX = 9_000, 1_600
KEY_SHADOW, CONTACT_SHADOW = 0.30, 0.34
CONTACT_HEIGHT_M = 0.75
NO_CULL = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What can be seen of one actor in one frame.

    Attributes:
        actor_id: Who.
        box_xyxy_px: Smallest box around the pixels that can be seen; right and bottom edges exclusive.
        visible_share: Seen pixels by pixels of the whole outline; at the picture's edge the outline is estimated.
        bag: What the actor carries at that moment.
    """

    actor_id: str
    box_xyxy_px: tuple[int, int, int, int]
    visible_share: float
    bag: str


@dataclass(slots=True, eq=False)
class _Drawn:
    """One actor drawn into a window of the picture."""

    actor_id: str
    bag: str
    x0: int
    y0: int
    rgba: F32
    outline_px: float
    distance_m: float
    shadows: list[tuple[int, int, F32, float, bool]]


class Composer:
    """Draws frames of one camera over its backdrop.

    Args:
        camera: The camera.
        backdrop: Its empty picture.
    """

    def __init__(self, camera: Camera, backdrop: Backdrop) -> None:
        self._camera = camera
        self._backdrop = backdrop
        self._eye = np.array(camera.eye_m, np.float32)
        self._axes = camera.axes
        self._lens = camera.lens()
        self._flat = np.zeros((1, 1), np.float32)

    def paint(self, planes: NDArray[np.uint8], actors: Sequence[Actor], time_s: float) -> tuple[Sighting, ...]:
        """Draw the actors of a reference second into an I420 picture, in place.

        Args:
            planes: (H * 3 / 2, W) uint8: luma, then cb and cr.
            actors: Who may be there.
            time_s: Reference seconds.

        Returns:
            Who can be seen, in the order of ``actors``.
        """
        drawn = [item for item in (self._draw(actor, time_s) for actor in actors) if item is not None]
        drawn.sort(key=lambda item: (-item.distance_m, item.actor_id))
        luma, cb, cr = split_planes(planes)
        for item in drawn:
            for x0, y0, mask, strength, needs_key in item.shadows:
                darken(luma, self._backdrop.ground_lit, mask, x0, y0, strength, needs_key)
        for item in drawn:
            blend(luma, cb, cr, item.rgba, item.x0, item.y0)
        seen = self._seen(drawn)
        order = {actor.actor_id: number for number, actor in enumerate(actors)}
        return tuple(sorted(seen, key=lambda sighting: order[sighting.actor_id]))

    def _seen(self, drawn: list[_Drawn]) -> list[Sighting]:
        """Boxes of what nearer actors leave to be seen; ``drawn`` runs from far to near."""
        sightings = []
        for number, item in enumerate(drawn):
            left = item.rgba[..., 3] >= SEEN_ALPHA
            for nearer in drawn[number + 1 :]:
                _cut(left, item, nearer)
            n_seen = int(np.count_nonzero(left))
            if n_seen < MIN_SEEN_PX:
                continue
            rows, columns = np.flatnonzero(left.any(axis=1)), np.flatnonzero(left.any(axis=0))
            box = (
                item.x0 + int(columns[0]),
                item.y0 + int(rows[0]),
                item.x0 + int(columns[-1]) + 1,
                item.y0 + int(rows[-1]) + 1,
            )
            share = min(1.0, n_seen / max(item.outline_px, n_seen))
            sightings.append(
                Sighting(actor_id=item.actor_id, box_xyxy_px=box, visible_share=round(share, 3), bag=item.bag)
            )
        return sightings

    def _draw(self, actor: Actor, time_s: float) -> _Drawn | None:
        found = actor.drawn_at(time_s)
        if found is None:
            return None
        model, bones, place = found
        mesh, n = model.mesh, len(model.mesh.points_m)
        world, normals, screen = (np.empty((n, 3), np.float32) for _ in range(3))
        pose(mesh.points_m, mesh.normals, mesh.bones, bones, self._eye, self._axes, self._lens, world, normals, screen)
        window, share_inside = self._window(screen)
        if window is None:
            return None
        x0, y0 = window[:2]
        rgba, full = self._shaded(model, world, normals, screen, window, dim=_indoors(place.x_m, place.y_m))
        outline = float(full.sum()) / share_inside
        shadows = self._shadows(model, world, place.z_m) if place.y_m > -7.5 else []
        return _Drawn(
            actor_id=actor.actor_id,
            bag=actor.bag_at(time_s),
            x0=x0,
            y0=y0,
            rgba=rgba,
            outline_px=outline,
            distance_m=float(np.hypot(place.x_m - self._eye[0], place.y_m - self._eye[1])),
            shadows=shadows,
        )

    def _window(self, screen: F32, *, margin: int = 3) -> tuple[tuple[int, int, int, int] | None, float]:
        """Even window around projected vertices, and the share of their box that lies inside the picture."""
        left, top, right, bottom, n_front = bounds(screen)
        if n_front < 0.6 * len(screen):
            return None, 0.0
        width, height = self._camera.size_wh_px
        inside_w, inside_h = min(right, width) - max(left, 0), min(bottom, height) - max(top, 0)
        if inside_w < 1 or inside_h < 1 or bottom - top < MIN_HEIGHT_PX:
            return None, 0.0
        share = float(inside_w * inside_h / ((right - left) * (bottom - top)))
        x0, y0 = max(0, int(left) - margin) & ~1, max(0, int(top) - margin) & ~1
        x1, y1 = min(width, (int(right) + margin + 2) & ~1), min(height, (int(bottom) + margin + 2) & ~1)
        return ((x0, y0, x1, y1), max(share, 0.02)) if x1 > x0 and y1 > y0 else (None, 0.0)

    def _shaded(
        self, model: Model, world: F32, normals: F32, screen: F32, window: tuple[int, int, int, int], *, dim: float
    ) -> tuple[F32, F32]:
        """Premultiplied colour with alpha (h, w, 4), and outline (h, w), of a model in a window of the picture."""
        x0, y0, x1, y1 = window
        width, height = x1 - x0, y1 - y0
        area = width * height
        ss = 2 if area > BIG_PX else 3 if area > MIDDLE_PX else 4
        mesh, table, back = model.mesh, model.surfaces, self._backdrop
        light = back.light
        if dim < 1.0:
            light = light.copy()
            light[1:4] *= dim
        fine, rows, facing = screen.copy(), np.empty((len(screen), ROW), np.float32), np.empty(len(screen), np.float32)
        fine[:, :2] *= ss
        vertices = Vertices(world=world, normals=normals, uv=mesh.uv, rest=mesh.points_m, screen=fine)
        light_vertices(vertices, Lit(eye=self._eye, light=light, shadow=back.shade_map), rows, facing)
        ids, near = np.full((height * ss, width * ss), -1, np.int32), np.zeros((height * ss, width * ss), np.float32)
        fill_ids(fine, mesh.faces, facing, x0 * ss, y0 * ss, ids, near)
        drawn, full = np.empty((height, width, 4), np.float32), np.empty((height, width), np.float32)
        skin = Skin(mesh.faces, mesh.materials, table.rows, table.texels, table.levels)
        focal = float(self._lens[0]) * ss
        resolve_lit(ids, near, back.nearness, HIDING_SS, rows, skin, focal, ss, x0, y0, drawn, full)
        soft = cv2.GaussianBlur(drawn, (3, 3), 0.5 * self._camera.size_wh_px[1] / 720)
        return np.asarray(soft, np.float32), full

    def _shadows(self, model: Model, world: F32, ground_z: float) -> list[tuple[int, int, F32, float, bool]]:
        """Soft masks of the key light's shadow and of the contact with the ground."""
        masks = []
        scale = self._camera.size_wh_px[1] / 720
        for direction, reach_m, blur_px, strength, needs_key in (
            (self._backdrop.light[0], 99.0, 1.6 * scale, KEY_SHADOW, True),
            (np.array([0, 0, 1], np.float32), CONTACT_HEIGHT_M, 2.6 * scale, CONTACT_SHADOW, False),
        ):
            flat = np.empty_like(world)
            drop_shadow(world, direction, ground_z, reach_m, self._eye, self._axes, self._lens, flat)
            left, top, right, bottom, n_there = bounds(flat)
            if n_there == 0:
                continue
            margin = int(3 * blur_px) + 2
            width, height = self._camera.size_wh_px
            x0, y0 = max(0, int(left) - margin), max(0, int(top) - margin)
            x1, y1 = min(width, int(right) + margin + 1), min(height, int(bottom) + margin + 1)
            if x1 - x0 < 2 or y1 - y0 < 2:
                continue
            ids, near = np.full((y1 - y0, x1 - x0), -1, np.int32), np.zeros((y1 - y0, x1 - x0), np.float32)
            fill_ids(flat, model.mesh.faces, NO_CULL, x0, y0, ids, near)
            mask = np.asarray(cv2.GaussianBlur((ids >= 0).astype(np.float32), (0, 0), blur_px), np.float32)
            masks.append((x0, y0, mask, strength, needs_key))
        return masks


def split_planes(planes: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Views of luma (H, W), cb and cr (H/2, W/2) of an I420 picture (H * 3 / 2, W)."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], chroma[0], chroma[1]


def _cut(left: NDArray[np.bool_], item: _Drawn, nearer: _Drawn) -> None:
    """Clear what a nearer thing covers, in place."""
    height, width = left.shape
    x0, y0 = max(item.x0, nearer.x0), max(item.y0, nearer.y0)
    x1, y1 = (
        min(item.x0 + width, nearer.x0 + nearer.rgba.shape[1]),
        min(item.y0 + height, nearer.y0 + nearer.rgba.shape[0]),
    )
    if x0 < x1 and y0 < y1:
        over = nearer.rgba[y0 - nearer.y0 : y1 - nearer.y0, x0 - nearer.x0 : x1 - nearer.x0, 3] >= SEEN_ALPHA
        left[y0 - item.y0 : y1 - item.y0, x0 - item.x0 : x1 - item.x0] &= ~over


def _indoors(x_m: float, y_m: float) -> float:
    """Share of sky light: less under the car park's roof."""
    if PORTAL_X[0] - 4 < x_m < PORTAL_X[1] + 30 and y_m < -6.3:
        return max(0.35, 1.0 + (y_m + 6.3) * 0.16)
    return 1.0
