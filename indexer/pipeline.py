# SPDX-License-Identifier: Apache-2.0
"""Recordings to segments: plans the cuts, looks at keyframes, decodes what may move, perceives, describes, packs.

A segment depends on its recording, its span, the configuration and the models, and on nothing else: the same input
gives the same bytes on any number of workers, and a segment that is stored is never made again.
"""

from __future__ import annotations

import hashlib
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.background import estimate_background
from indexer.describe import COLOUR_MODEL, DecodedFrames, SceneLight, describe
from indexer.findings import Finding, FindingKind
from indexer.media import iter_frames, iter_keyframes, iter_pictures
from indexer.motion import MotionModel, blinking_regions, motion_size
from indexer.perception import NumberedPicture, Scene, SpanPerception, SpanResult
from indexer.probe import PacketTable
from indexer.records import Recording, SkippedSpan, Track
from indexer.segments import Segment, SegmentStats
from indexer.sketches import Sketch
from indexer.steady import Steadier, drift_px, warp_to_reference
from indexer.tracks import absorb_riders
from indexer.triage import MAX_TRUSTED_GOP_S, KeyLook, Selection, select_spans
from models.colour import estimate_gains, is_colourless
from models.modelset import ModelSet

__all__ = ["IndexConfig", "SegmentPlan", "index_segment", "plan_segments"]

Pictures = list[tuple[int, NDArray[np.uint8]]]

MAX_SCENE_PICTURES: Final = 150
MIN_SCENE_PICTURES: Final = 12
N_LIGHT_PICTURES: Final = 16
DRIFT_PX: Final = 0.8
"""Median displacement of the pictures of a segment above which every picture is registered, motion pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """What decides the content of an index, beside footage and models.

    Attributes:
        profile: ``fast``, ``standard`` or ``exhaustive``.
        segment_s: Longest segment, seconds.
        skips: False decodes everything.
        margin_gops: Groups of pictures decoded around active ones.
    """

    profile: str = "standard"
    segment_s: float = 600.0
    skips: bool = True
    margin_gops: int = 1

    @classmethod
    def of_profile(cls, profile: str) -> IndexConfig:
        """The configuration of a profile."""
        return cls(profile=profile, skips=profile != "exhaustive", margin_gops=0 if profile == "fast" else 1)

    def digest(self, models: ModelSet) -> str:
        """Hex SHA-256 over configuration and models."""
        text = json.dumps({**asdict(self), "models": models.digest, "colour": COLOUR_MODEL}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlan:
    """One half-open stretch of a recording to index on its own; ``first_frame`` is its first frame's index."""

    number: int
    start_pts_ticks: int
    end_pts_ticks: int
    first_frame: int
    n_frames: int


def plan_segments(recording: Recording, packets: PacketTable, config: IndexConfig) -> tuple[SegmentPlan, ...]:
    """Cut a recording at keyframes into segments of about equal length, none longer than the configuration allows."""
    facts = recording.facts
    end = facts.last_pts_ticks + 1
    n_wanted = max(1, int(np.ceil(float(facts.duration_s) / config.segment_s)))
    keys = packets.pts_ticks[packets.is_key]
    cuts = [facts.first_pts_ticks]
    if n_wanted > 1 and len(keys) > 1:
        for ideal in np.linspace(facts.first_pts_ticks, end, n_wanted + 1)[1:-1]:
            cut = int(keys[np.argmin(np.abs(keys - ideal))])
            if cut > cuts[-1]:
                cuts.append(cut)
    cuts.append(end)
    plans = []
    for number, (start, stop) in enumerate(pairwise(cuts)):
        first, last = np.searchsorted(packets.pts_ticks, [start, stop])
        plans.append(
            SegmentPlan(
                number=number,
                start_pts_ticks=start,
                end_pts_ticks=stop,
                first_frame=int(first),
                n_frames=int(last - first),
            )
        )
    return tuple(plans)


