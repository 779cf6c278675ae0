# SPDX-License-Identifier: Apache-2.0
"""Verdicts: what an officer decided of a proposed track. Append-only; a change of mind is one more verdict.

Each verdict is a numbered encrypted blob, ``verdicts/000001.json`` onward, without gaps.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from indexer.records import TrackId
from models.errors import Tampered, UnknownReference
from review.audit.clock import format_moment
from review.session import CaseSession

__all__ = ["VERDICTS_PREFIX", "Decision", "Verdict", "all_verdicts", "judge", "latest", "read_verdict", "verdict_name"]

VERDICTS_PREFIX: Final = "verdicts/"


class Decision(StrEnum):
    """What the officer decided."""

    VALIDATED = "validated"
    REJECTED = "rejected"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One decision.

    Attributes:
        number: 1-based, in order of time.
        track_id: What it is about.
        decision: What was decided.
        note: The officer's words, may be empty.
        operator_id: Who decided.
        utc: When.
    """

    number: int
    track_id: TrackId
    decision: Decision
    note: str
    operator_id: str
    utc: datetime


def verdict_name(number: int) -> str:
    """Name of the blob of a verdict."""
    return f"{VERDICTS_PREFIX}{number:06d}.json"


def judge(
    session: CaseSession,
    track_id: str,
    decision: Decision,
    *,
    note: str = "",
    track_exists: Callable[[str], bool],
) -> Verdict:
    """Record a verdict.

    Args:
        session: A writing session.
        track_id: The track.
        decision: What was decided.
        note: The officer's words; they stay encrypted and do not enter the log.
        track_exists: Tells whether the index has that track.

    Raises:
        UnknownReference: The index has no such track, and no earlier verdict is withdrawn; nothing is recorded.
        NotAllowed: The rules forbid it.
    """
    # Why: a validated track that a new index no longer holds stops every export until its verdict is withdrawn.
    is_withdrawal = decision is not Decision.VALIDATED and TrackId(track_id) in latest(session)
    if not is_withdrawal and not track_exists(track_id):
        raise UnknownReference(f"The index has no track “{track_id}”.", hint="List them with: relecture tracks CASE")
    with session.act("verdict.add", detail={"track": track_id, "decision": str(decision)}) as act:
        verdict = Verdict(
            number=1 + len(session.store.names(VERDICTS_PREFIX)),
            track_id=TrackId(track_id),
            decision=decision,
            note=note,
            operator_id=session.operator.operator_id,
            utc=session.clock.now().utc,
        )
        document = {
            "number": verdict.number,
            "track": verdict.track_id,
            "decision": str(verdict.decision),
            "note": verdict.note,
            "operator": verdict.operator_id,
            "utc": format_moment(verdict.utc),
        }
        session.store.write(verdict_name(verdict.number), json.dumps(document, ensure_ascii=False).encode())
        act.result = {"number": verdict.number}
    return verdict


def read_verdict(content: bytes, *, name: str) -> Verdict:
    """Parse the blob of a verdict.

    Raises:
        Tampered: It is none.
    """
    try:
        document = json.loads(content)
        return Verdict(
            number=int(document["number"]),
            track_id=TrackId(str(document["track"])),
            decision=Decision(document["decision"]),
            note=str(document["note"]),
            operator_id=str(document["operator"]),
            utc=datetime.fromisoformat(document["utc"]),
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise Tampered(f"blobs/{name}.age is not a verdict.", hint="Run: relecture verify CASE") from exc


def all_verdicts(session: CaseSession) -> tuple[Verdict, ...]:
    """Every verdict, in order of time."""
    names = session.store.names(VERDICTS_PREFIX)
    return tuple(read_verdict(session.store.read(name), name=name) for name in names)


def latest(session: CaseSession) -> dict[TrackId, Verdict]:
    """The verdict that counts for each judged track: its last one."""
    return {verdict.track_id: verdict for verdict in all_verdicts(session)}
