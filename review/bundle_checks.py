# SPDX-License-Identifier: Apache-2.0
"""The numbered checks of a bundle. Numbers are the same in tests and in docs/verification.md.

1 structure, 2 payload, 3 tag files, 4 signature, 5 signer, 6 exhibits, 7 proof of inclusion, 8 report, 9 timestamp.
The shipped ``verify.sh`` does 1 to 4 with sha512sum and openssl alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from models.errors import Tampered
from review import bundle_layout as layout
from review.audit import merkle
from review.audit.note import decode_base64, open_checkpoint, open_proof
from review.audit.record import key_id, parse_line
from review.checks import Outcome, Progress, Report, failed, no_progress, not_run, passed, run_check
from review.cms import verify_detached
from review.operators import list_operators
from review.seal import certificate_der, certificate_fingerprint, certificate_subject, verify_timestamp

__all__ = ["BUNDLE_CHECKS", "verify_bundle"]

BUNDLE_CHECKS: Final = (
    (1, "structure: known files only, no links"),
    (2, "payload: complete, SHA-512"),
    (3, "tag files: complete, SHA-512"),
    (4, "signature over the tag files"),
    (5, "signer"),
    (6, "exhibits: those of the manifest"),
    (7, "proof that the export is in the audit log"),
    (8, "report"),
    (9, "timestamp"),
)
LINE_PATTERN: Final = re.compile(r"([0-9a-f]{128})  ([A-Za-z0-9._/-]+)")
SHA256_PATTERN: Final = re.compile(r"[0-9a-f]{64}")
MAX_LIST_BYTES: Final = 1 << 26
REQUIRED: Final = (
    "bagit.txt",
    "bag-info.txt",
    layout.PAYLOAD_LIST,
    layout.TAG_LIST,
    layout.CERTIFICATE,
    layout.SIGNATURE,
    layout.MANIFEST,
    layout.RECORD,
    layout.PROOF,
    layout.CHECKPOINT,
    layout.REPORT,
)


def verify_bundle(
    folder: Path,
    *,
    certificate_pem: bytes | None = None,
    tsa_root_pem: bytes | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Run every check of a bundle; nothing is unpacked or changed.

    Args:
        folder: The bundle.
        certificate_pem: Certificate obtained by another way, which the signer's must equal.
        tsa_root_pem: Root certificate of the time-stamping authority.
        progress: Told how many bytes were read.
    """
    checker = _BundleChecker(folder, certificate_pem, tsa_root_pem, progress)
    looks = {
        1: checker.structure,
        2: checker.payload,
        3: checker.tag_files,
        4: checker.signature,
        5: checker.signer,
        6: checker.exhibits,
        7: checker.inclusion,
        8: checker.report,
        9: checker.timestamp,
    }
    checks = tuple(run_check(number, title, looks[number]) for number, title in BUNDLE_CHECKS)
    return Report(subject="bundle", path=str(folder), checks=checks)


