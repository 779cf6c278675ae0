# SPDX-License-Identifier: Apache-2.0
"""The registry of nets: which files may be loaded, what each is for, where it comes from, what it was measured at.

Entries are data (``registry.toml`` for nets that a user imports, ``embedded/registry.toml`` for those shipped with
the program). A file is known by its SHA-256 alone: neither its name nor its place makes it trusted. Files that are
known and refused are listed too, with the reason, so that the refusal can name them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from models._registry_file import RefusedFile, RegistryEntry, read_local_entry, read_registry_file
from models.errors import ModelProblem, UnreadableInput
from models.roles import Role
from models.runtime import Device, Net, open_session

__all__ = [
    "LOCAL_SUFFIX",
    "ImportReport",
    "RefusedFile",
    "Registry",
    "RegistryEntry",
    "Role",
    "models_folder",
    "relecture_home",
    "sha256_of",
]

_PACKAGE: Final = Path(__file__).parent
LOCAL_SUFFIX: Final = ".entry.toml"
_CHUNK_BYTES: Final = 1 << 20
_LARGEST_MODEL_BYTES: Final = 4 << 30


def relecture_home() -> Path:
    """Folder of the user's own files: ``RELECTURE_HOME``, else the user data folder of the system. Not created."""
    chosen = os.environ.get("RELECTURE_HOME", "")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("relecture", appauthor=False))


