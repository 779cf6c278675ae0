# SPDX-License-Identifier: Apache-2.0
"""The probe hashes first, believes packets and not headers, and says every oddity. The corpus provokes each kind."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import indexer.probe
from indexer.findings import FindingKind
from indexer.probe import ProbeResult, probe, sha256_of_file
from models.errors import NotFootage, UnreadableInput
from tests.clips import constant_pts, make_clip, run_ffmpeg


def _detail(result: ProbeResult, kind: FindingKind) -> str:
    return next(finding.detail for finding in result.findings if finding.kind is kind)


def test_the_digest_is_taken_before_any_demuxer_sees_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "c.mp4", n_frames=5).path
    order: list[str] = []

    def told(name: str) -> None:
        original = getattr(indexer.probe, name)

        def call(*arguments: Any, **options: Any) -> Any:
            result = original(*arguments, **options)
            order.append(name)
            return result

        monkeypatch.setattr(indexer.probe, name, call)

    for name in ("container_facts", "iter_packets", "sha256_of_file", "layout_of"):
        told(name)
    probe(str(path))

    assert order[0] == "sha256_of_file"
    assert set(order[1:]) == {"container_facts", "iter_packets", "layout_of"}


def test_a_file_that_is_no_footage_was_hashed_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"no footage" * 1000)
    told: list[int] = []

    with pytest.raises(NotFootage):
        probe(str(path), progress=told.append)

    assert told == [10_000]


def test_the_digest_is_that_of_the_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer.probe, "CHUNK_BYTES", 1000)
    path = tmp_path / "bytes"
    path.write_bytes(bytes(range(256)) * 13)
    told: list[int] = []

    assert sha256_of_file(str(path), progress=told.append) == (
        hashlib.sha256(path.read_bytes()).hexdigest(),
        path.stat().st_size,
    )
    assert told == [1000, 2000, 3000, 3328]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"gone\.mp4 cannot be read \(No such file"):
        probe(str(tmp_path / "gone.mp4"))


def test_a_file_that_still_grows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "c.mp4", n_frames=5).path
    original = indexer.probe.container_facts

    def growing(*arguments: Any, **options: Any) -> Any:
        with path.open("ab") as file:
            file.write(b"more")
        return original(*arguments, **options)

    monkeypatch.setattr(indexer.probe, "container_facts", growing)
    with pytest.raises(UnreadableInput, match="changed while it was read"):
        probe(str(path))


def test_the_facts_are_those_of_the_packets(tmp_path: Path) -> None:
    late = [tick + 12_800 for tick in constant_pts(25)]
    clip = make_clip(tmp_path / "c.mp4", pts_ticks=late, gop=5)

    facts = probe(str(clip.path)).facts

    assert (facts.n_packets, facts.n_keyframes, facts.median_step_ticks) == (25, 5, 1024)
    assert (facts.first_pts_ticks, facts.last_pts_ticks, facts.time_base) == (12_800, late[-1], Fraction(1, 12_800))
    assert facts.duration_s == 2
    assert (facts.codec, facts.size_wh_px, facts.is_vfr) == ("h264", (320, 240), False)
    assert 0 < facts.bytes_accounted <= clip.path.stat().st_size


def test_every_packet_is_in_the_table_with_its_size_and_key(tmp_path: Path) -> None:
    packets = probe(str(make_clip(tmp_path / "c.mp4", n_frames=25, gop=5, b_frames=2).path)).packets

    assert len(packets.pts_ticks) == len(packets.size_bytes) == len(packets.is_key) == 25
    assert packets.size_bytes[packets.is_key].min() > packets.size_bytes[~packets.is_key].max()


def test_a_stream_without_times_is_numbered_and_not_timed(tmp_path: Path) -> None:
    result = probe(str(make_clip(tmp_path / "c.h264", n_frames=25, container_format="h264").path))

    assert result.packets.pts_ticks.tolist() == list(range(25))
    assert result.facts.duration_s == 1
    assert "no time of day can be sworn to" in _detail(result, FindingKind.NO_TIME_BASE)


def test_a_clock_set_back_by_little_keeps_its_times_and_says_how_many_frames_are_lost(tmp_path: Path) -> None:
    first = make_clip(tmp_path / "a.ts", n_frames=400, time_base=Fraction(1, 90_000), size_wh_px=(64, 48)).path
    later = [tick + 90_000 * 32 - 60_000 for tick in constant_pts(50, time_base=Fraction(1, 90_000))]
    second = make_clip(tmp_path / "b.ts", pts_ticks=later, time_base=Fraction(1, 90_000), size_wh_px=(64, 48)).path
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())

    result = probe(str(both))

    assert "jump backward 1 time(s)" in _detail(result, FindingKind.TIME_BACKWARD)
    assert "are not analysed" in _detail(result, FindingKind.TIME_BACKWARD)
    assert FindingKind.NO_TIME_BASE not in {finding.kind for finding in result.findings}


def test_frames_that_an_edit_list_hides_are_counted(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "whole.mp4", n_frames=40, gop=40).path
    run_ffmpeg("-ss", "1.28", "-i", source, "-c", "copy", tmp_path / "part.mp4")

    result = probe(str(tmp_path / "part.mp4"))

    assert _detail(result, FindingKind.HEADER_COUNT_WRONG) == (
        "The file's edit list hides 16 frame(s) that are in it; they are not analysed."
    )


def test_a_gap_is_given_with_its_place_and_its_length(tmp_path: Path) -> None:
    ticks = [tick + (12_800 * 90 if i >= 20 else 0) for i, tick in enumerate(constant_pts(40))]

    result = probe(str(make_clip(tmp_path / "c.mp4", pts_ticks=ticks).path))

    gap = next(finding for finding in result.findings if finding.kind is FindingKind.TIME_GAP)
    assert "lasts 90.080 s" in gap.detail
    assert (gap.first_pts_ticks, gap.last_pts_ticks) == (ticks[19], ticks[20])


def test_a_change_of_size_is_given_with_both_sizes(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "s.h264", n_frames=3, container_format="h264").path
    large = make_clip(tmp_path / "l.h264", n_frames=3, size_wh_px=(640, 480), container_format="h264").path
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())

    assert "320 x 240, then 640 x 480" in _detail(probe(str(both)), FindingKind.SIZE_CHANGES)


def test_a_name_that_does_not_fit_the_content_is_said(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "c.mkv", n_frames=3, time_base=Fraction(1, 1000)).path
    renamed = path.replace(tmp_path / "c.dav")

    assert "ends in .dav, the content is matroska" in _detail(probe(str(renamed)), FindingKind.EXTENSION_MISMATCH)


def test_findings_come_in_a_fixed_order(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "s.h264", n_frames=3, container_format="h264").path
    renamed = small.replace(tmp_path / "s.mp4")

    kinds = [finding.kind for finding in probe(str(renamed)).findings]

    assert kinds == sorted(kinds) and len(kinds) == 2
