# SPDX-License-Identifier: Apache-2.0
"""``relecture models``: which nets are listed and present, bringing one in, and the self-check."""

from __future__ import annotations

from pathlib import Path

import click

from models.errors import ModelProblem, UsageProblem
from models.fetch import fetch_model
from models.own_nets import list_own_net
from models.registry import Registry, RegistryEntry
from models.roles import Role
from models.selfcheck import verify_models
from review.cli._run import emit_json, progress, say

__all__ = ["command"]


@click.group(name="models")
def command() -> None:
    """List, import and check the nets that this workstation may use."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> None:
    """List every net of the registry, and the files that are refused. Only looks."""
    registry = Registry.load()
    if as_json:
        emit_json(
            {
                "schema": "relecture/models/1",
                "folder": str(registry.folder),
                "models": [_public(registry, entry) for entry in registry.entries],
                "refused": [
                    {"name": item.name, "sha256": item.sha256, "reason": item.reason} for item in registry.refused
                ],
            }
        )
        return
    for entry in registry.entries:
        click.echo(f"{_state(registry, entry):12} {entry.role:19} {entry.model_id:52} {entry.licence}")
    for role in Role:
        if not registry.of_role(role):
            click.echo(f"{'no net':12} {role:19} none with a clear licence known; a unit can list its own (--entry)")
    for item in registry.refused:
        click.echo(f"{'refused':12} {'':19} {item.name}: {item.reason}")


@command.command(name="import")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--entry",
    metavar="ENTRY.toml",
    type=click.Path(path_type=Path),
    help="List the one FILE as a net of the unit's own, by a registry entry that names its digest.",
)
def import_(paths: tuple[Path, ...], entry: Path | None) -> None:
    """Import listed nets from FILEs, or all that are listed among the .onnx files of a folder.

    A unit may list a detector or a net of makes of its own: --entry says what it is, from where, and at which figures.
    A FILE that is refused makes the command end with 1, or 23 when nothing was imported; what is refused in a folder
    is named, and is no failure as long as something was imported.
    """
    registry = Registry.load()
    if entry is not None:
        if len(paths) != 1:
            raise UsageProblem("--entry lists one net, so name one FILE.")
        listed = list_own_net(registry, entry, paths[0])
        say(f"Listed and imported {listed.model_id} ({listed.role}, {listed.licence}), on this workstation alone.")
        return
    imported: list[RegistryEntry] = []
    refused: list[tuple[str, str, str]] = []
    n_named_refused = 0
    for path in paths:
        report = registry.import_path(path)
        imported += report.imported
        refused += report.refused
        n_named_refused += 0 if path.is_dir() else len(report.refused)
    for item in imported:
        say(f"Imported {item.model_id} ({item.role}, {item.licence}).")
    for _, _, reason in refused:
        say(f"Refused: {reason}")
    if refused and not imported:
        raise ModelProblem("No file was imported.", hint="`relecture models list` shows which files are listed.")
    if n_named_refused:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Fetch net NAME from its author over https, check its SHA-256, and import it. The only use of the network."""
    registry = Registry.load()
    with progress() as bar:
        task = bar.add_task(f"Fetching {name}", total=None)
        entry = fetch_model(
            registry, name, on_progress=lambda received, expected: bar.update(task, completed=received, total=expected)
        )
    say(f"Fetched and imported {entry.model_id}, SHA-256 {entry.sha256}.")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(as_json: bool) -> None:
    """Check every model file, and that nothing refused is here; exit code 1 when something fails. Only looks."""
    report = verify_models(Registry.load())
    if as_json:
        emit_json(
            {
                "schema": "relecture/models-check/1",
                "sound": report.is_sound,
                "checks": [
                    {"number": item.number, "name": item.name, "outcome": item.outcome, "details": list(item.details)}
                    for item in report.checks
                ],
            }
        )
    else:
        for item in report.checks:
            click.echo(f"{item.number}. {item.outcome:8} {item.name}")
            for line in item.details:
                click.echo(f"     {line}")
    if not report.is_sound:
        raise click.exceptions.Exit(1)


def _state(registry: Registry, entry: RegistryEntry) -> str:
    if entry.is_embedded:
        return "embedded"
    if entry.is_local and registry.is_present(entry):
        return "own"
    return "imported" if registry.is_present(entry) else "not imported"


def _public(registry: Registry, entry: RegistryEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "version": entry.version,
        "role": str(entry.role),
        "state": _state(registry, entry),
        "file": entry.file,
        "sha256": entry.sha256,
        "size_bytes": entry.size_bytes,
        "licence": entry.licence,
        "author": entry.author,
        "origin": entry.origin,
        "download": entry.download,
        "obtaining": entry.obtaining,
        "inputs": list(entry.inputs),
        "outputs_used": list(entry.outputs_used),
        "outputs_refused": list(entry.outputs_refused),
        "classes": list(entry.classes),
        "trained_on": entry.trained_on,
        "accuracy": entry.accuracy,
        "refusals": entry.refusals,
    }
