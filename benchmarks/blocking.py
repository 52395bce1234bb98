"""Measure what `Blocking.run` costs beside asyncio's own way to call from another thread, on the same call."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.run import machine, whole
from etelecom_async import Blocking, Consent, Session, Shop
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SandboxTransport, World

_GOAL = 1.25
_CALLS = 500
_DESCRIPTION = """\
One thread calls the same session in the same loop, in turns: through Blocking.run, and through
asyncio.run_coroutine_threadsafe(...).result(). Microseconds a call, and their ratio in each round. Exits with 1 where
the median ratio is above the goal.
"""


def _seconds_a_call(call: Callable[[], Consent]) -> float:
    began = time.perf_counter()
    for _ in range(_CALLS):
        call()
    return (time.perf_counter() - began) / _CALLS


async def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.blocking",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=whole(1, 1000), default=31)
    rounds = parser.parse_args().rounds
    session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(World(customers={})))
    with Blocking(session) as blocking:
        loop = blocking.run(_loop())

        def ours() -> Consent:
            return blocking.run(session.zalo.check_consent(oa_id=SANDBOX_OA, phone="0987654321"))

        def plain() -> Consent:
            check = session.zalo.check_consent(oa_id=SANDBOX_OA, phone="0987654321")
            return asyncio.run_coroutine_threadsafe(check, loop).result()

        # The first pair only warms up.
        pairs = [(_seconds_a_call(ours), _seconds_a_call(plain)) for _ in range(rounds + 1)][1:]
    ratio = statistics.median(one / other for one, other in pairs)
    mine, base = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    print(f"{machine()}; median of {rounds} rounds of {_CALLS} calls\n")
    print(f"Blocking.run: {mine:.0f} us; run_coroutine_threadsafe(...).result(): {base:.0f} us; ratio {ratio:.3f}")
    print(f"goal: at most {_GOAL}: {'met' if ratio <= _GOAL else 'MISSED'}")
    return 0 if ratio <= _GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
