# SPDX-License-Identifier: Apache-2.0
"""Recordings to segments: plans the cuts, looks at keyframes, decodes what may move, perceives, describes, packs.

A segment depends on its recording, its span, the configuration and the models, and on nothing else: the same input
gives the same bytes on any number of workers, and a segment that is stored is never made again.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.audit import draw_groups
from indexer.background import Background, estimate_background
from indexer.card import decoder_for
from indexer.config import IndexConfig
from indexer.describe import COLOUR_MODEL, DecodedFrames, SceneLight, describe
from indexer.findings import Finding, FindingKind
from indexer.media import FootageReader, Picture, iter_keyframes
from indexer.missing import missing_findings
from indexer.motion import MotionModel, blinking_regions, burnt_in_lines, clock_regions, motion_size
from indexer.perception import NumberedPicture, Scene, SpanPerception, SpanResult
from indexer.planning import SegmentPlan, plan_segments
from indexer.probe import PacketTable
from indexer.records import AuditedGroup, Recording, SkippedSpan, Track
from indexer.segments import Segment, SegmentStats, with_own_ids
from indexer.sensitivity import Guarantee, smallest_object
from indexer.sketches import Sketch
from indexer.steady import Steadier, gray_of, spread, usual_drift_px, warp_to_reference
from indexer.tracks import absorb_riders
from indexer.triage import MAX_TRUSTED_GOP_S, KeyLook, Selection, select_spans
from indexer.views import HeldView, common_spans, held_views, pictures_within
from indexer.zones import zone_findings, zones_mask
from models.colour import is_colourless
from models.modelset import ModelSet

__all__ = ["IndexConfig", "SegmentPlan", "index_segment", "plan_segments"]

Pictures = list[tuple[int, NDArray[np.uint8]]]

MAX_LOOKS: Final = 600
"""Keyframes kept of one segment at most: they are held in memory until the scene is known."""
MIN_LOOK_STEP_S: Final = 0.45
"""All-intra codecs flag every frame as a key; two a second are enough to look at."""
MAX_SCENE_PICTURES: Final = 150
MIN_SCENE_PICTURES: Final = 12
N_LIGHT_PICTURES: Final = 16
N_DRIFT_STRETCHES: Final = 6
DRIFT_STRETCH_S: Final = 3.0
DRIFT_STEP_S: Final = 0.5
DRIFT_PX: Final = 0.8
"""Median displacement of the pictures of a segment above which every picture is registered, motion pixels."""


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
    facts = recording.facts
    chosen = decoder_for(recording, plan, config)
    with FootageReader(
        recording.path, stream_index=facts.stream_index, forced_format=facts.forced_format, decoder=chosen.decoder
    ) as reader:
        segment = _SegmentWork(recording, packets, plan, config, models, reader).run()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    stats = replace(
        segment.stats,
        wall_s=round(time.perf_counter() - wall, 3),
        cpu_s=round(time.process_time() - cpu, 3),
        peak_memory_mib=round(usage.ru_maxrss / 1024, 1),
    )
    return replace(segment, stats=stats, decoder=chosen.name, findings=(*chosen.findings, *segment.findings))


class _SegmentWork:
    """The state of one segment while it is made."""

    def __init__(
        self,
        recording: Recording,
        packets: PacketTable,
        plan: SegmentPlan,
        config: IndexConfig,
        models: ModelSet,
        reader: FootageReader,
    ) -> None:
        self._recording = recording
        self._facts = recording.facts
        self._packets = packets
        self._plan = plan
        self._config = config
        self._models = models
        self._reader = reader
        self._findings: list[Finding] = []
        self._tracks: list[Track] = []
        self._results: list[SpanResult] = []
        self._skipped: list[SkippedSpan] = []
        self._audited: list[AuditedGroup] = []
        self._guarantees: list[Guarantee | None] = []
        self._is_trusted = False
        self._n_between = 0
        self._n_time_repeats = 0
        self._n_other_size = 0
        self._unwatched: NDArray[np.bool_] | None = None
        self._zones: NDArray[np.bool_] | None = None
        self._has_times = not any(item.kind is FindingKind.NO_TIME_BASE for item in recording.findings)
        self._source_size = self._facts.size_at(plan.start_pts_ticks)
        self._size = motion_size(self._source_size)
        # Why: zones are drawn on the size that the recording begins with; on pictures of another everything is watched.
        self._ignored_px = config.ignored_px if self._source_size == self._facts.size_wh_px else ()
        if self._ignored_px:
            self._zones = zones_mask(self._ignored_px, source_wh_px=self._source_size, size_wh_px=self._size)
        self._stats = SegmentStats(
            n_frames=self._frames_in(plan.only_ticks) if plan.only_ticks else plan.n_frames,
            n_decoded=0,
            n_analysed=0,
            n_detector_calls=0,
            n_keyframes_looked_at=0,
            n_noise=0,
            n_corrupt=0,
        )

    def run(self) -> Segment:
        keys = self._keyframe_pictures()
        self._stats = replace(self._stats, n_keyframes_looked_at=len(keys))
        self._findings += zone_findings(
            self._ignored_px,
            source_wh_px=self._source_size,
            first_pts_ticks=self._plan.start_pts_ticks,
            last_pts_ticks=self._plan.end_pts_ticks,
        )
        self._is_trusted = self._triage_is_trusted(keys)
        sample = keys if len(keys) >= MIN_SCENE_PICTURES else self._sampled_pictures()
        held = held_views(keys, sample, self._plan, self._facts)
        self._findings += held.findings
        self._n_between = 0 if self._plan.only_ticks else self._frames_in(held.gaps)
        # Why: keyframes of ten minutes are as large as all else together; each view holds its own until it is learnt.
        keys, sample = [], []
        for view in held.views:
            self._index_view(view)
        return self._segment()

    def _index_view(self, view: HeldView) -> None:
        background, scene = self._scene(view)
        light = self._light(scene, view)
        selection = Selection(active=view.spans, skipped=())
        if self._plan.only_ticks:
            selection = Selection(active=common_spans(view.spans, self._plan.only_ticks), skipped=())
        elif self._is_trusted and view.keys:
            selection, guarantee = self._select(scene, background, view)
            self._add_guarantee(selection, guarantee, view)
            selection, audited = self._audit(selection, view, self._fresh(scene, background), light)
            self._audited += audited
        view.keys, view.sample = [], []
        self._skipped += selection.skipped
        self._n_time_repeats = self._n_other_size = 0
        for start, end in selection.active:
            result = self._perceive(scene, start, end)
            self._results.append(result)
            self._tracks += self._describe(result, light)
            # Why: the crops of a busy segment are large; once described, a span's sketches are not needed.
            result.sketches = []
        self._stats = replace(
            self._stats,
            n_time_repeats=self._stats.n_time_repeats + self._n_time_repeats,
            n_other_size=self._stats.n_other_size + self._n_other_size,
        )

    def _frames_in(self, spans: Sequence[tuple[int, int]]) -> int:
        edges = np.searchsorted(self._packets.pts_ticks, np.array(spans, np.int64).reshape(-1, 2))
        return int(np.diff(edges, axis=1).sum())

    def _keyframe_pictures(self) -> Pictures:
        """Small pictures of the segment's keyframes; none where the stream has no times to place them."""
        if not self._has_times:
            return []
        recorded_s = self._plan.n_frames * self._facts.median_step_ticks * float(self._facts.time_base)
        frames = iter_keyframes(
            self._recording.path,
            stream_index=self._facts.stream_index,
            forced_format=self._facts.forced_format,
            pixel="bgr24",
            size_wh_px=self._size,
            start_pts_ticks=self._plan.start_pts_ticks,
            end_pts_ticks=self._plan.end_pts_ticks,
            min_step_ticks=int(max(MIN_LOOK_STEP_S, 0.9 * recorded_s / MAX_LOOKS) / self._facts.time_base),
            decoder=self._reader.decoder,
        )
        return [(frame.pts_ticks, frame.image_u8) for frame in frames if frame.pts_ticks is not None]

    def _sampled_pictures(self) -> Pictures:
        """Small pictures about evenly spread, by decoding the whole segment: for short ones with few keyframes."""
        every = max(1, self._plan.n_frames // MAX_SCENE_PICTURES)
        plan = self._plan
        return [
            (item.pts_ticks, item.picture.bgr_u8(self._size))
            for item in self._numbered(plan.start_pts_ticks, plan.end_pts_ticks)
            if (item.frame_index - plan.first_frame) % every == 0
        ]

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

    def _key_steps_s(self, keys: Pictures, end_pts_ticks: int | None = None) -> list[float]:
        """Seconds from each keyframe to the next, the last one to the end of the segment or of the span given."""
        edges = [*(pts for pts, _ in keys), end_pts_ticks or self._plan.end_pts_ticks]
        return [float((after - before) * self._facts.time_base) for before, after in pairwise(edges)]

    def _say(self, kind: FindingKind, component: str, detail: str, view: HeldView) -> None:
        """What holds from the first to the last instant of a view."""
        first, last = view.spans[0][0], view.spans[-1][1]
        self._findings.append(
            Finding(kind=kind, component=component, detail=detail, first_pts_ticks=first, last_pts_ticks=last)
        )

    def _between_keys(self, view: HeldView) -> list[NDArray[np.uint8]]:
        """Pictures between keyframes, which can all fall on one phase of a sway; of stretches decoded anyway."""
        start, end = view.spans[0][0], view.spans[-1][1]
        length, step = (int(seconds / self._facts.time_base) for seconds in (DRIFT_STRETCH_S, DRIFT_STEP_S))
        found = []
        firsts = np.linspace(start, max(start, end - length), N_DRIFT_STRETCHES).astype(np.int64).tolist()
        for stretch in common_spans(view.spans, [(first, first + length) for first in firsts]):
            due = stretch[0]
            for item in self._numbered(*stretch):
                if item.pts_ticks >= due:
                    found.append(item.picture.bgr_u8(self._size))
                    due = item.pts_ticks + step
        return found

    def _scene(self, view: HeldView) -> tuple[Background, Scene]:
        self._unwatched = self._zones
        pictures = [view.sample[i][1] for i in spread(len(view.sample), MAX_SCENE_PICTURES)]
        reference = gray_of(pictures[len(pictures) // 2])
        between = [] if self._is_trusted or not view.keys else self._between_keys(view)
        drift = max(usual_drift_px(some, reference) for some in (pictures, between) if some)
        steadier = Steadier(reference)
        is_drifting = drift > DRIFT_PX
        if is_drifting:
            pictures = [warp_to_reference(picture, steadier.locate(gray_of(picture))) for picture in pictures]
            said = f"The camera drifts ({drift:.1f} of {self._size[0]} px, median); pictures are aligned."
            self._say(FindingKind.CAMERA_MOVES, "health", said, view)
        background = estimate_background(pictures)
        model = self._fresh_model(background)
        self._ignore_blinking(model, pictures, view)
        scene = Scene(
            size_wh_px=self._size,
            source_wh_px=self._source_size,
            model=model,
            steadier=steadier if is_drifting else None,
            ignored_px=self._ignored_px,
        )
        return background, scene

    def _fresh(self, scene: Scene, background: Background) -> Scene:
        """The scene as first learnt: trials and audits must leave no trace in what the spans are compared with."""
        return replace(scene, model=self._fresh_model(background))

    def _fresh_model(self, background: Background) -> MotionModel:
        model = MotionModel(background)
        self._leave_out(model)
        return model

    def _leave_out(self, model: MotionModel) -> None:
        if self._unwatched is not None:
            zones_unit = 0.0 if self._zones is None else float(self._zones.mean())
            model.ignore(self._unwatched, watched_unit=1.0 - zones_unit)

    def _ignore_blinking(self, model: MotionModel, pictures: list[NDArray[np.uint8]], view: HeldView) -> None:
        """Leave out a burnt-in clock and the like, and say how much of the picture that is."""
        if len(pictures) < MIN_SCENE_PICTURES:
            return
        masks = [model.foreground(picture) for picture in pictures]
        blinking = blinking_regions(masks)
        written = clock_regions(masks, blinking)
        # Why: where nothing may be left out, a branch is watched; what the recorder wrote is no scene.
        regions = burnt_in_lines(masks, written | blinking if self._config.skips else written)
        share = float(regions.mean())
        if share == 0:
            return
        self._unwatched = regions if self._zones is None else regions | self._zones
        self._leave_out(model)
        rows, columns = np.nonzero(regions)
        scale = self._source_size[0] / self._size[0]
        x1, y1, x2, y2 = (round(float(v) * scale) for v in (columns.min(), rows.min(), columns.max(), rows.max()))
        said = (
            f"{share:.2%} of the picture changes on its own (a clock, a branch) and is not watched; "
            f"it lies within x {x1}-{x2}, y {y1}-{y2} px."
        )
        self._say(FindingKind.MASKED_AREA, "triage", said, view)

    def _light(self, scene: Scene, view: HeldView) -> SceneLight:
        is_night = all(is_colourless(view.sample[i][1]) for i in spread(len(view.sample), N_LIGHT_PICTURES))
        if is_night:
            said = "The pictures carry no colour (night, infrared or thermal): no colour is named."
            self._say(FindingKind.NIGHT_OR_IR, "health", said, view)
        return SceneLight.of(scene.model.empty_scene_bgr_u8, is_colourless=is_night)

    def _select(self, scene: Scene, background: Background, view: HeldView) -> tuple[Selection, Guarantee | None]:
        """What need not be decoded, and the smallest object that was seen wherever it was tried."""
        quiet: list[NDArray[np.uint8]] = []
        parts = []
        for start, end in view.spans:
            keys = pictures_within(view.keys, ((start, end),))
            looks = []
            for (pts, image), step_s in zip(keys, self._key_steps_s(keys, end), strict=True):
                small = image
                if scene.steadier is not None:
                    at = scene.steadier.locate(gray_of(image))
                    small = warp_to_reference(image, at, scene.model.empty_scene_bgr_u8)
                blobs = scene.model.blobs(scene.model.foreground(small))
                area = blobs[0].area_px / (self._size[0] * self._size[1]) if blobs else 0.0
                # Why: of a covered lens or a frozen picture nobody can say that nothing happened.
                is_active = bool(blobs) or bool(pictures_within([(pts, image)], view.unusable))
                looks.append(KeyLook(pts_ticks=pts, largest_change_unit=area, is_active=is_active, step_s=step_s))
                quiet += [] if is_active else [small]
            parts.append(
                select_spans(
                    looks,
                    start_pts_ticks=start,
                    end_pts_ticks=end,
                    pts_ticks=self._packets.pts_ticks,
                    margin_gops=self._config.margin_gops,
                )
            )
        selection = Selection(
            active=tuple(span for part in parts for span in part.active),
            skipped=tuple(span for part in parts for span in part.skipped),
            skipped_groups=tuple(group for part in parts for group in part.skipped_groups),
        )
        if not selection.skipped:
            return selection, None
        trial = self._fresh_model(background)
        guarantee = smallest_object(
            quiet[len(quiet) // 2 :][:1],
            lambda picture: trial.blobs(trial.foreground(picture)),
            scale=self._size[0] / self._source_size[0],
            unwatched=self._unwatched,
        )
        return selection, guarantee

    def _add_guarantee(self, selection: Selection, guarantee: Guarantee | None, view: HeldView) -> None:
        """What triage can vouch for, over all views: the worst of them, and nothing where one of them cannot."""
        starts = {group.first_pts_ticks for group in selection.skipped_groups}
        # Why: span by span, for what lies between two spans of a view is no group of its.
        steps = (
            (before, after)
            for span in view.spans
            for before, after in pairwise([*(pts for pts, _ in pictures_within(view.keys, (span,))), span[1]])
        )
        longest = max((after - before for before, after in steps if before in starts), default=0)
        self._guarantees += [guarantee] if selection.skipped else []
        known = [item for item in self._guarantees if item is not None]
        is_known = bool(known) and len(known) == len(self._guarantees)
        self._stats = replace(
            self._stats,
            n_groups_skipped=self._stats.n_groups_skipped + len(selection.skipped_groups),
            longest_look_ticks=max(self._stats.longest_look_ticks, longest),
            smallest_width_px=max(item.width_px for item in known) if is_known else 0,
            smallest_height_px=max(item.height_px for item in known) if is_known else 0,
            smallest_contrast_levels=max(item.contrast_levels for item in known) if is_known else 0,
        )

    def _audit(
        self, selection: Selection, view: HeldView, scene: Scene, light: SceneLight
    ) -> tuple[Selection, tuple[AuditedGroup, ...]]:
        """Decode a few skipped groups all the same; where an object is found, its whole span is decoded after all."""
        seed_text = f"{self._recording.sha256}|{view.spans[0][0]}"
        audited = []
        for group in draw_groups(selection.skipped_groups, share_unit=self._config.audit_unit, seed_text=seed_text):
            result = self._perceive(scene, group.first_pts_ticks, group.end_pts_ticks)
            n_moved = sum(sketch.has_moved for sketch in result.sketches)
            n_named = sum(track.class_name != "other" for track in self._describe(result, light))
            # Why: a second or two may be too short to name what passes; what left its place was there all the same.
            n_objects = max(n_named, n_moved)
            audited.append(
                AuditedGroup(
                    first_pts_ticks=group.first_pts_ticks,
                    end_pts_ticks=group.end_pts_ticks,
                    n_frames=result.n_decoded,
                    score=group.score,
                    n_objects=n_objects,
                    n_unnamed=len(result.sketches) - n_objects,
                )
            )
        return selection.opened([group for group in audited if group.n_objects]), tuple(audited)

    def _perceive(self, scene: Scene, start: int, end: int) -> SpanResult:
        perception = SpanPerception(
            scene,
            detector=self._models.detector,
            finder=self._models.walkers,
            time_base=self._facts.time_base,
            step_s=float(self._facts.median_step_ticks * self._facts.time_base),
        )
        return perception.run(self._numbered(start, end))

    def _numbered(self, start: int, end: int) -> Iterator[NumberedPicture]:
        if not self._has_times:
            # Why: such a stream cannot be sought; its frames are counted from the first one.
            for number, picture in enumerate(self._reader.pictures()):
                if number >= end:
                    return
                if number >= start and self._has_size(picture):
                    yield NumberedPicture(frame_index=number, pts_ticks=number, picture=picture)
            return
        last_pts: int | None = None
        for picture in self._reader.pictures(start, end):
            pts = picture.pts_ticks
            # Why: a clock set back would make two pictures share a place; the later one keeps its pixels unseen.
            if pts is None or (last_pts is not None and pts <= last_pts):
                self._n_time_repeats += 1
                continue
            last_pts = pts
            if self._has_size(picture):
                index = int(np.searchsorted(self._packets.pts_ticks, pts))
                yield NumberedPicture(frame_index=index, pts_ticks=pts, picture=picture)

    def _has_size(self, picture: Picture) -> bool:
        """False for a picture of another size than its segment: its boxes would be measured in other pixels."""
        is_usual = picture.size_wh_px == self._source_size
        self._n_other_size += not is_usual
        return is_usual

    def _describe(self, result: SpanResult, light: SceneLight) -> list[Track]:
        frames = DecodedFrames(
            frame_index=np.array(result.decoded_index, np.int32), pts_ticks=np.array(result.decoded_pts_ticks, np.int64)
        )
        tracks = [
            describe(sketch, recording=self._recording, frames=frames, models=self._models, scene=light)
            for sketch in sorted(result.sketches, key=_by_first_sighting)
        ]
        return absorb_riders(tracks)

    def _segment(self) -> Segment:
        results = self._results
        stats = replace(
            self._stats,
            n_decoded=sum(result.n_decoded for result in results),
            n_analysed=sum(result.n_analysed for result in results),
            n_detector_calls=sum(result.n_detector_calls for result in results),
            n_noise=sum(result.n_noise for result in results),
            n_corrupt=sum(result.n_corrupt for result in results),
            n_audit_frames=sum(group.n_frames for group in self._audited),
        )
        n_accounted = sum(span.n_frames for span in self._skipped) + self._n_between
        # Why: what completes a segment says nothing twice that the segment says already.
        findings = [] if self._plan.completes_sha256 else self._findings
        return Segment(
            recording_id=self._recording.recording_id,
            number=self._plan.number,
            start_pts_ticks=self._plan.start_pts_ticks,
            end_pts_ticks=self._plan.end_pts_ticks,
            profile=self._config.profile,
            config_sha256=self._config.digest(self._models),
            model_ids=(*self._models.ids, COLOUR_MODEL),
            tracks=with_own_ids(self._tracks),
            skipped=tuple(sorted(self._skipped, key=lambda span: span.first_pts_ticks)),
            findings=(*dict.fromkeys(findings), *missing_findings(self._plan, stats, n_accounted)),
            stats=stats,
            audited=tuple(sorted(self._audited, key=lambda group: group.first_pts_ticks)),
            completes_sha256=self._plan.completes_sha256,
        )


def _by_first_sighting(sketch: Sketch) -> tuple[int, tuple[float, float, float, float], bool]:
    return sketch.first.pts_ticks, sketch.first.box_xyxy_px, sketch.from_detector
