# SPDX-License-Identifier: Apache-2.0
"""The list of a recording's pictures with the digest of each, so that two decodings can be held against each other.

A text file in the layout that FFmpeg's ``framehash`` writes: one line a picture, with its PTS, its duration and the
SHA-256 of its decoded planes. Pictures are decoded in the sandbox and never leave it; memory does not grow with length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from indexer import sandbox
from indexer.findings import FindingKind
from indexer.media import DECODER, FootageReader
from indexer.pictures import Picture
from indexer.probe import sha256_of_file
from indexer.records import Recording
from models.errors import AlreadyThere, OutOfScope, StoreProblem, UnknownReference, UnreadableInput
from review.case_folder import software_version
from review.decoding import ChildLost, answer_of, child_context, content_of, without_secrets
from review.drafts import publish, temporary_folder_beside
from review.durable import fsync_file, fsync_folder
from review.frames import require_original
from review.recordings import CaseRecording, packets_of, read_recordings
from review.session import CaseSession

__all__ = ["FrameList", "write_frame_list"]

ROW: Final = np.dtype(
    [
        ("pts_ticks", "<i8"),
        ("duration_ticks", "<i8"),
        ("n_bytes", "<i8"),
        ("is_corrupt", "?"),
        ("layout", "S16"),
        ("sha256", "u1", 32),
    ]
)
"""One picture, as the answer of the process that decodes carries it."""
EVERY_PICTURES: Final = 64
PATIENCE_S: Final = 600.0
MAX_ANSWER_BYTES: Final = 1 << 20
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameList:
    """What was written.

    Attributes:
        path: The list.
        sha256: Its digest.
        recording_id: Recording.
        n_pictures: Pictures in it.
        n_damaged: Those of them that the decoder marked as damaged.
        decoder: What decoded them; another version may give other digests.
    """

    path: Path
    sha256: str
    recording_id: str
    n_pictures: int
    n_damaged: int
    decoder: str

    def document(self) -> dict[str, object]:
        """As ``frames --json`` prints it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"path": str(self.path)}


def write_frame_list(
    session: CaseSession, recording: str, out_path: Path, *, progress: Callable[[int, int], None] | None = None
) -> FrameList:
    """List every picture of a recording that the requisition covers. All or nothing: a list cut short is not kept.

    Args:
        session: An open case.
        recording: Identifier or file name.
        out_path: File to make; must not exist.
        progress: Told how many pictures are done and about how many there are.

    Raises:
        AlreadyThere: ``out_path`` exists.
        UnknownReference: No such recording, or several of that name.
        OutOfScope: The requisition covers nothing of it.
        UnreadableInput: The original has gone or changed, or the decoder crashes or hangs on it.
        StoreProblem: The list cannot be written.
    """
    item = _recording_of(session, recording)
    found = item.recording
    spans = item.allowed_ticks()
    if not spans:
        raise OutOfScope(f"The requisition covers nothing of {Path(found.path).name}.", hint="See: relecture case show")
    if out_path.exists():
        raise AlreadyThere(f"{out_path} exists.", hint="Give another name; nothing is overwritten.")
    _require_same(found)
    pts_ticks = packets_of(session, found.recording_id).pts_ticks
    n_about = int(sum(np.diff(np.searchsorted(pts_ticks, span))[0] for span in spans))
    with session.act("frames.list", detail={"recording_id": found.recording_id, "sha256": found.sha256}) as act:
        listed = _written(found, spans, out_path, lambda n: progress(n, n_about) if progress else None)
        act.result = {"sha256": listed.sha256, "n_pictures": listed.n_pictures, "n_damaged": listed.n_damaged}
    return listed


def _recording_of(session: CaseSession, recording: str) -> CaseRecording:
    items = read_recordings(session)
    found = [item for item in items if recording in (item.recording.recording_id, Path(item.recording.path).name)]
    if len(found) != 1:
        known = ", ".join(f"{Path(item.recording.path).name} ({item.recording.recording_id})" for item in items)
        said = "has several recordings" if found else "holds no recording"
        raise UnknownReference(f"The case {said} of the name {recording}.", hint=f"It holds: {known or 'none'}.")
    return found[0]


def _require_same(recording: Recording) -> None:
    require_original(recording)
    if sha256_of_file(recording.path)[0] != recording.sha256:
        raise UnreadableInput(
            f"The original {recording.path} has changed since it was imported.",
            hint="Restore it as delivered; relecture verify CASE says what differs.",
        )


def _written(recording: Recording, spans: Sequence[Span], out_path: Path, heard: Callable[[int], None]) -> FrameList:
    """Write beside the place, and put it there once it is whole and on the disk."""
    digest = hashlib.sha256()
    n_pictures = n_damaged = 0
    try:
        with temporary_folder_beside(out_path) as folder:
            partial = folder / out_path.name
            with partial.open("wb") as sink:
                layout = b""
                for rows in _decoded(recording, spans):
                    lines = [] if n_pictures else _head(recording, spans)
                    for row in rows:
                        lines += [f"#pixel_format 0: {row['layout'].decode()}"] if row["layout"] != layout else []
                        layout = row["layout"]
                        lines += _lines(row)
                        n_damaged += int(row["is_corrupt"])
                    n_pictures += len(rows)
                    _write(sink, digest, lines)
                    heard(n_pictures)
                sink.flush()
                fsync_file(sink.fileno(), partial)
            publish({partial: out_path})
        fsync_folder(out_path.parent)
    except OSError as problem:
        raise StoreProblem(
            f"{out_path} cannot be written ({problem.strerror}).", hint="Choose another folder or free some space."
        ) from problem
    return FrameList(
        path=out_path,
        sha256=digest.hexdigest(),
        recording_id=recording.recording_id,
        n_pictures=n_pictures,
        n_damaged=n_damaged,
        decoder=DECODER,
    )


