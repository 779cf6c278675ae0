# SPDX-License-Identifier: Apache-2.0
"""Processes that decode in the sandbox, and the few bytes that they may say back.

Probing at import and indexing run here. A child is given plain values and answers with bytes that this side checks,
never with pickled objects: a decoder that hostile footage has taken over can lie about what it saw, but can neither
reach the case, its key or the network, nor run anything in this process.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path
from typing import Final, Self

import models.errors
from indexer import sandbox
from indexer.findings import FindingKind
from indexer.pipeline import IndexConfig, SegmentPlan, index_segment
from indexer.probe import PacketTable, ProbeResult, probe
from indexer.records import Recording
from indexer.segments import pack
from indexer.warmup import compile_kernels
from models.errors import Defect, NotFootage, RelectureError, UnreadableInput
from models.modelset import ModelSet, Profile, load_model_set
from review.recordings import facts_document, facts_of, finding_document, finding_of, packets_bytes, packets_from

__all__ = [
    "ChildLost",
    "DecodingChild",
    "SegmentWork",
    "answer_of",
    "child_context",
    "content_of",
    "made",
    "probe_in_child",
    "read_segment_answer",
    "without_secrets",
]

MAX_ANSWER_BYTES: Final = 1 << 30
PROBE_PATIENCE_S: Final = 600.0
PROBE_BYTES_PER_S: Final = 2e6
"""A file is given up when reading it takes longer than this pace, plus the patience: it hangs the decoder."""
SECRETS: Final = ("RELECTURE_PASSPHRASE",)
_LOST: Final = frozenset({FindingKind.CORRUPT_FRAMES, FindingKind.DECODE_ERRORS})
_READ_STEP_BYTES: Final = 1 << 20
_READ_MARGIN_BYTES: Final = 16 << 20
_RESULT, _PROBLEM, _DEFECT = b"R", b"P", b"D"


class ChildLost(Exception):
    """The child ended without an answer: killed for memory, or the decoder crashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentWork:
    """One segment to index."""

    recording: Recording
    packets: PacketTable
    plan: SegmentPlan
    config: IndexConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProbeWork:
    path: str
    sha256: str
    size_bytes: int


class DecodingChild:
    """One process that decodes, in the sandbox; closed as a context manager.

    Args:
        readable: The recordings that it may read.
        profile: Whose models it loads before it enters; None when it only probes.
        has_card: A graphics card decodes, so its device files are left open to the child.
    """

    def __init__(self, *, readable: Sequence[str], profile: Profile | None = None, has_card: bool = False) -> None:
        context = child_context(__name__)
        self.connection, theirs = context.Pipe()
        with without_secrets():
            self._process = context.Process(
                target=_serve, args=(theirs, tuple(readable), profile, has_card), daemon=True
            )
            self._process.start()
        theirs.close()
        self._held = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def held(self) -> str:
        """What the sandbox holds in this child, once it is ready: ``landlock 7, seccomp, limits``.

        Raises:
            ChildLost: It ended before.
            RelectureError: It cannot start, for example because a model is missing.
        """
        if not self._held:
            self._held = self._answer().decode()
        return self._held

    def start(self, work: SegmentWork | _ProbeWork) -> None:
        """Hand over work; one at a time.

        Raises:
            ChildLost: There is no child any more.
        """
        _ = self.held
        try:
            self.connection.send(work)
        except OSError as problem:
            raise ChildLost from problem

    def answer(self, *, patience_s: float | None = None) -> bytes:
        """Wait for what the work gave.

        Raises:
            ChildLost: The child ended, answered too much, or (with ``patience_s``) took too long.
            RelectureError: The work met trouble and says which.
        """
        if patience_s is not None and not self.connection.poll(patience_s):
            self.close()
            raise ChildLost
        return self._answer()

    def close(self) -> None:
        """End the process at once; what it works on is lost. Closing twice is harmless."""
        if self.connection.closed:
            return
        self.connection.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._process.close()

    def _answer(self) -> bytes:
        try:
            message = self.connection.recv_bytes(MAX_ANSWER_BYTES)
        except (EOFError, OSError) as problem:
            raise ChildLost from problem
        return content_of(message)


