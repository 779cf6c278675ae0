# SPDX-License-Identifier: Apache-2.0
"""Names what a crop shows: person, two-wheeler, vehicle or nothing of interest. The net ships with the program.

It is made for crops that motion or a detector cut out of fixed-camera recordings, and is meant to be voted over the
crops of a track: one crop alone is a weak witness. It refuses to know who or which: classes only.
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

__all__ = ["INPUT_PX", "CropClassifier", "fit_crop"]

INPUT_PX: Final = 64
_PAD_U8: Final = 114
_BATCH: Final = 32
_CHANNELS: Final = 3


class CropClassifier:
    """The embedded crop classifier.

    Attributes:
        classes: Class names in the order of the columns; the last, ``other``, is everything that is none of them.
        model_id: ``name@version`` of the registry entry.
    """

    name: Final = "relecture-crop"

    def __init__(self, net: Net, *, model_id: str, classes: tuple[str, ...]) -> None:
        self._net = net
        self.model_id = model_id
        self.classes = classes

    @classmethod
    def load(cls, registry: Registry | None = None, *, device: Device = "cpu") -> CropClassifier:
        """Open the embedded net, its bytes checked against the registry.

        Args:
            registry: Where it is listed; the installed one when None.
            device: The net is so small that a GPU gains nothing.

        Raises:
            ModelProblem: The file is missing, altered or not listed.
        """
        listed = registry if registry is not None else Registry.load()
        entry = listed.entry(cls.name)
        return cls(listed.open(cls.name, device=device), model_id=entry.model_id, classes=entry.classes)

    def classify(self, crops_bgr_u8: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Probabilities (N, K) of the K classes; each row sums to 1.

        The probabilities are calibrated on held-out pictures (model card), for single crops. Crops of one track are
        far from independent, so a product of theirs is not a probability; a mean or a vote is.

        Args:
            crops_bgr_u8: N pictures (H, W, 3) of any size, BGR. None is changed.

        Raises:
            Defect: A crop has no pixels or is not a BGR picture.
        """
        rows = [
            self._net.run({"crops": crop_tensor(crops_bgr_u8[start : start + _BATCH])}, outputs=("probabilities",))
            for start in range(0, len(crops_bgr_u8), _BATCH)
        ]
        if not rows:
            return np.zeros((0, len(self.classes)), np.float32)
        return np.concatenate([row["probabilities"] for row in rows])


def fit_crop(crop_bgr_u8: NDArray[np.uint8], *, side_px: int = INPUT_PX) -> NDArray[np.uint8]:
    """A crop scaled to a square with its proportions kept, centred on grey; training and use share this function.

    Raises:
        Defect: The crop has no pixels or is not a BGR picture.

    >>> fit_crop(np.zeros((10, 5, 3), np.uint8)).shape
    (64, 64, 3)
    """
    if crop_bgr_u8.ndim != _CHANNELS or crop_bgr_u8.shape[2] != _CHANNELS or crop_bgr_u8.size == 0:
        message = f"A crop of shape {crop_bgr_u8.shape} was given where a BGR picture belongs."
        raise Defect(message, hint="Report this with the recording's size and codec.")
    height, width = crop_bgr_u8.shape[:2]
    scale = side_px / max(height, width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((side_px, side_px, _CHANNELS), _PAD_U8, np.uint8)
    top, left = (side_px - high) // 2, (side_px - wide) // 2
    canvas[top : top + high, left : left + wide] = cv2.resize(crop_bgr_u8, (wide, high), interpolation=method)
    return canvas


def crop_tensor(crops_bgr_u8: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Crops as the net's input (N, 3, 64, 64) float32, 0 to 255, BGR."""
    fitted = np.stack([fit_crop(crop) for crop in crops_bgr_u8])
    return np.ascontiguousarray(fitted.transpose(0, 3, 1, 2), dtype=np.float32)
