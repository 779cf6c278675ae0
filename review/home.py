# SPDX-License-Identifier: Apache-2.0
"""``RELECTURE_HOME``: where this workstation keeps operators, its log key and imported models."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import platformdirs

from models.errors import Tampered
from review.durable import write_durable
from review.seal import LogKey

__all__ = ["home_folder", "operators_folder", "workstation_key"]

WORKSTATION_FILE: Final = "workstation.json"


def home_folder() -> Path:
    """``RELECTURE_HOME``, else the user's data folder; not created here."""
    named = os.environ.get("RELECTURE_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("relecture"))


def operators_folder() -> Path:
    """Where operator records lie."""
    return home_folder() / "operators"


def workstation_key(*, create: bool = False) -> LogKey | None:
    """The key with which this workstation signs checkpoints; None when there is none and none is to be made.

    It lies unencrypted, readable by the account alone: it must sign without an operator's passphrase, and what it
    proves is that the log did not shrink, not who acted.

    Raises:
        Tampered: The key file is damaged.
    """
    path = home_folder() / WORKSTATION_FILE
    if path.exists():
        try:
            return LogKey(bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["log_key_seed"]))
        except (ValueError, KeyError, TypeError) as exc:
            raise Tampered(f"{path} is damaged.", hint="Restore it from a backup.") from exc
    if not create:
        return None
    key = LogKey.generate()
    document = {"format": 1, "log_key_seed": key.seed.hex(), "log_key_public": key.public.hex()}
    write_durable(path, (json.dumps(document, indent=1) + "\n").encode())
    return key
