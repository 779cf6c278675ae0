# SPDX-License-Identifier: Apache-2.0
"""What is done to a case as a whole after it was made: shown, opened to another operator, extended, locked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from models.errors import AlreadyThere, BadRequisition, UsageProblem
from review.audit.record import JsonObject
from review.case_folder import FORMAT, KEYS_FOLDER, operator_in_log, wrap_case_key
from review.case_state import RECORDINGS_PREFIX, REQUISITION_PREFIX
from review.durable import write_durable
from review.operators import load_operator
from review.permissions import purge_deadline
from review.requisition import Requisition, parse_requisition
from review.session import CaseSession

__all__ = ["CaseCard", "case_card", "deadline_warning", "extend_case", "grant_case", "lock_case"]


WARNING_DAYS: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCard:
    """A case at a glance.

    Attributes:
        case_id: Identifier.
        format: Format number of the case folder.
        created_utc: ISO time of its making.
        requisition: Requisition, complements included.
        operators: Identifiers of the operators who can open it, sorted.
        n_recordings: Recordings in it.
        first_import_utc: ISO time at which the purge clock started, or empty.
        purge_deadline: Last day on which the data may be kept, or None.
        days_left: Days until then, or None; negative when it has passed.
        contrary_decision: Reference of the decision that locks it, or empty.
        n_records: Records in its audit log.
        n_unfinished: Acts without a result: running now, or ended by a crash.
    """

    case_id: str
    format: int
    created_utc: str
    requisition: Requisition
    operators: tuple[str, ...]
    n_recordings: int
    first_import_utc: str
    purge_deadline: date | None
    days_left: int | None
    contrary_decision: str
    n_records: int
    n_unfinished: int


def case_card(session: CaseSession) -> CaseCard:
    """Gather what ``case show`` prints; recorded as a consultation."""
    with session.act("show.case"):
        first = session.state.first_import_utc
        deadline = purge_deadline(session.requisition, first)
        today = session.clock.now().utc.astimezone().date()
        return CaseCard(
            case_id=session.header.case_id,
            format=FORMAT,
            created_utc=session.header.created_utc,
            requisition=session.requisition,
            operators=tuple(sorted(path.stem for path in (session.folder / KEYS_FOLDER).glob("*.age"))),
            n_recordings=len(session.store.names(RECORDINGS_PREFIX)),
            first_import_utc=first.isoformat(timespec="seconds") if first else "",
            purge_deadline=deadline,
            days_left=(deadline - today).days if deadline else None,
            contrary_decision=session.contrary_decision,
            n_records=session.log.size,
            # The act that shows the case is itself unfinished here.
            n_unfinished=len(session.state.unfinished_acts()) - 1,
        )


def deadline_warning(session: CaseSession) -> str:
    """What to tell who opens the case when the purge deadline is 90 days away or less; empty otherwise."""
    deadline = purge_deadline(session.requisition, session.state.first_import_utc)
    if deadline is None:
        return ""
    days_left = (deadline - session.clock.now().utc.astimezone().date()).days
    if days_left < 0:
        return f"The data of this case had to be erased by {deadline.isoformat()}."
    if days_left > WARNING_DAYS:
        return ""
    return f"The data of this case must be erased by {deadline.isoformat()}: {days_left} days left."


def grant_case(session: CaseSession, operator_id: str) -> None:
    """Open the case to another operator of this workstation: key first into the log, then onto the disk.

    Raises:
        UnknownReference: No such operator.
        AlreadyThere: The case is open to them already.
    """
    operator = load_operator(operator_id)
    path = session.folder / KEYS_FOLDER / f"{operator.operator_id}.age"
    if path.exists():
        raise AlreadyThere(f"The case is open to operator “{operator_id}” already.")
    with session.act("case.grant", detail={"operator": operator.operator_id}) as act:
        body: JsonObject = {"act": "key.add", "phase": "note", "of": act.seq, "operator": operator_in_log(operator)}
        session.log.append(body)
        write_durable(path, wrap_case_key(session.identity, operator))


def extend_case(session: CaseSession, requisition_text: str) -> Requisition:
    """Add the cameras and windows of a complementary requisition; gives the requisition as it stands then.

    Raises:
        BadRequisition: The file is incomplete, or is the one that the case has.
    """
    complement = parse_requisition(requisition_text)
    present = session.store.names(REQUISITION_PREFIX)
    if any(session.store.read(name) == requisition_text.encode() for name in present):
        raise BadRequisition(
            "The case has this requisition already.", hint="Give the file of the complementary requisition."
        )
    number = 1 + max(int(name.removeprefix(REQUISITION_PREFIX).removesuffix(".toml")) for name in present)
    with session.act("case.extend", detail={"reference": complement.reference}):
        session.store.write(f"{REQUISITION_PREFIX}{number:04d}.toml", requisition_text.encode())
    session.requisition = session.requisition.with_complement(complement)
    return session.requisition


def lock_case(session: CaseSession, *, decision: str) -> None:
    """Record a contrary decision of the magistrate: from now on the case can only be shown, verified and purged.

    Raises:
        UsageProblem: The decision's reference is empty.
    """
    if not decision.strip():
        raise UsageProblem("The reference of the decision is missing.", hint="Give --decision REFERENCE.")
    with session.act("lock.contrary", detail={"decision": decision}) as act:
        act.result = {"decision": decision}
