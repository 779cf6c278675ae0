# SPDX-License-Identifier: Apache-2.0
"""Export: validated hits become a signed bundle that a court expert can verify with sha512sum and openssl.

Order of work: every original is hashed again; exhibits are made; the manifest's digest is recorded in the audit log and
its inclusion proven; the procès-verbal prints digest, root and certificate; lists are written and signed. The bundle
appears whole or not at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Final, Protocol

import bagit

from models.errors import AlreadyThere, Defect, NotAllowed, StoreProblem, Tampered, UnknownReference
from review import bundle_layout as layout
from review.audit.record import canonical
from review.bundle_content import AnalysisFacts, count_decisions, manifest_document, report_document
from review.case_folder import software_version
from review.checks import Progress, no_progress
from review.durable import fsync_file, fsync_folder, make_folder, write_durable
from review.exhibits import Exhibit
from review.home import workstation_key
from review.originals import Original, read_originals, rehash
from review.previews import previews_of
from review.report import compile_pdf
from review.session import Act, CaseSession
from review.verdicts import Decision, Verdict, latest

__all__ = ["BundleSummary", "ExhibitMaker", "export_bundle"]

PUBLIC_FILE: Final = 0o644
UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class ExhibitMaker(Protocol):
    """Makes stills and clips of a track from its original; the one of the product is ``review.evidence``."""

    def absent(self, session: CaseSession, track_ids: Sequence[str]) -> tuple[str, ...]:
        """Those of the tracks that the index does not hold."""
        ...

    def still(self, session: CaseSession, track_id: str, out_path: Path) -> Exhibit:
        """Write the frame that shows the track best, PNG."""
        ...

    def clip(self, session: CaseSession, track_id: str, out_path: Path) -> Exhibit:
        """Write the span of the track; the suffix of the exhibit's path may differ from the one asked for."""
        ...

    def facts(self, session: CaseSession) -> AnalysisFacts:
        """How the recordings of the case were analysed."""
        ...


class _Evidence:
    """The exhibit maker of the product."""

    def absent(self, session: CaseSession, track_ids: Sequence[str]) -> tuple[str, ...]:
        from review import evidence  # noqa: PLC0415  # Reason: it loads the decoder; verifying must not.

        return evidence.absent_tracks(session, track_ids)

    def still(self, session: CaseSession, track_id: str, out_path: Path) -> Exhibit:
        from review import evidence  # noqa: PLC0415  # Reason: as above.

        return evidence.export_still(session, track_id, out_path)

    def clip(self, session: CaseSession, track_id: str, out_path: Path) -> Exhibit:
        from review import evidence  # noqa: PLC0415  # Reason: as above.

        return evidence.export_clip(session, track_id, out_path)

    def facts(self, session: CaseSession) -> AnalysisFacts:
        from review import evidence  # noqa: PLC0415  # Reason: as above.

        return evidence.analysis_facts(session)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSummary:
    """What an export made.

    Attributes:
        folder: The bundle.
        n_exhibits: Stills and clips in it.
        decisions: How many tracks stand at each decision.
        n_files: Originals that were hashed again.
        certificate_sha256: Fingerprint to compare with the procès-verbal.
        log_root: Root of the audit log, as printed on the procès-verbal.
    """

    folder: Path
    n_exhibits: int
    decisions: dict[str, int]
    n_files: int
    certificate_sha256: str
    log_root: str


