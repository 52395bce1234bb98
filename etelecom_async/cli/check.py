"""`etelecom check`: ask about a few phones, or a list of them from a pipe."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext

import click
from attrs import asdict

from ..account import from_env
from ..api.consent import CHECK_CONSENT
from ..errors import ConfigError
from ..session import Session
from .carrier import Carrier, Kind
from .network import Network, network_options
from .options import as_id
from .outcome import Outcome, look
from .render import bar, is_terminal, plain, put, show, table, verdict
from .stop import CANNOT, Stop

__all__ = ["check"]

_ALL_GRANTED = 0
_SOME_NOT = 1
_MANY = 20


@click.command("check", short_help="Ask whether customers have granted calling permission.")
@click.argument("phones", metavar="PHONE...", nargs=-1, required=True)
@click.option(
    "--oa-id",
    callback=as_id,
    envvar="ETELECOM_OA_ID",
    show_envvar=True,
    required=True,
    help="The Zalo Official Account.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, in the order of the phones.")
@network_options
@click.pass_context
def check(context: click.Context, phones: tuple[str, ...], oa_id: int, *, as_json: bool, network: Network) -> None:
    """Ask whether customers have granted calling permission.

    PHONE is a number in any common writing; - reads numbers from standard input, one a line.
    The account is read from the environment: ETELECOM_API_KEY, or what `etelecom --help` says for partners.

    \b
    Examples:
        etelecom check 0987654321 '+84 912 345 678' --oa-id 1000000000000000003
        etelecom check - --json < phones.txt | jq -r 'select(.granted) | .phone_normalized'

    \b
    Exit code:
        0  all have granted it
        1  some have not
        2  something could not be checked
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    session, carries = _prepare(network)
    outcomes = carries.run(_check(session, oa_id, _numbers(phones), as_json=as_json))
    if not as_json:
        _show(outcomes)
    context.exit(_exit_code(outcomes))


def _prepare(network: Network) -> tuple[Session, Carrier]:
    try:
        account = from_env()
        carries = network.carrier(Kind.AIOHTTP, account.base_url)
        session = Session(account, transport=carries.transport)
        # A key that is missing is one sentence here, and not one for every phone.
        session.account.key(CHECK_CONSENT.role)
    except ConfigError as error:
        raise Stop(str(error)) from None
    return session, carries


def _numbers(phones: Iterable[str]) -> list[str]:
    numbers: list[str] = []
    for phone in phones:
        if phone == "-":
            lines = (line.strip().removeprefix("\ufeff") for line in sys.stdin)
            numbers.extend(line for line in lines if line)
        else:
            numbers.append(phone)
    if not numbers:
        raise Stop("There are no phone numbers on standard input.")
    return numbers


async def _check(session: Session, oa_id: int, phones: list[str], *, as_json: bool) -> list[Outcome]:
    """All at once; JSON is printed on the way, in the order of the phones."""
    outcomes: list[Outcome] = []
    async with session, asyncio.TaskGroup() as group:
        with bar(len(phones)) if _wants_bar(len(phones), as_json=as_json) else nullcontext(_nothing) as advance:
            tasks = [group.create_task(_look(session, oa_id, phone, advance)) for phone in phones]
            for task in tasks:
                outcome = await task
                outcomes.append(outcome)
                if as_json:
                    put(json.dumps(asdict(outcome)))
    return outcomes


async def _look(session: Session, oa_id: int, phone: str, advance: Callable[[], None]) -> Outcome:
    outcome = await look(session, oa_id=oa_id, phone=phone)
    advance()
    return outcome


def _nothing() -> None:
    pass


def _wants_bar(total: int, *, as_json: bool) -> bool:
    # Lines of JSON on the same terminal are progress enough, and would tear the bar.
    return total > _MANY and is_terminal() and not (as_json and sys.stdout.isatty())


def _show(outcomes: Iterable[Outcome]) -> None:
    grid = table("Phone", "Normalized", "Granted", "State", "Expires", "Message")
    for outcome in outcomes:
        grid.add_row(
            plain(outcome.phone),
            plain(outcome.phone_normalized),
            verdict(outcome),
            plain(outcome.state),
            plain(outcome.expired_time),
            plain(outcome.failure or outcome.message),
        )
    show(grid)


def _exit_code(outcomes: Iterable[Outcome]) -> int:
    verdicts = {outcome.granted for outcome in outcomes}
    if None in verdicts:
        return CANNOT
    return _SOME_NOT if False in verdicts else _ALL_GRANTED
