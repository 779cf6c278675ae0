# SPDX-License-Identifier: Apache-2.0
"""A problem told in place: what happened, what to do, the detail on demand. Nothing modal, nothing lost behind it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout

from gui.icons import icon
from gui.phrases import ProblemText
from gui.theme import present_tokens
from gui.widgets.parts import label
from gui.words import Words

__all__ = ["ProblemBanner"]


class ProblemBanner(QFrame):
    """Hidden until there is a problem.

    Signals:
        dismissed: A person put it away.
    """

    dismissed = Signal()

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.setProperty("kind", "problem")
        self._words = words
        self._title, self._hint = label("fault", wraps=True), label(wraps=True)
        self._detail = label("muted", wraps=True, selectable=True)
        self._more = QPushButton()
        self._more.setProperty("kind", "link")
        self._close = QToolButton()
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for widget in (self._title, self._hint, self._detail):
            texts.addWidget(widget)
        texts.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.addLayout(texts, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._more.clicked.connect(lambda: self._show_detail(self._detail.isHidden()))
        self._close.clicked.connect(self.dismissed)
        self.hide()

    def show_problem(self, text: ProblemText | None) -> None:
        """Tell a problem, or nothing."""
        if text is None:
            self.hide()
            return
        self._title.setText(text.title)
        self._hint.setText(text.hint)
        self._hint.setVisible(bool(text.hint))
        if self._detail.text() != text.detail:
            self._detail.setText(text.detail)
            self._show_detail(text.needs_detail)
        self._more.setVisible(bool(text.detail))
        self._close.setIcon(icon("close", present_tokens().text))
        self._close.setToolTip(self._words("banner.dismiss"))
        self.show()

    def _show_detail(self, is_shown: bool) -> None:
        self._detail.setVisible(is_shown)
        self._more.setText(self._words("banner.less" if is_shown else "banner.more"))