def export_bundle(
    session: CaseSession,
    out: Path,
    *,
    purpose: str,
    maker: ExhibitMaker | None = None,
    progress: Progress = no_progress,
    on_exhibit: Callable[[int, int], None] = no_progress,
) -> BundleSummary:
    """Export the validated hits of a case.

    Args:
        session: The open case.
        out: Folder to make; must not exist.
        purpose: Why.
        maker: Makes stills and clips; ``review.evidence`` when None.
        progress: Told how many bytes of the originals were hashed.
        on_exhibit: Told how many of the exhibits were made.

    Raises:
        AlreadyThere: ``out`` exists.
        UnknownReference: Validated tracks are no longer in the index; the message names all and nothing is exported.
        Tampered: An original is missing or altered; the message names it and nothing is exported.
        NotAllowed: The rules forbid it.
        StoreProblem: The disk refused, or this workstation did not make the case.
    """
    maker = maker or _Evidence()
    if out.exists():
        raise AlreadyThere(f"{out} exists.", hint="Choose a new folder for the bundle.")
    verdicts = sorted(latest(session).values(), key=lambda item: item.number)
    decisions = count_decisions(verdicts)
    unfinished = out.with_name(f".{out.name}.new-{secrets.token_hex(4)}")
    with session.act("export.bundle", purpose=purpose, detail={"decisions": decisions}) as act:
        try:
            _require_present(session, verdicts, maker)
            originals = _unaltered_originals(session, progress)
            make_folder(unfinished)
            exhibits = _make_exhibits(session, unfinished, verdicts, maker, on_exhibit)
            facts = maker.facts(session)
            root = _write_content(session, act, unfinished, purpose, facts, originals, exhibits, verdicts)
            tag_digest = _seal(session, unfinished, created=session.clock.now().utc)
            _check_as_bag(unfinished)
            for name in layout.list_files(unfinished):
                _settle(unfinished / name)
            unfinished.rename(out)
            fsync_folder(out.parent)
        except OSError as problem:
            raise StoreProblem(
                f"Cannot write the bundle {out}: {problem.strerror}.", hint="Check the disk."
            ) from problem
        finally:
            if unfinished.exists():
                shutil.rmtree(unfinished)
        act.result = {"tagmanifest_sha512": tag_digest, "exhibits": len(exhibits), "decisions": decisions}
    return BundleSummary(
        folder=out,
        n_exhibits=len(exhibits),
        decisions=decisions,
        n_files=len(originals),
        certificate_sha256=session.operator.certificate_sha256,
        log_root=root,
    )


def _require_present(session: CaseSession, verdicts: Sequence[Verdict], maker: ExhibitMaker) -> None:
    """Refuse to leave out in silence what was validated before the index was made anew; nothing is hashed before."""
    gone = maker.absent(session, [item.track_id for item in verdicts if item.decision is Decision.VALIDATED])
    if gone:
        raise UnknownReference(
            f"Nothing is exported: validated, but no longer in the index: {', '.join(gone)}. The index was made anew "
            "with another profile or other models. The verdicts are kept.",
            hint="Index again with the profile and models of then; or withdraw each verdict "
            "(relecture judge CASE TRACK doubtful) and judge what the index holds now.",
        )


def _unaltered_originals(session: CaseSession, progress: Progress) -> tuple[Original, ...]:
    originals = read_originals(session.store)
    problems = rehash(originals, progress=progress).problems
    if problems:
        raise Tampered(
            f"Nothing is exported: {'; '.join(problem for _, problem in problems)}.",
            hint="Put back the file as it was delivered, from its sealed medium.",
        )
    return originals


def _make_exhibits(
    session: CaseSession,
    folder: Path,
    verdicts: Sequence[Verdict],
    maker: ExhibitMaker,
    on_exhibit: Callable[[int, int], None],
) -> list[tuple[Exhibit, str, Verdict]]:
    """Make a still and a clip of each validated track, numbered in order of corrected time."""
    validated = [verdict for verdict in verdicts if verdict.decision is Decision.VALIDATED]
    for name in (layout.STILLS, layout.CLIPS):
        make_folder(folder / name)
    made: list[tuple[list[Exhibit], Verdict]] = []
    for number, verdict in enumerate(validated, start=1):
        stem = UNSAFE.sub("-", verdict.track_id)
        still = maker.still(session, verdict.track_id, folder / layout.STILLS / f"{stem}.png")
        try:
            clip = maker.clip(session, verdict.track_id, folder / layout.CLIPS / f"{stem}.mp4")
            made.append(([still, clip], verdict))
        except UnknownReference as problem:
            made.append(([replace(still, missing_clip=problem.message)], verdict))
        on_exhibit(number, len(validated))
    made.sort(key=lambda item: (_order(item[0][-1].start_utc), item[1].number))
    return [
        (*_number(folder, exhibit, number), verdict)
        for number, (exhibits, verdict) in enumerate(made, start=1)
        for exhibit in exhibits
    ]


def _order(moment: datetime | None) -> float:
    """Known times in order, unknown ones last."""
    return moment.timestamp() if moment else float("inf")


def _number(folder: Path, exhibit: Exhibit, number: int) -> tuple[Exhibit, str]:
    """Give an exhibit its final name and check that its digest is what its maker says."""
    place = layout.STILLS if exhibit.kind == "still" else layout.CLIPS
    file = f"{place}/EX-{number:04d}{exhibit.path.suffix}"
    exhibit.path.rename(folder / file)
    exhibit = replace(exhibit, path=folder / file)
    if layout.file_digest(exhibit.path, "sha256") != exhibit.sha256:
        raise Defect(f"{file} does not have the digest that its maker named.")
    return exhibit, file


