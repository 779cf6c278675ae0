# SPDX-License-Identifier: Apache-2.0
"""Makes a synopsis: film, map and report, from tracks and their recordings.

Harvesters decode and cut a few frames ahead in threads of their own; this one paints and feeds the encoder, which is a
process of its own. What waits between them is a handful of frames, so memory does not grow with the film.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from indexer.records import Recording, RecordingId, Track, TrackId
from models.errors import AlreadyThere, StoreProblem
from review.film import FilmWriter
from review.synopsis.backdrop import Allowed
from review.synopsis.harvest import Harvester, PanelFrame
from review.synopsis.paint import FilmPainter
from review.synopsis.plan import (
    Arrangement,
    Cancel,
    Progress,
    SynopsisCancelled,
    SynopsisOptions,
    SynopsisPlan,
    plan_synopsis,
)
from review.synopsis.presence import Presence
from review.synopsis.report import SynopsisReport
from review.synopsis.sidemap import MapObject, MapWriter, SourceDigest
from review.synopsis.still import cut_still
from review.synopsis.summary import Tally, summarise
from review.synopsis.tubes import tubes_of

__all__ = ["FILM_SCHEMA", "make_synopsis", "map_path_of", "publish_map"]

FILM_SCHEMA: Final = "relecture.synopsis-film/1"
NOTICE: Final = "SYNTHÈSE — objets d'instants différents ; aide à la lecture, jamais une preuve"


def map_path_of(film_path: Path) -> Path:
    """Where the map of a film lies: beside it."""
    return film_path.with_suffix(".map.parquet")


def make_synopsis(
    tracks: Sequence[Track],
    recordings: Mapping[RecordingId, Recording],
    out_path: Path,
    options: SynopsisOptions,
    *,
    context: Sequence[Track] = (),
    allowed: Allowed | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> SynopsisReport:
    """Make the film and its map.

    Args:
        tracks: What to show.
        recordings: Every recording that was searched.
        out_path: The film, an ``.mp4`` that does not exist yet; its map goes beside it.
        options: What the officer chose.
        context: Every other known track of these recordings: kept out of backdrops, heads masked.
        allowed: Tick spans that the requisition covers, by recording; None when all of every recording is covered.
        progress: Called with ``layout`` or ``render`` and 0 to 1.
        cancel: Polled between frames; True stops, and nothing is left behind.

    Raises:
        UnknownReference: There is nothing to show.
        AlreadyThere: The film or its map exists.
        StoreProblem: They cannot be written.
        SynopsisCancelled: ``cancel`` said so.
    """
    map_path = map_path_of(out_path)
    if map_path.exists():
        raise AlreadyThere(f"{map_path} exists already.", hint="Choose another name, or move the film and map away.")
    plan = plan_synopsis(tracks, recordings, options, progress=progress, cancel=cancel)
    presence = _presence(tracks, context, recordings, plan)
    sources = _sources(plan, recordings)
    painter = FilmPainter(
        plan.panels,
        is_side_by_side=options.arrangement is Arrangement.SIDE_BY_SIDE,
        n_frames=plan.n_frames,
        rate=plan.rate,
    )
    began = time.perf_counter()
    with (
        FilmWriter(
            out_path,
            size_wh_px=painter.size_wh_px,
            rate=plan.rate,
            sample_aspect=_aspect(plan),
            layout="yuv420p",
        ) as film,
        tempfile.TemporaryDirectory(prefix=".map-", dir=out_path.parent) as folder,
    ):
        draft_path = Path(folder) / "map"
        with MapWriter(draft_path, sources=sources, rate=plan.rate, size_wh_px=painter.size_wh_px) as side_map:
            harvesters = [Harvester(p, presence, unmasked=options.unmasked, allowed=allowed) for p in plan.panels]
            tally = _render(plan, harvesters, painter, film, side_map, progress=progress, cancel=cancel)
            map_sha256 = side_map.finish()
        publish_map(draft_path, map_path)
        try:
            film.finish(comment=_comment(map_path, map_sha256, sources), title=NOTICE)
        except BaseException:
            map_path.unlink(missing_ok=True)
            raise
        tally.encoder_peak_mib = film.encoder_peak_mib
    return summarise(
        plan,
        options,
        recordings,
        tally,
        painter,
        out_path=out_path,
        map_path=map_path,
        map_sha256=map_sha256,
        sources=sources,
        tracks=tracks,
        render_s=time.perf_counter() - began,
    )


def _presence(
    tracks: Sequence[Track],
    context: Sequence[Track],
    recordings: Mapping[RecordingId, Recording],
    plan: SynopsisPlan,
) -> Presence:
    chosen = {track.track_id for track in tracks}
    used = {tube.recording_id for panel in plan.panels for tube in panel.tubes}
    others = [t for t in context if t.track_id not in chosen and t.recording_id in used]
    # Why: what stood still and is not asked for belongs to the scene; a parked car must not be wiped from it.
    scenery, _ = cut_still(tubes_of(others, recordings))
    steps = {key: recordings[key].facts.median_step_ticks for key in used}
    return Presence([*tubes_of(tracks, recordings), *scenery], steps)


def _sources(plan: SynopsisPlan, recordings: Mapping[RecordingId, Recording]) -> tuple[SourceDigest, ...]:
    used = sorted({tube.recording_id for panel in plan.panels for tube in panel.tubes})
    return tuple(
        SourceDigest(
            recording_id=key,
            name=Path(recordings[key].path).name,
            sha256=recordings[key].sha256,
            time_base=recordings[key].facts.time_base,
        )
        for key in used
    )


def _aspect(plan: SynopsisPlan) -> Fraction:
    """Pixel aspect of the film: that of the sources when they agree, square otherwise."""
    found = {panel.recordings[tube.recording_id].facts.sample_aspect for panel in plan.panels for tube in panel.tubes}
    return found.pop() if len(found) == 1 else Fraction(1)


def _comment(map_path: Path, map_sha256: str, sources: Sequence[SourceDigest]) -> str:
    document = {
        "schema": FILM_SCHEMA,
        "notice": NOTICE,
        "map": map_path.name,
        "map_sha256": map_sha256,
        "sources": [{"recording_id": s.recording_id, "sha256": s.sha256} for s in sources],
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True)


def publish_map(draft_path: Path, map_path: Path) -> None:
    """Give a finished map its name.

    Raises:
        StoreProblem: The folder cannot be written.
    """
    try:
        draft_path.replace(map_path)
    except OSError as problem:
        raise StoreProblem(
            f"{map_path} cannot be written: {problem.strerror}.", hint="Choose a folder that you may write to."
        ) from problem


def _panels_at(plan: SynopsisPlan, number: int) -> list[int]:
    """Panels that show something at a film frame; side by side all do, so that a finished one keeps its scene."""
    if all(panel.first_frame == 0 for panel in plan.panels):
        return list(range(len(plan.panels)))
    return [
        k
        for k, panel in enumerate(plan.panels)
        if panel.first_frame <= number < panel.first_frame + panel.layout.n_frames
    ]


def _render(
    plan: SynopsisPlan,
    harvesters: Sequence[Harvester],
    painter: FilmPainter,
    film: FilmWriter,
    side_map: MapWriter,
    *,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Tally:
    tally = Tally(shown=set())
    try:
        for number in range(plan.n_frames):
            if cancel is not None and cancel():
                raise SynopsisCancelled("The synopsis was stopped.", hint="Nothing was written.")
            panels = {k: harvesters[k].frame(number - plan.panels[k].first_frame) for k in _panels_at(plan, number)}
            planes, rows = painter.paint(number, panels)
            film.write(planes)
            side_map.add(rows)
            _count(tally, plan, panels, rows)
            if progress is not None:
                progress("render", (number + 1) / plan.n_frames)
    finally:
        tally.n_decoded = sum(harvester.n_decoded for harvester in harvesters)
        for harvester in harvesters:
            harvester.close()
    return tally


def _count(tally: Tally, plan: SynopsisPlan, panels: Mapping[int, PanelFrame], rows: Sequence[MapObject]) -> None:
    """Note who was shown, and check every row of the map against the pixels that were drawn."""
    mapped: dict[tuple[TrackId, RecordingId], list[int]] = {}
    for row in rows:
        mapped.setdefault((row.track_id, row.recording_id), []).append(row.pts_ticks)
    for index, panel in panels.items():
        for item in panel.standing:
            tube = plan.panels[index].tubes[item.tube]
            tally.shown.add(tube.track_id)
            wanted = int(tube.pts_ticks[int(np.searchsorted(tube.time_us, item.time_us))])
            tally.n_substituted += int(wanted != item.pts_ticks)
            said = mapped[tube.track_id, tube.recording_id]
            tally.worst_tag_ticks = max(tally.worst_tag_ticks, min(abs(pts - item.pts_ticks) for pts in said))
