# SPDX-License-Identifier: Apache-2.0
"""The requisition: who asked for which cameras in which time windows, on which legal basis; and the scope lock.

A case cannot exist without one. Reading refuses with one error that names everything missing or contradictory.
"""

from __future__ import annotations

import json
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from models.errors import BadRequisition, OutOfScope
from review.legal import Article, article_for

__all__ = [
    "TEMPLATE",
    "Authorisation",
    "CameraWindow",
    "Requisition",
    "Scope",
    "ScopeAnswer",
    "ScopeVerdict",
    "parse_requisition",
    "samples_requisition",
]

MAX_LISTED: Final = 12


class Authorisation(StrEnum):
    """State of the magistrate's authorisation to use judicial matching software."""

    GRANTED = "granted"
    DEEMED = "deemed"
    CONTRARY = "contrary"


class ScopeVerdict(StrEnum):
    """How a recording lies to the windows of its camera."""

    INSIDE = "inside"
    PARTLY = "partly"
    OUTSIDE = "outside"
    TIME_UNKNOWN = "time unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraWindow:
    """One camera in one half-open time window, UTC."""

    camera: str
    place: str
    start_utc: datetime
    end_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeAnswer:
    """What the scope says of a recording.

    Attributes:
        verdict: How it lies to the windows.
        spans_utc: Half-open spans of it that may be analysed, in order.
        reason: One sentence for a person.
    """

    verdict: ScopeVerdict
    spans_utc: tuple[tuple[datetime, datetime], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Cameras and time windows that the requisition covers."""

    windows: tuple[CameraWindow, ...]

    @property
    def cameras(self) -> tuple[str, ...]:
        """Camera identifiers, sorted."""
        return tuple(sorted({window.camera for window in self.windows}))

    def place_of(self, camera: str) -> str:
        """Where a camera stands, empty when unknown."""
        return next((window.place for window in self.windows if window.camera == camera), "")

    def covers(self, camera: str, start_utc: datetime | None, end_utc: datetime | None) -> ScopeAnswer:
        """How a recording of a camera lies to the windows of that camera.

        Args:
            camera: Camera identifier.
            start_utc: Corrected start, aware; None when the clock is unknown.
            end_utc: Corrected end, exclusive.

        Raises:
            OutOfScope: The requisition does not name that camera.
        """
        windows = [window for window in self.windows if window.camera == camera]
        if not windows:
            raise OutOfScope(
                f"The requisition does not name a camera “{camera}”.", hint=f"It names: {', '.join(self.cameras)}."
            )
        if start_utc is None or end_utc is None:
            reason = "the recording's clock is unknown, so it cannot be shown to lie inside the requisition"
            return ScopeAnswer(verdict=ScopeVerdict.TIME_UNKNOWN, reason=reason)
        spans = _merge((max(start_utc, item.start_utc), min(end_utc, item.end_utc)) for item in windows)
        allowed = " and ".join(f"{item.start_utc:%Y-%m-%d %H:%M} to {item.end_utc:%Y-%m-%d %H:%M}" for item in windows)
        shown = f"{start_utc.astimezone(UTC):%Y-%m-%d %H:%M:%S} to {end_utc.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        if not spans:
            reason = f"it runs from {shown}; the requisition covers “{camera}” from {allowed} UTC"
            return ScopeAnswer(verdict=ScopeVerdict.OUTSIDE, reason=reason)
        if spans == ((start_utc, end_utc),):
            return ScopeAnswer(verdict=ScopeVerdict.INSIDE, spans_utc=spans, reason="inside the requisition")
        reason = f"only part of {shown} is covered; the requisition covers “{camera}” from {allowed} UTC"
        return ScopeAnswer(verdict=ScopeVerdict.PARTLY, spans_utc=spans, reason=reason)

    def require(
        self, camera: str, start_utc: datetime | None, end_utc: datetime | None
    ) -> tuple[tuple[datetime, datetime], ...]:
        """The spans of a recording that may be analysed.

        Raises:
            OutOfScope: Unknown camera, none of it is covered, or its time is unknown.
        """
        answer = self.covers(camera, start_utc, end_utc)
        if answer.spans_utc:
            return answer.spans_utc
        hint = "Analysing it needs a complementary requisition: relecture case extend CASE --from requisition.toml"
        if answer.verdict is ScopeVerdict.TIME_UNKNOWN:
            hint = "Give its displayed start with --start 2026-03-02T21:00:00+01:00."
        raise OutOfScope(f"The recording is outside the requisition: {answer.reason}.", hint=hint)


def _merge(spans: Iterable[tuple[datetime, datetime]]) -> tuple[tuple[datetime, datetime], ...]:
    """Union of half-open spans, sorted, empty ones dropped."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requisition:
    """A judicial requisition, checked.

    Attributes:
        reference: Its number.
        legal_basis: Article in force on the day of issue.
        offence: Facts, as the magistrate or officer words them.
        issued: Day of issue.
        expires: Last day on which acts may rest on it, or None.
        authority_name: Who issued it.
        authority_quality: In which capacity.
        authority_court: Court or unit.
        authorisation: LRJ authorisation.
        authorisation_reference: Decision that gave or refused it; empty when deemed.
        obtained_by: How the recordings were obtained (mode d'obtention).
        pieces: Numbers of the procedure pieces or seals.
        purge_by: Day on which the data must be erased at the latest, if earlier than the law's.
        scope: Cameras and windows.
    """

    reference: str
    legal_basis: Article
    offence: str
    issued: date
    expires: date | None
    authority_name: str
    authority_quality: str
    authority_court: str
    authorisation: Authorisation
    authorisation_reference: str
    obtained_by: str
    pieces: tuple[str, ...]
    purge_by: date | None
    scope: Scope

    def with_complement(self, other: Requisition) -> Requisition:
        """This requisition with the windows and pieces of a complementary one of the same case added."""
        pieces = (*self.pieces, *(item for item in other.pieces if item not in self.pieces))
        return replace(self, scope=Scope(windows=(*self.scope.windows, *other.scope.windows)), pieces=pieces)


class _Reader:
    """Takes members out of the file and collects every problem instead of stopping at the first."""

    def __init__(self, document: dict[str, object], where: str = "") -> None:
        self._document = document
        self._where = where
        self.problems: list[str] = []
        self._used: set[str] = set()

    def _take(self, name: str, kind: type, wanted: str, *, required: bool = True) -> object:
        self._used.add(name)
        value = self._document.get(name)
        if value is None or value in ("", []):
            if required:
                self.problems.append(f"{self._where}{name} is missing")
            return None
        # Why: a datetime is a date in Python, but a day with a time is not a day.
        if not isinstance(value, kind) or (kind is date and isinstance(value, datetime)):
            self.problems.append(f"{self._where}{name} must be {wanted}")
            return None
        return value

    def text(self, name: str, *, required: bool = True) -> str:
        value = self._take(name, str, "a text in quotes", required=required)
        return value.strip() if isinstance(value, str) else ""

    def day(self, name: str, *, required: bool = True) -> date | None:
        value = self._take(name, date, "a day such as 2026-03-02", required=required)
        return value if isinstance(value, date) else None

    def instant(self, name: str) -> datetime | None:
        value = self._take(name, datetime, "a time with its UTC offset such as 2026-03-02T21:00:00+01:00")
        if isinstance(value, datetime) and value.tzinfo is None:
            self.problems.append(f"{self._where}{name} lacks its UTC offset, for example +01:00")
            return None
        return value if isinstance(value, datetime) else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._take(name, list, "a list of texts")
        if not isinstance(value, list):
            return ()
        if not all(isinstance(item, str) and item.strip() for item in value):
            self.problems.append(f"{self._where}{name} must be a list of texts")
            return ()
        return tuple(item.strip() for item in value)

    def table(self, name: str) -> _Reader:
        value = self._take(name, dict, "a table")
        reader = _Reader(value if isinstance(value, dict) else {}, f"{name}.")
        if not isinstance(value, dict):
            reader.problems = _Silent()
        return reader

    def tables(self, name: str) -> list[_Reader]:
        value = self._take(name, list, f"one or more [[{name}]] tables")
        if not isinstance(value, list):
            return []
        return [
            _Reader(item if isinstance(item, dict) else {}, f"{name} {number}: ")
            for number, item in enumerate(value, start=1)
        ]

    def unknown(self) -> list[str]:
        return [f"{self._where}{name} is not known" for name in sorted(set(self._document) - self._used)]

    def finish(self, into: list[str]) -> None:
        into.extend([*self.problems, *self.unknown()])


class _Silent(list[str]):
    """Swallows the problems of a table that is missing as a whole: that it is missing says enough."""

    def append(self, item: str) -> None:
        """Drop the problem."""


def parse_requisition(content: str) -> Requisition:
    """Read and check a requisition file.

    Raises:
        BadRequisition: One sentence that names everything missing or contradictory.
    """
    try:
        document = tomllib.loads(content)
    except tomllib.TOMLDecodeError as exc:
        raise BadRequisition(
            f"The requisition is not a valid TOML file: {exc}.", hint="Start from: relecture case template"
        ) from exc
    problems: list[str] = []
    reader = _Reader(document)
    reader._used.add("format")
    reference, offence = reader.text("reference"), reader.text("offence")
    basis_number = reader.text("legal_basis")
    framework = reader.text("framework", required=False)
    issued, expires = reader.day("issued"), reader.day("expires", required=False)
    purge_by = reader.day("purge_by", required=False)
    obtained_by, pieces = reader.text("obtained_by"), reader.texts("pieces")
    authority, decision = reader.table("authority"), reader.table("authorisation")
    name, quality, court = authority.text("name"), authority.text("quality"), authority.text("court")
    state, state_reference = decision.text("state"), decision.text("reference", required=False)
    cameras = reader.tables("camera")
    windows = tuple(window for item in cameras if (window := _window(item)) is not None)
    for part in (reader, authority, decision, *cameras):
        part.finish(problems)
    basis = _basis(basis_number, issued, problems)
    authorisation = _authorisation(state, state_reference, basis, problems)
    if basis is not None and framework and _plain(framework) != _plain(basis.framework):
        problems.append(f"framework “{framework}” does not go with article {basis.article} ({basis.framework})")
    if issued and expires and expires < issued:
        problems.append("expires lies before issued")
    if issued and purge_by and purge_by < issued:
        problems.append("purge_by lies before issued")
    if problems or basis is None or issued is None or authorisation is None:
        raise BadRequisition(
            f"The requisition cannot be used: {'; '.join(problems)}.",
            hint="Complete the file; relecture case template prints every line that is needed.",
        )
    return Requisition(
        reference=reference,
        legal_basis=basis,
        offence=offence,
        issued=issued,
        expires=expires,
        authority_name=name,
        authority_quality=quality,
        authority_court=court,
        authorisation=authorisation,
        authorisation_reference=state_reference,
        obtained_by=obtained_by,
        pieces=pieces,
        purge_by=purge_by,
        scope=Scope(windows=windows),
    )


def _window(reader: _Reader) -> CameraWindow | None:
    camera, place = reader.text("id"), reader.text("place")
    start, end = reader.instant("from"), reader.instant("to")
    if start and end and end <= start:
        reader.problems.append(f"{reader._where}its window ends before it starts")
    if not (camera and start and end):
        return None
    return CameraWindow(camera=camera, place=place, start_utc=start.astimezone(UTC), end_utc=end.astimezone(UTC))


def _basis(number: str, issued: date | None, problems: list[str]) -> Article | None:
    if not number or issued is None:
        return None
    try:
        return article_for(number, issued)
    except BadRequisition as exc:
        problems.append(f"{exc.message.rstrip('.')} ({exc.hint.rstrip('.')})")
        return None


def _plain(text: str) -> str:
    """Lower case without accents or underscores, so that ``preliminaire`` names ``préliminaire``."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("_", " "))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _authorisation(state: str, reference: str, basis: Article | None, problems: list[str]) -> Authorisation | None:
    if not state:
        return None
    if state not in list(Authorisation):
        problems.append(f"authorisation.state must be one of {', '.join(Authorisation)}")
        return None
    authorisation = Authorisation(state)
    if authorisation is Authorisation.DEEMED and basis is not None and not basis.deemed_authorisation:
        problems.append(f"the authorisation cannot be deemed given under article {basis.article}")
    if authorisation is not Authorisation.DEEMED and not reference:
        problems.append("authorisation.reference is missing (the magistrate's decision)")
    return authorisation


TEMPLATE: Final = """\
# Requisition of a Relecture case. Every line is needed unless it says "optional".
format = 1
reference = ""                          # number of the requisition
legal_basis = "60-1"                    # 60-1, 77-1-1, 99-3, 74 or 74-1
framework = "flagrance"                 # optional, checked against the legal basis
offence = ""                            # the facts, as the requisition words them
issued = 2026-01-31                     # day of issue
# expires = 2026-06-30                  # optional, last day on which acts may rest on it
# purge_by = 2027-01-31                 # optional, earlier than three years from the first import
obtained_by = ""                        # how the recordings were obtained (mode d'obtention)
pieces = [""]                           # numbers of the procedure pieces or seals

[authority]                             # who issued it
name = ""
quality = ""                            # procureur de la République, juge d'instruction, OPJ…
court = ""                              # court, or unit in flagrance

[authorisation]                         # use of judicial matching software (LRJ)
state = "deemed"                        # granted, deemed (flagrance only) or contrary (locks the case)
reference = ""                          # the decision; may stay empty when deemed

[[camera]]                              # one table per camera and time window
id = "cam01"
place = ""
from = 2026-01-30T21:00:00+01:00
to = 2026-01-30T22:30:00+01:00
"""
"""A requisition to fill in."""


def _quoted(text: str) -> str:
    """A TOML basic string; JSON escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False)


def samples_requisition(
    cameras: Sequence[tuple[str, str]], *, start: datetime, end: datetime, reference: str = "DEMO-2026-001"
) -> str:
    """Text of a complete requisition for sample footage.

    Args:
        cameras: Identifier and place of each camera.
        start: Start of the window of all of them, aware.
        end: End of the window, aware.
        reference: Number of the requisition.
    """
    head = f"""\
format = 1
reference = {_quoted(reference)}
legal_basis = "60-1"
framework = "flagrance"
offence = "Démonstration : faits imaginaires, images de synthèse"
issued = {start.astimezone(UTC).date().isoformat()}
obtained_by = "Démonstration : fichiers produits par Relecture"
pieces = ["DEMO-PV-1"]

[authority]
name = "Camille Exemple"
quality = "OPJ"
court = "Service de démonstration"

[authorisation]
state = "deemed"
reference = ""
"""
    tables = [
        f"""
[[camera]]
id = {_quoted(camera)}
place = {_quoted(place)}
from = {start.isoformat(timespec="seconds")}
to = {end.isoformat(timespec="seconds")}
"""
        for camera, place in cameras
    ]
    return head + "".join(tables)
