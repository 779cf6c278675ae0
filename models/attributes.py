# SPDX-License-Identifier: Apache-2.0
"""Attributes of persons and vehicles by imported nets. What a net says beyond what we may ask is never read.

The person net computes eight numbers. Three are cut off here, in the one place that reads them: inferred sex
(refused), long hair (a trait of the person) and long sleeves (useless, F1 0.21). The rest are propositions about
what is worn or carried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import Defect
from models.registry import Registry
from models.runtime import Device, Net

__all__ = [
    "PERSON_ATTRIBUTES",
    "VEHICLE_COLOURS",
    "VEHICLE_TYPES",
    "PersonAttributeNet",
    "PersonAttributes",
    "VehicleAttributeNet",
    "VehicleAttributes",
]

PERSON_ATTRIBUTES: Final = ("bag", "backpack", "hat", "long_trousers", "coat")
"""What is read of a person, in the order of ``PersonAttributes.scores``."""
VEHICLE_COLOURS: Final = ("white", "grey", "yellow", "red", "green", "blue", "black")
VEHICLE_TYPES: Final = ("car", "bus", "truck", "van")

_PERSON_SLOTS_READ: Final = (1, 2, 3, 5, 7)
_PERSON_SIZE_WH: Final = (80, 160)
_VEHICLE_SIZE_WH: Final = (72, 72)
_BATCH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAttributes:
    """What the net says is worn or carried.

    Attributes:
        scores: (attribute, 0 to 1) in the order of :data:`PERSON_ATTRIBUTES`; the author's threshold is 0.5.
        upper_point_norm: (x, y) on the upper garment, as shares of the crop, clipped to 0..1.
        lower_point_norm: (x, y) on the lower garment.
    """

    scores: tuple[tuple[str, float], ...]
    upper_point_norm: tuple[float, float]
    lower_point_norm: tuple[float, float]

    def score(self, name: str) -> float:
        """Score of one attribute of :data:`PERSON_ATTRIBUTES`."""
        return dict(self.scores)[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleAttributes:
    """Colour and type of a vehicle; each sums to 1.

    Attributes:
        colours: (colour, probability) in the order of :data:`VEHICLE_COLOURS`.
        types: (type, probability) in the order of :data:`VEHICLE_TYPES`.
    """

    colours: tuple[tuple[str, float], ...]
    types: tuple[tuple[str, float], ...]


class PersonAttributeNet:
    """person-attributes-recognition-crossroad-0230: bag, backpack, hat, long trousers, coat."""

    name: Final = "person-attributes-recognition-crossroad-0230"

    def __init__(self, net: Net, *, model_id: str) -> None:
        self._net = net
        self.model_id = model_id

    @classmethod
    def load(cls, registry: Registry, *, device: Device = "auto") -> PersonAttributeNet:
        """Open the imported net.

        Raises:
            ModelProblem: Not imported, or altered.
        """
        return cls(registry.open(cls.name, device=device), model_id=registry.entry(cls.name).model_id)

    def describe(self, crops_bgr_u8: Sequence[NDArray[np.uint8]]) -> tuple[PersonAttributes, ...]:
        """Attributes of each crop (h, w, 3), BGR, one person each; crops are left unchanged."""
        described: list[PersonAttributes] = []
        for start in range(0, len(crops_bgr_u8), _BATCH):
            tensor = _batch(crops_bgr_u8[start : start + _BATCH], _PERSON_SIZE_WH)
            found = self._net.run({"0": tensor}, outputs=["453", "456", "459"])
            # Why: what is refused is dropped here, before anything has a name for it.
            read = found["453"].reshape(len(tensor), -1)[:, list(_PERSON_SLOTS_READ)]
            uppers, lowers = found["456"].reshape(-1, 2).clip(0, 1), found["459"].reshape(-1, 2).clip(0, 1)
            for scores, upper, lower in zip(read, uppers, lowers, strict=True):
                described.append(
                    PersonAttributes(
                        scores=_named(PERSON_ATTRIBUTES, scores),
                        upper_point_norm=(float(upper[0]), float(upper[1])),
                        lower_point_norm=(float(lower[0]), float(lower[1])),
                    )
                )
        return tuple(described)


class VehicleAttributeNet:
    """vehicle-attributes-recognition-barrier-0039: seven colours and four types."""

    name: Final = "vehicle-attributes-recognition-barrier-0039"

    def __init__(self, net: Net, *, model_id: str) -> None:
        self._net = net
        self.model_id = model_id

    @classmethod
    def load(cls, registry: Registry, *, device: Device = "auto") -> VehicleAttributeNet:
        """Open the imported net.

        Raises:
            ModelProblem: Not imported, or altered.
        """
        return cls(registry.open(cls.name, device=device), model_id=registry.entry(cls.name).model_id)

    def describe(self, crops_bgr_u8: Sequence[NDArray[np.uint8]]) -> tuple[VehicleAttributes, ...]:
        """Colour and type of each crop (h, w, 3), BGR, one vehicle each; crops are left unchanged."""
        described: list[VehicleAttributes] = []
        for start in range(0, len(crops_bgr_u8), _BATCH):
            tensor = _batch(crops_bgr_u8[start : start + _BATCH], _VEHICLE_SIZE_WH)
            found = self._net.run({"input": tensor}, outputs=["color", "type"])
            colours, types = found["color"].reshape(len(tensor), -1), found["type"].reshape(len(tensor), -1)
            for colour, kind in zip(colours, types, strict=True):
                described.append(
                    VehicleAttributes(colours=_named(VEHICLE_COLOURS, colour), types=_named(VEHICLE_TYPES, kind))
                )
        return tuple(described)


def _batch(crops_bgr_u8: Sequence[NDArray[np.uint8]], size_wh: tuple[int, int]) -> NDArray[np.float32]:
    batch = np.empty((len(crops_bgr_u8), 3, size_wh[1], size_wh[0]), np.float32)
    for row, crop in enumerate(crops_bgr_u8):
        if crop.ndim != 3 or 0 in crop.shape:
            raise Defect(f"A crop of shape {crop.shape} cannot be described.", hint="Report this with the recording.")
        method = cv2.INTER_AREA if crop.shape[1] > size_wh[0] else cv2.INTER_LINEAR
        batch[row] = cv2.resize(crop, size_wh, interpolation=method).transpose(2, 0, 1)
    return batch


def _named(names: tuple[str, ...], values: NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(value)) for name, value in zip(names, values, strict=True))
