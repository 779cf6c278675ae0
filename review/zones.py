# SPDX-License-Identifier: Apache-2.0
"""Zones of the picture that an officer sets aside: a flag in the wind, a busy road behind the fence.

Each is a numbered encrypted blob, ``zones/000001.json`` onward, without gaps, and holds for one camera or one
recording. Taking one back is one more record that names its number. A zone takes effect at the next run of index, which
makes the segments concerned anew; what was applied stands in them as a finding.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from typing import Any, Final

from indexer.findings import FindingKind
from indexer.index import Index
from indexer.records import Recording
from indexer.zones import MAX_IGNORED_UNIT, Zone, corners_text, zones_mask
from models.errors import Tampered, UnknownReference, UsageProblem
from review.audit.clock import format_moment
from review.recordings import read_recordings
from review.session import CaseSession

__all__ = [
    "AppliedZone",
    "ZoneRecord",
    "all_zones",
    "applied_zones",
    "set_aside",
    "standing_zones",
    "take_zone_back",
    "zones_of",
]

ZONES_PREFIX: Final = "zones/"
MAX_CORNERS: Final = 64
MIN_AREA_UNIT: Final = 0.0005
"""A smaller zone is a slip of the hand: at the size that motion is measured on it would hold next to nothing."""
_FORMAT: Final = "relecture-zone-1"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRecord:
    """One record of the list of zones.

    Attributes:
        number: 1-based, in order of time.
        camera: Camera of the réquisition that it holds for, all its recordings; empty for one recording.
        recording_id: Recording that it holds for; empty for a camera.
        size_wh_px: Picture size that it was drawn on; elsewhere it is not applied.
        corners_px: Corners in source pixels; empty for a taking back.
        reason: Why, in the officer's words.
        takes_back: Number of the zone that is taken back, or 0.
        operator_id: Who.
        utc: When.
    """

    number: int
    camera: str
    recording_id: str
    size_wh_px: tuple[int, int]
    corners_px: Zone
    reason: str
    takes_back: int = 0
    operator_id: str
    utc: datetime

    def concerns(self, recording: Recording) -> bool:
        """True where it is applied to a recording."""
        is_place = recording.recording_id == self.recording_id if self.recording_id else recording.camera == self.camera
        return is_place and recording.facts.size_wh_px == self.size_wh_px

    def document(self) -> dict[str, Any]:
        """As it is stored, and as ``zones list --json`` prints it."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        corners = [list(corner) for corner in self.corners_px]
        return values | {"utc": format_moment(self.utc), "corners_px": corners, "size_wh_px": list(self.size_wh_px)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedZone:
    """A zone that the index of a recording was made with; ``record`` is None where the case no longer holds it."""

    recording_id: str
    detail: str
    record: ZoneRecord | None


def set_aside(
    session: CaseSession, corners_px: Zone, *, reason: str, camera: str = "", recording_id: str = ""
) -> ZoneRecord:
    """Set a zone aside for a camera or for one recording, from the next run of index on.

    Raises:
        UsageProblem: Neither or both are named, no reason is given, the polygon cannot be one, or with the other zones
            of the place it would leave too little of the picture.
        UnknownReference: The case has no recording of that name or camera.
    """
    if bool(camera) == bool(recording_id):
        raise UsageProblem(
            "A zone is of one camera or of one recording.", hint="Give either --camera or --recording, not both."
        )
    if not reason.strip():
        raise UsageProblem("A zone needs a reason.", hint='Say why, for example: --reason "flag in the wind"')
    recordings = _recordings_of(session, camera, recording_id)
    sizes = sorted({item.facts.size_wh_px for item in recordings})
    if len(sizes) > 1:
        told = ", ".join(f"{width} x {height}" for width, height in sizes)
        raise UsageProblem(
            f"The recordings of {camera} have several picture sizes ({told} px).",
            hint="Name one of them with --recording; relecture index CASE --json lists them.",
        )
    (size,) = sizes
    _require_polygon(corners_px, size)
    _require_something_left(session, recordings, corners_px)
    record = ZoneRecord(
        number=1 + len(session.store.names(ZONES_PREFIX)),
        camera=camera,
        recording_id=recording_id,
        size_wh_px=size,
        corners_px=corners_px,
        reason=reason.strip(),
        operator_id=session.operator.operator_id,
        utc=session.clock.now().utc,
    )
    detail = {"camera": camera, "recording_id": recording_id, "corners_px": corners_text(corners_px)}
    with session.act("index.zone", detail={**detail, "reason": record.reason}) as act:
        _write(session, record)
        act.result = {"number": record.number}
    return record


def take_zone_back(session: CaseSession, number: int, *, reason: str) -> ZoneRecord:
    """Watch a zone again, from the next run of index on.

    Raises:
        UnknownReference: No such zone stands.
        UsageProblem: No reason is given.
    """
    found = next((item for item in standing_zones(session) if item.number == number), None)
    if found is None:
        raise UnknownReference(f"There is no zone {number} that stands.", hint="List them: relecture zones list CASE")
    if not reason.strip():
        raise UsageProblem("Taking a zone back needs a reason.", hint="Say why, with --reason.")
    record = replace(
        found,
        number=1 + len(session.store.names(ZONES_PREFIX)),
        corners_px=(),
        reason=reason.strip(),
        takes_back=number,
        operator_id=session.operator.operator_id,
        utc=session.clock.now().utc,
    )
    with session.act("index.zone_back", detail={"zone": number, "reason": record.reason}) as act:
        _write(session, record)
        act.result = {"number": record.number}
    return record


def all_zones(session: CaseSession) -> tuple[ZoneRecord, ...]:
    """Every record, in order of time.

    Raises:
        Tampered: A blob does not hold one, or one is missing.
    """
    names = session.store.names(ZONES_PREFIX)
    records = tuple(_read(session.store.read(name), name=name) for name in names)
    for number, (name, record) in enumerate(zip(names, records, strict=True), start=1):
        if record.number != number or name != _name_of(number):
            raise Tampered(f"blobs/{_name_of(number)}.age is missing.", hint="Run: relecture verify CASE")
    return records


def standing_zones(session: CaseSession) -> tuple[ZoneRecord, ...]:
    """Zones that were not taken back, in order of number."""
    records = all_zones(session)
    gone = {record.takes_back for record in records}
    return tuple(record for record in records if record.corners_px and record.number not in gone)


def zones_of(standing: Sequence[ZoneRecord], recording: Recording) -> tuple[Zone, ...]:
    """The polygons that are applied to a recording, in order of number."""
    return tuple(record.corners_px for record in standing if record.concerns(recording))


def applied_zones(session: CaseSession, index: Index) -> tuple[AppliedZone, ...]:
    """What the index as it stands was made with, by recording; not what the next run will be."""
    records = all_zones(session)
    said = dict.fromkeys(
        (str(segment.recording_id), finding.detail)
        for segment in index.segments
        for finding in segment.findings
        if finding.kind is FindingKind.IGNORED_ZONE
    )
    return tuple(
        AppliedZone(
            recording_id=recording_id, detail=detail, record=_record_behind(records, recording_id, detail, index)
        )
        for recording_id, detail in said
    )


def _record_behind(records: Sequence[ZoneRecord], recording_id: str, detail: str, index: Index) -> ZoneRecord | None:
    recording = next(item for key, item in index.recordings.items() if key == recording_id)
    fitting = [
        record
        for record in records
        if record.corners_px and record.concerns(recording) and corners_text(record.corners_px) in detail
    ]
    return fitting[-1] if fitting else None


def _recordings_of(session: CaseSession, camera: str, recording_id: str) -> list[Recording]:
    all_of_case = [item.recording for item in read_recordings(session)]
    found = [item for item in all_of_case if recording_id == item.recording_id or (camera and item.camera == camera)]
    if not found:
        known = ", ".join(sorted({item.camera for item in all_of_case})) or "none"
        raise UnknownReference(
            f"The case holds no recording of {camera or recording_id}.", hint=f"Its cameras: {known}. Import first."
        )
    return found


def _require_polygon(corners: Zone, size_wh_px: tuple[int, int]) -> None:
    width, height = size_wh_px
    if not 3 <= len(corners) <= MAX_CORNERS:
        raise UsageProblem(f"A zone has 3 to {MAX_CORNERS} corners, not {len(corners)}.")
    outside = next((corner for corner in corners if not (0 <= corner[0] <= width and 0 <= corner[1] <= height)), None)
    if outside is not None:
        raise UsageProblem(
            f"The corner {outside[0]:g},{outside[1]:g} lies outside the picture of {width} x {height} px.",
            hint="Corners are in pixels of the recording, from the upper left.",
        )
    edges = list(zip(corners, (*corners[1:], corners[0]), strict=True))
    if any(_cross(*one, *other) for one, other in combinations(edges, 2)):
        raise UsageProblem("The sides of the zone cross each other.", hint="Give its corners in order, all round.")
    area_px = abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in edges)) / 2
    if area_px < MIN_AREA_UNIT * width * height:
        raise UsageProblem(f"The zone holds {area_px:.0f} px: too little to be meant.", hint="Check its corners.")


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """True when the open segments a-b and c-d cross; sides that merely meet at a corner do not."""

    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _require_something_left(session: CaseSession, recordings: Sequence[Recording], corners: Zone) -> None:
    standing = standing_zones(session)
    for recording in recordings:
        size = recording.facts.size_wh_px
        share = float(zones_mask((*zones_of(standing, recording), corners), source_wh_px=size, size_wh_px=size).mean())
        if share > MAX_IGNORED_UNIT:
            raise UsageProblem(
                f"With this zone {share:.0%} of the picture would not be watched; {MAX_IGNORED_UNIT:.0%} is the most.",
                hint="Draw it smaller, or take another one back.",
            )


def _name_of(number: int) -> str:
    return f"{ZONES_PREFIX}{number:06d}.json"


def _write(session: CaseSession, record: ZoneRecord) -> None:
    document = {"format": _FORMAT, **record.document()}
    session.store.write(_name_of(record.number), json.dumps(document, ensure_ascii=False).encode())


def _read(content: bytes, *, name: str) -> ZoneRecord:
    try:
        document = json.loads(content)
        if document.pop("format") != _FORMAT:
            raise ValueError("format")
        width, height = document["size_wh_px"]
        return ZoneRecord(
            **{
                **document,
                "size_wh_px": (int(width), int(height)),
                "corners_px": tuple((float(x), float(y)) for x, y in document["corners_px"]),
                "utc": datetime.fromisoformat(document["utc"]),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Tampered(f"blobs/{name}.age is not a zone.", hint="Run: relecture verify CASE") from problem
