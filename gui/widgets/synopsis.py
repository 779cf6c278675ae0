# SPDX-License-Identifier: Apache-2.0
"""The dialog that a synopsis is chosen in: what the film will be, what it leaves out, and all that it can be asked."""

from __future__ import annotations

from typing import Final, Literal, cast

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from gui.phrases import Phrases
from gui.widgets.dialogs import AskDialog
from gui.widgets.parts import label, restyle, rule
from gui.words import Words
from review.desk_values import SynopsisOutlook, SynopsisWish
from review.hits import Query

__all__ = ["SynopsisDialog"]

MOST_WANTED_S: Final = 6 * 3600
MOST_AT_ONCE: Final = 60
FASTEST: Final = 32
USUAL_SPEED: Final = 4
WIDTH_PX: Final = 700
ORDERS: Final = ("balanced", "chronological", "free")
ARRANGEMENTS: Final = ("side", "sequence")


class SynopsisDialog(AskDialog):
    """How long the film will be, what no film can go below, what it leaves out; and every option of the command.

    What length or contents depend on is laid out anew before anything is written: the button then asks for that.

    Args:
        parent: The window.
        words: The catalogue.
        phrases: Says what the list is filtered by.
        query: The list.
        outlook: What the film would be.
    """

    def __init__(
        self, parent: QWidget, words: Words, *, phrases: Phrases, query: Query, outlook: SynopsisOutlook
    ) -> None:
        super().__init__(parent, words, title=words("synopsis.title"), ok=words("synopsis.ok"))
        self._outlook = outlook
        # Why: the width of AskDialog would let the layout shrink below what its lines need.
        self.setMinimumWidth(0)
        self.column.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        self._say(phrases.filters(query))
        self._build_options(outlook.wish)
        self._build_beside(outlook.wish)
        self._left_out = QPlainTextEdit()
        self._left_out.setReadOnly(True)
        self._left_out.setTabChangesFocus(True)
        # Why: the style sheet of the window sets a least height of one line, which wins over one that is set in code.
        self._left_out.setStyleSheet("min-height: 62px; max-height: 62px;")
        self._left_out.setMinimumWidth(WIDTH_PX)
        self._left_out.setPlainText("\n".join(self._lines()))
        self._left_out.setAccessibleName(words("synopsis.left_out"))
        heading = label("heading")
        heading.setText(words("synopsis.left_out"))
        for widget in (heading, self._left_out, self.buttons):
            self.column.addWidget(widget)
        self._connect()
        self._changed()

    @property
    def wish(self) -> SynopsisWish:
        """What is asked for."""
        return SynopsisWish(
            wanted_s=self._wanted.value() or None,
            density=self._density.value() or None,
            order=cast(Literal["balanced", "chronological", "free"], self._order.currentData()),
            never_overlaps=self._never_overlaps.isChecked(),
            arrangement=cast(Literal["side", "sequence"], self._arrangement.currentData()),
            split_s=self._split.value() or None,
            keeps_still=self._keeps_still.isChecked(),
            unmask_reason=self._reason.text().strip() if self._unmask.isChecked() else "",
            forward_speed=self._speed.value() if self._forward.isChecked() else 0,
            has_layers=self._layers.isChecked(),
        )

    @property
    def needs_plan(self) -> bool:
        """True when the film would be another one than the one that was laid out."""
        return self.wish.of_the_plan != self._outlook.wish.of_the_plan

    def want(self, seconds: int) -> None:
        """Ask for a length; 0 leaves it to the scene."""
        self._wanted.setValue(seconds)

    @property
    def left_out(self) -> str:
        """What is said to be left out."""
        return self._left_out.toPlainText()

    def _say(self, filters: str) -> None:
        words, outlook = self.words, self._outlook
        length, bound, shown = label("heading", wraps=True), label("muted", wraps=True), label("muted", wraps=True)
        length.setText(
            words(
                "synopsis.length",
                length=words.number(outlook.length_s, decimals=1),
                n=words.number(outlook.n_objects),
                footage=words.number(outlook.footage_s),
            )
        )
        bound.setText(
            words(
                "synopsis.bound",
                bound=words.number(outlook.bound_s, decimals=1),
                density=words.number(outlook.density, decimals=1),
            )
        )
        shown.setText(words("synopsis.set", filters=filters) if filters else words("synopsis.set.all"))
        said = [length, bound, shown]
        if outlook.is_missed and outlook.wish.wanted_s is not None:
            missed = label("warning", wraps=True)
            missed.setText(words("synopsis.missed", wanted=words.number(outlook.wish.wanted_s)))
            said.insert(1, missed)
        for text in said:
            self.column.addWidget(text)
        self.column.addWidget(rule())

    def _build_options(self, wish: SynopsisWish) -> None:
        words = self.words
        self._wanted = self._spin("wanted", wish.wanted_s, MOST_WANTED_S, free=words("synopsis.free"), unit=" s")
        self._density = self._spin("density", wish.density, MOST_AT_ONCE, free=words("synopsis.free"))
        self._split = self._spin("split", wish.split_s, MOST_WANTED_S, free=words("synopsis.never"), unit=" s")
        self._order = self._choice("order", ORDERS, wish.order)
        self._arrangement = self._choice("arrangement", ARRANGEMENTS, wish.arrangement)
        self._arrangement.setEnabled(len(self._outlook.cameras) > 1)
        self._never_overlaps = self._tick("never_overlaps", is_on=wish.never_overlaps)
        self._keeps_still = self._tick("keeps_still", is_on=wish.keeps_still)
        self._unmask = self._tick("unmask", is_on=bool(wish.unmask_reason))
        self._reason = QLineEdit(wish.unmask_reason)
        self._reason.setPlaceholderText(words("unmask.example"))
        self._reason.setAccessibleName(words("unmask.title"))
        self._reason.setMaxLength(400)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        for place, (key, field) in enumerate(
            (
                ("wanted", self._wanted),
                ("density", self._density),
                ("order", self._order),
                ("arrangement", self._arrangement),
                ("split", self._split),
            )
        ):
            row, column = divmod(place, 2)
            grid.addWidget(self._named(key, field), row, 2 * column)
            grid.addWidget(field, row, 2 * column + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.column.addLayout(grid)
        for box in (self._never_overlaps, self._keeps_still, self._unmask):
            self.column.addWidget(box)
        self.column.addWidget(self._reason)

    def _build_beside(self, wish: SynopsisWish) -> None:
        self._forward = self._tick("forward", is_on=wish.forward_speed > 0)
        self._speed = QSpinBox()
        self._speed.setRange(1, FASTEST)
        self._speed.setValue(wish.forward_speed or USUAL_SPEED)
        self._speed.setAccessibleName(self.words("synopsis.forward"))
        self._layers = self._tick("layers", is_on=wish.has_layers)
        heading = label("heading")
        heading.setText(self.words("synopsis.beside"))
        row = QHBoxLayout()
        row.addWidget(self._forward)
        row.addWidget(self._speed)
        row.addStretch()
        self.column.addWidget(rule())
        self.column.addWidget(heading)
        self.column.addLayout(row)
        self.column.addWidget(self._layers)
        self.column.addWidget(rule())

    def _spin(self, key: str, value: int | None, most: int, *, free: str, unit: str = "") -> QSpinBox:
        field = QSpinBox()
        field.setRange(0, most)
        field.setSuffix(unit)
        field.setSpecialValueText(free)
        field.setValue(value or 0)
        field.setAccessibleName(self.words(f"synopsis.{key}"))
        return field

    def _choice(self, key: str, names: tuple[str, ...], chosen: str) -> QComboBox:
        field = QComboBox()
        for name in names:
            field.addItem(self.words(f"synopsis.{key}.{name}"), name)
        field.setCurrentIndex(names.index(chosen))
        field.setAccessibleName(self.words(f"synopsis.{key}"))
        return field

    def _tick(self, key: str, *, is_on: bool) -> QCheckBox:
        field = QCheckBox(self.words(f"synopsis.{key}"))
        field.setChecked(is_on)
        return field

    def _named(self, key: str, field: QWidget) -> QLabel:
        name = label()
        name.setText(self.words(f"synopsis.{key}"))
        name.setBuddy(field)
        return name

    def _connect(self) -> None:
        # Why: the command refuses both at once, since a length is reached by choosing how many stand at once.
        self._wanted.valueChanged.connect(lambda value: self._density.setValue(0) if value else None)
        self._density.valueChanged.connect(lambda value: self._wanted.setValue(0) if value else None)
        for spin in (self._wanted, self._density, self._split):
            spin.valueChanged.connect(self._changed)
        for choice in (self._order, self._arrangement):
            choice.currentIndexChanged.connect(self._changed)
        for box in (self._never_overlaps, self._keeps_still, self._unmask, self._forward):
            box.toggled.connect(self._changed)
        self._reason.textChanged.connect(self._changed)

    def _changed(self, *_: object) -> None:
        """Say on the button what comes next, and let nothing be unmasked without a reason."""
        self._reason.setVisible(self._unmask.isChecked())
        self._speed.setEnabled(self._forward.isChecked())
        lacks_reason = self._unmask.isChecked() and not self._reason.text().strip()
        self.ok.setEnabled(not lacks_reason)
        self.ok.setText(self.words("synopsis.again" if self.needs_plan else "synopsis.ok"))
        restyle(self._reason, "fault", "true" if lacks_reason else "false")

    def _lines(self) -> list[str]:
        words, outlook = self.words, self._outlook
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