def models_folder() -> Path:
    """Folder of imported nets. Not created."""
    return relecture_home() / "models"


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file.

    Raises:
        UnreadableInput: The file is missing or not readable.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as exc:
        message = f"The file {path} cannot be read: {exc.strerror or exc}."
        raise UnreadableInput(message, hint="Check the path and your right to read it.") from exc
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did.

    Attributes:
        imported: Entries whose file is now in the models folder, sorted by name.
        refused: (path, SHA-256, reason) of every file that was not taken, sorted by path.
    """

    imported: tuple[RegistryEntry, ...]
    refused: tuple[tuple[str, str, str], ...]


class Registry:
    """All listed nets, and the folder where imported ones lie.

    Attributes:
        entries: Every entry, sorted by name.
        refused: Files that are known and refused, sorted by name.
        folder: Where imported files lie; may not exist yet.
    """

    def __init__(
        self, entries: Iterable[RegistryEntry], *, refused: Iterable[RefusedFile] = (), folder: Path | None = None
    ) -> None:
        self.entries: tuple[RegistryEntry, ...] = tuple(sorted(entries, key=lambda entry: entry.name))
        self.refused: tuple[RefusedFile, ...] = tuple(sorted(refused, key=lambda item: item.name))
        self.folder = folder if folder is not None else models_folder()
        self._refuse_contradictions()

    @classmethod
    def load(cls, *, folder: Path | None = None) -> Registry:
        """Read both registry files of the installed program, and the entries that the unit listed on this machine.

        Args:
            folder: Folder of imported nets; :func:`models_folder` when None.

        Raises:
            ModelProblem: A registry file is missing or damaged, or lists a role that the product refuses.
        """
        entries, refused = read_registry_file(_PACKAGE / "registry.toml", is_embedded=False)
        embedded_file = _PACKAGE / "embedded" / "registry.toml"
        embedded = read_registry_file(embedded_file, is_embedded=True)[0] if embedded_file.exists() else ()
        own = _local_entries(folder if folder is not None else models_folder())
        return cls((*entries, *embedded, *own), refused=refused, folder=folder)

    def entry(self, name: str) -> RegistryEntry:
        """The entry of that name, or ``name@version``.

        Raises:
            ModelProblem: No such entry.
        """
        for entry in self.entries:
            if name in (entry.name, entry.model_id):
                return entry
        known = ", ".join(entry.name for entry in self.entries)
        raise ModelProblem(f"No model is listed under the name {name}.", hint=f"Listed: {known}.")

    def of_role(self, role: Role) -> tuple[RegistryEntry, ...]:
        """Entries of a role, sorted by name, present or not."""
        return tuple(entry for entry in self.entries if entry.role is role)

    def path_of(self, entry: RegistryEntry) -> Path:
        """Where the file of an entry lies, or would lie."""
        return (_PACKAGE / "embedded" if entry.is_embedded else self.folder) / entry.file

    def is_present(self, entry: RegistryEntry) -> bool:
        """True when a file lies there. Its digest is checked when it is opened, and by ``models check``."""
        return self.path_of(entry).is_file()

    def open(self, name: str, *, device: Device = "auto") -> Net:
        """Load the net of that name, verified.

        Raises:
            ModelProblem: Not listed, not imported, altered, or not a net.
        """
        entry = self.entry(name)
        if not self.is_present(entry):
            message = f"The model {entry.model_id} is not on this machine."
            raise ModelProblem(message, hint=f"Import its file ({entry.file}) with `relecture models import FILE`.")
        return open_session(self.path_of(entry), expected_sha256=entry.sha256, device=device)

    def import_file(self, path: Path) -> RegistryEntry:
        """Copy a listed file into the models folder; a file already there with that digest is left as it is.

        Raises:
            UnreadableInput: The file is missing or not readable.
            ModelProblem: Its SHA-256 is not listed, or is listed as refused, or the folder cannot be written.
        """
        return self.place(_read_whole(path), name=path.name)

    def list_local(
        self, entry_file: Path, net_file: Path, *, trial: Callable[[RegistryEntry, bytes], None] | None = None
    ) -> RegistryEntry:
        """List a net of the unit's own, and import it: the entry first, which names the digest, then the file.

        Args:
            entry_file: Registry file with one entry.
            net_file: The net.
            trial: Raises where the net's bytes do not do what the entry says; :mod:`models.own_nets` has it. The
                registry itself knows no contract.

        Raises:
            UnreadableInput: A file is missing or not readable.
            ModelProblem: The entry is not sound, names a net, file or digest that is listed or refused already, or the
                net has another digest than the entry says. Nothing has changed then.
        """
        content, net = _read_whole(entry_file), _read_whole(net_file)
        entry = read_local_entry(content, name=entry_file.name)
        found = hashlib.sha256(net).hexdigest()
        if found != entry.sha256:
            raise ModelProblem(
                f"The net {net_file.name} is not the one that the entry lists: expected {entry.sha256}, found {found}.",
                hint="Give the digest of the file itself: sha256sum FILE.",
            )
        others = [item for item in self.entries if not (item.is_local and item.name == entry.name)]
        taken = [item.name for item in others if item.file == entry.file]
        if taken:
            raise ModelProblem(f"The file name {entry.file} belongs to {taken[0]}.", hint="Name the file otherwise.")
        registry = Registry([*others, entry], refused=self.refused, folder=self.folder)
        if trial is not None:
            trial(entry, net)
        # Why: an entry whose file is missing is a net not imported yet; a file without its entry stops every start.
        _write_durably(self.folder / f"{entry.name}{LOCAL_SUFFIX}", content)
        _write_durably(self.folder / entry.file, net)
        self.entries = registry.entries
        return entry

    def import_path(self, path: Path) -> ImportReport:
        """Import a file, or every ``.onnx`` file of a folder; what is not listed is reported, never taken.

        Raises:
            UnreadableInput: The path does not exist or holds no ``.onnx`` file.
        """
        files = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
        if not files:
            raise UnreadableInput(f"The folder {path} holds no .onnx file.", hint="Name the folder of the models.")
        imported: list[RegistryEntry] = []
        refused: list[tuple[str, str, str]] = []
        for file in files:
            content = _read_whole(file)
            try:
                imported.append(self.place(content, name=file.name))
            except ModelProblem as problem:
                refused.append((str(file), hashlib.sha256(content).hexdigest(), problem.message))
        ordered = tuple(sorted(imported, key=lambda entry: entry.name))
        return ImportReport(imported=ordered, refused=tuple(refused))

    def place(self, content: bytes, *, name: str) -> RegistryEntry:
        """Put the bytes of a listed file into the models folder: temporary file, flush, replace.

        Args:
            content: The whole file.
            name: What to call it in messages.

        Raises:
            ModelProblem: Not listed, refused, or the folder cannot be written. Nothing has changed then.
        """
        found = hashlib.sha256(content).hexdigest()
        for item in self.refused:
            if item.sha256 == found:
                raise ModelProblem(
                    f"The file {name} is {item.name}, which Relecture refuses: {item.reason}",
                    hint="It will not be imported. See docs/adr/0010-appearance-and-reidentification.md.",
                )
        entry = next((entry for entry in self.entries if entry.sha256 == found), None)
        if entry is None:
            message = f"The file {name} is not listed in the registry: its SHA-256 is {found}."
            raise ModelProblem(message, hint="Only listed files can be used; `relecture models list` shows them.")
        if not entry.is_embedded:
            _write_durably(self.path_of(entry), content)
        return entry

    def _refuse_contradictions(self) -> None:
        """One name, one digest, one file name; nothing both listed and refused."""
        for what in ("name", "sha256"):
            values = [getattr(entry, what) for entry in self.entries] + [getattr(item, what) for item in self.refused]
            doubled = sorted({value for value in values if values.count(value) > 1})
            if doubled:
                message = f"The model registry lists the {what} {doubled[0]} twice."
                raise ModelProblem(message, hint="The installation is damaged: install Relecture again.")


def _local_entries(folder: Path) -> tuple[RegistryEntry, ...]:
    """Entries that the unit listed, by name."""
    return tuple(
        read_local_entry(_read_whole(path), name=path.name) for path in sorted(folder.glob(f"*{LOCAL_SUFFIX}"))
    )


def _read_whole(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_MODEL_BYTES:
            raise UnreadableInput(f"The file {path} is far too large for a model.", hint="Name an .onnx file.")
        return path.read_bytes()
    except OSError as exc:
        message = f"The file {path} cannot be read: {exc.strerror or exc}."
        raise UnreadableInput(message, hint="Check the path and your right to read it.") from exc


def _write_durably(target: Path, content: bytes) -> None:
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_file() and target.stat().st_size == len(content) and target.read_bytes() == content:
            return
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".importing-")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
        temporary = None
        if os.name == "posix":
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as exc:
        message = f"The model cannot be written to {target.parent}: {exc.strerror or exc}."
        raise ModelProblem(message, hint="Free space, or point RELECTURE_HOME at a folder that you can write.") from exc
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
