# SPDX-License-Identifier: Apache-2.0
"""Sentences made of values: what a card, the coverage line or a problem says. Plain Python, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from gui.times import format_clock, format_day, format_displayed, format_media_s, format_moment
from gui.words import CATALOGUE, Words
from review.desk_values import Problem, Swatch
from review.hits import RANKED, Coverage, Hit, HitAttribute, MadeBy, Movement, Query

__all__ = ["Phrases", "ProblemText"]

_REASONS = {
    "the picture carries no colour (night, infrared or thermal)": "no-colour",
    "too few pixels": "few-pixels",
    "smaller than 48 px": "small",
    "no make stands out": "no-make",
    "to be confirmed": "to-confirm",
}
"""Notes of the index to the words for them."""
_COLOUR_NAMES = {"colour", "upper_colour", "lower_colour"}
_TOLD_BY_DETAIL = {"NotAllowed", "OutOfScope", "BadRequisition", "ToolMissing", "UsageProblem", "Defect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemText:
    """A problem as shown: what happened, what to do, and the words of the floor below for who wants them."""

    title: str
    hint: str
    detail: str
    needs_detail: bool = False


class Phrases:
    """Makes sentences in the present language of ``words``.

    Args:
        words: The catalogue.
        palette: Colours that searches know.
    """

    def __init__(self, words: Words, palette: tuple[Swatch, ...] = ()) -> None:
        self.words = words
        self._swatch_by_name = {swatch.name: swatch for swatch in palette}

    def swatch(self, name: str) -> Swatch | None:
        """The swatch of a colour name, or None."""
        return self._swatch_by_name.get(name)

    def class_name(self, name: str) -> str:
        """A class for a person; a class unknown to the catalogue as it is."""
        return self._named("class", name)

    def _named(self, kind: str, name: str) -> str:
        key = f"{kind}.{name}"
        return self.words(key) if key in CATALOGUE else name

    def value(self, attribute: HitAttribute) -> str:
        """An attribute's value for a person."""
        if attribute.value == "unknown":
            return self.words("value.unknown")
        if attribute.name in _COLOUR_NAMES:
            swatch = self.swatch(attribute.value)
            return self.words.colour(swatch.french, swatch.english) if swatch else attribute.value
        key = f"{attribute.name}.{attribute.value}"
        return self.words(key) if key in CATALOGUE else attribute.value

    def said(self, attribute: HitAttribute) -> str:
        """Value and score of an attribute; a make as its ranked list; what is unknown with its reason."""
        if attribute.value == "unknown":
            reason = self.reason(attribute.note)
            return f"{self.words('value.unknown')} ({reason})" if reason else self.words("value.unknown")
        if attribute.name not in RANKED:
            return f"{self.value(attribute)}  {self.words.percent(attribute.score)}"
        ranked = [(attribute.value, attribute.score), *attribute.alternatives]
        return " · ".join(f"{value.title()} {self.words.percent(score)}" for value, score in ranked)

    def accuracy(self, english: str, french: str) -> str:
        """Measured accuracy of what is said, as a sentence; empty where none came with it."""
        text = self.words.colour(french, english)
        return self.words("attribute.accuracy", text=text) if text else ""

    def reason(self, note: str) -> str:
        """Why an attribute is unknown or doubtful, in the window's language; an unknown note stays as it is."""
        key = f"reason.{_REASONS.get(note, '')}"
        return self.words(key) if key in CATALOGUE else note

    def attribute_name(self, name: str) -> str:
        """What an attribute is called."""
        key = f"attribute.{name}"
        return self.words(key) if key in CATALOGUE else name

    def colours(self, hit: Hit) -> tuple[HitAttribute, ...]:
        """The colour attributes of a hit that say something, vehicle first, then upper, then lower garment."""
        by_name = {item.name: item for item in hit.attributes if item.value != "unknown"}
        return tuple(by_name[name] for name in ("colour", "upper_colour", "lower_colour") if name in by_name)

    def corrected(self, hit: Hit) -> str:
        """Corrected local time of a hit's start, or where it lies in its file when the clock is not established."""
        if hit.start_utc is None:
            return self.words("hit.media_time", at=format_media_s(hit.start_s))
        return f"{format_day(hit.start_utc)} {format_clock(hit.start_utc)}"

    def displayed(self, hit: Hit) -> str:
        """What the recorder showed at that moment."""
        if hit.displayed_start is None:
            return self.words("hit.no_clock")
        return self.words("hit.displayed", time=format_displayed(hit.displayed_start))

    def hit_line(self, hit: Hit) -> str:
        """All that a card says, in one line: for screen readers and tool tips."""
        parts = [self.class_name(hit.class_name), *(self.value(item) for item in self.colours(hit))]
        makes = [item for item in hit.attributes if item.name in RANKED and item.value != "unknown"]
        parts += [f"{self.attribute_name(item.name)} {self.said(item)}" for item in makes]
        parts += [hit.camera, self.corrected(hit), self.displayed(hit), self.words.percent(hit.score)]
        if hit.verdict:
            parts.append(self.words(f"verdict.{hit.verdict}"))
        if hit.verdict_note:
            parts.append(hit.verdict_note)
        return " · ".join(parts)

    def movement(self, moves: Movement) -> str:
        """Size, speed and direction in one line, with units."""
        words = self.words
        return words(
            "movement.line",
            size=words(f"size.{moves.size}"),
            height=round(moves.height_px),
            spread=round(moves.height_spread_px),
            speed=words(f"speed.{moves.speed}"),
            sizes=words.number(moves.sizes_per_s, decimals=1),
            direction=words(f"direction.{moves.direction}") if moves.direction else words("movement.nowhere"),
        )

    def made_by(self, made_by: MadeBy) -> str:
        """Which correction by hand made a track, and those before it, the latest first."""
        return "; ".join(
            self.words(f"correction.by.{one.kind}", number=one.number, tracks=" + ".join(one.track_ids))
            for one in (made_by, *reversed(made_by.earlier))
        )

    def coverage(self, coverage: Coverage) -> str:
        """What was analysed, in one line; stands beside every result."""
        words = self.words
        parts = [
            words(
                "coverage.footage",
                analysed=words.length(coverage.analysed_s),
                footage=words.length(coverage.footage_s),
            )
        ]
        if coverage.skipped_s > 0:
            parts.append(words("coverage.skipped", skipped=words.length(coverage.skipped_s)))
        parts.append(words("coverage.recordings", done=coverage.n_recordings_indexed, all=coverage.n_recordings))
        parts.append(words.count("coverage.tracks", coverage.n_tracks))
        parts.append(words.count("coverage.judged", coverage.n_judged))
        if coverage.zones:
            parts.append(words.count("coverage.zones", len(coverage.zones)))
        if coverage.profiles:
            parts.append(words("coverage.profiles", profiles=", ".join(coverage.profiles)))
        return " · ".join(parts)

    def warnings(self, coverage: Coverage, query: Query | None = None) -> tuple[str, ...]:
        """What a person must know before they trust an empty result."""
        made = []
        if coverage.n_recordings == 0:
            made.append(self.words("coverage.nothing_imported"))
        elif coverage.n_recordings_indexed < coverage.n_recordings:
            n_missing = coverage.n_recordings - coverage.n_recordings_indexed
            made.append(self.words.count("coverage.not_indexed", n_missing))
        if query is not None and query.makes and not coverage.has_makes:
            made.append(self.words("coverage.no_makes"))
        return tuple(made)

    def filters(self, query: Query) -> str:
        """What a list is filtered by, in the names of the filter panel; empty for no filter."""
        words = self.words
        chosen = (
            ("classes", [self.class_name(name) for name in query.classes]),
            ("colours", self._colour_names(query.colours)),
            ("upper", self._colour_names(query.upper)),
            ("lower", self._colour_names(query.lower)),
            ("bags", [self._named("bag", name) for name in query.bags]),
            ("makes", list(query.makes)),
            ("sizes", [words(f"size.{name}") for name in query.sizes]),
            ("speeds", [words(f"speed.{name}") for name in query.speeds]),
            ("directions", [words(f"direction.{name}") for name in query.directions]),
            ("cameras", list(query.cameras)),
            ("time", [format_moment(moment) for moment in (query.from_utc, query.to_utc) if moment is not None]),
            ("text", [query.text] if query.text else []),
        )
        return " · ".join(
            words("synopsis.filter", name=words(f"filter.{key}"), values=", ".join(names))
            for key, names in chosen
            if names
        )

    def _colour_names(self, names: tuple[str, ...]) -> list[str]:
        found = [(name, self.swatch(name)) for name in names]
        is_french = self.words.language == "fr"
        return [name if item is None else item.french if is_french else item.english for name, item in found]

    def problem(self, problem: Problem) -> ProblemText:
        """A problem in the window's language; the words of the floor below stay as a detail."""
        key = f"problem.{problem.kind}"
        if f"{key}.title" not in CATALOGUE:
            key = "problem.Other"
        detail = " ".join(part for part in (problem.message, problem.hint) if part)
        return ProblemText(
            title=self.words(f"{key}.title"),
            hint=self.words(f"{key}.hint"),
            detail=detail,
            needs_detail=problem.kind in _TOLD_BY_DETAIL or key == "problem.Other",
        )
