# SPDX-License-Identifier: Apache-2.0
"""Reads a file once: its SHA-256 first, then exact stream facts from the packets, and every oddity as a finding."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.findings import Finding, FindingKind
from indexer.media import DECODER, ContainerFacts, container_facts, iter_packets
from indexer.records import StreamFacts
from models.errors import NotFootage, UnreadableInput

__all__ = ["PacketTable", "ProbeResult", "probe", "sha256_of_file"]

CHUNK_BYTES: Final = 4 << 20
GAP_STEPS: Final = 10
"""A step of more than this many median steps, and more than one second, is a gap and not slow recording."""
LONG_GOP_S: Final = 3.0
BYTES_ACCOUNTED_RANGE: Final = (0.97, 1.01)
EXTENSIONS_BY_FORMAT: Final = {
    "mov": {".mp4", ".mov", ".m4v", ".3gp", ".m4a", ".mj2"},
    "matroska": {".mkv", ".webm"},
    "avi": {".avi"},
    "mpegts": {".ts", ".mts", ".m2ts"},
    "mpeg": {".mpg", ".mpeg", ".vob", ".ps"},
    "asf": {".asf", ".wmv"},
    "dhav": {".dav"},
    "h264": {".h264", ".264"},
    "hevc": {".hevc", ".h265", ".265"},
}


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


def probe(path: str, *, progress: Callable[[int], None] | None = None) -> ProbeResult:
    """Hash a file, then read its packets and say what it is.

    Raises:
        UnreadableInput: The file is missing or cannot be read.
        NotFootage: There is no video stream that can be decoded.
    """
    sha256, size_bytes = sha256_of_file(path, progress=progress)
    header, forced_format = _open_best(path)
    pts, sizes, keys, in_file_order, counts = _read_packets(path, header, forced_format)
    if not counts["video"]:
        raise NotFootage(f"{path} holds no picture.", hint="Keep the file as delivered and ask for another export.")
    findings = _Findings(header)
    if len(pts) == 0:
        findings.add(
            FindingKind.NO_TIME_BASE,
            "The stream carries no times: frames are numbered, and no time of day can be sworn to.",
            count=counts["video"],
        )
        pts = np.arange(counts["video"], dtype=np.int64)
        sizes, keys = np.zeros(len(pts), np.int32), np.zeros(len(pts), bool)
        in_file_order = pts
    steps = np.diff(pts)
    median_step = int(np.median(steps[steps > 0])) if np.any(steps > 0) else 1
    facts = StreamFacts(
        container=header.container,
        forced_format=forced_format,
        codec=header.codec,
        stream_index=header.stream_index,
        size_wh_px=header.size_wh_px,
        sample_aspect=header.sample_aspect,
        rotation_deg=header.rotation_deg,
        time_base=header.time_base,
        n_packets=len(pts),
        first_pts_ticks=int(pts[0]),
        last_pts_ticks=int(pts[-1]),
        median_step_ticks=median_step,
        is_vfr=_is_vfr(steps, median_step, header.time_base),
        n_keyframes=int(keys.sum()),
        header_frames=header.header_frames,
        bytes_accounted=counts["bytes"],
        decoder=DECODER,
    )
    _judge_times(findings, pts, in_file_order, facts)
    _judge_container(findings, path, size_bytes, facts, header, counts)
    table = PacketTable(pts_ticks=pts, size_bytes=sizes, is_key=keys)
    return ProbeResult(
        sha256=sha256,
        size_bytes=size_bytes,
        facts=facts,
        packets=table,
        container_created=header.created,
        findings=findings.sorted(),
    )


class _Findings:
    """Collects findings with the time base at hand."""

    def __init__(self, header: ContainerFacts) -> None:
        self.time_base = header.time_base
        self._items: list[Finding] = []

    def add(
        self, kind: FindingKind, detail: str, *, count: int = 1, first: int | None = None, last: int | None = None
    ) -> None:
        self._items.append(
            Finding(
                kind=kind, component="probe", detail=detail, count=count, first_pts_ticks=first, last_pts_ticks=last
            )
        )

    def sorted(self) -> tuple[Finding, ...]:
        return tuple(sorted(self._items, key=lambda item: (item.kind, item.detail)))


def _open_best(path: str) -> tuple[ContainerFacts, str]:
    """Open with the guessed demuxer, or with a transport-stream or DHAV one where the guess loses the times."""
    try:
        header = container_facts(path)
    except NotFootage:
        for rescue in _rescue_formats(path):
            return container_facts(path, forced_format=rescue), rescue
        raise
    if header.container in {"h264", "hevc", "mpegvideo"}:
        for rescue in _rescue_formats(path):
            try:
                return container_facts(path, forced_format=rescue), rescue
            except NotFootage:
                continue
    return header, ""


def _rescue_formats(path: str) -> tuple[str, ...]:
    with Path(path).open("rb") as file:
        head = file.read(1 << 16)
    rescues = []
    if _has_transport_sync(head):
        rescues.append("mpegts")
    if head.startswith(b"DHAV"):
        rescues.append("dhav")
    return tuple(rescues)


def _has_transport_sync(head: bytes) -> bool:
    packet_bytes = 188
    for start in range(packet_bytes):
        marks = head[start : start + 40 * packet_bytes : packet_bytes]
        if len(marks) >= 10 and all(mark == 0x47 for mark in marks):
            return True
    return False


def _read_packets(
    path: str, header: ContainerFacts, forced_format: str
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_], NDArray[np.int64], dict[str, int]]:
    pts: list[int] = []
    sizes: list[int] = []
    keys: list[bool] = []
    counts = {"video": 0, "bytes": 0, "corrupt": 0, "end": 0}
    for packet in iter_packets(path, forced_format=forced_format):
        counts["bytes"] += packet.size_bytes
        counts["end"] = max(counts["end"], packet.position_bytes + packet.size_bytes)
        if not packet.is_video or packet.is_discard:
            continue
        counts["video"] += 1
        counts["corrupt"] += packet.is_corrupt
        if packet.pts_ticks is not None:
            pts.append(packet.pts_ticks)
            sizes.append(packet.size_bytes)
            keys.append(packet.is_key)
    in_file_order = np.array(pts, np.int64)
    order = np.argsort(in_file_order, kind="stable")
    return (
        in_file_order[order],
        np.array(sizes, np.int32)[order],
        np.array(keys, bool)[order],
        in_file_order,
        counts,
    )


def _is_vfr(steps: NDArray[np.int64], median_step: int, time_base: Fraction) -> bool:
    """True when more than 1 % of steps differ from the median by more than a rounding of the recorder's clock."""
    if len(steps) < 2:
        return False
    tolerance = max(1, int(Fraction(1, 500) / time_base))
    return bool(np.mean(np.abs(steps - median_step) > tolerance) > 0.01)


