"""Claims in a file, for the processes of one machine: they survive a crash."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from .. import _checks, clock
from ..errors import ClaimsError

__all__ = ["FileClaims"]

Result = TypeVar("Result")

_TABLE = "CREATE TABLE IF NOT EXISTS claims (customer TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL)"
_FORGET = "DELETE FROM claims WHERE until <= ?"
_CLAIM = """
INSERT INTO claims VALUES (?, ?, ?)
ON CONFLICT (customer) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE claims.owner = excluded.owner OR claims.until <= ?
"""
_LEFT = "SELECT until FROM claims WHERE customer = ?"
_RELEASE = "DELETE FROM claims WHERE customer = ? AND owner = ?"

_BUSY = 5.0
"""Seconds to wait for another process that writes."""
_LEAST = 0.001


class FileClaims:
    """Claims in a SQLite file, which is made for its owner alone (mode 0600) and holds phone numbers.

    For the processes of one machine, on a local disk: a network's file system may not keep locks. What runs out is
    deleted from it. It goes by the machine's date.

    Args:
        path: the file; its folder has to exist.

    Raises:
        ConfigError: path is none, or empty.
    """

    def __init__(self, path: str | os.PathLike[str], /) -> None:
        wanted = "a path, such as Path('claims.db')"
        given: object = path
        if not isinstance(given, str | os.PathLike) or given == "":  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _checks.refused("FileClaims.path", wanted, path)
        try:
            self._path = Path(path)
        except TypeError:  # a path of bytes
            raise _checks.refused("FileClaims.path", wanted, path) from None

    async def claim(self, customer: str, /, *, owner: str, seconds: float) -> float:
        """Hold the claim, as `Claims.claim` says."""
        now = clock.now().timestamp()

        def claim(file: sqlite3.Connection) -> float:
            file.execute(_FORGET, (now,))
            if file.execute(_CLAIM, (customer, owner, now + seconds, now)).rowcount == 1:
                return 0.0
            (until,) = file.execute(_LEFT, (customer,)).fetchone()
            return max(float(until) - now, _LEAST)

        return await asyncio.to_thread(self._run, claim)

    async def release(self, customer: str, /, *, owner: str) -> None:
        """Give the claim up, as `Claims.release` says."""

        def release(file: sqlite3.Connection) -> None:
            file.execute(_RELEASE, (customer, owner))

        await asyncio.to_thread(self._run, release)

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            # SQLite would make it readable for others.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None)) as file:
                file.execute("BEGIN IMMEDIATE")
                file.execute(_TABLE)
                result = work(file)
                file.execute("COMMIT")
                return result
        except (OSError, sqlite3.Error) as error:
            raise ClaimsError(f"The file of claims, {self._path}, cannot be used: {error}.") from None
