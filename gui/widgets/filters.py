# SPDX-License-Identifier: Apache-2.0
"""The filter panel: why, what, which colours, which cameras, when."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.phrases import Phrases
from gui.presenters.filters import BAGS, CLASSES, Filters
from gui.theme import present_tokens
from gui.times import format_moment
from gui.widgets.parts import ChipGroup, Section, SwatchGroup, frame, label, restyle
from gui.words import Words
from review.desk_values import CaseCard, Swatch
from review.hits import DIRECTIONS, SIZES, SPEEDS

__all__ = ["FilterPanel"]


class FilterPanel(QFrame):
    """Shows and gives back filters.

    Signals:
        search_asked: A person asked to search with the present filters.
    """

    search_asked = Signal()

    def __init__(self, *, card: CaseCard, palette: tuple[Swatch, ...], words: Words, phrases: Phrases) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self._card = card
        self._words = words
        self._purpose = QLineEdit()
        self._purpose.setMaxLength(400)
        self._text, self._makes = QLineEdit(), QLineEdit()
        self._from, self._to = QLineEdit(), QLineEdit()
        self._faults = {
            "purpose": label("fault", wraps=True),
            "time": label("fault", wraps=True),
            "makes": label("fault", wraps=True),
        }
        self._labels = {name: label("field") for name in ("purpose", "text", "time", "makes")}
        self._classes = ChipGroup(CLASSES, phrases.class_name)
        self._bags = ChipGroup(BAGS, lambda name: words(f"bag.{name}"))
        self._cameras = ChipGroup(card.cameras, str)
        self._sizes = ChipGroup(SIZES, lambda name: words(f"size.{name}"))
        self._speeds = ChipGroup(SPEEDS, lambda name: words(f"speed.{name}"))
        self._directions = ChipGroup(DIRECTIONS, lambda name: words(f"direction.{name}"))
        self._colours = {name: SwatchGroup(palette, words) for name in ("colours", "upper", "lower")}
        self._sections = {
            "classes": Section(self._classes),
            "colours": Section(self._colours["colours"]),
            "upper": Section(self._colours["upper"], is_open=False),
            "lower": Section(self._colours["lower"], is_open=False),
            "bags": Section(self._bags, is_open=False),
            "sizes": Section(self._sizes, is_open=False),
            "speeds": Section(self._speeds, is_open=False),
            "directions": Section(self._directions, is_open=False),
            "cameras": Section(self._cameras, is_open=len(card.cameras) > 1),
        }
        self._search = QPushButton()
        self._search.setProperty("kind", "primary")
        self._clear = QPushButton()
        self._build()
        self._connect()
        self.retranslate()

    def filters(self) -> Filters:
        """What is ticked and typed now."""
        return Filters(
            purpose=self._purpose.text(),
            text=self._text.text(),
            classes=self._classes.chosen(),
            colours=self._colours["colours"].chosen(),
            upper=self._colours["upper"].chosen(),
            lower=self._colours["lower"].chosen(),
            makes=self._makes.text(),
            bags=self._bags.chosen(),
            sizes=self._sizes.chosen(),
            speeds=self._speeds.chosen(),
            directions=self._directions.chosen(),
            cameras=self._cameras.chosen(),
            from_text=self._from.text(),
            to_text=self._to.text(),
        )

    def set_filters(self, filters: Filters) -> None:
        """Show other filters."""
        self._purpose.setText(filters.purpose)
        self._text.setText(filters.text)
        self._makes.setText(filters.makes)
        self._from.setText(filters.from_text)
        self._to.setText(filters.to_text)
        self._classes.choose(filters.classes)
        self._bags.choose(filters.bags)
        self._cameras.choose(filters.cameras)
        self._sizes.choose(filters.sizes)
        self._speeds.choose(filters.speeds)
        self._directions.choose(filters.directions)
        for name, chosen in (("colours", filters.colours), ("upper", filters.upper), ("lower", filters.lower)):
            self._colours[name].choose(chosen)
            self._sections[name].set_open(bool(chosen) or name == "colours")
        self._count()

    def show_faults(self, faults: tuple[tuple[str, str], ...], warnings: tuple[tuple[str, str], ...]) -> None:
        """Say which fields stop a search, or read as something to be told."""
        faulty = {field for field, _ in faults}
        for field, edit in (
            ("purpose", self._purpose),
            ("from", self._from),
            ("to", self._to),
            ("makes", self._makes),
        ):
            restyle(edit, "fault", "true" if field in faulty else "false")
        told: dict[str, list[str]] = {"purpose": [], "time": [], "makes": []}
        for field, fault in faults:
            told[field if field in told else "time"].append(self._words(f"fault.{fault}"))
        for field, warning in warnings:
            told["time"].append(f"{self._words('filter.' + field)} : {self._words('fault.' + warning)}")
        for name, lines in told.items():
            note = self._faults[name]
            note.setText("\n".join(dict.fromkeys(lines)))
            note.setVisible(bool(lines))
            restyle(note, "kind", "fault" if faults else "warning")
        if "purpose" in faulty:
            self._purpose.setFocus()

    def set_searching(self, is_searching: bool) -> None:
        """Grey the button out while an answer is awaited."""
        self._search.setEnabled(not is_searching)
        self._search.setText(self._words("filter.searching" if is_searching else "filter.search"))

    def focus_text(self) -> None:
        """Put the cursor into the field of free words."""
        self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._text.selectAll()

    def focus_purpose(self) -> None:
        """Put the cursor into the purpose."""
        self._purpose.setFocus(Qt.FocusReason.OtherFocusReason)

    def retranslate(self) -> None:
        """Read texts and theme colours again."""
        words = self._words
        for name, heading in self._labels.items():
            heading.setText(words(f"filter.{name}"))
        for name, section in self._sections.items():
            section.set_title(words(f"filter.{name}"))
        self._purpose.setPlaceholderText(words("filter.purpose.example"))
        self._purpose.setToolTip(words("filter.purpose.why"))
        self._text.setPlaceholderText(words("filter.text.example"))
        self._text.setToolTip(words("filter.text.why"))
        self._makes.setPlaceholderText(words("filter.makes.example"))
        self._makes.setToolTip(words("filter.makes.why"))
        for edit, name, limit in ((self._from, "from", self._card.from_utc), (self._to, "to", self._card.to_utc)):
            edit.setPlaceholderText(words(f"filter.{name}"))
            scope = words("filter.scope", moment=format_moment(limit)) if limit else ""
            edit.setToolTip("\n".join(line for line in (words("filter.time.forms"), scope) if line))
        self._search.setText(words("filter.search"))
        self._clear.setText(words("filter.clear"))
        self._search.setIcon(icon("search", present_tokens().accent_text))
        for chips in self._chips():
            chips.retranslate()
        for swatches in self._colours.values():
            swatches.retranslate()

    def _build(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(6)
        self._add_field(column, self._labels["purpose"], self._purpose, self._faults["purpose"])
        self._add_field(column, self._labels["text"], self._text)
        column.addWidget(self._sections["classes"])
        column.addWidget(self._labels["time"])
        times = QHBoxLayout()
        times.setSpacing(6)
        times.addWidget(self._from)
        times.addWidget(self._to)
        column.addLayout(times)
        column.addWidget(self._faults["time"])
        column.addWidget(self._sections["colours"])
        self._add_field(column, self._labels["makes"], self._makes, self._faults["makes"])
        for name in ("upper", "lower", "bags", "sizes", "speeds", "directions", "cameras"):
            column.addWidget(self._sections[name])
        column.addStretch(1)
        for note in self._faults.values():
            note.hide()
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        foot = frame("status")
        row = QHBoxLayout(foot)
        row.setContentsMargins(14, 10, 14, 10)
        row.addWidget(self._clear)
        row.addWidget(self._search, 1)
        self._search.setIconSize(QSize(16, 16))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(foot)

    @staticmethod
    def _add_field(column: QVBoxLayout, heading: QLabel, edit: QLineEdit, fault: QLabel | None = None) -> None:
        column.addWidget(heading)
        column.addWidget(edit)
        if fault is not None:
            column.addWidget(fault)
        heading.setBuddy(edit)

    def _connect(self) -> None:
        self._search.clicked.connect(self.search_asked)
        self._clear.clicked.connect(self._clear_all)
        for edit in (self._purpose, self._text, self._makes, self._from, self._to):
            edit.returnPressed.connect(self.search_asked)
        for group in self._chips():
            group.changed.connect(self._count)
        for swatches in self._colours.values():
            swatches.changed.connect(self._count)

    def _chips(self) -> tuple[ChipGroup, ...]:
        return (self._classes, self._bags, self._sizes, self._speeds, self._directions, self._cameras)

    def _clear_all(self) -> None:
        self.set_filters(Filters(purpose=self._purpose.text()))
        self.show_faults((), ())

    def _count(self) -> None:
        filters = self.filters()
        for name, chosen in (
            ("classes", filters.classes),
            ("colours", filters.colours),
            ("upper", filters.upper),
            ("lower", filters.lower),
            ("bags", filters.bags),
            ("sizes", filters.sizes),
            ("speeds", filters.speeds),
            ("directions", filters.directions),
            ("cameras", filters.cameras),
        ):
            self._sections[name].set_n_chosen(len(chosen))