def _write_content(
    session: CaseSession,
    act: Act,
    folder: Path,
    purpose: str,
    facts: AnalysisFacts,
    originals: Sequence[Original],
    exhibits: Sequence[tuple[Exhibit, str, Verdict]],
    verdicts: Sequence[Verdict],
) -> str:
    """Write manifest, proof and report; gives the root of the log as text."""
    log_key = workstation_key()
    if log_key is None:
        raise NotAllowed("This workstation did not make the case.", hint="Export from the one that did.")
    created = session.clock.now().utc
    manifest = manifest_document(
        session,
        purpose=purpose,
        created=created,
        facts=facts,
        originals=originals,
        exhibits=exhibits,
        verdicts=verdicts,
        log_key=base64.b64encode(log_key.public).decode(),
    )
    canonical(manifest)
    content = (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    digest = hashlib.sha256(content).hexdigest()
    _write(folder / layout.MANIFEST, content)
    note = act.note("export.manifest", {"manifest_sha256": digest, "exhibits": len(exhibits)})
    record, proof, checkpoint = session.log.prove(note.seq)
    _write(folder / layout.RECORD, record.line + b"\n")
    _write(folder / layout.PROOF, proof)
    _write(folder / layout.CHECKPOINT, (session.log.folder / "checkpoint").read_bytes())
    document = report_document(
        session,
        manifest,
        created=created,
        manifest_sha256=digest,
        originals=originals,
        exhibits=exhibits,
        facts=facts,
        checkpoint=checkpoint,
    )
    stills = [file for exhibit, file, _ in exhibits if exhibit.kind == "still"]
    with previews_of(folder, stills) as pictures:
        pdf = compile_pdf("pv", document, created=created, pictures=pictures)
    _write(folder / layout.REPORT, pdf)
    return checkpoint.root_text


def _write(path: Path, content: bytes) -> None:
    write_durable(path, content, mode=PUBLIC_FILE)


def _seal(session: CaseSession, folder: Path, *, created: datetime) -> str:
    """Write the lists and sign them; gives the SHA-512 of the signed list."""
    templates = resources.files("review.templates")
    payload = [name for name in layout.list_files(folder) if name.startswith("data/")]
    n_bytes = sum((folder / name).stat().st_size for name in payload)
    info = (
        f"Bag-Software-Agent: {software_version()}\n"
        f"Bagging-Date: {created:%Y-%m-%d}\n"
        f"External-Identifier: {UNSAFE.sub('-', session.requisition.reference)}\n"
        f"Payload-Oxum: {n_bytes}.{len(payload)}\n"
    )
    _write(folder / "bagit.txt", layout.BAGIT_TEXT.encode())
    _write(folder / "bag-info.txt", info.encode())
    _write(folder / "verify.sh", templates.joinpath("verify.sh").read_bytes())
    _write(folder / "LISEZMOI.txt", templates.joinpath("LISEZMOI.txt").read_bytes())
    _write(folder / layout.CERTIFICATE, session.operator.certificate_pem.encode())
    digests = {name: layout.file_digest(folder / name) for name in payload}
    _write(folder / layout.PAYLOAD_LIST, layout.list_text(digests).encode())
    tags = [name for name in layout.list_files(folder) if not name.startswith("data/")]
    tag_list = layout.list_text({name: layout.file_digest(folder / name) for name in tags}).encode()
    _write(folder / layout.TAG_LIST, tag_list)
    _write(folder / layout.SIGNATURE, session.keyring.cms.sign_detached(tag_list))
    return hashlib.sha512(tag_list).hexdigest()


def _check_as_bag(folder: Path) -> None:
    """Let an independent implementation of BagIt judge what was written, before it is handed over."""
    logger = logging.getLogger("bagit")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        bagit.Bag(str(folder)).validate()
    except bagit.BagError as exc:
        raise Defect(f"The bundle is not a valid BagIt bag: {exc}.") from exc
    finally:
        logger.disabled = was_disabled


def _settle(path: Path) -> None:
    """Flush an exhibit that another program wrote."""
    with path.open("rb") as file:
        fsync_file(file.fileno(), path)
