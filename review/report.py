# SPDX-License-Identifier: Apache-2.0
"""PDF/A reports in French, made by typst from a template and JSON data, with embedded fonts and no network.

The same data give the same bytes: fonts come with typst, system fonts are not looked at and the time is passed in.
"""

from __future__ import annotations

import json
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Final, Literal

import typst

from models.errors import Defect

__all__ = ["compile_pdf", "french_bytes", "french_day", "french_duration", "french_moment"]

STANDARD: Final[Literal["a-3b"]] = "a-3b"
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


def compile_pdf(template: str, document: object, *, created: datetime, pictures: Path | None = None) -> bytes:
    """Compile a template of ``review/templates``.

    Args:
        template: Its file name without suffix.
        document: What the template reads as JSON.
        created: Creation time written into the PDF, aware.
        pictures: Folder in which the pictures lie that the document names; nothing outside it can be read.

    Raises:
        Defect: The template does not compile, or the result would not be PDF/A.
    """
    with resources.as_file(resources.files("review.templates")) as templates:
        source = (templates / "common.typ").read_bytes() + (templates / f"{template}.typ").read_bytes()
        try:
            compiler = typst.Compiler(
                source,
                root=str(pictures or templates),
                ignore_system_fonts=True,
                sys_inputs={"document": json.dumps(document, ensure_ascii=False)},
            )
            pdf = compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=int(created.timestamp()))
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


def french_duration(seconds: float) -> str:
    """Hours, minutes and seconds, rounded to the second.

    >>> french_duration(7325.4)
    '2 h 02 min 05 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min {rest:02d} s" if hours else f"{minutes} min {rest:02d} s"


def french_bytes(count: int) -> str:
    """A size with French thousands.

    >>> french_bytes(1234567)
    '1 234 567 octets'
    """
    return f"{count:,} octets".replace(",", " ")
