# SPDX-License-Identifier: Apache-2.0
"""Free words of an officer, French or English, to filters that are shown and can be corrected; nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

from models.colour import canonical_colour
from models.errors import UsageProblem
from models.make_names import MAKES, canonical_make
from review.hits import Query

__all__ = ["BAGS", "class_names", "colour_names", "make_names", "makes_among", "with_words"]

BAGS: Final = ("backpack", "handbag", "suitcase")
_CLASS_WORDS: Final = {
    "person": ("person", "persons", "people", "pedestrian", "personne", "personnes", "pieton"),
    "bicycle": ("bicycle", "bicycles", "bike", "cyclist", "velo", "velos", "cycliste", "bicyclette"),
    "motorcycle": ("motorcycle", "motorbike", "scooter", "moto", "motos", "motard", "cyclomoteur"),
    "car": ("car", "cars", "hatchback", "saloon", "voiture", "voitures", "berline", "citadine", "auto"),
    "van": ("van", "vans", "camionnette", "fourgon", "fourgonnette", "utilitaire"),
    "truck": ("truck", "trucks", "lorry", "camion", "camions"),
    "bus": ("bus", "buses", "autobus", "autocar", "car-scolaire"),
    "other": ("other", "autre", "autres"),
}
_GROUPS: Final = {
    "vehicle": ("car", "van", "truck", "bus", "motorcycle"),
    "vehicule": ("car", "van", "truck", "bus", "motorcycle"),
    "two-wheeler": ("bicycle", "motorcycle"),
    "deux-roues": ("bicycle", "motorcycle"),
}
_BAG_WORDS: Final = {
    "backpack": ("backpack", "rucksack"),
    "handbag": ("handbag", "sac-a-main"),
    "suitcase": ("suitcase", "valise"),
    "any": ("bag", "sac"),
}
_UPPER: Final = frozenset(
    "jacket coat shirt sweater hoodie top tshirt veste manteau chemise pull blouson haut maillot sweat".split()
)
_LOWER: Final = frozenset("trousers jeans pants skirt shorts pantalon jean jupe short bas".split())
_MAKES_OF_TWO_WORDS: Final = tuple(make for make in MAKES if "-" in make)
_ORDINARY_WORDS: Final = frozenset({"man", "mini", "smart"})
"""Makes that mean something else in a sentence; a filter of its own takes them."""
_MAKERS_CLASSES: Final = ("car", "van", "truck", "bus")
_FILLERS: Final = frozenset(
    "a an the with and of in on wearing carrying un une le la les des du de d l et avec portant en au aux qui".split()
)
_FEMININE: Final = {
    "blanche": "white", "noire": "black", "grise": "grey", "verte": "green", "bleue": "blue", "violette": "purple",
    "brune": "brown", "brun": "brown", "argentee": "grey",
}  # fmt: skip


@dataclass(slots=True)
class _Found:
    classes: list[str]
    colours: list[str]
    upper: list[str]
    lower: list[str]
    bags: list[str]
    makes: list[str]
    ignored: list[str]


def colour_names(words: tuple[str, ...]) -> tuple[str, ...]:
    """Palette names of colours as typed, French or English.

    Raises:
        UsageProblem: One is not in the palette.
    """
    return tuple(dict.fromkeys(_colour_or_refuse(word) for word in words))


def class_names(words: tuple[str, ...]) -> tuple[str, ...]:
    """Class names as typed, French or English, groups (``vehicle``) included.

    Raises:
        UsageProblem: One is unknown.
    """
    names: list[str] = []
    for word in words:
        found = _class_of(_plain(word))
        if not found:
            raise UsageProblem(
                f"“{word}” is not a class of object.", hint=f"Known: {', '.join([*_CLASS_WORDS, 'vehicle'])}."
            )
        names += found
    return tuple(dict.fromkeys(names))


def make_names(words: tuple[str, ...]) -> tuple[str, ...]:
    """Makes as typed.

    Raises:
        UsageProblem: One is no make that searches know.
    """
    makes, unknown = makes_among(words)
    if unknown:
        raise UsageProblem(f"“{unknown[0]}” is not a make of vehicle.", hint=f"Known: {', '.join(MAKES)}.")
    return makes


def makes_among(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The makes among words as typed, and the words that are none."""
    makes = [(word, canonical_make(word)) for word in words]
    unknown = tuple(word for word, make in makes if make is None)
    return tuple(dict.fromkeys(make for _, make in makes if make)), unknown


def with_words(query: Query, text: str) -> tuple[Query, tuple[str, ...]]:
    """Add the filters that a text names; also gives the words that name none.

    A colour belongs to the garment or object next to it: « veste noire », "dark jacket", "red hatchback".
    """
    if not text.strip():
        return query, ()
    plain = _plain(text).replace("sac a dos", "backpack").replace("sac a main", "handbag")
    for make in _MAKES_OF_TWO_WORDS:
        plain = plain.replace(make.replace("-", " "), make)
    tokens = [token for token in re.findall(r"[a-z-]+", plain) if token not in _FILLERS]
    found = _Found([], [], [], [], [], [], [])
    pending: list[str] = []
    target: list[str] | None = None
    for token in tokens:
        colour = _colour_of(token)
        if colour:
            # Why: in French the colour follows its noun, in English it comes before.
            (target if target is not None and not pending else pending).append(colour)
            continue
        target = _take_noun(token, found)
        if target is None:
            found.ignored.append(token)
        elif pending:
            target += pending
            pending = []
            target = None
    found.colours += pending
    combined = replace(
        query,
        text=text,
        classes=_merged(query.classes, found.classes),
        colours=_merged(query.colours, found.colours),
        upper=_merged(query.upper, found.upper),
        lower=_merged(query.lower, found.lower),
        bags=_merged(query.bags, found.bags),
        makes=_merged(query.makes, found.makes),
    )
    if (combined.upper or combined.lower or combined.bags) and not combined.classes:
        combined = replace(combined, classes=("person",))
    if combined.makes and not combined.classes:
        combined = replace(combined, classes=_MAKERS_CLASSES)
    return combined, tuple(found.ignored)


def _take_noun(token: str, found: _Found) -> list[str] | None:
    """Note what a noun filters by, and give the list that a colour beside it goes to."""
    if token in _UPPER:
        return found.upper
    if token in _LOWER:
        return found.lower
    for bag, words in _BAG_WORDS.items():
        if token in words:
            found.bags.append(bag)
            return []
    make = canonical_make(token)
    if make and make not in _ORDINARY_WORDS:
        found.makes.append(make)
        return found.colours
    classes = _class_of(token)
    if classes:
        found.classes += classes
        return found.upper if classes == ["person"] else found.colours
    return None


def _class_of(token: str) -> list[str]:
    if token in _GROUPS:
        return list(_GROUPS[token])
    if token.rstrip("s") in _GROUPS:
        return list(_GROUPS[token.rstrip("s")])
    return [name for name, words in _CLASS_WORDS.items() if token in words]


def _colour_of(token: str) -> str | None:
    if token in {"dark", "sombre", "fonce", "foncee"}:
        return "black"
    singular = token.rstrip("s")
    return _FEMININE.get(singular) or canonical_colour(token) or canonical_colour(singular)


def _colour_or_refuse(word: str) -> str:
    colour = _colour_of(_plain(word)) or canonical_colour(word)
    if colour is None:
        raise UsageProblem(
            f"“{word}” is not a colour of the palette.",
            hint="Known: black white grey red orange yellow green blue purple pink brown beige, or their French names.",
        )
    return colour


def _merged(first: tuple[str, ...], more: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *more)))


def _plain(text: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn")
