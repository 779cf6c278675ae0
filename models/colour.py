# SPDX-License-Identifier: Apache-2.0
"""Colours of garments and cars in words, with shares: a computation that a person can redo with a colour picker.

No net names a colour. Pixels go to OKLab, each belongs softly to the names around it, and weights say which pixels
speak: not the background, not heads, hands and shoes, not windows, tyres and shadows. Where garments are, the maps of
:mod:`models.garments` help to say. What comes out are shares of the visible garment or paint, best first; what a search
accepts beside a name is a matter of :func:`near_colours`.

A colour is what the camera shows, under the light of the scene: dark blue reads black in the dark, silver reads
white in the sun. The names say so by their shares and by the neighbours that a search with tolerance accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models._colour_naming import NAMES, PAINT, PAINT_UNDER_CAST, memberships_of, oklab_of
from models._colour_regions import (
    black_paint,
    eroded_weights,
    find_waist,
    found_garments,
    garment_weights,
    paint_weights,
    skin_like,
    subsampled,
    white_paint,
)
from models._colour_scene import cloth_gains, estimate_gains, is_colourless, lamp_gains
from models._colour_shape import body_outline, guessed_body, guessed_vehicle

__all__ = [
    "ALGORITHM_ID",
    "COLOURS",
    "FRENCH_BY_COLOUR",
    "ColourShare",
    "canonical_colour",
    "cloth_gains",
    "combine_shares",
    "estimate_gains",
    "is_colourless",
    "lamp_gains",
    "name_colours",
    "near_colours",
    "person_colours",
    "vehicle_colour",
]

ALGORITHM_ID: Final = "relecture-colour@3"
"""What proposed a colour, as attributes name it. Any change of a border or a weight raises the number."""

COLOURS: Final = NAMES
FRENCH_BY_COLOUR: Final = {
    "black": "noir",
    "white": "blanc",
    "grey": "gris",
    "red": "rouge",
    "orange": "orange",
    "yellow": "jaune",
    "green": "vert",
    "blue": "bleu",
    "purple": "violet",
    "pink": "rose",
    "brown": "marron",
    "beige": "beige",
}
_ALIASES: Final = {"gray": "grey", "silver": "grey", "argent": "grey", "argenté": "grey", "bordeaux": "red"}
_NEAR: Final = {
    "black": ("grey", "blue", "brown"),
    "white": ("grey", "beige"),
    "grey": ("black", "white", "blue", "beige"),
    "red": ("orange", "pink", "brown", "purple"),
    "orange": ("red", "yellow", "brown"),
    "yellow": ("orange", "beige", "green"),
    "green": ("blue", "yellow"),
    "blue": ("black", "grey", "green", "purple"),
    "purple": ("blue", "pink", "red"),
    "pink": ("red", "purple", "beige"),
    "brown": ("black", "red", "orange", "beige"),
    "beige": ("white", "grey", "yellow", "brown", "pink"),
}
_HUE_NEIGHBOURS: Final = {
    "red": ("pink", "brown", "orange", "purple"),
    "orange": ("red", "yellow", "brown", "beige"),
    "yellow": ("orange", "beige"),
    "green": ("blue",),
    "blue": ("green", "purple"),
    "purple": ("blue", "pink", "red"),
    "pink": ("red", "purple"),
    "brown": ("orange", "red", "beige"),
    "beige": ("brown", "yellow", "orange"),
}
_POOLED_SHARE: Final = 0.6
_CLIPPED_CODE: Final = 252
_MAX_PIXELS: Final = 4096
_PARTS: Final[tuple[Literal["upper", "lower"], ...]] = ("upper", "lower")
_FOUND_SAYS: Final = 0.7
_EPSILON: Final = 1e-9
_SKIN_WEIGHT: Final = 0.25
_OUTSIDE_OUTLINE: Final = 0.5
_GROUND_WEIGHT: Final = 0.15
_LEAST_GROUND: Final = 0.1
_MIN_SHARE: Final = 0.005
_LEAST_FOR_TRIMMING: Final = 4
_TRIMMED_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourShare:
    """One colour name and how much of the object has it.

    Attributes:
        name: One of :data:`COLOURS`.
        share: 0 to 1; the shares of one answer sum to 1.
    """

    name: str
    share: float


def name_colours(
    pixels_bgr_u8: NDArray[np.uint8],
    weights: NDArray[np.float32] | None = None,
    *,
    gains_bgr: NDArray[np.float32] | None = None,
) -> tuple[ColourShare, ...]:
    """Colour names of some pixels, largest share first; empty when no pixel has weight.

    Args:
        pixels_bgr_u8: (N, 3), BGR, sRGB.
        weights: (N,) how much each pixel speaks; all alike when None.
        gains_bgr: White-balance gains of :func:`estimate_gains`.

    >>> name_colours(np.full((9, 3), (30, 20, 200), np.uint8))
    (ColourShare(name='red', share=1.0),)
    """
    if len(pixels_bgr_u8) == 0:
        return ()
    spoken = np.ones(len(pixels_bgr_u8), np.float32) if weights is None else weights
    return _ranked(spoken @ memberships_of(oklab_of(pixels_bgr_u8, gains_bgr=gains_bgr)))


def person_colours(
    crop_bgr_u8: NDArray[np.uint8],
    mask: NDArray[np.uint8] | NDArray[np.bool_] | None = None,
    *,
    garments: NDArray[np.float32] | None = None,
    gains_bgr: NDArray[np.float32] | None = None,
) -> tuple[tuple[ColourShare, ...], tuple[ColourShare, ...]]:
    """Colours of the upper and of the lower garment of one person.

    Two witnesses are heard. Where garments were found, their pixels have seven tenths of the say. Long hair and hems of
    coats deceive that net at times, so the shape of a standing person has the rest, and all of it where no garment was
    found: the head (top sixth) and the feet are left out, the border of the mask is taken off, skin-like pixels speak
    little, and a crop that cuts the legs off gives a lower garment of what is there.

    Args:
        crop_bgr_u8: (H, W, 3), BGR, the person's box.
        mask: (H, W) foreground, bool or uint8 0 to 255; None when there is none. Where it is missing, empty or has
            lost a garment, the outline of a standing person speaks, less what looks like the ground beside it.
        garments: (2, H, W) of :meth:`models.garments.GarmentFinder.find`; None where nobody looked for them.
        gains_bgr: Gains of :func:`cloth_gains`.

    Returns:
        Shares of the upper and of the lower garment, each best first, each empty when nothing of it is visible.
    """
    lab = oklab_of(crop_bgr_u8, gains_bgr=gains_bgr)
    found = (None, None) if garments is None else found_garments(garments, mask)
    answers = []
    for seen, shaped in zip(found, _by_shape(crop_bgr_u8, lab, mask), strict=True):
        shares = _mean_shares(lab, shaped)
        if seen is not None:
            shares = _FOUND_SAYS * _mean_shares(lab, seen) + (1 - _FOUND_SAYS) * shares
        answers.append(_ranked(shares))
    return answers[0], answers[1]


def _mean_shares(lab: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares (12,) of the names in the pixels (H, W, 3) that have weight (H, W); zeros where none has."""
    rows, columns = subsampled(weights, max_pixels=_MAX_PIXELS)
    totals = weights[rows, columns] @ memberships_of(lab[rows, columns])
    return np.asarray(totals / max(float(totals.sum()), _EPSILON), np.float32)


