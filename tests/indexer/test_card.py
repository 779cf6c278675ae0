# SPDX-License-Identifier: Apache-2.0
"""A graphics card may decode where it was asked for: what it read is told apart, and what it cannot read is not lost.

No card is at hand: the one function that opens it is replaced, so that the processor plays its part.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from av.codec.hwaccel import HWAccel

import indexer.media
from indexer.card import DAMAGED, NOT_READ, decoder_for
from indexer.findings import Finding, FindingKind
from indexer.media import CARD_DECODER, DECODER
from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import PacketTable, probe
from indexer.records import Recording
from indexer.segments import Segment, pack, unpack
from models.modelset import ModelSet, load_model_set
from tests.clips import Mover, make_clip

ON_CARD = IndexConfig(profile="fast", decoder="nvdec")
ON_PROCESSOR = IndexConfig(profile="fast")


@pytest.fixture(scope="module")
def loaded() -> ModelSet:
    return load_model_set("fast")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, PacketTable]:
    path = tmp_path_factory.mktemp("card") / "gare.mp4"
    make_clip(path, n_frames=120, movers=(Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70)),), size_wh_px=(160, 120))
    probed = probe(str(path))
    return probed.recording(str(path), camera="cam1"), probed.packets


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A card that the processor stands in for; one item for every time that it is opened."""
    times: list[str] = []
    monkeypatch.setattr(indexer.media, "_card", lambda: times.append("opened"))
    return times


def _made(recorded: tuple[Recording, PacketTable], config: IndexConfig, loaded: ModelSet) -> Segment:
    recording, packets = recorded
    (plan,) = plan_segments(recording, packets, config)
    return index_segment(recording, packets, plan, config, loaded)


def test_every_picture_of_a_segment_is_read_by_the_card_and_the_segment_says_so(
    recorded: tuple[Recording, PacketTable], loaded: ModelSet, opened: list[str]
) -> None:
    plain = _made(recorded, ON_PROCESSOR, loaded)
    assert opened == []

    segment = unpack(pack(_made(recorded, ON_CARD, loaded))[0], name="segment")

    # Why: the trial, the keyframes and the spans.
    assert len(opened) == 3
    assert (segment.decoder, plain.decoder) == (CARD_DECODER, "")
    assert CARD_DECODER != DECODER and "nvdec" in CARD_DECODER
    assert segment.findings == plain.findings and len(segment.tracks) == len(plain.tracks) == 1


def test_what_a_card_read_is_another_configuration_and_what_a_processor_reads_is_the_one_of_before(
    recorded: tuple[Recording, PacketTable], loaded: ModelSet, opened: list[str]
) -> None:
    on_cuda = replace(loaded, engine=loaded.engine.replace("+cpu", "+cuda"))

    digests = {ON_PROCESSOR.digest(loaded), ON_CARD.digest(loaded), ON_PROCESSOR.digest(on_cuda)}

    assert len(digests) == 3
    assert _made(recorded, ON_CARD, loaded).config_sha256 == ON_CARD.digest(loaded)
    assert b"decoder" not in pack(_made(recorded, ON_PROCESSOR, loaded))[0].partition(b"\n")[0]


def test_a_stream_that_no_card_decodes_is_read_by_the_processor_and_the_segment_says_why(
    recorded: tuple[Recording, PacketTable], loaded: ModelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Why: a kind of device that this codec has no use for is refused by the library itself, on any machine.
    monkeypatch.setattr(indexer.media, "_card", lambda: HWAccel(device_type="drm", allow_software_fallback=False))

    segment = _made(recorded, ON_CARD, loaded)

    assert segment.decoder == ""
    assert (segment.findings[0].kind, segment.findings[0].detail) == (FindingKind.CARD_NOT_USED, NOT_READ.detail)
    assert segment.findings[1:] == _made(recorded, ON_PROCESSOR, loaded).findings
    assert len(segment.tracks) == 1


def test_a_damaged_recording_is_read_by_the_processor(
    recorded: tuple[Recording, PacketTable], opened: list[str]
) -> None:
    recording, packets = recorded
    damage = Finding(kind=FindingKind.CORRUPT_FRAMES, component="probe", detail="1 packet(s) are marked as damaged.")
    (plan,) = plan_segments(recording, packets, ON_CARD)

    chosen = decoder_for(replace(recording, findings=(damage,)), plan, ON_CARD)

    assert chosen.decoder == "one-thread" and opened == []
    assert [finding.detail for finding in chosen.findings] == [DAMAGED.detail]
    assert not chosen.findings[0].kind.is_damage


def test_what_completes_a_segment_does_not_say_again_that_a_card_was_not_used(
    recorded: tuple[Recording, PacketTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.card.card_reads", lambda *_, **__: False)
    recording, packets = recorded
    (plan,) = plan_segments(recording, packets, ON_CARD)

    assert decoder_for(recording, plan, ON_CARD).findings
    assert decoder_for(recording, replace(plan, completes_sha256="0" * 64), ON_CARD).findings == ()
