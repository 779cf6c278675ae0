# SPDX-License-Identifier: Apache-2.0
"""Recordings of a case as documents in its store, and back to the values that the indexer works on."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from indexer.findings import Finding, FindingKind
from indexer.probe import PacketTable
from indexer.records import Recording, RecordingId, StreamFacts
from indexer.ticks import MICROSECONDS, ClockRecord
from models.errors import Tampered
from review.requisition import ScopeVerdict
from review.session import CaseSession

__all__ = [
    "CaseRecording",
    "facts_document",
    "facts_of",
    "finding_document",
    "finding_of",
    "packets_bytes",
    "packets_from",
    "packets_name",
    "packets_of",
    "read_recordings",
    "recording_name",
    "to_bytes",
    "write_packets",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecording:
    """A recording with what the requisition lets be done with it.

    Attributes:
        recording: The indexer's view.
        imported_utc: When it was imported, ISO 8601.
        scope: Verdict of the scope lock: ``inside``, ``partly``, ``outside`` or ``time unknown``.
        allowed_utc: Half-open spans that may be analysed; empty with ``time unknown`` means all of it, and with
            ``outside`` nothing.
    """

    recording: Recording
    imported_utc: str
    scope: str
    allowed_utc: tuple[tuple[datetime, datetime], ...] = ()

    def allowed_ticks(self) -> tuple[tuple[int, int], ...]:
        """The half-open spans that may be analysed, as ticks of the stream: a frame counts by its own instant."""
        facts, clock = self.recording.facts, self.recording.clock
        start = clock.start_utc
        end_ticks = facts.last_pts_ticks + 1
        if self.scope == ScopeVerdict.OUTSIDE:
            return ()
        if self.scope != ScopeVerdict.PARTLY or start is None:
            return ((facts.first_pts_ticks, end_ticks),)

        def first_tick_at(moment: datetime) -> int:
            elapsed_s = Fraction((moment - start) // timedelta(microseconds=1), MICROSECONDS)
            media_s = elapsed_s / (1 - Fraction(clock.drift_ppm, 1_000_000))
            return min(end_ticks, facts.first_pts_ticks + ceil(media_s / facts.time_base))

        spans = [(first_tick_at(a), first_tick_at(b)) for a, b in self.allowed_utc]
        return tuple(span for span in spans if span[0] < span[1])


def recording_name(recording_id: str) -> str:
    """Blob name of a recording's document."""
    return f"recordings/{recording_id}.json"


def packets_name(recording_id: str) -> str:
    """Blob name of a recording's packet table."""
    return f"packets/{recording_id}.npz"


