# SPDX-License-Identifier: Apache-2.0
"""A case that never was: hits, exact frames and acts made up, so that the window is tested without a store."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import CaseBusy, NotAllowed, UnknownReference, UnreadableInput, WrongKey
from review.desk_values import (
    CaseCard,
    CaseHeader,
    Corrected,
    InPieces,
    LeftOut,
    OperatorChoice,
    Progress,
    Swatch,
    SynopsisOutlook,
    SynopsisWish,
    VerdictName,
)
from review.hits import Coverage, Hit, HitAttribute, MadeBy, Query, SearchResult, TimelineSpan

START = datetime(2026, 3, 2, 20, 3, 10, tzinfo=UTC)
RECORDER = timezone(timedelta(hours=1))
OFFSET = timedelta(milliseconds=-3_792_000)
PALETTE = tuple(
    Swatch(name=name, french=french, english=name, rgb_u8=rgb)
    for name, french, rgb in (
        ("black", "noir", (28, 28, 30)),
        ("grey", "gris", (128, 130, 133)),
        ("silver", "argent", (190, 194, 198)),
        ("white", "blanc", (245, 245, 245)),
        ("red", "rouge", (190, 32, 38)),
        ("orange", "orange", (230, 120, 30)),
        ("brown", "marron", (110, 72, 44)),
        ("beige", "beige", (214, 196, 160)),
        ("yellow", "jaune", (240, 205, 40)),
        ("green", "vert", (44, 120, 66)),
        ("blue", "bleu", (36, 84, 170)),
        ("purple", "violet", (110, 60, 140)),
    )
)
RGB = {swatch.name: swatch.rgb_u8 for swatch in PALETTE}


def make_hit(
    number: int,
    *,
    class_name: str = "car",
    colour: str = "red",
    camera: str = "CAM-1",
    at: datetime | None = START,
    score: float = 0.9,
    verdict: str = "",
) -> Hit:
    """One hit; everything else follows from its number."""
    names = ("upper_colour", "lower_colour") if class_name == "person" else ("colour",)
    values = (colour, "blue" if colour != "blue" else "grey")
    attributes = [
        HitAttribute(name=name, value=value, score=0.62 + 0.03 * (number % 9), model="colour-naming@1")
        for name, value in zip(names, values, strict=False)
    ]
    if class_name == "person":
        attributes.append(HitAttribute(name="bag", value="backpack", score=0.71, model="crossroad-0230@1"))
    return Hit(
        track_id=f"t-{number:012x}",
        recording_id="r-00c0ffee00c0ffee",
        recording_name=f"{camera}_20260302_2000.mp4",
        recording_sha256="ab" * 32,
        camera=camera,
        class_name=class_name,
        class_score=0.93,
        class_model="crossroad-classifier@3",
        score=score,
        first_pts_ticks=900_000,
        last_pts_ticks=900_000 + 47 * 7500,
        best_pts_ticks=900_000 + 20 * 7500,
        first_frame=120,
        last_frame=167,
        best_box_xyxy_px=(200.0, 150.0, 320.0, 220.0),
        start_utc=at,
        end_utc=at + timedelta(seconds=4) if at else None,
        displayed_start=(at + OFFSET).astimezone(RECORDER) if at else None,
        start_s=10.0 + number,
        end_s=14.0 + number,
        attributes=tuple(attributes),
        verdict=verdict,
    )


def many_hits(n: int = 57) -> tuple[Hit, ...]:
    """Hits of several classes, colours and cameras over an hour and a half."""
    rng = np.random.default_rng(7)
    classes = ("car", "person", "car", "van", "person", "bicycle", "truck", "motorcycle")
    colours = ("red", "black", "white", "blue", "grey", "green", "silver", "yellow")
    hits = []
    for number in range(n):
        at = START + timedelta(seconds=float(rng.uniform(0, 5400)))
        hits.append(
            make_hit(
                number,
                class_name=classes[number % len(classes)],
                colour=colours[(number * 3) % len(colours)],
                camera=f"CAM-{1 + number % 3}",
                at=at,
                score=round(0.97 - 0.009 * number, 3),
            )
        )
    return tuple(hits)


def draw_object(image: NDArray[np.uint8], hit: Hit, x: int, y: int, width: int, height: int) -> None:
    """Paint a simple car or person of the hit's colours into an image, blue green red."""
    colours = [RGB[item.value][::-1] for item in hit.attributes if item.value in RGB] or [(120, 120, 120)]
    if hit.class_name in {"person", "bicycle", "motorcycle"}:
        lower = colours[1] if len(colours) > 1 else (60, 50, 40)
        cv2.rectangle(image, (x + width // 4, y + height // 2), (x + width * 3 // 4, y + height), lower, -1)
        cv2.rectangle(
            image, (x + width // 8, y + height // 5), (x + width * 7 // 8, y + height * 11 // 20), colours[0], -1
        )
        cv2.circle(image, (x + width // 2, y + height // 10), max(2, height // 10), (120, 150, 200), -1)
        cv2.circle(image, (x + width // 2 - 3, y + height // 10), 2, (30, 30, 30), -1)
        cv2.circle(image, (x + width // 2 + 3, y + height // 10), 2, (30, 30, 30), -1)
        return
    cv2.rectangle(image, (x, y + height // 3), (x + width, y + height * 4 // 5), colours[0], -1)
    roof = np.array(
        [
            [x + width // 6, y + height // 3],
            [x + width // 4, y],
            [x + width * 3 // 4, y],
            [x + width * 5 // 6, y + height // 3],
        ]
    )
    cv2.fillPoly(image, [roof], colours[0])
    cv2.fillPoly(image, [(roof * 0.8 + np.array([x + width / 2, y + height / 4]) * 0.2).astype(int)], (70, 60, 50))
    for wheel in (x + width // 5, x + width * 4 // 5):
        cv2.circle(image, (wheel, y + height * 4 // 5), height // 6, (20, 20, 20), -1)
    cv2.putText(
        image,
        "AB-123-CD",
        (x + width // 3, y + height * 7 // 10),
        cv2.FONT_HERSHEY_SIMPLEX,
        width / 400,
        (250, 250, 250),
        1,
    )


class FakeFrames:
    """48 frames of a hit inside a recording of 400, 12 frames a second at 90 kHz, one of them a B frame."""

    time_base = Fraction(1, 90_000)
    sample_aspect = Fraction(1)
    n_frames = 400
    first_index, last_index, best_index = 120, 167, 140

    def __init__(self, hit: Hit, desk: FakeDesk) -> None:
        self.hit = hit
        self.desk = desk
        self.is_closed = False
        self.decoded: list[int] = []

    def pts_ticks(self, index: int) -> int:
        return 7500 * index

    def utc(self, index: int) -> datetime | None:
        if self.hit.start_utc is None:
            return None
        return self.hit.start_utc + timedelta(seconds=(index - self.first_index) / 12)

    def displayed(self, index: int) -> datetime | None:
        utc = self.utc(index)
        return (utc + OFFSET).astimezone(RECORDER) if utc else None

    def box(self, index: int) -> tuple[float, float, float, float] | None:
        if not self.first_index <= index <= self.last_index:
            return None
        x = 40 + (index - self.first_index) * 9
        if self.hit.class_name in {"person", "bicycle", "motorcycle"}:
            return (x, 160, x + 44, 270)
        return (x, 170, x + 130, 245)

    def picture_type(self, index: int) -> str:
        return "I" if index % 24 == 0 else "PB"[index % 2]

    def image_bgr_u8(self, index: int) -> NDArray[np.uint8]:
        assert not self.is_closed
        self.desk.refuse_gui_thread()
        if index in self.desk.broken_frames:
            raise UnreadableInput("The packet is damaged.", hint="Step over it.")
        self.decoded.append(index)
        image = np.zeros((360, 640, 3), np.uint8)
        image[:] = np.linspace(70, 110, 360, dtype=np.uint8)[:, None, None]
        image[:120] = (150, 140, 128)
        for post in range(0, 640, 90):
            cv2.rectangle(image, (post, 40), (post + 60, 120), (96, 104, 116), -1)
        cv2.line(image, (0, 255), (640, 255), (190, 190, 190), 2)
        box = self.box(index)
        if box is not None:
            x, y, x2, y2 = (int(value) for value in box)
            draw_object(image, self.hit, x, y, x2 - x, y2 - y)
        return image

    def close(self) -> None:
        self.is_closed = True


@dataclass
class FakeDesk:
    """Answers at once and remembers what it was asked."""

    hits: tuple[Hit, ...] = ()
    card: CaseCard = field(
        default_factory=lambda: CaseCard(
            folder=Path("/procedures/2026-0412"),
            title="Procédure 2026/0412 — vol avec arme",
            legal_basis="CPP 77-1-1, enquête préliminaire",
            operator="OPJ Claire Martin",
            cameras=("CAM-1", "CAM-2", "CAM-3"),
            from_utc=datetime(2026, 3, 2, 20, tzinfo=UTC),
            to_utc=datetime(2026, 3, 2, 22, tzinfo=UTC),
            purge_due=datetime(2029, 3, 2, tzinfo=UTC),
            n_recordings=6,
        )
    )
    palette: tuple[Swatch, ...] = PALETTE
    coverage: Coverage = field(
        default_factory=lambda: Coverage(
            footage_s=32_400,
            analysed_s=32_400,
            skipped_s=21_150,
            n_recordings=6,
            n_recordings_indexed=6,
            profiles=("standard",),
            n_tracks=412,
            n_judged=3,
            models=("nanodet-plus@1", "crossroad-classifier@3"),
        )
    )
    timeline: tuple[TimelineSpan, ...] = ()
    fails_with: Exception | None = None
    broken_frames: frozenset[int] = frozenset()
    gui_thread: int | None = None
    pause_s: float = 0.0
    asked: list[tuple[str, object]] = field(default_factory=list)
    replaced: list[tuple[tuple[Hit, ...], tuple[Hit, ...]]] = field(default_factory=list)
    opened: list[FakeFrames] = field(default_factory=list)
    is_closed: bool = False
    hold: threading.Event | None = None

    def refuse_gui_thread(self) -> None:
        """Slow work must never run on the thread that paints."""
        assert threading.get_ident() != self.gui_thread, "slow work ran on the GUI thread"

    def _act(self, name: str, detail: object) -> None:
        self.refuse_gui_thread()
        if self.pause_s:
            time.sleep(self.pause_s)
        if self.fails_with is not None:
            raise self.fails_with
        self.asked.append((name, detail))

    def _hit(self, track_id: str) -> Hit:
        found = next((hit for hit in self.hits if hit.track_id == track_id), None)
        if found is None:
            raise UnknownReference(f"No track {track_id}.", hint="Search again.")
        return found

    def search(self, query: Query, *, purpose: str) -> SearchResult:
        self._act("search", (query, purpose))
        hits = tuple(hit for hit in self.hits if not query.classes or hit.class_name in query.classes)
        return SearchResult(query=query, hits=hits, coverage=self.coverage, timeline=self.timeline)

    def crop_jpeg(self, track_id: str) -> bytes:
        self.refuse_gui_thread()
        hit = self._hit(track_id)
        is_tall = hit.class_name in {"person", "bicycle", "motorcycle"}
        width, height = (90, 220) if is_tall else (240, 140)
        image = np.full((height, width, 3), 96, np.uint8)
        draw_object(image, hit, width // 12, height // 12, width * 5 // 6, height * 5 // 6)
        return cv2.imencode(".jpg", image)[1].tobytes()

    def frames(self, track_id: str) -> FakeFrames:
        self._act("frames", track_id)
        source = FakeFrames(self._hit(track_id), self)
        self.opened.append(source)
        return source

    def record_verdict(self, track_id: str, verdict: VerdictName, note: str) -> None:
        self._act("verdict", (track_id, verdict, note))
        if not self.card.can_judge:
            raise NotAllowed("Read only.", hint="Open for work.")
        self.hits = tuple(
            replace(hit, verdict=verdict, verdict_note=note) if hit.track_id == track_id else hit for hit in self.hits
        )

    def split_track(self, track_id: str, *, at_pts_ticks: int) -> Corrected:
        self._act("split", (track_id, at_pts_ticks))
        whole = self._hit(track_id)
        number = len(self.replaced) + 1
        by = MadeBy(number=number, kind="split", track_ids=(track_id,))
        spans = ((whole.first_pts_ticks, at_pts_ticks - 7500), (at_pts_ticks, whole.last_pts_ticks))
        halves = tuple(
            replace(whole, track_id=f"{track_id}-{n}", first_pts_ticks=a, last_pts_ticks=b, made_by=by)
            for n, (a, b) in enumerate(spans)
        )
        return self._replaced((whole,), halves)

    def merge_tracks(self, first_id: str, second_id: str) -> Corrected:
        self._act("merge", (first_id, second_id))
        pair = (self._hit(first_id), self._hit(second_id))
        by = MadeBy(number=len(self.replaced) + 1, kind="merge", track_ids=(first_id, second_id))
        return self._replaced(pair, (replace(pair[0], track_id="t-merged", made_by=by),))

    def take_back_correction(self, number: int) -> Corrected:
        self._act("take_back", number)
        before, made = self.replaced.pop()
        self.hits = (*before, *(hit for hit in self.hits if hit not in made))
        return Corrected(number=number, track_ids=tuple(hit.track_id for hit in before))

    def _replaced(self, before: tuple[Hit, ...], made: tuple[Hit, ...]) -> Corrected:
        self.hits = (*(hit for hit in self.hits if hit not in before), *made)
        self.replaced.append((before, made))
        return Corrected(number=len(self.replaced), track_ids=tuple(hit.track_id for hit in made))

    def log_unmask(self, track_id: str, *, reason: str) -> None:
        self._act("unmask", (track_id, reason))

    def export_still(self, track_id: str, *, out_path: Path, pts_ticks: int | None) -> None:
        self._act("still", (track_id, out_path, pts_ticks))

    def export_clip(self, track_id: str, *, out_path: Path) -> None:
        self._act("clip", (track_id, out_path))

    def plan_synopsis(self, query: Query, *, purpose: str, wish: SynopsisWish) -> SynopsisOutlook:
        self._act("plan", (query, purpose))
        still = LeftOut(track_id="t-9", start="21:00:05", end="21:03:10", duration_s=185.0)
        pieces = (
            (InPieces(track_id="t-4", times=("21:04:11", "21:04:32"), is_meeting_cut=True),) if wish.wanted_s else ()
        )
        return SynopsisOutlook(
            length_s=wish.wanted_s or 38.1,
            bound_s=30.5,
            density=7.4,
            footage_s=600,
            n_objects=81,
            left_out=(still,),
            n_others=29,
            wish=wish,
            in_pieces=pieces,
            cameras=("cam-place", "cam-rue"),
        )

    def make_synopsis(
        self, query: Query, *, purpose: str, out_path: Path, progress: Progress, wish: SynopsisWish
    ) -> None:
        self._act("synopsis", (query, purpose, out_path, wish))
        for step in range(1, 5):
            if self.hold is not None:
                self.hold.wait(5)
            if progress.is_cancelled:
                return
            progress.report(step / 4)

    def close(self) -> None:
        self.is_closed = True


@dataclass
class FakeLobby:
    """Opens the fake desk with the passphrase ``ouvre``."""

    desk: FakeDesk = field(default_factory=FakeDesk)
    is_busy: bool = False
    choices: tuple[OperatorChoice, ...] = (
        OperatorChoice(operator_id="martin", name="Claire Martin", quality="OPJ", service="SDPJ 75"),
        OperatorChoice(operator_id="petit", name="Jean Petit", quality="APJ", service="SDPJ 75"),
    )

    def operators(self) -> tuple[OperatorChoice, ...]:
        self.desk.refuse_gui_thread()
        return self.choices

    def peek(self, folder: Path) -> CaseHeader:
        self.desk.refuse_gui_thread()
        if folder.name == "nothing":
            raise UnreadableInput(f"{folder} is not a case: it has no case.json.", hint="Choose another folder.")
        return CaseHeader(folder=folder, case_id="c-0123456789abcdef", created_utc=START)

    def open(self, folder: Path, *, operator_id: str, passphrase: str, writing: bool) -> FakeDesk:
        self.desk.refuse_gui_thread()
        if self.is_busy and writing:
            raise CaseBusy("The case is open for writing elsewhere: process 7.", hint="Close the other window.")
        self.desk.card = replace(self.desk.card, can_judge=writing)
        if passphrase != "ouvre":
            raise WrongKey("The passphrase does not open the keys.", hint="Type it again.")
        return self.desk


class FakeClock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s
