# SPDX-License-Identifier: Apache-2.0
"""The lanes under the grid: bars of hits along time, below them what is known of the footage. A click goes there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from gui.presenters.lane import ROWS, Lane, LaneSpan, Row, spans_at
from gui.theme import Tokens, present_tokens
from gui.times import format_clock, format_day, format_moment
from gui.words import Words

__all__ = ["LaneWidget"]

_MARGIN_PX, _FOOT_PX, _TOP_PX, _BARS_PX = 14, 18, 8, 58
_ROW_PX, _ROW_STEP_PX = 8, 12
_LEAST_SPAN_PX: Final = 2.0
_MOST_TOLD: Final = 4
"""Spans that a tool tip tells one by one; more are counted."""


class LaneWidget(QWidget):
    """Bars by verdict over corrected local time, with lanes for footage, unusable periods, gaps and what was judged.

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
        self._fit_height()

    def show_lane(self, lane: Lane, *, mark_utc: datetime | None) -> None:
        """Show bars and spans, and a mark at the selected hit."""
        self._lane, self._mark = lane, mark_utc
        self._fit_height()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802, D102  # Reason: Qt's.
        return QSize(400, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        tokens = present_tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.surface))
        painter.setPen(QColor(tokens.line))
        painter.drawLine(0, 0, self.width(), 0)
        painter.setFont(self._small_font())
        if not self._lane.bins:
            painter.setPen(QColor(tokens.muted))
            text = self._words("lane.untimed") if self._lane.n_untimed else ""
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        self._paint_bars(painter)
        self._paint_rows(painter, tokens)
        self._paint_axis(painter)
        if self._mark is not None:
            x = self._x_of(self._mark)
            painter.setPen(QPen(QColor(tokens.text), 1.5))
            painter.drawLine(QPointF(x, 3), QPointF(x, self.height() - _FOOT_PX))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        place = self._bin_at(event.position())
        text = self.told_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if place is not None else Qt.CursorShape.ArrowCursor)
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        place = self._bin_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.moment_asked.emit(self._lane.bins[place].start_utc)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        QToolTip.hideText()

    def told_at(self, point: QPointF) -> str:
        """What a tool tip says at a point of the widget; empty where there is nothing to say."""
        row = self._row_at(point.y())
        if row is None:
            place = self._bin_at(point)
            if place is None:
                return ""
            shown = self._lane.bins[place]
            return f"{format_moment(shown.start_utc)} — {self._words.count('lane.hits', shown.n_hits)}"
        moment = self._moment_at(point.x())
        if moment is None:
            return ""
        reach = timedelta(seconds=_LEAST_SPAN_PX * self._lane.step_s / self._bin_px())
        spans = spans_at(self._lane, row, moment, reach=reach)
        told = [self._told(span) for span in spans[:_MOST_TOLD]]
        if len(spans) > _MOST_TOLD:
            told.append(self._words("lane.more", n=len(spans) - _MOST_TOLD))
        return "\n".join(told)

    def _told(self, span: LaneSpan) -> str:
        words = self._words
        period = f"{format_moment(span.start_utc)} – {format_clock(span.end_utc)}"
        parts = [words(f"lane.kind.{span.kind}"), span.camera, period]
        if span.source is not None and span.source.score is not None:
            change = words.number(100 * span.source.score, decimals=2)
            parts.append(words("lane.score", share=change))
        if span.source is not None and span.source.detail:
            parts.append(words.colour(span.source.detail_fr, span.source.detail))
        return " · ".join(parts)

    def _paint_bars(self, painter: QPainter) -> None:
        tokens = present_tokens()
        colours = {
            "validated": tokens.validated,
            "doubtful": tokens.doubtful,
            "rejected": tokens.line_strong,
            "": tokens.accent,
        }
        most = max(1, *(item.n_hits for item in self._lane.bins))
        width, left = self._bin_px(), self._left_px()
        for place, item in enumerate(self._lane.bins):
            y = float(_TOP_PX + _BARS_PX)
            for verdict, count in item.counts:
                height = max(2.0, _BARS_PX * count / most)
                gap = 1.0 if width > 3 else 0.0
                bar = QRectF(left + place * width + gap / 2, y - height, width - gap, height)
                painter.fillRect(bar, QColor(colours[verdict]))
                y -= height

    def _paint_rows(self, painter: QPainter, tokens: Tokens) -> None:
        if not self._lane.spans:
            return
        left, right = self._left_px(), self._left_px() + self._bin_px() * len(self._lane.bins)
        for row in ROWS:
            y = self._row_top_px(row)
            painter.setPen(QColor(tokens.muted))
            painter.drawText(QPointF(_MARGIN_PX, y + _ROW_PX), self._words(f"lane.row.{row}"))
            painter.setPen(QPen(QColor(tokens.line), 1))
            painter.drawLine(QPointF(left, y + _ROW_PX / 2), QPointF(right, y + _ROW_PX / 2))
        painter.setPen(Qt.PenStyle.NoPen)
        for span in self._lane.spans:
            x1 = max(float(left), self._x_of(span.start_utc))
            x2 = min(right, max(self._x_of(span.end_utc), x1 + _LEAST_SPAN_PX))
            if x1 < x2:
                box = QRectF(x1, self._row_top_px(span.row), x2 - x1, _ROW_PX)
                painter.fillRect(box, QColor(tokens.surface))
                painter.fillRect(box, _brush(span.kind, tokens))

    def _paint_axis(self, painter: QPainter) -> None:
        tokens = present_tokens()
        foot, left = self.height() - _FOOT_PX, self._left_px()
        painter.setPen(QColor(tokens.line_strong))
        painter.drawLine(left, foot, self.width() - _MARGIN_PX, foot)
        painter.setPen(QColor(tokens.muted))
        begin = self._lane.start_utc
        assert begin is not None
        step_s, total_px = self._lane.step_s, self._bin_px() * len(self._lane.bins)
        n_labels = max(1, int(total_px // 110))
        every = max(1, -(-len(self._lane.bins) // n_labels))
        shown_day = ""
        for place in range(0, len(self._lane.bins) + 1, every):
            moment = begin + timedelta(seconds=place * step_s)
            x = left + place * self._bin_px()
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

    def _small_font(self) -> QFont:
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, self.font().pointSizeF() - 1))
        return small

    def _fit_height(self) -> None:
        rows = _ROW_STEP_PX * len(ROWS) + 4 if self._lane.spans else 0
        self.setFixedHeight(_TOP_PX + _BARS_PX + rows + _FOOT_PX)

    def _left_px(self) -> int:
        """Left edge of time: behind the names of the lanes, where there are lanes."""
        if not self._lane.spans:
            return _MARGIN_PX
        metrics = self.fontMetrics()
        return _MARGIN_PX + max(metrics.horizontalAdvance(self._words(f"lane.row.{row}")) for row in ROWS) + 8

    def _row_top_px(self, row: Row) -> float:
        return _TOP_PX + _BARS_PX + 5 + _ROW_STEP_PX * ROWS.index(row)

    def _row_at(self, y: float) -> Row | None:
        if not self._lane.spans:
            return None
        return next((row for row in ROWS if 0 <= y - self._row_top_px(row) + 2 < _ROW_STEP_PX), None)

    def _bin_px(self) -> float:
        return min(46.0, (self.width() - self._left_px() - _MARGIN_PX) / max(1, len(self._lane.bins)))

    def _x_of(self, moment: datetime) -> float:
        assert self._lane.start_utc is not None
        offset_s = (moment - self._lane.start_utc).total_seconds()
        return self._left_px() + offset_s / self._lane.step_s * self._bin_px()

    def _moment_at(self, x: float) -> datetime | None:
        if self._lane.start_utc is None or x < self._left_px():
            return None
        return self._lane.start_utc + timedelta(seconds=(x - self._left_px()) / self._bin_px() * self._lane.step_s)

    def _bin_at(self, point: QPointF) -> int | None:
        if self._row_at(point.y()) is not None or not self._lane.bins:
            return None
        place = int((point.x() - self._left_px()) // self._bin_px())
        return place if 0 <= place < len(self._lane.bins) and self._lane.bins[place].n_hits else None


def _brush(kind: str, tokens: Tokens) -> QBrush:
    """How a span is painted; patterns and not hue alone tell the lanes of one row apart."""
    match kind:
        case "skipped":
            return QBrush(QColor(tokens.accent), Qt.BrushStyle.Dense6Pattern)
        case "not_analysed":
            return QBrush(QColor(tokens.line_strong), Qt.BrushStyle.BDiagPattern)
        case "unusable":
            return QBrush(QColor(tokens.rejected))
        case "gap":
            return QBrush(QColor(tokens.doubtful), Qt.BrushStyle.FDiagPattern)
        case "judged":
            return QBrush(QColor(tokens.validated))
        case _:
            return QBrush(QColor(tokens.accent))
