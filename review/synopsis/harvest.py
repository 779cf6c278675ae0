# SPDX-License-Identifier: Apache-2.0
"""Gathers, for each film frame of one camera, the backdrop and the patches that stand on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
Vote = tuple[Backdrop, NDArray[np.float32]]


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
        has_clock: True when the time of day of any of its objects is known.
    """

    camera: str
    tubes: tuple[Tube, ...]
    layout: Layout
    recordings: Mapping[RecordingId, Recording]
    size_wh_px: tuple[int, int]
    span_us: tuple[int, int]
    first_frame: int = 0
    has_clock: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """One object in one film frame: its pixels, and where they come from.

    Attributes:
        tube: Index in the plan.
        patch: Its pixels and weights, source coordinates.
        pts_ticks: PTS that the decoder gave with those pixels.
        sample: Number of the sample of the tube.
        time_us: Instant of the sample on the camera's axis.
        box_xyxy_px: Its box, source pixels.
        move_px: (dx, dy) by which it is drawn aside of its source place, because its camera swayed against the
            backdrop that the film shows.
        opacity: 0 to 1; less than 1 only where a piece of a track starts or ends.
    """

    tube: int
    patch: Patch
    pts_ticks: int
    sample: int
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


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """What is remembered of an object while it is in the film; a later sample makes another of these."""

    sample: int = -1
    patch: Patch | None = None
    pts_ticks: int = -1
    scene: Backdrop | None = None
    gains: NDArray[np.float32] = field(default_factory=lambda: np.ones(3, np.float32))
    shift_px: tuple[float, float] = (0.0, 0.0)


