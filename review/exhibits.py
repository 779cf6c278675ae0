# SPDX-License-Identifier: Apache-2.0
"""One exhibit: a still or clip on the disk, with everything that its caption and the bundle's manifest say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

from review.hits import HitAttribute, MadeBy

__all__ = ["Exhibit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A file made from an original, and where in the original it comes from.

    Attributes:
        kind: ``still`` or ``clip``.
        path: The exhibit's file.
        sha256: Hex digest of that file.
        track_id: Validated track that it shows.
        recording_id: Recording it was made from.
        source_name: File name of the original as delivered.
        source_sha256: Hex digest of the original.
        camera: Camera identifier.
        first_pts_ticks: PTS of the (first) frame shown.
        last_pts_ticks: PTS of the last frame shown; equal to the first for a still.
        time_base: Seconds per tick of those.
        start_utc: Corrected UTC of the first frame, None when the clock is unknown.
        end_utc: Corrected UTC of the last frame.
        displayed_start: What the recorder displayed at the first frame, None when unknown.
        clock_offset_ms: Displayed minus reference time, milliseconds.
        uncertainty_ms: Half-width of the interval claimed for the corrected time, milliseconds.
        box_xyxy_px: Box of the object in a still, source pixels; None for a clip.
        class_name: Proposed class.
        model: ``name@version`` of what proposed it.
        method: How it was made, in a few words: ``exact frame, PNG``, ``stream copy``, ``re-encoded, lossless``.
        attributes: Proposed attributes.
        missing_clip: Of a still whose clip could not be cut: why.
        made_by: The correction by hand that made the track; None for what the analysis found.
    """

    kind: Literal["still", "clip"]
    path: Path
    sha256: str
    track_id: str
    recording_id: str
    source_name: str
    source_sha256: str
    camera: str
    first_pts_ticks: int
    last_pts_ticks: int
    time_base: Fraction
    start_utc: datetime | None
    end_utc: datetime | None
    displayed_start: datetime | None
    clock_offset_ms: int
    uncertainty_ms: int
    box_xyxy_px: tuple[float, float, float, float] | None
    class_name: str
    model: str
    method: str
    attributes: tuple[HitAttribute, ...] = ()
    missing_clip: str = ""
    made_by: MadeBy | None = None
