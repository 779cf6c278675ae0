# SPDX-License-Identifier: Apache-2.0
"""When each object starts in the film: shortest film, least overlap, least loss of order, under a chosen density.

Units (objects that belong together) are taken in batches of source time; inside a batch the longest goes first, and
each takes the first tick where the density holds and where it shares at most ``overlap`` of its own area with what is
already there. A window keeps batches from drifting far apart, which bounds the loss of order. Small sets are laid out
several times with other orders and batch sizes, and the best is kept. No clock and no unseeded chance takes part: the
same tubes give the same film.

Source: batched longest-first placement follows the greedy family of Pritch, Rav-Acha and Peleg, "Nonchronological
Video Synopsis and Indexing", PAMI 30(11), 2008, with an occupancy index in place of their pairwise energies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from review.synopsis._board import Board, UnitTicks
from review.synopsis._settle import settle
from review.synopsis._ticks import TubeFrames, frames_of_tubes, ticks_of_units
from review.synopsis.groups import find_interactions, group_tubes
from review.synopsis.metrics import disorder
from review.synopsis.tubes import Tube

__all__ = ["DEFAULT_DENSITY", "Layout", "LayoutOptions", "Order", "lay_out", "lower_bound_frames"]

DEFAULT_DENSITY: Final = 10.0
TICKS_PER_S: Final = 5
BATCH_UNITS: Final = 200
WORK_UNITS: Final = 4_000
SETTLED_UNITS: Final = 2_000
"""Larger sets keep what first fit gives: settling them takes half a minute and wins a few percent."""
SETTLED_TICKS: Final = 300_000
"""Ticks that units are tried at, all together: a small set may look further than its window."""
MAX_LAVISH: Final = 3.0
AIM_RATIO: Final = 1.3
AIM_DISORDER: Final = 0.02
DAY_S: Final = 12 * 3600
CROWDING: Final = ((1.0, 1.25), (2.5, 1.5), (5.0, 2.0), (10.0, 3.0))
"""What a wanted length may cost, step by step: times the overlap, times the objects at once."""
SPARING_STEPS: Final = 3
SPARING_UNITS: Final = 2_000
"""Larger sets take the step that does."""

Progress = Callable[[float], None]


class Order(StrEnum):
    """How much the film keeps to source order."""

    BALANCED = "balanced"
    CHRONOLOGICAL = "chronological"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutOptions:
    """What the officer chose.

    Attributes:
        density: Objects at once that the viewer accepts; None takes :data:`DEFAULT_DENSITY`, or less where the scene
            has no room for so many.
        length_s: Length wanted; chooses the density, and allows more overlap when nothing else helps.
        order: How much the film keeps to source order.
        is_never_overlapping: No box ever touches another that did not touch it in the source.
        overlap: Share of the objects' area that may be covered, 0 to 1.
        window_s: How far, in film time, an object may move ahead of those before it.
    """

    density: float | None = None
    length_s: Fraction | None = None
    order: Order = Order.BALANCED
    is_never_overlapping: bool = False
    overlap: float = 0.02
    window_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Where every tube goes.

    Attributes:
        rate: Film frames per second.
        unit: (N,) unit of each tube.
        start_frame: (N,) int64, film frame of the first sample of each tube.
        n_frames: Length of the film in frames.
        density: Density that the length is judged by.
        is_density_chosen: False when the density was found by the scene's own room.
        bound_frames: max(longest unit, sum of tube lengths / density), the length no layout can go below.
    """

    rate: Fraction
    unit: NDArray[np.int64]
    start_frame: NDArray[np.int64]
    n_frames: int
    density: float
    is_density_chosen: bool
    bound_frames: float

    @property
    def ratio_to_bound(self) -> float:
        """Film length over its lower bound, at least 1 when the bound is met exactly."""
        return self.n_frames / self.bound_frames if self.bound_frames else 1.0


def lower_bound_frames(frames: TubeFrames, unit: NDArray[np.int64], density: float) -> float:
    """max(longest unit, sum of lengths / density), in film frames."""
    if len(frames.n_frames) == 0:
        return 0.0
    n_units = int(unit.max()) + 1
    first = np.full(n_units, np.iinfo(np.int64).max)
    last = np.full(n_units, np.iinfo(np.int64).min)
    np.minimum.at(first, unit, frames.source_start)
    np.maximum.at(last, unit, frames.source_start + frames.n_frames)
    return float(max((last - first).max(), frames.n_frames.sum() / density))


