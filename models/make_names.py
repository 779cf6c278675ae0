# SPDX-License-Identifier: Apache-2.0
"""Makes of vehicles as nets and searches name them; light, so that a window can read what was typed."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["MAKES", "canonical_make"]

MAKES: Final = (
    "abarth", "alfa-romeo", "alpine", "audi", "bmw", "byd", "chevrolet", "citroen", "cupra", "dacia", "ds", "fiat",
    "ford", "honda", "hyundai", "infiniti", "isuzu", "iveco", "jaguar", "jeep", "kia", "lancia", "land-rover", "lexus",
    "man", "maserati", "mazda", "mercedes-benz", "mg", "mini", "mitsubishi", "nissan", "opel", "peugeot", "piaggio",
    "porsche", "renault", "rover", "saab", "scania", "seat", "skoda", "smart", "ssangyong", "subaru", "suzuki", "tesla",
    "toyota", "volkswagen", "volvo", "yamaha",
)  # fmt: skip
"""Makes met on European roads, lower case without accents, words joined by a hyphen."""

_ALIASES: Final = {"vw": "volkswagen", "mercedes": "mercedes-benz", "alfa": "alfa-romeo", "landrover": "land-rover"}


def canonical_make(name: str) -> str | None:
    """A make as nets and searches name it, or None for what is no make.

    >>> canonical_make("Citroën"), canonical_make("VW"), canonical_make("Alfa Romeo"), canonical_make("voiture")
    ('citroen', 'volkswagen', 'alfa-romeo', None)
    """
    decomposed = unicodedata.normalize("NFD", name.strip().lower())
    plain = "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn")
    word = "-".join(plain.replace("-", " ").split())
    word = _ALIASES.get(word, word)
    return word if word in MAKES else None
