# SPDX-License-Identifier: Apache-2.0
"""The bar above everything: which case, who acts, language, keys, close."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from gui.icons import icon
from gui.theme import present_tokens
from gui.times import format_day
from gui.widgets.parts import ElidedLabel, label
from gui.words import Words
from review.desk_values import CaseCard

__all__ = ["TopBar"]


class TopBar(QFrame):
    """Shows the open case, or the product's name alone.

    Signals:
        language_asked: The other language.
        theme_asked: Light or dark.
        keys_asked: The list of keys.
        leave_asked: Close the case.
        theatre_asked: Give the player the whole window, or back.
    """

    language_asked = Signal()
    theme_asked = Signal()
    keys_asked = Signal()
    leave_asked = Signal()
    theatre_asked = Signal()

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.setProperty("kind", "bar")
        self._words = words
        self._card: CaseCard | None = None
        self._mark, self._brand = QLabel(), label("brand")
        self._brand.setText("Relecture")
        self._title, self._detail = ElidedLabel("heading"), ElidedLabel("muted")
        self._who = label("muted")
        self._language, self._keys, self._leave, self._theatre, self._scheme = (QToolButton() for _ in range(5))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 10, 6)
        row.setSpacing(8)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self._title)
        texts.addWidget(self._detail)
        row.addWidget(self._mark)
        row.addWidget(self._brand)
        row.addSpacing(14)
        row.addLayout(texts, 1)
        row.addWidget(self._who)
        for button in (self._theatre, self._scheme, self._language, self._keys, self._leave):
            button.setIconSize(QSize(18, 18))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        self.setMinimumHeight(50)
        self._language.clicked.connect(self.language_asked)
        self._scheme.clicked.connect(self.theme_asked)
        self._keys.clicked.connect(self.keys_asked)
        self._leave.clicked.connect(self.leave_asked)
        self._theatre.clicked.connect(self.theatre_asked)
        self.retranslate()

    def show_case(self, card: CaseCard | None) -> None:
        """Show a case, or none."""
        self._card = card
        words = self._words
        for widget in (self._title, self._detail, self._who, self._leave, self._theatre):
            widget.setVisible(card is not None)
        if card is None:
            return
        parts = [card.legal_basis, words.count("top.cameras", len(card.cameras))]
        parts.append(words.count("top.recordings", card.n_recordings))
        if card.purge_due is not None:
            parts.append(words("top.purge", day=format_day(card.purge_due)))
        if not card.can_judge:
            parts.append(words("top.read_only"))
        self._title.setText(card.title)
        self._detail.setText("  ·  ".join(part for part in parts if part))
        self._detail.setToolTip(f"{self._detail.text()}\n{card.folder}")
        self._who.setText(card.operator)

    def retranslate(self) -> None:
        """Read texts and theme colours again."""
        words, tokens = self._words, present_tokens()
        self._mark.setPixmap(icon("brand", tokens.accent).pixmap(20, 20))
        self._language.setText("EN" if words.language == "fr" else "FR")
        for button, name, key in (
            (self._language, "", "top.language"),
            (self._scheme, "theme", "top.theme"),
            (self._keys, "help", "keys.title"),
            (self._leave, "leave", "top.leave"),
            (self._theatre, "theatre", "top.theatre"),
        ):
            button.setToolTip(words(key))
            button.setAccessibleName(words(key))
            if name:
                button.setIcon(icon(name, tokens.text))
        self.show_case(self._card)
