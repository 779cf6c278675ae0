# SPDX-License-Identifier: Apache-2.0
"""Reading of registry files: strict, so that a mistyped or refused entry never passes for a sound one."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.errors import ModelProblem
from models.roles import Role, refused_purpose_of

__all__ = ["RefusedFile", "RegistryEntry", "entry_from_table", "read_local_entry", "read_registry_file"]

_FORMAT: Final = 1
_NOT_IN_FILES: Final = frozenset({"is_embedded", "is_local"})
_LOCAL_HINT: Final = "docs/adr/0026-nets-listed-by-a-unit.md shows a whole entry."
LOCAL_ROLES: Final = (Role.DETECTOR, Role.VEHICLE_MAKE)
"""Roles whose nets can answer with words of a closed list alone: never anything of who somebody is."""
_OWN_PREFIX: Final = "relecture"
_DAMAGED: Final = "The installation is damaged: install Relecture again."


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntry:
    """One net that may be loaded.

    Attributes:
        name: Short name, lower case with hyphens.
        version: The author's version.
        role: What it is for.
        file: File name, without folder.
        sha256: Hex digest of the file; the only thing that makes a file trusted.
        size_bytes: File size.
        licence: SPDX expression, as the author states it.
        author: Who published it.
        origin: The author's page, https.
        download: Direct https address of these very bytes; empty when the author publishes another form.
        obtaining: How to come by these bytes when there is no direct address.
        inputs: One line an input: name, shape, colour order, range.
        outputs_used: Outputs, or parts of outputs, that are read.
        outputs_refused: Outputs, or parts, that the net has and Relecture never reads.
        classes: What the used outputs mean, in order.
        trained_on: Data that it learned from.
        accuracy: Measured accuracy, with its source.
        accuracy_fr: The same in French, for reports that join a procedure.
        refusals: What it must not be used for, or does badly.
        is_embedded: True when the file ships with the program.
        is_local: True for a net that the unit listed on this machine.
    """

    name: str
    version: str
    role: Role
    file: str
    sha256: str
    size_bytes: int
    licence: str
    author: str
    origin: str
    inputs: tuple[str, ...]
    outputs_used: tuple[str, ...]
    trained_on: str
    accuracy: str
    accuracy_fr: str = ""
    download: str = ""
    obtaining: str = ""
    outputs_refused: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    refusals: str = ""
    is_embedded: bool = False
    is_local: bool = False

    @property
    def model_id(self) -> str:
        """``name@version``, as every result names it."""
        return f"{self.name}@{self.version}"

    @property
    def accuracy_said(self) -> tuple[str, str]:
        """Its accuracy in English and in French, with who says so where a unit listed the net."""
        english, french = self.accuracy, self.accuracy_fr or self.accuracy
        return (
            (f"by {self.author}: {english}", f"selon {self.author} : {french}") if self.is_local else (english, french)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """A file that is known and must not be loaded.

    Attributes:
        name: What it is.
        sha256: Hex digest.
        reason: Why it is refused, in one sentence.
    """

    name: str
    sha256: str
    reason: str


def read_registry_file(path: Path, *, is_embedded: bool) -> tuple[tuple[RegistryEntry, ...], tuple[RefusedFile, ...]]:
    """Entries and refused files of one registry file.

    Raises:
        ModelProblem: Missing, not TOML, unknown keys, a value of the wrong kind, or a refused role.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ModelProblem(f"The model registry {path.name} cannot be read: {exc}", hint=_DAMAGED) from exc
    _refuse_unknown_keys(tables, ("format", "model", "refused"), where=path.name)
    if tables.get("format") != _FORMAT:
        raise ModelProblem(f"The model registry {path.name} has not the format {_FORMAT}.", hint=_DAMAGED)
    entries = tuple(entry_from_table(table, is_embedded=is_embedded) for table in _tables(tables.get("model", [])))
    refused = tuple(_refused_from_table(table) for table in _tables(tables.get("refused", [])))
    return entries, refused


