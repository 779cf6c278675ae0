# SPDX-License-Identifier: Apache-2.0
"""``relecture synopsis``: an hour in half a minute, to look at, never evidence."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.progress import Progress as Bar

from models.errors import UsageProblem
from review.cli._door import open_case
from review.cli._hits import query_of, search_options
from review.cli._run import emit_json, operator_options, progress, say

if TYPE_CHECKING:
    from review.synopsis.door import Material

__all__ = ["command"]

MOST_LINES: Final = 40


@click.command(name="synopsis")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Film to make (.mp4); must not exist.")
@click.option("--purpose", default="", help="Why; it goes into the audit log. Mandatory with --unmask.")
@search_options
@click.option("--density", type=click.FloatRange(min=1, max=60), help="Objects at once; default what the scene holds.")
@click.option(
    "--length", metavar="DURATION", help="Wanted length (60s, 2min); who stays longer is cut, overlap may grow."
)
@click.option(
    "--order",
    type=click.Choice(["balanced", "chronological", "free"]),
    default="balanced",
    show_default=True,
    help="How much the film keeps to source order.",
)
@click.option("--never-overlap", is_flag=True, help="No object ever covers another.")
@click.option(
    "--arrange",
    type=click.Choice(["side", "sequence"]),
    default="side",
    show_default=True,
    help="Cameras side by side, or one after another.",
)
@click.option("--split", metavar="DURATION", help="Cut stays longer than this into pieces, groups at one instant.")
@click.option("--keep-still", is_flag=True, help="Show standing vehicles for as long as they stood.")
@click.option("--unmask", is_flag=True, help="Show heads and plates of validated hits; logged with the purpose.")
@click.option("--fast-forward", type=click.Path(path_type=Path), metavar="FILE", help="Also native frames, spans cut.")
@click.option("--speed", type=click.IntRange(1, 32), default=1, help="Of the fast-forward film: one frame in N.")
@click.option("--layers", type=click.Path(path_type=Path), metavar="DIR", help="Also paths, heat, dwell and hours.")
@click.option("--plan", "only_plan", is_flag=True, help="Only say how long the film would be.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on stdout.")
@operator_options
def command(
    folder: Path,
    out: Path,
    purpose: str,
    density: float | None,
    length: str | None,
    order: str,
    never_overlap: bool,
    arrange: str,
    split: str | None,
    keep_still: bool,
    unmask: bool,
    fast_forward: Path | None,
    speed: int,
    layers: Path | None,
    only_plan: bool,
    as_json: bool,
    operator: str | None,
    **filters: Any,
) -> None:
    """Make a film of the objects that the search options choose (all of them without any), with its map beside it."""
    if density is not None and length is not None:
        raise UsageProblem("--density and --length exclude each other.", hint="Give one of them.")
    if unmask and not purpose.strip():
        raise UsageProblem("--unmask needs --purpose.", hint="Say why heads and plates must be seen.")
    if out.suffix.lower() != ".mp4":
        raise UsageProblem(f"{out} does not end in .mp4.", hint="The film is an MP4; name it so.")
    query = query_of(**filters)
    wanted_length, longest_stay = _seconds(length, "--length"), _seconds(split, "--split")
    # Why: the numeric compiler loads in a second; help and refusals must not wait for it.
    from review.synopsis import Arrangement, LayoutOptions, Order, SynopsisOptions  # noqa: PLC0415
    from review.synopsis.crew import prepare  # noqa: PLC0415
    from review.synopsis.door import case_fast_forward, case_layers, case_synopsis, gather, plan_of  # noqa: PLC0415

    options = SynopsisOptions(
        layout=LayoutOptions(
            density=density, length_s=wanted_length, order=Order(order), is_never_overlapping=never_overlap
        ),
        arrangement=Arrangement(arrange),
        keeps_still=keep_still,
        split_s=longest_stay,
    )
    prepare(is_needed=not only_plan)
    with open_case(folder, operator=operator, writing=False) as session, progress() as bar:
        material = gather(session, query, purpose=purpose.strip() or "synopsis", unmask=unmask)
        plan = plan_of(material, options)
        if only_plan and as_json:
            emit_json(plan.document())
            return
        _tell((*plan.outlook(), *plan.notes, *_not_asked_for(material)))
        if only_plan:
            return
        report = case_synopsis(session, material, out, options, progress=_told(bar))
        document = report.document()
        if fast_forward is not None:
            forward = case_fast_forward(session, material, fast_forward, speed=speed, progress=_told(bar))
            document["fast_forward"] = forward.document()
        if layers is not None:
            document["layers"] = [str(path) for path in case_layers(session, material, layers)]
    if as_json:
        emit_json(document)
    else:
        click.echo(
            f"{report.path}  {report.length_s:.1f} s for {report.footage_s:.0f} s of footage, "
            f"{report.tracks_shown} of {report.tracks_total} objects, sha256 {report.film_sha256}"
        )
        click.echo(f"{report.map_path}  map: every object of every frame to its native frame")
    for note in report.notes[len(plan.notes) :]:
        say(note)
    for missing in report.not_shown:
        say(f"Not shown: {missing.track_id}: {missing.reason}.")
    if report.not_shown or report.missed_length or not report.checked.is_sound:
        sys.exit(1)


def _tell(lines: Sequence[str]) -> None:
    """Say what the film will be before it is made; a long list is cut, and says where the rest is."""
    for line in lines[:MOST_LINES]:
        say(line)
    if len(lines) > MOST_LINES:
        say(f"{len(lines) - MOST_LINES} more lines; --plan --json lists all that is left out.")


def _not_asked_for(material: Material) -> tuple[str, ...]:
    n_others = len(material.context)
    if n_others == 0:
        return ()
    kinds = Counter(track.class_name for track in material.context)
    named = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    return (f"Not among the hits, so not shown: {n_others} other objects of these recordings ({named}).",)


def _told(bar: Bar) -> Any:
    tasks: dict[str, Any] = {}

    def told(stage: str, share: float) -> None:
        if stage not in tasks:
            tasks[stage] = bar.add_task(stage, total=1.0)
        bar.update(tasks[stage], completed=share)

    return told


def _seconds(text: str | None, option: str) -> Fraction | None:
    if text is None:
        return None
    units = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "": 1}
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if match is None or match.group(2) not in units or Fraction(match.group(1)) == 0:
        raise UsageProblem(f"{option}: “{text}” is not a duration.", hint="Write 60s or 2min.")
    return Fraction(match.group(1)) * units[match.group(2)]
