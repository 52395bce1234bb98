"""A `World` on a socket, for clients that speak HTTP: curl, other languages, this SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from ipaddress import ip_address
from typing import TYPE_CHECKING

from attrs import frozen
from yarl import URL

from .. import _checks
from .._file import MAX_SIZE
from .._loop import running_loop
from ..endpoint import Encoding
from .account_delivery import COLLECTING, delivering_changes
from .account_delivery import RETRIES as CHANGE_RETRIES
from .webhook import RETRIES, delivering, to_webhook_url
from .world import CALL_PATH, CONFIRM_PATH, REPLY_PATH, SandboxRequest, World

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Served", "serve"]

_MAX_BODY = 2**20
_MAX_FORM = MAX_SIZE + _MAX_BODY
_GRACE = 1.0


@frozen(kw_only=True)
class Served:
    """The address and the TCP port of a sandbox."""

    host: str
    port: int

    @property
    def base_url(self) -> str:
        """For shops: `http://<host>:<port>/v1/shop`."""
        return self._url("/v1/shop")

    @property
    def partner_base_url(self) -> str:
        """For partners: `http://<host>:<port>/v1/partner`."""
        return self._url("/v1/partner")

    @property
    def call_url(self) -> str:
        """Takes `{"phone": ...}` and the other arguments of `World.call` with a POST, and does what that does."""
        return self._url(CALL_PATH)

    @property
    def confirm_url(self) -> str:
        """Takes `{"token": ...}` with a POST, and does what `World.confirm_shop` does."""
        return self._url(CONFIRM_PATH)

    @property
    def reply_url(self) -> str:
        """Takes `{"phone": ..., "reply": "allow" | "deny" | "block"}` with a POST, and does what `World.reply` does."""
        return self._url(REPLY_PATH)

    def _url(self, path: str) -> str:
        return str(URL.build(scheme="http", host=self.host, port=self.port, path=path))


def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    latency: float = 0.0,
    webhook_url: str | URL | None = None,
    webhook_retries: Sequence[float] = RETRIES,
    change_delay: float = COLLECTING,
    change_retries: Sequence[float] = CHANGE_RETRIES,
) -> AbstractAsyncContextManager[Served]:
    """Serve a world over plain HTTP until the block ends. A body over 1 MiB, and one with a file
    over 11 MiB, is answered with 413.

    At the end it stops listening and gives requests under way one second to finish.

    Args:
        world: answers the requests.
        host: the address or name to listen on.
        port: the TCP port; 0 takes any free one.
        latency: seconds that every answer takes.
        webhook_url: where Zalo's events of requests for permission are sent, `oa_send_consent` and
            `user_reply_consent`, unsigned; None sends none. What is not answered with 200 within 2 seconds comes again,
            with the header `num_retry`.
        webhook_retries: seconds before each repetition; Zalo's are 30 s, 5, 15, 30 min and 1 h. After the last one no
            event is sent any more.
        change_delay: seconds for which the changes of an account are collected for a webhook of
            `Webhook/CreateWebhook`. Those go to this machine alone: to other hosts nothing is sent.
        change_retries: seconds before each repetition of what was not answered with 200 and `ok`. After the last one
            the webhook's state is `stop`.

    Raises:
        ConfigError: an argument of a wrong type, or webhook_url is no URL of http or https.
        OSError: it cannot listen there, for example because the port is taken.
    """
    _checks.instance("world", world, World, "a World: write World()")
    _checks.line("host", host, wanted="an address or a host name, such as 127.0.0.1")
    _checks.whole("port", port, least=0, most=65535)
    _checks.number("latency", latency, least=0, unit="a number of seconds")
    url = None if webhook_url is None else to_webhook_url(webhook_url)
    _check_pauses("webhook_retries", webhook_retries)
    _checks.number("change_delay", change_delay, least=0, unit="a number of seconds")
    _check_pauses("change_retries", change_retries)
    events = nullcontext() if url is None else delivering(world.requests, url, retries=webhook_retries)
    changes = delivering_changes(world.webhooks, collecting=change_delay, retries=change_retries)
    return _serving(world, host, port, latency, events, changes)


def _check_pauses(name: str, pauses: Sequence[float]) -> None:
    _checks.instance(name, pauses, (tuple, list), "a list of numbers of seconds")
    for pause in pauses:
        _checks.number(f"Each of {name}", pause, least=0, unit="a number of seconds")


@asynccontextmanager
async def _serving(
    world: World, host: str, port: int, latency: float, *deliveries: AbstractAsyncContextManager[None]
) -> AsyncGenerator[Served]:
    running_loop()
    from aiohttp import web  # noqa: PLC0415 - importing the sandbox must not import aiohttp

    runner = web.AppRunner(_app(world, latency), access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        # A name may have many addresses, each with another free port: this is the first.
        address = runner.addresses[0]
        async with AsyncExitStack() as stack:
            for delivery in deliveries:
                await stack.enter_async_context(delivery)
            yield Served(host=_reachable(address[0]), port=address[1])
    finally:
        await runner.cleanup()


def _app(world: World, latency: float) -> web.Application:
    from aiohttp import web  # noqa: PLC0415 - importing the sandbox must not import aiohttp

    async def answer(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.content_type == Encoding.MULTIPART.value:
            request = request.clone(client_max_size=_MAX_FORM)
        body = await request.read()
        response = world.handle(SandboxRequest(method=request.method, path=request.path, headers=headers, body=body))
        await asyncio.sleep(latency)
        return web.Response(status=response.status, headers=response.headers, body=response.body)

    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_route("*", "/{path:.*}", answer)
    return app


def _reachable(host: str) -> str:
    """The loopback address for `0.0.0.0` and `::`: not every system can connect to those."""
    address = ip_address(host)
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004 - IPv4
