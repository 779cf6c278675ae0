# SPDX-License-Identifier: Apache-2.0
"""A time-stamping authority of a unit, made with openssl alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

TSA_CONFIGURATION = """\
[ tsa ]
default_tsa = t
[ t ]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


def make_authority(folder: Path) -> Path:
    """Make the authority's keys and certificates in a folder; its root is ``root.pem``."""
    (folder / "tsa.cnf").write_text(TSA_CONFIGURATION)
    (folder / "serial").write_text("01\n")
    (folder / "tsa.ext").write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=critical,timeStamping\n"
    )
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha256", "-nodes"]
    ca = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    for command in (
        ["req", "-x509", *key, "-days", "3650", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", *ca],
        ["req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA"],
        [
            "x509",
            "-req",
            "-in",
            "tsa.csr",
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-CAcreateserial",
            "-days",
            "3650",
            "-sha256",
            "-extfile",
            "tsa.ext",
            "-out",
            "tsa.pem",
        ],
    ):
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    return folder


def stamp(authority: Path, content: bytes) -> bytes:
    """A timestamp response over the content."""
    (authority / "content").write_bytes(content)
    for command in (
        ["ts", "-query", "-data", "content", "-sha512", "-cert", "-out", "q.tsq"],
        ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-out", "r.tsr"],
    ):
        subprocess.run(["openssl", *command], cwd=authority, check=True, capture_output=True)
    return (authority / "r.tsr").read_bytes()
