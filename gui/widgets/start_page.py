# SPDX-License-Identifier: Apache-2.0
"""The start page: choose a case, say who acts, type the passphrase."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.phrases import Phrases
from gui.presenters.start import StartState
from gui.theme import present_tokens
from gui.times import format_moment
from gui.widgets.banner import ProblemBanner
from gui.widgets.parts import frame, label, restyle
from gui.words import Words

__all__ = ["StartPage"]


class StartPage(QWidget):
    """Shows a start state.

    Signals:
        folder_chosen: A case folder (``Path``), from the list, the dialog or a drop.
        open_asked: (operator identifier, passphrase, True to work and False to look only).
    """

    folder_chosen = Signal(object)
    open_asked = Signal(str, str, bool)

    def __init__(self, *, words: Words, phrases: Phrases, operator_id: str) -> None:
        super().__init__()
        self._words, self._phrases = words, phrases
        self._state = StartState()
        self._last_operator_id = operator_id
        self._title, self._lead = label("title"), label("muted", wraps=True)
        self._drop = frame("drop")
        self._drop_text = label("muted", wraps=True)
        self._browse = QPushButton()
        self._recent_title, self._recent = label("field"), QListWidget()
        self._case, self._case_detail = label("heading", wraps=True), label("muted", wraps=True, selectable=True)
        self._operator_title, self._operator = label("field"), QComboBox()
        self._passphrase_title, self._passphrase = label("field"), QLineEdit()
        self._open, self._look = QPushButton(), QPushButton()
        self._banner = ProblemBanner(words)
        self._foot = label("muted", wraps=True)
        self._no_operator = label("warning", wraps=True, selectable=True)
        self.setAcceptDrops(True)
        self._build()
        self._connect()
        self.retranslate()

    def show_start(self, state: StartState) -> None:
        """See :class:`gui.presenters.start.StartView`."""
        words, before = self._words, self._state
        self._state = state
        if state.recent != before.recent or self._recent.count() != len(state.recent):
            self._fill_recent(state.recent)
        if state.operators != before.operators or self._operator.count() != len(state.operators):
            self._fill_operators(state)
        self._no_operator.setVisible(not state.has_operators)
        self._no_operator.setText(words("start.no_operator"))
        self._case.setText(state.folder.name if state.folder else words("start.no_case"))
        detail = str(state.folder) if state.folder else words("start.no_case.text")
        if state.header is not None:
            made = words("start.made", id=state.header.case_id, moment=format_moment(state.header.created_utc))
            detail = f"{detail}\n{made}"
        self._case_detail.setText(detail)
        self._open.setEnabled(not state.is_opening)
        self._open.setText(words("start.opening" if state.is_opening else "start.open"))
        self._look.setText(words("start.look"))
        self._look.setVisible(state.problem is not None and state.problem.kind == "CaseBusy")
        self._banner.show_problem(self._phrases.problem(state.problem) if state.problem else None)
        if state.header is not None and before.header != state.header:
            self._passphrase.setFocus()

    def forget_passphrase(self) -> None:
        """See :class:`gui.presenters.start.StartView`."""
        self._passphrase.clear()

    def retranslate(self) -> None:
        """Read texts and theme colours again."""
        words, tokens = self._words, present_tokens()
        self._title.setText(words("start.title"))
        self._lead.setText(words("start.lead"))
        self._drop_text.setText(words("start.drop"))
        self._browse.setText(words("start.browse"))
        self._browse.setIcon(icon("folder", tokens.text))
        self._recent_title.setText(words("start.recent"))
        self._operator_title.setText(words("start.operator"))
        self._passphrase_title.setText(words("start.passphrase"))
        self._passphrase.setPlaceholderText(words("start.passphrase.example"))
        self._foot.setText(words("start.foot"))
        self.show_start(self._state)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        if _dropped(event) is not None:
            restyle(self._drop, "hot", "true")
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        restyle(self._drop, "hot", "false")

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        restyle(self._drop, "hot", "false")
        folder = _dropped(event)
        if folder is not None:
            event.acceptProposedAction()
            self.folder_chosen.emit(folder)

    def _fill_recent(self, recent: tuple[Path, ...]) -> None:
        self._recent.clear()
        for folder in recent:
            item = QListWidgetItem(folder.name)
            item.setToolTip(str(folder))
            item.setData(Qt.ItemDataRole.UserRole, str(folder))
            self._recent.addItem(item)

    def _fill_operators(self, state: StartState) -> None:
        self._operator.clear()
        for choice in state.operators:
            self._operator.addItem(f"{choice.quality} {choice.name} — {choice.service}", choice.operator_id)
        place = self._operator.findData(self._last_operator_id)
        self._operator.setCurrentIndex(max(0, place) if state.operators else -1)

    def _build(self) -> None:
        self._open.setProperty("kind", "primary")
        self._open.setMinimumHeight(32)
        self._passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self._operator.setMinimumContentsLength(24)
        self._browse.setIconSize(QSize(18, 18))
        card = frame("card")
        card.setMaximumWidth(900)
        card.setMinimumWidth(760)
        inner = QVBoxLayout(card)
        inner.setContentsMargins(32, 28, 32, 24)
        inner.setSpacing(4)
        inner.addWidget(self._title)
        inner.addWidget(self._lead)
        inner.addSpacing(12)
        inner.addWidget(self._banner)
        inner.addSpacing(4)
        columns = QHBoxLayout()
        columns.setSpacing(32)
        columns.addLayout(self._choice_column(), 1)
        columns.addLayout(self._key_column(), 1)
        inner.addLayout(columns, 1)
        self._foot.setMaximumWidth(900)
        self._foot.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 24, 32, 20)
        outer.addStretch(1)
        for widget, stretch in ((card, 8), (self._foot, 0)):
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget, 20)
            row.addStretch(1)
            outer.addLayout(row, stretch)
            outer.addSpacing(10)
        outer.addStretch(1)

    def _choice_column(self) -> QVBoxLayout:
        left = QVBoxLayout()
        left.setSpacing(8)
        drop = QVBoxLayout(self._drop)
        drop.setContentsMargins(18, 20, 18, 20)
        self._drop_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        drop.addWidget(self._drop_text)
        drop.addWidget(self._browse, 0, Qt.AlignmentFlag.AlignCenter)
        left.addWidget(self._drop)
        left.addSpacing(6)
        left.addWidget(self._recent_title)
        left.addWidget(self._recent, 1)
        return left

    def _key_column(self) -> QVBoxLayout:
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self._case)
        right.addWidget(self._case_detail)
        right.addSpacing(12)
        right.addWidget(self._operator_title)
        right.addWidget(self._operator)
        right.addWidget(self._no_operator)
        right.addSpacing(4)
        right.addWidget(self._passphrase_title)
        right.addWidget(self._passphrase)
        right.addSpacing(10)
        right.addWidget(self._open)
        right.addWidget(self._look)
        right.addStretch(1)
        return right

    def _connect(self) -> None:
        self._browse.clicked.connect(self._ask_folder)
        self._recent.itemClicked.connect(self._recent_clicked)
        self._recent.itemActivated.connect(self._recent_clicked)
        self._open.clicked.connect(lambda: self._ask_open(writing=True))
        self._look.clicked.connect(lambda: self._ask_open(writing=False))
        self._passphrase.returnPressed.connect(lambda: self._ask_open(writing=True))
        self._banner.dismissed.connect(self._banner.hide)

    def _recent_clicked(self, item: QListWidgetItem) -> None:
        self.folder_chosen.emit(Path(str(item.data(Qt.ItemDataRole.UserRole))))

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self._words("start.browse"))
        if folder:
            self.folder_chosen.emit(Path(folder))

    def _ask_open(self, *, writing: bool) -> None:
        if not self._state.is_opening:
            self.open_asked.emit(str(self._operator.currentData() or ""), self._passphrase.text(), writing)


def _dropped(event: QDropEvent) -> Path | None:
    """The one local folder or file that is dragged; of a file such as ``case.json``, its folder."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path.parent if path.name == "case.json" else path
