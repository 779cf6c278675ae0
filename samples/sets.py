# SPDX-License-Identifier: Apache-2.0
"""What to make and what was made: a request, its recordings, and the clocks of the cameras."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from samples.recorder import Encoding
from samples.street import CAMERA_NAMES

__all__ = ["CLOCK_OFFSETS_MS", "REFERENCE_START", "SampleFile", "SampleRequest", "SampleSet"]

REFERENCE_START = datetime(2026, 3, 2, 21, 0, tzinfo=timezone(timedelta(hours=1), "CET"))
"""Reference time (Europe/Paris) of the first frame of every camera."""
CLOCK_OFFSETS_MS = {"cam-rue": 0, "cam-place": -3_792_000, "cam-garage": 47_000}
"""Displayed minus reference time: one recorder runs 1 h 03 min 12 s behind, one 47 s ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRequest:
    """What to make.

    Attributes:
        minutes: Footage in all, shared evenly by the cameras.
        activity: Wanted share of frames in which something moves; None for the script's own.
        seed: Everything follows from it.
        size_wh_px: Picture size; both even.
        camera_names: Cameras, of :data:`samples.street.CAMERA_NAMES`.
        vfr_camera: The camera whose frames come at uneven times, or empty for none.
        is_night: Dark, noisy, almost colourless.
        has_clock: The recorder's clock is burnt in.
        encoding: Compression.
        jobs: Processes; 0 for one per processor. The result does not depend on it.
    """

    minutes: float = 10.0
    activity: float | None = None
    seed: int = 1
    size_wh_px: tuple[int, int] = (1280, 720)
    camera_names: tuple[str, ...] = CAMERA_NAMES
    vfr_camera: str = "cam-garage"
    is_night: bool = False
    has_clock: bool = True
    encoding: Encoding = field(default_factory=Encoding)
    jobs: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        problem = ""
        if (
            not self.camera_names
            or set(self.camera_names) - set(CAMERA_NAMES)
            or len(set(self.camera_names)) != len(self.camera_names)
        ):
            problem = f"cameras are some of {', '.join(CAMERA_NAMES)}, each once"
        elif not 0 < self.minutes <= 60 * 24 * len(self.camera_names):
            problem = "minutes are more than 0 and at most a day per camera"
        elif self.activity is not None and not 0 <= self.activity <= 1:
            problem = "activity is between 0 and 1"
        elif any(side % 2 or not 240 <= side <= 4096 for side in self.size_wh_px):
            problem = "width and height are even, 240 to 4096"
        elif self.seed < 0:
            problem = "the seed is not negative"
        if problem:
            msg = f"These samples cannot be made: {problem}."
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """One recording that was made.

    Attributes:
        path: Where it lies.
        camera: Camera identifier.
        displayed_start: What the recorder's clock shows at the first frame, with its UTC offset.
        clock_offset_ms: Displayed minus reference time.
        size_wh_px: Picture size.
        n_frames: Frames.
        is_vfr: Frames come at uneven times.
        activity: Share of frames in which something is seen to move.
    """

    path: Path
    camera: str
    displayed_start: datetime
    clock_offset_ms: int
    size_wh_px: tuple[int, int]
    n_frames: int
    is_vfr: bool
    activity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSet:
    """The recordings of a set and its truth, which :func:`samples.truth.read_truth` reads."""

    files: tuple[SampleFile, ...]
    truth_path: Path
