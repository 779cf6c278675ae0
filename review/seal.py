# SPDX-License-Identifier: Apache-2.0
"""Keys, encryption and signatures: the only module that imports a cryptographic library.

What each key is for:

* a **case identity** (age, X25519) encrypts everything in a case; it is wrapped for each operator of the case;
* an **operator's keyring** holds an age identity (opens the cases that were granted), an Ed25519 key (signs audit
  records) and a P-256 key with a self-issued certificate (signs bundles, in a form that ``openssl cms`` checks);
* the **workstation log key** (Ed25519) signs checkpoints of the audit log.

It knows nothing of cases, files or rules: bytes in, bytes out.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

import pyrage
import rfc3161_client
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from models.errors import EnvironmentProblem, Tampered, WrongKey

__all__ = [
    "AgeIdentity",
    "CmsSigner",
    "LogKey",
    "certificate_der",
    "certificate_fingerprint",
    "certificate_issuer_and_serial",
    "certificate_subject",
    "encrypt_to",
    "unwrap",
    "verify_ecdsa_sha512",
    "verify_ed25519",
    "verify_timestamp",
    "wrap",
]

ED25519_BYTES: Final = 32
CERTIFICATE_YEARS: Final = 10
MOST_TRIES: Final = 5

_unwrapped: dict[bytes, bytes] = {}


def wrap(secret: bytes, passphrase: str) -> bytes:
    """Encrypt a secret under a passphrase (age, scrypt); costs one to two seconds on purpose."""
    return bytes(pyrage.passphrase.encrypt(secret, passphrase))


def unwrap(wrapped: bytes, passphrase: str) -> bytes:
    """Open what :func:`wrap` closed; the answer is kept in this process's memory, since scrypt is slow on purpose.

    Raises:
        WrongKey: The passphrase does not open it, or the file was altered.
        EnvironmentProblem: The machine is too busy to open it in bearable time.
    """
    known_as = hashlib.sha256(hashlib.sha256(wrapped).digest() + passphrase.encode()).digest()
    if known_as not in _unwrapped:
        _unwrapped[known_as] = _decrypted(wrapped, passphrase)
    return _unwrapped[known_as]


def _decrypted(wrapped: bytes, passphrase: str) -> bytes:
    for _ in range(MOST_TRIES):
        try:
            return bytes(pyrage.passphrase.decrypt(wrapped, passphrase))
        except pyrage.DecryptError as exc:
            # Why: age refuses what would take 16 times as long as on the machine that it has just timed. A machine
            # that is busy at that instant looks slow, and the right passphrase must not be called wrong for it.
            if "Excessive work" not in str(exc):
                raise WrongKey(
                    "The passphrase does not open this operator's key.",
                    hint="Type it again, or set RELECTURE_PASSPHRASE. A lost passphrase cannot be recovered.",
                ) from exc
    raise EnvironmentProblem(
        "The machine is too busy to open the operator's key now.", hint="Close other programs and try again."
    )


def encrypt_to(content: bytes, recipients: tuple[str, ...]) -> bytes:
    """Encrypt to one or more age recipients (``age1…``)."""
    return bytes(pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(item) for item in recipients]))


class AgeIdentity:
    """An age X25519 identity: decrypts what was encrypted to its recipient, and authenticates blobs of a case.

    Args:
        secret: ``AGE-SECRET-KEY-1…``.
    """

    def __init__(self, secret: str) -> None:
        try:
            self._identity = pyrage.x25519.Identity.from_str(secret)
        except pyrage.IdentityError as exc:
            raise Tampered("A key file does not hold an age identity.") from exc
        self.secret = secret
        self._mac_key = hmac.digest(secret.encode(), b"relecture blob authentication v1", "sha256")

    @classmethod
    def generate(cls) -> AgeIdentity:
        """A fresh identity from the system's random source."""
        return cls(str(pyrage.x25519.Identity.generate()))

    @property
    def recipient(self) -> str:
        """Public half, ``age1…``."""
        return str(self._identity.to_public())

    def encrypt(self, content: bytes) -> bytes:
        """Encrypt to this identity's own recipient."""
        return encrypt_to(content, (self.recipient,))

    def decrypt(self, sealed: bytes) -> bytes:
        """Decrypt.

        Raises:
            Tampered: The bytes were altered, cut, or encrypted to another key.
        """
        try:
            return bytes(pyrage.decrypt(sealed, [self._identity]))
        except pyrage.DecryptError as exc:
            raise Tampered("The encrypted file does not open with this key: altered, cut or not of this case.") from exc

    def mac(self, message: bytes) -> bytes:
        """HMAC-SHA256 under a key derived from the secret: proves that a holder of the secret wrote the message."""
        return hmac.digest(self._mac_key, message, "sha256")


