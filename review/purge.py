# SPDX-License-Identifier: Apache-2.0
"""Crypto-erasure of a case: its key is overwritten and removed, its encrypted files are removed, a certificate stays.

The audit log outlives the data. Originals are not touched. Purging needs the operator's own key but not the case's, so
that a purge cut short by a crash can be ended by running it again.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.errors import AlreadyThere, Tampered
from review.audit.clock import Clock, SystemClock, format_moment
from review.audit.log import AuditLog
from review.audit.record import Json, Record
from review.case_folder import AUDIT_FOLDER, BLOBS_FOLDER, KEYS_FOLDER, read_header, software_version
from review.case_lock import take_writer_lock
from review.case_state import RECORDINGS_PREFIX, CaseState
from review.checks import Outcome, failed, passed
from review.cms import verify_detached
from review.durable import fsync_file, fsync_folder, write_durable
from review.home import workstation_key
from review.legal import concept, retention_years
from review.operators import check_empowered, load_operator, open_keyring, resolve_operator_id
from review.report import compile_pdf, french_day, french_moment
from review.seal import certificate_fingerprint
from review.store import content_sha256

__all__ = ["CERTIFICATE_FILE", "PurgeSummary", "check_certificate", "purge_case"]

CERTIFICATE_FILE: Final = "purge-certificate.json"
SIGNATURE_FILE: Final = "purge-certificate.json.p7s"
PDF_FILE: Final = "purge-certificate.pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeSummary:
    """What a purge removed.

    Attributes:
        n_keys: Wrapped copies of the case key that were overwritten and removed.
        n_blobs: Encrypted files that were removed.
        certificate: The signed certificate.
        pdf: The same for paper.
    """

    n_keys: int
    n_blobs: int
    certificate: Path
    pdf: Path


def purge_case(
    folder: Path, *, operator_id: str | None, passphrase: str | None, clock: Clock | None = None
) -> PurgeSummary:
    """Erase a case for good.

    Raises:
        NotAllowed: The operator is not of the case, or not empowered today.
        AlreadyThere: The case was purged before.
        CaseBusy: The case is open for writing elsewhere.
        WrongKey: Passphrase missing or wrong.
    """
    header = read_header(folder)
    operator = load_operator(resolve_operator_id(operator_id))
    keyring = open_keyring(operator, passphrase)
    clock = clock or SystemClock()
    check_empowered(operator, clock.now().utc.astimezone().date())
    lock = take_writer_lock(folder, operator.operator_id, clock)
    try:
        state = CaseState()
        history: list[Record] = []

        def watch(record: Record) -> None:
            if record.seq == 0 or record.text("act") == "purge.run":
                history.append(record)
            state.learn(record)

        log = AuditLog(
            folder / AUDIT_FOLDER,
            operator_key=keyring.signing,
            log_key=workstation_key(),
            clock=clock,
            watch=watch,
        )
        if state.is_purged:
            raise AlreadyThere("The case was purged before.", hint=f"See {folder / CERTIFICATE_FILE}.")
        planned = _planned(folder, history)
        intent = log.append(
            {
                "act": "purge.run",
                "phase": "intent",
                "purpose": "",
                "operator": {"id": operator.operator_id, "matricule": operator.matricule},
                "detail": planned,
                "software": software_version(),
            }
        )
        checkpoint = log.checkpoint()
        n_recordings = sum(name.startswith(RECORDINGS_PREFIX) for name in state.writes_by_blob)
        _destroy_keys(folder / KEYS_FOLDER)
        _remove_blobs(folder / BLOBS_FOLDER)
        n_keys, n_blobs = planned["n_keys"], planned["n_blobs"]
        done = clock.now().utc
        first = state.first_import_utc
        document: dict[str, Json] = {
            "format": 1,
            "case": header.case_id,
            "requisition": history[0].text("requisition"),
            "done_utc": format_moment(done),
            "operator": operator.operator_id,
            "operator_name": operator.name,
            "operator_mention": operator.mention(),
            "retention_fr": concept("retention").wording_fr,
            "retention_years": retention_years(),
            "first_import_utc": format_moment(first) if first else None,
            "n_keys": n_keys,
            "n_blobs": n_blobs,
            "n_recordings": n_recordings,
            "log_records": log.size,
            "log_root": checkpoint.root_text if checkpoint else None,
            "intent_seq": intent.seq,
            "certificate_sha256": operator.certificate_sha256,
            "certificate_pem": operator.certificate_pem,
            "software": software_version(),
        }
        content = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
        printed = {
            **document,
            "done_fr": french_day(done.astimezone()),
            "first_import_fr": french_moment(first) if first else "aucun import",
            "deadline_fr": _deadline_text(state),
            "log_root": checkpoint.root_text if checkpoint else "non disponible sur ce poste",
        }
        pdf = compile_pdf("purge", printed, created=done)
        write_durable(folder / CERTIFICATE_FILE, content)
        write_durable(folder / SIGNATURE_FILE, keyring.cms.sign_detached(content))
        write_durable(folder / PDF_FILE, pdf)
        result: dict[str, Json] = {
            "certificate_sha256": content_sha256(content),
            "pdf_sha256": content_sha256(pdf),
            "n_keys": n_keys,
            "n_blobs": n_blobs,
        }
        log.append({"act": "purge.run", "phase": "result", "of": intent.seq, "outcome": "done", "result": result})
        log.checkpoint()
    finally:
        os.close(lock)
    return PurgeSummary(n_keys=n_keys, n_blobs=n_blobs, certificate=folder / CERTIFICATE_FILE, pdf=folder / PDF_FILE)


def _deadline_text(state: CaseState) -> str:
    if state.first_import_utc is None:
        return "sans objet"
    return f"{retention_years()} ans après le premier import, au plus tard"


def _planned(folder: Path, history: Sequence[Record]) -> dict[str, int]:
    """What is there to erase; by the record of an earlier purge that a crash cut short, if there was one."""
    for record in history:
        if record.text("act") == "purge.run" and record.text("phase") == "intent":
            return {name: value for name, value in record.member("detail").items() if isinstance(value, int)}
    return {
        "n_keys": sum(1 for _ in (folder / KEYS_FOLDER).glob("*")),
        "n_blobs": sum(1 for _ in (folder / BLOBS_FOLDER).rglob("*.age")),
    }


def _destroy_keys(folder: Path) -> None:
    """Overwrite each key file with random bytes, make that durable, then remove it."""
    paths = sorted(folder.glob("*")) if folder.is_dir() else []
    for path in paths:
        size = path.stat().st_size
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.write(descriptor, secrets.token_bytes(size))
            fsync_file(descriptor, path)
        finally:
            os.close(descriptor)
        path.unlink()
        fsync_folder(folder)


def _remove_blobs(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
        fsync_folder(folder.parent)


def check_certificate(folder: Path, records: Sequence[Record]) -> Outcome:
    """Check number 11 of a purged case: certificate as logged, signed by an operator of the case, data gone."""
    result: Mapping[str, Json] = {}
    for record in records:
        if record.text("act") == "purge.run" and record.text("outcome") == "done":
            result = record.member("result")
    for name, logged in ((CERTIFICATE_FILE, "certificate_sha256"), (PDF_FILE, "pdf_sha256")):
        if not (folder / name).is_file():
            return failed(f"{name} is missing")
        if content_sha256((folder / name).read_bytes()) != result.get(logged):
            return failed(f"{name} is not the one that the audit log names")
    content = (folder / CERTIFICATE_FILE).read_bytes()
    document = json.loads(content)
    certificate_pem = str(document["certificate_pem"]).encode()
    fingerprint = certificate_fingerprint(certificate_pem)
    known = {str(record.member("operator").get("certificate_sha256", "")) for record in records}
    if fingerprint not in known:
        return failed(f"{CERTIFICATE_FILE} is signed with a certificate that is not of this case")
    try:
        verify_detached((folder / SIGNATURE_FILE).read_bytes(), content=content, certificate_pem=certificate_pem)
    except Tampered as problem:
        return failed(f"{SIGNATURE_FILE}: {problem.message}")
    if (folder / BLOBS_FOLDER).exists():
        return failed("blobs/ is there although the case was purged")
    return passed(f"erased {document['done_utc']}, {document['n_keys']} keys, {document['n_blobs']} stored files")
