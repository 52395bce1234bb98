"""`etelecom sandbox`: an eTelecom on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from .._times import offset
from ..api.consent import Consent
from ..errors import ConfigError
from ..messages.translation import Translator
from ..sandbox import SANDBOX_OA, Limit, Refusal, Served, TokenBucket, World, serve
from ..transport.connecting import system_message
from .command import Command
from .customers import read_customers
from .exits import WrongUsage
from .language import texts_of
from .options import FilePath, Number, Whole, as_host, as_id, as_number
from .render import local, plain, show, table, write

__all__ = ["sandbox"]

_SHOWN = 30
"""Customers that are listed at the start: more than there are made-up ones."""


@click.command("sandbox", cls=Command)
@click.option("--port", type=Whole(0, 65535), default=8084, show_default=True, help="0 takes any free one.")
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
    type=FilePath(),
    metavar="FILE",
    help="The customers: a table of phones, optionally with state or error, expired_time and message.",
)
@click.option(
    "--latency",
    type=Number(min=0),
    callback=as_number,
    default=0.0,
    metavar="SECONDS",
    help="Answer this late.",
)
@click.option(
    "--limit",
    type=Number(min=0, min_open=True),
    callback=as_number,
    metavar="RATE",
    help="Refuse what comes faster: requests per second.",
)
@click.option(
    "--burst",
    type=Number(min=1),
    callback=as_number,
    metavar="REQUESTS",
    help="Accept this many at once before the limit applies.  [default: a tenth of RATE, at least 1]",
)
@click.option(
    "--refusal",
    type=click.Choice([refusal.value for refusal in Refusal]),
    help="How to refuse, as listed above.  [default: 403]",
)
@click.option(
    "--webhook",
    metavar="URL",
    help="Send Zalo's events of requests for permission there, again and again until they are taken.",
)
@click.pass_context
def sandbox(
    context: click.Context,
    *,
    port: int,
    host: str,
    oa_id: int,
    customers: Path | None,
    latency: float,
    limit: float | None,
    burst: float | None,
    refusal: str | None,
    webhook: str | None,
) -> None:
    """Serve an eTelecom on this machine, until Ctrl-C.

    It answers every method that this SDK has types for, errors included. A request for permission waits until you
    answer it for the customer; the sandbox prints how.

    The customers are made up, one for each answer, or they come from a file: any table that `etelecom bulk` reads, or
    its output. The columns `state` (granted, refused, ...) or `error` (the code), `expired_time` and `message` make up
    the answer for a phone. A phone without them has granted permission; a phone that is not in the file was never
    asked. The sandbox prints what to paste to call it. Its keys are public and work nowhere else.

    With --limit it has a hidden rate limit, as the real server does: a token bucket of BURST requests that fills at
    RATE. How the real server refuses is not published, so try your program against each form:

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
    texts = texts_of(context)
    if limit is None and (burst is not None or refusal is not None):
        raise WrongUsage(texts.gettext("--burst and --refusal say how --limit is kept: give --limit too."))
    try:
        world = World(
            customers=None if customers is None else read_customers(customers),
            oa_id=oa_id,
            limit=None if limit is None else _bucket(limit, burst, refusal),
        )
    except ConfigError as error:
        raise WrongUsage(str(error)) from None
    try:
        # Ctrl-C is the normal end.
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(world, port, host, latency, webhook, texts=texts))
    except ConfigError as error:
        raise WrongUsage(f"--webhook: {error}") from None
    except OSError as error:
        sentence = texts.gettext("Cannot listen on {host} port {port}: {reason}. Choose others with --host and --port.")
        raise WrongUsage(sentence.format(host=host, port=port, reason=system_message(error))) from None


def _bucket(rate: float, burst: float | None, refusal: str | None) -> Limit:
    form = Refusal.EXHAUSTED if refusal is None else Refusal(refusal)
    if burst is None:
        return TokenBucket(rate=rate, refusal=form)
    return TokenBucket(rate=rate, burst=burst, refusal=form)


async def _serve(world: World, port: int, host: str, latency: float, webhook: str | None, *, texts: Translator) -> None:
    async with serve(world, host=host, port=port, latency=latency, webhook_url=webhook) as served:
        stopped = asyncio.Event()
        # As Ctrl-C, for process managers and containers; Windows has no such signal.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        _introduce(world, served, texts)
        await stopped.wait()


def _introduce(world: World, served: Served, texts: Translator) -> None:
    _ = texts.gettext
    write(_("Sandbox for shops:    {url}").format(url=served.base_url))
    write(_("Sandbox for partners: {url}").format(url=served.partner_base_url))
    write(f"api_key:  {world.api_key.reveal()}")
    write(f"shop_key: {world.shop_key.reveal()}")
    write(f"oa_id:    {world.oa_id}")
    write(f"{_('For a partner itself:')} {world.partner_key.reveal()}")
    write(f"\n{_('For this SDK and its command line:')}\n")
    write("  export ETELECOM_ACCOUNT=shop")
    write(f"  export ETELECOM_API_KEY='{world.api_key.reveal()}'")
    write(f"  export ETELECOM_BASE_URL='{served.base_url}'")
    write(f"  export ETELECOM_OA_ID={world.oa_id}")
    write(f"\n{_('For anything else:')}\n")
    write(_curl(world, served))
    write(f"\n{_('Customers it knows (any other number was never asked):')}\n")
    _show_customers(world, texts)
    write(f"\n{_('To answer a request for permission, with allow, deny or block:')}\n")
    write(_curl_reply(served))
    write(f"\n{_('To have a call of an extension with a customer end now:')}\n")
    write(f"""  curl '{served.call_url}' --data '{{ "phone": "0987654321", "extension_number": "101" }}'""")
    write(f"\n{_('Ctrl-C ends it.')}")


def _curl(world: World, served: Served) -> str:
    phone = next(iter(world.customers), "84987654321")
    return (
        f"  curl --location '{served.base_url}.Zalo/CheckConsent' \\\n"
        "    --header 'Content-Type: application/json' \\\n"
        "    --header 'Accept: application/json' \\\n"
        f"    --header 'Authorization: Bearer {world.api_key.reveal()}' \\\n"
        f"""    --data '{{ "oa_id": "{world.oa_id}", "phone": "{phone}" }}'"""
    )


def _curl_reply(served: Served) -> str:
    return f"""  curl '{served.reply_url}' --data '{{ "phone": "0987654321", "reply": "allow" }}'"""


def _show_customers(world: World, texts: Translator) -> None:
    _ = texts.gettext
    now = datetime.now(UTC).astimezone()
    expires_at = _("Expires ({offset})").format(offset=offset(now))
    grid = table(_("Phone"), _("Code"), _("State"), expires_at, _("Message"))
    for customer in islice(world.customers.values(), _SHOWN):
        state = Consent(error=customer.error, expired_time=customer.expires).state
        expires = local(customer.expires, zone=now.tzinfo)
        grid.add_row(plain(customer.phone), str(customer.error), _(state.value), expires, plain(customer.message))
    show(grid)
    if len(world.customers) > _SHOWN:
        write(_("... and {count} more.").format(count=texts.number(len(world.customers) - _SHOWN)))
