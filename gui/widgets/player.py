# SPDX-License-Identifier: Apache-2.0
"""The player panel: stage, margin with times, strip, transport, verdict, what was proposed, exports."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.phrases import Phrases
from gui.presenters.player import PlayerState
from gui.presenters.shuttle import SPEEDS
from gui.theme import present_tokens
from gui.times import format_clock, format_day, format_displayed, format_media_s
from gui.widgets.filmstrip import Filmstrip
from gui.widgets.frame_view import FrameView, image_of
from gui.widgets.parts import ElidedLabel, frame, label
from gui.words import Words
from review.hits import Hit

__all__ = ["PlayerPanel", "speed_text"]

_TICK_MS: Final = 33
_TRANSPORT: Final = ("first", "back", "step-back", "play", "step", "forward", "last")


def speed_text(speed: Fraction) -> str:
    """A speed for a person: ``1×``, ``1/4×``, ``−8×``."""
    sign = "−" if speed < 0 else ""
    size = abs(speed)
    return f"{sign}{size.numerator if size.denominator == 1 else f'{size.numerator}/{size.denominator}'}×"


class PlayerPanel(QFrame):
    """Shows a player's state; every button emits and decides nothing.

    Signals:
        transport_asked: One of ``first``, ``back``, ``step-back``, ``play``, ``step``, ``forward``, ``last``, ``box``.
        speed_asked: A chosen speed (``Fraction``).
        index_asked: A frame chosen on the strip.
        moment_asked: A typed time to show.
        verdict_asked: ``validated``, ``rejected`` or ``doubtful``.
        note_asked: The note button.
        export_asked: ``still``, ``clip`` or ``synopsis``.
        ticked: While playing, about 30 times a second.
    """

    transport_asked = Signal(str)
    speed_asked = Signal(object)
    index_asked = Signal(int)
    moment_asked = Signal(str)
    verdict_asked = Signal(str)
    note_asked = Signal()
    export_asked = Signal(str)
    ticked = Signal()

    def __init__(self, *, words: Words, phrases: Phrases) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._words, self._phrases = words, phrases
        self._state = PlayerState()
        self._can_judge = True
        self._frame_shown: object = None
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._title, self._source = label("heading"), ElidedLabel("muted")
        self.stage = FrameView()
        self._corrected, self._displayed = label(), label("muted")
        self._identity, self._zoom = label("muted", selectable=True), label("muted")
        self._strip = Filmstrip()
        self._buttons = {name: self._tool() for name in (*_TRANSPORT, "box", "split")}
        self._buttons["box"].setCheckable(True)
        self._speed = QComboBox()
        self._goto = QLineEdit()
        self._verdicts = {name: QPushButton() for name in ("validated", "rejected", "doubtful")}
        self._note = QPushButton()
        self._facts = QWidget()
        self._facts_grid = QGridLayout(self._facts)
        self._exports = {name: QPushButton() for name in ("still", "clip", "synopsis")}
        self._build()
        self._connect()
        self.retranslate()

    def show_player(self, state: PlayerState) -> None:
        """See :class:`gui.presenters.player.PlayerView`."""
        is_other_hit = state.hit != self._state.hit
        self._state = state
        if is_other_hit:
            self._show_hit(state.hit)
        self._show_frame(state)
        self._strip.show_state(state)
        tokens = present_tokens()
        self._buttons["play"].setIcon(icon("pause" if state.is_playing else "play", tokens.text))
        self._buttons["box"].setChecked(state.shows_box)
        self.stage.set_box_shown(state.shows_box)
        for name in (*_TRANSPORT, "box"):
            self._buttons[name].setEnabled(state.span is not None)
        self._buttons["split"].setEnabled(self._can_judge and state.frame is not None)
        self._goto.setEnabled(state.frame is not None and state.frame.utc is not None)
        place = SPEEDS.index(abs(state.speed)) if abs(state.speed) in SPEEDS else SPEEDS.index(Fraction(1))
        self._speed.setCurrentIndex(place)
        self._exports["still"].setEnabled(state.frame is not None)
        self._exports["clip"].setEnabled(state.hit is not None)

    def set_ticking(self, is_ticking: bool) -> None:
        """See :class:`gui.presenters.player.PlayerView`."""
        if is_ticking:
            self._timer.start()
        else:
            self._timer.stop()

    def set_alone(self, is_alone: bool) -> None:
        """With the whole page to itself, the player gives the room of the facts to the frame."""
        self._facts_scroll.setVisible(not is_alone)

    def set_can_judge(self, can_judge: bool) -> None:
        """Grey verdicts out in a case opened to look only."""
        self._can_judge = can_judge
        self._show_hit(self._state.hit)

    def focus_goto(self) -> None:
        """Put the cursor into the field of a time to show."""
        self._goto.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._goto.selectAll()

    def set_has_result(self, has_result: bool) -> None:
        """Whether there is a result to make a synopsis of."""
        self._exports["synopsis"].setEnabled(has_result)

    def retranslate(self) -> None:
        """Read texts and theme colours again."""
        words, tokens = self._words, present_tokens()
        for name, button in self._buttons.items():
            button.setIcon(icon(name, tokens.text))
            button.setToolTip(words(f"player.{name}"))
            button.setAccessibleName(words(f"player.{name}"))
        keys = {"validated": "V", "rejected": "R", "doubtful": "D"}
        for name, push in self._verdicts.items():
            push.setText(words(f"judge.{name}"))
            push.setToolTip(words("judge.key", key=keys[name]))
        self._note.setText(words("judge.note"))
        self._note.setIcon(icon("note", tokens.text))
        for name, push in self._exports.items():
            push.setText(words(f"export.{name}"))
            push.setIcon(icon(name, tokens.text))
            push.setToolTip(words(f"export.{name}.why"))
        self._speed.setToolTip(words("player.speed"))
        self._goto.setPlaceholderText(words("player.goto"))
        self._goto.setToolTip(words("player.goto.why"))
        self._show_hit(self._state.hit)
        self.show_player(self._state)

    def _show_hit(self, hit: Hit | None) -> None:
        words = self._words
        while (item := self._facts_grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for name, push in self._verdicts.items():
            push.setEnabled(hit is not None and self._can_judge)
            push.setChecked(hit is not None and hit.verdict == name)
        self._note.setEnabled(hit is not None and self._can_judge)
        if hit is None:
            self._title.setText(words("player.nothing"))
            self._source.setText("")
            return
        self._title.setText(f"{self._phrases.class_name(hit.class_name)} — {hit.camera}")
        self._source.setText(hit.recording_name)
        self._source.setToolTip(f"SHA-256 {hit.recording_sha256}\n{hit.recording_id} · {hit.track_id}")
        said = f"{self._phrases.class_name(hit.class_name)}  {words.percent(hit.class_score)}"
        phrases = self._phrases
        rows = [(words("attribute.class"), said, hit.class_model, "", phrases.accuracy(*hit.class_accuracy))]
        rows += [
            (
                phrases.attribute_name(item.name),
                phrases.said(item),
                item.model,
                phrases.reason(item.note),
                phrases.accuracy(item.accuracy, item.accuracy_fr),
            )
            for item in hit.attributes
        ]
        row = 0
        for name, value, model, note, accuracy in rows:
            self._add_fact(row, name, value, model, note)
            if accuracy:
                self._add_fact(row + 1, "", accuracy, "", "", kind="muted")
            row += 2
        if hit.movement is not None:
            self._add_fact(row, words("attribute.movement"), phrases.movement(hit.movement), "", "")
            row += 1
        if hit.made_by is not None:
            self._add_fact(row, words("attribute.correction"), self._phrases.made_by(hit.made_by), "", "")
            row += 1
        if hit.verdict_note:
            self._add_fact(row, words("attribute.note"), hit.verdict_note, "", "")
        self._facts_grid.setRowStretch(row + 1, 1)

    def _add_fact(self, row: int, name: str, value: str, model: str, note: str, *, kind: str = "") -> None:
        for column, (style, text) in enumerate((("muted", name), (kind, value), ("muted", model))):
            cell = label(style, wraps=column == 1, selectable=column > 0)
            cell.setText(text)
            cell.setToolTip(note or text)
            span = 2 if column == 1 and not model else 1
            self._facts_grid.addWidget(cell, row, column, 1, span, Qt.AlignmentFlag.AlignTop)
            if span == 2:
                break

    def _show_frame(self, state: PlayerState) -> None:
        words, shown = self._words, state.frame
        if shown is None:
            self.stage.clear()
            self._frame_shown = None
            for text in (self._corrected, self._displayed, self._identity):
                text.setText("")
            if state.problem is not None:
                problem = self._phrases.problem(state.problem)
                self.stage.show_message(f"{problem.title}\n{problem.hint}\n\n{problem.detail}")
            else:
                self.stage.show_message(words("player.opening" if state.is_opening else "player.empty"))
            return
        if shown is not self._frame_shown:
            aspect = state.span.sample_aspect if state.span else Fraction(1)
            self.stage.show_frame(image_of(shown.image_bgr_u8), box=shown.box_xyxy_px, aspect=aspect)
            self._frame_shown = shown
        if state.problem is not None:
            self.stage.show_message(self._phrases.problem(state.problem).title)
        when = format_clock(shown.utc, with_ms=True, zone=True)
        day = format_day(shown.utc)
        self._corrected.setText(
            words("player.corrected", time=f"{day} {when}") if shown.utc else words("player.no_clock")
        )
        self._displayed.setText(
            words("player.displayed", time=format_displayed(shown.displayed)) if shown.displayed else ""
        )
        speed = f"  {speed_text(state.speed)}" if state.is_playing else ""
        n_frames = state.span.n_frames if state.span else 0
        self._identity.setText(
            f"[{shown.picture_type}]  PTS {shown.pts_ticks}  ·  "
            + words("player.frame", index=shown.index, n=n_frames)
            + f"  ·  {format_media_s(float(shown.media_s))}{speed}"
        )
        self._identity.setToolTip(words("player.identity"))

    def _build(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(14, 9, 14, 7)
        head.setSpacing(1)
        head.addWidget(self._title)
        head.addWidget(self._source)
        margin = frame("margin")
        grid = QGridLayout(margin)
        grid.setContentsMargins(12, 6, 12, 6)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._corrected, 0, 0)
        grid.addWidget(self._displayed, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self._identity, 1, 0)
        grid.addWidget(self._zoom, 1, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        for text in (self._corrected, self._displayed, self._identity, self._zoom):
            text.setMinimumWidth(1)
        transport = QHBoxLayout()
        transport.setContentsMargins(10, 4, 10, 2)
        transport.setSpacing(2)
        for name in _TRANSPORT:
            transport.addWidget(self._buttons[name])
        transport.addStretch(1)
        self._goto.setFixedWidth(108)
        transport.addWidget(self._goto)
        transport.addWidget(self._buttons["split"])
        transport.addWidget(self._buttons["box"])
        transport.addWidget(self._speed)
        for speed in SPEEDS:
            self._speed.addItem(speed_text(speed))
        self._speed.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.stage, 1)
        column.addWidget(margin)
        column.addWidget(self._strip)
        column.addLayout(transport)
        column.addLayout(self._verdict_row())
        self._facts_scroll = self._facts_area()
        column.addWidget(self._facts_scroll)
        column.addWidget(self._export_row())

    def _verdict_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(14, 4, 14, 8)
        row.setSpacing(6)
        for name, push in self._verdicts.items():
            push.setProperty("verdict", name)
            push.setCheckable(True)
            push.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(push, 1)
        self._note.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(self._note)
        return row

    def _facts_area(self) -> QWidget:
        self._facts_grid.setContentsMargins(14, 6, 14, 6)
        self._facts_grid.setHorizontalSpacing(12)
        self._facts_grid.setVerticalSpacing(3)
        self._facts_grid.setColumnStretch(1, 1)
        scroll = QScrollArea()
        scroll.setWidget(self._facts)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        self._facts.setAutoFillBackground(False)
        scroll.setFixedHeight(132)
        return scroll

    def _export_row(self) -> QWidget:
        foot = frame("status")
        row = QHBoxLayout(foot)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(6)
        for push in self._exports.values():
            push.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(push, 1)
        return foot

    def _tool(self) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(18, 18))
        # Why: Space plays; a focused button would take it. Every button has a key of its own.
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _connect(self) -> None:
        for name, button in self._buttons.items():
            button.clicked.connect(lambda _=False, name=name: self.transport_asked.emit(name))
        for name, push in self._verdicts.items():
            push.clicked.connect(lambda _=False, name=name: self._verdict_clicked(name))
        for name, push in self._exports.items():
            push.clicked.connect(lambda _=False, name=name: self.export_asked.emit(name))
        self._note.clicked.connect(self.note_asked)
        self._goto.returnPressed.connect(lambda: self.moment_asked.emit(self._goto.text()))
        self._speed.activated.connect(lambda place: self.speed_asked.emit(SPEEDS[place]))
        self._strip.index_asked.connect(self.index_asked)
        self._timer.timeout.connect(self.ticked)
        self.stage.zoom_changed.connect(self._show_zoom)

    def _verdict_clicked(self, name: str) -> None:
        # Why: the button shows what is recorded, so it goes back until the record is made.
        self._show_hit(self._state.hit)
        self.verdict_asked.emit(name)

    def _show_zoom(self, scale: float) -> None:
        self._zoom.setText(self._words.percent(scale) if scale else "")
