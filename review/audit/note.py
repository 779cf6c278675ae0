# SPDX-License-Identifier: Apache-2.0
"""Checkpoints and proofs in the C2SP text formats, so that an independent verifier can read them.

Source: C2SP signed-note, tlog-checkpoint and tlog-proof (c2sp.org, CC BY 4.0). Parsing is strict: whatever would not
be written exactly so by us is refused, since a lenient reader lets two different texts pass for one.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from models.errors import Tampered
from review.audit import merkle
from review.seal import LogKey, verify_ed25519

__all__ = [
    "Checkpoint",
    "InclusionProof",
    "decode_base64",
    "make_checkpoint",
    "make_proof",
    "open_checkpoint",
    "open_proof",
]

ED25519_TYPE: Final = b"\x01"
KEY_HASH_BYTES: Final = 4
PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
FIRST_PRINTABLE: Final = 0x20
EM_DASH: Final = "\u2014"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement that a log of this origin had this root at this size."""

    origin: str
    size: int
    root: bytes

    @property
    def root_text(self) -> str:
        """The root as 44 characters of base64: short enough for paper."""
        return base64.b64encode(self.root).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That the record at an index is in the log of a checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint_note: bytes


def decode_base64(text: str) -> bytes:
    """Decode base64, refusing every spelling but the one that encoding gives.

    Raises:
        ValueError: Not canonical base64.
    """
    try:
        decoded = base64.b64decode(text, validate=True)
    except ValueError as exc:
        raise ValueError("not base64") from exc
    # Why: b64decode ignores spare bits in the last character, so 1 of 1,136 single-bit flips would pass.
    if base64.b64encode(decoded).decode() != text:
        raise ValueError("not canonical base64")
    return decoded


def _key_hash(origin: str, public: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + ED25519_TYPE + public).digest()[:KEY_HASH_BYTES]


def make_checkpoint(checkpoint: Checkpoint, key: LogKey) -> bytes:
    """The signed note of a checkpoint, as bytes of a file."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{checkpoint.root_text}\n".encode()
    signature = base64.b64encode(_key_hash(checkpoint.origin, key.public) + key.sign(text)).decode()
    return text + f"\n{EM_DASH} {checkpoint.origin} {signature}\n".encode()


def open_checkpoint(note: bytes, *, origin: str, public: bytes) -> Checkpoint:
    """Check a signed note and give its checkpoint.

    Raises:
        Tampered: Malformed, of another log, or not signed by the key.
    """
    try:
        return _open_checkpoint(note, origin, public)
    except ValueError as exc:
        raise Tampered(f"The checkpoint of the audit log does not verify: {exc}.") from exc


def _open_checkpoint(note: bytes, origin: str, public: bytes) -> Checkpoint:
    if any(byte < FIRST_PRINTABLE and byte != ord("\n") for byte in note):
        raise ValueError("control characters")
    body, separator, signatures = note.partition(b"\n\n")
    if not separator:
        raise ValueError("no signature part")
    text = body + b"\n"
    lines = text.decode("utf-8", "strict").split("\n")
    expected_lines = 4
    if len(lines) != expected_lines or lines[0] != origin:
        raise ValueError("another log's origin or a wrong number of lines")
    size_text, root_text = lines[1], lines[2]
    if not size_text.isascii() or not size_text.isdigit() or str(int(size_text)) != size_text:
        raise ValueError("the size is not a plain number")
    root = decode_base64(root_text)
    if len(root) != merkle.HASH_BYTES:
        raise ValueError("the root is not 32 bytes")
    signature_lines = signatures.decode("utf-8", "strict")
    if not signature_lines.endswith("\n") or signature_lines.count("\n") != 1:
        raise ValueError("not exactly one signature line")
    parts = signature_lines[:-1].split(" ")
    if len(parts) != 3 or parts[0] != EM_DASH or parts[1] != origin:
        raise ValueError("malformed signature line")
    blob = decode_base64(parts[2])
    if blob[:KEY_HASH_BYTES] != _key_hash(origin, public):
        raise ValueError("signed by another key")
    if not verify_ed25519(public=public, signature=blob[KEY_HASH_BYTES:], message=text):
        raise ValueError("wrong signature")
    return Checkpoint(origin=origin, size=int(size_text), root=root)


def make_proof(proof: InclusionProof) -> bytes:
    """A tlog-proof file: header, index, path, blank line, checkpoint."""
    lines = [PROOF_HEADER, f"index {proof.index}", *(base64.b64encode(item).decode() for item in proof.path)]
    return ("\n".join(lines) + "\n\n").encode() + proof.checkpoint_note


def open_proof(content: bytes) -> InclusionProof:
    """Read a tlog-proof file; the checkpoint inside is not verified here.

    Raises:
        Tampered: Malformed.
    """
    head, separator, note = content.partition(b"\n\n")
    try:
        if not separator:
            raise ValueError("no checkpoint part")
        lines = head.decode("ascii").split("\n")
        word, _, index_text = lines[1].partition(" ") if len(lines) > 1 else ("", "", "")
        if lines[0] != PROOF_HEADER or word != "index" or not index_text.isdigit():
            raise ValueError("malformed head")
        if str(int(index_text)) != index_text:
            raise ValueError("the index is not a plain number")
        path = tuple(decode_base64(line) for line in lines[2:])
    except ValueError as exc:
        raise Tampered(f"The proof of inclusion cannot be read: {exc}.") from exc
    return InclusionProof(index=int(index_text), path=path, checkpoint_note=note)
