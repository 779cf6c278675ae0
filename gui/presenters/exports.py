# SPDX-License-Identifier: Apache-2.0
"""Stills, clips and synopses: one long task at a time, with an honest estimate of what is left, and cancel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from gui.port import DeskPort
from gui.runner import Job, Latest, Runner
from review.desk_values import Problem, SynopsisOutlook, SynopsisWish
from review.hits import Query

__all__ = ["ExportKind", "ExportsPresenter", "ExportsState", "ExportsView"]

ExportKind = Literal["still", "clip", "synopsis"]
_MIN_FRACTION = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportsState:
    """What the task bar shows.

    Attributes:
        kind: The task under way or the last one; None before the first.
        out_path: Where it writes.
        is_running: True until it ends.
        fraction: How much is done, 0 to 1; None while that is not known.
        left_s: Estimated seconds left; None while there is no ground for one.
        was_cancelled: True when the person stopped it.
        problem: Why it failed.
    """

    kind: ExportKind | None = None
    out_path: Path | None = None
    is_running: bool = False
    fraction: float | None = None
    left_s: float | None = None
    was_cancelled: bool = False
    problem: Problem | None = None


class ExportsView(Protocol):
    """What the presenter needs of the task bar."""

    def show_export(self, state: ExportsState) -> None:
        """Show a state."""
        ...

    def ask_synopsis(self, query: Query, outlook: SynopsisOutlook) -> None:
        """Say what the film would be, and ask whether and where it is to be written."""
        ...


class ExportsPresenter:
    """Runs one export at a time; a request while one runs is refused, since two would only slow each other.

    Args:
        desk: The open case.
        view: The task bar.
        runner: Where slow work goes.
        now_s: Monotonic seconds.
    """

    def __init__(self, *, desk: DeskPort, view: ExportsView, runner: Runner, now_s: Callable[[], float]) -> None:
        self._desk = desk
        self._view = view
        self._task = Latest(runner, "exports")
        self._now_s = now_s
        self._began_s = 0.0
        self.state = ExportsState()

    def still(self, track_id: str, *, out_path: Path, pts_ticks: int | None) -> bool:
        """Write a still of one frame; False when another task runs."""
        return self._start(
            "still",
            out_path,
            lambda job: self._desk.export_still(track_id, out_path=out_path, pts_ticks=pts_ticks),
        )

    def clip(self, track_id: str, *, out_path: Path) -> bool:
        """Write the hit's clips; False when another task runs."""
        return self._start("clip", out_path, lambda job: self._desk.export_clip(track_id, out_path=out_path))

    def plan_synopsis(self, query: Query, *, purpose: str, wish: SynopsisWish | None = None) -> bool:
        """Find out how long a synopsis would be, then have the view ask; False when another task runs."""

        def planned(outlook: SynopsisOutlook) -> None:
            self.state = ExportsState()
            self._view.show_export(self.state)
            self._view.ask_synopsis(query, outlook)

        if self.state.is_running:
            return False
        self.state = ExportsState(kind="synopsis", is_running=True)
        self._view.show_export(self.state)
        self._task.start(
            lambda job: self._desk.plan_synopsis(query, purpose=purpose, wish=wish or SynopsisWish()),
            done=planned,
            failed=self._failed,
        )
        return True

    def synopsis(self, query: Query, *, purpose: str, out_path: Path, wish: SynopsisWish) -> bool:
        """Write a synopsis of a query's hits; False when another task runs."""
        return self._start(
            "synopsis",
            out_path,
            lambda job: self._desk.make_synopsis(query, purpose=purpose, out_path=out_path, progress=job, wish=wish),
        )

    def cancel(self) -> None:
        """Stop the task under way; what it wrote so far is its own to remove."""
        if self.state.is_running:
            self._task.cancel()
            self._set(is_running=False, was_cancelled=True, fraction=None, left_s=None)

    def dismiss(self) -> None:
        """Put the message of a finished task away."""
        if not self.state.is_running:
            self.state = ExportsState()
            self._view.show_export(self.state)

    def _start(self, kind: ExportKind, out_path: Path, work: Callable[[Job], None]) -> bool:
        if self.state.is_running:
            return False
        self._began_s = self._now_s()
        self.state = ExportsState(kind=kind, out_path=out_path, is_running=True)
        self._view.show_export(self.state)
        self._task.start(work, done=self._done, failed=self._failed, progress=self._progress)
        return True

    def _progress(self, fraction: float) -> None:
        elapsed_s = self._now_s() - self._began_s
        left_s = elapsed_s * (1 - fraction) / fraction if fraction >= _MIN_FRACTION else None
        self._set(fraction=fraction, left_s=left_s)

    def _done(self, _: None) -> None:
        self._set(is_running=False, fraction=1.0, left_s=0.0)

    def _failed(self, problem: Problem) -> None:
        self._set(is_running=False, problem=problem, fraction=None, left_s=None)

    def _set(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # Reason: replace() checks the names.
        self._view.show_export(self.state)
