# SPDX-License-Identifier: Apache-2.0
"""Paints film frames: backdrop, objects from far to near, a time beside each, margins above and below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.records import Recording
from review.synopsis._pixels import blended, resized
from review.synopsis._planes import PicturePlanes, Rect
from review.synopsis.backdrop import Backdrop
from review.synopsis.harvest import PanelFrame, PanelPlan, Standing
from review.synopsis.lettering import (
    GROUND,
    MARK,
    WATERMARK,
    Letterer,
    axis_strip,
    local_zone,
    place_tags,
    time_text,
)

__all__ = ["NO_TAG", "Drawn", "FilmPainter", "PanelPainter", "clock_words"]

CROSSFADE_FRAMES: Final = 12
GHOST_OPACITY: Final = 0.10
GAIN_STEP: Final = 0.008
LEADER: Final = (200, 200, 200)
NO_TAG: Final = -(1 << 63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One object that was drawn in a film frame.

    Attributes:
        panel: Number of its panel.
        tube: Index in the plan of that panel.
        sample: Number of the sample of the tube.
        box_xyxy_px: Where it stands, film pixels.
        pts_ticks: PTS that the decoder gave with its pixels.
        tag_ticks: PTS that the time beside it says; :data:`NO_TAG` when no place was free for it.
    """

    panel: int
    tube: int
    sample: int
    box_xyxy_px: tuple[int, int, int, int]
    pts_ticks: int
    tag_ticks: int


