# SPDX-License-Identifier: Apache-2.0
"""Who belongs together: objects that touch, stay near or walk side by side move as one.

Boxes of one camera are compared at five instants a second. Three rules tie two tubes:

* ``near``: centres closer than one box height (mean of the two) for at least a second;
* ``touch``: boxes overlap by a fifth of the smaller one for at least half a second (a person at a car, a handover);
* ``abreast``: centres closer than two box heights and moving alike for at least three seconds.

Tubes tied directly or through others form a unit; a unit keeps its source times to the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from review.synopsis._jit import kernel
from review.synopsis.tubes import Tube

__all__ = ["GRID_US", "Interaction", "Tie", "find_interactions", "find_meetings", "group_tubes", "ties_of"]

GRID_US: Final = 200_000
NEAR_S: Final = 1.0
TOUCH_S: Final = 0.5
ABREAST_S: Final = 3.0
NEAR, TOUCH, ABREAST = 1, 2, 4
RULES: Final = ((NEAR, "near", NEAR_S), (TOUCH, "touch", TOUCH_S), (ABREAST, "abreast", ABREAST_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Two tubes that belong together; ``first`` < ``second`` index the given sequence of tubes."""

    first: int
    second: int
    kind: str
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A pair that interacts, by the tubes that show it.

    Attributes:
        meetings: Indices of the tubes that show each of its meetings: two, or more where a cut goes through it.
    """

    meetings: tuple[tuple[int, ...], ...]


def find_interactions(tubes: Sequence[Tube]) -> tuple[Interaction, ...]:
    """Every pair of tubes of one camera that a rule ties, each pair and rule once, with its first span.

    Cost: linear in samples, times the number of objects present at once.
    """
    found: dict[tuple[int, int, str], Interaction] = {}
    for item in find_meetings(tubes):
        found.setdefault((item.first, item.second, item.kind), item)
    return tuple(found.values())


def find_meetings(tubes: Sequence[Tube]) -> tuple[Interaction, ...]:
    """As :func:`find_interactions`, with every span of each pair and rule; sorted by pair, rule and time."""
    found: list[Interaction] = []
    for camera in sorted({tube.camera for tube in tubes}):
        members = [i for i, tube in enumerate(tubes) if tube.camera == camera]
        found += _of_camera([tubes[i] for i in members], np.array(members, np.int64))
    return tuple(sorted(found, key=lambda item: (item.first, item.second, item.kind, item.start_us)))


def ties_of(interactions: Sequence[Interaction]) -> tuple[Tie, ...]:
    """The pairs that interact, each once, as ties between whole tubes."""
    return tuple(Tie(meetings=(pair,)) for pair in sorted({(item.first, item.second) for item in interactions}))


def group_tubes(tubes: Sequence[Tube], interactions: Sequence[Interaction]) -> NDArray[np.int64]:
    """(N,) unit number of each tube; units are numbered in the order of their first tube."""
    n = len(tubes)
    if n == 0:
        return np.zeros(0, np.int64)
    first = np.array([item.first for item in interactions], np.int64)
    second = np.array([item.second for item in interactions], np.int64)
    graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    _, order, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(order))
    return np.asarray(rank[inverse], np.int64)


def _of_camera(tubes: Sequence[Tube], members: NDArray[np.int64]) -> list[Interaction]:
    owner, tick, boxes = _samples(tubes)
    order = np.lexsort((owner, tick))
    owner, tick, boxes = owner[order], tick[order], boxes[order]
    velocity = _velocity(owner, tick, boxes)
    starts = np.flatnonzero(np.r_[True, tick[1:] != tick[:-1], True]).astype(np.int64)
    pair_a, pair_b, pair_tick, flags = _events(starts, owner, tick, boxes, velocity)
    found: list[Interaction] = []
    for bit, kind, min_s in RULES:
        chosen = (flags & bit) > 0
        found += _runs(pair_a[chosen], pair_b[chosen], pair_tick[chosen], kind, min_s, members)
    return found


def _samples(tubes: Sequence[Tube]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Boxes of all tubes at the common instants ``tick * GRID_US``: owner, tick and the box last seen by then."""
    owners, ticks, boxes = [], [], []
    for index, tube in enumerate(tubes):
        tick = np.arange(-(-tube.start_us // GRID_US), tube.end_us // GRID_US + 1)
        if len(tick) == 0:
            tick = np.array([tube.start_us // GRID_US])
        at = np.maximum(np.searchsorted(tube.time_us, tick * GRID_US, side="right") - 1, 0)
        owners.append(np.full(len(tick), index, np.int64))
        ticks.append(tick.astype(np.int64))
        boxes.append(tube.boxes_xyxy_px[at])
    return np.concatenate(owners), np.concatenate(ticks), np.concatenate(boxes)


def _velocity(owner: NDArray[np.int64], tick: NDArray[np.int64], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 2) displacement of the centre over the last second, pixels; for comparing directions only."""
    by_owner = np.lexsort((tick, owner))
    centre = (boxes[by_owner, :2] + boxes[by_owner, 2:]) / 2
    back = np.maximum(np.arange(len(by_owner)) - 5, 0)
    first_of_owner = np.searchsorted(owner[by_owner], owner[by_owner], side="left")
    back = np.maximum(back, first_of_owner)
    velocity = np.empty_like(centre)
    velocity[by_owner] = centre - centre[back]
    return np.asarray(velocity, np.float32)


@kernel
def _events(
    starts: NDArray[np.int64],
    owner: NDArray[np.int64],
    tick: NDArray[np.int64],
    boxes: NDArray[np.float32],
    velocity: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every pair of samples of one instant that satisfies a rule: (owner a, owner b, tick, bits of rules)."""
    count = 0
    room = 1024
    out = np.empty((room, 4), np.int64)
    for s in range(len(starts) - 1):
        for i in range(starts[s], starts[s + 1]):
            for j in range(i + 1, starts[s + 1]):
                height = 0.5 * (boxes[i, 3] - boxes[i, 1] + boxes[j, 3] - boxes[j, 1])
                dx = 0.5 * (boxes[i, 0] + boxes[i, 2] - boxes[j, 0] - boxes[j, 2])
                dy = 0.5 * (boxes[i, 1] + boxes[i, 3] - boxes[j, 1] - boxes[j, 3])
                distance2 = dx * dx + dy * dy
                flags = 0
                if distance2 < height * height:
                    flags |= 1
                w = min(boxes[i, 2], boxes[j, 2]) - max(boxes[i, 0], boxes[j, 0])
                h = min(boxes[i, 3], boxes[j, 3]) - max(boxes[i, 1], boxes[j, 1])
                if w > 0 and h > 0:
                    area_i = (boxes[i, 2] - boxes[i, 0]) * (boxes[i, 3] - boxes[i, 1])
                    area_j = (boxes[j, 2] - boxes[j, 0]) * (boxes[j, 3] - boxes[j, 1])
                    if w * h >= 0.2 * min(area_i, area_j):
                        flags |= 2
                if distance2 < 4 * height * height:
                    vx = velocity[i, 0] - velocity[j, 0]
                    vy = velocity[i, 1] - velocity[j, 1]
                    speed2 = max(velocity[i, 0] ** 2 + velocity[i, 1] ** 2, velocity[j, 0] ** 2 + velocity[j, 1] ** 2)
                    if speed2 > 0.01 * height * height and vx * vx + vy * vy < 0.06 * speed2:
                        flags |= 4
                if flags:
                    if count == room:
                        room *= 2
                        bigger = np.empty((room, 4), np.int64)
                        bigger[:count] = out[:count]
                        out = bigger
                    out[count, 0] = min(owner[i], owner[j])
                    out[count, 1] = max(owner[i], owner[j])
                    out[count, 2] = tick[i]
                    out[count, 3] = flags
                    count += 1
    return out[:count, 0], out[:count, 1], out[:count, 2], out[:count, 3]


def _runs(
    pair_a: NDArray[np.int64],
    pair_b: NDArray[np.int64],
    tick: NDArray[np.int64],
    kind: str,
    min_s: float,
    members: NDArray[np.int64],
) -> list[Interaction]:
    """Runs of events of one pair, forgiving one missing instant, that last long enough."""
    if len(tick) == 0:
        return []
    order = np.lexsort((tick, pair_b, pair_a))
    a, b, t = pair_a[order], pair_b[order], tick[order]
    breaks = (a[1:] != a[:-1]) | (b[1:] != b[:-1]) | (t[1:] - t[:-1] > 2)
    first = np.flatnonzero(np.r_[True, breaks])
    last = np.r_[first[1:], len(t)] - 1
    # Why: k instants bound a span of (k - 1) steps; "for at least a second" is read on the span.
    keep = (t[last] - t[first]) * GRID_US >= round(min_s * 1_000_000)
    return [
        Interaction(
            first=int(members[a[f]]),
            second=int(members[b[f]]),
            kind=kind,
            start_us=int(t[f]) * GRID_US,
            end_us=int(t[e]) * GRID_US,
        )
        for f, e in zip(first[keep].tolist(), last[keep].tolist(), strict=True)
    ]
