# SPDX-License-Identifier: Apache-2.0
"""What the light and the camera do to colours: a cast to take off, or no colour at all (night, infrared)."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models._colour_naming import linear_of, oklab_of, oklch_of

__all__ = ["cloth_gains", "estimate_gains", "is_colourless", "lamp_gains"]

_SAMPLE_SIDE_PX: Final = 160
_NEUTRAL_MAX_CHROMA: Final = 0.06
_USEFUL_L: Final = (0.25, 0.97)
_MIN_NEUTRAL_SHARE: Final = 0.08
_MAX_GAIN: Final = 1.18
_STRENGTH: Final = 0.85
_CLOTH_STRENGTH: Final = 0.7
_BRIGHT_QUANTILE: Final = 0.95
_USUAL_BRIGHT_L: Final = 0.85
_EXPOSURE_STRENGTH: Final = 0.8
_MAX_BRIGHTENING: Final = 1.25
_EPSILON: Final = 1e-3
_MONOCHROME_CHROMA: Final = 0.012
_MONOCHROME_SPREAD: Final = 0.0025
_TINT_CHROMA: Final = 0.015
_TINT_RESIDUAL: Final = 0.006
_ORANGE_RATIO: Final = 1.45
_MAX_LAMP_GAIN: Final = 2.5
_QUANTILE: Final = 0.97
_LEAST_VISIBLE_SHARE: Final = 0.02


def estimate_gains(background_bgr_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gains (3,) BGR, for linear light, that take a light cast off a scene; ones when the scene gives no ground.

    Conservative: only pixels that are nearly neutral anyway (asphalt, concrete, walls) are asked, each gain stays
    within 18 %, and the brightness is left as it is. A scene under coloured lamps is not whitened.

    Args:
        background_bgr_u8: (H, W, 3) the empty scene.
    """
    pixels = _small(background_bgr_u8).reshape(-1, 3)
    light, chroma, _ = oklch_of(oklab_of(pixels))
    is_grey = (chroma < _NEUTRAL_MAX_CHROMA) & (light > _USEFUL_L[0]) & (light < _USEFUL_L[1])
    if is_grey.mean() < _MIN_NEUTRAL_SHARE:
        return np.ones(3, np.float32)
    linear = linear_of(pixels[is_grey]) + np.float32(_EPSILON)
    cast = np.median(np.log(linear / linear[:, 1:2]), axis=0)
    log_gains = -_STRENGTH * (cast - cast @ np.array([0.0722, 0.7152, 0.2126]))
    gains: NDArray[np.float32] = np.exp(log_gains).clip(1 / _MAX_GAIN, _MAX_GAIN).astype(np.float32)
    return gains


def cloth_gains(background_bgr_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gains (3,) BGR, for linear light, to read garments with: most of a cold cast is taken off, and dimness.

    A warm cast stays, because paving of sandstone, wood and soil are warm in white light too, and beige cloth is hardly
    warmer: it was called grey there. No usual ground is blue. A scene of which nothing is bright is brightened, by a
    quarter of the lightness at most: a white shirt in a dim picture is a white shirt. Paint is read without that:
    before dark asphalt alone the car itself is what is bright.

    Args:
        background_bgr_u8: (H, W, 3) the empty scene.
    """
    light, _, _ = oklch_of(oklab_of(_small(background_bgr_u8).reshape(-1, 3)))
    gains = estimate_gains(background_bgr_u8)
    blue, _, red = gains
    kept = gains ** np.float32(_CLOTH_STRENGTH) if red > blue else np.ones(3, np.float32)
    return np.asarray(kept * np.float32(_brightening(light)), np.float32)


def _brightening(light: NDArray[np.float32]) -> float:
    """Gain of linear light, 1 and more, by how bright the brightest part (N,) of the scene is."""
    brightest = max(float(np.quantile(light, _BRIGHT_QUANTILE)), _USEFUL_L[0])
    lift = min(max(1.0, float((_USUAL_BRIGHT_L / brightest) ** _EXPOSURE_STRENGTH)), _MAX_BRIGHTENING)
    # Why: lightness is about the cube root of light.
    return lift**3


def lamp_gains(background_bgr_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gains (3,) BGR, for sRGB codes, that make a scene under orange lamps look like day; ones in any other light.

    For nets, which learned by day and take a car under sodium lamps for no object; no colour is named with them.

    Args:
        background_bgr_u8: (H, W, 3) the empty scene.
    """
    blue, green, red = np.maximum(np.median(_small(background_bgr_u8).reshape(-1, 3), axis=0), 1.0)
    if not (red > green > blue and red >= _ORANGE_RATIO * blue):
        return np.ones(3, np.float32)
    return np.asarray(np.minimum(red / np.array([blue, green, red]), _MAX_LAMP_GAIN), np.float32)


def is_colourless(frame_bgr_u8: NDArray[np.uint8]) -> bool:
    """True when a picture carries no colour: infrared, a monochrome night mode, or one colour of lamp alone.

    Either the chroma planes are flat and neutral to within the rounding of the codec, or the whole picture has one
    tint that depends on brightness alone. An empty grey car park by day is close to that: ask frames that show
    objects too, and call a recording colourless only when all of them are. Three hundredths of the pixels may be
    coloured all the same, so that a burnt-in caption does not deceive.
    """
    lab = oklab_of(_small(frame_bgr_u8)).reshape(-1, 3).astype(np.float64)
    visible = lab[lab[:, 0] > _USEFUL_L[0]]
    if len(visible) < _LEAST_VISIBLE_SHARE * len(lab):
        return True
    chroma = np.hypot(visible[:, 1], visible[:, 2])
    spread = np.hypot(*(visible[:, 1:] - np.median(visible[:, 1:], axis=0)).T)
    if np.quantile(spread, _QUANTILE) < _MONOCHROME_SPREAD and np.quantile(chroma, _QUANTILE) < _MONOCHROME_CHROMA:
        return True
    powers = np.vander(visible[:, 0], 3)
    fit, *_ = np.linalg.lstsq(powers, visible[:, 1:], rcond=None)
    residual = np.hypot(*(visible[:, 1:] - powers @ fit).T)
    return bool(np.median(chroma) > _TINT_CHROMA and np.quantile(residual, _QUANTILE) < _TINT_RESIDUAL)


def _small(image_bgr_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image_bgr_u8.shape[:2]
    scale = _SAMPLE_SIDE_PX / max(height, width)
    if scale >= 1:
        return image_bgr_u8
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image_bgr_u8, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
