# SPDX-License-Identifier: Apache-2.0
"""Power cuts: the log's real system calls are recorded, and every disk that a cut could leave is opened again.

What was not flushed may be lost, torn at 512-byte sectors, zeroed or replaced by other bytes; a rename or a removal
whose folder was not flushed may be undone. The same with fsync left out must fail, else the test proves nothing.
Source: the idea of ALICE (Pillai et al., OSDI 2014) and of SQLite's crash tests.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.errors import RelectureError
from review.audit.verifier import verify_log
from tests.review.law.kit import FakeClock
from tests.review.law.test_audit_log import create, open_log

SECTOR = 512
Operation = tuple[str, str, bytes | int | str]


class Recorder:
    """Notes every write, flush, cut and rename in a folder while it really happens."""

    def __init__(self, folder: Path, operations: list[Operation]) -> None:
        self._folder = folder
        self._operations = operations
        self._name_of: dict[int, str] = {}
        self._open, self._write, self._fsync = os.open, os.write, os.fsync
        self._ftruncate, self._close, self._replace = os.ftruncate, os.close, Path.replace

    def _note(self, kind: str, descriptor: int, value: bytes | int) -> None:
        if descriptor in self._name_of:
            self._operations.append((kind, self._name_of[descriptor], value))

    def open(self, path: str | Path, flags: int, mode: int = 0o777) -> int:
        descriptor = self._open(path, flags, mode)
        if Path(path) == self._folder or Path(path).parent == self._folder:
            self._name_of[descriptor] = "" if Path(path) == self._folder else Path(path).name
        if flags & os.O_TRUNC:
            self._note("cut", descriptor, 0)
        return descriptor

    def write(self, descriptor: int, content: bytes) -> int:
        n_written = self._write(descriptor, content)
        self._note("write", descriptor, bytes(content)[:n_written])
        return n_written

    def fsync(self, descriptor: int) -> None:
        self._fsync(descriptor)
        self._note("flush", descriptor, b"")

    def ftruncate(self, descriptor: int, length: int) -> None:
        self._ftruncate(descriptor, length)
        self._note("cut", descriptor, length)

    def close(self, descriptor: int) -> None:
        self._name_of.pop(descriptor, None)
        self._close(descriptor)

    def replace(self, source: Path, target: Path) -> Path:
        done = self._replace(source, target)
        if source.parent == self._folder:
            self._operations.append(("rename", source.name, target.name))
        return done


@contextmanager
def recorded(folder: Path, operations: list[Operation], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Record what happens in a folder until the block ends."""
    recorder = Recorder(folder, operations)
    with monkeypatch.context() as patch:
        for name in ("open", "write", "fsync", "ftruncate", "close"):
            patch.setattr(os, name, getattr(recorder, name))
        # Reason: a bound method on a class would not be given the path that it is called on.
        patch.setattr(Path, "replace", lambda source, target: recorder.replace(source, target))  # noqa: PLW0108
        yield


class Disk:
    """What is certainly on the disk, what is only in memory, and what folder changes are pending."""

    def __init__(self, content_by_name: dict[str, bytes]) -> None:
        self.memory = dict(content_by_name)
        self.durable = dict(content_by_name)
        self.pending: list[tuple[str, bytes]] = []

    def apply(self, operation: Operation, *, flushes: bool) -> None:
        kind, name, value = operation
        if kind == "write" and isinstance(value, bytes):
            self.memory[name] = self.memory.get(name, b"") + value
        elif kind == "cut" and isinstance(value, int):
            self.memory[name] = self.memory.get(name, b"")[:value]
        elif kind == "rename" and isinstance(value, str):
            self.memory[value] = self.memory.pop(name)
            self.pending.append((value, self.durable.pop(name, b"")))
        elif kind == "flush" and flushes:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if name:
            self.durable[name] = self.memory[name]
            return
        for target, content in self.pending:
            self.durable[target] = content
        self.pending.clear()

    def after_cut(self, chance: random.Random) -> dict[str, bytes]:
        """One state that the disk may be found in."""
        found = dict(self.durable)
        renamed = set()
        for target, content in self.pending:
            if chance.random() < 0.5:
                found[target] = self._garbled(content, self.memory.get(target, b""), chance)
                renamed.add(target)
        still_pending = {target for target, _ in self.pending}
        for name, content in self.memory.items():
            before = self.durable.get(name, b"")
            if content != before and name not in still_pending:
                found[name] = self._garbled(before, content, chance)
        return found

    @staticmethod
    def _garbled(before: bytes, after: bytes, chance: random.Random) -> bytes:
        """Each sector old, new, zero or garbage; the length old, new or between."""
        if before == after:
            return after
        low, high = sorted((len(before), len(after)))
        length = chance.choice([len(before), len(after), chance.randint(low, high)])
        out = bytearray()
        for start in range(0, length, SECTOR):
            size = min(SECTOR, length - start)
            old, new = before[start : start + size], after[start : start + size]
            if old == new:
                piece = old
            else:
                other = chance.choice([b"\0" * size, bytes(chance.choice(b'\n{"} \0abc') for _ in range(size))])
                piece = chance.choice([new, new, old + other[len(old) :]])
            out += (piece + b"\0" * size)[:size]
        return bytes(out)


def survives(root: Path, seed: int, monkeypatch: pytest.MonkeyPatch, *, flushes: bool = True) -> str:
    """Two power cuts in a row under one seed; gives what went wrong, or nothing."""
    chance = random.Random(seed)
    folder = root / f"{seed}"
    shutil.copytree(root / "new", folder)
    acknowledged = 0
    for _ in range(2):
        disk = Disk({path.name: path.read_bytes() for path in folder.iterdir()})
        operations: list[Operation] = []
        acknowledged_after: dict[int, int] = {}
        try:
            with recorded(folder, operations, monkeypatch):
                log = open_log(folder, clock=FakeClock())
                for _ in range(chance.randint(1, 6)):
                    record = log.append({"act": "x", "pad": "y" * chance.choice([1, 50, 600, 3000])})
                    acknowledged_after[len(operations)] = record.seq
                    if chance.random() < 0.4:
                        log.checkpoint()
        except RelectureError as problem:
            return f"false alarm: {problem.message}"
        cut = chance.randint(0, len(operations))
        for operation in operations[:cut]:
            disk.apply(operation, flushes=flushes)
        acknowledged = max([acknowledged, *(seq for at, seq in acknowledged_after.items() if at <= cut)])
        shutil.rmtree(folder)
        folder.mkdir()
        for name, content in disk.after_cut(chance).items():
            (folder / name).write_bytes(content)
    try:
        log = open_log(folder, clock=FakeClock())
        log.append({"act": "x"})
        log.checkpoint()
    except RelectureError as problem:
        return f"false alarm: {problem.message}"
    verdict = verify_log(folder)
    shutil.rmtree(folder)
    if not verdict.is_sound:
        return f"not sound: {verdict}"
    return "" if len(verdict.records) > acknowledged + 1 else f"record {acknowledged} was lost"


@pytest.mark.parametrize("n_seeds", [100, pytest.param(1500, marks=pytest.mark.slow)])
def test_no_power_cut_loses_an_acknowledged_record_or_cries_wolf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_seeds: int
) -> None:
    create(tmp_path / "new")

    problems = {seed: said for seed in range(n_seeds) if (said := survives(tmp_path, seed, monkeypatch))}

    assert problems == {}


def test_without_fsync_the_same_cuts_do_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create(tmp_path / "new")

    harmed = sum(bool(survives(tmp_path, seed, monkeypatch, flushes=False)) for seed in range(60))

    assert harmed > 45
