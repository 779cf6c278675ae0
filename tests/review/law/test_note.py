# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: strict reading, every bit flip, and openssl as a second verifier."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from models.errors import Tampered
from review.audit.note import (
    Checkpoint,
    InclusionProof,
    decode_base64,
    make_checkpoint,
    make_proof,
    open_checkpoint,
    open_proof,
)
from review.seal import LogKey

KEY = LogKey(b"\2" * 32)
CHECKPOINT = Checkpoint(origin="relecture/c-0123456789abcdef", size=12, root=bytes(range(32)))
NOTE = make_checkpoint(CHECKPOINT, KEY)


def read(note: bytes) -> Checkpoint:
    return open_checkpoint(note, origin=CHECKPOINT.origin, public=KEY.public)


def test_a_checkpoint_survives_the_round_trip() -> None:
    assert read(NOTE) == CHECKPOINT


def test_every_single_bit_flip_is_refused() -> None:
    accepted = []
    for position in range(len(NOTE) * 8):
        changed = bytearray(NOTE)
        changed[position // 8] ^= 1 << (position % 8)
        try:
            read(bytes(changed))
            accepted.append(position)
        except Tampered:
            pass

    assert accepted == []


@pytest.mark.parametrize("length", range(0, len(NOTE), 5))
def test_a_cut_note_is_refused(length: int) -> None:
    with pytest.raises(Tampered):
        read(NOTE[:length])


@pytest.mark.parametrize(
    "note",
    [
        NOTE + b"\n",
        NOTE + NOTE.splitlines()[-1] + b"\n",
        NOTE.replace(b"\n12\n", b"\n012\n"),
        NOTE.replace(b"\n12\n", b"\n12\nextension\n"),
        NOTE.replace(b"\n12\n", "\n１２\n".encode()),
        NOTE.replace(b"\n12\n", b"\n" + b"9" * 5000 + b"\n"),
        b"",
        b"\n\n",
        b"\xff\xfe\n\n\xff",
    ],
)
def test_other_spellings_are_refused_with_tampered_alone(note: bytes) -> None:
    with pytest.raises(Tampered):
        read(note)


def test_another_key_or_another_origin_is_refused() -> None:
    with pytest.raises(Tampered, match="another key"):
        open_checkpoint(NOTE, origin=CHECKPOINT.origin, public=LogKey(b"\3" * 32).public)
    with pytest.raises(Tampered, match="another log"):
        open_checkpoint(NOTE, origin="relecture/c-other", public=KEY.public)


def test_openssl_alone_verifies_the_signature(tmp_path: Path) -> None:
    text, _, signature_line = NOTE.partition(b"\n\n")
    signature = base64.b64decode(signature_line.split(b" ")[2])[4:]
    (tmp_path / "text").write_bytes(text + b"\n")
    (tmp_path / "sig").write_bytes(signature)
    # DER head of an Ed25519 SubjectPublicKeyInfo, RFC 8410.
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + KEY.public)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key.der"]

    done = subprocess.run(
        [*command, "-in", "text", "-sigfile", "sig"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["QUI", "QUJ=", "QUI=\n", "QU I=", "QUI=é", "QUI=="])
def test_base64_that_encoding_would_not_give_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        decode_base64(text)


def test_a_proof_file_survives_the_round_trip() -> None:
    proof = InclusionProof(index=7, path=(bytes(32), b"\1" * 32), checkpoint_note=NOTE)

    assert open_proof(make_proof(proof)) == proof


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 07\n\n",
        b"c2sp.org/tlog-proof@v1\nindex x\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 7\n!!\n\n",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 7\n\n",
    ],
)
def test_a_malformed_proof_file_is_refused(content: bytes) -> None:
    with pytest.raises(Tampered, match="proof of inclusion"):
        open_proof(content)
