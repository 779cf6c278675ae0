# SPDX-License-Identifier: Apache-2.0
"""Import: a file is hashed before anything else reads it, described exactly, and held against the requisition's scope.

The original stays where it was delivered and is only ever opened for reading; the case keeps its digest. What lies
outside the requisition is put in quarantine: recorded, never analysed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from indexer.findings import Finding, FindingKind
from indexer.index import void_segments
from indexer.probe import ProbeResult, sha256_of_file
from indexer.records import Recording
from indexer.ticks import ClockRecord
from models.errors import EnvironmentProblem, OutOfScope, RelectureError, UnreadableInput, UsageProblem
from review.audit.record import JsonObject
from review.clock_reading import ClockReading, stamp_in_name
from review.decoding import probe_in_child
from review.recordings import CaseRecording, read_recordings, recording_name, to_bytes, write_packets
from review.requisition import ScopeVerdict
from review.session import CaseSession

__all__ = ["ImportItem", "ImportReport", "find_footage", "import_footage", "parse_offset_ms", "parse_start"]

SUFFIXES: Final = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .ts .mts .m2ts .mpg .mpeg .vob .ps .asf .wmv .dav .h264 .264 .hevc .h265 .265 .3gp "
    ".flv .mjpeg .mjpg".split()
)
Progress = Callable[[str, int, int], None]
"""Told the file name, the bytes read of it and its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """What became of one file: ``imported``, ``updated``, ``duplicate``, ``quarantined`` or ``refused``.

    ``updated`` means that the recording was in the case already, and that its clock was corrected by what was typed
    now, or its scope by a complementary requisition.
    """

    path: str
    outcome: str
    recording: Recording | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of every file, in the order given."""

    items: tuple[ImportItem, ...]

    @property
    def n_imported(self) -> int:
        """Files that entered the case now."""
        return sum(item.outcome == "imported" for item in self.items)


def parse_start(text: str) -> datetime:
    """The displayed start as a person types it; it must carry a UTC offset.

    Raises:
        UsageProblem: Not a time, or one without offset.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UsageProblem(
            f"“{text}” is not a time.", hint="Write it as 2026-03-02T21:00:00+01:00 (the recorder's display)."
        ) from problem
    if moment.tzinfo is None:
        raise UsageProblem(
            f"“{text}” does not say its offset from UTC.", hint="Add it: +01:00 in winter, +02:00 in summer in France."
        )
    return moment


def parse_offset_ms(text: str) -> int:
    """Clock offset as typed: ``-3792s``, ``-1h03m12s``, ``250ms``, ``+90``; seconds when no unit is given.

    >>> parse_offset_ms("-3792s"), parse_offset_ms("-1h03m12s"), parse_offset_ms("-3792000ms"), parse_offset_ms("+90")
    (-3792000, -3792000, -3792000, 90000)

    Raises:
        UsageProblem: Not a duration.
    """
    plain = text.strip().replace(" ", "")
    bare = re.fullmatch(r"([+-]?)(\d+(?:\.\d+)?)", plain)
    if bare is not None:
        plain += "s"
    match = re.fullmatch(r"([+-]?)(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?", plain)
    if match is None or not any(match.groups()[1:]):
        raise UsageProblem(
            f"“{text}” is not a clock offset.",
            hint="Displayed minus true time, for example --clock-offset=-3792s for a recorder 1 h 03 min 12 s behind.",
        )
    sign, hours, minutes, seconds, milliseconds = match.groups()
    total = int(hours or 0) * 3_600_000 + int(minutes or 0) * 60_000 + round(float(seconds or 0) * 1000)
    total += int(milliseconds or 0)
    return -total if sign == "-" else total


