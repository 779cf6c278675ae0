# SPDX-License-Identifier: Apache-2.0
"""The grid of hits: cards painted by a delegate, keyboard and mouse, nothing decided."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.phrases import Phrases
from gui.pictures import CropShelf
from gui.presenters.hits import HitsState
from gui.theme import STAGE, Tokens, present_tokens
from gui.widgets.hit_model import HIT_ROLE, MASKED_ROLE, PENDING_ROLE, HitModel
from review.hits import Hit

__all__ = ["HitGrid"]

_MIN_CARD_PX: Final = 164
_GAP_PX: Final = 10
_PICTURE_PX: Final = 140
_PAD_PX: Final = 9


class _CardDelegate(QStyledItemDelegate):
    """Paints one hit as a card: picture on a stage, then class, colours, both times, camera and score."""

    def __init__(self, *, phrases: Phrases, shelf: CropShelf, parent: QWidget) -> None:
        super().__init__(parent)
        self._phrases = phrases
        self._shelf = shelf
        self.card = QSize(_MIN_CARD_PX, 220)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return self.card

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        hit: Hit = index.data(HIT_ROLE)
        tokens = present_tokens()
        card: QRect = option.rect
        state: QStyle.StateFlag = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(card).adjusted(1, 1, -1, -1), 7, 7)
        painter.fillPath(outline, QColor(tokens.accent_soft if is_selected else tokens.surface))
        picture = QRect(card.left() + 1, card.top() + 1, card.width() - 2, _PICTURE_PX)
        painter.setClipPath(outline)
        self._paint_picture(painter, picture, hit, is_masked=bool(index.data(MASKED_ROLE)), tokens=tokens)
        painter.setClipping(False)
        self._paint_text(painter, card, hit, tokens)
        if hit.verdict or index.data(PENDING_ROLE):
            self._paint_badge(painter, picture, hit, is_pending=bool(index.data(PENDING_ROLE)), tokens=tokens)
        pen = QPen(QColor(tokens.accent if is_selected else tokens.line), 2 if is_selected else 1)
        painter.setPen(pen)
        painter.drawPath(outline)
        painter.restore()

    def _paint_picture(self, painter: QPainter, area: QRect, hit: Hit, *, is_masked: bool, tokens: Tokens) -> None:
        painter.fillRect(area, QColor(STAGE))
        pixmap = self._shelf.pixmap(hit.track_id, class_name=hit.class_name, is_masked=is_masked)
        if pixmap is None or pixmap.isNull():
            painter.setPen(QColor("#6b7480"))
            key = "hit.loading" if pixmap is None else "hit.no_picture"
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._phrases.words(key))
            return
        painter.drawPixmap(_fitted(pixmap, area), pixmap)
        if hit.verdict == "rejected":
            painter.fillRect(area, QColor(13, 15, 18, 150))

    def _paint_text(self, painter: QPainter, card: QRect, hit: Hit, tokens: Tokens) -> None:
        phrases = self._phrases
        left, width = card.left() + _PAD_PX, card.width() - 2 * _PAD_PX
        strong = QFont(painter.font())
        strong.setBold(True)
        small = _small(painter.font())
        line_px = QFontMetrics(strong).height() + 3
        y = card.top() + _PICTURE_PX + 7
        score = phrases.words.percent(hit.score)
        score_px = QFontMetrics(small).horizontalAdvance(score) + 4
        dots_px = self._paint_dots(painter, QRect(left, y, width - score_px, line_px), hit, tokens)
        painter.setFont(strong)
        painter.setPen(QColor(tokens.text))
        title = QRect(left + dots_px, y, width - score_px - dots_px, line_px)
        _draw(painter, title, phrases.class_name(hit.class_name))
        painter.setFont(small)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(
            QRect(left, y, width, line_px), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, score
        )
        y += line_px + 1
        painter.setPen(QColor(tokens.text))
        painter.setFont(small)
        row_px = QFontMetrics(small).height() + 2
        _draw(painter, QRect(left, y, width, row_px), phrases.corrected(hit))
        painter.setPen(QColor(tokens.muted))
        _draw(painter, QRect(left, y + row_px, width, row_px), phrases.displayed(hit))
        _draw(painter, QRect(left, y + 2 * row_px, width, row_px), hit.camera)

    def _paint_dots(self, painter: QPainter, area: QRect, hit: Hit, tokens: Tokens) -> int:
        """Discs of the hit's colours; returns the width they take."""
        taken = 0
        for attribute in self._phrases.colours(hit):
            swatch = self._phrases.swatch(attribute.value)
            if swatch is None:
                continue
            painter.setPen(QColor(tokens.line_strong))
            painter.setBrush(QColor(*swatch.rgb_u8))
            painter.drawEllipse(QRectF(area.left() + taken + 0.5, area.center().y() - 4.5, 10, 10))
            taken += 14
        painter.setBrush(Qt.BrushStyle.NoBrush)
        return taken + 2 if taken else 0

    def _paint_badge(self, painter: QPainter, picture: QRect, hit: Hit, *, is_pending: bool, tokens: Tokens) -> None:
        words = self._phrases.words
        text = words("verdict.pending") if is_pending else words(f"verdict.{hit.verdict}")
        if hit.verdict_note and not is_pending:
            text += "  ✎"
        small = QFont(painter.font())
        small.setBold(True)
        small.setPointSizeF(max(7.0, painter.font().pointSizeF()))
        painter.setFont(small)
        width = QFontMetrics(small).horizontalAdvance(text) + 14
        height = QFontMetrics(small).height() + 5
        badge = QRectF(picture.left() + 7, picture.top() + 7, width, height)
        path = QPainterPath()
        path.addRoundedRect(badge, height / 2, height / 2)
        # Why: the badge lies on the dark stage in both themes, so it takes the colours of the light one.
        colours = {"validated": "#1f7a4d", "rejected": "#b0302a", "doubtful": "#a76a00"}
        painter.fillPath(path, QColor("#4a535e" if is_pending else colours[hit.verdict]))
        painter.setPen(QColor("#ffffff"))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(max(7.0, font.pointSizeF() - 1))
    return small


