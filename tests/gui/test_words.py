# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import gui
from gui.presenters.filters import BAGS, CLASSES
from gui.presenters.hits import ORDERS
from gui.presenters.lane import ROWS
from gui.widgets.dialogs import KEYS
from gui.words import CATALOGUE, LANGUAGES, Words, language_for
from gui.words.main_page import TEXTS as MAIN_PAGE
from gui.words.problems import TEXTS as PROBLEMS
from gui.words.shared import TEXTS as SHARED
from gui.words.start_page import TEXTS as START_PAGE
from gui.words.synopsis import TEXTS as SYNOPSIS
from models import errors
from review.hits import DIRECTIONS, SIZES, SPEEDS, TimelineKind

SOURCES = sorted(path for path in Path(gui.__file__).parent.rglob("*.py") if "words" not in path.parts)
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
VERDICTS = ("validated", "rejected", "doubtful")
FAMILIES = {
    "class.": CLASSES,
    "bag.": (*BAGS, "none"),
    "verdict.": VERDICTS,
    "judge.": VERDICTS,
    "order.": ORDERS,
    "attribute.": (
        *(
            "class",
            "colour",
            "upper_colour",
            "lower_colour",
            "bag",
            "headgear",
            "make",
            "note",
            "correction",
            "accuracy",
            "movement",
        ),
    ),
    "headgear.": ("hat", "none"),
    "correction.by.": ("split", "merge"),
    "export.": tuple(
        f"{kind}{tail}" for kind in ("still", "clip", "synopsis") for tail in ("", ".why", ".where", ".name")
    ),
    "synopsis.": (
        *("wanted", "density", "split", "order", "arrangement", "never_overlaps", "keeps_still", "unmask", "forward"),
        "layers",
    ),
    "synopsis.order.": ("balanced", "chronological", "free"),
    "synopsis.arrangement.": ("side", "sequence"),
    "player.": ("first", "back", "step-back", "play", "step", "forward", "last", "box", "split"),
    "size.": SIZES,
    "speed.": SPEEDS,
    "direction.": DIRECTIONS,
    "reason.": ("no-colour", "few-pixels", "small", "no-make", "to-confirm"),
    "filter.": (
        *("purpose", "text", "time", "classes", "colours", "upper", "lower", "bags", "cameras", "from", "to", "makes"),
        *("sizes", "speeds", "directions"),
    ),
    "fault.": ("missing", "unreadable", "no-day", "before-from", "doubled", "skipped", "no-make"),
    "lane.row.": ROWS,
    "lane.kind.": (*TimelineKind, "judged"),
    "empty.": tuple(f"{page}.{part}" for page in ("begin", "searching") for part in ("title", "text")),
    "hits.": tuple(f"{name}.{form}" for name in VERDICTS for form in ("one", "many")),
}


def test_every_key_is_given_once() -> None:
    keys = [key for key, _, _ in (*SHARED, *START_PAGE, *MAIN_PAGE, *SYNOPSIS, *PROBLEMS)]

    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("key", sorted(set(CATALOGUE)))
def test_both_languages_say_something_with_the_same_blanks(key: str) -> None:
    french, english = CATALOGUE[key]

    blanks = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} for text in (french, english)
    ]

    assert french.strip() and english.strip()
    assert blanks[0] == blanks[1]


def test_every_text_that_the_window_asks_for_exists_and_none_is_left_over() -> None:
    asked = set(re.findall(r'(?:words|_words)\(\s*"([a-z][\w.-]+)"', SOURCE))
    asked |= {key for pair in re.findall(r'words\(\s*"([\w.-]+)" if [^"]+ else "([\w.-]+)"', SOURCE) for key in pair}
    asked |= {
        f"{key}.{form}"
        for key in re.findall(r'words\.count\(\s*["\']([\w.-]+)["\']', SOURCE)
        for form in ("one", "many")
    }
    asked |= set(re.findall(r'(?:notice = |notice=|key = |else )"([a-z]+\.[\w.-]+)"', SOURCE))
    asked |= set(re.findall(r', "((?:undo|unmask|keys|top)\.[\w.]+)"\)', SOURCE))
    asked |= {key for _, key in KEYS}
    asked |= {family + name for family, names in FAMILIES.items() for name in names}
    asked |= set(re.findall(r'"((?:verdict\.undone|correction\.)[\w.]*)"', SOURCE))
    asked |= {key for key in CATALOGUE if key.startswith("problem.")}
    asked -= {"empty.begin", "empty.searching", "problem.Other"}

    assert asked - set(CATALOGUE) == set()
    assert set(CATALOGUE) - asked == set()


def test_every_leaf_of_the_error_tree_is_told_in_the_users_words() -> None:
    branches = {"RelectureError", "InputProblem", "EnvironmentProblem"}

    missing = [name for name in errors.__all__ if name not in branches and f"problem.{name}.title" not in CATALOGUE]

    assert missing == []


def test_zero_is_singular_in_french_and_plural_in_english() -> None:
    assert Words("fr").count("hits.count", 0) == "0 proposition"
    assert Words("en").count("hits.count", 0) == "0 propositions"
    assert Words("fr").count("hits.count", 2) == "2 propositions"


def test_the_language_changes_while_the_window_runs() -> None:
    words = Words("fr")
    before = words("filter.search")

    words.language = "en"

    assert (before, words("filter.search")) == ("Rechercher", "Search")


@pytest.mark.parametrize(
    ("saved", "system", "expected"),
    [("", "C", "fr"), ("", "en_GB", "en"), ("", "fr_FR", "fr"), ("fr", "en_US", "fr"), ("en", "fr_FR", "en")],
)
def test_french_is_the_language_unless_person_or_system_says_english(saved: str, system: str, expected: str) -> None:
    assert language_for(saved=saved, system=system) == expected


def test_lengths_and_numbers_are_written_as_the_language_does() -> None:
    french, english = Words("fr"), Words("en")

    assert (french.percent(0.97), english.percent(0.97)) == ("97\u00a0%", "97%")
    assert [french.length(s) for s in (8, 720, 7500)] == ["8\u00a0s", "12\u00a0min", "2\u00a0h\u00a005"]
    assert len(LANGUAGES) == 2
