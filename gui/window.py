# SPDX-License-Identifier: Apache-2.0
"""The window: start page or workbench, language and theme. It wires parts together and decides nothing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from gui.icons import icon
from gui.phrases import Phrases
from gui.pool import PoolRunner
from gui.port import DeskPort, LobbyPort
from gui.presenters.start import StartPresenter
from gui.settings import Settings
from gui.theme import DARK, LIGHT, make_palette, make_style_sheet, present_tokens
from gui.widgets.dialogs import KeysDialog
from gui.widgets.start_page import StartPage
from gui.widgets.top_bar import TopBar
from gui.widgets.workbench import Workbench
from gui.words import Words
from review.desk_values import Problem

__all__ = ["Window"]


class Window(QMainWindow):
    """The one window of the program.

    Args:
        lobby: Door to cases.
        settings: What is remembered between runs.
        words: The catalogue, in the language to begin with.
        runner: Where slow work goes; closed with the window.
        theme: ``light``, ``dark`` or empty for the system's.
    """

    def __init__(
        self, *, lobby: LobbyPort, settings: Settings, words: Words, runner: PoolRunner, theme: str = ""
    ) -> None:
        super().__init__()
        self._settings, self._words, self._runner = settings, words, runner
        self._theme = theme
        self._desk: DeskPort | None = None
        self.workbench: Workbench | None = None
        self._top = TopBar(words)
        self._stack = QStackedWidget()
        self.start_page = StartPage(words=words, phrases=Phrases(words), operator_id=settings.operator_id)
        self.start = StartPresenter(
            lobby=lobby, view=self.start_page, runner=runner, opened=self.show_case, recent=settings.recent
        )
        self._build()
        self._connect()
        self.apply_theme()
        self._top.show_case(None)
        self.start.begin()

    def show_case(self, desk: DeskPort) -> None:
        """Put an open case on the window."""
        self._settings.recent = self.start.state.recent
        self._settings.save()
        self._desk = desk
        self.workbench = Workbench(desk=desk, runner=self._runner, words=self._words)
        self.workbench.restore_layout(self._settings.layout("columns"))
        self._stack.addWidget(self.workbench)
        self._stack.setCurrentWidget(self.workbench)
        self._top.show_case(desk.card)
        self.setWindowTitle(f"{desk.card.title} — Relecture")
        self.workbench.filters.focus_purpose()

    def leave_case(self) -> None:
        """Close the case and go back to the start page."""
        workbench, desk = self.workbench, self._desk
        if workbench is None or desk is None:
            return
        self._settings.save_layout("columns", workbench.layout_state())
        self._runner.close()
        workbench.close_case()
        desk.close()
        self.workbench, self._desk = None, None
        self._stack.setCurrentWidget(self.start_page)
        self._stack.removeWidget(workbench)
        workbench.deleteLater()
        self._top.show_case(None)
        self.setWindowTitle("Relecture")

    def toggle_language(self) -> None:
        """French to English or back, everywhere at once."""
        self._words.language = "en" if self._words.language == "fr" else "fr"
        self._settings.language = self._words.language
        self.retranslate()

    def toggle_theme(self) -> None:
        """Light to dark or back, from now on whatever the system has."""
        self._theme = "light" if present_tokens().is_dark else "dark"
        self._settings.theme = self._theme
        self.apply_theme()

    def begin_with(self, folder: Path, operator_id: str, passphrase: str) -> None:
        """Choose a case given on the command line; open it too when operator and passphrase are known."""
        self.start.choose(folder)
        if operator_id and passphrase:
            self.start.open(operator_id=operator_id, passphrase=passphrase)

    def tell(self, problem: Problem) -> None:
        """Show a problem on the page that is open."""
        if self.workbench is not None:
            self.workbench.hits.tell(problem)
        else:
            self.start.tell(problem)

    def retranslate(self) -> None:
        """Read texts and theme colours again, everywhere."""
        self._top.retranslate()
        self.start_page.retranslate()
        if self.workbench is not None:
            self.workbench.retranslate()

    def apply_theme(self) -> None:
        """Take the light or dark theme: the one asked for, else the system's."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        is_system_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        tokens = DARK if self._theme == "dark" or (not self._theme and is_system_dark) else LIGHT
        app.setPalette(make_palette(tokens))
        app.setStyleSheet(make_style_sheet(tokens))
        self.setWindowIcon(icon("brand", tokens.accent))
        self.retranslate()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Reason: Qt's name.
        """Stop the workers, close the case, remember where the window was."""
        self._settings.save_layout("window", self.saveGeometry())
        self.leave_case()
        self._runner.close()
        self._settings.save()
        super().closeEvent(event)

    def _build(self) -> None:
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._top)
        column.addWidget(self._stack, 1)
        self._stack.addWidget(self.start_page)
        self.setCentralWidget(central)
        self.setWindowTitle("Relecture")
        self.setMinimumSize(1240, 720)
        self.resize(1440, 900)
        saved = self._settings.layout("window")
        if not saved.isEmpty():
            self.restoreGeometry(saved)

    def _connect(self) -> None:
        self.start_page.folder_chosen.connect(self.start.choose)
        self.start_page.open_asked.connect(self._open)
        self._top.language_asked.connect(self.toggle_language)
        self._top.theme_asked.connect(self.toggle_theme)
        self._top.keys_asked.connect(self._show_keys)
        self._top.leave_asked.connect(self.leave_case)
        self._top.theatre_asked.connect(self._toggle_theatre)
        QShortcut(QKeySequence("F1"), self, self._show_keys)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.styleHints().colorSchemeChanged.connect(lambda _: self.apply_theme())

    def _open(self, operator_id: str, passphrase: str, writing: bool) -> None:
        self._settings.operator_id = operator_id
        self.start.open(operator_id=operator_id, passphrase=passphrase, writing=writing)

    def _toggle_theatre(self) -> None:
        if self.workbench is not None:
            self.workbench.toggle_theatre()

    def _show_keys(self) -> None:
        KeysDialog(self, self._words).exec()
