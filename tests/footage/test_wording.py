# SPDX-License-Identifier: Apache-2.0
"""Words of an officer become filters that can be seen; what names none is said."""

from __future__ import annotations

import pytest

from models.errors import UsageProblem
from review.hits import Query
from review.wording import class_names, colour_names, make_names, with_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red hatchback", Query(classes=("car",), colours=("red",))),
        ("voiture rouge", Query(classes=("car",), colours=("red",))),
        ("voitures grises", Query(classes=("car",), colours=("grey",))),
        ("veste noire sac à dos", Query(classes=("person",), upper=("black",), bags=("backpack",))),
        ("dark jacket", Query(classes=("person",), upper=("black",))),
        ("personne veste rouge pantalon bleu", Query(classes=("person",), upper=("red",), lower=("blue",))),
        ("man in blue jeans", Query(classes=("person",), lower=("blue",))),
        ("vélo", Query(classes=("bicycle",))),
        ("camionnette blanche", Query(classes=("van",), colours=("white",))),
        ("véhicule vert", Query(classes=("car", "van", "truck", "bus", "motorcycle"), colours=("green",))),
        ("deux-roues", Query(classes=("bicycle", "motorcycle"))),
        ("valise", Query(classes=("person",), bags=("suitcase",))),
        ("piéton avec sac à main", Query(classes=("person",), bags=("handbag",))),
        ("rouge", Query(colours=("red",))),
        ("Citroën noire", Query(classes=("car", "van", "truck", "bus"), makes=("citroen",), colours=("black",))),
        ("voiture alfa romeo rouge", Query(classes=("car",), makes=("alfa-romeo",), colours=("red",))),
    ],
)
def test_a_phrase_names_the_filters_that_it_says(text: str, expected: Query) -> None:
    query, _ = with_words(Query(), text)

    assert query == Query(
        **{name: getattr(expected, name) for name in ("classes", "colours", "upper", "lower", "makes", "bags")},
        text=text,
    )


def test_words_add_to_the_filters_that_are_there() -> None:
    query, ignored = with_words(Query(classes=("van",), colours=("white",)), "fourgon rouge")

    assert (query.classes, query.colours, ignored) == (("van",), ("white", "red"), ())


def test_an_empty_text_changes_nothing() -> None:
    assert with_words(Query(upper=("red",)), "  ") == (Query(upper=("red",)), ())


def test_what_names_no_filter_is_given_back_and_nothing_is_guessed() -> None:
    query, ignored = with_words(Query(), "suspect barbu")

    assert ignored == ("suspect", "barbu")
    assert query == Query(text="suspect barbu")


@pytest.mark.parametrize(
    ("word", "name"), [("Rouge", "red"), ("blanche", "white"), ("gris", "grey"), ("black", "black")]
)
def test_a_colour_reads_in_both_languages(word: str, name: str) -> None:
    assert colour_names((word,)) == (name,)


@pytest.mark.parametrize(("word", "names"), [("voiture", ("car",)), ("Piéton", ("person",)), ("bus", ("bus",))])
def test_a_class_reads_in_both_languages(word: str, names: tuple[str, ...]) -> None:
    assert class_names((word, word)) == names


def test_what_is_no_colour_or_class_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageProblem, match="not a colour") as colour:
        colour_names(("fuschia-ish",))
    with pytest.raises(UsageProblem, match="not a make of vehicle"):
        make_names(("renault", "zorglub"))
    with pytest.raises(UsageProblem, match="not a class") as kind:
        class_names(("avion",))

    assert "red" in colour.value.hint and "bicycle" in kind.value.hint
