# SPDX-License-Identifier: Apache-2.0
"""``relecture search``: objects by attribute, place and time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from review.cli._door import open_case
from review.cli._hits import print_coverage, print_hit, query_of, search_options
from review.cli._run import emit_json, operator_options, say
from review.listing import coverage_document, hit_document
from review.search import recordings_without_clock, search

__all__ = ["command"]


@click.command(name="search")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("text", metavar="[TEXT]", default="")
@click.option("--purpose", required=True, help="Why you search; it goes into the audit log.")
@search_options
@click.option("--json", "as_json", is_flag=True, help="Hits and coverage as JSON on stdout.")
@operator_options
def command(folder: Path, text: str, purpose: str, as_json: bool, operator: str | None, **filters: Any) -> None:
    """Find objects, best answers first. TEXT (« veste noire sac à dos », "red hatchback") becomes visible filters."""
    query = query_of(text=text, **filters)
    with open_case(folder, operator=operator, writing=False) as session:
        result = search(session, query, purpose=purpose)
        by_time = query.from_utc is not None or query.to_utc is not None
        timeless = recordings_without_clock(session) if by_time else ()
    if timeless:
        say(f"Not searched by time, since their clock is not established: {', '.join(timeless)}.")
    if result.query.makes and not result.coverage.has_makes:
        say(
            "No net that ranks makes took part in this index, so a search by make finds nothing: relecture models list."
        )
    if result.words_ignored:
        say(f"Not understood and not used: {', '.join(result.words_ignored)}.")
    if as_json:
        emit_json(
            {
                "format": "relecture-search-1",
                "hits": [hit_document(hit) for hit in result.hits],
                "coverage": coverage_document(result.coverage),
                "words_ignored": list(result.words_ignored),
                "recordings_without_clock": list(timeless),
            }
        )
        return
    for hit in result.hits:
        print_hit(hit)
    print_coverage(result.coverage, len(result.hits))
