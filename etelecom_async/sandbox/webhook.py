"""Sends the events of a world's requests to a URL, as Zalo sends its own: unsigned, and again if they are not taken."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from yarl import URL

from ..endpoint import JSON
from ..errors import ConfigError
from .consent_requests import PERMISSION_TIME, Asked, RequestBook, Stage
from .numbers import APP_ID

if TYPE_CHECKING:
    import aiohttp

__all__ = ["RETRIES", "delivering", "to_webhook_url"]

_log = logging.getLogger("etelecom_async")

RETRIES = (30.0, 300.0, 900.0, 1800.0, 3600.0)
"""Seconds before each repetition, as Zalo's documents have them. After the last the subscription is dropped."""

_TICK = 0.02
"""Seconds between two looks for news."""
_PATIENCE = 2.0
"""Seconds that a receiver has for its answer."""
_OK = 200
_ANSWERS = {Stage.ALLOWED: "ALLOW", Stage.DENIED: "DENY", Stage.BLOCKED: "USER_BLOCKED"}


def to_webhook_url(value: object) -> URL:
    """A URL of http or https; any other value is a `ConfigError`."""
    with suppress(ValueError, TypeError):
        url = URL(value) if isinstance(value, str) else value
        if isinstance(url, URL) and url.scheme in ("http", "https") and url.host:
            return url
    raise ConfigError("webhook_url is the URL of your receiver, such as http://127.0.0.1:8000/webhook.")


@asynccontextmanager
async def delivering(book: RequestBook, url: URL, *, retries: Sequence[float]) -> AsyncGenerator[None]:
    """Send what happens to the requests of this book, from now until the block ends."""
    import aiohttp  # noqa: PLC0415 - importing the sandbox must not import aiohttp

    timeout = aiohttp.ClientTimeout(total=_PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as client:
        delivery = _Delivery(client, book, url, retries)
        watching = asyncio.create_task(delivery.watch())
        try:
            yield
        finally:
            await _cancel({watching, *delivery.sending})


class _Delivery:
    def __init__(self, client: aiohttp.ClientSession, book: RequestBook, url: URL, retries: Sequence[float]) -> None:
        self.sending: set[asyncio.Task[None]] = set()
        self._client = client
        self._book = book
        self._url = url
        self._retries = retries
        self._seen = {request.id: len(_events(request, book.now())) for request in book.asked}
        self._is_dropped = False

    async def watch(self) -> None:
        while not self._is_dropped:
            now = self._book.now()
            for request in self._book.asked:
                events = _events(request, now)
                for event in events[self._seen.get(request.id, 0) :]:
                    task = asyncio.create_task(self._send(event))
                    self.sending.add(task)
                    task.add_done_callback(self.sending.discard)
                self._seen[request.id] = len(events)
            await asyncio.sleep(_TICK)

    async def _send(self, event: dict[str, JSON]) -> None:
        body = json.dumps(event).encode()
        for number, pause in enumerate((0.0, *self._retries)):
            await asyncio.sleep(pause)
            if self._is_dropped or await self._is_taken(body, number):
                return
        self._is_dropped = True
        _log.warning(
            "The sandbox's webhook did not take an event in %d attempts, and gets no more.", len(self._retries) + 1
        )

    async def _is_taken(self, body: bytes, number: int) -> bool:
        import aiohttp  # noqa: PLC0415 - importing the sandbox must not import aiohttp

        headers = {"Content-Type": "application/json", **({"num_retry": str(number)} if number else {})}
        try:
            async with self._client.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status == _OK
        except (aiohttp.ClientError, OSError):
            return False


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _events(request: Asked, now: datetime) -> list[dict[str, JSON]]:
    """What has happened to a request so far, in order."""
    stage = request.stage(now)
    if stage in (Stage.ACCEPTED, Stage.FAILED):
        return []
    events = [_sent(request, "SENT", request.due_at)]
    if stage is Stage.EXPIRED:
        events.append(_sent(request, "EXPIRED", request.expires_at))
    if stage in _ANSWERS and request.replied_at is not None:
        until = request.replied_at + PERMISSION_TIME if stage is Stage.ALLOWED else None
        events.append(
            {
                **_common(request, "user_reply_consent", request.replied_at),
                "user_consent": _ANSWERS[stage],
                "confirmed_time": _milliseconds(request.replied_at),
                "expired_time": 0 if until is None else _milliseconds(until),
            }
        )
    return events


def _sent(request: Asked, kind: str, moment: datetime) -> dict[str, JSON]:
    return {
        **_common(request, "oa_send_consent", moment),
        "request_type": kind,
        "create_time": _milliseconds(request.due_at),
        "expired_time": _milliseconds(request.expires_at),
    }


def _common(request: Asked, name: str, moment: datetime) -> dict[str, JSON]:
    # Zalo writes some of its times in quotes.
    return {
        "event_name": name,
        "app_id": APP_ID,
        "oa_id": str(request.oa_id),
        "phone": request.phone,
        "timestamp": str(_milliseconds(moment)),
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
