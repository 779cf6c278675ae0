# SPDX-License-Identifier: Apache-2.0
"""Which pixels of a crop speak for a garment or for a car's paint, and how much."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "black_paint",
    "eroded_weights",
    "find_waist",
    "found_garments",
    "garment_weights",
    "paint_weights",
    "skin_like",
    "subsampled",
    "white_paint",
]

_MASK_FULL: Final = 255.0
_ERODE_SHARE: Final = 0.03
_LEAST_KEPT: Final = 0.3
_LEAST_MASK: Final = 0.08
"""A mask that covers less of its box than that has lost the object: who stands still, grey on grey."""
_SKIN_LOW: Final = (41, 136, 77)
_SKIN_HIGH: Final = (255, 173, 124)
_HEAD_ENDS: Final = 0.17
_SHOULDERS: Final = 0.25
_ANKLES: Final = 0.85
_FEET_BEGIN: Final = 0.92
_WAIST_NORM: Final = 0.55
_WAIST_RANGE: Final = (0.42, 0.80)
_WAIST_SPREAD: Final = 0.30
_WAIST_CONTRAST: Final = 0.07
_WAIST_FADE: Final = 0.03
_WAIST_BINS: Final = 50
_GARMENT_CERTAINTY: Final = (0.3, 0.7)
_OUTSIDE_MASK: Final = 0.5
_NECK: Final = (0.14, 0.24)
_HIPS: Final = (0.40, 0.55)
_ABOVE_HIPS_SPEAKS: Final = 0.2
_LEAST_SEEN: Final = 0.02
_LEAST_OF_GARMENT: Final = 0.3
_SHADE_SPEAKS: Final = 0.3
_SHADE_QUANTILES: Final = (0.35, 0.6)
_NEUTRAL_SPEAKS: Final = 0.45
_LAMPS_SHARE: Final = (0.08, 0.25)
"""Up to the first share of coloured pixels they are lamps and plates, from the second they are paint."""
_UNDERSIDE_BEGINS: Final = 0.88
_UNDERSIDE_SPEAKS: Final = 0.4
_CLIPPED_SPEAKS: Final = 0.6
_BRIGHTEST: Final = 0.9
_WHITE_PAINT_L: Final = (0.84, 0.92)
_WHITE_PAINT_SHARE: Final = (0.10, 0.22)
_WHITE_PAINT_TAKES: Final = 0.6
_LIGHT_PANELS: Final = 0.75
_BLACK_PAINT_L: Final = (0.45, 0.54)
_BLACK_PAINT_TAKES: Final = 0.7
_USUAL_GROUND_L: Final = 0.62
_TINTED_SHARE: Final = (0.12, 0.35)
_NEUTRALS: Final = ("black", "white", "grey")


def eroded_weights(
    mask: NDArray[np.uint8] | NDArray[np.bool_] | None, shape_hw: tuple[int, int]
) -> NDArray[np.float32] | None:
    """Weights (H, W), 0 to 1, of the foreground with its border taken off; None where there is no mask, or hardly one.

    Args:
        mask: Foreground, bool or uint8 0 to 255 (soft); None when there is none.
        shape_hw: The crop's, which the mask must have.
    """
    if mask is None:
        return None
    height, width = shape_hw
    assert mask.shape == shape_hw, f"mask {mask.shape} does not fit the crop {shape_hw}"
    weights = mask.astype(np.float32) if mask.dtype == np.bool_ else mask.astype(np.float32) / np.float32(_MASK_FULL)
    total = float(weights.sum())
    if weights.size == 0 or total < _LEAST_MASK * weights.size:
        return None
    radius = max(1, round(_ERODE_SHARE * min(height, width)))
    while radius > 0:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        # Why: what lies beyond the crop counts as background too, so that the crop's border is eroded like any other.
        eroded = cv2.erode(weights, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1.0)
        if float(eroded.sum()) >= _LEAST_KEPT * total:
            return np.asarray(eroded, np.float32)
        radius //= 2
    return weights


def skin_like(crop_bgr_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W), 1 where a pixel may be bare skin, else 0; used only to keep it out of garment colours, never kept.

    Source: chrominance box in YCrCb after Chai and Ngan, IEEE TCSVT 9(4), 1999; it holds for skin of every tone,
    since tones differ in luma.
    """
    ycc = cv2.cvtColor(crop_bgr_u8, cv2.COLOR_BGR2YCrCb)
    return np.asarray(cv2.inRange(ycc, np.array(_SKIN_LOW), np.array(_SKIN_HIGH)) > 0, np.float32)


