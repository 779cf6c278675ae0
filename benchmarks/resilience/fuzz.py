# SPDX-License-Identifier: Apache-2.0
"""Damages files of the corpus by chance and takes them through import and index, in the sandbox, one by one."""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final, Self

from indexer.media import iter_pictures
from indexer.pipeline import IndexConfig, plan_segments
from indexer.probe import sha256_of_file
from indexer.segments import unpack
from models.errors import Defect, RelectureError
from review.decoding import ChildLost, DecodingChild, SegmentWork, probe_in_child, read_segment_answer
from tests.corpus.make import CORPUS, Corpus

__all__ = ["fuzz"]

BATCH: Final = 50
PATIENCE_S: Final = 1800.0
SLOW_S: Final = 60.0
PROFILE: Final = "fast"


def fuzz(work: Path, *, n_files: int, seed: int) -> None:
    """Damage and take in so many files; prints how often each outcome came.

    Outcomes: ``refused`` with one clear line; ``named`` when import or index reports damage, or that a stretch cannot
    be indexed; ``unharmed`` when neither does and every picture still has its time and its pixels; ``silent`` when
    neither does and a picture is another one or missing, whatever else is said; ``lost`` when a child died or hung,
    ``defect`` when our own code failed.
    """
    work.mkdir(parents=True, exist_ok=True)
    corpus = Corpus(work / "corpus")
    seeds = [item.name for item in CORPUS if item.error is None]
    state = work / "state.json"
    done = (
        json.loads(state.read_text()) if state.exists() else {"next": 0, "outcomes": {}, "lost": [], "slowest_s": 0.0}
    )
    outcomes: Counter[str] = Counter(done["outcomes"])
    while done["next"] < n_files:
        numbers = range(done["next"], min(n_files, done["next"] + BATCH))
        with _Batch(work, corpus, seeds, numbers, seed) as batch:
            for path, source in batch.files:
                started = time.perf_counter()
                outcome = batch.taken(path)
                if outcome == "silent" and _pictures_of(path) == _pictures_of(corpus.path(source)):
                    outcome = "unharmed"
                took_s = time.perf_counter() - started
                outcomes[outcome] += 1
                done["slowest_s"] = max(done["slowest_s"], took_s)
                if outcome in {"silent", "lost", "defect"} or took_s > SLOW_S:
                    shutil.copyfile(path, work / f"kept-{path.name}")
                    done["lost"].append({"file": path.name, "of": source, "outcome": outcome, "s": round(took_s, 1)})
        done |= {"next": numbers.stop, "outcomes": dict(outcomes)}
        state.write_text(json.dumps(done))
        print(f"{numbers.stop} of {n_files}: {dict(outcomes)}", file=sys.stderr, flush=True)
    print("| outcome | files |\n|---|---|")
    for outcome, n in sorted(outcomes.items()):
        print(f"| {outcome} | {n} |")
    print(f"\nSlowest file: {done['slowest_s']:.1f} s. Kept for a look: {len(done['lost'])}.")


def _pictures_of(path: Path) -> list[tuple[int | None, bytes]]:
    """(PTS, digest of the samples) of every picture that a file gives."""
    return [(picture.pts_ticks, picture.sha256()) for picture in iter_pictures(str(path))]


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """One to four changes: flipped bits, a zeroed, doubled, swapped or removed block, a cut end, noise put in."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if len(data) < 64:
            break
        at = chance.randrange(len(data))
        # Why: half of all damage goes where the containers keep their tables; the rest anywhere.
        at = at if chance.random() < 0.5 else chance.choice([at % 512, len(data) - 1 - at % 2048 % len(data)])
        length = min(len(data) - at, 1 << chance.randrange(13))
        block = data[at : at + length]
        match chance.choice(["bits", "zero", "double", "remove", "cut", "noise", "swap"]):
            case "bits":
                for _ in range(chance.randint(1, 32)):
                    data[chance.randrange(at, at + length)] ^= 1 << chance.randrange(8)
            case "zero":
                data[at : at + length] = bytes(length)
            case "double":
                data[at:at] = block
            case "remove":
                del data[at : at + length]
            case "cut":
                del data[max(64, at) :]
            case "noise":
                data[at:at] = chance.randbytes(length)
            case "swap":
                other = chance.randrange(len(data) - length + 1)
                data[at : at + length] = data[other : other + length]
    return bytes(data)


class _Batch:
    """So many damaged files, and one child that may read them all: its nets are loaded once."""

    def __init__(self, work: Path, corpus: Corpus, seeds: list[str], numbers: range, seed: int) -> None:
        self.files: list[tuple[Path, str]] = []
        for number in numbers:
            chance = random.Random(f"{seed}:{number}")  # noqa: S311  # Reason: repeatable damage, no secret.
            source = corpus.path(chance.choice(seeds))
            path = work / f"f{number}{source.suffix}"
            path.write_bytes(_damaged(source.read_bytes(), chance))
            self.files.append((path, source.name))
        self._child = self._new_child()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close()
        for path, _name in self.files:
            path.unlink()

    def taken(self, path: Path) -> str:
        """The outcome of one file."""
        try:
            probed = probe_in_child(str(path), hashed=sha256_of_file(str(path)))
        except RelectureError as problem:
            return "lost" if "crashed or hung" in problem.message else "refused"
        recording = probed.recording(str(path), camera="cam1")
        config = IndexConfig.of_profile(PROFILE)
        is_named = any(item.kind.is_damage for item in probed.findings)
        for plan in plan_segments(recording, probed.packets, config):
            try:
                self._child.start(SegmentWork(recording=recording, packets=probed.packets, plan=plan, config=config))
                segment = unpack(read_segment_answer(self._child.answer(patience_s=PATIENCE_S))[0], name=path.name)
            except ChildLost:
                self._child.close()
                self._child = self._new_child()
                return "lost"
            except Defect:
                return "defect"
            except RelectureError:
                return "named"
            is_named |= any(item.kind.is_damage for item in segment.findings)
        return "named" if is_named else "silent"

    def _new_child(self) -> DecodingChild:
        return DecodingChild(readable=[str(path) for path, _ in self.files], profile=PROFILE)
