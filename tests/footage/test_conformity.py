# SPDX-License-Identifier: Apache-2.0
"""What a recording is beside the norms of video surveillance is said from its packets, not from its header."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest

from indexer.probe import probe
from indexer.ticks import ClockRecord
from review.conformity import ConformityNote, conformity_of
from tests.clips import constant_pts, make_clip


def _note(path: Path, *, clock: ClockRecord | None = None) -> ConformityNote:
    probed = probe(str(path))
    return conformity_of(probed.recording(str(path), camera="cam1", clock=clock), probed.packets)


@pytest.mark.parametrize(
    ("size", "rate", "level"),
    [
        ((352, 288), 6, "least"),
        ((352, 288), 5, "below"),
        ((320, 240), 12, "below"),
        ((288, 352), 6, "least"),
        ((704, 576), 12, "least"),
        ((704, 576), 5, "below"),
    ],
)
def test_size_and_rate_decide_the_level(tmp_path: Path, size: tuple[int, int], rate: int, level: str) -> None:
    path = tmp_path / "a.mp4"
    make_clip(path, pts_ticks=constant_pts(20, rate=Fraction(rate)), size_wh_px=size)

    note = _note(path)

    assert (note.size_wh_px, note.level) == (size, level)
    assert note.images_per_s == pytest.approx(rate, rel=0.01)
    assert "arrêté du 3 août 2007" in note.sentence()
    assert "identification" not in note.sentence()


def test_gaps_and_the_clock_are_part_of_the_note(tmp_path: Path) -> None:
    path = tmp_path / "gap.mp4"
    late = [tick + (600 * 12800 if i >= 15 else 0) for i, tick in enumerate(constant_pts(30))]
    make_clip(path, pts_ticks=late)
    clock = ClockRecord(
        displayed_start=datetime.fromisoformat("2026-03-02T21:00:00+01:00"), offset_ms=-3_792_000, uncertainty_ms=500
    )

    note, unread = _note(path, clock=clock), _note(path)

    assert (note.n_gaps, note.gaps_s, note.longest_step_s) == (1, pytest.approx(600.08), pytest.approx(0.08))
    assert (note.clock, note.clock_offset_ms, note.clock_uncertainty_ms) == ("read", -3_792_000, 500)
    assert replace(note, clock="not read", clock_offset_ms=None, clock_uncertainty_ms=None) == unread


def test_a_stream_without_times_reaches_no_level(tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    make_clip(path, n_frames=20, size_wh_px=(704, 576), container_format="h264")

    note = _note(path)

    assert (note.images_per_s, note.level) == (None, "unknown")
