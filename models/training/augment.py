# SPDX-License-Identifier: Apache-2.0
"""Turns a patch into a training crop as a surveillance recorder would have delivered it.

Order: box error (jitter, loose motion boxes, cut legs), rotation, proportions, occlusion, light, loss of resolution,
blur, sensor noise, compression, then the letterbox that use shares.
"""

from __future__ import annotations

import random

import cv2
import numpy as np

from models.classifier import fit_crop
from models.training.sources import CAR, OTHER, PERSON, Patch, allow

__all__ = ["composed", "crop_of", "degraded", "recoloured", "scene_light", "shapeless"]


def crop_of(patch: Patch, rng: random.Random, *, hard: bool = True) -> np.ndarray:
    """A degraded crop (64, 64, 3) of a patch."""
    pixels, box = patch.pixels, np.array(patch.box)
    is_other = bool(patch.allowed[OTHER])
    if hard and patch.turns and rng.random() < 0.3:
        pixels, box = _rotated(pixels, box, rng.choice((rng.uniform(-180, 180), rng.uniform(-25, 25))))
    elif hard and rng.random() < (0.15 if not is_other else 0.3):
        pixels, box = _rotated(pixels, box, rng.uniform(-14, 14))
    crop = _cut(pixels, _box_error(box, rng, hard=hard))
    if hard and is_other and rng.random() < 0.25:
        crop = _sliver(crop, rng)
    if hard and rng.random() < 0.5:
        crop = _stretched(crop, np.exp(rng.gauss(0, 0.13)))
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if hard and not is_other and rng.random() < 0.2:
        crop = _occluded(crop, rng)
    if is_other and rng.random() < 0.15:
        crop = scene_light(crop, rng)
    return fit_crop(degraded(crop, rng, hard=hard, repaint=hard and not patch.allowed[PERSON]))


def _box_error(box: np.ndarray, rng: random.Random, *, hard: bool) -> np.ndarray:
    wide, high = box[2] - box[0], box[3] - box[1]
    mode = rng.random()
    if not hard or mode < 0.55:
        reach = 0.12 if hard else 0.08
        left, top, right, bottom = (rng.uniform(-reach, reach) for _ in range(4))
    elif mode < 0.85:
        spread = rng.choice((0.12, 0.2, 0.32))
        left, top, right, bottom = (min(0.6, max(0.0, rng.gauss(0.04, spread))) for _ in range(4))
    else:
        left = top = right = bottom = 0.0
        lost = rng.uniform(-0.35, -0.1)
        side = rng.choice(("left", "right", "bottom", "bottom", "top"))
        left, right = (lost if side == "left" else left), (lost if side == "right" else right)
        top, bottom = (lost * 0.6 if side == "top" else top), (lost if side == "bottom" else bottom)
    return np.array([box[0] - left * wide, box[1] - top * high, box[2] + right * wide, box[3] + bottom * high])


def _cut(pixels: np.ndarray, box: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    x1, y1 = int(np.clip(round(box[0]), 0, width - 3)), int(np.clip(round(box[1]), 0, height - 3))
    x2, y2 = int(np.clip(round(box[2]), x1 + 2, width)), int(np.clip(round(box[3]), y1 + 2, height))
    return pixels[y1:y2, x1:x2]


def _rotated(pixels: np.ndarray, box: np.ndarray, angle_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Patch turned about the object's centre; the new box holds the turned object, corners being mostly empty."""
    centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    turn = cv2.getRotationMatrix2D(centre, angle_deg, 1.0)
    height, width = pixels.shape[:2]
    turned = cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    a = np.deg2rad(angle_deg)
    w, h = box[2] - box[0], box[3] - box[1]
    shrink = 1 - 0.14 * abs(np.sin(2 * a))
    new_w = (abs(w * np.cos(a)) + abs(h * np.sin(a))) * shrink
    new_h = (abs(w * np.sin(a)) + abs(h * np.cos(a))) * shrink
    return turned, np.array(
        [centre[0] - new_w / 2, centre[1] - new_h / 2, centre[0] + new_w / 2, centre[1] + new_h / 2]
    )


def _sliver(crop: np.ndarray, rng: random.Random) -> np.ndarray:
    """A narrow or flat piece of what is nothing: the shape of a person or a car alone must not decide."""
    height, width = crop.shape[:2]
    part = rng.uniform(0.15, 0.5)
    if rng.random() < 0.65:
        wide = max(4, round(width * part))
        x = rng.randint(0, max(0, width - wide))
        return crop[:, x : x + wide]
    high = max(4, round(height * part))
    y = rng.randint(0, max(0, height - high))
    return crop[y : y + high]


def _stretched(crop: np.ndarray, factor: float) -> np.ndarray:
    size = (max(2, round(crop.shape[1] * factor**0.5)), max(2, round(crop.shape[0] / factor**0.5)))
    return cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR)


def _occluded(crop: np.ndarray, rng: random.Random) -> np.ndarray:
    crop = crop.copy()
    height, width = crop.shape[:2]
    if rng.random() < 0.5:
        high = int(height * rng.uniform(0.1, 0.3))
        where = (slice(height - high, height), slice(0, width))
    else:
        w, h = int(width * rng.uniform(0.15, 0.45)), int(height * rng.uniform(0.15, 0.45))
        x, y = rng.randint(0, width - w), rng.randint(0, height - h)
        where = (slice(y, y + h), slice(x, x + w))
    crop[where] = np.array([rng.randint(20, 220)] * 3) + np.array([rng.randint(-15, 15) for _ in range(3)])
    return crop


def scene_light(crop: np.ndarray, rng: random.Random) -> np.ndarray:
    """A soft shadow or patch of light thrown on the ground: what motion cuts out although nothing is there."""
    height, width = crop.shape[:2]
    mask = np.zeros((height, width), np.float32)
    points = np.array([[rng.uniform(0, width), rng.uniform(0, height)] for _ in range(rng.randint(3, 7))], np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(points), 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.04 * max(height, width)))[..., None]
    gain = rng.uniform(0.35, 0.75) if rng.random() < 0.6 else rng.uniform(1.3, 2.6)
    return (crop * (1 + mask * (gain - 1))).clip(0, 255).astype(np.uint8)