class LogKey:
    """An Ed25519 signing key, for audit records and checkpoints."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @classmethod
    def generate(cls) -> LogKey:
        """A fresh key from the system's random source."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes."""
        return self._key.private_bytes_raw()

    @property
    def public(self) -> bytes:
        """The 32 public bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""
        return self._key.sign(message)


def verify_ed25519(*, public: bytes, signature: bytes, message: bytes) -> bool:
    """True when the signature is the key's over the message."""
    if len(public) != ED25519_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class CmsSigner:
    """A P-256 key with its certificate; signs CMS (RFC 5652) detached signatures that openssl checks.

    Args:
        key_der: PKCS#8 private key, DER, not encrypted (the caller keeps it wrapped at rest).
        certificate_pem: Certificate of the key.
    """

    def __init__(self, *, key_der: bytes, certificate_pem: bytes) -> None:
        key = serialization.load_der_private_key(key_der, password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._certificate = x509.load_pem_x509_certificate(certificate_pem)
        self.certificate_pem = certificate_pem

    @classmethod
    def generate(cls, *, common_name: str, organisation: str, now: datetime) -> CmsSigner:
        """A fresh P-256 key with a self-issued certificate, valid for ten years from ``now``."""
        key = ec.generate_private_key(ec.SECP256R1())
        # Why: X.520 bounds both names at 64 characters and openssl refuses longer ones.
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64] or "-"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64] or "-"),
            ]
        )
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=True,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            # Why: a receiver's clock may run behind; one day keeps a fresh bundle verifiable.
            .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
            .not_valid_after(now.astimezone(UTC) + timedelta(days=365 * CERTIFICATE_YEARS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA512())
        )
        der = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(key_der=der, certificate_pem=certificate.public_bytes(serialization.Encoding.PEM))

    @property
    def key_der(self) -> bytes:
        """PKCS#8 private key, DER, not encrypted."""
        return self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign_detached(self, content: bytes) -> bytes:
        """CMS SignedData, DER, SHA-512, without the content."""
        return (
            pkcs7.PKCS7SignatureBuilder()
            .set_data(content)
            .add_signer(self._certificate, self._key, hashes.SHA512())
            .sign(
                serialization.Encoding.DER,
                [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities],
            )
        )


def _certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as exc:
        raise Tampered("The certificate is not a readable X.509 certificate.") from exc


def certificate_der(pem: bytes) -> bytes:
    """DER bytes of the one certificate of a PEM file.

    Raises:
        Tampered: It is no certificate.
    """
    return _certificate(pem).public_bytes(serialization.Encoding.DER)


def certificate_issuer_and_serial(pem: bytes) -> tuple[bytes, int]:
    """DER bytes of the issuer's name, and the serial number."""
    certificate = _certificate(pem)
    return certificate.issuer.public_bytes(), certificate.serial_number


def certificate_fingerprint(pem: bytes) -> str:
    """SHA-256 of the certificate's DER bytes, hex: what a person compares with the procès-verbal."""
    return hashlib.sha256(certificate_der(pem)).hexdigest()


def certificate_subject(pem: bytes) -> str:
    """Subject in RFC 4514 form."""
    return _certificate(pem).subject.rfc4514_string()


def verify_timestamp(token: bytes, *, content: bytes, root_pem: bytes) -> datetime:
    """Check an RFC 3161 response over the content; gives the time before which the content existed.

    Raises:
        Tampered: Malformed, over other content, or not by an authority under that root.
    """
    try:
        response = rfc3161_client.decode_timestamp_response(token)
        verifier = rfc3161_client.VerifierBuilder(roots=[_certificate(root_pem)]).build()
        verifier.verify_message(response, content)
    except (rfc3161_client.VerificationError, ValueError) as exc:
        raise Tampered(f"The timestamp does not hold: {exc}.") from exc
    return response.tst_info.gen_time


def verify_ecdsa_sha512(*, certificate_pem: bytes, signature: bytes, message: bytes) -> bool:
    """True when the signature over the message is by the key of the certificate (P-256, SHA-512)."""
    key = _certificate(certificate_pem).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA512()))
    except InvalidSignature:
        return False
    return True