def subsampled(weights: NDArray[np.float32], *, max_pixels: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pixels with weight, thinned evenly to about ``max_pixels``; deterministic."""
    rows, columns = np.nonzero(weights > 0)
    stride = max(1, -(-len(rows) // max_pixels))
    return rows[::stride], columns[::stride]


def garment_band(
    weights: NDArray[np.float32], part: Literal["upper", "lower"], *, waist_norm: float
) -> NDArray[np.float32]:
    """Weights (H, W) of one garment: those of the foreground, faded in and out along the height of the crop."""
    position = (np.arange(len(weights), dtype=np.float32) + 0.5) / len(weights)
    if part == "upper":
        places = (_HEAD_ENDS, _SHOULDERS, waist_norm - 2 * _WAIST_FADE, waist_norm)
    else:
        ankles = max(_ANKLES, waist_norm + 2 * _WAIST_FADE)
        places = (waist_norm, waist_norm + _WAIST_FADE, ankles, max(_FEET_BEGIN, ankles + _WAIST_FADE))
    fade = np.interp(position, places, (0, 1, 1, 0)).astype(np.float32)
    return weights * fade[:, np.newaxis]


def garment_weights(
    weights: NDArray[np.float32], guess: NDArray[np.float32], part: Literal["upper", "lower"], *, waist_norm: float
) -> NDArray[np.float32]:
    """Weights (H, W) of one garment; where the mask lost it, those of the guess."""
    band = garment_band(weights, part, waist_norm=waist_norm)
    stand_in = garment_band(guess, part, waist_norm=waist_norm)
    return band if float(band.sum()) >= _LEAST_OF_GARMENT * float(stand_in.sum()) else stand_in


def found_garments(
    garments: NDArray[np.float32], mask: NDArray[np.uint8] | NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Weights (H, W) of the upper and of the lower garment where a net saw them; None for one that it did not see.

    Args:
        garments: (2, H, W) probabilities of the net.
        mask: (H, W) foreground, bool or uint8 0 to 255, or None. What lies outside speaks less: neighbours do.
    """
    height, width = garments.shape[1:]
    inside = np.ones((height, width), np.float32)
    if mask is not None:
        full = 1.0 if mask.dtype == np.bool_ else _MASK_FULL
        inside = _OUTSIDE_MASK + (1 - _OUTSIDE_MASK) * mask.astype(np.float32) / np.float32(full)
    low, high = _GARMENT_CERTAINTY
    position = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, np.newaxis]
    # Why: long hair seen from behind is taken for cloth, and the hem of a coat for trousers.
    usual = (np.interp(position, _NECK, (0, 1)), np.interp(position, _HIPS, (_ABOVE_HIPS_SPEAKS, 1)))
    seen: list[NDArray[np.float32] | None] = []
    for one, likely in zip(garments, usual, strict=True):
        weights = np.asarray(((one - low) / (high - low)).clip(0, 1) * inside * likely, np.float32)
        seen.append(weights if float(weights.sum()) >= _LEAST_SEEN * weights.size else None)
    return seen[0], seen[1]


