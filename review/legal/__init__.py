# SPDX-License-Identifier: Apache-2.0
"""Legal texts as data: which article, in force from when to when, worded how. A lawyer corrects the file, not code."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from models.errors import BadRequisition, Defect

__all__ = ["Article", "Concept", "Norm", "article_for", "known_articles", "norm", "retention_years"]

ARTICLES_FILE: Final = "articles.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article as it stood in a period.

    Attributes:
        concept: What it allows, a name of ours that does not change when the code is renumbered.
        framework: Procedural framework that it belongs to.
        article: Its number.
        valid_from: First day in force.
        valid_to: Last day in force.
        wording_fr: How a French report cites it.
        wording_en: How an English report cites it.
        deemed_authorisation: True when the LRJ authorisation is deemed given unless decided otherwise.
    """

    concept: str
    framework: str
    article: str
    valid_from: date
    valid_to: date
    wording_fr: str
    wording_en: str
    deemed_authorisation: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A rule that is a figure or a reference, not a ground for a requisition."""

    name: str
    article: str
    wording_fr: str
    wording_en: str
    years: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """The least that a technical text asks of recordings: picture size and images a second."""

    name: str
    width_px: int
    height_px: int
    images_per_s: int
    wording_fr: str
    wording_en: str


@cache
def _document() -> tuple[str, tuple[Article, ...], tuple[Concept, ...], tuple[Norm, ...]]:
    content = resources.files(__package__).joinpath(ARTICLES_FILE).read_text(encoding="utf-8")
    try:
        document = tomllib.loads(content)
        articles = tuple(Article(**item) for item in document["article"])
        concepts = tuple(Concept(**item) for item in document["concept"])
        norms = tuple(Norm(**item) for item in document["norm"])
        return str(document["version"]), articles, concepts, norms
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as exc:
        raise Defect(f"review/legal/{ARTICLES_FILE} is malformed: {exc}.") from exc


def data_version() -> str:
    """Version of the data file, printed in reports."""
    return _document()[0]


def known_articles() -> tuple[Article, ...]:
    """Every article of the data file."""
    return _document()[1]


def concept(name: str) -> Concept:
    """The rule of that name.

    Raises:
        Defect: The data file lacks it.
    """
    for item in _document()[2]:
        if item.name == name:
            return item
    raise Defect(f"review/legal/{ARTICLES_FILE} lacks the concept {name}.")


def norm(name: str) -> Norm:
    """The technical norm of that name.

    Raises:
        Defect: The data file lacks it.
    """
    for item in _document()[3]:
        if item.name == name:
            return item
    raise Defect(f"review/legal/{ARTICLES_FILE} lacks the norm {name}.")


def retention_years() -> int:
    """Longest time that data may be kept, in years from the first import."""
    return concept("retention").years


def article_for(number: str, on: date) -> Article:
    """The article of that number as in force on a day.

    Raises:
        BadRequisition: No such ground, or not in force on that day.
    """
    same = [item for item in known_articles() if item.article == number]
    if not same:
        grounds = ", ".join(sorted({item.article for item in known_articles()}))
        raise BadRequisition(f"“{number}” is not a legal basis that Relecture knows.", hint=f"Known: {grounds}.")
    for item in same:
        if item.valid_from <= on <= item.valid_to:
            return item
    raise BadRequisition(
        f"Article {number} is not in force on {on.isoformat()}, by the legal data of version {data_version()}.",
        hint="Use the article in force on the day of issue; a newer Relecture may know the new numbering.",
    )
