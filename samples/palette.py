# SPDX-License-Identifier: Apache-2.0
"""Colours with the names under which the truth accepts them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BAG_DYES", "CLOTH", "COLOUR_NAMES", "PAINT", "Dye"]

COLOUR_NAMES = (
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dye:
    """A colour of cloth or paint.

    Attributes:
        rgb: 8-bit red, green, blue of a sheet of it in even light.
        names: Accepted names, the best one first.
    """

    rgb: tuple[int, int, int]
    names: tuple[str, ...]


def _dye(r: int, g: int, b: int, *names: str) -> Dye:
    assert set(names) <= set(COLOUR_NAMES)
    return Dye(rgb=(r, g, b), names=names)


PAINT = {
    "white": _dye(236, 237, 235, "white"),
    "black": _dye(20, 21, 23, "black"),
    "grey": _dye(112, 115, 119, "grey"),
    "silver": _dye(168, 171, 174, "grey", "white"),
    "red": _dye(186, 16, 20, "red"),
    "blue": _dye(24, 72, 168, "blue"),
    "navy": _dye(20, 32, 84, "blue", "black"),
    "green": _dye(26, 112, 56, "green"),
    "yellow": _dye(238, 196, 22, "yellow"),
    "orange": _dye(226, 102, 16, "orange"),
    "brown": _dye(98, 62, 38, "brown"),
    "beige": _dye(200, 184, 150, "beige", "brown"),
}
"""Vehicle paints by key."""

CLOTH = {
    "black": _dye(26, 26, 29, "black"),
    "anthracite": _dye(52, 54, 58, "grey", "black"),
    "grey": _dye(124, 126, 128, "grey"),
    "white": _dye(232, 231, 226, "white"),
    "red": _dye(178, 24, 28, "red"),
    "orange": _dye(222, 108, 24, "orange"),
    "yellow": _dye(226, 190, 40, "yellow"),
    "green": _dye(38, 112, 58, "green"),
    "blue": _dye(36, 84, 172, "blue"),
    "navy": _dye(26, 36, 78, "blue", "black"),
    "denim": _dye(58, 84, 132, "blue"),
    "purple": _dye(98, 46, 138, "purple"),
    "pink": _dye(226, 132, 164, "pink"),
    "brown": _dye(98, 66, 42, "brown"),
    "beige": _dye(198, 178, 140, "beige", "brown"),
}
"""Cloths by key."""

BAG_DYES = {
    "light": _dye(206, 202, 190, "white", "beige", "grey"),
    "black": _dye(30, 30, 32, "black"),
    "brown": _dye(110, 70, 42, "brown"),
    "blue": _dye(30, 66, 150, "blue"),
    "red": _dye(164, 28, 32, "red"),
}
"""Bags by key."""
