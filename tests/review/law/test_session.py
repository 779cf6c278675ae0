# SPDX-License-Identifier: Apache-2.0
"""The door: rules before acts, records before bodies, one writer, and no write that the log does not name."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import (
    AlreadyThere,
    BadRequisition,
    CaseBusy,
    Defect,
    NotAllowed,
    OutOfScope,
    StoreProblem,
    Tampered,
    UnreadableInput,
    UsageProblem,
    WrongKey,
)
from review.audit.log import scan_log
from review.case_folder import create_case
from review.cases import case_card, deadline_warning, extend_case, grant_case, lock_case
from review.permissions import FAMILIES, purge_deadline
from review.requisition import parse_requisition
from review.session import CaseSession
from review.store import SealedStore
from tests.review.law.kit import (
    PASSPHRASE,
    FakeClock,
    SoundCase,
    add_recording,
    new_case,
    open_session,
    requisition_text,
)


@pytest.fixture
def case(tmp_path: Path, clock: FakeClock) -> Path:
    return new_case(tmp_path / "case", clock=clock)


def bodies(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line)["body"] for line in (folder / "audit" / "log.jsonl").read_text().splitlines()]


def test_the_intent_is_durable_before_the_body_runs(case: Path, clock: FakeClock) -> None:
    with (
        open_session(case, clock=clock) as session,
        session.act("search.run", purpose="voiture rouge", detail={"class": "car"}) as act,
    ):
        seen = bodies(case)[-1]
        act.result = {"hits": 2}

    assert seen["phase"] == "intent"
    assert (seen["act"], seen["purpose"], seen["detail"]) == ("search.run", "voiture rouge", {"class": "car"})
    assert seen["requisition"] == "DEMO-2026-001"
    assert seen["operator"]["matricule"] == "123456"  # type: ignore[index]
    assert bodies(case)[-1] == {
        "act": "search.run",
        "of": 1,
        "outcome": "done",
        "phase": "result",
        "result": {"hits": 2},
    }


def test_a_full_disk_refuses_the_lock_of_a_writer_and_holds_nothing(
    case: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(StoreProblem, match="No space left") as caught:
            open_session(case, clock=clock)

    assert "Free some space" in caught.value.hint
    open_session(case, clock=clock).close()


def test_a_body_that_fails_leaves_the_kind_of_error_and_not_its_text(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session, pytest.raises(OutOfScope), session.act("import.recording"):
        raise OutOfScope("a name that must not enter the log")

    assert bodies(case)[-1]["outcome"] == "failed"
    assert bodies(case)[-1]["error"] == "OutOfScope"
    assert "must not enter" not in (case / "audit" / "log.jsonl").read_text()


def test_an_interrupted_body_is_recorded_as_interrupted(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session, pytest.raises(KeyboardInterrupt), session.act("index.run"):
        raise KeyboardInterrupt

    assert bodies(case)[-1]["outcome"] == "interrupted"


def test_when_the_record_cannot_be_written_the_act_does_not_happen(
    case: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []

    def no_space(_descriptor: int, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    with open_session(case, clock=clock) as session:
        monkeypatch.setattr(os, "write", no_space)
        with pytest.raises(StoreProblem, match="No space left"), session.act("index.run"):
            ran.append("body")

    assert ran == []


@pytest.mark.parametrize("name", ["search.run", "similar.run", "unmask.view", "export.bundle"])
@pytest.mark.parametrize("purpose", ["", "  "])
def test_search_similarity_unmasking_and_export_need_a_purpose(
    case: Path, clock: FakeClock, name: str, purpose: str
) -> None:
    with (
        open_session(case, clock=clock) as session,
        pytest.raises(UsageProblem, match="needs a purpose"),
        session.act(name, purpose=purpose),
    ):
        pass

    assert bodies(case)[-1]["phase"] == "refused"


def test_an_act_outside_the_table_is_a_defect(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session, pytest.raises(Defect), session.act("face.search"):
        pass


def test_an_expired_empowerment_forbids_every_act(case: Path, clock: FakeClock) -> None:
    clock.utc = datetime(2028, 1, 5, tzinfo=UTC)
    with open_session(case, clock=clock) as session:
        for family in FAMILIES:
            with pytest.raises(NotAllowed, match="expired on 2027-12-31"), session.act(f"{family}.x", purpose="p"):
                pass


def test_a_clock_before_the_empowerment_forbids_every_act(case: Path, clock: FakeClock) -> None:
    clock.utc = datetime(2025, 12, 30, tzinfo=UTC)
    with (
        open_session(case, clock=clock) as session,
        pytest.raises(NotAllowed, match="starts on 2026-01-01"),
        session.act("index.run"),
    ):
        pass


def test_a_case_cannot_be_made_by_an_operator_whose_empowerment_expired(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(NotAllowed, match="expired on 2026-02-01"):
        new_case(tmp_path / "case", clock=clock, operator_id="expired")

    assert list(tmp_path.iterdir()) == []


def test_a_case_is_made_by_an_officer_not_by_a_magistrate(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(NotAllowed, match="OPJ or APJ"):
        new_case(tmp_path / "case", clock=clock, operator_id="juge")


def test_a_magistrate_may_look_and_lock_but_not_search(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session:
        grant_case(session, "juge")
    with open_session(case, clock=clock, operator_id="juge") as session:
        assert case_card(session).operators == ("juge", "martin")
        with pytest.raises(NotAllowed, match="is for an OPJ or APJ"), session.act("search.run", purpose="p"):
            pass
        lock_case(session, decision="TJ Reims 2026/33")


def test_a_contrary_decision_locks_all_but_showing_and_purging(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session:
        lock_case(session, decision="TJ Reims 2026/33")
    with open_session(case, clock=clock) as session:
        assert case_card(session).contrary_decision == "TJ Reims 2026/33"
        with pytest.raises(NotAllowed, match="TJ Reims 2026/33"), session.act("index.run"):
            pass


def test_a_requisition_that_carries_a_contrary_decision_locks_its_case(tmp_path: Path, clock: FakeClock) -> None:
    text = requisition_text(state='"contrary"').replace('reference = ""', 'reference = "D-9"')
    case = new_case(tmp_path / "case", clock=clock, text=text)

    with (
        open_session(case, clock=clock) as session,
        pytest.raises(NotAllowed, match="D-9"),
        session.act("import.recording"),
    ):
        pass


def test_an_expired_requisition_forbids_acts(tmp_path: Path, clock: FakeClock) -> None:
    text = requisition_text().replace("obtained_by", "expires = 2026-04-01\nobtained_by", 1)
    case = new_case(tmp_path / "case", clock=clock, text=text)
    clock.utc = datetime(2026, 4, 2, 12, tzinfo=UTC)

    with (
        open_session(case, clock=clock) as session,
        pytest.raises(NotAllowed, match="expired on 2026-04-01"),
        session.act("index.run"),
    ):
        pass


def test_a_requisition_that_lies_ahead_forbids_acts(tmp_path: Path, clock: FakeClock) -> None:
    case = new_case(tmp_path / "case", clock=clock, text=requisition_text(issued="2026-06-01"))

    with (
        open_session(case, clock=clock) as session,
        pytest.raises(NotAllowed, match="lies ahead"),
        session.act("index.run"),
    ):
        pass


def test_past_the_purge_deadline_only_showing_and_purging_remain(sound_case: SoundCase) -> None:
    text = requisition_text().replace("obtained_by", "purge_by = 2026-06-01\nobtained_by", 1)
    case = new_case(sound_case.folder.with_name("second"), clock=sound_case.clock, text=text)
    sound_case.clock.utc = datetime(2026, 6, 2, 12, tzinfo=UTC)

    with open_session(case, clock=sound_case.clock) as session:
        with pytest.raises(NotAllowed, match="had to be erased by 2026-06-01"), session.act("index.run"):
            pass
        assert case_card(session).days_left == -1


def test_the_purge_clock_starts_at_the_first_import_and_later_ones_do_not_reset_it(
    tmp_path: Path, case: Path, clock: FakeClock
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"a")
    with open_session(case, clock=clock) as session:
        assert case_card(session).purge_deadline is None
        add_recording(session, path)
        clock.utc += timedelta(days=200)
        path.write_bytes(b"b")
        add_recording(session, path)

        assert str(case_card(session).purge_deadline) == "2029-03-05"


def test_three_years_from_29_february_end_on_28_february() -> None:
    first = datetime(2024, 2, 29, 12, tzinfo=UTC)

    assert str(purge_deadline(parse_requisition(requisition_text()), first)) == "2027-02-28"


def test_one_writer_at_a_time_and_the_second_is_told_who(case: Path, clock: FakeClock) -> None:
    with (
        open_session(case, clock=clock),
        pytest.raises(CaseBusy, match=rf"process {os.getpid()}, operator martin, since 2026-03-05T09:00"),
    ):
        open_session(case, clock=clock)

    with open_session(case, clock=clock) as session:
        assert session.is_writer


def test_readers_act_beside_a_writer_and_one_chain_results(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as writer, open_session(case, clock=clock, writing=False) as reader:
        with writer.act("index.run"), reader.act("search.run", purpose="p"):
            pass
        with reader.act("search.run", purpose="p"):
            pass

    assert scan_log((case / "audit" / "log.jsonl").read_bytes()).problem is None


def test_the_lock_ends_with_the_process_that_held_it(case: Path, clock: FakeClock, home: Path) -> None:
    script = (
        "import os\nfrom pathlib import Path\nfrom review.session import CaseSession\n"
        f"CaseSession.open(Path({str(case)!r}), operator_id='martin', passphrase={PASSPHRASE!r})\n"
        "print('open', flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "RELECTURE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "open\n"

    with open_session(case, clock=clock) as session:
        assert session.is_writer


def test_a_blob_is_announced_with_its_digest_before_it_is_written(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session, session.act("index.run") as act:
        session.store.write("segments/r-1/0000.seg", b"{}\n")
        record = bodies(case)[-1]

    assert (record["act"], record["of"], record["blob"]) == ("blob.write", act.seq, "segments/r-1/0000.seg")


def test_a_write_outside_an_act_or_by_a_reader_is_a_defect(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session, pytest.raises(Defect, match="outside an act"):
        session.store.write("x", b"")
    with (
        open_session(case, clock=clock, writing=False) as session,
        session.act("index.run"),
        pytest.raises(Defect, match="opened for reading"),
    ):
        session.store.write("x", b"")


def test_a_blob_written_by_a_worker_thread_belongs_to_the_running_act(case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session, session.act("index.run") as act:
        thread = threading.Thread(target=lambda: session.store.write("x", b"content"))
        thread.start()
        thread.join()

    assert [body["of"] for body in bodies(case) if body["act"] == "blob.write"] == [act.seq]


def test_a_wrong_or_missing_passphrase_is_told_apart_from_damage(case: Path, clock: FakeClock) -> None:
    with pytest.raises(WrongKey, match="does not open"):
        CaseSession.open(case, operator_id="martin", passphrase="wrong", clock=clock)
    with pytest.raises(WrongKey, match="is needed"):
        CaseSession.open(case, operator_id="martin", passphrase=None, clock=clock)


def test_an_operator_to_whom_the_case_was_not_opened_is_refused_until_it_is(case: Path, clock: FakeClock) -> None:
    with pytest.raises(NotAllowed, match="not opened to operator “dupont”"):
        open_session(case, clock=clock, operator_id="dupont")

    with open_session(case, clock=clock) as session:
        grant_case(session, "dupont")
        with pytest.raises(AlreadyThere):
            grant_case(session, "dupont")

    with open_session(case, clock=clock, operator_id="dupont") as session, session.act("index.run"):
        pass


def test_a_key_file_copied_to_another_operators_name_opens_nothing(case: Path, clock: FakeClock) -> None:
    (case / "keys" / "dupont.age").write_bytes((case / "keys" / "martin.age").read_bytes())

    with pytest.raises(Tampered, match=r"keys/dupont\.age is damaged"):
        open_session(case, clock=clock, operator_id="dupont")


def test_a_complementary_requisition_adds_its_windows_and_survives_reopening(case: Path, clock: FakeClock) -> None:
    text = requisition_text().replace('"cam2"', '"cam7"')
    with open_session(case, clock=clock) as session:
        extend_case(session, text)
        with pytest.raises(BadRequisition, match="has this requisition already"):
            extend_case(session, text)
    with open_session(case, clock=clock) as session:
        assert session.requisition.scope.cameras == ("cam1", "cam2", "cam7")


def test_a_requisition_swapped_on_the_disk_keeps_the_case_shut(tmp_path: Path, case: Path, clock: FakeClock) -> None:
    with open_session(case, clock=clock) as session:
        store = SealedStore(case / "blobs", session.identity)
    store.write("requisition/0001.toml", requisition_text().replace("cam2", "cam9").encode())

    with pytest.raises(Tampered, match="is not the requisition that the log names"):
        open_session(case, clock=clock)


def test_a_folder_that_is_no_case_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(UnreadableInput, match="is not a case"):
        open_session(tmp_path, clock=clock)


def test_a_case_is_never_made_over_something(case: Path, clock: FakeClock) -> None:
    with pytest.raises(AlreadyThere):
        new_case(case, clock=clock)


def test_a_bad_requisition_leaves_no_folder(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(BadRequisition):
        create_case(tmp_path / "c", "", operator_id="martin", passphrase=PASSPHRASE, clock=clock)

    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_case_can_be_read_without_its_key(sound_case: SoundCase) -> None:
    secrets = ["Place d", "Camille Exemple", "faits imaginaires", "vu à l", "gare_nord", "rows and vectors"]
    content = b"".join(path.read_bytes() for path in sorted(sound_case.folder.rglob("*")) if path.is_file()).decode(
        "utf-8", "replace"
    )

    assert [secret for secret in secrets if secret in content] == []


NAMES = sorted(FAMILIES)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "p"]), st.integers(-400, 900), st.booleans()),
        max_size=8,
    )
)
def test_whatever_is_tried_a_body_runs_only_under_its_own_durable_intent(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int, bool]]
) -> None:
    """Requisition rules as a state machine: dates, purposes, failures and a lock, in any order."""
    clock = FakeClock()
    case = new_case(tmp_path_factory.mktemp("case") / "c", clock=clock)
    with open_session(case, clock=clock) as session:
        for family, purpose, days, fails in steps:
            clock.utc = datetime(2026, 3, 5, 12, tzinfo=UTC) + timedelta(days=days)
            ran = False
            try:
                with session.act(f"{family}.x", purpose=purpose) as act:
                    ran = True
                    last = bodies(case)[-1]
                    assert (last["act"], last["phase"]) == (f"{family}.x", "intent")
                    if family == "lock":
                        act.result = {"decision": "D"}
                    if fails:
                        raise OutOfScope("x")
            except (NotAllowed, UsageProblem):
                assert not ran
                assert bodies(case)[-1]["phase"] == "refused"
                continue
            except OutOfScope:
                pass
            assert bodies(case)[-1]["phase"] == "result"
            assert clock.utc.date() <= datetime(2027, 12, 31, tzinfo=UTC).date()
            assert clock.utc.date() >= datetime(2026, 1, 1, tzinfo=UTC).date()
    assert scan_log((case / "audit" / "log.jsonl").read_bytes()).problem is None


@pytest.mark.parametrize(
    ("days", "said"), [(-91, ""), (-90, "90 days left"), (-7, "7 days left"), (1, "had to be erased")]
)
def test_the_deadline_is_announced_from_ninety_days_on(tmp_path: Path, clock: FakeClock, days: int, said: str) -> None:
    text = requisition_text().replace("obtained_by", "purge_by = 2027-06-01\nobtained_by", 1)
    case = new_case(tmp_path / "case", clock=clock, text=text)
    clock.utc = datetime(2027, 6, 1, 12, tzinfo=UTC) + timedelta(days=days)

    with open_session(case, clock=clock) as session:
        warning = deadline_warning(session)

    assert said in warning if said else warning == ""
