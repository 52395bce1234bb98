"""What an executor runs in a process of its own: a session that answers blocks of phones."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Self

from attrs import field, frozen

from .. import _checks
from ..account import Account, Secret, from_env
from ..api.consent import CHECK_CONSENT, CheckConsent, Consent
from ..bulk.run import MOST_AT_ONCE
from ..errors import ConfigError, EtelecomError
from ..ids import to_oa_id
from ..jobs.bugs import Bugs
from ..jobs.manifest import fingerprint
from ..ratelimit.throttle import SharedRate, Throttle
from ..session import Session
from ..transport.available import best_transport
from ..transport.base import Transport

__all__ = ["REDIS_URL", "Caller", "Worker", "WorkerSetup"]

REDIS_URL = "ETELECOM_REDIS_URL"


@frozen(kw_only=True)
class Caller:
    """For whom calls are made, in a form that gives no key away.

    Attributes:
        base_url: where they go.
        fingerprint: of the account.
    """

    base_url: str
    fingerprint: str

    @classmethod
    def of(cls, account: Account, *, salt: str) -> Self:
        """The caller that this account is.

        Raises:
            ConfigError: the account has no key for `Zalo/*`.
        """
        return cls(base_url=str(account.base_url), fingerprint=fingerprint(account, salt=salt))


@frozen(kw_only=True)
class WorkerSetup:
    """What a worker is told. No key is among it: the account is that of the worker's own environment.

    Attributes:
        oa_id: the Zalo Official Account.
        concurrency: requests under way at once in each worker.
        workers: how many workers there are.
        rate: requests per second of all of them together; None for no fixed ceiling.
        is_shared: keep that rate in the Redis of `ETELECOM_REDIS_URL`, together with everybody else who does. Else
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
        """The throttle of one of the workers.

        Raises:
            ConfigError: a number is out of range, or there is no URL of a Redis.
        """
        if not self.is_shared:
            return Throttle(concurrency=self.concurrency, rate=None if self.rate is None else self.rate / self.workers)
        return Throttle(concurrency=self.concurrency, shared=self._shared_rate())

    def _shared_rate(self) -> SharedRate:
        if self.rate is None:
            raise ConfigError("A rate that is shared has to be named: give --rate too.")
        if not os.environ.get(REDIS_URL):
            raise ConfigError(f"Set {REDIS_URL} to the Redis that keeps the rate, for every worker.")
        try:
            from ..ratelimit.redis_rate import RedisRate  # noqa: PLC0415 - an extra, imported when used
        except ImportError as error:
            raise ConfigError(f"{error}.") from None
        return RedisRate(Secret(os.environ[REDIS_URL]), rate=self.rate, workers=self.workers)


class Worker:
    """Answers blocks of phones over a session of its own, which opens with the first and lives as long as the process.

    It goes over the fastest transport that is installed where the worker runs. Nothing is raised: an error is an answer
    as any other, a bug as well, since executors wrap what is raised in errors of their own.

    Args:
        setup: what it is told.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._session: Session | None = None
        self._transport: Transport | None = None
        self._bugs = Bugs()
        self._is_given_up = False

    async def greet(self, salt: str) -> Caller | EtelecomError:
        """For whom it calls, or why it cannot."""
        try:
            return Caller.of(self._opened().account, salt=salt)
        except EtelecomError as error:
            return error

    async def check(self, phones: list[str]) -> tuple[int, list[Consent | EtelecomError | None]]:
        """The answers for some phones in wire form, and which process gives them. None for what was given up."""
        return os.getpid(), await asyncio.gather(*map(self._check, phones))

    async def give_up(self) -> None:
        """Send nothing more, and give up what waits to be sent. What is under way is answered."""
        self._is_given_up = True
        if self._session is not None:
            for task in self._session.waiting_tasks():
                if task is not None:
                    task.cancel()

    async def aclose(self) -> None:
        """Close the session, where the process lives on without the worker."""
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _check(self, phone: str) -> Consent | EtelecomError | None:
        if self._is_given_up:
            return None
        try:
            payload = CheckConsent(oa_id=self._setup.oa_id, phone=phone)
            return await self._opened().call(CHECK_CONSENT, payload)
        except EtelecomError as error:
            return error
        except asyncio.CancelledError:
            if self._is_given_up:
                return None
            raise
        except Exception as error:  # noqa: BLE001 - a bug that one phone brings out is that phone's failure
            return self._bugs.failure(error)

    def _opened(self) -> Session:
        if self._session is None:
            account = from_env()
            self._transport = self._transport or best_transport(account.base_url)
            self._session = Session(account, transport=self._transport, throttle=self._setup.throttle())
        return self._session
