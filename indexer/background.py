# SPDX-License-Identifier: Apache-2.0
"""The empty scene: estimated from pictures spread over minutes, by what comes back again and again.

A median over time fails where somebody stands at a counter most of the time. What tells background from a lingering
object is not how long it is seen but that it *recurs*: between two visitors the same counter is there again, while each
visitor is seen once. Every pixel keeps a few candidate colours; the one that recurs most often, weighted by time, wins.

Source: own; the per-pixel codebook idea follows Kim et al., "Real-time foreground-background segmentation using
codebook model", Real-Time Imaging 11(3), 2005.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer._kernels import channel_ratios, near_gain, vote
from indexer.arrays import f32

__all__ = ["Background", "estimate_background", "gains_between"]

N_CANDIDATES: Final = 4
MATCH_LEVELS: Final = 14.0
"""Grey levels (largest channel) within which a pixel is taken for a candidate colour it showed before."""
EPISODE_WEIGHT: Final = 0.5
"""How much one recurrence counts against the share of pictures; measured on footage where people linger."""
MIN_SIGMA_LEVELS: Final = 1.2
SUBSAMPLE: Final = 8
NEAR_GAIN: Final = np.float32(0.15)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """The empty scene of one camera over one stretch of time.

    Attributes:
        colour_bgr: (H, W, 3) float32, grey levels at unit gain.
        sigma_levels: (H, W) float32, how much a pixel varies when nothing passes, grey levels.
        support_unit: (H, W) float32, share of the pictures in which the pixel showed this colour.
    """

    colour_bgr: NDArray[np.float32]
    sigma_levels: NDArray[np.float32]
    support_unit: NDArray[np.float32]


def gains_between(frame_bgr: NDArray[np.uint8], reference_bgr: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per-channel gain of a frame against a reference: what auto-exposure did, robust to objects in view.

    Args:
        frame_bgr: (H, W, 3) uint8.
        reference_bgr: (H, W, 3) float32, at unit gain.

    Returns:
        (3,) float32, 1 where nothing changed.
    """
    n_most = -(-frame_bgr.shape[0] // SUBSAMPLE) * -(-frame_bgr.shape[1] // SUBSAMPLE)
    ratios = np.empty((3, n_most), np.float32)
    n_usable = channel_ratios(frame_bgr, reference_bgr, SUBSAMPLE, ratios)
    if n_usable < 64:
        return np.ones(3, np.float32)
    gains = _medians(ratios[:, :n_usable])
    if gains.min() <= 0:
        # Why: a black picture has no gain to tell; it is the picture, not the exposure, that changed.
        return np.ones(3, np.float32)
    # Why: one more pass around the first answer keeps a large object from pulling the median.
    near = np.empty_like(ratios)
    n_near = near_gain(ratios, n_usable, gains, NEAR_GAIN, near)
    if n_near > 0.2 * n_usable:
        gains = _medians(near[:, :n_near])
    return f32(np.clip(gains, 0.2, 5.0))


def _medians(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median of each row."""
    middle = rows.shape[1] // 2
    parts = np.partition(rows, middle, axis=1)
    low = parts[:, :middle].max(axis=1) if rows.shape[1] % 2 == 0 else parts[:, middle]
    return f32((low + parts[:, middle]) / 2)


def estimate_background(pictures_bgr: list[NDArray[np.uint8]]) -> Background:
    """Estimate the empty scene from pictures in time order.

    Args:
        pictures_bgr: K pictures of (H, W, 3) uint8, best a second or more apart; K of at least 1.

    Returns:
        The background at the gain of the middle picture.
    """
    assert pictures_bgr, "a background needs at least one picture"
    reference = _first_guess(pictures_bgr)
    height, width = reference.shape[:2]
    colours = np.zeros((N_CANDIDATES, height, width, 3), np.float32)
    counts = np.zeros((N_CANDIDATES, height, width), np.float32)
    episodes = np.zeros_like(counts)
    spreads = np.zeros_like(counts)
    current = np.full((height, width), -1, np.int8)
    for picture in pictures_bgr:
        smooth = cv2.GaussianBlur(picture, (3, 3), 0)
        vote(smooth, gains_between(picture, reference), colours, counts, episodes, spreads, current, MATCH_LEVELS, 30.0)
    n_pictures = len(pictures_bgr)
    value = counts / n_pictures + EPISODE_WEIGHT * episodes / np.maximum(1, episodes.max(axis=0))
    value[counts == 0] = -1
    best = value.argmax(axis=0)[None]
    colour = np.take_along_axis(colours, best[..., None], axis=0)[0]
    count = np.take_along_axis(counts, best, axis=0)[0]
    spread = np.take_along_axis(spreads, best, axis=0)[0] / np.maximum(count, 1)
    # Why: a lone pixel that chose otherwise than all its neighbours is a mistake; a median of nine removes it.
    colour = cv2.medianBlur(np.clip(colour, 0, 255).astype(np.uint8), 3).astype(np.float32)
    return Background(
        colour_bgr=colour,
        sigma_levels=np.maximum(1.25 * spread, MIN_SIGMA_LEVELS).astype(np.float32),
        support_unit=(count / n_pictures).astype(np.float32),
    )


def _first_guess(pictures_bgr: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Median of up to 15 spread pictures: good enough to measure gains against."""
    picks = np.linspace(0, len(pictures_bgr) - 1, min(15, len(pictures_bgr))).round().astype(int)
    return f32(np.median(np.stack([pictures_bgr[i] for i in picks]), axis=0))
