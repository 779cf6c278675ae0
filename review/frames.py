# SPDX-License-Identifier: Apache-2.0
"""Exact frames of the recording that a hit was seen in, with every time that belongs beside them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.findings import FindingKind
from indexer.media import Frame
from indexer.records import Recording, Track
from indexer.stepping import FrameReader
from indexer.ticks import utc_of
from models.errors import UnreadableInput
from review.recordings import packets_of
from review.search import index_of
from review.session import CaseSession

__all__ = ["HitFrames", "frame_source", "require_original"]

Box = tuple[float, float, float, float]


class HitFrames:
    """Steps through the recording behind one hit, by 0-based frame index; exact in both directions.

    Attributes:
        track: The hit's track.
        recording: Its recording.
        first_index: Index of the frame that the object is first seen in.
        last_index: Index of the last one.
        best_index: Index of the frame that shows it best.
    """

    def __init__(self, track: Track, recording: Recording, pts_ticks: NDArray[np.int64]) -> None:
        require_original(recording)
        self.track = track
        self.recording = recording
        self._pts_ticks = pts_ticks
        self._reader = FrameReader(
            recording.path,
            pts_ticks,
            stream_index=recording.facts.stream_index,
            forced_format=recording.facts.forced_format,
            has_times=all(finding.kind is not FindingKind.NO_TIME_BASE for finding in recording.findings),
        )
        self.first_index = int(track.frame_index[0])
        self.last_index = int(track.frame_index[-1])
        self.best_index = self._reader.index_at(track.best_pts_ticks)
        self._row_by_index = {int(index): row for row, index in enumerate(track.frame_index)}

    @property
    def n_frames(self) -> int:
        """Frames in the recording."""
        return self._reader.n_frames

    def pts_ticks(self, i: int) -> int:
        """Presentation time of frame ``i``, ticks."""
        return int(self._pts_ticks[i])

    def utc(self, i: int) -> datetime | None:
        """Corrected UTC of frame ``i``; None without a clock."""
        facts = self.recording.facts
        return utc_of(
            self.pts_ticks(i),
            first_pts_ticks=facts.first_pts_ticks,
            time_base=facts.time_base,
            clock=self.recording.clock,
        )

    def displayed(self, i: int) -> datetime | None:
        """What the recorder's clock said at frame ``i``, in its own zone; None without a clock."""
        clock, corrected = self.recording.clock, self.utc(i)
        if clock.displayed_start is None or corrected is None:
            return None
        return (corrected + timedelta(milliseconds=clock.offset_ms)).astimezone(clock.displayed_start.tzinfo)

    def box(self, i: int) -> Box | None:
        """Box of the object in frame ``i``, source pixels; None where it is not in view."""
        row = self._row_by_index.get(i)
        if row is None:
            return None
        x1, y1, x2, y2 = (float(value) for value in self.track.boxes_xyxy_px[row])
        return (x1, y1, x2, y2)

    def frame(self, i: int) -> Frame:
        """The decoded frame ``i``.

        Raises:
            NotFootage: The file is damaged at this place.
        """
        return self._reader.frame(i)

    def image_bgr_u8(self, i: int) -> NDArray[np.uint8]:
        """(H, W, 3) BGR pixels of frame ``i``, as stored."""
        return self.frame(i).image_u8

    def picture_type(self, i: int) -> str:
        """``I``, ``P``, ``B`` or ``?``."""
        return self.frame(i).picture_type

    def index_at_pts(self, pts_ticks: int) -> int:
        """Index of the frame on screen at a PTS."""
        return self._reader.index_at(pts_ticks)

    def close(self) -> None:
        """Release the file."""
        self._reader.close()


def frame_source(session: CaseSession, track_id: str) -> HitFrames:
    """Frames behind a hit; the caller closes them. Looking is logged.

    Raises:
        UnknownReference: No such track.
        UnreadableInput: The original has gone or changed.
    """
    index = index_of(session)
    track = index.track(track_id)
    with session.act("view.frames", detail={"track_id": track_id, "recording_id": track.recording_id}):
        recording = index.recordings[track.recording_id]
        return HitFrames(track, recording, packets_of(session, track.recording_id).pts_ticks)


def require_original(recording: Recording) -> None:
    """Refuse to show anything of an original that is missing or has another size than at import.

    Raises:
        UnreadableInput: Names the file.
    """
    path = Path(recording.path)
    if not path.exists():
        raise UnreadableInput(
            f"The original {recording.path} is not there.", hint="Plug the medium in again, at the same place."
        )
    if path.stat().st_size != recording.size_bytes:
        raise UnreadableInput(
            f"The original {recording.path} has changed since it was imported.",
            hint="Restore it as delivered; relecture verify CASE says what differs.",
        )
