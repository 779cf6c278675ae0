# SPDX-License-Identifier: Apache-2.0
"""Builders of the law side's tests: a clock that obeys, operators, a sound case, and exhibits without a decoder."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

from review.audit.clock import Moment
from review.bundle_content import AnalysisFacts, ModelFact
from review.case_folder import create_case
from review.conformity import ConformityNote
from review.exhibits import Exhibit
from review.hits import HitAttribute
from review.operators import Empowerment, Operator, Quality, create_operator
from review.originals import read_originals
from review.requisition import samples_requisition
from review.session import CaseSession
from review.verdicts import Decision, judge
from review.zones import AppliedZone, ZoneRecord

PASSPHRASE = "correct horse battery staple"
START = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
WINDOW = (datetime(2026, 3, 2, 20, tzinfo=UTC), datetime(2026, 3, 2, 22, tzinfo=UTC))


@dataclass(eq=False)
class FakeClock:
    """Moves ten milliseconds at each look, and wherever a test sets it."""

    utc: datetime = START
    monotonic_ms: int = 1_000_000
    boot_id: str = "boot-1"

    def now(self) -> Moment:
        self.utc += timedelta(milliseconds=10)
        self.monotonic_ms += 10
        return Moment(utc=self.utc, monotonic_ms=self.monotonic_ms, boot_id=self.boot_id)


def new_operator(
    operator_id: str = "martin",
    *,
    quality: Quality = Quality.OPJ,
    issued: date = date(2026, 1, 1),
    expires: date = date(2027, 12, 31),
) -> Operator:
    return create_operator(
        operator_id=operator_id,
        name=f"Camille {operator_id.title()}",
        matricule="123456",
        service="Sûreté départementale",
        quality=quality,
        empowerment=Empowerment(number="H-2026-7", issued=issued, issuer="DIPN 51", expires=expires),
        passphrase=PASSPHRASE,
        now=START,
    )


def requisition_text(**changes: str) -> str:
    """A sound requisition; each change replaces ``key = …`` by ``key = value``."""
    text = samples_requisition([("cam1", "Place d’Erlon"), ("cam2", "Rue Gambetta")], start=WINDOW[0], end=WINDOW[1])
    for key, value in changes.items():
        lines = text.splitlines()
        text = "\n".join(f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in lines) + "\n"
    return text


def new_case(folder: Path, *, clock: FakeClock, text: str | None = None, operator_id: str = "martin") -> Path:
    create_case(folder, text or requisition_text(), operator_id=operator_id, passphrase=PASSPHRASE, clock=clock)
    return folder


def open_session(folder: Path, *, clock: FakeClock, operator_id: str = "martin", writing: bool = True) -> CaseSession:
    return CaseSession.open(folder, operator_id=operator_id, passphrase=PASSPHRASE, writing=writing, clock=clock)


def add_recording(
    session: CaseSession, path: Path, *, camera: str = "cam1", displayed_start: str = "2026-03-02T20:00:00+01:00"
) -> str:
    """What an import leaves: a recording's blob, written inside an act."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    recording_id = f"r-{sha256[:16]}"
    document = {
        "recording_id": recording_id,
        "path": str(path),
        "sha256": sha256,
        "size_bytes": len(content),
        "camera": camera,
        "piece": "PV-12",
        "clock": {
            "displayed_start": displayed_start,
            "offset_ms": -3_792_000,
            "uncertainty_ms": 1000,
            "drift_ppm": 0,
            "how_read": "typed",
        },
        "scope": "inside",
        "facts": {
            "container": "mov,mp4",
            "codec": "h264",
            "size_wh_px": [704, 288],
            "time_base": "1/90000",
            "first_pts_ticks": 0,
            "last_pts_ticks": 53_996_400,
            "median_step_ticks": 3600,
        },
        "findings": [
            {"kind": "time_gap", "component": "probe", "detail": "3,2 s sans image à 20:14:05", "count": 2},
            {"kind": "unusable_period", "component": "health", "detail": "caméra masquée 41 s", "count": 1},
        ],
    }
    with session.act("import.recording", detail={"recording": recording_id, "sha256": sha256}):
        session.store.write(f"recordings/{recording_id}.json", json.dumps(document).encode())
    return recording_id


def add_segment(session: CaseSession, recording_id: str, number: int, body: bytes) -> str:
    """What indexing leaves: a segment with its header line."""
    head = json.dumps({"content_sha256": hashlib.sha256(body).hexdigest()}).encode()
    name = f"segments/{recording_id}/{number:04d}.seg"
    with session.act("index.run"):
        session.store.write(name, head + b"\n" + body)
    return name


@dataclass(frozen=True)
class SoundCase:
    """A case with two recordings, a segment and three verdicts; nothing wrong with it."""

    folder: Path
    originals: tuple[Path, Path]
    segment: str
    clock: FakeClock = field(repr=False)


