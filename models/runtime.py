# SPDX-License-Identifier: Apache-2.0
"""The one place that runs ONNX nets: verified bytes in, arrays out.

It knows files, digests and tensors. It refuses to know what a net is for: the registry does.

One thread per session and no spinning: on a busy two-core machine two threads gave nothing and spinning made
medians up to four times worse; parallelism is over recordings, one process each.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from models.errors import Defect, ModelProblem

__all__ = ["Device", "Input", "Net", "Tensor", "engine_id", "has_cuda_device", "open_session", "open_session_bytes"]

Device = Literal["auto", "cpu", "cuda"]
Tensor = NDArray[np.float32]
Input = NDArray[np.float32] | NDArray[np.int64]

_FATAL_ONLY: Final = 4
_ORT_ERRORS: Final[tuple[type[Exception], ...]] = (
    ValueError,
    *(found for found in vars(ort_state).values() if isinstance(found, type) and issubclass(found, Exception)),
)


class Net:
    """One loaded net.

    Attributes:
        sha256: Hex digest of the very bytes that the session was built from.
        provider: ``cpu`` or ``cuda``, what really runs it.
        input_shapes: Input name to shape; None where the net takes any length.
        output_names: Names of all outputs, in the net's order.
        metadata: Text pairs that the net's author stored in the file.
    """

    def __init__(self, session: ort.InferenceSession, *, sha256: str) -> None:
        self._session = session
        self.sha256 = sha256
        self.provider = "cuda" if session.get_providers()[0] == "CUDAExecutionProvider" else "cpu"
        self.input_shapes: dict[str, tuple[int | None, ...]] = {
            item.name: tuple(side if isinstance(side, int) else None for side in item.shape)
            for item in session.get_inputs()
        }
        self.output_names: tuple[str, ...] = tuple(item.name for item in session.get_outputs())
        self.metadata: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)

    def run(self, inputs: Mapping[str, Input], *, outputs: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Run the net once.

        Args:
            inputs: Input name to array, of the shape that ``input_shapes`` tells.
            outputs: Names of the outputs to compute; all when None. One that is not named is not returned.

        Returns:
            Output name to float32 array (whole numbers are converted), in the order asked for.

        Raises:
            Defect: The arrays do not fit the net: names, types or shapes are our own bug.
        """
        names = list(outputs) if outputs is not None else list(self.output_names)
        try:
            arrays = self._session.run(names, dict(inputs))
        except _ORT_ERRORS as exc:
            shapes = {name: array.shape for name, array in inputs.items()}
            message = f"The net {self.sha256[:12]} cannot run on inputs {shapes}: {exc}"
            raise Defect(message, hint="Report this with the recording's size and codec.") from exc
        return {name: np.asarray(array, np.float32) for name, array in zip(names, arrays, strict=True)}


def open_session(path: Path, *, expected_sha256: str, device: Device = "auto") -> Net:
    """Load the net in a file, if the file is the one that the registry lists.

    The file is read once; the digest is taken of those bytes and the session is built from the same bytes, so a
    file that is exchanged in between cannot slip through.

    Args:
        path: ONNX file.
        expected_sha256: Hex digest that the registry lists.
        device: ``auto`` takes a CUDA device when one really works, else the CPU.

    Raises:
        ModelProblem: The file is missing or unreadable, its digest differs, or it is not a net.
    """
    try:
        content = path.read_bytes()
    except OSError as exc:
        message = f"The model file {path.name} cannot be read: {exc.strerror or exc}."
        raise ModelProblem(message, hint="Import it again with `relecture models import FILE`.") from exc
    return open_session_bytes(content, name=path.name, expected_sha256=expected_sha256, device=device)


def open_session_bytes(content: bytes, *, name: str, expected_sha256: str, device: Device = "auto") -> Net:
    """Load a net from bytes, if they have the digest that the registry lists; see :func:`open_session`."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected_sha256:
        message = f"The model file {name} is not the listed one: SHA-256 expected {expected_sha256}, found {found}."
        raise ModelProblem(message, hint="Remove the file and import the original again; never use an altered one.")
    ort.set_default_logger_severity(_FATAL_ONLY)
    try:
        session = ort.InferenceSession(content, _options(), providers=_providers(device))
    except _ORT_ERRORS as exc:
        message = f"The model file {name} has the listed digest, but cannot be loaded: {exc}"
        raise ModelProblem(message, hint="Check with `relecture models check` and report the message.") from exc
    net = Net(session, sha256=found)
    if device == "cuda" and net.provider != "cuda":
        message = f"The model file {name} was asked to run on a CUDA device, but none works on this machine."
        raise ModelProblem(message, hint="Let the device be chosen, or install the CUDA 12 and cuDNN 9 libraries.")
    return net


def engine_id(provider: str = "cpu") -> str:
    """Name and version of what computes, for the record of a run.

    >>> engine_id().startswith("onnxruntime@")
    True
    """
    return f"onnxruntime@{ort.__version__}+{provider}"


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    # Why: regions of a picture come in many sizes, and a plan kept for each makes memory grow with the footage.
    options.enable_mem_pattern = False
    options.log_severity_level = _FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def _providers(device: Device) -> list[str]:
    wants_cuda = device == "cuda" or (device == "auto" and has_cuda_device())
    if wants_cuda and "CUDAExecutionProvider" in ort.get_available_providers():
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]
    return ["CPUExecutionProvider"]


@functools.cache
def has_cuda_device() -> bool:
    """Ask the driver itself: the GPU build lists CUDA as available on machines that have no GPU at all."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(library)
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False
