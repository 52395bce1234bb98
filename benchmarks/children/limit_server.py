"""Servers with hidden limits on sockets, in a process of their own: each on a port, with the times of its answers."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence

from aiohttp import web
from attrs import define, field

from benchmarks.lib.limit_kinds import KINDS
from benchmarks.lib.limit_servers import Answer, Server
from etelecom_async.ratelimit.outcome import Kind

_LEG, _JITTER = 0.025, 0.2
"""Seconds on the way there and back, which loopback does not take."""
_GRANTED = {"error": 0, "message": "", "expired_time": None}


@define(eq=False)
class _Port:
    """One kind of server. `taken` holds the moments by phone, `refused` all others."""

    server: Server
    leg: float
    began: float = 0.0
    taken: defaultdict[str, list[float]] = field(factory=lambda: defaultdict(list))
    refused: list[float] = field(factory=list)

    @property
    def now(self) -> float:
        return round(time.monotonic() - self.began, 3)

    async def check(self, request: web.Request) -> web.StreamResponse:
        payload = await request.json()
        legs = [self.leg * self.server.rnd.uniform(1 - _JITTER, 1 + _JITTER) for _ in range(2)]
        await asyncio.sleep(legs[0])
        answer = self.server.admit(self.now)
        if answer is not None:
            self.refused.append(self.now)
            await asyncio.sleep(legs[1] if answer.kind is not Kind.TIMEOUT else 3600)
            return _refusal(answer)
        self.taken[payload["phone"]].append(self.now)
        try:
            await asyncio.sleep(self.server.serve(self.now))
        finally:
            self.server.done()
        await asyncio.sleep(legs[1])
        return web.json_response(_GRANTED)


def _refusal(answer: Answer) -> web.StreamResponse:
    headers = {} if answer.retry_after is None else {"Retry-After": f"{answer.retry_after:g}"}
    if answer.kind is Kind.FAULT:
        return web.json_response({"code": "internal", "msg": ""}, status=500)
    if answer.is_doubtful:
        return web.json_response({"code": "unavailable", "msg": ""}, status=503, headers=headers)
    if headers:
        return web.Response(status=429, headers=headers)
    return web.json_response({"code": "resource_exhausted", "msg": ""}, status=403)


async def main(names: Sequence[str]) -> None:
    """Print the base URLs; from the first line of stdin on count; print the counts at the second line."""
    ports = [_Port(Server(KINDS[name].make(), random.Random(7)), _LEG) for name in names]
    runners: list[web.AppRunner] = []
    for port in ports:
        app = web.Application()
        app.router.add_post("/v1/shop.Zalo/CheckConsent", port.check)
        runners.append(web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0, access_log=None))
        await runners[-1].setup()
        await web.TCPSite(runners[-1], "127.0.0.1", 0, backlog=1024).start()
    urls = [f"http://127.0.0.1:{runner.addresses[0][1]}/v1/shop" for runner in runners]
    print(json.dumps({"urls": urls}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for port in ports:
        port.began = time.monotonic()
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"ports": [{"taken": port.taken, "refused": port.refused} for port in ports]}), flush=True)
    for runner in runners:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
