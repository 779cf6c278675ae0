# SPDX-License-Identifier: Apache-2.0
"""``verify``: tells a case from a bundle, runs every numbered check of it and gives one report. It changes nothing."""

from __future__ import annotations

from pathlib import Path

from models.errors import UnreadableInput
from review.bundle_checks import verify_bundle
from review.case_checks import verify_case
from review.case_folder import AUDIT_FOLDER, HEADER_FILE
from review.checks import Progress, Report, no_progress

__all__ = ["is_case", "verify_path"]


def is_case(path: Path) -> bool:
    """True when a folder looks like a case, even a damaged one."""
    return (path / HEADER_FILE).exists() or (path / AUDIT_FOLDER).is_dir()


def verify_path(
    path: Path,
    *,
    operator_id: str | None = None,
    passphrase: str | None = None,
    witnesses: tuple[bytes, ...] = (),
    certificate_pem: bytes | None = None,
    tsa_root_pem: bytes | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Verify a case or a bundle.

    Args:
        path: Folder of a case or of a bundle.
        operator_id: Whose key opens a case.
        passphrase: Opens it; without one, what needs the key is not run.
        witnesses: Checkpoint notes of the case's log that were kept elsewhere.
        certificate_pem: Certificate that a bundle must be signed with, obtained by another way than the bundle.
        tsa_root_pem: Root certificate of the time-stamping authority of a bundle.
        progress: Told how many bytes were read.

    Raises:
        UnreadableInput: The path is neither.
    """
    if not path.is_dir():
        raise UnreadableInput(f"{path} is not a folder.", hint="Give the folder of a case or of a bundle.")
    if is_case(path):
        return verify_case(path, operator_id=operator_id, passphrase=passphrase, witnesses=witnesses, progress=progress)
    if not any(path.iterdir()):
        raise UnreadableInput(f"{path} is empty.", hint="Give the folder of a case or of a bundle.")
    return verify_bundle(path, certificate_pem=certificate_pem, tsa_root_pem=tsa_root_pem, progress=progress)
