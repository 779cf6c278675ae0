# SPDX-License-Identifier: Apache-2.0
"""Holds the corrections of a case against its log: none changed, none missing, none added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from review.audit.record import Record
from review.checks import Outcome, failed, passed
from review.corrections import CORRECTIONS_PREFIX, CorrectionRecord, correction_name, read_correction
from review.store import SealedStore

__all__ = ["check_corrections"]

_ACTS: Final = frozenset({"tracks.split", "tracks.merge", "tracks.undo"})


class _Deed(NamedTuple):
    """What log and blob both say of a correction; ``at`` is the tick of a split, or the number that is taken back."""

    act: str
    tracks: tuple[str, ...]
    at: int


def check_corrections(store: SealedStore, records: Iterable[Record]) -> Outcome:
    """Numbered without a gap, and each as the log says.

    Args:
        store: The blobs of the case.
        records: The audit log.

    Raises:
        Tampered: A blob does not hold a correction.
    """
    names = store.names(CORRECTIONS_PREFIX)
    logged = _logged(records)
    for number, name in enumerate(names, start=1):
        if name != correction_name(number):
            return failed(f"blobs/{correction_name(number)}.age is missing.")
        record = read_correction(store.read(name), name=name)
        if record.number != number:
            return failed(f"blobs/{name}.age holds correction {record.number}.")
        if number in logged and logged[number] != _deed_of(record):
            return failed(f"blobs/{name}.age does not say what the log says.")
    missing = [number for number in sorted(logged) if number > len(names)]
    if missing:
        return failed(f"blobs/{correction_name(missing[0])}.age is missing.")
    return passed(f"{len(names)} corrections, {len(logged)} logged as done")


def _logged(records: Iterable[Record]) -> dict[int, _Deed]:
    """What the log says was done, by number of the correction."""
    asked: dict[int, _Deed] = {}
    done: dict[int, _Deed] = {}
    for record in records:
        act, of = record.text("act"), record.body.get("of")
        if act not in _ACTS:
            continue
        if record.text("phase") == "intent":
            detail = record.member("detail")
            tracks = detail.get("tracks")
            named = tracks if isinstance(tracks, list) else [detail.get("track")]
            at = detail.get("at_pts_ticks", detail.get("correction", 0))
            asked[record.seq] = _Deed(act, tuple(str(item) for item in named), at if isinstance(at, int) else 0)
        elif record.text("outcome") == "done" and isinstance(of, int) and of in asked:
            number = record.member("result").get("number")
            if isinstance(number, int):
                done[number] = asked[of]
    return done


def _deed_of(record: CorrectionRecord) -> _Deed:
    correction = record.correction
    if correction is None:
        return _Deed("tracks.undo", record.track_ids, record.takes_back)
    return _Deed(f"tracks.{correction.kind}", tuple(correction.track_ids), correction.at_pts_ticks)
