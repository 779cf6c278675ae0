# SPDX-License-Identifier: Apache-2.0
"""The desk: what a window may do with a case, as one thin object over the functions of review. Knows no Qt.

Every method may be called from any worker thread. Acts that use the index run one at a time; frames are decoded
outside of that lock, by one thread per source.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from indexer.corrections import made_by
from models.colour import COLOURS, FRENCH_BY_COLOUR
from models.errors import Defect, NotAllowed, OutOfScope, UsageProblem
from review import corrections, evidence, verdicts
from review import search as searching
from review.case_folder import KEYS_FOLDER, read_header
from review.cases import case_card
from review.desk_values import (
    CaseCard,
    CaseHeader,
    Corrected,
    Frames,
    InPieces,
    LeftOut,
    OperatorChoice,
    Progress,
    Swatch,
    SynopsisOutlook,
    SynopsisWish,
    VerdictName,
)
from review.frames import HitFrames, frame_source
from review.hits import Query, SearchResult
from review.operators import list_operators
from review.recordings import CaseRecording, read_recordings
from review.session import CaseSession

__all__ = ["Desk", "Lobby", "palette", "siblings_of"]

_LAYOUT_SHARE: Final = 0.1
"""Part of a synopsis' progress that laying it out counts for; painting is the rest."""
_FILM_SHARE: Final = 0.6
"""Part that the synopsis counts for where a fast-forward film is made after it."""
_PARIS: Final = ZoneInfo("Europe/Paris")
_RGB_U8_BY_COLOUR: Final = {
    "black": (24, 24, 26),
    "white": (246, 246, 246),
    "grey": (134, 137, 141),
    "red": (192, 34, 40),
    "orange": (232, 122, 30),
    "yellow": (242, 206, 44),
    "green": (46, 124, 68),
    "blue": (38, 88, 176),
    "purple": (112, 62, 144),
    "pink": (232, 140, 172),
    "brown": (112, 74, 46),
    "beige": (216, 198, 164),
}


def palette() -> tuple[Swatch, ...]:
    """The colours that searches know, in the order of the colour model."""
    return tuple(
        Swatch(name=name, french=FRENCH_BY_COLOUR[name], english=name, rgb_u8=_RGB_U8_BY_COLOUR[name])
        for name in COLOURS
    )


def siblings_of(film_path: Path) -> tuple[Path, Path]:
    """Where the fast-forward film and the folder of layers of a synopsis lie: beside it, under its name.

    >>> [str(path) for path in siblings_of(Path("a/rue.mp4"))]
    ['a/rue-avance-rapide.mp4', 'a/rue-calques']
    """
    return film_path.with_stem(f"{film_path.stem}-avance-rapide"), film_path.with_name(f"{film_path.stem}-calques")


class Lobby:
    """What can be done before a case is open."""

    def operators(self) -> tuple[OperatorChoice, ...]:
        """Operators of this workstation, sorted by name."""
        made = (
            OperatorChoice(
                operator_id=operator.operator_id,
                name=operator.name,
                quality=str(operator.quality),
                service=operator.service,
            )
            for operator in list_operators()
        )
        return tuple(sorted(made, key=lambda choice: (choice.name, choice.operator_id)))

    def peek(self, folder: Path) -> CaseHeader:
        """What a folder says of itself without its key.

        Raises:
            UnreadableInput: It is no case.
            Tampered: Its header is damaged.
        """
        header = read_header(folder)
        return CaseHeader(
            folder=folder,
            case_id=header.case_id,
            created_utc=datetime.fromisoformat(header.created_utc),
            operator_ids=tuple(sorted(path.stem for path in (folder / KEYS_FOLDER).glob("*.age"))),
        )

    def open(self, folder: Path, *, operator_id: str, passphrase: str, writing: bool) -> Desk:
        """Open a case; the caller closes the desk.

        Args:
            folder: The case folder.
            operator_id: Who acts.
            passphrase: Opens the operator's keys; not kept.
            writing: Take the lock of the one process that may judge; without it the case can be looked at only.

        Raises:
            WrongKey: The passphrase is wrong.
            CaseBusy: Another process has the case open for writing.
            NotAllowed: A rule forbids it.
            Tampered: Something does not verify.
        """
        session = CaseSession.open(folder, operator_id=operator_id, passphrase=passphrase, writing=writing)
        try:
            return Desk(session)
        except BaseException:
            session.close()
            raise


