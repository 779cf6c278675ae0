# SPDX-License-Identifier: Apache-2.0
"""One process in the sandbox that answers bit by bit: decoding whose result is too large for one answer.

As in :mod:`review.decoding`, the process is given plain values and answers with bytes that this side checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Final

from indexer import sandbox
from indexer.records import Recording
from models.errors import UnreadableInput
from review.decoding import ChildLost, answer_of, child_context, content_of, without_secrets

__all__ = ["streamed"]

PATIENCE_S: Final = 600.0
BYTES_PER_S: Final = 2e6
"""Longer where a recording cannot be sought and is read from its start at this pace at least."""
MAX_ANSWER_BYTES: Final = 1 << 30


@contextmanager
def streamed(
    work: Callable[..., Iterator[bytes]],
    *values: Any,
    recordings: Sequence[Recording],
    prepare: Callable[[], None] | None = None,
) -> Iterator[Iterator[bytes]]:
    """Run a generator in a process of its own that may read these recordings and nothing else.

    Args:
        work: A function of a module; what it yields is never empty.
        values: What it is called with.
        recordings: What it may read.
        prepare: Called before the process enters the sandbox: loads what it could not read any more.

    Yields:
        What ``work`` yields, in order; the process ends with the block. Reading it raises UnreadableInput where the
        footage makes the decoder crash or hang, and what trouble ``work`` meets.
    """
    context = child_context(work.__module__)
    answers, theirs = context.Pipe(duplex=False)
    readable = tuple(sorted({recording.path for recording in recordings}))
    with without_secrets():
        process = context.Process(
            target=_serve, args=(theirs, readable, prepare or _nothing, work, values), daemon=True
        )
        process.start()
    theirs.close()
    patience_s = PATIENCE_S + max((recording.size_bytes for recording in recordings), default=0) / BYTES_PER_S
    try:
        yield _heard(answers, patience_s)
    finally:
        answers.close()
        if process.is_alive():
            process.kill()
        process.join()
        process.close()


def _heard(answers: Connection, patience_s: float) -> Iterator[bytes]:
    try:
        while True:
            if not answers.poll(patience_s):
                raise ChildLost
            content = content_of(answers.recv_bytes(MAX_ANSWER_BYTES))
            if not content:
                return
            yield content
    except (EOFError, OSError, ChildLost) as problem:
        raise UnreadableInput(
            "Decoding the footage crashes, hangs or takes all memory.",
            hint="Leave the objects of that place out with a filter; the case is intact.",
        ) from problem


def _serve(
    answers: Connection,
    readable: Sequence[str],
    prepare: Callable[[], None],
    work: Callable[..., Iterator[bytes]],
    values: Sequence[Any],
) -> None:
    """The process: answer with what the work yields, and with nothing at its end."""
    steps = _inside(readable, prepare, work, values)
    end = answer_of(bytes)
    try:
        for answer in iter(lambda: answer_of(lambda: next(steps, b"")), end):
            answers.send_bytes(answer)
        answers.send_bytes(end)
    except (EOFError, OSError, KeyboardInterrupt):
        return


def _inside(
    readable: Sequence[str], prepare: Callable[[], None], work: Callable[..., Iterator[bytes]], values: Sequence[Any]
) -> Iterator[bytes]:
    prepare()
    sandbox.enter(readable)
    yield from work(*values)


def _nothing() -> None:
    """Nothing has to be loaded before the sandbox closes."""
