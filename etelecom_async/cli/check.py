"""`etelecom check`: check a few phones, or a list of phones from a pipe."""

from __future__ import annotations

import asyncio
import codecs
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from attrs import frozen
from rich.text import Text

from .._times import offset, utc_text
from ..api.consent import CHECK_CONSENT, Consent, ConsentState
from ..bulk.common_fault import COMMON_FAULTS
from ..errors import EtelecomError
from ..messages import failure_name, hint
from ..phone import normalize
from ..session import Session
from .command import Command, exits_with
from .exit_codes import ExitCode, most_serious
from .exits import WrongUsage, os_message
from .network import Network, network_options
from .options import oa_id_option
from .render import as_json, bar, counted, is_terminal, local, plain, show, table, write
from .session import open_session

__all__ = ["check"]

_MANY = 20


@frozen(kw_only=True)
class _CheckedPhone:
    """One phone with its answer, or with the error that left it without one."""

    phone: str
    phone_normalized: str | None = None
    granted: bool | None = None
    state: str | None = None
    answer: Consent | None = None
    failure: EtelecomError | None = None

    def to_dict(self) -> dict[str, object]:
        """For JSON: times in RFC 3339 and UTC, the failure with the name of its class."""
        answer, failure = self.answer, self.failure
        expires = None if answer is None else answer.expired_time
        return {
            "phone": self.phone,
            "phone_normalized": self.phone_normalized,
            "granted": self.granted,
            "state": self.state,
            "error": None if answer is None else answer.error,
            "message": None if answer is None else answer.message,
            "expired_time": None if expires is None else utc_text(expires),
            "failure": None if failure is None else _joined(type(failure).__name__, failure.message),
        }


def _joined(name: str, message: str) -> str:
    return f"{name}: {message}" if message else name


@exits_with(ExitCode.NOT_GRANTED, ExitCode.NOT_CHECKED, ExitCode.STOPPED)
@click.command("check", cls=Command)
@click.argument("phones", metavar="PHONE...", nargs=-1, required=True)
@oa_id_option
@click.option("--json", "wants_json", is_flag=True, help="Print one JSON object a line, in the order of the phones.")
@network_options
@click.pass_context
def check(context: click.Context, phones: tuple[str, ...], oa_id: int, *, wants_json: bool, network: Network) -> None:
    """Ask whether customers have granted calling permission.

    PHONE is a number in any common writing; - reads numbers from standard input, one a line.
    The account is read from the environment: ETELECOM_API_KEY, or what `etelecom --help` says for partners. Times are
    shown in the zone of this machine, which the heading names; JSON has UTC.

    \b
    Examples:
        etelecom check 0987654321 '+84 912 345 678' --oa-id 1000000000000000003
        etelecom check - --json < phones.txt | jq -r 'select(.granted) | .phone_normalized'
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    session, runtime = open_session(network, CHECK_CONSENT)
    outcomes = runtime.run(_check(session, oa_id, _numbers(phones), wants_json=wants_json))
    if not wants_json:
        _show(outcomes)
    context.exit(_exit_code(outcomes))


def _numbers(phones: Iterable[str]) -> list[str]:
    numbers: list[str] = []
    for phone in phones:
        numbers.extend(_lines_of_stdin() if phone == "-" else [phone])
    if not numbers:
        raise WrongUsage("There are no phone numbers on standard input.")
    return numbers


def _lines_of_stdin() -> list[str]:
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise WrongUsage(f"Cannot read standard input: {os_message(error)}.") from None
    # Windows' tools write UTF-16 with a byte order mark. Other bytes that are not UTF-8 make their number invalid.
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    lines = (line.strip() for line in data.decode(encoding, errors="replace").splitlines())
    return [line for line in lines if line]


async def _check(session: Session, oa_id: int, phones: list[str], *, wants_json: bool) -> list[_CheckedPhone]:
    """Check all at once; print JSON as answers come, in the order of the phones."""
    outcomes: list[_CheckedPhone] = []
    async with session, asyncio.TaskGroup() as group:
        with _progress(len(phones), wants_json=wants_json) as advance:
            tasks = [group.create_task(_check_phone(session, oa_id, phone, advance)) for phone in phones]
            for task in tasks:
                outcome = await task
                outcomes.append(outcome)
                if wants_json:
                    write(as_json(outcome.to_dict()).encode())
    return outcomes


async def _check_phone(session: Session, oa_id: int, phone: str, advance: Callable[[], None]) -> _CheckedPhone:
    normalized: str | None = None
    try:
        normalized = normalize(phone)
        consent = await session.zalo.check_consent(oa_id=oa_id, phone=phone)
    except EtelecomError as error:
        return _CheckedPhone(phone=phone, phone_normalized=normalized, failure=error)
    finally:
        advance()
    state = consent.state  # read once: the permission may end between two readings
    granted = state is ConsentState.GRANTED if state.conclusive else None
    return _CheckedPhone(phone=phone, phone_normalized=normalized, granted=granted, state=state.value, answer=consent)


@contextmanager
def _progress(total: int, *, wants_json: bool) -> Generator[Callable[[], None]]:
    # Lines of JSON on the same terminal show the progress, and would break the bar.
    if total <= _MANY or (wants_json and sys.stdout.isatty()):
        yield lambda: None
        return
    with bar(total) if is_terminal() else counted(total) as advance:
        yield advance


def _show(outcomes: Iterable[_CheckedPhone]) -> None:
    now = datetime.now(UTC).astimezone()
    verdicts = {None: Text("?", style="yellow"), True: Text("yes", style="green"), False: Text("no", style="red")}
    heads = ("Phone", "Normalized", "Granted", "State", f"Expires ({offset(now)})", "Message")
    grid = table(*heads, spare=("Normalized",))
    for outcome in outcomes:
        answer, failure = outcome.answer, outcome.failure
        message = "" if answer is None else answer.message
        if failure is not None:
            message = _joined(failure_name(type(failure).__name__), failure.message)
        grid.add_row(
            plain(outcome.phone),
            plain(outcome.phone_normalized),
            verdicts[outcome.granted],
            plain(outcome.state),
            plain(local(None if answer is None else answer.expired_time, zone=now.tzinfo)),
            plain(message),
        )
    show(grid)


def _exit_code(outcomes: Sequence[_CheckedPhone]) -> ExitCode:
    fault = _common_fault(outcomes)
    if fault is not None:
        click.echo(f"Error: {failure_name(fault)}. {hint(fault, can_retry=False)}", err=True)
        return ExitCode.USAGE
    codes = {None: ExitCode.NOT_CHECKED, False: ExitCode.NOT_GRANTED, True: ExitCode.DONE}
    return most_serious(codes[outcome.granted] for outcome in outcomes)


def _common_fault(outcomes: Sequence[_CheckedPhone]) -> str | None:
    """The class of the error that every checked phone met, if it is one such as a key that is not accepted."""
    met = {type(outcome.failure).__name__ if outcome.failure else "" for outcome in outcomes} - {"InvalidPhone"}
    return met.pop() if len(met) == 1 and met <= COMMON_FAULTS else None