def child_context(preload: str) -> ForkServerContext | SpawnContext:
    """How children are started; a server imports the module named, and forks them without importing it again."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # Why: decoders and nets are imported once for all children instead of once a child.
    context.set_forkserver_preload([preload])
    return context


def content_of(message: bytes) -> bytes:
    """What a child's answer holds.

    Raises:
        ChildLost: It is no answer.
        RelectureError: The work met trouble and says which.
    """
    kind, content = message[:1], message[1:]
    if kind == _PROBLEM:
        raise _problem_of(content)
    if kind == _DEFECT:
        raise Defect("A process that decodes met an error that nobody foresaw.", hint=content.decode(errors="replace"))
    if kind != _RESULT:
        raise ChildLost
    return content


def read_segment_answer(content: bytes) -> tuple[bytes, int]:
    """The packed segment and its number of tracks."""
    return content[8:], int.from_bytes(content[:8], "big")


def probe_in_child(path: str, *, hashed: tuple[str, int]) -> ProbeResult:
    """Read the packets of a file in the sandbox and say what it is.

    Args:
        path: The recording.
        hashed: SHA-256 and size, taken by this process before anything else read the file.

    Raises:
        UnreadableInput: The file is missing or cannot be read.
        NotFootage: There is no video stream that can be decoded, or the decoder crashes or hangs on it.
    """
    sha256, size_bytes = hashed
    with DecodingChild(readable=[path]) as child:
        try:
            child.start(_ProbeWork(path=path, sha256=sha256, size_bytes=size_bytes))
            content = child.answer(patience_s=PROBE_PATIENCE_S + size_bytes / PROBE_BYTES_PER_S)
        except ChildLost as problem:
            raise NotFootage(
                f"{path}: the decoder crashed or hung on this file.",
                hint="Keep the file as delivered and ask for another export; the case and the other files are intact.",
            ) from problem
    return _probe_result(content, hashed)


def made(work: SegmentWork, loaded: ModelSet) -> bytes:
    """Index one segment: the work of a child, as bytes.

    Raises:
        UnreadableInput: The original is gone, unreadable or changed.
        RelectureError: The recording cannot be indexed.
    """
    recording = work.recording
    try:
        _require_unchanged(recording)
        segment = index_segment(recording, work.packets, work.plan, work.config, loaded)
        # Why: a medium that was unplugged meanwhile gives fewer pictures and no error; such a segment is not kept.
        _require_unchanged(recording)
        if any(finding.kind in _LOST for finding in segment.findings):
            _require_readable(recording, work.packets, work.plan)
    except OSError as problem:
        raise UnreadableInput(
            f"{recording.path} cannot be read ({problem.strerror}).",
            hint="Plug the medium in again and run index again; what is committed is kept.",
        ) from problem
    return len(segment.tracks).to_bytes(8, "big") + pack(segment)[0]


def _require_unchanged(recording: Recording) -> None:
    if Path(recording.path).stat().st_size != recording.size_bytes:
        raise UnreadableInput(
            f"{recording.path} has changed since it was imported.",
            hint="Restore the original as delivered: its digest is in the case; then run index again.",
        )


def _require_readable(recording: Recording, packets: PacketTable, plan: SegmentPlan) -> None:
    """Read the bytes of a segment plainly: ``OSError`` where it is the medium that fails, and not the recording.

    A medium that is pulled out keeps its names for a while, and a decoder takes what it cannot read for damage. Where
    the packets lie is known by their share of all bytes alone, so a margin is read as well.
    """
    sizes, first, end = packets.size_bytes, plan.first_frame, plan.first_frame + plan.n_frames
    n_all = max(1, int(sizes.sum()))
    begin = recording.size_bytes * int(sizes[:first].sum()) // n_all - _READ_MARGIN_BYTES
    stop = recording.size_bytes * int(sizes[:end].sum()) // n_all + _READ_MARGIN_BYTES
    descriptor = os.open(recording.path, os.O_RDONLY)
    try:
        for at in range(max(0, begin), min(recording.size_bytes, stop), _READ_STEP_BYTES):
            os.pread(descriptor, _READ_STEP_BYTES, at)
    finally:
        os.close(descriptor)


def _serve(connection: Connection, readable: Sequence[str], profile: Profile | None, has_card: bool) -> None:
    """The child: load what is needed, enter the sandbox, answer until the other side hangs up."""
    loaded: list[ModelSet] = []

    def ready() -> bytes:
        if profile is not None:
            loaded.append(load_model_set(profile))
            compile_kernels()
        on_card = has_card or any(models.runs_on_card for models in loaded)
        return sandbox.enter(readable, devices=sandbox.card_devices() if on_card else ()).encode()

    def work() -> bytes:
        task = connection.recv()
        return made(task, loaded[0]) if isinstance(task, SegmentWork) else _probed(task)

    try:
        connection.send_bytes(answer_of(ready))
        while True:
            connection.send_bytes(answer_of(work))
    except (EOFError, OSError, KeyboardInterrupt):
        return


def answer_of(work: Callable[[], bytes]) -> bytes:
    """The boundary of one answer: trouble with a recording is an answer, not the end of the child."""
    try:
        return _RESULT + work()
    except RelectureError as problem:
        said = {"kind": type(problem).__name__, "message": problem.message, "hint": problem.hint}
        return _PROBLEM + json.dumps(said).encode()
    except EOFError:
        raise
    except MemoryError:
        os._exit(1)
    except Exception:  # noqa: BLE001  # Reason: our own bug must reach the other side with its trace, not vanish.
        return _DEFECT + traceback.format_exc().encode()


def _problem_of(content: bytes) -> RelectureError:
    said = json.loads(content)
    leaf = getattr(models.errors, said["kind"], None)
    if not (isinstance(leaf, type) and issubclass(leaf, RelectureError)):
        leaf = Defect
    problem: RelectureError = leaf(str(said["message"]), hint=str(said["hint"]))
    return problem


def _probed(work: _ProbeWork) -> bytes:
    result = probe(work.path, hashed=(work.sha256, work.size_bytes))
    document = {
        "facts": facts_document(result.facts),
        "container_created": result.container_created,
        "findings": [finding_document(item) for item in result.findings],
    }
    return json.dumps(document).encode() + b"\n" + packets_bytes(result.packets)


def _probe_result(content: bytes, hashed: tuple[str, int]) -> ProbeResult:
    line, _, table = content.partition(b"\n")
    document = json.loads(line)
    return ProbeResult(
        sha256=hashed[0],
        size_bytes=hashed[1],
        facts=facts_of(document["facts"]),
        packets=packets_from(table),
        container_created=str(document["container_created"]),
        findings=tuple(finding_of(item) for item in document["findings"]),
    )


@contextmanager
def without_secrets() -> Iterator[None]:
    """The passphrase of the case has no business in the environment of a process that decodes."""
    kept = {name: os.environ.pop(name) for name in SECRETS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
