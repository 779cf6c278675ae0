# SPDX-License-Identifier: Apache-2.0
"""The runner of the real window: one Qt thread pool of one thread per lane, answers brought back by a queued signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from gui.runner import Job, Lane
from review.desk_values import Problem, problem_of

__all__ = ["PoolRunner"]

T = TypeVar("T")
Answer = Callable[[], None]


class _Work(QRunnable):
    """One job on its way through a pool."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self._call = call

    def run(self) -> None:
        self._call()


class PoolRunner(QObject):
    """Runs jobs on worker threads; see :class:`gui.runner.Runner` for the promise it keeps."""

    _answered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pools: dict[Lane, QThreadPool] = {}
        self._jobs: set[Job] = set()
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        lane: Lane,
        work: Callable[[Job], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
        progress: Callable[[float], None] | None = None,
    ) -> Job:
        """See :meth:`gui.runner.Runner.start`."""
        job = Job(None if progress is None else lambda fraction: self._send(job, lambda: progress(fraction)))
        self._jobs.add(job)

        def call() -> None:
            if job.is_cancelled:
                self._answered.emit(lambda: self._jobs.discard(job))
                return
            try:
                answer = work(job)
            except Exception as exc:  # noqa: BLE001  # Reason: the GUI task runner; a failure is shown, never fatal.
                problem = problem_of(exc)
                self._finish(job, lambda: failed(problem))
            else:
                self._finish(job, lambda: done(answer))

        self._pool_of(lane).start(_Work(call))
        return job

    def close(self) -> None:
        """Cancel what runs, wait for the threads to end, drop all answers."""
        for job in self._jobs:
            job.cancel()
        for pool in self._pools.values():
            pool.clear()
        for pool in self._pools.values():
            pool.waitForDone()
        self._jobs.clear()

    def _pool_of(self, lane: Lane) -> QThreadPool:
        if lane not in self._pools:
            pool = QThreadPool(self)
            pool.setMaxThreadCount(1)
            self._pools[lane] = pool
        return self._pools[lane]

    def _send(self, job: Job, answer: Answer) -> None:
        def deliver() -> None:
            if not job.is_cancelled:
                answer()

        self._answered.emit(deliver)

    def _finish(self, job: Job, answer: Answer) -> None:
        def deliver() -> None:
            self._jobs.discard(job)
            if not job.is_cancelled:
                answer()

        self._answered.emit(deliver)

    @Slot(object)
    def _deliver(self, answer: Answer) -> None:
        answer()
