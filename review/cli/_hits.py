# SPDX-License-Identifier: Apache-2.0
"""Search options shared by ``search`` and ``synopsis``, and hits as lines for a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from models.errors import UsageProblem
from review.hits import DIRECTIONS, RANKED, SIZES, SPEEDS, Coverage, Hit, HitAttribute, Query
from review.wording import BAGS, class_names, colour_names, make_names

__all__ = ["corners", "instant", "print_coverage", "print_hit", "query_of", "search_options"]

F = TypeVar("F", bound=Callable[..., Any])
PARIS: Final = ZoneInfo("Europe/Paris")
_UNITS_S: Final = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "": 1.0}


def search_options(command: F) -> F:
    """Add every filter of the command contract."""
    options = (
        click.option("--class", "classes", multiple=True, metavar="NAME", help="person, bicycle, car, vehicle…"),
        click.option("--colour", "colours", multiple=True, metavar="NAME", help="Colour of a vehicle."),
        click.option("--upper", multiple=True, metavar="NAME", help="Colour of the upper garment."),
        click.option("--lower", multiple=True, metavar="NAME", help="Colour of the lower garment."),
        click.option("--make", "makes", multiple=True, metavar="NAME", help="Make on the ranked list of a vehicle."),
        click.option("--bag", "bags", multiple=True, type=click.Choice([*BAGS, "any"]), help="What is carried."),
        click.option("--size", "sizes", multiple=True, type=click.Choice(SIZES), help="Height in the picture."),
        click.option("--pace", "speeds", multiple=True, type=click.Choice(SPEEDS), help="Own sizes per second."),
        click.option(
            "--direction", "directions", multiple=True, type=click.Choice(DIRECTIONS), help="Way in the picture."
        ),
        click.option("--camera", "cameras", multiple=True, metavar="ID", help="Only this camera; may be repeated."),
        click.option("--from", "from_", metavar="TIME", help="Seen at or after this corrected time."),
        click.option("--to", metavar="TIME", help="Seen before this corrected time."),
        click.option("--line", metavar='"X1,Y1 X2,Y2"', help="Crosses this segment, source pixels."),
        click.option("--zone", metavar='"X,Y X,Y X,Y"', help="Enters this polygon, source pixels."),
        click.option(
            "--dwell", metavar="DURATION", help="Stays at least this long (5min), in the zone if one is given."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def query_of(
    *,
    text: str = "",
    classes: tuple[str, ...],
    colours: tuple[str, ...],
    upper: tuple[str, ...],
    lower: tuple[str, ...],
    makes: tuple[str, ...],
    bags: tuple[str, ...],
    sizes: tuple[str, ...],
    speeds: tuple[str, ...],
    directions: tuple[str, ...],
    cameras: tuple[str, ...],
    from_: str | None,
    to: str | None,
    line: str | None,
    zone: str | None,
    dwell: str | None,
) -> Query:
    """The query that the options of :func:`search_options` say.

    Raises:
        UsageProblem: An option does not read.
    """
    ends = corners(line, "--line", least=2, most=2) if line else ()
    return Query(
        classes=class_names(classes),
        colours=colour_names(colours),
        upper=colour_names(upper),
        lower=colour_names(lower),
        makes=make_names(makes),
        bags=bags,
        sizes=sizes,
        speeds=speeds,
        directions=directions,
        cameras=cameras,
        from_utc=instant(from_, "--from") if from_ else None,
        to_utc=instant(to, "--to") if to else None,
        line_px=(ends[0], ends[1]) if ends else None,
        zone_px=corners(zone, "--zone", least=3) if zone else (),
        dwell_s=_duration_s(dwell) if dwell else 0.0,
        text=text,
    )


def print_hit(hit: Hit) -> None:
    """One line for a person on stdout: corrected and displayed time together."""
    if hit.start_utc is not None:
        when = f"{hit.start_utc.astimezone(PARIS):%Y-%m-%d %H:%M:%S} (recorder {hit.displayed_start:%H:%M:%S})"
    else:
        when = f"at {hit.start_s:.2f} s (clock unknown)"
    said = ", ".join(_said(item) for item in hit.attributes)
    verdict = f" [{hit.verdict}]" if hit.verdict else ""
    click.echo(
        f"{hit.track_id}  {hit.camera}  {when}  {hit.end_s - hit.start_s:.1f} s  {hit.class_name} "
        f"{hit.class_score:.0%}  {said}  {hit.recording_name} frames {hit.first_frame}-{hit.last_frame}{verdict}"
    )


def _said(item: HitAttribute) -> str:
    """An attribute in few words; a make is never one answer, and what is unknown comes with its reason."""
    if item.value == "unknown":
        return f"{item.name} unknown ({item.note or 'no reason given'})"
    if item.name in RANKED:
        ranked = [(item.value, item.score), *item.alternatives]
        return f"{item.name} to be confirmed: " + " or ".join(f"{value} {score:.0%}" for value, score in ranked)
    return f"{item.name} {item.value} {item.score:.0%}"


def print_coverage(coverage: Coverage, n_hits: int) -> None:
    """What the number of hits must be read with."""
    click.echo(
        f"{n_hits} hit(s), propositions to check by eye. Analysed: {coverage.analysed_s:.1f} s of "
        f"{coverage.footage_s:.1f} s imported ({coverage.n_recordings_indexed} of {coverage.n_recordings} recordings, "
        f"profile {', '.join(coverage.profiles) or 'none'}); {coverage.skipped_s:.1f} s were still and not decoded; "
        f"{coverage.n_tracks} objects, {coverage.n_judged} judged."
    )
    for zone in coverage.zones:
        click.echo(f"{zone}")


def instant(text: str, option: str) -> datetime:
    """A time as typed; without an offset it is the officer's local time.

    Raises:
        UsageProblem: It does not read.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UsageProblem(f"{option}: “{text}” is not a time.", hint="Write 2026-03-02T21:00:00+01:00.") from problem
    # Why: a time typed without offset is the officer's local time; the log keeps the instant that was understood.
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=PARIS)


def corners(text: str, option: str, *, least: int, most: int | None = None) -> tuple[tuple[float, float], ...]:
    """Points as typed: ``100,200 300,400``.

    Raises:
        UsageProblem: They do not read, are not finite, or are too few or too many.
    """
    try:
        points = tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in text.split()))
    except ValueError as problem:
        raise UsageProblem(f"{option}: “{text}” does not read.", hint="Write pairs: 100,200 300,400.") from problem
    if len(points) < least or (most is not None and len(points) > most):
        raise UsageProblem(f"{option} takes {least} points{'' if most else ' or more'}, not {len(points)}.")
    return points


def _duration_s(text: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if match is None or match.group(2) not in _UNITS_S:
        raise UsageProblem(f"“{text}” is not a duration.", hint="Write 90s, 5min or 2h.")
    return float(match.group(1)) * _UNITS_S[match.group(2)]
