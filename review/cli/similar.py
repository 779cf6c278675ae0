# SPDX-License-Identifier: Apache-2.0
"""``relecture similar``: objects of the same case that look alike in clothing or bodywork; never an identity."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli._door import open_case
from review.cli._hits import print_coverage, print_hit
from review.cli._run import emit_json, operator_options
from review.listing import coverage_document, hit_document
from review.search import similar

__all__ = ["command"]


@click.command(name="similar")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("track", metavar="TRACK")
@click.option("--purpose", required=True, help="Why you compare; it goes into the audit log.")
@click.option("--json", "as_json", is_flag=True, help="Hits and coverage as JSON on stdout.")
@operator_options
def command(folder: Path, track: str, purpose: str, as_json: bool, operator: str | None) -> None:
    """List objects of this case by likeness (ressemblance) to TRACK, heads not looked at."""
    with open_case(folder, operator=operator, writing=False) as session:
        result = similar(session, track, purpose=purpose)
    if as_json:
        emit_json(
            {
                "format": "relecture-similar-1",
                "hits": [hit_document(hit) for hit in result.hits],
                "coverage": coverage_document(result.coverage),
            }
        )
        return
    for hit in result.hits:
        print_hit(hit)
    print_coverage(result.coverage, len(result.hits))
