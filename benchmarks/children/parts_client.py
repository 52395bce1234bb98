"""One part of a typed call, so many times and nothing else: what `benchmarks.lib.parts` counts the instructions of."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from yarl import URL

from benchmarks.lib import job
from etelecom_async import CHECK_CONSENT, CheckConsent, Role, Shop, Throttle, Timeout, codec
from etelecom_async.pipeline.attempt import Attempt, Call
from etelecom_async.pipeline.auth import Auth
from etelecom_async.transport import Request, Response

_URL = URL(f"http://{job.HOST}{job.PATH}")
_PHONE = job.phones(1)[0]
_PAYLOAD = CheckConsent(oa_id=job.OA_ID, phone=_PHONE)
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_BODY = codec.encode(_PAYLOAD)
_TIMEOUT = Timeout()
_REQUEST = Request(CHECK_CONSENT, _URL, _HEADERS, _BODY, _TIMEOUT)
_ANSWER = Response(200, job.ANSWER_HEADERS, job.ANSWER)
_PARSED = codec.loads(job.ANSWER)
_WRITE, _READ = codec.writing(CheckConsent), codec.reading(CHECK_CONSENT.result)
_KEY = Auth(Shop(job.API_KEY)).key(Role.SHOP)


async def _answered(_: Request, __: Attempt) -> Response:
    return _ANSWER


_ATTEMPT = Attempt()
_THROTTLE = Throttle()(_answered)


def _objects() -> object:
    call = Call(CHECK_CONSENT, time.monotonic())
    one = Request(CHECK_CONSENT, _URL, _HEADERS, _BODY, _TIMEOUT)
    return call, Attempt(), one, one.with_headers(_HEADERS), Response(200, job.ANSWER_HEADERS, job.ANSWER)


DONE: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "payload": lambda: CheckConsent(oa_id=job.OA_ID, phone=_PHONE),
    "write": lambda: _WRITE(_PAYLOAD).encode(),
    "objects": _objects,
    "key": lambda: _KEY.redact(_ANSWER),
    "parse": lambda: codec.loads(job.ANSWER),
    "read": lambda: _READ(_PARSED),
}
AWAITED: dict[str, Callable[[], Awaitable[object]]] = {
    "coroutine": lambda: _answered(_REQUEST, _ATTEMPT),
    "throttle": lambda: _THROTTLE(_REQUEST, Attempt()),
}


async def _do(name: str, times: int) -> None:
    if name in DONE:
        part = DONE[name]
        for _ in range(times):
            part()
    else:
        awaited = AWAITED[name]
        for _ in range(times):
            await awaited()


if __name__ == "__main__":
    asyncio.run(_do(sys.argv[1], int(sys.argv[2])))
