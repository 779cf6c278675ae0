# SPDX-License-Identifier: Apache-2.0
"""Source frames on demand, in the order that a film needs them, decoding only the spans that it shows.

A reel reads one recording forward. Each unit of the film holds one; when it is done, the reel waits a while for
another unit that goes on shortly after. Few reels are open at once, so memory is bounded by the density of the film.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.media import Picture, iter_pictures
from indexer.records import Recording, RecordingId
from review.synopsis.backdrop import has_no_times

__all__ = ["Reels", "SourceFrame"]

MAX_SKIP_FRAMES: Final = 40
MAX_IDLE: Final = 3


class SourceFrame:
    """One decoded frame with the PTS that it really has; pixels are converted when asked for.

    Attributes:
        pts_ticks: PTS of these pixels.
        is_corrupt: True when the decoder concealed damage in it.
        size_wh_px: Width and height.
    """

    def __init__(self, pts_ticks: int, picture: Picture) -> None:
        self.pts_ticks = pts_ticks
        self.is_corrupt = picture.is_corrupt
        self.size_wh_px = picture.size_wh_px
        self._picture = picture
        self._whole_u8: NDArray[np.uint8] | None = None

    def crop(self, box_xyxy_px: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """A copy of the pixels inside a box that lies in the picture."""
        return self._picture.crop_bgr_u8(box_xyxy_px)

    def sparse(self, step: int) -> NDArray[np.uint8]:
        """Every ``step``-th pixel both ways, to three grey levels."""
        return self._picture.sparse_bgr_u8(step)

    def whole(self) -> NDArray[np.uint8]:
        """(H, W, 3), converted once."""
        if self._whole_u8 is None:
            self._whole_u8 = self._picture.bgr_u8()
        return self._whole_u8


class _Reel:
    """Reads one recording forward from a PTS."""

    def __init__(self, recording: Recording, start_pts_ticks: int) -> None:
        self.recording_id = recording.recording_id
        self._counts = has_no_times(recording)
        start = None if self._counts else start_pts_ticks
        self._pictures: Iterator[Picture] = iter_pictures(
            recording.path,
            start_pts_ticks=start,
            stream_index=recording.facts.stream_index,
            forced_format=recording.facts.forced_format,
        )
        self._number = -1
        self._ahead: Picture | None = None
        self._ahead_pts = start_pts_ticks
        self.current: SourceFrame | None = None
        self.n_decoded = 0

    @property
    def position(self) -> int:
        """PTS that the next new frame lies at or after."""
        return self._ahead_pts

    def can_reach(self, pts_ticks: int, reach_ticks: int) -> bool:
        """True when a PTS lies not behind this reel and not far ahead of it."""
        is_behind = self.current is not None and pts_ticks < self.current.pts_ticks
        return not is_behind and pts_ticks - self.position <= reach_ticks

    def frame_at(self, pts_ticks: int) -> SourceFrame | None:
        """The last frame at or before a PTS; None when the recording gives none from where the reel started."""
        while True:
            if self._ahead is None:
                self._ahead = next(self._pictures, None)
                if self._ahead is None:
                    return self.current
                self._number += 1
                self.n_decoded += 1
                self._ahead_pts = self._number if self._counts else self._ahead.pts_ticks or 0
            if self._ahead_pts > pts_ticks:
                return self.current
            self.current = SourceFrame(self._ahead_pts, self._ahead)
            self._ahead = None
            if self.current.pts_ticks == pts_ticks:
                self._ahead_pts = pts_ticks + 1
                return self.current

    def close(self) -> None:
        """Release the file."""
        close = getattr(self._pictures, "close", None)
        if close is not None:
            close()


class Reels:
    """Hands out source frames; one reel for each holder.

    Args:
        recordings: Recordings by identifier.
    """

    def __init__(self, recordings: Mapping[RecordingId, Recording]) -> None:
        self._recordings = recordings
        self._held: dict[tuple[Hashable, RecordingId], _Reel] = {}
        self._idle: list[_Reel] = []
        self._n_decoded_closed = 0

    @property
    def n_decoded(self) -> int:
        """Frames decoded so far, lead-in from keyframes not counted."""
        return self._n_decoded_closed + sum(reel.n_decoded for reel in [*self._held.values(), *self._idle])

    def frame(self, holder: Hashable, recording_id: RecordingId, pts_ticks: int) -> SourceFrame | None:
        """The frame that is on screen at a PTS, or None when nothing decodes.

        A holder asks in ascending order, which is what makes it cheap.
        """
        key = (holder, recording_id)
        recording = self._recordings[recording_id]
        step = recording.facts.median_step_ticks
        reel = self._held.get(key)
        if reel is not None and not reel.can_reach(pts_ticks, MAX_SKIP_FRAMES * step):
            self._retire(self._held.pop(key))
            reel = None
        if reel is None:
            reel = self._held[key] = self._take(recording, pts_ticks, step)
        return reel.frame_at(pts_ticks)

    def release(self, holder: Hashable) -> None:
        """The holder is done."""
        for key in [key for key in self._held if key[0] == holder]:
            self._retire(self._held.pop(key))

    def close(self) -> None:
        """Release every file."""
        for reel in [*self._held.values(), *self._idle]:
            self._n_decoded_closed += reel.n_decoded
            reel.close()
        self._held.clear()
        self._idle.clear()

    def _take(self, recording: Recording, pts_ticks: int, step: int) -> _Reel:
        for reel in self._idle:
            ahead = pts_ticks - reel.position
            if reel.recording_id == recording.recording_id and 0 <= ahead <= MAX_SKIP_FRAMES * step:
                self._idle.remove(reel)
                return reel
        return _Reel(recording, pts_ticks)

    def _retire(self, reel: _Reel) -> None:
        reel.current = None
        self._idle.append(reel)
        while len(self._idle) > MAX_IDLE:
            oldest = self._idle.pop(0)
            self._n_decoded_closed += oldest.n_decoded
            oldest.close()
