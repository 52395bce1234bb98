"""The manifest beside an output: what the output belongs to, so that a resume of anything else is refused."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import attrs
from attrs import field, frozen

from ..account import Account
from ..endpoint import Role
from ..errors import ConfigError
from ..tables import Reading
from ..tables.atomic import replacing
from ..tables.own_file import cannot_write
from .input_fingerprint import Ending

__all__ = ["Manifest", "fingerprint"]


@frozen(kw_only=True)
class Manifest:
    """The input, the Official Account and the eTelecom account of a job.

    Attributes:
        input: SHA-256 of the input file.
        column: the heading of the phones' column.
        oa_id: the Zalo Official Account.
        base_url: where the calls go.
        account: a slow salted hash of the key: distinguishes accounts and reveals no key.
        salt: of that hash.
        demo: SHA-256 of a demo's output; empty for every other job.
        reading: how the first run read the input; None if an earlier version wrote the file.
        endings: how the input's files ended, by name, when the last run began to read them.
    """

    input: str
    column: str
    oa_id: int
    base_url: str
    account: str
    salt: str
    demo: str = ""
    reading: Reading | None = field(default=None, eq=False)
    endings: Mapping[str, Ending] = field(factory=dict[str, Ending], eq=False)

    @classmethod
    def of(
        cls,
        *,
        sha256: str,
        column: str,
        oa_id: int,
        account: Account,
        reading: Reading | None = None,
        endings: Mapping[str, Ending] | None = None,
        salt: str | None = None,
    ) -> Self:
        """The manifest of a job over an input with this fingerprint; `salt` is that of the manifest to compare it with.

        Raises:
            ConfigError: the account has no key for the job.
        """
        salt = salt or secrets.token_hex(16)
        hashed = fingerprint(account, salt=salt)
        return cls(
            input=sha256,
            column=column,
            oa_id=oa_id,
            base_url=str(account.base_url),
            account=hashed,
            salt=salt,
            reading=reading,
            endings=endings or {},
        )

    @classmethod
    def load(cls, output: Path) -> Self:
        """The manifest beside an output.

        Raises:
            ConfigError: there is none, or it cannot be read.
        """
        path = cls.path(output)
        try:
            held = json.loads(path.read_text())
            reading = held.pop("reading", None)
            endings = {name: Ending(**ending) for name, ending in held.pop("endings", {}).items()}
            manifest = cls(**held, reading=None if reading is None else Reading(**reading), endings=endings)
            bytes.fromhex(manifest.salt)
        except FileNotFoundError:
            raise ConfigError(
                f"{output} cannot be resumed: {path.name}, which says what it belongs to, is not beside it."
            ) from None
        except (OSError, ValueError, TypeError, AttributeError, ConfigError):
            raise ConfigError(f"{path} is damaged, so {output} cannot be resumed.") from None
        return manifest

    def save(self, output: Path) -> None:
        """Write it beside the output, whole or not at all.

        Raises:
            ConfigError: it cannot be written.
        """
        path = self.path(output)
        try:
            with replacing(path) as draft:
                draft.write(json.dumps(attrs.asdict(self), indent=1).encode())
        except OSError as error:
            raise cannot_write(path, error) from None

    @staticmethod
    def path(output: Path) -> Path:
        """The job file of an output."""
        return output.with_name(output.name + ".job")

    @classmethod
    def remove(cls, output: Path) -> None:
        """Remove the manifest of an earlier output of this name.

        Raises:
            ConfigError: it cannot be removed.
        """
        path = cls.path(output)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"Cannot remove {path}: {error.strerror or error}.") from None

    def check(self, other: Manifest) -> None:
        """Check that `other` is the same job. Its input may have changed since.

        Raises:
            ConfigError: it is not; the message says what differs.
        """
        for name, what in _DIFFERENCES.items():
            if getattr(self, name) != getattr(other, name):
                raise ConfigError(f"The output belongs to {what}: give it the same again, or write to another file.")


_DIFFERENCES = {
    "column": "another phone column (--column)",
    "oa_id": "another Official Account (--oa-id)",
    "base_url": "another server (ETELECOM_BASE_URL)",
    "account": "another account's key",
}


def fingerprint(account: Account, *, salt: str) -> str:
    """A slow salted hash of an account's key: distinguishes accounts and reveals no key.

    Args:
        account: the account.
        salt: in hex.

    Raises:
        ConfigError: the account has no key for `Zalo/*`.
    """
    key = account.key(Role.SHOP)
    return hashlib.scrypt(key.reveal().encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=16).hex()
