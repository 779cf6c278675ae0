# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer.records import RecordingId, TrackId
from models.errors import Tampered, UnreadableInput
from review.synopsis.sidemap import SCHEMA_NAME, MapObject, MapWriter, SourceDigest, SynopsisMap


def an_object(frame: int, box: tuple[int, int, int, int], track: str, pts: int = 0, piece: int = 0) -> MapObject:
    return MapObject(
        frame=frame,
        box_xyxy_px=box,
        recording_id=RecordingId("r-1"),
        track_id=TrackId(track),
        piece=piece,
        pts_ticks=pts,
        source_box_xyxy_px=(1.0, 2.0, 3.0, 4.0),
        tag="21:00:00",
    )


def write(path: Path, *frames: list[MapObject]) -> str:
    source = SourceDigest(recording_id=RecordingId("r-1"), name="a.mp4", sha256="ab", time_base=Fraction(1, 90000))
    with MapWriter(path, sources=[source], rate=Fraction(25), size_wh_px=(640, 360)) as side_map:
        for objects in frames:
            side_map.add(objects)
        return side_map.finish()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    rows = [an_object(0, (10, 10, 50, 50), "t-a", 90_000_000_000), an_object(0, (100, 10, 150, 50), "t-b")]

    digest = write(tmp_path / "map", rows, [], [an_object(2, (5, 5, 9, 9), "t-c", piece=3)])
    side_map = SynopsisMap(tmp_path / "map", expected_sha256=digest)

    assert side_map.objects_of(0) == tuple(rows)
    assert side_map.objects_of(1) == ()
    assert [row.piece for row in side_map.objects_of(2)] == [3]
    assert side_map.n_objects == 3
    assert side_map.header["schema"] == SCHEMA_NAME
    assert side_map.header["sources"][0]["sha256"] == "ab"


def test_a_click_finds_the_topmost_object_or_none(tmp_path: Path) -> None:
    write(tmp_path / "map", [an_object(0, (10, 10, 50, 50), "t-below"), an_object(0, (40, 10, 80, 50), "t-above")])
    side_map = SynopsisMap(tmp_path / "map")

    found = [side_map.object_at(0, x, 20) for x in (20, 45, 79.9, 80)]

    assert [item.track_id if item else None for item in found] == ["t-below", "t-above", "t-above", None]
    assert side_map.object_at(7, 20, 20) is None


def test_another_map_than_the_films_own_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "map", [an_object(0, (10, 10, 50, 50), "t-a")])

    with pytest.raises(Tampered, match="not the map that the film was made with"):
        SynopsisMap(tmp_path / "map", expected_sha256="00" * 32)


def test_a_file_that_is_no_map_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map").write_bytes(b"PAR1 but not really")

    with pytest.raises(UnreadableInput, match="not the map of a synopsis"):
        SynopsisMap(tmp_path / "map")


def test_a_map_of_another_schema_is_refused_by_its_name(tmp_path: Path) -> None:
    table = pa.table({"frame": [1]}).replace_schema_metadata({"relecture": json.dumps({"schema": "other/9"})})
    pq.write_table(table, tmp_path / "map")

    with pytest.raises(UnreadableInput, match="other/9"):
        SynopsisMap(tmp_path / "map")


def test_a_map_of_the_first_schema_which_had_no_pieces_is_still_read(tmp_path: Path) -> None:
    write(tmp_path / "map", [an_object(0, (10, 10, 50, 50), "t-a", 7, piece=2)])
    table = pq.read_table(tmp_path / "map").drop_columns(["piece"])
    header = json.loads(table.schema.metadata[b"relecture"]) | {"schema": "relecture.synopsis-map/1"}
    pq.write_table(table.replace_schema_metadata({"relecture": json.dumps(header)}), tmp_path / "first")

    assert SynopsisMap(tmp_path / "first").objects_of(0) == (an_object(0, (10, 10, 50, 50), "t-a", 7),)


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    rows = [an_object(k, (10, 10, 50, 50), "t-a", k) for k in range(50)]

    assert write(tmp_path / "one", rows) == write(tmp_path / "two", rows)
