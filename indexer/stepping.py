# SPDX-License-Identifier: Apache-2.0
"""Random and stepwise access to the exact frames of a recording, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.media import Frame, iter_frames
from models.errors import NotFootage

__all__ = ["FrameReader"]

CACHE_BYTES: Final = 256 << 20


class FrameReader:
    """Gives any frame of one recording by its index; keeps the file open and a short cache.

    Args:
        path: The original; opened read-only.
        pts_ticks: (N,) sorted PTS of every frame of the stream, as the probe recorded them.
        stream_index: Container stream.
        forced_format: Demuxer to name.
        has_times: False where the stream carries no times: frames are then counted from the start.
        cache_frames: Decoded pictures kept for stepping backward; fewer where they are large (256 MiB in all).
    """

    def __init__(
        self,
        path: str,
        pts_ticks: NDArray[np.int64],
        *,
        stream_index: int | None = None,
        forced_format: str = "",
        has_times: bool = True,
        cache_frames: int = 64,
    ) -> None:
        self._path = path
        self._pts_ticks = np.asarray(pts_ticks, np.int64)
        self._stream_index = stream_index
        self._forced_format = forced_format
        self._has_times = has_times
        self._cache: dict[int, Frame] = {}
        self._cache_frames = cache_frames
        self._running: Iterator[tuple[int, Frame]] | None = None
        self._next_index = 0

    @property
    def n_frames(self) -> int:
        """Frames in the recording."""
        return len(self._pts_ticks)

    def index_at(self, pts_ticks: int) -> int:
        """0-based index of the frame that is on screen at a PTS: the last one at or before it."""
        return max(0, int(np.searchsorted(self._pts_ticks, pts_ticks, side="right")) - 1)

    def frame(self, index: int) -> Frame:
        """The frame of a 0-based index, exactly.

        Raises:
            IndexError: There is no such frame.
            NotFootage: The decoder does not deliver that frame (damage at this place).
        """
        if not 0 <= index < self.n_frames:
            raise IndexError(f"frame {index} of {self.n_frames}")
        if index in self._cache:
            return self._cache[index]
        if self._running is None or not 0 <= index - self._next_index <= self._cache_frames:
            self.close()
            self._next_index = max(0, index - self._cache_frames // 4)
            self._running = self._numbered_from(self._next_index)
        for i, frame in self._running:
            self._next_index = i + 1
            self._remember(i, frame)
            if i == index:
                return frame
            if i > index:
                break
        raise NotFootage(
            f"Frame {index} of {self._path} (tick {int(self._pts_ticks[index])}) cannot be decoded.",
            hint="The file is damaged at this place; step to the next frame.",
        )

    def close(self) -> None:
        """Release the file."""
        running, self._running = self._running, None
        if running is not None and hasattr(running, "close"):
            running.close()

    def _numbered_from(self, index: int) -> Iterator[tuple[int, Frame]]:
        """Frames with their index, from one at or before ``index`` on."""
        start = int(self._pts_ticks[index]) if self._has_times else None
        frames = iter_frames(
            self._path, start_pts_ticks=start, stream_index=self._stream_index, forced_format=self._forced_format
        )
        if not self._has_times:
            yield from enumerate(frames)
            return
        last_pts, n_same = None, 0
        for frame in frames:
            if frame.pts_ticks is None:
                continue
            # Why: several frames may share one time; they are told apart by their order.
            n_same = n_same + 1 if frame.pts_ticks == last_pts else 0
            last_pts = frame.pts_ticks
            first, behind = np.searchsorted(self._pts_ticks, [frame.pts_ticks, frame.pts_ticks + 1])
            if first + n_same < behind:
                yield int(first) + n_same, frame

    def _remember(self, index: int, frame: Frame) -> None:
        self._cache.pop(index, None)
        self._cache[index] = frame
        most = max(2, min(self._cache_frames, CACHE_BYTES // max(1, frame.image_u8.nbytes)))
        while len(self._cache) > most:
            del self._cache[next(iter(self._cache))]
