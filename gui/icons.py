# SPDX-License-Identifier: Apache-2.0
"""Line icons drawn by us, tinted to the theme: no icon font, no file to find."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

__all__ = ["NAMES", "disc", "icon"]

_SIZE_PX: Final = 20
_SCALE: Final = 2

_SHAPES: Final = {
    "play": '<path d="M7 4.5v15l12-7.5z" fill="C" stroke="none"/>',
    "pause": '<path d="M6.5 5h4v14h-4zM13.5 5h4v14h-4z" fill="C" stroke="none"/>',
    "back": '<path d="M12 5v14L4 12zM20 5v14l-8-7z" fill="C" stroke="none"/>',
    "forward": '<path d="M12 5v14l8-7zM4 5v14l8-7z" fill="C" stroke="none"/>',
    "step-back": '<path d="M16 6l-7 6 7 6z" fill="C"/><path d="M6.5 6v12"/>',
    "step": '<path d="M8 6l7 6-7 6z" fill="C"/><path d="M17.5 6v12"/>',
    "first": '<path d="M5 5v14M19 6l-6 6 6 6M13 6l-6 6 6 6"/>',
    "last": '<path d="M19 5v14M5 6l6 6-6 6M11 6l6 6-6 6"/>',
    "box": '<path d="M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4"/><path d="M9 9h6v6H9z"/>',
    "loupe": '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5.5 5.5"/>',
    "theatre": '<path d="M3 5h18v14H3zM15 5v14"/>',
    "mask": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20c1-4 4-6 7.5-6s6.500 2 7.500 6M5 4l14 16"/>',
    "undo": '<path d="M8 5L4 9l4 4M4 9h10a5.500 5.500 0 010 11h-4"/>',
    "merge": '<path d="M4 5c5 0 5 7 10 7h6M4 19c5 0 5-7 10-7M17 9l3 3-3 3"/>',
    "split": '<path d="M4 12h5c5 0 5-7 10-7M9 12c5 0 5 7 10 7M16.500 2.500l2.800 2.500-2.800 2.500"/>'
    '<path d="M16.500 16.500l2.800 2.500-2.800 2.500"/>',
    "note": '<path d="M5 4h14v11l-5 5H5zM14 20v-5h5M8.500 8.500h7M8.500 12h4"/>',
    "still": '<path d="M4 7h4l1.500-2.500h5L16 7h4v12H4z"/><circle cx="12" cy="13" r="3.500"/>',
    "clip": '<path d="M3 6h18v12H3zM7 6v12M17 6v12M3 10h4M3 14h4M17 10h4M17 14h4"/>',
    "synopsis": '<path d="M12 3v4M12 17v4M4 12h4M16 12h4"/><circle cx="12" cy="12" r="4"/>'
    '<path d="M5.500 5.500l3 3M15.500 15.500l3 3M18.500 5.500l-3 3M8.500 15.500l-3 3"/>',
    "folder": '<path d="M3 6h6l2 2.500h10V19H3z"/>',
    "theme": '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 010 16z" fill="C"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "help": '<circle cx="12" cy="12" r="9"/>'
    '<path d="M9.500 9.500a2.500 2.500 0 115 0c0 1.800-2.500 2-2.500 4M12 16.800v.4"/>',
    "leave": '<path d="M10 4H4v16h6M9 12h11M16 8l4 4-4 4"/>',
    "down": '<path d="M6 9.500l6 6 6-6"/>',
    "right": '<path d="M9.500 6l6 6-6 6"/>',
    "person": '<circle cx="12" cy="6" r="3"/><path d="M6.500 21v-7a4 4 0 014-4h3a4 4 0 014 4v7"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5.500 5.500"/>',
    "warning": '<path d="M12 4l9 16H3zM12 10v4.500M12 17v.4"/>',
    "brand": '<path d="M4 5h16v14H4z"/><path d="M10 9v6l5-3z" fill="C"/><path d="M4 9h2M4 15h2M18 9h2M18 15h2"/>',
}
NAMES: Final = tuple(sorted(_SHAPES))


def icon(name: str, colour: str, *, disabled: str = "#8a939e") -> QIcon:
    """An icon of a name in a colour, with a paler picture for the disabled state."""
    made = QIcon(_pixmap(name, colour))
    made.addPixmap(_pixmap(name, disabled), QIcon.Mode.Disabled)
    return made


def _pixmap(name: str, colour: str) -> QPixmap:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{colour}" '
        f'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">{_SHAPES[name]}</svg>'
    ).replace('fill="C"', f'fill="{colour}"')
    pixmap = QPixmap(_SIZE_PX * _SCALE, _SIZE_PX * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    return pixmap


def disc(rgb_u8: tuple[int, int, int], rim: str, *, size_px: int = 20) -> QIcon:
    """A filled disc with a rim, for colour swatches."""
    pixmap = QPixmap(size_px * _SCALE, size_px * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*rgb_u8))
    painter.setPen(QColor(rim))
    painter.drawEllipse(QRectF(pixmap.rect()).adjusted(2, 2, -2, -2))
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    return QIcon(pixmap)
