# SPDX-License-Identifier: Apache-2.0
"""What the procès-verbal says when documents are poor, and the words it uses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.findings import Finding, FindingKind
from indexer.records import CLASSES
from models.colour import COLOURS
from models.roles import Role
from review import bundle_content
from review.bundle_content import AnalysisFacts
from review.originals import Original
from review.report import french_day, french_moment
from review.report_words import french, french_method


def original(**document: object) -> Original:
    return Original(
        recording_id="r-1", path=Path("a.mp4"), sha256="0" * 64, size_bytes=5, camera="c", document=document
    )


def test_a_recording_without_clock_or_facts_says_so_instead_of_inventing() -> None:
    row = bundle_content._original_row(original())

    assert (row["displayed"], row["how_read"], row["format"]) == ("heure inconnue", "indéterminé", "—")
    assert original().span_utc() is None
    assert original(clock={}, facts={}).span_utc() is None


def test_findings_of_import_and_of_analysis_stand_together_under_their_file() -> None:
    finding = Finding(kind=FindingKind.MASKED_AREA, component="triage", detail="une horloge", count=3)
    facts = AnalysisFacts(
        profile="",
        configuration_sha256="",
        models=(),
        decoder="",
        n_tracks=0,
        coverage="",
        findings=(("r-1", finding), ("r-2", finding)),
    )
    probed = original(findings=[{"kind": "time_gap", "detail": "3 s", "count": 2}])

    rows = bundle_content._finding_rows([probed], facts)

    assert rows == [["a.mp4", "lacune temporelle", "2", "3 s"], ["a.mp4", "zone masquée", "3", "une horloge"]]


def test_coverage_is_told_in_french_when_its_figures_are_known() -> None:
    facts = AnalysisFacts(
        profile="fast",
        configuration_sha256="",
        models=(),
        decoder="",
        n_tracks=0,
        coverage="in words",
        analysed_s=7325.4,
        keyframes_only_s=61,
    )

    said = bundle_content._coverage(facts)

    assert said == (
        "2 h 02 min 05 s d’enregistrement analysées ; sur 1 min 01 s sans mouvement, "
        "seules les images clés ont été vues"
    )


@pytest.mark.parametrize("name", [*CLASSES, *COLOURS, *FindingKind, *Role])
def test_every_class_colour_and_finding_has_a_french_word(name: str) -> None:
    words = french(str(name))

    assert words != name or name in ("orange", "beige")


def test_a_method_without_french_words_is_shown_as_it_is() -> None:
    assert french_method("hand-drawn") == "hand-drawn"
    assert french_method("stream copy") == "copie du flux, sans réencodage"


def test_days_and_moments_are_written_as_in_france() -> None:
    assert french_day(datetime(2026, 12, 25, tzinfo=UTC)) == "25 décembre 2026"
    assert french_moment(None) == "heure inconnue"
    assert french_moment(datetime.fromisoformat("2026-03-02T21:00:00+01:00")) == "02/03/2026 21:00:00,000 UTC+01:00"
