# SPDX-License-Identifier: Apache-2.0
"""Gives up, for good, what decoding footage does not need: other files, the network, other programs.

A recording under seal may be hostile: a decoder that it subverts must find nothing to read, nothing to write and nobody
to call. The process that decodes enters here after everything is imported and every model loaded, and cannot leave.
Landlock (files, TCP), seccomp (sockets, programs, signals, tracing) and resource limits; the kernel refuses, not we.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyseccomp import SyscallFilter

__all__ = ["MEMORY_BYTES", "card_devices", "enter"]

MEMORY_BYTES: Final = 6 << 30
"""Address space of a decoding process: far above what 8K footage needs, far below what hangs an office PC."""
MAX_OPEN_FILES: Final = 256
CARD_FACTS: Final = tuple(map(Path, ("/proc/driver/nvidia", "/proc/devices", "/sys/bus/pci", "/sys/devices")))
"""What the driver of a card reads of the machine; nothing of it is evidence."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_FOLDER, _ASK_DEVICE = 1 << 1, 1 << 2, 1 << 3, 1 << 15
_NO_NEW_PRIVILEGES, _PARENT_DEATH_SIGNAL = 38, 1
_CLONE_THREAD: Final = 0x10000
_FORBIDDEN: Final = (
    *("execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev"),
    *("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg"),
    *("kill", "tkill", "pidfd_open", "pidfd_send_signal", "pidfd_getfd", "mount", "umount2", "chroot", "pivot_root"),
    *("unshare", "setns", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "open_by_handle_at"),
    *("keyctl", "add_key", "request_key", "init_module", "finit_module", "kexec_load", "reboot", "swapon"),
)


def card_devices() -> tuple[Path, ...]:
    """Device files of the graphics cards of NVIDIA; none where there is no card."""
    return tuple(sorted(Path("/dev").glob("nvidia*")))


def enter(readable: Iterable[str | Path], *, devices: Sequence[Path] = (), memory_bytes: int = MEMORY_BYTES) -> str:
    """Restrict this process to reading the files named and the program's own; there is no way back.

    Args:
        readable: Recordings that may be read; those that do not exist are left out.
        devices: Device files that may be opened for reading, writing and control: a graphics card's, where one is used.
        memory_bytes: Most address space that the process may take.

    Returns:
        What holds, for the report: ``landlock 7, seccomp, limits``, or what of it this system has; ``card`` at the end
        where device files are open to it.
    """
    held = []
    if sys.platform == "linux":
        _die_with_parent()
        # Why: loading the filter's library looks for files; once Landlock holds it would find none.
        calls = _call_filter()
        landlock = _landlock([*map(Path, readable), *_program_folders(), *(CARD_FACTS if devices else ())], devices)
        held += [f"landlock {landlock}"] if landlock else []
        if calls is not None:
            calls.load()
            held.append("seccomp")
    # Why: the driver of a card reserves more address space than any machine has memory; what it fills counts as data.
    memory = resource.RLIMIT_DATA if devices else resource.RLIMIT_AS
    for what, limit in (
        (memory, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
    ):
        resource.setrlimit(what, (limit, limit))
    return ", ".join([*held, "limits", *(["card"] if devices else [])])


def _program_folders() -> list[Path]:
    """Where code, its data and time zones lie: they hold no evidence, and modules are loaded late from them."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {sys.prefix, sys.base_prefix, str(Path(__file__).parents[1] / "models"), str(Path(__file__).parent)}
    folders |= {"/usr/lib", "/usr/share/zoneinfo", "/lib", "/lib64", "/sys/devices/system/cpu"}
    return [Path(folder) for folder in sorted(folders)]


def _die_with_parent() -> None:
    """A worker whose coordinator was killed must not go on reading evidence by itself."""
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _landlock(readable: list[Path], devices: Sequence[Path]) -> int:
    """Deny every file but those below the paths, and every TCP connection; returns the kernel's version of it, or 0."""
    libc = ctypes.CDLL(None, use_errno=True)
    abi = int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    if abi <= 0:
        return 0
    # Why: each version of Landlock knows more rights; asking an older kernel for a newer right is refused.
    files = (1 << 13) - 1 | (1 << 13 if abi >= 2 else 0) | (1 << 14 if abi >= 3 else 0) | (1 << 15 if abi >= 5 else 0)
    fields = [files, *([3] if abi >= 4 else []), *([3] if abi >= 6 else [])]
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    ruleset = _called(libc, _CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(len(attributes)), 0)
    for path in (*readable, *devices):
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        rights = _READ_FILE | (_READ_FOLDER if path.is_dir() else 0)
        if path in devices:
            rights |= _WRITE_FILE | (_ASK_DEVICE & files)
        _called(libc, _ADD_RULE, ruleset, 1, ctypes.c_char_p(struct.pack("=Qi", rights, place)), 0)
        os.close(place)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _called(libc, _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return abi


def _called(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    values = [ctypes.c_int(item) if isinstance(item, int) else item for item in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *values))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _call_filter() -> SyscallFilter | None:
    """A filter that denies the system calls that no decoder needs; None where libseccomp is missing."""
    try:
        import pyseccomp  # noqa: PLC0415  # Reason: it needs a system library that not every machine has.
    except (ImportError, OSError, RuntimeError):
        return None
    calls = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    denied = pyseccomp.ERRNO(errno.EPERM)
    for name in _FORBIDDEN:
        try:
            calls.add_rule(denied, name)
        except (OSError, RuntimeError, ValueError):
            # Why: a call that this kernel or architecture does not know cannot be made either.
            continue
    # Why: threads are made by the same call as processes; only what shares no memory is a process. The newer call hides
    # its flags from a filter, and the C library falls back to the older one when told that it does not exist.
    calls.add_rule(denied, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0))
    calls.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    return calls
