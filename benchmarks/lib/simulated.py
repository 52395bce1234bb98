"""This SDK against a server that is arithmetic, in virtual time: hours of checks in seconds."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator

from attrs import define, field, frozen

from benchmarks.lib import job
from etelecom_async import ConnectError, Disconnected, Failed, Phase, Session, Shop, Throttle
from etelecom_async.sandbox import TokenBucket
from etelecom_async.sandbox.limit import Meter
from etelecom_async.testing import run_virtually
from etelecom_async.transport import Request, Response

CONCURRENCY = 500
LATENCY = 0.05
"""Seconds of a round trip; the way back takes a fifth more or less of its half."""
CPU = 141e-6
"""Seconds of the client's one core per request: what bulk-figures.md measured from CSV to CSV over HTTP."""

_SEED = 84
_OK = Response(200, job.ANSWER_HEADERS, job.ANSWER)
FAULT = Response(500, {"content-type": "application/json"}, b'{"code":"internal","msg":""}')
TROUBLE = Response(503, {"content-type": "application/json"}, b'{"code":"unavailable","msg":""}')
TOO_MANY = Response(429, {}, b"")
LATER = Response(429, {"retry-after": "1"}, b"")


@frozen(kw_only=True)
class Scenario:
    """What is assumed.

    Attributes:
        limit: checks per second that the server takes, from a bucket that holds a tenth of that; None for any number.
        failures: share of the requests that fail at random.
        fault: half of the failures; the others are connections that break after the request was sent.
        refusal: what one request too many is answered with.
        fixed: checks per second that the client keeps to instead of looking for the limit; None looks for it.
        away: seconds, from the middle on, in which no connection can be made.
    """

    limit: int | None
    failures: float = 0.0
    fault: Response = FAULT
    refusal: Response = TOO_MANY
    fixed: float | None = None
    away: float = 0.0


@frozen(kw_only=True)
class Result:
    """What was simulated.

    Attributes:
        rows: how many.
        rate: rows per second between the first tenth of them and the last.
        calls: requests, those that nobody received included.
        refused: those that were one too many.
        failed: rows without an answer.
    """

    rows: int
    rate: float
    calls: int
    refused: int
    failed: int

    @property
    def repeated(self) -> int:
        """Requests that were made because an earlier one had failed."""
        return self.calls - self.refused - self.rows


@define
class Server:
    """A transport with the client's processor and the server behind it."""

    scenario: Scenario
    middle: int
    random: random.Random = field(factory=lambda: random.Random(_SEED))
    meter: Meter | None = field(init=False)
    calls: int = 0
    refused: int = 0
    free: float = 0.0
    back: float = math.inf

    def __attrs_post_init__(self) -> None:
        limit = self.scenario.limit
        self.meter = None if limit is None else TokenBucket(rate=limit).meter()

    async def send(self, _: Request, /) -> Response:
        now = asyncio.get_running_loop().time()
        self.calls += 1
        self.free = max(self.free, now) + CPU
        if self._is_away(now):
            await asyncio.sleep(self.free - now)
            raise ConnectError("nobody listens there", phase=Phase.NOT_SENT)
        # All take equally long to the server, so they come in the order in which they were sent.
        is_refused = self.meter is not None and self.meter.wait(self.free + LATENCY / 2) > 0
        chance = 1.0 if is_refused else self.random.random()
        await asyncio.sleep(self.free - now + LATENCY / 2 * (1 + self.random.uniform(0.8, 1.2)))
        if is_refused:
            self.refused += 1
            return self.scenario.refusal
        if chance < self.scenario.failures / 2:
            raise Disconnected("the connection broke", phase=Phase.UNKNOWN)
        return self.scenario.fault if chance < self.scenario.failures else _OK

    async def aclose(self) -> None:
        pass

    def _is_away(self, now: float) -> bool:
        if not self.scenario.away or self.calls < self.middle:
            return False
        self.back = min(self.back, now + self.scenario.away)
        return now < self.back


async def _run(scenario: Scenario, rows: int) -> Result:
    clock = asyncio.get_running_loop().time
    server = Server(scenario, rows // 2)
    throttle = Throttle(concurrency=CONCURRENCY, rate=scenario.fixed, adaptive=scenario.fixed is None)
    account = Shop(job.API_KEY, base_url=f"http://{job.HOST}{job.BASE_PATH}")
    tenth = rows // 10
    done = failed = 0
    moments: dict[int, float] = {}
    async with Session(account, transport=server, throttle=throttle) as session:
        run = session.zalo.check_consents(oa_id=job.OA_ID, phones=_phones(rows), concurrency=CONCURRENCY)
        async with run:
            async for outcome in run:
                done += 1
                failed += isinstance(outcome, Failed)
                if done % tenth == 0:
                    moments[done] = clock()
    first, last = tenth, 9 * tenth
    return Result(
        rows=rows,
        rate=(last - first) / (moments[last] - moments[first]),
        calls=server.calls,
        refused=server.refused,
        failed=failed,
    )


def _phones(rows: int) -> Iterator[str]:
    return (f"849{number:08d}" for number in range(rows))


def simulate(scenario: Scenario, rows: int) -> Result:
    """One scenario; the same every time."""
    random.seed(_SEED)  # that of the SDK's pauses
    return run_virtually(_run(scenario, rows))
