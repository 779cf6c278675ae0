# SPDX-License-Identifier: Apache-2.0
"""Verdicts: append-only, numbered, encrypted, and the last one counts."""

from __future__ import annotations

import pytest

from models.errors import Tampered, UnknownReference
from review.verdicts import Decision, all_verdicts, judge, latest, read_verdict
from tests.review.law.kit import SoundCase, open_session


def test_the_last_verdict_of_a_track_counts_and_all_are_kept(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        judge(session, "t-bbbbbbbbbbbb", Decision.VALIDATED, track_exists=lambda _: True)

        standing = {str(track): str(verdict.decision) for track, verdict in latest(session).items()}
        numbers = [verdict.number for verdict in all_verdicts(session)]

    assert standing == {
        "t-aaaaaaaaaaaa": "validated",
        "t-bbbbbbbbbbbb": "validated",
        "t-cccccccccccc": "doubtful",
    }
    assert numbers == [1, 2, 3, 4]


def test_a_track_that_the_index_lacks_cannot_be_judged(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        with pytest.raises(UnknownReference, match="no track “t-x”"):
            judge(session, "t-x", Decision.VALIDATED, track_exists=lambda _: False)

        assert len(all_verdicts(session)) == 3


def test_a_verdict_on_a_track_that_a_new_index_lacks_can_be_withdrawn_but_not_given_again(
    sound_case: SoundCase,
) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        judge(session, "t-aaaaaaaaaaaa", Decision.DOUBTFUL, track_exists=lambda _: False)
        with pytest.raises(UnknownReference, match="no track “t-aaaaaaaaaaaa”"):
            judge(session, "t-aaaaaaaaaaaa", Decision.VALIDATED, track_exists=lambda _: False)

        standing = {str(track): str(verdict.decision) for track, verdict in latest(session).items()}

    assert standing["t-aaaaaaaaaaaa"] == "doubtful"


def test_the_officers_note_stays_out_of_the_log(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        verdict = judge(session, "t-x", Decision.DOUBTFUL, note="plaque AB-123", track_exists=lambda _: True)

    assert verdict.note == "plaque AB-123"
    assert "AB-123" not in (sound_case.folder / "audit" / "log.jsonl").read_text()


def test_a_blob_that_is_no_verdict_is_named() -> None:
    with pytest.raises(Tampered, match=r"blobs/verdicts/000001\.json\.age is not a verdict"):
        read_verdict(b'{"number": 1}', name="verdicts/000001.json")
