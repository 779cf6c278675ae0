# SPDX-License-Identifier: Apache-2.0
"""Layers over the empty scene: paths, heat, dwell, and hourly strips. Pictures to look at, never evidence.

Everything is computed from the boxes of tracks; the only pixels are those of the empty scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from review.drafts import write_new
from review.synopsis._pixels import blurred, resized
from review.synopsis.lettering import GROUND, MARK, Letterer
from review.synopsis.tubes import MICROSECONDS, Tube

__all__ = ["dwell_layer", "heat_layer", "hour_strips", "path_layer", "save_layer"]

CELL_PX: Final = 8
KINDS: Final = (
    ("personnes", frozenset({"person"}), (90, 200, 120)),
    ("deux-roues", frozenset({"bicycle", "motorcycle"}), (90, 180, 250)),
    ("véhicules", frozenset({"car", "van", "truck", "bus"}), (240, 160, 90)),
    ("autres", frozenset({"other"}), (150, 150, 150)),
)
HOUR_US: Final = 3600 * MICROSECONDS


def path_layer(scene_bgr_u8: NDArray[np.uint8], tubes: Sequence[Tube]) -> NDArray[np.uint8]:
    """Where each object went: a line along its feet, from blue at its first sight to red at its last."""
    image = (scene_bgr_u8 * 0.6).astype(np.uint8)
    height, width = image.shape[:2]
    colours = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_TURBO)[:, 0]
    for tube in tubes:
        feet = _feet(tube, (width, height))
        for k in range(len(feet) - 1):
            shade = colours[25 + round(205 * k / max(1, len(feet) - 2))].tolist()
            a, b = feet[k].round().astype(int).tolist(), feet[k + 1].round().astype(int).tolist()
            cv2.line(image, a, b, shade, 2 if width > 960 else 1, cv2.LINE_AA)
    return _captioned(image, f"CALQUE trajets — {len(tubes)} passages, du bleu (début) au rouge (fin)")


def heat_layer(scene_bgr_u8: NDArray[np.uint8], tubes: Sequence[Tube]) -> NDArray[np.uint8]:
    """How many different objects stood on each place."""
    height, width = scene_bgr_u8.shape[:2]
    counts = np.zeros((-(-height // CELL_PX), -(-width // CELL_PX)), np.float32)
    for tube in tubes:
        cells = np.unique((_feet(tube, (width, height)) // CELL_PX).astype(int), axis=0)
        counts[cells[:, 1], cells[:, 0]] += 1
    return _captioned(
        _over(scene_bgr_u8, blurred(counts, 1.2)), f"CALQUE passages — jusqu'à {int(counts.max(initial=0))} par endroit"
    )


def dwell_layer(scene_bgr_u8: NDArray[np.uint8], tubes: Sequence[Tube]) -> NDArray[np.uint8]:
    """How many seconds objects spent on each place."""
    height, width = scene_bgr_u8.shape[:2]
    seconds = np.zeros((-(-height // CELL_PX), -(-width // CELL_PX)), np.float32)
    for tube in tubes:
        cells = (_feet(tube, (width, height)) // CELL_PX).astype(int)
        spent = np.diff(tube.time_us, append=tube.time_us[-1:]) / MICROSECONDS
        np.add.at(seconds, (cells[:, 1], cells[:, 0]), spent.astype(np.float32))
    longest = float(seconds.max(initial=0))
    return _captioned(
        _over(scene_bgr_u8, np.sqrt(blurred(seconds, 1.2))), f"CALQUE présence — jusqu'à {longest:.0f} s par endroit"
    )


def hour_strips(
    tubes: Sequence[Tube], span_us: tuple[int, int], *, has_clock: bool, zone: tzinfo, width_px: int = 960
) -> NDArray[np.uint8]:
    """One strip per kind: how many objects appear in each hour (in each of 24 equal parts for less than a day)."""
    letterer = Letterer((width_px, width_px))
    start_us, end_us = span_us
    step_us = HOUR_US if end_us - start_us > 4 * HOUR_US else max(MICROSECONDS, -(-(end_us - start_us) // 24))
    first_us = start_us - start_us % step_us if step_us == HOUR_US and has_clock else start_us
    n_steps = max(1, -(-(end_us - first_us) // step_us))
    strip_px, left = 64, letterer.size_px * 7
    image = np.full((strip_px * len(KINDS) + 2 * letterer.size_px + 8, width_px, 3), GROUND, np.uint8)
    wide = (width_px - left - 8) / n_steps
    for row, (name, classes, colour) in enumerate(KINDS):
        starts = [tube.start_us for tube in tubes if tube.class_name in classes and tube.piece == 0]
        counts = np.bincount([min(n_steps - 1, (s - first_us) // step_us) for s in starts], minlength=n_steps)
        floor = (row + 1) * strip_px - 4
        letterer.write(image, letterer.tag(f"{name} {len(starts)}"), (4, floor - 24), ground=0.0)
        for k, count in enumerate(counts.tolist()):
            tall = round((strip_px - 22) * count / max(1, int(counts.max())))
            x0, x1 = left + round(k * wide) + 1, left + round((k + 1) * wide)
            image[floor - tall : floor, x0:x1] = colour
            if count and wide > 2 * letterer.size_px:
                letterer.write(image, letterer.tag(str(count), scale=0.8), (x0, floor - tall - 14), ground=0.0)
        image[floor : floor + 1, left:] = (90, 90, 90)
    for k in range(0, n_steps, max(1, round(5 * letterer.size_px / wide))):
        words = _moment(
            first_us + k * step_us, start_us, has_clock, zone, "%H:%M" if step_us >= HOUR_US else "%H:%M:%S"
        )
        tag = letterer.tag(words, scale=0.8)
        letterer.write(image, tag, (left + round(k * wide), strip_px * len(KINDS) + 2), ground=0.0)
    return _captioned(image, "CALQUE activité — objets par tranche horaire")


def save_layer(image_bgr_u8: NDArray[np.uint8], path: Path) -> None:
    """Write a layer as PNG.

    Raises:
        AlreadyThere: The file exists.
        StoreProblem: It cannot be written.
    """
    is_done, content = cv2.imencode(".png", image_bgr_u8)
    assert is_done, "a picture that was just painted must encode"
    write_new(path, content.tobytes())


def _feet(tube: Tube, size_wh_px: tuple[int, int]) -> NDArray[np.float64]:
    """(N, 2) middle of the lower edge of each box, inside the picture."""
    scale = np.array(size_wh_px) / np.array(tube.size_wh_px)
    feet = np.stack([(tube.boxes_xyxy_px[:, 0] + tube.boxes_xyxy_px[:, 2]) / 2, tube.boxes_xyxy_px[:, 3]], axis=1)
    return np.asarray(np.clip(feet * scale, 0, np.array(size_wh_px) - 1), np.float64)


def _over(scene_bgr_u8: NDArray[np.uint8], amount_f32: NDArray[np.float32]) -> NDArray[np.uint8]:
    height, width = scene_bgr_u8.shape[:2]
    unit = np.asarray(amount_f32 / max(1e-6, float(amount_f32.max(initial=0))), np.float32)
    share = resized(unit, (width, height), cv2.INTER_LINEAR)
    colours = cv2.applyColorMap((share * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    weight = (0.75 * np.sqrt(share))[..., None]
    return np.asarray(scene_bgr_u8 * 0.7 * (1 - weight) + colours * weight, np.float32).astype(np.uint8)


def _captioned(image: NDArray[np.uint8], words: str) -> NDArray[np.uint8]:
    letterer = Letterer((image.shape[1], image.shape[0]))
    band = np.full((round(letterer.size_px * 1.8), image.shape[1], 3), GROUND, np.uint8)
    letterer.write(band, letterer.tag(words + " ; jamais une preuve"), (8, 4), ground=0.0, ink=MARK)
    return np.vstack([band, image])


def _moment(time_us: int, start_us: int, has_clock: bool, zone: tzinfo, form: str) -> str:
    if has_clock:
        return datetime.fromtimestamp(time_us / MICROSECONDS, zone).strftime(form)
    return "+" + str(timedelta(seconds=(time_us - start_us) // MICROSECONDS))