class _BundleChecker:
    def __init__(
        self, folder: Path, certificate_pem: bytes | None, tsa_root_pem: bytes | None, progress: Progress
    ) -> None:
        self._folder = folder
        self._certificate_pem = certificate_pem
        self._tsa_root_pem = tsa_root_pem
        self._progress = progress
        self._names = layout.list_files(folder)

    def _is_plain(self, name: str) -> bool:
        path = self._folder / name
        return name in self._names and path.is_file() and not path.is_symlink()

    def _read(self, name: str) -> bytes:
        """A file of the bundle that is no link and of sane size.

        Raises:
            Tampered: It is missing or a link.
        """
        path = self._folder / name
        if not self._is_plain(name):
            raise Tampered(f"{name} is missing")
        if path.stat().st_size > MAX_LIST_BYTES:
            raise Tampered(f"{name} is far too large")
        return path.read_bytes()

    def _manifest(self) -> Mapping[str, object]:
        try:
            document = json.loads(self._read(layout.MANIFEST))
        except (ValueError, RecursionError) as exc:
            raise Tampered(f"{layout.MANIFEST} is not JSON") from exc
        if not isinstance(document, dict) or document.get("schema") != "relecture/bundle/1":
            raise Tampered(f"{layout.MANIFEST} is not a manifest of this format")
        return document

    def structure(self) -> Outcome:
        problems = [f"{name} is missing" for name in REQUIRED if name not in self._names]
        for name in self._names:
            if not self._is_plain(name):
                problems.append(f"{name} is a link or no plain file")
            elif not all(layout.NAME_PATTERN.fullmatch(part) for part in name.split("/")):
                problems.append(f"{name!r} has characters that are not allowed")
            elif "/" in name and name.split("/")[0] not in ("data", "signatures"):
                problems.append(f"{name} does not belong there")
        if "bagit.txt" in self._names and self._read("bagit.txt").decode("utf-8", "replace") != layout.BAGIT_TEXT:
            problems.append("bagit.txt is not that of a BagIt 1.0 bundle")
        return failed("; ".join(problems)) if problems else passed(f"{len(self._names)} files")

    def _listed(self, list_name: str) -> dict[str, str]:
        """Digest by name of a manifest.

        Raises:
            Tampered: A line is malformed or a name comes twice.
        """
        digest_by_name: dict[str, str] = {}
        text = self._read(list_name).decode("utf-8", "replace")
        if not text.endswith("\n"):
            raise Tampered(f"{list_name} is cut short")
        for line in text[:-1].split("\n"):
            match = LINE_PATTERN.fullmatch(line)
            if match is None or match[2] in digest_by_name or ".." in match[2].split("/"):
                raise Tampered(f"{list_name} has a malformed or double line")
            digest_by_name[match[2]] = match[1]
        return digest_by_name

    def _compare(self, list_name: str, present: set[str]) -> Outcome:
        listed = self._listed(list_name)
        problems = [f"{name} is missing" for name in sorted(set(listed) - present)]
        problems += [f"{name} is not listed in {list_name}" for name in sorted(present - set(listed))]
        common = sorted(set(listed) & present)
        sizes = {name: (self._folder / name).lstat().st_size for name in common}
        done, total = 0, sum(sizes.values())
        for name in common:
            if not self._is_plain(name):
                problems.append(f"{name} is a link or no plain file")
            elif layout.file_digest(self._folder / name) != listed[name]:
                problems.append(f"{name} was altered: its SHA-512 is not the one in {list_name}")
            done += sizes[name]
            self._progress(done, total)
        return failed("; ".join(problems)) if problems else passed(f"{len(listed)} files, {total} bytes")

    def payload(self) -> Outcome:
        return self._compare(layout.PAYLOAD_LIST, {name for name in self._names if name.startswith("data/")})

    def tag_files(self) -> Outcome:
        tags = {name for name in self._names if not name.startswith("data/")}
        return self._compare(layout.TAG_LIST, tags - layout.unlisted_tags())

    def signature(self) -> Outcome:
        certificate = self._read(layout.CERTIFICATE)
        try:
            claimed = verify_detached(
                self._read(layout.SIGNATURE), content=self._read(layout.TAG_LIST), certificate_pem=certificate
            )
        except Tampered as problem:
            return failed(f"{layout.SIGNATURE}: {problem.message}")
        return passed(
            f"CMS, by {certificate_subject(certificate)}, on {claimed:%Y-%m-%d %H:%M:%S} UTC by the signer's clock"
        )

    def signer(self) -> Outcome:
        certificate = self._read(layout.CERTIFICATE)
        fingerprint = certificate_fingerprint(certificate)
        operator = self._manifest().get("operator")
        if not isinstance(operator, dict) or operator.get("certificate_sha256") != fingerprint:
            return failed(f"{layout.CERTIFICATE} is not the certificate that {layout.MANIFEST} names")
        if self._certificate_pem is not None:
            if certificate_der(self._certificate_pem) != certificate_der(certificate):
                return failed(f"{layout.CERTIFICATE} is not the certificate that you gave")
            return passed(f"the certificate that you gave, SHA-256 {fingerprint}")
        for known in list_operators():
            if (known.operator_id, known.matricule) != (operator.get("id"), operator.get("matricule")):
                continue
            if known.certificate_sha256 != fingerprint:
                return failed(f"operator “{known.operator_id}” of this workstation has another certificate")
            return passed(f"operator “{known.operator_id}” of this workstation, SHA-256 {fingerprint}")
        return passed(f"compare with the signed procès-verbal: SHA-256 {fingerprint}")

    def exhibits(self) -> Outcome:
        exhibits = self._manifest().get("exhibits")
        if not isinstance(exhibits, list):
            return failed(f"{layout.MANIFEST} lists no exhibits")
        problems, named = [], set()
        for exhibit in exhibits:
            name = str(exhibit.get("file")) if isinstance(exhibit, dict) else ""
            named.add(name)
            if not name.startswith((f"{layout.CLIPS}/", f"{layout.STILLS}/")) or not self._is_plain(name):
                problems.append(f"{name} of the manifest is missing")
            elif layout.file_digest(self._folder / name, "sha256") != exhibit.get("sha256"):
                problems.append(f"{name} does not have the SHA-256 that the manifest names")
            elif not SHA256_PATTERN.fullmatch(str(exhibit.get("source_sha256"))):
                problems.append(f"{name}: the manifest does not name the SHA-256 of its original")
        media = {name for name in self._names if name.startswith((f"{layout.CLIPS}/", f"{layout.STILLS}/"))}
        problems += [f"{name} is not in the manifest" for name in sorted(media - named)]
        return failed("; ".join(problems)) if problems else passed(f"{len(exhibits)} exhibits")

    def inclusion(self) -> Outcome:
        origin, log_key, operator_key = self._keys()
        line = self._read(layout.RECORD).removesuffix(b"\n")
        proof = open_proof(self._read(layout.PROOF))
        if self._read(layout.CHECKPOINT) != proof.checkpoint_note:
            raise Tampered(f"{layout.CHECKPOINT} is not the checkpoint of {layout.PROOF}")
        checkpoint = open_checkpoint(proof.checkpoint_note, origin=origin, public=log_key)
        self._check_record(line, proof.index, operator_key)
        is_included = merkle.verify_inclusion(
            index=proof.index,
            size=checkpoint.size,
            leaf=merkle.leaf_hash(line),
            path=proof.path,
            root=checkpoint.root,
        )
        if not is_included:
            raise Tampered(f"{layout.PROOF} does not lead from {layout.RECORD} to the root of the checkpoint")
        return passed(f"record {proof.index} of {checkpoint.size}, root {checkpoint.root_text}")

    def _keys(self) -> tuple[str, bytes, bytes]:
        """Origin and public key of the log, and the operator's public key, by the manifest."""
        manifest = self._manifest()
        log, operator = manifest.get("audit_log"), manifest.get("operator")
        if not isinstance(log, dict) or not isinstance(operator, dict):
            raise Tampered(f"{layout.MANIFEST} does not name the audit log and the operator")
        try:
            keys = decode_base64(str(log.get("public_key"))), decode_base64(str(operator.get("public_key")))
        except ValueError as exc:
            raise Tampered(f"{layout.MANIFEST} holds a malformed key") from exc
        return str(log.get("origin")), *keys

    def _check_record(self, line: bytes, seq: int, operator_key: bytes) -> None:
        """The record is the operator's and names this manifest."""
        try:
            prev = json.loads(line)["prev"]
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            raise Tampered(f"{layout.RECORD} is not a record of an audit log") from exc
        try:
            record = parse_line(line, seq=seq, prev=str(prev))
        except Tampered as exc:
            raise Tampered(f"{layout.RECORD} is not record {seq} of an audit log") from exc
        if record.key != key_id(operator_key) or not record.is_signed_by(operator_key):
            raise Tampered(f"{layout.RECORD} is not signed by the operator's key")
        digest = hashlib.sha256(self._read(layout.MANIFEST)).hexdigest()
        if record.text("act") != "export.manifest" or record.member("detail").get("manifest_sha256") != digest:
            raise Tampered(f"{layout.RECORD} does not name this {layout.MANIFEST}")

    def report(self) -> Outcome:
        if not self._is_plain(layout.REPORT):
            return failed(f"{layout.REPORT} is missing")
        path = self._folder / layout.REPORT
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(5)
            file.seek(max(0, size - 64))
            tail = file.read()
        if head != b"%PDF-" or b"%%EOF" not in tail:
            return failed(f"{layout.REPORT} is not a whole PDF")
        return passed(f"{size} bytes")

    def timestamp(self) -> Outcome:
        if layout.TIMESTAMP not in self._names:
            return not_run("the bundle carries no RFC 3161 token", is_required=False)
        if self._tsa_root_pem is None:
            return not_run("give the authority's root certificate with --tsa-root", is_required=False)
        moment = verify_timestamp(
            self._read(layout.TIMESTAMP), content=self._read(layout.SIGNATURE), root_pem=self._tsa_root_pem
        )
        return passed(f"the signature existed on {moment:%Y-%m-%d %H:%M:%S} UTC")
