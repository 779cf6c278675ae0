# SPDX-License-Identifier: Apache-2.0
"""One run that takes it all: layout times, films of a made set, an hour as it comes and at thirty seconds.

Writes ``table.md``, the films, and ``plot.png``: playing time over rendering time, and memory of the painters against
the length of the footage. Figures of every layout method take longer and are a command of their own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import redirect_stdout
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2

from benchmarks.synopsis.films import FilmFacts, judge_film, print_head, true_material
from benchmarks.synopsis.layouts import print_times
from benchmarks.synopsis.long import long_material
from review.synopsis import LayoutOptions

__all__ = ["print_all"]

HOUR_ACTIVITY: Final = 0.04
AIM_RATIO: Final = 4.0


def print_all(arguments: Sequence[str]) -> None:
    """Run everything and write the table and the plot."""
    parser = argparse.ArgumentParser(prog="benchmarks.synopsis all")
    parser.add_argument("set", type=Path, help="folder made by python -m samples")
    parser.add_argument("sample", type=Path, help="folder of a one-camera set, for the hour")
    parser.add_argument("out", type=Path, help="folder to write to; must not exist")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True)
    cv2.setNumThreads(1)
    facts: list[FilmFacts] = []
    with (chosen.out / "table.md").open("w", encoding="utf-8") as table, redirect_stdout(table):
        print_times()
        print()
        print_head()
        for clip in sorted(chosen.set.glob("*.mp4")):
            recording, tracks, pairs = true_material(clip)
            facts.append(judge_film(clip.stem, (recording,), tracks, pairs, chosen.out, LayoutOptions()))
        recordings, tracks, pairs = long_material(chosen.sample, chosen.out, 1, HOUR_ACTIVITY)
        for name, layout in (("hour", LayoutOptions()), ("hour-in-30-s", LayoutOptions(length_s=Fraction(30)))):
            facts.append(judge_film(name, recordings, tracks, pairs, chosen.out, layout))
    print((chosen.out / "table.md").read_text(encoding="utf-8"))
    _plot(facts, chosen.out / "plot.png")


def _plot(facts: Sequence[FilmFacts], out: Path) -> None:
    """Speed of rendering, and memory of the painters, of every film."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # Reason: only where a plot is asked for.

    figure = Figure(figsize=(9, 0.5 * len(facts) + 1.8), layout="constrained")
    speed, memory = figure.subplots(1, 2, sharey=True)
    places = range(len(facts))
    busy = [film.film_s / (film.processor_s / 2) for film in facts]
    speed.barh([p + 0.2 for p in places], [film.film_s / film.render_s for film in facts], 0.38, label="wall")
    speed.barh([p - 0.2 for p in places], busy, 0.38, label="two cores always busy", color="#9a9a9a")
    speed.axvline(AIM_RATIO, color="#c0392b", linewidth=0.8)
    speed.set_yticks(list(places), [f"{film.name}, {film.footage_s:.0f} s" for film in facts])
    speed.set_xlabel("times playing time")
    speed.legend()
    memory.barh(list(places), [film.painter_mib for film in facts], 0.6, color="#1f5fa8")
    memory.set_xlabel("MiB, largest painter")
    speed.invert_yaxis()
    figure.savefig(out)
