# SPDX-License-Identifier: Apache-2.0
"""Makes a synopsis: film, map and report, from tracks and their recordings.

Processes in the sandbox decode and paint, each a part of the film that an encoder of its own takes; this one decodes
nothing. It writes the map from what they say was drawn, and gives film and map their names together.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from indexer.records import Recording, RecordingId, Track
from models.errors import AlreadyThere
from review.film_parts import FilmParts
from review.synopsis.backdrop import Allowed
from review.synopsis.crew import Crew, Painted
from review.synopsis.lettering import time_text
from review.synopsis.paint import NO_TAG, FilmPainter
from review.synopsis.parts import PartPlan, cut_film, part_of
from review.synopsis.plan import (
    Arrangement,
    Cancel,
    Progress,
    SynopsisCancelled,
    SynopsisOptions,
    SynopsisPlan,
    plan_synopsis,
)
from review.synopsis.readback import read_back
from review.synopsis.report import SynopsisReport
from review.synopsis.sidemap import MapObject, MapWriter, SourceDigest, SynopsisMap
from review.synopsis.still import cut_still
from review.synopsis.summary import Tally, summarise
from review.synopsis.tubes import Tube, tubes_of

__all__ = ["FILM_SCHEMA", "make_synopsis", "map_path_of"]

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
    n_workers: int | None = None,
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
        n_workers: Processes that paint at once; the film does not depend on it. None takes one per processor.
        progress: Called with ``layout`` or ``render`` and 0 to 1.
        cancel: Polled between frames; True stops, and nothing is left behind.

    Raises:
        UnknownReference: There is nothing to show.
        AlreadyThere: The film or its map exists.
        StoreProblem: They cannot be written.
        UnreadableInput: The footage makes the decoder crash or hang.
        SynopsisCancelled: ``cancel`` said so.
    """
    map_path = map_path_of(out_path)
    if map_path.exists():
        raise AlreadyThere(f"{map_path} exists already.", hint="Choose another name, or move the film and map away.")
    plan = plan_synopsis(tracks, recordings, options, progress=progress, cancel=cancel)
    known, steps = _known(tracks, context, recordings, plan)
    sources = _sources(plan, recordings)
    size_wh_px = FilmPainter(
        plan.panels,
        is_side_by_side=options.arrangement is Arrangement.SIDE_BY_SIDE,
        n_frames=plan.n_frames,
        rate=plan.rate,
    ).size_wh_px
    spans = cut_film(plan)
    parts = [part_of(plan, span, options, known=known, steps=steps, allowed=allowed) for span in spans]
    began = time.perf_counter()
    with FilmParts(
        out_path, n_parts=len(parts), size_wh_px=size_wh_px, rate=plan.rate, sample_aspect=_aspect(plan)
    ) as film:
        draft_path = film.folder / "map"
        with MapWriter(draft_path, sources=sources, rate=plan.rate, size_wh_px=size_wh_px) as side_map:
            tally = _render(plan, parts, film, side_map, n_workers=n_workers, progress=progress, cancel=cancel)
            map_sha256 = side_map.finish()
        done_path = film.join(comment=_comment(map_path, map_sha256, sources), title=NOTICE)
        render_s = time.perf_counter() - began
        checked = read_back(
            done_path,
            SynopsisMap(draft_path, expected_sha256=map_sha256),
            recordings,
            classes={track.track_id: track.class_name for track in tracks},
            unmasked=options.unmasked,
            allowed=allowed,
        )
        film.publish(done_path, {draft_path: map_path})
    return summarise(
        plan,
        options,
        recordings,
        tally,
        size_wh_px,
        out_path=out_path,
        map_path=map_path,
        map_sha256=map_sha256,
        sources=sources,
        tracks=tracks,
        render_s=render_s,
        checked=checked,
    )


def _known(
    tracks: Sequence[Track],
    context: Sequence[Track],
    recordings: Mapping[RecordingId, Recording],
    plan: SynopsisPlan,
) -> tuple[tuple[Tube, ...], dict[RecordingId, int]]:
    """Everyone who may be in the pictures, as tubes, and the ticks between frames of each recording."""
    chosen = {track.track_id for track in tracks}
    used = {tube.recording_id for panel in plan.panels for tube in panel.tubes}
    others = [t for t in context if t.track_id not in chosen and t.recording_id in used]
    # Why: what stood still and is not asked for belongs to the scene; a parked car must not be wiped from it.
    scenery, _ = cut_still(tubes_of(others, recordings))
    steps = {key: recordings[key].facts.median_step_ticks for key in used}
    return (*tubes_of(tracks, recordings), *scenery), steps


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


def _render(
    plan: SynopsisPlan,
    parts: Sequence[PartPlan],
    film: FilmParts,
    side_map: MapWriter,
    *,
    n_workers: int | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Tally:
    """Have every part painted, and write the map from what was drawn."""
    tally = Tally(shown=set())
    n_painted = [0]

    def heard(n_more: int) -> None:
        if cancel is not None and cancel():
            raise SynopsisCancelled("The synopsis was stopped.", hint="Nothing was written.")
        n_painted[0] += n_more
        if progress is not None and n_more > 0:
            progress("render", n_painted[0] / plan.n_frames)

    with Crew(parts, film, n_workers=n_workers) as crew:
        tally.n_workers = crew.n_workers
        for part, painted in zip(parts, crew.paint(heard), strict=True):
            side_map.add(_objects(plan, part, painted, tally))
            tally.add(painted)
    return tally


def _objects(plan: SynopsisPlan, part: PartPlan, painted: Painted, tally: Tally) -> list[MapObject]:
    """Rows of the map from what was drawn, each checked against the plan."""
    found: list[MapObject] = []
    for frame, number, index, sample, box, pts, said in painted.rows.tolist():
        panel = part.panels[number]
        tube = panel.tubes[index]
        tally.shown.add(tube.track_id)
        tally.n_substituted += int(tube.pts_ticks[sample]) != pts
        is_tagged = said != NO_TAG
        tally.worst_tag_ticks = max(tally.worst_tag_ticks, abs(said - pts) if is_tagged else 0)
        source = tube.boxes_xyxy_px[sample].tolist()
        found.append(
            MapObject(
                frame=frame,
                box_xyxy_px=(box[0], box[1], box[2], box[3]),
                recording_id=tube.recording_id,
                track_id=tube.track_id,
                piece=tube.piece,
                pts_ticks=pts,
                source_box_xyxy_px=(source[0], source[1], source[2], source[3]),
                tag=time_text(panel.recordings[tube.recording_id], said) if is_tagged else "",
            )
        )
    return found