def find_footage(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The video files named, and those in the folders named, each once, sorted within a folder.

    Raises:
        UnreadableInput: A path is missing, or a folder holds no video file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(item for item in path.rglob("*") if item.is_file() and item.suffix.lower() in SUFFIXES)
            if not inside:
                raise UnreadableInput(
                    f"{path} holds no video file.",
                    hint=f"Looked for {' '.join(sorted(SUFFIXES))}; name a file of another kind directly.",
                )
            found += inside
        elif path.is_file():
            found.append(path)
        elif path.exists():
            raise UnreadableInput(f"{path} is not a file.", hint="Name a video file or a folder that holds some.")
        else:
            raise UnreadableInput(f"{path} does not exist.", hint="Check the path, or plug the medium in again.")
    return tuple(dict.fromkeys(item.resolve() for item in found))


def import_footage(
    session: CaseSession,
    paths: Sequence[Path],
    *,
    camera: str,
    start: datetime | None = None,
    clock_offset_ms: int = 0,
    uncertainty_ms: int = 1000,
    reading: ClockReading | None = None,
    piece: str = "",
    progress: Progress | None = None,
) -> ImportReport:
    """Import files of one camera.

    Args:
        session: Opened for writing.
        paths: Files or folders.
        camera: Camera identifier of the requisition.
        start: Displayed start of the one file; None leaves the clock unknown.
        clock_offset_ms: Displayed minus true time, milliseconds.
        uncertainty_ms: Half-width of the claim on corrected time, milliseconds.
        reading: All that was read of the clock, in place of the three above.
        piece: Number of the piece or seal; taken from the requisition where it names exactly one.
        progress: Told how reading goes.

    Raises:
        UnreadableInput: A path is missing, empty or not a file.
        NotFootage: The only file named cannot be decoded.
        OutOfScope: Unknown camera, or the only file named lies outside the requisition.
        UsageProblem: One start for several files, or a negative uncertainty.
    """
    session.requisition.scope.covers(camera, None, None)
    files = find_footage(paths)
    reading = reading or ClockReading(start=start, offset_ms=clock_offset_ms, uncertainty_ms=uncertainty_ms)
    if isinstance(reading.start, datetime) and len(files) > 1:
        raise UsageProblem(
            f"{len(files)} files cannot all start at {reading.start.isoformat()}.",
            hint="Import each file with its own --start, or all with --start file-name to take what their names say.",
        )
    piece = piece or _only_piece(session)
    detail: JsonObject = {
        "camera": camera,
        "piece": piece,
        "n_files": len(files),
        "displayed_start": reading.start.isoformat() if isinstance(reading.start, datetime) else reading.start,
        "clock_offset_ms": reading.offset_ms,
        "clock_checks": [[check.displayed.isoformat(), check.reference.isoformat()] for check in reading.checks],
        "clock_proof": reading.proof,
        "uncertainty_ms": reading.uncertainty_ms,
    }
    with session.act("import.run", detail=detail) as act:
        work = _Import(session, camera=camera, piece=piece, reading=reading, progress=progress)
        items = []
        for file in files:
            try:
                items.append(work.take(file))
            except EnvironmentProblem:
                # Why: a full disk is no trouble of this file, and the next one would meet it too.
                raise
            except RelectureError as problem:
                if len(files) == 1:
                    raise
                items.append(ImportItem(path=str(file), outcome="refused", reason=problem.message))
        act.result = {
            "outcomes": [
                {"sha256": item.recording.sha256 if item.recording else "", "outcome": item.outcome} for item in items
            ]
        }
    if len(items) == 1 and items[0].outcome == "quarantined":
        raise OutOfScope(
            f"{files[0].name} is outside the requisition: {items[0].reason}.",
            hint="It is in quarantine and will not be analysed; that needs a complementary requisition "
            "(relecture case extend). If the clock is wrong, import it again with the right --start.",
        )
    return ImportReport(items=tuple(items))


def _only_piece(session: CaseSession) -> str:
    pieces = session.requisition.pieces
    return pieces[0] if len(pieces) == 1 else ""


class _Import:
    """Takes files one by one; each is whole in the case or not at all."""

    def __init__(
        self, session: CaseSession, *, camera: str, piece: str, reading: ClockReading, progress: Progress | None
    ) -> None:
        self._session = session
        self._camera = camera
        self._piece = piece
        self._reading = reading
        self._progress = progress
        self._known = {item.recording.sha256: item for item in read_recordings(session)}

    def take(self, file: Path) -> ImportItem:
        name = file.name
        try:
            size_bytes = file.stat().st_size
        except OSError as problem:
            raise UnreadableInput(
                f"{file} cannot be read ({problem.strerror}).", hint="Check the path and the medium."
            ) from problem

        def tell(n_bytes: int) -> None:
            if self._progress is not None:
                self._progress(name, n_bytes, size_bytes)

        # Why: this process takes the digest, before anything decodes the file and where no decoder can touch it.
        hashed = sha256_of_file(str(file), progress=tell)
        known = self._known.get(hashed[0])
        if known is not None:
            return self._again(file, known)
        probed = probe_in_child(str(file), hashed=hashed)
        clock = self._reading.record(name, probed.container_created)
        recording = self._recording(file, probed, clock)
        item, reason = self._held_against_scope(recording, clock)
        if item.scope == ScopeVerdict.OUTSIDE:
            self._session.store.write(f"quarantine/{recording.recording_id}.json", to_bytes(item))
            return ImportItem(path=str(file), outcome="quarantined", recording=recording, reason=reason)
        # Why: the document comes last, so that a kill before it leaves a table nobody refers to, not half a recording.
        write_packets(self._session, recording.recording_id, probed.packets)
        self._write(item)
        return ImportItem(path=str(file), outcome="imported", recording=recording)

    def _again(self, file: Path, known: CaseRecording) -> ImportItem:
        """The same bytes once more: a clock typed now corrects the one before, and the scope is looked at anew."""
        recording = known.recording
        if recording.camera != self._camera:
            return _duplicate(file, known)
        # Why: what the container says is not kept with a recording; its clock stays as it was read at first.
        clock = ClockRecord() if self._reading.start == "container" else self._reading.record(file.name, "")
        if clock.is_known and _has_times(recording.findings):
            kept = tuple(item for item in recording.findings if item.component != "clock")
            recording = replace(recording, clock=clock, findings=kept)
        item, reason = self._held_against_scope(recording, clock)
        item = replace(item, imported_utc=known.imported_utc)
        if to_bytes(item) == to_bytes(known):
            return _duplicate(file, known)
        # Why: what the index says of a stretch that may not be analysed goes before the recording says so.
        void_segments(self._session.store, recording.recording_id, allowed_ticks=item.allowed_ticks())
        self._write(item)
        if item.scope == ScopeVerdict.OUTSIDE:
            return ImportItem(path=str(file), outcome="quarantined", recording=recording, reason=reason)
        return ImportItem(
            path=str(file),
            outcome="updated",
            recording=recording,
            reason=f"in the case already; its clock and scope were set anew: {reason}",
        )

    def _write(self, item: CaseRecording) -> None:
        self._session.store.write(recording_name(item.recording.recording_id), to_bytes(item))
        self._known[item.recording.sha256] = item

    def _recording(self, file: Path, probed: ProbeResult, clock: ClockRecord) -> Recording:
        has_times = _has_times(probed.findings)
        # Why: a start says nothing of later frames where no frame carries a time.
        told = clock if has_times else replace(clock, displayed_start=None, how_read="unknown")
        recording = probed.recording(str(file), camera=self._camera, piece=self._piece, clock=told)
        if recording.clock.is_known:
            return recording
        proposals = _proposed_times(file.name, probed.container_created)
        if clock.displayed_start is not None:
            proposals = [f"typed for the first frame: {clock.displayed_start.isoformat()}"]
        kind = FindingKind.CLOCK_PROPOSED if proposals else FindingKind.CLOCK_UNKNOWN
        detail = "No displayed start was given, so no time of day can be sworn to."
        if not has_times:
            detail = "The frames carry no times, so no time of day can be sworn to."
        if proposals:
            detail += f" Proposed, not applied: {'; '.join(proposals)}."
        clock_finding = Finding(kind=kind, component="clock", detail=detail)
        return replace(recording, findings=(*recording.findings, clock_finding))

    def _held_against_scope(self, recording: Recording, read: ClockRecord) -> tuple[CaseRecording, str]:
        """The recording with what may be done with it, and the reason in words; ``read`` is what was said of it now."""
        start, end = self._utc_span(recording)
        scope = self._session.requisition.scope
        answer = scope.covers(recording.camera, start, end)
        first = read.start_utc
        if start is None and first is not None:
            # Why: a recording without times is still outside when what was typed for its first frame is.
            typed = scope.covers(recording.camera, first, first + timedelta(microseconds=1))
            answer = typed if typed.verdict is ScopeVerdict.OUTSIDE else answer
        item = CaseRecording(
            recording=recording,
            imported_utc=self._session.clock.now().utc.astimezone(UTC).isoformat(),
            scope=str(answer.verdict),
            allowed_utc=answer.spans_utc,
        )
        return item, answer.reason

    def _utc_span(self, recording: Recording) -> tuple[datetime | None, datetime | None]:
        start = recording.clock.start_utc
        if start is None:
            return None, None
        duration_us = round(recording.facts.duration_s * 1_000_000)
        return start, start + timedelta(microseconds=int(duration_us))


def _has_times(findings: Sequence[Finding]) -> bool:
    return all(item.kind is not FindingKind.NO_TIME_BASE for item in findings)


def _duplicate(file: Path, known: CaseRecording) -> ImportItem:
    recording = known.recording
    reason = f"the same bytes as {Path(recording.path).name} of {recording.camera}"
    return ImportItem(path=str(file), outcome="duplicate", recording=recording, reason=reason)


def _proposed_times(file_name: str, container_created: str) -> list[str]:
    proposals = []
    stamp = stamp_in_name(file_name)
    if stamp is not None:
        proposals.append(f"file name says {stamp:%Y-%m-%d %H:%M:%S}")
    if container_created:
        proposals.append(f"container says {container_created}")
    return proposals
