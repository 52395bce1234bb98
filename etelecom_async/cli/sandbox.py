"""`etelecom sandbox`: an eTelecom on this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from itertools import islice
from pathlib import Path

import click

from ..api.consent import Consent
from ..errors import ConfigError
from ..sandbox import SANDBOX_OA, Limit, Refusal, Served, TokenBucket, World, serve
from .command import Command
from .customers import read_customers
from .options import as_host, as_id, as_number
from .outcome import local, local_zone, offset
from .render import plain, put, show, table
from .stop import Stop

__all__ = ["sandbox"]

_SHOWN = 30
"""Customers that are listed at the start; there are fewer made-up ones."""


@click.command("sandbox", cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), default=8084, show_default=True, help="0 takes any free one.")
@click.option(
    "--host", callback=as_host, default="127.0.0.1", show_default=True, help="The address or name to listen on."
)
@click.option(
    "--oa-id",
    callback=as_id,
    default=str(SANDBOX_OA),
    show_default=True,
    help="The Official Account that exists there.",
)
@click.option(
    "--customers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The customers: a table of phones, optionally with state or error, expired_time and message.",
)
@click.option(
    "--latency",
    type=click.FloatRange(min=0),
    callback=as_number,
    default=0.0,
    metavar="SECONDS",
    help="Answer this late.",
)
@click.option(
    "--limit",
    type=click.FloatRange(min=0, min_open=True),
    callback=as_number,
    metavar="RATE",
    help="Refuse what comes faster: requests per second.",
)
@click.option(
    "--burst",
    type=click.FloatRange(min=1),
    callback=as_number,
    metavar="REQUESTS",
    help="Accept this many at once before the limit applies.  [default: a tenth of RATE, at least 1]",
)
@click.option(
    "--refusal",
    type=click.Choice([refusal.value for refusal in Refusal]),
    help="How to refuse, as listed above.  [default: 403]",
)
def sandbox(
    *,
    port: int,
    host: str,
    oa_id: int,
    customers: Path | None,
    latency: float,
    limit: float | None,
    burst: float | None,
    refusal: str | None,
) -> None:
    """Serve an eTelecom of your own, until Ctrl-C.

    It answers Zalo/CheckConsent as documented, errors included, for made-up customers with every answer there is, or
    for those of a file: any table that `etelecom bulk` reads. A column `state` (granted, refused, ...) or `error` (the
    code) says what is answered about a phone, `expired_time` until when and `message` in which words. A phone without
    them has granted permission; a phone that is not in the file was never asked. The output of `etelecom bulk` will do.
    The sandbox prints what to paste to call it. Its keys are public: they open nothing else.

    With --limit it has a rate limit that, like the real server's, no answer states: a token bucket of BURST requests
    that fills at RATE. How the real one refuses is not published, so try your program against each form:

    \b
        403        code resource_exhausted, the API's documented form
        429        nothing more is said
        429-after  Retry-After in seconds
        429-date   Retry-After as a date
        429-page   a proxy's HTML page
        503        code unavailable
        consent-5  a 200 whose answer has error 5, "try later"

    \b
    Examples:
        etelecom sandbox --port 8084 --latency 0.2
        etelecom sandbox --customers customers.csv --oa-id 1000000000000000003
        etelecom sandbox --limit 20 --refusal 429-after
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    if limit is None and (burst is not None or refusal is not None):
        raise Stop("--burst and --refusal say how --limit is kept: give --limit too.")
    try:
        world = World(
            customers=None if customers is None else read_customers(customers),
            oa_id=oa_id,
            limit=None if limit is None else _bucket(limit, burst, refusal),
        )
    except ConfigError as error:
        raise Stop(str(error)) from None
    try:
        # Ctrl-C is its normal end.
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(world, port, host, latency))
    except OSError as error:
        where = f"Cannot listen on {host} port {port}: {_reason(error)}."
        raise Stop(f"{where} Choose others with --host and --port.") from None


def _bucket(rate: float, burst: float | None, refusal: str | None) -> Limit:
    form = Refusal.EXHAUSTED if refusal is None else Refusal(refusal)
    if burst is None:
        return TokenBucket(rate=rate, refusal=form)
    return TokenBucket(rate=rate, burst=burst, refusal=form)


async def _serve(world: World, port: int, host: str, latency: float) -> None:
    async with serve(world, host=host, port=port, latency=latency) as served:
        stopped = asyncio.Event()
        # As Ctrl-C, for process managers and containers; Windows has no such signal.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        _introduce(world, served)
        await stopped.wait()


def _introduce(world: World, served: Served) -> None:
    put(f"Sandbox for shops:    {served.base_url}")
    put(f"Sandbox for partners: {served.partner_base_url}")
    put(f"api_key:  {world.api_key.reveal()}")
    put(f"shop_key: {world.shop_key.reveal()}")
    put(f"oa_id:    {world.oa_id}")
    put("\nFor this SDK and its command line:\n")
    put("  export ETELECOM_ACCOUNT=shop")
    put(f"  export ETELECOM_API_KEY='{world.api_key.reveal()}'")
    put(f"  export ETELECOM_BASE_URL='{served.base_url}'")
    put(f"  export ETELECOM_OA_ID={world.oa_id}")
    put("\nFor anything else:\n")
    put(_curl(world, served))
    put("\nCustomers it knows (any other number was never asked):\n")
    _show_customers(world)
    put("Ctrl-C ends it.")


def _curl(world: World, served: Served) -> str:
    phone = next(iter(world.customers), "84987654321")
    return (
        f"  curl --location '{served.base_url}.Zalo/CheckConsent' \\\n"
        "    --header 'Content-Type: application/json' \\\n"
        "    --header 'Accept: application/json' \\\n"
        f"    --header 'Authorization: Bearer {world.api_key.reveal()}' \\\n"
        f"""    --data '{{ "oa_id": "{world.oa_id}", "phone": "{phone}" }}'"""
    )


def _show_customers(world: World) -> None:
    zone = local_zone()
    grid = table("Phone", "Code", "State", f"Expires ({offset(zone)})", "Message")
    for customer in islice(world.customers.values(), _SHOWN):
        state = Consent(error=customer.error, expired_time=customer.expires).state
        expires = local(customer.expires, zone=zone)
        grid.add_row(plain(customer.phone), str(customer.error), state.value, expires, plain(customer.message))
    show(grid)
    if len(world.customers) > _SHOWN:
        put(f"... and {len(world.customers) - _SHOWN:,} more.")


def _reason(error: OSError) -> str:
    """The system's message: asyncio's repeats the address. Errors of name resolution have other numbers."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror or error)
