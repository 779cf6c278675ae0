# SPDX-License-Identifier: Apache-2.0
"""What decides the content of an index, beside footage and models; each value enters the digest of a segment."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from indexer.media import Decoder
from indexer.zones import Zone
from models.colour import ALGORITHM_ID as COLOUR_MODEL
from models.modelset import ModelSet

__all__ = ["INDEX_METHOD", "IndexConfig"]

INDEX_METHOD: Final = "relecture-index@7"
"""Raised by every change that can alter what a segment holds, so that older segments are made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """What decides the content of an index, beside footage and models.

    Attributes:
        profile: ``fast``, ``standard`` or ``exhaustive``.
        segment_s: Longest segment, seconds of recorded time.
        min_segment_frames: Fewest frames of a segment, which would else know too little of its scene; only a change
            of picture size makes a shorter one.
        skips: False decodes everything.
        margin_gops: Groups of pictures decoded around active ones.
        audit_unit: Share of the skipped groups that is decoded all the same, to see what triage misses.
        decoder: ``one-thread``, whose pixels are equal on every machine, or ``nvdec`` of a graphics card.
        ignored_px: Zones of the picture that an officer set aside for the camera, source pixels.
    """

    profile: str = "standard"
    segment_s: float = 600.0
    min_segment_frames: int = 100
    skips: bool = True
    margin_gops: int = 1
    audit_unit: float = 0.02
    decoder: Decoder = "one-thread"
    ignored_px: tuple[Zone, ...] = ()

    @classmethod
    def of_profile(cls, profile: str) -> IndexConfig:
        """The configuration of a profile."""
        return cls(profile=profile, skips=profile != "exhaustive", margin_gops=0 if profile == "fast" else 1)

    def digest(self, models: ModelSet) -> str:
        """Hex SHA-256 over method, configuration and models."""
        return hashlib.sha256(json.dumps(self.values(models), sort_keys=True).encode()).hexdigest()

    def values(self, models: ModelSet) -> dict[str, Any]:
        """What the digest is taken of."""
        values = {**asdict(self), "models": models.digest, "colour": COLOUR_MODEL, "method": INDEX_METHOD}
        # Why: what every office PC does is not named, so that its indexes stay; what a card does is another method.
        if self.decoder == "one-thread":
            del values["decoder"]
        if models.runs_on_card:
            values["nets"] = "cuda"
        # Why: an index without zones is the one that it was before there were any.
        if not self.ignored_px:
            del values["ignored_px"]
        return values
