# SPDX-License-Identifier: Apache-2.0
"""Slow work away from the GUI thread: jobs that can be cancelled, runners that run them, late answers dropped.

Knows no Qt: :class:`gui.pool.PoolRunner` runs jobs on a thread pool, :class:`ImmediateRunner` at once, for tests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from review.desk_values import Problem, problem_of

__all__ = ["ImmediateRunner", "Job", "Lane", "Latest", "Runner"]

T = TypeVar("T")
Lane = Literal["case", "crops", "frames", "exports"]
"""Jobs of one lane run one after the other, in the order given; lanes run side by side."""


class Job:
    """One piece of slow work: cancelled from the GUI thread, polled and reported to from the worker."""

    def __init__(self, on_fraction: Callable[[float], None] | None = None) -> None:
        self._cancelled = threading.Event()
        self._on_fraction = on_fraction

    @property
    def is_cancelled(self) -> bool:
        """True once :meth:`cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; its answer will be dropped."""
        self._cancelled.set()

    def report(self, fraction: float) -> None:
        """Tell how much is done, 0 to 1; cheap, may be called often."""
        if self._on_fraction is not None and not self.is_cancelled:
            self._on_fraction(min(1.0, max(0.0, fraction)))


class Runner(Protocol):
    """Runs work and brings its answer back to the GUI thread."""

    def start(
        self,
        lane: Lane,
        work: Callable[[Job], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
        progress: Callable[[float], None] | None = None,
    ) -> Job:
        """Run ``work`` in a lane; then call ``done`` or ``failed`` on the GUI thread, or neither once cancelled."""
        ...


class ImmediateRunner:
    """Runs work before :meth:`start` returns, so that tests of presenters need no thread."""

    def start(
        self,
        lane: Lane,
        work: Callable[[Job], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
        progress: Callable[[float], None] | None = None,
    ) -> Job:
        """See :meth:`Runner.start`."""
        job = Job(progress)
        try:
            answer = work(job)
        except Exception as exc:  # noqa: BLE001  # Reason: the task runner is where any failure becomes a shown problem.
            if not job.is_cancelled:
                failed(problem_of(exc))
            return job
        if not job.is_cancelled:
            done(answer)
        return job


class Latest:
    """Keeps only the newest request of one kind: starting another cancels the one before and drops its answer."""

    def __init__(self, runner: Runner, lane: Lane) -> None:
        self._runner = runner
        self._lane: Lane = lane
        self._request_id = 0
        self._job: Job | None = None

    @property
    def is_busy(self) -> bool:
        """True while an answer is awaited."""
        return self._job is not None

    def start(
        self,
        work: Callable[[Job], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Run ``work``; its answer counts only if nothing newer was started meanwhile."""
        self.cancel()
        request_id = self._request_id
        answered = False

        def is_current() -> bool:
            nonlocal answered
            if request_id != self._request_id:
                return False
            answered = True
            self._job = None
            return True

        def on_done(answer: T) -> None:
            if is_current():
                done(answer)

        def on_failed(problem: Problem) -> None:
            if is_current():
                failed(problem)

        job = self._runner.start(self._lane, work, done=on_done, failed=on_failed, progress=progress)
        if not answered and request_id == self._request_id:
            self._job = job

    def cancel(self) -> None:
        """Forget the request under way, if any."""
        self._request_id += 1
        if self._job is not None:
            self._job.cancel()
            self._job = None
