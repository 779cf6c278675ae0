# SPDX-License-Identifier: Apache-2.0
"""The seam between the window and the review floor: what presenters may ask for, and nothing more.

:class:`review.desk.Desk` and :class:`review.desk.Lobby` fit these protocols; tests pass fakes. Every method may read
disk, decode or write the audit log, so it is called on a runner and never on the GUI thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from review.desk_values import (
    CaseCard,
    CaseHeader,
    Corrected,
    Frames,
    OperatorChoice,
    Progress,
    Swatch,
    SynopsisOutlook,
    SynopsisWish,
    VerdictName,
)
from review.hits import Query, SearchResult

__all__ = ["DeskPort", "LobbyPort"]


class DeskPort(Protocol):
    """An open case, as the window uses it. Each act is checked and logged below before its result comes back."""

    @property
    def card(self) -> CaseCard:
        """What is shown of the case; read once at opening."""
        ...

    @property
    def palette(self) -> tuple[Swatch, ...]:
        """Colours that searches know, in the order to show them."""
        ...

    def search(self, query: Query, *, purpose: str) -> SearchResult:
        """Hits for a query, best first, with their coverage."""
        ...

    def crop_jpeg(self, track_id: str) -> bytes:
        """JPEG of a hit's best crop, heads not masked: the window masks it before showing."""
        ...

    def frames(self, track_id: str) -> Frames:
        """Exact frames around a hit; the caller closes them."""
        ...

    def record_verdict(self, track_id: str, verdict: VerdictName, note: str) -> None:
        """Record what the officer decided; verdicts are never removed, a later one counts."""
        ...

    def split_track(self, track_id: str, *, at_pts_ticks: int) -> Corrected:
        """Make two tracks of one; the second begins at that tick."""
        ...

    def merge_tracks(self, first_id: str, second_id: str) -> Corrected:
        """Make one track of two."""
        ...

    def take_back_correction(self, number: int) -> Corrected:
        """Take a correction back."""
        ...

    def log_unmask(self, track_id: str, *, reason: str) -> None:
        """Record that a hit's picture is shown unmasked, and why."""
        ...

    def export_still(self, track_id: str, *, out_path: Path, pts_ticks: int | None) -> None:
        """Write a captioned still of one frame."""
        ...

    def export_clip(self, track_id: str, *, out_path: Path) -> None:
        """Write the hit's span as a clip."""
        ...

    def plan_synopsis(self, query: Query, *, purpose: str, wish: SynopsisWish) -> SynopsisOutlook:
        """How long a synopsis of a query's hits would be, and what it leaves out."""
        ...

    def make_synopsis(
        self, query: Query, *, purpose: str, out_path: Path, progress: Progress, wish: SynopsisWish
    ) -> None:
        """Write a synopsis of a query's hits, and what is wished for beside it, reporting progress."""
        ...

    def close(self) -> None:
        """Close the case; idempotent."""
        ...


class LobbyPort(Protocol):
    """What can be done before a case is open."""

    def operators(self) -> tuple[OperatorChoice, ...]:
        """Operators of this workstation, sorted by name."""
        ...

    def peek(self, folder: Path) -> CaseHeader:
        """What a folder says of itself without its key; fails when it is no case."""
        ...

    def open(self, folder: Path, *, operator_id: str, passphrase: str, writing: bool) -> DeskPort:
        """Open a case: for work, or to look only."""
        ...
