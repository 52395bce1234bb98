"""Sends the changes that account webhooks are registered for, as an older snapshot of the server's sender does it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from yarl import URL

from ..transport.no_proxy import is_loopback
from .account_webhooks import AccountWebhook, Failure, WebhookBook

if TYPE_CHECKING:
    import aiohttp

__all__ = ["COLLECTING", "RETRIES", "delivering_changes"]

_log = logging.getLogger("etelecom_async")

COLLECTING = 5.0
"""Seconds for which changes are collected before they are sent."""
RETRIES = (30.0, *(60.0 * minutes for minutes in (1, 2, 4, 8, 15, 30, 60, 120, 240, 480, 720, 960, 1440)))
"""Seconds before each repetition. After the last the webhook gets nothing any more."""

_TICK = 0.05
"""Seconds between two looks for changes."""
_PATIENCE = 10.0
"""Seconds that a receiver has for its answer; nothing is known of the server's."""
_OK = 200
_TAKEN = (b"ok", b"ok\n")
_READ = 4096
"""Bytes of an answer that are looked at."""


@asynccontextmanager
async def delivering_changes(book: WebhookBook, *, collecting: float, retries: Sequence[float]) -> AsyncGenerator[None]:
    """Send what waits for the webhooks of this book, from now until the block ends. It goes to this machine alone."""
    import aiohttp  # noqa: PLC0415 - importing the sandbox must not import aiohttp

    timeout = aiohttp.ClientTimeout(total=_PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as client:
        sender = _Sender(client, book, collecting, retries)
        watching = asyncio.create_task(sender.watch())
        try:
            yield
        finally:
            tasks = {watching, *sender.sending.values()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Sender:
    """One task for each webhook that has something to be sent."""

    def __init__(
        self, client: aiohttp.ClientSession, book: WebhookBook, collecting: float, retries: Sequence[float]
    ) -> None:
        self.sending: dict[int, asyncio.Task[None]] = {}
        self._client = client
        self._book = book
        self._collecting = collecting
        self._retries = retries
        self._elsewhere: set[int] = set()

    async def watch(self) -> None:
        while True:
            for webhook in self._book.waiting():
                if webhook.id not in self.sending and self._is_here(webhook):
                    self.sending[webhook.id] = asyncio.create_task(self._send(webhook))
            await asyncio.sleep(_TICK)

    def _is_here(self, webhook: AccountWebhook) -> bool:
        if is_loopback(URL(webhook.url).host or ""):
            return True
        if webhook.id not in self._elsewhere:
            self._elsewhere.add(webhook.id)
            _log.warning("The sandbox sends nothing to webhook %d: its URL is not on this machine.", webhook.id)
        return False

    async def _send(self, webhook: AccountWebhook) -> None:
        await asyncio.sleep(self._collecting)
        for number, pause in enumerate((0.0, *self._retries)):
            await asyncio.sleep(pause)
            if not self._book.is_registered(webhook) or await self._is_taken(webhook, number):
                break
        else:
            _log.warning(
                "Webhook %d of the sandbox did not take changes in %d attempts, and gets no more.",
                webhook.id,
                len(self._retries) + 1,
            )
        del self.sending[webhook.id]

    async def _is_taken(self, webhook: AccountWebhook, number: int) -> bool:
        import aiohttp  # noqa: PLC0415 - importing the sandbox must not import aiohttp

        now = self._book.now()
        # As a file: aiohttp warns of more than a mebibyte of bare bytes.
        body = io.BytesIO(json.dumps(self._book.delivery(webhook), ensure_ascii=False).encode())
        status, answer = 0, b""
        try:
            headers = {"Content-Type": "application/json"}
            async with self._client.post(webhook.url, data=body, headers=headers, allow_redirects=False) as response:
                status, answer = response.status, await response.content.read(_READ)
            error = "the answer is not 200 with the body ok"
        except (aiohttp.ClientError, OSError) as caught:
            error = type(caught).__name__
        if status == _OK and answer in _TAKEN:
            self._book.taken(webhook, now)
            return True
        failure = Failure(error=error, status=status, body=answer.decode(errors="replace"), retried=number, sent_at=now)
        self._book.not_taken(webhook, failure, is_last=number == len(self._retries))
        return False
