# SPDX-License-Identifier: Apache-2.0
"""Reading footage: exact times and pixels on every kind of file, whatever its header and its index say."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from indexer.media import (
    DECODER,
    FootageReader,
    Frame,
    container_facts,
    iter_frames,
    iter_keyframes,
    iter_packets,
    iter_pictures,
)
from indexer.probe import probe
from models.errors import NotFootage, UnreadableInput
from tests.clips import (
    Clip,
    Mover,
    constant_pts,
    irregular_pts,
    make_clip,
    pixel_sha256,
    run_ffmpeg,
    sequential_decode,
)

TICKS_90K = Fraction(1, 90000)
OPEN_GOP = {"x264-params": "open-gop=1:b-adapt=0"}
REFRESH = {"x264-params": "intra-refresh=1"}


def _edit_list(folder: Path) -> Clip:
    source = make_clip(folder / "whole.mp4", movers=(Mover(),), b_frames=2, n_frames=40)
    run_ffmpeg("-ss", "1.3", "-i", source.path, "-c", "copy", folder / "clip.mp4")
    return Clip(path=folder / "clip.mp4", time_base=source.time_base, pts_ticks=())


def _late_start(folder: Path) -> Clip:
    return make_clip(folder / "late.mp4", movers=(Mover(),), pts_ticks=[tick + 64_000 for tick in constant_pts(40)])


def _slow_cif(folder: Path) -> Clip:
    ticks = [round(i * 12800 / 6) for i in range(30)]
    return make_clip(folder / "cif.mp4", movers=(Mover(),), pts_ticks=ticks, size_wh_px=(352, 288))


def _gap(folder: Path) -> Clip:
    ticks = [tick + (12800 * 600 if i >= 20 else 0) for i, tick in enumerate(constant_pts(40))]
    return make_clip(folder / "gap.mp4", movers=(Mover(),), pts_ticks=ticks, gop=8)


KINDS: dict[str, Callable[[Path], Clip]] = {
    "constant": lambda folder: make_clip(folder / "c.mp4", movers=(Mover(),), n_frames=40),
    "variable": lambda folder: make_clip(folder / "v.mp4", movers=(Mover(),), pts_ticks=irregular_pts(40)),
    "b_frames": lambda folder: make_clip(folder / "b.mp4", movers=(Mover(),), b_frames=3, n_frames=40),
    "open_gop": lambda folder: make_clip(
        folder / "o.mp4", movers=(Mover(),), b_frames=3, n_frames=40, codec_options=OPEN_GOP
    ),
    "no_keyframes_but_refresh": lambda folder: make_clip(
        folder / "r.mp4", movers=(Mover(),), n_frames=40, codec_options=REFRESH
    ),
    "hevc": lambda folder: make_clip(folder / "h.mp4", movers=(Mover(),), codec="libx265", b_frames=3, n_frames=40),
    "transport_stream": lambda folder: make_clip(
        folder / "t.ts", movers=(Mover(),), b_frames=3, n_frames=40, time_base=TICKS_90K
    ),
    "matroska": lambda folder: make_clip(
        folder / "m.mkv",
        movers=(Mover(),),
        pts_ticks=irregular_pts(40, time_base=Fraction(1, 1000)),
        time_base=Fraction(1, 1000),
    ),
    "motion_jpeg": lambda folder: make_clip(
        folder / "j.avi",
        n_frames=20,
        codec="mjpeg",
        pixel_format="yuvj420p",
        pts_ticks=range(20),
        time_base=Fraction(1, 10),
    ),
    "late_start": _late_start,
    "edit_list": _edit_list,
    "cif_at_six": _slow_cif,
    "gap": _gap,
}


@pytest.fixture(scope="module")
def clip_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Clip]:
    made: dict[str, Clip] = {}

    def clip(kind: str) -> Clip:
        if kind not in made:
            made[kind] = KINDS[kind](tmp_path_factory.mktemp(kind))
        return made[kind]

    return clip


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_has_the_time_that_the_packet_table_holds(clip_of: Callable[[str], Clip], kind: str) -> None:
    path = str(clip_of(kind).path)

    frames = [picture.pts_ticks for picture in iter_pictures(path)]

    assert frames == probe(path).packets.pts_ticks.tolist()


@pytest.mark.parametrize("kind", ["constant", "variable", "b_frames", "transport_stream", "late_start", "gap"])
def test_the_times_given_to_the_encoder_come_back(clip_of: Callable[[str], Clip], kind: str) -> None:
    clip = clip_of(kind)

    facts = probe(str(clip.path)).facts
    found = [
        (tick - facts.first_pts_ticks) * facts.time_base for tick in probe(str(clip.path)).packets.pts_ticks.tolist()
    ]

    assert found == [(tick - clip.pts_ticks[0]) * clip.time_base for tick in clip.pts_ticks]


@pytest.mark.parametrize("kind", KINDS)
def test_a_span_holds_the_same_pixels_as_a_plain_decode_of_the_whole(clip_of: Callable[[str], Clip], kind: str) -> None:
    path = clip_of(kind).path
    whole = sequential_decode(path)
    n = len(whole)

    for first, behind in ((0, n), (n // 3, n // 2), (n - 3, n), (1, 2)):
        start = whole[first][0]
        end = whole[behind][0] if behind < n else None
        span = [
            (f.pts_ticks, pixel_sha256(f.image_u8))
            for f in iter_frames(str(path), start_pts_ticks=start, end_pts_ticks=end)
        ]
        assert span == whole[first:behind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_held_open_gives_the_same_pixels_in_whatever_order_it_is_asked(
    clip_of: Callable[[str], Clip], kind: str
) -> None:
    path = clip_of(kind).path
    whole = sequential_decode(path)
    n = len(whole)

    with FootageReader(str(path)) as reader:
        for first, behind in ((n // 2, n), (0, n), (n - 3, n), (n // 3, n // 2), (1, 2), (n // 3, n // 2)):
            start = whole[first][0]
            end = whole[behind][0] if behind < n else None
            span = [(p.pts_ticks, pixel_sha256(p.bgr_u8())) for p in reader.pictures(start, end)]
            assert span == whole[first:behind]


def test_a_file_held_open_is_let_go(clip_of: Callable[[str], Clip]) -> None:
    path = clip_of("constant").path.resolve()

    def n_open() -> int:
        return sum(link.resolve() == path for link in Path("/proc/self/fd").iterdir() if link.exists())

    with FootageReader(str(path)) as reader:
        next(reader.pictures(0))
        held = n_open()

    assert (held, n_open()) == (1, 0)


@pytest.mark.parametrize("kind", ["constant", "b_frames", "open_gop", "hevc", "transport_stream", "edit_list"])
def test_looking_at_keyframes_until_a_time_misses_none_before_it(clip_of: Callable[[str], Clip], kind: str) -> None:
    path = str(clip_of(kind).path)
    packets = probe(path).packets
    keys = packets.pts_ticks[packets.is_key]
    end = int(packets.pts_ticks[len(packets.pts_ticks) * 3 // 4])

    looked = [frame.pts_ticks for frame in iter_keyframes(path, end_pts_ticks=end, size_wh_px=(64, 48))]

    assert looked == keys[keys < end].tolist()


@pytest.mark.parametrize("kind", ["constant", "b_frames", "open_gop", "hevc", "transport_stream", "edit_list"])
def test_times_of_keyframes_are_those_of_the_container_within_a_span(clip_of: Callable[[str], Clip], kind: str) -> None:
    path = str(clip_of(kind).path)
    packets = probe(path).packets
    keys = packets.pts_ticks[packets.is_key]
    span = int(keys[1]), int(keys[-1]) + 1

    with FootageReader(path) as reader:
        times = reader.keyframe_times(*span)
        after = next(reader.pictures(times[-1]))

    assert times == keys[1:].tolist()
    assert after.pts_ticks == times[-1], "the reader goes on reading"


def test_times_of_keyframes_that_lie_close_together_are_a_step_apart(clip_of: Callable[[str], Clip]) -> None:
    path = str(clip_of("motion_jpeg").path)

    with FootageReader(path) as reader:
        times = reader.keyframe_times(0, 1 << 40, min_step_ticks=5)

    assert len(times) > 2 and np.diff(times).min() >= 5


@pytest.mark.parametrize("kind", ["b_frames", "transport_stream"])
def test_looking_at_keyframes_from_a_time_misses_none_after_it(clip_of: Callable[[str], Clip], kind: str) -> None:
    path = str(clip_of(kind).path)
    packets = probe(path).packets
    keys = packets.pts_ticks[packets.is_key]

    looked = [frame.pts_ticks for frame in iter_keyframes(path, start_pts_ticks=int(keys[1]), size_wh_px=(64, 48))]

    assert looked == keys[1:].tolist()


def test_keyframes_that_lie_close_together_are_looked_at_sparsely(clip_of: Callable[[str], Clip]) -> None:
    path = str(clip_of("motion_jpeg").path)

    looked = [frame.pts_ticks or 0 for frame in iter_keyframes(path, min_step_ticks=5)]

    assert np.diff(looked).min() >= 5


def test_an_index_that_names_false_keyframes_costs_time_and_not_pixels(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "true.mp4", movers=(Mover(),), n_frames=40, gop=10)
    content = bytearray(clip.path.read_bytes())
    at = content.find(b"stss")
    content[at + 16 : at + 20] = (15).to_bytes(4, "big")
    lying = tmp_path / "lying.mp4"
    lying.write_bytes(content)
    true = sequential_decode(clip.path)

    found = [(f.pts_ticks, pixel_sha256(f.image_u8)) for f in iter_frames(str(lying), start_pts_ticks=true[16][0])]

    assert found == true[16:]


def test_a_damaged_packet_costs_its_own_pictures_and_no_more(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "sound.avi",
        n_frames=20,
        codec="mjpeg",
        pixel_format="yuvj420p",
        time_base=Fraction(1, 10),
        pts_ticks=range(20),
    )
    packets = [packet for packet in iter_packets(str(clip.path)) if packet.is_video]
    content = bytearray(clip.path.read_bytes())
    at = packets[7].position_bytes + 8
    content[at : at + packets[7].size_bytes - 8] = bytes(packets[7].size_bytes - 8)
    damaged = tmp_path / "damaged.avi"
    damaged.write_bytes(content)

    found = sequential_decode(clip.path)
    left = {f.pts_ticks: pixel_sha256(f.image_u8) for f in iter_frames(str(damaged))}

    assert all(left.get(pts) == digest for i, (pts, digest) in enumerate(found) if i != 7)


def test_decoding_damaged_footage_twice_gives_the_same_pixels(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "c.ts", movers=(Mover(),), b_frames=2, n_frames=40, time_base=TICKS_90K)
    content = clip.path.read_bytes()
    kept = [content[i : i + 188] for i in range(0, len(content), 188) if i % (188 * 37) or i < 1880]
    clip.path.write_bytes(b"".join(kept))

    first, second = ([pixel_sha256(f.image_u8) for f in iter_frames(str(clip.path))] for _ in range(2))

    assert first == second
    assert any(f.is_corrupt for f in iter_frames(str(clip.path)))


def test_pictures_after_a_change_of_size_keep_their_own_size(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "s.ts", n_frames=10, time_base=TICKS_90K)
    later = [tick + 90_000 for tick in constant_pts(10, time_base=TICKS_90K)]
    large = make_clip(tmp_path / "l.ts", pts_ticks=later, size_wh_px=(640, 480), time_base=TICKS_90K)
    both = tmp_path / "both.ts"
    both.write_bytes(small.path.read_bytes() + large.path.read_bytes())

    sizes = [frame.image_u8.shape for frame in iter_frames(str(both))]

    assert sizes == [(240, 320, 3)] * 10 + [(480, 640, 3)] * 10


def test_memory_stays_flat_however_long_a_file_is(tmp_path: Path) -> None:
    short = make_clip(tmp_path / "short.mp4", n_frames=10)
    long = make_clip(tmp_path / "long.mp4", n_frames=120)
    peaks = []
    for clip in (short, long):
        tracemalloc.start()
        for picture in iter_pictures(str(clip.path)):
            picture.bgr_u8((64, 48))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + (320 * 240 * 3)


def test_luma_of_a_ten_bit_stream_is_a_picture_and_not_its_bytes(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "ten.mp4", n_frames=3, pixel_format="yuv420p10le")

    gray = next(iter_frames(str(clip.path), pixel="gray")).image_u8
    colour = next(iter_frames(str(clip.path))).image_u8

    assert gray.shape == (240, 320)
    assert np.abs(gray.astype(int) - colour.mean(axis=2)).mean() < 25


def test_pixels_are_given_at_the_size_asked_for(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "c.mp4", n_frames=2)

    picture = next(iter_pictures(str(clip.path)))
    frame: Frame = picture.frame(pixel="bgr24", size_wh_px=(160, 120))

    assert frame.image_u8.shape == (120, 160, 3)
    assert picture.luma_u8().shape == (240, 320)
    assert picture.size_wh_px == (320, 240)


@pytest.mark.parametrize("name", ["playlist.mp4", "playlist.m3u8", "playlist.txt"])
def test_a_playlist_that_poses_as_a_video_is_refused_and_opens_nothing_else(tmp_path: Path, name: str) -> None:
    make_clip(tmp_path / "other.mp4", n_frames=3)
    playlist = tmp_path / name
    playlist.write_text("ffconcat version 1.0\nfile other.mp4\n")

    with pytest.raises(NotFootage, match="is not footage that can be decoded"):
        container_facts(str(playlist))


def test_a_forced_playlist_demuxer_is_refused_as_well(tmp_path: Path) -> None:
    make_clip(tmp_path / "other.mp4", n_frames=3)
    playlist = tmp_path / "playlist.mp4"
    playlist.write_text("ffconcat version 1.0\nfile other.mp4\n")

    with pytest.raises(NotFootage):
        container_facts(str(playlist), forced_format="concat")


def test_what_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="does not exist"):
        container_facts(str(tmp_path / "gone.mp4"))
    with pytest.raises(UnreadableInput, match="is not a file"):
        container_facts(str(tmp_path))


def test_a_stream_that_is_not_there_is_refused(clip_of: Callable[[str], Clip]) -> None:
    with pytest.raises(NotFootage, match="holds no video stream"):
        next(iter_pictures(str(clip_of("constant").path), stream_index=7))


def test_the_decoder_is_named_with_its_version() -> None:
    assert "libavcodec" in DECODER and "one-thread" in DECODER
