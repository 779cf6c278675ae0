# SPDX-License-Identifier: Apache-2.0
"""The contract of a net that ranks makes of vehicles. None ships with the program.

A net is brought by the unit (docs/adr/0026-nets-listed-by-a-unit.md). Its one input ``crops`` is [N,3,S,S] float32,
BGR, 0 to 255, each vehicle scaled to S with its proportions kept and centred on grey 114; its output
``probabilities`` is [N,K], each row sums to 1, for the K makes that the registry entry lists under ``classes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.classifier import fit_crop
from models.errors import Defect, ModelProblem
from models.make_names import MAKES, canonical_make
from models.registry import Registry, RegistryEntry
from models.roles import Role
from models.runtime import Device, Net

__all__ = ["VehicleMakeNet", "listed_makes"]

_BATCH: Final = 16
_SUM_TOLERANCE: Final = 0.02


def listed_makes(entry: RegistryEntry) -> tuple[str, ...]:
    """The makes of a net in the order of its columns, as searches name them.

    Raises:
        ModelProblem: A class of the entry is no make that searches know, or one is named twice.
    """
    makes = [canonical_make(name) for name in entry.classes]
    unknown = [name for name, make in zip(entry.classes, makes, strict=True) if make is None]
    if unknown or not makes or len(set(makes)) < len(makes):
        what = f"“{unknown[0]}”, which is no make that searches know" if unknown else "no makes, or one of them twice"
        raise ModelProblem(f"The registry entry {entry.name} lists {what}.", hint=f"Known: {', '.join(MAKES)}.")
    return tuple(make for make in makes if make)


class VehicleMakeNet:
    """A net of the role ``vehicle_make``.

    Attributes:
        model_id: ``name@version`` of the registry entry.
        makes: The makes in the order of the columns.
    """

    def __init__(self, net: Net, *, model_id: str, makes: tuple[str, ...]) -> None:
        self._net = net
        self.model_id = model_id
        self.makes = makes
        shape = net.input_shapes.get("crops", ())
        side = shape[-1] if len(shape) == 4 and shape[-1] == shape[-2] else None
        if not isinstance(side, int) or "probabilities" not in net.output_names:
            raise ModelProblem(
                f"The net {model_id} does not have the contract of a net of makes: it takes {dict(net.input_shapes)} "
                f"and gives {', '.join(net.output_names)}.",
                hint="It must take crops [N,3,S,S] with a fixed S and give probabilities [N,K].",
            )
        self._side_px = side

    @classmethod
    def load(cls, registry: Registry, *, device: Device = "auto") -> VehicleMakeNet | None:
        """Open the first net of the role that is on this machine, by name; None where there is none.

        Raises:
            ModelProblem: Altered, or not of the contract.
        """
        for entry in registry.of_role(Role.VEHICLE_MAKE):
            if registry.is_present(entry):
                net = registry.open(entry.name, device=device)
                return cls(net, model_id=entry.model_id, makes=listed_makes(entry))
        return None

    def rank(self, crops_bgr_u8: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Probabilities (N, K) of the K makes for N vehicle crops (h, w, 3), BGR; crops are left unchanged.

        Raises:
            Defect: The net gives something else than one row of probabilities a crop.
        """
        rows = []
        for start in range(0, len(crops_bgr_u8), _BATCH):
            fitted = np.stack([fit_crop(crop, side_px=self._side_px) for crop in crops_bgr_u8[start : start + _BATCH]])
            tensor = np.ascontiguousarray(fitted.transpose(0, 3, 1, 2), np.float32)
            rows.append(self._net.run({"crops": tensor}, outputs=("probabilities",))["probabilities"])
        found = np.concatenate(rows) if rows else np.zeros((0, len(self.makes)), np.float32)
        is_sound = found.shape == (len(crops_bgr_u8), len(self.makes)) and bool(
            np.all(np.abs(found.sum(axis=1) - 1) < _SUM_TOLERANCE) and np.all(found >= 0)
        )
        if not is_sound:
            raise Defect(
                f"The net {self.model_id} gave {found.shape} values for {len(crops_bgr_u8)} crops and "
                f"{len(self.makes)} makes, or rows that do not sum to 1.",
                hint="Report this to whoever made the net; take it out of the models folder until then.",
            )
        return np.asarray(found, np.float32)