class Desk:
    """An open case.

    Args:
        session: The session; closed with the desk.
    """

    def __init__(self, session: CaseSession) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._recordings: dict[str, CaseRecording] = {}
        self.palette = palette()
        self.card = self._read_card()

    def search(self, query: Query, *, purpose: str) -> SearchResult:
        """Hits for a query, best first, with their coverage; see :func:`review.search.search`."""
        with self._lock:
            return searching.search(self._session, query, purpose=purpose)

    def crop_jpeg(self, track_id: str) -> bytes:
        """JPEG of a hit's best crop, head and plate not masked: whoever shows it masks it.

        Raises:
            UnknownReference: No such track.
        """
        with self._lock:
            return searching.crop_jpeg(self._session, track_id)

    def frames(self, track_id: str) -> Frames:
        """Exact frames behind a hit; looking is logged, the caller closes them.

        Raises:
            UnknownReference: No such track.
            UnreadableInput: The original has gone or changed.
        """
        with self._lock:
            source = frame_source(self._session, track_id)
            recording_id = source.recording.recording_id
            if recording_id not in self._recordings:
                items = read_recordings(self._session)
                self._recordings = {item.recording.recording_id: item for item in items}
            return _ScopedFrames(source, self._recordings[recording_id].allowed_ticks())

    def record_verdict(self, track_id: str, verdict: VerdictName, note: str) -> None:
        """Record what the officer decided; verdicts are never removed, the last one counts.

        Raises:
            NotAllowed: A rule forbids it, or the case is open to look only.
            UnknownReference: No such track.
        """
        self._require_writer()
        with self._lock:
            verdicts.judge(
                self._session,
                track_id,
                verdicts.Decision(verdict),
                note=note,
                track_exists=lambda wanted: searching.track_exists(self._session, wanted),
            )

    def split_track(self, track_id: str, *, at_pts_ticks: int) -> Corrected:
        """Make two tracks of one; see :func:`review.correcting.split_track`."""
        # Why: loads nets and detectors, which a window that only looks does not need.
        from review.correcting import split_track  # noqa: PLC0415

        self._require_writer()
        with self._lock:
            return _corrected(split_track(self._session, track_id, at_pts_ticks=at_pts_ticks))

    def merge_tracks(self, first_id: str, second_id: str) -> Corrected:
        """Make one track of two; see :func:`review.correcting.merge_tracks`."""
        from review.correcting import merge_tracks  # noqa: PLC0415  # Reason: as above.

        self._require_writer()
        with self._lock:
            return _corrected(merge_tracks(self._session, first_id, second_id))

    def take_back_correction(self, number: int) -> Corrected:
        """Take a correction back; see :func:`review.corrections.take_back`."""
        self._require_writer()
        with self._lock:
            record = corrections.take_back(self._session, number)
        return Corrected(number=number, track_ids=record.track_ids)

    def log_unmask(self, track_id: str, *, reason: str) -> None:
        """Record that a hit's picture is shown unmasked in a list, and why.

        Raises:
            UsageProblem: No reason.
            NotAllowed: A rule forbids it.
        """
        with self._lock, self._session.act("unmask.show", purpose=reason, detail={"track_id": track_id}):
            pass

    def export_still(self, track_id: str, *, out_path: Path, pts_ticks: int | None) -> None:
        """Write a captioned still; see :func:`review.evidence.export_still`."""
        with self._lock:
            evidence.export_still(self._session, track_id, out_path, pts_ticks=pts_ticks)

    def export_clip(self, track_id: str, *, out_path: Path) -> None:
        """Cut a clip without re-encoding; see :func:`review.evidence.export_clip`."""
        with self._lock:
            evidence.export_clip(self._session, track_id, out_path)

    def plan_synopsis(self, query: Query, *, purpose: str, wish: SynopsisWish) -> SynopsisOutlook:
        """How long a synopsis of a query's hits would be and what it leaves out; the search is logged.

        Raises:
            UnknownReference: There is nothing to show.
            UnreadableInput: An original is missing or has changed.
        """
        # Why: loads the numeric compiler, which a window that only looks does not need.
        from review.synopsis.door import gather, options_of, plan_of  # noqa: PLC0415

        with self._lock:
            material = gather(self._session, query, purpose=purpose)
        plan = plan_of(material, options_of(wish))
        return SynopsisOutlook(
            length_s=plan.length_s,
            bound_s=plan.bound_s,
            density=max(panel.layout.density for panel in plan.panels),
            footage_s=plan.footage_s,
            n_objects=plan.n_tracks,
            left_out=tuple(
                LeftOut(track_id=span.track_id, start=start, end=end, duration_s=span.duration_s)
                for span, start, end in plan.left_out()
            ),
            n_others=len(material.context),
            wish=wish,
            is_missed=plan.missed_length,
            cameras=tuple(panel.camera for panel in plan.panels),
            in_pieces=tuple(
                InPieces(track_id=cut.track_id, times=times, is_meeting_cut=cut.is_meeting_cut)
                for cut, times in plan.pieces()
            ),
        )

    def make_synopsis(
        self, query: Query, *, purpose: str, out_path: Path, progress: Progress, wish: SynopsisWish
    ) -> None:
        """Write a film of a query's hits with its map beside it, and its siblings where they are wished for.

        The search is made again, and logged again: the film shows what the case holds now. What is not finished when
        the officer stops is not left behind. Siblings are named after the film (:func:`siblings_of`).

        Raises:
            AlreadyThere: The film, its map or a sibling exists.
            UnknownReference: There is nothing to show.
            UsageProblem: Unmasking without a hit that an officer validated.
            StoreProblem: It cannot be written.
            Defect: Read back, the film contradicts its map.
        """
        # Why: loads the numeric compiler, which a window that only looks does not need.
        from review.synopsis.door import (  # noqa: PLC0415
            case_fast_forward,
            case_layers,
            case_synopsis,
            gather,
            options_of,
            require_free,
        )

        forward_path, layers_folder = siblings_of(out_path)
        require_free(*([forward_path] if wish.forward_speed else []), *([layers_folder] if wish.has_layers else []))
        with self._lock:
            reason = wish.unmask_reason.strip()
            material = gather(self._session, query, purpose=reason or purpose, unmask=bool(reason))
        film_share = _FILM_SHARE if wish.forward_speed else 1.0

        def told(stage: str, fraction: float) -> None:
            share = _LAYOUT_SHARE * fraction if stage == "layout" else _LAYOUT_SHARE + (1 - _LAYOUT_SHARE) * fraction
            progress.report(film_share * share)

        report = case_synopsis(
            self._session,
            material,
            out_path,
            options_of(wish),
            progress=told,
            cancel=lambda: progress.is_cancelled,
        )
        if not report.checked.is_sound:
            raise Defect(f"{out_path.name}: {report.notes[-1]}")
        if wish.has_layers and not progress.is_cancelled:
            case_layers(self._session, material, layers_folder)
        if wish.forward_speed and not progress.is_cancelled:
            case_fast_forward(
                self._session,
                material,
                forward_path,
                speed=wish.forward_speed,
                progress=lambda _, fraction: progress.report(film_share + (1 - film_share) * fraction),
                cancel=lambda: progress.is_cancelled,
            )

    def close(self) -> None:
        """Close the case; idempotent."""
        with self._lock:
            self._session.close()

    def _read_card(self) -> CaseCard:
        session = self._session
        card = case_card(session)
        requisition, operator = card.requisition, session.operator
        windows = requisition.scope.windows
        return CaseCard(
            folder=session.folder,
            title=" — ".join(part for part in (requisition.reference, requisition.offence) if part),
            legal_basis=requisition.legal_basis.wording_fr[:1].upper() + requisition.legal_basis.wording_fr[1:],
            operator=f"{operator.quality} {operator.name}",
            cameras=requisition.scope.cameras,
            from_utc=min((window.start_utc for window in windows), default=None),
            to_utc=max((window.end_utc for window in windows), default=None),
            purge_due=_noon_utc(card.purge_deadline),
            n_recordings=card.n_recordings,
            can_judge=session.is_writer and self._is_allowed("verdict.add"),
        )

    def _require_writer(self) -> None:
        if not self._session.is_writer:
            raise NotAllowed("The case is open to look only.", hint="Close it and open it for work.")

    def _is_allowed(self, act: str) -> bool:
        try:
            self._session.check(act)
        except (NotAllowed, UsageProblem):
            return False
        return True


