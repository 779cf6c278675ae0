# SPDX-License-Identifier: Apache-2.0
"""``relecture case``: make a case from its requisition, show it, open it to others, extend it, lock it."""

from __future__ import annotations

from pathlib import Path

import click

from models.errors import UnreadableInput
from review.case_folder import create_case
from review.cases import CaseCard, case_card, extend_case, grant_case, lock_case
from review.cli._door import ask_passphrase, open_case
from review.cli._run import emit_json, operator_options, say
from review.operators import resolve_operator_id
from review.requisition import TEMPLATE

__all__ = ["command"]

FOLDER = click.Path(path_type=Path)


@click.group(name="case")
def command() -> None:
    """Make and show a case; it cannot exist without its requisition."""


def _read_requisition(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise UnreadableInput(f"{path} cannot be read: {exc.strerror}.", hint="Check the path.") from exc
    except UnicodeDecodeError as exc:
        raise UnreadableInput(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from exc


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--from", "requisition", type=FOLDER, required=True, help="Requisition file (TOML).")
@operator_options
def new(folder: Path, requisition: Path, operator: str | None) -> None:
    """Make CASE from a requisition."""
    header = create_case(
        folder,
        _read_requisition(requisition),
        operator_id=resolve_operator_id(operator),
        passphrase=ask_passphrase(),
    )
    say(f"Case {header.case_id} made in {folder}.")


@command.command()
def template() -> None:
    """Print a requisition file to fill in."""
    click.echo(TEMPLATE, nl=False)


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@operator_options
def show(folder: Path, as_json: bool, operator: str | None) -> None:
    """Show requisition, scope, deadline and state of CASE."""
    with open_case(folder, operator=operator, writing=False) as session:
        card = case_card(session)
    if as_json:
        emit_json(_document(card))
        return
    for line in _lines(card):
        click.echo(line)


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.argument("other", metavar="OPERATOR")
@operator_options
def grant(folder: Path, other: str, operator: str | None) -> None:
    """Open CASE to another operator of this workstation."""
    with open_case(folder, operator=operator) as session:
        grant_case(session, other)
    say(f"The case is open to operator “{other}”.")


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--from", "requisition", type=FOLDER, required=True, help="Complementary requisition (TOML).")
@operator_options
def extend(folder: Path, requisition: Path, operator: str | None) -> None:
    """Add the cameras and windows of a complementary requisition to CASE."""
    with open_case(folder, operator=operator) as session:
        whole = extend_case(session, _read_requisition(requisition))
    say(f"The case now covers {len(whole.scope.windows)} camera windows.")


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--decision", required=True, help="Reference of the magistrate's contrary decision.")
@operator_options
def lock(folder: Path, decision: str, operator: str | None) -> None:
    """Lock CASE on a contrary decision: it can then only be shown, verified and purged."""
    with open_case(folder, operator=operator) as session:
        lock_case(session, decision=decision)
    say("The case is locked.")


def _document(card: CaseCard) -> dict[str, object]:
    req = card.requisition
    return {
        "schema": "relecture/case/1",
        "case": card.case_id,
        "format": card.format,
        "created_utc": card.created_utc,
        "requisition": {
            "reference": req.reference,
            "legal_basis": req.legal_basis.article,
            "framework": req.legal_basis.framework,
            "offence": req.offence,
            "issued": req.issued.isoformat(),
            "expires": req.expires.isoformat() if req.expires else None,
            "authority": {
                "name": req.authority_name,
                "quality": req.authority_quality,
                "court": req.authority_court,
            },
            "authorisation": {"state": str(req.authorisation), "reference": req.authorisation_reference},
            "obtained_by": req.obtained_by,
            "pieces": list(req.pieces),
        },
        "scope": [
            {
                "camera": window.camera,
                "place": window.place,
                "from_utc": window.start_utc.isoformat(),
                "to_utc": window.end_utc.isoformat(),
            }
            for window in req.scope.windows
        ],
        "operators": list(card.operators),
        "recordings": card.n_recordings,
        "first_import_utc": card.first_import_utc or None,
        "purge_deadline": card.purge_deadline.isoformat() if card.purge_deadline else None,
        "days_left": card.days_left,
        "locked_by": card.contrary_decision or None,
        "audit_records": card.n_records,
        "unfinished_acts": card.n_unfinished,
    }


def _lines(card: CaseCard) -> list[str]:
    req = card.requisition
    lines = [
        f"Case            {card.case_id}, made {card.created_utc}",
        f"Réquisition     {req.reference} of {req.issued.isoformat()}, article {req.legal_basis.article} "
        f"({req.legal_basis.framework})",
        f"Issued by       {req.authority_name}, {req.authority_quality}, {req.authority_court}",
        f"Facts           {req.offence}",
        f"Authorisation   {req.authorisation} {req.authorisation_reference}".rstrip(),
        f"Obtained by     {req.obtained_by}; pieces {', '.join(req.pieces)}",
    ]
    lines += [
        f"Camera          {window.camera} ({window.place}) {window.start_utc:%Y-%m-%d %H:%M} to "
        f"{window.end_utc:%Y-%m-%d %H:%M} UTC"
        for window in req.scope.windows
    ]
    lines += [f"Operators       {', '.join(card.operators)}", f"Recordings      {card.n_recordings}"]
    if card.purge_deadline is not None:
        lines.append(f"Purge           by {card.purge_deadline.isoformat()}, {card.days_left} days left")
    else:
        lines.append("Purge           the clock starts at the first import")
    lines.append(f"Audit log       {card.n_records} records, {card.n_unfinished} unfinished acts")
    if card.contrary_decision:
        lines.append(f"LOCKED          contrary decision {card.contrary_decision}")
    return lines
