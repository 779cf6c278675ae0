# SPDX-License-Identifier: Apache-2.0
"""Hits as a Qt list model: an adapter over a tuple of values that decides nothing."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.phrases import Phrases
from gui.presenters.hits import HitsState, is_masked
from review.hits import Hit

__all__ = ["HIT_ROLE", "MASKED_ROLE", "PENDING_ROLE", "HitModel"]

HIT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
MASKED_ROLE: Final = Qt.ItemDataRole.UserRole + 2
PENDING_ROLE: Final = Qt.ItemDataRole.UserRole + 3
_NO_PARENT: Final = QModelIndex()


class HitModel(QAbstractListModel):
    """The hits of a state, in its order."""

    def __init__(self, phrases: Phrases, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._phrases = phrases
        self._hits: tuple[Hit, ...] = ()
        self._pending: frozenset[str] = frozenset()
        self._unmasked: frozenset[str] = frozenset()

    def show(self, state: HitsState) -> bool:
        """Take over a state; True when the list itself changed and not only what is said of its hits."""
        if state.hits == self._hits and (state.pending, state.unmasked) == (self._pending, self._unmasked):
            return False
        is_other_list = [hit.track_id for hit in state.hits] != [hit.track_id for hit in self._hits]
        if is_other_list:
            self.beginResetModel()
        self._hits, self._pending, self._unmasked = state.hits, state.pending, state.unmasked
        if is_other_list:
            self.endResetModel()
        elif self._hits:
            self.dataChanged.emit(self.index(0), self.index(len(self._hits) - 1))
        return is_other_list

    def refresh(self, track_id: str) -> None:
        """Say that a hit's picture has come."""
        for row, hit in enumerate(self._hits):
            if hit.track_id == track_id:
                self.dataChanged.emit(self.index(row), self.index(row))

    def retranslate(self) -> None:
        """Say that every text changed."""
        if self._hits:
            self.dataChanged.emit(self.index(0), self.index(len(self._hits) - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_PARENT) -> int:  # noqa: N802, D102  # Reason: Qt's.
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: D102  # Reason: Qt's.
        if not index.isValid() or not 0 <= index.row() < len(self._hits):
            return None
        hit = self._hits[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self._phrases.hit_line(hit)
        if role == HIT_ROLE:
            return hit
        if role == MASKED_ROLE:
            return is_masked(hit, self._unmasked)
        if role == PENDING_ROLE:
            return hit.track_id in self._pending
        return None
