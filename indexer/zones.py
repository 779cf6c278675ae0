# SPDX-License-Identifier: Apache-2.0
"""Parts of the picture that an officer set aside: a flag in the wind, a busy road behind the fence.

What moves in a zone is not looked at. An object that stands outside and reaches into one is seen up to its border.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.findings import Finding, FindingKind
from models.detectors import BAG_LABELS, Detections

__all__ = ["MAX_IGNORED_UNIT", "Zone", "are_inside", "corners_text", "watched_only", "zone_findings", "zones_mask"]

Zone = tuple[tuple[float, float], ...]
"""Corners of a polygon, source pixels."""

MAX_IGNORED_UNIT: Final = 0.9
"""Share of the picture that the zones of a camera may cover together."""


def are_inside(points: NDArray[np.float64], zone: Zone) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in a polygon, (N,) bool, by the even-odd rule.

    >>> are_inside(np.array([[1.0, 1.0], [5.0, 1.0]]), ((0, 0), (4, 0), (4, 4), (0, 4))).tolist()
    [True, False]
    """
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), bool)
    polygon = np.array(zone, float)
    following = np.roll(polygon, -1, axis=0)
    for (x1, y1), (x2, y2) in zip(polygon, following, strict=True):
        spans = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing_x = (x2 - x1) * (y - y1) / (y2 - y1) + x1
        inside ^= spans & (x < crossing_x)
    return inside


def zones_mask(
    zones: tuple[Zone, ...], *, source_wh_px: tuple[int, int], size_wh_px: tuple[int, int]
) -> NDArray[np.bool_]:
    """What the zones cover of a picture shown at ``size_wh_px``, (H, W) bool, their borders included."""
    width, height = size_wh_px
    mask = np.zeros((height, width), np.uint8)
    scale = np.array([width / source_wh_px[0], height / source_wh_px[1]])
    for zone in zones:
        # Why: each alone, for overlapping polygons filled together would cancel out where they overlap.
        cv2.fillPoly(mask, [np.round(np.array(zone) * scale).astype(np.int32)], 255)
    return mask > 0


def watched_only(detections: Detections, zones: tuple[Zone, ...], *, scale: float = 1.0) -> Detections:
    """Detections without the objects whose foot point lies in a zone; bags stay, for they belong to who carries them.

    Args:
        detections: Boxes in pixels of a picture.
        zones: Zones.
        scale: Pixels of that picture to a source pixel.
    """
    if not zones or not len(detections.boxes_xyxy_px):
        return detections
    boxes = detections.boxes_xyxy_px.astype(np.float64) / scale
    feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
    is_left_out = np.any([are_inside(feet, zone) for zone in zones], axis=0)
    is_left_out &= np.array([label not in BAG_LABELS for label in detections.labels])
    kept = np.flatnonzero(~is_left_out)
    return replace(
        detections,
        boxes_xyxy_px=detections.boxes_xyxy_px[kept],
        scores=detections.scores[kept],
        labels=tuple(detections.labels[i] for i in kept),
    )


def corners_text(zone: Zone) -> str:
    """The corners as a person types them.

    >>> corners_text(((0.0, 0.5), (4.0, 0.0), (4.0, 4.0)))
    '0,0.5 4,0 4,4'
    """
    return " ".join(f"{x:.10g},{y:.10g}" for x, y in zone)


def zone_findings(
    zones: tuple[Zone, ...], *, source_wh_px: tuple[int, int], first_pts_ticks: int, last_pts_ticks: int
) -> tuple[Finding, ...]:
    """One finding for each zone: where it lies and what share of the picture it takes."""
    found = []
    for number, zone in enumerate(zones, 1):
        share = float(zones_mask((zone,), source_wh_px=source_wh_px, size_wh_px=source_wh_px).mean())
        found.append(
            Finding(
                kind=FindingKind.IGNORED_ZONE,
                component="officer",
                detail=(
                    f"Zone {number} of {len(zones)} set aside by an officer: {share:.2%} of the picture is not "
                    f"watched; its corners are {corners_text(zone)} px."
                ),
                first_pts_ticks=first_pts_ticks,
                last_pts_ticks=last_pts_ticks,
            )
        )
    return tuple(found)
