# SPDX-License-Identifier: Apache-2.0
"""``relecture tracks``: everything in the index, for people and for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli._door import open_case
from review.cli._hits import print_hit
from review.cli._run import emit_json, operator_options, say
from review.listing import tracks_documents, write_mot, write_parquet
from review.search import hit_of, index_of
from review.verdicts import latest

__all__ = ["command"]


@click.command(name="tracks")
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
