# SPDX-License-Identifier: Apache-2.0
"""Per-pixel loops, compiled: voting for the empty scene, and comparing a picture with it in one pass.

Plain arrays in, plain arrays out; the reasons for each rule stand in ``background`` and ``motion``.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["at_gain", "channel_ratios", "chosen_pixels", "compare", "follow", "near_gain", "tally", "vote"]


@numba.njit(cache=True, nogil=True, boundscheck=False)
def vote(  # type: ignore[no-untyped-def]  # Reason: numba infers the types; the caller is typed.
    picture, gains, colours, counts, episodes, spreads, current, match_levels, memory
):
    """Assign every pixel of a picture to one of its candidate colours, in place."""
    n_candidates = colours.shape[0]
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            blue = picture[y, x, 0] / gains[0]
            green = picture[y, x, 1] / gains[1]
            red = picture[y, x, 2] / gains[2]
            chosen = -1
            nearest = match_levels
            weakest = 0
            for k in range(n_candidates):
                if counts[k, y, x] < counts[weakest, y, x]:
                    weakest = k
                if counts[k, y, x] > 0:
                    distance = max(
                        abs(colours[k, y, x, 0] - blue),
                        abs(colours[k, y, x, 1] - green),
                        abs(colours[k, y, x, 2] - red),
                    )
                    if distance <= nearest:
                        nearest = distance
                        chosen = k
            if chosen < 0:
                chosen = weakest
                counts[chosen, y, x] = 0
                episodes[chosen, y, x] = 0
                spreads[chosen, y, x] = 0
                colours[chosen, y, x, 0] = blue
                colours[chosen, y, x, 1] = green
                colours[chosen, y, x, 2] = red
            else:
                step = 1.0 / min(counts[chosen, y, x] + 1.0, memory)
                spreads[chosen, y, x] += (
                    abs(colours[chosen, y, x, 0] - blue)
                    + abs(colours[chosen, y, x, 1] - green)
                    + abs(colours[chosen, y, x, 2] - red)
                ) / 3.0
                colours[chosen, y, x, 0] += (blue - colours[chosen, y, x, 0]) * step
                colours[chosen, y, x, 1] += (green - colours[chosen, y, x, 1]) * step
                colours[chosen, y, x, 2] += (red - colours[chosen, y, x, 2]) * step
            counts[chosen, y, x] += 1.0
            if current[y, x] != chosen:
                episodes[chosen, y, x] += 1.0
                current[y, x] = chosen


@numba.njit(cache=True, nogil=True, boundscheck=False)
def compare(picture, colour, gains, weak_levels, strong_ratio, weak, kind):  # type: ignore[no-untyped-def]
    """Mark what differs. ``weak`` becomes 255 or 0; ``kind`` 0 nothing, 1 weak, 2 strong, +4 where it may be shadow.

    Returns how many pixels are strong.
    """
    n_strong = 0
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            largest = np.float32(0.0)
            for c in range(3):
                difference = abs(np.float32(picture[y, x, c]) - colour[y, x, c] * gains[c])
                largest = max(largest, difference)
            threshold = weak_levels[y, x]
            # Why: nearly every pixel ends here; what follows divides, and is for the few that differ.
            if largest <= threshold:
                weak[y, x] = 0
                kind[y, x] = 0
                continue
            low = 1e9
            high = 0.0
            total = 0.0
            for c in range(3):
                ratio = (picture[y, x, c] + 4.0) / (colour[y, x, c] * gains[c] + 4.0)
                low = min(low, ratio)
                high = max(high, ratio)
                total += ratio
            weak[y, x] = 255
            mean = total / 3.0
            code = 1
            if largest > strong_ratio * threshold:
                code = 2
                n_strong += 1
            if 0.45 < mean < 0.96 and high - low < 0.09 + 0.05 * (1.0 - mean) and largest < 90.0:
                code += 4
            kind[y, x] = code
    return n_strong


@numba.njit(cache=True, nogil=True, boundscheck=False)
def channel_ratios(picture, reference, step, ratios):  # type: ignore[no-untyped-def]
    """Ratios of picture to reference on a grid, where neither is dark nor burnt out; rows of ``ratios`` are channels.

    Returns how many were written.
    """
    n = 0
    for y in range(0, picture.shape[0], step):
        for x in range(0, picture.shape[1], step):
            darkest = min(reference[y, x, 0], reference[y, x, 1], reference[y, x, 2])
            lightest = max(reference[y, x, 0], reference[y, x, 1], reference[y, x, 2])
            seen = max(picture[y, x, 0], picture[y, x, 1], picture[y, x, 2])
            if darkest > 8 and seen < 250 and lightest < 250:
                for c in range(3):
                    ratios[c, n] = np.float32(picture[y, x, c]) / reference[y, x, c]
                n += 1
    return n


@numba.njit(cache=True, nogil=True, boundscheck=False)
def near_gain(ratios, n_usable, gains, share, near):  # type: ignore[no-untyped-def]
    """Copy to ``near`` the ratios of places where every channel is within a share of its gain; returns how many."""
    n = 0
    for i in range(n_usable):
        is_near = True
        for c in range(3):
            is_near = is_near and abs(ratios[c, i] / gains[c] - np.float32(1.0)) < share
        if is_near:
            for c in range(3):
                near[c, n] = ratios[c, i]
            n += 1
    return n


@numba.njit(cache=True, nogil=True, boundscheck=False)
def at_gain(colour, gains, picture):  # type: ignore[no-untyped-def]
    """The background as a picture at a gain, written to ``picture``."""
    for y in range(colour.shape[0]):
        for x in range(colour.shape[1]):
            for c in range(3):
                value = colour[y, x, c] * gains[c]
                picture[y, x, c] = np.uint8(min(max(value, np.float32(0.0)), np.float32(255.0)))


@numba.njit(cache=True, nogil=True, boundscheck=False)
def follow(picture, near, colour, gains, share):  # type: ignore[no-untyped-def]
    """Let the background take on a share of the difference wherever ``near`` is 0, in place."""
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            if near[y, x] == 0:
                for c in range(3):
                    colour[y, x, c] += share * (picture[y, x, c] / gains[c] - colour[y, x, c])


@numba.njit(cache=True, nogil=True, boundscheck=False)
def tally(labels, kind, n_strong, n_body):  # type: ignore[no-untyped-def]
    """Count strong pixels of every label, and those that cannot be shadow, in place."""
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            label = labels[y, x]
            if label > 0 and (kind[y, x] & 3) == 2:
                n_strong[label] += 1
                if kind[y, x] < 4:
                    n_body[label] += 1


@numba.njit(cache=True, nogil=True, boundscheck=False)
def chosen_pixels(labels, kind, keep, has_body, mask):  # type: ignore[no-untyped-def]
    """Mark pixels of kept labels with 255, except shadow of labels that have a body, in place."""
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            label = labels[y, x]
            is_in = keep[label] and not (has_body[label] and kind[y, x] >= 4)
            mask[y, x] = 255 if is_in else 0


def empty_masks(height: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two (H, W) uint8 work arrays for :func:`compare`."""
    return np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
