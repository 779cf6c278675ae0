# SPDX-License-Identifier: Apache-2.0
"""Export, and one damaged bundle per numbered check, each one change away from a sound one."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from models.errors import AlreadyThere, Defect, NotAllowed, StoreProblem, Tampered, UnknownReference, UsageProblem
from review import bundle_layout as layout
from review import evidence
from review.bundle import export_bundle
from review.checks import Report, Status
from review.operators import load_operator, open_keyring
from review.report import compile_pdf
from review.session import CaseSession
from review.verdicts import Decision, judge
from review.verification import verify_path
from tests.review.law.kit import PASSPHRASE, FakeMaker, SoundCase, open_session
from tests.review.law.tsa import make_authority, stamp

Flip = Callable[[Path, int], None]


def export(case: SoundCase, out: Path, *, purpose: str = "jonction à la procédure") -> Path:
    with open_session(case.folder, clock=case.clock) as session:
        export_bundle(session, out, purpose=purpose, maker=FakeMaker(case.originals[0]))
    return out


@pytest.fixture
def bundle(sound_case: SoundCase, tmp_path: Path) -> Path:
    return export(sound_case, tmp_path / "bundle")


def failures(report: Report) -> dict[int, str]:
    return {check.number: check.reason for check in report.checks if check.status is Status.FAILED}


def run_verify_sh(bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", str(bundle / "verify.sh"), *arguments], capture_output=True, text=True, check=False)


def reseal(bundle: Path) -> None:
    """Write lists and signature anew as the operator would: what an insider with the key can do."""
    for name in (layout.PAYLOAD_LIST, layout.TAG_LIST, layout.SIGNATURE):
        (bundle / name).unlink()
    names = layout.list_files(bundle)
    payload = {name: layout.file_digest(bundle / name) for name in names if name.startswith("data/")}
    (bundle / layout.PAYLOAD_LIST).write_text(layout.list_text(payload))
    tags = [name for name in layout.list_files(bundle) if not name.startswith("data/")]
    tag_list = layout.list_text({name: layout.file_digest(bundle / name) for name in tags}).encode()
    (bundle / layout.TAG_LIST).write_bytes(tag_list)
    keyring = open_keyring(load_operator("martin"), PASSPHRASE)
    (bundle / layout.SIGNATURE).write_bytes(keyring.cms.sign_detached(tag_list))


def test_a_fresh_bundle_passes_every_check_but_the_timestamp_that_it_does_not_have(bundle: Path) -> None:
    report = verify_path(bundle)

    assert report.is_sound
    assert [check.status for check in report.checks] == [Status.PASSED] * 8 + [Status.NOT_RUN]


def test_only_validated_hits_enter_and_the_others_are_counted(bundle: Path) -> None:
    manifest = json.loads((bundle / layout.MANIFEST).read_text())

    assert [item["track"] for item in manifest["exhibits"]] == ["t-aaaaaaaaaaaa"] * 2
    assert manifest["decisions"] == {"validated": 1, "rejected": 1, "doubtful": 1}


def test_the_manifest_names_originals_models_configuration_and_requisition_but_no_folder(
    bundle: Path, sound_case: SoundCase
) -> None:
    text = (bundle / layout.MANIFEST).read_text()
    manifest = json.loads(text)

    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in sound_case.originals}
    assert {item["sha256"] for item in manifest["originals"]} == digests
    assert manifest["analysis"]["models"][0]["sha256"] == "cd" * 32
    assert manifest["analysis"]["configuration_sha256"] == "ab" * 32
    assert manifest["requisition"]["reference"] == "DEMO-2026-001"
    assert str(sound_case.folder.parent) not in text


def test_a_verdict_changed_to_rejected_keeps_the_hit_out(sound_case: SoundCase, tmp_path: Path) -> None:
    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        judge(session, "t-aaaaaaaaaaaa", Decision.REJECTED, track_exists=lambda _: True)

    out = export(sound_case, tmp_path / "bundle")

    assert json.loads((out / layout.MANIFEST).read_text())["exhibits"] == []
    assert verify_path(out).is_sound


def test_validated_tracks_that_the_index_no_longer_holds_are_all_named_and_nothing_is_exported(
    sound_case: SoundCase, tmp_path: Path
) -> None:
    class Lacking(FakeMaker):
        def absent(self, session: CaseSession, track_ids: Sequence[str]) -> tuple[str, ...]:
            return tuple(track_ids)

    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        judge(session, "t-bbbbbbbbbbbb", Decision.VALIDATED, track_exists=lambda _: True)
        with pytest.raises(UnknownReference, match="t-aaaaaaaaaaaa, t-bbbbbbbbbbbb") as problem:
            export_bundle(session, tmp_path / "bundle", purpose="p", maker=Lacking(sound_case.originals[0]))

    assert problem.value.hint is not None and "relecture judge CASE TRACK doubtful" in problem.value.hint
    assert list(tmp_path.glob("*bundle*")) == []


def test_exporting_needs_a_purpose(sound_case: SoundCase, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="needs a purpose"):
        export(sound_case, tmp_path / "bundle", purpose=" ")

    assert not (tmp_path / "bundle").exists()


def test_an_altered_original_stops_the_export_and_is_named(sound_case: SoundCase, tmp_path: Path, flip: Flip) -> None:
    flip(sound_case.originals[1], 10)

    with pytest.raises(Tampered, match=r"gambetta\.mp4 no longer has the SHA-256"):
        export(sound_case, tmp_path / "bundle")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "delivered"]


def test_an_existing_folder_is_never_written_into(sound_case: SoundCase, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()

    with pytest.raises(AlreadyThere):
        export(sound_case, tmp_path / "bundle")


def test_a_maker_that_misnames_a_digest_is_caught(sound_case: SoundCase, tmp_path: Path) -> None:
    class Liar(FakeMaker):
        def clip(self, session, track_id, out_path):  # type: ignore[no-untyped-def]
            return replace(super().clip(session, track_id, out_path), sha256="0" * 64)

    with open_session(sound_case.folder, clock=sound_case.clock) as session, pytest.raises(Defect, match="digest"):
        export_bundle(session, tmp_path / "bundle", purpose="p", maker=Liar(sound_case.originals[0]))


def test_the_export_is_recorded_before_and_after(sound_case: SoundCase, bundle: Path) -> None:
    lines = (sound_case.folder / "audit" / "log.jsonl").read_text().splitlines()
    bodies = [json.loads(line)["body"] for line in lines]
    export_records = [body for body in bodies if body["act"].startswith("export.")]

    assert [body["phase"] for body in export_records] == ["intent", "note", "result"]
    tag_digest = hashlib.sha512((bundle / layout.TAG_LIST).read_bytes()).hexdigest()
    assert export_records[-1]["result"]["tagmanifest_sha512"] == tag_digest


def test_an_independent_bagit_implementation_accepts_the_bundle(bundle: Path) -> None:
    assert bagit.Bag(str(bundle)).is_valid()


def test_check_1_a_link_in_the_bundle(bundle: Path, tmp_path: Path) -> None:
    same = tmp_path / "checkpoint"
    shutil.copy(bundle / layout.CHECKPOINT, same)
    (bundle / layout.CHECKPOINT).unlink()
    (bundle / layout.CHECKPOINT).symlink_to(same)

    problems = failures(verify_path(bundle))

    assert f"{layout.CHECKPOINT} is a link" in problems[1]
    assert run_verify_sh(bundle).returncode != 0


def test_check_1_a_strange_folder(bundle: Path) -> None:
    (bundle / "more").mkdir()
    (bundle / "more" / "x").write_text("x")

    assert "more/x does not belong there" in failures(verify_path(bundle))[1]


def test_check_2_one_byte_of_a_clip_altered(bundle: Path, flip: Flip) -> None:
    flip(bundle / "data/clips/EX-0001.mp4", 3)

    problems = failures(verify_path(bundle))

    assert set(problems) == {2, 6}
    assert "data/clips/EX-0001.mp4 was altered" in problems[2]


def test_check_2_a_file_added_to_the_payload(bundle: Path) -> None:
    (bundle / "data/case/more.json").write_text("{}")

    assert set(failures(verify_path(bundle))) == {2}


def test_check_2_a_file_removed_from_the_payload(bundle: Path) -> None:
    (bundle / "data/stills/EX-0001.png").unlink()

    assert "data/stills/EX-0001.png is missing" in failures(verify_path(bundle))[2]


def test_check_3_one_byte_of_the_shipped_script_altered(bundle: Path, flip: Flip) -> None:
    flip(bundle / "verify.sh", 200)

    problems = failures(verify_path(bundle))

    assert set(problems) == {3}
    assert "verify.sh was altered" in problems[3]


def test_check_3_a_file_added_beside_the_signature(bundle: Path) -> None:
    (bundle / "signatures" / "x").write_text("x")

    assert set(failures(verify_path(bundle))) == {3}


def test_check_4_payload_and_lists_rewritten_without_the_key(bundle: Path) -> None:
    (bundle / layout.REPORT).write_bytes((bundle / layout.REPORT).read_bytes() + b"\n")
    signature = (bundle / layout.SIGNATURE).read_bytes()
    reseal(bundle)
    (bundle / layout.SIGNATURE).write_bytes(signature)

    problems = failures(verify_path(bundle))

    assert set(problems) == {4}
    assert layout.SIGNATURE in problems[4]


def test_check_4_signature_removed(bundle: Path) -> None:
    (bundle / layout.SIGNATURE).unlink()

    assert set(failures(verify_path(bundle))) == {1, 4}


def test_check_5_another_certificate_than_the_one_obtained_elsewhere(bundle: Path) -> None:
    other = load_operator("dupont").certificate_pem.encode()

    report = verify_path(bundle, certificate_pem=other)

    assert failures(report) == {5: "signatures/operator.pem is not the certificate that you gave"}


def test_check_5_the_certificate_obtained_elsewhere_is_accepted(bundle: Path) -> None:
    own = load_operator("martin").certificate_pem.encode()

    report = verify_path(bundle, certificate_pem=own)

    assert report.is_sound
    assert "the certificate that you gave" in report.check(5).reason


def test_check_5_elsewhere_the_fingerprint_is_given_for_comparison(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load_operator("martin").certificate_sha256
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path / "elsewhere"))

    report = verify_path(bundle)

    assert report.is_sound
    assert report.check(5).reason == f"compare with the signed procès-verbal: SHA-256 {expected}"


def test_check_6_a_manifest_that_names_another_digest(bundle: Path) -> None:
    path = bundle / layout.MANIFEST
    manifest = json.loads(path.read_text())
    manifest["exhibits"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(manifest))
    reseal(bundle)

    problems = failures(verify_path(bundle))

    assert set(problems) == {6, 7}
    assert "does not have the SHA-256 that the manifest names" in problems[6]


def test_check_6_an_exhibit_that_the_manifest_does_not_name(bundle: Path) -> None:
    (bundle / layout.CLIPS / "EX-0002.mp4").write_bytes(b"x")
    reseal(bundle)

    assert failures(verify_path(bundle)) == {6: "data/clips/EX-0002.mp4 is not in the manifest"}


@pytest.mark.parametrize("name", [layout.PROOF, layout.RECORD, layout.CHECKPOINT])
def test_check_7_any_byte_of_the_proof_altered_by_someone_with_the_signing_key(
    bundle: Path, flip: Flip, name: str
) -> None:
    path = bundle / name
    whole = path.read_bytes()
    for position in range(0, len(whole), 7):
        flip(path, position)
        reseal(bundle)

        assert set(failures(verify_path(bundle))) == {7}, position
        path.write_bytes(whole)


def test_check_8_a_report_that_is_no_pdf(bundle: Path) -> None:
    (bundle / layout.REPORT).write_bytes(b"%PDF-1.7 cut")
    reseal(bundle)

    assert failures(verify_path(bundle)) == {8: "data/report/pv.pdf is not a whole PDF"}


def test_every_sampled_bit_of_every_file_is_guarded_by_verify_and_by_verify_sh(bundle: Path) -> None:
    """The clean bundle is asserted first: a verifier that refuses everything detects every change."""
    assert verify_path(bundle).is_sound
    assert run_verify_sh(bundle).returncode == 0, run_verify_sh(bundle).stderr
    chance = random.Random(3)

    for name in layout.list_files(bundle):
        path = bundle / name
        whole = path.read_bytes()
        for _ in range(3):
            content = bytearray(whole)
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            path.write_bytes(bytes(content))

            assert not verify_path(bundle).is_sound, name
            # Reason: openssl tolerates changes in bytes that no signature covers (versions, algorithm names).
            if name not in ("verify.sh", layout.SIGNATURE):
                assert run_verify_sh(bundle).returncode != 0, name
        path.write_bytes(whole)

    assert verify_path(bundle).is_sound


def test_verify_sh_refuses_a_change_in_the_signature_value_and_in_the_signers_certificate(
    bundle: Path, flip: Flip
) -> None:
    path = bundle / layout.SIGNATURE
    whole = path.read_bytes()
    for position in (-1, -20, -40, 150, 260, 300):
        flip(path, position)

        assert run_verify_sh(bundle).returncode != 0, position
        path.write_bytes(whole)

    assert run_verify_sh(bundle).returncode == 0


def test_a_track_that_cannot_be_cut_gets_its_still_and_a_reason(sound_case: SoundCase, tmp_path: Path) -> None:
    class NoClip(FakeMaker):
        def clip(self, session, track_id, out_path):  # type: ignore[no-untyped-def]
            raise UnknownReference("The recording has no keyframe before this object.")

    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        export_bundle(session, tmp_path / "bundle", purpose="p", maker=NoClip(sound_case.originals[0]))

    manifest = json.loads((tmp_path / "bundle" / layout.MANIFEST).read_text())
    assert [item["kind"] for item in manifest["exhibits"]] == ["still"]
    assert manifest["exhibits"][0]["missing_clip"] == "The recording has no keyframe before this object."
    assert verify_path(tmp_path / "bundle").is_sound


@pytest.mark.parametrize(
    "damage",
    [
        lambda bundle: (bundle / "data" / "x").write_text("x"),
        lambda bundle: (bundle / "signatures" / "x").write_text("x"),
        lambda bundle: (bundle / "x.txt").write_text("x"),
        lambda bundle: (bundle / "tagmanifest-md5.txt").write_text(""),
        lambda bundle: (bundle / layout.CHECKPOINT).unlink(),
        lambda bundle: (bundle / layout.SIGNATURE).unlink(),
        lambda bundle: (bundle / "bagit.txt").unlink(),
        lambda bundle: (bundle / layout.PAYLOAD_LIST).write_text(""),
        lambda bundle: (bundle / layout.TAG_LIST).write_text(""),
        lambda bundle: (bundle / "manifest-md5.txt").write_text(""),
    ],
    ids=[
        "extra-in-data",
        "extra-in-signatures",
        "extra-at-root",
        "second-tag-list",
        "payload-removed",
        "signature-removed",
        "bagit-removed",
        "payload-list-emptied",
        "tag-list-emptied",
        "second-payload-list",
    ],
)
def test_structural_damage_is_refused_by_verify_and_by_verify_sh(
    bundle: Path, damage: Callable[[Path], object]
) -> None:
    assert run_verify_sh(bundle).returncode == 0

    damage(bundle)

    assert not verify_path(bundle).is_sound
    assert run_verify_sh(bundle).returncode != 0


def test_verify_sh_prints_the_fingerprint_and_takes_a_certificate_from_elsewhere(bundle: Path, tmp_path: Path) -> None:
    operator = load_operator("martin")
    own, other = tmp_path / "own.pem", tmp_path / "other.pem"
    own.write_text(operator.certificate_pem)
    other.write_text(load_operator("dupont").certificate_pem)

    assert operator.certificate_sha256 in run_verify_sh(bundle).stdout
    assert run_verify_sh(bundle, str(own)).returncode == 0
    assert run_verify_sh(bundle, str(other)).returncode != 0


def test_a_bundle_resigned_by_another_operator_fails_under_the_expected_certificate(
    bundle: Path, tmp_path: Path
) -> None:
    forger = open_keyring(load_operator("dupont"), PASSPHRASE)
    (bundle / layout.CERTIFICATE).write_bytes(forger.cms.certificate_pem)
    reseal(bundle)
    tag_list = (bundle / layout.TAG_LIST).read_bytes()
    (bundle / layout.SIGNATURE).write_bytes(forger.cms.sign_detached(tag_list))
    own = tmp_path / "own.pem"
    own.write_text(load_operator("martin").certificate_pem)

    assert 5 in failures(verify_path(bundle))
    assert run_verify_sh(bundle, str(own)).returncode != 0


def test_the_report_is_pdf_a_with_embedded_fonts_and_prints_what_paper_must_carry(bundle: Path) -> None:
    report = PdfReader(bundle / layout.REPORT)
    text = "\n".join(page.extract_text() for page in report.pages).replace("\u200b", "")
    squeezed = "".join(text.split())
    words = " ".join(text.split())

    content = (bundle / layout.REPORT).read_bytes()
    assert b"pdfaid:part" in content
    assert load_operator("martin").certificate_sha256 in squeezed
    assert hashlib.sha256((bundle / layout.MANIFEST).read_bytes()).hexdigest() in squeezed
    assert (bundle / layout.CHECKPOINT).read_text().splitlines()[2] in squeezed
    assert "spécialement habilité" in words
    assert "période inexploitable" in words
    assert "l’arrêté du 3 août 2007, qui demande au moins 352 × 288 pixels et 6 images par seconde" in words
    assert "12,5 ; intervalle le plus long 0,32 s" in words and "2, soit 61,5 s en tout" in words
    assert "Zones de l’image non surveillées" in words and "drapeau au vent" in words
    assert "12,50 % de l’image n’est pas surveillé" in words
    assert "minimum atteint" in words and "ne peut être établi" in words
    fonts = [font.get_object() for page in report.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts and all(_is_embedded(font) and "/ToUnicode" in font for font in fonts)


def _is_embedded(font: DictionaryObject) -> bool:
    """Whether the font's outlines, cut down to the letters used, lie in the file itself."""
    (parent,) = font.get("/DescendantFonts", [font])
    descriptor = parent.get_object()["/FontDescriptor"]
    is_subset = re.fullmatch(r"/[A-Z]{6}\+.+", font["/BaseFont"]) is not None
    return is_subset and any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3"))


