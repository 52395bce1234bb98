"""`etelecom call`: any method of the API, with JSON in and out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar, cast

import click
from attrs import evolve, frozen

from .. import api
from ..account import Account, Partner
from ..api import catalog, untyped
from ..api.paging import Listing, PageInfo, Paging
from ..codec import decode
from ..endpoint import JSON, Endpoint, Safety, check_name
from ..errors import ConfigError, DecodeError, EtelecomError, Phase, SendFailed
from ..session import Session
from . import call_texts as texts
from .bug_report import without_keys
from .call_answer import Hiding
from .call_fields import items_of
from .call_payload import near, payload_of, read_data
from .command import Command, exits_with
from .exit_codes import ExitCode
from .exits import StoppedByFault, WrongUsage
from .language import texts_of
from .network import Network, network_options
from .render import as_json, write
from .session import open_session
from .spending import confirm, print_rows

__all__ = ["call"]

Result = TypeVar("Result")


class _InDoubt(WrongUsage):
    """Nothing is known of what was sent."""

    exit_code: ClassVar[int] = ExitCode.IN_DOUBT


class _NotDone(WrongUsage):
    """The answer says that it was not done, or says nothing that can be read."""

    exit_code: ClassVar[int] = ExitCode.NOT_CHECKED


@frozen(kw_only=True)
class _Called:
    """What is to be called.

    Attributes:
        name: the wire name.
        endpoint: with its payload.
        model: of the answer, as far as it is known; for what is hidden.
        items: the field of the answer that has the items of its pages, where all are wanted.
        item_model: of an item.
    """

    name: str
    endpoint: Endpoint[object, object]
    payload: object
    model: type[object] | None
    items: str | None
    item_model: type[object] | None

    def page(self, paging: Paging) -> object:
        """The payload for another page."""
        if not isinstance(self.payload, dict):
            return evolve(cast("_HasPaging", self.payload), paging=paging)
        fields = cast("dict[str, JSON]", self.payload)
        given = fields.get("paging")
        asked: dict[str, JSON] = dict(given) if isinstance(given, dict) else {}
        if paging.after:
            asked = {**asked, "after": paging.after}
            asked.pop("before", None)
        return {**fields, "paging": asked}


@frozen
class _HasPaging:
    """A payload of a list."""

    paging: Paging


@frozen
class _Page:
    paging: PageInfo
    items: list[JSON]


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in (*catalog.endpoints(), *catalog.UNTYPED) if name.startswith(incomplete)]


@exits_with(ExitCode.NOT_CHECKED, ExitCode.STOPPED, ExitCode.IN_DOUBT)
@click.command("call", cls=Command, add_help_option=False)
@click.argument("name", metavar="NAME", required=False, shell_complete=_complete)
@click.option(
    "--data", metavar="JSON", help="The fields: JSON as it stands, @FILE, or - for standard input.  [default: {}]"
)
@click.option("--all", "wants_all", is_flag=True, help="Follow all pages, and print one item a line.")
@click.option("--raw", is_flag=True, help="Send the fields as they are, and check neither them nor the answer.")
@click.option("--yes", is_flag=True, help="Do not ask before a call that changes something or costs money.")
@click.option("--show-secrets", is_flag=True, help="Print the keys and passwords of an answer.")
@click.option("--list", "wants_list", is_flag=True, help="List all methods, and exit.")
@click.option("-h", "--help", "wants_help", is_flag=True, help="Show this message or, with NAME, the method's fields.")
@network_options
@click.pass_context
def call(
    context: click.Context,
    name: str | None,
    *,
    data: str | None,
    wants_all: bool,
    raw: bool,
    yes: bool,
    show_secrets: bool,
    wants_list: bool,
    wants_help: bool,
    network: Network,
) -> None:
    """Call any method of the API by its name, such as Zalo/ListOA.

    The fields go in as JSON and are checked before anything is sent; the answer comes out as JSON, as the server wrote
    it. A method that changes something or costs money asks first, unless --yes is given. Keys and passwords in an
    answer are hidden. What an argument holds is seen by others on this machine: give secrets by @FILE or by -.

    \b
    Examples:
        etelecom call --list
        etelecom call Zalo/SendZNS --help
        etelecom call Zalo/ListOA
        etelecom call Zalo/ListMessages --all --data '{"filter": {"status": "N"}}' | jq -r .msg_id
        etelecom call Zalo/SendZNS --data @message.json
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    if wants_list or (wants_help and name is not None):
        _show_help(None if wants_list else name)
    elif wants_help:
        write(context.get_help())
    elif name is None:
        raise WrongUsage(texts.NO_NAME)
    else:
        _run(_called(name, read_data(data), raw=raw, wants_all=wants_all), yes, show_secrets, network)


def _show_help(name: str | None) -> None:
    from .call_help import list_methods, show_method  # noqa: PLC0415 - not needed for a call

    if name is None:
        list_methods()
    elif name in catalog.UNTYPED:
        write(texts.NOT_TYPED.format(method=name, reason=catalog.UNTYPED[name]))
    elif endpoint := api.known(name):
        show_method(name, endpoint)
    else:
        raise _unknown(name)


