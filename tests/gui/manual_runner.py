# SPDX-License-Identifier: Apache-2.0
"""A runner that runs nothing until a test says so: the order of answers is the test's to choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gui.runner import Job, Lane
from review.desk_values import Problem, problem_of

T = TypeVar("T")


class ManualRunner:
    """Keeps jobs in order; lanes are ignored."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Job, Callable[[], Callable[[], None]]]] = []
        self.undelivered: list[tuple[Job, Callable[[], None]]] = []

    def start(
        self,
        lane: Lane,
        work: Callable[[Job], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
        progress: Callable[[float], None] | None = None,
    ) -> Job:
        job = Job(progress)

        def call() -> Callable[[], None]:
            try:
                answer = work(job)
            except Exception as exc:  # noqa: BLE001  # Reason: it stands in for the task runner.
                problem = problem_of(exc)
                return lambda: failed(problem)
            return lambda: done(answer)

        self.waiting.append((job, call))
        return job

    def run_next(self, *, deliver: bool = True) -> None:
        """Run the oldest job; give its answer now or when told."""
        job, call = self.waiting.pop(0)
        if not job.is_cancelled:
            self.undelivered.append((job, call()))
        if deliver:
            self.deliver()

    def deliver(self) -> None:
        """Give answers that are not cancelled."""
        while self.undelivered:
            job, answer = self.undelivered.pop(0)
            if not job.is_cancelled:
                answer()

    def run_all(self) -> None:
        """Run until nothing waits."""
        self.deliver()
        while self.waiting:
            self.run_next()
