# SPDX-License-Identifier: Apache-2.0
"""Cuts a film into parts that can be painted apart from each other, in any order and by any number of processes.

Where the cuts lie follows from the plan alone, so the film is the same however many processes there are. A part gets
only what it needs: the tubes that stand in it, and whoever may be in the pictures that it looks at. It begins a few
frames early, unseen, so that silhouettes, exposure and the places of times have settled when it is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import Recording, RecordingId, TrackId
from review.synopsis.backdrop import PERIOD_S, Allowed
from review.synopsis.harvest import PanelPlan
from review.synopsis.plan import Arrangement, SynopsisOptions, SynopsisPlan
from review.synopsis.tubes import Tube

__all__ = ["PartPlan", "cut_film", "part_of"]

SHORTEST_FILM_S: Final = 4
PAIR_S: Final = 60
"""Every minute of film is two parts, or less: two cores end together, and a part begins seldom."""
WARM_FRAMES: Final = 12
FRAME_COST: Final = 3.0
"""Cost of a film frame without objects, in objects."""
LEEWAY: Final = 0.15
AROUND_S: Final = 5 * Fraction(3, 2) * PERIOD_S
"""How far from an instant its empty scene may look for frames: its own period and four more, at their longest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartPlan:
    """A stretch of a film, with all that is needed to paint it.

    Attributes:
        first_frame: First film frame.
        end_frame: The one after its last.
        warm_frame: Film frame at which painting begins, unseen.
        panels: Panels of the film with the tubes of this part only.
        members: Per panel, number in the whole plan of each tube.
        openings: Per panel, recording and PTS of the empty scene that it begins with.
        known: Everyone who may be in the pictures looked at.
        steps: Ticks between frames of each recording.
        allowed: Tick spans that may be looked at, by recording; None for all.
        unmasked: Tracks whose head or plate is shown.
        is_side_by_side: False when panels follow one another.
        n_frames: Length of the film.
        rate: Film frames per second.
    """

    first_frame: int
    end_frame: int
    warm_frame: int
    panels: tuple[PanelPlan, ...]
    members: tuple[NDArray[np.int64], ...]
    openings: tuple[tuple[RecordingId, int] | None, ...]
    known: tuple[Tube, ...]
    steps: dict[RecordingId, int]
    allowed: Allowed | None
    unmasked: frozenset[TrackId]
    is_side_by_side: bool
    n_frames: int
    rate: Fraction

    @property
    def paths(self) -> tuple[str, ...]:
        """Recordings that painting may read."""
        return tuple(sorted({recording.path for recording in self._read()}))

    @property
    def most_bytes(self) -> int:
        """Size of the largest of them."""
        return max((recording.size_bytes for recording in self._read()), default=0)

    def _read(self) -> list[Recording]:
        shown = {(number, tube.recording_id) for number, panel in enumerate(self.panels) for tube in panel.tubes}
        opened = {(number, opening[0]) for number, opening in enumerate(self.openings) if opening is not None}
        return [self.panels[number].recordings[key] for number, key in sorted(shown | opened)]


