# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading

import pytest
from pytestqt.qtbot import QtBot

from gui.pool import PoolRunner
from gui.runner import ImmediateRunner, Job, Latest
from models.errors import CaseBusy
from review.desk_values import Problem
from tests.gui.manual_runner import ManualRunner


def test_only_the_newest_request_is_answered() -> None:
    runner, answers = ManualRunner(), []
    latest = Latest(runner, "case")

    for number in (1, 2, 3):
        latest.start(lambda job, number=number: number, done=answers.append, failed=pytest.fail)
    runner.run_all()

    assert answers == [3]
    assert latest.is_busy is False


def test_an_answer_that_was_on_its_way_when_a_newer_request_came_is_dropped() -> None:
    runner, answers = ManualRunner(), []
    latest = Latest(runner, "case")
    latest.start(lambda job: 1, done=answers.append, failed=pytest.fail)
    runner.run_next(deliver=False)

    latest.start(lambda job: 2, done=answers.append, failed=pytest.fail)
    runner.run_all()

    assert answers == [2]


def test_a_request_started_from_an_answer_stays_current() -> None:
    runner, answers = ManualRunner(), []
    latest = Latest(runner, "case")

    def again(answer: int) -> None:
        answers.append(answer)
        if answer < 3:
            latest.start(lambda job: answer + 1, done=again, failed=pytest.fail)

    latest.start(lambda job: 1, done=again, failed=pytest.fail)
    runner.run_all()

    assert answers == [1, 2, 3]


def test_the_immediate_runner_tells_known_errors_by_their_kind() -> None:
    told: list[Problem] = []

    def fail(job: Job) -> None:
        raise CaseBusy("Open elsewhere.", hint="Wait.")

    ImmediateRunner().start("case", fail, done=pytest.fail, failed=told.append)

    assert told == [Problem(kind="CaseBusy", message="Open elsewhere.", hint="Wait.")]


@pytest.fixture
def pool(qtbot: QtBot) -> PoolRunner:
    return PoolRunner()


def test_work_runs_on_another_thread_and_the_answer_comes_on_the_gui_thread(qtbot: QtBot, pool: PoolRunner) -> None:
    threads: list[int] = []

    def work(job: Job) -> int:
        return threading.get_ident()

    def done(worker: int) -> None:
        threads.extend((worker, threading.get_ident()))

    pool.start("case", work, done=done, failed=pytest.fail)
    qtbot.waitUntil(lambda: len(threads) == 2)

    assert threads[0] != threads[1] == threading.get_ident()
    pool.close()


def test_jobs_of_a_lane_keep_their_order(qtbot: QtBot, pool: PoolRunner) -> None:
    order: list[int] = []

    for number in range(20):
        pool.start("case", lambda job, number=number: number, done=order.append, failed=pytest.fail)
    qtbot.waitUntil(lambda: len(order) == 20)

    assert order == list(range(20))
    pool.close()


def test_a_cancelled_job_answers_nothing(qtbot: QtBot, pool: PoolRunner) -> None:
    gate, answers = threading.Event(), []

    job = pool.start("case", lambda job: gate.wait(5), done=answers.append, failed=answers.append)
    job.cancel()
    gate.set()
    pool.start("case", lambda job: "after", done=answers.append, failed=pytest.fail)
    qtbot.waitUntil(lambda: bool(answers))

    assert answers == ["after"]
    pool.close()


def test_progress_and_failure_come_on_the_gui_thread(qtbot: QtBot, pool: PoolRunner) -> None:
    seen: list[object] = []

    def work(job: Job) -> None:
        job.report(0.5)
        job.report(7.0)
        raise CaseBusy("Open elsewhere.", hint="Wait.")

    pool.start(
        "exports", work, done=pytest.fail, failed=lambda problem: seen.append(problem.kind), progress=seen.append
    )
    qtbot.waitUntil(lambda: len(seen) == 3)

    assert seen == [0.5, 1.0, "CaseBusy"]
    pool.close()


def test_closing_waits_for_the_work_under_way_and_drops_its_answer(qtbot: QtBot, pool: PoolRunner) -> None:
    ended, answers = [], []

    def work(job: Job) -> None:
        while not job.is_cancelled:
            pass
        ended.append(True)

    pool.start("case", work, done=answers.append, failed=answers.append)
    pool.close()
    qtbot.wait(1)

    assert (ended, answers) in (([True], []), ([], []))
