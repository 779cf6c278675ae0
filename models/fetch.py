# SPDX-License-Identifier: Apache-2.0
"""The one module that may open a network connection: it fetches a listed net, when a person asks for it by name.

Nothing else calls it, nothing calls it by itself, and it sends nothing but the request for the file. What arrives is
put in place only if its size and SHA-256 are the listed ones.
"""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Callable
from typing import IO, Final, Protocol

from models.errors import EnvironmentProblem, ModelProblem
from models.registry import Registry, RegistryEntry

__all__ = ["Opener", "fetch_model"]

_CHUNK_BYTES: Final = 1 << 18
_TIMEOUT_S: Final = 30.0


class Opener(Protocol):
    """Opens an https address for reading; tests pass one that reads a file."""

    def __call__(self, address: str, /) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open the address."""


def fetch_model(
    registry: Registry,
    name: str,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    opener: Opener | None = None,
) -> RegistryEntry:
    """Fetch the net of that name from its author, check it and put it into the models folder.

    Args:
        registry: The registry that lists it.
        name: Name of the entry.
        on_progress: Called with bytes received and bytes expected.
        opener: How to open an address; https through the system's proxy settings when None.

    Raises:
        ModelProblem: Not listed, no direct address, or what arrived is not the listed file. Nothing is kept then.
        EnvironmentProblem: The network or the author's server failed.
    """
    entry = registry.entry(name)
    if entry.is_embedded:
        raise ModelProblem(f"The model {entry.model_id} ships with Relecture.", hint="There is nothing to fetch.")
    if not entry.download:
        message = f"The author of {entry.model_id} publishes no file with these exact bytes. {entry.obtaining}"
        raise ModelProblem(message, hint=f"See {entry.origin}, then run `relecture models import FILE`.")
    content = _read(entry, opener or _open_https, on_progress or (lambda received, expected: None))
    return registry.place(content, name=f"fetched for {entry.model_id}")


def _read(entry: RegistryEntry, opener: Opener, on_progress: Callable[[int, int], None]) -> bytes:
    received = bytearray()
    try:
        with opener(entry.download) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                received += chunk
                if len(received) > entry.size_bytes:
                    break
                on_progress(len(received), entry.size_bytes)
    except OSError as exc:
        message = f"The model {entry.model_id} cannot be fetched from {entry.download}: {exc}."
        raise EnvironmentProblem(message, hint="Fetch it on a connected machine, then `models import FILE`.") from exc
    if len(received) != entry.size_bytes:
        message = f"What {entry.download} sent is not {entry.size_bytes} bytes long, as the registry lists."
        raise ModelProblem(message, hint="The author may have replaced the file; nothing was kept.")
    return bytes(received)


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to https alone."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://"):
            raise OSError("redirected to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # Reason: same object as we got.


def _open_https(address: str, /) -> contextlib.AbstractContextManager[IO[bytes]]:
    if not address.startswith("https://"):
        raise OSError("the address is not https")
    director = urllib.request.build_opener(_HttpsOnly)
    return contextlib.closing(director.open(address, timeout=_TIMEOUT_S))
