# SPDX-License-Identifier: Apache-2.0
"""Lists a net of the unit's own, after it has shown on one picture that it keeps the contract of its role.

A net that cannot run, or gives something else than its role promises, is refused while the officer who brought it is
there to hear it, and not in the middle of an index.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from models.detectors.transformer import TransformerDetector
from models.errors import Defect, ModelProblem
from models.makes import VehicleMakeNet, listed_makes
from models.registry import Registry, RegistryEntry
from models.roles import Role
from models.runtime import open_session_bytes

__all__ = ["list_own_net"]

_TRIAL_SIZE_WH_PX: Final = (320, 180)
_HINT: Final = "The contract of each role is in docs/adr/0026-nets-listed-by-a-unit.md."


def list_own_net(registry: Registry, entry_file: Path, net_file: Path) -> RegistryEntry:
    """List and import a net of the unit's own, as :meth:`Registry.list_local` does, once it has passed its trial.

    Raises:
        UnreadableInput: A file is missing or not readable.
        ModelProblem: As there, or the net does not keep the contract of its role. Nothing has changed then.
    """
    return registry.list_local(entry_file, net_file, trial=_try)


def _try(entry: RegistryEntry, content: bytes) -> None:
    net = open_session_bytes(content, name=entry.file, expected_sha256=entry.sha256, device="cpu")
    width, height = _TRIAL_SIZE_WH_PX
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    try:
        if entry.role is Role.VEHICLE_MAKE:
            VehicleMakeNet(net, model_id=entry.model_id, makes=listed_makes(entry)).rank([picture])
        else:
            TransformerDetector(net, model_id=entry.model_id, classes=entry.classes).detect(picture)
    except (Defect, ValueError, IndexError) as exc:
        reason = exc.message if isinstance(exc, Defect) else f"its outputs do not fit each other ({exc})"
        raise ModelProblem(f"The net {entry.model_id} failed on a trial picture: {reason}", hint=_HINT) from exc
