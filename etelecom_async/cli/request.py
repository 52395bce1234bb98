"""`etelecom request`: ask customers for calling permission. Each request is billed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click
from attrs import frozen

from .._times import offset, utc_text
from ..api.consent_requests import REQUEST_CONSENT, CallType, ConsentRequest, ReasonCode
from ..bulk.common_fault import COMMON_FAULTS
from ..errors import EtelecomError, InvalidPhone, Phase, SendFailed
from ..messages import explain
from ..messages.translation import Translator
from ..phone import normalize
from ..session import Session
from .command import Command, exits_with
from .exit_codes import ExitCode, most_serious
from .exits import WrongUsage, error_line
from .failures import fault_and_hint, sentences, what_failed
from .language import texts_of
from .network import Network, network_options
from .options import call_type_option, oa_id_option, reason_option, yes_option
from .render import as_json, local, plain, show, table, write
from .session import open_session
from .spending import confirm, print_rows

__all__ = ["request"]


@frozen(kw_only=True)
class _Outcome:
    """What became of one request: the record, or an error, or neither where it was interrupted."""

    phone: str
    record: ConsentRequest | None = None
    failure: EtelecomError | None = None
    is_in_doubt: bool = False

    @property
    def is_charged(self) -> bool | None:
        if self.record is not None:
            return self.record.is_charged
        if isinstance(self.failure, SendFailed):
            return self.failure.is_charged
        return None if self.is_in_doubt else False

    @property
    def code(self) -> ExitCode:
        if self.is_in_doubt:
            return ExitCode.IN_DOUBT
        return ExitCode.DONE if self.record is not None else ExitCode.NOT_CHECKED

    @property
    def result(self) -> str:
        if self.record is not None:
            return "sent"
        return "in doubt" if self.is_in_doubt else "not sent" if self.failure is None else "failed"

    def to_dict(self) -> dict[str, object]:
        record, failure = self.record, self.failure
        expires = None if record is None else record.expires_at
        return {
            "phone": self.phone,
            "result": self.result,
            "request_id": None if record is None or record.id is None else str(record.id),
            "is_charged": self.is_charged,
            "expires_at": None if expires is None else utc_text(expires),
            "error_code": failure.error_code if isinstance(failure, SendFailed) else None,
            "failure": None if failure is None else f"{type(failure).__name__}: {failure.message}".removesuffix(": "),
        }


@exits_with(ExitCode.NOT_CHECKED, ExitCode.STOPPED, ExitCode.IN_DOUBT)
@click.command("request", cls=Command)
@click.argument("phones", metavar="PHONE...", nargs=-1, required=True)
@oa_id_option
@call_type_option
@reason_option
@yes_option
@click.option("--json", "wants_json", is_flag=True, help="Print one JSON object a line, in the order of the phones.")
@network_options
@click.pass_context
def request(
    context: click.Context,
    phones: tuple[str, ...],
    oa_id: int,
    *,
    call_type: str,
    reason: str,
    yes: bool,
    wants_json: bool,
    network: Network,
) -> None:
    """Ask customers for calling permission. Each request is billed, and none is made twice.

    Before it spends anything it asks, unless --yes is given. It does not look whether a customer has to be asked:
    `etelecom ensure` does. A phone that cannot be read stops it before the first request; a customer who is given
    twice is asked once.

    \b
    Example:
        etelecom request 0987654321 --call-type audio --reason update_order
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    texts = texts_of(context)
    numbers = _numbers(phones, texts)
    session, runtime = open_session(network, REQUEST_CONSENT, texts=texts)
    question = texts.ngettext(
        "Ask {count} customer for permission? Each request is billed.",
        "Ask {count} customers for permission? Each request is billed.",
        len(numbers),
    )
    confirm(question.format(count=texts.number(len(numbers))), yes=yes, texts=texts)
    outcomes, is_interrupted = runtime.run(_request(session, oa_id, numbers, CallType(call_type), ReasonCode(reason)))

    def rows(*, err: bool) -> None:
        if wants_json:
            for outcome in outcomes:
                write(as_json(outcome.to_dict()).encode(), err=err)
        else:
            _show(outcomes, texts, err=err)

    print_rows(rows, is_spent=any(outcome.is_charged is not False for outcome in outcomes), texts=texts)
    charged = sum(outcome.is_charged is True for outcome in outcomes)
    unknown = sum(outcome.is_charged is None for outcome in outcomes)
    known = texts.gettext("{charged} charged, {unknown} perhaps." if unknown else "{charged} charged.")
    write(known.format(charged=texts.number(charged), unknown=texts.number(unknown)), err=True)
    code = _exit_code(outcomes, texts)
    context.exit(ExitCode.INTERRUPTED if is_interrupted and code is not ExitCode.IN_DOUBT else code)


