# SPDX-License-Identifier: Apache-2.0
"""From sightings to the truth of one file: passes, bags, meetings, light."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from samples.actors import Actor
from samples.lighting import cloud_gain
from samples.palette import BAG_DYES, CLOTH, PAINT
from samples.persons import BAGS
from samples.truth import BagChange, Interaction, LightEvent, ObjectTruth, Pass

__all__ = ["interactions_of", "light_of", "objects_of"]

GAP_S = 3
MEETING_M = 1.6
DIP_GAIN = 0.96


def _passes(rows: NDArray[np.int32], pts: NDArray[np.int64], time_base: Fraction) -> tuple[Pass, ...]:
    frames = rows[:, 0]
    far = np.diff(pts[frames]) > int(GAP_S / time_base)
    cuts = np.concatenate([[0], np.flatnonzero(far) + 1, [len(frames)]])
    found = []
    for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        first, last = int(frames[a]), int(frames[b - 1])
        tallest = int((rows[a:b, 4] - rows[a:b, 2]).max())
        found.append(
            Pass(
                first_frame=first,
                last_frame=last,
                first_pts=int(pts[first]),
                last_pts=int(pts[last]),
                n_frames_seen=b - a,
                max_height_px=tallest,
            )
        )
    return tuple(found)


def objects_of(
    camera: str,
    actors: Sequence[Actor],
    who: NDArray[np.str_],
    rows: NDArray[np.int32],
    pts: NDArray[np.int64],
    time_base: Fraction,
) -> tuple[ObjectTruth, ...]:
    """Truth of every actor that was seen, in the order of ``actors``; ``rows`` as in :mod:`samples.recorder`."""
    found = []
    for actor in actors:
        mine = rows[who == actor.actor_id]
        if len(mine) == 0:
            continue
        look = actor.look
        bags = mine[:, 6]
        changes = [k + 1 for k in np.flatnonzero(np.diff(bags)).tolist()]
        area = (mine[:, 3] - mine[:, 1]) * (mine[:, 4] - mine[:, 2]) * (mine[:, 5] / 1000.0)
        dye = actor.handover.bag_dye if actor.handover is not None else look.bag_dye
        has_bag = bool(bags.any())
        found.append(
            ObjectTruth(
                object_id=f"{camera}/{actor.actor_id}",
                actor_id=actor.actor_id,
                class_name=look.class_name,
                shape=look.shape,
                colour=PAINT[look.paint].names if look.paint else (),
                upper=CLOTH[look.upper].names if look.upper else (),
                lower=CLOTH[look.lower].names if look.lower else (),
                bag=BAGS[int(bags[0])],
                bag_colour=BAG_DYES[dye].names if has_bag else (),
                bag_changes=tuple(
                    BagChange(frame=int(mine[k, 0]), pts=int(pts[mine[k, 0]]), bag=BAGS[int(bags[k])]) for k in changes
                ),
                passes=_passes(mine, pts, time_base),
                best_frame=int(mine[int(area.argmax()), 0]),
                boxes=np.ascontiguousarray(mine[:, :6]),
            )
        )
    return tuple(found)


def interactions_of(
    objects: Sequence[ObjectTruth], actors: Sequence[Actor], pts: NDArray[np.int64], time_base: Fraction
) -> tuple[Interaction, ...]:
    """Hand-overs whose two persons are both seen: the frames in which they stand within 1.6 m of one another."""
    seen = {item.actor_id: item for item in objects}
    takers = {a.handover.at_s: a for a in actors if a.handover is not None and not a.handover.is_giver}
    found = []
    for giver in actors:
        if giver.handover is None or not giver.handover.is_giver or giver.handover.at_s not in takers:
            continue
        taker = takers[giver.handover.at_s]
        if giver.actor_id not in seen or taker.actor_id not in seen:
            continue
        together = []
        for frame in np.intersect1d(seen[giver.actor_id].boxes[:, 0], seen[taker.actor_id].boxes[:, 0]).tolist():
            a, b = giver.place_at(float(pts[frame] * time_base)), taker.place_at(float(pts[frame] * time_base))
            if a is not None and b is not None and np.hypot(a.x_m - b.x_m, a.y_m - b.y_m) <= MEETING_M:
                together.append(frame)
        if together:
            at = int(np.searchsorted(pts, int(giver.handover.at_s / time_base)))
            found.append(
                Interaction(
                    kind="bag_handover",
                    object_ids=(seen[giver.actor_id].object_id, seen[taker.actor_id].object_id),
                    first_frame=together[0],
                    last_frame=together[-1],
                    handover_frame=at if at < len(pts) else -1,
                    bag=giver.handover.bag,
                )
            )
    return tuple(found)


def light_of(pts: NDArray[np.int64], time_base: Fraction, *, seed: int) -> tuple[LightEvent, ...]:
    """Stretches in which a cloud lowers the light below 0.96."""
    gain = cloud_gain(pts * float(time_base), seed=seed)
    low = np.concatenate([[False], gain < DIP_GAIN, [False]])
    starts, ends = np.flatnonzero(~low[:-1] & low[1:]), np.flatnonzero(low[:-1] & ~low[1:])
    return tuple(
        LightEvent(kind="cloud", first_frame=a, last_frame=b - 1, lowest_gain=round(float(gain[a:b].min()), 3))
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    )
