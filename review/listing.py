# SPDX-License-Identifier: Apache-2.0
"""Hits and tracks as documents and files: the shapes that ``--json``, ``--mot`` and ``--parquet`` promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from indexer.corrections import made_by
from indexer.index import Index
from indexer.ticks import format_utc
from review.corrections import CorrectionRecord
from review.drafts import write_new
from review.hits import Coverage, Hit, MadeBy
from review.movement import METHOD
from review.search import hit_of

__all__ = ["correction_document", "coverage_document", "hit_document", "tracks_documents", "write_mot", "write_parquet"]

_CHAIN: Final = pa.list_(
    pa.struct([("number", pa.int64()), ("kind", pa.string()), ("track_ids", pa.list_(pa.string()))])
)


def hit_document(hit: Hit) -> dict[str, Any]:
    """One hit or track; times in UTC, frames 0-based in decode order, boxes in source pixels."""
    return {
        "track_id": hit.track_id,
        "recording": hit.recording_name,
        "recording_id": hit.recording_id,
        "recording_sha256": hit.recording_sha256,
        "camera": hit.camera,
        "class": hit.class_name,
        "class_score": hit.class_score,
        "class_model": hit.class_model,
        "class_accuracy": hit.class_accuracy[0],
        "score": hit.score,
        "start_utc": format_utc(hit.start_utc),
        "end_utc": format_utc(hit.end_utc),
        "displayed_start": hit.displayed_start.isoformat() if hit.displayed_start else None,
        "start_s": round(hit.start_s, 6),
        "end_s": round(hit.end_s, 6),
        "first_pts": hit.first_pts_ticks,
        "last_pts": hit.last_pts_ticks,
        "best_pts": hit.best_pts_ticks,
        "first_frame": hit.first_frame,
        "last_frame": hit.last_frame,
        "best_box_xyxy_px": [round(value, 2) for value in hit.best_box_xyxy_px],
        "attributes": {
            item.name: {
                "value": item.value,
                "score": item.score,
                "model": item.model,
                "accuracy": item.accuracy,
                "alternatives": [[value, score] for value, score in item.alternatives],
                "note": item.note,
            }
            for item in hit.attributes
        },
        "movement": asdict(hit.movement) | {"method": METHOD} if hit.movement else None,
        "made_by": _made_by_document(hit.made_by) if hit.made_by else None,
        "verdict": hit.verdict or None,
        "verdict_note": hit.verdict_note or None,
    }


def _made_by_document(made_by: MadeBy) -> dict[str, Any]:
    return {
        "number": made_by.number,
        "kind": made_by.kind,
        "track_ids": list(made_by.track_ids),
        "earlier": [_made_by_document(item) for item in made_by.earlier],
    }


def correction_document(
    record: CorrectionRecord, records: Sequence[CorrectionRecord], idle: Sequence[int]
) -> dict[str, Any]:
    """One record of the list of corrections.

    Args:
        record: The record.
        records: All of the case, which say whether it was taken back.
        idle: Numbers of corrections that name a track which the index no longer has.
    """
    correction = record.correction
    is_gone = record.number in {item.takes_back for item in records}
    return {
        "number": record.number,
        "kind": str(correction.kind) if correction else "undo",
        "track_ids": list(record.track_ids),
        "at_pts": correction.at_pts_ticks if correction and correction.descriptions else None,
        "made": list(made_by(correction)) if correction else [],
        "takes_back": record.takes_back or None,
        "state": "taken back" if is_gone else "without effect" if record.number in idle else "stands",
        "operator": record.operator_id,
        "utc": format_utc(record.utc),
        "note": record.note or None,
    }


def coverage_document(coverage: Coverage) -> dict[str, Any]:
    """Coverage as every search reports it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(coverage).items()}


def write_mot(index: Index, folder: Path) -> tuple[Path, ...]:
    """One MOTChallenge text file a recording: 1-based frame in decode order, boxes in source pixels.

    Tracks of class ``other`` are left out. Numbers are given in order of appearance within the file.

    Raises:
        AlreadyThere: One of the files exists.
    """
    paths = []
    for recording_id, recording in sorted(index.recordings.items()):
        path = folder / f"{Path(recording.path).stem}.txt"
        if path in paths:
            path = folder / f"{Path(recording.path).stem}-{recording_id}.txt"
        lines: list[tuple[int, int, str]] = []
        own = [t for t in index.tracks if t.recording_id == recording_id and t.class_name != "other"]
        for number, track in enumerate(own, start=1):
            for frame, box, score in zip(track.frame_index, track.boxes_xyxy_px, track.scores, strict=True):
                x1, y1, x2, y2 = (float(value) for value in box)
                text = f"{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},{float(score) or 1.0:.3f},-1,-1,-1"
                lines.append((int(frame) + 1, number, text))
        write_new(path, "".join(f"{frame},{number},{text}\n" for frame, number, text in sorted(lines)).encode())
        paths.append(path)
    return tuple(paths)


def write_parquet(index: Index, path: Path) -> None:
    """All tracks as one Parquet file, one row a track, boxes as lists.

    ``made_by`` is the list of corrections by hand behind a track, in order of number; empty for most.

    Raises:
        AlreadyThere: The file exists.
    """
    rows, chains = [], []
    for track in index.tracks:
        document = hit_document(hit_of(index, track))
        document["attributes"] = [
            {"name": item.name, "value": item.value, "score": item.score, "model": item.model}
            for item in track.attributes
        ]
        document |= {
            "pts_ticks": track.pts_ticks.tolist(),
            "frame_index": track.frame_index.tolist(),
            "boxes_xyxy_px": track.boxes_xyxy_px.ravel().tolist(),
        }
        for name in ("score", "verdict", "verdict_note", "movement", "made_by"):
            del document[name]
        rows.append(document)
        chains.append(
            [
                {"number": one.number, "kind": str(one.kind), "track_ids": list(one.track_ids)}
                for one in index.corrections_by_track.get(track.track_id, ())
            ]
        )
    sink = pa.BufferOutputStream()
    # Why: where nothing was corrected, every list is empty, and a type taken from them would be another one.
    table = pa.Table.from_pylist(rows).append_column("made_by", pa.array(chains, _CHAIN))
    pq.write_table(table, sink)
    write_new(path, sink.getvalue().to_pybytes())


def tracks_documents(index: Index, verdicts: dict[str, tuple[str, str]], classes: Sequence[str] = ()) -> list[Any]:
    """Every track as a document, by recording and first appearance."""
    return [
        hit_document(hit_of(index, track, verdicts=verdicts))
        for track in index.tracks
        if not classes or track.class_name in classes
    ]
