# SPDX-License-Identifier: Apache-2.0
"""Values that pass between the floors: recordings, spans, tracks and what was said of them.

All are frozen; identifiers derive from content, so a re-run gives equal ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NewType

import numpy as np
from numpy.typing import NDArray

from indexer.findings import Finding
from indexer.ticks import ClockRecord

__all__ = [
    "CLASSES",
    "VEHICLE_CLASSES",
    "Attribute",
    "AuditedGroup",
    "Recording",
    "RecordingId",
    "SkippedSpan",
    "StreamFacts",
    "Track",
    "TrackId",
]

RecordingId = NewType("RecordingId", str)
TrackId = NewType("TrackId", str)

CLASSES: Final = ("person", "bicycle", "motorcycle", "car", "van", "truck", "bus", "other")
"""Class names in the index. ``bicycle`` and ``motorcycle`` mean the machine with its rider; ``other`` is
something that moved and is none of these: kept, shown only when asked for."""

VEHICLE_CLASSES: Final = frozenset({"car", "van", "truck", "bus"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacts:
    """Exact facts of the one video stream that is analysed, as read from the packets (not from the header).

    Attributes:
        container: Demuxer name, for example ``mov,mp4,m4a,3gp,3g2,mj2``.
        forced_format: Demuxer that had to be named to rescue times, or empty.
        codec: Codec name, for example ``h264``.
        stream_index: Index in the container.
        size_wh_px: Coded picture size at the start, width then height; see :meth:`size_at`.
        sample_aspect: Pixel aspect ratio.
        rotation_deg: Display rotation that the container asks for, degrees clockwise.
        time_base: Seconds per tick.
        n_packets: Video packets read.
        first_pts_ticks: Smallest PTS.
        last_pts_ticks: Largest PTS.
        median_step_ticks: Median distance of consecutive PTS.
        is_vfr: True when steps differ by more than one tick of rounding.
        n_keyframes: Packets flagged as key.
        header_frames: Frame count that the header claims, 0 when it claims none.
        bytes_accounted: Bytes of all packets of all streams; compare with the file size.
        decoder: Decoder and FFmpeg version that any pixel comes from.
        size_changes: (PTS, width, height) from which the coded size is another, in time order.
    """

    container: str
    forced_format: str = ""
    codec: str
    stream_index: int
    size_wh_px: tuple[int, int]
    sample_aspect: Fraction = Fraction(1)
    rotation_deg: int = 0
    time_base: Fraction
    n_packets: int
    first_pts_ticks: int
    last_pts_ticks: int
    median_step_ticks: int
    is_vfr: bool
    n_keyframes: int
    header_frames: int = 0
    bytes_accounted: int = 0
    decoder: str = ""
    size_changes: tuple[tuple[int, int, int], ...] = ()

    def size_at(self, pts_ticks: int) -> tuple[int, int]:
        """Coded size, width then height, of the picture at a time: what boxes at that time are measured in."""
        size = self.size_wh_px
        for since, width, height in self.size_changes:
            if since <= pts_ticks:
                size = (width, height)
        return size

    @property
    def duration_s(self) -> Fraction:
        """Media time from the first frame to the end of the last one, in seconds."""
        return (self.last_pts_ticks - self.first_pts_ticks + self.median_step_ticks) * self.time_base


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One file as delivered: where it lies, what it is, which camera it is of and what its clock says.

    Attributes:
        recording_id: ``r-`` and the first 16 hex digits of the file's SHA-256.
        path: Absolute path of the original, which is only ever opened read-only.
        sha256: Hex digest taken before anything else read the file.
        size_bytes: File size at import.
        camera: Camera identifier of the requisition.
        piece: Number of the procedure piece or seal it was delivered under.
        facts: Stream facts.
        clock: Clock record.
        findings: Trouble found by the probe.
    """

    recording_id: RecordingId
    path: str
    sha256: str
    size_bytes: int
    camera: str
    piece: str
    facts: StreamFacts
    clock: ClockRecord
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedSpan:
    """A half-open span of media time that triage did not decode, with the score it was skipped on."""

    first_pts_ticks: int
    end_pts_ticks: int
    n_frames: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedGroup:
    """A skipped group of pictures that was decoded by chance draw, to see what triage misses.

    Attributes:
        first_pts_ticks: First tick.
        end_pts_ticks: First tick of the next group.
        n_frames: Frames decoded in it.
        score: Largest change that triage saw at its keyframes, as a share of the picture.
        n_objects: Things found in it that a class was given to or that left their place; one is a miss.
        n_unnamed: Other differences that lasted: light, foliage, noise.
    """

    first_pts_ticks: int
    end_pts_ticks: int
    n_frames: int
    score: float
    n_objects: int
    n_unnamed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One thing said of a track, with the model that proposed it.

    Attributes:
        name: ``colour``, ``upper_colour``, ``lower_colour``, ``bag``, ``headgear``, ``make``…
        value: For example ``red`` or ``backpack``; ``unknown`` when the picture does not allow an answer.
        score: 0 to 1. For colours the share of the garment or body that has the colour.
        model: ``name@version`` of the registry entry or algorithm that proposed it.
        alternatives: Other values with their scores, best first.
        note: Why it is unknown or doubtful, for example ``night or infrared``.
    """

    name: str
    value: str
    score: float
    model: str
    alternatives: tuple[tuple[str, float], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """One object seen by one camera for one span.

    ``frame_index``, ``pts_ticks``, ``boxes_xyxy_px`` and ``scores`` are parallel: element i is what is known at
    the i-th frame of the track, in time order, one entry for every decoded frame from the first to the last
    appearance. Arrays are read-only copies.

    Attributes:
        track_id: ``t-`` and 12 hex digits derived from recording and content.
        recording_id: Recording it was seen in.
        camera: Camera identifier.
        class_name: One of :data:`CLASSES`.
        class_score: 0 to 1, agreement of the votes over the track.
        class_model: ``name@version`` of what named the class.
        frame_index: (N,) int32, 0-based order in which the decoder delivers frames of the whole recording.
        pts_ticks: (N,) int64, stream time base.
        boxes_xyxy_px: (N, 4) float32, source pixels, x1 y1 x2 y2.
        scores: (N,) float32, 0 to 1; 0 where the box was interpolated.
        best_pts_ticks: PTS of the frame that shows the object best.
        attributes: What was said of it.
        vector: (D,) float32 unit vector of clothing or vehicle appearance, heads masked; empty when none.
        crop_jpeg: JPEG of the best crop, for lists; never evidence.
    """

    track_id: TrackId
    recording_id: RecordingId
    camera: str
    class_name: str
    class_score: float
    class_model: str
    frame_index: NDArray[np.int32]
    pts_ticks: NDArray[np.int64]
    boxes_xyxy_px: NDArray[np.float32]
    scores: NDArray[np.float32]
    best_pts_ticks: int
    attributes: tuple[Attribute, ...] = ()
    vector: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    crop_jpeg: bytes = b""

    def __post_init__(self) -> None:
        """Copy, check and lock the arrays."""
        n = len(self.pts_ticks)
        shapes = {"frame_index": (n,), "pts_ticks": (n,), "boxes_xyxy_px": (n, 4), "scores": (n,)}
        kinds = {
            "frame_index": np.int32,
            "pts_ticks": np.int64,
            "boxes_xyxy_px": np.float32,
            "scores": np.float32,
        }
        for name, shape in shapes.items():
            array = np.array(getattr(self, name), dtype=kinds[name])
            assert n > 0 and array.shape == shape, f"{name} has shape {array.shape}, not {shape}"
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        vector = np.array(self.vector, dtype=np.float32)
        vector.flags.writeable = False
        object.__setattr__(self, "vector", vector)

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name, or None."""
        return next((item for item in self.attributes if item.name == name), None)