def shapeless(ground: np.ndarray, texture: np.ndarray, rng: random.Random) -> np.ndarray:
    """A rounded piece of other ground, brighter or darker, that fills most of the crop: an unknown thing."""
    height, width = ground.shape[:2]
    mask = np.zeros((height, width), np.float32)
    middle = (width // 2, height // 2)
    half = (max(1, int(width * rng.uniform(0.3, 0.5))), max(1, int(height * rng.uniform(0.3, 0.5))))
    if rng.random() < 0.5:
        cv2.ellipse(mask, middle, half, rng.uniform(-15, 15), 0, 360, 1.0, -1)
    else:
        low, high = (middle[0] - half[0], middle[1] - half[1]), (middle[0] + half[0], middle[1] + half[1])
        cv2.rectangle(mask, low, high, 1.0, -1)
        neck = rng.uniform(0.3, 1.0)
        cv2.rectangle(mask, low, (low[0] + int(half[0] * (1 - neck)), middle[1]), 0.0, -1)
        cv2.rectangle(mask, (high[0] - int(half[0] * (1 - neck)), low[1]), (high[0], middle[1]), 0.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None]
    skin = cv2.resize(texture, (width, height), interpolation=cv2.INTER_AREA) * rng.uniform(0.4, 1.5)
    skin = skin * np.array([rng.uniform(0.6, 1.3) for _ in range(3)], np.float32)
    return (ground * (1 - mask) + skin * mask).clip(0, 255).astype(np.uint8)


def recoloured(cutout: np.ndarray, rng: random.Random) -> np.ndarray:
    """The same car in another paint."""
    hsv = cv2.cvtColor(cutout[..., :3], cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 180)) % 180
    hsv[..., 1] = hsv[..., 1] * rng.uniform(0.2, 1) + rng.choice((0.0, 0.0, rng.uniform(40, 150)))
    hsv[..., 2] = 255 * (hsv[..., 2] / 255) ** np.exp(rng.gauss(0.1, 0.6)) * rng.uniform(0.6, 1.1)
    paint = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR)
    return np.dstack([paint, cutout[..., 3]])


def degraded(crop: np.ndarray, rng: random.Random, *, hard: bool = True, repaint: bool = False) -> np.ndarray:
    """Light, resolution, blur, noise and compression of a recorder; ``repaint`` turns hues."""
    side = np.exp(rng.uniform(np.log(rng.choice((16, 24, 32)) if hard else 24), np.log(110)))
    scale = min(1.0, side / max(crop.shape[:2]))
    size = (max(3, round(crop.shape[1] * scale)), max(3, round(crop.shape[0] * scale)))
    method = cv2.INTER_AREA if rng.random() < 0.75 else cv2.INTER_LINEAR
    small = cv2.resize(crop, size, interpolation=method)
    if rng.random() < 0.25 and max(size) > 24:
        small = _blurred(small, rng)
    picture = small.astype(np.float32)
    if rng.random() < 0.8:
        mean = picture.mean()
        picture = (picture - mean) * rng.uniform(0.65, 1.25) + mean * rng.uniform(0.7, 1.25) + rng.uniform(-12, 20)
        picture = 255 * (picture.clip(0, 255) / 255) ** np.exp(rng.gauss(0, 0.22))
    chroma = rng.random()
    if chroma < 0.2:  # night or infrared: no colour, less light
        grey = picture.mean(axis=2, keepdims=True) * rng.uniform(0.55, 1.15)
        picture = np.repeat(grey, 3, axis=2)
    elif chroma < 0.75:
        if repaint and rng.random() < 0.6:
            picture = _repainted(picture, rng)
        picture = picture * np.array([rng.uniform(0.85, 1.15) for _ in range(3)], np.float32)
        grey = picture.mean(axis=2, keepdims=True)
        picture = grey + (picture - grey) * rng.uniform(0.4, 1.2)
    if rng.random() < 0.5:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(1, 7 if hard else 4), picture.shape)
        picture = picture + noise
    out = picture.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.7:
        quality = rng.randint(22, 85) if hard else rng.randint(45, 85)
        out = cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return out


