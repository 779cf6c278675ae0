# SPDX-License-Identifier: Apache-2.0
"""``relecture export``: validated hits as a signed bundle with its procès-verbal."""

from __future__ import annotations

from pathlib import Path

import click

from review.bundle import export_bundle
from review.cli._door import open_case
from review.cli._run import emit_json, operator_options, progress, say

__all__ = ["command"]


@click.command(name="export")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="BUNDLE", help="Folder to make.")
@click.option("--purpose", default="", help="Why; by default: joining to the procedure of the réquisition.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@operator_options
def command(folder: Path, out: Path, purpose: str, as_json: bool, operator: str | None) -> None:
    """Export the validated hits of CASE with stills, clips, procès-verbal and proof."""
    with open_case(folder, operator=operator, writing=False) as session, progress() as bar:
        hashing = bar.add_task("Originals", total=None)
        making = bar.add_task("Exhibits", total=None)
        summary = export_bundle(
            session,
            out,
            purpose=purpose or f"Jonction à la procédure, réquisition {session.requisition.reference}",
            progress=lambda done, total: bar.update(hashing, completed=done, total=total),
            on_exhibit=lambda done, total: bar.update(making, completed=done, total=total),
        )
    if as_json:
        emit_json(
            {
                "schema": "relecture/export/1",
                "bundle": str(summary.folder),
                "exhibits": summary.n_exhibits,
                "decisions": summary.decisions,
                "originals_rehashed": summary.n_files,
                "certificate_sha256": summary.certificate_sha256,
                "log_root": summary.log_root,
            }
        )
        return
    counts = ", ".join(f"{count} {name}" for name, count in summary.decisions.items())
    say(f"Bundle {summary.folder}: {summary.n_exhibits} exhibits ({counts}).")
    say(f"Certificate SHA-256 {summary.certificate_sha256}")
    say(f"Audit log root {summary.log_root}")
