"""Blocks of phones, each checked and kept once, whatever queue brings it and however often.

It takes from the environment the account, as `Session.from_env` does, and

    ETELECOM_OA_ID  the Official Account
    REDIS_URL       where the workers share their rate
    RATE            checks per second of all workers together; 200 unless set
    WORKERS         how many worker processes there are at most; 4 unless set
    BLOCK           phones in a job; 500 unless set
    RESULTS         the SQLite file with the answers; results.db unless set
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from etelecom_async import Checked, Failed, Session, Throttle
from etelecom_async.ratelimit.redis_rate import RedisRate

_TABLE = """
CREATE TABLE IF NOT EXISTS consent (
    job TEXT, row INTEGER, phone TEXT NOT NULL,
    granted INTEGER, state TEXT, expires TEXT, error TEXT, checked_at TEXT NOT NULL,
    PRIMARY KEY (job, row)
) WITHOUT ROWID
"""
# A row is there once, however often it is written, and a failure never takes the place of an answer.
_UPSERT = """
INSERT INTO consent (job, row, phone, granted, state, expires, error, checked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (job, row) DO UPDATE SET
    phone = excluded.phone, granted = excluded.granted, state = excluded.state, expires = excluded.expires,
    error = excluded.error, checked_at = excluded.checked_at
WHERE excluded.error IS NULL OR consent.error IS NOT NULL
"""
_ANSWERED = "SELECT row FROM consent WHERE job = ? AND row BETWEEN ? AND ? AND error IS NULL"

Row: TypeAlias = tuple[str, int, str, bool | None, str | None, str | None, str | None, str]


def blocks(path: str) -> Iterator[tuple[int, list[str]]]:
    """The phones of a file, one on each line, in blocks, each with the row of its first phone."""
    size, first = int(os.environ.get("BLOCK", "500")), 0
    with Path(path).open(encoding="utf-8") as lines:
        phones = (line.strip() for line in lines)
        while block := list(islice(phones, size)):
            yield first, block
            first += len(block)


def open_table(path: str) -> sqlite3.Connection:
    """The table of answers, which any number of processes on one machine may have open."""
    table = sqlite3.connect(path, timeout=60)
    table.execute("PRAGMA journal_mode=WAL")
    table.execute(_TABLE)
    return table


def keep(table: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Write rows, all or none."""
    with table:
        table.executemany(_UPSERT, rows)


class Checker:
    """Checks blocks over one session. A process has one for its whole life: see `open_checker`."""

    def __init__(self, session: Session, table: sqlite3.Connection, *, oa_id: int) -> None:
        self._session = session
        self._table = table
        self._oa_id = oa_id

    async def check(self, job: str, first: int, phones: list[str]) -> None:
        """Check those phones of a block that have no answer yet, and keep what came of each.

        So a job that comes twice is asked once, and one that is sent again asks about what failed the first time.

        Args:
            job: names the list that the phones are from.
            first: the row of the first phone in that list.
            phones: as they are in the list.

        Raises:
            Unauthenticated, PermissionDenied, BadRoute, AccountClosed: no check can work; what was answered is kept.
        """
        answered = {row for (row,) in self._table.execute(_ANSWERED, (job, first, first + len(phones) - 1))}
        todo = [(row, phone) for row, phone in enumerate(phones, first) if row not in answered]
        rows: list[Row] = []
        try:
            async with self._session.zalo.check_consents(oa_id=self._oa_id, phones=[phone for _, phone in todo]) as run:
                async for outcome in run:
                    rows.append(_row(job, todo[outcome.index][0], outcome))  # noqa: PERF401 - kept when the run fails
        finally:
            keep(self._table, rows)  # it blocks the loop, in which nothing else is under way


def _row(job: str, row: int, outcome: Checked | Failed) -> Row:
    now = datetime.now(UTC)
    if isinstance(outcome, Failed):
        return job, row, outcome.phone, None, None, None, type(outcome.error).__name__, now.isoformat()
    it = outcome.consent
    expires = None if it.expired_time is None else it.expired_time.isoformat()
    return job, row, outcome.phone, it.granted_at(now), it.state_at(now).value, expires, None, now.isoformat()


@asynccontextmanager
async def open_checker() -> AsyncGenerator[Checker]:
    """A checker with all that belongs to it: its session, its share of the rate, its connection to the table."""
    rate, workers = float(os.environ.get("RATE", "200")), int(os.environ.get("WORKERS", "4"))
    async with (
        RedisRate(os.environ["REDIS_URL"], rate=rate, workers=workers) as limit,
        Session.from_env(throttle=Throttle(shared=limit)) as session,
    ):
        with closing(open_table(os.environ.get("RESULTS", "results.db"))) as table:
            yield Checker(session, table, oa_id=int(os.environ["ETELECOM_OA_ID"]))
