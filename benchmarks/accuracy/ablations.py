# SPDX-License-Identifier: Apache-2.0
"""What each stage adds: the same run with one stage taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final
from unittest import mock

import numpy as np

from indexer import describe, linking, perception
from indexer.sketches import MAX_CROPS, CropSample, Sketch
from models.detectors import walkers

__all__ = ["ABLATIONS", "without"]


@contextmanager
def without(stage: str) -> Iterator[None]:
    """Run the body without a stage; with everything for an empty name."""
    with _PATCHES[stage]() if stage else nullcontext():
        yield


def _no_gate() -> AbstractContextManager[Any]:
    """The detector looks at every analysed picture, also where nothing moves."""
    return mock.patch.object(perception.SpanPerception, "_needs_look", return_value=True)


def _no_fusion() -> AbstractContextManager[Any]:
    return mock.patch.object(perception, "fuse", lambda detected, motion: detected)


def _no_linking() -> AbstractContextManager[Any]:
    return mock.patch.object(linking, "MAX_COST", 0.0)


def _no_look() -> AbstractContextManager[Any]:
    return mock.patch.object(linking, "_likeness", return_value=linking.USUAL_LIKENESS)


def _no_walkers() -> AbstractContextManager[Any]:
    return mock.patch.object(walkers.WalkerFinder, "find", return_value=perception.Detections.none())


def _first_crops() -> AbstractContextManager[Any]:
    return mock.patch.object(Sketch, "keep_crop", _keep_first)


def _keep_first(self: Sketch, crop: CropSample) -> None:
    if len(self.crops) < MAX_CROPS:
        self.crops.append(crop)
        self.last_crop_pts_ticks = crop.pts_ticks


def _no_mask() -> AbstractContextManager[Any]:
    """Colours are read from the whole crop."""

    def attributes(sketch: Sketch, name: str, crops: list[CropSample], *rest: object) -> object:
        whole = [
            CropSample(
                pts_ticks=c.pts_ticks,
                quality=c.quality,
                image_bgr_u8=c.image_bgr_u8,
                mask_u8=np.full_like(c.mask_u8, 255),
            )
            for c in crops
        ]
        return _attributes(sketch, name, whole, *rest)

    _attributes: Callable[..., object] = describe._attributes
    return mock.patch.object(describe, "_attributes", attributes)


_PATCHES: Final[dict[str, Callable[[], AbstractContextManager[Any]]]] = {
    "motion gate": _no_gate,
    "walker finder": _no_walkers,
    "fusion": _no_fusion,
    "linking": _no_linking,
    "look in linking": _no_look,
    "best crops": _first_crops,
    "colour mask": _no_mask,
}
ABLATIONS: Final[Sequence[str]] = tuple(_PATCHES)
