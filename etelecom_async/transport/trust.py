"""The certificate authorities to trust: those that the caller or the environment names, else the system's."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from typing import Self

from attrs import frozen

from ..errors import ConfigError

__all__ = ["Trust", "check_context"]

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""The name by which OpenSSL finds a certificate in a folder."""


@frozen
class Trust:
    """Files and folders of certificates to trust instead of the system's.

    A file holds any number of certificates in PEM, or one in DER. A folder is one of OpenSSL's, or has such files.

    Attributes:
        places: the paths, each with the option or variable that names it; empty for the system's authorities.
    """

    places: tuple[tuple[str, Path], ...] = ()

    @classmethod
    def given(cls, path: Path, *, source: str) -> Self:
        return cls(((source, path),))

    @classmethod
    def of_environment(cls) -> Self:
        """Everything that `SSL_CERT_FILE`, `SSL_CERT_DIR` and `REQUESTS_CA_BUNDLE` name; empty ones do not count."""
        named: dict[Path, str] = {}
        for variable in _VARIABLES:
            value = os.environ.get(variable, "")
            # This one may name several folders.
            parts = value.split(os.pathsep) if variable == "SSL_CERT_DIR" else [value]
            for part in filter(None, map(str.strip, parts)):
                named.setdefault(Path(part), variable)
        return cls(tuple((variable, path) for path, variable in named.items()))

    def check(self) -> None:
        """A quick check without loading the certificates, which takes a twentieth of a second.

        Raises:
            ConfigError: a path does not exist, cannot be read, or is not a file or folder of certificates.
        """
        for source, path in self.places:
            try:
                holds_some = any(path.iterdir()) if path.is_dir() else _is_pem(path) or _is_der(path)
            except OSError as error:
                raise ConfigError(f"{source} names {path}, which cannot be read: {error.strerror}.") from None
            if not holds_some:
                raise _no_certificate(source, path)

    def context(self) -> ssl.SSLContext | None:
        """A context for clients with these authorities; None for the system's.

        Raises:
            ConfigError: a path cannot be read, or holds no certificate.
        """
        if not self.places:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Companies hand out the intermediate authority as often as the root above it: accept both.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.set_alpn_protocols(["http/1.1"])
        for source, path in self.places:
            try:
                is_loaded = _load_folder(context, path) if path.is_dir() else _load(context, path)
            except OSError as error:
                raise ConfigError(f"{source} names {path}, which cannot be read: {error.strerror}.") from None
            if not is_loaded:
                raise _no_certificate(source, path)
        return context

    def __str__(self) -> str:
        return ", ".join(f"{path} (from {source})" for source, path in self.places) or "the system's"


def check_context(value: object) -> None:
    """A ConfigError if this cannot be an argument `ssl_context`."""
    if value is not None and not isinstance(value, ssl.SSLContext):
        kind = type(value).__name__
        raise ConfigError(
            f"ssl_context is an ssl.SSLContext, or None for the usual authorities; got a value of type {kind}. For a"
            " private authority write ssl.create_default_context(cafile=...). Certificates are always verified."
        )


def _no_certificate(source: str, path: Path) -> ConfigError:
    return ConfigError(
        f"{source} names {path}, which holds no certificate: name a file or a folder of certificates in PEM."
    )


def _load_folder(context: ssl.SSLContext, folder: Path) -> bool:
    files = sorted(folder.iterdir())
    if any(_HASHED.fullmatch(file.name) for file in files):
        context.load_verify_locations(capath=folder)
        return True
    # There may be other files, and files that only other users may read.
    return sum(file.is_file() and os.access(file, os.R_OK) and _load(context, file) for file in files) > 0


def _load(context: ssl.SSLContext, file: Path) -> bool:
    try:
        if _is_pem(file):
            context.load_verify_locations(cafile=file)
        else:
            context.load_verify_locations(cadata=file.read_bytes())
    except (ssl.SSLError, ValueError):
        return False
    return True


def _is_pem(file: Path) -> bool:
    return b"-----BEGIN " in file.read_bytes()


def _is_der(file: Path) -> bool:
    return file.read_bytes().startswith(b"\x30")  # every certificate is an ASN.1 sequence
