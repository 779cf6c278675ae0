# SPDX-License-Identifier: Apache-2.0
"""A camera that is turned between presets: which of its pictures show the same view, and when each view is held.

Pictures are of one view when their edges meet. A view counts when it is held for ten seconds at least once and seen in
enough pictures to learn its empty scene. A view that is held less, and the group of pictures in which the camera
turns, belong to none. A lens that is covered or out of focus and a picture that is black or frozen are no view: they
are told as such, the scene is learnt without them, and their time is never skipped as quiet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.findings import Finding, FindingKind
from indexer.health import (
    HealthSpan,
    HealthState,
    Look,
    alike,
    health_findings,
    health_spans,
    look_at,
    states_of_groups,
)
from indexer.planning import SegmentPlan
from indexer.records import StreamFacts

__all__ = [
    "HeldView",
    "HeldViews",
    "View",
    "common_spans",
    "held_views",
    "named_looks",
    "pictures_within",
    "stable_views",
]

SAME_VIEW: Final = 0.35
OTHER_VIEW: Final = 0.15
"""Edges that meet less than this are of another view, whatever the light; between the two, light decides."""
SAME_LIGHT: Final = 0.6
PARTS: Final = 4
"""Rows and columns of parts that a picture is looked at in."""
SAME_PART: Final = 0.6
SAME_PARTS: Final = 4
SETTLED_UNIT: Final = 0.75
"""Of the usual likeness of neighbours within a view; below it the camera is on its way."""
MIN_HELD_S: Final = 10.0
MIN_PICTURES: Final = 12

Span = tuple[int, int]
Pictures = list[tuple[int, NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view of a camera.

    Attributes:
        spans: Half-open spans of ticks in which it is held, by time.
        picture_indices: Pictures of the sample that lie in them.
    """

    spans: tuple[Span, ...]
    picture_indices: tuple[int, ...]


@dataclass(slots=True, eq=False, kw_only=True)
class HeldView:
    """A view with its pictures: keyframes where triage may use them, and those that its empty scene is learnt from.

    ``unusable`` are the spans within it in which health says that nothing can be concluded.
    """

    spans: tuple[Span, ...]
    keys: Pictures
    sample: Pictures
    unusable: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HeldViews:
    """The views of a segment, what is said of them and of the camera's health, and the spans in which none is held."""

    views: tuple[HeldView, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Span, ...] = ()


def held_views(keys: Pictures, sample: Pictures, plan: SegmentPlan, facts: StreamFacts) -> HeldViews:
    """A segment's pictures by views: one for a camera that stays, one for each preset of a camera that is turned.

    Args:
        keys: (PTS, BGR) of its keyframes; empty where they cannot be used.
        sample: The pictures that the scene is learnt from; may be the same list.
        plan: The segment.
        facts: Of its recording.
    """
    looks, pts_ticks = [look_at(picture) for _, picture in sample], [pts for pts, _ in sample]
    names, states = named_looks(looks)
    views = stable_views(looks, names, pts_ticks, end_pts_ticks=plan.end_pts_ticks, time_base=facts.time_base)
    if not views:
        whole = View(spans=((plan.start_pts_ticks, plan.end_pts_ticks),), picture_indices=tuple(range(len(sample))))
        unusable = _unusable(whole, looks, states, pts_ticks, plan, facts)
        only = (_held(whole, keys, sample, unusable),) if sample else ()
        return HeldViews(views=only, findings=_said_of(unusable, facts))
    gaps = _between(views, states, pts_ticks, start_pts_ticks=plan.start_pts_ticks, end_pts_ticks=plan.end_pts_ticks)
    said = [*_findings_of(views, gaps, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base)]
    held = []
    for view in views:
        unusable = _unusable(view, looks, states, pts_ticks, plan, facts)
        said += _said_of(unusable, facts)
        held.append(_held(view, keys, sample, unusable))
    return HeldViews(views=tuple(held), findings=tuple(said), gaps=tuple(gap for gap, _ in gaps))


