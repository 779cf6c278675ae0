# SPDX-License-Identifier: Apache-2.0
"""Small parts that panels are built of: labels by role, a wrapping row, chips, swatches, foldable sections."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.icons import disc, icon
from gui.theme import present_tokens
from gui.words import Words
from review.desk_values import Swatch

__all__ = ["ChipGroup", "ElidedLabel", "FlowLayout", "Section", "SwatchGroup", "frame", "label", "restyle", "rule"]


def label(kind: str = "", *, wraps: bool = False, selectable: bool = False) -> QLabel:
    """An empty label of a role that the style sheet knows."""
    made = QLabel()
    made.setProperty("kind", kind)
    made.setWordWrap(wraps)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


class ElidedLabel(QLabel):
    """A line that may be longer than its room: it ends in an ellipsis, and its tool tip says all of it."""

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self.setProperty("kind", kind)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:  # noqa: N802  # Reason: Qt's name.
        """Show a line."""
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def frame(kind: str) -> QFrame:
    """A frame of a role that the style sheet knows."""
    made = QFrame()
    made.setProperty("kind", kind)
    return made


def rule() -> QFrame:
    """A hairline."""
    return frame("rule")


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property that the style sheet looks at, and apply it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class FlowLayout(QLayout):
    """Places items in rows, wrapping like words.

    Source: the well-known flow layout of the Qt documentation, written anew.
    """

    def __init__(self, *, gap_px: int = 5) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap_px = gap_px
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802, D102  # Reason: Qt's.
        self._items.append(item)

    def count(self) -> int:  # noqa: D102  # Reason: Qt's.
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802, D102  # Reason: Qt's.
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802, D102  # Reason: Qt's.
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:  # noqa: N802, D102  # Reason: Qt's.
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802, D102  # Reason: Qt's.
        return self._place(QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802, D102  # Reason: Qt's.
        super().setGeometry(rect)
        self._place(rect, moves=True)

    def sizeHint(self) -> QSize:  # noqa: N802, D102  # Reason: Qt's.
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802, D102  # Reason: Qt's.
        widest = max((item.minimumSize().width() for item in self._items), default=0)
        return QSize(widest, 0)

    def _place(self, rect: QRect, *, moves: bool) -> int:
        x, y, row_height = rect.x(), rect.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y, row_height = rect.x(), y + row_height + self._gap_px, 0
            if moves:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gap_px
            row_height = max(row_height, size.height())
        return y + row_height - rect.y()


class ChipGroup(QWidget):
    """Chips of which any number can be on.

    Signals:
        changed: Something was switched by a person.
    """

    changed = Signal()

    def __init__(self, names: tuple[str, ...], text_of: Callable[[str], str]) -> None:
        super().__init__()
        self._text_of = text_of
        flow = FlowLayout()
        self.setLayout(flow)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._chips: dict[str, QPushButton] = {}
        for name in names:
            chip = QPushButton()
            chip.setCheckable(True)
            chip.setProperty("kind", "chip")
            chip.clicked.connect(self.changed)
            flow.addWidget(chip)
            self._chips[name] = chip
        self.retranslate()

    def chosen(self) -> tuple[str, ...]:
        """Names that are on, in the order shown."""
        return tuple(name for name, chip in self._chips.items() if chip.isChecked())

    def choose(self, names: tuple[str, ...]) -> None:
        """Switch exactly these on."""
        for name, chip in self._chips.items():
            chip.setChecked(name in names)

    def retranslate(self) -> None:
        """Read the texts again."""
        for name, chip in self._chips.items():
            chip.setText(self._text_of(name))


class SwatchGroup(QWidget):
    """Colours with their names, of which any number can be on.

    Signals:
        changed: Something was switched by a person.
    """

    changed = Signal()
    _COLUMNS = 4

    def __init__(self, palette: tuple[Swatch, ...], words: Words) -> None:
        super().__init__()
        self._words = words
        self._swatches = palette
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self._buttons: dict[str, QToolButton] = {}
        for place, swatch in enumerate(palette):
            button = QToolButton()
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(QSize(20, 20))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            font = button.font()
            font.setPointSizeF(8)
            button.setFont(font)
            button.clicked.connect(self.changed)
            grid.addWidget(button, place // self._COLUMNS, place % self._COLUMNS)
            self._buttons[swatch.name] = button
        for column in range(self._COLUMNS):
            grid.setColumnStretch(column, 1)
        self.retranslate()

    def chosen(self) -> tuple[str, ...]:
        """Colour names that are on, in the order shown."""
        return tuple(name for name, button in self._buttons.items() if button.isChecked())

    def choose(self, names: tuple[str, ...]) -> None:
        """Switch exactly these on."""
        for name, button in self._buttons.items():
            button.setChecked(name in names)

    def retranslate(self) -> None:
        """Read names and colours of the theme again."""
        rim = present_tokens().line_strong
        for swatch in self._swatches:
            text = self._words.colour(swatch.french, swatch.english)
            button = self._buttons[swatch.name]
            button.setText(text)
            button.setToolTip(text)
            button.setIcon(disc(swatch.rgb_u8, rim))


class Section(QWidget):
    """A titled part that folds; the title says how many choices it holds."""

    def __init__(self, body: QWidget, *, is_open: bool = True) -> None:
        super().__init__()
        self._body = body
        self._is_open = is_open
        self._title = ""
        self._n_chosen = 0
        self._header = QPushButton()
        self._header.setProperty("kind", "section")
        self._header.clicked.connect(lambda: self.set_open(not self._is_open))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self._header)
        column.addWidget(body)
        self.set_open(is_open)

    def set_open(self, is_open: bool) -> None:
        """Fold or unfold."""
        self._is_open = is_open
        self._body.setVisible(is_open)
        muted = self.palette().color(QPalette.ColorRole.PlaceholderText).name()
        self._header.setIcon(icon("down" if is_open else "right", muted))

    def set_title(self, title: str, *, n_chosen: int | None = None) -> None:
        """Name the section."""
        self._title = title
        if n_chosen is not None:
            self._n_chosen = n_chosen
        self._header.setText(f"{title}  ({self._n_chosen})" if self._n_chosen else title)

    def set_n_chosen(self, n_chosen: int) -> None:
        """Say how many choices are on."""
        self.set_title(self._title, n_chosen=n_chosen)
