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
from ..messages.translation import Translator
from ..phone import normalize
from ..session import Session
from .command import Command, exits_with
from .exit_codes import ExitCode, most_serious
from .exits import WrongUsage, error_line, os_message
from .failures import fault_and_hint, what_failed, what_was_answered
from .language import texts_of
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
            "failure": None if failure is None else f"{type(failure).__name__}: {failure.message}".removesuffix(": "),
        }


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
    texts = texts_of(context)
    session, runtime = open_session(network, CHECK_CONSENT, texts=texts)
    outcomes = runtime.run(_check(session, oa_id, _numbers(phones, texts), texts, wants_json=wants_json))
    if not wants_json:
        _show(outcomes, texts)
    context.exit(_exit_code(outcomes, texts))


def _numbers(phones: Iterable[str], texts: Translator) -> list[str]:
    numbers: list[str] = []
    for phone in phones:
        numbers.extend(_lines_of_stdin(texts) if phone == "-" else [phone])
    if not numbers:
        raise WrongUsage(texts.gettext("There are no phone numbers on standard input."))
    return numbers


def _lines_of_stdin(texts: Translator) -> list[str]:
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        sentence = texts.gettext("Cannot read standard input: {reason}.").format(reason=os_message(error))
        raise WrongUsage(sentence) from None
    # Windows' tools write UTF-16 with a byte order mark. Other bytes that are not UTF-8 make their number invalid.
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    lines = (line.strip() for line in data.decode(encoding, errors="replace").splitlines())
    return [line for line in lines if line]


async def _check(
    session: Session, oa_id: int, phones: list[str], texts: Translator, *, wants_json: bool
) -> list[_CheckedPhone]:
    """Check all at once; print JSON as answers come, in the order of the phones."""
    outcomes: list[_CheckedPhone] = []
    async with session, asyncio.TaskGroup() as group:
        with _progress(len(phones), texts, wants_json=wants_json) as advance:
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
def _progress(total: int, texts: Translator, *, wants_json: bool) -> Generator[Callable[[], None]]:
    # Lines of JSON on the same terminal show the progress, and would break the bar.
    if total <= _MANY or (wants_json and sys.stdout.isatty()):
        yield lambda: None
        return
    with bar(total, texts=texts) if is_terminal() else counted(total, texts=texts) as advance:
        yield advance


def _show(outcomes: Iterable[_CheckedPhone], texts: Translator) -> None:
    _ = texts.gettext
    now = datetime.now(UTC).astimezone()
    verdicts = {
        None: Text("?", style="yellow"),
        True: Text(_("yes"), style="green"),
        False: Text(_("no"), style="red"),
    }
    expires = _("Expires ({offset})").format(offset=offset(now))
    heads = (_("Phone"), _("Normalized"), _("Granted"), _("State"), expires, _("Message"))
    grid = table(*heads, spare=heads[1:2])
    for outcome in outcomes:
        answer, failure = outcome.answer, outcome.failure
        message = "" if answer is None else what_was_answered(answer, texts=texts)
        if failure is not None:
            message = what_failed(failure, texts=texts)
        grid.add_row(
            plain(outcome.phone),
            plain(outcome.phone_normalized),
            verdicts[outcome.granted],
            plain(_(outcome.state or "")),
            plain(local(None if answer is None else answer.expired_time, zone=now.tzinfo)),
            plain(message),
        )
    show(grid)


def _exit_code(outcomes: Sequence[_CheckedPhone], texts: Translator) -> ExitCode:
    fault = _common_fault(outcomes)
    if fault is not None:
        click.echo(error_line(fault_and_hint(fault, texts=texts), texts=texts), err=True)
        return ExitCode.USAGE
    codes = {None: ExitCode.NOT_CHECKED, False: ExitCode.NOT_GRANTED, True: ExitCode.DONE}
    return most_serious(codes[outcome.granted] for outcome in outcomes)


def _common_fault(outcomes: Sequence[_CheckedPhone]) -> str | None:
    """The class of the error that every checked phone met, if it is one such as a key that is not accepted."""
    met = {type(outcome.failure).__name__ if outcome.failure else "" for outcome in outcomes} - {"InvalidPhone"}
    return met.pop() if len(met) == 1 and met <= COMMON_FAULTS else None
