# SPDX-License-Identifier: Apache-2.0
"""``relecture purge``: erase a case for good by destroying its key; a signed certificate and the log remain."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from models.errors import UsageProblem
from review.cli._door import ask_passphrase
from review.cli._run import emit_json, operator_options, say
from review.purge import purge_case

__all__ = ["command"]


@click.command(name="purge")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@operator_options
def command(folder: Path, yes: bool, as_json: bool, operator: str | None) -> None:
    """Destroy the key and the encrypted data of CASE. This cannot be undone."""
    if not yes:
        if not sys.stdin.isatty():
            raise UsageProblem("Erasing a case must be confirmed.", hint="Add --yes.")
        click.confirm(f"Erase all data of {folder} for good?", abort=True, err=True)
    summary = purge_case(folder, operator_id=operator, passphrase=ask_passphrase())
    if as_json:
        emit_json(
            {
                "schema": "relecture/purge/1",
                "keys": summary.n_keys,
                "stored_files": summary.n_blobs,
                "certificate": str(summary.certificate),
                "pdf": str(summary.pdf),
            }
        )
        return
    say(f"Erased: {summary.n_keys} keys and {summary.n_blobs} stored files. Certificate: {summary.pdf}")
