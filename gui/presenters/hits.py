# SPDX-License-Identifier: Apache-2.0
"""The main page without its player: search, order, selection, verdicts with undo, unmasking.

A failed search or a refused verdict leaves the last good list in place. A verdict is shown once it is recorded, not
before: what is on the screen is what the log holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, Protocol

from gui.port import DeskPort
from gui.presenters.filters import Filters, query_of
from gui.runner import Job, Latest, Runner
from gui.times import PARIS, parse_moment
from review.desk_values import Corrected, Problem, VerdictName
from review.hits import Hit, Query, SearchResult

__all__ = ["ORDERS", "HitsPresenter", "HitsState", "HitsView", "Order", "is_masked", "sorted_hits"]

Order = Literal["score", "time", "camera"]
ORDERS: Final[tuple[Order, ...]] = ("score", "time", "camera")
TAKEN_BACK_NOTE: Final = "Verdict repris par l’officier."
"""Note of a first verdict taken back; French in both languages, since it enters the procedure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsState:
    """All that the list of hits shows.

    Attributes:
        hits: Hits in the order shown.
        result: The last search that succeeded; None before the first.
        purpose: Purpose of that search.
        order: How hits are sorted.
        selected: Index in ``hits``, or -1.
        is_searching: True while an answer is awaited.
        problem: Why the last act failed; None once one succeeded.
        faults: (field, fault) pairs of the filter panel.
        warnings: (field, warning) pairs of the filter panel.
        pending: Tracks whose verdict is being recorded.
        unmasked: Tracks whose picture was unmasked for a logged reason.
        undo_depth: Verdicts and corrections that can be taken back.
        marked: Track that waits for the other one to be merged with, or empty.
        notice: Key of a short message about what just happened, or empty.
    """

    hits: tuple[Hit, ...] = ()
    result: SearchResult | None = None
    purpose: str = ""
    order: Order = "score"
    selected: int = -1
    is_searching: bool = False
    problem: Problem | None = None
    faults: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    pending: frozenset[str] = frozenset()
    unmasked: frozenset[str] = frozenset()
    undo_depth: int = 0
    marked: str = ""
    notice: str = ""

    @property
    def current(self) -> Hit | None:
        """The selected hit."""
        return self.hits[self.selected] if 0 <= self.selected < len(self.hits) else None

    def n_with(self, verdict: str) -> int:
        """Hits that carry a verdict; the empty string counts those not judged."""
        return sum(hit.verdict == verdict for hit in self.hits)


class HitsView(Protocol):
    """What the presenter needs of the page."""

    def show_hits(self, state: HitsState) -> None:
        """Show a state."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A verdict that replaced another, kept so that it can be taken back."""

    track_id: str
    verdict_before: str
    note_before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Correction:
    """A correction that can be taken back."""

    number: int


def sorted_hits(hits: tuple[Hit, ...], order: Order) -> tuple[Hit, ...]:
    """Hits in an order that is total: equal inputs always give equal lists.

    Hits whose clock is not established come after the others and keep the order of their recording.
    """

    def by_time(hit: Hit) -> tuple[bool, float, str, float, str]:
        known = hit.start_utc is not None
        at = hit.start_utc.timestamp() if hit.start_utc is not None else 0.0
        return (not known, at, hit.recording_name, hit.start_s, hit.track_id)

    if order == "time":
        return tuple(sorted(hits, key=by_time))
    if order == "camera":
        return tuple(sorted(hits, key=lambda hit: (hit.camera, by_time(hit))))
    return tuple(sorted(hits, key=lambda hit: (-hit.score, by_time(hit))))


def is_masked(hit: Hit, unmasked: frozenset[str]) -> bool:
    """True while heads and plates of a hit must not be shown in lists: until validated, or unmasked for a reason."""
    return hit.verdict != "validated" and hit.track_id not in unmasked


