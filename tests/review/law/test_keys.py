# SPDX-License-Identifier: Apache-2.0
"""Operators, wrapped keys, sealed blobs, CMS signatures and timestamps."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pyrage
import pytest

from indexer.blobs import BlobStore
from models.errors import AlreadyThere, Defect, EnvironmentProblem, Tampered, UnknownReference, UsageProblem, WrongKey
from review.cms import verify_detached
from review.home import workstation_key
from review.operators import (
    Empowerment,
    Quality,
    create_operator,
    list_operators,
    load_operator,
    open_keyring,
    resolve_operator_id,
)
from review.seal import (
    AgeIdentity,
    CmsSigner,
    unwrap,
    verify_ecdsa_sha512,
    verify_ed25519,
    verify_timestamp,
    wrap,
)
from review.store import SealedStore
from tests.review.law.kit import PASSPHRASE, START, new_operator
from tests.review.law.tsa import make_authority, stamp

CMS = CmsSigner.generate(common_name="Camille Martin", organisation="SD", now=START)


@pytest.fixture
def store(tmp_path: Path) -> SealedStore:
    return SealedStore(tmp_path / "blobs", AgeIdentity.generate())


def test_a_secret_survives_wrapping_and_a_wrong_passphrase_opens_nothing() -> None:
    wrapped = wrap(b"secret", "right")

    assert unwrap(wrapped, "right") == b"secret"
    assert wrapped.startswith(b"age-encryption.org/v1\n-> scrypt ")
    with pytest.raises(WrongKey):
        unwrap(wrapped, "wrong")
    with pytest.raises(WrongKey):
        unwrap(wrapped[:-1], "right")


def test_a_machine_that_is_too_busy_to_open_a_key_does_not_call_the_passphrase_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrapped = wrap(b"secret", "right")
    stanza = wrapped.split(b"\n")[1]
    costly = wrapped.replace(stanza, stanza.rsplit(b" ", 1)[0] + b" 30")

    with pytest.raises(EnvironmentProblem, match="too busy") as caught:
        unwrap(costly, "right")

    assert not isinstance(caught.value, WrongKey)
    tries: list[bytes] = []

    def busy_at_first(content: bytes, _: str) -> bytes:
        tries.append(content)
        if len(tries) < 3:
            raise pyrage.DecryptError("Excessive work parameter for passphrase.")
        return b"secret"

    monkeypatch.setattr(pyrage.passphrase, "decrypt", busy_at_first)
    assert unwrap(wrapped, "right") == b"secret" and len(tries) == 3


def test_an_operator_is_written_read_and_listed() -> None:
    operator = load_operator("martin")

    assert operator.quality is Quality.OPJ
    assert operator.empowerment.number == "H-2026-7"
    assert [item.operator_id for item in list_operators()] == ["dupont", "expired", "juge", "martin"]
    assert "individuellement désigné et spécialement habilité" in operator.mention()


def test_the_keyring_opens_with_its_passphrase_alone() -> None:
    operator = load_operator("martin")

    assert open_keyring(operator, PASSPHRASE).signing.public == operator.public_key
    with pytest.raises(WrongKey, match="does not open"):
        open_keyring(operator, "other")
    with pytest.raises(WrongKey, match="is needed"):
        open_keyring(operator, None)


def test_no_secret_key_lies_in_the_clear(home: Path) -> None:
    keyring = open_keyring(load_operator("martin"), PASSPHRASE)
    content = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())

    for secret in (keyring.identity.secret.encode(), keyring.signing.seed.hex().encode(), keyring.signing.seed):
        assert secret not in content


def test_an_operator_is_never_written_over() -> None:
    with pytest.raises(AlreadyThere):
        new_operator("martin")


@pytest.mark.parametrize("operator_id", ["", "Martin", "../x", "a b", ".x", "é"])
def test_an_id_that_could_leave_the_folder_is_refused(operator_id: str) -> None:
    with pytest.raises(UsageProblem, match="cannot name an operator"):
        new_operator(operator_id)


def test_an_empty_passphrase_and_reversed_dates_are_refused() -> None:
    def create(passphrase: str, expires: date) -> None:
        create_operator(
            operator_id="x",
            name="X",
            matricule="1",
            service="S",
            quality=Quality.APJ,
            empowerment=Empowerment(number="1", issued=date(2026, 1, 1), issuer="I", expires=expires),
            passphrase=passphrase,
            now=START,
        )

    with pytest.raises(WrongKey, match="empty"):
        create("", date(2027, 1, 1))
    with pytest.raises(UsageProblem, match="expires before"):
        create("p", date(2025, 1, 1))


def test_an_unknown_operator_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownReference, match="no operator “nobody”") as caught:
        load_operator("nobody")

    assert "dupont, expired, juge, martin" in caught.value.hint


def test_without_a_name_the_only_operator_acts_and_among_several_none_does(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownReference, match="No operator was named"):
        resolve_operator_id(None)
    shutil.copytree(home / "operators" / "martin", tmp_path / "operators" / "martin")
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))

    assert resolve_operator_id(None) == "martin"


@pytest.mark.parametrize("change", ["not json", "{}", '{"id": 3}'])
def test_a_damaged_operator_record_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))
    path = tmp_path / "operators" / "x" / "operator.json"
    path.parent.mkdir(parents=True)
    path.write_text(change)

    with pytest.raises(Tampered, match=r"operator\.json is not an operator's record"):
        load_operator("x")


def test_a_keyring_put_beside_another_record_is_refused(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(home / "operators", tmp_path / "operators")
    shutil.copy(tmp_path / "operators/dupont/keyring.age", tmp_path / "operators/martin/keyring.age")
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))

    with pytest.raises(Tampered, match="does not belong to the record beside it"):
        open_keyring(load_operator("martin"), PASSPHRASE)


def test_the_workstation_key_is_made_once_and_a_damaged_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))
    assert workstation_key() is None

    first, second = workstation_key(create=True), workstation_key()

    assert first is not None and second is not None and first.public == second.public
    (tmp_path / "workstation.json").write_text("{}")
    with pytest.raises(Tampered, match=r"workstation\.json is damaged"):
        workstation_key()


def test_blobs_come_back_sorted_and_only_by_name(store: SealedStore) -> None:
    as_protocol: BlobStore = store
    as_protocol.write("b/2.seg", b"two")
    as_protocol.write("b/1.seg", b"one")
    as_protocol.write("c", b"")

    assert as_protocol.names("") == ("b/1.seg", "b/2.seg", "c")
    assert as_protocol.names("b/") == ("b/1.seg", "b/2.seg")
    assert as_protocol.read("b/2.seg") == b"two"
    assert as_protocol.read("c") == b""
    assert as_protocol.exists("c") and not as_protocol.exists("d")
    with pytest.raises(UnknownReference, match=r"blobs/d\.age is not in the case"):
        as_protocol.read("d")


@pytest.mark.parametrize("name", ["", "/x", "x/", "a//b", "../x", "a/../b", ".x", "A", "x y", "é", "x.age"])
def test_a_name_that_could_leave_the_folder_is_a_defect(store: SealedStore, name: str) -> None:
    with pytest.raises(Defect, match="cannot name a blob"):
        store.write(name, b"")


def test_every_byte_of_a_blob_is_guarded(store: SealedStore) -> None:
    store.write("x", b"content")
    path = store.folder / "x.age"
    whole = path.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(Tampered, match=r"blobs/x\.age"):
            store.read("x")
    for length in range(0, len(whole), 5):
        path.write_bytes(whole[:length])
        with pytest.raises(Tampered, match=r"blobs/x\.age"):
            store.read("x")


def test_a_write_that_fails_leaves_the_former_blob(store: SealedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("x", b"good")

    def no_space(_descriptor: int, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.write", no_space)
        with pytest.raises(Exception, match="No space left"):
            store.write("x", b"bad")

    assert store.read("x") == b"good"
    assert [path.name for path in store.folder.iterdir()] == ["x.age"]


def test_a_signature_holds_over_its_content_and_tells_the_signers_time() -> None:
    p7s = CMS.sign_detached(b"content")

    moment = verify_detached(p7s, content=b"content", certificate_pem=CMS.certificate_pem)

    assert abs(moment - datetime.now(UTC)).total_seconds() < 60


def test_every_bit_of_a_signature_file_is_guarded() -> None:
    p7s = CMS.sign_detached(b"content")
    accepted = []
    for position in range(len(p7s) * 8):
        changed = bytearray(p7s)
        changed[position // 8] ^= 1 << (position % 8)
        try:
            verify_detached(bytes(changed), content=b"content", certificate_pem=CMS.certificate_pem)
            accepted.append(position)
        except Tampered:
            pass

    assert accepted == []


@pytest.mark.parametrize("length", [0, 1, 2, 5, 40, 400, -1])
def test_a_cut_signature_file_is_refused(length: int) -> None:
    p7s = CMS.sign_detached(b"content")

    with pytest.raises(Tampered):
        verify_detached(p7s[:length], content=b"content", certificate_pem=CMS.certificate_pem)


def test_a_signature_over_other_content_or_by_another_certificate_is_refused() -> None:
    p7s = CMS.sign_detached(b"content")
    other = CmsSigner.generate(common_name="Other", organisation="SD", now=START)

    with pytest.raises(Tampered):
        verify_detached(p7s, content=b"Content", certificate_pem=CMS.certificate_pem)
    with pytest.raises(Tampered):
        verify_detached(p7s, content=b"content", certificate_pem=other.certificate_pem)
    with pytest.raises(Tampered, match=r"X\.509"):
        verify_detached(p7s, content=b"content", certificate_pem=b"no certificate")


def test_openssl_verifies_the_signature_and_refuses_other_content(tmp_path: Path) -> None:
    (tmp_path / "p7s").write_bytes(CMS.sign_detached(b"content"))
    (tmp_path / "pem").write_bytes(CMS.certificate_pem)
    (tmp_path / "good").write_bytes(b"content")
    (tmp_path / "bad").write_bytes(b"Content")
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "p7s", "-CAfile", "pem"]

    codes = [
        subprocess.run(
            [*command, "-purpose", "any", "-content", name, "-out", "out"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        ).returncode
        for name in ("good", "bad")
    ]

    assert codes[0] == 0 and codes[1] != 0


def test_a_timestamp_holds_over_its_content_under_its_root_alone(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    token = stamp(authority, b"content")
    root = (authority / "root.pem").read_bytes()

    assert (datetime.now(UTC) - verify_timestamp(token, content=b"content", root_pem=root)).total_seconds() < 60
    for content, root_pem, damaged in (
        (b"Content", root, token),
        (b"content", CMS.certificate_pem, token),
        (b"content", root, token[:-1]),
        (b"content", root, token[:-3] + bytes([token[-3] ^ 1]) + token[-2:]),
    ):
        with pytest.raises(Tampered, match="timestamp"):
            verify_timestamp(damaged, content=content, root_pem=root_pem)


def test_operator_records_hold_no_secret(home: Path) -> None:
    document = json.loads((home / "operators" / "martin" / "operator.json").read_text())

    assert not any("secret" in name or "seed" in name for name in document)


def test_a_certificate_that_is_not_of_an_elliptic_curve_verifies_nothing(tmp_path: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "pem"]
    subprocess.run([*command, "-subj", "/CN=RSA"], cwd=tmp_path, check=True, capture_output=True)
    pem = (tmp_path / "pem").read_bytes()

    assert not verify_ecdsa_sha512(certificate_pem=pem, signature=b"x", message=b"x")


def test_a_public_key_of_another_length_verifies_nothing() -> None:
    assert not verify_ed25519(public=b"short", signature=bytes(64), message=b"")


def test_a_secret_that_is_no_age_identity_is_told() -> None:
    with pytest.raises(Tampered, match="age identity"):
        AgeIdentity("AGE-SECRET-KEY-1X")


def test_a_keyring_file_that_is_gone_or_holds_something_else_is_told(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(home / "operators" / "martin", tmp_path / "operators" / "martin")
    monkeypatch.setenv("RELECTURE_HOME", str(tmp_path))
    path = tmp_path / "operators" / "martin" / "keyring.age"
    path.write_bytes(wrap(b"{}", PASSPHRASE))

    with pytest.raises(Tampered, match="does not hold an operator's keys"):
        open_keyring(load_operator("martin"), PASSPHRASE)
    path.unlink()
    with pytest.raises(WrongKey, match="cannot be read"):
        open_keyring(load_operator("martin"), PASSPHRASE)
