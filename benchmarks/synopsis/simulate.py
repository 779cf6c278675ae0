# SPDX-License-Identifier: Apache-2.0
"""Simulated cameras: tubes as a street camera would give them, from a seed, in any number.

Six routes across a 1920 x 1080 picture with perspective; people and vehicles after a daily rhythm; one object in
twenty loiters; one person in six walks with another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import RecordingId, TrackId
from review.synopsis.tubes import Tube

__all__ = ["DAY_S", "HourlyRhythm", "simulate"]

DAY_S: Final = 86_400
SIZE_WH_PX: Final = (1920, 1080)
ROUTES: Final = (
    ((-0.05, 0.55), (1.05, 0.60)),
    ((1.05, 0.70), (-0.05, 0.66)),
    ((0.15, 1.05), (0.45, 0.30)),
    ((0.85, 1.05), (0.60, 0.32)),
    ((-0.05, 0.90), (1.05, 0.85)),
    ((0.50, 0.30), (0.95, 1.05)),
)
VEHICLE_ROUTES: Final = (0, 1, 4)
HourlyRhythm: Final = np.array([1, 1, 1, 1, 1, 2, 5, 9, 10, 7, 6, 7, 9, 8, 7, 7, 9, 11, 11, 8, 6, 4, 3, 2], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """One object: route, kind and pace."""

    route: int
    is_vehicle: bool
    is_loiterer: bool
    duration_s: float
    sideways_px: float


def simulate(
    n: int, *, duration_s: int = DAY_S, seed: int = 0, rate_hz: int = 5, closeness: float = 0.6
) -> tuple[Tube, ...]:
    """``n`` tubes over ``duration_s``, sampled at ``rate_hz``, in source order.

    ``closeness`` scales the objects: 0.6 gives persons of 65 to 145 px (a street camera), 1.0 of 110 to 240 px.
    """
    chance = np.random.default_rng(seed)
    starts_s = _starts(n, duration_s, chance)
    tubes: list[Tube] = []
    k = 0
    while k < n:
        walk = _walk(chance)
        tubes.append(_tube(k, float(starts_s[k]), walk, rate_hz, closeness, chance))
        is_pair = not walk.is_vehicle and not walk.is_loiterer and chance.random() < 0.09 and k + 1 < n
        if is_pair:
            k += 1
            beside = _Walk(
                route=walk.route,
                is_vehicle=False,
                is_loiterer=False,
                duration_s=walk.duration_s,
                sideways_px=walk.sideways_px + 45.0 * closeness,
            )
            tubes.append(_tube(k, float(starts_s[k - 1]) + 0.2, beside, rate_hz, closeness, chance))
        k += 1
    return tuple(sorted(tubes, key=lambda tube: (tube.start_us, tube.track_id)))


def _starts(n: int, duration_s: int, chance: np.random.Generator) -> NDArray[np.float64]:
    if duration_s < DAY_S:
        return np.sort(chance.uniform(0, duration_s, n))
    hours = np.tile(HourlyRhythm, -(-duration_s // DAY_S))[: duration_s // 3600]
    chosen = chance.choice(len(hours), size=n, p=hours / hours.sum())
    return np.sort(chosen * 3600.0 + chance.uniform(0, 3600, n))


def _walk(chance: np.random.Generator) -> _Walk:
    is_vehicle = bool(chance.random() < 0.35)
    is_loiterer = not is_vehicle and bool(chance.random() < 0.077)
    if is_vehicle:
        duration_s = float(chance.lognormal(np.log(5.0), 0.35))
    elif is_loiterer:
        duration_s = float(np.clip(chance.lognormal(np.log(40.0), 0.5), 20, 180))
    else:
        duration_s = float(chance.lognormal(np.log(13.5), 0.35))
    route = int(chance.choice(VEHICLE_ROUTES)) if is_vehicle else int(chance.integers(len(ROUTES)))
    return _Walk(
        route=route,
        is_vehicle=is_vehicle,
        is_loiterer=is_loiterer,
        duration_s=duration_s,
        sideways_px=float(chance.normal(0, 40)),
    )


def _tube(
    number: int, start_s: float, walk: _Walk, rate_hz: int, closeness: float, chance: np.random.Generator
) -> Tube:
    n = max(2, round(walk.duration_s * rate_hz))
    at = np.linspace(0, 1, n)
    (x0, y0), (x1, y1) = ROUTES[walk.route]
    if walk.is_loiterer:
        spot = chance.uniform(0.3, 0.7)
        at = spot + np.clip(np.cumsum(chance.normal(0, 0.003, n)), -0.08, 0.08)
    width, height = SIZE_WH_PX
    foot_x = (x0 + (x1 - x0) * at) * width
    foot_y = np.clip((y0 + (y1 - y0) * at) * height + walk.sideways_px, 0.3 * height, 1.02 * height)
    tall = closeness * (0.06 + 0.16 * (foot_y / height)) * height * (0.85 if walk.is_vehicle else 1.0)
    wide = tall * (2.1 if walk.is_vehicle else 0.4)
    jitter = chance.normal(0, 1.5, (n, 4))
    boxes = np.stack([foot_x - wide / 2, foot_y - tall, foot_x + wide / 2, foot_y], axis=1) + jitter
    boxes[:, 0::2] = np.clip(boxes[:, 0::2], 0, width)
    boxes[:, 1::2] = np.clip(boxes[:, 1::2], 0, height)
    seen = (boxes[:, 2] - boxes[:, 0] > 4) & (boxes[:, 3] - boxes[:, 1] > 4)
    first, last = np.flatnonzero(seen)[[0, -1]] if seen.any() else (0, n - 1)
    span = slice(int(first), int(last) + 1)
    ticks = (round(start_s * rate_hz) + np.arange(n))[span].astype(np.int64)
    return Tube(
        track_id=TrackId(f"t-{number:012x}"),
        recording_id=RecordingId("r-simulated0000000"),
        camera="S1",
        class_name="car" if walk.is_vehicle else "person",
        pts_ticks=ticks,
        boxes_xyxy_px=boxes[span].astype(np.float32),
        time_us=ticks * (1_000_000 // rate_hz),
        has_clock=False,
        size_wh_px=SIZE_WH_PX,
    )
