# SPDX-License-Identifier: Apache-2.0
"""One damaged case per numbered check, each one change away from a sound one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from models.errors import UnreadableInput
from review.audit.log import scan_log
from review.audit.record import make_line
from review.checks import Report, Status
from review.seal import LogKey, encrypt_to
from review.store import SealedStore
from review.verification import verify_path
from tests.review.law.kit import PASSPHRASE, SoundCase, add_recording, new_case, new_operator, open_session

Flip = Callable[[Path, int], None]


def verify(case: SoundCase, *, passphrase: str | None = PASSPHRASE) -> Report:
    return verify_path(case.folder, operator_id="martin", passphrase=passphrase)


def failures(report: Report) -> dict[int, str]:
    return {check.number: check.reason for check in report.checks if check.status is Status.FAILED}


def test_a_sound_case_passes_every_required_check(sound_case: SoundCase) -> None:
    report = verify(sound_case)

    assert report.is_sound
    assert [check.status for check in report.checks] == [Status.PASSED] * 10 + [Status.NOT_RUN, Status.PASSED]


def test_verifying_changes_no_file(sound_case: SoundCase) -> None:
    before = {path: path.read_bytes() for path in sound_case.folder.rglob("*") if path.is_file()}

    verify(sound_case)

    assert {path: path.read_bytes() for path in sound_case.folder.rglob("*") if path.is_file()} == before


def test_without_a_passphrase_the_key_checks_are_not_run_and_the_case_is_not_called_sound(
    sound_case: SoundCase,
) -> None:
    report = verify(sound_case, passphrase=None)

    assert not report.is_sound
    assert [check.number for check in report.checks if check.status is Status.PASSED] == [1, 3, 4, 5]
    assert {check.number for check in report.checks if check.status is Status.NOT_RUN} == {2, 6, 7, 8, 9, 10, 11, 12}
    assert "passphrase" in report.check(2).reason


def test_check_1_header_altered(sound_case: SoundCase) -> None:
    path = sound_case.folder / "case.json"
    path.write_text(path.read_text().replace("2026-03-05", "2026-03-04"))

    problems = failures(verify(sound_case))

    assert set(problems) == {1}
    assert "case.json" in problems[1]


def test_check_2_key_file_altered(sound_case: SoundCase, flip: Flip) -> None:
    flip(sound_case.folder / "keys" / "martin.age", -1)

    report = verify(sound_case)

    assert failures(report) == {2: "keys/martin.age is damaged."}
    assert report.check(7).status is Status.NOT_RUN


def test_check_3_one_byte_of_the_log_altered(sound_case: SoundCase) -> None:
    path = sound_case.folder / "audit" / "log.jsonl"
    content = path.read_bytes()
    assert content.count(b"voiture rouge") == 1
    path.write_bytes(content.replace(b"voiture rouge", b"voiture rougf"))

    problems = failures(verify(sound_case))

    assert "audit/log.jsonl" in problems[3]


def test_check_4_a_record_signed_by_a_stranger(sound_case: SoundCase) -> None:
    path = sound_case.folder / "audit" / "log.jsonl"
    last = scan_log(path.read_bytes()).records[-1]
    line = make_line(
        seq=last.seq + 1, prev=last.digest, moment=last.moment, key=LogKey.generate(), body={"act": "search.run"}
    )
    path.write_bytes(path.read_bytes() + line + b"\n")

    problems = failures(verify(sound_case))

    assert set(problems) == {4}
    assert f"record {last.seq + 1}" in problems[4]


def test_check_5_last_record_removed(sound_case: SoundCase) -> None:
    path = sound_case.folder / "audit" / "log.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    problems = failures(verify(sound_case))

    assert set(problems) == {5}
    assert "audit/log.jsonl" in problems[5]


def test_check_5_checkpoint_removed(sound_case: SoundCase) -> None:
    (sound_case.folder / "audit" / "checkpoint").unlink()

    assert "audit/checkpoint is missing" in failures(verify(sound_case))[5]


def test_check_6_one_byte_of_an_original_altered(sound_case: SoundCase, flip: Flip) -> None:
    flip(sound_case.originals[1], 2500)

    problems = failures(verify(sound_case))

    assert set(problems) == {6}
    assert "gambetta.mp4" in problems[6] and "gare_nord" not in problems[6]


def test_check_6_original_missing(sound_case: SoundCase) -> None:
    sound_case.originals[0].unlink()

    assert "gare_nord.mp4 is missing" in failures(verify(sound_case))[6]


def test_check_6_original_grown(sound_case: SoundCase) -> None:
    with sound_case.originals[0].open("ab") as file:
        file.write(b"x")

    assert "5001 bytes, 5000 at import" in failures(verify(sound_case))[6]


def test_check_7_one_byte_of_a_stored_file_altered(sound_case: SoundCase, flip: Flip) -> None:
    flip(sound_case.folder / "blobs" / f"{sound_case.segment}.age", -1)

    problems = failures(verify(sound_case))

    assert set(problems) == {7}
    assert sound_case.segment in problems[7]


def test_check_7_two_stored_files_swapped(sound_case: SoundCase) -> None:
    first, second = (sound_case.folder / "blobs" / "verdicts" / f"00000{n}.json.age" for n in (1, 2))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)

    problems = failures(verify(sound_case))

    assert "verdicts/000001.json.age holds another blob" in problems[7]


def test_check_7_a_stored_file_forged_with_the_public_recipient(sound_case: SoundCase) -> None:
    recipient = json.loads((sound_case.folder / "case.json").read_text())["recipient"]
    name = "verdicts/000001.json"
    plain = b"relecture-blob-v1\n" + name.encode() + b"\n" + b"0" * 64 + b"\n{}"
    (sound_case.folder / "blobs" / f"{name}.age").write_bytes(encrypt_to(plain, (recipient,)))

    assert "was not written with the key of this case" in failures(verify(sound_case))[7]


def test_check_7_a_file_that_is_no_stored_file(sound_case: SoundCase) -> None:
    (sound_case.folder / "blobs" / "notes.txt").write_text("x")

    assert "blobs/notes.txt does not belong there" in failures(verify(sound_case))[7]


def test_check_8_a_stored_file_removed(sound_case: SoundCase) -> None:
    (sound_case.folder / "blobs" / f"{sound_case.segment}.age").unlink()

    problems = failures(verify(sound_case))

    assert problems == {8: f"blobs/{sound_case.segment}.age: it is missing."}


def test_check_8_an_older_version_put_back(sound_case: SoundCase) -> None:
    path = sound_case.folder / "blobs" / "settings.json.age"
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        with session.act("index.run"):
            session.store.write("settings.json", b"old")
        old = path.read_bytes()
        with session.act("index.run"):
            session.store.write("settings.json", b"new")
    assert verify(sound_case).is_sound
    path.write_bytes(old)

    problems = failures(verify(sound_case))

    assert set(problems) == {8}
    assert "settings.json.age: it is not the content that the log names" in problems[8]


def test_check_8_a_segment_whose_header_names_another_digest(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("index.run"):
        session.store.write("segments/r-1/0009.seg", b'{"content_sha256": "00"}\nrows')

    problems = failures(verify(sound_case))

    assert set(problems) == {8}
    assert "segments/r-1/0009.seg.age: its header does not name the digest" in problems[8]


def test_check_8_a_stored_file_copied_in_from_nowhere(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        SealedStore(session.store.folder, session.identity).write("verdicts/000004.json", b"{}")

    assert "verdicts/000004.json.age: it was never written, by the log" in failures(verify(sound_case))[8]


def test_check_9_a_verdict_that_says_something_else_than_the_log(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("verdict.add"):
        document = json.loads(session.store.read("verdicts/000001.json"))
        session.store.write("verdicts/000001.json", json.dumps({**document, "decision": "rejected"}).encode())

    problems = failures(verify(sound_case))

    assert problems == {9: "blobs/verdicts/000001.json.age does not say what the log says."}


def test_check_9_the_last_verdict_removed(sound_case: SoundCase) -> None:
    (sound_case.folder / "blobs" / "verdicts" / "000003.json.age").unlink()

    assert failures(verify(sound_case))[9] == "blobs/verdicts/000003.json.age is missing."


def test_check_10_a_recording_of_a_camera_that_the_requisition_does_not_name(sound_case: SoundCase) -> None:
    stray = sound_case.originals[0].with_name("stray.mp4")
    stray.write_bytes(b"stray")
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        add_recording(session, stray, camera="cam9")

    problems = failures(verify(sound_case))

    assert set(problems) == {10}
    assert "stray.mp4 (cam9)" in problems[10]


def test_check_10_a_recording_of_another_hour(sound_case: SoundCase) -> None:
    late = sound_case.originals[0].with_name("late.mp4")
    late.write_bytes(b"late")
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        add_recording(session, late, displayed_start="2026-03-02T22:00:00+01:00")

    problems = failures(verify(sound_case))

    assert set(problems) == {10}
    assert "late.mp4 is outside the requisition" in problems[10]


def test_an_act_that_a_crash_left_unfinished_is_told_and_is_no_failure(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        session.log.append({"act": "index.run", "phase": "intent"})
        session.log.checkpoint()

    report = verify(sound_case)

    assert report.is_sound
    assert "acts without a result: index.run" in report.check(3).reason


def test_a_step_of_the_clock_is_told(sound_case: SoundCase) -> None:
    sound_case.clock.utc -= timedelta(days=3)
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("index.run"):
        pass

    assert "the clock was set: -259200.0 s after record" in verify(sound_case).check(3).reason


def test_a_checkpoint_kept_elsewhere_convicts_a_log_rolled_back_with_its_checkpoint(sound_case: SoundCase) -> None:
    audit = sound_case.folder / "audit"
    old = {path: path.read_bytes() for path in (audit / "log.jsonl", audit / "checkpoint")}
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("index.run"):
        pass
    kept = (audit / "checkpoint").read_bytes()
    for path, content in old.items():
        path.write_bytes(content)
    assert verify(sound_case).is_sound

    report = verify_path(sound_case.folder, operator_id="martin", passphrase=PASSPHRASE, witnesses=(kept,))

    assert "against the checkpoint kept elsewhere" in failures(report)[5]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_that_is_neither_case_nor_bundle_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(UnreadableInput):
        verify_path(tmp_path / name)


def test_a_missing_log_fails_and_stops_nothing_else(sound_case: SoundCase) -> None:
    (sound_case.folder / "audit" / "log.jsonl").unlink()

    report = verify(sound_case)

    assert set(failures(report)) >= {1, 3}
    assert [report.check(number).status for number in (4, 5)] == [Status.NOT_RUN] * 2
    assert report.check(6).status is Status.PASSED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is damaged"),
        (b"{}", "is damaged"),
        (b'{"format": 9}', "is of format 9"),
        (
            b'{"format": 1, "case": "x", "created_utc": "", "origin": "relecture/x", "recipient": ""}',
            "is damaged",
        ),
    ],
)
def test_check_1_a_header_that_cannot_be_read(sound_case: SoundCase, content: bytes, said: str) -> None:
    (sound_case.folder / "case.json").write_bytes(content)

    report = verify(sound_case)

    assert said in report.check(1).reason
    assert report.check(2).status is Status.NOT_RUN


def test_check_2_the_key_of_another_case(sound_case: SoundCase, tmp_path: Path) -> None:
    other = new_case(tmp_path / "other", clock=sound_case.clock)
    (sound_case.folder / "keys" / "martin.age").write_bytes((other / "keys" / "martin.age").read_bytes())

    assert failures(verify(sound_case))[2] == "keys/martin.age holds the key of another case."


def test_check_4_a_log_that_gives_an_operator_of_this_workstation_another_key(
    sound_case: SoundCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path / "elsewhere"))
    assert "martin (not known on this workstation)" in verify(sound_case, passphrase=None).check(4).reason
    new_operator("martin")

    report = verify(sound_case, passphrase=None)

    assert failures(report) == {4: "audit/log.jsonl: record 0 gives “martin” another key."}


def test_a_broken_chain_leaves_the_signatures_not_run(sound_case: SoundCase) -> None:
    path = sound_case.folder / "audit" / "log.jsonl"
    path.write_bytes(path.read_bytes() + b"{}\n")

    assert verify(sound_case).check(4).status is Status.NOT_RUN


def test_a_torn_tail_that_was_set_aside_is_told(sound_case: SoundCase) -> None:
    with (sound_case.folder / "audit" / "log.jsonl").open("ab") as file:
        file.write(b'{"body"')
    with open_session(sound_case.folder, clock=sound_case.clock):
        pass

    report = verify(sound_case)

    assert report.is_sound
    assert "1 torn tails of a crash set aside" in report.check(3).reason


def test_check_9_a_gap_and_a_misnumbered_verdict(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("verdict.add"):
        document = json.loads(session.store.read("verdicts/000003.json"))
        session.store.write("verdicts/000003.json", json.dumps({**document, "number": 8}).encode())

    assert "000003.json.age holds verdict 8" in failures(verify(sound_case))[9]
    (sound_case.folder / "blobs" / "verdicts" / "000001.json.age").unlink()
    assert failures(verify(sound_case))[9] == "blobs/verdicts/000001.json.age is missing."


def test_check_8_a_segment_without_a_header(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("index.run"):
        session.store.write("segments/r-1/0001.seg", b"not json\nrows")

    assert "segments/r-1/0001.seg.age" in failures(verify(sound_case))[8]


def test_a_recording_that_is_none_is_named_where_it_is_needed(sound_case: SoundCase) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("import.recording"):
        session.store.write("recordings/r-x.json", b"[]")

    problems = failures(verify(sound_case))

    assert set(problems) == {6, 10}
    assert "blobs/recordings/r-x.json.age is not a recording" in problems[6]


def test_check_6_an_original_that_became_a_folder(sound_case: SoundCase) -> None:
    size = sound_case.originals[0].stat().st_size
    sound_case.originals[0].unlink()
    sound_case.originals[0].mkdir()

    reason = failures(verify(sound_case))[6]

    assert "gare_nord.mp4" in reason
    assert size == 5000


def test_a_writer_at_work_raises_no_alarm(sound_case: SoundCase, monkeypatch: pytest.MonkeyPatch) -> None:
    true_names = SealedStore.names
    with open_session(sound_case.folder, clock=sound_case.clock) as session, session.act("index.run"):

        def names_while_something_is_written(store: SealedStore, prefix: str) -> tuple[str, ...]:
            if prefix == "" and not session.store.exists("late.json"):
                session.store.write("late.json", b"{}")
            return true_names(store, prefix)

        monkeypatch.setattr(SealedStore, "names", names_while_something_is_written)
        report = verify(sound_case)

    assert failures(report) == {}
    assert session.store.exists("late.json")
