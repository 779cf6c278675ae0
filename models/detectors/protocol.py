# SPDX-License-Identifier: Apache-2.0
"""What every detector gives: boxes in source pixels, scores, and labels in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["BAG_LABELS", "COARSE_LABELS", "LABELS", "Detections", "Detector", "RunAware"]

BAG_LABELS: Final = frozenset({"backpack", "handbag", "suitcase"})
"""Carried things: attributes of a person, never tracks of their own."""

COARSE_LABELS: Final = {"vehicle": ("car", "van", "truck", "bus"), "two_wheeler": ("bicycle", "motorcycle")}
"""Labels of nets that see *that* it is a vehicle but not which: label to the class names that it may turn out to be.
A later stage (crop classifier, vehicle attributes) settles the type; a coarse label never reaches the index."""

LABELS: Final = frozenset(
    {"person", "bicycle", "motorcycle", "car", "van", "truck", "bus", *BAG_LABELS, *COARSE_LABELS}
)
"""Every label that a detector may give."""

_BOX_SIDES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detections:
    """What was seen in one picture. The three fields are parallel, best score first; arrays are read-only copies.

    Attributes:
        boxes_xyxy_px: (N, 4) float32, source pixels, x1 y1 x2 y2, clipped to the picture, never empty in area.
        scores: (N,) float32, 0 to 1; comparable within one label of one model only.
        labels: N labels out of :data:`LABELS`.
        is_complete: False where a net that finds further kinds (bags) did not look at this picture.
    """

    boxes_xyxy_px: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: tuple[str, ...]
    is_complete: bool = True

    def __post_init__(self) -> None:
        """Copy, check and lock the arrays."""
        boxes = np.array(self.boxes_xyxy_px, dtype=np.float32).reshape(-1, _BOX_SIDES)
        scores = np.array(self.scores, dtype=np.float32).reshape(-1)
        assert len(boxes) == len(scores) == len(self.labels), "boxes, scores and labels are parallel"
        assert LABELS.issuperset(self.labels), f"unknown label in {set(self.labels) - LABELS}"
        boxes.flags.writeable = False
        scores.flags.writeable = False
        object.__setattr__(self, "boxes_xyxy_px", boxes)
        object.__setattr__(self, "scores", scores)

    def __len__(self) -> int:
        return len(self.labels)

    @staticmethod
    def none() -> Detections:
        """No detection at all."""
        return Detections(boxes_xyxy_px=np.zeros((0, 4), np.float32), scores=np.zeros(0, np.float32), labels=())

    def kept(self, keep: NDArray[np.intp] | NDArray[np.bool_]) -> Detections:
        """The detections that an index array (in that order) or a mask picks."""
        index = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        return Detections(
            boxes_xyxy_px=self.boxes_xyxy_px[index],
            scores=self.scores[index],
            labels=tuple(self.labels[int(i)] for i in index),
            is_complete=self.is_complete,
        )

    def of(self, *labels: str) -> Detections:
        """Those with one of the labels."""
        return self.kept(np.array([label in labels for label in self.labels], dtype=np.bool_))


@runtime_checkable
class Detector(Protocol):
    """Finds objects in one picture. Implementations hold a session: one per process, never shared, never pickled."""

    @property
    def model_id(self) -> str:
        """``name@version`` of the registry entry; several joined by ``+`` for a composite."""

    def detect(self, image_bgr_u8: NDArray[np.uint8]) -> Detections:
        """Find objects in a picture of shape (H, W, 3), BGR, 0 to 255; it is left unchanged."""


@runtime_checkable
class RunAware(Protocol):
    """A detector whose answer depends on how many pictures of a run it has seen; told when a new run begins."""

    def begin(self) -> None:
        """Forget the earlier run, so that equal recordings get equal answers in any order."""
