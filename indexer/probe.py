# SPDX-License-Identifier: Apache-2.0
"""Reads a file once: its SHA-256 first, then exact stream facts from the packets, and every oddity as a finding."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.findings import Finding
from indexer.layout import layout_of
from indexer.media import DECODER, ContainerFacts, container_facts, iter_packets, iter_pictures
from indexer.oddities import PacketCounts, is_vfr, judge
from indexer.records import Recording, RecordingId, StreamFacts
from indexer.ticks import ClockRecord
from indexer.transport import check_transport
from models.errors import NotFootage, UnreadableInput

__all__ = ["PacketTable", "ProbeResult", "probe", "sha256_of_file"]

CHUNK_BYTES: Final = 4 << 20
HEAD_BYTES: Final = 64 << 10
TIMELESS: Final = frozenset({"h264", "hevc", "m4v", "mpegvideo", "mjpeg", "h261", "h263", "vc1", "obu"})
"""Demuxers of raw streams: such a file carries no times, and those that the library makes up are not evidence."""
NOMINAL_STEP: Final = Fraction(1, 25)
"""Seconds counted a frame where there are no times: for pace and display, never for a time of day."""
MOST_LOST_UNIT: Final = 0.02
MOST_WITHOUT_TIME_UNIT: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PacketTable:
    """Every shown video packet of a recording, in presentation order. Arrays are parallel.

    Attributes:
        pts_ticks: (N,) int64, sorted.
        size_bytes: (N,) int32.
        is_key: (N,) bool.
    """

    pts_ticks: NDArray[np.int64]
    size_bytes: NDArray[np.int32]
    is_key: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one pass over a file taught."""

    sha256: str
    size_bytes: int
    facts: StreamFacts
    packets: PacketTable
    container_created: str
    findings: tuple[Finding, ...]

    def recording(self, path: str, *, camera: str, piece: str = "", clock: ClockRecord | None = None) -> Recording:
        """What was probed as a recording of a camera; without a clock no time of day is known."""
        return Recording(
            recording_id=RecordingId(f"r-{self.sha256[:16]}"),
            path=path,
            sha256=self.sha256,
            size_bytes=self.size_bytes,
            camera=camera,
            piece=piece,
            facts=self.facts,
            clock=clock or ClockRecord(),
            findings=self.findings,
        )


def sha256_of_file(path: str, *, progress: Callable[[int], None] | None = None) -> tuple[str, int]:
    """Hex SHA-256 and size of a file, read in chunks; ``progress`` is told the bytes read so far.

    Raises:
        UnreadableInput: The file is missing or reading fails part way.
    """
    digest = hashlib.sha256()
    n_bytes = 0
    try:
        with Path(path).open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                n_bytes += len(chunk)
                if progress is not None:
                    progress(n_bytes)
    except OSError as problem:
        raise UnreadableInput(
            f"{path} cannot be read ({os.strerror(problem.errno or 0)}).",
            hint="Check the path and the medium; nothing was imported from this file.",
        ) from problem
    return digest.hexdigest(), n_bytes


def probe(
    path: str, *, progress: Callable[[int], None] | None = None, hashed: tuple[str, int] | None = None
) -> ProbeResult:
    """Hash a file, then read its packets and say what it is.

    Args:
        path: The recording.
        progress: Told the bytes hashed so far.
        hashed: SHA-256 and size, where the caller took them already: a process that decodes must not be asked for them.

    Raises:
        UnreadableInput: The file is missing or cannot be read.
        NotFootage: There is no video stream that can be decoded.
    """
    sha256, size_bytes = hashed or sha256_of_file(path, progress=progress)
    header, forced_format, wrong_demuxer = _open_best(path)
    read = _read_packets(path, header, forced_format)
    if not read.counts.n_video:
        raise NotFootage(f"{path} holds no picture.", hint="Keep the file as delivered and ask for another export.")
    no_time_reason = _no_time_reason(header, read.counts)
    table = read.table
    time_base = header.time_base
    if no_time_reason:
        # Why: the median distance of the times that there are is closer to the truth than any nominal rate.
        steps = np.diff(table.pts_ticks)
        step = Fraction(int(np.median(steps[steps > 0]))) * time_base if np.any(steps > 0) else NOMINAL_STEP
        time_base = NOMINAL_STEP if header.container in TIMELESS else step
        n_shown = read.counts.n_video - read.counts.n_before_key
        table = PacketTable(
            pts_ticks=np.arange(n_shown, dtype=np.int64),
            size_bytes=np.zeros(n_shown, np.int32),
            is_key=np.zeros(n_shown, np.bool_),
        )
    size_changes = tuple((at, width, height) for at, width, height in read.counts.size_changes if at is not None)
    if no_time_reason and read.counts.size_changes:
        size_changes = tuple(_numbered_size_changes(path, header, forced_format))
    facts = replace(_facts(header, forced_format, table, time_base, read.counts), size_changes=size_changes)
    findings = judge(
        path,
        size_bytes,
        header=header,
        facts=facts,
        pts_ticks=table.pts_ticks,
        counts=read.counts,
        layout=layout_of(path, header.container),
        transport=check_transport(path) if header.container == "mpegts" else None,
        no_time_reason=no_time_reason,
        wrong_demuxer=wrong_demuxer,
    )
    if Path(path).stat().st_size != size_bytes:
        raise UnreadableInput(
            f"{path} changed while it was read.", hint="Wait until it is copied completely, then import it again."
        )
    return ProbeResult(
        sha256=sha256,
        size_bytes=size_bytes,
        facts=facts,
        packets=table,
        container_created=header.created,
        findings=findings,
    )


