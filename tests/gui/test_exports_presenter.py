# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from gui.presenters.exports import ExportsPresenter, ExportsState
from gui.runner import ImmediateRunner
from models.errors import AlreadyThere, UnknownReference
from review.desk_values import SynopsisOutlook, SynopsisWish
from review.hits import Query
from tests.gui.fakes import FakeClock, FakeDesk, make_hit
from tests.gui.manual_runner import ManualRunner

OUT = Path("/exports/out.png")


class View:
    def __init__(self) -> None:
        self.states: list[ExportsState] = []
        self.outlooks: list[SynopsisOutlook] = []

    def show_export(self, state: ExportsState) -> None:
        self.states.append(state)

    def ask_synopsis(self, query: Query, outlook: SynopsisOutlook) -> None:
        self.outlooks.append(outlook)


class Bar:
    """A task bar on a fake case."""

    def __init__(self, runner: ImmediateRunner | ManualRunner | None = None) -> None:
        self.desk = FakeDesk(hits=(make_hit(1),))
        self.view, self.clock = View(), FakeClock()
        self.exports = ExportsPresenter(
            desk=self.desk, view=self.view, runner=runner or ImmediateRunner(), now_s=self.clock
        )


def test_a_still_is_of_the_frame_on_the_screen() -> None:
    bar = Bar()

    bar.exports.still("t-1", out_path=OUT, pts_ticks=1_050_000)

    assert bar.desk.asked == [("still", ("t-1", OUT, 1_050_000))]
    assert bar.exports.state.is_running is False
    assert bar.exports.state.fraction == 1.0


def test_a_synopsis_is_planned_and_asked_about_before_anything_is_written() -> None:
    bar = Bar()

    bar.exports.plan_synopsis(Query(), purpose="x")

    assert bar.desk.asked == [("plan", (Query(), "x"))]
    assert [outlook.length_s for outlook in bar.view.outlooks] == [38.1]
    assert bar.exports.state == ExportsState()


def test_a_plan_that_fails_is_shown_as_a_problem_and_asks_nothing() -> None:
    bar = Bar()

    def refuse(query: Query, *, purpose: str, wish: SynopsisWish) -> SynopsisOutlook:
        raise UnknownReference("There is no object to show.", hint="Widen the search.")

    bar.desk.plan_synopsis = refuse  # type: ignore[method-assign]
    bar.exports.plan_synopsis(Query(), purpose="x")

    assert bar.exports.state.problem is not None
    assert bar.view.outlooks == []


def test_a_second_task_is_refused_while_one_runs() -> None:
    bar = Bar(ManualRunner())
    first = bar.exports.clip("t-1", out_path=OUT)

    second = bar.exports.clip("t-1", out_path=OUT)

    assert (first, second) == (True, False)


def test_what_is_left_is_estimated_from_what_was_done() -> None:
    bar = Bar()
    bar.desk.hold = None
    seen: list[float | None] = []
    bar.view.show_export = lambda state: seen.append(state.left_s)  # type: ignore[method-assign]

    def slow(query: Query, *, purpose: str, out_path: Path, progress: object, wish: SynopsisWish) -> None:
        for fraction in (0.01, 0.25, 0.5):
            bar.clock.now_s += 10
            progress.report(fraction)  # type: ignore[attr-defined]

    bar.desk.make_synopsis = slow  # type: ignore[assignment]
    bar.exports.synopsis(Query(), purpose="x", out_path=OUT, wish=SynopsisWish())

    assert seen == [None, None, 60.0, 30.0, 0.0]


def test_cancel_ends_the_task_at_once_and_drops_its_answer() -> None:
    runner = ManualRunner()
    bar = Bar(runner)
    bar.exports.synopsis(Query(), purpose="x", out_path=OUT, wish=SynopsisWish())

    bar.exports.cancel()
    runner.run_all()

    assert bar.exports.state.was_cancelled
    assert bar.desk.asked == []


def test_a_name_that_exists_is_told_and_another_task_may_follow() -> None:
    bar = Bar()
    bar.desk.fails_with = AlreadyThere("out.png exists.", hint="Choose another name.")
    bar.exports.clip("t-1", out_path=OUT)
    told = bar.exports.state.problem
    bar.desk.fails_with = None

    assert told is not None and told.kind == "AlreadyThere"
    assert bar.exports.clip("t-1", out_path=OUT)
    assert bar.exports.state.problem is None


def test_a_finished_tasks_message_can_be_put_away() -> None:
    bar = Bar()
    bar.exports.clip("t-1", out_path=OUT)

    bar.exports.dismiss()

    assert bar.exports.state == ExportsState()
