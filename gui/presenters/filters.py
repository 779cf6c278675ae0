# SPDX-License-Identifier: Apache-2.0
"""From what a person ticked and typed to a query: pure functions, so that what was asked can be told exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from gui.times import parse_moment
from review.hits import Query
from review.wording import makes_among

__all__ = ["BAGS", "CLASSES", "Filters", "QueryOrFaults", "query_of"]

CLASSES: Final = ("person", "bicycle", "motorcycle", "car", "van", "truck", "bus", "other")
BAGS: Final = ("backpack", "handbag", "suitcase")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The state of the filter panel, as typed.

    Attributes:
        purpose: Why this search is made; it is logged.
        text: Free words.
        classes: Ticked classes.
        colours: Ticked vehicle colours.
        upper: Ticked upper garment colours.
        lower: Ticked lower garment colours.
        makes: Makes, as typed, with commas between.
        bags: Ticked bags.
        sizes: Ticked sizes.
        speeds: Ticked speeds.
        directions: Ticked directions.
        cameras: Ticked cameras.
        from_text: Start of the span, as typed.
        to_text: End of the span, as typed.
    """

    purpose: str = ""
    text: str = ""
    classes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    upper: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()
    makes: str = ""
    bags: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    speeds: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    from_text: str = ""
    to_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOrFaults:
    """What the filters mean.

    Attributes:
        query: The query; None when a field is at fault.
        faults: (field, fault) pairs: field ``purpose``, ``from``, ``to`` or ``makes``; fault ``missing``,
            ``unreadable``, ``no-day``, ``before-from`` or ``no-make``.
        warnings: (field, warning) pairs that do not stop the search: ``doubled`` or ``skipped``.
    """

    query: Query | None
    faults: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()


def query_of(filters: Filters, *, day: date | None) -> QueryOrFaults:
    """The query that filters ask, or the fields that stop it.

    Args:
        filters: What was ticked and typed.
        day: Local day that a time without a date refers to.
    """
    faults: list[tuple[str, str]] = []
    warnings: list[tuple[str, str]] = []
    if not filters.purpose.strip():
        faults.append(("purpose", "missing"))
    moments = []
    for field, text in (("from", filters.from_text), ("to", filters.to_text)):
        parsed = parse_moment(text, day=day)
        moments.append(parsed.moment_utc)
        if parsed.warning in {"unreadable", "no-day"}:
            faults.append((field, parsed.warning))
        elif parsed.warning:
            warnings.append((field, parsed.warning))
    makes, unknown = makes_among(tuple(part for part in filters.makes.replace(";", ",").split(",") if part.strip()))
    if unknown:
        faults.append(("makes", "no-make"))
    start, end = moments
    if start is not None and end is not None and end <= start:
        faults.append(("to", "before-from"))
    if faults:
        return QueryOrFaults(query=None, faults=tuple(faults), warnings=tuple(warnings))
    query = Query(
        classes=filters.classes,
        colours=filters.colours,
        upper=filters.upper,
        lower=filters.lower,
        makes=makes,
        bags=filters.bags,
        sizes=filters.sizes,
        speeds=filters.speeds,
        directions=filters.directions,
        cameras=filters.cameras,
        from_utc=start,
        to_utc=end,
        text=filters.text.strip(),
    )
    return QueryOrFaults(query=query, warnings=tuple(warnings))
