# SPDX-License-Identifier: Apache-2.0
"""The timeline says of every instant of the footage what is known of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from review.footage import import_footage
from review.hits import Query, TimelineSpan
from review.indexing import run_index
from review.search import search
from tests.clips import Mover, constant_pts, make_clip
from tests.footage.fixtures import DISPLAYED, Desk
from tests.footage.in_process import InProcess
from tests.review.law.kit import FakeClock

GAP_S = 60
BAG = Mover(
    size_wh_px=(160, 240),
    start_xy_px=(0, -100),
    speed_xy_px_s=(0, 0),
    from_s=8.0,
    to_s=14.0,
    upper_bgr=(0, 0, 0),
    lower_bgr=(0, 0, 0),
)


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory, operators_home: Path) -> list[TimelineSpan]:
    """One camera: a file with a black stretch and an hour without pictures, and a second file a minute after it."""
    root = tmp_path_factory.mktemp("timeline")
    (root / "delivered").mkdir()
    desk = Desk(root=root, clock=FakeClock())
    late = [tick + (3600 * 12800 if i >= 250 else 0) for i, tick in enumerate(constant_pts(300))]
    first = make_clip(desk.delivered / "a.mp4", pts_ticks=late, movers=(BAG,), size_wh_px=(160, 120), gop=8)
    second = make_clip(desk.delivered / "b.mp4", n_frames=20, size_wh_px=(160, 120))
    begins = DISPLAYED + timedelta(seconds=3600 + 24 + GAP_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELECTURE_HOME", str(operators_home))
        with desk.open(desk.case()) as session:
            import_footage(session, [first.path], camera="cam1", start=DISPLAYED)
            run_index(session, engine=InProcess())
            import_footage(session, [second.path], camera="cam1", start=begins)
            return list(search(session, Query(), purpose="essai").timeline)


def _of(timeline: list[TimelineSpan], kind: str) -> list[tuple[float, float]]:
    return [
        ((span.start_utc - DISPLAYED).total_seconds(), (span.end_utc - DISPLAYED).total_seconds())
        for span in timeline
        if span.kind == kind
    ]


def test_gaps_inside_a_file_and_between_two_files_are_told(timeline: list[TimelineSpan]) -> None:
    inside, between = _of(timeline, "gap")

    assert inside == (pytest.approx(20.0), pytest.approx(3620.0))
    assert between == (pytest.approx(3624.0), pytest.approx(3624.0 + GAP_S))


def test_an_unusable_period_is_told_in_both_languages(timeline: list[TimelineSpan]) -> None:
    (span,) = [span for span in timeline if span.kind == "unusable"]

    assert span.detail.startswith("The picture is black") and span.detail_fr.startswith("L’image est noire")
    ((start_s, end_s),) = _of(timeline, "unusable")
    assert 8.0 <= start_s <= 9.0 and 14.0 <= end_s <= 15.0


def test_what_is_indexed_and_what_is_not_yet_are_told_apart(timeline: list[TimelineSpan]) -> None:
    ((_, analysed_to_s), *_) = _of(timeline, "analysed")
    ((start_s, end_s),) = _of(timeline, "not_analysed")

    assert analysed_to_s < start_s == pytest.approx(3624.0 + GAP_S)
    assert end_s == pytest.approx(start_s + 1.52, abs=0.01)
    assert all(span.score is not None for span in timeline if span.kind == "skipped")