def find_waist(lab: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    """Share of the crop's height at which the upper garment ends: where the colour changes most along the body.

    Coats end low, and cameras that look down shorten the legs; a fixed place would take the one for the other. The
    usual place, 0.55, is given where nothing changes clearly.

    Source: the cut is the one that splits the variance best (Otsu, IEEE SMC 9(1), 1979), weighed by how usual its
    place is.

    Args:
        lab: (H, W, 3) OKLab of the crop.
        weights: (H, W) foreground.
    """
    edges = np.linspace(_SHOULDERS, _FEET_BEGIN, _WAIST_BINS + 1)
    rows = np.round(edges * len(weights)).astype(int)
    mass = np.array([weights[a:b].sum() for a, b in itertools.pairwise(rows)])
    sums = np.array([(lab[a:b] * weights[a:b, :, np.newaxis]).sum(axis=(0, 1)) for a, b in itertools.pairwise(rows)])
    above_mass, above = np.cumsum(mass)[:-1], np.cumsum(sums, axis=0)[:-1]
    below_mass, below = mass.sum() - above_mass, sums.sum(axis=0) - above
    place = edges[1:-1]
    is_possible = (place >= _WAIST_RANGE[0]) & (place <= _WAIST_RANGE[1])
    is_possible &= np.minimum(above_mass, below_mass) > 0.05 * mass.sum()
    if not is_possible.any():
        return _WAIST_NORM
    safe_above, safe_below = np.maximum(above_mass, 1e-6), np.maximum(below_mass, 1e-6)
    contrast = np.linalg.norm(above / safe_above[:, np.newaxis] - below / safe_below[:, np.newaxis], axis=1)
    usual = np.exp(-0.5 * ((place - _WAIST_NORM) / _WAIST_SPREAD) ** 2)
    variance = above_mass * below_mass * contrast**2 * usual
    best = int(np.where(is_possible, variance, -1).argmax())
    return float(place[best]) if contrast[best] >= _WAIST_CONTRAST else _WAIST_NORM


def paint_weights(
    lab: NDArray[np.float32],
    shares: NDArray[np.float32],
    weights: NDArray[np.float32],
    *,
    height_norm: NDArray[np.float64],
    is_clipped: NDArray[np.bool_],
    names: Sequence[str],
) -> NDArray[np.float32]:
    """Weights (N,) of a vehicle's pixels: paint speaks, glass, tyres, gaps and shadow hardly.

    Two facts do most of it. Glass, tyres and shadow are darker than the paint of all but black cars, so the darker
    part of a vehicle speaks less. And they are neutral, so that a coloured pixel is paint, provided that there are more
    of them than lamps, plates and lettering have.

    Args:
        lab: (N, 3) OKLab.
        shares: (N, names) colour shares of each pixel.
        weights: (N,) foreground.
        height_norm: (N,) place in the crop, 0 top, 1 bottom.
        is_clipped: (N,) where a channel is at its end: sun on paint, which says little of its colour.
        names: Meaning of the columns of ``shares``.
    """
    dark, bright = _weighted_quantiles(lab[:, 0], weights, _SHADE_QUANTILES)
    brightness = ((lab[:, 0] - dark) / max(bright - dark, 1e-3)).clip(0, 1)
    neutral = shares[:, [names.index(name) for name in _NEUTRALS]].sum(axis=1)
    shade = _SHADE_SPEAKS + (1 - _SHADE_SPEAKS) * brightness
    tinted = float(((1 - neutral) * weights).sum() / max(float(weights.sum()), 1e-6))
    neutral_speaks = float(np.interp(tinted, _LAMPS_SHARE, (1.0, _NEUTRAL_SPEAKS)))
    spoken = weights * ((1 - neutral) + neutral * neutral_speaks * shade)
    spoken = spoken * np.where(height_norm > _UNDERSIDE_BEGINS, _UNDERSIDE_SPEAKS, 1.0)
    heard: NDArray[np.float32] = (spoken * np.where(is_clipped, _CLIPPED_SPEAKS, 1.0)).astype(np.float32)
    return heard


def white_paint(
    lab: NDArray[np.float32], shares: NDArray[np.float32], weights: NDArray[np.float32], *, names: Sequence[str]
) -> float:
    """Share of the grey of a vehicle that is white paint in shade: 0 to 0.6.

    White paint has panels that reach the top of the scale, and panels turned from the light that look grey; silver
    paint has no such panels. A vehicle of which a good part is tinted is not white.
    """
    neutral = shares[:, [names.index(name) for name in _NEUTRALS]].sum(axis=1) * weights
    if float(neutral.sum()) <= 0:
        return 0.0
    (brightest,) = _weighted_quantiles(lab[:, 0], neutral, (_BRIGHTEST,))
    white = float((shares[:, names.index("white")] * weights).sum() / neutral.sum())
    is_bright = np.interp(brightest, _WHITE_PAINT_L, (0, 1))
    is_large = np.interp(white, _WHITE_PAINT_SHARE, (0, 1))
    is_untinted = np.interp(1 - float(neutral.sum() / weights.sum()), _TINTED_SHARE, (1, 0))
    return float(_WHITE_PAINT_TAKES * is_bright * is_large * is_untinted)


def black_paint(
    lab: NDArray[np.float32],
    shares: NDArray[np.float32],
    weights: NDArray[np.float32],
    *,
    ground_l: float | None,
    names: Sequence[str],
) -> float:
    """Share of the grey of a vehicle that is black paint in haze or under the sky: 0 to 0.7.

    Black paint has no panels that are clearly lighter than the tyres; dark grey paint has. In a dark picture every
    vehicle is dark: there the borders follow the ground on which it stands.

    Args:
        lab: (N, 3) OKLab.
        shares: (N, names) colour shares of each pixel.
        weights: (N,) foreground.
        ground_l: Lightness of what surrounds the vehicle; None where that is not known.
        names: Meaning of the columns of ``shares``.
    """
    neutral = shares[:, [names.index(name) for name in _NEUTRALS]].sum(axis=1) * weights
    if float(neutral.sum()) <= 0:
        return 0.0
    (light,) = _weighted_quantiles(lab[:, 0], neutral, (_LIGHT_PANELS,))
    exposure = 1.0 if ground_l is None else float(np.clip(ground_l / _USUAL_GROUND_L, 0.5, 1.0))
    low, high = _BLACK_PAINT_L
    is_dark = np.interp(light, (low * exposure, high * exposure), (1, 0))
    is_untinted = np.interp(1 - float(neutral.sum() / weights.sum()), _TINTED_SHARE, (1, 0))
    return float(_BLACK_PAINT_TAKES * is_dark * is_untinted)


def _weighted_quantiles(
    values: NDArray[np.float32], weights: NDArray[np.float32], quantiles: Sequence[float]
) -> tuple[float, ...]:
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order], dtype=np.float64)
    places = np.searchsorted(cumulated, np.array(quantiles) * cumulated[-1])
    return tuple(float(value) for value in values[order][places.clip(0, len(values) - 1)])
