# SPDX-License-Identifier: Apache-2.0
"""The lane under the grid: bars of hits along time, a click goes there."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from gui.presenters.lane import Lane
from gui.theme import present_tokens
from gui.times import format_clock, format_day, format_moment
from gui.words import Words

__all__ = ["LaneWidget"]

_LEFT_PX, _RIGHT_PX, _FOOT_PX, _TOP_PX = 14, 14, 18, 8


class LaneWidget(QWidget):
    """Bars by verdict over corrected local time.

    Signals:
        moment_asked: A person clicked at that instant (aware ``datetime``).
    """

    moment_asked = Signal(object)

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words
        self._lane = Lane()
        self._mark: datetime | None = None
        self.setMouseTracking(True)
        self.setFixedHeight(84)

    def show_lane(self, lane: Lane, *, mark_utc: datetime | None) -> None:
        """Show bars, and a mark at the selected hit."""
        self._lane, self._mark = lane, mark_utc
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802, D102  # Reason: Qt's.
        return QSize(400, 84)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        tokens = present_tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.surface))
        painter.setPen(QColor(tokens.line))
        painter.drawLine(0, 0, self.width(), 0)
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, self.font().pointSizeF() - 1))
        painter.setFont(small)
        if not self._lane.bins:
            painter.setPen(QColor(tokens.muted))
            text = self._words("lane.untimed") if self._lane.n_untimed else ""
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        self._paint_bars(painter)
        self._paint_axis(painter)
        if self._mark is not None:
            x = self._x_of(self._mark)
            painter.setPen(QPen(QColor(tokens.text), 1.5))
            painter.drawLine(QPointF(x, 3), QPointF(x, self.height() - _FOOT_PX))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        place = self._bin_at(event.position().x())
        self.setCursor(Qt.CursorShape.PointingHandCursor if place is not None else Qt.CursorShape.ArrowCursor)
        if place is None:
            QToolTip.hideText()
            return
        shown = self._lane.bins[place]
        text = f"{format_moment(shown.start_utc)} — {self._words.count('lane.hits', shown.n_hits)}"
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        place = self._bin_at(event.position().x())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.moment_asked.emit(self._lane.bins[place].start_utc)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        QToolTip.hideText()

    def _paint_bars(self, painter: QPainter) -> None:
        tokens = present_tokens()
        colours = {
            "validated": tokens.validated,
            "doubtful": tokens.doubtful,
            "rejected": tokens.line_strong,
            "": tokens.accent,
        }
        most = max(item.n_hits for item in self._lane.bins)
        width, room = self._bin_px(), self.height() - _FOOT_PX - _TOP_PX
        for place, item in enumerate(self._lane.bins):
            y = float(self.height() - _FOOT_PX)
            for verdict, count in item.counts:
                height = max(2.0, room * count / most)
                gap = 1.0 if width > 3 else 0.0
                bar = QRectF(_LEFT_PX + place * width + gap / 2, y - height, width - gap, height)
                painter.fillRect(bar, QColor(colours[verdict]))
                y -= height

    def _paint_axis(self, painter: QPainter) -> None:
        tokens = present_tokens()
        foot = self.height() - _FOOT_PX
        painter.setPen(QColor(tokens.line_strong))
        painter.drawLine(_LEFT_PX, foot, self.width() - _RIGHT_PX, foot)
        painter.setPen(QColor(tokens.muted))
        begin = self._lane.start_utc
        assert begin is not None
        step_s, total_px = self._lane.step_s, self._bin_px() * len(self._lane.bins)
        n_labels = max(1, int(total_px // 110))
        every = max(1, -(-len(self._lane.bins) // n_labels))
        shown_day = ""
        for place in range(0, len(self._lane.bins) + 1, every):
            moment = begin + timedelta(seconds=place * step_s)
            x = _LEFT_PX + place * self._bin_px()
            day = format_day(moment)
            clock = format_clock(moment)
            text = clock if step_s < 60 else clock[:5]
            if step_s >= 86400:
                text = day
            elif day != shown_day:
                text = f"{day[:5]} {text}"
            shown_day = day
            width = painter.fontMetrics().horizontalAdvance(text)
            if x + width > self.width() - 4:
                break
            painter.drawLine(QPointF(x, foot), QPointF(x, foot + 3))
            painter.drawText(QPointF(x + (0 if place == 0 else -min(width / 2, x)), self.height() - 4), text)

    def _bin_px(self) -> float:
        return min(46.0, (self.width() - _LEFT_PX - _RIGHT_PX) / max(1, len(self._lane.bins)))

    def _x_of(self, moment: datetime) -> float:
        assert self._lane.start_utc is not None
        offset_s = (moment - self._lane.start_utc).total_seconds()
        return _LEFT_PX + offset_s / self._lane.step_s * self._bin_px()

    def _bin_at(self, x: float) -> int | None:
        place = int((x - _LEFT_PX) // self._bin_px()) if self._lane.bins else -1
        return place if 0 <= place < len(self._lane.bins) and self._lane.bins[place].n_hits else None