def to_bytes(item: CaseRecording) -> bytes:
    """The recording as canonical JSON."""
    recording, facts, clock = item.recording, item.recording.facts, item.recording.clock
    document = {
        "format": "relecture-recording-1",
        "recording_id": recording.recording_id,
        "path": recording.path,
        "sha256": recording.sha256,
        "size_bytes": recording.size_bytes,
        "camera": recording.camera,
        "piece": recording.piece,
        "imported_utc": item.imported_utc,
        "scope": item.scope,
        "allowed_utc": [[a.isoformat(), b.isoformat()] for a, b in item.allowed_utc],
        "clock": {
            "displayed_start": clock.displayed_start.isoformat() if clock.displayed_start else None,
            "offset_ms": clock.offset_ms,
            "uncertainty_ms": clock.uncertainty_ms,
            "drift_ppm": clock.drift_ppm,
            "how_read": clock.how_read,
            "proof": clock.proof,
        },
        "facts": facts_document(facts),
        "findings": [finding_document(finding) for finding in recording.findings],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()


def facts_document(facts: StreamFacts) -> dict[str, object]:
    """The facts of a stream as plain values."""
    return {
        "container": facts.container,
        "forced_format": facts.forced_format,
        "codec": facts.codec,
        "stream_index": facts.stream_index,
        "size_wh_px": list(facts.size_wh_px),
        "sample_aspect": str(facts.sample_aspect),
        "rotation_deg": facts.rotation_deg,
        "time_base": str(facts.time_base),
        "n_packets": facts.n_packets,
        "first_pts_ticks": facts.first_pts_ticks,
        "last_pts_ticks": facts.last_pts_ticks,
        "median_step_ticks": facts.median_step_ticks,
        "is_vfr": facts.is_vfr,
        "n_keyframes": facts.n_keyframes,
        "header_frames": facts.header_frames,
        "bytes_accounted": facts.bytes_accounted,
        "decoder": facts.decoder,
        "size_changes": [list(change) for change in facts.size_changes],
    }


def facts_of(document: Mapping[str, Any]) -> StreamFacts:
    """The facts back from :func:`facts_document`."""
    return StreamFacts(
        **{
            **document,
            "size_wh_px": tuple(document["size_wh_px"]),
            "sample_aspect": Fraction(document["sample_aspect"]),
            "time_base": Fraction(document["time_base"]),
            "size_changes": tuple(tuple(change) for change in document.get("size_changes", ())),
        }
    )


def finding_of(document: Mapping[str, Any]) -> Finding:
    """A finding back from :func:`finding_document`."""
    return Finding(**{**document, "kind": FindingKind(document["kind"])})


def finding_document(finding: Finding) -> dict[str, object]:
    """A finding as every ``--json`` and every stored document shows it."""
    return {
        "kind": finding.kind.value,
        "component": finding.component,
        "detail": finding.detail,
        "count": finding.count,
        "first_pts_ticks": finding.first_pts_ticks,
        "last_pts_ticks": finding.last_pts_ticks,
    }


def _from_bytes(content: bytes, *, name: str) -> CaseRecording:
    try:
        document: dict[str, Any] = json.loads(content)
        facts, clock = document["facts"], document["clock"]
        displayed = clock["displayed_start"]
        recording = Recording(
            recording_id=RecordingId(document["recording_id"]),
            path=document["path"],
            sha256=document["sha256"],
            size_bytes=document["size_bytes"],
            camera=document["camera"],
            piece=document["piece"],
            facts=facts_of(facts),
            clock=ClockRecord(**{**clock, "displayed_start": datetime.fromisoformat(displayed) if displayed else None}),
            findings=tuple(finding_of(item) for item in document["findings"]),
        )
        return CaseRecording(
            recording=recording,
            imported_utc=document["imported_utc"],
            scope=document["scope"],
            allowed_utc=tuple(
                (datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in document["allowed_utc"]
            ),
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise Tampered(
            f"{name} does not hold a recording of this format.", hint="Run: relecture verify CASE"
        ) from problem


def read_recordings(session: CaseSession) -> tuple[CaseRecording, ...]:
    """All recordings of the case, by camera, start and identifier.

    Raises:
        Tampered: A document is damaged.
    """
    items = [_from_bytes(session.store.read(name), name=name) for name in session.store.names("recordings/")]
    return tuple(sorted(items, key=_order))


def _order(item: CaseRecording) -> tuple[str, float, str]:
    start = item.recording.clock.start_utc
    return item.recording.camera, start.timestamp() if start else 0.0, item.recording.recording_id


def packets_bytes(packets: PacketTable) -> bytes:
    """A packet table as it is stored."""
    sink = io.BytesIO()
    np.savez_compressed(sink, pts_ticks=packets.pts_ticks, size_bytes=packets.size_bytes, is_key=packets.is_key)
    return sink.getvalue()


def packets_from(content: bytes) -> PacketTable:
    """The packet table back from :func:`packets_bytes`; plain arrays only, nothing that could run."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return PacketTable(pts_ticks=arrays["pts_ticks"], size_bytes=arrays["size_bytes"], is_key=arrays["is_key"])


def write_packets(session: CaseSession, recording_id: str, packets: PacketTable) -> None:
    """Store the packet table of a recording."""
    session.store.write(packets_name(recording_id), packets_bytes(packets))


def packets_of(session: CaseSession, recording_id: str) -> PacketTable:
    """The packet table of a recording."""
    return packets_from(session.store.read(packets_name(recording_id)))
