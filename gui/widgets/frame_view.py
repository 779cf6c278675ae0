# SPDX-License-Identifier: Apache-2.0
"""The stage: one frame, shown pixel for pixel when enlarged, with the box as a layer that can be turned off."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import STAGE

__all__ = ["FrameView", "image_of"]

_MAX_ZOOM: Final = 32.0
_BOX_COLOUR: Final = "#ffd400"


def image_of(image_bgr_u8: NDArray[np.uint8]) -> QImage:
    """A Qt image with its own copy of the pixels, unchanged."""
    height, width = image_bgr_u8.shape[:2]
    pixels = np.ascontiguousarray(image_bgr_u8)
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_BGR888).copy()


class FrameView(QWidget):
    """Shows a frame; the wheel enlarges around the pointer, dragging moves, a double click fits again.

    Enlarging repeats pixels (nearest neighbour) and makes none up. Only a frame that is larger than the stage is
    smoothed, to fit.

    Signals:
        zoom_changed: The enlargement, 1 for one screen pixel per frame pixel.
    """

    zoom_changed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._aspect = 1.0
        self._box: tuple[float, float, float, float] | None = None
        self._shows_box = True
        self._message = ""
        self._zoom = 1.0
        self._centre = QPointF(0.5, 0.5)
        self._drag_from: QPointF | None = None
        self.setMinimumSize(320, 180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(False)

    def show_frame(self, image: QImage, *, box: tuple[float, float, float, float] | None, aspect: Fraction) -> None:
        """Show a frame; the place looked at stays while frames of one size follow each other."""
        is_other_size = image.size() != self._image.size()
        self._image, self._box, self._aspect = image, box, float(aspect)
        if is_other_size:
            self.fit()
        self._message = ""
        self.update()

    def show_message(self, message: str) -> None:
        """Show no frame but a few words; an empty text keeps the frame."""
        self._message = message
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._image, self._box = QImage(), None
        self.fit()

    def set_box_shown(self, is_shown: bool) -> None:
        """Draw the box or not."""
        self._shows_box = is_shown
        self.update()

    def fit(self) -> None:
        """Show the whole frame."""
        self._zoom, self._centre = 1.0, QPointF(0.5, 0.5)
        self._changed()

    def zoom_by(self, factor: float, *, at: QPointF | None = None) -> None:
        """Enlarge or shrink around a point of the widget; never smaller than the whole frame."""
        if self._image.isNull():
            return
        at = at if at is not None else QPointF(self.rect().center())
        before = self._frame_rect()
        zoom = min(_MAX_ZOOM, max(1.0, self._zoom * factor))
        if zoom == self._zoom:
            return
        seen = QPointF((at.x() - before.left()) / before.width(), (at.y() - before.top()) / before.height())
        self._zoom = zoom
        after = self._frame_rect()
        self._centre += QPointF(
            (after.left() + seen.x() * after.width() - at.x()) / after.width(),
            (after.top() + seen.y() * after.height() - at.y()) / after.height(),
        )
        self._changed()

    @property
    def scale(self) -> float:
        """Screen pixels per frame pixel, vertically."""
        return self._frame_rect().height() / self._image.height() if not self._image.isNull() else 0.0

    def sizeHint(self) -> QSize:  # noqa: N802, D102  # Reason: Qt's.
        return QSize(480, 270)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(STAGE))
        if not self._image.isNull():
            frame = self._frame_rect()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < 1.0)
            painter.drawImage(frame, self._image)
            if self._shows_box and self._box is not None:
                self._paint_box(painter, frame)
        if self._message:
            painter.fillRect(self.rect(), QColor(13, 15, 18, 0 if self._image.isNull() else 190))
            painter.setPen(QColor("#98a2af"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 12, -24, -12), flags, self._message)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        self.zoom_by(1.25 ** (event.angleDelta().y() / 120), at=event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        if event.button() == Qt.MouseButton.LeftButton and self._zoom > 1:
            self._drag_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        if self._drag_from is None:
            return
        moved, frame = event.position() - self._drag_from, self._frame_rect()
        self._drag_from = event.position()
        self._centre -= QPointF(moved.x() / frame.width(), moved.y() / frame.height())
        self._changed()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        self._drag_from = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, D102  # Reason: Qt's.
        super().resizeEvent(event)
        self._changed()

    def _changed(self) -> None:
        if not self._image.isNull():
            frame = self._frame_rect()
            for limit, size, get, put in (
                (self.width(), frame.width(), self._centre.x, self._centre.setX),
                (self.height(), frame.height(), self._centre.y, self._centre.setY),
            ):
                half = min(0.5, limit / (2 * size))
                put(min(1 - half, max(half, get())))
        self.zoom_changed.emit(self.scale)
        self.update()

    def _frame_rect(self) -> QRectF:
        """Where the whole frame lies in widget coordinates, outside of the widget where it is enlarged."""
        if self._image.isNull():
            return QRectF(0, 0, 1, 1)
        wide, high = self._image.width() * self._aspect, float(self._image.height())
        fit = min(self.width() / wide, self.height() / high)
        width, height = wide * fit * self._zoom, high * fit * self._zoom
        x = self.width() / 2 - self._centre.x() * width
        y = self.height() / 2 - self._centre.y() * height
        return QRectF(x, y, width, height)

    def _paint_box(self, painter: QPainter, frame: QRectF) -> None:
        assert self._box is not None
        x1, y1, x2, y2 = self._box
        sx, sy = frame.width() / self._image.width(), frame.height() / self._image.height()
        rect = QRectF(frame.left() + x1 * sx, frame.top() + y1 * sy, (x2 - x1) * sx, (y2 - y1) * sy)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Why: outside of the object, so that no pixel of it is covered; dark under bright, to be seen on any ground.
        for colour, width in (("#000000", 3.4), (_BOX_COLOUR, 1.6)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(rect.adjusted(-3, -3, 3, 3))
