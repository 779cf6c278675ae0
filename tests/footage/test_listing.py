# SPDX-License-Identifier: Apache-2.0
"""Tracks for other programs, and recordings as documents that come back as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.blobs import MemoryBlobStore
from indexer.corrections import Correction, CorrectionKind
from indexer.findings import Finding, FindingKind
from indexer.index import Index, write_segment
from indexer.records import RecordingId, TrackId
from indexer.ticks import ClockRecord, utc_of
from models.errors import AlreadyThere, StoreProblem, Tampered
from review.listing import hit_document, tracks_documents, write_mot, write_parquet
from review.recordings import CaseRecording, finding_document, read_recordings, to_bytes
from review.search import hit_of
from review.session import CaseSession
from tests.footage.fixtures import Desk
from tests.indexer.factories import RECORDING, make_recording, make_segment, make_track

OTHER = RecordingId("r-fedcba9876543210")


@pytest.fixture
def index() -> Index:
    store = MemoryBlobStore()
    tracks = [
        make_track("t-1", pts_ticks=(0, 100, 200), box=(10, 20, 30, 60), step_xy=(2, 1)),
        make_track("t-2", class_name="other"),
        make_track("t-3", class_name="person", pts_ticks=(300, 400)),
    ]
    write_segment(store, make_segment(tracks=tracks))
    write_segment(store, make_segment(recording_id=OTHER, tracks=[make_track("t-4", recording_id=OTHER)]))
    return Index(store, {RECORDING: make_recording(), OTHER: make_recording(OTHER, camera="cam2")})


def test_motchallenge_text_counts_frames_from_one_and_leaves_out_what_has_no_name(index: Index, tmp_path: Path) -> None:
    first, second = write_mot(index, tmp_path / "mot")

    lines = [line.split(",") for line in first.read_text().splitlines()]
    assert lines[0] == ["1", "1", "10.00", "20.00", "20.00", "40.00", "0.500", "-1", "-1", "-1"]
    assert [(line[0], line[1]) for line in lines] == [("1", "1"), ("2", "1"), ("3", "1"), ("4", "2"), ("5", "2")]
    assert (first.name, second.name) == ("clip.txt", f"clip-{OTHER}.txt")


def test_parquet_holds_every_track_with_its_boxes(index: Index, tmp_path: Path) -> None:
    write_parquet(index, tmp_path / "deep" / "t.parquet")

    rows = pq.read_table(tmp_path / "deep" / "t.parquet").to_pylist()
    assert [row["track_id"] for row in rows] == [track.track_id for track in index.tracks]
    assert rows[0]["boxes_xyxy_px"][:4] == [10, 20, 30, 60] and len(rows[0]["boxes_xyxy_px"]) == 12
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["t.parquet"]


def test_parquet_names_every_correction_behind_a_track_and_keeps_its_type_where_there_is_none(
    index: Index, tmp_path: Path
) -> None:
    one, two = (
        Correction(number=n, kind=CorrectionKind.MERGE, track_ids=(TrackId("t-1"), TrackId(f"t-{n}"))) for n in (1, 2)
    )
    write_parquet(index, tmp_path / "plain.parquet")
    index.corrections_by_track[index.tracks[0].track_id] = (one, two)
    write_parquet(index, tmp_path / "corrected.parquet")

    plain, corrected = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("plain", "corrected"))
    assert plain.schema.field("made_by").type == corrected.schema.field("made_by").type
    assert set(map(len, plain["made_by"].to_pylist())) == {0}
    chain = corrected["made_by"].to_pylist()[0]
    assert [(item["number"], item["kind"], item["track_ids"]) for item in chain] == [
        (1, "merge", ["t-1", "t-1"]),
        (2, "merge", ["t-1", "t-2"]),
    ]


def test_an_index_without_tracks_is_written_as_well(tmp_path: Path) -> None:
    empty = Index(MemoryBlobStore(), {RECORDING: make_recording()})

    write_parquet(empty, tmp_path / "t.parquet")

    assert write_mot(empty, tmp_path)[0].read_bytes() == b""
    assert pq.read_table(tmp_path / "t.parquet").num_rows == 0


def test_nothing_is_overwritten_and_a_bad_folder_is_named(index: Index, tmp_path: Path) -> None:
    (tmp_path / "clip.txt").write_text("mine")
    (tmp_path / "file").write_text("")

    with pytest.raises(AlreadyThere):
        write_mot(index, tmp_path)
    with pytest.raises(StoreProblem, match="cannot be written"):
        write_parquet(index, tmp_path / "file" / "t.parquet")
    assert (tmp_path / "clip.txt").read_text() == "mine"


def test_a_document_of_a_track_is_plain_json_with_null_for_what_is_not_known(index: Index) -> None:
    document = json.loads(json.dumps(hit_document(hit_of(index, index.track("t-1")))))

    assert document["start_utc"] is document["displayed_start"] is document["verdict"] is None
    assert (document["first_frame"], document["last_frame"], document["start_s"]) == (0, 2, 0.0)
    assert [item["track_id"] for item in tracks_documents(index, {}, classes=("person",))] == ["t-3"]


CLOCKS = st.builds(
    ClockRecord,
    displayed_start=st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    offset_ms=st.integers(-(10**9), 10**9),
    uncertainty_ms=st.integers(0, 10**6),
    drift_ppm=st.integers(-1000, 1000),
    how_read=st.sampled_from(["typed", "unknown"]),
)


class _Reader:
    """As much of a session as reading recordings takes."""

    def __init__(self, content: bytes) -> None:
        self.store = MemoryBlobStore()
        self.store.write(f"recordings/{RECORDING}.json", content)


def _back(content: bytes) -> CaseRecording:
    (item,) = read_recordings(_Reader(content))  # type: ignore[arg-type]
    return item


@settings(max_examples=40)
@given(
    clock=CLOCKS,
    detail=st.text(st.characters(exclude_categories=("Cs",))),
    time_base=st.fractions(Fraction(1, 10**6), 1),
)
def test_a_recording_comes_back_as_it_was(clock: ClockRecord, detail: str, time_base: Fraction) -> None:
    facts = replace(make_recording().facts, time_base=time_base)
    finding = Finding(kind=FindingKind.TIME_GAP, component="probe", detail=detail, count=3, first_pts_ticks=-5)
    item = CaseRecording(
        recording=replace(make_recording(), clock=clock, facts=facts, findings=(finding,)),
        imported_utc="2026-03-05T09:00:00+00:00",
        scope="partly",
        allowed_utc=((datetime(2026, 3, 2, 20, tzinfo=UTC), datetime(2026, 3, 2, 21, tzinfo=UTC)),),
    )

    assert _back(to_bytes(item)) == item
    assert finding_document(finding)["kind"] == "time_gap"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"facts": {}, "clock": {}}', b"\xff"])
def test_a_damaged_document_is_said_to_be_damaged(content: bytes) -> None:
    with pytest.raises(Tampered, match="does not hold a recording"):
        _back(content)


@settings(max_examples=60)
@given(
    start_ms=st.integers(-20_000, 20_000),
    spans_ms=st.lists(st.tuples(st.integers(-20_000, 20_000), st.integers(1, 9_000)), min_size=1, max_size=3),
    drift=st.integers(-1000, 1000),
)
def test_the_frames_allowed_are_those_whose_instant_is_allowed(
    start_ms: int, spans_ms: list[tuple[int, int]], drift: int
) -> None:
    zero = datetime(2026, 3, 2, 20, tzinfo=UTC)
    clock = ClockRecord(displayed_start=zero + timedelta(milliseconds=start_ms), drift_ppm=drift)
    recording = replace(make_recording(), clock=clock)
    allowed = tuple(
        (zero + timedelta(milliseconds=a), zero + timedelta(milliseconds=a + length)) for a, length in spans_ms
    )
    item = CaseRecording(recording=recording, imported_utc="", scope="partly", allowed_utc=allowed)

    spans = item.allowed_ticks()

    for tick in range(0, 10_000, 100):
        moment = utc_of(tick, first_pts_ticks=0, time_base=Fraction(1, 1000), clock=clock)
        assert moment is not None
        on_edge = any(abs(moment - edge) <= timedelta(microseconds=1) for span in allowed for edge in span)
        is_allowed = any(a <= moment < b for a, b in allowed)
        assert on_edge or is_allowed == any(start <= tick < end for start, end in spans)


def test_recordings_come_by_camera_and_time(desk: Desk, session: CaseSession) -> None:
    assert [item.recording.camera for item in read_recordings(session)] == ["cam1", "cam2"]
