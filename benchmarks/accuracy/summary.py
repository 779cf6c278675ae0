# SPDX-License-Identifier: Apache-2.0
"""One row for each profile and set of nets over all recordings, and one for each condition, as counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from benchmarks.accuracy.recordings import LabelledPass
from benchmarks.accuracy.scores import MotScores, PassScores
from indexer.records import Track

__all__ = ["SUMMARY_HEAD", "Entry", "condition_rows", "conditions_of", "summary_rows"]

HEIGHTS_PX: Final = ((0, 32), (32, 64), (64, 128), (128, 100_000))
SUMMARY_HEAD: Final = (
    "nets", "recordings", "found", "split", "invented", "type", "vehicle colour", "upper", "lower", "bag precision",
    "bag recall", "HOTA", "MOTA", "IDF1", "CPU s/min",
)  # fmt: skip


class Entry(NamedTuple):
    """One recording, one set of nets: what :class:`benchmarks.accuracy.sheet.Scored` holds of it."""

    models: str
    is_night: bool
    footage_s: float
    cpu_s: float
    mot: MotScores | None
    passes: PassScores


def summary_rows(entries: Sequence[Entry]) -> list[tuple[object, ...]]:
    """A row for each set of nets, columns :data:`SUMMARY_HEAD`; HOTA, MOTA and IDF1 are means over recordings."""
    return [_summary(models, [e for e in entries if e.models == models]) for models in _models_of(entries)]


def _summary(models: str, own: Sequence[Entry]) -> tuple[object, ...]:
    found = [pair for entry in own for pair in entry.passes.found]
    n_passes = len(found) + sum(len(entry.passes.missed) for entry in own)
    carriers = [(one.bag != "none", _value(track, "bag") is not None) for one, track in found if _tells_bag(one, track)]
    right = sum(truth and said for truth, said in carriers)
    mots = [entry.mot for entry in own if entry.mot]
    footage_s = sum(entry.footage_s for entry in own)
    return (
        models,
        len(own),
        f"{len(found)} of {n_passes}",
        sum(entry.passes.n_extra_pieces for entry in own),
        sum(len(entry.passes.invented) for entry in own),
        _share(one.class_name == track.class_name for one, track in found),
        _colours(found, "colour", lambda one: one.colours),
        _colours(found, "upper_colour", lambda one: one.upper),
        _colours(found, "lower_colour", lambda one: one.lower),
        _of(right, sum(said for _, said in carriers)),
        _of(right, sum(truth for truth, _ in carriers)),
        *(f"{np.mean([getattr(m, name) for m in mots]):.3f}" if mots else "-" for name in ("hota", "mota", "idf1")),
        f"{60 * sum(entry.cpu_s for entry in own) / max(footage_s, 1e-9):.1f}",
    )


def condition_rows(entries: Sequence[Entry]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Head and rows: for each condition and set of nets how many passes of it were found."""
    models = _models_of(entries)
    counts: dict[tuple[str, str], list[bool]] = {}
    for entry in entries:
        marked = [*((p, True) for p, _ in entry.passes.found), *((p, False) for p in entry.passes.missed)]
        for one, is_found in marked:
            for name in conditions_of(one, is_night=entry.is_night):
                counts.setdefault((name, entry.models), []).append(is_found)
    names = sorted({name for name, _ in counts})
    rows = [(name, *(_share(counts.get((name, item), ())) for item in models)) for name in names]
    return ("condition", *models), rows


def conditions_of(one: LabelledPass, *, is_night: bool) -> tuple[str, ...]:
    """Day or night, class, and height where boxes are labelled."""
    names = ["night" if is_night else "day", f"class {one.class_name}"]
    if one.boxes_xyxy_px is not None:
        low, high = next(bounds for bounds in HEIGHTS_PX if bounds[0] <= one.height_px < bounds[1])
        names.append(f"height {low:3d} px and more" if high > 10_000 else f"height {low:3d} to {high} px")
    return tuple(names)


def _models_of(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(entry.models for entry in entries))


def _tells_bag(one: LabelledPass, track: Track) -> bool:
    return bool(one.bag) and one.class_name == "person" == track.class_name


def _colours(
    found: Sequence[tuple[LabelledPass, Track]], name: str, accepted: Callable[[LabelledPass], tuple[str, ...]]
) -> str:
    said = [(accepted(one), _value(track, name)) for one, track in found]
    return _share(value in names for names, value in said if names and value is not None)


def _value(track: Track, name: str) -> str | None:
    attribute = track.attribute(name)
    return None if attribute is None else attribute.value


def _share(answers: Iterable[bool]) -> str:
    given = list(answers)
    return _of(sum(given), len(given))


def _of(n_right: int, n: int) -> str:
    return f"{n_right} of {n}" if n else "-"
