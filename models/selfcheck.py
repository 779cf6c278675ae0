# SPDX-License-Identifier: Apache-2.0
"""Proof that nothing refused is here: no role, no file, no line of code for faces, gait, emotion and the like.

Checks are numbered; the numbers are the same here, in the tests and in the manual.

1. Every listed net has an allowed role and speaks of nothing refused.
2. Every embedded net is there with its listed digest.
3. Every imported net has its listed digest.
4. The models folder holds no file that is not listed.
5. The models folder holds no file that is known and refused.
6. The program's own code calls nothing that recognises faces or persons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from models.errors import ModelProblem, UnreadableInput
from models.registry import LOCAL_SUFFIX, Registry, sha256_of
from models.roles import Role, refused_purpose_of

__all__ = ["Check", "SelfCheckReport", "require_sound_registry", "verify_models"]

Outcome = Literal["passed", "failed", "not run"]

_PACKAGES: Final = ("models", "indexer", "review", "gui", "samples")
_WORD_LISTS: Final = ("models/selfcheck.py", "models/roles.py")
"""The two files that must spell the refused words in order to refuse them."""
_REFUSED_CALLS: Final = re.compile(
    r"Face(?:Detector|Recognizer)|Cascade(?:Classifier)|haar(?:cascade)|face_(?:recognition|landmark|embedding)"
    r"|(?:insight|deep|retina|arc)face|\bdlib\b|\bmediapipe\b|(?:gait|emotion|deepface)_?(?:net|model|recogni)"
    r"|torchreid|boxmot",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One numbered check.

    Attributes:
        number: As in the module's docstring.
        name: What was checked, in a few words.
        outcome: Passed, failed, or not run.
        details: What failed, one line each; or why it was not run.
    """

    number: int
    name: str
    outcome: Outcome
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheckReport:
    """All checks, in order."""

    checks: tuple[Check, ...]

    @property
    def is_sound(self) -> bool:
        """True when every check ran and passed."""
        return all(check.outcome == "passed" for check in self.checks)


def verify_models(registry: Registry) -> SelfCheckReport:
    """Run every check; reads every model file and every source file, changes nothing."""
    roles = _check(1, "only allowed roles are listed", _refused_entries(registry))
    embedded = _check(2, "embedded nets have their digests", _altered(registry, is_embedded=True))
    imported = _check(3, "imported nets have their digests", _altered(registry, is_embedded=False))
    unlisted, refused = _strangers(registry)
    return SelfCheckReport(
        checks=(
            roles,
            embedded,
            imported,
            _check(4, "no unlisted file in the models folder", unlisted),
            _check(5, "no refused file in the models folder", refused),
            _check(6, "no code for faces or persons' identity", _refused_code(Path(__file__).parents[1])),
        )
    )


def require_sound_registry(registry: Registry) -> None:
    """Refuse to start when the registry lists what the product refuses, or a refused file lies in the folder.

    The digests of the nets that are used are checked when they are opened.

    Raises:
        ModelProblem: Naming the entry or the file.
    """
    unlisted, refused = _strangers(registry)
    troubles = [*_refused_entries(registry), *refused, *unlisted]
    if troubles:
        message = f"The models of this machine fail the self-check: {troubles[0]}"
        raise ModelProblem(message, hint="`relecture models check` lists everything; remove what it names.")


def _check(number: int, name: str, troubles: Iterable[str]) -> Check:
    details = tuple(troubles)
    return Check(number=number, name=name, outcome="failed" if details else "passed", details=details)


def _refused_entries(registry: Registry) -> list[str]:
    troubles = []
    for entry in registry.entries:
        if not isinstance(entry.role, Role):
            troubles.append(f"{entry.name} has the role {entry.role}, which does not exist.")
        for text in (str(entry.role), entry.name, entry.file, *entry.outputs_used, *entry.classes):
            purpose = refused_purpose_of(text)
            if purpose is not None:
                troubles.append(f"{entry.name} speaks of {text}: {purpose} is refused.")
    return troubles


def _altered(registry: Registry, *, is_embedded: bool) -> list[str]:
    troubles = []
    for entry in registry.entries:
        if entry.is_embedded is not is_embedded:
            continue
        path = registry.path_of(entry)
        if not path.is_file():
            if is_embedded:
                troubles.append(f"{entry.model_id}: {entry.file} is missing.")
            continue
        try:
            found = sha256_of(path)
        except UnreadableInput as problem:
            troubles.append(problem.message)
            continue
        if found != entry.sha256:
            troubles.append(f"{entry.model_id}: {entry.file} was altered: expected {entry.sha256}, found {found}.")
    return troubles


def _strangers(registry: Registry) -> tuple[list[str], list[str]]:
    """Files of the folder that are not listed, and those that are known and refused."""
    if not registry.folder.is_dir():
        return [], []
    listed = {entry.file for entry in registry.entries if not entry.is_embedded}
    listed |= {f"{entry.name}{LOCAL_SUFFIX}" for entry in registry.entries if entry.is_local}
    reason_by_digest = {item.sha256: item for item in registry.refused}
    unlisted, refused = [], []
    for path in sorted(registry.folder.rglob("*")):
        if path.is_dir() or path.relative_to(registry.folder).as_posix() in listed:
            continue
        try:
            found = sha256_of(path)
        except UnreadableInput as problem:
            unlisted.append(problem.message)
            continue
        if found in reason_by_digest:
            item = reason_by_digest[found]
            refused.append(f"{path.name} is {item.name}: {item.reason}")
        else:
            unlisted.append(f"{path.name} is not listed: SHA-256 {found}.")
    return unlisted, refused


def _refused_code(root: Path) -> list[str]:
    troubles = []
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if path.relative_to(root).as_posix() in _WORD_LISTS:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if _REFUSED_CALLS.search(line):
                    troubles.append(f"{path.relative_to(root).as_posix()}:{number} names {line.strip()[:80]}")
    return troubles