def _numbers(phones: Iterable[str], texts: Translator) -> list[str]:
    try:
        return list(dict.fromkeys(normalize(phone) for phone in phones))
    except InvalidPhone as error:
        raise WrongUsage(f"{error} {texts.gettext('Nothing was sent.')}") from None


async def _request(
    session: Session, oa_id: int, phones: Sequence[str], call_type: CallType, reason: ReasonCode
) -> tuple[list[_Outcome], bool]:
    """What became of each request, and whether Ctrl-C came in between."""
    async with session:
        tasks = [asyncio.create_task(_one(session, oa_id, phone, call_type, reason)) for phone in phones]
        try:
            await asyncio.wait(tasks)
            doubtful: set[asyncio.Task[_Outcome]] = set()
            is_interrupted = False
        except asyncio.CancelledError:
            # What still waits for its turn has sent nothing.
            waiting = session.waiting_tasks()
            doubtful = {task for task in tasks if not task.done() and task not in waiting}
            is_interrupted = True
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
    outcomes = [
        _Outcome(phone=phone, is_in_doubt=task in doubtful) if task.cancelled() else task.result()
        for phone, task in zip(phones, tasks, strict=True)
    ]
    return outcomes, is_interrupted


async def _one(session: Session, oa_id: int, phone: str, call_type: CallType, reason: ReasonCode) -> _Outcome:
    try:
        record = await session.zalo.request_consent(oa_id=oa_id, phone=phone, call_type=call_type, reason_code=reason)
    except EtelecomError as error:
        return _Outcome(phone=phone, failure=error, is_in_doubt=error.phase is Phase.UNKNOWN)
    return _Outcome(phone=phone, record=record)


def _show(outcomes: Iterable[_Outcome], texts: Translator, *, err: bool) -> None:
    _ = texts.gettext
    now = datetime.now(UTC).astimezone()
    until = _("Until ({offset})").format(offset=offset(now))
    grid = table(_("Phone"), _("Result"), _("Request"), _("Charged"), until, _("Message"))
    charged = {True: _("yes"), False: _("no"), None: "?"}
    for outcome in outcomes:
        record = outcome.record
        grid.add_row(
            plain(outcome.phone),
            _(outcome.result),
            plain("" if record is None or record.id is None else str(record.id)),
            charged[outcome.is_charged],
            local(None if record is None else record.expires_at, zone=now.tzinfo),
            plain(_message(outcome, texts)),
        )
    show(grid, err=err)


def _message(outcome: _Outcome, texts: Translator) -> str:
    failure = outcome.failure
    said = [] if failure is None else [what_failed(failure, texts=texts)]
    if isinstance(failure, SendFailed):
        said.append(explain(failure, lang=texts.lang).hint)
    if outcome.is_in_doubt:
        said.append(
            texts.gettext("Whether it was made is not known. Look at the customer's requests before you repeat it.")
        )
    return sentences(said)


def _exit_code(outcomes: Sequence[_Outcome], texts: Translator) -> ExitCode:
    faults = {type(outcome.failure).__name__ for outcome in outcomes}
    if len(faults) == 1 and faults <= COMMON_FAULTS:
        (fault,) = faults
        click.echo(error_line(fault_and_hint(fault, texts=texts), texts=texts), err=True)
        return ExitCode.USAGE
    return most_serious(outcome.code for outcome in outcomes)
