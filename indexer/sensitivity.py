# SPDX-License-Identifier: Apache-2.0
"""The smallest object that triage sees on a given recording, tried out on its own pictures.

Upright boxes are laid over quiet pictures of the recording at many places, lighter and darker than what is behind
them, and triage is asked whether something moved there. What this does not show: compression, which blurs faint moving
objects before anybody sees them, and objects of several greys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.arrays import f32
from indexer.motion import Blob

__all__ = ["Guarantee", "smallest_object"]

HEIGHTS_PX: Final = (6.0, 8.0, 10.0, 13.0, 17.0, 22.0, 30.0, 40.0)
"""Heights tried, in pixels of the pictures that motion is measured on."""
WIDTH_RATIO: Final = 0.4
CONTRASTS_LEVELS: Final = (25, 40, 60, 90)
N_COLUMNS: Final = 9
N_ROWS: Final = 5
OVERLAP_UNIT: Final = 0.25

See = Callable[[NDArray[np.uint8]], Sequence[Blob]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """The smallest object seen at every place: size in source pixels, difference in grey levels, how many trials."""

    width_px: int
    height_px: int
    contrast_levels: int
    n_trials: int


def smallest_object(
    quiet_bgr: Sequence[NDArray[np.uint8]],
    see: See,
    *,
    scale: float,
    unwatched: NDArray[np.bool_] | None = None,
) -> Guarantee | None:
    """Find the least contrast, and at it the smallest box, that is seen at every place of every picture.

    Args:
        quiet_bgr: Pictures (H, W, 3) in which nothing moves, one or more.
        see: Gives the moving regions of a picture.
        scale: Pixels of these pictures to a source pixel.
        unwatched: (H, W) bool, places that are not watched and make no claim.

    Returns:
        None where not even the largest box at the largest contrast is seen everywhere.
    """
    for contrast in CONTRASTS_LEVELS:
        best: Guarantee | None = None
        for height in reversed(HEIGHTS_PX):
            n_trials = 0
            for picture in quiet_bgr:
                for sign in (1, -1):
                    n_seen, n_laid = _trial(picture, see, height, sign * contrast, unwatched)
                    n_trials += n_laid
                    if n_seen < n_laid:
                        n_trials = -1
                        break
                if n_trials < 0:
                    break
            if n_trials <= 0:
                break
            best = Guarantee(
                width_px=int(np.ceil(height * WIDTH_RATIO / scale)),
                height_px=int(np.ceil(height / scale)),
                contrast_levels=contrast,
                n_trials=n_trials,
            )
        if best is not None:
            return best
    return None


def _trial(
    picture: NDArray[np.uint8], see: See, height_px: float, contrast: int, unwatched: NDArray[np.bool_] | None
) -> tuple[int, int]:
    """How many of the boxes laid over a picture are seen, and how many there were."""
    rows, columns = picture.shape[:2]
    width_px = height_px * WIDTH_RATIO
    laid = picture.astype(np.float32)
    boxes = []
    for i in range(N_ROWS):
        for j in range(N_COLUMNS):
            # Why: thirds of a pixel, so that edges fall between pixels as those of real objects do.
            x1 = columns * (j + 0.5) / N_COLUMNS - width_px / 2 + (i % 3) / 3
            y1 = rows * (i + 0.5) / N_ROWS - height_px / 2 + (j % 3) / 3
            box = (x1, y1, x1 + width_px, y1 + height_px)
            if x1 < 0 or y1 < 0 or box[2] > columns or box[3] > rows:
                continue
            around = (slice(int(y1), int(box[3]) + 1), slice(int(x1), int(box[2]) + 1))
            part = laid[around]
            room = 255.0 - part if contrast > 0 else part
            # Why: a light box on a white wall differs by less; such a place says nothing about this contrast.
            if float(room.mean()) < 1.2 * abs(contrast) or (unwatched is not None and unwatched[around].any()):
                continue
            cover = _cover(box[1], box[3], around[0])[:, None] * _cover(box[0], box[2], around[1])[None, :]
            part += contrast * cover[..., None]
            boxes.append(box)
    blobs = see(np.clip(laid + 0.5, 0, 255).astype(np.uint8)) if boxes else ()
    n_seen = sum(any(_overlap(box, blob.box_xyxy) >= OVERLAP_UNIT for blob in blobs) for box in boxes)
    return n_seen, len(boxes)


def _cover(start: float, end: float, pixels: slice) -> NDArray[np.float32]:
    """Share of each pixel of a row that lies between two places."""
    at = np.arange(pixels.start, pixels.stop, dtype=np.float32)
    return f32(np.clip(np.minimum(at + 1, end) - np.maximum(at, start), 0, 1))


def _overlap(box: tuple[float, float, float, float], other: tuple[int, int, int, int]) -> float:
    """Share of a box that lies in another."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(0.0, width) * max(0.0, height) / ((box[2] - box[0]) * (box[3] - box[1]))
