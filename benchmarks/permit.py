"""What does a permit of the throttle cost: when no call waits, and in a line of a hundred or of fifty thousand?"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

from benchmarks.children.permit_line import KINDS, a_request
from benchmarks.lib.instructions import per_call
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole
from etelecom_async import Throttle
from etelecom_async.pipeline.attempt import Attempt
from etelecom_async.transport.base import Request, Response

_FREE = 20_000
_LINES = (100, 50_000)
_FEW, _MANY = 5_000, 25_000
_ANSWER = Response(200, {}, b"")
_DESCRIPTION = """\
What a permit of a throttle costs. When no call waits: microseconds of CPU. In a line: user instructions, counted under
valgrind, since in time a long line pays for the machine's cache and Python's garbage collector. "bare" is the same line
of tasks in front of a deque of futures that does nothing else: what the throttle costs is the difference.
"""


async def _at_once(_: Request, __: Attempt) -> Response:
    return _ANSWER


async def _free(request: Request) -> float:
    send = Throttle()(_at_once)
    for _ in range(1000):
        await send(request, Attempt())
    cpu = time.process_time()
    for _ in range(_FREE):
        await send(request, Attempt())
    whole_cost = time.process_time() - cpu
    cpu = time.process_time()
    for _ in range(_FREE):
        await _at_once(request, Attempt())
    return (whole_cost - (time.process_time() - cpu)) / _FREE


async def _measure(rounds: int) -> str:
    request = await a_request()
    free = statistics.median([await _free(request) for _ in range(rounds)])
    lines = [f"{machine()}; median of {rounds} rounds\n", f"no call waits: {free * 1e6:.2f} us of CPU\n"]
    lines += ["| instructions a permit | throttle | bare | the throttle's own |", "|---|---:|---:|---:|"]
    for length in _LINES:
        few, many = length + _FEW, length + _MANY
        both = [await per_call("permit_line", kind, str(length), few=few, many=many) for kind in KINDS]
        lines.append(f"| {length:,} wait | {both[0]:,} | {both[1]:,} | {both[0] - both[1]:,} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    parser = command("permit", _DESCRIPTION)
    parser.add_argument("--rounds", type=whole(1, 100), default=5)
    print(asyncio.run(_measure(parser.parse_args(arguments).rounds)))
    return 0
