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
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gui.presenters.exports import ExportKind
from gui.widgets.parts import label, rule
from gui.words import Words
from review.desk_values import SynopsisOutlook
from review.hits import Hit

__all__ = ["KEYS", "KeysDialog", "NoteDialog", "ReasonDialog", "SynopsisDialog", "ask_export_path"]

MOST_WANTED_S: Final = 6 * 3600
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
    ("S  C", "keys.export"),
    ("Esc", "keys.back"),
    ("F1", "keys.help"),
)
"""Keys as shown, with what they do."""


class _Dialog(QDialog):
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


class NoteDialog(_Dialog):
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


class ReasonDialog(_Dialog):
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


class SynopsisDialog(_Dialog):
    """How long the film will be, what no film can go below, and everything that it leaves out."""

    def __init__(self, parent: QWidget, words: Words, outlook: SynopsisOutlook) -> None:
        super().__init__(parent, words, title=words("synopsis.title"), ok=words("synopsis.ok"))
        length = label(wraps=True)
        length.setText(
            words(
                "synopsis.length",
                length=words.number(outlook.length_s, decimals=1),
                n=words.number(outlook.n_objects),
                footage=words.number(outlook.footage_s),
            )
        )
        bound = label("muted", wraps=True)
        bound.setText(
            words(
                "synopsis.bound",
                bound=words.number(outlook.bound_s, decimals=1),
                density=words.number(outlook.density, decimals=1),
            )
        )
        self._left_out = QPlainTextEdit()
        self._left_out.setReadOnly(True)
        self._left_out.setFixedHeight(130)
        self._left_out.setPlainText("\n".join(self._lines(outlook)))
        self._wanted = QSpinBox()
        self._wanted.setRange(0, MOST_WANTED_S)
        self._wanted.setValue(outlook.wanted_s or 0)
        self._wanted.setSuffix(" s")
        self._wanted.setSpecialValueText(words("synopsis.free"))
        self._wanted.setAccessibleName(words("synopsis.wanted"))
        wanted = QHBoxLayout()
        asked = label()
        asked.setText(words("synopsis.wanted"))
        wanted.addWidget(asked)
        wanted.addWidget(self._wanted)
        wanted.addStretch()
        self.column.addWidget(length)
        self.column.addWidget(bound)
        self.column.addLayout(wanted)
        self.column.addWidget(self._left_out)
        self.column.addWidget(self.buttons)

    def _lines(self, outlook: SynopsisOutlook) -> list[str]:
        words = self.words
        lines = [
            words(
                "synopsis.still",
                track=item.track_id,
                start=item.start,
                end=item.end,
                duration=words.number(item.duration_s),
            )
            for item in outlook.left_out
        ]
        lines += [
            words("synopsis.pieces", track=item.track_id, times=", ".join(item.times))
            + (words("synopsis.meeting") if item.is_meeting_cut else "")
            for item in outlook.in_pieces
        ]
        if outlook.n_others:
            lines.append(words("synopsis.others", n=words.number(outlook.n_others)))
        return lines or [words("synopsis.nothing")]

    @property
    def wanted_s(self) -> int | None:
        """Length that is asked for, seconds; None leaves it to the scene."""
        return self._wanted.value() or None

    def want(self, seconds: int) -> None:
        """Ask for a length; 0 leaves it to the scene."""
        self._wanted.setValue(seconds)

    @property
    def left_out(self) -> str:
        """What is said to be left out."""
        return self._left_out.toPlainText()


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
