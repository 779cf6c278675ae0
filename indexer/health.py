# SPDX-License-Identifier: Apache-2.0
"""When a camera shows nothing usable: black, overexposed, without signal, covered, out of focus, turned, frozen.

Judged on small pictures seconds apart, against what the same stretch shows most of the time. Contrast and noise are
taken out of every measure first, so that dusk, a lamp or the switch to infrared is not taken for damage. A span counts
from two pictures on: a lorry that stops in front of the lens for a moment is traffic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.arrays import f32, u8
from indexer.findings import Finding, FindingKind

__all__ = [
    "HealthSpan",
    "HealthState",
    "Look",
    "alike",
    "health_findings",
    "health_spans",
    "look_at",
    "states_of_groups",
]

SIZE_WH_PX: Final = (160, 90)
COARSE_WH_PX: Final = (32, 18)
MIN_PICTURES: Final = 2
MIN_JUDGED: Final = 8
MIN_CONFUSABLE_S: Final = 5.0
"""A view that is hidden, turned or blurred counts from here on; for less long, traffic in front of the lens does it."""
FINE_WH_PX: Final = (320, 180)
FINE_PX: Final = 0.8
BLOCKS_WH: Final = (16, 9)
SHARPEST_PERCENT: Final = 80
"""Sharpness is that of the blocks that kept most of theirs: what stands before the rest of the scene has no say."""
NOISE_PERCENT: Final = 10
"""The blandest blocks of a picture hold nothing but noise; that much is taken out of all of them."""
SHARP_LOOKS_UNIT: Final = 0.5
"""Pictures with this share of the detail of the sharpest are what the rest is compared with."""
BLAND_DETAIL: Final = 0.02
"""No block of a covered or blurred picture has more; the sharpest one of four real scenes has 0.04 to 0.19."""
MIN_GROUP: Final = 4
SAME_BLOCK: Final = 0.6
DARK_LEVEL: Final = 24
BRIGHT_LEVEL: Final = 235
FILLED_UNIT: Final = 0.96
"""Share of the picture that is black, white or of one colour; the rest is a burnt-in clock or a recorder's logo."""
ONE_COLOUR_LEVELS: Final = 5
DETAIL_LOST_UNIT: Final = 0.35
SAME_LIGHT: Final = 0.6
SAME_VIEW: Final = 0.35
FROZEN_LEVELS: Final = 0.01
LIVE_LEVELS: Final = 0.15
"""Sensor noise and encoding move a live picture by more than this, on average, even where nothing happens."""


class HealthState(StrEnum):
    """What is wrong with the picture."""

    BLACK = "black"
    OVEREXPOSED = "overexposed"
    NO_SIGNAL = "no signal"
    COVERED = "covered"
    DEFOCUSED = "out of focus"
    TURNED = "turned away"
    TURNING = "turning"
    FROZEN = "frozen"


SENTENCES: Final = {
    HealthState.BLACK: "The picture is black",
    HealthState.OVEREXPOSED: "The picture is overexposed",
    HealthState.NO_SIGNAL: "The picture is of one colour, as without signal",
    HealthState.COVERED: "The lens is covered",
    HealthState.DEFOCUSED: "The picture is out of focus",
    HealthState.TURNED: "The camera shows another view",
    HealthState.TURNING: "The camera turns, or holds a view too briefly to learn it,",
    HealthState.FROZEN: "The picture is frozen",
}


