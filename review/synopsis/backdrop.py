# SPDX-License-Identifier: Apache-2.0
"""The empty scene for each lighting period, cleaned of everything that is known to move.

A recording is cut into periods of ten minutes, and further where the light jumps (infrared switches, lamps). Each
needed period is estimated when it is first asked for, from about fifteen frames, pixel by pixel from those in which no
known object covers the pixel; where an object covers it all along, frames of neighbouring periods help out. Only a few
periods are kept, so memory does not grow with the footage.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.background import gains_between
from indexer.findings import FindingKind
from indexer.media import FootageReader, iter_pictures
from indexer.records import Recording, RecordingId
from review.synopsis._jit import kernel
from review.synopsis._pixels import SourcePixels
from review.synopsis.presence import Presence
from review.synopsis.registration import Anchor, anchor_of, shift_between

__all__ = ["Allowed", "Backdrop", "BackdropKey", "Backdrops", "empty_scene", "frame_gains", "has_no_times", "inside"]

Allowed = Mapping[RecordingId, Sequence[tuple[int, int]]]
BackdropKey = tuple[RecordingId, int, int]
PERIOD_S: Final = 600
N_SAMPLES: Final = 15
LEAST_SAMPLES: Final = 7
PLAIN_PX: Final = 2_100_000
ENOUGH: Final = 3
KEPT: Final = 6
LUMA_JUMP: Final = 22.0
CHROMA_JUMP: Final = 9.0
CLOCK_LEVELS: Final = 35
ROW_REACH: Final = 0.6
WEAK_LEVELS: Final = 10.0
SWAY_PX: Final = 1.2
NEIGHBOURS: Final = (-1, 1, -2, 2, -4, 4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """The empty scene of one lighting period of one recording.

    Attributes:
        key: Recording, period and stretch between jumps of light; equal keys mean the same backdrop.
        image_bgr_u8: (H, W, 3).
        weak_u8: (H, W), grey levels that a pixel may differ by when nothing is there.
        sparse_f32: (h, w, 3) every few pixels of the image, for measuring exposure.
        stride: Pixels between those.
        is_usable: False when too little was seen to tell objects from it.
        anchor: Its edges, for telling how far a frame is displaced.
        is_steady: True when the camera was seen not to sway.
    """

    key: BackdropKey
    image_bgr_u8: NDArray[np.uint8]
    weak_u8: NDArray[np.uint8]
    sparse_f32: NDArray[np.float32]
    stride: int
    is_usable: bool
    anchor: Anchor
    is_steady: bool

    def shift_of(self, frame: SourcePixels, boxes_xyxy_px: NDArray[np.float32]) -> tuple[float, float] | None:
        """(dx, dy): what stands at p in the backdrop stands at p + d in the frame; zero for a steady camera.

        None when the frame does not tell.
        """
        if self.is_steady:
            return 0.0, 0.0
        return shift_between(self.anchor, anchor_of(frame.whole(), boxes_xyxy_px))


def frame_gains(frame: SourcePixels, backdrop: Backdrop) -> NDArray[np.float32]:
    """(3,) gain of a frame over its backdrop: what auto-exposure did."""
    return gains_between(frame.sparse(backdrop.stride), backdrop.sparse_f32)


def has_no_times(recording: Recording) -> bool:
    """True when the stream carries no times, so that ticks count frames and nothing can be sought."""
    return any(finding.kind is FindingKind.NO_TIME_BASE for finding in recording.findings)


def inside(span: tuple[int, int], recording_id: RecordingId, allowed: Allowed | None) -> list[tuple[int, int]]:
    """The parts of a half-open tick span that may be looked at.

    >>> inside((0, 10), RecordingId("r"), {RecordingId("r"): [(-5, 3), (8, 20)]})
    [(0, 3), (8, 10)]
    """
    if allowed is None or recording_id not in allowed:
        return [span]
    cut = [(max(span[0], first), min(span[1], end)) for first, end in allowed[recording_id]]
    return [(first, end) for first, end in cut if end > first]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sample:
    pts_ticks: int
    image_u8: NDArray[np.uint8]


class Backdrops:
    """Backdrops of all recordings of a synopsis, made when needed.

    Args:
        recordings: Recordings by identifier.
        presence: Who is where, to keep objects out of the scene.
        allowed: Half-open tick spans that may be looked at, by recording; None for all.
    """

    def __init__(
        self, recordings: Mapping[RecordingId, Recording], presence: Presence, *, allowed: Allowed | None = None
    ) -> None:
        self._allowed = allowed
        self._recordings = recordings
        self._presence = presence
        self._pace: dict[RecordingId, tuple[Fraction, int]] = {}
        self._made: OrderedDict[tuple[RecordingId, int], tuple[tuple[int, Backdrop], ...]] = OrderedDict()

    def at(self, recording_id: RecordingId, pts_ticks: int) -> Backdrop:
        """Backdrop of the lighting period that an instant lies in. Costs about a second when first asked for."""
        recording = self._recordings[recording_id]
        number = self._period_of(recording, pts_ticks)
        key = (recording_id, number)
        if key not in self._made:
            self._made[key] = self._make(recording, number)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        stretches = self._made[key]
        return next(
            backdrop for first, backdrop in reversed(stretches) if first <= pts_ticks or first == stretches[0][0]
        )

    def _period_of(self, recording: Recording, pts_ticks: int) -> int:
        if recording.recording_id not in self._pace:
            facts = recording.facts
            n_periods = max(1, round(facts.duration_s / PERIOD_S))
            self._pace[recording.recording_id] = n_periods * facts.time_base / facts.duration_s, n_periods
        pace, n_periods = self._pace[recording.recording_id]
        # Why: asked for every object of every frame, and fractions cost more than what they decide here.
        number = (pts_ticks - recording.facts.first_pts_ticks) * pace.numerator // pace.denominator
        return min(n_periods - 1, max(0, number))

    def _span_of(self, recording: Recording, number: int) -> tuple[int, int]:
        """First tick and end tick of a period."""
        facts = recording.facts
        n_periods = max(1, round(facts.duration_s / PERIOD_S))
        total = facts.last_pts_ticks - facts.first_pts_ticks + facts.median_step_ticks
        first = facts.first_pts_ticks + total * number // n_periods
        return first, facts.first_pts_ticks + total * (number + 1) // n_periods

    def _make(self, recording: Recording, number: int) -> tuple[tuple[int, Backdrop], ...]:
        span = self._span_of(recording, number)
        width, height = recording.facts.size_wh_px
        wanted = max(LEAST_SAMPLES, round(N_SAMPLES * min(1.0, PLAIN_PX / (width * height))))
        samples = self._look(recording, span, wanted)
        if not samples:
            grey = _Sample(pts_ticks=span[0], image_u8=np.full((height, width, 3), 96, np.uint8))
            return ((span[0], self._estimate(recording, (number, 0), [grey])),)
        stretches = _split_by_light(samples)
        made: list[tuple[int, Backdrop]] = []
        for index, stretch in enumerate(stretches):
            first = span[0] if index == 0 else (stretches[index - 1][-1].pts_ticks + stretch[0].pts_ticks) // 2
            made.append((first, self._estimate(recording, (number, index), stretch)))
        return tuple(made)

    def _look(self, recording: Recording, span: tuple[int, int], wanted: int) -> list[_Sample]:
        """Frames spread over those parts of a span that may be looked at."""
        parts = inside(span, recording.recording_id, self._allowed)
        total = sum(end - first for first, end in parts)
        return [
            sample
            for first, end in parts
            for sample in _samples(recording, (first, end), max(2, round(wanted * (end - first) / total)))
        ]

    def _estimate(self, recording: Recording, place: tuple[int, int], stretch: Sequence[_Sample]) -> Backdrop:
        images, covered, sways = self._stack(recording, stretch)
        image, spread, support = _clean_median(images, covered)
        for step in NEIGHBOURS:
            lacking = float((support < ENOUGH).mean())
            if lacking < 0.0005 or not self._has_period(recording, place[0] + step):
                continue
            more = self._look(recording, self._span_of(recording, place[0] + step), 4)
            if not more:
                continue
            extra_images, extra_covered, _ = self._stack(recording, more, reference=image)
            images, covered = np.concatenate([images, extra_images]), np.concatenate([covered, extra_covered])
            filled, spread_all, support_all = _clean_median(images, covered)
            lacks = support < ENOUGH
            image[lacks], spread[lacks], support[lacks] = filled[lacks], spread_all[lacks], support_all[lacks]
        key = (recording.recording_id, *place)
        return _backdrop_of(key, image, spread, is_usable=len(stretch) >= ENOUGH, is_steady=not sways)

    def _has_period(self, recording: Recording, number: int) -> bool:
        return 0 <= number < max(1, round(recording.facts.duration_s / PERIOD_S))

    def _stack(
        self, recording: Recording, samples: Sequence[_Sample], *, reference: NDArray[np.uint8] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_], bool]:
        """Samples of one exposure and place, (K, H, W, 3); where objects cover them; whether the camera sways."""
        height, width = samples[0].image_u8.shape[:2]
        usable = [sample for sample in samples if sample.image_u8.shape[:2] == (height, width)]
        lightness = np.array([float(sample.image_u8[::8, ::8].mean()) for sample in usable])
        middle = usable[int(np.argsort(lightness)[len(usable) // 2])].image_u8
        target = (middle if reference is None else reference).astype(np.float32)
        stride = max(1, round((height * width / 60_000) ** 0.5))
        images = np.empty((len(usable), height, width, 3), np.uint8)
        covered = np.zeros((len(usable), height, width), bool)
        anchor = anchor_of(middle if reference is None else reference)
        boxes_of = [self._presence.at(recording.recording_id, sample.pts_ticks)[2] for sample in usable]
        shifts = [
            shift_between(anchor, anchor_of(sample.image_u8, boxes))
            for sample, boxes in zip(usable, boxes_of, strict=True)
        ]
        known = np.abs(np.array([shift for shift in shifts if shift is not None])).reshape(-1, 2).max(axis=1)
        sways = bool(len(known) >= ENOUGH and float(np.percentile(known, 70)) > SWAY_PX)
        for k, sample in enumerate(usable):
            gains = gains_between(sample.image_u8[::stride, ::stride], target[::stride, ::stride])
            images[k] = sample.image_u8
            if np.abs(gains - 1).max() > 0.01:
                table = np.clip(np.arange(256, dtype=np.uint8)[:, None] / gains, 0, 255).astype(np.uint8)
                images[k] = cv2.LUT(sample.image_u8, table[None])
            dx, dy = shifts[k] or (0.0, 0.0)
            if sways and shifts[k] is None:
                # Why: a frame of unknown place would smear the scene.
                covered[k] = True
            elif sways:
                move = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
                images[k] = cv2.warpAffine(images[k], move, (width, height), borderMode=cv2.BORDER_REPLICATE)
            for x0, y0, x1, y1 in boxes_of[k]:
                grow = 4 + 0.08 * max(x1 - x0, y1 - y0)
                rows = slice(max(0, int(y0 - dy - grow)), max(0, int(y1 - dy + grow)))
                covered[k, rows, max(0, int(x0 - dx - grow)) : max(0, int(x1 - dx + grow))] = True
        return images, covered, sways


def empty_scene(images_bgr_u8: Sequence[NDArray[np.uint8]]) -> Backdrop:
    """The empty scene of pictures in which nobody stands, of no recording; for trying things out."""
    stacked = np.stack(list(images_bgr_u8))
    image, spread, _ = _clean_median(stacked, np.zeros(stacked.shape[:3], bool))
    return _backdrop_of((RecordingId(""), 0, 0), image, spread, is_usable=True, is_steady=True)


def _backdrop_of(
    key: BackdropKey, image: NDArray[np.uint8], spread: NDArray[np.uint8], *, is_usable: bool, is_steady: bool
) -> Backdrop:
    _hide_clock(image, spread)
    weak = np.clip(WEAK_LEVELS + 2.5 * spread.astype(np.float32), 0, 90)
    edges = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).max(axis=2)
    weak = np.maximum(weak, 0.35 * edges.astype(np.float32))
    # Why: gains_between takes every fourth pixel of what it is given; about 700 of them tell the exposure.
    stride = 2 * max(1, round((image.shape[0] * image.shape[1] / (16 * 700)) ** 0.5 / 2))
    return Backdrop(
        key=key,
        image_bgr_u8=image,
        weak_u8=np.clip(weak, 0, 120).astype(np.uint8),
        sparse_f32=image[::stride, ::stride].astype(np.float32),
        stride=stride,
        is_usable=is_usable,
        anchor=anchor_of(image),
        is_steady=is_steady,
    )


def _samples(recording: Recording, span: tuple[int, int], wanted: int) -> list[_Sample]:
    """Up to about ``wanted`` frames spread over a span: keyframes where there are enough, else every n-th frame."""
    facts = recording.facts
    kept: list[_Sample] = []
    if has_no_times(recording):
        step = max(1, facts.n_packets // wanted)
        pictures = iter_pictures(recording.path, stream_index=facts.stream_index, forced_format=facts.forced_format)
        for number, picture in enumerate(islice(pictures, step * wanted)):
            if number % step == 0:
                kept.append(_Sample(pts_ticks=number, image_u8=picture.bgr_u8()))
        return kept
    step_ticks = max(1, (span[1] - span[0]) // (wanted + 1))
    # Why: opening the file of a day takes a third of a second, so it is opened once for all of them.
    with FootageReader(recording.path, stream_index=facts.stream_index, forced_format=facts.forced_format) as reader:
        times = reader.keyframe_times(*span, min_step_ticks=step_ticks)
        if len(times) >= wanted // 2 or (span[1] - span[0]) * facts.time_base > 2 * PERIOD_S:
            for pts in times:
                kept += [
                    _Sample(pts_ticks=picture.pts_ticks, image_u8=picture.bgr_u8())
                    for picture in islice(reader.pictures(pts), 1)
                    if picture.pts_ticks is not None
                ]
            return kept
    due = span[0]
    for picture in iter_pictures(
        recording.path,
        start_pts_ticks=span[0],
        end_pts_ticks=span[1],
        stream_index=facts.stream_index,
        forced_format=facts.forced_format,
    ):
        if picture.pts_ticks is not None and picture.pts_ticks >= due:
            kept.append(_Sample(pts_ticks=picture.pts_ticks, image_u8=picture.bgr_u8()))
            due = picture.pts_ticks + step_ticks
    return kept


def _split_by_light(samples: Sequence[_Sample]) -> list[list[_Sample]]:
    """Stretches between jumps of luma or saturation that last; a single odd sample is no jump."""
    small = [
        cv2.resize(sample.image_u8, (32, 18), interpolation=cv2.INTER_AREA).astype(np.float32) for sample in samples
    ]
    luma = np.array([float(np.median(image.mean(axis=2))) for image in small])
    chroma = np.array([float(np.median(np.ptp(image, axis=2))) for image in small])
    stretches: list[list[_Sample]] = [[samples[0]]]
    for k in range(1, len(samples)):
        before, after = slice(max(0, k - 2), k), slice(k, k + 2)
        is_jump = (
            (
                abs(np.median(luma[after]) - np.median(luma[before])) > LUMA_JUMP
                or abs(np.median(chroma[after]) - np.median(chroma[before])) > CHROMA_JUMP
            )
            and len(samples) - k >= 2
            and len(stretches[-1]) >= 2
        )
        if is_jump:
            stretches.append([])
        stretches[-1].append(samples[k])
    return stretches


def _hide_clock(image: NDArray[np.uint8], spread: NDArray[np.uint8]) -> None:
    """Coarsen, in place, the running digits of a burnt-in clock: a scene of no instant must not show a time.

    They are small, near the upper or lower border, change between black and white, and fill their box from left to
    right in nearly every row; a slanting line of the ground that trembles with the camera does not.
    """
    height, width = spread.shape
    changing = (spread > CLOCK_LEVELS).astype(np.uint8)
    changing[round(0.16 * height) : round(0.84 * height)] = 0
    closed = cv2.morphologyEx(changing, cv2.MORPH_CLOSE, np.ones((5, max(5, width // 80)), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    for x, y, wide, tall, area in stats[1:count].tolist():
        is_small = 5 <= tall <= 0.08 * height and wide <= 0.4 * width and area >= max(24, 0.3 * wide * tall)
        if is_small and _fills_rows(changing[y : y + tall, x : x + wide]):
            grow = max(2, tall // 5)
            part = image[max(0, y - grow) : y + tall + grow, max(0, x - grow) : x + wide + grow]
            part[:] = cv2.blur(cv2.medianBlur(part, 5), (2 * wide + 1, 2 * tall + 1))


def _fills_rows(changing: NDArray[np.uint8]) -> bool:
    """True where the pixels that are not 0 reach across most of the box in most rows."""
    wide = changing.shape[1]
    first = np.argmax(changing > 0, axis=1)
    last = wide - 1 - np.argmax(changing[:, ::-1] > 0, axis=1)
    reach = np.where(changing.any(axis=1), last - first + 1, 0)
    return bool(np.median(reach) >= ROW_REACH * wide)


@kernel
def _clean_median(
    images: NDArray[np.uint8], covered: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Per pixel: median of uncovered samples (of all when there is none), their spread, and how many there were."""
    n, height, width = covered.shape
    image = np.empty((height, width, 3), np.uint8)
    spread = np.zeros((height, width), np.uint8)
    support = np.zeros((height, width), np.uint8)
    row = np.empty((n, 3 * width), np.uint8)
    for y in range(height):
        for x in range(width):
            free = 0
            for k in range(n):
                free += 0 if covered[k, y, x] else 1
            support[y, x] = min(free, 255)
        for k in range(n):
            for x in range(width):
                # Why: what is covered sorts to the end, so the first ones are the samples that count.
                is_out = covered[k, y, x] and support[y, x] > 0
                for c in range(3):
                    row[k, 3 * x + c] = 255 if is_out else images[k, y, x, c]
        _sort_columns(row)
        for x in range(width):
            m = int(support[y, x]) if support[y, x] > 0 else n
            for c in range(3):
                image[y, x, c] = row[m // 2, 3 * x + c]
                # Why: half the distance of the quartiles is a spread that a passing stranger does not move.
                quarter = int(row[min((3 * m) // 4, m - 1), 3 * x + c]) - int(row[m // 4, 3 * x + c])
                spread[y, x] = max(spread[y, x], quarter // 2 + 1)
    return image, spread, support


@kernel
def _sort_columns(row: NDArray[np.uint8]) -> None:
    """Sort every column in place, all columns at once: neighbours change places until all is in order."""
    n, width = row.shape
    for turn in range(n):
        for k in range(turn % 2, n - 1, 2):
            upper, lower = row[k], row[k + 1]
            for x in range(width):
                a, b = upper[x], lower[x]
                upper[x] = min(a, b)
                lower[x] = max(a, b)
