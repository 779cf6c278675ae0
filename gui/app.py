# SPDX-License-Identifier: Apache-2.0
"""Starts the window: environment, application, words, settings, and the last line against our own bugs."""

from __future__ import annotations

import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QLibraryInfo, QLocale, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from gui._platform import undo_opencv_qt_paths
from gui.pool import PoolRunner
from gui.screenshot import Screenshot
from gui.settings import Settings
from gui.window import Window
from gui.words import Words, language_for
from review.desk import Lobby
from review.desk_values import problem_of
from review.home import home_folder

__all__ = ["Start", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the command line asks of the window.

    Attributes:
        case: Case folder to open, or None for the start page.
        operator_id: Who acts; empty to choose in the window.
        passphrase: Opens the case at once; empty to type it in the window.
        language: ``fr``, ``en`` or empty for the one chosen last.
        theme: ``light``, ``dark`` or empty for the one chosen last, else the system's.
        screenshot: Write a picture of the window here, then end; None for a person's window.
        purpose: Purpose of the search that a screenshot shows.
        size_wh_px: Size of the window on a screenshot.
    """

    case: Path | None = None
    operator_id: str = ""
    passphrase: str = ""
    language: str = ""
    theme: str = ""
    screenshot: Path | None = None
    purpose: str = ""
    size_wh_px: tuple[int, int] = (1440, 900)


def run(start: Start) -> int:
    """Show the window until it is closed; returns the exit code."""
    undo_opencv_qt_paths()
    app = QApplication(sys.argv[:1])
    app.setApplicationName("relecture")
    app.setApplicationDisplayName("Relecture")
    app.setDesktopFileName("relecture")
    app.setStyle("Fusion")
    settings = Settings(home_folder())
    words = Words(language_for(saved=start.language or settings.language, system=QLocale.system().name()))
    translator = QTranslator(app)
    # Why: Qt's own dialogs speak the language that the program began with.
    if words.language == "fr" and translator.load(
        "qtbase_fr", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):
        app.installTranslator(translator)
    window = Window(
        lobby=Lobby(), settings=settings, words=words, runner=PoolRunner(), theme=start.theme or settings.theme
    )
    waker = _wake_for_signals(app, window)
    _tell_defects(window)
    shot = None
    if start.screenshot is not None:
        window.resize(*start.size_wh_px)
        shot = Screenshot(window=window, path=start.screenshot, purpose=start.purpose)
    window.show()
    if start.case is not None:
        window.begin_with(start.case.expanduser().absolute(), start.operator_id, start.passphrase)
    code = app.exec()
    waker.stop()
    window.close()
    sys.excepthook = sys.__excepthook__
    return code if shot is None or code else shot.exit_code


def _wake_for_signals(app: QApplication, window: Window) -> QTimer:
    """Let Ctrl-C and a polite kill close the window: Python sees a signal only when it runs, so it is made to run."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    timer = QTimer(app)
    timer.timeout.connect(lambda: None)
    timer.start(250)
    return timer


def _tell_defects(window: Window) -> None:
    """Show an error that nobody caught instead of losing it; the window goes on with its last good state."""

    def tell(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, problem, trace)
        window.tell(problem_of(problem))

    sys.excepthook = tell
