# SPDX-License-Identifier: Apache-2.0
"""Runs the indexer over a case: plans, shares out, commits segment by segment, reports with an estimate.

Workers get plain values, open the original themselves, in the sandbox, and send packed bytes back; only this process
writes.
A segment that is stored with the same configuration is never made again, so a killed run goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from indexer.audit import TriageAudit, audit_finding, audit_of
from indexer.completion import read_segments, rest_plan
from indexer.findings import Finding
from indexer.index import content_digest, void_segments
from indexer.media import Decoder
from indexer.pipeline import IndexConfig, SegmentPlan, plan_segments
from indexer.probe import PacketTable
from indexer.records import Recording, RecordingId, SkippedSpan
from indexer.segments import Segment, read_header, segment_name, unpack
from indexer.ticks import utc_of
from models.errors import RelectureError, UnreadableInput, UsageProblem
from models.modelset import ModelSet, Profile, load_model_set
from review.conformity import ConformityNote, conformity_of
from review.decoding import SegmentWork
from review.engines import Engine, LocalEngine
from review.processors import usable_processors
from review.recordings import CaseRecording, finding_document, packets_of, read_recordings
from review.session import CaseSession
from review.zones import standing_zones, zones_of

__all__ = ["IndexProgress", "IndexReport", "RecordingReport", "run_index"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProgress:
    """How far a run is: seconds of footage done and in all, wall seconds left by the pace so far (None at first)."""

    done_s: float
    total_s: float
    left_s: float | None
    recording: str
    n_tracks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReport:
    """What indexing one recording took and gave; ``skipped`` lists the spans with the score each was skipped on."""

    recording_id: str
    file: str
    camera: str
    footage_s: float
    frames: int
    frames_decoded: int
    frames_analysed: int
    keyframes_looked_at: int
    detector_calls: int
    spans_skipped: int
    skipped_s: float
    tracks: int
    noise_dropped: int
    wall_s: float
    cpu_s: float
    peak_memory_mib: float
    findings: tuple[Finding, ...]
    skipped: tuple[SkippedSpan, ...]
    audit: TriageAudit
    conformity: ConformityNote
    problem: str = ""

    def document(self) -> dict[str, object]:
        """As ``index --json`` prints it."""
        values: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        values["findings"] = [finding_document(item) for item in self.findings]
        values["skipped"] = [asdict(span) for span in self.skipped]
        values["audit"] = self.audit.document()
        values["conformity"] = self.conformity.document()
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What a run gave.

    ``content_sha256`` is equal for equal indexes, on any machine with the same decoder; ``decoders`` are those that the
    segments were read with. ``sandbox`` says what held around the processes that decoded; it is empty when none had to
    be started.
    """

    profile: str
    engine: str
    jobs: int
    decoders: tuple[str, ...]
    sandbox: str
    models: tuple[str, ...]
    config_sha256: str
    content_sha256: str
    n_segments: int
    n_segments_made: int
    wall_s: float
    recordings: tuple[RecordingReport, ...]

    @property
    def n_findings(self) -> int:
        """Findings over all recordings, and recordings that could not be indexed."""
        return sum(len(item.findings) + bool(item.problem) for item in self.recordings)

    def document(self) -> dict[str, object]:
        """As ``index --json`` prints it."""
        values: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        values["format"] = "relecture-index-report-1"
        values["recordings"] = [item.document() for item in self.recordings]
        return values


