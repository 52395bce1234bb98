"""How does a client find a hidden limit, in real time: what it uses of it, what is refused, how it follows?"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from attrs import field, frozen

from benchmarks.lib.child import child
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command
from etelecom_async.sandbox import Refusal

_SDK = "etelecom_async"
_CLIENTS = (_SDK, "fixed 10", "fixed 50", "botocore adaptive")
_PHONES = ("0901000001", "0901000002")
_LIMITS = (20, 200, 2000)
_SETTLING, _WINDOW = 5, 60
_TURN = 30
_COUNTED, _STAYS = 40, 10
_LIGHT, _SIDE_BY_SIDE = 200, 10
_PAUSES = (Refusal.RETRY_AFTER, Refusal.RETRY_DATE)
_DESCRIPTION = """\
A sandbox with a hidden limit (a token bucket that holds a tenth of a second, at least two requests) and a latency of
50 ms runs in a process of its own, and so does each client; they speak HTTP over loopback. All figures are the
server's counts.
"used" is what was taken from the 5th to the 65th second, as a share of the limit; "refused" is a share of all
requests from the first on. Light runs go side by side, so that all of it takes about 25 minutes.
"""


@frozen(kw_only=True)
class Run:
    """A client or two against one limit, and what the server counted in each second.

    Attributes:
        change: what the limit is multiplied by after half a minute.
        seconds: how long it goes on.
        second_at: when another client of the same kind joins.
    """

    client: str
    limit: int
    refusal: Refusal = Refusal.EXHAUSTED
    change: float = 1.0
    seconds: int = _SETTLING + _WINDOW
    second_at: float | None = None
    taken: list[list[int]] = field(factory=list)
    refused: list[int] = field(factory=list)

    @property
    def total(self) -> list[int]:
        return [sum(second) for second in zip(*self.taken, strict=True)]

    @property
    def used(self) -> float:
        return sum(self.total[_SETTLING : _SETTLING + _WINDOW]) / (_WINDOW * self.limit)

    @property
    def waste(self) -> float:
        return sum(self.refused) / (sum(self.refused) + sum(self.total))

    def settled(self, limit: float, since: int) -> float:
        """Seconds from `since` until what is taken is within 10 % of the limit, and stays there for ten seconds.

        It is counted in windows of two seconds, and below 20/s of as many as forty requests take: in fewer, two
        requests more or less would be the 10 %.
        """
        window = max(2, math.ceil(_COUNTED / limit))
        starts = range(0, _STAYS, window)
        for moment in range(since, len(self.total) - starts[-1] - window + 1):
            if all(sum(self.total[moment + start :][:window]) >= 0.9 * window * limit for start in starts):
                return moment - since
        return math.inf

    @property
    def jain(self) -> float:
        """Of the last half minute: 1 where both got the same, 0.5 where one got all."""
        shares = [sum(one[-30:]) for one in self.taken]
        return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


async def _measure(run: Run) -> Run:
    clients = len(_PHONES) if run.second_at is not None else 1
    changes = [] if run.change == 1 else [(_TURN, run.limit * run.change)]
    loop = "asyncio" if run.limit <= _LIGHT else "uvloop"
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            child("limit_server", loop, str(run.limit), run.refusal.value, json.dumps(changes))
        )
        url = (await server.hear())["url"]
        workers = [await stack.enter_async_context(child("limit_client", loop)) for _ in range(clients)]
        for worker in workers:
            await worker.hear()

        async def work(index: int) -> None:
            wait = (run.second_at or 0.0) * index
            await asyncio.sleep(wait)
            left = run.seconds + 1.0 - wait
            task = {"name": run.client, "url": url, "phone": _PHONES[index], "seconds": left}
            await workers[index].ask(json.dumps(task), patience=left + 30)

        # Not all begin at the same moment of the clock, nor of the search.
        await asyncio.sleep(random.uniform(0, 2))
        server.tell("begin")
        await asyncio.gather(*map(work, range(clients)))
        counts = await server.ask("end")
    wire = [f"84{phone[1:]}" for phone in _PHONES[:clients]]
    run.taken.extend([second.get(phone, 0) for second in counts["taken"][: run.seconds]] for phone in wire)
    run.refused.extend(counts["refused"][: run.seconds])
    return run


async def _all(runs: Sequence[Run]) -> None:
    """Light runs together, heavy ones by themselves."""
    light = [run for run in runs if run.limit <= _LIGHT]
    for batch in [light[start : start + _SIDE_BY_SIDE] for start in range(0, len(light), _SIDE_BY_SIDE)]:
        await asyncio.gather(*map(_measure, batch))
        print(".", end="", file=sys.stderr, flush=True)
    for run in runs:
        if run not in light:
            await _measure(run)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _forms(limits: Sequence[int], clients: Sequence[str], refusals: Sequence[Refusal]) -> list[Run]:
    """This SDK against every form, the others against one without and one with a pause."""
    return [
        Run(client=client, limit=limit, refusal=refusal)
        for limit in limits
        for client in clients
        for refusal in refusals
        if client == _SDK or refusal is Refusal.EXHAUSTED or (refusal is Refusal.RETRY_AFTER and limit <= _LIGHT)
    ]


def _reached(run: Run) -> str:
    used = 0.92 if run.refusal in _PAUSES else 0.97
    waste = 0.015 if run.limit < 200 else 0.005
    missed = [
        name
        for name, is_met in (
            ("used", run.used >= used),
            ("refused", run.waste <= waste),
            ("settled", run.settled(run.limit, 0) < 5),
        )
        if not is_met
    ]
    return "missed: " + ", ".join(missed) if missed else "yes"


def _seconds(value: float) -> str:
    return "never" if value == math.inf else f"{value:.0f} s"


def _table(forms: Sequence[Run], moves: Sequence[Run], pairs: Sequence[Run]) -> str:
    text = [
        "| limit | refusal | client | used | refused | within 10 % after | goals |",
        "|---:|---|---|---:|---:|---:|---|",
    ]
    text += [
        f"| {run.limit:,}/s | {run.refusal.value} | {run.client} | {run.used:.1%} | {run.waste:.2%} "
        f"| {_seconds(run.settled(run.limit, 0))} | {_reached(run) if run.client == _SDK else ''} |"
        for run in forms
    ]
    text += ["", "| limit | change after 30 s | client | within 10 % after | goal |", "|---:|---|---|---:|---:|"]
    for run in moves:
        goal = 5 if run.change < 1 else 15
        after = run.settled(run.limit * run.change, _TURN)
        met = f"{goal} s, {'met' if after < goal else 'MISSED'}" if run.client == _SDK else ""
        word = "halves" if run.change < 1 else "triples"
        text.append(f"| {run.limit:,}/s | {word} | {run.client} | {_seconds(after)} | {met} |")
    text += ["", "| limit | two clients | second joins | Jain's index | used | goal |", "|---:|---|---:|---:|---:|---|"]
    for run in pairs:
        met = f"0.97, {'met' if run.jain >= 0.97 else 'MISSED'}" if run.client == _SDK else ""
        used = sum(run.total[-30:]) / (30 * run.limit)
        text.append(
            f"| {run.limit:,}/s | {run.client} | {run.second_at or 0:.0f} s | {run.jain:.3f} | {used:.1%} | {met} |"
        )
    return "\n".join(text)


async def _main(options: argparse.Namespace) -> str:
    clients = _CLIENTS if not options.alone else (_SDK,)
    refusals = [Refusal.EXHAUSTED, Refusal.RETRY_AFTER] if options.quick else list(Refusal)
    forms = _forms(options.limits, clients, refusals)
    moves = [
        Run(client=client, limit=limit, change=change, seconds=75)
        for limit in options.limits
        for change in (0.5, 3.0)
        for client in clients
        if client == _SDK or limit == 200
    ]
    if max(options.limits) > _LIGHT:  # where two cores cannot carry the triple of the highest one
        moves.append(Run(client=_SDK, limit=1000, change=3.0, seconds=75))
    pairs = [
        Run(client=client, limit=limit, second_at=second_at, seconds=120)
        for limit in options.limits
        for second_at in (0.0, 15.0)
        for client in clients
        if client == _SDK or (limit == 200 and second_at)
    ]
    began = time.monotonic()
    await _all([*forms, *moves, *pairs])
    said = f"{machine()}; load {os.getloadavg()[2]:.1f}; {(time.monotonic() - began) / 60:.0f} minutes."
    return f"{said}\n\n{_table(forms, moves, pairs)}"


def main(arguments: Sequence[str]) -> int:
    parser = command("throttle", _DESCRIPTION)
    parser.add_argument("--limits", type=int, choices=_LIMITS, nargs="+", default=list(_LIMITS), help="per second")
    parser.add_argument("--alone", action="store_true", help="this SDK only")
    parser.add_argument("--quick", action="store_true", help="two forms of refusal only")
    print(asyncio.run(_main(parser.parse_args(arguments))))
    return 0
