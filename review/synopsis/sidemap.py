# SPDX-License-Identifier: Apache-2.0
"""The map of a synopsis: which source frame and track every object of every film frame comes from.

A Parquet file beside the film, one row per object and film frame, in drawing order. It says what was drawn, not what
was planned: the PTS is the one that the decoder gave with the pixels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from indexer.records import RecordingId, TrackId
from models.errors import Tampered, UnreadableInput

__all__ = ["SCHEMA_NAME", "MapObject", "MapWriter", "SourceDigest", "SynopsisMap"]

SCHEMA_NAME: Final = "relecture.synopsis-map/2"
READ_SCHEMAS: Final = frozenset({"relecture.synopsis-map/1", SCHEMA_NAME})
"""The first had no pieces; all its tracks are shown whole, or what of them moved."""
FLUSH_ROWS: Final = 50_000
TIMES: Final = (("recording_id", pa.string()), ("pts_ticks", pa.int64()), ("tag", pa.string()))
_SCHEMA: Final = pa.schema(
    [
        ("frame", pa.int32()),
        ("x0", pa.int16()),
        ("y0", pa.int16()),
        ("x1", pa.int16()),
        ("y1", pa.int16()),
        ("recording_id", pa.dictionary(pa.int32(), pa.string())),
        ("track_id", pa.dictionary(pa.int32(), pa.string())),
        ("piece", pa.int32()),
        ("pts_ticks", pa.int64()),
        ("source_x0", pa.float32()),
        ("source_y0", pa.float32()),
        ("source_x1", pa.float32()),
        ("source_y1", pa.float32()),
        ("tag", pa.dictionary(pa.int32(), pa.string())),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDigest:
    """One source of a film: identifier, name as delivered, SHA-256 (hex) and time base."""

    recording_id: RecordingId
    name: str
    sha256: str
    time_base: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class MapObject:
    """One object in one film frame.

    Attributes:
        frame: 0-based film frame.
        box_xyxy_px: Where it stands in the film, film pixels.
        recording_id: Recording that its pixels come from.
        track_id: Track that it is.
        piece: Which piece of the track, where it is shown in several; counted from 0 in source time.
        pts_ticks: Exact PTS of those pixels in the recording.
        source_box_xyxy_px: Its box in the source frame.
        tag: Time that the film shows beside it; empty where no place was free.
    """

    frame: int
    box_xyxy_px: tuple[int, int, int, int]
    recording_id: RecordingId
    track_id: TrackId
    piece: int
    pts_ticks: int
    source_box_xyxy_px: tuple[float, float, float, float]
    tag: str


class MapWriter:
    """Streams rows to a map file; rows must come in film order.

    Args:
        path: Where to write; overwritten (callers pass a temporary name).
        sources: Sources of the film.
        rate: Film frames per second.
        size_wh_px: Film picture size.
    """

    def __init__(
        self, path: Path, *, sources: Sequence[SourceDigest], rate: Fraction, size_wh_px: tuple[int, int]
    ) -> None:
        self._path = path
        header = {
            "schema": SCHEMA_NAME,
            "rate": f"{rate.numerator}/{rate.denominator}",
            "size_wh_px": list(size_wh_px),
            "sources": [
                {"recording_id": s.recording_id, "name": s.name, "sha256": s.sha256, "time_base": str(s.time_base)}
                for s in sources
            ],
        }
        schema = _SCHEMA.with_metadata({"relecture": json.dumps(header, ensure_ascii=False, sort_keys=True)})
        self._schema = schema
        self._writer = pq.ParquetWriter(str(path), schema, compression="zstd")
        self._rows: list[MapObject] = []
        self.n_rows = 0

    def add(self, objects: Sequence[MapObject]) -> None:
        """Append objects in film order, those of one film frame in drawing order."""
        self._rows += objects
        self.n_rows += len(objects)
        if len(self._rows) >= FLUSH_ROWS:
            self._flush()

    def finish(self) -> str:
        """Close the file; hex SHA-256 of its bytes."""
        self._flush()
        self._writer.close()
        return hashlib.sha256(self._path.read_bytes()).hexdigest()

    def __enter__(self) -> MapWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer.is_open:
            self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        boxes = np.array([row.box_xyxy_px for row in rows], np.int16).reshape(-1, 4)
        source = np.array([row.source_box_xyxy_px for row in rows], np.float32).reshape(-1, 4)
        text = pa.dictionary(pa.int32(), pa.string())
        columns = [
            pa.array([row.frame for row in rows], pa.int32()),
            *(pa.array(boxes[:, c]) for c in range(4)),
            pa.array([row.recording_id for row in rows], text),
            pa.array([row.track_id for row in rows], text),
            pa.array([row.piece for row in rows], pa.int32()),
            pa.array([row.pts_ticks for row in rows], pa.int64()),
            *(pa.array(source[:, c]) for c in range(4)),
            pa.array([row.tag for row in rows], text),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))


class SynopsisMap:
    """Answers what stands at a place of a film frame.

    Args:
        path: Map file.
        expected_sha256: Hex digest that the film carries; empty skips the comparison.

    Raises:
        UnreadableInput: The file is missing or is no map.
        Tampered: The file is not the one that the film names.
    """

    def __init__(self, path: Path, *, expected_sha256: str = "") -> None:
        try:
            content = path.read_bytes()
            table = pq.read_table(pa.BufferReader(content))
            self.header = json.loads((table.schema.metadata or {})[b"relecture"])
        except (OSError, pa.ArrowException, KeyError, ValueError) as problem:
            raise UnreadableInput(
                f"{path} is not the map of a synopsis.", hint="Name the .parquet file that was written beside the film."
            ) from problem
        self.sha256 = hashlib.sha256(content).hexdigest()
        if expected_sha256 and self.sha256 != expected_sha256:
            raise Tampered(
                f"{path} is not the map that the film was made with.", hint="Make the synopsis again from the case."
            )
        if self.header.get("schema") not in READ_SCHEMAS:
            raise UnreadableInput(
                f"{path} has schema {self.header.get('schema')}, this version reads {SCHEMA_NAME}.",
                hint="Open it with the version of Relecture that wrote it.",
            )
        self._frames: NDArray[np.int32] = table["frame"].to_numpy()
        self._boxes = np.stack([table[name].to_numpy() for name in ("x0", "y0", "x1", "y1")], axis=1)
        self._table = table

    @property
    def n_objects(self) -> int:
        """Rows of the map: objects over all film frames."""
        return len(self._frames)

    def frames(self) -> NDArray[np.int64]:
        """Film frames that show any object, ascending."""
        return np.unique(self._frames).astype(np.int64)

    def times(self) -> tuple[tuple[RecordingId, int, str], ...]:
        """Every different combination of recording, PTS and time shown, sorted."""
        plain = pa.table({name: self._table[name].cast(kind) for name, kind in TIMES})
        found = plain.group_by([name for name, _ in TIMES]).aggregate([]).to_pylist()
        return tuple(sorted((RecordingId(item["recording_id"]), item["pts_ticks"], item["tag"]) for item in found))

    def objects_of(self, frame: int) -> tuple[MapObject, ...]:
        """Objects of a film frame, in drawing order (the last one lies on top)."""
        first, end = np.searchsorted(self._frames, [frame, frame + 1])
        return tuple(self._row(int(row)) for row in range(first, end))

    def object_at(self, frame: int, x_px: float, y_px: float) -> MapObject | None:
        """What stands at a place: the topmost box that holds the point, or None.

        Args:
            frame: 0-based film frame.
            x_px: Film pixels from the left.
            y_px: Film pixels from the top.
        """
        first, end = np.searchsorted(self._frames, [frame, frame + 1])
        boxes = self._boxes[first:end]
        inside = (boxes[:, 0] <= x_px) & (x_px < boxes[:, 2]) & (boxes[:, 1] <= y_px) & (y_px < boxes[:, 3])
        hits = np.flatnonzero(inside)
        return self._row(int(first + hits[-1])) if len(hits) else None

    def _row(self, row: int) -> MapObject:
        values = {name: self._table[name][row].as_py() for name in self._table.column_names}
        return MapObject(
            frame=values["frame"],
            box_xyxy_px=(values["x0"], values["y0"], values["x1"], values["y1"]),
            recording_id=RecordingId(values["recording_id"]),
            track_id=TrackId(values["track_id"]),
            piece=values.get("piece", 0),
            pts_ticks=values["pts_ticks"],
            source_box_xyxy_px=tuple(values[f"source_{side}"] for side in ("x0", "y0", "x1", "y1")),
            tag=values["tag"],
        )
