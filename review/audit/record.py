# SPDX-License-Identifier: Apache-2.0
"""One audit record: a line of canonical JSON (RFC 8785), chained to the line before and signed by an operator.

``{"body":…,"boot":…,"key":…,"mono":…,"prev":…,"seq":…,"sig":…,"t":…,"v":1}`` where

* ``prev`` is the SHA-256 of the previous line without its line feed, 64 zeros for the first;
* ``sig`` is Ed25519 over ``relecture-audit-v1``, a line feed and the canonical JSON of the record without ``sig``;
* ``key`` is the first 16 hex digits of the SHA-256 of the public key; ``t`` is UTC, ``mono`` milliseconds since boot.

Because of ``prev``, every signature covers all history before it. Reading is strict: a line that we would not have
written byte for byte is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias

import rfc8785

from models.errors import Defect, Tampered
from review.audit.clock import Moment, format_moment
from review.audit.note import decode_base64
from review.seal import LogKey, verify_ed25519

__all__ = [
    "FIELDS",
    "GENESIS_PREV",
    "LOG_NAME",
    "Json",
    "JsonObject",
    "KeyRing",
    "Record",
    "canonical",
    "key_id",
    "make_line",
    "parse_line",
]

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]

LOG_NAME: Final = "audit/log.jsonl"
GENESIS_PREV: Final = "0" * 64
SIGNED_PREFIX: Final = b"relecture-audit-v1\n"
FIELDS: Final = frozenset({"v", "seq", "prev", "t", "mono", "boot", "key", "body", "sig"})
KEY_ID_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One parsed record.

    Attributes:
        seq: 0-based position in the log.
        prev: SHA-256 of the previous line, hex.
        moment: When, as three clocks saw it.
        key: Identifier of the signing key.
        body: What was done.
        line: The bytes of the line, without line feed.
    """

    seq: int
    prev: str
    moment: Moment
    key: str
    body: JsonObject
    line: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the line, hex: the ``prev`` of the next record."""
        return hashlib.sha256(self.line).hexdigest()

    def text(self, name: str) -> str:
        """A member of the body as text, empty when it is absent or no string."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def member(self, name: str) -> JsonObject:
        """A member of the body as an object, empty when it is absent or no object."""
        value = self.body.get(name)
        return value if isinstance(value, Mapping) else {}

    def is_signed_by(self, public: bytes) -> bool:
        """True when the signature is that key's."""
        members = json.loads(self.line)
        try:
            signature = decode_base64(members.pop("sig"))
        except (ValueError, TypeError):
            return False
        return verify_ed25519(public=public, signature=signature, message=SIGNED_PREFIX + rfc8785.dumps(members))


def key_id(public: bytes) -> str:
    """Short name of a public key in records."""
    return hashlib.sha256(public).hexdigest()[:KEY_ID_DIGITS]


def canonical(document: Json) -> bytes:
    """Canonical JSON (RFC 8785).

    Raises:
        Defect: The document holds something that JSON does not have.
    """
    try:
        return rfc8785.dumps(document)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as exc:
        raise Defect(f"A record cannot be written as canonical JSON: {exc}.") from exc


def make_line(*, seq: int, prev: str, moment: Moment, key: LogKey, body: JsonObject) -> bytes:
    """A signed line, without line feed."""
    members: dict[str, Json] = {
        "v": 1,
        "seq": seq,
        "prev": prev,
        "t": format_moment(moment.utc),
        "mono": moment.monotonic_ms,
        "boot": moment.boot_id,
        "key": key_id(key.public),
        "body": body,
    }
    members["sig"] = base64.b64encode(key.sign(SIGNED_PREFIX + canonical(members))).decode()
    return canonical(members)


def parse_line(line: bytes, *, seq: int, prev: str) -> Record:
    """Read a line strictly and check its place in the chain; the signature is checked apart.

    Raises:
        Tampered: Not canonical, not a record, or not the successor of ``prev``.
    """
    try:
        members = json.loads(line.decode("utf-8"))
        is_canonical = rfc8785.dumps(members) == line
    except (ValueError, RecursionError, rfc8785.CanonicalizationError) as exc:
        raise Tampered(f"{LOG_NAME}: record {seq} is not canonical JSON.") from exc
    if not is_canonical or not isinstance(members, dict) or frozenset(members) != FIELDS:
        raise Tampered(f"{LOG_NAME}: record {seq} is not a canonical record of this format.")
    _check_kinds(members, seq)
    if members["seq"] != seq or members["prev"] != prev:
        raise Tampered(f"{LOG_NAME}: record {seq} does not follow the record before it.")
    try:
        wall = datetime.strptime(members["t"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as exc:
        raise Tampered(f"{LOG_NAME}: record {seq} has a malformed time.") from exc
    return Record(
        seq=seq,
        prev=prev,
        moment=Moment(utc=wall, monotonic_ms=members["mono"], boot_id=members["boot"]),
        key=members["key"],
        body=members["body"],
        line=line,
    )


def _check_kinds(members: dict[str, object], seq: int) -> None:
    kinds = {
        "v": int,
        "seq": int,
        "prev": str,
        "t": str,
        "mono": int,
        "boot": str,
        "key": str,
        "body": dict,
        "sig": str,
    }
    for name, kind in kinds.items():
        # Why: bool is a subclass of int, and true would pass for the version number.
        if not isinstance(members[name], kind) or isinstance(members[name], bool):
            raise Tampered(f"{LOG_NAME}: record {seq} has a malformed {name}.")
    if members["v"] != 1:
        raise Tampered(f"{LOG_NAME}: record {seq} is of a version that this program does not know.")


class KeyRing:
    """Which keys may sign, resolved by position in the log and never by a clock.

    The first record names the first operator's key and the workstation log key. A ``key.add`` record, signed by a
    key that is already in, adds an operator's; ``key.revoke`` takes one out for every later record.
    """

    def __init__(self) -> None:
        self._public_by_id: dict[str, bytes] = {}
        self.origin = ""
        self.log_key = b""

    def public_of(self, key: str) -> bytes | None:
        """The public key of that identifier, or None when it may not sign (any more)."""
        return self._public_by_id.get(key)

    def learn(self, record: Record) -> None:
        """Take over what a record says of keys; call it before checking a first record, after checking any other.

        Raises:
            Tampered: The first record is no genesis, or a key is malformed.
        """
        act = record.text("act")
        if record.seq == 0:
            if act != "case.new":
                raise Tampered(f"{LOG_NAME}: record 0 does not open a case.")
            self.origin = record.text("origin")
            self.log_key = self._public_in(record, record.text("log_key"))
        if act in ("case.new", "key.add"):
            operator = record.member("operator")
            public = self._public_in(record, str(operator.get("public", "")))
            self._public_by_id[key_id(public)] = public
        elif act == "key.revoke":
            self._public_by_id.pop(record.text("revoked"), None)

    @staticmethod
    def _public_in(record: Record, text: str) -> bytes:
        try:
            return decode_base64(text)
        except ValueError as exc:
            raise Tampered(f"{LOG_NAME}: record {record.seq} holds a malformed key.") from exc
