# SPDX-License-Identifier: Apache-2.0
"""A segment: the index of one keyframe-aligned stretch of one recording, as immutable bytes with a content digest.

Layout: one line of JSON (the header, with ``content_sha256`` of all that follows it and ``header_sha256`` of itself),
then a ZIP of Parquet tables, stored with fixed dates, so that equal content gives equal bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from indexer.findings import Finding, FindingKind
from indexer.records import Attribute, AuditedGroup, RecordingId, SkippedSpan, Track, TrackId
from models.errors import Tampered

__all__ = [
    "FORMAT",
    "Segment",
    "SegmentHeader",
    "SegmentStats",
    "pack",
    "read_header",
    "segment_name",
    "track_id_of",
    "unpack",
    "with_own_ids",
]

FORMAT: Final = "relecture-segment-1"
_FIXED_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStats:
    """What making a segment took; it stands in the header and is no part of the content.

    Attributes:
        n_frames: Frames that the packet table places in the segment.
        n_decoded: Frames decoded and perceived, audited groups apart.
        n_analysed: Of these, pictures that motion was measured on.
        n_detector_calls: Of these, pictures that a detector saw.
        n_keyframes_looked_at: Keyframes that triage decoded.
        n_noise: Sketches too brief to be anything.
        n_corrupt: Decoded frames that are marked as damaged.
        n_time_repeats: Decoded frames at a time that an earlier one had; not perceived.
        n_other_size: Decoded frames of another size than the segment's; not perceived.
        n_groups_skipped: Groups of pictures that triage left out, before the audit took some back.
        n_audit_frames: Frames decoded for the audit.
        smallest_width_px, smallest_height_px: Smallest object seen at every place tried, source pixels; 0 for none.
        smallest_contrast_levels: At this contrast, grey levels.
        longest_look_ticks: Longest distance of two pictures that triage looked at around a skipped group.
        wall_s, cpu_s: What it took.
        peak_memory_mib: Peak of the process so far.
    """

    n_frames: int
    n_decoded: int
    n_analysed: int
    n_detector_calls: int
    n_keyframes_looked_at: int
    n_noise: int
    n_corrupt: int
    n_time_repeats: int = 0
    n_other_size: int = 0
    n_groups_skipped: int = 0
    n_audit_frames: int = 0
    smallest_width_px: int = 0
    smallest_height_px: int = 0
    smallest_contrast_levels: int = 0
    longest_look_ticks: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_mib: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The index of ``[start, end)`` of a recording.

    Attributes:
        recording_id: Recording.
        number: 0-based place in the recording.
        start_pts_ticks: First tick.
        end_pts_ticks: First tick of the next segment.
        profile: Profile it was made with.
        config_sha256: Digest of the effective configuration and models.
        model_ids: Models that took part.
        tracks: Tracks, by first appearance.
        skipped: Spans that were not decoded.
        findings: Trouble met.
        stats: Counts.
        audited: Skipped groups that were decoded by chance draw.
        completes_sha256: Content digest of the segment whose skipped spans this one holds; empty for one that stands
            on its own.
        stood: Tracks that the segment held before it was completed; None for one as it is stored. It is not packed.
        decoder: What decoded, where it was not the decoder that the recording names; else empty.
    """

    recording_id: RecordingId
    number: int
    start_pts_ticks: int
    end_pts_ticks: int
    profile: str
    config_sha256: str
    model_ids: tuple[str, ...]
    tracks: tuple[Track, ...]
    skipped: tuple[SkippedSpan, ...]
    findings: tuple[Finding, ...]
    stats: SegmentStats
    audited: tuple[AuditedGroup, ...] = ()
    completes_sha256: str = ""
    stood: tuple[Track, ...] | None = None
    decoder: str = ""

    @property
    def is_void(self) -> bool:
        """True for a segment that was taken back: it covers nothing and says nothing."""
        return self.start_pts_ticks == self.end_pts_ticks

    @property
    def n_unseen(self) -> int:
        """Frames neither perceived nor skipped: lost, repeated in time, of another size, or where no view is held."""
        n_skipped = sum(span.n_frames for span in self.skipped)
        return max(0, self.stats.n_frames - self.stats.n_decoded - n_skipped)

    def voided(self) -> Segment:
        """The segment that stands in the place of this one when it is taken back."""
        return replace(
            self,
            end_pts_ticks=self.start_pts_ticks,
            tracks=(),
            skipped=(),
            findings=(),
            audited=(),
            completes_sha256="",
            stats=SegmentStats(
                n_frames=0,
                n_decoded=0,
                n_analysed=0,
                n_detector_calls=0,
                n_keyframes_looked_at=0,
                n_noise=0,
                n_corrupt=0,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeader:
    """The first line of a stored segment, checked on its own: enough to know whether it must be made again."""

    recording_id: RecordingId
    number: int
    start_pts_ticks: int
    end_pts_ticks: int
    profile: str
    config_sha256: str
    content_sha256: str
    model_ids: tuple[str, ...]
    stats: SegmentStats
    completes_sha256: str = ""
    decoder: str = ""


def segment_name(recording_id: str, number: int, *, is_rest: bool = False) -> str:
    """Blob name of a segment, or of what completes it with the spans that it skipped."""
    return f"segments/{recording_id}/{number:04d}{'-rest' if is_rest else ''}.seg"


def track_id_of(recording_id: str, first_pts_ticks: int, first_box_xyxy_px: tuple[float, ...]) -> TrackId:
    """Identifier of a track: a digest of the recording, the first time and the first box in whole pixels."""
    text = f"{recording_id}|{first_pts_ticks}|" + ",".join(str(round(value)) for value in first_box_xyxy_px)
    return id_of(text)


def id_of(text: str) -> TrackId:
    return TrackId("t-" + hashlib.sha256(text.encode()).hexdigest()[:12])


def with_own_ids(tracks: Iterable[Track]) -> tuple[Track, ...]:
    """Tracks by first appearance, those renamed that share their identifier with an earlier one.

    Two objects may come into view in the same frame and, rounded to whole pixels, in the same box; the order that
    tells them apart follows from their content alone.
    """
    ordered = sorted(tracks, key=_by_content)
    seen: Counter[str] = Counter()
    result = []
    for track in ordered:
        n_before = seen[track.track_id]
        seen[track.track_id] += 1
        result.append(replace(track, track_id=id_of(f"{track.track_id}|{n_before}")) if n_before else track)
    return tuple(sorted(result, key=lambda item: (int(item.pts_ticks[0]), item.track_id)))


def _by_content(track: Track) -> tuple[int, str, int, str, bytes]:
    boxes = track.boxes_xyxy_px.tobytes()
    return int(track.pts_ticks[0]), track.track_id, int(track.pts_ticks[-1]), track.class_name, boxes


def pack(segment: Segment) -> tuple[bytes, str]:
    """Serialise a segment; returns the bytes and the content digest."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_STORED) as archive:
        for name, table in _tables(segment).items():
            sink = io.BytesIO()
            pq.write_table(table, sink, compression="zstd", write_statistics=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.parquet", _FIXED_DATE), sink.getvalue())
    content = body.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    stats = asdict(segment.stats)
    header: dict[str, Any] = {
        "format": FORMAT,
        "content_sha256": digest,
        "recording_id": segment.recording_id,
        "number": segment.number,
        "start_pts_ticks": segment.start_pts_ticks,
        "end_pts_ticks": segment.end_pts_ticks,
        "profile": segment.profile,
        "config_sha256": segment.config_sha256,
        "model_ids": list(segment.model_ids),
        "stats": stats,
    }
    if segment.completes_sha256:
        header["completes_sha256"] = segment.completes_sha256
    if segment.decoder:
        header["decoder"] = segment.decoder
    return _line_of(header) + b"\n" + content, digest


def _line_of(header: dict[str, Any]) -> bytes:
    """The header as canonical JSON, with a digest of itself."""
    plain = json.dumps(header, sort_keys=True).encode()
    return json.dumps({**header, "header_sha256": hashlib.sha256(plain).hexdigest()}, sort_keys=True).encode()


def read_header(content: bytes, *, name: str) -> SegmentHeader:
    """Read and check the header of a stored segment; the body is not looked at.

    Raises:
        Tampered: It is not a header of this format, or not as it was written.
    """
    line, separator, _ = content.partition(b"\n")
    try:
        document: dict[str, Any] = json.loads(line)
        if not separator or document.pop("format") != FORMAT:
            raise ValueError("format")
        document.pop("header_sha256")
        if _line_of({"format": FORMAT, **document}) != line:
            raise ValueError("digest")
        return SegmentHeader(
            **{
                **document,
                "recording_id": RecordingId(document["recording_id"]),
                "model_ids": tuple(document["model_ids"]),
                "stats": SegmentStats(**document["stats"]),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Tampered(f"{name} is not a segment of this format.", hint="Run the index again.") from problem


def unpack(content: bytes, *, name: str) -> Segment:
    """Read a segment back and check its digests.

    Raises:
        Tampered: The bytes do not match the digests in the header, or are not a segment.
    """
    header = read_header(content, name=name)
    body = content.partition(b"\n")[2]
    if hashlib.sha256(body).hexdigest() != header.content_sha256:
        raise Tampered(f"{name}: content digest differs.", hint="Run verify, then index the recording again.")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        tables = {
            item.filename.removesuffix(".parquet"): pq.read_table(io.BytesIO(archive.read(item))).to_pylist()
            for item in archive.infolist()
        }
    return Segment(
        recording_id=header.recording_id,
        number=header.number,
        start_pts_ticks=header.start_pts_ticks,
        end_pts_ticks=header.end_pts_ticks,
        profile=header.profile,
        config_sha256=header.config_sha256,
        model_ids=header.model_ids,
        tracks=tuple(_track_of(row) for row in tables["tracks"]),
        skipped=tuple(SkippedSpan(**row) for row in tables["skipped"]),
        findings=tuple(Finding(**{**row, "kind": FindingKind(row["kind"])}) for row in tables["findings"]),
        stats=header.stats,
        audited=tuple(AuditedGroup(**row) for row in tables.get("audited", ())),
        completes_sha256=header.completes_sha256,
        decoder=header.decoder,
    )


def _tables(segment: Segment) -> dict[str, pa.Table]:
    return {
        "tracks": pa.Table.from_pylist([_row_of(track) for track in segment.tracks], schema=_TRACKS),
        "skipped": pa.Table.from_pylist([asdict(span) for span in segment.skipped], schema=_SKIPPED),
        "findings": pa.Table.from_pylist(
            [{**asdict(item), "kind": item.kind.value} for item in segment.findings], schema=_FINDINGS
        ),
        "audited": pa.Table.from_pylist([asdict(group) for group in segment.audited], schema=_AUDITED),
    }


_ATTRIBUTE: Final = pa.struct(
    [
        ("name", pa.string()),
        ("value", pa.string()),
        ("score", pa.float64()),
        ("model", pa.string()),
        ("alternatives", pa.list_(pa.struct([("value", pa.string()), ("score", pa.float64())]))),
        ("note", pa.string()),
    ]
)
_TRACKS: Final = pa.schema(
    [
        ("track_id", pa.string()),
        ("recording_id", pa.string()),
        ("camera", pa.string()),
        ("class_name", pa.string()),
        ("class_score", pa.float64()),
        ("class_model", pa.string()),
        ("frame_index", pa.list_(pa.int32())),
        ("pts_ticks", pa.list_(pa.int64())),
        ("boxes_xyxy_px", pa.list_(pa.float32())),
        ("scores", pa.list_(pa.float32())),
        ("best_pts_ticks", pa.int64()),
        ("attributes", pa.list_(_ATTRIBUTE)),
        ("vector", pa.list_(pa.float32())),
        ("crop_jpeg", pa.binary()),
    ]
)
_SKIPPED: Final = pa.schema(
    [("first_pts_ticks", pa.int64()), ("end_pts_ticks", pa.int64()), ("n_frames", pa.int64()), ("score", pa.float64())]
)
_AUDITED: Final = pa.schema(
    [
        ("first_pts_ticks", pa.int64()),
        ("end_pts_ticks", pa.int64()),
        ("n_frames", pa.int64()),
        ("score", pa.float64()),
        ("n_objects", pa.int64()),
        ("n_unnamed", pa.int64()),
    ]
)
_FINDINGS: Final = pa.schema(
    [
        ("kind", pa.string()),
        ("component", pa.string()),
        ("detail", pa.string()),
        ("count", pa.int64()),
        ("first_pts_ticks", pa.int64()),
        ("last_pts_ticks", pa.int64()),
    ]
)


def _row_of(track: Track) -> dict[str, object]:
    return {
        "track_id": track.track_id,
        "recording_id": track.recording_id,
        "camera": track.camera,
        "class_name": track.class_name,
        "class_score": track.class_score,
        "class_model": track.class_model,
        "frame_index": track.frame_index,
        "pts_ticks": track.pts_ticks,
        "boxes_xyxy_px": track.boxes_xyxy_px.ravel(),
        "scores": track.scores,
        "best_pts_ticks": track.best_pts_ticks,
        "attributes": [
            {
                "name": item.name,
                "value": item.value,
                "score": item.score,
                "model": item.model,
                "alternatives": [{"value": value, "score": score} for value, score in item.alternatives],
                "note": item.note,
            }
            for item in track.attributes
        ],
        "vector": track.vector,
        "crop_jpeg": track.crop_jpeg,
    }


def _track_of(row: dict[str, Any]) -> Track:
    return Track(
        track_id=TrackId(row["track_id"]),
        recording_id=RecordingId(row["recording_id"]),
        camera=row["camera"],
        class_name=row["class_name"],
        class_score=row["class_score"],
        class_model=row["class_model"],
        frame_index=np.array(row["frame_index"], np.int32),
        pts_ticks=np.array(row["pts_ticks"], np.int64),
        boxes_xyxy_px=np.array(row["boxes_xyxy_px"], np.float32).reshape(-1, 4),
        scores=np.array(row["scores"], np.float32),
        best_pts_ticks=row["best_pts_ticks"],
        attributes=tuple(
            Attribute(
                name=item["name"],
                value=item["value"],
                score=item["score"],
                model=item["model"],
                alternatives=tuple((other["value"], other["score"]) for other in item["alternatives"]),
                note=item["note"],
            )
            for item in row["attributes"]
        ),
        vector=np.array(row["vector"], np.float32),
        crop_jpeg=row["crop_jpeg"],
    )
