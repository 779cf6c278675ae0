# SPDX-License-Identifier: Apache-2.0
"""Words on the film: time tags that never cover another object, the margin above, the time axis below."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.records import Recording
from indexer.ticks import seconds_of, utc_of
from review.synopsis._jit import kernel

__all__ = ["WATERMARK", "Letterer", "Place", "Tag", "axis_strip", "local_zone", "place_tags", "time_text"]

WATERMARK: Final = "SYNTHÈSE — objets d'instants différents"
INK: Final = (235, 235, 235)
GROUND: Final = (28, 26, 24)
MARK: Final = (80, 200, 255)
CACHE: Final = 4096
Box = tuple[float, float, float, float]
WEIGHT: Final = 500
N_ABOVE_BELOW: Final = 2
SHARES: Final = (0.5, 0.0, 1.0, 0.25, 0.75)
N_OWN: Final = 3
REACHES: Final = (2.5, 4.0, 6.0)
N_ANGLES: Final = 12
N_SPOTS: Final = N_ABOVE_BELOW + 2 * len(SHARES) + N_OWN + len(REACHES) * N_ANGLES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tag:
    """A rendered word: (h, w) weight of the ink."""

    text: str
    ink_f32: NDArray[np.float32]


class Letterer:
    """Renders words once and keeps them; sizes follow the width of the picture.

    Args:
        picture_wh_px: Width and height of the picture that the words go with.
    """

    def __init__(self, picture_wh_px: tuple[int, int]) -> None:
        self.size_px = int(np.clip(round(picture_wh_px[0] / 64), 10, 22))
        self._face = cv2.FontFace("sans")
        self._tags: OrderedDict[tuple[str, int], Tag] = OrderedDict()

    def tag(self, text: str, *, scale: float = 1.0) -> Tag:
        """The word as weights of ink; small glyphs, accents included."""
        size = max(8, round(self.size_px * scale))
        key = (text, size)
        if key not in self._tags:
            left, _, width, _ = cv2.getTextSize((0, 0), text, (4, 2 * size), self._face, size, WEIGHT)
            canvas = np.zeros((3 * size, left + width + 2 * size, 3), np.uint8)
            cv2.putText(canvas, text, (4, 2 * size), (255, 255, 255), self._face, size, WEIGHT)
            # Why: the announced width can fall short of the ink, and a time that loses a digit is another time.
            right = int(np.flatnonzero(canvas[:, :, 0].any(axis=0)).max(initial=left + width)) + 5
            top, bottom = max(0, 2 * size - round(0.95 * size)), 2 * size + round(0.35 * size)
            ink = canvas[top:bottom, :right, 0]
            self._tags[key] = Tag(text=text, ink_f32=(ink / 255.0).astype(np.float32))
            while len(self._tags) > CACHE:
                self._tags.popitem(last=False)
        self._tags.move_to_end(key)
        return self._tags[key]

    def write(
        self,
        image_bgr_u8: NDArray[np.uint8],
        tag: Tag,
        at_xy: tuple[int, int],
        *,
        ground: float = 0.55,
        ink: tuple[int, int, int] = INK,
    ) -> None:
        """Blend a word into an image in place, on a darkened ground; parts outside are cut."""
        x, y = at_xy
        height, width = image_bgr_u8.shape[:2]
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(width, x + tag.ink_f32.shape[1]), min(height, y + tag.ink_f32.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        weight = tag.ink_f32[y0 - y : y1 - y, x0 - x : x1 - x]
        _ink(image_bgr_u8[y0:y1, x0:x1], weight, 1.0 - ground, float(ink[0]), float(ink[1]), float(ink[2]))


@kernel
def _ink(
    region: NDArray[np.uint8], weight: NDArray[np.float32], ground: float, blue: float, green: float, red: float
) -> None:
    """Darken a region in place and lay ink on it."""
    ink = (blue, green, red)
    for y in range(weight.shape[0]):
        for x in range(weight.shape[1]):
            for c in range(3):
                below = region[y, x, c] * ground
                region[y, x, c] = np.uint8(below + (ink[c] - below) * weight[y, x])


def local_zone(recording: Recording) -> tzinfo:
    """Zone that the recorder's time was given in; UTC when it is unknown."""
    displayed = recording.clock.displayed_start
    return displayed.tzinfo if displayed is not None and displayed.tzinfo is not None else UTC