def run_index(
    session: CaseSession,
    *,
    profile: Profile = "standard",
    jobs: int | None = None,
    engine: Engine | None = None,
    decoder: Decoder = "one-thread",
    first: datetime | None = None,
    skipped_only: bool = False,
    progress: Callable[[IndexProgress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> IndexReport:
    """Index every recording of the case that is not indexed yet with this profile and these models.

    Args:
        session: Opened for writing.
        profile: ``fast``, ``standard`` or ``exhaustive``.
        jobs: Worker processes; None for one a core.
        engine: Who makes the segments; None for decoding children of this machine.
        decoder: ``one-thread`` on the processor, or ``nvdec`` of a graphics card; part of the configuration.
        first: Corrected time around which to begin; what lies nearest is made first. The index is the same.
        skipped_only: Make nothing but what the stored segments of this profile skipped.
        progress: Told after each segment.
        should_stop: Asked between segments; what is committed stays.

    Raises:
        UnreadableInput: There is no recording, or the only one has gone.
        UsageProblem: What was skipped is asked for before all is indexed with this profile.
        StoreProblem: The case folder cannot be written.
    """
    started = time.perf_counter()
    config = replace(IndexConfig.of_profile(profile), decoder=decoder)
    models = load_model_set(profile)
    items = read_recordings(session)
    if not items:
        raise UnreadableInput("The case holds no recording.", hint="Import some first: relecture import CASE PATH…")
    zones = standing_zones(session)
    configs = {
        item.recording.recording_id: replace(config, ignored_px=zones_of(zones, item.recording)) for item in items
    }
    engine = engine or LocalEngine(max(1, jobs or usable_processors()))
    config_sha256 = ", ".join(sorted({each.digest(models) for each in configs.values()}))
    detail: dict[str, Any] = {"profile": profile, "config_sha256": config_sha256, "models": list(models.ids)}
    if decoder != "one-thread":
        detail["decoder"] = decoder
    if zones:
        detail["zones"] = [zone.number for zone in zones]
    if skipped_only:
        detail["skipped_only"] = True
    with session.act("index.run", detail=detail) as act:
        run = _Run(session, items, configs, models, progress, should_stop)
        problems = run.go(engine, first=first, skipped_only=skipped_only)
        report = run.report(engine=engine, problems=problems, wall_s=time.perf_counter() - started)
        act.result = {"content_sha256": report.content_sha256, "n_segments": report.n_segments}
    if problems and len(items) == 1:
        raise next(iter(problems.values()))
    return report


class _Run:
    def __init__(
        self,
        session: CaseSession,
        items: Sequence[CaseRecording],
        configs: Mapping[RecordingId, IndexConfig],
        models: ModelSet,
        progress: Callable[[IndexProgress], None] | None,
        should_stop: Callable[[], bool],
    ) -> None:
        self._session = session
        self._items = items
        self._configs = configs
        self._models = models
        self._config_sha256 = {config: config.digest(models) for config in configs.values()}
        self._progress = progress
        self._should_stop = should_stop
        self._packets = {
            item.recording.recording_id: packets_of(session, item.recording.recording_id) for item in items
        }
        self._n_made = 0
        self._n_tracks = 0

    def go(
        self, engine: Engine, *, first: datetime | None = None, skipped_only: bool = False
    ) -> dict[str, RelectureError]:
        """Make what is missing; returns the problems by recording."""
        planned = {item.recording.recording_id: self._works_of(item) for item in self._items}
        for recording_id, of_recording in planned.items():
            # Why: after a change of scope fewer segments may be wanted; those beyond would be counted twice.
            void_segments(self._session.store, recording_id, from_number=len(of_recording))
        wanted = [work for of_recording in planned.values() for work in of_recording]
        works = self._rests(wanted) if skipped_only else [work for work in wanted if not self._is_stored(work)]
        if first is not None:
            works.sort(key=lambda work: _distance_s(work, first))
        total_s = sum(_footage_s(work) for work in works)
        done_s, started = 0.0, time.perf_counter()
        problems: dict[str, RelectureError] = {}
        outcomes = engine.outcomes(works, profile=self._models.profile, should_stop=self._should_stop)
        with closing(outcomes):
            for work, outcome in outcomes:
                if isinstance(outcome, RelectureError):
                    problems.setdefault(work.recording.recording_id, outcome)
                else:
                    content, n_tracks = outcome
                    self._session.store.write(_name_of(work), content)
                    self._n_made += 1
                    self._n_tracks += n_tracks
                done_s += _footage_s(work)
                self._tell(done_s, total_s, started, work)
        return problems

    def report(self, *, engine: Engine, problems: dict[str, RelectureError], wall_s: float) -> IndexReport:
        segments = []
        recordings = []
        decoders: set[str] = set()
        for item in self._items:
            recording = item.recording
            own = list(read_segments(self._session.store, recording.recording_id, recording.facts))
            segments += own
            decoders |= {segment.decoder or recording.facts.decoder for segment in own}
            stats = [segment.stats for segment in own]
            skipped = [span for segment in own for span in segment.skipped]
            skipped_ticks = sum(span.end_pts_ticks - span.first_pts_ticks for span in skipped)
            problem = problems.get(recording.recording_id)
            audit = audit_of(own, time_base=recording.facts.time_base)
            recordings.append(
                RecordingReport(
                    recording_id=recording.recording_id,
                    file=Path(recording.path).name,
                    camera=recording.camera,
                    footage_s=float(recording.facts.duration_s),
                    frames=sum(item.n_frames for item in stats),
                    frames_decoded=sum(item.n_decoded for item in stats),
                    frames_analysed=sum(item.n_analysed for item in stats),
                    keyframes_looked_at=sum(item.n_keyframes_looked_at for item in stats),
                    detector_calls=sum(item.n_detector_calls for item in stats),
                    spans_skipped=len(skipped),
                    skipped_s=float(skipped_ticks * recording.facts.time_base),
                    tracks=sum(len(segment.tracks) for segment in own),
                    noise_dropped=sum(item.n_noise for item in stats),
                    wall_s=round(sum(item.wall_s for item in stats), 3),
                    cpu_s=round(sum(item.cpu_s for item in stats), 3),
                    peak_memory_mib=max((item.peak_memory_mib for item in stats), default=0.0),
                    findings=_findings_of(recording, own, audit),
                    skipped=tuple(skipped),
                    audit=audit,
                    conformity=conformity_of(recording, self._packets[recording.recording_id]),
                    problem=problem.message if problem else "",
                )
            )
        return IndexReport(
            profile=self._models.profile,
            engine=engine.name,
            jobs=engine.jobs,
            decoders=tuple(sorted(decoders)),
            sandbox=engine.sandbox,
            models=self._models.ids,
            config_sha256=", ".join(sorted(set(self._config_sha256.values()))),
            content_sha256=content_digest(segments),
            n_segments=len(segments),
            n_segments_made=self._n_made,
            wall_s=round(wall_s, 3),
            recordings=tuple(recordings),
        )

    def _works_of(self, item: CaseRecording) -> list[SegmentWork]:
        packets, config = self._packets[item.recording.recording_id], self._configs[item.recording.recording_id]
        plans = []
        for plan in plan_segments(item.recording, packets, config):
            for start, end in item.allowed_ticks():
                first, last = max(start, plan.start_pts_ticks), min(end, plan.end_pts_ticks)
                if first < last:
                    plans.append(_clipped(plan, packets, first, last))
        return [
            SegmentWork(recording=item.recording, packets=packets, plan=replace(plan, number=number), config=config)
            for number, plan in enumerate(plans)
        ]

    def _rests(self, works: Sequence[SegmentWork]) -> list[SegmentWork]:
        """What the stored segments skipped and nobody made up for yet."""
        missing = next((work for work in works if not self._is_stored(work)), None)
        if missing is not None:
            raise UsageProblem(
                f"{Path(missing.recording.path).name} is not wholly indexed with profile {missing.config.profile}.",
                hint=f"Index it first: relecture index CASE --profile {missing.config.profile}",
            )
        rests = []
        for work in works:
            name = _name_of(work)
            content = self._session.store.read(name)
            stored_sha256 = read_header(content, name=name).content_sha256
            plan = rest_plan(work.plan, unpack(content, name=name), content_sha256=stored_sha256)
            rest = replace(work, plan=plan) if plan is not None else None
            if rest is not None and not self._is_stored(rest):
                rests.append(rest)
        return rests

    def _is_stored(self, work: SegmentWork) -> bool:
        name = _name_of(work)
        if not self._session.store.exists(name):
            return False
        header = read_header(self._session.store.read(name), name=name)
        return (
            header.config_sha256 == self._config_sha256[work.config]
            and header.completes_sha256 == work.plan.completes_sha256
            and header.start_pts_ticks == work.plan.start_pts_ticks
            and header.end_pts_ticks == work.plan.end_pts_ticks
        )

    def _tell(self, done_s: float, total_s: float, started: float, work: SegmentWork) -> None:
        if self._progress is None:
            return
        elapsed_s = time.perf_counter() - started
        left_s = elapsed_s / done_s * (total_s - done_s) if done_s > 0 else None
        name = Path(work.recording.path).name
        self._progress(
            IndexProgress(done_s=done_s, total_s=total_s, left_s=left_s, recording=name, n_tracks=self._n_tracks)
        )


def _findings_of(recording: Recording, segments: Sequence[Segment], audit: TriageAudit) -> tuple[Finding, ...]:
    """What the probe, the segments and the audit of triage say of a recording."""
    audited = audit_finding(audit)
    said = [*recording.findings, *(finding for segment in segments for finding in segment.findings)]
    return (*said, audited) if audited else tuple(said)


def _distance_s(work: SegmentWork, moment: datetime) -> float:
    """Seconds from a moment to the nearest instant of a stretch; a recording without known clock comes last."""
    facts, clock = work.recording.facts, work.recording.clock
    start, end = (
        utc_of(pts, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base, clock=clock)
        for pts in (work.plan.start_pts_ticks, work.plan.end_pts_ticks)
    )
    if start is None or end is None:
        return float("inf")
    return max(0.0, (start - moment).total_seconds(), (moment - end).total_seconds())


def _name_of(work: SegmentWork) -> str:
    return segment_name(work.recording.recording_id, work.plan.number, is_rest=bool(work.plan.completes_sha256))


def _footage_s(work: SegmentWork) -> float:
    spans = work.plan.only_ticks or ((work.plan.start_pts_ticks, work.plan.end_pts_ticks),)
    return float(sum(end - start for start, end in spans) * work.recording.facts.time_base)


def _clipped(plan: SegmentPlan, packets: PacketTable, start: int, end: int) -> SegmentPlan:
    first, last = packets.pts_ticks.searchsorted([start, end])
    return replace(plan, start_pts_ticks=start, end_pts_ticks=end, first_frame=int(first), n_frames=int(last - first))
