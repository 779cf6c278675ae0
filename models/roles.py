# SPDX-License-Identifier: Apache-2.0
"""What a net may be for. A purpose that the product refuses has no role, so that no net can be listed for it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

__all__ = ["REFUSED_PURPOSES", "Role", "refused_purpose_of"]


class Role(StrEnum):
    """Every role that a net can have. This list is complete: what is not here cannot be loaded."""

    DETECTOR = "detector"
    CROP_CLASSIFIER = "crop_classifier"
    PERSON_ATTRIBUTES = "person_attributes"
    VEHICLE_ATTRIBUTES = "vehicle_attributes"
    APPEARANCE = "appearance"
    CLOTHING_MASK = "clothing_mask"
    VEHICLE_MAKE = "vehicle_make"
    """An empty slot: no small net with a clear licence is known; a unit can list its own."""


REFUSED_PURPOSES: Final = (
    ("face recognition", r"face|facial|visage|arcface|facenet|landmark"),
    ("gait or body identification", r"gait|body_?shape|re_?id|reidentification|identity|soft_?biometric|biometri"),
    ("emotion, intent or behaviour", r"emotion|sentiment|intent|suspicio|behaviou?r|aggressi|violence"),
    ("inferred sex", r"gender|sex|is_?male|is_?female|man_?woman"),
    ("inferred age", r"age|minor|elderly"),
    ("inferred skin colour or origin", r"skin|race|ethnic\w*|origin|nationalit\w*|religio\w*"),
    ("watch-list or plate reading of streams", r"watch_?list|blacklist|live|stream"),
    ("prediction", r"predictive|recidivis\w*|risk_?score"),
    ("weapon or fire", r"weapon|gun|knife|fire|smoke"),
    ("enhancement of evidence", r"super_?resolution|enhance\w*|deblur\w*|upscale\w*|denois\w*|frame_?interpolation"),
    ("audio", r"audio|speech|voice|speaker"),
)
"""What the product refuses, with the words that betray it in a role, a name or an output."""

_PATTERNS: Final = tuple(
    (purpose, re.compile(rf"(?:^|[^a-z])(?:{words})(?:$|[^a-z])")) for purpose, words in REFUSED_PURPOSES
)


def refused_purpose_of(text: str) -> str | None:
    """The refused purpose that a role, a name or an output speaks of, or None.

    Words are compared whole, whatever joins them (``-``, ``_``, space, capital letters).

    >>> refused_purpose_of("FaceEmbedding")
    'face recognition'
    >>> refused_purpose_of("surface_mask") is None
    True
    """
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    spread = re.sub(r"[\s\-.]+", "_", spread)
    return next((purpose for purpose, pattern in _PATTERNS if pattern.search(spread)), None)
