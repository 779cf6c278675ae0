# SPDX-License-Identifier: Apache-2.0
"""``relecture zones``: parts of a camera's picture that are not watched."""

from __future__ import annotations

from pathlib import Path

import click

from indexer.zones import corners_text
from review.cli._door import open_case
from review.cli._hits import corners
from review.cli._run import emit_json, operator_options, say
from review.zones import ZoneRecord, all_zones, set_aside, standing_zones, take_zone_back

__all__ = ["command"]

FOLDER = click.Path(path_type=Path)


@click.group(name="zones")
def command() -> None:
    """Set parts of the picture aside (a flag in the wind), list them, watch them again.

    They take effect at the next run of index, and stand in coverage and procès-verbal.
    """


@command.command(name="list")
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="One object per record on stdout.")
@operator_options
def list_zones(folder: Path, *, as_json: bool, operator: str | None) -> None:
    """List the zones of CASE, those that were taken back included."""
    with open_case(folder, operator=operator, writing=False) as session, session.act("show.zones") as act:
        records, standing = all_zones(session), {record.number for record in standing_zones(session)}
        act.result = {"n_zones": len(standing)}
    if as_json:
        emit_json([{**record.document(), "stands": record.number in standing} for record in records])
        return
    for record in records:
        state = "stands" if record.number in standing else "taken back" if record.corners_px else "taking back"
        click.echo(f"{_told(record)}  {state}  {record.operator_id}  {record.reason}")


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--zone", required=True, metavar='"X,Y X,Y X,Y"', help="Corners in order, pixels of the recording.")
@click.option("--camera", default="", metavar="ID", help="Holds for all recordings of this camera.")
@click.option("--recording", default="", metavar="ID", help="Holds for this recording alone.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it enters the procès-verbal.")
@operator_options
def add(folder: Path, *, zone: str, camera: str, recording: str, reason: str, operator: str | None) -> None:
    """Set a zone aside: what moves in it is not looked at from the next run of index on."""
    with open_case(folder, operator=operator) as session:
        record = set_aside(
            session, corners(zone, "--zone", least=3), reason=reason, camera=camera, recording_id=recording
        )
    click.echo(_told(record))
    say("It takes effect with: relecture index CASE")


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.argument("number", metavar="NUMBER", type=int)
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@operator_options
def remove(folder: Path, *, number: int, reason: str, operator: str | None) -> None:
    """Watch zone NUMBER again, from the next run of index on."""
    with open_case(folder, operator=operator) as session:
        record = take_zone_back(session, number, reason=reason)
    click.echo(_told(record))
    say("It takes effect with: relecture index CASE")


def _told(record: ZoneRecord) -> str:
    place = record.recording_id or f"camera {record.camera}"
    if not record.corners_px:
        return f"{record.number}: zone {record.takes_back} of {place} is watched again"
    return f"{record.number}: {place}, corners {corners_text(record.corners_px)} px"
