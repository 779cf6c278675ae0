# SPDX-License-Identifier: Apache-2.0
"""Makes a whole ONNX file of a few bytes, so that tests of loading need no weights: y = x."""

from __future__ import annotations

import hashlib

__all__ = ["digest_of", "entry_table", "field_bytes", "identity_net", "varint_field"]


def identity_net(*, note: str = "tiny") -> bytes:
    """A net with input ``x`` [free, 3] and output ``y`` of the same shape; ``note`` makes its digest differ."""
    value = field_bytes(
        1, field_bytes(1, varint_field(1, 1) + field_bytes(2, field_bytes(1, field_bytes(2, b"n")) + _dim(3)))
    )
    graph = (
        field_bytes(1, field_bytes(1, b"x") + field_bytes(2, b"y") + field_bytes(4, b"Identity"))
        + field_bytes(2, note.encode())
        + field_bytes(11, field_bytes(1, b"x") + field_bytes(2, _inner(value)))
        + field_bytes(12, field_bytes(1, b"y") + field_bytes(2, _inner(value)))
    )
    return varint_field(1, 8) + field_bytes(7, graph) + field_bytes(8, varint_field(2, 13))


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entry_table(content: bytes, **changes: object) -> dict[str, object]:
    """A sound registry table for some bytes, with changes."""
    table: dict[str, object] = {
        "name": "tiny-net",
        "version": "1",
        "role": "detector",
        "file": "tiny.onnx",
        "sha256": digest_of(content),
        "size_bytes": len(content),
        "licence": "Apache-2.0",
        "author": "Nobody",
        "origin": "https://example.org/tiny",
        "inputs": ["x: [n,3]"],
        "outputs_used": ["y: [n,3]"],
        "trained_on": "nothing",
        "accuracy": "none",
    }
    return {**table, **changes}


def _inner(value: bytes) -> bytes:
    """The TypeProto that ``field_bytes(1, TypeProto)`` wraps."""
    return value[2:]


def _dim(size: int) -> bytes:
    return field_bytes(1, varint_field(1, size))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint_field(number: int, value: int) -> bytes:
    """A number as a field of a protocol buffer."""
    return _varint(number << 3) + _varint(value)


def field_bytes(number: int, content: bytes) -> bytes:
    """Bytes, a text or a message as a field of a protocol buffer."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content
