# SPDX-License-Identifier: Apache-2.0
"""The case folder: its public header, the wrapped case key of each operator, its making and its extension.

::

    CASE/
      case.json            public header: format, id, creation time, origin of the log, recipient of the case key
      keys/<operator>.age  the case identity, encrypted to that operator; purge destroys them
      audit/               the log, in the clear: it outlives the data
      blobs/…              everything else, encrypted to the case key
      lock                 who has the case open for writing
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from models.errors import AlreadyThere, NotAllowed, StoreProblem, Tampered, UnreadableInput
from review.audit.clock import Clock, SystemClock, format_moment
from review.audit.log import AuditLog
from review.audit.record import Json, JsonObject
from review.case_state import REQUISITION_PREFIX
from review.durable import fsync_folder, make_folder, write_durable
from review.home import workstation_key
from review.operators import Keyring, Operator, Quality, check_empowered, load_operator, open_keyring
from review.requisition import parse_requisition
from review.seal import AgeIdentity, encrypt_to
from review.store import SealedStore, content_sha256

__all__ = [
    "AUDIT_FOLDER",
    "BLOBS_FOLDER",
    "HEADER_FILE",
    "KEYS_FOLDER",
    "CaseHeader",
    "create_case",
    "open_case_key",
    "operator_in_log",
    "read_header",
    "software_version",
    "wrap_case_key",
]

FORMAT: Final = 1
HEADER_FILE: Final = "case.json"
KEYS_FOLDER: Final = "keys"
AUDIT_FOLDER: Final = "audit"
BLOBS_FOLDER: Final = "blobs"
FIRST_REQUISITION: Final = f"{REQUISITION_PREFIX}0001.toml"
CASE_ID_PATTERN: Final = re.compile(r"c-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHeader:
    """What anyone may read of a case.

    Attributes:
        case_id: ``c-`` and 16 random hex digits.
        created_utc: ISO time of its making.
        origin: Name of its audit log in checkpoints.
        recipient: age recipient of the case key.
        sha256: Digest of the header file, which the first record of the log names.
    """

    case_id: str
    created_utc: str
    origin: str
    recipient: str
    sha256: str


def software_version() -> str:
    """Version of Relecture, as every record names it."""
    return f"relecture {version('relecture')}"


def read_header(folder: Path) -> CaseHeader:
    """Read the public header of a case.

    Raises:
        UnreadableInput: The folder is no case.
        Tampered: The header is damaged or of an unknown format.
    """
    path = folder / HEADER_FILE
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise UnreadableInput(
            f"{folder} is not a case: it has no {HEADER_FILE}.",
            hint="Make one with: relecture case new CASE --from requisition.toml",
        ) from exc
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            raise Tampered(f"{path} is of format {document['format']}, not {FORMAT}.", hint="Use a newer Relecture.")
        header = CaseHeader(
            case_id=document["case"],
            created_utc=document["created_utc"],
            origin=document["origin"],
            recipient=document["recipient"],
            sha256=content_sha256(content),
        )
        is_sound = CASE_ID_PATTERN.fullmatch(header.case_id) and header.origin == f"relecture/{header.case_id}"
    except (ValueError, KeyError, TypeError) as exc:
        raise Tampered(f"{path} is damaged.", hint="Restore it from a backup.") from exc
    if not is_sound:
        raise Tampered(f"{path} is damaged.", hint="Restore it from a backup.")
    return header


def operator_in_log(operator: Operator) -> dict[str, Json]:
    """What genesis and ``key.add`` records say of an operator."""
    held = operator.empowerment
    return {
        "id": operator.operator_id,
        "name": operator.name,
        "matricule": operator.matricule,
        "service": operator.service,
        "quality": str(operator.quality),
        "empowerment": held.number,
        "empowerment_issued": held.issued.isoformat(),
        "empowerment_issuer": held.issuer,
        "empowerment_expires": held.expires.isoformat(),
        "public": _base64(operator.public_key),
        "certificate_sha256": operator.certificate_sha256,
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def create_case(
    folder: Path,
    requisition_text: str,
    *,
    operator_id: str,
    passphrase: str | None,
    clock: Clock | None = None,
) -> CaseHeader:
    """Make a case from its requisition: header, key, encrypted requisition and the first record of the log.

    The folder appears whole or not at all.

    Raises:
        BadRequisition: Names everything missing.
        AlreadyThere: The folder exists and is not empty.
        NotAllowed: The operator is no officer or not empowered today.
        WrongKey: The passphrase is missing or wrong.
    """
    requisition = parse_requisition(requisition_text)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlreadyThere(f"{folder} exists and is not empty.", hint="Choose a new folder for the case.")
    operator = load_operator(operator_id)
    clock = clock or SystemClock()
    moment = clock.now()
    check_empowered(operator, moment.utc.astimezone().date())
    if operator.quality is Quality.MAGISTRAT:
        raise NotAllowed("A case is made by an OPJ or APJ.", hint="Ask an officer of the unit.")
    keyring = open_keyring(operator, passphrase)
    log_key = workstation_key(create=True)
    assert log_key is not None
    case_id = f"c-{secrets.token_hex(8)}"
    identity = AgeIdentity.generate()
    header_bytes = _header_bytes(case_id, format_moment(moment.utc), identity.recipient)
    content = requisition_text.encode()
    genesis: JsonObject = {
        "act": "case.new",
        "phase": "genesis",
        "case": case_id,
        "origin": f"relecture/{case_id}",
        "operator": operator_in_log(operator),
        "requisition": requisition.reference,
        "header_sha256": content_sha256(header_bytes),
        "blobs": {FIRST_REQUISITION: content_sha256(content)},
        "software": software_version(),
    }
    unfinished = folder.with_name(f".{folder.name}.new-{secrets.token_hex(4)}")
    try:
        make_folder(unfinished)
        write_durable(unfinished / HEADER_FILE, header_bytes)
        write_durable(unfinished / KEYS_FOLDER / f"{operator.operator_id}.age", wrap_case_key(identity, operator))
        SealedStore(unfinished / BLOBS_FOLDER, identity).write(FIRST_REQUISITION, content)
        AuditLog.create(
            unfinished / AUDIT_FOLDER, operator_key=keyring.signing, log_key=log_key, clock=clock, genesis=genesis
        )
        unfinished.rename(folder)
        fsync_folder(folder.parent)
    except OSError as problem:
        raise StoreProblem(f"Cannot make the case {folder}: {problem.strerror}.", hint="Check the disk.") from problem
    finally:
        if unfinished.exists():
            shutil.rmtree(unfinished)
    return read_header(folder)


def _header_bytes(case_id: str, created_utc: str, recipient: str) -> bytes:
    document = {
        "format": FORMAT,
        "case": case_id,
        "created_utc": created_utc,
        "origin": f"relecture/{case_id}",
        "recipient": recipient,
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def wrap_case_key(identity: AgeIdentity, operator: Operator) -> bytes:
    """The case key, encrypted to an operator: what ``keys/<operator>.age`` holds."""
    return encrypt_to(identity.secret.encode(), (operator.recipient,))


def open_case_key(folder: Path, header: CaseHeader, *, operator: Operator, keyring: Keyring) -> AgeIdentity:
    """Unwrap the case key with an operator's keyring.

    Raises:
        NotAllowed: The case was purged, or was never opened to this operator.
        Tampered: The key file is damaged or of another case.
    """
    path = folder / KEYS_FOLDER / f"{operator.operator_id}.age"
    if not path.exists():
        if not any((folder / KEYS_FOLDER).glob("*.age")):
            raise NotAllowed("This case was purged: its key no longer exists.", hint="Only its audit log remains.")
        raise NotAllowed(
            f"The case was not opened to operator “{operator.operator_id}”.",
            hint="An operator of the case can admit another with: relecture case grant CASE OPERATOR",
        )
    try:
        identity = AgeIdentity(keyring.identity.decrypt(path.read_bytes()).decode())
    except (Tampered, ValueError) as exc:
        raise Tampered(f"keys/{path.name} is damaged.", hint="Restore it from a backup.") from exc
    if identity.recipient != header.recipient:
        raise Tampered(f"keys/{path.name} holds the key of another case.", hint="Restore it from a backup.")
    return identity
