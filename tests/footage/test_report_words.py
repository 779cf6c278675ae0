# SPDX-License-Identifier: Apache-2.0
"""French of what a report says of an object: makes are never one answer, what is unknown comes with its reason."""

from __future__ import annotations

from review.hits import HitAttribute, MadeBy
from review.report_words import french_attribute, french_correction


def test_a_make_is_printed_as_its_ranked_list_to_be_confirmed() -> None:
    make = HitAttribute(
        name="make",
        value="renault",
        score=0.41,
        model="own@1",
        alternatives=(("peugeot", 0.3),),
        note="to be confirmed",
    )

    assert french_attribute(make, model="own@1") == "marque à confirmer : renault 41% ou peugeot 30% (own@1)"


def test_a_colour_at_night_is_printed_with_the_reason() -> None:
    night = HitAttribute(
        name="upper_colour",
        value="unknown",
        score=0.0,
        model="m@1",
        note="the picture carries no colour (night, infrared or thermal)",
    )

    assert french_attribute(night) == (
        "couleur du haut indéterminée (l’image ne porte pas de couleur : nuit, infrarouge ou thermique)"
    )


def test_a_merge_names_both_tracks() -> None:
    assert (
        french_correction(MadeBy(number=4, kind="merge", track_ids=("t-1", "t-2"))) == "réunion n° 4 de t-1 et de t-2"
    )
