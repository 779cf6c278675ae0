# SPDX-License-Identifier: Apache-2.0
"""Short questions: a note, a reason to unmask, where to write an export; and the list of keys."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.presenters.exports import ExportKind
from gui.widgets.parts import label, rule
from gui.words import Words
from review.hits import Hit

__all__ = ["KEYS", "AskDialog", "KeysDialog", "NoteDialog", "ReasonDialog", "ask_export_path"]

KEYS: Final = (
    ("/", "keys.search"),
    ("↑ ↓ ← →", "keys.move"),
    ("↵", "keys.play_hit"),
    ("V  R  D", "keys.judge"),
    ("X", "keys.split"),
    ("M", "keys.merge"),
    ("Ctrl+Z", "keys.undo"),
    ("N", "keys.note"),
    ("U", "keys.unmask"),
    ("G", "keys.goto"),
    ("␣", "keys.play"),
    ("J  K  L", "keys.shuttle"),
    ("←  →", "keys.step"),
    ("↖  ↘", "keys.ends"),
    ("B", "keys.box"),
    ("+  −  0", "keys.zoom"),
    ("F", "keys.theatre"),
    ("S  C  Y", "keys.export"),
    ("Esc", "keys.back"),
    ("F1", "keys.help"),
)
"""Keys as shown, with what they do."""


class AskDialog(QDialog):
    """A dialog with a column, and buttons that say what they do in the window's language."""

    def __init__(self, parent: QWidget, words: Words, *, title: str, ok: str) -> None:
        super().__init__(parent)
        self.words = words
        self.setWindowTitle(title)
        self.setMinimumWidth(440)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(18, 16, 18, 14)
        self.column.setSpacing(8)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setProperty("kind", "primary")
        self.ok.setText(ok)
        cancel = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setText(words("dialog.cancel"))
        for button in (self.ok, cancel):
            button.setIcon(QIcon())
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)


class NoteDialog(AskDialog):
    """A note on a hit, with the verdict that it goes with: a note is never stored without one."""

    def __init__(self, parent: QWidget, words: Words, hit: Hit) -> None:
        super().__init__(parent, words, title=words("note.title"), ok=words("note.ok"))
        why = label("muted", wraps=True)
        why.setText(words("note.why"))
        self._text = QPlainTextEdit(hit.verdict_note)
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(110)
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        self._buttons: dict[str, QPushButton] = {}
        for name in ("validated", "rejected", "doubtful"):
            button = QPushButton(words(f"judge.{name}"))
            button.setCheckable(True)
            button.setProperty("verdict", name)
            button.setChecked((hit.verdict or "doubtful") == name)
            self._group.addButton(button)
            row.addWidget(button)
            self._buttons[name] = button
        self.column.addWidget(why)
        self.column.addWidget(self._text)
        self.column.addLayout(row)
        self.column.addWidget(self.buttons)

    @property
    def note(self) -> str:
        """What was typed."""
        return self._text.toPlainText().strip()

    @property
    def verdict(self) -> str:
        """The verdict that goes with it."""
        return next(name for name, button in self._buttons.items() if button.isChecked())


class ReasonDialog(AskDialog):
    """Why a picture is to be shown unmasked; without a reason there is no OK."""

    def __init__(self, parent: QWidget, words: Words) -> None:
        super().__init__(parent, words, title=words("unmask.title"), ok=words("unmask.ok"))
        why = label("muted", wraps=True)
        why.setText(words("unmask.text"))
        self._reason = QLineEdit()
        self._reason.setPlaceholderText(words("unmask.example"))
        self._reason.setMaxLength(400)
        self.ok.setEnabled(False)
        self._reason.textChanged.connect(lambda text: self.ok.setEnabled(bool(text.strip())))
        for widget in (why, self._reason, self.buttons):
            self.column.addWidget(widget)

    @property
    def reason(self) -> str:
        """What was typed."""
        return self._reason.text().strip()


class KeysDialog(QDialog):
    """All keys on one page."""

    def __init__(self, parent: QWidget, words: Words) -> None:
        super().__init__(parent)
        self.setWindowTitle(words("keys.title"))
        self.setMinimumWidth(480)
        grid = QGridLayout(self)
        grid.setContentsMargins(22, 18, 22, 18)
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(7)
        title = label("title")
        title.setText(words("keys.title"))
        grid.addWidget(title, 0, 0, 1, 2)
        grid.addWidget(rule(), 1, 0, 1, 2)
        for row, (keys, key) in enumerate(KEYS, start=2):
            left, right = label("field"), label()
            left.setText(words("keys.home_end") if keys == "↖  ↘" else words("keys.space") if keys == "␣" else keys)
            right.setText(words(key))
            grid.addWidget(left, row, 0)
            grid.addWidget(right, row, 1)
        grid.setColumnStretch(1, 1)


def ask_export_path(parent: QWidget, words: Words, kind: ExportKind, *, suggestion: str) -> Path | None:
    """Where to write an export; None when the person thought better of it."""
    title = words(f"export.{kind}.where")
    pattern = {"still": "PNG (*.png)", "clip": "Video (*.mp4 *.mkv)", "synopsis": "MP4 (*.mp4)"}[kind]
    name, _ = QFileDialog.getSaveFileName(parent, title, suggestion, pattern)
    return Path(name) if name else None
