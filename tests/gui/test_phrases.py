# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from gui.phrases import Phrases
from gui.words import Words
from review.desk_values import Problem
from review.hits import HitAttribute
from tests.gui.fakes import PALETTE, FakeDesk, make_hit

FRENCH = Phrases(Words("fr"), PALETTE)
ENGLISH = Phrases(Words("en"), PALETTE)


def test_corrected_and_displayed_time_appear_together() -> None:
    line = FRENCH.hit_line(make_hit(1))

    assert "02/03/2026 21:03:10" in line
    assert "affichée 19:59:58" in line


def test_a_card_tells_the_whole_list_of_makes_and_nothing_of_one_that_does_not_stand_out() -> None:
    make = HitAttribute(name="make", value="renault", score=0.41, model="own@1", alternatives=(("dacia", 0.2),))
    unknown = HitAttribute(name="make", value="unknown", score=0.0, model="own@1")
    hit = make_hit(1)

    with_list, without = (FRENCH.hit_line(replace(hit, attributes=(*hit.attributes, item))) for item in (make, unknown))

    assert "Renault 41\xa0% · Dacia 20\xa0%" in with_list
    assert without == FRENCH.hit_line(hit)


def test_without_an_established_clock_the_place_in_the_file_is_given() -> None:
    hit = make_hit(5, at=None)

    assert FRENCH.corrected(hit) == "à 0:15 du fichier"
    assert FRENCH.displayed(hit) == "horloge non établie"


def test_coverage_says_what_was_analysed_what_was_skipped_and_with_what() -> None:
    coverage = FakeDesk().coverage

    assert FRENCH.coverage(coverage) == (
        "9\u00a0h\u00a000 analysées sur 9\u00a0h\u00a000 · 5\u00a0h\u00a052 sans mouvement, non décodées · "
        "6/6 fichiers indexés · 412 objets indexés · 3 vérifiés · profil standard"
    )


@pytest.mark.parametrize(
    ("n_recordings", "n_indexed", "expected"),
    [(0, 0, "No recording was imported."), (3, 1, "2 recordings are not indexed yet"), (2, 2, "")],
)
def test_an_empty_result_warns_of_what_was_not_looked_at(n_recordings: int, n_indexed: int, expected: str) -> None:
    coverage = replace(FakeDesk().coverage, n_recordings=n_recordings, n_recordings_indexed=n_indexed)

    told = " ".join(ENGLISH.warnings(coverage))

    assert told.startswith(expected)
    assert bool(told) == bool(expected)


def test_an_unknown_value_is_said_to_be_undetermined() -> None:
    attribute = HitAttribute(name="colour", value="unknown", score=0.2, model="m@1", note="night or infrared")

    assert FRENCH.value(attribute) == "indéterminé"


def test_values_that_the_catalogue_lacks_are_shown_as_they_are() -> None:
    assert FRENCH.value(HitAttribute(name="make", value="Fiat", score=0.2, model="m@1")) == "Fiat"
    assert FRENCH.class_name("tram") == "tram"


def test_a_problem_is_told_in_the_windows_language_with_the_words_from_below_as_detail() -> None:
    problem = Problem(kind="NotAllowed", message="The empowerment expired.", hint="Renew it.")

    text = FRENCH.problem(problem)

    assert text.title == "Cet acte n’est pas permis."
    assert text.detail == "The empowerment expired. Renew it."
    assert text.needs_detail


def test_a_problem_of_an_unknown_kind_is_told_too() -> None:
    assert FRENCH.problem(Problem(kind="NewKind", message="x")).title == "L’acte n’a pas pu se faire."
