# SPDX-License-Identifier: Apache-2.0
"""What a synopsis says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from indexer.records import TrackId
from review.synopsis.metrics import Figures
from review.synopsis.readback import ReadBack
from review.synopsis.shorten import CutTrack
from review.synopsis.sidemap import SourceDigest
from review.synopsis.still import StillSpan

__all__ = ["SCHEMA_NAME", "CameraReport", "NotShown", "SynopsisReport"]

SCHEMA_NAME = "relecture.synopsis/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotShown:
    """A track that the film does not show, and why."""

    track_id: TrackId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReport:
    """Figures of one camera; lengths in seconds of film or footage."""

    camera: str
    n_tracks: int
    n_tubes: int
    n_units: int
    length_s: float
    footage_s: float
    density: float
    is_density_chosen: bool
    lower_bound_s: float
    ratio_to_bound: float
    never_overlap_bound_s: float
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class SynopsisReport:
    """Everything that a synopsis reports.

    Attributes:
        path: The film.
        map_path: Its map.
        length_s: Length of the film.
        footage_s: Footage that it stands for (all recordings given).
        frame_rate: Film frames per second.
        tracks_total: Tracks asked for.
        tracks_shown: Tracks that stand in the film.
        not_shown: The rest, each with its reason.
        lower_bound_s: Length that no layout of these objects can go below, at the chosen density.
        activity_retained: AR, shown object-area over all object-area, what stood still left aside.
        still_s: Object-seconds left out because an object stood still and nobody was near.
        cut: Tracks shown in pieces side by side, because they last longer than the film may.
        timestamp_error: TE, largest distance in ticks between the PTS that the map names and that of the native frame
            which the encoded film is most like, over the objects read back, and between that PTS and the time shown.
        checked: What reading the film back gave.
        frames_substituted: Object-frames for which the decoder gave an earlier frame than the one wanted.
        tags_due: Times due over all frames.
        tags_without_place: Those not written because no place was free.
        heads_masked: False when any track was shown unmasked.
        sandbox: What the processes that painted gave up.
        n_workers: How many of them there were at once.
        painters_processor_s: Processor time of all of them.
        peak_memory_mib: Peak memory of the program itself.
        painter_peak_memory_mib: Of the largest process that painted.
        encoder_peak_memory_mib: Of the largest encoder.
        notes: Sentences for a person.
        missed_length: True when a length was wanted that these objects cannot be shown in.
    """

    path: Path
    map_path: Path
    map_sha256: str
    film_sha256: str
    sources: tuple[SourceDigest, ...]
    length_s: float
    footage_s: float
    frame_rate: str
    size_wh_px: tuple[int, int]
    tracks_total: int
    tracks_shown: int
    not_shown: tuple[NotShown, ...]
    lower_bound_s: float
    ratio_to_bound: float
    cameras: tuple[CameraReport, ...]
    activity_retained: float
    still: tuple[StillSpan, ...]
    still_s: float
    cut: tuple[CutTrack, ...]
    timestamp_error: int
    checked: ReadBack
    frames_substituted: int
    tags_due: int
    tags_without_place: int
    heads_masked: bool
    unmasked: tuple[TrackId, ...]
    layout_s: float
    render_s: float
    render_fps: float
    frames_decoded: int
    sandbox: str
    n_workers: int
    painters_processor_s: float
    peak_memory_mib: float | None
    painter_peak_memory_mib: float | None
    encoder_peak_memory_mib: float | None
    notes: tuple[str, ...]
    missed_length: bool = False

    def document(self) -> dict[str, object]:
        """The report as JSON values; short names follow the definitions of the figures."""
        whole = self._whole()
        return {
            "schema": SCHEMA_NAME,
            "film": str(self.path),
            "film_sha256": self.film_sha256,
            "map": str(self.map_path),
            "map_sha256": self.map_sha256,
            "sources": [{"recording_id": s.recording_id, "name": s.name, "sha256": s.sha256} for s in self.sources],
            "length_s": round(self.length_s, 3),
            "footage_s": round(self.footage_s, 3),
            "condensation": round(self.footage_s / self.length_s, 3) if self.length_s else None,
            "frame_rate": self.frame_rate,
            "size_wh_px": list(self.size_wh_px),
            "tracks_total": self.tracks_total,
            "tracks_shown": self.tracks_shown,
            "not_shown": [{"track_id": n.track_id, "reason": n.reason} for n in self.not_shown],
            "density": self.cameras[0].density if len(self.cameras) == 1 else None,
            "lower_bound_s": round(self.lower_bound_s, 3),
            "ratio_to_bound": round(self.ratio_to_bound, 4),
            **whole,
            "AR": round(self.activity_retained, 6),
            "TR": round(self.tracks_shown / self.tracks_total, 6) if self.tracks_total else 1.0,
            "TE": self.timestamp_error,
            "read_back": {
                "confirmed": self.checked.n_confirmed,
                "undecided": self.checked.n_undecided,
                "unlike": self.checked.n_unlike,
                "tags_wrong": self.checked.n_tags_wrong,
            },
            "frames_substituted": self.frames_substituted,
            "still_left_out_s": round(self.still_s, 3),
            "still": [
                {
                    "track_id": s.track_id,
                    "first_pts": s.first_pts_ticks,
                    "last_pts": s.last_pts_ticks,
                    "duration_s": round(s.duration_s, 3),
                }
                for s in self.still
            ],
            "cut": [
                {"track_id": c.track_id, "first_pts_of_pieces": list(c.pts_ticks), "in_a_meeting": c.is_meeting_cut}
                for c in self.cut
            ],
            "tags_due": self.tags_due,
            "tags_without_place": self.tags_without_place,
            "heads_masked": self.heads_masked,
            "unmasked": list(self.unmasked),
            "layout_s": round(self.layout_s, 4),
            "render_s": round(self.render_s, 3),
            "render_fps": round(self.render_fps, 2),
            "frames_decoded": self.frames_decoded,
            "sandbox": self.sandbox,
            "workers": self.n_workers,
            "painters_processor_s": round(self.painters_processor_s, 2),
            "peak_memory_mib": _rounded(self.peak_memory_mib),
            "painter_peak_memory_mib": _rounded(self.painter_peak_memory_mib),
            "encoder_peak_memory_mib": _rounded(self.encoder_peak_memory_mib),
            "cameras": [self._camera(camera) for camera in self.cameras],
            "missed_length": self.missed_length,
            "notes": list(self.notes),
        }

    def _whole(self) -> dict[str, float | None]:
        """Figures over all cameras: weighted by film length for picture shares, worst case for promises."""
        if not self.cameras:
            return {}
        weight = [max(camera.length_s, 1e-9) for camera in self.cameras]
        total = sum(weight)

        def mean(name: str) -> float:
            parts = (getattr(c.figures, name) * w for c, w in zip(self.cameras, weight, strict=True))
            return float(sum(parts)) / total

        return {
            "FR": round(self.length_s / self.footage_s, 6) if self.footage_s else None,
            "CR": round(mean("cr"), 6),
            "OR": round(mean("overlap_area"), 6),
            "CA": round(mean("ca"), 6),
            "CA_new": round(mean("ca_new"), 6),
            "H50": round(mean("h50"), 6),
            "H50_new": round(mean("h50_new"), 6),
            "CDR": round(mean("cdr"), 6),
            "IP": round(min(c.figures.ip for c in self.cameras), 6),
            "density_mean": round(mean("density_mean"), 4),
            "density_p95": round(max(c.figures.density_p95 for c in self.cameras), 4),
        }

    @staticmethod
    def _camera(camera: CameraReport) -> dict[str, object]:
        figures = camera.figures
        return {
            "camera": camera.camera,
            "tracks": camera.n_tracks,
            "tubes": camera.n_tubes,
            "units": camera.n_units,
            "length_s": round(camera.length_s, 3),
            "footage_s": round(camera.footage_s, 3),
            "density": camera.density,
            "density_chosen": camera.is_density_chosen,
            "lower_bound_s": round(camera.lower_bound_s, 3),
            "ratio_to_bound": round(camera.ratio_to_bound, 4),
            "never_overlap_bound_s": round(camera.never_overlap_bound_s, 3),
            "FR": round(figures.fr, 6),
            "CR": round(figures.cr, 6),
            "OR": round(figures.overlap_area, 6),
            "CA": round(figures.ca, 6),
            "CA_new": round(figures.ca_new, 6),
            "H50": round(figures.h50, 6),
            "H50_new": round(figures.h50_new, 6),
            "CDR": round(figures.cdr, 6),
            "IP": round(figures.ip, 6),
            "interactions": figures.n_interactions,
            "density_mean": round(figures.density_mean, 4),
            "density_p95": round(figures.density_p95, 4),
            "density_max": figures.density_max,
        }


def _rounded(mib: float | None) -> float | None:
    return None if mib is None else round(mib, 1)
