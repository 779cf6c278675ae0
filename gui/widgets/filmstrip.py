# SPDX-License-Identifier: Apache-2.0
"""The strip of thumbnails of a hit, from its first frame to its last; a click goes there."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from gui.presenters.player import N_THUMBS, PlayerState
from gui.widgets.frame_view import image_of

__all__ = ["Filmstrip"]

_HEIGHT_PX = 46


class Filmstrip(QWidget):
    """Thumbnails in time order, with a mark at the frame on the screen.

    Signals:
        index_asked: A person clicked at that frame.
    """

    index_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._state = PlayerState()
        self._pixmaps: dict[int, QPixmap] = {}
        self.setFixedHeight(_HEIGHT_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_state(self, state: PlayerState) -> None:
        """Show a player's state."""
        if state.hit is None or self._state.hit is None or state.hit.track_id != self._state.hit.track_id:
            self._pixmaps.clear()
        for thumb in state.thumbs:
            if thumb.index not in self._pixmaps:
                self._pixmaps[thumb.index] = QPixmap.fromImage(image_of(thumb.image_bgr_u8))
        self._state = state
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802, D102  # Reason: Qt's.
        return QSize(400, _HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#121418"))
        span = self._state.span
        if span is None:
            return
        cell = self.width() / N_THUMBS
        for place, index in enumerate(sorted(self._pixmaps)):
            area = QRect(round(place * cell) + 1, 2, round(cell) - 2, self.height() - 4)
            pixmap = self._pixmaps[index]
            shown = QRect(QPoint(0, 0), pixmap.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio))
            shown.moveCenter(area.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(shown, pixmap)
        if self._state.frame is not None and span.last_index > span.first_index:
            share = (self._state.frame.index - span.first_index) / (span.last_index - span.first_index)
            if 0 <= share <= 1:
                x = 1 + share * (self.width() - 3)
                painter.setPen(QPen(QColor("#ffffff"), 2))
                painter.drawRect(QRectF(x - 1, 0, 2, self.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        span = self._state.span
        if span is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        share = min(1.0, max(0.0, event.position().x() / max(1, self.width())))
        self.index_asked.emit(span.first_index + round(share * (span.last_index - span.first_index)))
