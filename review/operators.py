# SPDX-License-Identifier: Apache-2.0
"""Operators: individually designated and specially empowered persons, with their keys.

``RELECTURE_HOME/operators/<id>/`` holds ``operator.json`` (the record and the public keys) and ``keyring.age`` (the
secret keys, wrapped by the operator's passphrase). One scrypt opens all keys of an operator.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from models.errors import AlreadyThere, NotAllowed, Tampered, UnknownReference, UsageProblem, WrongKey
from review.durable import make_folder, write_durable
from review.home import operators_folder
from review.seal import AgeIdentity, CmsSigner, LogKey, certificate_fingerprint, unwrap, wrap

__all__ = [
    "Empowerment",
    "Keyring",
    "Operator",
    "Quality",
    "create_operator",
    "list_operators",
    "load_operator",
    "open_keyring",
    "resolve_operator_id",
]

ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
RECORD_FILE: Final = "operator.json"
KEYRING_FILE: Final = "keyring.age"


class Quality(StrEnum):
    """In which capacity the operator acts."""

    OPJ = "OPJ"
    APJ = "APJ"
    MAGISTRAT = "magistrat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Empowerment:
    """The special empowerment (habilitation) that the law asks of every user.

    Attributes:
        number: Its number.
        issued: When it was given.
        issuer: Who gave it.
        expires: Last day on which it holds.
    """

    number: str
    issued: date
    issuer: str
    expires: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Public record of an operator.

    Attributes:
        operator_id: Short name that commands use.
        name: First and last name.
        matricule: Service number.
        service: Unit.
        quality: Capacity.
        empowerment: Habilitation.
        public_key: Ed25519 key that signs audit records, 32 bytes.
        recipient: age recipient to which case keys are wrapped.
        certificate_pem: Certificate of the key that signs bundles.
    """

    operator_id: str
    name: str
    matricule: str
    service: str
    quality: Quality
    empowerment: Empowerment
    public_key: bytes
    recipient: str
    certificate_pem: str

    @property
    def certificate_sha256(self) -> str:
        """Fingerprint of the certificate, hex."""
        return certificate_fingerprint(self.certificate_pem.encode())

    def mention(self) -> str:
        """The sentence that every report prints, in French."""
        held = self.empowerment
        return (
            f"{self.quality} {self.name}, matricule {self.matricule}, {self.service}, individuellement désigné et "
            f"spécialement habilité (habilitation n° {held.number} du {held.issued:%d/%m/%Y}, délivrée par "
            f"{held.issuer}, valable jusqu’au {held.expires:%d/%m/%Y})"
        )

    def to_document(self) -> dict[str, object]:
        """JSON form of the record."""
        document: dict[str, object] = {
            "format": 1,
            "id": self.operator_id,
            "name": self.name,
            "matricule": self.matricule,
            "service": self.service,
            "quality": str(self.quality),
            "empowerment": {
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in asdict(self.empowerment).items()
            },
            "public_key": base64.b64encode(self.public_key).decode(),
            "recipient": self.recipient,
            "certificate_pem": self.certificate_pem,
            "certificate_sha256": self.certificate_sha256,
        }
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Secret keys of an operator, in memory only."""

    identity: AgeIdentity
    signing: LogKey
    cms: CmsSigner


def _folder_of(operator_id: str) -> Path:
    if not ID_PATTERN.fullmatch(operator_id):
        raise UsageProblem(
            f"“{operator_id}” cannot name an operator.",
            hint="Use lower-case letters, digits, dot, dash or underscore, for example: martin.",
        )
    return operators_folder() / operator_id


def create_operator(
    *,
    operator_id: str,
    name: str,
    matricule: str,
    service: str,
    quality: Quality,
    empowerment: Empowerment,
    passphrase: str,
    now: datetime,
) -> Operator:
    """Make an operator's keys and write record and keyring.

    Raises:
        AlreadyThere: An operator of that id exists; nothing is changed.
        WrongKey: The passphrase is empty.
        UsageProblem: The id is malformed or the empowerment ends before it starts.
    """
    folder = _folder_of(operator_id)
    if folder.exists():
        raise AlreadyThere(f"Operator “{operator_id}” exists already in {folder}.", hint="Choose another id.")
    if not passphrase:
        raise WrongKey("The passphrase is empty.", hint="Set RELECTURE_PASSPHRASE or type one.")
    if empowerment.expires < empowerment.issued:
        raise UsageProblem("The empowerment expires before it was issued.", hint="Check --issued and --expires.")
    identity, signing = AgeIdentity.generate(), LogKey.generate()
    cms = CmsSigner.generate(common_name=f"{name} ({matricule})", organisation=service, now=now)
    operator = Operator(
        operator_id=operator_id,
        name=name,
        matricule=matricule,
        service=service,
        quality=quality,
        empowerment=empowerment,
        public_key=signing.public,
        recipient=identity.recipient,
        certificate_pem=cms.certificate_pem.decode(),
    )
    secrets = {
        "format": 1,
        "identity": identity.secret,
        "signing_seed": signing.seed.hex(),
        "cms_key_der": base64.b64encode(cms.key_der).decode(),
    }
    make_folder(folder)
    write_durable(folder / KEYRING_FILE, wrap(json.dumps(secrets).encode(), passphrase))
    # Why: the record comes last, so that a folder without one is a creation that did not finish.
    write_durable(
        folder / RECORD_FILE, (json.dumps(operator.to_document(), ensure_ascii=False, indent=1) + "\n").encode()
    )
    return operator


def load_operator(operator_id: str) -> Operator:
    """Read an operator's public record.

    Raises:
        UnknownReference: No such operator on this workstation.
        Tampered: The record is damaged.
    """
    path = _folder_of(operator_id) / RECORD_FILE
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as exc:
        known = ", ".join(item.operator_id for item in list_operators()) or "none"
        raise UnknownReference(
            f"There is no operator “{operator_id}” on this workstation.",
            hint=f"Known operators: {known}. Create one with: relecture operator new {operator_id}",
        ) from exc
    except ValueError as exc:
        raise Tampered(f"{path} is damaged.", hint="Restore it from a backup.") from exc
    return operator_from_document(content, source=str(path))


def operator_from_document(content: str, *, source: str) -> Operator:
    """Parse the JSON form of an operator's record.

    Raises:
        Tampered: It is not one; the message names ``source``.
    """
    try:
        document = json.loads(content)
        held = document["empowerment"]
        operator = Operator(
            operator_id=document["id"],
            name=document["name"],
            matricule=document["matricule"],
            service=document["service"],
            quality=Quality(document["quality"]),
            empowerment=Empowerment(
                number=held["number"],
                issued=date.fromisoformat(held["issued"]),
                issuer=held["issuer"],
                expires=date.fromisoformat(held["expires"]),
            ),
            public_key=base64.b64decode(document["public_key"], validate=True),
            recipient=document["recipient"],
            certificate_pem=document["certificate_pem"],
        )
        texts = [getattr(operator, item.name) for item in fields(operator) if item.type == "str"]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a member is no text")
    except (ValueError, KeyError, TypeError) as exc:
        raise Tampered(f"{source} is not an operator's record.", hint="Restore it from a backup.") from exc
    return operator


def list_operators() -> tuple[Operator, ...]:
    """All operators of this workstation, by id."""
    folder = operators_folder()
    names = sorted(path.parent.name for path in folder.glob(f"*/{RECORD_FILE}")) if folder.is_dir() else []
    return tuple(load_operator(name) for name in names)


def resolve_operator_id(operator_id: str | None) -> str:
    """The id as given, or the only operator of this workstation.

    Raises:
        UnknownReference: None was named and there is not exactly one.
    """
    if operator_id:
        return operator_id
    known = list_operators()
    if len(known) == 1:
        return known[0].operator_id
    names = ", ".join(item.operator_id for item in known) or "none yet: relecture operator new ID"
    raise UnknownReference("No operator was named.", hint=f"Give --operator or set RELECTURE_OPERATOR ({names}).")


def open_keyring(operator: Operator, passphrase: str | None) -> Keyring:
    """Unwrap an operator's secret keys; slow the first time in a process.

    Raises:
        WrongKey: No passphrase, or a wrong one.
        Tampered: The keyring does not belong to the record.
    """
    if passphrase is None:
        raise WrongKey(
            f"The passphrase of operator “{operator.operator_id}” is needed.",
            hint="Set RELECTURE_PASSPHRASE, or run the command in a terminal to be asked for it.",
        )
    path = _folder_of(operator.operator_id) / KEYRING_FILE
    try:
        wrapped = path.read_bytes()
    except OSError as exc:
        raise WrongKey(f"The key file {path} cannot be read.", hint="Restore it from a backup.") from exc
    try:
        secrets = json.loads(unwrap(wrapped, passphrase))
        keyring = Keyring(
            identity=AgeIdentity(secrets["identity"]),
            signing=LogKey(bytes.fromhex(secrets["signing_seed"])),
            cms=CmsSigner(
                key_der=base64.b64decode(secrets["cms_key_der"]), certificate_pem=operator.certificate_pem.encode()
            ),
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise Tampered(f"{path} does not hold an operator's keys.", hint="Restore it from a backup.") from exc
    if keyring.signing.public != operator.public_key or keyring.identity.recipient != operator.recipient:
        raise Tampered(f"{path} does not belong to the record beside it.", hint="Restore both from a backup.")
    return keyring


def check_empowered(operator: Operator, today: date) -> None:
    """Refuse an operator whose empowerment does not hold on a day.

    Raises:
        NotAllowed: Not yet, or no longer empowered.
    """
    held = operator.empowerment
    if today > held.expires:
        raise NotAllowed(
            f"The empowerment of {operator.name} expired on {held.expires.isoformat()}.",
            hint="Ask for its renewal, then record it with a new operator.",
        )
    if today < held.issued:
        raise NotAllowed(
            f"The empowerment of {operator.name} starts on {held.issued.isoformat()}.",
            hint="Check the date of this workstation.",
        )
