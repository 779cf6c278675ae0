# SPDX-License-Identifier: Apache-2.0
"""From pixels to colour names: OKLab, and soft regions of it that carry the names.

Every pixel belongs to the twelve names in shares that sum to one, and the shares change smoothly with the pixel:
no name jumps at a border. The borders are the numbers below, in three plain quantities: lightness L (0 black,
1 white), chroma C (0 grey, 0.3 vivid) and hue h (degrees).

Source: OKLab after B. Ottosson, "A perceptual color space for image processing" (2020, public domain); sRGB decoding
after IEC 61966-2-1. Borders were set on named patches and on what CCTV pictures of garments and cars show.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLOTH",
    "NAMES",
    "PAINT",
    "PAINT_UNDER_CAST",
    "Borders",
    "linear_of",
    "memberships_of",
    "oklab_of",
    "oklch_of",
]

NAMES: Final = (
    "black",
    "white",
    "grey",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
    "beige",
)
_INDEX: Final = {name: i for i, name in enumerate(NAMES)}

_RGB_TO_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_LMS_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)

_HUE_BANDS_DEG: Final = (
    # name of the band, where it begins, half-width of the soft border there
    ("red", 6.0, 8.0),
    ("orange", 42.0, 6.0),
    ("yellow", 82.0, 7.0),
    ("green", 114.0, 8.0),
    ("blue", 196.0, 14.0),
    ("purple", 289.0, 9.0),
    ("magenta", 340.0, 8.0),
)
_HUE_WIDENING_CHROMA: Final = 0.05
_HALF_TURN_DEG: Final = 180
_ALWAYS_BLACK_L: Final = (0.10, 0.24)
_DARK_L: Final = (0.18, 0.42)


def oklab_of(pixels_bgr_u8: NDArray[np.uint8], *, gains_bgr: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """OKLab (..., 3) of sRGB pixels (..., 3) in BGR order; gains multiply linear light before."""
    linear = linear_of(pixels_bgr_u8)
    if gains_bgr is not None:
        linear = np.minimum(linear * gains_bgr.astype(np.float32), np.float32(1))
    lms = np.cbrt(linear[..., ::-1] @ _RGB_TO_LMS.T)
    lab: NDArray[np.float32] = (lms @ _LMS_TO_LAB.T).astype(np.float32)
    return lab


def linear_of(pixels_bgr_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear light 0..1 of sRGB codes, in the same shape and order."""
    return _linear_by_code()[pixels_bgr_u8]


