# SPDX-License-Identifier: Apache-2.0
"""PDF/A reports in French, made by typst from a template and JSON data, with embedded fonts and no network.

The same data give the same bytes: fonts come with typst, system fonts are not looked at and the time is passed in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from typing import Final

import typst

from models.errors import Defect

__all__ = ["compile_pdf", "french_bytes", "french_day", "french_moment"]

STANDARD: Final = "a-3b"
MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def compile_pdf(
    template: str, document: object, *, created: datetime, pictures: Mapping[str, bytes] | None = None
) -> bytes:
    """Compile a template of ``review/templates``.

    Args:
        template: Its file name without suffix.
        document: What the template reads as ``data.json``.
        created: Creation time written into the PDF, aware.
        pictures: Picture files by the name under which the data refer to them.

    Raises:
        Defect: The template does not compile, or the result would not be PDF/A.
    """
    templates = resources.files("review.templates")
    files = {
        "main.typ": templates.joinpath(f"{template}.typ").read_bytes(),
        "common.typ": templates.joinpath("common.typ").read_bytes(),
        "data.json": json.dumps(document, ensure_ascii=False).encode(),
        **(pictures or {}),
    }
    try:
        pdf = typst.compile(  # type: ignore[call-overload]  # Reason: its stub leaves out files given as a dict.
            files,
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=[STANDARD],
            timestamp=int(created.timestamp()),
        )
    except (typst.TypstError, RuntimeError) as exc:
        raise Defect(f"The report {template} cannot be made: {exc}.") from exc
    assert isinstance(pdf, bytes)
    return pdf


def french_day(day: datetime) -> str:
    """A day in words.

    >>> french_day(datetime(2026, 3, 1))
    '1er mars 2026'
    """
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def french_moment(moment: datetime | None) -> str:
    """Day and time with the UTC offset, to the millisecond; says so when there is none.

    >>> from datetime import UTC
    >>> french_moment(datetime(2026, 3, 2, 21, 3, 13, 250_000, tzinfo=UTC))
    '02/03/2026 21:03:13,250 UTC'
    """
    if moment is None:
        return "heure inconnue"
    offset = moment.strftime("%z")
    zone = "UTC" if offset in ("+0000", "") else f"UTC{offset[:3]}:{offset[3:]}"
    return f"{moment:%d/%m/%Y %H:%M:%S},{moment.microsecond // 1000:03d} {zone}"


def french_bytes(count: int) -> str:
    """A size with French thousands.

    >>> french_bytes(1234567)
    '1 234 567 octets'
    """
    return f"{count:,} octets".replace(",", " ")
