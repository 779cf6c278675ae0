# SPDX-License-Identifier: Apache-2.0
"""What is odd about a recording, said as findings: its times, its container, its keyframes, its bytes.

Nothing here refuses a file; it names what a reader of the results must know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.findings import Finding, FindingKind
from indexer.layout import FileLayout
from indexer.media import ContainerFacts
from indexer.records import StreamFacts
from indexer.transport import TransportCheck

__all__ = ["PacketCounts", "gap_steps", "is_vfr", "judge"]

GAP_STEPS: Final = 10
"""A step of more than this many median steps, and more than one second, is a gap and not slow recording."""
LONG_GOP_S: Final = 3.0
SLACK_BYTES: Final = 64 << 10
SLACK_UNIT: Final = 0.03
"""Bytes of tables and headers that a file may have beside its packets: the larger of the two."""
LAYOUT_SLACK_BYTES: Final = 1024
CLAIM_SLACK_S: Final = 2.0
CLAIM_SLACK_UNIT: Final = 0.05
LEADING_BYTES: Final = 2048
"""More than this before the first packet of a multiplex is no table."""
PADDED_CONTAINERS: Final = frozenset({"mpegts", "mpeg"})
"""Multiplexes that pad and repeat tables: packets may be much less than the file, with nothing lost."""
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


@dataclass(slots=True, kw_only=True)
class PacketCounts:
    """What one pass over the packets counted.

    Attributes:
        n_video: Packets of the analysed stream that are shown.
        n_without_time: Of these, how many carry no presentation time.
        n_hidden: Packets of the analysed stream that the container hides (edit list).
        n_before_key: Packets before the first keyframe.
        n_corrupt: Packets that the demuxer marks as damaged.
        n_behind: Packets whose time lies before that of an earlier picture, beyond what reordering explains.
        n_jumps_back: How often that begins.
        n_same: Packets, these apart, that share their time with another.
        n_bytes: Bytes of all packets of all streams.
        start_bytes: First byte of any packet.
        end_bytes: Last byte of any packet.
        size_changes: (PTS, width, height) of every change of picture size.
        errors: What the demuxer said at damaged places.
    """

    n_video: int = 0
    n_without_time: int = 0
    n_hidden: int = 0
    n_before_key: int = 0
    n_corrupt: int = 0
    n_behind: int = 0
    n_jumps_back: int = 0
    n_same: int = 0
    n_bytes: int = 0
    start_bytes: int = 1 << 62
    end_bytes: int = 0
    size_changes: list[tuple[int | None, int, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def gap_steps(steps: NDArray[np.int64], facts: StreamFacts) -> NDArray[np.bool_]:
    """Which steps between pictures are gaps."""
    least_ticks = max(GAP_STEPS * facts.median_step_ticks, int(1 / facts.time_base))
    return np.asarray(steps > least_ticks, np.bool_)


def is_vfr(steps: NDArray[np.int64], facts: StreamFacts) -> bool:
    """True when more than 1 % of steps, gaps apart, differ from the median by more than a rounding of the clock."""
    usual = steps[~gap_steps(steps, facts)]
    if len(usual) < 2:
        return False
    tolerance = max(1, int(1 / (500 * facts.time_base)))
    return bool(np.mean(np.abs(usual - facts.median_step_ticks) > tolerance) > 0.01)


def judge(
    path: str,
    size_bytes: int,
    *,
    header: ContainerFacts,
    facts: StreamFacts,
    pts_ticks: NDArray[np.int64],
    counts: PacketCounts,
    layout: FileLayout | None,
    transport: TransportCheck | None,
    no_time_reason: str,
    wrong_demuxer: str,
) -> tuple[Finding, ...]:
    """Every oddity of a recording as a finding, sorted.

    Args:
        path: For its suffix.
        size_bytes: Size of the file.
        header: What the container claims.
        facts: What the packets show.
        pts_ticks: (N,) sorted presentation times; plain numbers where the stream has no times.
        counts: What reading the packets counted.
        layout: What the container's own sizes add up to, where it writes any.
        transport: What the packets of a transport stream count; None for other containers.
        no_time_reason: Why frames are numbered instead of timed; empty where they have times.
        wrong_demuxer: Why the guessed demuxer is not to be believed; empty where it is.
    """
    found = _Found()
    if no_time_reason:
        found.add(FindingKind.NO_TIME_BASE, no_time_reason, count=counts.n_video)
    else:
        _judge_times(found, pts_ticks, facts, counts)
        _judge_claims(found, header, facts, counts)
    _judge_repeats(found, counts, is_timed=not no_time_reason)
    if wrong_demuxer:
        found.add(FindingKind.WRONG_DEMUXER, wrong_demuxer)
    _judge_damage(found, counts)
    _judge_bytes(found, size_bytes, facts, counts, layout)
    if transport is not None and not transport.is_whole:
        found.add(
            FindingKind.BYTES_UNACCOUNTED,
            f"Pieces of the transport stream are missing or altered: its packet counters jump {transport.n_jumps} "
            f"time(s), {transport.n_marked} packet(s) are marked faulty, {transport.n_out_of_step_bytes} bytes are no "
            "whole packet.",
            count=max(1, transport.n_jumps + transport.n_marked),
        )
    _judge_pictures(found, header, facts, counts)
    _judge_gops(found, pts_ticks, facts)
    expected = EXTENSIONS_BY_FORMAT.get(header.container.split(",")[0])
    suffix = Path(path).suffix.lower()
    if expected is not None and suffix not in expected:
        found.add(
            FindingKind.EXTENSION_MISMATCH,
            f"The name ends in {suffix or 'nothing'}, the content is {header.container}.",
        )
    return tuple(sorted(found.items, key=lambda item: (item.kind, item.detail)))


class _Found:
    def __init__(self) -> None:
        self.items: list[Finding] = []

    def add(
        self, kind: FindingKind, detail: str, *, count: int = 1, first: int | None = None, last: int | None = None
    ) -> None:
        self.items.append(
            Finding(
                kind=kind, component="probe", detail=detail, count=count, first_pts_ticks=first, last_pts_ticks=last
            )
        )


def _judge_times(found: _Found, pts: NDArray[np.int64], facts: StreamFacts, counts: PacketCounts) -> None:
    steps = np.diff(pts)
    gaps = np.flatnonzero(gap_steps(steps, facts))
    if len(gaps):
        longest = int(gaps[np.argmax(steps[gaps])])
        found.add(
            FindingKind.TIME_GAP,
            f"{len(gaps)} gap(s) in the times; the longest lasts {float(steps[longest] * facts.time_base):.3f} s.",
            count=len(gaps),
            first=int(pts[longest]),
            last=int(pts[longest + 1]),
        )
    if counts.n_without_time:
        found.add(
            FindingKind.DECODE_ERRORS,
            f"{counts.n_without_time} frame(s) carry no time and are not analysed.",
            count=counts.n_without_time,
        )
    if facts.is_vfr:
        usual = steps[~gap_steps(steps, facts)] * float(facts.time_base) * 1000
        found.add(
            FindingKind.VARIABLE_FRAME_RATE,
            f"Frame distance varies ({usual.min():.0f} to {usual.max():.0f} ms); every time is read from the frame.",
        )


def _judge_repeats(found: _Found, counts: PacketCounts, *, is_timed: bool) -> None:
    if counts.n_same:
        consequence = "; of these only the first is analysed" if is_timed else ""
        found.add(
            FindingKind.TIME_DUPLICATE,
            f"{counts.n_same} frame(s) share a time with another{consequence}.",
            count=counts.n_same,
        )
    if counts.n_jumps_back:
        consequence = f"; {counts.n_behind} frame(s) behind a jump are not analysed" if is_timed else ""
        found.add(
            FindingKind.TIME_BACKWARD,
            f"The times jump backward {counts.n_jumps_back} time(s){consequence}.",
            count=counts.n_jumps_back,
        )


def _judge_claims(found: _Found, header: ContainerFacts, facts: StreamFacts, counts: PacketCounts) -> None:
    n_found = counts.n_video + counts.n_hidden
    if header.header_frames and abs(header.header_frames - n_found) > max(2, n_found // 1000):
        found.add(
            FindingKind.HEADER_COUNT_WRONG,
            f"The header claims {header.header_frames} frames, the file holds {n_found}.",
            count=abs(header.header_frames - n_found),
        )
    elif header.header_duration_s is not None:
        missing_s = float(header.header_duration_s - facts.duration_s)
        if missing_s > max(CLAIM_SLACK_S, CLAIM_SLACK_UNIT * float(facts.duration_s)) and not counts.n_hidden:
            found.add(
                FindingKind.HEADER_COUNT_WRONG,
                f"The header claims {float(header.header_duration_s):.1f} s, the pictures last "
                f"{float(facts.duration_s):.1f} s.",
            )


def _judge_damage(found: _Found, counts: PacketCounts) -> None:
    if counts.n_corrupt:
        found.add(
            FindingKind.CORRUPT_FRAMES, f"{counts.n_corrupt} packet(s) are marked as damaged.", count=counts.n_corrupt
        )
    if counts.n_before_key:
        found.add(
            FindingKind.DECODE_ERRORS,
            f"The recording begins between two keyframes: its first {counts.n_before_key} frame(s) cannot be decoded.",
            count=counts.n_before_key,
        )
    if counts.errors:
        found.add(
            FindingKind.DECODE_ERRORS,
            f"Reading stumbled at {len(counts.errors)} damaged place(s) ({counts.errors[0]}); it went on behind them.",
            count=len(counts.errors),
        )
    if counts.n_hidden:
        found.add(
            FindingKind.HEADER_COUNT_WRONG,
            f"The file's edit list hides {counts.n_hidden} frame(s) that are in it; they are not analysed.",
            count=counts.n_hidden,
        )


def _judge_bytes(
    found: _Found, size_bytes: int, facts: StreamFacts, counts: PacketCounts, layout: FileLayout | None
) -> None:
    slack = max(SLACK_BYTES, int(SLACK_UNIT * size_bytes))
    if layout is not None and layout.missing_bytes:
        found.add(
            FindingKind.BYTES_UNACCOUNTED,
            f"The file breaks off: {layout.missing_bytes} bytes that it announces are missing.",
            count=layout.missing_bytes,
        )
        return
    if layout is not None and layout.n_recordings > 1:
        found.add(
            FindingKind.BYTES_UNACCOUNTED,
            f"{layout.n_recordings} recordings are stored one behind the other in this file; only the first is read.",
            count=layout.n_recordings - 1,
        )
        return
    if facts.container in PADDED_CONTAINERS and counts.start_bytes > LEADING_BYTES:
        found.add(
            FindingKind.BYTES_UNACCOUNTED,
            f"{counts.start_bytes} bytes lie before the first packet: something else is stored there, or was damaged.",
            count=counts.start_bytes,
        )
    behind = size_bytes - (layout.end_bytes if layout is not None else counts.end_bytes)
    behind_slack = slack
    if layout is not None:
        # Why: bytes that slid behind the end are what was pushed out by others that were put in before.
        behind_slack = LAYOUT_SLACK_BYTES if layout.is_tail_blank else 0
    beside = 0 if facts.container in PADDED_CONTAINERS else size_bytes - counts.n_bytes
    too_many = counts.n_bytes - size_bytes
    if behind > behind_slack or beside > slack or too_many > slack:
        share = counts.n_bytes / size_bytes
        found.add(
            FindingKind.BYTES_UNACCOUNTED,
            f"{share:.1%} of the file's bytes belong to its streams, {max(0, behind)} bytes lie behind its end: "
            "something else is stored in it, or was lost.",
            count=max(1, behind, beside),
        )


def _judge_pictures(found: _Found, header: ContainerFacts, facts: StreamFacts, counts: PacketCounts) -> None:
    if counts.size_changes:
        sizes = ", then ".join(f"{width} x {height}" for _, width, height in counts.size_changes)
        found.add(
            FindingKind.SIZE_CHANGES,
            f"The picture size changes: {facts.size_wh_px[0]} x {facts.size_wh_px[1]}, then {sizes}.",
            count=len(counts.size_changes),
            first=counts.size_changes[0][0],
            last=counts.size_changes[-1][0],
        )
    if header.n_video_streams > 1:
        found.add(
            FindingKind.SEVERAL_VIDEO_STREAMS,
            f"{header.n_video_streams} video streams; stream {facts.stream_index} is analysed.",
            count=header.n_video_streams,
        )
    if header.is_interlaced:
        found.add(FindingKind.INTERLACED, "The pictures are interlaced; they are shown as coded.")
    if header.rotation_deg:
        found.add(
            FindingKind.ROTATED,
            f"The container asks for a rotation of {header.rotation_deg}°; boxes refer to the stored picture.",
        )


def _judge_gops(found: _Found, pts: NDArray[np.int64], facts: StreamFacts) -> None:
    if facts.n_keyframes == 0:
        return
    steps = np.diff(pts)
    without_gaps_s = float((int(steps[~gap_steps(steps, facts)].sum()) + facts.median_step_ticks) * facts.time_base)
    gop_s = without_gaps_s / facts.n_keyframes
    if gop_s > LONG_GOP_S:
        found.add(
            FindingKind.LONG_GOP,
            f"A keyframe every {gop_s:.1f} s on average: looking at keyframes alone would miss short passes.",
        )
