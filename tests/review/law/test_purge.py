# SPDX-License-Identifier: Apache-2.0
"""Crypto-erasure: keys and data go, originals and log stay, the certificate holds, a cut purge can be ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import AlreadyThere, CaseBusy, NotAllowed, WrongKey
from review import purge
from review.checks import Status
from review.purge import PurgeSummary, purge_case
from review.verification import verify_path
from tests.review.law.kit import PASSPHRASE, SoundCase, open_session

Flip = Callable[[Path, int], None]


def erase(case: SoundCase) -> PurgeSummary:
    return purge_case(case.folder, operator_id="martin", passphrase=PASSPHRASE, clock=case.clock)


def test_keys_and_data_are_gone_and_log_certificate_and_originals_remain(sound_case: SoundCase) -> None:
    originals = [path.read_bytes() for path in sound_case.originals]

    summary = erase(sound_case)

    names = {path.relative_to(sound_case.folder).as_posix() for path in sound_case.folder.rglob("*") if path.is_file()}
    assert names == {
        "case.json",
        "lock",
        "audit/log.jsonl",
        "audit/checkpoint",
        "purge-certificate.json",
        "purge-certificate.json.p7s",
        "purge-certificate.pdf",
    }
    assert (summary.n_keys, summary.n_blobs) == (1, 7)
    assert [path.read_bytes() for path in sound_case.originals] == originals
    assert summary.pdf.read_bytes().startswith(b"%PDF-")


def test_a_purged_case_cannot_be_opened_or_purged_again(sound_case: SoundCase) -> None:
    erase(sound_case)

    with pytest.raises(NotAllowed, match="was purged"):
        open_session(sound_case.folder, clock=sound_case.clock)
    with pytest.raises(AlreadyThere, match="purged before"):
        erase(sound_case)


def test_a_purged_case_still_verifies_by_its_log_and_certificate(sound_case: SoundCase) -> None:
    erase(sound_case)

    report = verify_path(sound_case.folder)

    assert report.is_sound
    assert [check.number for check in report.checks if check.status is Status.PASSED] == [1, 3, 4, 5, 11]


@pytest.mark.parametrize("name", ["purge-certificate.json", "purge-certificate.json.p7s", "purge-certificate.pdf"])
def test_check_11_an_altered_certificate(sound_case: SoundCase, flip: Flip, name: str) -> None:
    erase(sound_case)
    flip(sound_case.folder / name, 40)

    report = verify_path(sound_case.folder)

    assert report.check(11).status is Status.FAILED
    assert name in report.check(11).reason
    assert not report.is_sound


def test_check_11_a_certificate_removed(sound_case: SoundCase) -> None:
    erase(sound_case)
    (sound_case.folder / "purge-certificate.pdf").unlink()

    assert verify_path(sound_case.folder).check(11).reason == "purge-certificate.pdf is missing"


def test_check_2_a_key_put_back_after_a_purge(sound_case: SoundCase) -> None:
    path = sound_case.folder / "keys" / "martin.age"
    kept = path.read_bytes()
    erase(sound_case)
    path.write_bytes(kept)

    assert verify_path(sound_case.folder).check(2).status is Status.FAILED


def test_a_key_is_overwritten_before_it_is_removed(sound_case: SoundCase, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sound_case.folder / "keys" / "martin.age"
    before = path.read_bytes()
    seen = []
    true_unlink = Path.unlink

    def spy(self: Path, missing_ok: bool = False) -> None:
        if self == path:
            seen.append(self.read_bytes())
        true_unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", spy)
    erase(sound_case)

    assert len(seen) == 1 and len(seen[0]) == len(before)
    assert seen[0][:21] != before[:21]


def test_a_purge_that_a_crash_cut_short_is_ended_by_running_it_again(
    sound_case: SoundCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments: object, **_options: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(purge, "compile_pdf", crash)
        with pytest.raises(KeyboardInterrupt):
            erase(sound_case)
    assert not list((sound_case.folder / "keys").iterdir())

    summary = erase(sound_case)

    assert (summary.n_keys, summary.n_blobs) == (1, 7)
    assert verify_path(sound_case.folder).is_sound


def test_a_purge_waits_for_the_writer_and_for_the_right_passphrase(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock), pytest.raises(CaseBusy):
        erase(sound_case)
    with pytest.raises(WrongKey):
        purge_case(sound_case.folder, operator_id="martin", passphrase="wrong", clock=sound_case.clock)
    with pytest.raises(NotAllowed, match="not known to the audit log"):
        purge_case(sound_case.folder, operator_id="dupont", passphrase=PASSPHRASE, clock=sound_case.clock)

    assert verify_path(sound_case.folder, operator_id="martin", passphrase=PASSPHRASE).is_sound


def test_the_certificate_names_case_requisition_counts_and_root(sound_case: SoundCase) -> None:
    document = json.loads(erase(sound_case).certificate.read_text())

    assert document["requisition"] == "DEMO-2026-001"
    assert document["n_recordings"] == 2
    assert len(document["log_root"]) == 44
    assert "habilitation" in document["operator_mention"]