def _write(sink: BinaryIO, digest: hashlib._Hash, lines: Sequence[str]) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    sink.write(content)
    digest.update(content)


def _head(recording: Recording, spans: Sequence[Span]) -> list[str]:
    facts = recording.facts
    aspect = facts.sample_aspect
    return [
        "#format: frame checksums",
        "#version: 2",
        "#hash: SHA256",
        f"#software: {software_version()}",
        f"#decoder: {DECODER}",
        f"#recording: {recording.recording_id}",
        f"#recording_sha256: {recording.sha256}",
        f"#stream: {facts.stream_index}",
        *(f"#span_pts: {start} {end}" for start, end in spans),
        *(
            []
            if _has_times(recording)
            else ["#pts: the stream has no times; pictures are numbered in order of decoding"]
        ),
        f"#tb 0: {facts.time_base.numerator}/{facts.time_base.denominator}",
        "#media_type 0: video",
        "#codec_id 0: rawvideo",
        f"#dimensions 0: {facts.size_wh_px[0]}x{facts.size_wh_px[1]}",
        f"#sar 0: {aspect.numerator}/{aspect.denominator}",
        "#stream#, dts,        pts, duration,     size, hash",
    ]


def _lines(row: np.void) -> list[str]:
    pts, sha256 = int(row["pts_ticks"]), row["sha256"].tobytes().hex()
    line = f"0, {pts:10d}, {pts:10d}, {int(row['duration_ticks']):8d}, {int(row['n_bytes']):8d}, {sha256}"
    return [line, f"#damaged: {pts}"] if row["is_corrupt"] else [line]


def _has_times(recording: Recording) -> bool:
    return all(finding.kind is not FindingKind.NO_TIME_BASE for finding in recording.findings)


def _decoded(recording: Recording, spans: Sequence[Span]) -> Iterator[NDArray[np.void]]:
    """What the process that decodes says, checked; it is ended whatever happens here."""
    context = child_context(__name__)
    answers, theirs = context.Pipe(duplex=False)
    with without_secrets():
        process = context.Process(target=_serve, args=(theirs, recording, tuple(spans)), daemon=True)
        process.start()
    theirs.close()
    try:
        while rows := _rows(answers):
            yield np.frombuffer(rows, ROW)
    except ChildLost as problem:
        raise UnreadableInput(
            f"{recording.path}: the decoder crashed or hung on this file.",
            hint="No list was written. The index says which stretches of it can be decoded.",
        ) from problem
    finally:
        answers.close()
        process.kill()
        process.join()
        process.close()


def _rows(answers: Connection) -> bytes:
    try:
        if not answers.poll(PATIENCE_S):
            raise ChildLost
        content = content_of(answers.recv_bytes(MAX_ANSWER_BYTES))
    except (EOFError, OSError) as problem:
        raise ChildLost from problem
    if len(content) % ROW.itemsize:
        raise ChildLost
    return content


def _serve(answers: Connection, recording: Recording, spans: Sequence[Span]) -> None:
    """The child: enter the sandbox, decode, say rows; an empty answer is the end."""
    steps = _listed(recording, spans)
    try:
        for answer in iter(lambda: answer_of(lambda: next(steps, b"")), answer_of(bytes)):
            answers.send_bytes(answer)
        answers.send_bytes(answer_of(bytes))
    except (EOFError, OSError, KeyboardInterrupt):
        return


def _listed(recording: Recording, spans: Sequence[Span]) -> Iterator[bytes]:
    sandbox.enter([recording.path])
    facts = recording.facts
    held: list[tuple[object, ...]] = []
    with FootageReader(recording.path, stream_index=facts.stream_index, forced_format=facts.forced_format) as reader:
        for pts, picture in _pictures(reader, spans, has_times=_has_times(recording)):
            sha256, n_bytes = picture.digest()
            layout = picture.hashed_layout.encode()
            held.append((pts, picture.duration_ticks, n_bytes, picture.is_corrupt, layout, list(sha256)))
            if len(held) == EVERY_PICTURES:
                yield np.array(held, ROW).tobytes()
                held = []
    if held:
        yield np.array(held, ROW).tobytes()


def _pictures(reader: FootageReader, spans: Sequence[Span], *, has_times: bool) -> Iterator[tuple[int, Picture]]:
    if not has_times:
        # Why: such a stream cannot be sought; its pictures are counted from the first one.
        numbered = enumerate(reader.pictures())
        yield from ((i, picture) for i, picture in numbered if any(start <= i < end for start, end in spans))
        return
    for start, end in spans:
        for picture in reader.pictures(start, end):
            if picture.pts_ticks is not None:
                yield picture.pts_ticks, picture