def cut_film(plan: SynopsisPlan) -> tuple[tuple[int, int], ...]:
    """(first, end) film frames of the parts: equal work, cut where few objects stand."""
    n, length_s = plan.n_frames, plan.n_frames / plan.rate
    if length_s < SHORTEST_FILM_S:
        return ((0, n),)
    standing = np.zeros(n + 1, np.int64)
    for panel, frames in zip(plan.panels, plan.frames, strict=True):
        starts = panel.first_frame + panel.layout.start_frame
        np.add.at(standing, starts, 1)
        np.add.at(standing, np.minimum(starts + frames.n_frames, n), -1)
    standing = np.cumsum(standing)[:n]
    done = np.cumsum(standing + FRAME_COST)
    n_parts = 2 * -(-length_s // PAIR_S)
    leeway = int(LEEWAY * n / n_parts)
    cuts = [0]
    for number in range(1, int(n_parts)):
        ideal = int(np.searchsorted(done, done[-1] * number / float(n_parts)))
        near = np.arange(max(cuts[-1] + 1, ideal - leeway), min(n - 1, ideal + leeway) + 1)
        best = min(near.tolist(), key=lambda at: (int(standing[at]), abs(at - ideal)), default=None)
        if best is not None:
            cuts.append(best)
    return tuple(zip(cuts, [*cuts[1:], n], strict=True))


def part_of(
    plan: SynopsisPlan,
    span: tuple[int, int],
    options: SynopsisOptions,
    *,
    known: Sequence[Tube],
    steps: dict[RecordingId, int],
    allowed: Allowed | None,
) -> PartPlan:
    """All that painting a span of film frames needs.

    Args:
        plan: The whole film.
        span: First film frame and the one after the last.
        options: What the officer chose.
        known: Everyone who is known to be in the recordings.
        steps: Ticks between frames of each recording.
        allowed: Tick spans that may be looked at.
    """
    warm = max(0, span[0] - WARM_FRAMES)
    panels: list[PanelPlan] = []
    members: list[NDArray[np.int64]] = []
    openings: list[tuple[RecordingId, int] | None] = []
    for number, panel in enumerate(plan.panels):
        chosen = _standing(plan, number, (warm, span[1]))
        unit, start_frame = panel.layout.unit[chosen], panel.layout.start_frame[chosen]
        openings.append(_opening(panel, warm))
        # Why: recordings stay whole, since the axis and the words below a panel are those of the whole film.
        tubes = tuple(panel.tubes[k] for k in chosen.tolist())
        layout = replace(panel.layout, unit=unit, start_frame=start_frame)
        panels.append(replace(panel, tubes=tubes, layout=layout))
        members.append(chosen)
    return PartPlan(
        first_frame=span[0],
        end_frame=span[1],
        warm_frame=warm,
        panels=tuple(panels),
        members=tuple(members),
        openings=tuple(openings),
        known=_around(known, panels, openings),
        steps=steps,
        allowed=allowed,
        unmasked=options.unmasked,
        is_side_by_side=options.arrangement is Arrangement.SIDE_BY_SIDE,
        n_frames=plan.n_frames,
        rate=plan.rate,
    )


def _standing(plan: SynopsisPlan, number: int, span: tuple[int, int]) -> NDArray[np.int64]:
    """Tubes of a panel of whose unit anything stands in a span: a unit counts its frames from its first tube on."""
    panel, frames = plan.panels[number], plan.frames[number]
    starts = panel.first_frame + panel.layout.start_frame
    # Why: one frame more, because a unit rounds its times from another origin than a tube by itself.
    meets = (starts < span[1] + 1) & (starts + frames.n_frames + 1 > span[0])
    return np.flatnonzero(np.isin(panel.layout.unit, panel.layout.unit[meets])).astype(np.int64)


def _opening(panel: PanelPlan, frame: int) -> tuple[RecordingId, int] | None:
    """The picture that a panel last took its empty scene from before a film frame, or the first one after."""
    starts = panel.first_frame + panel.layout.start_frame
    before = np.flatnonzero(starts <= frame)
    index = int(before[np.argmax(starts[before])]) if len(before) else int(np.argmin(starts))
    tube = panel.tubes[index]
    return tube.recording_id, int(tube.pts_ticks[-1 if len(before) else 0])


def _around(
    known: Sequence[Tube], panels: Sequence[PanelPlan], openings: Sequence[tuple[RecordingId, int] | None]
) -> tuple[Tube, ...]:
    """Those who may be in a picture of these panels or of the frames that their empty scenes are made from."""
    looked_at: dict[RecordingId, tuple[int, int]] = {}
    for panel, opened in zip(panels, openings, strict=True):
        instants = [(tube.recording_id, int(tick)) for tube in panel.tubes for tick in tube.pts_ticks[[0, -1]]]
        for key, tick in [*instants, *([opened] if opened else [])]:
            first, last = looked_at.get(key, (tick, tick))
            looked_at[key] = (min(first, tick), max(last, tick))
    around = {
        key: int(AROUND_S / recording.facts.time_base)
        for panel in panels
        for key, recording in panel.recordings.items()
    }
    return tuple(
        tube
        for tube in known
        if tube.recording_id in looked_at
        and tube.pts_ticks[-1] >= looked_at[tube.recording_id][0] - around[tube.recording_id]
        and tube.pts_ticks[0] <= looked_at[tube.recording_id][1] + around[tube.recording_id]
    )
