# SPDX-License-Identifier: Apache-2.0
"""The main page: filters, hits, player, foot, wired to their presenters. It connects and decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from gui.phrases import Phrases
from gui.pictures import CropShelf
from gui.port import DeskPort
from gui.presenters.exports import ExportKind, ExportsPresenter, ExportsState
from gui.presenters.hits import HitsPresenter, HitsState, Order
from gui.presenters.player import PlayerPresenter, PlayerState
from gui.runner import Runner
from gui.widgets.dialogs import NoteDialog, ReasonDialog, ask_export_path
from gui.widgets.filters import FilterPanel
from gui.widgets.player import PlayerPanel
from gui.widgets.results import ResultsPanel
from gui.widgets.status import StatusBar
from gui.widgets.synopsis import SynopsisDialog
from gui.words import Words
from review.desk_values import SynopsisOutlook, VerdictName
from review.hits import Hit, Query

__all__ = ["Workbench"]


class Workbench(QWidget):
    """Everything of an open case.

    Signals:
        state_changed: Hits or player show something else; for those who wait, such as a screenshot.
    """

    state_changed = Signal()

    def __init__(self, *, desk: DeskPort, runner: Runner, words: Words) -> None:
        super().__init__()
        self._desk, self._words = desk, words
        self._phrases = phrases = Phrases(words, desk.palette)
        self._shelf = shelf = CropShelf(desk=desk, runner=runner, parent=self)
        self.filters = FilterPanel(card=desk.card, palette=desk.palette, words=words, phrases=phrases)
        self.results = ResultsPanel(words=words, phrases=phrases, shelf=shelf)
        self.panel = PlayerPanel(words=words, phrases=phrases)
        self.status = StatusBar(words=words, phrases=phrases)
        self.hits = HitsPresenter(desk=desk, view=self, runner=runner, selected=self._selected)
        self.player = PlayerPresenter(desk=desk, view=self, runner=runner, now_s=time.monotonic)
        self.exports = ExportsPresenter(desk=desk, view=self, runner=runner, now_s=time.monotonic)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._build()
        self._connect()
        self._bind_keys()
        self.panel.set_can_judge(desk.card.can_judge)
        self.results.set_can_judge(desk.card.can_judge)
        self.show_hits(self.hits.state)
        self.show_player(self.player.state)
        self.filters.focus_purpose()

    def show_hits(self, state: HitsState) -> None:
        """See :class:`gui.presenters.hits.HitsView`."""
        self.results.show_state(state)
        self.filters.set_searching(state.is_searching)
        self.status.show_hits(state)
        self.panel.set_has_result(bool(state.hits))
        self.player.refresh_hit(state.current)
        self.state_changed.emit()

    def show_player(self, state: PlayerState) -> None:
        """See :class:`gui.presenters.player.PlayerView`."""
        self.panel.show_player(state)
        self.state_changed.emit()

    def set_ticking(self, is_ticking: bool) -> None:
        """See :class:`gui.presenters.player.PlayerView`."""
        self.panel.set_ticking(is_ticking)

    def show_export(self, state: ExportsState) -> None:
        """See :class:`gui.presenters.exports.ExportsView`."""
        self.status.show_export(state)

    def ask_synopsis(self, query: Query, outlook: SynopsisOutlook) -> None:
        """See :class:`gui.presenters.exports.ExportsView`."""
        purpose = self.hits.state.purpose
        dialog = SynopsisDialog(self, self._words, phrases=self._phrases, query=query, outlook=outlook)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        if dialog.needs_plan:
            # Why: nothing is written before its length, and what it cuts, was seen.
            self.exports.plan_synopsis(query, purpose=purpose, wish=dialog.wish)
            return
        out_path = ask_export_path(self, self._words, "synopsis", suggestion="synopsis.mp4")
        if out_path is not None:
            self.exports.synopsis(query, purpose=purpose, out_path=out_path, wish=dialog.wish)

    def search(self) -> None:
        """Search with what the panel holds."""
        self.hits.search(self.filters.filters())
        self.filters.show_faults(self.hits.state.faults, self.hits.state.warnings)
        if not self.hits.state.faults:
            self.results.grid.setFocus()

    def toggle_theatre(self) -> None:
        """Give the player the whole page, or back."""
        is_theatre = self.filters.isVisible()
        self.filters.setVisible(not is_theatre)
        self.results.setVisible(not is_theatre)
        self.panel.set_alone(is_theatre)
        if is_theatre:
            self.panel.setFocus()

    def retranslate(self) -> None:
        """Read texts and theme colours again."""
        for part in (self.filters, self.results, self.panel, self.status):
            part.retranslate()

    def layout_state(self) -> QByteArray:
        """Widths of the three columns."""
        return self._splitter.saveState()

    def restore_layout(self, state: QByteArray) -> None:
        """Take widths remembered from an earlier run."""
        if not state.isEmpty():
            self._splitter.restoreState(state)

    @property
    def is_at_rest(self) -> bool:
        """True when nothing that was asked for is still to come: hits, frame, thumbnails, pictures in view."""
        hits, player = self.hits.state, self.player.state
        if hits.is_searching or hits.pending or player.is_opening or self._shelf.is_busy:
            return False
        is_shown = player.frame is not None and player.wanted_index == player.frame.index
        return hits.current is None or player.problem is not None or (is_shown and self.player.has_all_thumbs)

    def close_case(self) -> None:
        """Let go of the recording; call when no worker runs any more."""
        self.player.close()

    def _selected(self, hit: Hit | None) -> None:
        self.player.open(hit)

    def _play_hit(self) -> None:
        self.player.open(self.hits.state.current, plays=True)
        self.panel.setFocus()

    def _transport(self, name: str) -> None:
        player = self.player
        acts = {
            "first": player.to_first,
            "last": player.to_last,
            "back": player.slower,
            "forward": player.faster,
            "play": player.toggle_play,
            "step": lambda: player.step(1),
            "step-back": lambda: player.step(-1),
            "box": player.toggle_box,
            "split": self._split,
        }
        acts[name]()

    def _goto(self, text: str) -> None:
        if self.hits.go_to(text):
            self.results.grid.setFocus()

    def _focus_goto(self) -> None:
        if self.panel.isAncestorOf(self.focusWidget() or self) or self.panel.hasFocus():
            self.panel.focus_goto()
        else:
            self.results.focus_goto()

    def _show_moment(self, text: str) -> None:
        if self.hits.show_moment(text, show=self.player.seek_utc):
            self.panel.setFocus()

    def _note(self) -> None:
        hit = self.hits.state.current
        if hit is None or not self._desk.card.can_judge:
            return
        dialog = NoteDialog(self, self._words, hit)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.hits.judge(cast(VerdictName, dialog.verdict), note=dialog.note)

    def _split(self) -> None:
        frame = self.player.state.frame
        self.player.pause()
        self.hits.split(frame.pts_ticks if frame is not None else None)

    def _unmask(self) -> None:
        if self.hits.state.current is None:
            return
        dialog = ReasonDialog(self, self._words)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.hits.unmask(dialog.reason)

    def _export(self, kind: str) -> None:
        hit, query = self.hits.state.current, self.hits.query
        if self.exports.state.is_running or (kind != "synopsis" and hit is None) or query is None:
            return
        if kind == "synopsis":
            self.exports.plan_synopsis(query, purpose=self.hits.state.purpose)
            return
        assert hit is not None
        stem = f"{Path(hit.recording_name).stem}_{hit.track_id}"
        suggestion = {"still": f"{stem}.png", "clip": f"{stem}.mp4"}[kind]
        out_path = ask_export_path(self, self._words, cast(ExportKind, kind), suggestion=suggestion)
        if out_path is None:
            return
        if kind == "clip":
            self.exports.clip(hit.track_id, out_path=out_path)
        else:
            frame = self.player.state.frame
            self.exports.still(hit.track_id, out_path=out_path, pts_ticks=frame.pts_ticks if frame else None)

    def _escape(self) -> None:
        if not self.filters.isVisible():
            self.toggle_theatre()
        self.player.pause()
        self.results.grid.setFocus()

    def _build(self) -> None:
        for part in (self.filters, self.results, self.panel):
            self._splitter.addWidget(part)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        for place, stretch in enumerate((0, 3, 2)):
            self._splitter.setStretchFactor(place, stretch)
        self.filters.setMinimumWidth(252)
        self.results.setMinimumWidth(400)
        self.panel.setMinimumWidth(442)
        self._splitter.setSizes([268, 570, 442])
        body = QHBoxLayout()
        body.addWidget(self._splitter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(self.status)

    def _connect(self) -> None:
        results, panel = self.results, self.panel
        self.filters.search_asked.connect(self.search)
        results.grid.picked.connect(self.hits.select)
        results.grid.play_asked.connect(self._play_hit)
        results.order_asked.connect(lambda order: self.hits.set_order(cast(Order, order)))
        results.goto_asked.connect(self._goto)
        results.undo_asked.connect(self.hits.undo)
        results.merge_asked.connect(self.hits.mark_or_merge)
        results.unmask_asked.connect(self._unmask)
        results.problem_dismissed.connect(self.hits.dismiss_problem)
        results.lane.moment_asked.connect(self.hits.go_to_moment)
        panel.transport_asked.connect(self._transport)
        panel.speed_asked.connect(self.player.set_speed)
        panel.index_asked.connect(self.player.scrub)
        panel.moment_asked.connect(self._show_moment)
        panel.verdict_asked.connect(lambda name: self.hits.judge(cast(VerdictName, name)))
        panel.note_asked.connect(self._note)
        panel.export_asked.connect(self._export)
        panel.ticked.connect(self.player.tick)
        self.status.cancel_asked.connect(self.exports.cancel)
        self.status.dismissed.connect(self.exports.dismiss)

    def _bind_keys(self) -> None:
        """Keys of the whole page; a text field takes letters before they do."""
        for key, act in (
            ("/", self.filters.focus_text),
            ("Ctrl+F", self.filters.focus_text),
            ("V", lambda: self.hits.judge("validated")),
            ("R", lambda: self.hits.judge("rejected")),
            ("D", lambda: self.hits.judge("doubtful")),
            ("Ctrl+Z", self.hits.undo),
            ("N", self._note),
            ("X", self._split),
            ("M", self.hits.mark_or_merge),
            ("U", self._unmask),
            ("G", self._focus_goto),
            ("B", self.player.toggle_box),
            ("J", self.player.slower),
            ("K", self.player.toggle_play),
            ("L", self.player.faster),
            ("F", self.toggle_theatre),
            ("S", lambda: self._export("still")),
            ("C", lambda: self._export("clip")),
            ("Y", lambda: self._export("synopsis")),
            ("Esc", self._escape),
        ):
            _bind(self, key, act)
        # Why: in the filters, Space ticks and arrows move between fields, so these belong to grid and player alone.
        for part in (self.results.grid, self.panel):
            _bind(part, "Space", self.player.toggle_play)
        for key, act in (
            ("Left", lambda: self.player.step(-1)),
            ("Right", lambda: self.player.step(1)),
            ("Home", self.player.to_first),
            ("End", self.player.to_last),
            ("+", lambda: self.panel.stage.zoom_by(1.25)),
            ("-", lambda: self.panel.stage.zoom_by(0.8)),
            ("0", self.panel.stage.fit),
        ):
            _bind(self.panel, key, act, repeats=True)


def _bind(part: QWidget, key: str, act: Callable[[], object], *, repeats: bool = False) -> None:
    """A key that acts while the focus is in a part of the page."""
    shortcut = QShortcut(QKeySequence(key), part)
    # Why: a key held down must never judge a row of hits.
    shortcut.setAutoRepeat(repeats)
    # Why: PySide6 takes ``context`` in the constructor too, and does not heed it.
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.activated.connect(act)
