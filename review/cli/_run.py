# SPDX-License-Identifier: Apache-2.0
"""What every command shares: errors to one clear line and an exit code, results to stdout, the rest to stderr."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from models.errors import RelectureError

__all__ = ["emit_json", "operator_options", "progress", "run_group", "say", "stderr"]

F = TypeVar("F", bound=Callable[..., Any])
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def run_group(group: click.Group) -> None:
    """Run a click group and leave with the exit code of the error that stopped it."""
    try:
        code = group.main(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        stderr.print("Interrupted. What was committed is kept; run the same command to go on.")
        sys.exit(130)
    except RelectureError as problem:
        stderr.print(f"relecture: {problem.message}", markup=False)
        if problem.hint:
            stderr.print(f"  {problem.hint}", markup=False)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception:  # noqa: BLE001  # Reason: the top of the process; our own bug must leave a trace and code 70.
        traceback.print_exc()
        stderr.print("relecture: this is a defect of Relecture. Please report the lines above.", markup=False)
        sys.exit(70)
    sys.exit(code if isinstance(code, int) else 0)


def emit_json(document: object) -> None:
    """Print one JSON document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=False))


def say(line: str) -> None:
    """Print a line for a person on stderr."""
    stderr.print(line, markup=False)


def operator_options(command: F) -> F:
    """Add ``--operator`` and ``--passphrase-file`` to a command that passes through the door."""
    return click.option(
        "--operator", envvar="RELECTURE_OPERATOR", metavar="ID", help="Who acts (or RELECTURE_OPERATOR)."
    )(command)


def progress(*, left: ProgressColumn | None = None) -> Progress:
    """A progress bar on stderr with elapsed and remaining time; ``left`` says what remains in place of the library."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        left or TimeRemainingColumn(),
        console=stderr,
    )