class Harvester:
    """Walks a plan forward, one film frame at a time, from any frame on.

    Args:
        plan: What to show.
        presence: Every known object, shown or not, so that no stranger's pixels or head come along.
        unmasked: Tracks whose head or plate is shown.
        allowed: Tick spans that may be looked at, by recording; None for all.
        opening: Recording and PTS whose empty scene is shown until an object asks for another; None shows grey.
    """

    def __init__(
        self,
        plan: PanelPlan,
        presence: Presence,
        *,
        unmasked: frozenset[TrackId],
        allowed: Allowed | None = None,
        opening: tuple[RecordingId, int] | None = None,
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
        self._shown: dict[int, _Shown] = {}
        self._opening = opening
        self._backdrop: Backdrop | None = None
        self._gains = np.ones(3, np.float32)
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
        self._reels.close()

    def frame(self, frame: int) -> PanelFrame:
        """What stands in a film frame of this panel; frames must be asked for in ascending order."""
        self._step_to(frame)
        due = [(index, self._sample_at(index, frame)) for index in self._active]
        votes: list[Vote] = []
        # Why: the tubes of a unit share one reader, which only goes forward.
        for index, sample in sorted(due, key=lambda item: int(self._plan.tubes[item[0]].pts_ticks[item[1]])):
            votes += self._renew(index, sample)
        self._choose_backdrop(votes)
        standing = tuple(
            self._stand(index, frame, self._shown[index])
            for index in self._active
            if self._shown[index].patch is not None
        )
        return PanelFrame(
            frame=frame,
            backdrop=self._backdrop,
            gains=self._gains,
            standing=standing,
            n_missing=len(self._active) - len(standing),
        )

    def _sample_at(self, index: int, frame: int) -> int:
        relative = frame - int(self._first[index])
        return int(np.searchsorted(self._offsets[index], relative, side="right")) - 1

    def _renew(self, index: int, sample: int) -> list[Vote]:
        """Cut a tube whose sample changed; the scene that the new picture asks for."""
        before = self._shown.get(index, _Shown())
        if sample == before.sample and before.patch is not None:
            return []
        after = self._shown[index] = self._cut(index, sample, before)
        is_new = after.scene is not None and after.pts_ticks != before.pts_ticks
        return [(after.scene, after.gains)] if is_new and after.scene is not None else []

    def _move_of(self, shown: _Shown) -> tuple[int, int]:
        backdrop = self._backdrop
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
            self._active.append(int(self._by_start[self._next]))
            self._next += 1
        for index in [i for i in self._active if self._end[i] <= frame]:
            self._active.remove(index)
            self._shown.pop(index, None)
            unit = int(self._plan.layout.unit[index])
            if self._unit_end[unit] <= frame:
                self._reels.release(unit)

    def _stand(self, index: int, frame: int, shown: _Shown) -> Standing:
        tube = self._plan.tubes[index]
        assert shown.patch is not None
        relative = frame - int(self._first[index])
        opacity = 1.0
        if tube.is_cut_before:
            opacity = min(opacity, (relative + 1) / FADE_FRAMES)
        if tube.is_cut_after:
            opacity = min(opacity, (int(self._end[index]) - frame) / FADE_FRAMES)
        return Standing(
            tube=index,
            patch=shown.patch,
            pts_ticks=shown.pts_ticks,
            sample=shown.sample,
            time_us=int(tube.time_us[shown.sample]),
            box_xyxy_px=tube.boxes_xyxy_px[shown.sample],
            move_px=self._move_of(shown),
            opacity=opacity,
        )

    def _cut(self, index: int, sample: int, before: _Shown) -> _Shown:
        tube = self._plan.tubes[index]
        unit = int(self._plan.layout.unit[index])
        source = self._reels.frame(unit, tube.recording_id, int(tube.pts_ticks[sample]))
        if source is None or (source.pts_ticks == before.pts_ticks and before.patch is not None):
            return replace(before, sample=sample)
        scene = self._backdrops.at(tube.recording_id, source.pts_ticks)
        is_due = before.scene is not scene or sample % GAINS_EVERY == 0
        gains = frame_gains(source, scene) if is_due else before.gains
        names, classes, boxes = self._presence.at(tube.recording_id, source.pts_ticks)
        # Why: a frame that does not tell its sway keeps that of the frame before.
        shift_px = scene.shift_of(source, boxes) or before.shift_px
        box = tube.boxes_xyxy_px[sample]
        apart = [
            boxes[k]
            for k, name in enumerate(names)
            if name not in self._tracks_of[unit] and _iou(boxes[k], box) < SAME_OBJECT_IOU
        ]
        patch = cut_patch(
            source,
            box,
            scene,
            gains,
            shift_px=shift_px,
            rivals_xyxy_px=np.array(apart, np.float32).reshape(-1, 4),
            before=before.patch,
        )
        own = [(tube.track_id, tube.class_name, box)]
        others = [(n, c, b) for n, c, b in zip(names, classes, boxes, strict=True) if n != tube.track_id]
        for name, class_name, area in [*own, *others]:
            if name not in self._unmasked and _meets(patch, area):
                _mask(patch, class_name, area)
        return _Shown(
            sample=sample, patch=patch, pts_ticks=source.pts_ticks, scene=scene, gains=gains, shift_px=shift_px
        )

    def _choose_backdrop(self, votes: Sequence[Vote]) -> None:
        if not votes:
            if self._backdrop is None and self._opening is not None:
                self._backdrop = self._backdrops.at(*self._opening)
            return
        keys = [backdrop.key for backdrop, _ in votes]
        if self._backdrop is None or self._backdrop.key not in keys:
            middle = sorted(range(len(keys)), key=lambda k: keys[k])[len(keys) // 2]
            self._backdrop, self._gains = votes[middle]
            return
        wanted = np.mean([gains for backdrop, gains in votes if backdrop.key == self._backdrop.key], axis=0)
        self._gains = np.asarray(self._gains + 0.2 * (wanted - self._gains), np.float32)


def _meets(patch: Patch, box: NDArray[np.float32]) -> bool:
    """True where a box, or what must not be recognised a little beyond it, lies in a patch."""
    height, width = patch.weight_f32.shape
    around = 0.05 * float(max(box[2] - box[0], box[3] - box[1])) + 1
    return bool(
        box[0] - around < patch.x_px + width
        and box[2] + around > patch.x_px
        and box[1] - around < patch.y_px + height
        and box[3] + around > patch.y_px
    )


def _mask(patch: Patch, class_name: str, box: NDArray[np.float32]) -> None:
    for x0, y0, x1, y1 in private_boxes(class_name, box):
        place = (x0 - patch.x_px, y0 - patch.y_px, x1 - patch.x_px, y1 - patch.y_px)
        is_plate = class_name not in {"person", "bicycle", "motorcycle"}
        coarsen(patch.image_bgr_u8, place, is_plate=is_plate, weight_f32=None if is_plate else patch.weight_f32)


def _iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    w = float(min(a[2], b[2]) - max(a[0], b[0]))
    h = float(min(a[3], b[3]) - max(a[1], b[1]))
    if w <= 0 or h <= 0:
        return 0.0
    shared = w * h
    return shared / float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
