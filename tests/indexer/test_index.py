# SPDX-License-Identifier: Apache-2.0
"""The index over stored segments: tracks joined across cuts, rows and vectors equal to brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.blobs import MemoryBlobStore
from indexer.index import Index, content_digest, stored_numbers, void_segments, write_segment
from indexer.records import Attribute, RecordingId, Track
from indexer.rows import TrackRows
from indexer.segments import segment_name
from indexer.vectors import VectorIndex
from models.errors import Tampered, UnknownReference
from tests.indexer.factories import RECORDING, make_recording, make_segment, make_stats, make_track

CUT = 5000


def _index(*segments: object, recordings: tuple[str, ...] = (RECORDING,)) -> Index:
    store = MemoryBlobStore()
    for segment in segments:
        write_segment(store, segment)  # type: ignore[arg-type]
    return Index(store, {RecordingId(name): make_recording(name) for name in recordings})


def _halves(**later: object) -> tuple[Track, Track]:
    before = make_track("t-aaaaaaaaaaaa", pts_ticks=(4700, 4800, 4900), step_xy=(4, 0))
    options = {"pts_ticks": (5000, 5100, 5200), "box": (22, 20, 42, 60), "step_xy": (4, 0), **later}
    return before, make_track("t-bbbbbbbbbbbb", **options)  # type: ignore[arg-type]


def _cut_in_two(before: Track, after: Track) -> Index:
    return _index(make_segment(0, span=(0, CUT), tracks=[before]), make_segment(1, span=(CUT, 2 * CUT), tracks=[after]))


def test_a_track_cut_by_a_segment_is_one_again() -> None:
    before, after = _halves()

    (track,) = _cut_in_two(before, after).tracks

    assert track.track_id == before.track_id
    assert track.pts_ticks.tolist() == [4700, 4800, 4900, 5000, 5100, 5200]
    assert track.frame_index.tolist() == [47, 48, 49, 50, 51, 52]
    assert track.boxes_xyxy_px[3].tolist() == [22, 20, 42, 60]


def test_the_longer_half_lends_its_description() -> None:
    before, after = _halves(pts_ticks=(5000, 5100, 5200, 5300, 5400), class_score=0.4)

    assert _cut_in_two(before, after).tracks[0].class_score == 0.4


@pytest.mark.parametrize(
    "later",
    [
        {"box": (200, 20, 220, 60)},
        {"pts_ticks": (6100, 6200, 6300)},
        {"class_name": "person"},
    ],
    ids=["elsewhere", "too late", "another class"],
)
def test_halves_that_do_not_continue_each_other_stay_two(later: dict[str, object]) -> None:
    assert len(_cut_in_two(*_halves(**later)).tracks) == 2


def test_halves_on_both_sides_of_a_change_of_picture_size_stay_two() -> None:
    before, after = _halves()
    store = MemoryBlobStore()
    write_segment(store, make_segment(0, span=(0, CUT), tracks=[before]))
    write_segment(store, make_segment(1, span=(CUT, 2 * CUT), tracks=[after]))
    recording = make_recording(RECORDING)
    facts = replace(recording.facts, size_changes=((CUT, 640, 480),))

    index = Index(store, {RECORDING: replace(recording, facts=facts)})

    assert len(index.tracks) == 2


def test_a_half_without_a_name_joins_one_that_has_it() -> None:
    assert len(_cut_in_two(*_halves(class_name="other")).tracks) == 1


def test_a_track_over_three_segments_is_one() -> None:
    before, middle = _halves(pts_ticks=tuple(range(5000, 6000, 100)), step_xy=(0, 0))
    last = make_track("t-cccccccccccc", pts_ticks=(6000, 6100), box=(22, 20, 42, 60))

    index = _index(
        make_segment(0, span=(0, 5000), tracks=[before]),
        make_segment(1, span=(5000, 6000), tracks=[middle]),
        make_segment(2, span=(6000, 9000), tracks=[last]),
    )

    assert [len(track.pts_ticks) for track in index.tracks] == [15]


def test_tracks_of_two_recordings_are_never_joined() -> None:
    before, after = _halves()
    other = "r-ffffffffffffffff"
    index = _index(
        make_segment(0, span=(0, CUT), tracks=[before]),
        make_segment(
            1, recording_id=other, span=(CUT, 2 * CUT), tracks=[replace(after, recording_id=RecordingId(other))]
        ),
        recordings=(RECORDING, other),
    )

    assert len(index.tracks) == 2


def test_segments_of_recordings_that_the_case_does_not_have_are_left_out() -> None:
    assert _index(make_segment(0, tracks=[make_track()]), recordings=("r-ffffffffffffffff",)).tracks == ()


def test_an_unknown_track_is_refused_with_the_command_that_lists_them() -> None:
    with pytest.raises(UnknownReference, match="no track t-none") as caught:
        _index().track("t-none")

    assert "relecture tracks" in caught.value.hint


def test_a_damaged_segment_keeps_the_index_from_opening() -> None:
    store = MemoryBlobStore()
    write_segment(store, make_segment(tracks=[make_track()]))
    name = segment_name(RECORDING, 0)
    store.write(name, store.read(name)[:-1] + b"!")

    with pytest.raises(Tampered, match="content digest differs"):
        Index(store, {RECORDING: make_recording()})


def test_the_digest_of_an_index_depends_on_content_and_not_on_order_or_time() -> None:
    first, second = make_segment(0, tracks=[make_track()]), make_segment(1, span=(10_000, 20_000))
    slow = replace(second, stats=replace(make_stats(), wall_s=9.0))

    assert content_digest([first, second]) == content_digest([slow, first])
    assert content_digest([first, second]) != content_digest([first])


def test_segments_taken_back_are_passed_over_by_index_and_digest() -> None:
    store = MemoryBlobStore()
    for number in range(3):
        write_segment(
            store,
            make_segment(number, span=(number * 100, number * 100 + 100), tracks=[make_track(f"t-{number:012x}")]),
        )

    n_void = void_segments(store, RECORDING, allowed_ticks=((0, 150), (200, 300)))
    index = Index(store, {RECORDING: make_recording()})

    assert n_void == 1
    assert [segment.number for segment in index.segments] == [0, 2]
    assert len(index.tracks) == 2
    assert stored_numbers(store, RECORDING) == {0, 1, 2}
    assert void_segments(store, RECORDING, allowed_ticks=((0, 150), (200, 300))) == 0
    assert void_segments(store, RECORDING, from_number=2) == 1


def test_vectors_of_two_lengths_do_not_keep_an_index_from_opening() -> None:
    index = _index(
        make_segment(
            tracks=[
                make_track("t-000000000001", vector=(1, 0)),
                make_track("t-000000000002", vector=(0, 1)),
                make_track("t-000000000003", vector=(0, 1, 0)),
                make_track("t-000000000004"),
            ]
        )
    )

    found = index.vectors.nearest(np.array([0, 1], np.float32), n_wanted=9)

    assert [name for name, _ in found] == ["t-000000000002", "t-000000000001"]


COLOURS = ("red", "blue", "white", "black")


@st.composite
def described(draw: st.DrawFn) -> list[Track]:
    items = []
    for number in range(draw(st.integers(0, 12))):
        ranked = sorted(draw(st.lists(st.floats(0.01, 1), min_size=2, max_size=2)), reverse=True)
        names = draw(st.permutations(COLOURS))[:2]
        attribute = Attribute(
            name=draw(st.sampled_from(["colour", "upper_colour"])),
            value=names[0],
            score=ranked[0],
            model="m@1",
            alternatives=((names[1], ranked[1]),),
        )
        items.append(
            make_track(
                f"t-{number:012x}",
                class_name=draw(st.sampled_from(["car", "person", "other"])),
                camera=draw(st.sampled_from(["cam1", "cam2"])),
                class_score=draw(st.floats(0, 1)),
                attributes=[attribute] if draw(st.booleans()) else [],
            )
        )
    return items


def _brute(
    tracks: list[Track], classes: list[str], cameras: list[str], colours: list[str], share: float
) -> dict[str, float]:
    found = {}
    for track in tracks:
        if (classes and track.class_name not in classes) or (cameras and track.camera not in cameras):
            continue
        scores = [track.class_score]
        if colours:
            attribute = track.attribute("colour")
            if attribute is None:
                continue
            ranked = [(attribute.value, attribute.score), *attribute.alternatives]
            matching = [
                score
                for i, (value, score) in enumerate(ranked)
                if value in colours and (i == 0 or score >= share * ranked[0][1])
            ]
            if not matching:
                continue
            scores.append(max(matching))
        found[str(track.track_id)] = sum(scores) / len(scores)
    return found


@settings(max_examples=25, deadline=None)
@given(
    tracks=described(),
    classes=st.lists(st.sampled_from(["car", "person", "other"]), max_size=2, unique=True),
    cameras=st.lists(st.sampled_from(["cam1", "cam2"]), max_size=2, unique=True),
    colours=st.lists(st.sampled_from(COLOURS), max_size=2, unique=True),
    share=st.sampled_from([0.3, 0.55, 1.0]),
)
def test_rows_answer_as_a_plain_loop_does(
    tracks: list[Track], classes: list[str], cameras: list[str], colours: list[str], share: float
) -> None:
    rows = TrackRows()
    rows.add(tracks)

    found = rows.select(classes=classes, cameras=cameras, attributes=[("colour", colours, share)] if colours else [])
    rows.close()

    expected = _brute(tracks, classes, cameras, colours, share)
    assert {name: pytest.approx(score) for name, score in found} == expected
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_rows_leave_out_the_classes_that_were_not_asked_for_and_count_the_rest() -> None:
    rows = TrackRows()
    rows.add([make_track("t-1"), make_track("t-2", class_name="other"), make_track("t-3", camera="cam2")])

    assert [name for name, _ in rows.select(not_classes=("other",))] == ["t-1", "t-3"]
    assert rows.counts("class_name") == {"car": 2, "other": 1}
    assert rows.counts("camera") == {"cam1": 2, "cam2": 1}


def test_a_name_that_looks_like_a_command_is_only_a_name() -> None:
    rows = TrackRows()
    rows.add([make_track("t-1", camera="x'; DROP TABLE tracks; --")])

    assert rows.select(cameras=("x'; DROP TABLE tracks; --",)) == [("t-1", pytest.approx(0.9))]
    assert rows.select(cameras=("'",)) == []


def test_rows_can_neither_read_files_nor_load_extensions() -> None:
    rows = TrackRows()

    with pytest.raises(Exception, match="disabled"):
        rows._connection.execute("SELECT * FROM read_csv('/etc/passwd')")
    with pytest.raises(Exception, match="disabled"):
        rows._connection.execute("INSTALL httpfs")


@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 40), dimension=st.integers(2, 24), seed=st.integers(0, 99), n_wanted=st.integers(1, 50))
def test_vectors_answer_as_numpy_does(n: int, dimension: int, seed: int, n_wanted: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = vectors[rng.integers(n)]
    ids = [f"t-{i:03d}" for i in range(n)]
    among = [name for name in ids if rng.random() < 0.6]

    index = VectorIndex(ids, vectors)

    for names in (ids, among):
        cosines = {name: float(vectors[ids.index(name)] @ wanted) for name in names}
        found = index.nearest(wanted, n_wanted=n_wanted, among=None if names is ids else among)
        assert len(found) == min(n_wanted, len(names))
        assert all(abs(score - cosines[name]) < 2e-3 for name, score in found)
        least = min((score for _, score in found), default=2.0)
        left = [score for name, score in cosines.items() if name not in dict(found)]
        assert all(score <= least + 2e-3 for score in left)


def test_an_empty_vector_index_answers_with_nothing() -> None:
    empty = VectorIndex([], np.zeros((0, 1), np.float32))

    assert len(empty) == 0
    assert empty.nearest(np.zeros(8, np.float32), n_wanted=5) == []


def test_only_identifiers_that_exist_are_compared() -> None:
    index = VectorIndex(["a", "b"], np.eye(2, dtype=np.float32))

    assert index.nearest(np.array([1, 0], np.float32), n_wanted=5, among=["zz"]) == []
    assert [name for name, _ in index.nearest(np.array([1, 0], np.float32), n_wanted=5, among=["zz", "b"])] == ["b"]


def test_a_memory_store_keeps_copies_under_sorted_names() -> None:
    store = MemoryBlobStore()
    content = bytearray(b"one")
    store.write("b/2", bytes(content))
    store.write("b/1", b"two")
    content[0] = 0

    assert store.names("b/") == ("b/1", "b/2") and store.names("a") == ()
    assert store.read("b/2") == b"one" and store.exists("b/1") and not store.exists("b/3")
