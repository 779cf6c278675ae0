# SPDX-License-Identifier: Apache-2.0
"""Films of real or made clips: figures of the report, render speed, clicks and tags.

A clip is indexed once with the product's own models. With ``--hour`` it is looped into an hour without re-encoding and
its tracks are repeated; with ``--sparse SHARE`` it is followed by stillness so that the wanted share of an hour is
active. With ``--truth`` the clip is a recording made by ``python -m samples`` and its ground truth gives the tracks.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.media import iter_frames
from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import ProbeResult, probe
from indexer.records import Recording, RecordingId, Track, TrackId
from indexer.ticks import ClockRecord
from models.modelset import load_model_set
from review.film import FilmWriter
from review.film_draft import ffmpeg_program
from review.synopsis import LayoutOptions, SynopsisMap, SynopsisOptions, make_synopsis
from review.synopsis.crew import prepare
from review.synopsis.lettering import time_text
from review.synopsis.metrics import figures_of
from review.synopsis.plan import plan_synopsis
from samples.truth import read_truth

__all__ = ["FilmFacts", "judge_film", "print_films", "print_head", "recording_of", "true_material", "true_track"]

HOUR_S = 3600
START = datetime(2026, 3, 2, 20, tzinfo=UTC)
COLUMNS = (
    "footage",
    "length of it",
    "active",
    "tracks",
    "film",
    "condensation",
    "bound (density)",
    "film/bound",
    "objects at once",
    *("CR", "OR", "CA", "CA_new", "H50_new", "CDR", "AR", "TR", "IP", "TE"),
    "clicks right",
    "tags right",
    "tags without place",
    "layout s",
    "render s (x playing)",
    "cpu s",
    "MiB: program + largest painter + largest encoder",
)
PLAN_COLUMNS = (*COLUMNS[:15], "IP", "stood still", "layout s")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """What making a film took: seconds of footage, film, wall and processors, and MiB of the largest painter."""

    name: str
    footage_s: float
    film_s: float
    render_s: float
    processor_s: float
    painter_mib: float


def print_films(arguments: Sequence[str]) -> None:
    """Make and judge the films that the arguments ask for."""
    parser = argparse.ArgumentParser(prog="benchmarks.synopsis film")
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--hour", action="store_true")
    parser.add_argument("--sparse", type=float)
    parser.add_argument("--truth", action="store_true")
    parser.add_argument("--density", type=float)
    parser.add_argument("--length", type=float)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--plan", action="store_true", help="figures of the layout alone, nothing is rendered")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    layout = LayoutOptions(
        density=chosen.density, length_s=None if chosen.length is None else Fraction(str(chosen.length))
    )
    print_head(PLAN_COLUMNS if chosen.plan else COLUMNS)
    with tempfile.TemporaryDirectory() as work:
        for clip in chosen.clips:
            folder = Path(work) / clip.stem
            folder.mkdir()
            recording, tracks, interactions = _material(clip, folder, chosen)
            if not tracks:
                print(f"{clip.stem}: nothing to show", file=sys.stderr, flush=True)
            elif chosen.plan:
                _judge_plan(clip.stem, recording, tracks, layout)
            else:
                judge_film(clip.stem, (recording,), tracks, interactions, (chosen.keep or folder), layout)


def _material(
    clip: Path, folder: Path, chosen: argparse.Namespace
) -> tuple[Recording, tuple[Track, ...], list[tuple[TrackId, TrackId]]]:
    if chosen.truth:
        return true_material(clip)
    if chosen.sparse is not None:
        clip = _with_stillness(clip, folder, chosen.sparse)
        recording, found = recording_of(clip)
        return recording, _indexed(recording, found), []
    recording, found = recording_of(clip)
    tracks = _indexed(recording, found)
    if not tracks:
        return recording, (), []
    return (*_looped(recording, found, tracks, folder), []) if chosen.hour else (recording, tracks, [])


def recording_of(path: Path, camera: str = "C1", start: datetime = START) -> tuple[Recording, ProbeResult]:
    """Probe a file as a recording of a camera."""
    found = probe(str(path))
    clock = ClockRecord(displayed_start=start, how_read="typed")
    return found.recording(str(path.resolve()), camera=camera, piece="1", clock=clock), found


def _indexed(recording: Recording, found: ProbeResult) -> tuple[Track, ...]:
    config, models = IndexConfig.of_profile("standard"), load_model_set("standard")
    tracks: list[Track] = []
    for plan in plan_segments(recording, found.packets, config):
        tracks += index_segment(recording, found.packets, plan, config, models).tracks
    return tuple(track for track in tracks if track.class_name != "other")


def _looped(
    recording: Recording, found: ProbeResult, tracks: Sequence[Track], folder: Path
) -> tuple[Recording, tuple[Track, ...]]:
    n_loops = int(HOUR_S / recording.facts.duration_s)
    hour = folder / "hour.mp4"
    subprocess.run(
        [
            ffmpeg_program(),
            "-loglevel",
            "error",
            "-stream_loop",
            str(n_loops - 1),
            "-i",
            recording.path,
            "-c",
            "copy",
            "-an",
            str(hour),
        ],
        check=True,
    )
    looped, probed = recording_of(hour)
    n_frames = len(found.packets.pts_ticks)
    pts = probed.packets.pts_ticks
    repeated: list[Track] = []
    for k in range(len(pts) // n_frames):
        for number, track in enumerate(tracks):
            index = track.frame_index + k * n_frames
            repeated.append(
                replace(
                    track,
                    track_id=TrackId(f"t-{k:06x}{number:06x}"),
                    recording_id=looped.recording_id,
                    frame_index=index,
                    pts_ticks=pts[index],
                    best_pts_ticks=int(pts[index[len(index) // 2]]),
                )
            )
    return looped, tuple(repeated)


def _with_stillness(clip: Path, folder: Path, share: float) -> Path:
    """An hour in which the clip plays as often as gives the wanted share, with its first empty frame between."""
    recording, found = recording_of(clip)
    tracks = _indexed(recording, found)
    seen = np.zeros(found.facts.n_packets, bool)
    for track in tracks:
        seen[track.frame_index] = True
    n_hour = round(HOUR_S / (found.facts.median_step_ticks * found.facts.time_base))
    n_plays = max(1, round(share * n_hour / max(1, int(seen.sum()))))
    images = [frame.image_u8 for frame in iter_frames(str(clip))]
    still = images[int(np.flatnonzero(~seen)[0])] if not seen.all() else images[0]
    path = folder / "sparse.mp4"
    rate = 1 / (found.facts.median_step_ticks * found.facts.time_base)
    with FilmWriter(path, size_wh_px=found.facts.size_wh_px, rate=rate) as film:
        for frame in range(n_hour):
            at = frame % (n_hour // n_plays)
            film.write(images[at] if at < len(images) else still)
        film.finish(comment="sparse hour")
    return path


def true_material(clip: Path) -> tuple[Recording, tuple[Track, ...], list[tuple[TrackId, TrackId]]]:
    """A made recording, its true tracks and the pairs that meet."""
    truth = next(item for item in read_truth(clip.parent / "truth.json").files if item.file == clip.name)
    recording, _ = recording_of(clip, truth.camera)
    tracks: list[Track] = []
    names: dict[tuple[str, int], TrackId] = {}
    for item in truth.objects:
        for number, seen in enumerate(item.passes):
            rows = item.boxes[(item.boxes[:, 0] >= seen.first_frame) & (item.boxes[:, 0] <= seen.last_frame)]
            names[item.object_id, number] = TrackId(f"t-{len(tracks):012x}")
            tracks.append(true_track(recording, truth.pts_ticks, item.class_name, rows, names[item.object_id, number]))
    pairs: list[tuple[TrackId, TrackId]] = []
    for meeting in truth.interactions:
        parties = [
            name
            for (object_id, number), name in names.items()
            if object_id in meeting.object_ids and _meets(truth.objects, object_id, number, meeting.first_frame)
        ]
        pairs += [(a, b) for a in parties for b in parties if a < b]
    return recording, tuple(tracks), pairs


def _meets(objects: Sequence[object], object_id: str, number: int, frame: int) -> bool:
    item = next(o for o in objects if o.object_id == object_id)  # type: ignore[attr-defined]
    seen = item.passes[number]  # type: ignore[attr-defined]
    return bool(seen.first_frame <= frame <= seen.last_frame)


def true_track(
    recording: Recording, pts: NDArray[np.int64], class_name: str, rows: NDArray[np.int32], name: TrackId
) -> Track:
    """A track of true boxes: rows of frame, x0, y0, x1, y1; frames between rows are filled in."""
    frames = np.arange(rows[0, 0], rows[-1, 0] + 1)
    boxes = np.stack([np.interp(frames, rows[:, 0], rows[:, c]) for c in range(1, 5)], axis=1)
    return Track(
        track_id=name,
        recording_id=recording.recording_id,
        camera=recording.camera,
        class_name=class_name,
        class_score=1.0,
        class_model="truth@1",
        frame_index=frames,
        pts_ticks=pts[frames],
        boxes_xyxy_px=boxes,
        scores=np.ones(len(frames)),
        best_pts_ticks=int(pts[frames[len(frames) // 2]]),
    )


def print_head(columns: Sequence[str] = ()) -> None:
    """The head of the table that :func:`judge_film` adds rows to."""
    names = columns or COLUMNS
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))


def _judge_plan(name: str, recording: Recording, tracks: tuple[Track, ...], layout: LayoutOptions) -> None:
    """Lay out a film without rendering it, and print a row."""
    plan = plan_synopsis(tracks, {recording.recording_id: recording}, SynopsisOptions(layout=layout))
    panel, frames = plan.panels[0], plan.frames[0]
    figures = figures_of(
        frames,
        panel.layout.start_frame,
        n_film_frames=panel.layout.n_frames,
        n_footage_frames=round(plan.footage_s * float(plan.rate)),
        ties=plan.ties[0],
    )
    active = np.zeros(recording.facts.n_packets, bool)
    for track in tracks:
        active[track.frame_index] = True
    cells = (
        name,
        f"{plan.footage_s:.0f} s",
        f"{active.mean():.1%}",
        str(plan.n_tracks),
        f"{plan.length_s:.1f} s",
        f"{plan.footage_s / plan.length_s:.1f}",
        f"{plan.bound_s:.1f} s ({panel.layout.density:g})",
        f"{panel.layout.ratio_to_bound:.3f}",
        f"{figures.density_mean:.1f}",
        *(f"{getattr(figures, key):.4f}" for key in ("cr", "overlap_area", "ca", "ca_new", "h50_new", "cdr")),
        f"{figures.ip:.3f}",
        f"{sum(span.duration_s for span in plan.still):.0f} s",
        f"{plan.layout_s:.2f}",
    )
    print("| " + " | ".join(cells) + " |", flush=True)
    for note in plan.notes:
        print(f"{name}: {note}", file=sys.stderr, flush=True)


def judge_film(
    name: str,
    recordings: Sequence[Recording],
    tracks: Sequence[Track],
    interactions: Sequence[tuple[TrackId, TrackId]],
    folder: Path,
    layout: LayoutOptions,
) -> FilmFacts:
    """Make a film, judge it and its map, and print a row."""
    by_id = {recording.recording_id: recording for recording in recordings}
    out = folder / f"{name}-synopsis.mp4"
    # Why: the command and the window have it ready by the time that the case is open and the film agreed on.
    prepare()
    plan_synopsis(tracks, by_id, SynopsisOptions(layout=layout))
    cpu = _cpu_s()
    report = make_synopsis(tracks, by_id, out, SynopsisOptions(layout=layout))
    cpu = _cpu_s() - cpu
    side_map = SynopsisMap(report.map_path, expected_sha256=report.map_sha256)
    figures = report.document()
    n_active, n_packets = 0, 0
    for recording in recordings:
        active = np.zeros(recording.facts.n_packets, bool)
        for track in tracks:
            if track.recording_id == recording.recording_id:
                active[track.frame_index] = True
        n_active, n_packets = n_active + int(active.sum()), n_packets + len(active)
    n_frames = round(report.length_s * Fraction(report.frame_rate))
    clicks, tags = _clicks(side_map, by_id, tracks, n_frames)
    cells = (
        name,
        f"{report.footage_s:.0f} s",
        f"{n_active / n_packets:.1%}",
        str(report.tracks_total),
        f"{report.length_s:.1f} s",
        str(figures["condensation"]),
        f"{report.lower_bound_s:.1f} s ({report.cameras[0].density:g})",
        f"{report.ratio_to_bound:.3f}",
        f"{report.cameras[0].figures.density_mean:.1f}",
        *(f"{figures[key]:.4f}" for key in ("CR", "OR", "CA", "CA_new", "H50_new", "CDR", "AR", "TR")),
        f"{figures['IP']:.3f}{_kept(side_map, interactions, tracks, n_frames)}",
        str(figures["TE"]),
        clicks,
        tags,
        f"{report.tags_without_place} of {report.tags_due}",
        f"{report.layout_s:.2f}",
        f"{report.render_s:.1f} ({report.length_s / report.render_s:.1f}x)",
        f"{cpu + report.painters_processor_s:.1f}",
        " + ".join(
            f"{part or 0:.0f}"
            for part in (report.peak_memory_mib, report.painter_peak_memory_mib, report.encoder_peak_memory_mib)
        ),
    )
    print("| " + " | ".join(cells) + " |", flush=True)
    for note in report.notes:
        print(f"{name}: {note}", file=sys.stderr, flush=True)
    return FilmFacts(
        name=name,
        footage_s=report.footage_s,
        film_s=report.length_s,
        render_s=report.render_s,
        processor_s=cpu + report.painters_processor_s,
        painter_mib=report.painter_peak_memory_mib or 0.0,
    )


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _clicks(
    side_map: SynopsisMap, recordings: Mapping[RecordingId, Recording], tracks: Sequence[Track], n_frames: int
) -> tuple[str, str]:
    """1,000 random clicks on objects; right when the native frame and box of the track are those of the map."""
    by_id = {track.track_id: track for track in tracks}
    chance = np.random.default_rng(0)
    right = tags = asked = 0
    while asked < 1000:
        number = int(chance.integers(n_frames))
        rows = side_map.objects_of(number)
        if not rows:
            continue
        asked += 1
        target = rows[int(chance.integers(len(rows)))]
        x0, y0, x1, y1 = target.box_xyxy_px
        found = side_map.object_at(number, chance.uniform(x0, x1 - 0.01), chance.uniform(y0, y1 - 0.01))
        if found is None or found.track_id not in by_id:
            continue
        track = by_id[found.track_id]
        at = int(np.searchsorted(track.pts_ticks, found.pts_ticks))
        is_native = at < len(track.pts_ticks) and int(track.pts_ticks[at]) == found.pts_ticks
        right += is_native and (found == target or found in rows[rows.index(target) + 1 :])
        tags += found.tag in {"", time_text(recordings[found.recording_id], found.pts_ticks)}
    return f"{right}/1000", f"{tags}/1000"


def _kept(
    side_map: SynopsisMap, pairs: Sequence[tuple[TrackId, TrackId]], tracks: Sequence[Track], n_frames: int
) -> str:
    """Of the meetings of the ground truth, how many show both parties of every instant that they share in one frame."""
    if not pairs:
        return ""
    broken = {pair: False for pair in pairs}
    met = {pair: False for pair in pairs}
    seen = {track.track_id: set(track.pts_ticks.tolist()) for track in tracks}
    for number in range(n_frames):
        instants: dict[TrackId, set[int]] = {}
        for row in side_map.objects_of(number):
            instants.setdefault(row.track_id, set()).add(row.pts_ticks)
        for one, other in pairs:
            here, there = instants.get(one, set()), instants.get(other, set())
            met[one, other] |= bool(here & there)
            broken[one, other] |= bool((here & seen[other]) ^ (there & seen[one]))
    kept = sum(met[pair] and not broken[pair] for pair in pairs)
    return f" ({kept} of {len(pairs)} true meetings)"