def _facts(
    header: ContainerFacts, forced_format: str, table: PacketTable, time_base: Fraction, counts: PacketCounts
) -> StreamFacts:
    pts = table.pts_ticks
    steps = np.diff(pts)
    facts = StreamFacts(
        container=header.container,
        forced_format=forced_format,
        codec=header.codec,
        stream_index=header.stream_index,
        size_wh_px=header.size_wh_px,
        sample_aspect=header.sample_aspect,
        rotation_deg=header.rotation_deg,
        time_base=time_base,
        n_packets=len(pts),
        first_pts_ticks=int(pts[0]),
        last_pts_ticks=int(pts[-1]),
        median_step_ticks=int(np.median(steps[steps > 0])) if np.any(steps > 0) else 1,
        is_vfr=False,
        n_keyframes=int(table.is_key.sum()),
        header_frames=header.header_frames,
        bytes_accounted=counts.n_bytes,
        decoder=DECODER,
    )
    return replace(facts, is_vfr=is_vfr(steps, facts))


def _no_time_reason(header: ContainerFacts, counts: PacketCounts) -> str:
    """Why frames must be numbered instead of timed, as a sentence; empty where their times can be used."""
    consequence = "frames are numbered, and no time of day can be sworn to."
    n_timed = counts.n_video - counts.n_without_time
    if header.container in TIMELESS or n_timed == 0:
        return f"The stream carries no times: {consequence}"
    if counts.n_without_time > MOST_WITHOUT_TIME_UNIT * counts.n_video:
        return f"{counts.n_without_time} of {counts.n_video} frames carry no time: {consequence}"
    n_lost = counts.n_behind + counts.n_same
    if n_lost > MOST_LOST_UNIT * counts.n_video:
        return f"{n_lost} of {counts.n_video} frames have times that were used before: {consequence}"
    return ""


def _open_best(path: str) -> tuple[ContainerFacts, str, str]:
    """Open with the guessed demuxer, or with a transport-stream or DHAV one where the guess loses the times.

    Returns:
        Header, the demuxer that had to be named, and why the guess is not to be believed (both empty where it is).
    """
    with Path(path).open("rb") as file:
        head = file.read(HEAD_BYTES)
    header = refused = None
    try:
        header = container_facts(path)
    except NotFootage as problem:
        refused = problem
    if header is not None and header.container not in TIMELESS:
        return header, "", ""
    for rescue in _rescue_formats(head):
        try:
            found = container_facts(path, forced_format=rescue)
        except NotFootage:
            continue
        return found, rescue, f"Read as {rescue}: the file's start does not show what it is."
    if header is None:
        assert refused is not None
        raise refused
    if b"DHAV" in head:
        return header, "", "It holds marks of a DHAV recording (Dahua) whose start is cut off: its times are lost."
    return header, "", ""


def _rescue_formats(head: bytes) -> tuple[str, ...]:
    rescues = []
    if _has_transport_sync(head):
        rescues.append("mpegts")
    if head.startswith(b"DHAV"):
        rescues.append("dhav")
    return tuple(rescues)


