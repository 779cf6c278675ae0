# SPDX-License-Identifier: Apache-2.0
"""The runtime builds a session from verified bytes only, quietly, and runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.errors import Defect, ModelProblem
from models.runtime import open_session, open_session_bytes
from tests.models.tiny_net import digest_of, identity_net


def test_a_net_runs_and_tells_its_shapes(tmp_path: Path):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(identity_net())

    net = open_session(path, expected_sha256=digest_of(identity_net()), device="cpu")

    assert net.input_shapes == {"x": (None, 3)}
    assert net.output_names == ("y",)
    assert net.provider == "cpu"
    found = net.run({"x": np.array([[1, 2, 3]], np.float32)})
    np.testing.assert_array_equal(found["y"], [[1, 2, 3]])


def test_an_altered_file_is_refused_with_both_digests(tmp_path: Path):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(identity_net(note="altered"))
    expected = digest_of(identity_net())

    with pytest.raises(ModelProblem) as caught:
        open_session(path, expected_sha256=expected)

    assert expected in caught.value.message
    assert digest_of(identity_net(note="altered")) in caught.value.message
    assert caught.value.hint


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(ModelProblem, match="cannot be read"):
        open_session(tmp_path / "none.onnx", expected_sha256="0" * 64)


def test_listed_bytes_that_are_no_net_are_refused():
    with pytest.raises(ModelProblem, match="cannot be loaded"):
        open_session_bytes(b"no net", name="no.onnx", expected_sha256=digest_of(b"no net"))


def test_the_session_is_built_from_the_bytes_that_were_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(identity_net())
    read: list[Path] = []
    real = Path.read_bytes

    def exchanging_read(self: Path) -> bytes:
        content = real(self)
        read.append(self)
        self.write_bytes(b"exchanged after the first read")
        return content

    monkeypatch.setattr(Path, "read_bytes", exchanging_read)

    net = open_session(path, expected_sha256=digest_of(identity_net()), device="cpu")

    assert net.sha256 == digest_of(identity_net())
    assert read == [path]


def test_arrays_that_do_not_fit_are_our_own_defect():
    content = identity_net()
    net = open_session_bytes(content, name="tiny", expected_sha256=digest_of(content), device="cpu")

    with pytest.raises(Defect, match=r"\(2, 5\)"):
        net.run({"x": np.zeros((2, 5), np.float32)})


def test_a_machine_without_a_gpu_gets_no_line_on_stderr(tmp_path: Path):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(identity_net())
    code = (
        "import sys; from pathlib import Path; from models.runtime import open_session; "
        "open_session(Path(sys.argv[1]), expected_sha256=sys.argv[2])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(path), digest_of(identity_net())],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert done.stdout == ""
    assert done.stderr == ""