def read_local_entry(content: bytes, *, name: str) -> RegistryEntry:
    """The one entry of a file by which a unit lists a net of its own; stricter than ours, since nobody reviews it.

    Raises:
        ModelProblem: Not a registry file with one entry, a role that a unit cannot list, or a figure or origin missing.
    """
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ModelProblem(f"The entry {name} cannot be read: {exc}", hint=_LOCAL_HINT) from exc
    _refuse_unknown_keys(tables, ("format", "model"), where=name)
    listed = _tables(tables.get("model", []))
    if tables.get("format") != _FORMAT or len(listed) != 1:
        raise ModelProblem(f"The entry {name} is not one [[model]] of the format {_FORMAT}.", hint=_LOCAL_HINT)
    entry = dataclasses.replace(entry_from_table(listed[0], is_embedded=False), is_local=True)
    if entry.role not in LOCAL_ROLES:
        raise ModelProblem(
            f"The entry {name} lists a net of the role {entry.role}.",
            hint=f"A unit can list nets of the roles {', '.join(LOCAL_ROLES)}.",
        )
    if entry.name.startswith(_OWN_PREFIX):
        raise ModelProblem(
            f"The entry {name} lists {entry.name}: names that begin with {_OWN_PREFIX} are those of the program.",
            hint="Choose another name.",
        )
    for key in ("licence", "author", "trained_on", "accuracy", "accuracy_fr", "classes"):
        if not getattr(entry, key):
            raise ModelProblem(f"The entry {name} has an empty {key}.", hint=_LOCAL_HINT)
    return entry


def entry_from_table(table: dict[str, object], *, is_embedded: bool) -> RegistryEntry:
    """One entry, checked field by field.

    Raises:
        ModelProblem: A key is unknown or missing, a value is of the wrong kind, or the purpose is refused.
    """
    name = str(table.get("name", "without name"))
    fields = {field.name: field for field in dataclasses.fields(RegistryEntry) if field.name not in _NOT_IN_FILES}
    _refuse_unknown_keys(table, tuple(fields), where=name)
    values: dict[str, object] = {}
    for key, field in fields.items():
        if key not in table:
            if field.default is dataclasses.MISSING:
                raise ModelProblem(f"The registry entry {name} has no {key}.", hint=_DAMAGED)
            continue
        values[key] = _role_of(table[key], name) if key == "role" else _value_of(table[key], str(field.type), name, key)
    entry = RegistryEntry(**values, is_embedded=is_embedded)  # type: ignore[arg-type]  # Reason: checked by _value_of.
    _refuse_odd_entry(entry)
    return entry


def _role_of(value: object, name: str) -> Role:
    try:
        return Role(str(value))
    except ValueError as exc:
        purpose = refused_purpose_of(str(value))
        why = f"Relecture refuses {purpose}" if purpose else "no such role exists"
        message = f"The registry entry {name} claims the role {value}: {why}."
        raise ModelProblem(message, hint=f"Roles are: {', '.join(Role)}.") from exc


def _refuse_odd_entry(entry: RegistryEntry) -> None:
    for what in (entry.name, entry.file, *entry.outputs_used, *entry.classes):
        purpose = refused_purpose_of(what)
        if purpose is not None:
            message = f"The registry entry {entry.name} speaks of {what}: Relecture refuses {purpose}."
            raise ModelProblem(message, hint="No net can be listed for that purpose, whatever role it claims.")
    checks = (
        (re.fullmatch(r"[0-9a-f]{64}", entry.sha256), "sha256"),
        (re.fullmatch(r"[a-z0-9][a-z0-9.\-]*", entry.name), "name"),
        # Why: results join models by "+" and versions by "@"; an entry must not pass for another one's.
        (re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._\-]*", entry.version), "version"),
        (re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._\-]*\.onnx", entry.file), "file"),
        (entry.size_bytes > 0, "size_bytes"),
        (entry.is_embedded or entry.origin.startswith("https://"), "origin"),
        (not entry.download or entry.download.startswith("https://"), "download"),
    )
    for passes, key in checks:
        if not passes:
            message = f"The registry entry {entry.name} has an unusable {key}: {getattr(entry, key)!r}."
            raise ModelProblem(message, hint=_DAMAGED)


def _refused_from_table(table: dict[str, object]) -> RefusedFile:
    _refuse_unknown_keys(table, ("name", "sha256", "reason"), where="refused")
    return RefusedFile(name=str(table["name"]), sha256=str(table["sha256"]), reason=str(table["reason"]))


def _tables(value: object) -> list[dict[str, object]]:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise ModelProblem("The model registry has a table where a list of tables belongs.", hint=_DAMAGED)


def _value_of(value: object, kind: str, name: str, key: str) -> object:
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "str" and isinstance(value, str):
        return value.strip()
    if kind == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ModelProblem(f"The registry entry {name} has a {key} that is no {kind}.", hint=_DAMAGED)


def _refuse_unknown_keys(table: dict[str, object], known: tuple[str, ...], *, where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            guess = f" Did you mean {near[0]}?" if near else ""
            raise ModelProblem(f"The model registry has an unknown key {key} in {where}.{guess}", hint=_DAMAGED)
