# SPDX-License-Identifier: Apache-2.0
"""Strict verification of the detached CMS signatures that :class:`review.seal.CmsSigner` makes.

Two parts of such a file are free: the signing time and the signature. Both are taken out, everything else is built
anew from the certificate and the content, and the result must equal the file byte for byte. So no unsigned byte can
be changed, and no lenient parser is needed. Other tools (``openssl cms``) verify the same file in their own way.

Source: RFC 5652 sections 3, 5 and 11 for the structure, X.690 for DER.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Final

from models.errors import Tampered
from review.seal import certificate_der, certificate_issuer_and_serial, verify_ecdsa_sha512

__all__ = ["verify_detached"]

INTEGER, OCTETS, OID, UTC_TIME, SEQUENCE, SET, CONTEXT_0 = 0x02, 0x04, 0x06, 0x17, 0x30, 0x31, 0xA0
LONG_FORM: Final = 0x80
SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
DATA: Final = bytes.fromhex("2a864886f70d010701")
SHA512: Final = bytes.fromhex("608648016503040203")
ECDSA_SHA512: Final = bytes.fromhex("2a8648ce3d040304")
CONTENT_TYPE: Final = bytes.fromhex("2a864886f70d010903")
MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
SIGNING_TIME: Final = bytes.fromhex("2a864886f70d010905")
NULL: Final = b"\x05\x00"
UTC_TIME_PATTERN: Final = re.compile(rb"[0-9]{12}Z")


def _encode(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    if len(content) < LONG_FORM:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, LONG_FORM | len(length)]) + length + content


def _read(data: bytes, position: int, tag: int) -> tuple[bytes, int]:
    """Content of the element at a position and where the next one starts."""
    if position + 2 > len(data) or data[position] != tag:
        raise Tampered("the signature file is not of the expected form")
    first, position = data[position + 1], position + 2
    length = first
    if first >= LONG_FORM:
        n_digits = first - LONG_FORM
        length = int.from_bytes(data[position : position + n_digits], "big")
        position += n_digits
    if position + length > len(data):
        raise Tampered("the signature file is cut short")
    return data[position : position + length], position + length


def _free_parts(p7s: bytes) -> tuple[bytes, bytes]:
    """Signing time and signature, out of the places where our own files have them."""
    content_info, _ = _read(p7s, 0, SEQUENCE)
    _, position = _read(content_info, 0, OID)
    wrapped, _ = _read(content_info, position, CONTEXT_0)
    signed_data, _ = _read(wrapped, 0, SEQUENCE)
    position = 0
    for tag in (INTEGER, SET, SEQUENCE, CONTEXT_0):
        _, position = _read(signed_data, position, tag)
    signer_infos, _ = _read(signed_data, position, SET)
    signer, _ = _read(signer_infos, 0, SEQUENCE)
    position = 0
    for tag in (INTEGER, SEQUENCE, SEQUENCE):
        _, position = _read(signer, position, tag)
    attributes, position = _read(signer, position, CONTEXT_0)
    _, position = _read(signer, position, SEQUENCE)
    signature, _ = _read(signer, position, OCTETS)
    _, position = _read(attributes, 0, SEQUENCE)
    time_attribute, _ = _read(attributes, position, SEQUENCE)
    _, position = _read(time_attribute, 0, OID)
    times, _ = _read(time_attribute, position, SET)
    signing_time, _ = _read(times, 0, UTC_TIME)
    return signing_time, signature


def verify_detached(p7s: bytes, *, content: bytes, certificate_pem: bytes) -> datetime:
    """Check that a CMS file is the certificate's signature over the content; gives the time that the signer claims.

    The claimed time is signed but not proven: it is whatever the signer's clock said.

    Raises:
        Tampered: It is not, in any byte.
    """
    signing_time, signature = _free_parts(p7s)
    if not UTC_TIME_PATTERN.fullmatch(signing_time):
        raise Tampered("the signature file holds a malformed time")
    attributes = b"".join(
        (
            _encode(SEQUENCE, _encode(OID, CONTENT_TYPE), _encode(SET, _encode(OID, DATA))),
            _encode(SEQUENCE, _encode(OID, SIGNING_TIME), _encode(SET, _encode(UTC_TIME, signing_time))),
            _encode(
                SEQUENCE,
                _encode(OID, MESSAGE_DIGEST),
                _encode(SET, _encode(OCTETS, hashlib.sha512(content).digest())),
            ),
        )
    )
    if _rebuild(attributes, signature, certificate_pem) != p7s:
        raise Tampered("the signature is not over this content, not by this certificate, or was altered")
    # The signature covers the attributes as a SET, RFC 5652 section 5.4.
    message = _encode(SET, attributes)
    if not verify_ecdsa_sha512(certificate_pem=certificate_pem, signature=signature, message=message):
        raise Tampered("the signature does not hold")
    try:
        return datetime.strptime(signing_time.decode(), "%y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as exc:
        raise Tampered("the signature file holds a malformed time") from exc


def _rebuild(attributes: bytes, signature: bytes, certificate_pem: bytes) -> bytes:
    issuer, serial = certificate_issuer_and_serial(certificate_pem)
    version = _encode(INTEGER, b"\x01")
    sha512 = _encode(SEQUENCE, _encode(OID, SHA512), NULL)
    serial_bytes = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    signer = _encode(
        SEQUENCE,
        version,
        _encode(SEQUENCE, issuer, _encode(INTEGER, serial_bytes)),
        sha512,
        _encode(CONTEXT_0, attributes),
        _encode(SEQUENCE, _encode(OID, ECDSA_SHA512)),
        _encode(OCTETS, signature),
    )
    signed_data = _encode(
        SEQUENCE,
        version,
        _encode(SET, sha512),
        _encode(SEQUENCE, _encode(OID, DATA)),
        _encode(CONTEXT_0, certificate_der(certificate_pem)),
        _encode(SET, signer),
    )
    return _encode(SEQUENCE, _encode(OID, SIGNED_DATA), _encode(CONTEXT_0, signed_data))
