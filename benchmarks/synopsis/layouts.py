# SPDX-License-Identifier: Apache-2.0
"""Layouts of simulated cameras: this one, and the rules of published ones, by the same exact figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.synopsis.baselines import BASELINES, first_fit, pritch_annealing
from benchmarks.synopsis.simulate import DAY_S, simulate
from review.synopsis._ticks import frames_of_tubes
from review.synopsis.groups import find_interactions, group_tubes, ties_of
from review.synopsis.layout import Layout, LayoutOptions, Order, lay_out
from review.synopsis.metrics import figures_of, never_overlap_bound_frames
from review.synopsis.tubes import Tube

__all__ = ["print_figures", "print_times"]

RATE = Fraction(5)
SETS = ((40, 600), (400, 3600), (1000, DAY_S), (10_000, DAY_S))
OURS = (
    ("ours, density 5", LayoutOptions(density=5)),
    ("ours, density 10", LayoutOptions(density=10)),
    ("ours, density 15", LayoutOptions(density=15)),
    ("ours, density 25", LayoutOptions(density=25)),
    ("ours, default", LayoutOptions()),
    ("ours, chronological, density 10", LayoutOptions(density=10, order=Order.CHRONOLOGICAL)),
    ("ours, never overlapping, density 10", LayoutOptions(density=10, is_never_overlapping=True)),
)
ANNEALED_AT_MOST = 100
WITHOUT_WINDOW_AT_MOST = 1000
"""Rules that look at the whole film for every tube take minutes beyond."""


def print_figures() -> None:
    """One table per simulated camera."""
    for closeness, name in ((0.6, "street camera, persons of 65 to 145 px"), (1.0, "close camera, 110 to 240 px")):
        for n, duration_s in SETS:
            tubes = simulate(n, duration_s=duration_s, closeness=closeness)
            unit = group_tubes(tubes, find_interactions(tubes))
            frames = frames_of_tubes(tubes, RATE)
            busiest = never_overlap_bound_frames(frames, unit) / RATE
            print(f"\n### {n} tubes in {_span(duration_s)}, {name}\n")
            print(
                f"{float(frames.n_frames.sum() / RATE):.0f} object-seconds, {int(unit.max()) + 1} units; a film "
                f"without overlap needs {float(busiest) / 60:.1f} min at least (busiest point).\n"
            )
            print(
                "| method | length | FR | condensation | bound | length/bound | density mean / p95 | CR | OR | CA "
                "| CA_new | H50_new | CDR | AR | TR | IP | s |"
            )
            print("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
            for label, options in OURS:
                _row(label, tubes, duration_s, partial(lay_out, tubes, rate=RATE, options=options, unit=unit))
            for label, rule in BASELINES.items():
                if n <= WITHOUT_WINDOW_AT_MOST or rule is first_fit:
                    _row(label, tubes, duration_s, partial(rule, tubes, RATE))
            if n <= ANNEALED_AT_MOST:
                length = lay_out(tubes, rate=RATE, options=LayoutOptions(density=10), unit=unit).n_frames
                anneal = partial(pritch_annealing, tubes, RATE, length_frames=length)
                _row("energy annealed (Pritch 2008), our length", tubes, duration_s, anneal)


def _row(label: str, tubes: Sequence[Tube], duration_s: int, make: Callable[[], Layout | NDArray[np.int64]]) -> None:
    began = time.process_time()
    made = make()
    spent = time.process_time() - began
    frames = frames_of_tubes(tubes, RATE)
    ties = ties_of(find_interactions(tubes))
    start = made.start_frame if isinstance(made, Layout) else made
    n_film = int((start + frames.n_frames).max())
    figures = figures_of(
        frames,
        start,
        n_film_frames=n_film,
        n_footage_frames=duration_s * int(RATE),
        ties=ties,
    )
    bound = ratio = "–"
    if isinstance(made, Layout):
        bound, ratio = f"{made.bound_frames / int(RATE) / 60:.2f} min", f"{made.ratio_to_bound:.3f}"
    print(
        f"| {label} | {n_film / int(RATE) / 60:.2f} min | {figures.fr:.4f} | {1 / figures.fr:.1f} | "
        f"{bound} | {ratio} | {figures.density_mean:.1f} / "
        f"{figures.density_p95:.0f} | {figures.cr:.3f} | {figures.overlap_area:.4f} | {figures.ca:.4f} | "
        f"{figures.ca_new:.4f} | {figures.h50_new:.4f} | {figures.cdr:.4f} | 1 | 1 | {figures.ip:.3f} | {spent:.2f} |",
        flush=True,
    )


def print_times() -> None:
    """Layout time, grouping included, best of three after one warm-up; and the warm-up itself."""
    began = time.perf_counter()
    lay_out(simulate(20, duration_s=3600), rate=RATE, options=LayoutOptions())
    print(f"First call of a process (kernels from the cache): {time.perf_counter() - began:.2f} s\n")
    print("| tubes | camera | density | layout, s | tubes/s |\n|---|---|---|---|---|")
    for closeness, name in ((0.6, "street"), (1.0, "close")):
        for n in (100, 1000, 10_000, 20_000):
            tubes = simulate(n, duration_s=3600 if n == 100 else DAY_S, closeness=closeness)
            for density in (None, 10.0):
                spent = []
                for _ in range(3):
                    began = time.process_time()
                    lay_out(tubes, rate=RATE, options=LayoutOptions(density=density))
                    spent.append(time.process_time() - began)
                print(
                    f"| {n} | {name} | {density or 'default'} | {min(spent):.2f} | {n / min(spent):.0f} |", flush=True
                )


def _span(duration_s: int) -> str:
    return f"{duration_s // 60} min" if duration_s < 7200 else f"{duration_s // 3600} h"
