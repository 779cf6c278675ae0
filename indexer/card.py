# SPDX-License-Identifier: Apache-2.0
"""Which decoder reads a segment: that of the processor, or, where it was asked for and fits, that of a graphics card.

The two give equal pixels of sound footage by the standards of the codecs, and different ones of damaged footage; a card
does not say which pictures it concealed damage in. So a card is used only where nothing of a recording is known to be
damaged, and every segment names what decoded it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from indexer.config import IndexConfig
from indexer.findings import Finding, FindingKind
from indexer.media import CARD_DECODER, Decoder, card_reads
from indexer.planning import SegmentPlan
from indexer.records import Recording

__all__ = ["DAMAGED", "NOT_READ", "SegmentDecoder", "decoder_for"]

DAMAGED: Final = Finding(
    kind=FindingKind.CARD_NOT_USED,
    component="decode",
    detail="The graphics card was to decode, but the recording is damaged, and a card does not say where it conceals "
    "that: the processor decoded, in one thread.",
)
NOT_READ: Final = Finding(
    kind=FindingKind.CARD_NOT_USED,
    component="decode",
    detail="The graphics card was to decode, but it does not decode this stream on this machine: the processor "
    "decoded, in one thread.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDecoder:
    """What reads a segment.

    Attributes:
        decoder: As the reader of footage is told.
        findings: Why a card that was asked for is not used.
    """

    decoder: Decoder = "one-thread"
    findings: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """As the segment names it; empty for the decoder that the recording names."""
        return CARD_DECODER if self.decoder == "nvdec" else ""


def decoder_for(recording: Recording, plan: SegmentPlan, config: IndexConfig) -> SegmentDecoder:
    """Choose what reads a segment; decodes one picture where a card is asked for."""
    if config.decoder == "one-thread":
        return SegmentDecoder()
    facts = recording.facts
    if any(finding.kind.is_damage for finding in recording.findings):
        reason = DAMAGED
    elif card_reads(
        recording.path,
        start_pts_ticks=plan.start_pts_ticks,
        stream_index=facts.stream_index,
        forced_format=facts.forced_format,
    ):
        return SegmentDecoder(decoder="nvdec")
    else:
        reason = NOT_READ
    # Why: what completes a segment says nothing twice that the segment says already.
    if plan.completes_sha256:
        return SegmentDecoder()
    placed = replace(reason, first_pts_ticks=plan.start_pts_ticks, last_pts_ticks=plan.end_pts_ticks)
    return SegmentDecoder(findings=(placed,))
