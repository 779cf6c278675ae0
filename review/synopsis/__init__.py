# SPDX-License-Identifier: Apache-2.0
"""Synopsis: a way to look at a long recording in a short film, never evidence.

Objects of different instants stand in one picture, each with its own time beside it; who belongs together stays
together; a map leads from every object of every film frame to its native frame.
"""

from review.synopsis.layout import LayoutOptions, Order
from review.synopsis.make import make_synopsis, map_path_of
from review.synopsis.plan import (
    Arrangement,
    SynopsisCancelled,
    SynopsisOptions,
    SynopsisPlan,
    plan_synopsis,
)
from review.synopsis.report import SynopsisReport
from review.synopsis.sidemap import MapObject, SynopsisMap

__all__ = [
    "Arrangement",
    "LayoutOptions",
    "MapObject",
    "Order",
    "SynopsisCancelled",
    "SynopsisMap",
    "SynopsisOptions",
    "SynopsisPlan",
    "SynopsisReport",
    "make_synopsis",
    "map_path_of",
    "plan_synopsis",
]
