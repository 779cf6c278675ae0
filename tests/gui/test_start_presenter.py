# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from gui.port import DeskPort
from gui.presenters.start import MAX_RECENT, StartPresenter, StartState, with_recent
from gui.runner import ImmediateRunner
from tests.gui.fakes import FakeDesk, FakeLobby

CASE = Path("/procedures/2026-0412")


class View:
    def __init__(self) -> None:
        self.states: list[StartState] = []
        self.n_forgotten = 0

    def show_start(self, state: StartState) -> None:
        self.states.append(state)

    def forget_passphrase(self) -> None:
        self.n_forgotten += 1


class Page:
    """A start page on a fake lobby, with what it opened."""

    def __init__(self, lobby: FakeLobby | None = None) -> None:
        self.lobby = lobby or FakeLobby()
        self.view = View()
        self.opened: list[DeskPort] = []
        self.presenter = StartPresenter(
            lobby=self.lobby, view=self.view, runner=ImmediateRunner(), opened=self.opened.append
        )
        self.presenter.begin()

    @property
    def state(self) -> StartState:
        return self.presenter.state


def test_the_page_begins_with_the_operators_of_this_workstation() -> None:
    assert [choice.operator_id for choice in Page().state.operators] == ["martin", "petit"]


def test_a_workstation_without_operators_says_so() -> None:
    page = Page(FakeLobby(choices=()))

    assert page.state.has_operators is False


def test_choosing_a_case_shows_what_its_header_says() -> None:
    page = Page()

    page.presenter.choose(CASE)

    assert page.state.header is not None
    assert page.state.header.case_id == "c-0123456789abcdef"


def test_choosing_a_folder_that_is_no_case_says_so_and_keeps_the_page() -> None:
    page = Page()

    page.presenter.choose(Path("/nothing"))

    assert page.state.problem is not None
    assert page.state.problem.kind == "UnreadableInput"
    assert page.state.operators


def test_the_right_passphrase_opens_the_case_and_is_forgotten() -> None:
    page = Page()
    page.presenter.choose(CASE)

    page.presenter.open(operator_id="martin", passphrase="ouvre")

    assert page.opened == [page.lobby.desk]
    assert page.view.n_forgotten == 1
    assert page.state.recent == (page.lobby.desk.card.folder,)


def test_a_wrong_passphrase_is_told_and_emptied() -> None:
    page = Page()
    page.presenter.choose(CASE)

    page.presenter.open(operator_id="martin", passphrase="non")

    assert page.opened == []
    assert page.state.problem is not None
    assert page.state.problem.kind == "WrongKey"
    assert (page.view.n_forgotten, page.state.is_opening) == (1, False)


@pytest.mark.parametrize(
    ("folder", "operator_id", "passphrase", "kind"),
    [
        (None, "martin", "ouvre", "NoCase"),
        (CASE, "", "ouvre", "NoOperator"),
        (CASE, "martin", "", "NoPassphrase"),
    ],
)
def test_what_is_missing_is_named(folder: Path | None, operator_id: str, passphrase: str, kind: str) -> None:
    page = Page()
    if folder is not None:
        page.presenter.choose(folder)

    page.presenter.open(operator_id=operator_id, passphrase=passphrase)

    assert page.state.problem is not None
    assert page.state.problem.kind == kind


def test_a_case_that_is_open_elsewhere_can_be_opened_to_look_only() -> None:
    page = Page(FakeLobby(is_busy=True))
    page.presenter.choose(CASE)
    page.presenter.open(operator_id="martin", passphrase="ouvre")
    told = page.state.problem

    page.presenter.open(operator_id="martin", passphrase="ouvre", writing=False)

    assert told is not None and told.kind == "CaseBusy"
    assert page.opened[0].card.can_judge is False


def test_recent_cases_are_few_and_without_doubles() -> None:
    recent: tuple[Path, ...] = ()
    for number in range(20):
        recent = with_recent(recent, Path(f"/case-{number % 12}"))

    assert len(recent) == MAX_RECENT
    assert recent[0] == Path("/case-7")
    assert len(set(recent)) == MAX_RECENT


def test_a_bug_below_is_told_as_a_defect() -> None:
    desk = FakeDesk()
    page = Page(FakeLobby(desk=desk))
    page.lobby.open = lambda *_, **__: 1 / 0  # type: ignore[method-assign]
    page.presenter.choose(CASE)

    page.presenter.open(operator_id="martin", passphrase="ouvre")

    assert page.state.problem is not None
    assert page.state.problem.kind == "Defect"
    assert "ZeroDivisionError" in page.state.problem.message
