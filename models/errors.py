# SPDX-License-Identifier: Apache-2.0
"""The error tree of Relecture, at the lowest floor so that every floor can raise from it.

::

    RelectureError            exit 70
    ├── UsageProblem          exit 2      the command line or its options
    ├── InputProblem          exit 10-19  the user's file or argument
    │   ├── UnreadableInput   exit 10     missing, no permission, empty folder
    │   ├── NotFootage        exit 11     no video stream that can be decoded
    │   ├── OutOfScope        exit 12     camera or time outside the requisition
    │   ├── BadRequisition    exit 13     the requisition file lacks or contradicts something
    │   ├── UnknownReference  exit 14     no such camera, track, recording, operator
    │   ├── AlreadyThere      exit 15     would overwrite something that exists
    │   ├── NotAllowed        exit 16     operator, empowerment, deadline or decision forbids it
    │   └── Tampered          exit 17     stored evidence or log does not verify
    ├── EnvironmentProblem    exit 20-29  disk, model file, lock, passphrase
    │   ├── StoreProblem      exit 20     cannot read or write the case folder
    │   ├── CaseBusy          exit 21     another process has the case open for writing
    │   ├── WrongKey          exit 22     passphrase missing or wrong
    │   ├── ModelProblem      exit 23     a model file is missing, altered or not listed
    │   └── ToolMissing       exit 24     ffmpeg, a font, a system library
    └── Defect                exit 70     our own bug
"""

from __future__ import annotations

__all__ = [
    "AlreadyThere",
    "BadRequisition",
    "CaseBusy",
    "Defect",
    "EnvironmentProblem",
    "InputProblem",
    "ModelProblem",
    "NotAllowed",
    "NotFootage",
    "OutOfScope",
    "RelectureError",
    "StoreProblem",
    "Tampered",
    "ToolMissing",
    "UnknownReference",
    "UnreadableInput",
    "UsageProblem",
    "WrongKey",
]


class RelectureError(Exception):
    """Root of every error that Relecture raises on purpose.

    Args:
        message: One sentence in the user's words: what is wrong, naming the file or value.
        hint: One sentence that says what to do about it.
    """

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageProblem(RelectureError):
    """The command line or its options do not fit together."""

    exit_code = 2


class InputProblem(RelectureError):
    """The user's file or argument cannot be used as it is."""

    exit_code = 10


class UnreadableInput(InputProblem):
    """A path is missing, empty or not readable."""

    exit_code = 10


class NotFootage(InputProblem):
    """A file holds no video stream that can be decoded."""

    exit_code = 11


class OutOfScope(InputProblem):
    """A camera or a time lies outside what the requisition covers."""

    exit_code = 12


class BadRequisition(InputProblem):
    """The requisition file lacks or contradicts something that the law asks for."""

    exit_code = 13


class UnknownReference(InputProblem):
    """A camera, track, recording or operator of that name does not exist."""

    exit_code = 14


class AlreadyThere(InputProblem):
    """The act would overwrite something that exists."""

    exit_code = 15


class NotAllowed(InputProblem):
    """The operator, the empowerment, a deadline or a decision forbids the act."""

    exit_code = 16


class Tampered(InputProblem):
    """Stored evidence or the audit log does not verify."""

    exit_code = 17


class EnvironmentProblem(RelectureError):
    """Disk, model file, lock or passphrase: the machine, not the evidence."""

    exit_code = 20


class StoreProblem(EnvironmentProblem):
    """The case folder cannot be read or written."""

    exit_code = 20


class CaseBusy(EnvironmentProblem):
    """Another process has the case open for writing."""

    exit_code = 21


class WrongKey(EnvironmentProblem):
    """The passphrase is missing or does not open the key."""

    exit_code = 22


class ModelProblem(EnvironmentProblem):
    """A model file is missing, altered or not listed in the registry."""

    exit_code = 23


class ToolMissing(EnvironmentProblem):
    """A program or system library that Relecture needs is not there."""

    exit_code = 24


class Defect(RelectureError):
    """Our own bug: please report it with the command and the version."""

    exit_code = 70
