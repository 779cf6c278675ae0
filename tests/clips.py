# SPDX-License-Identifier: Apache-2.0
"""Small clips known by construction: what moves, where, when, and with which presentation times.

A street is drawn by code from a seed (walls, windows, pavement, asphalt grain); textured figures cross it on straight
lines, so that every box is known in every frame. The same arguments give the same picture on any machine; the encoded
bytes depend on the encoder's version, so nothing here is compared with stored digests.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

MP4_TIME_BASE = Fraction(1, 12800)
RATE = Fraction(25, 2)
TURN_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A textured figure that crosses the picture on a straight line.

    Attributes:
        size_wh_px: Width and height.
        start_xy_px: Upper left corner at ``from_s``.
        speed_xy_px_s: Pixels a second.
        from_s: First instant in view, media seconds since the first frame.
        to_s: First instant gone.
        upper_bgr: Colour of the upper half.
        lower_bgr: Colour of the lower half.
        seed: Of its texture.
    """

    size_wh_px: tuple[int, int] = (26, 64)
    start_xy_px: tuple[float, float] = (-26.0, 120.0)
    speed_xy_px_s: tuple[float, float] = (60.0, 0.0)
    from_s: float = 0.0
    to_s: float = 1e9
    upper_bgr: tuple[int, int, int] = (30, 30, 200)
    lower_bgr: tuple[int, int, int] = (150, 60, 20)
    seed: int = 1

    def box_at(self, time_s: float, size_wh_px: tuple[int, int]) -> tuple[int, int, int, int] | None:
        """Box x1 y1 x2 y2 inside the picture, half-open, or None when it is out of view."""
        if not self.from_s <= time_s < self.to_s:
            return None
        since_s = time_s - self.from_s
        x = round(self.start_xy_px[0] + self.speed_xy_px_s[0] * since_s)
        y = round(self.start_xy_px[1] + self.speed_xy_px_s[1] * since_s)
        x1, y1 = max(0, x), max(0, y)
        x2, y2 = min(size_wh_px[0], x + self.size_wh_px[0]), min(size_wh_px[1], y + self.size_wh_px[1])
        return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None

    def draw(self, picture_bgr: NDArray[np.uint8], time_s: float) -> None:
        """Paint the figure onto a picture."""
        height, width = picture_bgr.shape[:2]
        box = self.box_at(time_s, (width, height))
        if box is None:
            return
        since_s = time_s - self.from_s
        x = round(self.start_xy_px[0] + self.speed_xy_px_s[0] * since_s)
        y = round(self.start_xy_px[1] + self.speed_xy_px_s[1] * since_s)
        x1, y1, x2, y2 = box
        picture_bgr[y1:y2, x1:x2] = self._texture()[y1 - y : y2 - y, x1 - x : x2 - x]

    def _texture(self) -> NDArray[np.uint8]:
        width, height = self.size_wh_px
        noise = np.random.default_rng(self.seed).integers(-18, 19, (height, width, 1))
        body = np.empty((height, width, 3), np.int16)
        body[: height // 2], body[height // 2 :] = self.upper_bgr, self.lower_bgr
        body[: height // 7] = (110, 140, 190)
        return np.clip(body + noise, 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A file and what is in it.

    Attributes:
        path: The file.
        time_base: Seconds per tick that the frames were given with.
        pts_ticks: Presentation time of every frame given to the encoder, ascending.
        movers: What crosses.
        size_wh_px: Picture size.
    """

    path: Path
    time_base: Fraction
    pts_ticks: tuple[int, ...]
    movers: tuple[Mover, ...] = ()
    size_wh_px: tuple[int, int] = (320, 240)
    extra: dict[str, object] = field(default_factory=dict)

    def time_s(self, i: int) -> float:
        """Media seconds of frame ``i`` since the first frame."""
        return float((self.pts_ticks[i] - self.pts_ticks[0]) * self.time_base)

    def frames_in_view(self, mover: Mover, *, least_width_px: int = 1) -> list[int]:
        """Frames in which at least so many pixel columns of a figure are seen."""
        found = []
        for i in range(len(self.pts_ticks)):
            box = mover.box_at(self.time_s(i), self.size_wh_px)
            if box is not None and box[2] - box[0] >= least_width_px:
                found.append(i)
        return found


def street(size_wh_px: tuple[int, int] = (320, 240), *, seed: int = 7) -> NDArray[np.uint8]:
    """(H, W, 3) BGR picture of an empty street: wall with windows, pavement, asphalt."""
    width, height = size_wh_px
    rng = np.random.default_rng(seed)
    picture = np.empty((height, width, 3), np.float64)
    wall, pavement = int(height * 0.42), int(height * 0.55)
    picture[:wall], picture[wall:pavement], picture[pavement:] = (120, 135, 150), (150, 150, 152), (92, 92, 95)
    for x in range(width // 20, width - width // 10, width // 6):
        picture[height // 10 : height // 4, x : x + width // 12] = (80, 70, 60)
    picture[int(height * 0.78) : int(height * 0.8), :: max(1, width // 40)] = (200, 200, 200)
    grain = rng.normal(0, 9, (height // 2 + 1, width // 2 + 1, 1))
    picture += cv2.resize(grain, (width, height), interpolation=cv2.INTER_NEAREST)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def constant_pts(n_frames: int, *, rate: Fraction = RATE, time_base: Fraction = MP4_TIME_BASE) -> tuple[int, ...]:
    """Presentation times of a constant rate, starting at 0."""
    return tuple(int(i / rate / time_base) for i in range(n_frames))


def irregular_pts(n_frames: int, *, seed: int = 3, time_base: Fraction = MP4_TIME_BASE) -> tuple[int, ...]:
    """Presentation times with steps of 20 to 180 ms, drawn from a seed, starting at 0."""
    steps_s = np.random.default_rng(seed).integers(20, 181, n_frames - 1) / 1000
    ticks = np.concatenate([[0.0], np.cumsum(steps_s)]) / float(time_base)
    return tuple(int(value) for value in ticks.round())


def pictures(
    times_s: Iterable[float],
    movers: Sequence[Mover],
    *,
    size_wh_px: tuple[int, int] = (320, 240),
    seed: int = 7,
    presets: Sequence[tuple[float, NDArray[np.uint8]]] = (),
    sway_px: float = 0.0,
    sway_period_s: float = 1.0,
) -> Iterable[NDArray[np.uint8]]:
    """The street at each time, with what crosses it and a little sensor noise; the last as in :func:`make_clip`."""
    empty = street(size_wh_px, seed=seed)
    rng = np.random.default_rng(seed + 1)
    for time_s in times_s:
        picture = _turned_to(empty, presets, time_s).copy()
        for mover in movers:
            mover.draw(picture, time_s)
        if sway_px:
            away_px = sway_px * (0.5 - 0.5 * np.cos(2 * np.pi * time_s / sway_period_s))
            shift = np.array([[1, 0, away_px], [0, 1, 0]], np.float64)
            picture = np.asarray(cv2.warpAffine(picture, shift, size_wh_px, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        noise = rng.integers(-2, 3, picture.shape[:2])[..., None]
        yield np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def _turned_to(
    empty: NDArray[np.uint8], presets: Sequence[tuple[float, NDArray[np.uint8]]], time_s: float
) -> NDArray[np.uint8]:
    """What an empty scene looks like to a camera that swings to another preset within half a second."""
    before, now, since_s = empty, empty, 1e9
    for from_s, scene in presets:
        if time_s >= from_s:
            before, now, since_s = now, scene, time_s - from_s
    if since_s >= TURN_S:
        return now
    wide = np.concatenate([before, now], axis=1)
    at = round(before.shape[1] * since_s / TURN_S)
    return np.asarray(cv2.blur(wide[:, at : at + before.shape[1]], (25, 1)), np.uint8)


def make_clip(
    path: Path,
    *,
    n_frames: int = 50,
    pts_ticks: Sequence[int] | None = None,
    time_base: Fraction = MP4_TIME_BASE,
    movers: Sequence[Mover] = (),
    size_wh_px: tuple[int, int] = (320, 240),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    gop: int = 12,
    b_frames: int = 0,
    container_format: str | None = None,
    codec_options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    seed: int = 7,
    presets: Sequence[tuple[float, NDArray[np.uint8]]] = (),
    sway_px: float = 0.0,
    sway_period_s: float = 1.0,
) -> Clip:
    """Encode a clip with exactly the presentation times given; one thread, so that a run repeats.

    Args:
        path: File to write.
        n_frames: Number of frames at 12.5 a second, where no times are given.
        pts_ticks: Presentation times, ascending.
        time_base: Of the times.
        movers: What crosses.
        size_wh_px: Picture size, even.
        codec: PyAV encoder.
        pixel_format: Of the encoder.
        gop: Frames from keyframe to keyframe.
        b_frames: Most B-frames in a row.
        container_format: Muxer; None takes it from the suffix.
        codec_options: More options of the encoder.
        container_options: Options of the muxer.
        seed: Of the street.
        presets: (Instant, empty scene): from then on the camera is turned there; the street comes first.
        sway_px: How far the camera sways to one side and back, beginning and ending a period in its place.
        sway_period_s: Seconds from one sway to the next.
    """
    times = tuple(pts_ticks) if pts_ticks is not None else constant_pts(n_frames, time_base=time_base)
    options = {"threads": "1", **(codec_options or {})}
    if codec == "libx264":
        options = {"preset": "veryfast", "crf": "20", "sc_threshold": "0", "bf": str(b_frames), **options}
    if codec == "libx265":
        options = {"preset": "ultrafast", "x265-params": f"log-level=none:pools=none:bframes={b_frames}", **options}
    seconds = [float((tick - times[0]) * time_base) for tick in times]
    # Why: Matroska draws identifiers of its own by lot unless it is told to repeat to the bit.
    muxer = {"fflags": "+bitexact", **(container_options or {})}
    with av.open(str(path), "w", format=container_format, options=muxer) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size_wh_px
        stream.pix_fmt = pixel_format
        stream.time_base = stream.codec_context.time_base = time_base
        stream.codec_context.gop_size = gop
        drawn = pictures(
            seconds,
            movers,
            size_wh_px=size_wh_px,
            seed=seed,
            presets=presets,
            sway_px=sway_px,
            sway_period_s=sway_period_s,
        )
        for tick, picture in zip(times, drawn, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=pixel_format)
            frame.pts, frame.time_base = tick, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Clip(path=path, time_base=time_base, pts_ticks=times, movers=tuple(movers), size_wh_px=size_wh_px)


def run_ffmpeg(*arguments: str | Path) -> None:
    """Run the ffmpeg program that ships with imageio-ffmpeg; fails with what it said."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def sequential_decode(path: Path, *, forced_format: str | None = None) -> list[tuple[int | None, str]]:
    """(PTS, SHA-256 of the BGR pixels) of every frame, decoded from start to end by a second, plain reader."""
    found = []
    with av.open(str(path), format=forced_format) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for frame in container.decode(stream):
            found.append((frame.pts, pixel_sha256(frame.to_ndarray(format="bgr24"))))
    return found


def pixel_sha256(image_u8: NDArray[np.uint8]) -> str:
    """Hex SHA-256 of an image's pixels."""
    return hashlib.sha256(np.ascontiguousarray(image_u8).tobytes()).hexdigest()
