# SPDX-License-Identifier: Apache-2.0
"""The accuracy sheet: scores of many recordings, summed by condition, as Markdown for people and JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from benchmarks.accuracy.recordings import Labelled, LabelledPass
from benchmarks.accuracy.runs import Run, of_classes
from benchmarks.accuracy.scores import MotScores, PassScores, mot_scores, pass_scores
from benchmarks.accuracy.summary import SUMMARY_HEAD, Entry, condition_rows, summary_rows
from indexer.records import Track

__all__ = ["Sheet", "score_run"]

MIN_VISIBLE_UNIT: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One recording, one set of nets."""

    name: str
    is_night: bool
    models: str
    footage_s: float
    cpu_s: float
    n_detector_calls: int
    mot: MotScores | None
    passes: PassScores


@dataclass(slots=True, kw_only=True)
class Sheet:
    """Scores gathered over recordings and sets of nets."""

    scored: list[Scored] = field(default_factory=list)

    def add(self, labelled: Labelled, run: Run, *, models: str) -> Scored:
        """Score one run and keep it."""
        scored = score_run(labelled, run, models=models)
        self.scored.append(scored)
        return scored

    def markdown(self) -> str:
        """Tables: all recordings together, passes by condition, each recording, then confusions."""
        entries = [
            Entry(item.models, item.is_night, item.footage_s, item.cpu_s, item.mot, item.passes) for item in self.scored
        ]
        parts = [
            _table(SUMMARY_HEAD, summary_rows(entries)),
            _table(*condition_rows(entries)),
            _table(
                ("recording", "nets", "HOTA", "DetA", "AssA", "MOTA", "IDF1", "switches",
                 "passes", "found", "split", "invented", "CPU s/min", "detector calls"),
                [_recording_row(item) for item in self.scored],
            )
        ]  # fmt: skip
        for models in sorted({item.models for item in self.scored}):
            own = [item for item in self.scored if item.models == models]
            for title, pairs in (
                ("class (labelled, named)", _class_pairs(own)),
                ("vehicle colour (labelled, named)", _colour_pairs(own, "colour", lambda p: p.colours)),
                ("upper clothing (labelled, named)", _colour_pairs(own, "upper_colour", lambda p: p.upper)),
                ("lower clothing (labelled, named)", _colour_pairs(own, "lower_colour", lambda p: p.lower)),
                ("bag (labelled, named)", _bag_pairs(own)),
            ):
                if pairs:
                    parts.append(f"### {models}: {title}\n\n" + _confusion(pairs))
        return "\n\n".join(parts) + "\n"

    def document(self) -> list[dict[str, object]]:
        """The same for programs."""
        return [
            {
                "recording": item.name,
                "nets": item.models,
                "is_night": item.is_night,
                "footage_s": round(item.footage_s, 3),
                "cpu_s": round(item.cpu_s, 3),
                "detector_calls": item.n_detector_calls,
                "mot": asdict(item.mot) if item.mot else None,
                "passes": len(item.passes.found) + len(item.passes.missed),
                "found": len(item.passes.found),
                "missed": [one.name for one in item.passes.missed],
                "extra_pieces": item.passes.n_extra_pieces,
                "merged": item.passes.n_merged,
                "invented": [
                    [t.class_name, int(t.frame_index[0]), int(t.frame_index[-1])] for t in item.passes.invented
                ],
                "named": [
                    {
                        "pass": one.name,
                        "labelled": one.class_name,
                        "named": track.class_name,
                        "attributes": {a.name: a.value for a in track.attributes},
                    }
                    for one, track in item.passes.found
                ],
            }
            for item in self.scored
        ]


def score_run(labelled: Labelled, run: Run, *, models: str) -> Scored:
    """Scores of one run; only tracks of labelled classes are held against it."""
    tracks = of_classes(run.named, labelled.classes)
    return Scored(
        name=labelled.name,
        is_night=labelled.is_night,
        models=models,
        footage_s=run.footage_s,
        cpu_s=run.cpu_s,
        n_detector_calls=run.n_detector_calls,
        mot=mot_scores(labelled, tracks, min_visible_unit=MIN_VISIBLE_UNIT) if labelled.has_boxes else None,
        passes=pass_scores(labelled, tracks),
    )


def _recording_row(item: Scored) -> tuple[object, ...]:
    mot = item.mot
    scores = (
        tuple(f"{value:.3f}" for value in (mot.hota, mot.det_a, mot.ass_a, mot.mota, mot.idf1)) if mot else ("-",) * 5
    )
    return (
        item.name,
        item.models,
        *scores,
        mot.n_switches if mot else "-",
        len(item.passes.found) + len(item.passes.missed),
        len(item.passes.found),
        item.passes.n_extra_pieces,
        len(item.passes.invented),
        f"{60 * item.cpu_s / max(item.footage_s, 1e-9):.1f}",
        item.n_detector_calls,
    )


def _class_pairs(items: Sequence[Scored]) -> list[tuple[str, str]]:
    return [(one.class_name, track.class_name) for item in items for one, track in item.passes.found]


def _colour_pairs(
    items: Sequence[Scored], attribute: str, accepted: Callable[[LabelledPass], tuple[str, ...]]
) -> list[tuple[str, str]]:
    """A named colour that is accepted counts as the first accepted one."""
    pairs = []
    for one, track in _found(items):
        names, value = accepted(one), _value(track, attribute)
        if names and value is not None:
            pairs.append((names[0], names[0] if value in names else value))
    return pairs


def _bag_pairs(items: Sequence[Scored]) -> list[tuple[str, str]]:
    return [
        ("bag" if one.bag != "none" else "none", "bag" if _value(track, "bag") else "none")
        for one, track in _found(items)
        if one.bag and one.class_name == "person" and track.class_name == "person"
    ]


def _found(items: Sequence[Scored]) -> Iterable[tuple[LabelledPass, Track]]:
    return (pair for item in items for pair in item.passes.found)


def _value(track: Track, name: str) -> str | None:
    attribute = track.attribute(name)
    return None if attribute is None else attribute.value


def _confusion(pairs: list[tuple[str, str]]) -> str:
    counts = Counter(pairs)
    rows, columns = sorted({a for a, _ in pairs}), sorted({b for _, b in pairs})
    n_right = sum(counts[a, a] for a in rows)
    body = [(a, *(counts[a, b] or "" for b in columns)) for a in rows]
    return f"{n_right} of {len(pairs)} right.\n\n" + _table(("labelled \\ named", *columns), body)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])
