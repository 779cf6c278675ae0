# SPDX-License-Identifier: Apache-2.0
"""The foot of the main page: what was analysed, what just happened, and the export under way with cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton

from gui.phrases import Phrases
from gui.presenters.exports import ExportsState
from gui.presenters.hits import HitsState
from gui.widgets.parts import ElidedLabel, label, restyle
from gui.words import Words

__all__ = ["StatusBar"]


class StatusBar(QFrame):
    """Shows coverage and the state of exports.

    Signals:
        cancel_asked: Stop the export under way.
        dismissed: Put its message away.
    """

    cancel_asked = Signal()
    dismissed = Signal()

    def __init__(self, *, words: Words, phrases: Phrases) -> None:
        super().__init__()
        self.setProperty("kind", "status")
        self._words, self._phrases = words, phrases
        self._hits, self._export = HitsState(), ExportsState()
        self._coverage, self._notice, self._task = ElidedLabel("muted"), label(), label()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._button = QPushButton()
        self._button.setProperty("kind", "link")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 12, 5)
        row.setSpacing(10)
        row.addWidget(self._coverage, 1)
        for widget in (self._notice, self._task, self._bar, self._button):
            row.addWidget(widget)
        self._button.clicked.connect(self._pressed)
        self.setMinimumHeight(34)
        self.show_export(self._export)

    def show_hits(self, state: HitsState) -> None:
        """Show coverage, and a few words on what just happened."""
        self._hits = state
        if state.result is None:
            self._coverage.setText(self._words("coverage.none"))
        else:
            self._coverage.setText(self._phrases.coverage(state.result.coverage))
        self._notice.setText(self._words(state.notice) if state.notice else "")

    def show_export(self, state: ExportsState) -> None:
        """Show an export under way or just ended."""
        self._export = state
        words = self._words
        name = words(f"export.{state.kind}.name") if state.kind else ""
        where = state.out_path.name if state.out_path else ""
        self._bar.setVisible(state.is_running)
        self._button.setVisible(state.kind is not None)
        self._button.setText(words("task.cancel" if state.is_running else "task.ok"))
        self._bar.setRange(0, 0 if state.fraction is None else 1000)
        self._bar.setValue(int(1000 * (state.fraction or 0)))
        restyle(self._task, "kind", "fault" if state.problem else "")
        self._task.setToolTip(str(state.out_path or ""))
        if state.kind is None:
            self._task.setText("")
        elif state.is_running:
            left = words("task.left", left=words.length(state.left_s)) if state.left_s is not None else ""
            self._task.setText(words("task.running", name=name) + left)
        elif state.problem is not None:
            problem = self._phrases.problem(state.problem)
            self._task.setText(words("task.failed", name=name, title=problem.title))
            self._task.setToolTip(f"{problem.hint}\n{problem.detail}")
        elif state.was_cancelled:
            self._task.setText(words("task.cancelled", name=name))
        else:
            self._task.setText(words("task.done", name=name, file=where))

    def retranslate(self) -> None:
        """Read texts again."""
        self.show_hits(self._hits)
        self.show_export(self._export)

    def _pressed(self) -> None:
        if self._export.is_running:
            self.cancel_asked.emit()
        else:
            self.dismissed.emit()