class HitsPresenter:
    """Decides what the list of hits shows.

    Args:
        desk: The open case.
        view: The page.
        runner: Where slow work goes.
        selected: Called with the newly selected hit, or None.
    """

    def __init__(
        self, *, desk: DeskPort, view: HitsView, runner: Runner, selected: Callable[[Hit | None], None]
    ) -> None:
        self._desk = desk
        self._view = view
        self._runner = runner
        self._on_selected = selected
        self._search = Latest(runner, "case")
        self._taken: list[_Taken | _Correction] = []
        self.advances_after_verdict = True
        self.state = HitsState()

    @property
    def day(self) -> date | None:
        """Local day that a time without a date refers to: that of the selected hit, else of the case."""
        current = self.state.current
        at_hits = (hit.start_utc for hit in self.state.hits)
        moments = (current.start_utc if current else None, self._desk.card.from_utc, *at_hits)
        known = next((moment for moment in moments if moment is not None), None)
        return known.astimezone(PARIS).date() if known is not None else None

    def search(self, filters: Filters) -> None:
        """Ask the case; the list stays as it is until the answer is there."""
        asked = query_of(filters, day=self.day)
        self._set(faults=asked.faults, warnings=asked.warnings, notice="")
        if asked.query is None:
            return
        query, purpose = asked.query, filters.purpose.strip()
        self._set(is_searching=True, problem=None)

        def work(job: Job) -> SearchResult:
            return self._desk.search(query, purpose=purpose)

        def done(result: SearchResult) -> None:
            self._taken.clear()
            hits = sorted_hits(result.hits, self.state.order)
            self._set(
                hits=hits,
                result=result,
                purpose=purpose,
                is_searching=False,
                problem=None,
                selected=0 if hits else -1,
                undo_depth=0,
                marked="",
            )
            self._on_selected(self.state.current)

        self._search.start(work, done=done, failed=self._search_failed)

    def set_order(self, order: Order) -> None:
        """Sort otherwise; the selected hit stays selected."""
        current = self.state.current
        hits = sorted_hits(self.state.hits, order)
        self._set(hits=hits, order=order, selected=hits.index(current) if current else -1)

    def select(self, index: int) -> None:
        """Select a hit by its place in the list; out of range selects none."""
        index = index if 0 <= index < len(self.state.hits) else -1
        if index != self.state.selected:
            self._set(selected=index, notice="")
            self._on_selected(self.state.current)

    def go_to(self, text: str) -> bool:
        """Select the first hit still seen at or after a typed time; False when the text is no time or none follows."""
        moment = parse_moment(text, day=self.day).moment_utc
        if moment is None:
            self._set(notice="goto.unreadable")
            return False
        return self.go_to_moment(moment)

    def show_moment(self, text: str, *, show: Callable[[datetime], bool]) -> bool:
        """Show a typed time in the player; False, with a notice, when it is no time or not in the recording.

        Args:
            text: What was typed.
            show: Shows an instant; False when the recording does not hold it.
        """
        moment = parse_moment(text, day=self.day).moment_utc
        is_shown = moment is not None and show(moment)
        self._set(notice="" if is_shown else "goto.unreadable" if moment is None else "player.elsewhere")
        return is_shown

    def go_to_moment(self, moment_utc: datetime) -> bool:
        """Select the first hit that begins at or after an instant; False when none does."""
        timed = sorted_hits(tuple(hit for hit in self.state.hits if hit.start_utc is not None), "time")
        starts = [hit.start_utc for hit in timed if hit.start_utc is not None]
        place = bisect_left(starts, moment_utc)
        if place == len(timed):
            self._set(notice="goto.none")
            return False
        self.select(self.state.hits.index(timed[place]))
        return True

    def judge(self, verdict: VerdictName, *, note: str | None = None) -> None:
        """Record a verdict on the selected hit; without a note the earlier note is kept."""
        hit = self.state.current
        if hit is None or not self._desk.card.can_judge or hit.track_id in self.state.pending:
            return
        kept = hit.verdict_note if note is None else note.strip()
        if (hit.verdict, hit.verdict_note) == (verdict, kept):
            return
        taken = _Taken(track_id=hit.track_id, verdict_before=hit.verdict, note_before=hit.verdict_note)
        is_last = self.state.selected == len(self.state.hits) - 1
        advances = self.advances_after_verdict and note is None and not is_last
        self._record(hit.track_id, verdict, kept, on_recorded=lambda: self._recorded(taken, advances=advances))

    def undo(self) -> None:
        """Take back the last verdict or correction.

        The log only grows, so taking back is one more verdict: the one before is recorded again. A first verdict has
        none before it; the hit then becomes doubtful, with a note that says why.
        """
        if not self._taken or self.state.pending:
            return
        last = self._taken[-1]
        if isinstance(last, _Correction):
            self._correct(lambda: self._desk.take_back_correction(last.number), "correction.undone", is_undo=True)
            return
        before = _verdict(last.verdict_before)
        notice = "verdict.undone" if before is not None else "verdict.undone.doubtful"

        def recorded() -> None:
            self._taken.pop()
            self._set(undo_depth=len(self._taken))
            self.select(next((i for i, hit in enumerate(self.state.hits) if hit.track_id == last.track_id), -1))
            self._set(notice=notice)

        note = last.note_before if before is not None else TAKEN_BACK_NOTE
        self._record(last.track_id, before or "doubtful", note, on_recorded=recorded)

    def split(self, at_pts_ticks: int | None) -> None:
        """Split the selected hit's track before the frame shown.

        Args:
            at_pts_ticks: Tick of that frame; None when none is shown.
        """
        hit = self.state.current
        if hit is None or not self._desk.card.can_judge or self.state.pending:
            return
        if at_pts_ticks is None or not hit.first_pts_ticks < at_pts_ticks <= hit.last_pts_ticks:
            self._set(notice="correction.frame")
            return
        track_id = hit.track_id
        self._correct(lambda: self._desk.split_track(track_id, at_pts_ticks=at_pts_ticks), "correction.split")

    def mark_or_merge(self) -> None:
        """Mark the selected hit; merge it with the one marked before; or take the mark off it."""
        hit, marked = self.state.current, self.state.marked
        if hit is None or not self._desk.card.can_judge or self.state.pending:
            return
        if hit.track_id == marked:
            self._set(marked="", notice="")
        elif not marked:
            self._set(marked=hit.track_id, notice="correction.marked")
        else:
            track_id = hit.track_id
            self._correct(lambda: self._desk.merge_tracks(marked, track_id), "correction.merged")

    def unmask(self, reason: str) -> None:
        """Show the selected hit's picture unmasked, once the reason is logged; without a reason nothing happens."""
        hit, reason = self.state.current, reason.strip()
        if hit is None or not reason:
            return
        track_id = hit.track_id
        self._runner.start(
            "case",
            lambda job: self._desk.log_unmask(track_id, reason=reason),
            done=lambda _: self._set(unmasked=self.state.unmasked | {track_id}, notice="unmask.done"),
            failed=lambda problem: self._set(problem=problem),
        )

    def tell(self, problem: Problem) -> None:
        """Show a problem that came from elsewhere; the list stays."""
        self._set(problem=problem)

    def dismiss_problem(self) -> None:
        """Put the message of the last failure away."""
        self._set(problem=None, notice="")

    @property
    def query(self) -> Query | None:
        """The query of the list shown."""
        return self.state.result.query if self.state.result else None

    def _record(self, track_id: str, verdict: VerdictName, note: str, *, on_recorded: Callable[[], None]) -> None:
        self._set(pending=self.state.pending | {track_id}, notice="")

        def done(_: None) -> None:
            hits = tuple(
                replace(hit, verdict=verdict, verdict_note=note) if hit.track_id == track_id else hit
                for hit in self.state.hits
            )
            self._set(hits=hits, pending=self.state.pending - {track_id}, problem=None)
            on_recorded()

        def failed(problem: Problem) -> None:
            self._set(pending=self.state.pending - {track_id}, problem=problem)

        self._runner.start(
            "case", lambda job: self._desk.record_verdict(track_id, verdict, note), done=done, failed=failed
        )

    def _recorded(self, taken: _Taken, *, advances: bool) -> None:
        self._taken.append(taken)
        self._set(undo_depth=len(self._taken), notice="verdict.recorded")
        current = self.state.current
        if advances and current is not None and current.track_id == taken.track_id:
            notice = self.state.notice
            self.select(self.state.selected + 1)
            self._set(notice=notice)

    def _correct(self, act: Callable[[], Corrected], notice: str, *, is_undo: bool = False) -> None:
        """Correct, then ask the case again: the list shows what the index holds now, and keeps what can be undone."""
        query, purpose, current = self.query, self.state.purpose, self.state.current
        if query is None or current is None:
            return
        self._set(pending=self.state.pending | {current.track_id}, notice="")

        def work(job: Job) -> tuple[Corrected, SearchResult]:
            return act(), self._desk.search(query, purpose=purpose)

        def done(answer: tuple[Corrected, SearchResult]) -> None:
            corrected, result = answer
            if is_undo:
                self._taken.pop()
            else:
                self._taken.append(_Correction(number=corrected.number))
            hits = sorted_hits(result.hits, self.state.order)
            place = next((i for i, hit in enumerate(hits) if hit.track_id in corrected.track_ids), -1)
            self._set(
                hits=hits,
                result=result,
                pending=frozenset(),
                problem=None,
                marked="",
                selected=place if place >= 0 else min(self.state.selected, len(hits) - 1),
                undo_depth=len(self._taken),
                notice=notice if place >= 0 else "correction.elsewhere",
            )
            self._on_selected(self.state.current)

        def failed(problem: Problem) -> None:
            self._set(pending=frozenset(), problem=problem)

        self._runner.start("case", work, done=done, failed=failed)

    def _search_failed(self, problem: Problem) -> None:
        self._set(is_searching=False, problem=problem)

    def _set(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # Reason: names are checked by replace().
        self._view.show_hits(self.state)


def _verdict(name: str) -> VerdictName | None:
    match name:
        case "validated" | "rejected" | "doubtful":
            return name
        case _:
            return None
