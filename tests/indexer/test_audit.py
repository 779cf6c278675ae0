# SPDX-License-Identifier: Apache-2.0
"""The audit of triage: which groups are drawn, what bound follows, and what is said of it."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.audit import audit_finding, audit_of, draw_groups, upper_bound_unit
from indexer.findings import FindingKind
from indexer.records import AuditedGroup, SkippedSpan
from indexer.segments import Segment
from indexer.triage import Selection
from tests.indexer.factories import make_segment, make_stats

MS = Fraction(1, 1000)


def _groups(n: int) -> list[SkippedSpan]:
    return [SkippedSpan(first_pts_ticks=i, end_pts_ticks=i + 1, n_frames=1, score=0.0) for i in range(n)]


def _segment(n_skipped: int, objects: list[tuple[int, int]]) -> Segment:
    audited = tuple(
        AuditedGroup(first_pts_ticks=i, end_pts_ticks=i + 1, n_frames=1, score=0.0, n_objects=named, n_unnamed=unnamed)
        for i, (named, unnamed) in enumerate(objects)
    )
    stats = replace(
        make_stats(),
        n_groups_skipped=n_skipped,
        smallest_width_px=16,
        smallest_height_px=40,
        smallest_contrast_levels=25,
        longest_look_ticks=2000,
    )
    return replace(make_segment(stats=stats), audited=audited)


@given(n=st.integers(1, 600), share=st.floats(0.001, 1.0), seed=st.text(max_size=8))
def test_a_draw_has_its_size_keeps_the_order_and_comes_again(n: int, share: float, seed: str) -> None:
    groups = _groups(n)

    drawn = draw_groups(groups, share_unit=share, seed_text=seed)

    assert len(drawn) == min(n, max(1, round(share * n)))
    assert list(drawn) == sorted(set(drawn), key=lambda group: group.first_pts_ticks)
    assert drawn == draw_groups(groups, share_unit=share, seed_text=seed)


def test_nothing_is_drawn_where_nothing_was_skipped() -> None:
    assert draw_groups([], share_unit=0.02, seed_text="") == ()


def test_another_recording_draws_others() -> None:
    draws = {draw_groups(_groups(300), share_unit=0.02, seed_text=f"recording {i}") for i in range(20)}

    assert len(draws) == 20


def test_every_group_is_drawn_about_equally_often() -> None:
    counts = [0] * 20
    for i in range(2000):
        (group,) = draw_groups(_groups(20), share_unit=0.02, seed_text=str(i))
        counts[group.first_pts_ticks] += 1

    assert min(counts) > 60 and max(counts) < 140


@given(n=st.integers(1, 400), k=st.integers(0, 400))
def test_the_bound_is_where_so_few_misses_become_unlikely(n: int, k: int) -> None:
    k = min(k, n)

    bound = upper_bound_unit(k, n)

    if k == n:
        assert bound == 1.0
        return
    # Clopper and Pearson: at the bound, as few misses or fewer come up in 5 % of the draws.
    chance = math.fsum(math.comb(n, i) * bound**i * (1 - bound) ** (n - i) for i in range(k + 1))
    assert chance == pytest.approx(0.05, rel=1e-6)


def test_segments_are_taken_together() -> None:
    audit = audit_of([_segment(300, [(0, 0)] * 5 + [(1, 2)]), _segment(200, [(0, 1)] * 4)], time_base=MS)

    assert (audit.n_groups_skipped, audit.n_groups_audited, audit.n_groups_missed, audit.n_groups_unnamed) == (
        500,
        10,
        1,
        4,
    )
    assert audit.miss_rate_unit == 0.1
    assert audit.upper_bound_unit == pytest.approx(0.3942, abs=1e-4)
    assert audit.smallest_wh_px == (16, 40) and audit.longest_step_s == 2.0
    assert audit.document()["confidence"] == 0.95


def test_the_finding_says_the_bound_and_the_smallest_object() -> None:
    finding = audit_finding(audit_of([_segment(300, [(0, 0)] * 6)], time_base=MS))

    assert finding is not None and finding.kind is FindingKind.TRIAGE_AUDITED
    assert "300 groups of pictures were not decoded; 6 drawn by chance were, and 0 held" in finding.detail
    assert "at most 39.3% of all do" in finding.detail
    assert "16 x 40 px, 25 grey levels from what is behind, in view for 2.0 s" in finding.detail


def test_a_recording_on_which_no_size_was_seen_everywhere_claims_none() -> None:
    segment = _segment(300, [(0, 0)] * 6)
    segment = replace(segment, stats=replace(segment.stats, smallest_width_px=0, smallest_height_px=0))

    finding = audit_finding(audit_of([segment], time_base=MS))

    assert finding is not None and finding.detail.endswith("No size of object was seen at every place tried.")


def test_where_nothing_was_skipped_nothing_is_said() -> None:
    audit = audit_of([make_segment()], time_base=MS)

    assert audit_finding(audit) is None
    assert audit.miss_rate_unit is None and audit.upper_bound_unit is None


def test_a_miss_opens_the_whole_span_and_joins_it_to_its_neighbours() -> None:
    spans = tuple(
        SkippedSpan(first_pts_ticks=a, end_pts_ticks=b, n_frames=b - a, score=0.0)
        for a, b in ((10, 20), (30, 60), (70, 80))
    )
    selection = Selection(active=((0, 10), (20, 30), (60, 70)), skipped=spans)
    missed = AuditedGroup(first_pts_ticks=40, end_pts_ticks=42, n_frames=2, score=0.0, n_objects=1, n_unnamed=0)

    opened = selection.opened([missed])

    assert opened.active == ((0, 10), (20, 70))
    assert opened.skipped == (spans[0], spans[2])
    assert selection.opened([]) == selection
