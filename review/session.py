# SPDX-License-Identifier: Apache-2.0
"""The only door: a case opened by one operator, through which every act goes.

``session.act(...)`` checks the rules, makes the intent durable in the audit log, lets the act run, then records how it
ended. If the intent cannot be written, the act does not happen. A refused act is recorded too.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from models.errors import Defect, RelectureError, Tampered
from review.audit.clock import Clock, SystemClock
from review.audit.log import AuditLog
from review.audit.record import Json, JsonObject, Record
from review.case_folder import (
    AUDIT_FOLDER,
    BLOBS_FOLDER,
    CaseHeader,
    open_case_key,
    read_header,
    software_version,
)
from review.case_lock import take_writer_lock
from review.case_state import REQUISITION_PREFIX, CaseState
from review.drafts import remove_left
from review.home import workstation_key
from review.operators import Keyring, Operator, load_operator, open_keyring, resolve_operator_id
from review.permissions import Situation, check_permission
from review.requisition import Authorisation, Requisition, parse_requisition
from review.seal import AgeIdentity
from review.store import SealedStore, content_sha256

__all__ = ["Act", "CaseSession"]


@dataclass(kw_only=True, eq=False)
class Act:
    """One act while it runs.

    Attributes:
        name: What is done, ``family.verb``.
        seq: Sequence number of its intent record.
        purpose: Why, in the operator's words.
        result: Set by the body: what came of it; goes into the result record. Identifiers, digests and counts,
            never image content and never names of persons.
    """

    name: str
    seq: int
    purpose: str
    result: Mapping[str, Json] = field(default_factory=dict)
    _session: CaseSession = field(repr=False)

    def note(self, what: str, detail: JsonObject) -> Record:
        """Append a durable record inside this act, and give it back."""
        return self._session._append({"act": what, "phase": "note", "of": self.seq, "detail": detail})


class CaseSession:
    """A case opened by an operator. Use :meth:`open` in a ``with`` statement.

    Attributes:
        folder: The case folder.
        header: Its public header.
        operator: Who acts.
        requisition: The requisition, with the windows of complementary ones.
        store: Encrypted blobs. Reading is free; writing works inside an act only and is logged with its digest.
        log: The audit log.
        state: What the log says of the case.
    """

    def __init__(
        self,
        *,
        folder: Path,
        header: CaseHeader,
        operator: Operator,
        keyring: Keyring,
        identity: AgeIdentity,
        writer_lock: int | None,
        clock: Clock,
    ) -> None:
        self.folder = folder
        self.header = header
        self.operator = operator
        self.keyring = keyring
        self.identity = identity
        self.clock = clock
        self.state = CaseState()
        self._writer_lock = writer_lock
        self._running: list[Act] = []
        self._at_close: list[Callable[[], None]] = []
        self._acts_of_thread = threading.local()
        self.store = SealedStore(folder / BLOBS_FOLDER, identity, before_write=self._announce_write)
        self.log = AuditLog(
            folder / AUDIT_FOLDER,
            operator_key=keyring.signing,
            log_key=workstation_key(),
            clock=clock,
            watch=self.state.learn,
        )
        if self.log.origin != header.origin:
            raise Tampered("case.json and audit/log.jsonl are of different cases.", hint="Restore the case folder.")
        self.requisition = self._read_requisition()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        operator_id: str | None,
        passphrase: str | None,
        writing: bool = True,
        clock: Clock | None = None,
    ) -> CaseSession:
        """Open a case.

        Args:
            folder: The case folder.
            operator_id: Who acts; None for the only operator of this workstation.
            passphrase: Opens the operator's keys.
            writing: Take the lock of the one process that may import, index and judge. Without it blobs cannot be
                written, but acts can be run and are logged.
            clock: Source of times; the machine's when None.

        Raises:
            UnreadableInput: Not a case.
            UnknownReference: No such operator.
            WrongKey: Passphrase missing or wrong.
            NotAllowed: The case is not open to this operator, or was purged.
            CaseBusy: Another process has it open for writing.
            Tampered: Header, key, requisition or log does not verify.
        """
        remove_left()
        header = read_header(folder)
        operator = load_operator(resolve_operator_id(operator_id))
        keyring = open_keyring(operator, passphrase)
        identity = open_case_key(folder, header, operator=operator, keyring=keyring)
        clock = clock or SystemClock()
        writer_lock = take_writer_lock(folder, operator.operator_id, clock) if writing else None
        try:
            return cls(
                folder=folder,
                header=header,
                operator=operator,
                keyring=keyring,
                identity=identity,
                writer_lock=writer_lock,
                clock=clock,
            )
        except BaseException:
            if writer_lock is not None:
                os.close(writer_lock)
            raise

    def __enter__(self) -> CaseSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release what was opened through this session and give back the writer's lock; may be called twice."""
        while self._at_close:
            self._at_close.pop()()
        if self._writer_lock is not None:
            os.close(self._writer_lock)
            self._writer_lock = None

    def call_at_close(self, release: Callable[[], None]) -> None:
        """Have something released when the session closes, the latest first."""
        self._at_close.append(release)

    @property
    def is_writer(self) -> bool:
        """True when this session holds the writer's lock."""
        return self._writer_lock is not None

    @property
    def contrary_decision(self) -> str:
        """Reference of the decision that locks the case, or empty."""
        if self.state.contrary_decision or self.requisition.authorisation is not Authorisation.CONTRARY:
            return self.state.contrary_decision
        return self.requisition.authorisation_reference

    def check(self, name: str, *, purpose: str = "") -> None:
        """Refuse what :meth:`act` would refuse, without recording anything: lets a window grey out a button.

        Raises:
            NotAllowed: Names the rule.
            UsageProblem: A purpose is missing.
        """
        situation = Situation(
            now=self.clock.now().utc,
            operator=self.operator,
            requisition=self.requisition,
            first_import_utc=self.state.first_import_utc,
            contrary_decision=self.contrary_decision,
        )
        check_permission(name, purpose, situation)

    @contextmanager
    def act(self, name: str, *, purpose: str = "", detail: JsonObject | None = None) -> Iterator[Act]:
        """Run one act: rules, durable intent, body, result.

        Args:
            name: ``family.verb``; the families are in :data:`review.permissions.FAMILIES`.
            purpose: Why; mandatory for search, similarity, unmasking and export.
            detail: What exactly: identifiers, digests, filters; never image content.

        Raises:
            NotAllowed: A rule forbids it; the refusal is recorded.
            StoreProblem: The intent could not be recorded; the body did not run.
        """
        asked: dict[str, Json] = {
            "act": name,
            "purpose": purpose,
            "requisition": self.requisition.reference,
            "operator": self._operator_stamp(),
            "detail": detail or {},
            "software": software_version(),
        }
        try:
            self.check(name, purpose=purpose)
        except RelectureError as problem:
            if not isinstance(problem, Defect):
                self._append({**asked, "phase": "refused", "error": type(problem).__name__})
                self.log.checkpoint()
            raise
        intent = self._append({**asked, "phase": "intent"})
        act = Act(name=name, seq=intent.seq, purpose=purpose, _session=self)
        mine = self._mine()
        mine.append(act)
        self._running.append(act)
        try:
            yield act
        except BaseException as problem:
            outcome = "failed" if isinstance(problem, Exception) else "interrupted"
            self._finish(act, {"outcome": outcome, "error": type(problem).__name__})
            raise
        else:
            self._finish(act, {"outcome": "done", "result": dict(act.result)})
        finally:
            mine.remove(act)
            self._running.remove(act)

    def _finish(self, act: Act, ending: JsonObject) -> None:
        self._append({"act": act.name, "phase": "result", "of": act.seq, **ending})
        self.log.checkpoint()

    def _append(self, body: JsonObject) -> Record:
        return self.log.append(body)

    def _mine(self) -> list[Act]:
        if not hasattr(self._acts_of_thread, "acts"):
            self._acts_of_thread.acts = []
        acts: list[Act] = self._acts_of_thread.acts
        return acts

    def _operator_stamp(self) -> JsonObject:
        operator = self.operator
        return {
            "id": operator.operator_id,
            "matricule": operator.matricule,
            "quality": str(operator.quality),
            "empowerment": operator.empowerment.number,
            "empowerment_expires": operator.empowerment.expires.isoformat(),
        }

    def _announce_write(self, blob: str, sha256: str) -> None:
        """Record a blob's digest before it is written, inside the act of this thread, else the latest act."""
        acts = self._mine() or self._running
        if not acts:
            raise Defect(f"The blob {blob} was written outside an act.")
        if not self.is_writer:
            raise Defect(f"The blob {blob} was written in a session that was opened for reading.")
        self._append({"act": "blob.write", "phase": "note", "of": acts[-1].seq, "blob": blob, "sha256": sha256})

    def _read_requisition(self) -> Requisition:
        names = sorted(name for name in self.state.writes_by_blob if name.startswith(REQUISITION_PREFIX))
        requisition: Requisition | None = None
        for name in names:
            if not self.store.exists(name) and not self.state.must_exist(name):
                continue
            content = self.store.read(name)
            if content_sha256(content) not in self.state.accepted_digests(name):
                raise Tampered(f"blobs/{name}.age is not the requisition that the log names.", hint="Restore it.")
            part = parse_requisition(content.decode())
            requisition = part if requisition is None else requisition.with_complement(part)
        if requisition is None:
            raise Tampered("The log names no requisition for this case.", hint="Restore the case folder.")
        return requisition
