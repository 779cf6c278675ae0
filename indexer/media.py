# SPDX-License-Identifier: Apache-2.0
"""The only user of PyAV for reading: packets, exact frames, and stepping by presentation time.

Decoding is single-threaded on purpose: frame threads give different pixels on damaged files from run to run.
Everything a file claims is checked against its packets; codecs and protocols are limited to a list.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from models.errors import NotFootage, UnreadableInput

__all__ = [
    "DECODER",
    "ContainerFacts",
    "Frame",
    "FrameReader",
    "Packet",
    "Picture",
    "container_facts",
    "iter_frames",
    "iter_keyframes",
    "iter_packets",
    "iter_pictures",
]

PixelLayout = Literal["bgr24", "gray"]

VIDEO_CODECS: Final = (
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,mjpeg,msmpeg4v2,msmpeg4v3,"
    "wmv1,wmv2,wmv3,vc1,h263,vp8,vp9,av1,libdav1d,rawvideo"
)
MAX_PIXELS: Final = 70_000_000
DECODER: Final = (
    f"PyAV {av.__version__} libavcodec {'.'.join(str(part) for part in av.library_versions['libavcodec'])} one-thread"
)

av.logging.set_level(av.logging.PANIC)
_log = logging.getLogger(__name__)


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
    is_interlaced: bool
    created: str


def _check_readable(path: str) -> None:
    file = Path(path)
    if not file.exists():
        raise UnreadableInput(f"{path} does not exist.", hint="Check the path, or plug the medium in again.")
    if not file.is_file():
        raise UnreadableInput(f"{path} is not a file.", hint="Name a video file or a folder that holds some.")
    if file.stat().st_size == 0:
        raise NotFootage(f"{path} is empty.", hint="Ask for the file again; keep this one as it was delivered.")


@contextmanager
def _opened(path: str, forced_format: str = "") -> Iterator[av.container.InputContainer]:
    """Open a file for reading, converting every foreign error at this border."""
    _check_readable(path)
    try:
        container = av.open(
            path,
            mode="r",
            format=forced_format or None,
            options={"protocol_whitelist": "file", "codec_whitelist": VIDEO_CODECS, "analyzeduration": "10000000"},
            metadata_errors="replace",
        )
    except (FFmpegError, ValueError, MemoryError) as problem:
        raise NotFootage(
            f"{path} is not footage that can be decoded ({problem.__class__.__name__}).",
            hint="Keep the file as delivered; check that it is complete, or ask the operator for a standard export.",
        ) from problem
    try:
        yield container
    finally:
        container.close()


def _video_stream(container: av.container.InputContainer, path: str, stream_index: int | None = None) -> VideoStream:
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if stream_index is not None:
        streams = [s for s in streams if s.index == stream_index]
    if not streams:
        raise NotFootage(f"{path} holds no video stream.", hint="Import the file that holds the pictures.")
    stream = streams[0]
    context = stream.codec_context
    context.thread_type = "NONE"
    context.thread_count = 1
    context.options = {"codec_whitelist": VIDEO_CODECS, "max_pixels": str(MAX_PIXELS)}
    return stream


def container_facts(path: str, *, forced_format: str = "") -> ContainerFacts:
    """Read the header of a file.

    Raises:
        UnreadableInput: The path is missing or not a file.
        NotFootage: There is no video stream that can be decoded.
    """
    with _opened(path, forced_format) as container:
        stream = _video_stream(container, path)
        context = stream.codec_context
        first = next(_decode(container, stream), None)
        if first is None:
            raise NotFootage(
                f"{path} opens, but not one picture can be decoded.",
                hint="Keep the file as delivered and ask for another export; a repaired copy would be a derived item.",
            )
        return ContainerFacts(
            container=container.format.name,
            stream_index=stream.index,
            n_video_streams=sum(1 for s in container.streams.video if not s.disposition & Disposition.attached_pic),
            codec=context.codec.canonical_name,
            size_wh_px=(first.width, first.height),
            sample_aspect=Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
            rotation_deg=int(first.rotation) % 360,
            time_base=Fraction(stream.time_base or Fraction(1, 90000)),
            header_frames=max(0, int(stream.frames)),
            is_interlaced=first.interlaced_frame,
            created=str(container.metadata.get("creation_time", "")),
        )


def iter_packets(path: str, *, forced_format: str = "") -> Iterator[Packet]:
    """Yield every packet of every stream in file order, without decoding. A read error ends the iteration."""
    with _opened(path, forced_format) as container:
        video_index = _video_stream(container, path).index
        try:
            for packet in container.demux():
                if packet.size == 0 and packet.dts is None:
                    continue
                yield Packet(
                    stream_index=packet.stream.index,
                    is_video=packet.stream.index == video_index,
                    pts_ticks=packet.pts,
                    dts_ticks=packet.dts,
                    size_bytes=packet.size,
                    position_bytes=packet.pos if packet.pos is not None else -1,
                    is_key=packet.is_keyframe,
                    is_corrupt=packet.is_corrupt,
                    is_discard=packet.is_discard,
                )
        except FFmpegError as problem:
            _log.debug("%s: demuxing stopped: %s", path, problem)


_PICTURE_TYPES: Final = {1: "I", 2: "P", 3: "B"}


class Picture:
    """A decoded picture that converts its pixels only when asked; valid until the next one is taken."""

    def __init__(self, frame: VideoFrame) -> None:
        self._frame = frame
        self.pts_ticks: int | None = frame.pts
        self.is_corrupt: bool = frame.is_corrupt
        self.size_wh_px: tuple[int, int] = (frame.width, frame.height)

    def bgr_u8(self, size_wh_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """(H, W, 3) BGR, area-averaged to ``size_wh_px`` when given."""
        return _pixels(self._frame, pixel="bgr24", size_wh_px=size_wh_px)

    def luma_u8(self, size_wh_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """(H, W) luma, area-averaged to ``size_wh_px`` when given."""
        return _pixels(self._frame, pixel="gray", size_wh_px=size_wh_px)

    def frame(self, *, pixel: PixelLayout, size_wh_px: tuple[int, int] | None = None) -> Frame:
        """The picture as a value that may be kept."""
        return _to_frame(self._frame, pixel=pixel, size_wh_px=size_wh_px)


def _pixels(frame: VideoFrame, *, pixel: PixelLayout, size_wh_px: tuple[int, int] | None) -> NDArray[np.uint8]:
    if pixel == "gray" and size_wh_px is None and frame.format.name.startswith(("yuv", "nv12", "gray")):
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        return rows[:, : frame.width].copy()
    size = size_wh_px or (frame.width, frame.height)
    scaled = frame.reformat(width=size[0], height=size[1], format=pixel, interpolation=Interpolation.AREA)
    return np.asarray(scaled.to_ndarray(), np.uint8)


def _to_frame(frame: VideoFrame, *, pixel: PixelLayout, size_wh_px: tuple[int, int] | None) -> Frame:
    return Frame(
        pts_ticks=frame.pts,
        image_u8=_pixels(frame, pixel=pixel, size_wh_px=size_wh_px),
        is_key=frame.key_frame,
        is_corrupt=frame.is_corrupt,
        picture_type=_PICTURE_TYPES.get(int(frame.pict_type), "?"),
    )


def _seek(container: av.container.InputContainer, stream: VideoStream, pts_ticks: int) -> None:
    try:
        container.seek(pts_ticks, stream=stream, backward=True, any_frame=False)
    except (FFmpegError, OverflowError):
        # Why: streams without an index (raw, cut TS) cannot be sought; decoding from the start is exact, only slower.
        container.seek(0)


def _decode(container: av.container.InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Decode packet by packet: one bad packet costs its own frames and no more."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError as problem:
            _log.debug("demuxing stopped: %s", problem)
            break
        try:
            yield from packet.decode()
        except FFmpegError as problem:
            _log.debug("packet at %s did not decode: %s", packet.pts, problem)
    try:
        yield from stream.codec_context.decode(None)
    except FFmpegError:
        return


def iter_pictures(
    path: str,
    *,
    start_pts_ticks: int | None = None,
    end_pts_ticks: int | None = None,
    stream_index: int | None = None,
    forced_format: str = "",
) -> Iterator[Picture]:
    """Yield the pictures of ``[start, end)`` in presentation order, pixels not yet converted.

    Arguments and errors as in :func:`iter_frames`.
    """
    with _opened(path, forced_format) as container:
        stream = _video_stream(container, path, stream_index)
        if start_pts_ticks is not None:
            _seek(container, stream, start_pts_ticks)
        for frame in _decode(container, stream):
            if frame.pts is not None:
                if start_pts_ticks is not None and frame.pts < start_pts_ticks:
                    continue
                if end_pts_ticks is not None and frame.pts >= end_pts_ticks:
                    return
            yield Picture(frame)


def iter_frames(
    path: str,
    *,
    start_pts_ticks: int | None = None,
    end_pts_ticks: int | None = None,
    stream_index: int | None = None,
    forced_format: str = "",
    pixel: PixelLayout = "bgr24",
    size_wh_px: tuple[int, int] | None = None,
) -> Iterator[Frame]:
    """Yield the frames of a half-open span ``[start, end)`` in presentation order, with their exact PTS.

    Args:
        path: The original; opened read-only.
        start_pts_ticks: First PTS wanted; decoding starts at the keyframe before it. None starts at the beginning.
        end_pts_ticks: First PTS not wanted; None reads to the end.
        stream_index: Container stream; None takes the first video stream.
        forced_format: Demuxer to name, where the probe found that the guess is wrong.
        pixel: ``bgr24`` gives (H, W, 3), ``gray`` gives the luma plane (H, W) as coded.
        size_wh_px: Area-average to this size; None keeps the coded size.

    Raises:
        UnreadableInput: The path is missing.
        NotFootage: There is no video stream that can be decoded.
    """
    pictures = iter_pictures(
        path,
        start_pts_ticks=start_pts_ticks,
        end_pts_ticks=end_pts_ticks,
        stream_index=stream_index,
        forced_format=forced_format,
    )
    for picture in pictures:
        yield picture.frame(pixel=pixel, size_wh_px=size_wh_px)


def iter_keyframes(
    path: str,
    *,
    stream_index: int | None = None,
    forced_format: str = "",
    pixel: PixelLayout = "gray",
    size_wh_px: tuple[int, int] | None = None,
    start_pts_ticks: int | None = None,
    end_pts_ticks: int | None = None,
    min_step_ticks: int = 0,
) -> Iterator[Frame]:
    """Yield keyframes only, decoding nothing between them; loop filtering is skipped.

    The pixels serve analysis and are never shown as evidence: without the loop filter they differ slightly.

    Args:
        path: The original; opened read-only.
        stream_index: Container stream; None takes the first video stream.
        forced_format: Demuxer to name.
        pixel: As in :func:`iter_frames`.
        size_wh_px: Area-average to this size.
        start_pts_ticks: First PTS wanted.
        end_pts_ticks: First PTS not wanted.
        min_step_ticks: Decode a keyframe only if it lies at least this far after the last one decoded.
    """
    with _opened(path, forced_format) as container:
        stream = _video_stream(container, path, stream_index)
        context = stream.codec_context
        context.skip_frame = "NONKEY"
        context.options = {**context.options, "skip_loop_filter": "all"}
        if start_pts_ticks is not None:
            _seek(container, stream, start_pts_ticks)
        last_pts: int | None = None
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, FFmpegError):
                break
            if packet.size and not packet.is_keyframe:
                continue
            if end_pts_ticks is not None and packet.pts is not None and packet.pts >= end_pts_ticks:
                break
            if last_pts is not None and packet.pts is not None and packet.pts - last_pts < min_step_ticks:
                continue
            try:
                decoded = packet.decode()
            except FFmpegError:
                continue
            for frame in decoded:
                if start_pts_ticks is not None and frame.pts is not None and frame.pts < start_pts_ticks:
                    continue
                last_pts = frame.pts
                yield _to_frame(frame, pixel=pixel, size_wh_px=size_wh_px)


class FrameReader:
    """Random and stepwise access to exact frames of one recording; keeps the file open and a short cache.

    Args:
        path: The original; opened read-only.
        pts_ticks: (N,) sorted PTS of every frame of the stream, as the probe recorded them.
        stream_index: Container stream.
        forced_format: Demuxer to name.
        cache_frames: Decoded pictures kept for stepping backward.
    """

    def __init__(
        self,
        path: str,
        pts_ticks: NDArray[np.int64],
        *,
        stream_index: int | None = None,
        forced_format: str = "",
        cache_frames: int = 64,
    ) -> None:
        self._path = path
        self._pts_ticks = np.asarray(pts_ticks, np.int64)
        self._stream_index = stream_index
        self._forced_format = forced_format
        self._cache: dict[int, Frame] = {}
        self._cache_frames = cache_frames
        self._running: Iterator[Frame] | None = None
        self._next_pts: int | None = None

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
            NotFootage: The decoder does not deliver that frame (damage at this place).
        """
        pts = int(self._pts_ticks[index])
        if pts in self._cache:
            return self._cache[pts]
        is_ahead = self._next_pts is not None and self._next_pts <= pts and self._gap_is_short(pts)
        if self._running is None or not is_ahead:
            self.close()
            first = int(self._pts_ticks[max(0, index - self._cache_frames // 4)])
            self._running = iter_frames(
                self._path,
                start_pts_ticks=first,
                stream_index=self._stream_index,
                forced_format=self._forced_format,
            )
        for frame in self._running:
            if frame.pts_ticks is None:
                continue
            self._remember(frame)
            self._next_pts = frame.pts_ticks + 1
            if frame.pts_ticks == pts:
                return frame
            if frame.pts_ticks > pts:
                break
        raise NotFootage(
            f"The frame at tick {pts} of {self._path} cannot be decoded.",
            hint="The file is damaged at this place; step to the next frame.",
        )

    def close(self) -> None:
        """Release the file."""
        running, self._running, self._next_pts = self._running, None, None
        if running is not None and hasattr(running, "close"):
            running.close()

    def _gap_is_short(self, pts: int) -> bool:
        assert self._next_pts is not None
        return self.index_at(pts) - self.index_at(self._next_pts) <= self._cache_frames

    def _remember(self, frame: Frame) -> None:
        assert frame.pts_ticks is not None
        self._cache[frame.pts_ticks] = frame
        while len(self._cache) > self._cache_frames:
            del self._cache[next(iter(self._cache))]