def _held(view: View, keys: Pictures, sample: Pictures, unusable: Sequence[HealthSpan]) -> HeldView:
    own = [sample[i] for i in view.picture_indices]
    spans = tuple((span.first_pts_ticks, span.end_pts_ticks) for span in unusable)
    usable = [item for item in own if not pictures_within([item], spans)]
    return HeldView(
        spans=view.spans,
        keys=pictures_within(keys, view.spans),
        sample=usable if len(usable) >= MIN_PICTURES else own,
        unusable=spans,
    )


def pictures_within(pictures: Pictures, spans: Sequence[Span]) -> Pictures:
    """The pictures that lie in half-open spans."""
    return [item for item in pictures if any(start <= item[0] < end for start, end in spans)]


def common_spans(spans: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """What half-open spans have in common, by time."""
    pairs = ((max(a, c), min(b, d)) for a, b in spans for c, d in others)
    return tuple(sorted(span for span in pairs if span[0] < span[1]))


def _unusable(
    view: View,
    looks: Sequence[Look],
    states: Sequence[HealthState | None],
    pts_ticks: Sequence[int],
    plan: SegmentPlan,
    facts: StreamFacts,
) -> tuple[HealthSpan, ...]:
    """What health says of a view, cut at the ends of its spans."""
    spans = health_spans(
        [looks[i] for i in view.picture_indices],
        [pts_ticks[i] for i in view.picture_indices],
        end_pts_ticks=plan.end_pts_ticks,
        time_base=facts.time_base,
        known=[states[i] for i in view.picture_indices],
    )
    return tuple(
        replace(span, first_pts_ticks=max(start, span.first_pts_ticks), end_pts_ticks=min(end, span.end_pts_ticks))
        for span in spans
        for start, end in view.spans
        if span.first_pts_ticks < end and start < span.end_pts_ticks
    )


def _said_of(unusable: Sequence[HealthSpan], facts: StreamFacts) -> tuple[Finding, ...]:
    return tuple(health_findings(unusable, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base))


def stable_views(
    looks: Sequence[Look],
    names: Sequence[int],
    pts_ticks: Sequence[int],
    *,
    end_pts_ticks: int,
    time_base: Fraction,
) -> tuple[View, ...]:
    """The views of a stretch in order of appearance; none where the camera holds fewer than two.

    Args:
        looks: What each picture of the stretch shows, by time.
        names: Which of them show the same, by :func:`named_looks`.
        pts_ticks: Their times.
        end_pts_ticks: End of the stretch.
        time_base: Seconds per tick.
    """
    runs_by_name: dict[int, list[tuple[int, int]]] = {}
    at = 0
    for name, run in groupby(names):
        n = len(list(run))
        if name >= 0:
            runs_by_name.setdefault(name, []).append(_settled(looks, at, at + n))
        at += n
    views = []
    for runs in runs_by_name.values():
        # Why: the camera turns somewhere between the last picture of a run and the next picture: that group is no
        # part of the view.
        spans = [(pts_ticks[a], end_pts_ticks if b == len(looks) else pts_ticks[b - 1]) for a, b in runs]
        held = [(span, run) for span, run in zip(spans, runs, strict=True) if span[0] < span[1]]
        indices = tuple(i for _, (a, b) in held for i in range(a, b))
        longest_ticks = max((end - start for (start, end), _ in held), default=0)
        if len(indices) >= MIN_PICTURES and longest_ticks * time_base >= MIN_HELD_S:
            views.append(View(spans=tuple(span for span, _ in held), picture_indices=indices))
    return tuple(sorted(views, key=lambda view: view.spans[0])) if len(views) > 1 else ()


def _between(
    views: Sequence[View],
    states: Sequence[HealthState | None],
    pts_ticks: Sequence[int],
    *,
    start_pts_ticks: int,
    end_pts_ticks: int,
) -> tuple[tuple[Span, HealthState], ...]:
    """The half-open spans of a stretch in which none of its views is held, and why: it turns, or shows nothing."""
    gaps = []
    at = start_pts_ticks
    for start, end in [*sorted(span for view in views for span in view.spans), (end_pts_ticks, end_pts_ticks)]:
        if at < start:
            within = [state for state, pts in zip(states, pts_ticks, strict=True) if at <= pts < start]
            lost = [state for state in within if state is not None]
            gaps.append(((at, start), lost[0] if 2 * len(lost) > len(within) else HealthState.TURNING))
        at = max(at, end)
    return tuple(gaps)


def _findings_of(
    views: Sequence[View], gaps: Sequence[tuple[Span, HealthState]], *, first_pts_ticks: int, time_base: Fraction
) -> Iterator[Finding]:
    """Every view with its spans, and every stretch between views; times count from the recording's first picture."""

    def seconds(tick: int) -> float:
        return float((tick - first_pts_ticks) * time_base)

    for number, view in enumerate(views, start=1):
        said = ", ".join(f"{seconds(start):.1f}-{seconds(end):.1f}" for start, end in view.spans)
        yield Finding(
            kind=FindingKind.SEVERAL_VIEWS,
            component="health",
            detail=(
                f"The camera is turned: view {number} of {len(views)} at {said} s, compared with its own empty scene."
            ),
            count=len(view.spans),
            first_pts_ticks=view.spans[0][0],
            last_pts_ticks=view.spans[-1][1],
        )
    spans = [HealthSpan(state=state, first_pts_ticks=start, end_pts_ticks=end) for (start, end), state in gaps]
    yield from health_findings(spans, first_pts_ticks=first_pts_ticks, time_base=time_base)


def named_looks(looks: Sequence[Look]) -> tuple[list[int], list[HealthState | None]]:
    """For each picture the number of the view that it shows, and what is wrong with it; -1 where it shows none."""
    names = _named(looks)
    states = states_of_groups(looks, names)
    return [-1 if state else name for name, state in zip(names, states, strict=True)], states


def _named(looks: Sequence[Look]) -> list[int]:
    """For each picture the number of the view that it shows; -1 where it shows nothing that could be compared."""
    first_looks: list[Look] = []
    names = []
    for look in looks:
        if look.filled is not None:
            names.append(-1)
            continue
        known = [number for number, first in enumerate(first_looks) if _is_same(look, first)]
        # Why: the likest and not the last one. A view that began while a lorry filled the picture is alike enough to
        # the empty scene to go on for ever, and the empty scene is the earlier view.
        now = max(known, key=lambda number: alike(look.edges, first_looks[number].edges), default=len(first_looks))
        if now == len(first_looks):
            first_looks.append(look)
        names.append(now)
    return names


def _settled(looks: Sequence[Look], start: int, end: int) -> tuple[int, int]:
    """A run of pictures of one view without those at its ends that were taken while the camera was turning already."""
    likeness = [alike(before.edges, after.edges) for before, after in pairwise(looks[start:end])]
    least = SETTLED_UNIT * float(np.median(likeness)) if likeness else 0.0
    is_settled = [value >= least for value in likeness]
    if not any(is_settled):
        return start, end
    first = start + is_settled.index(True) if start else start
    last = end - is_settled[::-1].index(True) if end < len(looks) else end
    return first, last


def _is_same(look: Look, other: Look) -> bool:
    likeness = alike(look.edges, other.edges)
    if likeness >= SAME_VIEW or _n_parts_alike(look, other) >= SAME_PARTS:
        return True
    return likeness >= OTHER_VIEW and alike(look.coarse, other.coarse) >= SAME_LIGHT


def _n_parts_alike(look: Look, other: Look) -> int:
    """In how many parts of the picture the edges meet: a lorry that parks before the lens leaves some as they were."""
    height, width = (size // PARTS for size in look.edges.shape)
    corners = ((y * height, x * width) for y in range(PARTS) for x in range(PARTS))
    parts = (np.s_[y : y + height, x : x + width] for y, x in corners)
    return sum(alike(look.edges[part], other.edges[part]) >= SAME_PART for part in parts)
