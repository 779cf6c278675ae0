# SPDX-License-Identifier: Apache-2.0
"""Small worlds for the synopsis tests: tubes by hand, and clips whose every object carries its frame number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.probe import probe
from indexer.records import Recording, RecordingId, Track, TrackId
from indexer.ticks import ClockRecord
from review.film import FilmWriter
from review.synopsis.tubes import Tube

__all__ = ["BITS", "Actor", "Clip", "make_clip", "read_number", "straight_tube", "tracks_of"]

BITS = 12
CELL_PX = 10
RATE_HZ = 5


def straight_tube(
    number: int,
    *,
    start_s: float,
    duration_s: float,
    from_xy: tuple[float, float],
    to_xy: tuple[float, float],
    size_wh: tuple[float, float] = (40.0, 100.0),
    class_name: str = "person",
    camera: str = "C1",
    picture_wh: tuple[int, int] = (640, 360),
    rate_hz: int = RATE_HZ,
) -> Tube:
    """A tube whose box centre moves from one point to another at an even pace."""
    n = max(1, round(duration_s * rate_hz))
    at = np.linspace(0, 1, n)[:, None]
    centre = np.array(from_xy) * (1 - at) + np.array(to_xy) * at
    half = np.array(size_wh) / 2
    boxes = np.hstack([centre - half, centre + half])
    boxes = np.clip(boxes, 0, [picture_wh[0], picture_wh[1]] * 2)
    ticks = round(start_s * rate_hz) + np.arange(n)
    return Tube(
        track_id=TrackId(f"t-{number:012x}"),
        recording_id=RecordingId("r-0000000000000000"),
        camera=camera,
        class_name=class_name,
        pts_ticks=ticks.astype(np.int64),
        boxes_xyxy_px=boxes.astype(np.float32),
        time_us=(ticks * (1_000_000 // rate_hz)).astype(np.int64),
        has_clock=False,
        size_wh_px=picture_wh,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A card that crosses the picture, with the frame number on it as white and black cells.

    Attributes:
        first: First frame.
        n_frames: Frames it is seen in.
        from_xy: Top left corner at the first frame.
        step_xy: Pixels per frame.
        class_name: Class of its track.
        rows: Cell rows of the card; more than one makes it taller.
        tint: Ground colour of the card, BGR.
    """

    first: int
    n_frames: int
    from_xy: tuple[int, int]
    step_xy: tuple[float, float] = (2.0, 0.0)
    class_name: str = "other"
    rows: int = 4
    tint: tuple[int, int, int] = (40, 160, 60)

    def box(self, frame: int) -> tuple[int, int, int, int]:
        """Box at a frame of the clip."""
        x = round(self.from_xy[0] + self.step_xy[0] * (frame - self.first))
        y = round(self.from_xy[1] + self.step_xy[1] * (frame - self.first))
        return x, y, x + (BITS // 2 + 1) * CELL_PX, y + (self.rows + 1) * CELL_PX


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A made clip as a recording, with the tracks of its actors."""

    recording: Recording
    tracks: tuple[Track, ...]


def paint_card(image: NDArray[np.uint8], actor: Actor, frame: int) -> None:
    """Draw a card and, in two rows of six cells, the bits of the frame number."""
    x0, y0, x1, y1 = actor.box(frame)
    image[y0:y1, x0:x1] = actor.tint
    for bit in range(BITS):
        column, row = bit % (BITS // 2), bit // (BITS // 2)
        x = x0 + CELL_PX // 2 + column * CELL_PX
        y = y0 + CELL_PX // 2 + row * CELL_PX
        image[y : y + CELL_PX, x : x + CELL_PX] = 235 if frame >> bit & 1 else 15


def read_number(image: NDArray[np.uint8], box_xy: tuple[int, int]) -> int:
    """The frame number on a card whose top left corner is given."""
    number = 0
    for bit in range(BITS):
        x = box_xy[0] + CELL_PX // 2 + (bit % (BITS // 2)) * CELL_PX
        y = box_xy[1] + CELL_PX // 2 + (bit // (BITS // 2)) * CELL_PX
        number |= int(image[y + 3 : y + CELL_PX - 3, x + 3 : x + CELL_PX - 3].mean() > 125) << bit
    return number


def make_clip(
    folder: Path,
    actors: Sequence[Actor],
    *,
    n_frames: int,
    size_wh: tuple[int, int] = (320, 240),
    rate: Fraction = Fraction(10),
    camera: str = "C1",
    name: str = "clip.mp4",
    start: datetime | None = datetime(2026, 3, 2, 21, 0, tzinfo=UTC),
    offset_ms: int = 0,
) -> Clip:
    """Encode a clip and probe it. The ground is a fixed texture; only the cards move."""
    path = folder / name
    chance = np.random.default_rng(7)
    coarse = chance.integers(70, 130, (size_wh[1] // 20, size_wh[0] // 20, 3), dtype=np.uint8)
    ground = np.kron(coarse, np.ones((20, 20, 1), np.uint8))
    with FilmWriter(path, size_wh_px=size_wh, rate=rate) as film:
        for frame in range(n_frames):
            image = ground.copy()
            for actor in actors:
                if actor.first <= frame < actor.first + actor.n_frames:
                    paint_card(image, actor, frame)
            film.write(image)
        film.finish(comment="made for a test")
    probed = probe(str(path))
    clock = ClockRecord(displayed_start=start, offset_ms=offset_ms, how_read="typed" if start else "unknown")
    recording = probed.recording(str(path), camera=camera, piece="1", clock=clock)
    return Clip(recording=recording, tracks=tracks_of(actors, recording, probed.packets.pts_ticks))


def tracks_of(actors: Sequence[Actor], recording: Recording, pts_ticks: NDArray[np.int64]) -> tuple[Track, ...]:
    """The true track of every actor."""
    tracks = []
    for number, actor in enumerate(actors):
        frames = np.arange(actor.first, actor.first + actor.n_frames)
        tracks.append(
            Track(
                track_id=TrackId(f"t-{recording.recording_id[2:8]}{number:06x}"),
                recording_id=recording.recording_id,
                camera=recording.camera,
                class_name=actor.class_name,
                class_score=1.0,
                class_model="made@1",
                frame_index=frames.astype(np.int32),
                pts_ticks=pts_ticks[frames],
                boxes_xyxy_px=np.array([actor.box(int(frame)) for frame in frames], np.float32),
                scores=np.ones(len(frames), np.float32),
                best_pts_ticks=int(pts_ticks[frames[len(frames) // 2]]),
            )
        )
    return tuple(tracks)
