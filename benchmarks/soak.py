"""Is every call accounted for, and memory flat, while a server misbehaves and is killed again and again?"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from attrs import define, field

from benchmarks.lib.child import child
from benchmarks.lib.job import API_KEY, BASE_PATH, HOST, OA_ID
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command
from benchmarks.lib.soak_books import Verdict, compare
from benchmarks.lib.soak_job import ANSWERED, ENDED, FAILED, WRONG, code, message, phone
from etelecom_async import CHECK_CONSENT, CheckConsent, EtelecomError, Session, Shop, Throttle, Timeout

_ATTEMPT = 2.0
"""Seconds after which a silence is given up."""
_DOWN = (0.2, 2.0)
"""Seconds that the server is away."""
_LOOK, _SAY = 1.0, 10
"""Seconds between two looks at this process, and looks between two lines of progress."""
_PATIENCE = 90.0
"""Seconds after which a call that has not ended counts as hanging."""
_GROWTH = 1.05
"""Between the medians of the second and of the last third of the time; the first third warms up."""
_SPARE = 50
"""File descriptors beside the connections. Of these a restart leaves twice as many for a moment: dead ones and new."""
_DESCRIPTION = """\
Callers ask without end, each call about a phone of its own. A fifth of the answers is faulty in one of 13 ways, and
the server is killed at regular times and started again on the same port. Both sides keep books, and at the end they
are compared: each call ended exactly once, no answer was wrong or another call's, none was invented, and no request
was made behind the callers' back. Memory and file descriptors of the callers' process must be flat. Exits with 1 where
one of this does not hold.
"""


@define
class Callers:
    """Tasks that call one after the other, and write down how each call ended."""

    session: Session
    book: IO[bytes]
    begun: int = 0
    errors: Counter[str] = field(factory=Counter)
    is_over: bool = False

    async def call_on(self) -> None:
        """Call until the time is over."""
        while not self.is_over:
            number, self.begun = self.begun, self.begun + 1
            try:
                reply = await self.session.call_raw(CHECK_CONSENT, CheckConsent(oa_id=OA_ID, phone=phone(number)))
            except EtelecomError as error:
                self.errors[type(error).__name__] += 1
                self.book.write(ENDED.pack(number, error.attempts, FAILED))
                continue
            consent = reply.value
            is_right = (consent.error, consent.message) == (code(number), message(number))
            is_right = is_right and consent.granted == (consent.error == 0)
            self.book.write(ENDED.pack(number, reply.attempts, ANSWERED if is_right else WRONG))


@define
class Restarting:
    """A server that is killed at regular times and comes back on the same port."""

    book: Path
    every: float
    port: int = 0
    restarts: int = -1
    is_up: asyncio.Event = field(factory=asyncio.Event)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            self.restarts += 1
            async with child("soak_server", str(self.port), str(self.book), str(self.restarts)) as server:
                self.port = (await server.hear())["port"]
                self.is_up.set()
                await asyncio.sleep(self.every)
            await asyncio.sleep(random.uniform(*_DOWN))


@define
class Looks:
    """What this process weighs, second by second."""

    memory: list[int] = field(factory=list)
    descriptors: list[int] = field(factory=list)

    def look(self) -> None:
        """Note resident bytes and open descriptors."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.memory.append(pages * resource.getpagesize())
        self.descriptors.append(_descriptors())

    @property
    def growth(self) -> float:
        """Of the memory, from the second third of the time to the last."""
        third = max(1, len(self.memory) // 3)
        return statistics.median(self.memory[-third:]) / statistics.median(self.memory[third : 2 * third])


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1  # the listing's own


async def _call(options: argparse.Namespace, folder: Path) -> tuple[Callers, Looks, int, list[str]]:
    """Let them call; return what was seen besides the books."""
    before = _descriptors()
    faults: list[str] = []
    server = Restarting(folder / "server", options.restart_every)
    running = asyncio.create_task(server.run())
    looks = Looks()
    try:
        await asyncio.wait_for(server.is_up.wait(), _PATIENCE)
        account = Shop(API_KEY, base_url=f"http://{HOST}:{server.port}{BASE_PATH}")
        limits = Timeout(attempt=_ATTEMPT, total=_PATIENCE / 3)
        with (folder / "callers").open("wb") as book:
            async with Session(account, throttle=Throttle(concurrency=options.callers), timeout=limits) as session:
                callers = Callers(session, book)
                tasks = [asyncio.create_task(callers.call_on()) for _ in range(options.callers)]
                began = time.monotonic()
                while (second := time.monotonic() - began) < options.minutes * 60:
                    await asyncio.wait(tasks, timeout=_LOOK, return_when=asyncio.FIRST_EXCEPTION)
                    if any(task.done() for task in tasks):
                        break
                    looks.look()
                    if len(looks.memory) % _SAY == 0:
                        _say(second, callers, looks, server.restarts)
                callers.is_over = True
                _, hanging = await asyncio.wait(tasks, timeout=_PATIENCE)
                if hanging:
                    faults.append(f"{len(hanging)} calls that hang")
                    for task in hanging:
                        task.cancel()
                await asyncio.gather(*tasks)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    if left := len(asyncio.all_tasks()) - 1:
        faults.append(f"{left} tasks left behind")
    if (left := _descriptors() - before) > 0:
        faults.append(f"{left} file descriptors left behind")
    return callers, looks, server.restarts, faults


def _say(second: float, callers: Callers, looks: Looks, restarts: int) -> None:
    failed = sum(callers.errors.values())
    print(
        f"{second:4.0f} s: {callers.begun:,} calls, {failed:,} failed, {restarts} restarts, "
        f"{looks.memory[-1] / 2**20:.1f} MiB, {looks.descriptors[-1]} descriptors",
        file=sys.stderr,
        flush=True,
    )


def _report(verdict: Verdict, callers: Callers, looks: Looks, restarts: int) -> str:
    least, most = min(looks.memory) / 2**20, max(looks.memory) / 2**20
    lines = [
        f"{machine()}",
        f"calls        {verdict.calls:,}: {verdict.answered:,} answered rightly, {verdict.failed:,} failed",
        f"attempts     {verdict.attempts:,}, of which the server saw {verdict.requests:,} in {restarts + 1} lives",
        f"answers lost {verdict.lost:,} on their way: written whole, and the call failed",
        f"memory       {least:.1f} to {most:.1f} MiB; last third over second third {looks.growth:.3f}",
        f"descriptors  {max(looks.descriptors)} at most",
        "errors       " + ", ".join(f"{name} {count:,}" for name, count in callers.errors.most_common()),
        "acts         " + ", ".join(f"{name} {count:,}" for name, count in verdict.acts.most_common()),
    ]
    return "\n".join(lines)


def _allow(descriptors: int) -> None:
    """Raise the soft limit of open files, for this process and the server, as far as the hard one lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < descriptors:
        raise SystemExit(f"Open files are limited to {hard} here: take --callers {hard // 2 - _SPARE} or fewer.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, descriptors), hard))


async def _main(options: argparse.Namespace) -> list[str]:
    _allow(2 * options.callers + 2 * _SPARE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        callers, looks, restarts, faults = await _call(options, folder)
        verdict = compare(callers.begun, folder / "callers", folder / "server")
    print(_report(verdict, callers, looks, restarts))
    faults += verdict.faults
    if looks.growth > _GROWTH:
        faults.append(f"memory grew by {looks.growth - 1:.1%}")
    if max(looks.descriptors) > 2 * options.callers + _SPARE:
        faults.append(f"{max(looks.descriptors)} descriptors for {options.callers} callers")
    if verdict.answered < verdict.calls / 2:
        faults.append("fewer than half of the calls were answered: nothing much was tried")
    return faults


def main(arguments: Sequence[str]) -> int:
    parser = command("soak", _DESCRIPTION)
    parser.add_argument("--minutes", type=float, default=15.0, help="how long (default 15)")
    parser.add_argument("--callers", type=int, default=1000, help="calls at once (default 1000)")
    parser.add_argument("--restart-every", type=float, default=60.0, metavar="SECONDS", help="default 60")
    faults = asyncio.run(_main(parser.parse_args(arguments)))
    print("\n".join(f"NOT ACCOUNTED FOR: {fault}" for fault in faults) or "Every call is accounted for.")
    return 1 if faults else 0