CONFUSABLE: Final = frozenset({HealthState.COVERED, HealthState.DEFOCUSED, HealthState.TURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSpan:
    """A stretch in which the picture cannot be used.

    Attributes:
        state: Why.
        first_pts_ticks: First picture judged so.
        end_pts_ticks: First picture behind that is sound again, or the end of what was judged.
    """

    state: HealthState
    first_pts_ticks: int
    end_pts_ticks: int


@dataclass(frozen=True, slots=True)
class Look:
    """What is compared of one small picture: luma, coarse luma, edges, fine detail, and whether it is of one colour.

    Detail is that of (9, 16) blocks, without noise and relative to brightness.
    """

    gray: NDArray[np.float32]
    coarse: NDArray[np.float32]
    edges: NDArray[np.float32]
    detail: NDArray[np.float32]
    filled: HealthState | None


def health_spans(
    looks: Sequence[Look],
    pts_ticks: Sequence[int],
    *,
    end_pts_ticks: int,
    time_base: Fraction,
    known: Sequence[HealthState | None] | None = None,
) -> tuple[HealthSpan, ...]:
    """Stretches that cannot be used, in order.

    Args:
        looks: What pictures seconds apart show, by time.
        pts_ticks: Their times.
        end_pts_ticks: End of the stretch that the last picture stands for.
        time_base: Seconds a tick.
        known: What :func:`states_of_groups` said of them already.

    Returns:
        Spans of at least two pictures; none where there are too few pictures to tell what is usual.
    """
    if len(looks) < MIN_JUDGED:
        return ()
    states = _states(looks, known or [look.filled for look in looks])
    edges = [*pts_ticks, end_pts_ticks]
    spans = []
    at = 0
    for state, run in groupby(states):
        n = len(list(run))
        lasts_ticks = edges[at + n] - edges[at]
        is_long = state not in CONFUSABLE or lasts_ticks >= MIN_CONFUSABLE_S / time_base
        if state is not None and n >= MIN_PICTURES and is_long:
            spans.append(HealthSpan(state=state, first_pts_ticks=edges[at], end_pts_ticks=edges[at + n]))
        at += n
    return tuple(spans)


def health_findings(spans: Sequence[HealthSpan], *, first_pts_ticks: int, time_base: Fraction) -> Iterator[Finding]:
    """Every span as a finding; times count from the first picture of the recording."""
    for span in spans:
        start_s = float((span.first_pts_ticks - first_pts_ticks) * time_base)
        length_s = float((span.end_pts_ticks - span.first_pts_ticks) * time_base)
        said = f"{SENTENCES[span.state]} for {length_s:.1f} s from {start_s:.1f} s on: nothing can be concluded there."
        yield Finding(
            kind=FindingKind.UNUSABLE_PERIOD,
            component="health",
            detail=said,
            first_pts_ticks=span.first_pts_ticks,
            last_pts_ticks=span.end_pts_ticks,
        )


def look_at(picture_bgr: NDArray[np.uint8]) -> Look:
    """What is compared of a (H, W, 3) uint8 BGR picture."""
    picture = u8(cv2.resize(picture_bgr, FINE_WH_PX, interpolation=cv2.INTER_AREA))
    gray_u8 = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    gray = f32(cv2.resize(gray_u8, SIZE_WH_PX, interpolation=cv2.INTER_AREA))
    across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    strength = np.hypot(across, down)
    # Why: a mast sways by a pixel or two of this size; blurred edges still meet.
    edges = cv2.GaussianBlur(np.minimum(strength, np.percentile(strength, 95)), (0, 0), 2)
    # Why: blur takes out fine detail before coarse; brightness is divided out, and noise, which adds up in squares,
    # taken out: with it, a dark and noisy picture would be the sharpest of all.
    fine = np.abs(cv2.Laplacian(cv2.GaussianBlur(f32(gray_u8), (0, 0), FINE_PX), cv2.CV_32F))
    squares = np.square(cv2.resize(fine, BLOCKS_WH, interpolation=cv2.INTER_AREA))
    detail = np.sqrt(np.maximum(squares - np.percentile(squares, NOISE_PERCENT), 0))
    detail = f32(detail / (cv2.resize(gray, BLOCKS_WH, interpolation=cv2.INTER_AREA) + 16))
    coarse = cv2.resize(gray, COARSE_WH_PX, interpolation=cv2.INTER_AREA)
    return Look(gray, f32(coarse), f32(edges), detail, _filled(picture, gray))


def _filled(picture_bgr: NDArray[np.uint8], gray: NDArray[np.float32]) -> HealthState | None:
    if np.mean(gray < DARK_LEVEL) > FILLED_UNIT:
        return HealthState.BLACK
    if np.mean(gray > BRIGHT_LEVEL) > FILLED_UNIT:
        return HealthState.OVEREXPOSED
    if gray.std() > 4 * ONE_COLOUR_LEVELS:
        return None
    small = f32(cv2.resize(picture_bgr, SIZE_WH_PX, interpolation=cv2.INTER_AREA))
    apart = np.abs(small - np.median(small, axis=(0, 1))).max(axis=2)
    return HealthState.NO_SIGNAL if np.mean(apart < ONE_COLOUR_LEVELS) > FILLED_UNIT else None


def states_of_groups(looks: Sequence[Look], groups: Sequence[int]) -> list[HealthState | None]:
    """What is wrong with pictures that were told apart by what they show; None where nothing is, or none can tell yet.

    A group that shows nothing sharp beside one that does is a lens that is covered or out of focus, and no other view.
    One whose pictures mostly equal each other, while the rest is alive, is a frozen picture.

    Args:
        looks: What pictures seconds apart show, by time.
        groups: For each the number of its group; below 0 for none.
    """
    states = [look.filled for look in looks]
    members = {name: [i for i, group in enumerate(groups) if group == name] for name in set(groups) if name >= 0}
    frozen = set(_frozen(looks))
    for own in members.values():
        if 2 * len(frozen.intersection(own)) > len(own):
            for i in frozen.intersection(own):
                states[i] = HealthState.FROZEN
    for name, state in _veiled({name: [looks[i] for i in own] for name, own in members.items()}).items():
        for i in members[name]:
            states[i] = state
    return states


def _veiled(groups: Mapping[int, Sequence[Look]]) -> dict[int, HealthState]:
    """Groups that show nothing sharp beside the sharpest one."""
    detail = {
        name: np.median([look.detail for look in own], axis=0) for name, own in groups.items() if len(own) >= MIN_GROUP
    }
    if not detail:
        return {}
    best = max(detail, key=lambda name: (float(detail[name].max()), -name))
    veiled = {}
    for name in detail.keys() - {best}:
        look, sharp = groups[name][0], groups[best][0]
        own = ~_blocks_alike(look, sharp)
        left, usual = (float(detail[i].max(initial=0.0, where=own)) for i in (name, best))
        if left < BLAND_DETAIL and left < DETAIL_LOST_UNIT * usual:
            has_same_light = alike(look.coarse, sharp.coarse) >= SAME_LIGHT
            veiled[name] = HealthState.DEFOCUSED if has_same_light else HealthState.COVERED
    return veiled


def _blocks_alike(one: Look, other: Look) -> NDArray[np.bool_]:
    """In which blocks both show the same: a recorder's clock and name stay sharp whatever happens to the lens."""
    likeness = [
        [max(alike(*edges), alike(*lumas)) for edges, lumas in zip(*row, strict=True)]
        for row in zip(_pairs(one.edges, other.edges), _pairs(one.gray, other.gray), strict=True)
    ]
    return np.array(likeness) >= SAME_BLOCK


def _pairs(one: NDArray[np.float32], other: NDArray[np.float32]) -> list[list[tuple[NDArray[np.float32], ...]]]:
    """The blocks of two pictures beside each other, by rows."""
    columns, rows = BLOCKS_WH
    return [
        list(zip(*(np.hsplit(row, columns) for row in both), strict=True))
        for both in zip(np.vsplit(one, rows), np.vsplit(other, rows), strict=True)
    ]


def _states(looks: Sequence[Look], known: Sequence[HealthState | None]) -> list[HealthState | None]:
    states = list(known)
    sound = [i for i, state in enumerate(states) if state is None]
    if len(sound) >= MIN_JUDGED // 2:
        usual = _usual_view([looks[i] for i in sound])
        detail = _usual_detail([looks[i] for i in sound])
        structured = detail >= np.median(detail)
        for i in sound:
            kept = float(np.percentile((looks[i].detail / (detail + 1e-6))[structured], SHARPEST_PERCENT))
            states[i] = _against(looks[i], usual, kept)
    for i in _frozen(looks):
        states[i] = states[i] or HealthState.FROZEN
    return states


def _usual_detail(looks: Sequence[Look]) -> NDArray[np.float32]:
    """Detail of the pictures that are sharp, (9, 16): of a lens that is blurred half of the time, the other half."""
    sharpness = np.array([np.percentile(look.detail, SHARPEST_PERCENT) for look in looks])
    is_sharp = sharpness >= SHARP_LOOKS_UNIT * np.percentile(sharpness, 90)
    return f32(np.median([look.detail for look, is_one in zip(looks, is_sharp, strict=True) if is_one], axis=0))


def _usual_view(looks: Sequence[Look]) -> Look:
    """The picture that is most like the others: it shows the view that lasts longest."""
    spread = np.unique(np.linspace(0, len(looks) - 1, min(len(looks), 24)).round().astype(int))
    picks = [looks[i] for i in spread.tolist()]
    likeness = [float(np.median([alike(one.edges, other.edges) for other in picks])) for one in picks]
    best: Look = picks[int(np.argmax(likeness))]
    return best


def _against(look: Look, usual: Look, sharpness_unit: float) -> HealthState | None:
    has_same_light = alike(look.coarse, usual.coarse) >= SAME_LIGHT
    if sharpness_unit < DETAIL_LOST_UNIT:
        return HealthState.DEFOCUSED if has_same_light else HealthState.COVERED
    has_same_view = alike(look.edges, usual.edges) >= SAME_VIEW
    return None if has_same_view or has_same_light else HealthState.TURNED


def _frozen(looks: Sequence[Look]) -> list[int]:
    """Pictures that equal the one before, in a stretch where pictures otherwise move by their noise."""
    steps = [float(np.abs(after.gray - before.gray).mean()) for before, after in pairwise(looks)]
    live = [step for step in steps if step > FROZEN_LEVELS]
    if len(live) < len(steps) / 4 or np.median(live) < LIVE_LEVELS:
        return []
    still = [i + 1 for i, step in enumerate(steps) if step <= FROZEN_LEVELS]
    return sorted({*still, *(i - 1 for i in still)})


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Correlation of two pictures: 1 for the same but for brightness and contrast, 0 for nothing in common."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else 0.0