def test_the_same_case_gives_the_same_report_bytes(sound_case: SoundCase) -> None:
    document = {
        "case": "c-1",
        "requisition": "R",
        "done_fr": "1er mars 2026",
        "operator_mention": "OPJ",
        "operator_name": "X",
        "retention_fr": "art.",
        "n_keys": 1,
        "n_blobs": 2,
        "n_recordings": 3,
        "first_import_fr": "x",
        "deadline_fr": "y",
        "log_records": 4,
        "log_root": "abc",
        "certificate_sha256": "ff",
    }

    first, second = (compile_pdf("purge", document, created=sound_case.clock.utc) for _ in range(2))

    assert first == second


def edit_manifest(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest and seal the bundle anew."""
    path = bundle / layout.MANIFEST
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    reseal(bundle)


def test_check_9_a_timestamp_bounds_the_signature_under_the_authoritys_root_alone(bundle: Path, tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    root = (authority / "root.pem").read_bytes()
    (bundle / layout.TIMESTAMP).write_bytes(stamp(authority, (bundle / layout.SIGNATURE).read_bytes()))

    assert verify_path(bundle).check(9).status is Status.NOT_RUN
    assert verify_path(bundle).is_sound
    assert "the signature existed on" in verify_path(bundle, tsa_root_pem=root).check(9).reason
    assert run_verify_sh(bundle).returncode == 0

    (bundle / layout.TIMESTAMP).write_bytes(stamp(authority, b"another signature"))
    assert set(failures(verify_path(bundle, tsa_root_pem=root))) == {9}


def test_check_5_an_operator_of_this_workstation_with_another_certificate(bundle: Path) -> None:
    forger = open_keyring(load_operator("dupont"), PASSPHRASE)
    (bundle / layout.CERTIFICATE).write_bytes(forger.cms.certificate_pem)
    fingerprint = load_operator("dupont").certificate_sha256
    edit_manifest(bundle, lambda manifest: manifest["operator"].update(certificate_sha256=fingerprint))

    problems = failures(verify_path(bundle))

    assert problems[5] == "operator “martin” of this workstation has another certificate"


@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        (lambda manifest: manifest.pop("schema"), 6, "not a manifest of this format"),
        (lambda manifest: manifest.pop("exhibits"), 6, "lists no exhibits"),
        (lambda manifest: manifest["exhibits"][0].update(source_sha256="x"), 6, "SHA-256 of its original"),
        (lambda manifest: manifest["exhibits"][0].update(file="data/x"), 6, "data/x of the manifest is missing"),
        (lambda manifest: manifest.pop("audit_log"), 7, "does not name the audit log"),
        (lambda manifest: manifest["audit_log"].update(public_key="!"), 7, "malformed key"),
        (lambda manifest: manifest["operator"].update(public_key="AAAA"), 7, "not signed by the operator"),
        (lambda manifest: manifest["operator"].update(certificate_sha256="0"), 5, "is not the certificate"),
    ],
)
def test_a_manifest_that_lacks_or_misstates_something_fails_the_check_that_needs_it(
    bundle: Path, change: Callable[[dict[str, Any]], object], number: int, said: str
) -> None:
    edit_manifest(bundle, change)

    assert said in failures(verify_path(bundle))[number]


def test_a_manifest_that_is_no_json_a_name_with_a_space_and_a_missing_report_are_told(bundle: Path) -> None:
    (bundle / layout.MANIFEST).write_bytes(b"{")
    (bundle / "data" / "a b").write_text("x")
    (bundle / layout.REPORT).unlink()

    problems = failures(verify_path(bundle))

    assert "is not JSON" in problems[6]
    assert "characters that are not allowed" in problems[1]
    assert problems[8] == "data/report/pv.pdf is missing"


def test_a_list_of_absurd_size_is_not_read(bundle: Path) -> None:
    with (bundle / layout.PAYLOAD_LIST).open("ab") as file:
        file.truncate(1 << 27)

    assert "far too large" in failures(verify_path(bundle))[2]


@pytest.mark.parametrize("line", ["x\n", "{0}  ../case.json\n", "no line feed"])
def test_a_malformed_list_is_refused(bundle: Path, line: str) -> None:
    with (bundle / layout.TAG_LIST).open("a") as file:
        file.write(line.format("0" * 128))

    assert 3 in failures(verify_path(bundle))


def test_only_the_workstation_that_made_the_case_exports_it(
    sound_case: SoundCase, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "home"
    shutil.copytree(home / "operators", other / "operators")
    monkeypatch.setenv("RELECTURE_HOME", str(other))

    with pytest.raises(NotAllowed, match="did not make the case"):
        export(sound_case, tmp_path / "bundle")

    assert not (tmp_path / "bundle").exists()


def test_a_disk_that_refuses_is_told_and_leaves_nothing(sound_case: SoundCase, tmp_path: Path) -> None:
    class Full(FakeMaker):
        def still(self, session, track_id, out_path):  # type: ignore[no-untyped-def]
            raise OSError(28, "No space left on device")

    with (
        open_session(sound_case.folder, clock=sound_case.clock) as session,
        pytest.raises(StoreProblem, match="No space left"),
    ):
        export_bundle(session, tmp_path / "bundle", purpose="p", maker=Full(sound_case.originals[0]))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "delivered"]


def test_the_product_asks_review_evidence_for_its_exhibits(
    sound_case: SoundCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeMaker(sound_case.originals[0])
    monkeypatch.setattr(evidence, "export_still", fake.still)
    monkeypatch.setattr(evidence, "export_clip", fake.clip)
    monkeypatch.setattr(evidence, "analysis_facts", fake.facts)
    monkeypatch.setattr(evidence, "absent_tracks", fake.absent)

    with open_session(sound_case.folder, clock=sound_case.clock) as session:
        summary = export_bundle(session, tmp_path / "bundle", purpose="p")

    assert summary.n_exhibits == 2
    assert verify_path(tmp_path / "bundle").is_sound
