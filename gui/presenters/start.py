# SPDX-License-Identifier: Apache-2.0
"""The start page: which case, who acts, with which passphrase; and what is wrong when it does not open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from gui.port import DeskPort, LobbyPort
from gui.runner import Latest, Runner
from review.desk_values import CaseHeader, OperatorChoice, Problem

__all__ = ["MAX_RECENT", "StartPresenter", "StartState", "StartView", "with_recent"]

MAX_RECENT: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StartState:
    """All that the start page shows.

    Attributes:
        recent: Case folders opened before, last first.
        operators: Operators of this workstation.
        has_operators: False only once it is known that there are none.
        header: The chosen case, once its public header was read.
        folder: The chosen folder, or None.
        is_opening: True while the case is being opened.
        problem: Why the last try failed.
    """

    recent: tuple[Path, ...] = ()
    operators: tuple[OperatorChoice, ...] = ()
    has_operators: bool = True
    header: CaseHeader | None = None
    folder: Path | None = None
    is_opening: bool = False
    problem: Problem | None = None


class StartView(Protocol):
    """What the presenter needs of the page."""

    def show_start(self, state: StartState) -> None:
        """Show a state."""
        ...

    def forget_passphrase(self) -> None:
        """Empty the passphrase field."""
        ...


def with_recent(recent: tuple[Path, ...], folder: Path) -> tuple[Path, ...]:
    """Recent folders with one put first.

    >>> [str(item) for item in with_recent((Path("a"), Path("b")), Path("b"))]
    ['b', 'a']
    """
    return (folder, *(item for item in recent if item != folder))[:MAX_RECENT]


class StartPresenter:
    """Decides what the start page shows and opens the case.

    Args:
        lobby: Door to cases that are not open.
        view: The page.
        runner: Where slow work goes.
        opened: Called with the open case.
        recent: Folders remembered from earlier runs.
    """

    def __init__(
        self,
        *,
        lobby: LobbyPort,
        view: StartView,
        runner: Runner,
        opened: Callable[[DeskPort], None],
        recent: tuple[Path, ...] = (),
    ) -> None:
        self._lobby = lobby
        self._view = view
        self._opened = opened
        self._peek = Latest(runner, "case")
        self._open = Latest(runner, "case")
        self._operators = Latest(runner, "case")
        self.state = StartState(recent=recent)

    def begin(self) -> None:
        """Show the page and read the operators."""
        self._show()
        self._operators.start(lambda job: self._lobby.operators(), done=self._got_operators, failed=self._failed)

    def choose(self, folder: Path) -> None:
        """Take a folder and read its public header."""
        self._set(folder=folder, header=None, problem=None)
        self._peek.start(lambda job: self._lobby.peek(folder), done=self._got_header, failed=self._failed)

    def open(self, *, operator_id: str, passphrase: str, writing: bool = True) -> None:
        """Open the chosen case; the passphrase is not kept, and the field is emptied."""
        folder = self.state.folder
        if folder is None:
            self._failed(Problem(kind="NoCase", message=""))
        elif not operator_id:
            self._failed(Problem(kind="NoOperator", message=""))
        elif not passphrase:
            self._failed(Problem(kind="NoPassphrase", message=""))
        else:
            self._set(is_opening=True, problem=None)
            self._open.start(
                lambda job: self._lobby.open(folder, operator_id=operator_id, passphrase=passphrase, writing=writing),
                done=self._got_desk,
                failed=self._failed,
            )

    def tell(self, problem: Problem) -> None:
        """Show a problem that came from elsewhere."""
        self._failed(problem)

    def _got_operators(self, operators: tuple[OperatorChoice, ...]) -> None:
        self._set(operators=operators, has_operators=bool(operators))

    def _got_header(self, header: CaseHeader) -> None:
        self._set(header=header, folder=header.folder, problem=None)

    def _got_desk(self, desk: DeskPort) -> None:
        self._set(is_opening=False, problem=None, recent=with_recent(self.state.recent, desk.card.folder))
        self._view.forget_passphrase()
        self._opened(desk)

    def _failed(self, problem: Problem) -> None:
        self._set(is_opening=False, problem=problem)
        if problem.kind == "WrongKey":
            self._view.forget_passphrase()

    def _set(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # Reason: names are checked by replace().
        self._show()

    def _show(self) -> None:
        self._view.show_start(self.state)
