# SPDX-License-Identifier: Apache-2.0
"""The requisition file and the scope lock."""

from __future__ import annotations

import itertools
import tomllib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadRequisition, OutOfScope
from review.legal import article_for, known_articles
from review.requisition import (
    TEMPLATE,
    Authorisation,
    CameraWindow,
    Scope,
    ScopeVerdict,
    parse_requisition,
    samples_requisition,
)
from tests.review.law.kit import WINDOW, requisition_text


def at(minutes: float) -> datetime:
    return WINDOW[0] + timedelta(minutes=minutes)


def test_a_complete_requisition_is_read_whole() -> None:
    requisition = parse_requisition(requisition_text())

    assert requisition.reference == "DEMO-2026-001"
    assert requisition.legal_basis.article == "60-1"
    assert requisition.authorisation is Authorisation.DEEMED
    assert requisition.scope.cameras == ("cam1", "cam2")
    assert requisition.scope.windows[0].start_utc == WINDOW[0]
    assert requisition.pieces == ("DEMO-PV-1",)


def test_everything_missing_is_named_in_one_line() -> None:
    with pytest.raises(BadRequisition) as caught:
        parse_requisition("format = 1\n")

    message = caught.value.message
    assert "\n" not in message
    for name in ("reference", "offence", "legal_basis", "issued", "obtained_by", "pieces", "authority", "camera"):
        assert f"{name} is missing" in message


def test_the_template_names_every_line_and_is_refused_until_it_is_filled_in() -> None:
    document = tomllib.loads(TEMPLATE)
    with pytest.raises(BadRequisition) as caught:
        parse_requisition(TEMPLATE)

    assert set(document) == set(tomllib.loads(requisition_text()))
    assert "is not known" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("this is not toml", "not a valid TOML file"),
        (requisition_text(legal_basis='"12-3"'), "“12-3” is not a legal basis"),
        (requisition_text(legal_basis='"77-1-1"'), "framework “flagrance” does not go with article 77-1-1"),
        (
            requisition_text(legal_basis='"77-1-1"', framework='"preliminaire"'),
            "cannot be deemed given under article 77-1-1",
        ),
        (requisition_text(issued="2029-01-01"), "not in force on 2029-01-01"),
        (requisition_text(issued='"yesterday"'), "issued must be a day"),
        (requisition_text(issued="2026-03-02T10:00:00Z"), "issued must be a day"),
        (requisition_text(state='"perhaps"'), "authorisation.state must be one of granted, deemed, contrary"),
        (requisition_text(state='"granted"'), "authorisation.reference is missing"),
        (requisition_text(reference="12"), "reference must be a text"),
        (requisition_text(pieces="[]"), "pieces is missing"),
        (requisition_text(pieces="[1]"), "pieces must be a list of texts"),
        (requisition_text(obtained_by='""'), "obtained_by is missing"),
        (requisition_text(to="2026-03-02T22:00:00"), "camera 1: to lacks its UTC offset"),
        (requisition_text(to="2026-03-02T19:00:00+00:00"), "camera 1: its window ends before it starts"),
        (requisition_text().replace("offence", "ofence"), "ofence is not known"),
        (requisition_text().replace("obtained_by", "expires = 2026-01-01\nobtained_by", 1), "expires lies before"),
        (requisition_text().replace("obtained_by", "purge_by = 2026-01-01\nobtained_by", 1), "purge_by lies before"),
    ],
)
def test_each_fault_is_told_in_the_users_words(text: str, said: str) -> None:
    with pytest.raises(BadRequisition) as caught:
        parse_requisition(text)

    assert said in caught.value.message
    assert caught.value.hint


def test_articles_are_data_with_bounds_and_both_wordings() -> None:
    numbers = {article.article for article in known_articles()}

    assert numbers == {"60-1", "77-1-1", "99-3", "74", "74-1"}
    assert all(article.wording_fr and article.wording_en for article in known_articles())
    assert all(article.valid_to < date(2029, 1, 1) for article in known_articles())
    assert article_for("99-3", date(2026, 3, 2)).framework == "commission rogatoire"


SCOPE = parse_requisition(requisition_text()).scope


@pytest.mark.parametrize(
    ("start", "end", "verdict", "spans"),
    [
        (at(0), at(120), ScopeVerdict.INSIDE, ((at(0), at(120)),)),
        (at(10), at(20), ScopeVerdict.INSIDE, ((at(10), at(20)),)),
        (at(-10), at(20), ScopeVerdict.PARTLY, ((at(0), at(20)),)),
        (at(100), at(130), ScopeVerdict.PARTLY, ((at(100), at(120)),)),
        (at(-10), at(130), ScopeVerdict.PARTLY, ((at(0), at(120)),)),
        (at(-10), at(0), ScopeVerdict.OUTSIDE, ()),
        (at(120), at(130), ScopeVerdict.OUTSIDE, ()),
    ],
)
def test_a_recording_is_held_against_the_half_open_window(
    start: datetime, end: datetime, verdict: ScopeVerdict, spans: tuple[tuple[datetime, datetime], ...]
) -> None:
    answer = SCOPE.covers("cam1", start, end)

    assert answer.verdict is verdict
    assert answer.spans_utc == spans
    assert answer.reason


def test_an_unknown_camera_is_out_of_scope_and_the_known_ones_are_named() -> None:
    with pytest.raises(OutOfScope, match="cam9") as caught:
        SCOPE.covers("cam9", at(0), at(1))

    assert caught.value.hint == "It names: cam1, cam2."


def test_a_recording_wholly_outside_is_refused_with_the_way_out() -> None:
    with pytest.raises(OutOfScope, match="outside the requisition") as caught:
        SCOPE.require("cam1", at(120), at(130))

    assert "complementary requisition" in caught.value.hint


def test_a_recording_without_a_clock_is_refused_with_the_way_out() -> None:
    with pytest.raises(OutOfScope, match="clock is unknown") as caught:
        SCOPE.require("cam1", None, None)

    assert "--start" in caught.value.hint


def test_times_under_another_utc_offset_are_the_same_instants() -> None:
    requisition = parse_requisition(requisition_text().replace("20:00:00+00:00", "21:00:00+01:00"))

    assert requisition.scope.windows[0].start_utc == WINDOW[0]


@given(
    windows=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=5),
    start=st.integers(-10, 100),
    length=st.integers(1, 60),
)
def test_allowed_spans_hold_exactly_the_instants_that_lie_in_the_recording_and_in_a_window(
    windows: list[tuple[int, int]], start: int, length: int
) -> None:
    scope = Scope(
        windows=tuple(
            CameraWindow(camera="c", place="", start_utc=at(first), end_utc=at(first + span)) for first, span in windows
        )
    )

    spans = scope.covers("c", at(start), at(start + length)).spans_utc

    allowed = {m for m in range(-20, 200) if any(a <= at(m + 0.5) < b for a, b in spans)}
    expected = {m for m in range(start, start + length) if any(a <= m < a + span for a, span in windows)}
    assert allowed == expected
    assert list(spans) == sorted(spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))


def test_the_samples_requisition_is_complete() -> None:
    text = samples_requisition([("gate", "North gate")], start=datetime(2026, 3, 2, 20, tzinfo=UTC), end=WINDOW[1])

    assert parse_requisition(text).scope.place_of("gate") == "North gate"