def _by_shape(
    crop_bgr_u8: NDArray[np.uint8], lab: NDArray[np.float32], mask: NDArray[np.uint8] | NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (H, W) of the upper and of the lower garment by the shape of a standing person alone."""
    covered = 1 - (1 - _SKIN_WEIGHT) * skin_like(crop_bgr_u8)
    guess = guessed_body(lab) * covered
    weights = eroded_weights(mask, _size_hw(crop_bgr_u8))
    if weights is None:
        weights = guess
    else:
        outline = body_outline(_size_hw(crop_bgr_u8))
        weights = weights * (1 - _OUTSIDE_OUTLINE * (1 - outline)) * covered
    waist = find_waist(lab, weights)
    upper, lower = (garment_weights(weights, guess, part, waist_norm=waist) for part in _PARTS)
    return upper, lower


def vehicle_colour(
    crop_bgr_u8: NDArray[np.uint8],
    mask: NDArray[np.uint8] | NDArray[np.bool_] | None = None,
    *,
    gains_bgr: NDArray[np.float32] | None = None,
) -> tuple[ColourShare, ...]:
    """Colour of a vehicle's paint, best first; empty when nothing is visible. ``grey`` includes silver.

    Args:
        crop_bgr_u8: (H, W, 3), BGR, the vehicle's box.
        mask: (H, W) foreground, bool or uint8 0 to 255; None when there is none, then the vehicle is cut out of the
            crop, of which it must fill the middle.
        gains_bgr: White-balance gains of :func:`estimate_gains`.
    """
    whole = oklab_of(crop_bgr_u8, gains_bgr=gains_bgr)
    size_hw = _size_hw(crop_bgr_u8)
    weights = eroded_weights(mask, size_hw)
    if weights is None:
        guess = guessed_vehicle(crop_bgr_u8)
        weights = eroded_weights(guess > 0, size_hw)
        weights = guess if weights is None else weights
    rows, columns = subsampled(weights, max_pixels=_MAX_PIXELS)
    if len(rows) == 0:
        return ()
    pixels, lab = crop_bgr_u8[rows, columns], whole[rows, columns]
    shares = memberships_of(lab, borders=PAINT_UNDER_CAST if gains_bgr is None else PAINT)
    spoken = paint_weights(
        lab,
        shares,
        weights[rows, columns],
        height_norm=(rows + 0.5) / crop_bgr_u8.shape[0],
        is_clipped=pixels.max(axis=1) >= _CLIPPED_CODE,
        names=NAMES,
    )
    totals = spoken @ shares
    ground = whole[..., 0][weights < _GROUND_WEIGHT]
    ground_l = float(np.median(ground)) if len(ground) >= _LEAST_GROUND * weights.size else None
    whiteness = white_paint(lab, shares, weights[rows, columns], names=NAMES)
    blackness = black_paint(lab, shares, weights[rows, columns], ground_l=ground_l, names=NAMES)
    for name, part in (("white", whiteness), ("black", blackness)):
        taken = part * totals[NAMES.index("grey")]
        totals[NAMES.index(name)] += taken
        totals[NAMES.index("grey")] -= taken
    return _ranked(_one_paint(totals))


def combine_shares(
    answers: Sequence[tuple[ColourShare, ...]], weights: Sequence[float] | None = None
) -> tuple[ColourShare, ...]:
    """One ranked answer out of several crops of one track; crops that disagree with the rest are left out.

    With four crops or more, the quarter that lies furthest from the middle answer is dropped: crops in which
    something stood in front, or two objects were taken for one.

    Args:
        answers: What each crop gave; empty answers are ignored.
        weights: How good each crop is (size, sharpness), positive; all alike when None.
    """
    chosen = [i for i, answer in enumerate(answers) if answer]
    if not chosen:
        return ()
    rows = np.array([_row(answers[i]) for i in chosen])
    trust = np.array([1.0 if weights is None else float(weights[i]) for i in chosen])
    if len(chosen) >= _LEAST_FOR_TRIMMING:
        distance = np.abs(rows - np.median(rows, axis=0)).sum(axis=1)
        kept = np.argsort(distance, kind="stable")[: len(chosen) - int(len(chosen) * _TRIMMED_SHARE)]
        rows, trust = rows[kept], trust[kept]
    return _ranked(_one_paint(trust @ rows))


def near_colours(name: str) -> frozenset[str]:
    """Colours that a search with tolerance accepts for a name, itself included.

    >>> sorted(near_colours("silver"))
    ['beige', 'black', 'blue', 'grey', 'white']
    """
    canonical = canonical_colour(name)
    return frozenset() if canonical is None else frozenset((canonical, *_NEAR[canonical]))


def canonical_colour(name: str) -> str | None:
    """The palette's name for an English or French name or alias, whatever its case; None when there is none.

    >>> canonical_colour("Gris"), canonical_colour("silver"), canonical_colour("mauve")
    ('grey', 'grey', None)
    """
    word = name.strip().lower()
    french = {value: key for key, value in FRENCH_BY_COLOUR.items()}
    word = _ALIASES.get(word, french.get(word, word))
    return word if word in COLOURS else None


def _size_hw(crop_bgr_u8: NDArray[np.uint8]) -> tuple[int, int]:
    return crop_bgr_u8.shape[0], crop_bgr_u8.shape[1]


def _one_paint(totals: NDArray[np.floating]) -> NDArray[np.floating]:
    """Totals (12,) in which the leading hue takes most of what its neighbours in hue have.

    Paint has one hue; a car whose hue lies at the border of two names would else lose to its own reflections.
    """
    pooled = totals.copy()
    leading = max(_HUE_NEIGHBOURS, key=lambda name: (totals[NAMES.index(name)], name))
    for name in _HUE_NEIGHBOURS[leading]:
        taken = _POOLED_SHARE * totals[NAMES.index(name)]
        pooled[NAMES.index(leading)] += taken
        pooled[NAMES.index(name)] -= taken
    return pooled


def _ranked(totals: NDArray[np.floating]) -> tuple[ColourShare, ...]:
    """Shares that sum to 1, largest first, without the crumbs."""
    total = float(totals.sum())
    if total <= 0:
        return ()
    kept = [(float(value) / total, name) for value, name in zip(totals, NAMES, strict=True)]
    kept = sorted((item for item in kept if item[0] >= _MIN_SHARE), key=lambda item: (-item[0], NAMES.index(item[1])))
    whole = sum(share for share, _ in kept)
    return tuple(ColourShare(name=name, share=round(share / whole, 4)) for share, name in kept)


def _row(answer: tuple[ColourShare, ...]) -> NDArray[np.float64]:
    row = np.zeros(len(NAMES))
    for item in answer:
        row[NAMES.index(item.name)] = item.share
    return row