def _called(name: str, data: Mapping[str, JSON], *, raw: bool, wants_all: bool) -> _Called:
    """What the arguments ask for; raises WrongUsage where they cannot be called."""
    known = api.known(name)
    if known is None and name not in catalog.UNTYPED and not raw:
        raise _unknown(name)
    try:
        endpoint = cast("Endpoint[object, object]", known) if known and not raw else untyped(name)
    except ConfigError as error:
        raise WrongUsage(str(error)) from None
    if known is None and name in catalog.UNTYPED:
        write(texts.NOT_TYPED.format(method=name, reason=catalog.UNTYPED[name]), err=True)
    field = None if known is None else items_of(known)
    if wants_all and field is None:
        raise WrongUsage(texts.NO_PAGES.format(method=name))
    return _Called(
        name=name,
        endpoint=endpoint,
        payload=payload_of(endpoint.payload, data, method=name),
        model=None if known is None else known.result,
        items=field.name if field and wants_all else None,
        item_model=field.model if field else None,
    )


def _unknown(name: str) -> WrongUsage:
    try:
        check_name("NAME", name)
    except ConfigError as error:
        return WrongUsage(str(error))
    found = near(name, (*catalog.endpoints(), *catalog.UNTYPED))
    hint = "" if found is None else texts.PERHAPS.format(near=found)
    return WrongUsage(texts.NO_METHOD.format(name=name, near=hint))


def _run(called: _Called, yes: bool, show_secrets: bool, network: Network) -> None:  # noqa: FBT001 - as they are given
    is_send = called.endpoint.safety is Safety.SEND
    language = texts_of(click.get_current_context())
    session, runtime = open_session(network, called.endpoint, texts=language)
    if is_send:
        confirm(
            texts.ASK.format(method=called.name, price=texts.PRICE[_is_billed(called.name)]),
            yes=yes,
            texts=language,
            no_terminal=texts.NO_TERMINAL.format(method=called.name),
            nothing_done=texts.NOTHING_SENT,
        )
    hiding = Hiding(() if show_secrets else _keys(session.account))

    def shown(value: JSON, model: type[object] | None) -> JSON:
        return value if show_secrets else hiding.shown(value, model)

    try:
        if called.items is not None:
            runtime.run(_print_items(session, called, called.items, shown))
        else:
            answer = shown(runtime.run(_answer(session, called)), called.model)
            indent = 2 if sys.stdout.isatty() else None

            def rows(*, err: bool) -> None:
                write(as_json(answer, indent=indent).encode(), err=err)

            print_rows(rows, is_spent=is_send, texts=language, look=texts.NOT_PRINTED.format(method=called.name))
    except EtelecomError as error:
        raise _ended(error, is_send=is_send) from None
    if hiding.has_hidden:
        write(texts.HIDDEN, err=True)


def _is_billed(name: str) -> bool | None:
    return catalog.facts(name).is_billed if api.known(name) else None


def _keys(account: Account) -> tuple[str, ...]:
    keys = (account.shop_key, account.api_key) if isinstance(account, Partner) else (account.api_key,)
    return tuple(key.reveal() for key in keys if key is not None)


async def _answer(session: Session, called: _Called) -> JSON:
    """The answer's JSON. Ctrl-C in the middle of a SEND raises `_InDoubt`."""
    async with session:
        task = asyncio.create_task(session.call_raw(called.endpoint, called.payload))
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            # What still waits for its turn has sent nothing.
            is_sent = task not in session.waiting_tasks()
            task.cancel()
            await asyncio.wait([task])
            if task.cancelled() and is_sent and called.endpoint.safety is Safety.SEND:
                look = "" if called.endpoint.look is None else f": {called.endpoint.look}"
                raise _InDoubt(texts.INTERRUPTED.format(method=called.name, look=look)) from None
            if task.cancelled():
                raise
        return (await task).response.json()


async def _print_items(
    session: Session, called: _Called, items: str, shown: Callable[[JSON, type[object] | None], JSON]
) -> None:
    """Print the items of all pages as they come, one a line."""

    async def fetch(paging: Paging) -> _Page:
        body = (await session.call_raw(called.endpoint, called.page(paging))).response.json()
        fields = body if isinstance(body, dict) else {}
        found = fields.get(items)
        return _Page(decode(fields.get("paging") or {}, PageInfo), found if isinstance(found, list) else [])

    first = Paging() if isinstance(called.payload, dict) else cast("_HasPaging", called.payload).paging
    async with session:
        async for item in Listing(fetch, items=lambda page: page.items, paging=first, name=called.name):
            write(as_json(shown(item, called.item_model)).encode())


def _ended(error: EtelecomError, *, is_send: bool) -> WrongUsage:
    """The error with the exit code of what it leaves behind; a server may repeat a key in its words."""
    said = without_keys(str(error))
    if isinstance(error, SendFailed):
        return _NotDone(said)
    if is_send and error.phase is Phase.UNKNOWN:
        return _InDoubt(" ".join((f"{said.rstrip('.')}.", *getattr(error, "__notes__", ()))))
    if isinstance(error, DecodeError):
        return _NotDone(texts.UNREADABLE.format(error=f"{said.rstrip('.')}."))
    return StoppedByFault(said) if error.transient else WrongUsage(said)
