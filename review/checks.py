# SPDX-License-Identifier: Apache-2.0
"""Numbered checks and the report they make: passed, failed or not run, each with its reason. No early stop, no bool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from models.errors import RelectureError

__all__ = ["Check", "Progress", "Report", "Status", "failed", "no_progress", "not_run", "passed", "run_check"]

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


def no_progress(_done_bytes: int, _total_bytes: int) -> None:
    """Report nothing."""


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        number: Its number in code, tests and manual.
        title: What it checks.
        status: How it ended.
        reason: What was seen; for a failure it names the file.
        is_required: False when a sound case or bundle may lack what it looks at.
    """

    number: int
    title: str
    status: Status
    reason: str
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Status and reason, before number and title are added."""

    status: Status
    reason: str
    is_required: bool = True


def passed(reason: str) -> Outcome:
    """It holds."""
    return Outcome(status=Status.PASSED, reason=reason)


def failed(reason: str) -> Outcome:
    """It does not hold."""
    return Outcome(status=Status.FAILED, reason=reason)


def not_run(reason: str, *, is_required: bool = True) -> Outcome:
    """It could not be looked at; unless it is optional, the whole is then not sound."""
    return Outcome(status=Status.NOT_RUN, reason=reason, is_required=is_required)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All checks of one case or bundle.

    Attributes:
        subject: ``case`` or ``bundle``.
        path: What was verified.
        checks: In order of number.
    """

    subject: str
    path: str
    checks: tuple[Check, ...]

    @property
    def is_sound(self) -> bool:
        """True when every required check ran and passed, and no other one failed."""
        return all(
            check.status is Status.PASSED or (check.status is Status.NOT_RUN and not check.is_required)
            for check in self.checks
        )

    def check(self, number: int) -> Check:
        """The check of that number."""
        return next(check for check in self.checks if check.number == number)


def run_check(number: int, title: str, look: Callable[[], Outcome]) -> Check:
    """Run one check; an error that it raises on purpose is its failure."""
    try:
        outcome = look()
    except RelectureError as problem:
        outcome = failed(problem.message)
    except OSError as problem:
        outcome = failed(f"{problem.filename or 'a file'} cannot be read: {problem.strerror}")
    return Check(
        number=number, title=title, status=outcome.status, reason=outcome.reason, is_required=outcome.is_required
    )
