# SPDX-License-Identifier: Apache-2.0
"""The audit log under every edit, under crashes and under several writers; the verifier is attacked, not only used."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import rfc8785

from models.errors import AlreadyThere, Defect, NotAllowed, StoreProblem, Tampered
from review.audit.log import AuditLog, scan_log
from review.audit.record import key_id, make_line
from review.audit.verifier import verify_log
from review.seal import LogKey
from tests.review.law.kit import FakeClock

OPERATOR, WORKSTATION, STRANGER = LogKey(b"\1" * 32), LogKey(b"\2" * 32), LogKey(b"\3" * 32)
ORIGIN = "relecture/c-0123456789abcdef"


def operator_entry(key: LogKey, name: str = "martin") -> dict[str, str]:
    return {"id": name, "public": base64.b64encode(key.public).decode()}


def create(folder: Path) -> Path:
    AuditLog.create(
        folder,
        operator_key=OPERATOR,
        log_key=WORKSTATION,
        clock=FakeClock(),
        genesis={"act": "case.new", "phase": "genesis", "origin": ORIGIN, "operator": operator_entry(OPERATOR)},
    )
    return folder


def open_log(folder: Path, *, key: LogKey = OPERATOR, clock: FakeClock | None = None) -> AuditLog:
    return AuditLog(folder, operator_key=key, log_key=WORKSTATION, clock=clock or FakeClock())


def filled(folder: Path, n_records: int) -> Path:
    create(folder)
    log = open_log(folder)
    for number in range(1, n_records):
        log.append({"act": "view.frame", "phase": "note", "pts": number * 40})
    log.checkpoint()
    return folder


def is_sound(folder: Path) -> bool:
    return verify_log(folder).is_sound


def test_a_log_verifies_and_names_its_root(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 12)

    verdict = verify_log(folder)

    assert verdict.is_sound
    assert len(verdict.records) == 12
    assert verdict.checkpoint is not None and verdict.checkpoint.size == 12


@pytest.mark.parametrize(
    "step", [pytest.param(1, id="every-bit", marks=pytest.mark.slow), pytest.param(13, id="every-thirteenth-bit")]
)
def test_single_bit_flips_of_log_and_checkpoint_are_detected_and_raise_nothing(tmp_path: Path, step: int) -> None:
    folder = filled(tmp_path / "audit", 3)
    assert is_sound(folder)
    missed = []
    for name in ("log.jsonl", "checkpoint"):
        path = folder / name
        whole = path.read_bytes()
        for position in range(0, len(whole) * 8, step):
            changed = bytearray(whole)
            changed[position // 8] ^= 1 << (position % 8)
            path.write_bytes(bytes(changed))
            if is_sound(folder):
                missed.append((name, position))
        path.write_bytes(whole)

    assert missed == []
    assert is_sound(folder)


def test_every_drop_swap_duplicate_insert_and_overwrite_of_records_is_detected(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 10)
    path = folder / "log.jsonl"
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    variants = [lines[:i] + lines[i + 1 :] for i in range(10)]
    variants += [lines[: i + 1] + lines[i:] for i in range(10)]
    for i, j in itertools.permutations(range(10), 2):
        swapped, overwritten = list(lines), list(lines)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        overwritten[i] = lines[j]
        variants += [swapped, overwritten, [*lines[:i], lines[j], *lines[i:]]]

    missed = 0
    for variant in variants:
        path.write_bytes(b"".join(variant))
        missed += is_sound(folder)

    assert missed == 0
    path.write_bytes(whole)
    assert is_sound(folder)


def test_every_third_cut_of_the_log_is_detected(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 5)
    path = folder / "log.jsonl"
    whole = path.read_bytes()
    missed = []
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        if is_sound(folder):
            missed.append(length)

    assert missed == []


def test_hostile_bytes_only_ever_give_a_verdict(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    path = folder / "log.jsonl"
    whole = path.read_bytes()
    genesis = whole.splitlines(keepends=True)[0]
    hostile = [
        b"",
        b"\n",
        b"{}\n",
        b"null\n",
        b"[" * 100_000 + b"\n",
        b'{"v":1e999}\n',
        b'{"v":NaN}\n',
        b'{"\\ud800":1}\n',
        b"\xff\xfe\n",
        genesis.replace(b'"v":1', b'"v":true'),
        genesis.replace(b'"v":1', b'"v":2'),
        genesis.replace(b'"seq":0', b'"seq":0.0'),
        genesis.replace(b'"seq":0', b'"seq":"0"'),
        genesis.replace(b'"v":1}', b'"v":1,"w":1}'),
        genesis.replace(b'{"body"', b'{"body":{},"body"'),
        genesis.replace(b'"act":"case.new"', b'"act":"case.old"'),
        genesis.replace(b'"origin"', b'"origen"'),
        b" " + genesis,
        genesis[:-1] + b" \n",
    ]
    chance = random.Random(7)
    for _ in range(300):
        content = bytearray(whole)
        start = chance.randrange(len(content))
        content[start : start + chance.randrange(40)] = chance.randbytes(chance.randrange(40))
        hostile.append(bytes(content))

    accepted = 0
    for content in hostile:
        path.write_bytes(content)
        accepted += is_sound(folder) and content != whole

    assert accepted == 0


def test_a_record_appended_without_an_operators_key_is_detected_and_the_log_does_not_open(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    append_as(folder, STRANGER, {"act": "search.run"})

    assert "not of this case" in verify_log(folder).signature_problem
    with pytest.raises(Tampered, match="record 4 is not signed by a key of this case"):
        open_log(folder)


def append_as(folder: Path, key: LogKey, body: dict[str, object]) -> None:
    path = folder / "log.jsonl"
    last = scan_log(path.read_bytes()).records[-1]
    line = make_line(seq=last.seq + 1, prev=last.digest, moment=last.moment, key=key, body=body)  # type: ignore[arg-type]
    path.write_bytes(path.read_bytes() + line + b"\n")


def test_a_stranger_cannot_admit_a_key_of_his_own(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    append_as(folder, STRANGER, {"act": "key.add", "operator": operator_entry(STRANGER, "x")})

    assert not is_sound(folder)
    with pytest.raises(Tampered, match="record 4"):
        open_log(folder)


def test_an_admitted_key_may_sign_and_a_revoked_one_may_not_from_then_on(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 3)
    open_log(folder).append({"act": "key.add", "operator": operator_entry(STRANGER, "dupont")})
    open_log(folder, key=STRANGER).append({"act": "search.run"})
    assert is_sound(folder)

    open_log(folder).append({"act": "key.revoke", "revoked": key_id(STRANGER.public)})

    assert is_sound(folder)
    with pytest.raises(NotAllowed, match="not known to the audit log"):
        open_log(folder, key=STRANGER)
    append_as(folder, STRANGER, {"act": "search.run"})
    assert "record 6 is signed by a key that is not of this case" in verify_log(folder).signature_problem


def test_history_rewritten_under_a_last_record_that_is_kept_is_refused_at_opening(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    (folder / "checkpoint").write_bytes((create(tmp_path / "other") / "checkpoint").read_bytes())
    path = folder / "log.jsonl"
    records = scan_log(path.read_bytes()).records
    forged = make_line(
        seq=1, prev=records[0].digest, moment=records[1].moment, key=STRANGER, body={"act": "view.frame"}
    )
    lines = [records[0].line, forged]
    for record in records[2:]:
        members = json.loads(record.line)
        members["prev"] = hashlib.sha256(lines[-1]).hexdigest()
        lines.append(rfc8785.dumps(members))
    path.write_bytes(b"".join(line + b"\n" for line in lines))

    with pytest.raises(Tampered):
        open_log(folder)


def test_a_missing_checkpoint_keeps_the_log_shut(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 3)
    (folder / "checkpoint").unlink()

    with pytest.raises(Tampered, match="checkpoint is missing"):
        open_log(folder)


def test_records_removed_behind_the_checkpoint_keep_the_log_shut(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    path = folder / "log.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    with pytest.raises(Tampered, match="has 3 records but its checkpoint names 4"):
        open_log(folder)


def test_an_existing_log_is_never_started_again(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 2)

    with pytest.raises(AlreadyThere):
        create(folder)


@pytest.mark.parametrize("n_bytes", [1, 30, 200])
def test_a_torn_tail_is_set_aside_named_and_kept(tmp_path: Path, n_bytes: int) -> None:
    folder = filled(tmp_path / "audit", 4)
    path = folder / "log.jsonl"
    line = path.read_bytes().splitlines()[-1]
    tail = line[:n_bytes]
    path.write_bytes(path.read_bytes() + tail)
    assert "cut short" in verify_log(folder).chain_problem

    log = open_log(folder)
    log.append({"act": "search.run"})

    assert (folder / "torn-4.bin").read_bytes() == tail
    verdict = verify_log(folder)
    assert verdict.is_sound
    assert verdict.records[4].text("act") == "log.torn_tail"
    assert verdict.records[4].body["size_bytes"] == n_bytes


def test_garbage_of_a_power_cut_that_happens_to_read_as_json_is_still_a_torn_tail(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    tail = b'{"body":{"act":"x"\n}\0c\n{"{y":"34750f98","mono":7,"sig":"x","v":1}\n'
    with (folder / "log.jsonl").open("ab") as file:
        file.write(tail)

    open_log(folder)

    assert (folder / "torn-4.bin").read_bytes() == tail
    assert is_sound(folder)


def test_a_torn_tail_that_was_altered_later_is_detected(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    with (folder / "log.jsonl").open("ab") as file:
        file.write(b'{"body"')
    open_log(folder)
    (folder / "torn-4.bin").write_bytes(b"else")

    assert "torn-4.bin" in verify_log(folder).torn_tail_problem
    (folder / "torn-4.bin").unlink()
    assert "missing" in verify_log(folder).torn_tail_problem


def test_damage_in_the_middle_is_never_taken_for_a_torn_tail(tmp_path: Path) -> None:
    create(tmp_path / "audit")
    folder = tmp_path / "audit"
    log = open_log(folder)
    for number in range(5):
        log.append({"act": "view.frame", "number": number})
    path = folder / "log.jsonl"
    whole = bytearray(path.read_bytes())
    whole[whole.index(b'"number":2')] ^= 1
    path.write_bytes(bytes(whole))

    with pytest.raises(Tampered, match="record 3"):
        open_log(folder)

    assert path.read_bytes() == bytes(whole)
    assert not list(folder.glob("torn-*"))


def test_a_log_that_became_shorter_while_open_is_noticed(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 4)
    log = open_log(folder)
    path = folder / "log.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    with pytest.raises(Tampered, match="became shorter"):
        log.append({"act": "search.run"})


def test_a_full_disk_stops_the_act_and_the_next_opening_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(tmp_path / "audit", 3)
    log = open_log(folder)
    true_write = os.write

    def short_write(descriptor: int, content: bytes) -> int:
        return true_write(descriptor, bytes(content)[:50])

    monkeypatch.setattr(os, "write", short_write)
    with pytest.raises(StoreProblem, match="cut short"):
        log.append({"act": "search.run"})
    monkeypatch.setattr(os, "write", true_write)
    with pytest.raises(StoreProblem, match="Nothing more is done") as caught:
        log.append({"act": "search.run"})
    assert "Free some space" in caught.value.hint

    assert open_log(folder).append({"act": "search.run"}).seq == 4
    assert is_sound(folder)


def test_a_failed_fsync_ends_the_process_at_once(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 3)
    script = (
        "import os, sys, errno\n"
        "from pathlib import Path\n"
        "from tests.review.law.test_audit_log import open_log\n"
        f"log = open_log(Path({str(folder)!r}))\n"
        "def broken(fd): raise OSError(errno.EIO, 'Input/output error')\n"
        "os.fsync = broken\n"
        "try:\n"
        "    log.append({'act': 'search.run'})\n"
        "except BaseException:\n"
        "    print('survived')\n"
        "print('survived')\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == StoreProblem.exit_code
    assert "survived" not in done.stdout
    assert "stopping at once" in done.stderr


def test_two_open_logs_append_in_turn_without_losing_the_chain(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 2)
    logs = [open_log(folder), open_log(folder)]

    def work(log: AuditLog) -> None:
        for number in range(20):
            log.append({"act": "view.frame", "number": number})
        log.checkpoint()

    threads = [threading.Thread(target=work, args=(log,)) for log in logs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    verdict = verify_log(folder)
    assert verdict.is_sound
    assert len(verdict.records) == 82
    assert verdict.checkpoint is not None and verdict.checkpoint.size == 82


@pytest.mark.parametrize("days", [-3, 3, 400])
def test_a_clock_that_was_set_is_flagged_and_never_repaired(tmp_path: Path, days: int) -> None:
    folder = filled(tmp_path / "audit", 2)
    clock = FakeClock()
    log = open_log(folder, clock=clock)
    log.append({"act": "view.frame"})
    clock.utc += timedelta(days=days)
    log.append({"act": "view.frame"})

    steps = verify_log(folder).steps

    assert [(step.after_seq, step.step_ms) for step in steps][-1] == (2, days * 86_400_000)


def test_between_two_boots_no_step_is_claimed(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 2)
    clock = FakeClock(boot_id="boot-2")
    clock.utc += timedelta(days=9)
    open_log(folder, clock=clock).append({"act": "view.frame"})

    assert verify_log(folder).steps == ()


def test_a_court_expert_checks_the_chain_with_ten_lines_and_no_library(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 8)
    script = (
        "import hashlib, json, sys\n"
        "prev = '0' * 64\n"
        "for n, line in enumerate(open(sys.argv[1], 'rb')):\n"
        "    line = line.rstrip(b'\\n')\n"
        "    record = json.loads(line)\n"
        "    assert record['seq'] == n and record['prev'] == prev\n"
        "    prev = hashlib.sha256(line).hexdigest()\n"
        "print(n + 1)\n"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(folder / "log.jsonl")], capture_output=True, text=True, check=True
    )

    assert done.stdout == "8\n"


def run_writer(folder: Path, n_records: int, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "tests.review.law.log_writer", str(folder), str(n_records)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def test_killing_the_writer_at_random_loses_no_acknowledged_record(tmp_path: Path) -> None:
    folder = create(tmp_path / "audit")
    chance = random.Random(11)
    acknowledged = 0
    for _ in range(6):
        with run_writer(folder, 100_000) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 60)):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *(int(line) for line in writer.stdout if line.endswith("\n"))])

        log = open_log(folder)
        log.append({"act": "view.frame"})
        log.checkpoint()

        verdict = verify_log(folder)
        assert verdict.is_sound
        assert len(verdict.records) > acknowledged + 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on this machine")
@pytest.mark.parametrize("fault", ["error=EIO", "error=ENOSPC", "signal=KILL"])
@pytest.mark.parametrize("call", ["write", "fsync", "rename", "ftruncate", "pread64"])
def test_a_fault_injected_into_every_system_call_loses_no_acknowledged_record(
    tmp_path: Path, call: str, fault: str
) -> None:
    """Source: the approach of Tessera's POSIX fault test; the faults are injected by strace."""
    first = create(tmp_path / "audit")
    with (first / "log.jsonl").open("ab") as file:
        file.write(b'{"body":{"act":"vi')
    for number in range(1, 30):
        folder = tmp_path / f"audit-{number}"
        shutil.copytree(first, folder)
        files = ("", "/log.jsonl", "/checkpoint", "/.checkpoint.tmp", "/torn-1.bin", "/.torn-1.bin.tmp")
        paths = [option for name in files for option in ("-P", f"{folder}{name}")]
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}"]
        with run_writer(folder, 6, ("strace", "-f", "-qq", *paths, *inject)) as writer:
            stdout, _ = writer.communicate()
        acknowledged = [int(line) for line in stdout.split()]

        log = open_log(folder)
        log.append({"act": "view.frame"})
        log.checkpoint()

        assert is_sound(folder), (call, fault, number)
        assert not acknowledged or log.size > acknowledged[-1] + 1, (call, fault, number)
        if writer.returncode == 0:
            assert number > 1, "no fault was injected: the test would prove nothing"
            break
    else:
        pytest.fail("there were more calls than were tried")


