# SPDX-License-Identifier: Apache-2.0
"""``relecture judge``: record what the officer decided of a track."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli._door import open_case
from review.cli._run import operator_options, say
from review.verdicts import Decision, judge

__all__ = ["command"]


@click.command(name="judge")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("track", metavar="TRACK")
@click.argument("decision", type=click.Choice([str(item) for item in Decision]))
@click.option("--note", default="", help="The officer's words; kept encrypted.")
@operator_options
def command(folder: Path, track: str, decision: str, note: str, operator: str | None) -> None:
    """Record a verdict on TRACK; a later verdict replaces it and both are kept."""
    # Why: the search module loads the whole index library, which `relecture --help` must not.
    from review.search import track_exists  # noqa: PLC0415

    with open_case(folder, operator=operator) as session:
        verdict = judge(
            session,
            track,
            Decision(decision),
            note=note,
            track_exists=lambda track_id: track_exists(session, track_id),
        )
    say(f"Verdict {verdict.number}: {track} is {verdict.decision}.")
