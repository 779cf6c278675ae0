# SPDX-License-Identifier: Apache-2.0
"""Runs the indexer over a case: plans, shares out, commits segment by segment, reports with an estimate.

Workers get plain values, open the original themselves and send packed bytes back; only this process writes.
A segment that is stored with the same configuration is never made again, so a killed run goes on where it was.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from indexer.audit import TriageAudit, audit_finding, audit_of
from indexer.findings import Finding
from indexer.index import content_digest, void_segments
from indexer.pipeline import IndexConfig, SegmentPlan, index_segment, plan_segments
from indexer.probe import PacketTable
from indexer.records import Recording, SkippedSpan
from indexer.segments import Segment, pack, read_header, segment_name, unpack
from models.errors import RelectureError, StoreProblem, UnreadableInput
from models.modelset import ModelSet, Profile, load_model_set
from review.recordings import CaseRecording, finding_document, packets_of, read_recordings
from review.session import CaseSession

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
    problem: str = ""

    def document(self) -> dict[str, object]:
        """As ``index --json`` prints it."""
        values: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        values["findings"] = [finding_document(item) for item in self.findings]
        values["skipped"] = [asdict(span) for span in self.skipped]
        values["audit"] = self.audit.document()
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What a run gave. ``content_sha256`` is equal for equal indexes, on any machine with the same decoder."""

    profile: str
    engine: str
    jobs: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    item: CaseRecording
    plan: SegmentPlan

    @property
    def footage_s(self) -> float:
        ticks = self.plan.end_pts_ticks - self.plan.start_pts_ticks
        return float(ticks * self.item.recording.facts.time_base)


