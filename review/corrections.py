# SPDX-License-Identifier: Apache-2.0
"""Corrections of tracks by hand: split, merge, and taking either back. Append-only, logged, and no segment changes.

Each is a numbered encrypted blob, ``corrections/000001.json`` onward, without gaps. Taking one back is one more record
that names its number. What an officer validated is never changed under them: its verdict must be changed first.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from indexer.corrections import Correction, CorrectionKind, Description, made_by
from indexer.records import Attribute, TrackId
from models.errors import NotAllowed, Tampered, UnknownReference
from review.audit.clock import format_moment
from review.session import CaseSession
from review.verdicts import Decision, latest

__all__ = [
    "CORRECTIONS_PREFIX",
    "CorrectionRecord",
    "all_corrections",
    "correction_name",
    "next_number",
    "read_correction",
    "record_correction",
    "require_not_validated",
    "standing",
    "take_back",
]

CORRECTIONS_PREFIX: Final = "corrections/"
_FORMAT: Final = "relecture-correction-1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrectionRecord:
    """One record of the list of corrections.

    Attributes:
        number: 1-based, in order of time.
        correction: What was done; None for a taking back.
        takes_back: Number of the correction that is taken back, or 0.
        track_ids: The tracks that it names: split, merged, or there again.
        operator_id: Who.
        utc: When.
        note: The officer's words, may be empty.
    """

    number: int
    correction: Correction | None
    takes_back: int = 0
    track_ids: tuple[TrackId, ...]
    operator_id: str
    utc: datetime
    note: str = ""


def correction_name(number: int) -> str:
    """Name of the blob of a correction."""
    return f"{CORRECTIONS_PREFIX}{number:06d}.json"


def next_number(session: CaseSession) -> int:
    """The number that the next correction takes."""
    return 1 + len(session.store.names(CORRECTIONS_PREFIX))


def record_correction(session: CaseSession, correction: Correction, *, note: str = "") -> CorrectionRecord:
    """Write a correction, inside an act; the act's result names it and what it makes."""
    record = CorrectionRecord(
        number=correction.number,
        correction=correction,
        track_ids=correction.track_ids,
        operator_id=session.operator.operator_id,
        utc=session.clock.now().utc,
        note=note,
    )
    session.store.write(correction_name(record.number), _to_bytes(record))
    return record


def take_back(session: CaseSession, number: int, *, note: str = "") -> CorrectionRecord:
    """Take a correction back: its tracks go, and those that it was made of are there again.

    Raises:
        UnknownReference: No such correction stands.
        NotAllowed: A later one builds on it, or a track that it made is validated; or the rules forbid it.
    """
    standing_now = standing(session)
    found = next((item for item in standing_now if item.number == number), None)
    if found is None:
        raise UnknownReference(
            f"There is no correction {number} that stands.", hint="List them with: relecture tracks corrections CASE"
        )
    made = set(made_by(found))
    on_top = [item.number for item in standing_now if made & set(item.track_ids)]
    if on_top:
        raise NotAllowed(f"Correction {on_top[0]} builds on correction {number}.", hint=f"Take {on_top[0]} back first.")
    require_not_validated(session, sorted(made))
    with session.act("tracks.undo", detail={"correction": number, "tracks": list(found.track_ids)}) as act:
        record = CorrectionRecord(
            number=next_number(session),
            correction=None,
            takes_back=number,
            track_ids=found.track_ids,
            operator_id=session.operator.operator_id,
            utc=session.clock.now().utc,
            note=note,
        )
        session.store.write(correction_name(record.number), _to_bytes(record))
        act.result = {"number": record.number}
    return record


def require_not_validated(session: CaseSession, track_ids: Sequence[str]) -> None:
    """Refuse to change what an officer validated.

    Raises:
        NotAllowed: One of the tracks is validated.
    """
    verdicts = latest(session)
    for track_id in track_ids:
        verdict = verdicts.get(TrackId(track_id))
        if verdict is not None and verdict.decision is Decision.VALIDATED:
            raise NotAllowed(
                f"{track_id} is validated; what was validated is not changed afterwards.",
                hint=f"Change the verdict first: relecture judge CASE {track_id} doubtful.",
            )


def all_corrections(session: CaseSession) -> tuple[CorrectionRecord, ...]:
    """Every record, in order of time.

    Raises:
        Tampered: A blob does not hold one.
    """
    names = session.store.names(CORRECTIONS_PREFIX)
    return tuple(read_correction(session.store.read(name), name=name) for name in names)


def standing(session: CaseSession) -> tuple[Correction, ...]:
    """Corrections that were not taken back, in order of number."""
    records = all_corrections(session)
    gone = {record.takes_back for record in records}
    return tuple(record.correction for record in records if record.correction and record.number not in gone)


def read_correction(content: bytes, *, name: str) -> CorrectionRecord:
    """Parse the blob of a correction.

    Raises:
        Tampered: It is none.
    """
    try:
        document = json.loads(content)
        if document["format"] != _FORMAT:
            raise ValueError("format")
        number = int(document["number"])
        track_ids = tuple(TrackId(str(item)) for item in document["tracks"])
        correction = None
        if document["kind"] != "undo":
            correction = Correction(
                number=number,
                kind=CorrectionKind(document["kind"]),
                track_ids=track_ids,
                at_pts_ticks=int(document["at_pts_ticks"]),
                descriptions=tuple(_description_of(item) for item in document["descriptions"]),
            )
            expected = {CorrectionKind.SPLIT: (1, 2), CorrectionKind.MERGE: (2, 0)}[correction.kind]
            if (len(track_ids), len(correction.descriptions)) != expected:
                raise ValueError("tracks")
        return CorrectionRecord(
            number=number,
            correction=correction,
            takes_back=int(document["takes_back"]),
            track_ids=track_ids,
            operator_id=str(document["operator"]),
            utc=datetime.fromisoformat(document["utc"]),
            note=str(document["note"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise Tampered(f"blobs/{name}.age is not a correction.", hint="Run: relecture verify CASE") from exc


def _to_bytes(record: CorrectionRecord) -> bytes:
    correction = record.correction
    document = {
        "format": _FORMAT,
        "number": record.number,
        "kind": str(correction.kind) if correction else "undo",
        "tracks": list(record.track_ids),
        "at_pts_ticks": correction.at_pts_ticks if correction else 0,
        "descriptions": [_document_of(item) for item in correction.descriptions] if correction else [],
        "takes_back": record.takes_back,
        "operator": record.operator_id,
        "utc": format_moment(record.utc),
        "note": record.note,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _document_of(said: Description) -> dict[str, Any]:
    return {
        "class_name": said.class_name,
        "class_score": said.class_score,
        "class_model": said.class_model,
        "best_pts_ticks": said.best_pts_ticks,
        "attributes": [asdict(item) for item in said.attributes],
        "vector": base64.b64encode(said.vector.astype("<f4").tobytes()).decode(),
        "crop_jpeg": base64.b64encode(said.crop_jpeg).decode(),
    }


def _description_of(document: dict[str, Any]) -> Description:
    return Description(
        class_name=document["class_name"],
        class_score=float(document["class_score"]),
        class_model=document["class_model"],
        best_pts_ticks=int(document["best_pts_ticks"]),
        attributes=tuple(
            Attribute(
                **{**item, "alternatives": tuple((str(value), float(part)) for value, part in item["alternatives"])}
            )
            for item in document["attributes"]
        ),
        vector=np.frombuffer(base64.b64decode(document["vector"], validate=True), "<f4").astype(np.float32),
        crop_jpeg=base64.b64decode(document["crop_jpeg"], validate=True),
    )
