# SPDX-License-Identifier: Apache-2.0
"""The one adapter that may name PyAV, hence its length: packets, keyframes, exact frames of a span, copies of packets.

Decoding is single-threaded on purpose: frame threads give different pixels on damaged files from run to run.
Everything a file claims is checked against its packets; codecs and protocols are limited to a list. A seek is believed
only where a keyframe at or before the time asked for comes out of it: else an earlier place is tried, then the start.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import Any, Final, Literal

import av
from av.codec.hwaccel import HWAccel
from av.error import FFmpegError
from av.packet import Packet as AvPacket
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from indexer.admission import CONTAINERS, MAX_PIXELS, VIDEO_CODECS, check_readable
from indexer.layout import parameter_set
from indexer.media_values import ContainerFacts, Frame, Packet
from indexer.pictures import Picture, PixelLayout
from models.errors import NotFootage, StoreProblem

__all__ = [
    "CARD_DECODER",
    "DECODER",
    "ContainerFacts",
    "Decoder",
    "FootageReader",
    "Frame",
    "Packet",
    "Picture",
    "card_reads",
    "container_facts",
    "copy_packets",
    "iter_frames",
    "iter_keyframes",
    "iter_packets",
    "iter_pictures",
]

MAX_ERRORS_IN_A_ROW: Final = 64
"""Reading goes on past a damaged place, but not for ever: a table that points behind the end fails at every entry."""
INDEXED_CONTAINERS: Final = frozenset({"mov", "matroska"})
SEEK_BACK_S: Final = (0, 2, 8, 32, 128)
"""How much earlier a seek is tried again, seconds, where it landed too late or on no keyframe."""
DECODER: Final = (
    f"PyAV {av.__version__} libavcodec {'.'.join(str(part) for part in av.library_versions['libavcodec'])} one-thread"
)
CARD_DECODER: Final = DECODER.replace("one-thread", "nvdec")
"""What decodes on a graphics card of NVIDIA, as results that come from it name it."""
Decoder = Literal["one-thread", "nvdec"]

av.logging.set_level(av.logging.PANIC)
_log = logging.getLogger(__name__)


def _card() -> HWAccel | None:
    """The decoding unit of a graphics card; it never hands a stream back to the processor without being asked."""
    return HWAccel(device_type="cuda", allow_software_fallback=False)


@contextmanager
def _opened(
    path: str, forced_format: str = "", decoder: Decoder = "one-thread"
) -> Iterator[av.container.InputContainer]:
    """Open a file for reading, converting every foreign error at this border."""
    check_readable(path)
    try:
        container = av.open(
            path,
            mode="r",
            format=forced_format or None,
            options={
                "protocol_whitelist": "file",
                "format_whitelist": CONTAINERS,
                "codec_whitelist": VIDEO_CODECS,
                "analyzeduration": "10000000",
            },
            metadata_errors="replace",
            hwaccel=_card() if decoder == "nvdec" else None,
        )
    except (FFmpegError, ValueError, MemoryError, RuntimeError) as problem:
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
    # Why: without these checks some decoders conceal damage and mark no picture; sound ones are not touched by them.
    checks = {"err_detect": "crccheck+bitstream+buffer"}
    context.options = {"codec_whitelist": VIDEO_CODECS, "max_pixels": str(MAX_PIXELS), **checks}
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
            header_duration_s=_claimed_duration_s(container, stream),
            is_interlaced=first.interlaced_frame,
            created=str(container.metadata.get("creation_time", "")),
        )


def _claimed_duration_s(container: av.container.InputContainer, stream: VideoStream) -> Fraction | None:
    """Duration as the header says it; None for containers whose duration the library estimates itself."""
    if container.format.name.split(",")[0] not in {"mov", "matroska", "asf", "flv", "avi"}:
        return None
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    return Fraction(container.duration, av.time_base) if container.duration is not None else None


def iter_packets(
    path: str,
    *,
    near_pts_ticks: int | None = None,
    forced_format: str = "",
    on_error: Callable[[str], None] | None = None,
) -> Iterator[Packet]:
    """Yield every packet of every stream in file order, without decoding.

    Args:
        path: The original; opened read-only.
        near_pts_ticks: Begin where a seek to that time lands, which may be too late; None begins at the start.
        forced_format: Demuxer to name.
        on_error: Told what the demuxer said at each damaged place; reading goes on behind it.
    """
    with _opened(path, forced_format) as container:
        stream = _video_stream(container, path)
        codec = stream.codec_context.codec.canonical_name
        if near_pts_ticks is not None:
            _sought(container, stream, near_pts_ticks)
        for packet in _demux(container, on_error=on_error):
            if packet.size == 0 and packet.dts is None:
                continue
            is_video = packet.stream.index == stream.index
            yield Packet(
                stream_index=packet.stream.index,
                is_video=is_video,
                pts_ticks=packet.pts,
                dts_ticks=packet.dts,
                size_bytes=packet.size,
                position_bytes=packet.pos if packet.pos is not None else -1,
                is_key=packet.is_keyframe,
                is_corrupt=packet.is_corrupt,
                is_discard=packet.is_discard,
                parameter_set=parameter_set(codec, memoryview(packet)) if is_video and packet.is_keyframe else b"",
            )


def _demux(
    container: av.container.InputContainer,
    stream: VideoStream | None = None,
    *,
    on_error: Callable[[str], None] | None = None,
) -> Iterator[AvPacket[Any]]:
    """Packets in file order; a damaged place costs what lies in it and no more."""
    n_in_a_row = 0
    while n_in_a_row < MAX_ERRORS_IN_A_ROW:
        packets = container.demux(stream) if stream is not None else container.demux()
        try:
            for packet in packets:
                n_in_a_row = 0
                yield packet
        except FFmpegError as problem:
            # Why: the library's iterator ends with its first error, while the file may go on; a new one reads on.
            n_in_a_row += 1
            _log.debug("demuxing stumbled: %s", problem)
            if on_error is not None:
                on_error(str(problem.strerror or problem))
        else:
            return


_Place = tuple[av.container.InputContainer, VideoStream]
_Decode = Callable[[av.container.InputContainer, VideoStream], Iterator[VideoFrame]]


class FootageReader:
    """An original held open, so that the tables of a day are not read again for every span; a context manager.

    Only containers with an index are held: elsewhere a demuxer remembers, and spans must not depend on earlier ones.
    """

    def __init__(
        self,
        path: str,
        *,
        stream_index: int | None = None,
        forced_format: str = "",
        decoder: Decoder = "one-thread",
    ) -> None:
        self._path, self._stream_index, self._forced_format = path, stream_index, forced_format
        self.decoder: Decoder = decoder
        self._stack = ExitStack()
        self._held: _Place | None = None

    def __enter__(self) -> FootageReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def pictures(self, start_pts_ticks: int | None = None, end_pts_ticks: int | None = None) -> Iterator[Picture]:
        """Yield the pictures of ``[start, end)`` in presentation order, pixels not yet converted."""
        for frame in self.frames(start_pts_ticks, _decode):
            if frame.pts is not None:
                if start_pts_ticks is not None and frame.pts < start_pts_ticks:
                    continue
                if end_pts_ticks is not None and frame.pts >= end_pts_ticks:
                    return
            yield Picture(frame)

    def keyframe_times(self, start_pts_ticks: int, end_pts_ticks: int, *, min_step_ticks: int = 0) -> list[int]:
        """PTS of the keyframes of ``[start, end)``, ascending, at least a step apart; only the first is decoded."""
        times: list[int] = []

        def look(container: av.container.InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
            times.clear()
            for packet in _demux(container, stream):
                if packet.pts is None or not packet.is_keyframe:
                    continue
                if packet.pts >= end_pts_ticks:
                    return
                if times and packet.pts - times[-1] < min_step_ticks:
                    continue
                times.append(packet.pts)
                if len(times) == 1:
                    # Why: the picture shows whether the seek landed at a keyframe at or before the start.
                    yield from _decoded(packet) or _flushed(stream)

        for _ in self.frames(start_pts_ticks, look):
            pass
        return [pts for pts in times if pts >= start_pts_ticks]

    def frames(self, start_pts_ticks: int | None, decode: _Decode) -> Iterator[VideoFrame]:
        """Decode from a keyframe at or before a time, however badly it can be sought; earlier frames come first."""
        if start_pts_ticks is not None:
            for back_s in SEEK_BACK_S:
                with self._place() as (container, stream):
                    if not _sought(container, stream, start_pts_ticks - int(back_s / Fraction(stream.time_base or 1))):
                        break
                    frames = decode(container, stream)
                    first = next(frames, None)
                    if first is None or not first.key_frame or first.pts is None or first.pts > start_pts_ticks:
                        continue
                    yield first
                    yield from frames
                    return
        with _opened(self._path, self._forced_format, self.decoder) as container:
            yield from decode(container, _video_stream(container, self._path, self._stream_index))

    @contextmanager
    def _place(self) -> Iterator[_Place]:
        if self._held is not None:
            yield self._held
            return
        with ExitStack() as stack:
            container = stack.enter_context(_opened(self._path, self._forced_format, self.decoder))
            place = (container, _video_stream(container, self._path, self._stream_index))
            if container.format.name.split(",")[0] in INDEXED_CONTAINERS:
                self._held = place
                self._stack = stack.pop_all()
            yield place


def _sought(container: av.container.InputContainer, stream: VideoStream, pts_ticks: int) -> bool:
    """False where the container cannot be sought at all, or not to that place."""
    try:
        container.seek(pts_ticks, stream=stream, backward=True, any_frame=False)
    except (FFmpegError, OverflowError):
        return False
    return True


def _decode(container: av.container.InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in _demux(container, stream):
        yield from _decoded(packet)
    yield from _flushed(stream)


def _decoded(packet: AvPacket[Any]) -> list[VideoFrame]:
    try:
        return [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
    except FFmpegError as problem:
        _log.debug("packet at %s did not decode: %s", packet.pts, problem)
        return []


def _flushed(stream: VideoStream) -> list[VideoFrame]:
    """What the decoder still holds back; nothing where it was flushed already."""
    try:
        return list(stream.codec_context.decode(None))
    except FFmpegError:
        return []


def iter_pictures(
    path: str,
    *,
    start_pts_ticks: int | None = None,
    end_pts_ticks: int | None = None,
    stream_index: int | None = None,
    forced_format: str = "",
) -> Iterator[Picture]:
    """Yield the pictures of ``[start, end)``, pixels not yet converted; arguments and errors as in `iter_frames`."""
    with FootageReader(path, stream_index=stream_index, forced_format=forced_format) as reader:
        yield from reader.pictures(start_pts_ticks, end_pts_ticks)


def card_reads(
    path: str, *, start_pts_ticks: int | None = None, stream_index: int | None = None, forced_format: str = ""
) -> bool:
    """True when a graphics card decodes the first picture at or before a time: driver, codec and layout all fit."""
    try:
        with FootageReader(path, stream_index=stream_index, forced_format=forced_format, decoder="nvdec") as reader:
            return next(reader.frames(start_pts_ticks, _decode), None) is not None
    except NotFootage:
        return False


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
    decoder: Decoder = "one-thread",
) -> Iterator[Frame]:
    """Yield keyframes only, decoding nothing between them; loop filtering is skipped, where the processor decodes.

    The pixels serve analysis and are never shown as evidence: without the loop filter they differ slightly.

    Arguments and errors as in :func:`iter_frames`, and ``min_step_ticks``: a keyframe is decoded only if it lies at
    least this far after the last one decoded.
    """

    def decode(container: av.container.InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        context = stream.codec_context
        context.skip_frame = "NONKEY"
        context.options = {**context.options, "skip_loop_filter": "all"}
        last_pts: int | None = None
        for packet in _demux(container, stream):
            if packet.size and not packet.is_keyframe:
                continue
            if packet.pts is not None:
                if end_pts_ticks is not None and packet.pts >= end_pts_ticks:
                    break
                if last_pts is not None and packet.pts - last_pts < min_step_ticks:
                    continue
                last_pts = packet.pts
            yield from _decoded(packet)
        # Why: a decoder that reorders holds the last keyframes back until it is told that nothing follows.
        yield from _flushed(stream)

    with FootageReader(path, stream_index=stream_index, forced_format=forced_format, decoder=decoder) as reader:
        for frame in reader.frames(start_pts_ticks, decode):
            if start_pts_ticks is None or frame.pts is None or frame.pts >= start_pts_ticks:
                yield Picture(frame).frame(pixel=pixel, size_wh_px=size_wh_px)


def copy_packets(
    path: str,
    out_path: str,
    *,
    pts_ticks: Sequence[int],
    near_pts_ticks: int | None,
    stream_index: int,
    forced_format: str = "",
    comment: str = "",
) -> None:
    """Copy packets of one stream into a new file, payload unchanged; the suffix says which container.

    Args:
        path: The original; opened read-only.
        out_path: File to write.
        pts_ticks: Presentation times of the packets wanted, in file order; others between them are left out.
        near_pts_ticks: Where a seek finds the first of them; None reads from the start.
        stream_index: Which stream to copy.
        forced_format: Demuxer that the probe had to name; empty where the guess is right.
        comment: Text for the file's metadata.

    Raises:
        StoreProblem: The file cannot be written, or its container cannot hold the packets.
    """
    # Why: some containers give no decoding times; any that grow and lie before the presentation times will do.
    shown = sorted(pts_ticks)
    delay = max(early - pts for early, pts in zip(shown, pts_ticks, strict=True))
    waiting = deque(zip(pts_ticks, (early - delay for early in shown), strict=True))
    options = {"avoid_negative_ts": "make_zero", "fflags": "+bitexact"}
    with _opened(path, forced_format) as source:
        stream = _video_stream(source, path, stream_index)
        if near_pts_ticks is not None:
            _sought(source, stream, near_pts_ticks)
        try:
            with av.open(out_path, "w", options=options) as target:
                target.metadata["comment"] = comment
                out_stream = target.add_stream_from_template(stream)
                for packet in _demux(source, stream):
                    if not waiting:
                        break
                    if packet.pts != waiting[0][0]:
                        continue
                    packet.dts = waiting.popleft()[1]
                    packet.stream = out_stream
                    target.mux_one(packet)
        except (FFmpegError, ValueError) as problem:
            raise StoreProblem(
                f"{out_path} cannot be written ({problem}).", hint="Check the disk, or export stills instead."
            ) from problem