def oklch_of(lab: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Lightness 0..1, chroma and hue in degrees 0..360 of OKLab values (..., 3)."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360.0
    return lab[..., 0], chroma.astype(np.float32), hue.astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """Where the borders lie that depend on what the pixels show.

    Each pair is where a name begins to give way, and where it has.

    Attributes:
        neutral_chroma: (hue in degrees, chroma up to which a pixel is neutral, chroma from which it is coloured,
            factor on both in the dark, where noise, codec and mirrored sky give neutral pixels a chroma).
        black_l: Lightness from black to grey.
        white_l: Lightness from grey to white.
        pale_chroma: Chroma from pink to red, for light reds.
    """

    neutral_chroma: tuple[tuple[float, float, float, float], ...]
    black_l: tuple[float, float]
    white_l: tuple[float, float]
    pale_chroma: tuple[float, float]


CLOTH: Final = Borders(
    neutral_chroma=(
        (0.0, 0.022, 0.050, 1.5),
        (60.0, 0.016, 0.038, 1.5),
        (105.0, 0.018, 0.042, 1.5),
        (140.0, 0.022, 0.046, 1.5),
        (200.0, 0.019, 0.040, 1.5),
        (260.0, 0.019, 0.042, 1.2),
        (310.0, 0.021, 0.045, 1.5),
        (360.0, 0.022, 0.050, 1.5),
    ),
    black_l=(0.27, 0.43),
    white_l=(0.73, 0.86),
    pale_chroma=(0.14, 0.19),
)
"""Borders for named patches and for cloth, which is matt."""

_PAINT_WARM: Final = (
    (0.0, 0.018, 0.040, 1.3),
    (25.0, 0.015, 0.034, 1.3),
    (45.0, 0.019, 0.042, 1.4),
    (60.0, 0.022, 0.048, 1.5),
    (105.0, 0.022, 0.048, 1.5),
)
_PAINT_COLD: Final = (
    (238.0, 0.026, 0.054, 2.2),
    (275.0, 0.028, 0.058, 2.2),
    (310.0, 0.028, 0.058, 2.0),
    (360.0, 0.018, 0.040, 1.3),
)

PAINT: Final = Borders(
    neutral_chroma=(
        *_PAINT_WARM,
        (140.0, 0.018, 0.036, 1.5),
        (180.0, 0.010, 0.026, 2.0),
        (212.0, 0.010, 0.028, 2.2),
        *_PAINT_COLD,
    ),
    black_l=(0.32, 0.48),
    white_l=(0.76, 0.89),
    pale_chroma=(0.07, 0.11),
)
"""Borders for car paint, which mirrors the sky: a little blue at the sky's hue means nothing, black panels look dark
grey, and what looks pink is red paint in the sun. Teal is no hue of the sky: a little of it is paint, provided that
the cast of the light was taken off before."""

PAINT_UNDER_CAST: Final = replace(
    PAINT,
    neutral_chroma=(*_PAINT_WARM, (140.0, 0.024, 0.048, 1.5), (200.0, 0.026, 0.052, 2.0), *_PAINT_COLD),
)
"""The same where nothing is known of the light: many cameras have a green or teal cast."""


def memberships_of(lab: NDArray[np.float32], *, borders: Borders = CLOTH) -> NDArray[np.float32]:
    """Shares (N, 12) of each pixel (N, 3) of OKLab in the names of :data:`NAMES`; each row sums to 1."""
    light, chroma, hue = oklch_of(lab)
    shares = np.zeros((len(lab), len(NAMES)), np.float32)
    hues, lows, highs, factors = zip(*borders.neutral_chroma, strict=True)
    darkness = 1 - _step(light, *_DARK_L)
    factor = 1 + (np.interp(hue, hues, factors) - 1) * darkness
    low, high = np.interp(hue, hues, lows), np.interp(hue, hues, highs)
    coloured = _step(chroma, low * factor, high * factor) * _step(light, *_ALWAYS_BLACK_L)
    neutral = 1 - coloured
    black = 1 - _step(light, *borders.black_l)
    white = _step(light, *borders.white_l)
    shares[:, _INDEX["black"]] = neutral * black
    shares[:, _INDEX["white"]] = neutral * white
    shares[:, _INDEX["grey"]] = neutral * (1 - black - white)
    _add_coloured(shares, coloured, light, chroma, hue, borders.pale_chroma)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _add_coloured(
    shares: NDArray[np.float32],
    coloured: NDArray[np.float32],
    light: NDArray[np.float32],
    chroma: NDArray[np.float32],
    hue: NDArray[np.float32],
    pale_chroma: tuple[float, float],
) -> None:
    """Split the coloured part of each pixel by hue band, then by lightness and chroma within the band."""
    bands = _hue_bands(hue, chroma)

    def add(name: str, part: NDArray[np.float32]) -> None:
        shares[:, _INDEX[name]] += coloured * part

    faded = light + 1.2 * (0.10 - chroma).clip(0, None)
    pale = _step(faded, 0.66, 0.78) * (1 - _step(chroma, *pale_chroma))
    earthy = _step(hue, 16, 36) * (1 - _step(chroma, 0.075, 0.125)) * (1 - _step(light, 0.60, 0.72))
    add("pink", bands["red"] * pale)
    add("brown", bands["red"] * (1 - pale) * earthy)
    add("red", bands["red"] * (1 - pale) * (1 - earthy))

    sandy = (1 - _step(chroma, 0.085, 0.118)) * _step(light, 0.57, 0.70)
    dark_orange = 1 - _step(light + 1.4 * (chroma - 0.10), 0.55, 0.66)
    add("beige", bands["orange"] * sandy)
    add("brown", bands["orange"] * (1 - sandy) * dark_orange)
    add("orange", bands["orange"] * (1 - sandy) * (1 - dark_orange))

    creamy = (1 - _step(chroma, 0.062, 0.092)) * _step(light, 0.57, 0.70)
    dark_yellow = 1 - _step(light, 0.54, 0.68)
    olive = _step(hue, 84, 114)
    add("beige", bands["yellow"] * creamy)
    add("green", bands["yellow"] * (1 - creamy) * dark_yellow * olive)
    add("brown", bands["yellow"] * (1 - creamy) * dark_yellow * (1 - olive))
    add("yellow", bands["yellow"] * (1 - creamy) * (1 - dark_yellow))

    add("green", bands["green"])
    add("blue", bands["blue"])

    rosy = _step(hue, 312, 330) * _step(light, 0.66, 0.78)
    add("pink", bands["purple"] * rosy)
    add("purple", bands["purple"] * (1 - rosy))

    bright = _step(light, 0.52, 0.66)
    wine = _step((hue - 180) % 360, 160, 184)
    add("pink", bands["magenta"] * bright)
    add("red", bands["magenta"] * (1 - bright) * wine)
    add("purple", bands["magenta"] * (1 - bright) * (1 - wine))


def _hue_bands(hue: NDArray[np.float32], chroma: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Share of each hue band; the bands of a pixel sum to 1.

    Near grey a small change of the pixel is a large change of hue, so the borders are wider there.
    """
    widening = 1 + _HUE_WIDENING_CHROMA / np.maximum(chroma, _HUE_WIDENING_CHROMA / 2)

    # Why: each border is a step that rises once; a band is the difference of the steps at its two borders, and the
    # last band takes what lies before the first border.
    steps = [_step(hue, start - soft * widening, start + soft * widening) for _, start, soft in _HUE_BANDS_DEG]
    _, first_start, first_soft = _HUE_BANDS_DEG[0]
    wrap = _step(hue, 360 + first_start - first_soft * widening, 360 + first_start + first_soft * widening)
    steps[0] = np.where(hue > _HALF_TURN_DEG, np.float32(1), steps[0])
    bands: dict[str, NDArray[np.float32]] = {}
    for i, (name, _, _) in enumerate(_HUE_BANDS_DEG):
        is_last = i + 1 == len(_HUE_BANDS_DEG)
        bands[name] = (steps[i] - (wrap if is_last else steps[i + 1])).clip(0, 1)
    bands["magenta"] = bands["magenta"] + (1 - steps[0])
    bands["red"] = bands["red"] + wrap
    total = np.sum(list(bands.values()), axis=0)
    return {name: band / total for name, band in bands.items()}


def _step(
    value: NDArray[np.floating], low: float | NDArray[np.floating], high: float | NDArray[np.floating]
) -> NDArray[np.float32]:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = ((value - low) / (high - low)).clip(0, 1)
    smooth: NDArray[np.float32] = (t * t * (3 - 2 * t)).astype(np.float32)
    return smooth


@functools.cache
def _linear_by_code() -> NDArray[np.float32]:
    code = np.arange(256) / 255.0
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)
