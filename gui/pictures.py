# SPDX-License-Identifier: Apache-2.0
"""Pictures for lists: JPEG to image, heads and plates masked, and a shelf that fetches them when they come into view.

Masking hides and never improves: blocks of a few pixels each, so that no detail of a face or plate is left. Lists
show masked pictures unless a presenter says otherwise; the player shows the frame as recorded.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPixmap

from gui.port import DeskPort
from gui.runner import Job, Runner
from review.desk_values import Problem

__all__ = ["CropShelf", "decode_crop", "masked", "masked_rects"]

_HEAD_SHARE: Final = 0.22
"""Share of a person's crop, from the top, that hides the head also when the crop has a small border."""
_RIDER_SHARE: Final = 0.32
_PLATE_TOP: Final = 0.45
_PLATE_LEGIBLE_PX: Final = 96
"""Below this crop width a plate is a few pixels wide and cannot be read."""
_KEPT: Final = 600
_VEHICLES: Final = frozenset({"car", "van", "truck", "bus"})


def masked_rects(class_name: str, *, width_px: int, height_px: int) -> tuple[tuple[QRect, int], ...]:
    """Where a crop is masked, with the side of a block in pixels.

    Persons lose the top, riders a little more of it, vehicles the lower part where plates are, unless the crop is
    too small for a plate to be read; what is none of these (``other``) loses the top as well, since it may be a person.
    """
    if class_name in _VEHICLES:
        if width_px < _PLATE_LEGIBLE_PX:
            return ()
        top = int(height_px * _PLATE_TOP)
        return ((QRect(0, top, width_px, height_px - top), max(6, width_px // 18)),)
    share = _RIDER_SHARE if class_name in {"bicycle", "motorcycle"} else _HEAD_SHARE
    return ((QRect(0, 0, width_px, max(1, round(height_px * share))), max(4, width_px // 5)),)


def masked(image: QImage, class_name: str) -> QImage:
    """A copy of a crop with heads or plates replaced by coarse blocks."""
    made = image.copy()
    painter = QPainter(made)
    for rect, block_px in masked_rects(class_name, width_px=image.width(), height_px=image.height()):
        part = image.copy(rect)
        ignore, smooth, fast = (
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
            Qt.TransformationMode.FastTransformation,
        )
        n_wide, n_high = max(1, rect.width() // block_px), max(1, rect.height() // block_px)
        coarse = part.scaled(n_wide, n_high, ignore, smooth)
        painter.drawImage(rect, coarse.scaled(rect.width(), rect.height(), ignore, fast))
    painter.end()
    return made


def decode_crop(jpeg: bytes, *, class_name: str, is_masked: bool) -> QImage:
    """Image of a crop's JPEG, masked or not; a null image when it is no picture."""
    image = QImage.fromData(jpeg).convertToFormat(QImage.Format.Format_RGB32)
    return masked(image, class_name) if is_masked and not image.isNull() else image


class CropShelf(QObject):
    """Keeps crops that were shown and fetches those asked for, last asked first: what is in view comes first.

    Signals:
        arrived: Track identifier of a crop that can be drawn now.
    """

    arrived = Signal(str)

    def __init__(self, *, desk: DeskPort, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._runner = runner
        self._kept: OrderedDict[tuple[str, bool], QPixmap] = OrderedDict()
        self._wanted: OrderedDict[tuple[str, bool], str] = OrderedDict()
        self._is_fetching = False

    def pixmap(self, track_id: str, *, class_name: str, is_masked: bool) -> QPixmap | None:
        """The crop, or None while it is being fetched; a null pixmap when there is none."""
        key = (track_id, is_masked)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        self._wanted[key] = class_name
        self._wanted.move_to_end(key)
        self._fetch_next()
        return None

    @property
    def is_busy(self) -> bool:
        """True while pictures are awaited."""
        return self._is_fetching or bool(self._wanted)

    def forget_wishes(self) -> None:
        """Drop what was asked for and is not there yet, for another list is shown."""
        self._wanted.clear()

    def _fetch_next(self) -> None:
        if self._is_fetching or not self._wanted:
            return
        key, class_name = self._wanted.popitem()
        track_id, is_masked = key
        self._is_fetching = True

        def work(job: Job) -> QImage:
            return decode_crop(self._desk.crop_jpeg(track_id), class_name=class_name, is_masked=is_masked)

        def done(image: QImage) -> None:
            self._keep(key, QPixmap.fromImage(image))

        def failed(problem: Problem) -> None:
            self._keep(key, QPixmap())

        self._runner.start("crops", work, done=done, failed=failed)

    def _keep(self, key: tuple[str, bool], pixmap: QPixmap) -> None:
        self._is_fetching = False
        self._kept[key] = pixmap
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.arrived.emit(key[0])
        self._fetch_next()
