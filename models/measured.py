# SPDX-License-Identifier: Apache-2.0
"""How often what is said of an object was right, by attribute and by what said it: shown beside every attribute.

The sentences are data (``measured.toml``) and name count and condition. What is not there has the figure of its
registry entry; what has neither is shown as not measured.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import NamedTuple

from models.errors import ModelProblem

__all__ = ["Measured", "measured"]

_FILE = Path(__file__).parent / "measured.toml"


class Measured(NamedTuple):
    """One figure in a sentence, in English and in French."""

    english: str
    french: str


def measured(attribute: str, model_id: str) -> Measured | None:
    """The figure of an attribute as said by a model, or by the first of several joined by ``+``; None where none is.

    A figure is of one version: what another one said has none.

    Raises:
        ModelProblem: The file of figures is damaged.

    >>> measured("bag", "rtmdet-nano-person@1+yolox-nano@0.1.1rc0") is not None
    True
    >>> measured("bag", "relecture-crop@1") is None
    True
    """
    return next((found for part in model_id.split("+") if (found := _figures().get((attribute, part)))), None)


@functools.cache
def _figures() -> dict[tuple[str, str], Measured]:
    try:
        rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["figure"]
        return {(row["attribute"], row["model"]): Measured(row["accuracy"], row["accuracy_fr"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        message = f"The file of measured figures cannot be read: {exc}"
        raise ModelProblem(message, hint="The installation is damaged: install Relecture again.") from exc
