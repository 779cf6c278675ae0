# SPDX-License-Identifier: Apache-2.0
"""Every text of the window, in French and in English, switched while it runs.

A frozen catalogue rather than ``.ts`` or ``.po`` files: both need a compile step that leaves binaries in the
repository, and a missing or unused text would only show on the screen. Here a test finds both. Terms of French law
(OPJ, réquisition, scellé, procès-verbal) stay French in both languages.
"""

from __future__ import annotations

from typing import Final, Literal

from gui.words.main_page import TEXTS as MAIN_PAGE
from gui.words.problems import TEXTS as PROBLEMS
from gui.words.shared import TEXTS as SHARED
from gui.words.start_page import TEXTS as START_PAGE
from gui.words.synopsis import TEXTS as SYNOPSIS

__all__ = ["CATALOGUE", "LANGUAGES", "Language", "Words", "language_for"]

Language = Literal["fr", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")

CATALOGUE: Final = {
    key: (french, english) for key, french, english in (*SHARED, *START_PAGE, *MAIN_PAGE, *SYNOPSIS, *PROBLEMS)
}
"""Key to (French, English)."""


def language_for(*, saved: str, system: str) -> Language:
    """The language to begin with: the one chosen last, else English for an English system, else French.

    >>> language_for(saved="", system="C"), language_for(saved="", system="en_GB")
    ('fr', 'en')
    """
    for language in LANGUAGES:
        if saved == language:
            return language
    return "en" if system.partition("_")[0] == "en" else "fr"


class Words:
    """The catalogue in one language; widgets keep the object and read again when its language was changed."""

    def __init__(self, language: Language = "fr") -> None:
        self.language: Language = language

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key with its blanks filled; an unknown key is our own bug and raises ``KeyError``."""
        text = CATALOGUE[key][LANGUAGES.index(self.language)]
        return text.format(**values) if values else text

    def count(self, key: str, n: int, /, **values: object) -> str:
        """Text of ``key.one`` or ``key.many``, with ``{n}`` filled: in French zero is singular."""
        is_one = n in (0, 1) if self.language == "fr" else n == 1
        return self(f"{key}.{'one' if is_one else 'many'}", n=self.number(n), **values)

    def number(self, value: float, *, decimals: int = 0) -> str:
        r"""A number as the language writes it.

        >>> Words("fr").number(12345.678, decimals=1), Words("en").number(12345.678, decimals=1)
        ('12\u202f345,7', '12,345.7')
        """
        text = f"{value:,.{decimals}f}"
        return text.replace(",", "\u202f").replace(".", ",") if self.language == "fr" else text

    def percent(self, unit: float) -> str:
        """A share of 0 to 1 in per cent."""
        return self.number(100 * unit) + ("\u00a0%" if self.language == "fr" else "%")

    def colour(self, french: str, english: str) -> str:
        """One of two names, by language."""
        return french if self.language == "fr" else english

    def length(self, seconds: float) -> str:
        """A length of time for a person: ``2 h 05``, ``12 min``, ``8 s``."""
        whole = round(seconds)
        if whole >= 3600:
            return f"{whole // 3600}\u00a0h\u00a0{whole % 3600 // 60:02d}"
        if whole >= 120:
            return f"{round(whole / 60)}\u00a0min"
        return f"{whole}\u00a0s"
