# SPDX-License-Identifier: Apache-2.0
"""Prepares what the demo works on: sample footage, and the requisition under which it was obtained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from review.requisition import samples_requisition
from samples.demo import REFERENCE_START, make_demo

__all__ = ["DemoCase", "DemoFile", "prepare_footage"]

PLACES: Final = {"cam-rue": "Rue des Tilleuls", "cam-place": "Place du Marché", "cam-garage": "Entrée du garage"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFile:
    """One recording with what its recorder displayed and by how much that was wrong, as typed at import."""

    path: Path
    camera: str
    start: str
    offset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCase:
    """Where everything of a demo lies.

    Attributes:
        folder: All of it.
        files: Recordings.
        requisition: Requisition file.
        case: Case to make.
        bundle: Bundle to make.
        search_from: Start of the officer's question, corrected time.
        search_to: Its end.
    """

    folder: Path
    files: tuple[DemoFile, ...]
    requisition: Path
    case: Path
    bundle: Path
    search_from: str
    search_to: str


def prepare_footage(
    folder: Path, *, minutes: float, seed: int, progress: Callable[[float, str], None] | None = None
) -> DemoCase:
    """Make the sample recordings and their requisition in ``folder``.

    Args:
        folder: Made when missing.
        minutes: Footage in all, shared by the cameras.
        seed: Everything follows from it.
        progress: Called with the share done and a sentence.
    """
    made = make_demo(folder / "footage", minutes=minutes, seed=seed, progress=progress)
    cameras = [(item.camera, PLACES.get(item.camera, "Rue de démonstration")) for item in made.files]
    end = REFERENCE_START + timedelta(minutes=90 + minutes)
    requisition = folder / "requisition.toml"
    requisition.write_text(
        samples_requisition(cameras, start=REFERENCE_START - timedelta(minutes=1), end=end), encoding="utf-8"
    )
    return DemoCase(
        folder=folder,
        files=tuple(
            DemoFile(
                path=item.path,
                camera=item.camera,
                start=item.displayed_start.isoformat(),
                offset=f"{item.clock_offset_ms}ms",
            )
            for item in made.files
        ),
        requisition=requisition,
        case=folder / "case",
        bundle=folder / "bundle",
        search_from=REFERENCE_START.isoformat(),
        search_to=(REFERENCE_START + timedelta(minutes=90)).isoformat(),
    )
