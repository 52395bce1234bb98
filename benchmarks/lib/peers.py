"""The job in other HTTP clients of Python, each as its documentation would have it done often and fast."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from benchmarks.lib import job
from benchmarks.lib.contenders import Check

_SECONDS = 30.0


@asynccontextmanager
async def by_httpx(origin: str, concurrency: int) -> AsyncIterator[Check]:
    """One client, as many connections as requests, prepared headers, bytes in and out."""
    import httpx  # noqa: PLC0415 - only one of these packages is loaded in a process

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(
        headers=job.HEADERS, limits=limits, timeout=_SECONDS, trust_env=False, verify=ssl.create_default_context()
    ) as http:
        url = httpx.URL(f"{origin}{job.PATH}")

        async def check(phone: str) -> dict[str, Any]:
            answer = await http.post(url, content=json.dumps(job.payload(phone)).encode())
            return job.read(answer.status_code, answer.content)

        yield check


@asynccontextmanager
async def by_pyreqwest(origin: str, concurrency: int) -> AsyncIterator[Check]:
    """One client, as many connections as requests, prepared headers, bytes in and out."""
    from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - see above

    builder = (
        ClientBuilder()
        .default_headers(job.HEADERS)
        .max_connections(concurrency)
        .pool_max_idle_per_host(concurrency)
        .timeout(timedelta(seconds=_SECONDS))
        .no_proxy()
        .http1_only()
    )
    async with builder.build() as http:
        url = f"{origin}{job.PATH}"

        async def check(phone: str) -> dict[str, Any]:
            answer = await http.post(url).body_bytes(json.dumps(job.payload(phone)).encode()).build().send()
            return job.read(answer.status, bytes(await answer.bytes()))

        yield check


@asynccontextmanager
async def by_pycurl(origin: str, concurrency: int) -> AsyncIterator[Check]:
    """Its own asyncio driver, and a handle for each request in flight, which is used again."""
    import pycurl  # noqa: PLC0415 - see above

    def handle() -> pycurl.Curl:
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, f"{origin}{job.PATH}")
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in job.HEADERS.items()])
        curl.setopt(pycurl.TIMEOUT_MS, round(_SECONDS * 1000))
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        return curl

    idle = [handle() for _ in range(concurrency)]
    async with pycurl.AsyncCurlMulti() as multi:
        multi.setopt(pycurl.M_MAXCONNECTS, 2 * concurrency)
        multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, concurrency)

        async def check(phone: str) -> dict[str, Any]:
            curl, body = idle.pop(), io.BytesIO()
            curl.setopt(pycurl.POSTFIELDS, json.dumps(job.payload(phone)))
            curl.setopt(pycurl.WRITEDATA, body)
            await multi.perform(curl)
            consent = job.read(curl.getinfo(pycurl.RESPONSE_CODE), body.getvalue())
            idle.append(curl)
            return consent

        yield check
    for curl in idle:
        curl.close()