def _draw(painter: QPainter, area: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _fitted(pixmap: QPixmap, area: QRect) -> QRect:
    size = pixmap.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    rect = QRect(area.topLeft(), size)
    rect.moveCenter(area.center())
    return rect


class HitGrid(QListView):
    """Hits as pictures.

    Signals:
        picked: A person moved to the hit of that row.
        play_asked: Enter or a double click on it.
    """

    picked = Signal(int)
    play_asked = Signal()

    def __init__(self, *, phrases: Phrases, shelf: CropShelf) -> None:
        super().__init__()
        self._model = HitModel(phrases, self)
        self._is_showing = False
        self.setModel(self._model)
        self._delegate = _CardDelegate(phrases=phrases, shelf=shelf, parent=self)
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._shelf = shelf
        self._connect()

    def show_state(self, state: HitsState) -> None:
        """Show a presenter's state."""
        self._is_showing = True
        try:
            if self._model.show(state):
                self._shelf.forget_wishes()
            index = self._model.index(state.selected) if state.selected >= 0 else QModelIndex()
            if index != self.currentIndex():
                self.setCurrentIndex(index)
                if index.isValid():
                    self.scrollTo(index)
        finally:
            self._is_showing = False

    def retranslate(self) -> None:
        """Read texts again."""
        self._model.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Reason: Qt's name.
        """Spread the cards over the width."""
        # Why: one pixel less, else Qt wraps a row that fits exactly.
        room = self.viewport().width() - 1
        n_columns = max(1, room // (_MIN_CARD_PX + _GAP_PX))
        width = room // n_columns
        strong, small = QFont(self.font()), _small(self.font())
        strong.setBold(True)
        text_px = QFontMetrics(strong).height() + 3 * QFontMetrics(small).height() + 10
        self._delegate.card = QSize(width - _GAP_PX, _PICTURE_PX + text_px + 2 * _PAD_PX)
        self.setGridSize(QSize(width, self._delegate.card.height() + _GAP_PX))
        super().resizeEvent(event)

    def currentChanged(  # noqa: N802  # Reason: Qt's name.
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Tell the presenter where a person went."""
        super().currentChanged(current, previous)
        if not self._is_showing and current.isValid():
            self.picked.emit(current.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Reason: Qt's name.
        """Enter plays; the rest is the view's own. Letters are the window's shortcuts, not a search by name."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.play_asked.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802  # Reason: Qt's name.
        """Off: letters give verdicts."""

    def _connect(self) -> None:
        self.doubleClicked.connect(lambda _: self.play_asked.emit())
        self._shelf.arrived.connect(self._model.refresh)