class PanelPainter:
    """Paints the picture and the axis of one camera.

    Args:
        number: Number of the panel.
        plan: What it shows.
    """

    def __init__(self, number: int, plan: PanelPlan) -> None:
        self._number, self._plan = number, plan
        self._letterer = Letterer(plan.size_wh_px)
        self._strip_px = round(self._letterer.size_px * 4.2) // 2 * 2
        first = next((r for r in plan.recordings.values() if r.camera == plan.camera), None)
        assert first is not None
        self._axis = axis_strip(
            self._letterer,
            plan.size_wh_px[0],
            self._strip_px,
            start_us=plan.span_us[0],
            end_us=plan.span_us[1],
            has_clock=plan.has_clock,
            zone=local_zone(first),
        )
        words = (
            f"Caméra {plan.camera} · {clock_words([r for r in plan.recordings.values() if r.camera == plan.camera])}"
        )
        tag = self._letterer.tag(words, scale=0.85)
        self._letterer.write(
            self._axis, tag, (8, self._strip_px - tag.ink_f32.shape[0] - 1), ground=0.0, ink=(170, 170, 170)
        )
        self._sides: dict[int, int] = {}
        self._scene: tuple[Backdrop, NDArray[np.float32], NDArray[np.uint8]] | None = None
        self._old_scene: NDArray[np.uint8] | None = None
        self._fade_left = 0
        self._drawn: list[Rect] = []
        self._on_canvas: NDArray[np.uint8] | None = None
        self.n_tags = 0
        self.n_tags_without_place = 0

    @property
    def size_wh_px(self) -> tuple[int, int]:
        """Width and height of picture and axis together."""
        width, height = self._plan.size_wh_px
        return width, height + self._strip_px

    def paint(
        self, frame: PanelFrame, canvas_bgr_u8: NDArray[np.uint8], corner_xy: tuple[int, int]
    ) -> tuple[list[Drawn], list[Rect]]:
        """Paint a frame into a view of the film.

        Args:
            frame: What to paint.
            canvas_bgr_u8: View of the film of the size of the panel, as the last call left it.
            corner_xy: Where that view lies in the film.

        Returns:
            What was drawn, in drawing order; and what changed, in pixels of the view.
        """
        width, height = self._plan.size_wh_px
        picture = canvas_bgr_u8[:height, :width]
        changed = self._paint_scene(frame, picture)
        self._drawn = []
        order = sorted(frame.standing, key=lambda s: (float(s.box_xyxy_px[3]) * self._scale(s)[1], s.tube))
        boxes = np.zeros((len(order), 4))
        for row, item in enumerate(order):
            scale = self._scale(item)
            moved = (item.box_xyxy_px + np.array(item.move_px * 2)) * np.array(scale * 2)
            boxes[row] = np.clip(moved, 0, [width, height, width, height])
            self._blend(item, picture, scale)
        tags = self._write_tags(order, boxes, picture)
        changed.append(self._paint_axis(order, canvas_bgr_u8[height:], height))
        self._forget({item.tube for item in order})
        drawn = [
            self._row(item, box, tag_ticks, corner_xy) for item, box, tag_ticks in zip(order, boxes, tags, strict=True)
        ]
        return drawn, changed + self._drawn

    def start_over(self) -> None:
        """Another panel has painted on the view: paint all of it the next time."""
        self._on_canvas = None

    def _scale(self, item: Standing) -> tuple[float, float]:
        size = self._plan.tubes[item.tube].size_wh_px
        return self._plan.size_wh_px[0] / size[0], self._plan.size_wh_px[1] / size[1]

    def _paint_scene(self, frame: PanelFrame, picture: NDArray[np.uint8]) -> list[Rect]:
        """Put the empty scene back wherever something else stands on it; the rectangles that changed."""
        everything = [(0, 0, picture.shape[1], picture.shape[0] + self._strip_px)]
        if frame.backdrop is None:
            picture[:] = 60
            self._on_canvas = None
            return everything
        if self._scene is None or self._scene[0].key != frame.backdrop.key:
            if self._scene is not None:
                self._old_scene, self._fade_left = self._scene[2], CROSSFADE_FRAMES
            self._scene = (frame.backdrop, frame.gains.copy(), self._lit(frame.backdrop, frame.gains))
        elif np.abs(frame.gains - self._scene[1]).max() > GAIN_STEP:
            self._scene = (frame.backdrop, frame.gains.copy(), self._lit(frame.backdrop, frame.gains))
        scene = self._scene[2]
        if self._fade_left > 0 and self._old_scene is not None:
            share = self._fade_left / (CROSSFADE_FRAMES + 1)
            picture[:] = cv2.addWeighted(self._old_scene, share, scene, 1 - share, 0)
            self._fade_left -= 1
            self._on_canvas = None
            return everything
        if self._on_canvas is not scene:
            picture[:] = scene
            self._on_canvas = scene
            return everything
        for x0, y0, x1, y1 in self._drawn:
            picture[y0:y1, x0:x1] = scene[y0:y1, x0:x1]
        return list(self._drawn)

    def _lit(self, backdrop: Backdrop, gains: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The backdrop at an exposure, with the watermark in it: below every object, so it covers none."""
        image = backdrop.image_bgr_u8
        width, height = self._plan.size_wh_px
        if image.shape[:2] != (height, width):
            image = resized(image, (width, height))
        table = np.clip(np.arange(256)[:, None] * gains, 0, 255).astype(np.uint8)[None]
        scene = cv2.LUT(image, table)
        tag = self._letterer.tag(WATERMARK, scale=2.2)
        while tag.ink_f32.shape[1] > 0.9 * width:
            tag = self._letterer.tag(WATERMARK, scale=2.0 * 0.85 * width / max(1, tag.ink_f32.shape[1]))
        x, y = (width - tag.ink_f32.shape[1]) // 2, round(0.5 * height) - tag.ink_f32.shape[0] // 2
        region = scene[y : y + tag.ink_f32.shape[0], x : x + tag.ink_f32.shape[1]]
        weight = tag.ink_f32[..., None] * GHOST_OPACITY
        region[:] = (region + (255.0 - region) * weight).astype(np.uint8)
        return np.asarray(scene, np.uint8)

    def _blend(self, item: Standing, picture: NDArray[np.uint8], scale: tuple[float, float]) -> None:
        image, weight = item.patch.image_bgr_u8, item.patch.weight_f32
        x, y = item.patch.x_px + item.move_px[0], item.patch.y_px + item.move_px[1]
        if scale != (1.0, 1.0):
            size = (max(1, round(image.shape[1] * scale[0])), max(1, round(image.shape[0] * scale[1])))
            image = resized(image, size)
            weight = resized(weight, size)
            x, y = round(x * scale[0]), round(y * scale[1])
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(picture.shape[1], x + image.shape[1]), min(picture.shape[0], y + image.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        part = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
        image, weight = image[part], weight[part] * np.float32(item.opacity)
        if item.move_px != (0, 0):
            _soften_border(weight, (x0, y0, x1, y1), item, picture)
        region = picture[y0:y1, x0:x1]
        region[:] = blended(image, region, weight)
        self._drawn.append((x0, y0, x1, y1))

    def _write_tags(
        self, order: Sequence[Standing], boxes: NDArray[np.float64], picture: NDArray[np.uint8]
    ) -> list[int]:
        """Write the time of every object where there is a place for it; the PTS that each says, or none."""
        words = [
            time_text(self._plan.recordings[self._plan.tubes[item.tube].recording_id], item.pts_ticks) for item in order
        ]
        tags = [self._letterer.tag(text) for text in words]
        sizes = [(tag.ink_f32.shape[1], tag.ink_f32.shape[0]) for tag in tags]
        places = place_tags(boxes, sizes, self._plan.size_wh_px, [self._sides.get(item.tube, -1) for item in order])
        for item, tag, place in zip(order, tags, places, strict=True):
            self.n_tags += 1
            if place is None:
                self.n_tags_without_place += 1
                continue
            self._sides[item.tube] = place.side
            if place.leader_px is not None:
                x0, y0, x1, y1 = place.leader_px
                cv2.line(picture, (x0, y0), (x1, y1), LEADER, 1, cv2.LINE_AA)
                self._note(picture, (min(x0, x1) - 2, min(y0, y1) - 2, max(x0, x1) + 3, max(y0, y1) + 3))
            self._letterer.write(picture, tag, (place.x_px, place.y_px))
            height, width = tag.ink_f32.shape
            self._note(picture, (place.x_px, place.y_px, place.x_px + width, place.y_px + height))
        return [NO_TAG if place is None else item.pts_ticks for item, place in zip(order, places, strict=True)]

    def _note(self, picture: NDArray[np.uint8], rect: Rect) -> None:
        """Remember that a rectangle was drawn on, as far as it lies in the picture."""
        height, width = picture.shape[:2]
        self._drawn.append((max(0, rect[0]), max(0, rect[1]), min(width, rect[2]), min(height, rect[3])))

    def _paint_axis(self, order: Sequence[Standing], view: NDArray[np.uint8], top_px: int) -> Rect:
        """Mark on the axis when the objects were seen; the rectangle that this changes."""
        strip = view[: self._strip_px, : self._axis.shape[1]]
        strip[:] = self._axis
        start_us, end_us = self._plan.span_us
        line = self._strip_px // 3
        for item in order:
            share = (item.time_us - start_us) / max(1, end_us - start_us)
            x = 8 + round((self._axis.shape[1] - 16) * min(1.0, max(0.0, share)))
            strip[max(0, line - 6) : line + 7, max(0, x - 1) : x + 2] = MARK
        return 0, top_px + line - 6, strip.shape[1], top_px + line + 7

    def _forget(self, present: set[int]) -> None:
        for tube in [tube for tube in self._sides if tube not in present]:
            del self._sides[tube]

    def _row(self, item: Standing, box: NDArray[np.float64], tag_ticks: int, corner_xy: tuple[int, int]) -> Drawn:
        x, y = corner_xy
        return Drawn(
            panel=self._number,
            tube=item.tube,
            sample=item.sample,
            box_xyxy_px=(math.floor(box[0]) + x, math.floor(box[1]) + y, math.ceil(box[2]) + x, math.ceil(box[3]) + y),
            pts_ticks=item.pts_ticks,
            tag_ticks=tag_ticks,
        )


def _soften_border(
    weight: NDArray[np.float32], place: tuple[int, int, int, int], item: Standing, picture: NDArray[np.uint8]
) -> None:
    """Fade an edge that was the border of the source picture and now, moved for sway, lies inside the film's."""
    height, width = weight.shape
    reach = 2 * max(abs(item.move_px[0]), abs(item.move_px[1]))
    ramp_x = np.clip((np.arange(width, dtype=np.float32) + 0.5) / reach, 0, 1)
    ramp_y = np.clip((np.arange(height, dtype=np.float32) + 0.5) / reach, 0, 1)[:, None]
    if item.patch.x_px == 0 and place[0] > 0:
        weight *= ramp_x
    if item.patch.y_px == 0 and place[1] > 0:
        weight *= ramp_y
    if item.move_px[0] < 0 and place[2] == picture.shape[1] + item.move_px[0]:
        weight *= ramp_x[::-1]
    if item.move_px[1] < 0 and place[3] == picture.shape[0] + item.move_px[1]:
        weight *= ramp_y[::-1]


class FilmPainter:
    """Puts the panels of all cameras on one film picture, under one margin that says what the film is.

    Args:
        plans: Panels, in order.
        is_side_by_side: False shows one panel after another in the same place.
        n_frames: Length of the film.
        rate: Film frames per second.
    """

    def __init__(self, plans: Sequence[PanelPlan], *, is_side_by_side: bool, n_frames: int, rate: Fraction) -> None:
        self._plans = tuple(plans)
        self._painters = [PanelPainter(number, plan) for number, plan in enumerate(plans)]
        self._n_frames, self._rate = n_frames, rate
        columns = math.ceil(math.sqrt(len(plans))) if is_side_by_side else 1
        wide = max(painter.size_wh_px[0] for painter in self._painters)
        tall = max(painter.size_wh_px[1] for painter in self._painters)
        rows = math.ceil(len(plans) / columns) if is_side_by_side else 1
        self._letterer = Letterer((wide * columns, tall * rows))
        self._band_px = round(self._letterer.size_px * 1.8)
        self.size_wh_px = (-(-wide * columns // 2) * 2, -(-(tall * rows + self._band_px) // 2) * 2)
        self._corners = [
            ((k % columns) * wide, self._band_px + (k // columns) * tall) if is_side_by_side else (0, self._band_px)
            for k in range(len(plans))
        ]
        self._band = self._paint_band()
        self._canvas = np.full((self.size_wh_px[1], self.size_wh_px[0], 3), GROUND, np.uint8)
        self._canvas[: self._band_px] = self._band
        self._planes = PicturePlanes(self.size_wh_px)
        self._planes.renew(self._canvas, [(0, 0, *self.size_wh_px)])
        self._is_side_by_side = is_side_by_side
        self._last: tuple[int, ...] = ()
        self._clock_px = 0

    @property
    def n_tags_without_place(self) -> int:
        """Times that were not written because no place was free, over all frames."""
        return sum(painter.n_tags_without_place for painter in self._painters)

    @property
    def n_tags(self) -> int:
        """Times due, over all frames."""
        return sum(painter.n_tags for painter in self._painters)

    def paint(self, number: int, panels: Mapping[int, PanelFrame]) -> tuple[NDArray[np.uint8], list[Drawn]]:
        """The film picture of a frame, and what was drawn in it. The picture is valid until the next call.

        Args:
            number: Film frame.
            panels: Panel index to what it shows; panels that show nothing now are left out.

        Returns:
            (H * 3 // 2, W) planes as the encoder takes them, and the objects in drawing order.
        """
        canvas = self._canvas
        changed = [self._paint_clock(number)]
        if not self._is_side_by_side and tuple(panels) != self._last:
            # Why: panels follow each other in one place, and a smaller one must not stand in the picture of another.
            canvas[self._band_px :] = GROUND
            changed.append((0, 0, *self.size_wh_px))
            self._last = tuple(panels)
            for index in panels:
                self._painters[index].start_over()
        drawn: list[Drawn] = []
        for index, panel in panels.items():
            painter, (x, y) = self._painters[index], self._corners[index]
            width, height = painter.size_wh_px
            found, rects = painter.paint(panel, canvas[y : y + height, x : x + width], (x, y))
            drawn += found
            changed += [(x0 + x, y0 + y, x1 + x, y1 + y) for x0, y0, x1, y1 in rects]
        self._planes.renew(canvas, changed)
        return self._planes.buffer_u8, drawn

    def _paint_clock(self, number: int) -> Rect:
        """Write how far the film has got; the rectangle that this changes."""
        played_s, total_s = float(number / self._rate), float(self._n_frames / self._rate)
        tag = self._letterer.tag(
            f"{int(played_s) // 60}:{int(played_s) % 60:02d} / {int(total_s) // 60}:{int(total_s) % 60:02d}"
        )
        self._clock_px = max(self._clock_px, tag.ink_f32.shape[1])
        left = max(0, self.size_wh_px[0] - self._clock_px - 6)
        self._canvas[: self._band_px, left:] = self._band[:, left:]
        self._letterer.write(self._canvas, tag, (self.size_wh_px[0] - tag.ink_f32.shape[1] - 6, 4), ground=0.0)
        return left, 0, self.size_wh_px[0], self._band_px

    def _paint_band(self) -> NDArray[np.uint8]:
        band = np.full((self._band_px, self.size_wh_px[0], 3), GROUND, np.uint8)
        tag = self._letterer.tag(WATERMARK)
        self._letterer.write(band, tag, (8, 4), ground=0.0, ink=MARK)
        aside = self._letterer.tag("aide à la lecture, jamais une preuve", scale=0.85)
        x = 8 + tag.ink_f32.shape[1] + 16
        if x + aside.ink_f32.shape[1] < self.size_wh_px[0] - 8 * self._letterer.size_px:
            self._letterer.write(band, aside, (x, 5), ground=0.0, ink=(150, 150, 150))
        return band


def clock_words(recordings: Sequence[Recording]) -> str:
    """How the times of a panel are to be read: corrected or not, zone, and by how much the recorder was off."""
    clocks = {recording.clock for recording in recordings}
    if not any(clock.is_known for clock in clocks):
        return "horloge inconnue : temps depuis le début de l'enregistrement"
    offsets = sorted({clock.offset_ms for clock in clocks if clock.is_known})
    zone = next(clock.displayed_start.strftime("%z") for clock in clocks if clock.displayed_start is not None)
    hours = f"UTC{zone[:3]}:{zone[3:]}" if zone else "UTC"
    said = ", ".join(_offset_words(offset) for offset in offsets)
    return f"heures corrigées {hours} ; affiché = corrigé {said}"


def _offset_words(offset_ms: int) -> str:
    if offset_ms == 0:
        return "± 0 s"
    seconds = abs(offset_ms) / 1000
    hours, minutes = int(seconds // 3600), int(seconds // 60 % 60)
    words = (f"{hours} h " if hours else "") + (f"{minutes} min " if hours or minutes else "")
    return f"{'+' if offset_ms > 0 else '−'} {words}{seconds % 60:g} s".replace(".", ",")
