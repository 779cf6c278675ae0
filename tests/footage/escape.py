# SPDX-License-Identifier: Apache-2.0
"""What a decoder taken over by hostile footage would try; each attempt says whether the system let it."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from indexer import sandbox
from indexer.media import iter_pictures

__all__ = ["ATTEMPTS", "attempt_everything"]

_PTRACE_ATTACH = 16


def _traced(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_ATTACH, pid, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    libc.ptrace(17, pid, None, None)


def _forked() -> None:
    if os.fork() == 0:
        os._exit(0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way out, and the layer of the sandbox that must close it."""

    layer: str
    act: Callable[[Path, int], object]


ATTEMPTS = {
    "read a password file": Attempt("landlock", lambda _, __: Path("/etc/passwd").read_bytes()),
    "read another recording": Attempt("landlock", lambda folder, _: (folder / "other.mp4").read_bytes()),
    "list the folder of evidence": Attempt("landlock", lambda folder, _: list(folder.iterdir())),
    "write beside the evidence": Attempt("landlock", lambda folder, _: (folder / "new").write_bytes(b"x")),
    "change the recording": Attempt("landlock", lambda folder, _: (folder / "one.mp4").open("r+b")),
    "delete a recording": Attempt("landlock", lambda folder, _: (folder / "other.mp4").unlink()),
    "read the other process": Attempt("landlock", lambda _, pid: Path(f"/proc/{pid}/environ").read_bytes()),
    "open a UDP socket": Attempt("seccomp", lambda _, __: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
    "open a TCP socket": Attempt("seccomp", lambda _, __: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
    "open a local socket": Attempt("seccomp", lambda _, __: socket.socket(socket.AF_UNIX)),
    "start a program": Attempt("seccomp", lambda _, __: subprocess.run(["/bin/true"], check=True)),
    "make another process": Attempt("seccomp", lambda _, __: _forked()),
    "signal the other process": Attempt("seccomp", lambda _, pid: os.kill(pid, 0)),
    "trace the other process": Attempt("seccomp", lambda _, pid: _traced(pid)),
    "take eight gibibytes": Attempt("limits", lambda _, __: bytearray(8 << 30)),
}


def attempt_everything(connection: Connection, folder: Path, other_pid: int) -> None:
    """Enter the sandbox for ``one.mp4`` and try; sends one line an attempt, then how many pictures it decoded."""
    held = sandbox.enter([folder / "one.mp4"])
    connection.send_bytes(held.encode())
    for name, attempt in ATTEMPTS.items():
        try:
            attempt.act(folder, other_pid)
        except (OSError, MemoryError) as problem:
            connection.send_bytes(f"denied {name}: {type(problem).__name__}".encode())
        else:
            connection.send_bytes(f"ALLOWED {name}".encode())
    thread = threading.Thread(target=lambda: connection.send_bytes(b"threads run"))
    thread.start()
    thread.join()
    n_pictures = sum(1 for _ in iter_pictures(str(folder / "one.mp4")))
    connection.send_bytes(f"decoded {n_pictures}".encode())
