# SPDX-License-Identifier: Apache-2.0
"""``relecture clip``: the span of an object, cut without re-encoding."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli._door import open_case
from review.cli._run import operator_options
from review.evidence import export_clip

__all__ = ["command"]


@click.command(name="clip")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("track", metavar="TRACK")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to make; must not exist.")
@operator_options
def command(folder: Path, track: str, out: Path, operator: str | None) -> None:
    """Write a clip of TRACK, made from the original."""
    with open_case(folder, operator=operator, writing=False) as session:
        exhibit = export_clip(session, track, out)
    click.echo(f"{exhibit.path}  sha256 {exhibit.sha256}  ({exhibit.method})")
