"""The job in other HTTP clients of Python, each as its documentation would have it done often and fast.

Where `SSL_CERT_FILE` names a certificate authority, they trust that one, as Python's own `ssl` does.
"""

from __future__ import annotations

import io
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import job
from benchmarks.contenders import Check

_SECONDS = 30.0
_FILE = os.environ.get("SSL_CERT_FILE")
_AUTHORITY = Path(_FILE).read_bytes() if _FILE else None


def by_httpx(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """Over HTTP/1.1."""
    return _httpx(origin, concurrency, http2=False)


def by_httpx_http2(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """Over HTTP/2."""
    return _httpx(origin, concurrency, http2=True)


def by_pyreqwest(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """Over HTTP/1.1."""
    return _pyreqwest(origin, concurrency, http2=False)


def by_pyreqwest_http2(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """Over HTTP/2."""
    return _pyreqwest(origin, concurrency, http2=True)


def by_pycurl(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """Over HTTP/1.1."""
    return _pycurl(origin, concurrency, http2=False)


def by_pycurl_http2(origin: str, concurrency: int) -> AbstractAsyncContextManager[Check]:
    """Over HTTP/2."""
    return _pycurl(origin, concurrency, http2=True)


@asynccontextmanager
async def _httpx(origin: str, concurrency: int, *, http2: bool) -> AsyncIterator[Check]:
    """One client, as many connections as requests, prepared headers, bytes in and out."""
    import httpx  # noqa: PLC0415 - only one of these packages is loaded in a process

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(
        headers=job.HEADERS,
        limits=limits,
        timeout=_SECONDS,
        trust_env=False,
        http2=http2,
        verify=ssl.create_default_context(),
    ) as http:
        url = httpx.URL(f"{origin}{job.PATH}")

        async def check(phone: str) -> dict[str, Any]:
            answer = await http.post(url, content=json.dumps(job.payload(phone)).encode())
            return job.read(answer.status_code, answer.content)

        yield check


@asynccontextmanager
async def _pyreqwest(origin: str, concurrency: int, *, http2: bool) -> AsyncIterator[Check]:
    """One client, as many connections as requests, prepared headers, bytes in and out."""
    from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - see above

    builder = (
        ClientBuilder()
        .default_headers(job.HEADERS)
        .max_connections(concurrency)
        .pool_max_idle_per_host(concurrency)
        .timeout(timedelta(seconds=_SECONDS))
        .no_proxy()
    )
    builder = builder.http2(True) if http2 else builder.http1_only()
    if _AUTHORITY:
        builder = builder.add_root_certificate_pem(_AUTHORITY)
    async with builder.build() as http:
        url = f"{origin}{job.PATH}"

        async def check(phone: str) -> dict[str, Any]:
            answer = await http.post(url).body_bytes(json.dumps(job.payload(phone)).encode()).build().send()
            return job.read(answer.status, bytes(await answer.bytes()))

        yield check


@asynccontextmanager
async def _pycurl(origin: str, concurrency: int, *, http2: bool) -> AsyncIterator[Check]:
    """Its own asyncio driver, and a handle for each request in flight, which is used again."""
    import pycurl  # noqa: PLC0415 - see above

    def handle() -> pycurl.Curl:
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, f"{origin}{job.PATH}")
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in job.HEADERS.items()])
        curl.setopt(pycurl.TIMEOUT_MS, round(_SECONDS * 1000))
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS if http2 else pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.PIPEWAIT, http2)
        if _AUTHORITY:
            curl.setopt(pycurl.CAINFO, _FILE)
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
