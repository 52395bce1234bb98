"""Contenders measured in turns, slice by slice, so that a slow moment of the machine hits them alike."""

from __future__ import annotations

import json
import random
import sys
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

from attrs import frozen

from benchmarks.lib import job
from benchmarks.lib.child import Child, ChildFailed, child, program
from benchmarks.lib.figures import Cycle, Slice
from benchmarks.lib.roster import NULL, ROSTER

__all__ = ["Plan", "check", "client", "measure", "one_slice"]

_NODE_CLIENT = Path(__file__).parents[1] / "node" / "client.js"
_WARM_UP = 1500
_WARM_UP_OF_NODE = 6000  # its compiler takes its time
_LEAST = 2
"""A contender that makes fewer calls per slice than others still fills its places so many times."""


@frozen(kw_only=True)
class Plan:
    """What is measured.

    Attributes:
        names: of the contenders.
        concurrency: requests in flight. One means one after the other, each timed.
        calls: of each slice.
        slices: of each contender in a round.
        rounds: how often all processes are started anew.
        seconds: after which no further slice begins.
    """

    names: tuple[str, ...]
    concurrency: int
    calls: int
    slices: int
    rounds: int
    seconds: float

    def calls_of(self, name: str) -> int:
        """Calls of this contender in a slice."""
        return max(round(self.calls * ROSTER[name].share), min(_LEAST * self.concurrency, self.calls))


async def measure(plan: Plan) -> list[Cycle]:
    """One cycle for each slice of each round, or as many as there was time for.

    Raises:
        ChildFailed: a contender does another job than the others, or has ended.
    """
    cycles: list[Cycle] = []
    deadline = time.monotonic() + plan.seconds
    for number in range(1, plan.rounds + 1):
        if cycles and time.monotonic() > deadline:
            break
        if sys.stderr.isatty():
            print(f"round {number} of {plan.rounds}, {plan.concurrency} in flight ...", file=sys.stderr)
        cycles += await _round(plan, deadline)
    return cycles


async def _round(plan: Plan, deadline: float) -> list[Cycle]:
    """New processes, for identical ones can differ by some percent as long as they live; then slices in turn."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(child("server", role="server"))
        origin = f"http://{job.HOST}:{(await server.hear())['port']}"
        clients = {name: await stack.enter_async_context(client(name, origin, plan.concurrency)) for name in plan.names}
        for name, it in clients.items():
            await check(name, it, server, plan.concurrency)
        cycles: list[Cycle] = []
        while len(cycles) < plan.slices and not (cycles and time.monotonic() > deadline):
            order = random.sample(plan.names, len(plan.names))
            cycles.append({name: await one_slice(name, clients[name], plan.calls_of(name)) for name in order})
        return cycles


def client(name: str, origin: str, concurrency: int) -> AbstractAsyncContextManager[Child]:
    """A contender in a process of its own."""
    if not ROSTER[name].is_node:
        return child("worker", name, origin, str(concurrency), role="client")
    what = json.dumps({"path": job.PATH, "headers": job.HEADERS, "oa_id": str(job.OA_ID)})
    _, function = ROSTER[name].client.split(".")
    return program(name, "node", str(_NODE_CLIENT), function, origin, what, str(concurrency), role="client")


async def one_slice(name: str, it: Child, calls: int) -> Slice:
    """Some calls of a contender, and what they cost."""
    cost = await it.ask(calls)
    if cost["calls"] != calls:
        raise ChildFailed(f"{name} made {cost['calls']} calls of {calls}.")
    return Slice(cpu=cost["cpu"] / calls, rate=calls / cost["wall"], latency=cost["latency"])


async def check(name: str, it: Child, server: Child, concurrency: int) -> None:
    """See that it sends the same job as all others and makes the same of the answer; warm it up; count connections."""
    before = await server.ask("")
    result = (await it.ask(1))["result"]
    if result != job.RESULT:
        raise ChildFailed(f"{name} made {result} of the answer, not {job.RESULT}.")
    if name != NULL:
        seen = await server.ask("")
        wanted = (before["requests"] + 1, "POST", job.PATH, *job.HEADERS.values(), job.payload(job.phones(1)[0]))
        headers = (seen["headers"].get(header.lower()) for header in job.HEADERS)
        got = (seen["requests"], seen["method"], seen["path"], *headers, json.loads(seen["body"]))
        if got != wanted:
            raise ChildFailed(f"{name} does another job: the server received {got}, not {wanted}.")
    calls = _WARM_UP_OF_NODE if ROSTER[name].is_node else _WARM_UP
    await it.ask(max(2 * concurrency, round(calls * ROSTER[name].share)))
    opened = (await server.ask(""))["connections"] - before["connections"]
    if opened > 2 * concurrency and name != "session-per-call":
        raise ChildFailed(
            f"{name} does not keep its connections: it opened {opened} for {concurrency} requests in flight."
        )
