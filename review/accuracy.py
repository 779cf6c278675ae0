# SPDX-License-Identifier: Apache-2.0
"""The measured accuracy that stands beside what is said of an object: by attribute, else that of the model's entry."""

from __future__ import annotations

import functools

from models.errors import ModelProblem
from models.measured import Measured, measured
from models.registry import Registry

__all__ = ["accuracy_of"]

_NOT_MEASURED = Measured("not measured", "non mesurée")


@functools.lru_cache(maxsize=256)
def accuracy_of(attribute: str, model_id: str) -> Measured:
    """The figure of an attribute as said by a model; that of its registry entry; else the words that there is none.

    A model that is no longer listed on this workstation has the words alone: its figure cannot be vouched for.
    """
    found = measured(attribute, model_id)
    if found is not None:
        return found
    try:
        registry = Registry.load()
    except ModelProblem:
        return _NOT_MEASURED
    known = {entry.model_id: entry for entry in registry.entries}
    entries = [known[part] for part in model_id.split("+") if part in known]
    if not entries:
        return _NOT_MEASURED
    # Why: of several nets joined, the last one decided the class within what the others found.
    return Measured(*entries[-1].accuracy_said)