def _has_transport_sync(head: bytes) -> bool:
    """True when ten packets of a transport stream follow each other somewhere in the head of a file."""
    marks = np.frombuffer(head, np.uint8) == 0x47
    for packet_bytes in (188, 192, 204):
        n_starts = len(marks) - 9 * packet_bytes
        if (
            n_starts > 0
            and np.logical_and.reduce([marks[i * packet_bytes : i * packet_bytes + n_starts] for i in range(10)]).any()
        ):
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    table: PacketTable
    counts: PacketCounts


def _read_packets(path: str, header: ContainerFacts, forced_format: str) -> _Read:
    pts: list[int] = []
    decoding: list[int | None] = []
    sizes: list[int] = []
    keys: list[bool] = []
    counts = PacketCounts()
    has_key = False
    set_now = b""
    new_sets: list[int | None] = []
    for packet in iter_packets(path, forced_format=forced_format, on_error=counts.errors.append):
        counts.n_bytes += packet.size_bytes
        counts.end_bytes = max(counts.end_bytes, packet.position_bytes + packet.size_bytes)
        if packet.position_bytes >= 0:
            counts.start_bytes = min(counts.start_bytes, packet.position_bytes)
        if not packet.is_video:
            continue
        has_key = has_key or packet.is_key
        if packet.is_discard:
            counts.n_hidden += 1
            continue
        counts.n_video += 1
        counts.n_corrupt += packet.is_corrupt
        counts.n_before_key += not has_key
        if packet.parameter_set and packet.parameter_set != set_now:
            new_sets += [packet.pts_ticks] if set_now else []
            set_now = packet.parameter_set
        if packet.pts_ticks is None:
            counts.n_without_time += 1
            continue
        pts.append(packet.pts_ticks)
        decoding.append(packet.dts_ticks)
        sizes.append(packet.size_bytes)
        keys.append(packet.is_key)
    if not has_key:
        counts.n_before_key = 0
    in_file_order = np.array(pts, np.int64)
    order = np.argsort(in_file_order, kind="stable")
    _count_jumps(counts, in_file_order, decoding, header.time_base)
    if new_sets:
        counts.size_changes = _size_changes(path, header, forced_format, new_sets)
    table = PacketTable(
        pts_ticks=in_file_order[order], size_bytes=np.array(sizes, np.int32)[order], is_key=np.array(keys, bool)[order]
    )
    return _Read(table=table, counts=counts)


def _count_jumps(
    counts: PacketCounts, in_file_order: NDArray[np.int64], decoding: list[int | None], time_base: Fraction
) -> None:
    """Count what lies behind earlier pictures, and what shares a time.

    Decoding times only ever grow, so any step back shows. Where a container has none, presentation times are looked at:
    B-frames step back by little there, what follows a clock set back by far more.
    """
    if len(in_file_order) < 2:
        return
    times, tolerance = in_file_order, 0.0
    known = [tick for tick in decoding if tick is not None]
    if len(known) == len(in_file_order):
        times = np.array(known, np.int64)
    else:
        steps = np.diff(in_file_order)
        usual = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0
        tolerance = max(0.5 / float(time_base), 8.0 * usual)
    is_behind = times < np.maximum.accumulate(times) - tolerance
    counts.n_jumps_back = int(np.sum(np.diff(times) < -tolerance))
    counts.n_behind = int(is_behind.sum())
    before = in_file_order[~is_behind]
    counts.n_same = len(before) - len(np.unique(before))


def _size_changes(
    path: str, header: ContainerFacts, forced_format: str, places: list[int | None]
) -> list[tuple[int | None, int, int]]:
    """Picture sizes behind new parameter sets, where they differ from the size before."""
    if any(place is None for place in places):
        return [(None, width, height) for _, width, height in _numbered_size_changes(path, header, forced_format)]
    changes: list[tuple[int | None, int, int]] = []
    now = header.size_wh_px
    for place in places:
        pictures = iter_pictures(
            path, start_pts_ticks=place, stream_index=header.stream_index, forced_format=forced_format
        )
        first = next(pictures, None)
        if first is not None and first.size_wh_px != now:
            now = first.size_wh_px
            changes.append((place, *now))
    return changes


def _numbered_size_changes(path: str, header: ContainerFacts, forced_format: str) -> Iterator[tuple[int, int, int]]:
    """(frame number, width, height) of every change of size, by decoding all: without times there is no other way."""
    now = header.size_wh_px
    pictures = iter_pictures(path, stream_index=header.stream_index, forced_format=forced_format)
    for number, picture in enumerate(pictures):
        if picture.size_wh_px != now:
            now = picture.size_wh_px
            yield number, *now