def index_segment(
    recording: Recording,
    packets: PacketTable,
    plan: SegmentPlan,
    config: IndexConfig,
    models: ModelSet,
) -> Segment:
    """Index one segment. Memory is bounded by the pictures of one background estimate, whatever the length.

    Raises:
        UnreadableInput: The original has gone.
        NotFootage: It cannot be decoded any more.
    """
    cv2.setNumThreads(1)
    wall, cpu = time.perf_counter(), time.process_time()
    work = _SegmentWork(recording, packets, plan, config, models)
    segment = work.run()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    stats = replace(
        segment.stats,
        wall_s=round(time.perf_counter() - wall, 3),
        cpu_s=round(time.process_time() - cpu, 3),
        peak_memory_mib=round(usage.ru_maxrss / 1024, 1),
    )
    return replace(segment, stats=stats)


class _SegmentWork:
    """The state of one segment while it is made."""

    def __init__(
        self,
        recording: Recording,
        packets: PacketTable,
        plan: SegmentPlan,
        config: IndexConfig,
        models: ModelSet,
    ) -> None:
        self._recording = recording
        self._facts = recording.facts
        self._packets = packets
        self._plan = plan
        self._config = config
        self._models = models
        self._findings: list[Finding] = []
        self._has_times = not any(item.kind is FindingKind.NO_TIME_BASE for item in recording.findings)
        self._size = motion_size(self._facts.size_wh_px)

    def run(self) -> Segment:
        keys = self._keyframe_pictures()
        trusted = self._triage_is_trusted(keys)
        sample = keys if len(keys) >= MIN_SCENE_PICTURES else self._sampled_pictures()
        tracks: list[Track] = []
        results: list[SpanResult] = []
        selection = Selection(active=(), skipped=())
        if sample:
            scene = self._scene(sample)
            selection = self._select(scene, keys) if trusted else self._everything()
            light = self._light(scene, sample)
            for start, end in selection.active:
                result = self._perceive(scene, start, end)
                results.append(result)
                tracks += self._describe(result, light)
                # Why: the crops of a busy segment are large; once described, a span's sketches are not needed.
                result.sketches = []
        return self._segment(tuple(sorted(tracks, key=_by_appearance)), selection.skipped, results, len(keys))

    def _keyframe_pictures(self) -> Pictures:
        """Small pictures of the segment's keyframes; none where the stream has no times to place them."""
        if not self._has_times:
            return []
        frames = iter_keyframes(
            self._recording.path,
            stream_index=self._facts.stream_index,
            forced_format=self._facts.forced_format,
            pixel="bgr24",
            size_wh_px=self._size,
            start_pts_ticks=self._plan.start_pts_ticks,
            end_pts_ticks=self._plan.end_pts_ticks,
            # Why: all-intra codecs flag every frame as a key; two a second are enough to look at.
            min_step_ticks=int(0.45 / self._facts.time_base),
        )
        return [(frame.pts_ticks, frame.image_u8) for frame in frames if frame.pts_ticks is not None]

    def _sampled_pictures(self) -> Pictures:
        """Small pictures about evenly spread, by decoding the whole segment: for short ones with few keyframes."""
        every = max(1, self._plan.n_frames // MAX_SCENE_PICTURES)
        frames = iter_frames(
            self._recording.path,
            start_pts_ticks=self._plan.start_pts_ticks if self._has_times else None,
            end_pts_ticks=self._plan.end_pts_ticks if self._has_times else None,
            stream_index=self._facts.stream_index,
            forced_format=self._facts.forced_format,
            pixel="bgr24",
            size_wh_px=self._size,
        )
        return [(i, frame.image_u8) for i, frame in enumerate(frames) if i % every == 0]

    def _triage_is_trusted(self, keys: Pictures) -> bool:
        if not self._config.skips or not self._has_times or len(keys) < MIN_SCENE_PICTURES:
            return False
        steps_s = self._key_steps_s(keys)
        if float(np.percentile(steps_s, 95)) <= MAX_TRUSTED_GOP_S:
            return True
        longest_s = max(steps_s)
        self._findings.append(
            Finding(
                kind=FindingKind.TRIAGE_NOT_TRUSTED,
                component="triage",
                detail=f"Keyframes lie up to {longest_s:.1f} s apart: everything was decoded, nothing was skipped.",
                first_pts_ticks=self._plan.start_pts_ticks,
                last_pts_ticks=self._plan.end_pts_ticks,
            )
        )
        return False

    def _key_steps_s(self, keys: Pictures) -> list[float]:
        """Seconds from each keyframe to the next, the last one to the end of the segment."""
        edges = [*(pts for pts, _ in keys), self._plan.end_pts_ticks]
        return [float((after - before) * self._facts.time_base) for before, after in pairwise(edges)]

    def _scene(self, sample: Pictures) -> Scene:
        picks = np.unique(np.linspace(0, len(sample) - 1, min(len(sample), MAX_SCENE_PICTURES)).round().astype(int))
        pictures = [sample[i][1] for i in picks]
        reference = cv2.cvtColor(pictures[len(pictures) // 2], cv2.COLOR_BGR2GRAY)
        steadier = Steadier(np.asarray(reference, np.uint8))
        matrices = [steadier.locate(np.asarray(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), np.uint8)) for p in pictures]
        drift = float(np.median([drift_px(matrix, self._size) for matrix in matrices]))
        is_drifting = drift > DRIFT_PX
        if is_drifting:
            pictures = [warp_to_reference(p, m) for p, m in zip(pictures, matrices, strict=True)]
            self._findings.append(
                Finding(
                    kind=FindingKind.CAMERA_MOVES,
                    component="health",
                    detail=f"The camera drifts ({drift:.1f} of {self._size[0]} px, median); pictures are aligned.",
                    first_pts_ticks=self._plan.start_pts_ticks,
                    last_pts_ticks=self._plan.end_pts_ticks,
                )
            )
        model = MotionModel(estimate_background(pictures))
        self._ignore_blinking(model, pictures)
        return Scene(
            size_wh_px=self._size,
            source_wh_px=self._facts.size_wh_px,
            model=model,
            steadier=steadier if is_drifting else None,
        )

    def _ignore_blinking(self, model: MotionModel, pictures: list[NDArray[np.uint8]]) -> None:
        """Leave out a burnt-in clock and the like, and say how much of the picture that is."""
        if not self._config.skips or len(pictures) < MIN_SCENE_PICTURES:
            return
        regions = blinking_regions([model.foreground(picture) for picture in pictures])
        share = float(regions.mean())
        if share == 0:
            return
        model.ignore(regions)
        rows, columns = np.nonzero(regions)
        scale = self._facts.size_wh_px[0] / self._size[0]
        x1, y1, x2, y2 = (round(float(v) * scale) for v in (columns.min(), rows.min(), columns.max(), rows.max()))
        self._findings.append(
            Finding(
                kind=FindingKind.MASKED_AREA,
                component="triage",
                detail=(
                    f"{share:.2%} of the picture changes on its own (a clock, a branch) and is not watched; "
                    f"it lies within x {x1}-{x2}, y {y1}-{y2} px."
                ),
                first_pts_ticks=self._plan.start_pts_ticks,
                last_pts_ticks=self._plan.end_pts_ticks,
            )
        )

    def _light(self, scene: Scene, sample: Pictures) -> SceneLight:
        picks = np.unique(np.linspace(0, len(sample) - 1, min(len(sample), N_LIGHT_PICTURES)).round().astype(int))
        is_night = all(is_colourless(sample[i][1]) for i in picks)
        if is_night:
            self._findings.append(
                Finding(
                    kind=FindingKind.NIGHT_OR_IR,
                    component="health",
                    detail="The pictures carry no colour (night, infrared or thermal): no colour is named.",
                    first_pts_ticks=self._plan.start_pts_ticks,
                    last_pts_ticks=self._plan.end_pts_ticks,
                )
            )
        return SceneLight(gains_bgr=estimate_gains(scene.model.empty_scene_bgr_u8), is_colourless=is_night)

    def _select(self, scene: Scene, keys: Pictures) -> Selection:
        looks = []
        for (pts, image), step_s in zip(keys, self._key_steps_s(keys), strict=True):
            small = image
            if scene.steadier is not None:
                gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
                small = warp_to_reference(image, scene.steadier.locate(gray), scene.model.empty_scene_bgr_u8)
            blobs = scene.model.blobs(scene.model.foreground(small))
            area = blobs[0].area_px / (self._size[0] * self._size[1]) if blobs else 0.0
            looks.append(KeyLook(pts_ticks=pts, largest_change_unit=area, is_active=bool(blobs), step_s=step_s))
        return select_spans(
            looks,
            start_pts_ticks=self._plan.start_pts_ticks,
            end_pts_ticks=self._plan.end_pts_ticks,
            pts_ticks=self._packets.pts_ticks,
            margin_gops=self._config.margin_gops,
        )

    def _everything(self) -> Selection:
        return Selection(active=((self._plan.start_pts_ticks, self._plan.end_pts_ticks),), skipped=())

    def _perceive(self, scene: Scene, start: int, end: int) -> SpanResult:
        perception = SpanPerception(
            scene,
            detector=self._models.detector,
            time_base=self._facts.time_base,
            step_s=float(self._facts.median_step_ticks * self._facts.time_base),
        )
        return perception.run(self._numbered(start, end))

    def _numbered(self, start: int, end: int) -> Iterator[NumberedPicture]:
        pictures = iter_pictures(
            self._recording.path,
            start_pts_ticks=start if self._has_times else None,
            end_pts_ticks=end if self._has_times else None,
            stream_index=self._facts.stream_index,
            forced_format=self._facts.forced_format,
        )
        last_pts: int | None = None
        for i, picture in enumerate(pictures):
            if self._has_times:
                pts = picture.pts_ticks
                # Why: a clock set back would make two pictures share a place; the later one keeps its pixels unseen.
                if pts is None or (last_pts is not None and pts <= last_pts):
                    continue
                index = int(np.searchsorted(self._packets.pts_ticks, pts))
            else:
                pts = index = self._plan.first_frame + i
            last_pts = pts
            yield NumberedPicture(frame_index=index, pts_ticks=pts, picture=picture)

    def _describe(self, result: SpanResult, light: SceneLight) -> list[Track]:
        frames = DecodedFrames(
            frame_index=np.array(result.decoded_index, np.int32), pts_ticks=np.array(result.decoded_pts_ticks, np.int64)
        )
        tracks = [
            describe(sketch, recording=self._recording, frames=frames, models=self._models, scene=light)
            for sketch in sorted(result.sketches, key=_by_first_sighting)
        ]
        return absorb_riders(tracks)

    def _segment(
        self, tracks: tuple[Track, ...], skipped: tuple[SkippedSpan, ...], results: list[SpanResult], n_keys: int
    ) -> Segment:
        n_corrupt = sum(result.n_corrupt for result in results)
        if n_corrupt:
            self._findings.append(
                Finding(
                    kind=FindingKind.CORRUPT_FRAMES,
                    component="decode",
                    detail=f"{n_corrupt} frame(s) of this stretch are damaged; what they show may be wrong.",
                    count=n_corrupt,
                    first_pts_ticks=self._plan.start_pts_ticks,
                    last_pts_ticks=self._plan.end_pts_ticks,
                )
            )
        return Segment(
            recording_id=self._recording.recording_id,
            number=self._plan.number,
            start_pts_ticks=self._plan.start_pts_ticks,
            end_pts_ticks=self._plan.end_pts_ticks,
            profile=self._config.profile,
            config_sha256=self._config.digest(self._models),
            model_ids=(*self._models.ids, COLOUR_MODEL),
            tracks=tracks,
            skipped=skipped,
            findings=tuple(self._findings),
            stats=SegmentStats(
                n_frames=self._plan.n_frames,
                n_decoded=sum(result.n_decoded for result in results),
                n_analysed=sum(result.n_analysed for result in results),
                n_detector_calls=sum(result.n_detector_calls for result in results),
                n_keyframes_looked_at=n_keys,
                n_noise=sum(result.n_noise for result in results),
                n_corrupt=n_corrupt,
            ),
        )


def _by_appearance(track: Track) -> tuple[int, str]:
    return int(track.pts_ticks[0]), track.track_id


def _by_first_sighting(sketch: Sketch) -> tuple[int, tuple[float, float, float, float], bool]:
    return sketch.first.pts_ticks, sketch.first.box_xyxy_px, sketch.from_detector
