# SPDX-License-Identifier: Apache-2.0
"""Holds tracks against labelled passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Event", "events_of", "lives_match", "overlaps"]

CLASS_BY_TYPE = {"cyclist": "bicycle", None: "person"}
LEAST_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Event:
    """One labelled pass; frames 0-based in decode order, both ends included."""

    class_name: str
    first: int
    last: int
    colours: tuple[str, ...]
    upper: tuple[str, ...]
    lower: tuple[str, ...]


def events_of(clip: dict[str, Any]) -> list[Event]:
    """The passes of one clip, in order. ``silver`` is ``grey`` in the product's palette."""
    return [
        Event(
            class_name=CLASS_BY_TYPE.get(item.get("type"), item.get("type")),
            first=item["first"],
            last=item["last"],
            colours=tuple("grey" if name == "silver" else name for name in item.get("colour", ())),
            upper=tuple(item.get("upper", ())),
            lower=tuple(item.get("lower", ())),
        )
        for item in clip["events"]
    ]


def overlaps(hit: dict[str, Any], event: Event) -> bool:
    """True when the hit covers at least half of the pass, and the pass half of the hit."""
    common = min(hit["last_frame"], event.last) - max(hit["first_frame"], event.first) + 1
    lengths = (hit["last_frame"] - hit["first_frame"] + 1, event.last - event.first + 1)
    return all(common >= LEAST_SHARE * length for length in lengths)


def lives_match(lives: Sequence[tuple[int, int]], expected: Sequence[tuple[int, int]], tolerance: int) -> bool:
    """True when each life begins and ends within the tolerance of its label, in order."""
    return all(
        abs(first - a) <= tolerance and abs(last - b) <= tolerance
        for (first, last), (a, b) in zip(lives, expected, strict=True)
    )
