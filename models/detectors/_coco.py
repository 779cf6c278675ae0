# SPDX-License-Identifier: Apache-2.0
"""Which of the 80 COCO classes are read, and what we call them. The other 71 are never looked at."""

from __future__ import annotations

from typing import Final

__all__ = ["COCO_COLUMNS", "COCO_LABELS"]

_READ: Final = (
    (0, "person"),
    (1, "bicycle"),
    (2, "car"),
    (3, "motorcycle"),
    (5, "bus"),
    (7, "truck"),
    (24, "backpack"),
    (26, "handbag"),
    (28, "suitcase"),
)
COCO_COLUMNS: Final = tuple(column for column, _ in _READ)
"""Columns of the 80 scores, in the authors' order."""
COCO_LABELS: Final = tuple(label for _, label in _READ)
"""Our label of each column."""
