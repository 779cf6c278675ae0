# SPDX-License-Identifier: Apache-2.0
"""``relecture operator``: identity, empowerment and keys of the persons who may use this workstation."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from models.errors import UsageProblem
from review.cli._door import ask_new_passphrase
from review.cli._run import emit_json, say
from review.operators import Empowerment, Operator, Quality, create_operator, list_operators

__all__ = ["command"]

DAY = click.DateTime(["%Y-%m-%d"])


@click.group(name="operator")
def command() -> None:
    """Record who may use this workstation, with their empowerment (habilitation)."""


@command.command(name="new")
@click.argument("operator_id", metavar="ID")
@click.option("--name", help="First and last name.")
@click.option("--matricule", help="Service number.")
@click.option("--service", help="Unit.")
@click.option("--quality", type=click.Choice([str(item) for item in Quality]), help="Capacity.")
@click.option("--empowerment", metavar="N", help="Number of the empowerment.")
@click.option("--issued", type=DAY, help="Day on which the empowerment was given.")
@click.option("--issuer", help="Who gave it.")
@click.option("--expires", type=DAY, help="Last day on which it holds.")
def new(
    operator_id: str,
    name: str | None,
    matricule: str | None,
    service: str | None,
    quality: str | None,
    empowerment: str | None,
    issued: datetime | None,
    issuer: str | None,
    expires: datetime | None,
) -> None:
    """Create operator ID with fresh keys, wrapped by a passphrase."""
    values: dict[str, object] = {
        "name": name,
        "matricule": matricule,
        "service": service,
        "quality": quality,
        "empowerment": empowerment,
        "issued": issued,
        "issuer": issuer,
        "expires": expires,
    }
    _complete(values)
    operator = create_operator(
        operator_id=operator_id,
        name=str(values["name"]),
        matricule=str(values["matricule"]),
        service=str(values["service"]),
        quality=Quality(str(values["quality"])),
        empowerment=Empowerment(
            number=str(values["empowerment"]),
            issued=_moment(values["issued"]).date(),
            issuer=str(values["issuer"]),
            expires=_moment(values["expires"]).date(),
        ),
        passphrase=ask_new_passphrase(),
        now=datetime.now(UTC),
    )
    say(f"Operator “{operator.operator_id}” created: {operator.mention()}.")
    say(f"Certificate SHA-256 {operator.certificate_sha256}")
    say("The passphrase cannot be recovered. Keep it.")


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


def _complete(values: dict[str, object]) -> None:
    """Ask for what is missing in a terminal, else refuse naming all of it."""
    missing = [field for field, value in values.items() if value is None]
    if missing and not sys.stdin.isatty():
        options = ", ".join(f"--{field}" for field in missing)
        raise UsageProblem(f"Missing: {options}.", hint="Give these options, or run the command in a terminal.")
    for field in missing:
        kind = DAY if field in ("issued", "expires") else click.STRING
        if field == "quality":
            values[field] = click.prompt("quality", type=click.Choice([str(item) for item in Quality]), err=True)
        else:
            values[field] = click.prompt(field, type=kind, err=True)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the operators of this workstation."""
    operators = list_operators()
    if as_json:
        emit_json({"schema": "relecture/operators/1", "operators": [_public(item) for item in operators]})
        return
    for item in operators:
        held = item.empowerment
        click.echo(
            f"{item.operator_id:16} {item.quality:9} {item.name}, {item.matricule}, {item.service}; "
            f"empowerment {held.number} until {held.expires.isoformat()}"
        )
    if not operators:
        say("No operator yet. Create one with: relecture operator new ID")


def _public(operator: Operator) -> dict[str, object]:
    document = operator.to_document()
    return {name: value for name, value in document.items() if name not in ("format", "certificate_pem", "recipient")}