def _corrected(record: corrections.CorrectionRecord) -> Corrected:
    assert record.correction is not None
    return Corrected(number=record.number, track_ids=made_by(record.correction))


def _noon_utc(day: date | None) -> datetime | None:
    """A moment inside a local day, for values that carry moments."""
    return None if day is None else datetime.combine(day, time(12), tzinfo=_PARIS).astimezone(UTC)


class _ScopedFrames:
    """Frames of a recording that refuse what lies outside the requisition, also when a person steps there."""

    def __init__(self, source: HitFrames, allowed_ticks: tuple[tuple[int, int], ...]) -> None:
        self._source = source
        self._allowed_ticks = allowed_ticks
        self.time_base = source.recording.facts.time_base
        self.sample_aspect: Fraction = source.recording.facts.sample_aspect

    @property
    def n_frames(self) -> int:
        return self._source.n_frames

    @property
    def first_index(self) -> int:
        return self._source.first_index

    @property
    def last_index(self) -> int:
        return self._source.last_index

    @property
    def best_index(self) -> int:
        return self._source.best_index

    def pts_ticks(self, index: int) -> int:
        return self._source.pts_ticks(index)

    def utc(self, index: int) -> datetime | None:
        return self._source.utc(index)

    def displayed(self, index: int) -> datetime | None:
        return self._source.displayed(index)

    def box(self, index: int) -> tuple[float, float, float, float] | None:
        return self._source.box(index)

    def picture_type(self, index: int) -> str:
        self._require_scope(index)
        return self._source.picture_type(index)

    def image_bgr_u8(self, index: int) -> NDArray[np.uint8]:
        """The exact frame.

        Raises:
            OutOfScope: The requisition does not cover that moment.
            NotFootage: The file is damaged there.
        """
        self._require_scope(index)
        return self._source.image_bgr_u8(index)

    def close(self) -> None:
        self._source.close()

    def _require_scope(self, index: int) -> None:
        pts = self._source.pts_ticks(index)
        if not any(start <= pts < end for start, end in self._allowed_ticks):
            raise OutOfScope(
                "This moment lies outside the requisition.",
                hint="Looking at it needs a complementary requisition: relecture case extend CASE --from FILE",
            )
