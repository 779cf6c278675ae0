# SPDX-License-Identifier: Apache-2.0
"""The ``relecture`` command: one file per command; each parses, calls one function of review and prints."""

from __future__ import annotations

import importlib
from typing import Final

import click

from review.cli._run import run_group

__all__ = ["COMMANDS", "group", "main"]

COMMANDS: Final = {
    "demo": "review.cli.demo",
    "operator": "review.cli.operator",
    "case": "review.cli.case",
    "import": "review.cli.import_",
    "index": "review.cli.index",
    "frames": "review.cli.frames",
    "zones": "review.cli.zones",
    "tracks": "review.cli.tracks",
    "search": "review.cli.search",
    "similar": "review.cli.similar",
    "synopsis": "review.cli.synopsis",
    "judge": "review.cli.judge",
    "still": "review.cli.still",
    "clip": "review.cli.clip",
    "export": "review.cli.export",
    "verify": "review.cli.verify",
    "audit": "review.cli.audit",
    "purge": "review.cli.purge",
    "models": "review.cli.models",
    "gui": "review.cli.gui",
}
"""Command name to the module whose ``command`` is a click command; loaded only when it is called."""


class _LazyGroup(click.Group):
    """Imports a command's module when it is asked for, so that ``relecture --help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module_name = COMMANDS.get(cmd_name)
        if module_name is None:
            return None
        command = importlib.import_module(module_name).command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, package_name="relecture")
def group() -> None:
    """Offline forensic video review: find, check, condense, and prove what was done."""


def main() -> None:
    """Entry point of the ``relecture`` command."""
    run_group(group)
