# SPDX-License-Identifier: Apache-2.0
"""Every sentence that a finding can say has its French one, with the same figures."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from review.finding_words import french_sentence

ROOT = Path(__file__).parents[2]
PLACES = ("indexer", "review")
FIGURE, SHARE = "7", "7.5%"


def _texts(node: ast.expr) -> list[str]:
    """What a literal or f-string says, its figures replaced; one with a phrase put in is left to the corpus' tests."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if not isinstance(node, ast.JoinedStr):
        return []
    said = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            said += str(part.value)
            continue
        assert isinstance(part, ast.FormattedValue)
        if ast.unparse(part.value) == "consequence":
            return []
        is_share = part.format_spec is not None and "%" in ast.unparse(part.format_spec)
        said += SHARE if is_share else FIGURE
    return [said]


def _details() -> list[str]:
    details = []
    for place in PLACES:
        for file in sorted((ROOT / place).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name == "Finding":
                    details += [text for item in node.keywords if item.arg == "detail" for text in _texts(item.value)]
                elif name == "add" and len(node.args) > 1 and "FindingKind" in ast.unparse(node.args[0]):
                    details += _texts(node.args[1])
    return details


def test_the_scan_sees_the_sentences_of_the_code() -> None:
    assert len(_details()) >= 25


@pytest.mark.parametrize("detail", _details())
def test_every_sentence_of_the_code_has_a_french_one(detail: str) -> None:
    assert french_sentence(detail), detail


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (
            "0.06% of the picture changes on its own (a clock, a branch) and is not watched; it lies within "
            "x 240-274, y 28-44 px.",
            "0,06 % de l’image change de soi-même (horloge incrustée, branche) et n’est pas surveillé ; cette zone "
            "s’étend sur x 240-274, y 28-44 px.",
        ),
        (
            "No displayed start was given, so no time of day can be sworn to. Proposed, not applied: file name says "
            "2026-03-02 21:00:00; container says 2026-03-02T20:00:00Z.",
            "Aucune heure affichée au début n’a été saisie : aucune heure ne peut être attestée. Proposé, non "
            "appliqué : le nom du fichier indique 2026-03-02 21:00:00; le conteneur indique 2026-03-02T20:00:00Z.",
        ),
    ],
)
def test_the_figures_stay(detail: str, said: str) -> None:
    assert french_sentence(detail) == said


def test_a_sentence_that_nobody_foresaw_has_none() -> None:
    assert french_sentence("Something new.") is None
