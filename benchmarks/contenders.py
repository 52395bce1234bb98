"""The ways to do the job. Each opens what it needs once, and yields a function from phones to results."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, TypeAlias

import aiohttp
from yarl import URL

from benchmarks import job
from benchmarks.null import NullTransport
from etelecom_async import Session, Shop, Throttle

Run: TypeAlias = Callable[[list[str]], Awaitable[list[Any]]]
Contender: TypeAlias = Callable[[str, int], AbstractAsyncContextManager[Run]]
"""Takes the server's origin and how many requests may be in flight."""


@asynccontextmanager
async def plain(origin: str, concurrency: int) -> AsyncIterator[Run]:
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

        async def run(phones: list[str]) -> list[Any]:
            return await asyncio.gather(*(check(phone) for phone in phones))

        yield run


@asynccontextmanager
async def tuned(origin: str, concurrency: int) -> AsyncIterator[Run]:
    """Aiohttp with what can be prepared prepared: URL, headers, one total timeout, bytes in and out, workers."""
    url = URL(f"{origin}{job.PATH}")
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=concurrency),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "Authorization": job.AUTHORIZATION,
            "Content-Type": "application/json",
            "Accept": "application/json",
        },
        timeout=aiohttp.ClientTimeout(total=30),
    ) as http:

        async def check(phone: str) -> dict[str, Any]:
            async with http.post(url, data=json.dumps(job.payload(phone)).encode()) as answer:
                body = await answer.read()
            if answer.status != 200:
                raise aiohttp.ClientError(answer.status)
            consent = json.loads(body)
            consent["expired_time"] = datetime.fromisoformat(consent["expired_time"])
            return consent

        yield lambda phones: _by_workers(check, phones, concurrency)


@asynccontextmanager
async def session_per_call(origin: str, concurrency: int) -> AsyncIterator[Run]:
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

    async def run(phones: list[str]) -> list[Any]:
        return await asyncio.gather(*(check(phone) for phone in phones))

    yield run


@asynccontextmanager
async def sdk(origin: str, concurrency: int) -> AsyncIterator[Run]:
    """The SDK, gather over everything: its throttle is the semaphore."""
    async with _session(origin, concurrency) as session:

        async def run(phones: list[str]) -> list[Any]:
            return await asyncio.gather(*(session.zalo.check_consent(oa_id=job.OA_ID, phone=phone) for phone in phones))

        yield run


@asynccontextmanager
async def sdk_workers(origin: str, concurrency: int) -> AsyncIterator[Run]:
    """The SDK, driven by as many workers as the tuned code has."""
    async with _session(origin, concurrency) as session:
        zalo = session.zalo
        yield lambda phones: _by_workers(
            lambda phone: zalo.check_consent(oa_id=job.OA_ID, phone=phone), phones, concurrency
        )


@asynccontextmanager
async def sdk_above_transport(origin: str, concurrency: int) -> AsyncIterator[Run]:
    """The SDK over a transport that does nothing, one call after the other: what its own layers cost."""
    session = Session(
        Shop(job.API_KEY, base_url=f"{origin}{job.BASE_PATH}"),
        transport=NullTransport(),
        throttle=Throttle(concurrency=concurrency),
    )
    async with session:

        async def run(phones: list[str]) -> list[Any]:
            return [await session.zalo.check_consent(oa_id=job.OA_ID, phone=phone) for phone in phones]

        yield run


def _session(origin: str, concurrency: int) -> Session:
    return Session(
        Shop(job.API_KEY, base_url=f"{origin}{job.BASE_PATH}"),
        throttle=Throttle(concurrency=concurrency),
    )


async def _by_workers(check: Callable[[str], Awaitable[Any]], phones: list[str], workers: int) -> list[Any]:
    todo = iter(phones)
    results: list[Any] = []

    async def work() -> None:
        for phone in todo:
            results.append(await check(phone))  # noqa: PERF401 - the workers share the list

    await asyncio.gather(*(work() for _ in range(workers)))
    return results


CONTENDERS: dict[str, Contender] = {
    "plain": plain,
    "plain-again": plain,
    "tuned": tuned,
    "sdk": sdk,
    "sdk-workers": sdk_workers,
    "session-per-call": session_per_call,
    "sdk-null": sdk_above_transport,
}