def run_index(
    session: CaseSession,
    *,
    profile: Profile = "standard",
    jobs: int | None = None,
    progress: Callable[[IndexProgress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> IndexReport:
    """Index every recording of the case that is not indexed yet with this profile and these models.

    Args:
        session: Opened for writing.
        profile: ``fast``, ``standard`` or ``exhaustive``.
        jobs: Worker processes; None for one a core.
        progress: Told after each segment.
        should_stop: Asked between segments; what is committed stays.

    Raises:
        UnreadableInput: There is no recording, or the only one has gone.
        StoreProblem: A worker was killed (memory) twice on the same segment.
    """
    started = time.perf_counter()
    config = IndexConfig.of_profile(profile)
    models = load_model_set(profile)
    items = read_recordings(session)
    if not items:
        raise UnreadableInput("The case holds no recording.", hint="Import some first: relecture import CASE PATH…")
    config_sha256 = config.digest(models)
    jobs = max(1, jobs or os.cpu_count() or 1)
    detail: dict[str, Any] = {"profile": profile, "config_sha256": config_sha256, "models": list(models.ids)}
    with session.act("index.run", detail=detail) as act:
        run = _Run(session, items, config, config_sha256, models, progress, should_stop)
        problems = run.go(jobs)
        report = run.report(jobs=jobs, problems=problems, wall_s=time.perf_counter() - started)
        act.result = {"content_sha256": report.content_sha256, "n_segments": report.n_segments}
    if problems and len(items) == 1:
        raise next(iter(problems.values()))
    return report


class _Run:
    def __init__(
        self,
        session: CaseSession,
        items: Sequence[CaseRecording],
        config: IndexConfig,
        config_sha256: str,
        models: ModelSet,
        progress: Callable[[IndexProgress], None] | None,
        should_stop: Callable[[], bool],
    ) -> None:
        self._session = session
        self._items = items
        self._config = config
        self._config_sha256 = config_sha256
        self._models = models
        self._progress = progress
        self._should_stop = should_stop
        self._packets = {
            item.recording.recording_id: packets_of(session, item.recording.recording_id) for item in items
        }
        self._n_made = 0
        self._n_tracks = 0

    def go(self, jobs: int) -> dict[str, RelectureError]:
        """Make what is missing; returns the problems by recording."""
        planned = {item.recording.recording_id: self._tasks_of(item) for item in self._items}
        for recording_id, of_recording in planned.items():
            # Why: after a change of scope fewer segments may be wanted; those beyond would be counted twice.
            void_segments(self._session.store, recording_id, from_number=len(of_recording))
        tasks = [task for of_recording in planned.values() for task in of_recording if not self._is_stored(task)]
        total_s = sum(task.footage_s for task in tasks)
        done_s, started = 0.0, time.perf_counter()
        problems: dict[str, RelectureError] = {}
        for task, outcome in self._outcomes(tasks, jobs):
            if isinstance(outcome, RelectureError):
                problems.setdefault(task.item.recording.recording_id, outcome)
            else:
                content, n_tracks = outcome
                name = segment_name(task.item.recording.recording_id, task.plan.number)
                self._session.store.write(name, content)
                self._n_made += 1
                self._n_tracks += n_tracks
            done_s += task.footage_s
            self._tell(done_s, total_s, started, task)
        return problems

    def report(self, *, jobs: int, problems: dict[str, RelectureError], wall_s: float) -> IndexReport:
        segments = []
        recordings = []
        for item in self._items:
            recording = item.recording
            names = self._session.store.names(f"segments/{recording.recording_id}/")
            stored = (unpack(self._session.store.read(name), name=name) for name in names)
            own = [segment for segment in stored if not segment.is_void]
            segments += own
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
                    problem=problem.message if problem else "",
                )
            )
        return IndexReport(
            profile=self._config.profile,
            engine="local",
            jobs=jobs,
            models=self._models.ids,
            config_sha256=self._config_sha256,
            content_sha256=content_digest(segments),
            n_segments=len(segments),
            n_segments_made=self._n_made,
            wall_s=round(wall_s, 3),
            recordings=tuple(recordings),
        )

    def _tasks_of(self, item: CaseRecording) -> list[_Task]:
        packets = self._packets[item.recording.recording_id]
        plans = []
        for plan in plan_segments(item.recording, packets, self._config):
            for start, end in item.allowed_ticks():
                first, last = max(start, plan.start_pts_ticks), min(end, plan.end_pts_ticks)
                if first < last:
                    plans.append(_clipped(plan, packets, first, last))
        return [_Task(item=item, plan=replace(plan, number=number)) for number, plan in enumerate(plans)]

    def _is_stored(self, task: _Task) -> bool:
        name = segment_name(task.item.recording.recording_id, task.plan.number)
        if not self._session.store.exists(name):
            return False
        header = read_header(self._session.store.read(name), name=name)
        return (
            header.config_sha256 == self._config_sha256
            and header.start_pts_ticks == task.plan.start_pts_ticks
            and header.end_pts_ticks == task.plan.end_pts_ticks
        )

    def _outcomes(
        self, tasks: Sequence[_Task], jobs: int
    ) -> Iterator[tuple[_Task, tuple[bytes, int] | RelectureError]]:
        if min(jobs, len(tasks)) <= 1:
            for task in tasks:
                if self._should_stop():
                    return
                yield task, _made(task, self._packets[task.item.recording.recording_id], self._config, self._models)
            return
        yield from self._outcomes_of_pool(list(tasks), jobs)

    def _outcomes_of_pool(
        self, waiting: list[_Task], jobs: int
    ) -> Iterator[tuple[_Task, tuple[bytes, int] | RelectureError]]:
        killed_once: set[tuple[str, int]] = set()
        while waiting:
            batch, waiting = waiting, []
            with ProcessPoolExecutor(
                max_workers=min(jobs, len(batch)),
                mp_context=multiprocessing.get_context("spawn"),
                initializer=functools.partial(_open_models, self._models.profile),
            ) as pool:
                running: dict[Future[tuple[bytes, int] | RelectureError], _Task] = {}
                queue = list(batch)
                while queue or running:
                    while queue and len(running) < jobs + 1 and not self._should_stop():
                        task = queue.pop(0)
                        packets = self._packets[task.item.recording.recording_id]
                        running[pool.submit(_made_in_worker, task, packets, self._config)] = task
                    if not running:
                        return
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in sorted(done, key=lambda item: _task_key(running[item])):
                        task = running.pop(future)
                        try:
                            yield task, future.result()
                        except BrokenProcessPool as problem:
                            lost = [task, *running.values(), *queue]
                            for item in [task, *running.values()]:
                                if _task_key(item) in killed_once:
                                    raise StoreProblem(
                                        f"A worker was killed twice on {Path(item.item.recording.path).name}.",
                                        hint="The machine may lack memory: close programs, or run with --jobs 1.",
                                    ) from problem
                                killed_once.add(_task_key(item))
                            waiting = lost
                            running, queue = {}, []
                            break

    def _tell(self, done_s: float, total_s: float, started: float, task: _Task) -> None:
        if self._progress is None:
            return
        elapsed_s = time.perf_counter() - started
        left_s = elapsed_s / done_s * (total_s - done_s) if done_s > 0 else None
        name = Path(task.item.recording.path).name
        self._progress(
            IndexProgress(done_s=done_s, total_s=total_s, left_s=left_s, recording=name, n_tracks=self._n_tracks)
        )


def _findings_of(recording: Recording, segments: Sequence[Segment], audit: TriageAudit) -> tuple[Finding, ...]:
    """What the probe, the segments and the audit of triage say of a recording."""
    audited = audit_finding(audit)
    said = [*recording.findings, *(finding for segment in segments for finding in segment.findings)]
    return (*said, audited) if audited else tuple(said)


def _task_key(task: _Task) -> tuple[str, int]:
    return task.item.recording.recording_id, task.plan.number


def _clipped(plan: SegmentPlan, packets: PacketTable, start: int, end: int) -> SegmentPlan:
    first, last = packets.pts_ticks.searchsorted([start, end])
    return replace(plan, start_pts_ticks=start, end_pts_ticks=end, first_frame=int(first), n_frames=int(last - first))


_models_of_worker: list[ModelSet] = []


def _open_models(profile: Profile) -> None:
    """Load the models once a worker process."""
    _models_of_worker[:] = [load_model_set(profile)]


def _made_in_worker(task: _Task, packets: PacketTable, config: IndexConfig) -> tuple[bytes, int] | RelectureError:
    return _made(task, packets, config, _models_of_worker[0])


def _made(
    task: _Task, packets: PacketTable, config: IndexConfig, models: ModelSet
) -> tuple[bytes, int] | RelectureError:
    """The boundary of one item: trouble with a recording is an outcome, not the end of the run."""
    recording: Recording = task.item.recording
    try:
        _require_unchanged(recording)
        segment = index_segment(recording, packets, task.plan, config, models)
        # Why: a medium that was unplugged meanwhile gives fewer pictures and no error; such a segment is not kept.
        _require_unchanged(recording)
    except RelectureError as problem:
        return problem
    except OSError as problem:
        return UnreadableInput(
            f"{recording.path} cannot be read ({problem.strerror}).",
            hint="Plug the medium in again and run index again; what is committed is kept.",
        )
    return pack(segment)[0], len(segment.tracks)


def _require_unchanged(recording: Recording) -> None:
    if Path(recording.path).stat().st_size != recording.size_bytes:
        raise UnreadableInput(
            f"{recording.path} has changed since it was imported.",
            hint="Restore the original as delivered: its digest is in the case; then run index again.",
        )
