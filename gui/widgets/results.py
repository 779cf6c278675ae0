# SPDX-License-Identifier: Apache-2.0
"""The middle of the main page: counts and order, the grid or what stands in for it, the lane along time."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.phrases import Phrases
from gui.pictures import CropShelf
from gui.presenters.hits import ORDERS, HitsState
from gui.presenters.lane import make_lane
from gui.theme import present_tokens
from gui.widgets.banner import ProblemBanner
from gui.widgets.hit_grid import HitGrid
from gui.widgets.lane import LaneWidget
from gui.widgets.parts import ElidedLabel, frame, label
from gui.words import Words
from review.hits import Hit, Query

__all__ = ["ResultsPanel"]

_VERDICTS = ("validated", "rejected", "doubtful")


class ResultsPanel(QWidget):
    """Shows the state of the hits.

    Signals:
        order_asked: A key of :data:`gui.presenters.hits.ORDERS`.
        goto_asked: A typed time.
        undo_asked: The undo button.
        merge_asked: The merge button.
        unmask_asked: The unmask button.
        problem_dismissed: The problem was put away.
    """

    order_asked = Signal(str)
    goto_asked = Signal(str)
    undo_asked = Signal()
    merge_asked = Signal()
    unmask_asked = Signal()
    problem_dismissed = Signal()

    def __init__(self, *, words: Words, phrases: Phrases, shelf: CropShelf) -> None:
        super().__init__()
        self._words, self._phrases = words, phrases
        self._state = HitsState()
        self._can_judge = True
        self._lane_hits: tuple[Hit, ...] | None = None
        self._count, self._verdicts = label("heading"), ElidedLabel("muted")
        self._order, self._goto = QComboBox(), QLineEdit()
        self._undo, self._unmask, self._merge = QToolButton(), QToolButton(), QToolButton()
        self._merge.setCheckable(True)
        self._busy = QProgressBar()
        self._banner = ProblemBanner(words)
        self.grid = HitGrid(phrases=phrases, shelf=shelf)
        self._empty_title, self._empty_text = label("title", wraps=True), label("muted", wraps=True)
        self._stack = QStackedWidget()
        self.lane = LaneWidget(words)
        self._build()
        self._connect()
        self.retranslate()

    def show_state(self, state: HitsState) -> None:
        """Show a presenter's state."""
        self._state = state
        self.grid.show_state(state)
        self._busy.setVisible(state.is_searching)
        self._banner.show_problem(self._phrases.problem(state.problem) if state.problem else None)
        self._undo.setEnabled(state.undo_depth > 0 and not state.pending)
        self._unmask.setEnabled(state.current is not None)
        self._merge.setEnabled(self._can_judge and state.current is not None and not state.pending)
        self._merge.setChecked(bool(state.marked))
        self._goto.setEnabled(bool(state.hits))
        self._show_counts(state)
        self._show_empty(state)
        if state.hits is not self._lane_hits:
            self._lane_hits = state.hits
            result = state.result
            timeline = result.timeline if result is not None else ()
            query = result.query if result is not None else Query()
            self._lane = make_lane(state.hits, timeline, from_utc=query.from_utc, to_utc=query.to_utc)
        current = state.current
        self.lane.show_lane(self._lane, mark_utc=current.start_utc if current else None)
        self.lane.setVisible(bool(state.hits) or bool(self._lane.spans))

    def set_can_judge(self, can_judge: bool) -> None:
        """Grey corrections out in a case opened to look only."""
        self._can_judge = can_judge
        self.show_state(self._state)

    def focus_goto(self) -> None:
        """Put the cursor into the field of a time to go to."""
        self._goto.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._goto.selectAll()

    def retranslate(self) -> None:
        """Read texts and theme colours again."""
        words, tokens = self._words, present_tokens()
        chosen = max(0, self._order.currentIndex())
        self._order.clear()
        for order in ORDERS:
            self._order.addItem(words(f"order.{order}"), order)
        self._order.setCurrentIndex(chosen)
        self._order.setToolTip(words("order.why"))
        self._goto.setPlaceholderText(words("goto.placeholder"))
        self._goto.setToolTip(words("goto.why"))
        for button, name, key in (
            (self._undo, "undo", "undo.why"),
            (self._merge, "merge", "correction.merge.why"),
            (self._unmask, "mask", "unmask.why"),
        ):
            button.setIcon(icon(name, tokens.text))
            button.setToolTip(words(key))
            button.setAccessibleName(words(key))
        self.grid.retranslate()
        self._lane_hits = None
        self.show_state(self._state)

    def _show_counts(self, state: HitsState) -> None:
        words = self._words
        if state.result is None:
            self._count.setText("")
            self._verdicts.setText("")
            return
        self._count.setText(words.count("hits.count", len(state.hits)))
        parts = [words.count(f"hits.{name}", state.n_with(name)) for name in _VERDICTS if state.n_with(name)]
        if state.hits:
            parts.append(words.count("hits.to_see", state.n_with("")))
        if state.result.words_ignored:
            parts.append(words("hits.words_ignored", words=", ".join(state.result.words_ignored)))
        self._verdicts.setText("  ·  ".join(parts))

    def _show_empty(self, state: HitsState) -> None:
        words = self._words
        self._stack.setCurrentIndex(0 if state.hits else 1)
        if state.hits:
            return
        if state.result is None:
            key = "empty.searching" if state.is_searching else "empty.begin"
            self._empty_title.setText(words(f"{key}.title"))
            self._empty_text.setText(words(f"{key}.text"))
            return
        coverage = state.result.coverage
        lines = [*self._phrases.warnings(coverage, state.result.query), self._phrases.coverage(coverage)]
        if coverage.models:
            lines.append(words("coverage.models", models=", ".join(coverage.models)))
        lines.append(words("empty.none.text"))
        self._empty_title.setText(words("empty.none.title"))
        self._empty_text.setText("\n\n".join(lines))

    def _build(self) -> None:
        bar = frame("bar")
        rows = QVBoxLayout(bar)
        rows.setContentsMargins(14, 6, 10, 6)
        rows.setSpacing(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        rows.addLayout(row)
        rows.addWidget(self._verdicts)
        row.addWidget(self._count, 1)
        self._goto.setFixedWidth(128)
        for widget in (self._goto, self._order, self._undo, self._merge, self._unmask):
            row.addWidget(widget)
        for button in (self._undo, self._merge, self._unmask):
            button.setIconSize(QSize(18, 18))
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setContentsMargins(60, 40, 60, 40)
        column.addStretch(2)
        for text in (self._empty_title, self._empty_text):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(text)
        column.addStretch(3)
        column.setSpacing(10)
        self._stack.addWidget(self.grid)
        self._stack.addWidget(empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(bar)
        outer.addWidget(self._busy)
        holder = QVBoxLayout()
        holder.setContentsMargins(10, 8, 10, 0)
        holder.addWidget(self._banner)
        outer.addLayout(holder)
        inner = QVBoxLayout()
        inner.setContentsMargins(8, 0, 0, 0)
        inner.addWidget(self._stack)
        outer.addLayout(inner, 1)
        outer.addWidget(self.lane)

    def _connect(self) -> None:
        self._order.activated.connect(lambda place: self.order_asked.emit(ORDERS[place]))
        self._goto.returnPressed.connect(lambda: self.goto_asked.emit(self._goto.text()))
        self._undo.clicked.connect(self.undo_asked)
        self._merge.clicked.connect(self.merge_asked)
        self._unmask.clicked.connect(self.unmask_asked)
        self._banner.dismissed.connect(self.problem_dismissed)
