# SPDX-License-Identifier: Apache-2.0
"""A stored segment comes back as it was, says so when a bit of it changed, and hashes by what it says alone."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.findings import Finding, FindingKind
from indexer.records import Attribute, AuditedGroup, SkippedSpan, Track
from indexer.segments import Segment, pack, read_header, segment_name, track_id_of, unpack, with_own_ids
from models.errors import Tampered
from tests.indexer.factories import RECORDING, make_segment, make_stats, make_track

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
SCORES = st.floats(0, 1)
ATTRIBUTES = st.builds(
    Attribute,
    name=TEXTS,
    value=TEXTS,
    score=SCORES,
    model=TEXTS,
    alternatives=st.lists(st.tuples(TEXTS, SCORES), max_size=3).map(tuple),
    note=TEXTS,
)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    n = draw(st.integers(1, 6))
    pts = sorted(draw(st.lists(st.integers(-(2**40), 2**40), min_size=n, max_size=n, unique=True)))
    return replace(
        make_track(draw(st.from_regex(r"t-[0-9a-f]{12}", fullmatch=True)), pts_ticks=range(n)),
        pts_ticks=np.array(pts),
        boxes_xyxy_px=np.array(draw(st.lists(st.floats(0, 4096, width=32), min_size=4 * n, max_size=4 * n))).reshape(
            n, 4
        ),
        attributes=tuple(draw(st.lists(ATTRIBUTES, max_size=3))),
        vector=np.array(draw(st.lists(st.floats(-1, 1, width=32), max_size=8)), np.float32),
        crop_jpeg=draw(st.binary(max_size=40)),
    )


def _full() -> Segment:
    return replace(
        make_segment(
            3,
            tracks=[
                make_track(
                    attributes=(
                        Attribute(name="colour", value="red", score=0.7, model="m@1", alternatives=(("grey", 0.2),)),
                    ),
                    vector=(0.6, 0.8),
                    crop_jpeg=b"\xff\xd8jpeg",
                )
            ],
        ),
        skipped=(SkippedSpan(first_pts_ticks=5, end_pts_ticks=9, n_frames=4, score=0.25),),
        findings=(Finding(kind=FindingKind.CORRUPT_FRAMES, component="decode", detail="é", first_pts_ticks=7),),
        audited=(AuditedGroup(first_pts_ticks=5, end_pts_ticks=7, n_frames=2, score=0.25, n_objects=0, n_unnamed=1),),
    )


def _same(a: Track, b: Track) -> bool:
    values = [(getattr(a, field.name), getattr(b, field.name)) for field in fields(Track)]
    return all(np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y for x, y in values)


def test_everything_comes_back_as_it_was() -> None:
    segment = _full()

    back = unpack(pack(segment)[0], name="s")

    assert replace(back, tracks=()) == replace(segment, tracks=())
    assert len(back.tracks) == 1 and _same(back.tracks[0], segment.tracks[0])
    assert back.tracks[0].boxes_xyxy_px.flags.writeable is False


@settings(max_examples=15, deadline=None)
@given(st.lists(tracks(), max_size=3))
def test_any_tracks_survive_and_pack_to_the_same_bytes_again(items: list[Track]) -> None:
    segment = make_segment(tracks=items)
    content, digest = pack(segment)

    back = unpack(content, name="s")

    assert all(_same(a, b) for a, b in zip(back.tracks, items, strict=True))
    assert pack(back) == (content, digest)


def test_every_single_flipped_bit_is_seen() -> None:
    content = bytearray(pack(_full())[0])

    for at in range(len(content)):
        content[at] ^= 1 << (at % 8)
        with pytest.raises(Tampered):
            unpack(bytes(content), name="segments/r/0003.seg")
        content[at] ^= 1 << (at % 8)

    assert unpack(bytes(content), name="s").number == 3


def test_a_segment_cut_short_at_any_place_is_seen() -> None:
    content = pack(make_segment())[0]

    for length in range(0, len(content), 7):
        with pytest.raises(Tampered):
            unpack(content[:length], name="s")


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"null\n", b"[]\n", b"{}\n", b'{"format": 1}\n', b"\xff\xfe\n", b"x" * 99]
)
def test_what_never_was_a_segment_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(Tampered, match=r"segments/r/0001\.seg is not a segment"):
        unpack(content, name="segments/r/0001.seg")


def test_a_header_of_another_segment_does_not_fit() -> None:
    content = pack(_full())[0]
    line, _, body = content.partition(b"\n")
    header = json.loads(line)
    header["end_pts_ticks"] += 1

    with pytest.raises(Tampered):
        read_header(json.dumps(header, sort_keys=True).encode() + b"\n" + body, name="s")


def test_the_content_digest_does_not_depend_on_how_long_the_work_took() -> None:
    segment = _full()
    slow = replace(segment, stats=replace(make_stats(), wall_s=99.0, cpu_s=12.0, peak_memory_mib=800.0))

    assert pack(segment)[1] == pack(slow)[1]


@pytest.mark.parametrize("change", [{"tracks": ()}, {"skipped": ()}, {"findings": ()}, {"audited": ()}])
def test_the_content_digest_depends_on_what_was_found(change: dict[str, tuple[()]]) -> None:
    assert pack(_full())[1] != pack(replace(_full(), **change))[1]


def test_a_segment_that_was_taken_back_covers_nothing_and_says_nothing() -> None:
    void = unpack(pack(_full().voided())[0], name="s")

    assert void.is_void and not _full().is_void
    assert (void.number, void.tracks, void.skipped, void.findings, void.stats.n_frames) == (3, (), (), (), 0)


def test_names_sort_in_the_order_of_the_recording() -> None:
    names = [segment_name(RECORDING, number) for number in (0, 9, 10, 143)]

    assert names == sorted(names)


def test_an_identifier_depends_on_recording_time_and_place() -> None:
    identifiers = {
        track_id_of("r-1", 100, (1, 2, 3, 4)),
        track_id_of("r-2", 100, (1, 2, 3, 4)),
        track_id_of("r-1", 101, (1, 2, 3, 4)),
        track_id_of("r-1", 100, (1, 2, 3, 5)),
    }

    assert len(identifiers) == 4
    assert track_id_of("r-1", 100, (1, 2, 3, 4)) == track_id_of("r-1", 100, (1.2, 2, 3, 4))


def test_two_objects_that_come_in_at_the_same_place_keep_apart() -> None:
    one = make_track("t-000000000001", pts_ticks=(0, 100, 200))
    other = make_track("t-000000000001", pts_ticks=(0, 100, 200, 300))
    third = make_track("t-000000000002", pts_ticks=(0, 100))

    named = with_own_ids([third, other, one])

    assert len({track.track_id for track in named}) == 3
    assert [len(track.pts_ticks) for track in named if track.track_id == "t-000000000001"] == [3]
    again = with_own_ids([one, third, other])
    assert [(t.track_id, len(t.pts_ticks)) for t in again] == [(t.track_id, len(t.pts_ticks)) for t in named]


def test_identifiers_that_are_unique_stay_as_they_are() -> None:
    tracks = [make_track(f"t-00000000000{i}", pts_ticks=(i, i + 100)) for i in range(3)]

    assert with_own_ids(reversed(tracks)) == tuple(tracks)


def test_frames_that_were_neither_perceived_nor_skipped_are_counted() -> None:
    segment = replace(_full(), stats=replace(make_stats(), n_frames=100, n_decoded=90, n_time_repeats=2))

    assert segment.n_unseen == 100 - 90 - 4
