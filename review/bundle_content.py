# SPDX-License-Identifier: Apache-2.0
"""What a bundle says: the manifest as a JSON document, and the same facts as the French report prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from indexer.findings import Finding, FindingKind
from indexer.ticks import format_utc
from review.audit.note import Checkpoint
from review.audit.record import Json
from review.case_folder import software_version
from review.conformity import ConformityNote, conformity_in_french, video_norm
from review.exhibits import Exhibit
from review.finding_words import french_sentence
from review.hits import MadeBy
from review.legal import concept, data_version
from review.originals import Original
from review.previews import preview_name
from review.report import french_bytes, french_day, french_duration, french_moment
from review.report_words import french, french_attribute, french_correction, french_method
from review.requisition import Authorisation
from review.session import CaseSession
from review.verdicts import Decision, Verdict
from review.zones import AppliedZone

__all__ = ["AnalysisFacts", "ModelFact", "manifest_document", "report_document"]

SHOWN_FINDINGS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFact:
    """One model that proposed something in this case.

    Attributes:
        name: ``name@version`` of the registry entry.
        role: What it is for.
        sha256: Digest of its file, or empty for an algorithm without one.
        accuracy: Its measured accuracy in one sentence, or empty.
        accuracy_fr: The same sentence in French, for the report.
    """

    name: str
    role: str
    sha256: str
    accuracy: str = ""
    accuracy_fr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisFacts:
    """How the recordings of a case were analysed.

    Attributes:
        profile: Profile of the index run.
        configuration_sha256: Digest of its effective configuration.
        models: Models that were used.
        decoder: Decoder and FFmpeg version that any pixel came from.
        n_tracks: Tracks in the index.
        coverage: One sentence on what was analysed and what was skipped.
        analysed_s: Footage analysed, seconds of media time; 0 when only the sentence is known.
        keyframes_only_s: Part of it of which only keyframes were looked at, since nothing moved.
        findings: Trouble that the analysis met, beyond what import found: recording identifier and finding.
        conformity: What each recording is beside the technical norm: recording identifier and note.
        zones: Zones set aside by an officer that the index was made without.
    """

    profile: str
    configuration_sha256: str
    models: tuple[ModelFact, ...]
    decoder: str
    n_tracks: int
    coverage: str
    analysed_s: float = 0.0
    keyframes_only_s: float = 0.0
    findings: tuple[tuple[str, Finding], ...] = ()
    conformity: tuple[tuple[str, ConformityNote], ...] = ()
    zones: tuple[AppliedZone, ...] = ()


def _requisition(session: CaseSession) -> dict[str, Json]:
    req = session.requisition
    return {
        "reference": req.reference,
        "legal_basis": req.legal_basis.article,
        "framework": req.legal_basis.framework,
        "legal_data_version": data_version(),
        "offence": req.offence,
        "issued": req.issued.isoformat(),
        "authority": {"name": req.authority_name, "quality": req.authority_quality, "court": req.authority_court},
        "authorisation": {"state": str(req.authorisation), "reference": req.authorisation_reference},
        "obtained_by": req.obtained_by,
        "pieces": list(req.pieces),
        "scope": [
            {
                "camera": item.camera,
                "place": item.place,
                "from_utc": format_utc(item.start_utc),
                "to_utc": format_utc(item.end_utc),
            }
            for item in req.scope.windows
        ],
    }


def _exhibit(exhibit: Exhibit, file: str, verdict: Verdict) -> dict[str, Json]:
    return {
        "file": file,
        "kind": exhibit.kind,
        "sha256": exhibit.sha256,
        "track": exhibit.track_id,
        "recording": exhibit.recording_id,
        "source_name": exhibit.source_name,
        "source_sha256": exhibit.source_sha256,
        "camera": exhibit.camera,
        "first_pts_ticks": exhibit.first_pts_ticks,
        "last_pts_ticks": exhibit.last_pts_ticks,
        "time_base": f"{exhibit.time_base.numerator}/{exhibit.time_base.denominator}",
        "start_utc": format_utc(exhibit.start_utc),
        "end_utc": format_utc(exhibit.end_utc),
        "displayed_start": exhibit.displayed_start.isoformat() if exhibit.displayed_start else None,
        "clock_offset_ms": exhibit.clock_offset_ms,
        "uncertainty_ms": exhibit.uncertainty_ms,
        "box_xyxy_px": list(exhibit.box_xyxy_px) if exhibit.box_xyxy_px else None,
        "class": exhibit.class_name,
        "model": exhibit.model,
        "method": exhibit.method,
        "missing_clip": exhibit.missing_clip,
        "attributes": [
            {
                "name": item.name,
                "value": item.value,
                "score": item.score,
                "model": item.model,
                "alternatives": [[value, score] for value, score in item.alternatives],
                "note": item.note,
            }
            for item in exhibit.attributes
        ],
        "made_by": _correction(exhibit.made_by) if exhibit.made_by else None,
        "verdict": {
            "decision": str(verdict.decision),
            "operator": verdict.operator_id,
            "utc": format_utc(verdict.utc),
            "note": verdict.note,
        },
    }


def _correction(made_by: MadeBy) -> dict[str, Json]:
    return {
        "number": made_by.number,
        "kind": made_by.kind,
        "tracks": list(made_by.track_ids),
        "earlier": [_correction(item) for item in made_by.earlier],
    }


def _original(original: Original) -> dict[str, Json]:
    """The recording's document without the folder of this workstation in which the file lies."""
    document = {name: value for name, value in original.document.items() if name != "path"}
    return {"file_name": original.path.name, **document}  # type: ignore[dict-item]  # Reason: it came from JSON.


