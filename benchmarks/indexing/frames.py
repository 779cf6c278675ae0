# SPDX-License-Identifier: Apache-2.0
"""A detector on every frame, extrapolated: its time on a sample of frames, added to the decoding of all of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from indexer.media import iter_pictures
from models.modelset import load_detector
from models.registry import Registry

__all__ = ["EveryFrame", "every_frame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryFrame:
    """Processor seconds of one core for one frame: decoding with conversion to BGR, and the detector's call."""

    detector: str
    n_sampled: int
    decode_ms: float
    detect_ms: float

    def wall_s(self, n_frames: int, *, workers: int) -> float:
        """Extrapolated time for a whole recording, perfectly shared among workers."""
        return n_frames * (self.decode_ms + self.detect_ms) / 1000 / workers


def every_frame(clip: Path, *, profile: str = "standard", n_sampled: int = 40) -> EveryFrame | None:
    """Time the imported detectors of a profile on pictures spread over a recording; None where none is imported."""
    registry = Registry.load()
    detector = load_detector(registry, profile, device="cpu")  # type: ignore[arg-type]
    if detector is None:
        return None
    decode_ms: list[float] = []
    detect_ms: list[float] = []
    pictures = iter_pictures(str(clip))
    started = time.process_time()
    for number, picture in enumerate(pictures):
        image = picture.bgr_u8()
        decode_ms.append((time.process_time() - started) * 1000)
        if number % 25 == 0:
            began = time.process_time()
            detector.detect(np.asarray(image, np.uint8))
            detect_ms.append((time.process_time() - began) * 1000)
        if len(detect_ms) >= n_sampled:
            break
        started = time.process_time()
    # Why: the first call of a net prepares it, and keyframes cost more than others: a mean for them, a median for it.
    return EveryFrame(
        detector=detector.model_id,
        n_sampled=len(detect_ms),
        decode_ms=round(float(np.mean(decode_ms)), 3),
        detect_ms=round(median(detect_ms), 3),
    )