def _repainted(picture: np.ndarray, rng: random.Random) -> np.ndarray:
    """Hues turned by any angle. Why: red cars were taken for buses, most buses of the pictures being red."""
    hsv = cv2.cvtColor(picture.clip(0, 255).astype(np.uint8), cv2.COLOR_BGR2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + rng.randrange(180)) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).astype(np.float32)


def _blurred(picture: np.ndarray, rng: random.Random) -> np.ndarray:
    if rng.random() < 0.5:
        return cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 0.4 + 0.012 * max(picture.shape[:2])))
    length = rng.randint(2, 2 + max(picture.shape[:2]) // 16)
    kernel = np.zeros((length, length), np.float32)
    if rng.random() < 0.7:
        kernel[length // 2] = 1 / length
    else:
        np.fill_diagonal(kernel, 1 / length)
    return cv2.filter2D(picture, -1, kernel)


def composed(
    cutout: np.ndarray, ground: np.ndarray, rng: random.Random, *, kind: int, bag: np.ndarray | None = None
) -> Patch:
    """An RGBA cut-out pasted, with a shadow, on an empty scene; optionally with a bag at hand or back.

    Returns:
        The patch, its box round the object without its shadow, as a tight detector would give it.
    """
    high = rng.randint(36, 110)
    wide = max(6, round(high * cutout.shape[1] / cutout.shape[0]))
    item = cv2.resize(cutout, (wide, high), interpolation=cv2.INTER_AREA)
    if bag is not None:
        item = _with_bag(item, bag, rng)
        high, wide = item.shape[:2]
    margin_x, margin_y = round(wide * 0.45) + 2, round(high * 0.35) + 2
    scene_h, scene_w = high + 2 * margin_y, wide + 2 * margin_x
    scale = max(1.0, scene_w / ground.shape[1], scene_h / ground.shape[0])
    if scale > 1:
        ground = cv2.resize(ground, None, fx=scale * 1.02, fy=scale * 1.02)
    y, x = rng.randint(0, ground.shape[0] - scene_h), rng.randint(0, ground.shape[1] - scene_w)
    scene = ground[y : y + scene_h, x : x + scene_w].astype(np.float32)
    alpha = item[..., 3:].astype(np.float32) / 255
    alpha = cv2.GaussianBlur(alpha, (0, 0), 0.7)[..., None]
    if rng.random() < 0.5:
        shade = cv2.warpAffine(
            alpha[..., 0],
            np.float32([[1, rng.uniform(-0.7, 0.7), 0], [0, rng.uniform(0.2, 0.5), high * 0.6]]),
            (wide, high),
        )
        scene[margin_y : margin_y + high, margin_x : margin_x + wide] *= (
            1 - 0.5 * cv2.GaussianBlur(shade, (0, 0), 1.5)
        )[..., None]
    where = (slice(margin_y, margin_y + high), slice(margin_x, margin_x + wide))
    tint = rng.uniform(0.55, 1.15)
    scene[where] = scene[where] * (1 - alpha) + item[..., :3] * tint * alpha
    box = (float(margin_x), float(margin_y), float(margin_x + wide), float(margin_y + high))
    return Patch(pixels=scene.clip(0, 255).astype(np.uint8), box=box, allowed=allow(kind), origin="composed",
                 held_out=False, turns=kind == CAR, has_bag=int(bag is not None) if kind == PERSON else -1)  # fmt: skip


def _with_bag(item: np.ndarray, bag: np.ndarray, rng: random.Random) -> np.ndarray:
    high, wide = item.shape[:2]
    bag_high = max(6, round(high * rng.uniform(0.18, 0.36)))
    bag_wide = max(4, round(bag_high * min(1.6, bag.shape[1] / bag.shape[0])))
    small = cv2.resize(bag, (bag_wide, bag_high), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((high, wide + 2 * bag_wide, 4), np.uint8)
    canvas[:, bag_wide : bag_wide + wide] = item
    level = rng.choice((0.2, 0.45, 0.55, 0.65))
    y = min(high - bag_high, round(high * level))
    x = rng.choice((bag_wide - bag_wide // 2, bag_wide + wide - bag_wide // 2, bag_wide + (wide - bag_wide) // 2))
    x = int(np.clip(x, 0, canvas.shape[1] - bag_wide))
    view = canvas[y : y + bag_high, x : x + bag_wide]
    over = small[..., 3:] > 100
    view[:] = np.where(over, small, view)
    columns = np.flatnonzero(canvas[..., 3].max(axis=0) > 60)
    return canvas[:, columns[0] : columns[-1] + 1]
