# SPDX-License-Identifier: Apache-2.0
"""The only user of DuckDB: an in-memory view of the segments, built at opening and never a store of its own.

Nothing is written to disk: the immutable segment blobs are the index; this is what makes them quick to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import duckdb
import pyarrow as pa

from indexer.records import Track

__all__ = ["TrackRows"]

_SCHEMA: Final = """
CREATE TABLE tracks (
    track_id VARCHAR PRIMARY KEY, recording_id VARCHAR NOT NULL, camera VARCHAR NOT NULL,
    class_name VARCHAR NOT NULL, class_score DOUBLE NOT NULL,
    first_pts BIGINT NOT NULL, last_pts BIGINT NOT NULL, n_frames INTEGER NOT NULL);
CREATE TABLE attributes (
    track_id VARCHAR NOT NULL, name VARCHAR NOT NULL, value VARCHAR NOT NULL,
    score DOUBLE NOT NULL, rank INTEGER NOT NULL);
"""


class TrackRows:
    """Tracks and attributes as rows. Close it when done; it holds no file."""

    def __init__(self) -> None:
        # Why: extensions come over the network and spill files are plain text; neither may happen here.
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "enable_external_access": "false",
                "threads": 2,
            },
        )
        self._connection.execute(_SCHEMA)

    def add(self, tracks: Sequence[Track]) -> None:
        """Insert tracks in one transaction."""
        if not tracks:
            return
        track_table = pa.table(
            {
                "track_id": [t.track_id for t in tracks],
                "recording_id": [t.recording_id for t in tracks],
                "camera": [t.camera for t in tracks],
                "class_name": [t.class_name for t in tracks],
                "class_score": [t.class_score for t in tracks],
                "first_pts": [int(t.pts_ticks[0]) for t in tracks],
                "last_pts": [int(t.pts_ticks[-1]) for t in tracks],
                "n_frames": [len(t.pts_ticks) for t in tracks],
            }
        )
        values = [
            (track.track_id, item.name, value, score, rank)
            for track in tracks
            for item in track.attributes
            for rank, (value, score) in enumerate([(item.value, item.score), *item.alternatives])
        ]
        self._connection.begin()
        self._connection.register("new_tracks", track_table)
        self._connection.execute("INSERT INTO tracks SELECT * FROM new_tracks")
        self._connection.unregister("new_tracks")
        if values:
            columns = list(zip(*values, strict=True))
            names = ("track_id", "name", "value", "score", "rank")
            attribute_table = pa.table(dict(zip(names, (list(column) for column in columns), strict=True)))
            self._connection.register("new_attributes", attribute_table)
            self._connection.execute("INSERT INTO attributes SELECT * FROM new_attributes")
            self._connection.unregister("new_attributes")
        self._connection.commit()

    def select(
        self,
        *,
        classes: Sequence[str] = (),
        not_classes: Sequence[str] = (),
        cameras: Sequence[str] = (),
        attributes: Iterable[tuple[str, Sequence[str], float]] = (),
    ) -> list[tuple[str, float]]:
        """Identifiers with a score of 0 to 1, best first, ties by recording, time and identifier.

        Args:
            classes: Class names, any of; empty for all.
            not_classes: Class names left out.
            cameras: Cameras, any of; empty for all.
            attributes: (name, accepted values, least share relative to the best value) that must all hold.
        """
        where: list[str] = []
        values: list[object] = []
        for column, wanted, negated in (
            ("class_name", classes, False),
            ("class_name", not_classes, True),
            ("camera", cameras, False),
        ):
            if wanted:
                marks = ", ".join("?" for _ in wanted)
                where.append(f"{column} {'NOT ' if negated else ''}IN ({marks})")
                values += list(wanted)
        scores = ["class_score"]
        score_values: list[object] = []
        for name, accepted, least_share in attributes:
            marks = ", ".join("?" for _ in accepted)
            # Why: a value counts when it is the best one, or comes close to it; its score is its own share.
            # Reason: only fixed fragments and placeholders are joined here and below; every value is bound.
            matching = (
                f"(SELECT max(a.score) FROM attributes a WHERE a.track_id = tracks.track_id AND a.name = ? "
                f"AND a.value IN ({marks}) AND (a.rank = 0 OR a.score >= ? * "
                f"(SELECT b.score FROM attributes b WHERE b.track_id = a.track_id AND b.name = a.name AND b.rank = 0)))"
            )
            where.append(f"{matching} IS NOT NULL")
            values += [name, *accepted, least_share]
            scores.append(matching)
            score_values += [name, *accepted, least_share]
        condition = " AND ".join(where) or "TRUE"
        score = f"({' + '.join(scores)}) / {len(scores)}"
        sql = (
            f"SELECT track_id, {score} AS score FROM tracks WHERE {condition} "
            "ORDER BY score DESC, recording_id, first_pts, track_id"
        )
        rows = self._connection.execute(sql, [*score_values, *values]).fetchall()
        return [(str(track_id), float(value)) for track_id, value in rows]

    def counts(self, column: str) -> dict[str, int]:
        """Number of tracks for every value of ``class_name`` or ``camera``."""
        assert column in {"class_name", "camera"}
        sql = f"SELECT {column}, count(*) FROM tracks GROUP BY 1 ORDER BY 1"
        return {str(name): int(count) for name, count in self._connection.execute(sql).fetchall()}

    def close(self) -> None:
        """Release the memory."""
        self._connection.close()
