"""Workers on a Ray cluster, or on this machine by means of Ray. Needs the extra `[ray]`."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Self

from .. import _checks
from ..account import Account, Partner, Shop
from ..api.consent import Consent
from ..clock import seconds
from ..errors import ConfigError, EtelecomError
from ..jobs.executor import Answers, Blocks, ExecutorStatus
from .ray_module import Actor, ray_module
from .ray_probe import one_sentence, probe
from .worker import AccountFingerprint, Worker, WorkerSetup

__all__ = ["RayWorkers"]

_OBJECT_STORE = 80 * 2**20
"""Bytes, the minimum of Ray: blocks and answers are small and travel with the calls."""

_JOINING = 15.0
"""Seconds for joining a cluster."""

_CPUS = 0.001
"""CPUs that a worker reserves: so many workers fit on a node, while Ray does not spread those that reserve nothing."""

_TOLD = 5.0
"""Seconds for which it counts that a worker said that the service was unavailable."""


class RayWorkers:
    """An `Executor` of Ray actors, each a process with a session of its own.

        async with RayWorkers(setup, account=session.account) as workers:
            await ConsentJob(session, source=source, output=output, oa_id=oa_id, executor=workers).run()

    Ray starts with the first phone: on this machine, without dashboard and usage statistics, in a folder of this user
    alone (mode 0700) that is deleted afterwards; or it joins the cluster at `address`, within 15 seconds. The cluster
    of a program that has called `ray.init` stays. Ray replaces a worker that dies, on another node if needed, and its
    phones are checked again: a check is a READ, and the job writes each row once. Workers are spread over the nodes and
    reserve almost nothing there.

    Each worker takes the account from its environment. Before the first call a salted hash that the worker makes shows
    whether it is the account of the job. No key is ever sent.

    Args:
        setup: for each worker.
        account: of the job.
        address: of a running cluster, `host:port` or `auto`; None for workers on this machine.
        join: joins a cluster to try it, and raises `ConfigError` if that fails; for tests.

    Raises:
        ConfigError: Ray is not installed, or an argument is wrong.
    """

    def __init__(
        self,
        setup: WorkerSetup,
        *,
        account: Account,
        address: str | None = None,
        join: Callable[[str], Coroutine[None, None, None]] = probe,
    ) -> None:
        _checks.instance("RayWorkers.setup", setup, WorkerSetup, "a WorkerSetup")
        _checks.instance("RayWorkers.account", account, (Shop, Partner), "a Shop or a Partner")
        if address is not None:
            _checks.line("RayWorkers.address", address, wanted="a str such as host:6379 or auto, or None")
        _checks.function("RayWorkers.join", join)
        setup.throttle()  # raises for wrong numbers now
        self._ray = ray_module(is_local=address is None)
        self._setup = setup
        self._account = account
        self._address = address
        self._join = join
        self._joining: asyncio.Task[None] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._actors: list[Actor] = []
        self._blocks: Blocks | None = None
        self._starting: asyncio.Task[Blocks] | None = None
        self._pids: dict[int, int] = {}
        self._lost = 0
        self._unavailable: dict[int, tuple[float, float]] = {}
        """By worker: when it last said that the service was unavailable, and for how long it had been."""
        self._is_ours = False
        self._is_given_up = False

    @property
    def capacity(self) -> int:
        """Phones under way at most."""
        return Blocks.capacity(workers=self._setup.workers, size=self._setup.concurrency)

    def status(self) -> ExecutorStatus:
        blocks = self._blocks
        return ExecutorStatus(
            is_ready=blocks is not None,
            workers=self._setup.workers,
            under_way=0 if blocks is None else blocks.under_way,
            lost=self._lost,
            unavailable_since=min(
                (told - length for told, length in self._unavailable.values() if told > seconds() - _TOLD), default=None
            ),
        )

    async def ask(self, phone: str) -> Consent:
        """The answer for one phone in wire form.

        Raises:
            EtelecomError: as the call itself.
            ConfigError: Ray does not start or fails, or a worker has no account or another one.
            CancelledError: it was given up before it was sent.
        """
        if self._is_given_up:
            raise asyncio.CancelledError
        blocks = self._blocks
        if blocks is None:
            if self._starting is None:
                self._starting = asyncio.create_task(self._start())
            blocks = await asyncio.shield(self._starting)
        return await blocks.ask(phone)

    def give_up(self) -> None:
        """Send nothing more, here and in the workers, and stop waiting for a cluster."""
        self._is_given_up = True
        if self._joining is not None:
            self._joining.cancel()
        if self._blocks is not None:
            self._blocks.give_up()
            for actor in self._actors:
                actor.give_up.remote()

    async def aclose(self) -> None:
        """End the workers, and Ray if it was started here."""
        starting, self._starting = self._starting, None
        if starting is not None:
            # Its thread cannot be cancelled.
            await asyncio.gather(starting, return_exceptions=True)
        blocks, self._blocks = self._blocks, None
        if blocks is not None:
            await blocks.aclose()
        if self._is_ours or self._actors:
            await asyncio.to_thread(self._end)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _start(self) -> Blocks:
        salt = secrets.token_hex(16)
        if self._address is not None and not self._ray.is_initialized():
            await self._try_to_join(self._address)
        try:
            await asyncio.to_thread(self._begin)
            found = await asyncio.gather(*(actor.identify.remote(salt) for actor in self._actors))
        except self._failures as error:
            raise self._failed(error) from None
        wanted = AccountFingerprint.of(self._account, salt=salt)
        for fingerprint in found:
            if isinstance(fingerprint, EtelecomError):
                raise ConfigError(f"A worker cannot call: {fingerprint.message}")
            if fingerprint != wanted:
                raise ConfigError(
                    "A worker's environment describes another account or server than this one's:"
                    " give every node the same ETELECOM_ variables."
                )
        self._blocks = Blocks([self._submit(at) for at in range(len(self._actors))], size=self._setup.concurrency)
        if self._is_given_up:
            self._blocks.give_up()
        return self._blocks

    async def _try_to_join(self, address: str) -> None:
        self._joining = asyncio.create_task(self._join(address))
        try:
            async with asyncio.timeout(_JOINING):
                await self._joining
        except TimeoutError:
            reason = f"no cluster let this process join within {_JOINING:.0f} s"
            raise ConfigError(one_sentence(reason, address=address)) from None
        finally:
            self._joining = None

    def _submit(self, at: int) -> Callable[[list[str]], Awaitable[Answers]]:
        actor = self._actors[at]

        async def submit(phones: list[str]) -> Answers:
            try:
                found = await actor.check.remote(phones)
            except self._failures as error:
                raise self._failed(error) from None
            if self._pids.setdefault(at, found.pid) != found.pid:
                self._pids[at] = found.pid
                self._lost += 1
            if found.unavailable_for is not None:
                self._unavailable[at] = (seconds(), found.unavailable_for)
            return found.answers

        return submit

    def _begin(self) -> None:
        ray = self._ray
        if not ray.is_initialized():
            self._is_ours = True
            if self._address is None:
                self._folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
                os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
                ray.init(
                    address="local",
                    num_cpus=self._setup.workers,
                    object_store_memory=_OBJECT_STORE,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level="ERROR",
                    # Ray opens its folder to every user (mode 0777), so it gets one inside a private one.
                    _temp_dir=str(Path(self._folder.name) / "ray"),
                )
            else:
                ray.init(address=self._address, log_to_driver=False, logging_level="ERROR")
        make = ray.remote(num_cpus=_CPUS, max_restarts=-1, max_task_retries=-1, scheduling_strategy="SPREAD")(Worker)
        self._actors = [make.remote(self._setup) for _ in range(self._setup.workers)]

    def _end(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors = []
        if self._is_ours:
            self._ray.shutdown()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def _failures(self) -> tuple[type[Exception], ...]:
        # Starting and connecting raise errors of many kinds.
        return (self._ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError, OSError)

    def _failed(self, error: Exception) -> ConfigError:
        return ConfigError(one_sentence(f"{type(error).__name__}: {error}", address=self._address))
