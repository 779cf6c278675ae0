# SPDX-License-Identifier: Apache-2.0
"""Films pieces of a recording and joins them: the only part that touches PyAV.

A recorder's habits are kept: H.264 without B frames, closed groups of 50 frames, time base 1/90000. Pieces are whole
groups, so that they can be filmed in any order, by any number of processes, with the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from samples.actors import Actor
from samples.backdrop import Backdrop
from samples.camera import Camera
from samples.compose import Composer, split_planes
from samples.lighting import cloud_gain
from samples.persons import BAGS
from samples.weather import Clock, Foliage, Grain, Sensor, i420

__all__ = ["GOP", "TIME_BASE", "Encoding", "Piece", "PieceResult", "Studio", "join_pieces"]

GOP = 50
TIME_BASE = Fraction(1, 90000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a recording is compressed.

    Attributes:
        cbr_kbps: Constant rate with filler, kilobits per second; 0 for constant quality.
        crf: Constant quality, x264's scale.
        preset: x264's preset.
        cap_kbps: Highest rate at constant quality; 0 for no cap. Recorders cap the rate, which shows by night.
    """

    cbr_kbps: int = 0
    crf: int = 26
    preset: str = "superfast"
    cap_kbps: int = 0

    def options(self) -> dict[str, str]:
        """Options for libx264."""
        speed = "threads=1:mbtree=0:rc-lookahead=0:sync-lookahead=0:subme=0:me=dia"
        fixed = f"{speed}:bframes=0:scenecut=0:open-gop=0:keyint={GOP}:min-keyint={GOP}"
        if self.cbr_kbps:
            rate = f"bitrate={self.cbr_kbps}:vbv-maxrate={self.cbr_kbps}:vbv-bufsize={self.cbr_kbps}:nal-hrd=cbr"
            return {"preset": self.preset, "x264-params": f"{fixed}:{rate}"}
        if self.cap_kbps:
            fixed = f"{fixed}:vbv-maxrate={self.cap_kbps}:vbv-bufsize={self.cap_kbps}"
        return {"preset": self.preset, "crf": str(self.crf), "x264-params": fixed}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A run of whole groups of one recording.

    Attributes:
        recording: Number of the recording in its set.
        first_frame: Number of the first frame.
        pts_ticks: (n,) int64 presentation times from the start of the recording.
        actors: Who may be seen, in the order of the whole set.
    """

    recording: int
    first_frame: int
    pts_ticks: NDArray[np.int64]
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PieceResult:
    """A filmed piece.

    Attributes:
        content: An MP4 file of the piece alone.
        who: (k,) actor ids of the sightings.
        rows: (k, 7) int32: frame, x1, y1, x2, y2, visible per mille, bag number in :data:`samples.persons.BAGS`.
    """

    content: bytes
    who: tuple[str, ...]
    rows: NDArray[np.int32]


class Studio:
    """Everything that is made once per recording and process: backdrop, foliage bank, noise bank, clock.

    Args:
        camera: The camera.
        backdrop: Its empty picture.
        displayed_start: What the recorder's clock shows at the first frame; None for no burnt-in clock.
        encoding: Compression.
        is_night: Dark, noisy, almost colourless.
        seed: Seed of noise and clouds.
    """

    def __init__(
        self,
        *,
        camera: Camera,
        backdrop: Backdrop,
        displayed_start: datetime | None,
        encoding: Encoding,
        is_night: bool,
        seed: int,
    ) -> None:
        cv2.setNumThreads(1)
        scale = camera.size_wh_px[1] / 720
        self._size_wh_px = camera.size_wh_px
        self._composer = Composer(camera, backdrop)
        self._foliage = Foliage(backdrop, sway_px=1.1 * scale)
        self._base = i420(backdrop.rgb_u8)
        self._phase = -1
        self._grain = Grain(camera.size_wh_px, sigma=7.0 if is_night else 1.3, seed=seed, is_night=is_night)
        self._sensor = Sensor(is_night=is_night)
        self._clock = Clock(camera.name, camera.size_wh_px) if displayed_start is not None else None
        self._displayed_start = displayed_start
        self._encoding = encoding
        self._seed = seed

    def film(self, piece: Piece) -> PieceResult:
        """Draw and encode the frames of a piece."""
        who: list[str] = []
        rows: list[tuple[int, ...]] = []
        target = io.BytesIO()
        container = av.open(target, "w", format="mp4", options={"video_track_timescale": "90000"})
        stream = container.add_stream("libx264", rate=25, options=self._encoding.options())
        stream.width, stream.height = self._size_wh_px
        stream.pix_fmt = "yuv420p"
        stream.time_base = TIME_BASE
        context = stream.codec_context
        context.time_base, context.thread_count, context.gop_size, context.max_b_frames = TIME_BASE, 1, GOP, 0
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 6, 6, 6
        # The encoder copies the picture before it returns, so one frame serves all.
        frame = av.VideoFrame(*self._size_wh_px, "yuv420p")
        gains = cloud_gain(piece.pts_ticks * float(TIME_BASE), seed=self._seed)
        for number, (pts, gain) in enumerate(zip(piece.pts_ticks.tolist(), gains.tolist(), strict=True)):
            frame_number = piece.first_frame + number
            planes, sightings = self._frame(frame_number, pts, gain, piece.actors)
            for seen in sightings:
                who.append(seen.actor_id)
                rows.append((frame_number, *seen.box_xyxy_px, round(seen.visible_share * 1000), BAGS.index(seen.bag)))
            _fill(frame, planes)
            frame.pts, frame.time_base = pts - int(piece.pts_ticks[0]), TIME_BASE
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
        container.close()
        table = np.array(rows, np.int32).reshape(-1, 7)
        return PieceResult(content=target.getvalue(), who=tuple(who), rows=table)

    def _frame(self, number: int, pts: int, gain: float, actors: tuple[Actor, ...]) -> tuple[NDArray[np.uint8], tuple]:  # type: ignore[type-arg]
        time_s = float(pts * TIME_BASE)
        phase = Foliage.phase_at(time_s)
        if phase != self._phase:
            self._foliage.paste(self._base, phase)
            self._phase = phase
        planes = self._base.copy()
        sightings = self._composer.paint(planes, actors, time_s)
        self._sensor.expose(planes, gain)
        self._grain.add(planes, number)
        if self._clock is not None and self._displayed_start is not None:
            self._clock.burn(planes, self._displayed_start + timedelta(seconds=time_s))
        return planes, sightings


def _fill(frame: av.VideoFrame, planes: NDArray[np.uint8]) -> None:
    """Copy an I420 picture into a frame's own buffers."""
    for plane, picture in zip(frame.planes, split_planes(planes), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: picture.shape[0], : picture.shape[1]] = picture


def join_pieces(path: Path, pieces: Iterable[tuple[bytes, NDArray[np.int64]]]) -> int:
    """Write one MP4 of filmed pieces in their order, packets unchanged, with the given presentation times.

    Args:
        path: File to write; it appears only when it is whole.
        pieces: Content and presentation times of each piece.

    Returns:
        Number of packets written.
    """
    draft = path.with_suffix(".part")
    written = 0
    with av.open(str(draft), "w", format="mp4", options={"video_track_timescale": "90000"}) as target:
        stream = None
        for content, pts_ticks in pieces:
            with av.open(io.BytesIO(content), "r") as source:
                if stream is None:
                    stream = target.add_stream_from_template(source.streams.video[0])
                    stream.time_base = TIME_BASE
                packets = [packet for packet in source.demux(video=0) if packet.size]
                assert len(packets) == len(pts_ticks), f"{len(packets)} packets for {len(pts_ticks)} frames"
                for packet, pts in zip(packets, pts_ticks.tolist(), strict=True):
                    packet.stream = stream
                    packet.pts = packet.dts = pts
                    packet.time_base = TIME_BASE
                    target.mux(packet)
                    written += 1
    draft.replace(path)
    return written