def time_text(recording: Recording, pts_ticks: int, *, parts: int = 0) -> str:
    """Corrected time of a PTS in the recorder's zone, or media time with a plus sign when the clock is unknown."""
    facts = recording.facts
    moment = utc_of(pts_ticks, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base, clock=recording.clock)
    if moment is not None:
        local = moment.astimezone(local_zone(recording))
        return local.strftime("%H:%M:%S") + (f",{local.microsecond // 10 ** (6 - parts):0{parts}d}" if parts else "")
    elapsed = seconds_of(pts_ticks - facts.first_pts_ticks, facts.time_base)
    whole = int(elapsed)
    text = f"+{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return text + (f",{int((elapsed - whole) * 10**parts):0{parts}d}" if parts else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a tag stands.

    Attributes:
        x_px: Left edge.
        y_px: Top edge.
        side: Number of the spot around the object, to prefer it in the next frame.
        leader_px: (x0, y0, x1, y1) of the thin line to an object that has no room beside it; None without.
    """

    x_px: int
    y_px: int
    side: int
    leader_px: tuple[int, int, int, int] | None = None


def place_tags(
    boxes_xyxy_px: NDArray[np.float64],
    sizes_wh_px: Sequence[tuple[int, int]],
    picture_wh_px: tuple[int, int],
    preferred: Sequence[int],
) -> tuple[Place | None, ...]:
    """Where each tag goes: beside its object, covering no other object and no other tag, nor does its line.

    Args:
        boxes_xyxy_px: (N, 4) boxes of all objects in the picture.
        sizes_wh_px: Size of each tag.
        picture_wh_px: Size of the picture.
        preferred: Side that each tag had before, -1 for none; kept while it is free, so that tags do not jump.

    Returns:
        Per object a place, or None where there is no free one at all.
    """
    boxes: list[Box] = [(float(b[0]), float(b[1]), float(b[2]), float(b[3])) for b in boxes_xyxy_px]
    tags: list[Box] = []
    places: list[Place | None] = []
    for index, size in enumerate(sizes_wh_px):
        others = boxes[:index] + boxes[index + 1 :]
        before = preferred[index] if 0 <= preferred[index] < N_SPOTS else -1
        order = chain((before,) if before >= 0 else (), (side for side in range(N_SPOTS) if side != before))
        tries = (
            _try(_spot(side, boxes[index], size), side, boxes[index], size, others, tags, picture_wh_px)
            for side in order
        )
        found = next((place for place in tries if place is not None), None)
        places.append(found)
        if found is not None:
            tags.append((found.x_px, found.y_px, found.x_px + size[0], found.y_px + size[1]))
    return tuple(places)


def _spot(side: int, box: Box, size_wh_px: tuple[int, int]) -> tuple[float, float, str]:
    """Corner to try for a tag, best first: beside the object, on its own box, then further away with a line."""
    (x0, y0, x1, y1), (width, height) = box, size_wh_px
    middle = (x0 + x1 - width) / 2
    if side < N_ABOVE_BELOW:
        return middle, (y0 - height - 3, y1 + 3)[side], "beside"
    side -= N_ABOVE_BELOW
    if side < 2 * len(SHARES):
        return (x1 + 4, x0 - width - 4)[side % 2], y0 + SHARES[side // 2] * (y1 - y0 - height), "beside"
    side -= 2 * len(SHARES)
    if side < N_OWN:
        return middle, (y1 - height - 2, y0 + 2, (y0 + y1 - height) / 2)[side], "own"
    reach = REACHES[(side - N_OWN) // N_ANGLES] * height
    angle = 2 * math.pi * ((side - N_OWN) % N_ANGLES) / N_ANGLES - math.pi / 2
    return middle + reach * 1.6 * math.cos(angle), (y0 + y1 - height) / 2 + reach * math.sin(angle), "far"


def _try(
    spot: tuple[float, float, str],
    side: int,
    box: Box,
    size_wh_px: tuple[int, int],
    others: Sequence[Box],
    tags: Sequence[Box],
    picture_wh_px: tuple[int, int],
) -> Place | None:
    width, height = size_wh_px
    x = int(min(max(spot[0], 0), picture_wh_px[0] - width))
    y = int(min(max(spot[1], 0), picture_wh_px[1] - height))
    tag = (x, y, x + width, y + height)
    if spot[2] != "own" and _meets(tag, box):
        return None
    if any(_meets(tag, other) for other in (*others, *tags)):
        return None
    if spot[2] != "far":
        return Place(x_px=x, y_px=y, side=side)
    a = (min(max((box[0] + box[2]) / 2, x), x + width), min(max((box[1] + box[3]) / 2, y), y + height))
    b = (min(max(a[0], box[0]), box[2]), min(max(a[1], box[1]), box[3]))
    along = [(a[0] + (b[0] - a[0]) * k / 16, a[1] + (b[1] - a[1]) * k / 16) for k in range(17)]
    points = [(px - 1, py - 1, px + 1, py + 1) for px, py in along]
    if any(_meets(point, other) for point in points for other in others):
        return None
    return Place(x_px=x, y_px=y, side=side, leader_px=(int(a[0]), int(a[1]), int(b[0]), int(b[1])))


def _meets(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def axis_strip(
    letterer: Letterer, width_px: int, height_px: int, *, start_us: int, end_us: int, has_clock: bool, zone: tzinfo
) -> NDArray[np.uint8]:
    """The time axis below the picture: a line with marks at round times, from the first footage to the last."""
    strip = np.full((height_px, width_px, 3), GROUND, np.uint8)
    line = height_px // 3
    strip[line : line + 1, 8 : width_px - 8] = (120, 120, 120)
    span_s = max(1, (end_us - start_us) // 1_000_000)
    room = max(2, width_px // (letterer.size_px * 7))
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
    step = next((s for s in steps if span_s / s <= room), steps[-1])
    shift_s = 0
    if has_clock:
        offset = datetime.fromtimestamp(start_us / 1e6, zone).utcoffset()
        shift_s = round(offset.total_seconds()) if offset else 0
    first = -(-(start_us // 1_000_000 + shift_s) // step) * step - shift_s
    for second in range(first, end_us // 1_000_000 + 1, step):
        x = 8 + round((width_px - 16) * (second * 1_000_000 - start_us) / max(1, end_us - start_us))
        strip[line - 3 : line + 4, x : x + 1] = (170, 170, 170)
        tag = letterer.tag(_clock_words(second, has_clock, zone, start_us, with_seconds=step < 60), scale=0.85)
        at = min(max(x - tag.ink_f32.shape[1] // 2, 0), width_px - tag.ink_f32.shape[1])
        letterer.write(strip, tag, (at, line + 6), ground=0.0, ink=(190, 190, 190))
    return strip


def _clock_words(second: int, has_clock: bool, zone: tzinfo, start_us: int, *, with_seconds: bool) -> str:
    if has_clock:
        return datetime.fromtimestamp(second, zone).strftime("%H:%M:%S" if with_seconds else "%H:%M")
    elapsed = str(timedelta(seconds=second - start_us // 1_000_000))
    return "+" + (elapsed if with_seconds else elapsed.rsplit(":", 1)[0])
