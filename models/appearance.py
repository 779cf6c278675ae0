# SPDX-License-Identifier: Apache-2.0
"""What a crop looks like, as a vector: clothing of a person, paint and shape of a vehicle. Never a head.

The top of every crop that may show a head is blacked out before anything looks at it, so a head can neither help nor
hurt a ranking. Similarity of two vectors is resemblance of clothing or of a vehicle, within one case; it says nothing
about who somebody is.

Half of the vector is colour by place (soft histograms of CIE L*a*b* in four cells), half the features of the
embedded crop net, which was trained to tell classes of objects and has never seen an identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.classifier import crop_tensor, fit_crop
from models.registry import Registry
from models.runtime import Device, Net

__all__ = ["HEAD_SHARE", "AppearanceEncoder", "colour_by_place", "without_head"]

HEAD_SHARE: Final = 0.18
"""Share of the crop's height, from the top, that is blacked out where a head may be."""

_WITH_HEAD: Final = frozenset({"person", "bicycle", "motorcycle"})
_NET_NAME: Final = "relecture-crop"
_BATCH: Final = 32
_CELL_PX: Final = 16
_LIGHT_KNOTS: Final = np.linspace(20.0, 235.0, 6, dtype=np.float32)
_CHROMA_KNOTS: Final = np.array([-45.0, -18.0, -6.0, 6.0, 18.0, 45.0], np.float32)
_N_CELLS: Final = 4
_CELL_BINS: Final = len(_LIGHT_KNOTS) + len(_CHROMA_KNOTS) ** 2
_DEEP_SHARE: Final = 0.35
_GREY_AB: Final = 128.0


class AppearanceEncoder:
    """Vectors of resemblance. Two vectors compare by their dot product, and only within one kind.

    Attributes:
        model_id: Which method and which net made a vector; vectors of different ids never compare.
        dimension: Length of a vector.
    """

    def __init__(self, net: Net, *, net_id: str) -> None:
        self._net = net
        self.model_id = f"relecture-appearance@1+{net_id}"
        self.dimension = _N_CELLS * _CELL_BINS + _DEEP_DIMENSION

    @classmethod
    def load(cls, registry: Registry | None = None, *, device: Device = "cpu") -> AppearanceEncoder:
        """Open the embedded net that gives the features.

        Raises:
            ModelProblem: The file is missing, altered or not listed.
        """
        listed = registry if registry is not None else Registry.load()
        return cls(listed.open(_NET_NAME, device=device), net_id=listed.entry(_NET_NAME).model_id)

    def encode(self, crops_bgr_u8: Sequence[NDArray[np.uint8]], kinds: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, D).

        Args:
            crops_bgr_u8: N pictures (H, W, 3) of any size, BGR, cut close around the object. None is changed.
            kinds: Class name of each; ``person``, ``bicycle`` and ``motorcycle`` lose the top of the crop.

        Raises:
            Defect: A crop has no pixels or is not a BGR picture.
        """
        assert len(crops_bgr_u8) == len(kinds), "one kind per crop"
        if not kinds:
            return np.zeros((0, self.dimension), np.float32)
        for crop in crops_bgr_u8:
            fit_crop(crop)  # refuses what is no picture
        seen = [
            without_head(crop) if kind in _WITH_HEAD else crop for crop, kind in zip(crops_bgr_u8, kinds, strict=True)
        ]
        deep = np.concatenate([self._deep(seen[start : start + _BATCH]) for start in range(0, len(seen), _BATCH)])
        colour = np.stack(
            [_colour(crop, is_upright=kind in _WITH_HEAD) for crop, kind in zip(seen, kinds, strict=True)]
        )
        return np.asarray(np.hstack([colour * np.sqrt(1 - _DEEP_SHARE), deep * np.sqrt(_DEEP_SHARE)]), np.float32)

    def _deep(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        features = np.sqrt(self._net.run({"crops": crop_tensor(crops)}, outputs=("features",))["features"])
        return _unit(features - features.mean(axis=1, keepdims=True))


_DEEP_DIMENSION: Final = 128


def without_head(crop_bgr_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of a crop (H, W, 3) whose top 18 %, rounded up, is black.

    >>> int(without_head(np.full((50, 20, 3), 9, np.uint8))[:9].max())
    0
    """
    covered = crop_bgr_u8.copy()
    covered[: int(np.ceil(HEAD_SHARE * crop_bgr_u8.shape[0]))] = 0
    return covered


def colour_by_place(picture_bgr_u8: NDArray[np.uint8], box_xyxy: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Unit vector (168,) of the colours in a box, in four stripes from shoulder to foot, without the top 18 %.

    For telling pieces of tracks apart within one recording, in the seconds around a crossing; not an answer to a
    search.

    Args:
        picture_bgr_u8: (H, W, 3).
        box_xyxy: Whole pixels, half-open, clipped here.
    """
    height, width = picture_bgr_u8.shape[:2]
    x1, y1, x2, y2 = box_xyxy
    crop = picture_bgr_u8[max(0, y1) : min(height, y2), max(0, x1) : min(width, x2)]
    if crop.size == 0:
        return np.full(_N_CELLS * _CELL_BINS, 1 / np.sqrt(_N_CELLS * _CELL_BINS), np.float32)
    return _colour(crop, is_upright=True)


def _colour(crop: NDArray[np.uint8], *, is_upright: bool) -> NDArray[np.float32]:
    """Unit vector of four cells: stripes from shoulder to foot for who stands, quarters for what drives."""
    top = int(np.ceil(HEAD_SHARE * crop.shape[0])) if is_upright else 0
    if top >= crop.shape[0]:
        return np.full(_N_CELLS * _CELL_BINS, 1 / np.sqrt(_N_CELLS * _CELL_BINS), np.float32)
    rows, columns = (4, 1) if is_upright else (2, 2)
    size_wh = (_CELL_PX * columns, _CELL_PX * rows)
    small = cv2.resize(crop[top:], size_wh, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    across = np.abs(np.linspace(-1, 1, size_wh[0], dtype=np.float32))
    along = np.abs(np.linspace(-1, 1, size_wh[1], dtype=np.float32))
    # Why: the edges of a box show the ground, so the middle counts most.
    weight = np.outer(np.ones_like(along) if is_upright else 1.15 - along, 1.15 - across)
    cells = [
        _histogram(lab[y : y + _CELL_PX, x : x + _CELL_PX], weight[y : y + _CELL_PX, x : x + _CELL_PX])
        for y in range(0, size_wh[1], _CELL_PX)
        for x in range(0, size_wh[0], _CELL_PX)
    ]
    return np.asarray(_unit(np.concatenate(cells)[np.newaxis])[0], np.float32)


def _histogram(lab: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Root of the soft histogram: lightness, then the two chroma axes together."""
    light = _soft(lab[..., 0].ravel(), _LIGHT_KNOTS)
    green_red = _soft(lab[..., 1].ravel() - _GREY_AB, _CHROMA_KNOTS)
    blue_yellow = _soft(lab[..., 2].ravel() - _GREY_AB, _CHROMA_KNOTS)
    w = weight.ravel() / weight.sum()
    chroma = np.einsum("n,ni,nj->ij", w, green_red, blue_yellow)
    return np.asarray(np.sqrt(np.concatenate([w @ light, chroma.ravel()])), np.float32)


def _soft(values: NDArray[np.float32], knots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share (N, K) of each value in the two nearest knots."""
    place = np.interp(values, knots, np.arange(len(knots)))
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, np.newaxis] - np.arange(len(knots)))), np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)
