"""The job in aiohttp and with this SDK. Each contender opens what it needs once, and gives the function that checks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, TypeAlias

import aiohttp
from yarl import URL

from benchmarks.lib import job
from benchmarks.lib.null import NullTransport
from etelecom_async import Session, Shop, Throttle
from etelecom_async.transport import Transport

Check: TypeAlias = Callable[[str], Awaitable[Any]]
"""From a phone to what came of it."""
Client: TypeAlias = Callable[[str, int], AbstractAsyncContextManager[Check]]
"""Takes the server's origin and how many requests may be in flight."""


@asynccontextmanager
async def plain(origin: str, concurrency: int) -> AsyncIterator[Check]:
    """Aiohttp as most people write it: one session, a semaphore, gather over everything."""
    slots = asyncio.Semaphore(concurrency)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as http:

        async def check(phone: str) -> dict[str, Any]:
            async with (
                slots,
                http.post(
                    f"{origin}{job.PATH}",
                    json={"oa_id": str(job.OA_ID), "phone": phone},
                    headers={"Authorization": f"Bearer {job.API_KEY}", "Accept": "application/json"},
                ) as answer,
            ):
                answer.raise_for_status()
                consent = await answer.json()
            consent["expired_time"] = datetime.fromisoformat(consent["expired_time"])
            return consent

        yield check


@asynccontextmanager
async def tuned(origin: str, concurrency: int) -> AsyncIterator[Check]:
    """Aiohttp with what can be prepared prepared: URL, headers, one total timeout, bytes in and out, workers."""
    url = URL(f"{origin}{job.PATH}")
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=concurrency),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=job.HEADERS,
        timeout=aiohttp.ClientTimeout(total=30),
    ) as http:

        async def check(phone: str) -> dict[str, Any]:
            async with http.post(url, data=json.dumps(job.payload(phone)).encode()) as answer:
                body = await answer.read()
            return job.read(answer.status, body)

        yield check


@asynccontextmanager
async def session_per_call(origin: str, concurrency: int) -> AsyncIterator[Check]:
    """The plain code with its session made inside of the function that calls."""
    slots = asyncio.Semaphore(concurrency)

    async def check(phone: str) -> dict[str, Any]:
        async with (
            slots,
            aiohttp.ClientSession() as http,
            http.post(
                f"{origin}{job.PATH}",
                json={"oa_id": str(job.OA_ID), "phone": phone},
                headers={"Authorization": f"Bearer {job.API_KEY}", "Accept": "application/json"},
            ) as answer,
        ):
            answer.raise_for_status()
            consent = await answer.json()
        consent["expired_time"] = datetime.fromisoformat(consent["expired_time"])
        return consent

    yield check


def sdk(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """The SDK; under gather its throttle is the semaphore."""
    return _over(None, origin, concurrency)


def sdk_fast(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """The SDK over its fast transport."""
    from etelecom_async.transport.fast import HttptoolsTransport  # noqa: PLC0415 - an extra

    return _over(HttptoolsTransport(), origin, concurrency)


def sdk_above_transport(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """The SDK over a transport that does nothing: what its own layers cost."""
    return _over(NullTransport(), origin, concurrency)


@asynccontextmanager
async def _over(transport: Transport | None, origin: str, concurrency: int) -> AsyncIterator[Check]:
    """The SDK over a transport; None is its default."""
    async with Session(
        Shop(job.API_KEY, base_url=f"{origin}{job.BASE_PATH}"),
        transport=transport,
        throttle=Throttle(concurrency=concurrency),
    ) as session:
        zalo = session.zalo
        yield lambda phone: zalo.check_consent(oa_id=job.OA_ID, phone=phone)
