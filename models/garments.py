# SPDX-License-Identifier: Apache-2.0
"""Which pixels of a person's crop are the upper garment and which the lower. The net ships with the program.

It says *where* cloth is, never who wears it: two maps, nothing about heads, skin or shape of body leaves it. What
colour the cloth has is computed from the pixels by :mod:`models.colour`: a person can redo it with a colour picker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import Defect
from models.registry import Registry
from models.runtime import Device, Net

__all__ = ["GarmentFinder"]

_SIZE_WH: Final = (48, 96)
_BATCH: Final = 16


class GarmentFinder:
    """The embedded finder of garments.

    Attributes:
        model_id: ``name@version`` of the registry entry.
    """

    name: Final = "relecture-garments"

    def __init__(self, net: Net, *, model_id: str) -> None:
        self._net = net
        self.model_id = model_id

    @classmethod
    def load(cls, registry: Registry | None = None, *, device: Device = "cpu") -> GarmentFinder:
        """Open the embedded net, its bytes checked against the registry.

        Raises:
            ModelProblem: The file is missing, altered or not listed.
        """
        listed = registry if registry is not None else Registry.load()
        return cls(listed.open(cls.name, device=device), model_id=listed.entry(cls.name).model_id)

    def find(self, crops_bgr_u8: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], ...]:
        """Maps (2, h, w), 0 to 1, of the upper and of the lower garment for each crop (h, w, 3), BGR.

        Args:
            crops_bgr_u8: Each the box of one person; left unchanged.

        Raises:
            Defect: A crop is empty.
        """
        maps: list[NDArray[np.float32]] = []
        for start in range(0, len(crops_bgr_u8), _BATCH):
            crops = crops_bgr_u8[start : start + _BATCH]
            found = self._net.run({"crops": np.stack([_fitted(crop) for crop in crops])}, outputs=["garments"])
            for crop, pair in zip(crops, found["garments"], strict=True):
                size_wh = (crop.shape[1], crop.shape[0])
                whole = [cv2.resize(one, size_wh, interpolation=cv2.INTER_LINEAR) for one in pair]
                maps.append(np.asarray(whole, np.float32))
        return tuple(maps)


def _fitted(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    if crop.ndim != 3 or 0 in crop.shape:
        raise Defect(f"A crop of shape {crop.shape} has no garments.", hint="Report this with the recording.")
    method = cv2.INTER_AREA if crop.shape[1] > _SIZE_WH[0] else cv2.INTER_LINEAR
    return cv2.resize(crop, _SIZE_WH, interpolation=method).transpose(2, 0, 1).astype(np.float32)
