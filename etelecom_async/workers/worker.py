"""The worker of an executor: a session in a process of its own, which answers blocks of phones."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Self, TypeAlias

from attrs import field, frozen

from .. import _checks
from ..account import Account, Secret, from_env
from ..api.consent import CHECK_CONSENT, CheckConsent, Consent
from ..bulk.run import MOST_AT_ONCE
from ..clock import seconds
from ..errors import ConfigError, EtelecomError
from ..ids import to_oa_id
from ..jobs.bugs import Bugs
from ..jobs.manifest import fingerprint
from ..ratelimit.throttle import SharedRate, Throttle
from ..session import Session
from ..transport.available import best_transport
from ..transport.base import Transport

__all__ = ["REDIS_URL", "AccountFingerprint", "BlockAnswers", "Worker", "WorkerSetup"]

REDIS_URL = "ETELECOM_REDIS_URL"


@frozen(kw_only=True)
class AccountFingerprint:
    """The account of calls and their base URL, as a fingerprint that shows no key."""

    base_url: str
    fingerprint: str

    @classmethod
    def of(cls, account: Account, *, salt: str) -> Self:
        """Raises a ConfigError if the account has no key for `Zalo/*`."""
        return cls(base_url=str(account.base_url), fingerprint=fingerprint(account, salt=salt))


@frozen(kw_only=True)
class WorkerSetup:
    """The settings of the workers. There is no key among them: each worker has its account in its environment.

    Attributes:
        oa_id: the Zalo Official Account.
        concurrency: requests under way at once in each worker.
        workers: their number.
        rate: requests per second of all workers together; None for no fixed rate.
        is_shared: whether the rate is shared with every process that uses the Redis of `ETELECOM_REDIS_URL`. Otherwise
            each worker has an equal part of it.

    Raises:
        InvalidId: oa_id cannot be an id.
        ConfigError: another attribute is out of range.
    """

    oa_id: int = field(converter=to_oa_id)
    concurrency: int = field(validator=_checks.checked(partial(_checks.whole, most=MOST_AT_ONCE)))
    workers: int = field(default=1, validator=_checks.checked(_checks.whole))
    rate: float | None = field(default=None, validator=_checks.checked(partial(_checks.number, above=0), or_none=True))
    is_shared: bool = field(default=False, validator=_checks.checked(_checks.flag))

    def throttle(self) -> Throttle:
        """The throttle of one worker; a ConfigError if the rate or the URL of the Redis is missing."""
        if not self.is_shared:
            return Throttle(concurrency=self.concurrency, rate=None if self.rate is None else self.rate / self.workers)
        return Throttle(concurrency=self.concurrency, shared=self._shared_rate())

    def _shared_rate(self) -> SharedRate:
        if self.rate is None:
            raise ConfigError("A shared rate needs a number: give --rate too.")
        if not os.environ.get(REDIS_URL):
            raise ConfigError(f"Set {REDIS_URL} to the Redis that keeps the rate, for every worker.")
        try:
            from ..ratelimit.redis_rate import RedisRate  # noqa: PLC0415 - an extra, imported when used
        except ImportError as error:
            raise ConfigError(f"{error}.") from None
        return RedisRate(Secret(os.environ[REDIS_URL]), rate=self.rate, workers=self.workers)


_Answer: TypeAlias = tuple[Consent | EtelecomError | None, float | None]
"""The answer for a phone, and since when the service was unavailable when its call failed."""


@frozen(kw_only=True)
class BlockAnswers:
    """What a worker says about a block of phones.

    Attributes:
        pid: its process.
        answers: for each phone in its order; None for one that was given up.
        unavailable_for: seconds since the service became unavailable, if a call of the block failed meanwhile.
    """

    pid: int
    answers: list[Consent | EtelecomError | None]
    unavailable_for: float | None


class Worker:
    """Answers blocks of phones over a session of its own, which opens with the first and lives as long as the process.

    It uses `best_transport`. It raises nothing: errors and even bugs are answers, since executors wrap exceptions in
    their own.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._session: Session | None = None
        self._transport: Transport | None = None
        self._bugs = Bugs()
        self._is_given_up = False
        self._tasks: set[asyncio.Task[_Answer]] = set()

    async def identify(self, salt: str) -> AccountFingerprint | EtelecomError:
        """Its account and base URL, or why it cannot call."""
        try:
            return AccountFingerprint.of(self._opened().account, salt=salt)
        except EtelecomError as error:
            return error

    async def check(self, phones: list[str]) -> BlockAnswers:
        """The answers for phones in wire form."""
        tasks = [asyncio.create_task(self._check(phone)) for phone in phones]
        self._tasks.update(tasks)
        try:
            found = await asyncio.gather(*tasks)
        finally:
            self._tasks.difference_update(tasks)
        since = min((since for _, since in found if since is not None), default=None)
        return BlockAnswers(
            pid=os.getpid(),
            answers=[answer for answer, _ in found],
            unavailable_for=None if since is None else seconds() - since,
        )

    async def give_up(self) -> None:
        """Send nothing more, and give up what waits. Requests under way get their answers."""
        self._is_given_up = True
        if self._session is not None:
            self._session.give_up(self._tasks)

    async def aclose(self) -> None:
        """Close the session, if the process goes on without the worker."""
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _check(self, phone: str) -> _Answer:
        if self._is_given_up:
            return None, None
        try:
            payload = CheckConsent(oa_id=self._setup.oa_id, phone=phone)
            session = self._opened()
            try:
                return await session.call(CHECK_CONSENT, payload), None
            except EtelecomError as error:
                return error, session.throttle.unavailable_since if error.transient else None
        except EtelecomError as error:
            return error, None
        except asyncio.CancelledError:
            if self._is_given_up:
                return None, None
            raise
        except Exception as error:  # noqa: BLE001 - a bug is the failure of this phone alone
            return self._bugs.failure(error), None

    def _opened(self) -> Session:
        if self._session is None:
            account = from_env()
            self._transport = self._transport or best_transport(account.base_url)
            self._session = Session(account, transport=self._transport, throttle=self._setup.throttle())
        return self._session
