# SPDX-License-Identifier: Apache-2.0
"""A detector on every frame, extrapolated: its time on a sample of frames, added to the decoding of all of them.

The sample lies at places spread evenly over the recording: what costs more by night or in a crowd has its share.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.media import FootageReader, iter_pictures
from indexer.motion import motion_size
from indexer.probe import probe
from models.detectors.walkers import WalkerFinder
from models.modelset import load_detector
from models.registry import Registry

__all__ = ["EveryFrame", "every_frame", "every_frame_embedded"]

LOOK_EVERY: Final = 25
LOOKS_A_PLACE: Final = 4


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
    return _timed(clip, detector.model_id, detector.detect, size=None, n_sampled=n_sampled)


def every_frame_embedded(clip: Path, *, n_sampled: int = 40) -> EveryFrame:
    """Time the embedded finder of walkers on whole pictures, as small as motion is measured on."""
    finder = WalkerFinder.load()
    picture = next(iter(iter_pictures(str(clip))))
    size = motion_size(picture.size_wh_px)
    scene = picture.bgr_u8(size)
    return _timed(clip, finder.model_id, lambda image: finder.find(image, scene), size=size, n_sampled=n_sampled)


def _timed(
    clip: Path,
    name: str,
    look: Callable[[NDArray[np.uint8]], object],
    *,
    size: tuple[int, int] | None,
    n_sampled: int,
) -> EveryFrame:
    decode_ms: list[float] = []
    detect_ms: list[float] = []
    with FootageReader(str(clip)) as reader:
        for start in _places(clip, n_sampled // LOOKS_A_PLACE):
            # Why: finding the place is no part of reading on; the keyframe there is not timed.
            pictures = islice(reader.pictures(start), 1 + LOOK_EVERY * LOOKS_A_PLACE)
            next(pictures, None)
            started = time.process_time()
            for number, picture in enumerate(pictures):
                image = picture.bgr_u8(size)
                decode_ms.append((time.process_time() - started) * 1000)
                if number % LOOK_EVERY == 0:
                    began = time.process_time()
                    look(np.asarray(image, np.uint8))
                    detect_ms.append((time.process_time() - began) * 1000)
                started = time.process_time()
    # Why: the first call of a net prepares it, and keyframes cost more than others: a mean for them, a median for it.
    return EveryFrame(
        detector=name,
        n_sampled=len(detect_ms),
        decode_ms=round(float(np.mean(decode_ms)), 3),
        detect_ms=round(median(detect_ms), 3),
    )


def _places(clip: Path, n_places: int) -> list[int]:
    """Times of keyframes spread evenly over a recording, ticks."""
    packets = probe(str(clip)).packets
    keys = packets.pts_ticks[packets.is_key]
    return [int(keys[i]) for i in np.unique(np.linspace(0, len(keys) - 1, n_places + 1).astype(int)[:-1])]
