# SPDX-License-Identifier: Apache-2.0
"""Makes the corpus of broken and odd recordings by code, and says of each what Relecture must report.

Nothing here is real footage: a street drawn from a seed is encoded, then damaged in one known way. ``python -m
tests.corpus.make FOLDER`` writes all files and prints what the probe says of each.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from indexer.findings import FindingKind as Kind
from indexer.probe import probe
from models.errors import NotFootage, RelectureError
from tests.clips import Mover, constant_pts, irregular_pts, make_clip, run_ffmpeg

N_FRAMES = 100
MOVERS = (Mover(), Mover(start_xy_px=(330, 140), speed_xy_px_s=(-50, 0), from_s=2.0, seed=5, upper_bgr=(40, 160, 40)))
TICKS_90K = Fraction(1, 90000)


@dataclass(frozen=True, slots=True)
class Broken:
    """One file of the corpus.

    Attributes:
        name: File name.
        kinds: Findings that must be reported; no other may be.
        n_frames: Pictures that the packet table must hold; None where that depends on the damage.
        error: Where the file must be refused, with which error.
        at_index: Findings that only decoding can give: they come with the index.
        is_exact: False where the damage is drawn by lot or what it hits hangs on the encoder: then the file is refused,
            or has at least one finding.
    """

    name: str
    kinds: frozenset[Kind] = frozenset()
    n_frames: int | None = None
    error: type[RelectureError] | None = None
    at_index: frozenset[Kind] = frozenset()
    is_exact: bool = True


def sound(name: str, *kinds: Kind, n: int | None = N_FRAMES, at_index: tuple[Kind, ...] = ()) -> Broken:
    """A file that must be taken, with these findings."""
    return Broken(name=name, kinds=frozenset(kinds), n_frames=n, at_index=frozenset(at_index))


def refused(name: str) -> Broken:
    """A file that must be refused with one clear line."""
    return Broken(name=name, error=NotFootage)


CUT_SHORT = (Kind.BYTES_UNACCOUNTED, Kind.CORRUPT_FRAMES, Kind.HEADER_COUNT_WRONG)
BEGINS_BETWEEN = Kind.DECODE_ERRORS

CORPUS: tuple[Broken, ...] = (
    sound("base.mp4"),
    sound("base.ts"),
    sound("base.mkv"),
    sound("base.avi"),
    sound("base.flv"),
    sound("base.wmv"),
    sound("ten_bit.mp4"),
    sound("leading_zero_second.mp4"),
    refused("trunc_nomoov.mp4"),
    sound("trunc_faststart.mp4", *CUT_SHORT, n=None),
    sound("trunc_frag.mp4", Kind.BYTES_UNACCOUNTED, n=None),
    sound("trunc.mkv", Kind.BYTES_UNACCOUNTED, Kind.HEADER_COUNT_WRONG, n=None),
    sound("pushed.avi", Kind.BYTES_UNACCOUNTED),
    sound("trunc_noindex.avi", *CUT_SHORT, n=None),
    sound("trunc.wmv", Kind.BYTES_UNACCOUNTED, n=None),
    sound("vfr.mp4", Kind.VARIABLE_FRAME_RATE),
    sound("timelapse.mp4", Kind.LONG_GOP, n=20),
    sound("gap1h.mp4", Kind.TIME_GAP),
    sound("ts_back.ts", Kind.TIME_BACKWARD, Kind.TIME_DUPLICATE, Kind.NO_TIME_BASE),
    sound("ts_dup.ts", Kind.TIME_DUPLICATE, Kind.NO_TIME_BASE),
    sound("pts_wrap.ts"),
    sound("ts_loss.ts", Kind.CORRUPT_FRAMES, Kind.VARIABLE_FRAME_RATE, Kind.BYTES_UNACCOUNTED, n=None),
    Broken(name="ts_hole.ts", is_exact=False),
    Broken(name="ts_shift.ts", is_exact=False),
    sound("ts_badcut.ts", Kind.BYTES_UNACCOUNTED, BEGINS_BETWEEN, n=None),
    sound("ts_behind_h264.ts", Kind.WRONG_DEMUXER, Kind.BYTES_UNACCOUNTED),
    sound("raw.h264", Kind.NO_TIME_BASE),
    sound("raw.hevc", Kind.NO_TIME_BASE),
    sound("raw.mjpeg", Kind.NO_TIME_BASE),
    sound("raw_midgop.h264", Kind.NO_TIME_BASE, BEGINS_BETWEEN, n=None),
    sound("ps.mpg", Kind.NO_TIME_BASE),
    sound("hik_imkh.mp4", Kind.EXTENSION_MISMATCH, Kind.NO_TIME_BASE),
    sound("reschange.ts", Kind.SIZE_CHANGES, Kind.CORRUPT_FRAMES, Kind.BYTES_UNACCOUNTED, n=125),
    sound("codecchange.ts", Kind.VARIABLE_FRAME_RATE, Kind.BYTES_UNACCOUNTED, n=None),
    sound("reschange.h264", Kind.NO_TIME_BASE, Kind.SIZE_CHANGES, n=225),
    sound("glued.mp4", Kind.BYTES_UNACCOUNTED),
    sound("trailing.mp4", Kind.BYTES_UNACCOUNTED),
    sound("leading.ts", Kind.BYTES_UNACCOUNTED),
    refused("empty.mp4"),
    refused("one.mp4"),
    refused("random.mp4"),
    refused("sparse.mp4"),
    refused("text.mp4"),
    refused("picture.mp4"),
    refused("sound_only.mp4"),
    refused("cover.m4a"),
    refused("magicyuv.avi"),
    sound("bitrot.mp4", at_index=(Kind.CORRUPT_FRAMES,)),
    sound("bad_sectors.mp4", at_index=(Kind.CORRUPT_FRAMES,)),
    Broken(name="moovrot.mp4", is_exact=False),
    refused("stsz_bomb.mp4"),
    sound("stts_bomb.mp4", Kind.HEADER_COUNT_WRONG),
    sound("stss_lie.mp4"),
    sound("dims_lie.mp4"),
    refused("bomb.avi"),
    refused("hls.mp4"),
    refused("concat.mp4"),
    sound("rot.mp4", Kind.ROTATED),
    sound("interlaced.mp4", Kind.INTERLACED),
    sound("longgop.mp4", Kind.LONG_GOP),
    sound("two_streams.mkv", Kind.SEVERAL_VIDEO_STREAMS),
    sound("avi_named.mp4", Kind.EXTENSION_MISMATCH),
    sound("edit_list.mp4", Kind.HEADER_COUNT_WRONG, n=None),
    sound("dahua.dav", Kind.VARIABLE_FRAME_RATE),
    sound("dahua_back.dav", Kind.TIME_BACKWARD, Kind.NO_TIME_BASE),
    sound("dahua_mid.dav", Kind.NO_TIME_BASE, Kind.WRONG_DEMUXER, Kind.EXTENSION_MISMATCH, BEGINS_BETWEEN, n=None),
    sound("dahua_trunc.dav", Kind.CORRUPT_FRAMES, Kind.VARIABLE_FRAME_RATE, n=None),
)


class Corpus:
    """Makes the files in a folder; each is made when asked for, from what was made before.

    Args:
        folder: Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """A file, made now if it is not there yet."""
        path = self.folder / name
        if not path.exists():
            getattr(self, "make_" + name.replace(".", "_"))(path)
        return path

    def _bytes(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def _cut(self, name: str, path: Path, share: float) -> None:
        content = self._bytes(name)
        path.write_bytes(content[: int(len(content) * share)])

    def _copied(self, name: str, path: Path, *options: str) -> None:
        run_ffmpeg("-i", self.path(name), "-c", "copy", *options, path)

    def _patched(self, name: str, path: Path, patch: Callable[[bytearray], None]) -> None:
        content = bytearray(self._bytes(name))
        patch(content)
        path.write_bytes(content)

    def make_silent_mp4(self, path: Path) -> None:
        make_clip(path, n_frames=N_FRAMES, movers=MOVERS, b_frames=2, gop=25)

    def make_base_mp4(self, path: Path) -> None:
        tone = ("-f", "lavfi", "-i", "sine=440:duration=8:sample_rate=16000")
        run_ffmpeg("-i", self.path("silent.mp4"), *tone, "-c:v", "copy", "-c:a", "aac", path)

    def make_base_ts(self, path: Path) -> None:
        self._copied("base.mp4", path, "-f", "mpegts")

    def make_base_mkv(self, path: Path) -> None:
        self._copied("base.mp4", path)

    def make_base_flv(self, path: Path) -> None:
        self._copied("silent.mp4", path)

    def make_base_avi(self, path: Path) -> None:
        run_ffmpeg("-i", self.path("base.mp4"), "-c:v", "mjpeg", "-q:v", "4", "-c:a", "pcm_s16le", path)

    def make_base_wmv(self, path: Path) -> None:
        run_ffmpeg("-i", self.path("silent.mp4"), "-c:v", "wmv2", "-q:v", "3", "-g", "25", path)

    def make_ten_bit_mp4(self, path: Path) -> None:
        make_clip(path, n_frames=N_FRAMES, movers=MOVERS, pixel_format="yuv420p10le")

    def make_trunc_nomoov_mp4(self, path: Path) -> None:
        self._cut("base.mp4", path, 0.6)

    def make_faststart_mp4(self, path: Path) -> None:
        self._copied("base.mp4", path, "-movflags", "+faststart")

    def make_trunc_faststart_mp4(self, path: Path) -> None:
        self._cut("faststart.mp4", path, 0.6)

    def make_frag_mp4(self, path: Path) -> None:
        self._copied("base.mp4", path, "-movflags", "frag_keyframe+empty_moov+default_base_moof")

    def make_trunc_frag_mp4(self, path: Path) -> None:
        self._cut("frag.mp4", path, 0.7)

    def make_trunc_mkv(self, path: Path) -> None:
        self._cut("base.mkv", path, 0.7)

    def make_trunc_noindex_avi(self, path: Path) -> None:
        self._cut("base.avi", path, 0.7)

    def make_pushed_avi(self, path: Path) -> None:
        """24 bytes were put into a picture, and as many were pushed behind the end that the file announces."""
        content = self._bytes("base.avi")
        middle = len(content) // 2
        path.write_bytes(content[:middle] + content[middle : middle + 24] + content[middle:])

    def make_trunc_wmv(self, path: Path) -> None:
        self._cut("base.wmv", path, 0.7)

    def make_vfr_mp4(self, path: Path) -> None:
        make_clip(path, pts_ticks=irregular_pts(N_FRAMES), movers=MOVERS)

    def make_timelapse_mp4(self, path: Path) -> None:
        make_clip(path, pts_ticks=[i * 5 * 12800 for i in range(20)], gop=1)

    def make_gap1h_mp4(self, path: Path) -> None:
        late = [tick + (3600 * 12800 if i >= 50 else 0) for i, tick in enumerate(constant_pts(N_FRAMES))]
        make_clip(path, pts_ticks=late, movers=MOVERS)

    def make_plain_ts(self, path: Path) -> None:
        make_clip(path, n_frames=N_FRAMES, movers=MOVERS, time_base=TICKS_90K, gop=25)

    def make_ts_back_ts(self, path: Path) -> None:
        """The recorder's clock is set back by two seconds in the middle."""
        self._rewritten(path, lambda i, tick: tick - (180_000 if i >= 50 else 0))

    def make_ts_dup_ts(self, path: Path) -> None:
        self._rewritten(path, lambda i, tick: tick // 36_000 * 36_000)

    def _rewritten(self, path: Path, time_of: Callable[[int, int], int]) -> None:
        """Change the PTS fields of the one PES header of each picture; no B-frames, so there is no DTS."""
        content = bytearray(self._bytes("plain.ts"))
        n_pictures = 0
        for at in range(0, len(content), 188):
            is_start = content[at + 1] & 0x40
            offset = at + 4 + (1 + content[at + 4] if content[at + 3] & 0x20 else 0)
            if not is_start or content[offset : offset + 3] != b"\0\0\1" or content[offset + 3] != 0xE0:
                continue
            assert content[offset + 7] & 0xC0 == 0x80, "a PTS alone"
            field = content[offset + 9 : offset + 14]
            tick = (field[0] >> 1 & 7) << 30 | (field[1] << 8 | field[2]) >> 1 << 15 | (field[3] << 8 | field[4]) >> 1
            tick = time_of(n_pictures, tick)
            content[offset + 9 : offset + 14] = bytes(
                (
                    0x21 | tick >> 29 & 0x0E,
                    tick >> 22 & 0xFF,
                    tick >> 14 & 0xFE | 1,
                    tick >> 7 & 0xFF,
                    tick << 1 & 0xFE | 1,
                )
            )
            n_pictures += 1
        assert n_pictures == N_FRAMES
        path.write_bytes(content)

    def make_pts_wrap_ts(self, path: Path) -> None:
        """33-bit times wrap after 2^33 / 90 000 = 95 443.7 s."""
        self._copied("base.ts", path, "-copyts", "-output_ts_offset", "95437", "-f", "mpegts")

    def make_ts_loss_ts(self, path: Path) -> None:
        content = self._bytes("base.ts")
        rng = np.random.default_rng(1)
        kept = [content[i : i + 188] for i in range(0, len(content), 188) if i < 752 or rng.random() > 0.03]
        path.write_bytes(b"".join(kept))

    def make_ts_hole_ts(self, path: Path) -> None:
        """Seven packets in the middle are gone."""
        content = self._bytes("base.ts")
        middle = len(content) // 376 * 188
        path.write_bytes(content[:middle] + content[middle + 7 * 188 :])

    def make_ts_shift_ts(self, path: Path) -> None:
        """Five bytes are gone in the middle of a packet: the demuxer finds the next one again."""
        content = self._bytes("base.ts")
        middle = len(content) // 376 * 188
        path.write_bytes(content[: middle + 90] + content[middle + 95 :])

    def make_ts_badcut_ts(self, path: Path) -> None:
        content = self._bytes("base.ts")
        path.write_bytes(content[1000 : len(content) * 7 // 10 + 57])

    def make_raw_h264(self, path: Path) -> None:
        make_clip(path, n_frames=N_FRAMES, movers=MOVERS, container_format="h264", gop=25, b_frames=2)

    def make_raw_hevc(self, path: Path) -> None:
        make_clip(path, n_frames=N_FRAMES, movers=MOVERS, container_format="hevc", codec="libx265", gop=25)

    def make_raw_mjpeg(self, path: Path) -> None:
        run_ffmpeg("-i", self.path("silent.mp4"), "-c:v", "mjpeg", "-q:v", "4", "-f", "mjpeg", path)

    def make_leading_zero_second_mp4(self, path: Path) -> None:
        """Its first picture is at 5 s, not at 0."""
        make_clip(path, pts_ticks=[tick + 64_000 for tick in constant_pts(N_FRAMES)], movers=MOVERS)

    def make_ts_behind_h264_ts(self, path: Path) -> None:
        """What is left of another export stands before the transport stream, and hides what it is."""
        path.write_bytes(self._bytes("raw.h264")[:3000] + self._bytes("base.ts"))

    def make_raw_midgop_h264(self, path: Path) -> None:
        content = self._bytes("raw.h264")
        path.write_bytes(content[len(content) // 3 :])

    def make_ps_mpg(self, path: Path) -> None:
        self._copied("silent.mp4", path, "-bsf:v", "h264_mp4toannexb", "-f", "mpeg")

    def make_hik_imkh_mp4(self, path: Path) -> None:
        path.write_bytes(b"IMKH\1\1\0\0\2\0\1\0\2" + bytes(27) + self._bytes("ps.mpg"))

    def make_large_ts(self, path: Path) -> None:
        later = [tick + 8 * 90_000 for tick in constant_pts(25, time_base=TICKS_90K)]
        make_clip(path, pts_ticks=later, size_wh_px=(640, 480), time_base=TICKS_90K, gop=25)

    def make_reschange_ts(self, path: Path) -> None:
        path.write_bytes(self._bytes("plain.ts") + self._bytes("large.ts"))

    def make_hevc_ts(self, path: Path) -> None:
        later = [tick + 8 * 90_000 for tick in constant_pts(25, time_base=TICKS_90K)]
        make_clip(path, pts_ticks=later, codec="libx265", time_base=TICKS_90K)

    def make_codecchange_ts(self, path: Path) -> None:
        path.write_bytes(self._bytes("plain.ts") + self._bytes("hevc.ts"))

    def make_large_h264(self, path: Path) -> None:
        make_clip(path, n_frames=25, size_wh_px=(640, 480), container_format="h264", gop=25)

    def make_reschange_h264(self, path: Path) -> None:
        path.write_bytes(self._bytes("raw.h264") + self._bytes("large.h264") + self._bytes("raw.h264"))

    def make_glued_mp4(self, path: Path) -> None:
        path.write_bytes(self._bytes("base.mp4") * 2)

    def make_trailing_mp4(self, path: Path) -> None:
        path.write_bytes(self._bytes("base.mp4") + np.random.default_rng(2).bytes(200_000))

    def make_leading_ts(self, path: Path) -> None:
        path.write_bytes(np.random.default_rng(3).bytes(4096) + self._bytes("base.ts"))

    def make_empty_mp4(self, path: Path) -> None:
        path.write_bytes(b"")

    def make_one_mp4(self, path: Path) -> None:
        path.write_bytes(b"\0")

    def make_random_mp4(self, path: Path) -> None:
        path.write_bytes(np.random.default_rng(4).bytes(300_000))

    def make_sparse_mp4(self, path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(32 << 20)

    def make_text_mp4(self, path: Path) -> None:
        path.write_text("Procès-verbal de remise d’enregistrements.\n" * 200)

    def make_picture_mp4(self, path: Path) -> None:
        png = path.with_suffix(".png")
        run_ffmpeg("-i", self.path("silent.mp4"), "-frames:v", "1", png)
        png.replace(path)

    def make_sound_only_mp4(self, path: Path) -> None:
        run_ffmpeg("-i", self.path("base.mp4"), "-vn", "-c", "copy", path)

    def make_cover_m4a(self, path: Path) -> None:
        jpeg = path.with_suffix(".jpg")
        run_ffmpeg("-i", self.path("silent.mp4"), "-frames:v", "1", jpeg)
        inputs = ("-i", self.path("sound_only.mp4"), "-i", jpeg)
        run_ffmpeg(*inputs, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", path)
        jpeg.unlink()

    def make_magicyuv_avi(self, path: Path) -> None:
        run_ffmpeg("-i", self.path("silent.mp4"), "-frames:v", "5", "-c:v", "magicyuv", path)

    def make_bitrot_mp4(self, path: Path) -> None:
        def flip(content: bytearray) -> None:
            rng = np.random.default_rng(2)
            start, end = content.find(b"mdat") + 8, content.find(b"moov") - 4
            for at in rng.integers(start, end, 200):
                content[at] ^= 1 << int(rng.integers(8))

        self._patched("silent.mp4", path, flip)

    def make_bad_sectors_mp4(self, path: Path) -> None:
        def wipe(content: bytearray) -> None:
            start, end = content.find(b"mdat") + 8, content.find(b"moov") - 4
            middle = (start + end) // 2 // 512 * 512
            content[middle : middle + 40 * 512] = bytes(40 * 512)

        self._patched("silent.mp4", path, wipe)

    def make_moovrot_mp4(self, path: Path) -> None:
        def flip(content: bytearray) -> None:
            rng = np.random.default_rng(18)
            for at in rng.integers(content.find(b"moov"), len(content), 30):
                content[at] ^= 1 << int(rng.integers(8))

        self._patched("base.mp4", path, flip)

    def make_stsz_bomb_mp4(self, path: Path) -> None:
        def forge(content: bytearray) -> None:
            at = content.find(b"stsz")
            content[at + 8 : at + 16] = struct.pack(">II", 1, 0x0FFFFFFF)

        self._patched("base.mp4", path, forge)

    def make_stts_bomb_mp4(self, path: Path) -> None:
        def forge(content: bytearray) -> None:
            at = content.find(b"stts")
            content[at + 12 : at + 16] = struct.pack(">I", 0x7FFFFFFF)

        self._patched("base.mp4", path, forge)

    def make_stss_lie_mp4(self, path: Path) -> None:
        """The table of keyframes names pictures that are none."""

        def forge(content: bytearray) -> None:
            at = content.find(b"stss")
            n_keys = struct.unpack(">I", content[at + 8 : at + 12])[0]
            for i in range(1, n_keys):
                place = at + 12 + 4 * i
                content[place : place + 4] = struct.pack(">I", struct.unpack(">I", content[place : place + 4])[0] + 7)

        self._patched("silent.mp4", path, forge)

    def make_dims_lie_mp4(self, path: Path) -> None:
        def forge(content: bytearray) -> None:
            at = content.find(b"avc1", content.find(b"stsd"))
            content[at + 28 : at + 32] = struct.pack(">HH", 65535, 65535)

        self._patched("silent.mp4", path, forge)

    def make_bomb_avi(self, path: Path) -> None:
        """A few kilobytes that claim pictures of 256 million pixels."""

        def forge(content: bytearray) -> None:
            at = content.find(b"\xff\xc0")
            while at >= 0:
                content[at + 5 : at + 9] = struct.pack(">HH", 16000, 16000)
                at = content.find(b"\xff\xc0", at + 9)

        run_ffmpeg("-i", self.path("silent.mp4"), "-frames:v", "3", "-c:v", "mjpeg", "-an", path)
        content = bytearray(path.read_bytes())
        forge(content)
        path.write_bytes(content)

    def make_hls_mp4(self, path: Path) -> None:
        entries = ("#EXTINF:10.0,", "file:///etc/passwd", "#EXTINF:10.0,", "http://127.0.0.1:9/x.ts")
        path.write_text("\n".join(("#EXTM3U", "#EXT-X-MEDIA-SEQUENCE:0", *entries, "#EXT-X-ENDLIST", "")))

    def make_concat_mp4(self, path: Path) -> None:
        path.write_text(f"ffconcat version 1.0\nfile {self.path('base.mp4').name}\n")

    def make_rot_mp4(self, path: Path) -> None:
        run_ffmpeg("-display_rotation:v:0", "90", "-i", self.path("base.mp4"), "-c", "copy", path)

    def make_interlaced_mp4(self, path: Path) -> None:
        fields = ("-flags", "+ildct+ilme", "-x264opts", "tff=1", "-vf", "setfield=tff")
        run_ffmpeg("-i", self.path("silent.mp4"), "-c:v", "libx264", "-g", "25", *fields, path)

    def make_longgop_mp4(self, path: Path) -> None:
        make_clip(path, n_frames=N_FRAMES, movers=MOVERS, gop=100_000, codec_options={"keyint_min": "100000"})

    def make_two_streams_mkv(self, path: Path) -> None:
        inputs = ("-i", self.path("silent.mp4"), "-i", self.path("vfr.mp4"))
        run_ffmpeg(*inputs, "-map", "0:v", "-map", "1:v", "-c", "copy", path)

    def make_avi_named_mp4(self, path: Path) -> None:
        path.write_bytes(self._bytes("base.avi"))

    def make_edit_list_mp4(self, path: Path) -> None:
        """Its edit list hides the pictures from the keyframe up to 1.3 s after it."""
        run_ffmpeg("-ss", "1.3", "-i", self.path("silent.mp4"), "-c", "copy", path)

    def make_dahua_dav(self, path: Path) -> None:
        path.write_bytes(_dhav(self.path("plain.ts"), back_from=None))

    def make_dahua_back_dav(self, path: Path) -> None:
        path.write_bytes(_dhav(self.path("plain.ts"), back_from=50))

    def make_dahua_mid_dav(self, path: Path) -> None:
        content = self._bytes("dahua.dav")
        path.write_bytes(content[len(content) // 3 :])

    def make_dahua_trunc_dav(self, path: Path) -> None:
        self._cut("dahua.dav", path, 0.6)


def _dhav(source: Path, *, back_from: int | None) -> bytes:
    """H.264 pictures as a Dahua recorder stores them; from one on an hour earlier, as when summer time ends.

    Source: the layout is that which libavformat's reader expects; written here from its description.
    """
    start = datetime(2026, 10, 25, 2, 59, 56)
    content = bytearray()
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    for i, packet in enumerate(packets):
        elapsed_ms = i * 80
        moment = start + timedelta(milliseconds=elapsed_ms)
        if back_from is not None and i >= back_from:
            moment -= timedelta(hours=1)
        date = (
            moment.second
            | moment.minute << 6
            | moment.hour << 12
            | moment.day << 17
            | moment.month << 22
            | moment.year - 2000 << 26
        )
        extra = b""
        if packet.is_keyframe:
            extra = bytes((0x82, 0, 0, 0)) + struct.pack("<HH", 320, 240) + bytes((0x81, 0, 4, 12))
        length = 24 + len(extra) + packet.size + 8
        head = b"DHAV" + bytes((0xFD if packet.is_keyframe else 0xFC, 0, 0, 0))
        head += struct.pack("<IIIH", i, length, date, elapsed_ms & 0xFFFF) + bytes((len(extra),))
        head += bytes((sum(head) & 255,))
        content += head + extra + bytes(packet) + b"dhav" + struct.pack("<I", length)
    return bytes(content)


def main(folder: Path) -> None:
    """Write the whole corpus and print what the probe says."""
    corpus = Corpus(folder)
    for item in CORPUS:
        path = corpus.path(item.name)
        try:
            result = probe(str(path))
        except RelectureError as problem:
            print(f"{item.name:22} {type(problem).__name__}: {problem.message}")
            continue
        said = "; ".join(f"{finding.kind}: {finding.detail}" for finding in result.findings)
        print(f"{item.name:22} {result.facts.container}: {result.facts.n_packets} frames. {said}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
