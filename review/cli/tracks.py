# SPDX-License-Identifier: Apache-2.0
"""``relecture tracks``: everything in the index, for people and for other programs; tracks corrected by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

from indexer.corrections import made_by
from indexer.ticks import format_utc
from review.case_folder import HEADER_FILE
from review.cli._door import open_case
from review.cli._hits import instant, print_hit
from review.cli._run import emit_json, operator_options, say
from review.correcting import merge_tracks, split_track, tick_of
from review.corrections import CorrectionRecord, all_corrections, take_back
from review.listing import correction_document, tracks_documents, write_mot, write_parquet
from review.search import hit_of, index_of
from review.verdicts import latest

__all__ = ["command"]


class _Listing(click.Command):
    """``tracks CASE …`` lists; a first word that names a correction, and no case, runs that command instead."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        by_hand = _BY_HAND.get(args[0]) if args else None
        if by_hand is None or (Path(args[0]) / HEADER_FILE).exists():
            return super().parse_args(ctx, args)
        ctx.info_name = f"{ctx.info_name} {args[0]}"
        ctx.command = by_hand
        return by_hand.parse_args(ctx, args[1:])


@click.command(
    name="tracks",
    cls=_Listing,
    epilog="To correct tracks by hand: relecture tracks split|merge|undo|corrections --help. A correction lies over "
    "the index, which stays as it is; it is logged, and can be taken back.",
)
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One object per track on stdout.")
@click.option("--mot", type=click.Path(path_type=Path), help="Write MOTChallenge text, one file a recording, into DIR.")
@click.option("--parquet", type=click.Path(path_type=Path), help="Write one Parquet file.")
@operator_options
def command(folder: Path, as_json: bool, mot: Path | None, parquet: Path | None, operator: str | None) -> None:
    """List the tracks of a case, objects of class “other” included."""
    with open_case(folder, operator=operator, writing=False) as session, session.act("tracks.list") as act:
        index = index_of(session)
        act.result = {"n_tracks": len(index.tracks)}
        verdicts = {str(key): (str(item.decision), item.note) for key, item in latest(session).items()}
        for number in index.idle_corrections:
            say(f"Correction {number} names a track that the index no longer has; it changes nothing.")
        if mot is not None:
            for path in write_mot(index, mot):
                say(f"wrote {path}")
        if parquet is not None:
            write_parquet(index, parquet)
            say(f"wrote {parquet}")
        if as_json:
            emit_json(tracks_documents(index, verdicts))
        elif mot is None and parquet is None:
            for track in index.tracks:
                print_hit(hit_of(index, track, verdicts=verdicts))


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("track", metavar="TRACK")
@click.option(
    "--at", required=True, metavar="TIME|PTS", help="First frame of the second object: corrected time, or its PTS."
)
@click.option("--note", default="", help="The officer's words; kept encrypted.")
@operator_options
def split(folder: Path, track: str, at: str, note: str, operator: str | None) -> None:
    """Make two tracks of TRACK, which holds two objects. Both are described anew from the original."""
    with open_case(folder, operator=operator) as session:
        at_pts_ticks = int(at) if _PTS.fullmatch(at) else tick_of(session, track, instant(at, "--at"))
        record = split_track(session, track, at_pts_ticks=at_pts_ticks, note=note)
    say(_told(record))


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("tracks", metavar="TRACK TRACK", nargs=2)
@click.option("--note", default="", help="The officer's words; kept encrypted.")
@operator_options
def merge(folder: Path, tracks: tuple[str, str], note: str, operator: str | None) -> None:
    """Make one track of two of the same recording that show one object."""
    with open_case(folder, operator=operator) as session:
        record = merge_tracks(session, *tracks, note=note)
    say(_told(record))


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("number", metavar="NUMBER", type=int)
@click.option("--note", default="", help="The officer's words; kept encrypted.")
@operator_options
def undo(folder: Path, number: int, note: str, operator: str | None) -> None:
    """Take correction NUMBER back; what it was made of is there again."""
    with open_case(folder, operator=operator) as session:
        record = take_back(session, number, note=note)
    say(f"Correction {number} is taken back (record {record.number}): {', '.join(record.track_ids)} again.")


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One object per record on stdout.")
@operator_options
def corrections(folder: Path, as_json: bool, operator: str | None) -> None:
    """List the corrections of a case, those that were taken back included."""
    with open_case(folder, operator=operator, writing=False) as session, session.act("tracks.list") as act:
        records = all_corrections(session)
        act.result = {"n_corrections": len(records)}
        idle = index_of(session).idle_corrections
    documents = [correction_document(record, records, idle) for record in records]
    if as_json:
        emit_json(documents)
        return
    for record, document in zip(records, documents, strict=True):
        click.echo(
            f"{_told(record)}  {record.operator_id}  {format_utc(record.utc)}  {document['state']}  {record.note}"
        )


_PTS: Final = re.compile(r"-?[0-9]+")
_BY_HAND: Final = {"split": split, "merge": merge, "undo": undo, "corrections": corrections}


def _told(record: CorrectionRecord) -> str:
    """One line of what a record did."""
    correction, named = record.correction, " and ".join(record.track_ids)
    if correction is None:
        return f"{record.number}: correction {record.takes_back} taken back, {named} again"
    made = " and ".join(made_by(correction))
    where = f" at PTS {correction.at_pts_ticks}" if correction.descriptions else ""
    return f"{record.number}: {correction.kind} of {named}{where} into {made}"
