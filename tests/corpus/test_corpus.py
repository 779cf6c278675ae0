# SPDX-License-Identifier: Apache-2.0
"""Every broken or odd file of the corpus: taken with exactly the findings that belong to it, or refused in one line."""

from __future__ import annotations

import pytest

from indexer.findings import FindingKind
from indexer.media import iter_pictures
from indexer.probe import probe
from models.errors import NotFootage
from review.finding_words import french_sentence
from tests.corpus.make import CORPUS, Broken, Corpus

TAKEN = [item for item in CORPUS if item.error is None and item.is_exact]
REFUSED = [item for item in CORPUS if item.error is not None]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.getbasetemp() / "corpus")


def test_the_corpus_is_as_large_as_it_claims() -> None:
    assert len({item.name for item in CORPUS}) == len(CORPUS) >= 45


@pytest.mark.parametrize("item", TAKEN, ids=lambda item: item.name)
def test_a_file_that_can_be_read_is_taken_with_its_findings_and_no_other(corpus: Corpus, item: Broken) -> None:
    result = probe(str(corpus.path(item.name)))

    said = {finding.kind: finding.detail for finding in result.findings}
    assert set(said) == item.kinds, said
    assert item.n_frames in {None, result.facts.n_packets}
    assert all(detail.endswith(".") and detail[0].isascii() for detail in said.values())
    assert all(french_sentence(detail) for detail in said.values()), said


@pytest.mark.parametrize("item", REFUSED, ids=lambda item: item.name)
def test_a_file_without_footage_is_refused_in_one_line_that_says_what_to_do(corpus: Corpus, item: Broken) -> None:
    path = corpus.path(item.name)

    with pytest.raises(NotFootage) as caught:
        probe(str(path))

    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint.endswith(".")
    assert caught.value.exit_code == 11


@pytest.mark.parametrize("item", TAKEN, ids=lambda item: item.name)
def test_what_the_decoder_gives_is_not_more_than_the_table_promises(corpus: Corpus, item: Broken) -> None:
    path = str(corpus.path(item.name))
    result = probe(path)

    n_decoded = sum(1 for _ in iter_pictures(path, forced_format=result.facts.forced_format))

    assert 0 < n_decoded <= result.facts.n_packets
    is_damaged = item.at_index or item.kinds & {
        FindingKind.DECODE_ERRORS,
        FindingKind.CORRUPT_FRAMES,
        FindingKind.BYTES_UNACCOUNTED,
    }
    if not is_damaged and item.name != "codecchange.ts":
        assert n_decoded == result.facts.n_packets


@pytest.mark.parametrize("item", [item for item in CORPUS if item.at_index], ids=lambda item: item.name)
def test_damage_that_only_decoding_shows_is_marked_on_the_pictures(corpus: Corpus, item: Broken) -> None:
    path = str(corpus.path(item.name))

    assert any(picture.is_corrupt for picture in iter_pictures(path))


def test_a_table_damaged_by_lot_is_refused_or_reported(corpus: Corpus) -> None:
    for item in (item for item in CORPUS if not item.is_exact):
        try:
            result = probe(str(corpus.path(item.name)))
        except NotFootage:
            continue
        assert result.findings


def test_a_playlist_opens_no_other_file(corpus: Corpus) -> None:
    path = corpus.path("concat.mp4")
    other = path.parent / "base.mp4"
    assert other.exists(), "the file that the playlist names is beside it"
    before = other.stat().st_atime_ns

    with pytest.raises(NotFootage):
        probe(str(path))

    assert other.stat().st_atime_ns == before
