# SPDX-License-Identifier: Apache-2.0
"""Has the parts of a film painted by as many processes as there are processors, each in the sandbox, with an encoder.

This process decodes nothing. It hands out parts in order, reads rows of numbers and checks them, and joins what the
encoders wrote. A process that dies is replaced and its part painted once more; the second time the film is given up.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import UnreadableInput
from review.decoding import ChildLost, child_context, content_of, without_secrets
from review.film_draft import peak_mib
from review.film_parts import FilmParts
from review.processors import usable_processors
from review.synopsis.parts import PartPlan
from review.synopsis.studio import COUNTS, END, OPEN, ROW, ROWS, paint_part

__all__ = ["Crew", "Painted", "prepare"]

PATIENCE_S: Final = 600.0
"""A process that says nothing for so long hangs: a few frames and an empty scene take seconds."""
BYTES_PER_S: Final = 2e6
"""Longer where a recording cannot be sought and is read from its start at this pace at least."""
POLL_S: Final = 0.2
ENDING_S: Final = 5.0
MAX_ANSWER_BYTES: Final = 1 << 26
PAINTER_BYTES: Final = 1 << 30
"""A painter and its encoder, where the recordings are long (docs/measurements.md)."""
PRELOAD: Final = "review.synopsis._ready"


@dataclass(slots=True)
class Painted:
    """What came of a part.

    Attributes:
        rows: (objects,) of :data:`ROW`, in film order, tubes numbered as in the part.
        counts: What was counted, by the names of :data:`COUNTS`.
        held: What the sandbox held.
        processor_s: Processor time of the process that painted.
        peak_mib: Its peak memory, where the system tells.
        encoder_peak_mib: The same of its encoder.
    """

    rows: NDArray[np.void]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    held: str = ""
    processor_s: float = 0.0
    peak_mib: float | None = None
    encoder_peak_mib: float | None = None


def prepare(*, is_needed: bool = True) -> None:
    """Have the server that painting processes come from load what they need, while something else is waited for."""
    context = child_context(PRELOAD)
    if is_needed and context.get_start_method() == "forkserver":
        from multiprocessing.forkserver import ensure_running  # noqa: PLC0415  # Reason: not on every system.

        with without_secrets():
            ensure_running()


class Crew:
    """Paints parts side by side; a context manager that leaves no process behind.

    Args:
        parts: The parts in film order.
        film: Where their pictures go.
        n_workers: Processes at once; None takes one per processor that may be used and has memory.
    """

    def __init__(self, parts: Sequence[PartPlan], film: FilmParts, *, n_workers: int | None = None) -> None:
        self._film, self._parts = film, parts
        self._waiting = deque(range(len(parts)))
        self.n_workers = min(len(parts), n_workers or usable_processors(PAINTER_BYTES))
        self._running: dict[int, _Job] = {}
        self._has_failed: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for job in self._running.values():
            job.close()
        self._running.clear()

    def paint(self, heard: Callable[[int], None]) -> Iterator[Painted]:
        """Paint all parts; they come in film order.

        Args:
            heard: Called a few times a second with the film frames painted since; may raise to stop.

        Raises:
            StoreProblem: An encoder stopped.
            UnreadableInput: The footage of a part makes the decoder crash or hang.
            RelectureError: What else a process met.
        """
        done: dict[int, Painted] = {}
        for number in range(len(self._parts)):
            while number not in done:
                while self._waiting and len(self._running) < self.n_workers:
                    self._start(self._waiting.popleft())
                ready = wait([job.answers for job in self._running.values()], timeout=POLL_S)
                n_more = [self._listen(job, job.answers in ready, done) for job in list(self._running.values())]
                heard(sum(n_more))
            yield done.pop(number)

    def _start(self, number: int) -> None:
        self._running[number] = _Job(number, self._parts[number], self._film)

    def _listen(self, job: _Job, is_ready: bool, done: dict[int, Painted]) -> int:
        """Take what a job says; film frames that it has painted more."""
        try:
            if not is_ready:
                if time.monotonic() - job.heard_s > job.patience_s:
                    raise ChildLost
                return 0
            n_before = job.n_frames
            if job.read():
                self._running.pop(job.number).close()
                self._film.finish_part(job.number)
                done[job.number] = job.painted()
        except ChildLost as problem:
            return self._again(job, problem)
        except Exception:
            # Why: a full disk ends the encoder first, and the process that paints only notices a broken pipe.
            if job.has_encoder_ended():
                raise self._film.failure() from None
            raise
        return job.n_frames - n_before

    def _again(self, job: _Job, problem: ChildLost) -> int:
        """Put a part back whose process died, once; the film frames that are lost, as a negative number."""
        self._running.pop(job.number).close()
        if job.has_encoder_ended():
            raise self._film.failure() from problem
        if job.number in self._has_failed:
            part = self._parts[job.number]
            raise UnreadableInput(
                f"The film was given up between its seconds {float(part.first_frame / part.rate):.0f} and "
                f"{float(part.end_frame / part.rate):.0f}: decoding the footage crashes, hangs or takes all memory.",
                hint="Leave the objects of that place out with a filter; the case is intact.",
            ) from problem
        self._has_failed.add(job.number)
        self._waiting.appendleft(job.number)
        return -job.n_frames


class _Job:
    """One process that paints one part, and its encoder."""

    def __init__(self, number: int, part: PartPlan, film: FilmParts) -> None:
        self.number = number
        self._part = part
        self._rows: list[NDArray[np.void]] = []
        self._painted = Painted(np.zeros(0, ROW))
        self._encoder = film.encoder(number)
        self.n_frames = 0
        self.heard_s = time.monotonic()
        self.patience_s = PATIENCE_S + part.most_bytes / BYTES_PER_S
        context = child_context(PRELOAD)
        self.answers, theirs = context.Pipe(duplex=False)
        assert self._encoder.stdin is not None
        pictures = Connection(os.dup(self._encoder.stdin.fileno()), readable=False)
        # Why: the encoder ends when the last holder of its pipe is gone, and that is to be the process that paints.
        self._encoder.stdin.close()
        with without_secrets():
            self._process: BaseProcess = context.Process(target=paint_part, args=(theirs, pictures, part), daemon=True)
            self._process.start()
        theirs.close()
        pictures.close()

    def read(self) -> bool:
        """Take one answer; True when it was the last.

        Raises:
            ChildLost: The process ended, or said what it must not say.
            RelectureError: It met trouble and says which.
        """
        self.heard_s = time.monotonic()
        self._painted.encoder_peak_mib = peak_mib(self._encoder.pid) or self._painted.encoder_peak_mib
        try:
            content = content_of(self.answers.recv_bytes(MAX_ANSWER_BYTES))
        except (EOFError, OSError) as problem:
            raise ChildLost from problem
        kind, said = content[:1], content[1:]
        if kind == OPEN:
            self._painted.held = said.decode(errors="replace")
        elif kind == ROWS:
            self._take(said)
        elif kind == END:
            self._end(said)
            return True
        else:
            raise ChildLost
        return False

    def _take(self, said: bytes) -> None:
        """Check rows as those of a process that hostile footage may have taken over: it can lie, and no more."""
        if len(said) % ROW.itemsize:
            raise ChildLost
        rows = np.frombuffer(said, ROW)
        last = self._rows[-1]["frame"][-1] if self._rows else self._part.first_frame
        frames, panels = np.r_[last, rows["frame"]], rows["panel"]
        is_sound = bool((np.diff(frames) >= 0).all() and frames[-1] < self._part.end_frame)
        is_sound = is_sound and bool(((panels >= 0) & (panels < len(self._part.panels))).all())
        for number, panel in enumerate(self._part.panels if is_sound else ()):
            n_samples = np.array([len(tube.pts_ticks) for tube in panel.tubes] + [0])
            tubes, samples = rows["tube"][panels == number], rows["sample"][panels == number]
            is_sound = is_sound and bool(((tubes >= 0) & (tubes < len(panel.tubes))).all())
            is_sound = is_sound and bool(((samples >= 0) & (samples < n_samples[tubes])).all())
        if not is_sound:
            raise ChildLost
        if len(rows):
            self._rows.append(rows)
        self.n_frames = int(frames[-1]) - self._part.first_frame

    def _end(self, said: bytes) -> None:
        try:
            document = json.loads(said)
            self._painted.counts = {name: int(document[name]) for name in COUNTS}
            self._painted.processor_s = float(document["processor_s"])
            self._painted.peak_mib = None if document["peak_mib"] is None else float(document["peak_mib"])
        except (ValueError, KeyError, TypeError) as problem:
            raise ChildLost from problem
        self.n_frames = self._part.end_frame - self._part.first_frame

    def painted(self) -> Painted:
        """What came of the part."""
        self._painted.rows = np.concatenate(self._rows) if self._rows else self._painted.rows
        return self._painted

    def has_encoder_ended(self) -> bool:
        """True when the encoder stopped with an error."""
        try:
            return self._encoder.wait(timeout=ENDING_S) != 0
        except subprocess.TimeoutExpired:
            return False

    def close(self) -> None:
        """End the process at once."""
        self.answers.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._process.close()