def count_decisions(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many tracks stand at each decision."""
    return {str(item): sum(verdict.decision is item for verdict in verdicts) for item in Decision}


def manifest_document(
    session: CaseSession,
    *,
    purpose: str,
    created: datetime,
    facts: AnalysisFacts,
    originals: Sequence[Original],
    exhibits: Sequence[tuple[Exhibit, str, Verdict]],
    verdicts: Sequence[Verdict],
    log_key: str,
) -> dict[str, Json]:
    """The manifest of a bundle, ``data/case/manifest.json``.

    Args:
        session: The open case.
        purpose: Why it is exported.
        created: When.
        facts: How the recordings were analysed.
        originals: Every original, hashed again just before.
        exhibits: Each exhibit with its file in the bundle and the verdict that let it in.
        verdicts: The verdict that counts for each judged track.
        log_key: Public key of the checkpoints, base64.
    """
    operator = session.operator.to_document()
    return {
        "schema": "relecture/bundle/1",
        "case": session.header.case_id,
        "created_utc": format_utc(created),
        "software": software_version(),
        "purpose": purpose,
        "requisition": _requisition(session),
        "operator": {
            name: operator[name]  # type: ignore[dict-item]  # Reason: made of texts.
            for name in ("id", "name", "matricule", "service", "quality", "public_key", "certificate_sha256")
        }
        | {"mention": session.operator.mention()},
        "audit_log": {"origin": session.log.origin, "public_key": log_key},
        "analysis": {
            "profile": facts.profile,
            "configuration_sha256": facts.configuration_sha256,
            "decoder": facts.decoder,
            "tracks": facts.n_tracks,
            "coverage": facts.coverage,
            "analysed_s": facts.analysed_s,
            "keyframes_only_s": facts.keyframes_only_s,
            "findings": [_finding(recording_id, finding) for recording_id, finding in facts.findings],
            "models": [
                {"name": item.name, "role": item.role, "sha256": item.sha256, "accuracy": item.accuracy}
                for item in facts.models
            ],
        },
        "originals": [_original(item) for item in originals],
        "conformity": [
            {"recording": recording_id, **note.document()}  # type: ignore[dict-item]  # Reason: texts and numbers.
            for recording_id, note in facts.conformity
        ],
        "decisions": count_decisions(verdicts),
        "exhibits": [_exhibit(exhibit, file, verdict) for exhibit, file, verdict in exhibits],
    }


def report_document(
    session: CaseSession,
    manifest: Mapping[str, Json],
    *,
    created: datetime,
    manifest_sha256: str,
    originals: Sequence[Original],
    exhibits: Sequence[tuple[Exhibit, str, Verdict]],
    facts: AnalysisFacts,
    checkpoint: Checkpoint,
) -> dict[str, object]:
    """The data of the procès-verbal, in French."""
    req = session.requisition
    local = created.astimezone()
    findings = _finding_rows(originals, facts)
    authorisation = {
        Authorisation.GRANTED: f"accordée : {req.authorisation_reference}",
        Authorisation.DEEMED: "réputée accordée, sauf décision contraire",
        Authorisation.CONTRARY: f"décision contraire : {req.authorisation_reference}",
    }[req.authorisation]
    return {
        "service": session.operator.service,
        "case": session.header.case_id,
        "reference": req.reference,
        "day": french_day(local),
        "time": f"{local:%H h %M}",
        "mention": session.operator.mention(),
        "name": session.operator.name,
        "quality": str(session.operator.quality),
        "legal_basis": req.legal_basis.wording_fr,
        "framework": req.legal_basis.framework,
        "lrj": concept("lrj").wording_fr,
        "lrj_article": f"art. {concept('lrj.authorisation').article} CPP",
        "empowerment": concept("empowerment").wording_fr,
        "legal_version": data_version(),
        "authority": f"{req.authority_name}, {req.authority_quality}, {req.authority_court}",
        "issued": f"{req.issued:%d/%m/%Y}",
        "offence": req.offence,
        "authorisation": authorisation,
        "obtained_by": req.obtained_by,
        "pieces": ", ".join(req.pieces),
        "purpose": str(manifest["purpose"]),
        "windows": [
            [item.camera, item.place, french_moment(item.start_utc), french_moment(item.end_utc)]
            for item in req.scope.windows
        ],
        "originals": [_original_row(item) for item in originals],
        "norm": _norm(),
        "conformity": _conformity_rows(originals, facts),
        "zones": _zone_rows(originals, facts),
        "findings": findings[:SHOWN_FINDINGS],
        "n_findings": len(findings),
        "software": software_version(),
        "profile": facts.profile,
        "decoder": facts.decoder,
        "configuration_sha256": facts.configuration_sha256,
        "coverage": _coverage(facts),
        "n_tracks": facts.n_tracks,
        "models": [
            [item.name, french(item.role), item.accuracy_fr or item.accuracy or "non mesurée", item.sha256]
            for item in facts.models
        ],
        "decisions": manifest["decisions"],
        "exhibits": [_exhibit_block(exhibit, file, verdict) for exhibit, file, verdict in exhibits],
        "manifest_sha256": manifest_sha256,
        "log_root": checkpoint.root_text,
        "log_size": checkpoint.size,
        "log_origin": checkpoint.origin,
        "certificate_sha256": session.operator.certificate_sha256,
    }


def _coverage(facts: AnalysisFacts) -> str:
    if not facts.analysed_s:
        return facts.coverage
    analysed, still = french_duration(facts.analysed_s), french_duration(facts.keyframes_only_s)
    return f"{analysed} d’enregistrement analysées ; sur {still} sans mouvement, seules les images clés ont été vues"


def _text(value: object, otherwise: str) -> str:
    return str(value) if value not in (None, "") else otherwise


def _original_row(original: Original) -> dict[str, object]:
    clock = original.document.get("clock")
    clock = clock if isinstance(clock, Mapping) else {}
    offset_ms = clock.get("offset_ms", 0)
    return {
        "id": original.recording_id,
        "name": original.path.name,
        "camera": original.camera,
        "piece": _text(original.document.get("piece"), "—"),
        "size": french_bytes(original.size_bytes),
        "format": _format_text(original),
        "scope": french(f"scope {_text(original.document.get('scope'), 'inside')}"),
        "sha256": original.sha256,
        "displayed": _displayed(clock.get("displayed_start")),
        "offset": f"{offset_ms / 1000:+.3f} s".replace(".", ",") if isinstance(offset_ms, int) else "inconnu",
        "uncertainty": f"± {clock.get('uncertainty_ms', '?')} ms" + _drift_and_proof(clock),
        "how_read": french(_text(clock.get("how_read"), "unknown")),
    }


def _drift_and_proof(clock: Mapping[str, Json]) -> str:
    drift, proof = clock.get("drift_ppm"), _text(clock.get("proof"), "")
    said = f" ; dérive {drift * 0.0864:+.2f} s par jour".replace(".", ",") if isinstance(drift, int) and drift else ""
    return said + (f" ; {proof}" if proof else "")


def _format_text(original: Original) -> str:
    facts = original.document.get("facts")
    if not isinstance(facts, Mapping):
        return "—"
    size = facts.get("size_wh_px")
    pixels = f"{size[0]} × {size[1]} pixels" if isinstance(size, list) and len(size) == len("wh") else ""
    span = original.span_utc()
    length = french_duration((span[1] - span[0]).total_seconds()) if span else ""
    return ", ".join(str(part) for part in (facts.get("container"), facts.get("codec"), pixels, length) if part)


def _displayed(value: object) -> str:
    try:
        return french_moment(datetime.fromisoformat(str(value)))
    except ValueError:
        return french_moment(None)


def _finding(recording_id: str, finding: Finding) -> dict[str, Json]:
    return {
        "recording": recording_id,
        "kind": str(finding.kind),
        "component": finding.component,
        "detail": finding.detail,
        "count": finding.count,
        "first_pts_ticks": finding.first_pts_ticks,
        "last_pts_ticks": finding.last_pts_ticks,
    }


def _finding_rows(originals: Sequence[Original], facts: AnalysisFacts) -> list[list[str]]:
    rows = []
    for original in originals:
        findings = original.document.get("findings")
        for finding in findings if isinstance(findings, list) else []:
            if isinstance(finding, Mapping):
                count = _text(finding.get("count"), "1")
                detail = str(finding.get("detail", ""))
                rows.append(
                    [original.path.name, french(str(finding.get("kind"))), count, french_sentence(detail) or detail]
                )
        rows += [
            [original.path.name, french(str(item.kind)), str(item.count), french_sentence(item.detail) or item.detail]
            for recording_id, item in facts.findings
            # Why: zones that an officer set aside have a table of their own.
            if recording_id == original.recording_id and item.kind is not FindingKind.IGNORED_ZONE
        ]
    return rows


def _zone_rows(originals: Sequence[Original], facts: AnalysisFacts) -> list[list[str]]:
    """File, zone, reason and who set it aside, in French."""
    return [
        [
            original.path.name,
            french_sentence(zone.detail) or zone.detail,
            zone.record.reason if zone.record else "—",
            f"{zone.record.operator_id}, le {french_moment(zone.record.utc)}" if zone.record else "—",
        ]
        for original in originals
        for zone in facts.zones
        if zone.recording_id == original.recording_id
    ]


def _norm() -> dict[str, str]:
    least = video_norm()
    return {
        "wording": least.wording_fr,
        "size": f"{least.width_px} × {least.height_px} pixels",
        "rate": f"{least.images_per_s} images par seconde",
    }


def _conformity_rows(originals: Sequence[Original], facts: AnalysisFacts) -> list[list[str]]:
    notes = dict(facts.conformity)
    return [
        [original.path.name, *conformity_in_french(notes[original.recording_id])]
        for original in originals
        if original.recording_id in notes
    ]


def _exhibit_block(exhibit: Exhibit, file: str, verdict: Verdict) -> dict[str, object]:
    base = exhibit.time_base
    ticks = f"{exhibit.first_pts_ticks}"
    if exhibit.last_pts_ticks != exhibit.first_pts_ticks:
        ticks += f" à {exhibit.last_pts_ticks}"
    offset = f"{exhibit.clock_offset_ms / 1000:+.3f} s ± {exhibit.uncertainty_ms} ms".replace(".", ",")
    return {
        "number": file.rpartition("/")[2].partition(".")[0],
        "file": file,
        "picture": preview_name(file) if exhibit.kind == "still" else None,
        "kind": french(exhibit.kind),
        "method": french_method(exhibit.method),
        "missing_clip": exhibit.missing_clip,
        "track": exhibit.track_id,
        "camera": exhibit.camera,
        "source": exhibit.source_name,
        "source_sha256": exhibit.source_sha256,
        "sha256": exhibit.sha256,
        "pts": f"{ticks} (base {base.numerator}/{base.denominator} s)",
        "corrected": french_moment(_as_displayed(exhibit.start_utc, exhibit)),
        "corrected_end": french_moment(_as_displayed(exhibit.end_utc, exhibit)),
        "displayed": french_moment(exhibit.displayed_start),
        "offset": offset,
        "box": ", ".join(f"{value:.0f}" for value in exhibit.box_xyxy_px) if exhibit.box_xyxy_px else "",
        "proposal": _proposal(exhibit),
        "correction": french_correction(exhibit.made_by) if exhibit.made_by else "",
        "model": exhibit.model,
        "judged": f"{verdict.operator_id}, le {french_moment(verdict.utc)}",
        "note": verdict.note,
    }


def _as_displayed(moment: datetime | None, exhibit: Exhibit) -> datetime | None:
    """Corrected time under the UTC offset of the displayed one, so that the two can be compared at a glance."""
    if moment is None or exhibit.displayed_start is None:
        return moment
    return moment.astimezone(exhibit.displayed_start.tzinfo)


def _proposal(exhibit: Exhibit) -> str:
    return ", ".join([french(exhibit.class_name), *(french_attribute(item) for item in exhibit.attributes)])
