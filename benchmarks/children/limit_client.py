"""A bulk run without end against a hidden limit, in a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys

from etelecom_async import Failed, Session, Shop, Throttle
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA


async def main(url: str, number: int, slots: int) -> None:
    """Say that it is ready; run from the first line of stdin, the seconds, on; print what failed."""
    print(json.dumps({"ready": True}), flush=True)
    span = float(await asyncio.to_thread(sys.stdin.readline))
    failed = 0
    phones = (f"09{number}{index % 10**7:07}" for index in itertools.count())
    throttle = Throttle(concurrency=slots)
    async with Session(Shop(SANDBOX_API_KEY, base_url=url), throttle=throttle) as session:
        run = session.zalo.check_consents(oa_id=SANDBOX_OA, phones=phones, concurrency=slots)
        try:
            async with asyncio.timeout(span), run:
                async for outcome in run:
                    failed += isinstance(outcome, Failed)
        except TimeoutError:
            pass
    print(json.dumps({"failed": failed}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
