# SPDX-License-Identifier: Apache-2.0
"""Who may do which act when: one table, one function. Refusals say which rule and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from models.errors import Defect, NotAllowed, UsageProblem
from review.legal import concept, retention_years
from review.operators import Operator, Quality, check_empowered
from review.requisition import Requisition

__all__ = ["FAMILIES", "ActFamily", "Situation", "check_permission", "purge_deadline"]

OFFICERS: Final = frozenset({Quality.OPJ, Quality.APJ})
EVERYONE: Final = frozenset(Quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFamily:
    """Rules of all acts whose name starts with the family's name and a dot.

    Attributes:
        qualities: Who may.
        needs_purpose: True when a purpose must be given.
        needs_open_case: True when it needs a requisition in force, a running purge clock and no contrary decision.
    """

    qualities: frozenset[Quality] = OFFICERS
    needs_purpose: bool = False
    needs_open_case: bool = True


FAMILIES: Final[dict[str, ActFamily]] = {
    "import": ActFamily(),
    "footage": ActFamily(),
    "index": ActFamily(),
    "frames": ActFamily(),
    "tracks": ActFamily(),
    "search": ActFamily(needs_purpose=True),
    "similar": ActFamily(needs_purpose=True),
    "synopsis": ActFamily(),
    "view": ActFamily(),
    "unmask": ActFamily(needs_purpose=True),
    "verdict": ActFamily(),
    "still": ActFamily(),
    "clip": ActFamily(),
    "export": ActFamily(needs_purpose=True),
    "case": ActFamily(),
    "lock": ActFamily(qualities=EVERYONE, needs_open_case=False),
    "show": ActFamily(qualities=EVERYONE, needs_open_case=False),
    "purge": ActFamily(qualities=EVERYONE, needs_open_case=False),
}
"""Every family of acts that exists. An act outside this table is a bug, not a freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the rules look at.

    Attributes:
        now: Present moment, aware.
        operator: Who wants to act.
        requisition: Requisition of the case.
        first_import_utc: When the purge clock started, or None before any import.
        contrary_decision: Reference of the decision that locks the case, or empty.
    """

    now: datetime
    operator: Operator
    requisition: Requisition
    first_import_utc: datetime | None
    contrary_decision: str


def purge_deadline(requisition: Requisition, first_import_utc: datetime | None) -> date | None:
    """Last day on which the data may be kept: the law's term from the first import, or earlier if so required."""
    deadlines = [requisition.purge_by] if requisition.purge_by else []
    if first_import_utc is not None:
        start = first_import_utc.date()
        year = start.year + retention_years()
        try:
            deadlines.append(start.replace(year=year))
        except ValueError:
            # 29 February of a year that has none: the day before 1 March.
            deadlines.append(date(year, 3, 1) - timedelta(days=1))
    return min(deadlines) if deadlines else None


def check_permission(act: str, purpose: str, situation: Situation) -> None:
    """Refuse an act that the rules do not allow now.

    Raises:
        NotAllowed: Names the rule.
        UsageProblem: The act needs a purpose and none was given.
        Defect: The act is in no family.
    """
    family = FAMILIES.get(act.partition(".")[0])
    if family is None:
        raise Defect(f"The act “{act}” is in no family of review.permissions.")
    operator = situation.operator
    today = situation.now.astimezone().date()
    check_empowered(operator, today)
    if operator.quality not in family.qualities:
        raise NotAllowed(
            f"A {operator.quality} may look at the case and its log, but “{act}” is for an OPJ or APJ.",
            hint="Ask an officer of the case.",
        )
    if family.needs_purpose and not purpose.strip():
        raise UsageProblem(f"“{act}” needs a purpose.", hint='Say why, for example: --purpose "vehicle seen leaving"')
    if family.needs_open_case:
        _check_open(situation, today)


def _check_open(situation: Situation, today: date) -> None:
    requisition = situation.requisition
    if situation.contrary_decision:
        article = concept("lrj.authorisation").article
        raise NotAllowed(
            f"A contrary decision ({situation.contrary_decision}) locks this case, under article {article}.",
            hint="It can be shown, verified and purged; nothing else.",
        )
    if today < requisition.issued:
        raise NotAllowed(
            f"The requisition {requisition.reference} is of {requisition.issued.isoformat()}, which lies ahead.",
            hint="Check the date of this workstation.",
        )
    if requisition.expires is not None and today > requisition.expires:
        raise NotAllowed(
            f"The requisition {requisition.reference} expired on {requisition.expires.isoformat()}.",
            hint="Ask the magistrate for a new one.",
        )
    deadline = purge_deadline(requisition, situation.first_import_utc)
    if deadline is not None and today > deadline:
        raise NotAllowed(
            f"The data of this case had to be erased by {deadline.isoformat()}.", hint="Run: relecture purge CASE --yes"
        )
