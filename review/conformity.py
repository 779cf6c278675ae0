# SPDX-License-Identifier: Apache-2.0
"""What a recording is beside the technical norms of video surveillance: size, rate, gaps, clock. Facts, no judgement.

The norms bind installations, not files; an export may be less than what was recorded. So the note says what the file
shows and whether it reaches the least size and rate, which are legal data (``review/legal/articles.toml``).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from indexer.findings import FindingKind
from indexer.oddities import gap_steps
from indexer.probe import PacketTable
from indexer.records import Recording
from review.legal import Norm, norm

__all__ = ["ConformityNote", "conformity_in_french", "conformity_of", "video_norm"]

NORM: Final = "video_surveillance"
RATE_SLACK: Final = Fraction(99, 100)
"""A clock of whole milliseconds makes 12 images a second 11.9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformityNote:
    """One recording beside the arrêté du 3 août 2007.

    Attributes:
        size_wh_px: Picture size.
        images_per_s: From the median distance of two pictures; None where the stream has no times.
        longest_step_s: Longest distance of two pictures, gaps apart; None likewise.
        n_gaps: Gaps in the times.
        gaps_s: Seconds that they last together.
        level: ``least`` when the least size and rate are reached, ``below`` or ``unknown``.
        clock: ``read`` when the recorder's clock is established, ``not read`` otherwise.
        clock_offset_ms: Displayed minus true time; None without a clock.
        clock_uncertainty_ms: Half-width of the claim on corrected time; None likewise.
    """

    size_wh_px: tuple[int, int]
    images_per_s: float | None
    longest_step_s: float | None
    n_gaps: int
    gaps_s: float
    level: str
    clock: str
    clock_offset_ms: int | None
    clock_uncertainty_ms: int | None

    def document(self) -> dict[str, object]:
        """As ``index --json`` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def sentence(self) -> str:
        """The note in one line."""
        rate = f"{self.images_per_s:.1f} images/s" if self.images_per_s is not None else "no times"
        return (
            f"{self.size_wh_px[0]} x {self.size_wh_px[1]} px, {rate}, {self.n_gaps} gap(s) of {self.gaps_s:.1f} s in "
            f"all, clock {self.clock}: {_SAID_BY_LEVEL[self.level]} ({norm(NORM).wording_en})"
        )


_SAID_BY_LEVEL: Final = {
    "least": "reaches the least that is asked",
    "below": "below the least that is asked",
    "unknown": "cannot be told",
}


_FRENCH_BY_LEVEL: Final = {
    "least": "minimum atteint",
    "below": "en deçà du minimum",
    "unknown": "ne peut être établi",
}


def video_norm() -> Norm:
    """The norm that recordings are held against, as legal data."""
    return norm(NORM)


def conformity_in_french(note: ConformityNote) -> tuple[str, str, str, str, str]:
    """Size, rate, gaps, clock and what follows, as the procès-verbal shows them."""

    def figure(value: float, digits: int) -> str:
        return f"{value:.{digits}f}".replace(".", ",")

    size = f"{note.size_wh_px[0]} × {note.size_wh_px[1]}"
    if note.images_per_s is None:
        return size, "flux sans instants", "—", _french_clock(note), _FRENCH_BY_LEVEL[note.level]
    step = f" ; intervalle le plus long {figure(note.longest_step_s, 2)} s" if note.longest_step_s is not None else ""
    gaps = f"{note.n_gaps}, soit {figure(note.gaps_s, 1)} s en tout" if note.n_gaps else "aucune"
    return size, figure(note.images_per_s, 1) + step, gaps, _french_clock(note), _FRENCH_BY_LEVEL[note.level]


def _french_clock(note: ConformityNote) -> str:
    if note.clock_offset_ms is None:
        return "non relevée"
    offset = f"{note.clock_offset_ms / 1000:+.3f}".replace(".", ",")
    return f"relevée : écart {offset}\u00a0s, ±\u00a0{note.clock_uncertainty_ms}\u00a0ms"


def conformity_of(recording: Recording, packets: PacketTable) -> ConformityNote:
    """The note of a recording, from its packets and its clock.

    Where the picture size changes, the smallest counts.
    """
    facts, clock = recording.facts, recording.clock
    sizes = [facts.size_wh_px, *((width, height) for _, width, height in facts.size_changes)]
    size = min(sizes, key=lambda item: item[0] * item[1])
    is_timed = not any(item.kind is FindingKind.NO_TIME_BASE for item in recording.findings)
    steps = np.diff(packets.pts_ticks)
    is_gap = gap_steps(steps, facts)
    rate = 1 / (facts.median_step_ticks * facts.time_base)
    usual = steps[~is_gap]
    return ConformityNote(
        size_wh_px=size,
        images_per_s=round(float(rate), 3) if is_timed else None,
        longest_step_s=round(float(usual.max() * float(facts.time_base)), 3) if is_timed and len(usual) else None,
        n_gaps=int(is_gap.sum()) if is_timed else 0,
        gaps_s=round(float(steps[is_gap].sum() * float(facts.time_base)), 3) if is_timed else 0.0,
        level=_level(size, rate, norm(NORM)) if is_timed else "unknown",
        clock="read" if clock.is_known else "not read",
        clock_offset_ms=clock.offset_ms if clock.is_known else None,
        clock_uncertainty_ms=clock.uncertainty_ms if clock.is_known else None,
    )


def _level(size_wh_px: tuple[int, int], rate_per_s: Fraction, least: Norm) -> str:
    # Why: a camera that was mounted upright has the same pixels, the other way round.
    long, short = max(size_wh_px), min(size_wh_px)
    is_large = long >= least.width_px and short >= least.height_px
    return "least" if is_large and rate_per_s >= least.images_per_s * RATE_SLACK else "below"