def build_sound_case(root: Path, *, clock: FakeClock) -> SoundCase:
    originals = (root / "delivered" / "gare_nord.mp4", root / "delivered" / "gambetta.mp4")
    originals[0].parent.mkdir(parents=True)
    for number, path in enumerate(originals):
        path.write_bytes(bytes([number]) * 5000)
    folder = new_case(root / "case", clock=clock)
    with open_session(folder, clock=clock) as session:
        first = add_recording(session, originals[0])
        add_recording(session, originals[1], camera="cam2")
        segment = add_segment(session, first, 0, b"rows and vectors")
        with session.act("search.run", purpose="voiture rouge quittant les lieux", detail={"class": "car"}) as act:
            act.result = {"hits": 3}
        judge_all(session)
    return SoundCase(folder=folder, originals=originals, segment=segment, clock=clock)


def judge_all(session: CaseSession) -> None:
    decisions = (("t-aaaaaaaaaaaa", Decision.VALIDATED), ("t-bbbbbbbbbbbb", Decision.REJECTED))
    for track, decision in (*decisions, ("t-cccccccccccc", Decision.DOUBTFUL)):
        judge(session, track, decision, note="vu à l’image", track_exists=lambda _: True)


def png(width: int = 64, height: int = 48) -> bytes:
    """A small PNG with a gradient, made by hand."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (x * 4 % 256, y * 5 % 256, 128)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class FakeMaker:
    """Makes exhibits without a decoder."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def _exhibit(self, kind: str, track_id: str, path: Path, content: bytes, last: int) -> Exhibit:
        path.write_bytes(content)
        start = WINDOW[0] + timedelta(minutes=14, milliseconds=250)
        return Exhibit(
            kind="still" if kind == "still" else "clip",
            path=path,
            sha256=hashlib.sha256(content).hexdigest(),
            track_id=track_id,
            recording_id="r-0",
            source_name=self._source.name,
            source_sha256=hashlib.sha256(self._source.read_bytes()).hexdigest(),
            camera="cam1",
            first_pts_ticks=90_000,
            last_pts_ticks=last,
            time_base=Fraction(1, 90_000),
            start_utc=start,
            end_utc=start + timedelta(seconds=(last - 90_000) / 90_000),
            displayed_start=(start - timedelta(seconds=3792)).astimezone(timezone(timedelta(hours=1))),
            clock_offset_ms=-3_792_000,
            uncertainty_ms=1000,
            box_xyxy_px=(12.0, 8.0, 40.0, 33.0) if kind == "still" else None,
            class_name="car",
            model="yolox_nano@1",
            method="exact frame, PNG" if kind == "still" else "stream copy",
            attributes=(HitAttribute(name="colour", value="red", score=0.83, model="palette@1"),),
        )

    def absent(self, session: CaseSession, track_ids: Sequence[str]) -> tuple[str, ...]:
        return ()

    def still(self, session: CaseSession, track_id: str, out_path: Path) -> Exhibit:
        return self._exhibit("still", track_id, out_path, png(), 90_000)

    def clip(self, session: CaseSession, track_id: str, out_path: Path) -> Exhibit:
        return self._exhibit("clip", track_id, out_path, b"clip of " + track_id.encode(), 540_000)

    def facts(self, session: CaseSession) -> AnalysisFacts:
        return AnalysisFacts(
            profile="standard",
            configuration_sha256="ab" * 32,
            models=(
                ModelFact(name="yolox_nano@1", role="détection", sha256="cd" * 32, accuracy="AP50 0,61 (MOT17)"),
                ModelFact(name="palette@1", role="algorithm of this program", sha256=""),
            ),
            decoder="FFmpeg 8.1.2 (PyAV 18.1.0)",
            n_tracks=3,
            coverage="2 h 00 d’enregistrement, dont 1 h 41 sans mouvement non décodées",
            conformity=tuple(
                (item.recording_id, conformity(images_per_s=rate))
                for item, rate in zip(read_originals(session.store), (12.5, None), strict=False)
            ),
            zones=tuple(
                AppliedZone(recording_id=item.recording_id, detail=ZONE_SAID, record=zone_record(camera=item.camera))
                for item in read_originals(session.store)[:1]
            ),
        )


ZONE_SAID = "Zone 1 of 1 set aside by an officer: 12.50% of the picture is not watched; its corners are 0,0 9,0 9,9 px."


def zone_record(*, camera: str) -> ZoneRecord:
    """A zone that an officer set aside."""
    return ZoneRecord(
        number=1,
        camera=camera,
        recording_id="",
        size_wh_px=(704, 576),
        corners_px=((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)),
        reason="drapeau au vent",
        operator_id="martin",
        utc=WINDOW[0],
    )


def conformity(*, images_per_s: float | None = 12.5) -> ConformityNote:
    """A recording that keeps to the least that is asked, or one whose stream has no times."""
    is_timed = images_per_s is not None
    return ConformityNote(
        size_wh_px=(704, 576),
        images_per_s=images_per_s,
        longest_step_s=0.32 if is_timed else None,
        n_gaps=2 if is_timed else 0,
        gaps_s=61.5 if is_timed else 0.0,
        level="least" if is_timed else "unknown",
        clock="read" if is_timed else "not read",
        clock_offset_ms=-3_792_000 if is_timed else None,
        clock_uncertainty_ms=1000 if is_timed else None,
    )
