# SPDX-License-Identifier: Apache-2.0
"""What the desk hands to a window: plain frozen values and the shape of a frame source, without any library but numpy.

Kept apart from :mod:`review.desk` so that presenters and their fakes load neither a store nor a decoder.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import RelectureError

__all__ = [
    "CaseCard",
    "CaseHeader",
    "Corrected",
    "Frames",
    "InPieces",
    "LeftOut",
    "OperatorChoice",
    "Problem",
    "Progress",
    "Swatch",
    "SynopsisOutlook",
    "SynopsisWish",
    "VerdictName",
    "problem_of",
]

logger = logging.getLogger(__name__)

VerdictName = Literal["validated", "rejected", "doubtful"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A span that a synopsis leaves out because the object stood still and nobody was near it.

    Attributes:
        track_id: The object.
        start: Corrected time at which it comes to a stand, as the film writes times.
        end: Corrected time at which it moves again.
        duration_s: Seconds left out.
    """

    track_id: str
    start: str
    end: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InPieces:
    """An object that stays longer than the film may, shown in pieces side by side.

    Attributes:
        track_id: The object.
        times: Corrected times of the cuts, as the film writes times.
        is_meeting_cut: True when it meets another at a cut.
    """

    track_id: str
    times: tuple[str, ...]
    is_meeting_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SynopsisWish:
    """What an officer wants of a synopsis: the options of the command.

    Attributes:
        wanted_s: Length; None leaves it to the scene. Excludes ``density``.
        density: Objects at once; None takes what the scene holds.
        order: How much the film keeps to source order.
        never_overlaps: True lets no object cover another.
        arrangement: Cameras side by side, or one after another.
        split_s: Stays longer than this are cut into pieces; None keeps them whole.
        keeps_still: True shows standing vehicles for as long as they stood.
        unmask_reason: Why heads and plates of validated hits are to be seen; empty keeps them masked.
        forward_speed: One frame in so many of a fast-forward film of native frames, made beside; 0 makes none.
        has_layers: True also draws paths, heat, dwell and hours.
    """

    wanted_s: int | None = None
    density: int | None = None
    order: Literal["balanced", "chronological", "free"] = "balanced"
    never_overlaps: bool = False
    arrangement: Literal["side", "sequence"] = "side"
    split_s: int | None = None
    keeps_still: bool = False
    unmask_reason: str = ""
    forward_speed: int = 0
    has_layers: bool = False

    @property
    def of_the_plan(self) -> SynopsisWish:
        """The part that length and contents of the film depend on."""
        return replace(self, unmask_reason="", forward_speed=0, has_layers=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SynopsisOutlook:
    """What a synopsis would be, before anything is rendered.

    Attributes:
        length_s: Length of the film.
        bound_s: Length below which no film of these objects goes, at that density.
        density: Objects at once that the bound is reckoned with, the largest of the cameras.
        footage_s: Length of the footage that was searched.
        n_objects: Objects shown; all hits are.
        left_out: Spans left out, in order of object and time.
        n_others: Objects of the same recordings that are not among the hits.
        wish: What was asked for.
        is_missed: True when the objects cannot be shown in the length that was asked for.
        in_pieces: What is shown in pieces side by side, to keep to that length.
        cameras: Cameras of the objects, sorted.
    """

    length_s: float
    bound_s: float
    density: float
    footage_s: float
    n_objects: int
    left_out: tuple[LeftOut, ...]
    n_others: int
    wish: SynopsisWish
    is_missed: bool = False
    in_pieces: tuple[InPieces, ...] = ()
    cameras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What a correction by hand made, or its taking back gave again.

    Attributes:
        number: Number of the correction in the case.
        track_ids: The tracks that are there now.
    """

    number: int
    track_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChoice:
    """One operator of this workstation, as offered before a case is open.

    Attributes:
        operator_id: Short name that commands use.
        name: First and last name.
        quality: ``OPJ``, ``APJ`` or ``magistrat``.
        service: Unit.
    """

    operator_id: str
    name: str
    quality: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHeader:
    """What a case folder says of itself without its key.

    Attributes:
        folder: Absolute path of the case.
        case_id: Identifier in the public header.
        created_utc: When it was made; None when the header does not say.
        operator_ids: Operators whose passphrase can open it; empty when the header does not say.
    """

    folder: Path
    case_id: str
    created_utc: datetime | None = None
    operator_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCard:
    """What the window shows of an open case.

    Attributes:
        folder: Absolute path of the case.
        title: Name or number of the procedure.
        legal_basis: Legal frame, in the French wording of the requisition.
        operator: The acting operator's name and quality.
        cameras: Identifiers of the cameras in scope, sorted.
        from_utc: Start of the scope; None when several windows or none.
        to_utc: End of the scope; None likewise.
        purge_due: Last day of the data's life, or None.
        n_recordings: Recordings imported.
        purposes: Purposes that the requisition names, offered as suggestions.
        can_judge: False for a case opened to look only.
    """

    folder: Path
    title: str
    legal_basis: str
    operator: str
    cameras: tuple[str, ...]
    from_utc: datetime | None = None
    to_utc: datetime | None = None
    purge_due: datetime | None = None
    n_recordings: int = 0
    purposes: tuple[str, ...] = ()
    can_judge: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Swatch:
    """A colour that searches know: its name in queries, its names for people, and a picture of it.

    Attributes:
        name: Name in :class:`review.hits.Query`.
        french: Name for a French reader.
        english: Name for an English reader.
        rgb_u8: Red, green, blue, 0 to 255, to paint the swatch with.
    """

    name: str
    french: str
    english: str
    rgb_u8: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An act that did not happen, told to a person.

    Attributes:
        kind: Name of the leaf of the error tree, for example ``WrongKey``; ``Defect`` for our own bug.
        message: What is wrong, as the floor below says it.
        hint: What to do.
    """

    kind: str
    message: str
    hint: str = ""


def problem_of(exc: BaseException) -> Problem:
    """The problem that an exception stands for; our own bugs are logged with their trace.

    >>> from models.errors import WrongKey
    >>> problem_of(WrongKey("no", hint="type it again")).kind
    'WrongKey'
    """
    if isinstance(exc, RelectureError):
        return Problem(kind=type(exc).__name__, message=exc.message, hint=exc.hint)
    logger.error("an act failed on an error that nobody foresaw", exc_info=exc)
    return Problem(kind="Defect", message=f"{type(exc).__name__}: {exc}")


class Frames(Protocol):
    """Exact frames of the recording that a hit lies in; index i counts from the recording's first frame.

    One caller at a time: a window calls it from one worker thread.
    """

    @property
    def n_frames(self) -> int:
        """Frames of the recording."""
        ...

    @property
    def first_index(self) -> int:
        """Frame that the hit is first seen in."""
        ...

    @property
    def last_index(self) -> int:
        """Frame that the hit is last seen in."""
        ...

    @property
    def best_index(self) -> int:
        """Frame that shows the hit best."""
        ...

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick."""
        ...

    @property
    def sample_aspect(self) -> Fraction:
        """Width of a pixel over its height."""
        ...

    def pts_ticks(self, index: int) -> int:
        """Presentation time stamp of a frame, stream ticks."""
        ...

    def utc(self, index: int) -> datetime | None:
        """Corrected UTC of a frame; None when the recorder's clock is not established."""
        ...

    def displayed(self, index: int) -> datetime | None:
        """What the recorder's clock said at a frame, with its UTC offset; None likewise."""
        ...

    def box(self, index: int) -> tuple[float, float, float, float] | None:
        """The hit's box x1 y1 x2 y2 in source pixels; None where the hit is not seen."""
        ...

    def picture_type(self, index: int) -> str:
        """``I``, ``P``, ``B`` or ``?``."""
        ...

    def image_bgr_u8(self, index: int) -> NDArray[np.uint8]:
        """The exact frame as decoded, (H, W, 3), blue green red, no overlay."""
        ...

    def close(self) -> None:
        """Release the recording."""
        ...


class Progress(Protocol):
    """What a long act is given: it reports how far it is and learns whether it should stop."""

    @property
    def is_cancelled(self) -> bool:
        """True once the person has asked to stop."""
        ...

    def report(self, fraction: float) -> None:
        """Say how much is done, 0 to 1."""
        ...
