# SPDX-License-Identifier: Apache-2.0
"""Puts together what a finished synopsis reports."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from indexer.records import Recording, RecordingId, Track, TrackId
from review.synopsis._memory import peak_memory_mib
from review.synopsis._ticks import TubeFrames
from review.synopsis.crew import Painted
from review.synopsis.harvest import PanelPlan
from review.synopsis.metrics import figures_of, never_overlap_bound_frames
from review.synopsis.plan import Arrangement, SynopsisOptions, SynopsisPlan
from review.synopsis.readback import ReadBack
from review.synopsis.report import CameraReport, NotShown, SynopsisReport
from review.synopsis.sidemap import SourceDigest

__all__ = ["Tally", "summarise"]


@dataclass(slots=True)
class Tally:
    """What rendering counted.

    Attributes:
        shown: Tracks that stood in at least one film frame.
        n_substituted: Object-frames for which the decoder gave another frame than the one wanted.
        worst_tag_ticks: Largest distance between the PTS of drawn pixels and that of their tag and map row.
        counts: Sums over the parts, by the names of :data:`review.synopsis.studio.COUNTS`.
        held: What the sandboxes held, one word for each kind.
        n_workers: Processes that painted at once.
        processor_s: Processor time of all of them.
        peak_mib: Peak memory of the largest of them.
        encoder_peak_mib: Peak memory of the largest encoder.
    """

    shown: set[TrackId]
    n_substituted: int = 0
    worst_tag_ticks: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    held: set[str] = field(default_factory=set)
    n_workers: int = 1
    processor_s: float = 0.0
    peak_mib: float | None = None
    encoder_peak_mib: float | None = None

    def add(self, painted: Painted) -> None:
        """Count a part in."""
        self.counts.update(painted.counts)
        self.held.add(painted.held)
        self.processor_s += painted.processor_s
        self.peak_mib = _most(self.peak_mib, painted.peak_mib)
        self.encoder_peak_mib = _most(self.encoder_peak_mib, painted.encoder_peak_mib)


def summarise(
    plan: SynopsisPlan,
    options: SynopsisOptions,
    recordings: Mapping[RecordingId, Recording],
    tally: Tally,
    size_wh_px: tuple[int, int],
    *,
    out_path: Path,
    map_path: Path,
    map_sha256: str,
    sources: tuple[SourceDigest, ...],
    tracks: Sequence[Track],
    render_s: float,
    checked: ReadBack,
) -> SynopsisReport:
    """The report of a film that is finished and has its name."""
    cameras = tuple(
        _camera_report(plan, panel, frames, index)
        for index, (panel, frames) in enumerate(zip(plan.panels, plan.frames, strict=True))
    )
    is_sequence = options.arrangement is Arrangement.ONE_AFTER_ANOTHER
    bounds = [camera.lower_bound_s for camera in cameras]
    bound = sum(bounds) if is_sequence else max(bounds)
    missing = sorted({track.track_id for track in tracks} - tally.shown)
    notes = list(plan.notes)
    unmasked = tuple(sorted(options.unmasked & {track.track_id for track in tracks}))
    notes.append(
        "Heads and number plates are coarsened."
        if not unmasked
        else f"Heads or plates of {len(unmasked)} tracks are shown; all others are coarsened."
    )
    if tally.n_substituted:
        notes.append(f"{tally.n_substituted} object-frames could not be decoded and show the frame before.")
    if not checked.is_sound:
        notes.append(
            f"Read back, the film contradicts its map: {checked.worst_ticks} ticks at most, {checked.n_unlike} objects "
            f"unlike their frame, {checked.n_tags_wrong} times wrong. Do not use it; report it."
        )
    return SynopsisReport(
        path=out_path,
        map_path=map_path,
        map_sha256=map_sha256,
        film_sha256=_sha256(out_path),
        sources=sources,
        length_s=plan.length_s,
        footage_s=float(sum(recording.facts.duration_s for recording in recordings.values())),
        frame_rate=str(plan.rate),
        size_wh_px=size_wh_px,
        tracks_total=len({track.track_id for track in tracks}),
        tracks_shown=len(tally.shown),
        not_shown=tuple(NotShown(track_id=key, reason="no frame of it could be decoded") for key in missing),
        lower_bound_s=bound,
        ratio_to_bound=plan.length_s / bound if bound else 1.0,
        cameras=cameras,
        activity_retained=_activity(plan),
        still=plan.still,
        still_s=sum(span.duration_s for span in plan.still),
        cut=plan.cut,
        timestamp_error=max(tally.worst_tag_ticks, checked.worst_ticks),
        checked=checked,
        frames_substituted=tally.n_substituted,
        tags_due=tally.counts["n_tags"],
        tags_without_place=tally.counts["n_tags_without_place"],
        heads_masked=not unmasked,
        unmasked=unmasked,
        layout_s=plan.layout_s,
        render_s=render_s,
        render_fps=plan.n_frames / render_s if render_s else 0.0,
        frames_decoded=tally.counts["n_decoded"],
        sandbox=" / ".join(sorted(tally.held)),
        n_workers=tally.n_workers,
        painters_processor_s=tally.processor_s,
        peak_memory_mib=peak_memory_mib(),
        painter_peak_memory_mib=tally.peak_mib,
        encoder_peak_memory_mib=tally.encoder_peak_mib,
        notes=tuple(notes),
        missed_length=plan.missed_length,
    )


def _most(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _camera_report(plan: SynopsisPlan, panel: PanelPlan, frames: TubeFrames, index: int) -> CameraReport:
    footage_s = sum(recording.facts.duration_s for recording in panel.recordings.values())
    figures = figures_of(
        frames,
        panel.layout.start_frame,
        n_film_frames=panel.layout.n_frames,
        n_footage_frames=round(footage_s * plan.rate),
        ties=plan.ties[index],
    )
    return CameraReport(
        camera=panel.camera,
        n_tracks=len({tube.track_id for tube in panel.tubes}),
        n_tubes=len(panel.tubes),
        n_units=int(panel.layout.unit.max()) + 1,
        length_s=float(panel.layout.n_frames / plan.rate),
        footage_s=float(footage_s),
        density=panel.layout.density,
        is_density_chosen=panel.layout.is_density_chosen,
        lower_bound_s=float(Fraction(panel.layout.bound_frames) / plan.rate),
        ratio_to_bound=panel.layout.ratio_to_bound,
        never_overlap_bound_s=float(never_overlap_bound_frames(frames, panel.layout.unit) / plan.rate),
        figures=figures,
    )


def _activity(plan: SynopsisPlan) -> float:
    """AR: a sample is shown when no later sample of its tube falls on the same film frame."""
    shown, total = 0.0, 0.0
    for frames in plan.frames:
        area = np.prod(frames.boxes_xyxy_px[:, 2:] - frames.boxes_xyxy_px[:, :2], axis=1)
        is_last = np.r_[frames.frame[1:] != frames.frame[:-1], True]
        is_last[frames.first[1:] - 1] = True
        shown += float(area[is_last].sum())
        total += float(area.sum())
    return shown / total if total else 1.0


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as film:
        while chunk := film.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
