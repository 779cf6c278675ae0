# SPDX-License-Identifier: Apache-2.0
"""Makes a tiny net of makes and its registry entry: it ranks by how blue, green and red a crop is in the mean."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.models.tiny_net import field_bytes, varint_field

__all__ = ["ENTRY", "colour_net", "write_own_net"]

ENTRY = """format = 1

[[model]]
name = "{name}"
version = "{version}"
role = "{role}"
file = "{file}"
sha256 = "{sha256}"
size_bytes = {size}
licence = "Apache-2.0"
author = "BR Reims"
origin = "https://example.org/makes"
inputs = ["crops: [N,3,32,32] float32, BGR, 0-255, letterboxed centred on 114"]
outputs_used = ["probabilities: [N,3] sum to 1"]
classes = [{classes}]
trained_on = "nothing: it ranks by colour"
accuracy = "None: a net for tests."
accuracy_fr = "Aucune : un réseau d’essai."
"""


def colour_net(side_px: int = 32) -> bytes:
    """``probabilities`` = softmax of the mean of each of three channels of ``crops`` [N,3,S,S]."""
    crops = _value("crops", ("n", 3, side_px, side_px))
    nodes = (
        _node("GlobalAveragePool", "crops", "pooled"),
        _node("Flatten", "pooled", "flat"),
        _node("Softmax", "flat", "probabilities"),
    )
    graph = b"".join(field_bytes(1, node) for node in nodes) + field_bytes(2, b"makes")
    graph += field_bytes(11, crops) + field_bytes(12, _value("probabilities", ("n", 3)))
    return varint_field(1, 8) + field_bytes(7, graph) + field_bytes(8, varint_field(2, 13))


def write_own_net(
    folder: Path,
    *,
    content: bytes | None = None,
    name: str = "own-makes",
    version: str = "1",
    role: str = "vehicle_make",
    file: str = "own-makes.onnx",
    classes: tuple[str, ...] = ("Peugeot", "Citroën", "Renault"),
    sha256: str = "",
) -> tuple[Path, Path]:
    """A net and the entry that lists it; gives both paths, entry first."""
    content = colour_net() if content is None else content
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "delivered.onnx").write_bytes(content)
    text = ENTRY.format(
        name=name,
        version=version,
        role=role,
        file=file,
        sha256=sha256 or hashlib.sha256(content).hexdigest(),
        size=len(content),
        classes=", ".join(f'"{item}"' for item in classes),
    )
    (folder / "entry.toml").write_text(text)
    return folder / "entry.toml", folder / "delivered.onnx"


def _node(kind: str, source: str, target: str) -> bytes:
    return field_bytes(1, source.encode()) + field_bytes(2, target.encode()) + field_bytes(4, kind.encode())


def _value(name: str, dims: tuple[str | int, ...]) -> bytes:
    shape = b"".join(
        field_bytes(1, field_bytes(2, dim.encode()) if isinstance(dim, str) else varint_field(1, dim)) for dim in dims
    )
    return field_bytes(1, name.encode()) + field_bytes(2, field_bytes(1, varint_field(1, 1) + field_bytes(2, shape)))