def lay_out(
    tubes: Sequence[Tube],
    *,
    rate: Fraction,
    options: LayoutOptions,
    unit: NDArray[np.int64] | None = None,
    era: NDArray[np.int64] | None = None,
    whole: NDArray[np.int64] | None = None,
    progress: Progress | None = None,
) -> Layout:
    """Choose the start of every tube of one camera.

    Args:
        tubes: Tubes of one camera, in source order.
        rate: Film frames per second.
        options: What the officer chose.
        unit: (N,) unit of each tube; None finds the interactions.
        era: (N,) lighting period of each tube; objects of different periods never stand in one picture.
        whole: (N,) number of the object that each tube is a piece of, where pieces must not stand in one picture.
        progress: Called with 0 to 1; may raise to cancel.

    Cost: near linear in tubes; about 0.1 ms a tube.
    """
    if not tubes:
        return Layout(
            rate=rate,
            unit=np.zeros(0, np.int64),
            start_frame=np.zeros(0, np.int64),
            n_frames=0,
            density=options.density or DEFAULT_DENSITY,
            is_density_chosen=options.density is not None,
            bound_frames=0.0,
        )
    unit = group_tubes(tubes, find_interactions(tubes)) if unit is None else unit
    planner = _Planner(tubes, unit, era, whole, rate, progress or (lambda share: None))
    if options.length_s is not None:
        return planner.judged(planner.to_length(options, options.length_s))
    if options.density is not None:
        return planner.plan(options, options.density, is_chosen=True)
    return planner.to_scene(options)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """One way to fill the board.

    Attributes:
        batch: Units taken together in source time.
        seed: 0 keeps longest-first; others disturb the lengths before sorting.
        lavish: Share of the overlap allowance that the first batch may use, as a factor.
    """

    batch: int
    seed: int = 0
    lavish: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Try:
    """One layout of all units: start ticks, end, shared area and its cost."""

    starts: NDArray[np.int64]
    end: int
    cost: float


