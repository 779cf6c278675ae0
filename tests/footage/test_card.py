# SPDX-License-Identifier: Apache-2.0
"""Who asks for a graphics card gets one or is told why not, and only then is its device open to what decodes."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import review.card
import review.indexing
from indexer import media, sandbox
from indexer.media import CARD_DECODER, DECODER
from models.errors import ToolMissing
from review.card import chosen_decoder
from review.decoding import DecodingChild
from review.engines import LocalEngine
from review.footage import import_footage
from review.indexing import run_index
from tests.clips import Mover, make_clip
from tests.footage.fixtures import DISPLAYED, Desk, Run, bodies_of
from tests.footage.in_process import InProcess

DEVICE = Path("/dev/full")
"""Stands for a card: a device file whose refusal to be written differs from that of the sandbox."""


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review.card, "has_cuda_device", lambda: False)


@pytest.fixture
def card_without_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(review.card, "has_cuda_device", lambda: True)
    monkeypatch.setattr(review.card.ctypes, "CDLL", missing)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that the processor stands in for."""
    monkeypatch.setattr(review.card, "_lacking", lambda: "")
    monkeypatch.setattr(media, "_card", lambda: None)


@pytest.mark.usefixtures("no_card")
def test_without_a_card_the_processor_decodes_and_it_is_said_why() -> None:
    assert chosen_decoder("one-thread") == ("one-thread", "")
    assert chosen_decoder("auto") == (
        "one-thread",
        "The processor decodes: no NVIDIA card with a working driver was found.",
    )
    with pytest.raises(ToolMissing, match="no NVIDIA card") as caught:
        chosen_decoder("nvdec")

    assert "--decoder" in caught.value.hint


@pytest.mark.usefixtures("card_without_decoder")
def test_a_driver_that_only_computes_is_no_card_that_decodes() -> None:
    decoder, why = chosen_decoder("auto")

    assert decoder == "one-thread" and "nvcuvid" in why


@pytest.mark.usefixtures("card")
def test_where_a_card_decodes_it_is_taken_when_asked_for_and_said_when_chosen() -> None:
    assert chosen_decoder("nvdec") == ("nvdec", "")
    assert chosen_decoder("auto")[0] == "nvdec" and "card decodes" in chosen_decoder("auto")[1]
    assert chosen_decoder("one-thread") == ("one-thread", "")


@pytest.mark.usefixtures("no_card")
def test_index_with_a_card_that_is_not_there_says_so_and_does_nothing(run: Run, desk: Desk) -> None:
    case = desk.case()
    n_before = len(bodies_of(case))

    code, out, err = run("index", case, "--decoder", "nvdec")
    assert (code, out) == (ToolMissing.exit_code, "") and "No graphics card can decode here" in err
    code, out, err = run("index", case, "--decoder", "auto", "--engine", "dask")
    assert (code, out) == (2, "") and "on their processors" in err
    assert len(bodies_of(case)) == n_before


@pytest.mark.usefixtures("card")
def test_an_index_made_with_a_card_replaces_one_made_without_and_every_report_names_the_card(desk: Desk) -> None:
    clip = make_clip(
        desk.delivered / "gare.mp4",
        n_frames=110,
        movers=(Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(50, 0), from_s=3.0),),
        size_wh_px=(160, 120),
        gop=8,
    )
    with desk.open(desk.case()) as session:
        import_footage(session, [clip.path], camera="cam1", start=DISPLAYED)
        plain = run_index(session, profile="fast", engine=InProcess())
        made = run_index(session, profile="fast", engine=InProcess(), decoder="nvdec")
        again = run_index(session, profile="fast", engine=InProcess(), decoder="nvdec")
        acts = [body for body in bodies_of(session.folder) if body.get("act") == "index.run"]

    assert (plain.decoders, made.decoders) == ((DECODER,), (CARD_DECODER,))
    assert (made.n_segments_made, again.n_segments_made) == (1, 0)
    assert plain.config_sha256 != made.config_sha256
    assert [body["detail"].get("decoder") for body in acts if "detail" in body] == [None, "nvdec", "nvdec"]


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is of Linux")
def test_a_device_is_open_in_the_sandbox_only_where_it_is_named() -> None:
    held, said = _written_inside(())
    if "landlock" not in held:
        pytest.skip(f"this system has no Landlock: {held}")

    assert (held.endswith("limits"), said) == (True, "PermissionError")
    held, said = _written_inside((DEVICE,))
    assert (held.endswith("limits, card"), said) == (True, "OSError: 28")
    assert not sandbox.card_devices() or all(path.name.startswith("nvidia") for path in sandbox.card_devices())


def _written_inside(devices: tuple[Path, ...]) -> tuple[str, str]:
    """What a process in the sandbox holds, and what comes of writing to a device that is full by its nature."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_write_inside, args=(theirs, devices))
    process.start()
    theirs.close()
    said = ours.recv_bytes().decode(), ours.recv_bytes().decode()
    process.join()
    return said


def _write_inside(connection: Connection, devices: tuple[Path, ...]) -> None:
    connection.send_bytes(sandbox.enter([], devices=devices).encode())
    try:
        DEVICE.open("r+b", buffering=0).write(b"x")
    except PermissionError:
        connection.send_bytes(b"PermissionError")
    except OSError as problem:
        connection.send_bytes(f"OSError: {problem.errno}".encode())


@pytest.mark.usefixtures("card")
def test_children_are_told_of_a_card_only_where_it_decodes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []

    class Told(DecodingChild):
        def __init__(self, *, has_card: bool = False, **rest: object) -> None:
            told.append(has_card)
            super().__init__(**rest)  # type: ignore[arg-type]

    monkeypatch.setattr("review.engines.DecodingChild", Told)
    path = make_clip(desk.delivered / "gare.mp4", n_frames=100, size_wh_px=(160, 120), gop=8).path
    with desk.open(desk.case()) as session:
        import_footage(session, [path], camera="cam1", start=DISPLAYED)
        run_index(session, profile="fast", engine=LocalEngine(1))
        run_index(session, profile="fast", engine=LocalEngine(1), decoder="nvdec")

    assert told == [False, True]