def test_an_empty_log_and_a_missing_one_are_told_apart(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 2)
    (folder / "log.jsonl").write_bytes(b"")
    with pytest.raises(Tampered, match=r"log\.jsonl is empty"):
        open_log(folder)
    assert "empty" in verify_log(folder).chain_problem
    (folder / "log.jsonl").unlink()
    with pytest.raises(StoreProblem, match="Cannot open"):
        open_log(folder)
    with pytest.raises(StoreProblem, match="Cannot open"):
        verify_log(folder)


def test_a_log_of_another_history_with_a_sound_chain_does_not_open_under_the_old_checkpoint(tmp_path: Path) -> None:
    folder, other = filled(tmp_path / "audit", 4), create(tmp_path / "other")
    log = open_log(other)
    for _ in range(5):
        log.append({"act": "else"})
    (folder / "log.jsonl").write_bytes((other / "log.jsonl").read_bytes())

    with pytest.raises(Tampered, match="does not have the root"):
        open_log(folder)


def test_another_workstation_appends_but_signs_no_checkpoint_and_proves_nothing(tmp_path: Path) -> None:
    folder = filled(tmp_path / "audit", 3)
    log = AuditLog(folder, operator_key=OPERATOR, log_key=STRANGER, clock=FakeClock())
    record = log.append({"act": "search.run"})

    assert log.checkpoint() is None
    with pytest.raises(StoreProblem, match="does not hold the key"):
        log.prove(record.seq)
    verdict = verify_log(folder)
    assert verdict.is_sound
    assert verdict.checkpoint is not None and verdict.checkpoint.size == 3


def test_what_json_does_not_have_cannot_be_recorded(tmp_path: Path) -> None:
    log = open_log(filled(tmp_path / "audit", 2))

    for value in (float("nan"), 1 << 60, "\ud800"):
        with pytest.raises(Defect, match="canonical JSON"):
            log.append({"act": "x", "value": value})
    assert is_sound(tmp_path / "audit")