class _Planner:
    """Holds the packed tubes while several layouts are tried."""

    def __init__(
        self,
        tubes: Sequence[Tube],
        unit: NDArray[np.int64],
        era: NDArray[np.int64] | None,
        whole: NDArray[np.int64] | None,
        rate: Fraction,
        progress: Progress,
    ) -> None:
        self._rate, self._unit, self._whole, self._progress = rate, unit, whole, progress
        self._stride = max(1, round(rate / TICKS_PER_S))
        self._frames = frames_of_tubes(tubes, rate)
        n_units = int(unit.max()) + 1
        self._unit_start = np.full(n_units, np.iinfo(np.int64).max)
        np.minimum.at(self._unit_start, unit, self._frames.source_start)
        self._offset = self._frames.source_start - self._unit_start[unit]
        self._is_day = bool(np.ptp(self._unit_start) >= DAY_S * rate)
        self._ticks: dict[bool, UnitTicks] = {}
        self._era = np.zeros(n_units, np.int64)
        if era is not None:
            np.maximum.at(self._era, unit, era)

    # --- the three ways to ask -------------------------------------------------------------------------------

    def plan(self, options: LayoutOptions, density: float, *, is_chosen: bool) -> Layout:
        """Best layout found under a density and an overlap."""
        best: _Try | None = None
        recipes = self._recipes(options)
        for index, recipe in enumerate(recipes):
            trial = self._one(options, density, recipe)
            if best is None or trial.cost < best.cost - 1e-12:
                best = trial
            self._progress((index + 1) / len(recipes))
        assert best is not None
        return self._layout(self._settled(best, options, density), density, is_chosen=is_chosen)

    def to_scene(self, options: LayoutOptions) -> Layout:
        """Under the default density, or the lower one that the scene has room for."""
        layout = self.plan(options, DEFAULT_DENSITY, is_chosen=False)
        mean = float(self._frames.n_frames.sum()) / max(layout.n_frames, 1)
        room = math.ceil(mean * 10) / 10
        if room < DEFAULT_DENSITY:
            bound = lower_bound_frames(self._frames, self._unit, room)
            layout = replace(layout, density=room, bound_frames=bound)
        return layout

    def to_length(self, options: LayoutOptions, length_s: Fraction) -> Layout:
        """Aim at a length: first by density, then by letting objects overlap more, up to a fifth of their area."""
        wanted = float(length_s * self._rate)
        density = max(1.0, float(self._frames.n_frames.sum()) / wanted)
        layout = self.plan(options, density, is_chosen=True)
        bound = lower_bound_frames(self._frames, self._unit, density)

        def tried(overlap: float, crowd: float) -> Layout:
            trial = self.plan(replace(options, overlap=options.overlap * overlap), density * crowd, is_chosen=True)
            return replace(trial, density=density, bound_frames=bound)

        before = 1.0
        for overlap, crowd in CROWDING[:1] if options.is_never_overlapping else CROWDING:
            if layout.n_frames <= wanted:
                break
            trial = tried(overlap, crowd)
            if trial.n_frames <= wanted and overlap > 1.0:
                return self._spared(tried, trial, wanted, (before, overlap), crowd)
            layout = min(layout, trial, key=lambda item: item.n_frames)
            before = overlap
        return layout

    def judged(self, layout: Layout) -> Layout:
        """The layout beside the bound of the density that it has, where it shows more at once than reckoned with."""
        mean = math.ceil(10 * float(self._frames.n_frames.sum()) / max(layout.n_frames, 1)) / 10
        if mean <= layout.density:
            return layout
        bound = lower_bound_frames(self._frames, self._unit, mean)
        return replace(layout, density=mean, bound_frames=bound)

    def _spared(
        self,
        tried: Callable[[float, float], Layout],
        found: Layout,
        wanted: float,
        between: tuple[float, float],
        crowd: float,
    ) -> Layout:
        """The layout of least overlap that keeps to a length, between one that is too little and one that does."""
        low, high = between
        for _ in range(SPARING_STEPS if len(self._unit_start) <= SPARING_UNITS else 0):
            middle = math.sqrt(low * high)
            trial = tried(middle, crowd)
            if trial.n_frames <= wanted:
                found, high = trial, middle
            else:
                low = middle
        return found

    # --- one layout ------------------------------------------------------------------------------------------

    def _recipes(self, options: LayoutOptions) -> list[_Recipe]:
        """What to try; the first is the plain one, and large sets get few."""
        n = len(self._unit_start)
        if options.order is Order.CHRONOLOGICAL:
            return [_Recipe(batch=n, lavish=lavish) for lavish in (1.0, 1.6, 2.5)]
        n_tries = max(1, min(42, WORK_UNITS // n))
        if options.order is Order.FREE:
            return [_Recipe(batch=n, seed=k // 2, lavish=(1.0, 1.6)[k % 2]) for k in range(n_tries)]
        if n_tries == 1:
            return [_Recipe(batch=max(BATCH_UNITS, n // 30))]
        sizes = sorted({max(3, round(n * share)) for share in (1.0, 0.4, 0.2, 0.1, 0.05, 0.03)}, reverse=True)
        kinds = [(size, lavish) for lavish in (1.0, 2.0) for size in sizes]
        n_tries = max(n_tries, len(sizes))
        return [
            _Recipe(batch=kinds[k % len(kinds)][0], lavish=kinds[k % len(kinds)][1], seed=k // len(kinds))
            for k in range(n_tries)
        ]

    def _one(self, options: LayoutOptions, density: float, recipe: _Recipe) -> _Try:
        units = self._packed(is_hull=options.is_never_overlapping)
        board = Board(units, cap=math.ceil(density))
        n_units = len(self._unit_start)
        starts = np.full(n_units, -1, np.int64)
        budget = 0.0 if options.is_never_overlapping else options.overlap
        is_chronological = options.order is Order.CHRONOLOGICAL
        window = round(options.window_s * self._rate / self._stride)
        by_source = np.lexsort((np.arange(n_units), self._unit_start, self._era))
        chance = np.random.default_rng(recipe.seed)
        key = units.n_ticks * (np.exp(chance.normal(0.0, 0.35, n_units)) if recipe.seed else 1.0)
        lo, shared, volume, era = 0, 0.0, 0.0, -1
        for chosen in self._batches(by_source, recipe.batch):
            if self._era[chosen[0]] != era:
                lo, era = board.end, int(self._era[chosen[0]])
            own = float(units.volume[chosen].sum())
            # Why: what earlier batches did not use of the allowance is left to this one, so the whole keeps to it.
            spare = (budget * (volume + own) - shared) / max(own, 1e-9) if volume else recipe.lavish * budget
            alpha = min(MAX_LAVISH * budget, max(0.2 * budget, spare))
            order = chosen if is_chronological else chosen[np.argsort(-key[chosen], kind="stable")]
            shared += board.fill(order, lo=lo, alpha=alpha, starts=starts, is_monotone=is_chronological)
            volume += own
            if options.order is Order.BALANCED:
                lo = max(lo, int(np.percentile(starts[chosen], 90)) - window)
        cost = self._cost(options, density, board.end, starts, shared / max(volume, 1e-9) - budget)
        return _Try(starts=starts, end=board.end, cost=cost)

    def _settled(self, found: _Try, options: LayoutOptions, density: float) -> _Try:
        """A layout pressed together, period of light by period of light, as far as its allowances hold."""
        if options.order is Order.CHRONOLOGICAL or len(found.starts) > SETTLED_UNITS:
            return found
        units, starts, end = self._packed(is_hull=options.is_never_overlapping), found.starts.copy(), 0
        for era in np.unique(self._era).tolist():
            members = np.flatnonzero(self._era == era)
            own = np.full(len(starts), -1, np.int64)
            own[members] = found.starts[members] - found.starts[members].min()
            own, own_end = self._pressed(units, own, members, options, density)
            starts[members] = own[members] + end
            end += own_end
        return _Try(starts=starts, end=end, cost=found.cost)

    def _pressed(
        self,
        units: UnitTicks,
        starts: NDArray[np.int64],
        members: NDArray[np.int64],
        options: LayoutOptions,
        density: float,
    ) -> tuple[NDArray[np.int64], int]:
        """Start ticks and end of the units of one period: of all lengths that hold, the one that costs least."""
        end = int((starts + units.n_ticks)[members].max())
        n_boxes = float((units.tick_ptr[units.first_tick[1:]] - units.tick_ptr[units.first_tick[:-1]])[members].sum())
        bound = max(float(units.n_ticks[members].max()), n_boxes / density)
        best = starts, end
        source, is_balanced = self._unit_start[members], options.order is Order.BALANCED
        least = end / bound + (2.0 * disorder(source, starts[members]) if is_balanced else 0.0)
        for layout in settle(
            units,
            starts,
            np.argsort(np.argsort(self._unit_start, kind="stable"), kind="stable"),
            cap=math.ceil(density),
            overlap=0.0 if options.is_never_overlapping else options.overlap,
            window=max(round(options.window_s * self._rate / self._stride), SETTLED_TICKS // len(members)),
            shortest=bound,
            is_ordered=is_balanced,
            heard=lambda: self._progress(1.0),
        ):
            cost = layout.end / bound + (2.0 * disorder(source, layout.starts[members]) if is_balanced else 0.0)
            if cost < least:
                best, least = (layout.starts, layout.end), cost
        return best

    def _cost(
        self, options: LayoutOptions, density: float, end: int, starts: NDArray[np.int64], excess: float
    ) -> float:
        """What makes a layout worse: length over the bound, loss of order, overlap beyond the allowance."""
        ratio = end * self._stride / max(lower_bound_frames(self._frames, self._unit, density), 1.0)
        cost = ratio + 4.0 * max(0.0, ratio - AIM_RATIO) + 100.0 * max(0.0, excess)
        if options.order is Order.BALANCED:
            cdr = disorder(self._unit_start, starts)
            cost += 2.0 * cdr + (20.0 * max(0.0, cdr - AIM_DISORDER) if self._is_day else 0.0)
        return cost

    def _batches(self, by_source: NDArray[np.int64], batch: int) -> list[NDArray[np.int64]]:
        """Runs of ``batch`` units in source order, broken where the lighting period changes."""
        breaks = np.flatnonzero(np.diff(self._era[by_source])) + 1
        return [era[k : k + batch] for era in np.split(by_source, breaks) for k in range(0, len(era), batch)]

    def _packed(self, *, is_hull: bool) -> UnitTicks:
        if is_hull not in self._ticks:
            self._ticks[is_hull] = ticks_of_units(
                self._frames, self._unit, self._offset, stride=self._stride, is_hull=is_hull, whole=self._whole
            )
        return self._ticks[is_hull]

    def _layout(self, trial: _Try, density: float, *, is_chosen: bool) -> Layout:
        start_frame = trial.starts[self._unit] * self._stride + self._offset
        return Layout(
            rate=self._rate,
            unit=self._unit,
            start_frame=start_frame,
            n_frames=int((start_frame + self._frames.n_frames).max()),
            density=density,
            is_density_chosen=is_chosen,
            bound_frames=lower_bound_frames(self._frames, self._unit, density),
        )
