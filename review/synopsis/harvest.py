# SPDX-License-Identifier: Apache-2.0
"""Gathers, for each film frame of one camera, the backdrop and the patches that stand on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import Recording, RecordingId, TrackId
from review.synopsis.backdrop import Allowed, Backdrop, BackdropKey, Backdrops, frame_gains
from review.synopsis.layout import Layout
from review.synopsis.presence import Presence
from review.synopsis.privacy import coarsen, private_boxes
from review.synopsis.reels import Reels
from review.synopsis.registration import shift_between
from review.synopsis.silhouette import Patch, cut_patch
from review.synopsis.tubes import Tube, frames_of

__all__ = ["Harvester", "PanelFrame", "PanelPlan", "Standing"]

FADE_FRAMES: Final = 6
SAME_OBJECT_IOU: Final = 0.6
GAINS_EVERY: Final = 4
WORKERS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelPlan:
    """What one camera shows and when.

    Attributes:
        camera: Camera identifier.
        tubes: Its tubes, in source order.
        layout: Where each tube goes.
        recordings: Recordings of the synopsis.
        size_wh_px: Picture size of the panel, the largest of its recordings.
        span_us: First and last instant of its footage on the camera's axis.
        first_frame: Film frame at which the panel starts.
    """

    camera: str
    tubes: tuple[Tube, ...]
    layout: Layout
    recordings: Mapping[RecordingId, Recording]
    size_wh_px: tuple[int, int]
    span_us: tuple[int, int]
    first_frame: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """One object in one film frame: its pixels, and where they come from.

    Attributes:
        tube: Index in the plan.
        patch: Its pixels and weights, source coordinates.
        pts_ticks: PTS that the decoder gave with those pixels.
        time_us: Instant of the sample on the camera's axis.
        box_xyxy_px: Its box, source pixels.
        move_px: (dx, dy) by which it is drawn aside of its source place, because its camera swayed against the
            backdrop that the film shows.
        opacity: 0 to 1; less than 1 only where a piece of a track starts or ends.
    """

    tube: int
    patch: Patch
    pts_ticks: int
    time_us: int
    box_xyxy_px: NDArray[np.float32]
    move_px: tuple[int, int]
    opacity: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelFrame:
    """Everything that one film frame of a camera is painted from."""

    frame: int
    backdrop: Backdrop | None
    gains: NDArray[np.float32]
    standing: tuple[Standing, ...]
    n_missing: int


@dataclass(slots=True)
class _Shown:
    """What is remembered of an object while it is in the film."""

    sample: int = -1
    patch: Patch | None = None
    pts_ticks: int = -1
    scene: Backdrop | None = None
    gains: NDArray[np.float32] = field(default_factory=lambda: np.ones(3, np.float32))
    shift_px: tuple[float, float] = (0.0, 0.0)


class Harvester:
    """Walks a plan forward, one film frame at a time.

    Args:
        plan: What to show.
        presence: Every known object, shown or not, so that no stranger's pixels or head come along.
        unmasked: Tracks whose head or plate is shown.
        allowed: Tick spans that may be looked at, by recording; None for all.
    """

    def __init__(
        self,
        plan: PanelPlan,
        presence: Presence,
        *,
        unmasked: frozenset[TrackId],
        allowed: Allowed | None = None,
    ) -> None:
        self._plan, self._presence, self._unmasked = plan, presence, unmasked
        self._reels = Reels(plan.recordings)
        self._backdrops = Backdrops(plan.recordings, presence, allowed=allowed)
        tubes, layout = plan.tubes, plan.layout
        self._offsets = [frames_of(t.time_us, origin_us=t.start_us, rate=layout.rate) for t in tubes]
        units: dict[int, list[int]] = {}
        for index, unit in enumerate(layout.unit.tolist()):
            units.setdefault(unit, []).append(index)
        self._align(units)
        self._first = np.array([layout.start_frame[i] for i in range(len(tubes))], np.int64)
        self._end = np.array([self._first[i] + self._offsets[i][-1] + 1 for i in range(len(tubes))], np.int64)
        self._unit_end = {unit: int(max(self._end[i] for i in members)) for unit, members in units.items()}
        self._tracks_of = {unit: frozenset(tubes[i].track_id for i in members) for unit, members in units.items()}
        self._by_start = np.argsort(self._first, kind="stable")
        self._next = 0
        self._active: list[int] = []
        self._shown = {}  # type: dict[int, _Shown]
        self._backdrop: Backdrop | None = None
        self._gains = np.ones(3, np.float32)
        self._workers = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="synopsis-cut")
        self._between: dict[tuple[BackdropKey, BackdropKey], tuple[float, float]] = {}

    def _align(self, units: dict[int, list[int]]) -> None:
        """Count the frames of a unit's tubes from one origin, so that they show the same source frame together."""
        for members in units.values():
            origin_us = min(self._plan.tubes[i].start_us for i in members)
            for i in members:
                absolute = frames_of(self._plan.tubes[i].time_us, origin_us=origin_us, rate=self._plan.layout.rate)
                self._offsets[i] = absolute - absolute[0]

    @property
    def n_decoded(self) -> int:
        """Source frames decoded so far for objects."""
        return self._reels.n_decoded

    def close(self) -> None:
        """Release every file."""
        self._workers.shutdown()
        self._reels.close()

    def frame(self, frame: int) -> PanelFrame:
        """What stands in a film frame of this panel; frames must be asked for in ascending order."""
        self._step_to(frame)
        votes = self._cut_due(frame)
        standing = [found for index in self._active if (found := self._stand(index, frame)) is not None]
        self._choose_backdrop(votes)
        settled = tuple(replace(item, move_px=self._move_of(item.tube)) for item in standing)
        return PanelFrame(
            frame=frame,
            backdrop=self._backdrop,
            gains=self._gains,
            standing=settled,
            n_missing=len(self._active) - len(standing),
        )

    def _sample_at(self, index: int, frame: int) -> int:
        relative = frame - int(self._first[index])
        return int(np.searchsorted(self._offsets[index], relative, side="right")) - 1

    def _cut_due(self, frame: int) -> list[tuple[Backdrop, NDArray[np.float32]]]:
        """Cut every object whose sample changed; units side by side, the tubes of a unit in turn."""
        due: dict[int, list[tuple[int, int]]] = {}
        for index in self._active:
            sample = self._sample_at(index, frame)
            if sample != self._shown[index].sample or self._shown[index].patch is None:
                due.setdefault(int(self._plan.layout.unit[index]), []).append((index, sample))
        results = self._workers.map(self._cut_unit, due.values())
        return [vote for votes in results for vote in votes]

    def _cut_unit(self, due: Sequence[tuple[int, int]]) -> list[tuple[Backdrop, NDArray[np.float32]]]:
        votes = [self._cut(index, sample) for index, sample in due]
        return [vote for vote in votes if vote is not None]

    def _move_of(self, index: int) -> tuple[int, int]:
        shown, backdrop = self._shown[index], self._backdrop
        if shown.scene is None or backdrop is None:
            return 0, 0
        between = (0.0, 0.0)
        if shown.scene.key != backdrop.key:
            pair = (shown.scene.key, backdrop.key)
            if pair not in self._between:
                dx, dy = shift_between(backdrop.anchor, shown.scene.anchor) or (0.0, 0.0)
                self._between[pair] = (dx, dy) if max(abs(dx), abs(dy)) >= 1.0 else (0.0, 0.0)
            between = self._between[pair]
        return -round(shown.shift_px[0] + between[0]), -round(shown.shift_px[1] + between[1])

    def _step_to(self, frame: int) -> None:
        while self._next < len(self._by_start) and self._first[self._by_start[self._next]] <= frame:
            index = int(self._by_start[self._next])
            self._active.append(index)
            self._shown[index] = _Shown()
            self._next += 1
        for index in [i for i in self._active if self._end[i] <= frame]:
            self._active.remove(index)
            del self._shown[index]
            unit = int(self._plan.layout.unit[index])
            if self._unit_end[unit] <= frame:
                self._reels.release(unit)

    def _stand(self, index: int, frame: int) -> Standing | None:
        tube, shown = self._plan.tubes[index], self._shown[index]
        relative = frame - int(self._first[index])
        if shown.patch is None:
            return None
        opacity = 1.0
        if tube.is_cut_before:
            opacity = min(opacity, (relative + 1) / FADE_FRAMES)
        if tube.is_cut_after:
            opacity = min(opacity, (int(self._end[index]) - frame) / FADE_FRAMES)
        return Standing(
            tube=index,
            patch=shown.patch,
            pts_ticks=shown.pts_ticks,
            time_us=int(tube.time_us[shown.sample]),
            box_xyxy_px=tube.boxes_xyxy_px[shown.sample],
            move_px=(0, 0),
            opacity=opacity,
        )

    def _cut(self, index: int, sample: int) -> tuple[Backdrop, NDArray[np.float32]] | None:
        tube, shown = self._plan.tubes[index], self._shown[index]
        unit = int(self._plan.layout.unit[index])
        source = self._reels.frame(unit, tube.recording_id, int(tube.pts_ticks[sample]))
        shown.sample = sample
        if source is None or (source.pts_ticks == shown.pts_ticks and shown.patch is not None):
            return None
        backdrop = self._backdrops.at(tube.recording_id, source.pts_ticks)
        if shown.scene is not backdrop or sample % GAINS_EVERY == 0:
            shown.gains = frame_gains(source.image_bgr_u8, backdrop)
        names, classes, boxes = self._presence.at(tube.recording_id, source.pts_ticks)
        # Why: a frame that does not tell its sway keeps that of the frame before.
        shown.shift_px = backdrop.shift_of(source.image_bgr_u8, boxes) or shown.shift_px
        shown.scene = backdrop
        box = tube.boxes_xyxy_px[sample]
        apart = [
            boxes[k]
            for k, name in enumerate(names)
            if name not in self._tracks_of[unit] and _iou(boxes[k], box) < SAME_OBJECT_IOU
        ]
        shown.patch = cut_patch(
            source.image_bgr_u8,
            box,
            backdrop,
            shown.gains,
            shift_px=shown.shift_px,
            rivals_xyxy_px=np.array(apart, np.float32).reshape(-1, 4),
            before=shown.patch,
        )
        shown.pts_ticks = source.pts_ticks
        own = [(tube.track_id, tube.class_name, box)]
        others = [(n, c, b) for n, c, b in zip(names, classes, boxes, strict=True) if n != tube.track_id]
        for name, class_name, area in [*own, *others]:
            if name not in self._unmasked:
                _mask(shown.patch, class_name, area)
        return backdrop, shown.gains

    def _choose_backdrop(self, votes: Sequence[tuple[Backdrop, NDArray[np.float32]]]) -> None:
        if not votes:
            return
        keys = [backdrop.key for backdrop, _ in votes]
        if self._backdrop is None or self._backdrop.key not in keys:
            middle = sorted(range(len(keys)), key=lambda k: keys[k])[len(keys) // 2]
            self._backdrop, self._gains = votes[middle]
            return
        wanted = np.mean([gains for backdrop, gains in votes if backdrop.key == self._backdrop.key], axis=0)
        self._gains = np.asarray(self._gains + 0.2 * (wanted - self._gains), np.float32)


def _mask(patch: Patch, class_name: str, box: NDArray[np.float32]) -> None:
    for x0, y0, x1, y1 in private_boxes(class_name, box):
        place = (x0 - patch.x_px, y0 - patch.y_px, x1 - patch.x_px, y1 - patch.y_px)
        coarsen(patch.image_bgr_u8, place, is_plate=class_name not in {"person", "bicycle", "motorcycle"})


def _iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    w = float(min(a[2], b[2]) - max(a[0], b[0]))
    h = float(min(a[3], b[3]) - max(a[1], b[1]))
    if w <= 0 or h <= 0:
        return 0.0
    shared = w * h
    return shared / float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
