# SPDX-License-Identifier: Apache-2.0
"""Empty scenes of instants, estimated by a process in the sandbox."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import Recording, RecordingId
from models.errors import Defect
from review.streaming import streamed
from review.synopsis._warm import warm_up
from review.synopsis.backdrop import Allowed, Backdrops
from review.synopsis.presence import Presence
from review.synopsis.tubes import Tube

__all__ = ["Instant", "empty_scenes"]

HEAD: Final = struct.Struct("<ii")
"""Of a picture on its way from the sandbox: height and width."""
Instant = tuple[RecordingId, int]


def empty_scenes(
    instants: Sequence[Instant],
    recordings: Mapping[RecordingId, Recording],
    *,
    known: Sequence[Tube],
    allowed: Allowed | None = None,
) -> tuple[NDArray[np.uint8], ...]:
    """The scene around each instant without those who pass; (H, W, 3) BGR each, in the order of the instants.

    Args:
        instants: Recording and PTS.
        recordings: Every recording named.
        known: Everyone who may be in the pictures: left out of the scene.
        allowed: Tick spans that may be looked at, by recording; None for all.

    Raises:
        UnreadableInput: The footage makes the decoder crash or hang.
    """
    used = {key: recordings[key] for key, _ in instants}
    with streamed(_scenes, instants, used, known, allowed, recordings=list(used.values()), prepare=warm_up) as said:
        found = tuple(_read(message) for message in said)
    if len(found) != len(instants):
        raise Defect(f"{len(found)} empty scenes were made of {len(instants)}.")
    return found


def _scenes(
    instants: Sequence[Instant],
    recordings: Mapping[RecordingId, Recording],
    known: Sequence[Tube],
    allowed: Allowed | None,
) -> Iterator[bytes]:
    steps = {key: recording.facts.median_step_ticks for key, recording in recordings.items()}
    backdrops = Backdrops(recordings, Presence(known, steps), allowed=allowed)
    for key, pts_ticks in instants:
        image = np.ascontiguousarray(backdrops.at(key, pts_ticks).image_bgr_u8)
        yield HEAD.pack(*image.shape[:2]) + image.tobytes()


def _read(message: bytes) -> NDArray[np.uint8]:
    height, width = HEAD.unpack_from(message)
    if height <= 0 or width <= 0 or len(message) != HEAD.size + height * width * 3:
        raise Defect("An empty scene is not what its header says.")
    return np.frombuffer(message, np.uint8, offset=HEAD.size).reshape(height, width, 3)
