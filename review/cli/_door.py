# SPDX-License-Identifier: Apache-2.0
"""How commands pass through the door: operator from option or environment, passphrase from environment or prompt."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from models.errors import WrongKey
from review.cases import deadline_warning
from review.cli._run import say
from review.session import CaseSession

__all__ = ["ask_new_passphrase", "ask_passphrase", "open_case"]

NAMED_BY: Final = "RELECTURE_PASSPHRASE"


def ask_passphrase() -> str | None:
    """The passphrase from ``RELECTURE_PASSPHRASE``, else typed in a terminal, else None."""
    named = os.environ.get(NAMED_BY)
    if named is not None:
        return named
    return getpass.getpass("Passphrase: ") if sys.stdin.isatty() else None


def ask_new_passphrase() -> str:
    """A passphrase for a new key: from the environment, else typed twice.

    Raises:
        WrongKey: None can be had, or the two differ.
    """
    named = os.environ.get(NAMED_BY)
    if named is not None:
        return named
    if not sys.stdin.isatty():
        raise WrongKey("A passphrase is needed.", hint="Set RELECTURE_PASSPHRASE, or run this in a terminal.")
    first = getpass.getpass("New passphrase: ")
    if getpass.getpass("Once more: ") != first:
        raise WrongKey("The two passphrases differ.", hint="Run the command again.")
    return first


def open_case(folder: Path, *, operator: str | None, writing: bool = True) -> CaseSession:
    """Open a case for a command; use it in a ``with`` statement."""
    session = CaseSession.open(folder, operator_id=operator, passphrase=ask_passphrase(), writing=writing)
    warning = deadline_warning(session)
    if warning:
        say(warning)
    return session
