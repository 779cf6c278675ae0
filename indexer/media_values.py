# SPDX-License-Identifier: Apache-2.0
"""What reading a file gives, as values that know no library: frames, packets and what a header claims."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["ContainerFacts", "Frame", "Packet"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One decoded picture.

    Attributes:
        pts_ticks: Presentation time in the stream's time base; None where the stream has no times.
        image_u8: (H, W, 3) BGR or (H, W) luma, in stored orientation.
        is_key: True for a keyframe.
        is_corrupt: True when the decoder concealed damage.
        picture_type: ``I``, ``P``, ``B`` or ``?``.
    """

    pts_ticks: int | None
    image_u8: NDArray[np.uint8]
    is_key: bool
    is_corrupt: bool
    picture_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One compressed packet of any stream; times in ticks of its own stream.

    ``is_discard`` marks pictures that an edit list hides: they are decoded for reference and never shown.
    ``parameter_set`` is the sequence parameter set that comes with a keyframe, where the container carries it there:
    another one means that size or coding changed.
    """

    stream_index: int
    is_video: bool
    pts_ticks: int | None
    dts_ticks: int | None
    size_bytes: int
    position_bytes: int
    is_key: bool
    is_corrupt: bool
    is_discard: bool
    parameter_set: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFacts:
    """What a container's header says of its first real video stream; claims, to be checked against the packets."""

    container: str
    stream_index: int
    n_video_streams: int
    codec: str
    size_wh_px: tuple[int, int]
    sample_aspect: Fraction
    rotation_deg: int
    time_base: Fraction
    header_frames: int
    header_duration_s: Fraction | None
    is_interlaced: bool
    created: str
