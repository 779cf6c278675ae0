# SPDX-License-Identifier: Apache-2.0
"""The numbered checks of a case. Numbers are the same in tests and in docs/verification.md.

1 header, 2 key, 3 audit chain, 4 audit signatures, 5 audit checkpoint, 6 originals, 7 blobs, 8 blobs and log,
9 verdicts, 10 requisition and scope, 11 purge certificate, 12 corrections of tracks. They look; they change nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from indexer.records import TrackId
from models.errors import RelectureError, Tampered
from review.audit.log import scan_log
from review.audit.verifier import LogVerdict, read_log, verify_log
from review.case_folder import (
    AUDIT_FOLDER,
    BLOBS_FOLDER,
    KEYS_FOLDER,
    CaseHeader,
    open_case_key,
    read_header,
)
from review.case_state import REQUISITION_PREFIX, CaseState
from review.checks import Check, Outcome, Progress, Report, failed, no_progress, not_run, passed, run_check
from review.correction_checks import check_corrections
from review.operators import list_operators, load_operator, open_keyring, resolve_operator_id
from review.originals import read_originals, rehash
from review.purge import check_certificate
from review.requisition import Requisition, ScopeVerdict, parse_requisition
from review.store import SealedStore, content_sha256
from review.verdicts import VERDICTS_PREFIX, read_verdict, verdict_name

__all__ = ["CASE_CHECKS", "verify_case"]

CASE_CHECKS: Final = (
    (1, "header of the case"),
    (2, "key of the case"),
    (3, "audit log: chain"),
    (4, "audit log: signatures"),
    (5, "audit log: checkpoint"),
    (6, "originals: present, SHA-256 as at import"),
    (7, "stored files: authentic"),
    (8, "stored files: those that the log names"),
    (9, "verdicts: complete and logged"),
    (10, "requisition and scope"),
    (11, "purge certificate"),
    (12, "corrections of tracks: complete and logged"),
)
SEGMENTS_PREFIX: Final = "segments/"
PURGED: Final = "the case was purged"


def verify_case(
    folder: Path,
    *,
    operator_id: str | None = None,
    passphrase: str | None = None,
    witnesses: tuple[bytes, ...] = (),
    progress: Progress = no_progress,
) -> Report:
    """Run every check of a case that can be run; without a passphrase those that need the key are not run.

    Args:
        folder: The case folder.
        operator_id: Whose key opens the case; None for the only operator of this workstation.
        passphrase: Opens it; None leaves checks 2, 6 to 10 and 12 not run.
        witnesses: Checkpoint notes kept elsewhere, held against the log in check 5.
        progress: Told how many bytes of the originals were read.
    """
    checker = _CaseChecker(folder, operator_id=operator_id, passphrase=passphrase, progress=progress)
    checker.read(witnesses)
    looks = {
        1: checker.header,
        2: checker.key,
        3: checker.chain,
        4: checker.signatures,
        5: checker.checkpoint,
        6: checker.originals,
        7: checker.blobs,
        8: checker.blobs_and_log,
        9: checker.verdicts,
        10: checker.scope,
        11: checker.certificate,
        12: checker.corrections,
    }
    checks: list[Check] = [run_check(number, title, looks[number]) for number, title in CASE_CHECKS]
    return Report(subject="case", path=str(folder), checks=tuple(checks))


class _CaseChecker:
    def __init__(self, folder: Path, *, operator_id: str | None, passphrase: str | None, progress: Progress) -> None:
        self._folder = folder
        self._operator_id = operator_id
        self._passphrase = passphrase
        self._progress = progress
        self._header: CaseHeader | None = None
        self._log: LogVerdict | None = None
        self._log_problem = ""
        self._store: SealedStore | None = None
        self._state = CaseState()
        self._damaged: set[str] = set()
        self._n_learned = 0

    def read(self, witnesses: tuple[bytes, ...]) -> None:
        """Read the log first: the other checks hold things against it."""
        try:
            self._log = verify_log(self._folder / AUDIT_FOLDER, witnesses=witnesses)
        except (RelectureError, OSError) as problem:
            self._log_problem = str(problem)
            return
        for record in self._log.records:
            self._state.learn(record)
            self._n_learned += 1

    def header(self) -> Outcome:
        header = read_header(self._folder)
        self._header = header
        if self._log is None or not self._log.records:
            return failed("audit/log.jsonl cannot be read, so case.json cannot be held against it")
        genesis = self._log.records[0]
        if genesis.text("header_sha256") != header.sha256:
            return failed("case.json is not the one that the first record of the audit log names")
        return passed(f"case {header.case_id}, made {header.created_utc}")

    def key(self) -> Outcome:
        if self._state.is_purged:
            if any((self._folder / KEYS_FOLDER).glob("*.age")):
                return failed("keys/ holds a key although the log says that the case was purged")
            return not_run(PURGED, is_required=False)
        if self._header is None:
            return not_run("case.json cannot be read")
        if self._passphrase is None:
            return not_run("no passphrase was given (RELECTURE_PASSPHRASE or a terminal)")
        operator = load_operator(resolve_operator_id(self._operator_id))
        keyring = open_keyring(operator, self._passphrase)
        identity = open_case_key(self._folder, self._header, operator=operator, keyring=keyring)
        self._store = SealedStore(self._folder / BLOBS_FOLDER, identity)
        return passed(f"keys/{operator.operator_id}.age opens")

    def chain(self) -> Outcome:
        log = self._log
        if log is None:
            return failed(self._log_problem)
        problem = log.chain_problem or log.torn_tail_problem
        if problem:
            return failed(problem)
        remarks = [f"{len(log.records)} records"]
        if log.steps:
            steps = ", ".join(f"{item.step_ms / 1000:+.1f} s after record {item.after_seq}" for item in log.steps)
            remarks.append(f"the clock was set: {steps}")
        if self._state.torn_tails:
            remarks.append(f"{len(self._state.torn_tails)} torn tails of a crash set aside and kept")
        unfinished = self._state.unfinished_acts()
        if unfinished:
            acts = ", ".join(f"{name} ({seq})" for seq, name in unfinished)
            remarks.append(f"acts without a result: {acts}")
        return passed("; ".join(remarks))

    def signatures(self) -> Outcome:
        log = self._log
        if log is None:
            return not_run("the log cannot be read")
        if log.signature_problem:
            return failed(log.signature_problem)
        if log.chain_problem:
            return not_run(f"only the {len(log.records)} records before the break could be looked at")
        seen = []
        known_by_id = {item.operator_id: item for item in list_operators()}
        for record in log.records:
            if record.text("act") not in ("case.new", "key.add"):
                continue
            entry = record.member("operator")
            known = known_by_id.get(str(entry.get("id")))
            is_same = known is not None and entry.get("matricule") == known.matricule
            if known is not None and is_same and entry.get("public") != base64.b64encode(known.public_key).decode():
                return failed(f"audit/log.jsonl: record {record.seq} gives “{known.operator_id}” another key.")
            seen.append(f"{entry.get('id')} ({'known' if is_same else 'not known'} on this workstation)")
        return passed(f"{len(log.records)} Ed25519 signatures; operators {', '.join(seen)}")

    def checkpoint(self) -> Outcome:
        log = self._log
        if log is None:
            return not_run("the log cannot be read")
        if log.checkpoint_problem:
            return failed(log.checkpoint_problem)
        assert log.checkpoint is not None
        return passed(f"covers {log.checkpoint.size} of {len(log.records)} records, root {log.checkpoint.root_text}")

    def _needs_key(self) -> Outcome | None:
        if self._state.is_purged:
            return not_run(PURGED, is_required=False)
        if self._store is None:
            return not_run("the case is not open: see check 2")
        return None

    def originals(self) -> Outcome:
        blocked = self._needs_key()
        if blocked or self._store is None:
            return blocked or not_run("")
        result = rehash(read_originals(self._store), progress=self._progress)
        if result.problems:
            return failed("; ".join(problem for _, problem in result.problems))
        return passed(f"{result.n_files} files, {result.n_bytes} bytes")

    def blobs(self) -> Outcome:
        blocked = self._needs_key()
        if blocked or self._store is None:
            return blocked or not_run("")
        problems = []
        names = self._store.names("")
        for name in names:
            try:
                self._store.read(name)
            except RelectureError as problem:
                self._damaged.add(name)
                problems.append(problem.message)
        strangers = self._strange_files()
        problems += [f"{name} does not belong there" for name in strangers]
        if problems:
            return failed(" ".join(problems))
        return passed(f"{len(names)} files decrypt and authenticate")

    def _strange_files(self) -> tuple[str, ...]:
        folder = self._folder / BLOBS_FOLDER
        found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
        return tuple(
            sorted(
                path.relative_to(self._folder).as_posix()
                for path in found
                # Why: a crash may leave the temporary file of a durable write; it was never acknowledged.
                if path.is_symlink() or not (path.suffix == ".age" or path.name.endswith(".tmp"))
            )
        )

    def blobs_and_log(self) -> Outcome:
        blocked = self._needs_key()
        if blocked or self._store is None:
            return blocked or not_run("")
        problems = list(self._blob_problems(self._store))
        if problems:
            return failed(" ".join(problems))
        n_segments = len(self._store.names(SEGMENTS_PREFIX))
        return passed(f"{len(self._state.writes_by_blob)} files as logged, {n_segments} of them index segments")

    def _blob_problems(self, store: SealedStore) -> Iterator[str]:
        problem_by_name: dict[str, str] = {}
        digest_by_name: dict[str, str] = {}
        for name in store.names(""):
            if name in self._damaged:
                continue
            content = store.read(name)
            digest_by_name[name] = content_sha256(content)
            if name.startswith(SEGMENTS_PREFIX) and not _segment_is_sound(content):
                problem_by_name[name] = "its header does not name the digest of its content"
        # Why: a writer at work announces each file before writing it, so the log is read again after the files.
        self._learn_news()
        for name, digest in digest_by_name.items():
            if name not in self._state.writes_by_blob:
                problem_by_name[name] = "it was never written, by the log"
            elif digest not in self._state.accepted_digests(name):
                problem_by_name[name] = "it is not the content that the log names (an older one was put back?)"
        for name in set(self._state.writes_by_blob) - set(digest_by_name) - self._damaged:
            if self._state.must_exist(name) and not store.exists(name):
                problem_by_name[name] = "it is missing"
        for name in sorted(problem_by_name):
            yield f"blobs/{name}.age: {problem_by_name[name]}."

    def _learn_news(self) -> None:
        """Take over what was appended to the log since it was verified."""
        if self._log is None or not self._log.records:
            return
        content, _ = read_log(self._folder / AUDIT_FOLDER)
        for record in scan_log(content).records[self._n_learned :]:
            self._state.learn(record)
            self._n_learned += 1

    def verdicts(self) -> Outcome:
        blocked = self._needs_key()
        if blocked or self._store is None:
            return blocked or not_run("")
        names = self._store.names(VERDICTS_PREFIX)
        for number, name in enumerate(names, start=1):
            if name != verdict_name(number):
                return failed(f"blobs/{verdict_name(number)}.age is missing.")
            verdict = read_verdict(self._store.read(name), name=name)
            if verdict.number != number:
                return failed(f"blobs/{name}.age holds verdict {verdict.number}.")
        logged = self._logged_verdicts()
        for number in sorted(logged):
            if number > len(names):
                return failed(f"blobs/{verdict_name(number)}.age is missing.")
        for number, name in enumerate(names, start=1):
            verdict = read_verdict(self._store.read(name), name=name)
            if number in logged and logged[number] != (verdict.track_id, str(verdict.decision)):
                return failed(f"blobs/{name}.age does not say what the log says.")
        return passed(f"{len(names)} verdicts, {len(logged)} logged as done")

    def _logged_verdicts(self) -> dict[int, tuple[TrackId, str]]:
        """Track and decision of each verdict that the log says was recorded, by number."""
        asked: dict[int, tuple[TrackId, str]] = {}
        logged: dict[int, tuple[TrackId, str]] = {}
        for record in self._log.records if self._log else ():
            if record.text("act") != "verdict.add":
                continue
            of = record.body.get("of")
            if record.text("phase") == "intent":
                detail = record.member("detail")
                asked[record.seq] = (TrackId(str(detail.get("track"))), str(detail.get("decision")))
            elif record.text("outcome") == "done" and isinstance(of, int) and of in asked:
                number = record.member("result").get("number")
                if isinstance(number, int):
                    logged[number] = asked[of]
        return logged

    def corrections(self) -> Outcome:
        blocked = self._needs_key()
        if blocked or self._store is None:
            return blocked or not_run("")
        return check_corrections(self._store, self._log.records if self._log else ())

    def scope(self) -> Outcome:
        blocked = self._needs_key()
        if blocked or self._store is None:
            return blocked or not_run("")
        requisition: Requisition | None = None
        for name in self._store.names(REQUISITION_PREFIX):
            part = parse_requisition(self._store.read(name).decode("utf-8", "replace"))
            requisition = part if requisition is None else requisition.with_complement(part)
        if requisition is None:
            raise Tampered("blobs/requisition holds no requisition.")
        cameras = requisition.scope.cameras
        originals = read_originals(self._store)
        strangers = [item for item in originals if item.camera not in cameras]
        if strangers:
            named = ", ".join(f"{item.path} ({item.camera or 'no camera'})" for item in strangers)
            return failed(f"of a camera outside the requisition: {named}")
        for item in originals:
            span = item.span_utc()
            answer = requisition.scope.covers(item.camera, *(span or (None, None)))
            if answer.verdict is ScopeVerdict.OUTSIDE:
                return failed(f"{item.path} is outside the requisition: {answer.reason}")
        return passed(
            f"{requisition.reference}, article {requisition.legal_basis.article}, cameras {', '.join(cameras)}"
        )

    def certificate(self) -> Outcome:
        if not self._state.is_purged:
            return not_run("the case was not purged", is_required=False)
        assert self._log is not None
        return check_certificate(self._folder, self._log.records)


def _segment_is_sound(content: bytes) -> bool:
    """A segment starts with a JSON line that names the SHA-256 of everything after it."""
    head, separator, body = content.partition(b"\n")
    try:
        return bool(separator) and json.loads(head)["content_sha256"] == hashlib.sha256(body).hexdigest()
    except (ValueError, KeyError, TypeError):
        return False