def _judge_times(
    findings: _Findings, pts: NDArray[np.int64], in_file_order: NDArray[np.int64], facts: StreamFacts
) -> None:
    steps = np.diff(pts)
    one_second = int(1 / facts.time_base)
    gaps = np.flatnonzero((steps > GAP_STEPS * facts.median_step_ticks) & (steps > one_second))
    if len(gaps):
        longest = int(gaps[np.argmax(steps[gaps])])
        findings.add(
            FindingKind.TIME_GAP,
            f"{len(gaps)} gap(s) in the times; the longest lasts {float(steps[longest] * facts.time_base):.3f} s.",
            count=len(gaps),
            first=int(pts[longest]),
            last=int(pts[longest + 1]),
        )
    duplicates = int(np.sum(steps == 0))
    if duplicates:
        findings.add(FindingKind.TIME_DUPLICATE, f"{duplicates} frame(s) share a time with another.", count=duplicates)
    # Why: B-frames legitimately store pictures out of order by a few places; a clock set back jumps much further.
    backward = int(np.sum(np.diff(in_file_order) < -max(one_second // 2, 8 * facts.median_step_ticks)))
    if backward:
        findings.add(FindingKind.TIME_BACKWARD, f"The times jump backward {backward} time(s).", count=backward)
    if facts.is_vfr:
        low, high = np.percentile(steps, [5, 95]) * float(facts.time_base) * 1000
        findings.add(
            FindingKind.VARIABLE_FRAME_RATE,
            f"Frame distance varies ({low:.0f} to {high:.0f} ms for nine in ten); every time is read from the frame.",
        )


def _judge_container(
    findings: _Findings,
    path: str,
    size_bytes: int,
    facts: StreamFacts,
    header: ContainerFacts,
    counts: dict[str, int],
) -> None:
    if facts.forced_format:
        findings.add(
            FindingKind.WRONG_DEMUXER, f"Read as {facts.forced_format}: the file's start does not show what it is."
        )
    if header.header_frames and abs(header.header_frames - counts["video"]) > max(8, counts["video"] // 50):
        findings.add(
            FindingKind.HEADER_COUNT_WRONG,
            f"The header claims {header.header_frames} frames, the file holds {counts['video']}.",
            count=abs(header.header_frames - counts["video"]),
        )
    accounted = counts["bytes"] / size_bytes
    if not BYTES_ACCOUNTED_RANGE[0] <= accounted <= BYTES_ACCOUNTED_RANGE[1] and size_bytes > 1 << 20:
        findings.add(
            FindingKind.BYTES_UNACCOUNTED,
            f"{accounted:.1%} of the file's bytes belong to its streams: something else is stored in it, or was lost.",
        )
    if counts["corrupt"]:
        findings.add(
            FindingKind.CORRUPT_FRAMES,
            f"{counts['corrupt']} packet(s) are marked as damaged.",
            count=counts["corrupt"],
        )
    if header.n_video_streams > 1:
        findings.add(
            FindingKind.SEVERAL_VIDEO_STREAMS,
            f"{header.n_video_streams} video streams; stream {facts.stream_index} is analysed.",
            count=header.n_video_streams,
        )
    if header.is_interlaced:
        findings.add(FindingKind.INTERLACED, "The pictures are interlaced; they are shown as coded.")
    if header.rotation_deg:
        findings.add(
            FindingKind.ROTATED,
            f"The container asks for a rotation of {header.rotation_deg}°; boxes refer to the stored picture.",
        )
    suffix = Path(path).suffix.lower()
    expected = EXTENSIONS_BY_FORMAT.get(header.container.split(",")[0])
    if expected is not None and suffix not in expected:
        findings.add(
            FindingKind.EXTENSION_MISMATCH,
            f"The name ends in {suffix or 'nothing'}, the content is {header.container}.",
        )
    _judge_gops(findings, facts)


def _judge_gops(findings: _Findings, facts: StreamFacts) -> None:
    if facts.n_keyframes == 0:
        return
    gop_s = float(facts.duration_s) / facts.n_keyframes
    if gop_s > LONG_GOP_S:
        findings.add(
            FindingKind.LONG_GOP,
            f"A keyframe every {gop_s:.1f} s on average: looking at keyframes alone would miss short passes.",
        )
