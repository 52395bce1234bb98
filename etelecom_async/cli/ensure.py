"""`etelecom ensure`: get one customer's permission, and pay for at most one request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from attrs import evolve, field, frozen
from rich.console import Console

from .._times import offset, utc_text
from ..api.consent import Consent, ConsentState
from ..api.consent_outcome import ConsentOutcome, ConsentStep, requested
from ..api.consent_requests import REQUEST_CONSENT, ConsentRequest
from ..bulk.common_fault import COMMON_FAULTS
from ..claims.file import FileClaims
from ..codec import decode
from ..errors import ClaimsError, ConfigError, EtelecomError, InternalError, InvalidPhone, SendFailed
from ..messages import explain
from ..messages.translation import Translator
from ..phone import normalize
from ..pipeline import CallNext
from ..transport.base import Request, Response
from .command import Command, exits_with
from .exit_codes import ExitCode
from .exits import WrongUsage, error_line, os_message
from .failures import sentences, what_failed, what_was_answered
from .language import texts_of
from .network import Network, network_options
from .options import FilePath, as_seconds, call_type_option, oa_id_option, reason_option, yes_option
from .render import as_json, is_terminal, local, plain, show, table, write
from .session import open_session
from .spending import confirm, print_rows

__all__ = ["ensure"]

_SQLITE = b"SQLite format 3\0"
_ENDS = (ConfigError, ClaimsError, InternalError)
"""Errors that say nothing of the customer."""
_ASKS = (ConsentState.NEVER_ASKED, ConsentState.EXPIRED)


@exits_with(ExitCode.NOT_GRANTED, ExitCode.NOT_CHECKED, ExitCode.STOPPED, ExitCode.IN_DOUBT)
@click.command("ensure", cls=Command)
@click.argument("phone", metavar="PHONE")
@oa_id_option
@call_type_option
@reason_option
@yes_option
@click.option("--no-request", is_flag=True, help="Spend nothing: check, and look for an open request.")
@click.option(
    "--wait", callback=as_seconds, metavar="TIME", help="Wait for the answer: 90s, 30m, 2h.  [default: no wait]"
)
@click.option(
    "--claims",
    type=FilePath(),
    metavar="FILE",
    help="Where it is kept who may ask, for all commands of this machine: made where it is missing.",
)
@click.option("--json", "wants_json", is_flag=True, help="Print one JSON object.")
@network_options
@click.pass_context
def ensure(
    context: click.Context,
    phone: str,
    oa_id: int,
    *,
    call_type: str,
    reason: str,
    yes: bool,
    no_request: bool,
    wait: float | None,
    claims: Path | None,
    wants_json: bool,
    network: Network,
) -> None:
    """Get a customer's permission, and pay for at most one request: check, look for an open request, ask.

    Before it spends anything it asks, unless --yes is given. After a request of unknown outcome it asks the customer
    again only after a minute, and looks first; with --claims that holds from one command to the next.

    \b
    Example:
        etelecom ensure 0987654321 --call-type audio --reason update_order --wait 30m --claims claims.db
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    texts = texts_of(context)
    try:
        number = normalize(phone)
    except InvalidPhone as error:
        raise WrongUsage(str(error)) from None
    way = _Way(
        network=network,
        texts=texts,
        number=number,
        oa_id=oa_id,
        call_type=call_type,
        reason=reason,
        claims=None if claims is None else _claims(claims, texts),
    )
    outcome, is_interrupted = _go(way, yes=yes, may_request=not no_request, wait=wait)

    def rows(*, err: bool) -> None:
        if wants_json:
            write(as_json(_to_dict(number, outcome)).encode(), err=err)
        else:
            _show(number, outcome, texts, err=err)

    print_rows(rows, is_spent=outcome.is_charged is not False, texts=texts)
    context.exit(ExitCode.INTERRUPTED if is_interrupted else _exit_code(outcome))


class _Flight:
    """Knows whether a request has left and is not answered, and the one that was made."""

    is_under_way = False
    made: ConsentRequest | None = None

    async def watch(self, request: Request, call_next: CallNext) -> Response:
        if request.endpoint is not REQUEST_CONSENT:
            return await call_next(request)
        self.is_under_way = True
        response = await call_next(request)
        self.made = decode(response.json(), ConsentRequest)
        self.is_under_way = False
        return response


@frozen(kw_only=True)
class _Way:
    """One customer's way to a permission, in one session after another."""

    network: Network
    texts: Translator
    number: str
    oa_id: int
    call_type: str
    reason: str
    claims: FileClaims | None
    flight: _Flight = field(factory=_Flight)

    def run(self, *, may_request: bool, wait: float | None) -> ConsentOutcome:
        session, runtime = open_session(
            self.network, REQUEST_CONSENT, texts=self.texts, middlewares=[self.flight.watch]
        )

        async def main() -> ConsentOutcome:
            async with session, _live_line(wait, self.texts):
                return await session.zalo.ensure_consent(
                    oa_id=self.oa_id,
                    phone=self.number,
                    call_type=self.call_type,
                    reason_code=self.reason,
                    may_request=may_request,
                    wait=wait,
                    claims=self.claims,
                )

        return runtime.run(main())


def _go(way: _Way, *, yes: bool, may_request: bool, wait: float | None) -> tuple[ConsentOutcome, bool]:
    """What was done, and whether Ctrl-C came after a request was made. What cannot be shown as a row ends the command.

    Raises:
        click.exceptions.Exit: with a sentence on stderr: the request failed, or Ctrl-C left it in doubt.
    """
    _ = way.texts.gettext
    known = ConsentOutcome(did=ConsentStep.CHECKED, consent=Consent())
    try:
        known = way.run(may_request=False, wait=None)
        is_wanted = may_request and known.did is ConsentStep.CHECKED and known.consent.state in _ASKS
        if is_wanted:
            state = _(known.consent.state.value)
            question = _("{state}. Ask the customer? The request is billed.").format(state=state.capitalize())
            confirm(question, yes=yes, texts=way.texts)
        return (way.run(may_request=is_wanted, wait=wait) if is_wanted or wait else known), False
    except KeyboardInterrupt:
        if way.flight.is_under_way:
            sentence = _("interrupted while a request was under way. Run it again after a minute: it looks first.")
            write(error_line(sentence, texts=way.texts), err=True)
            raise click.exceptions.Exit(ExitCode.IN_DOUBT) from None
        if way.flight.made is None:
            raise
        return requested(known.consent, way.flight.made), True
    except SendFailed as error:
        charged = {
            True: _("It was charged."),
            False: _("It was not charged."),
            None: _("Whether it was charged is not known."),
        }
        hint = explain(error, lang=way.texts.lang).hint
        said = sentences([what_failed(error, texts=way.texts), charged[error.is_charged], hint])
        write(error_line(said, texts=way.texts), err=True)
        raise click.exceptions.Exit(ExitCode.NOT_CHECKED) from None
    except EtelecomError as error:
        if isinstance(error, _ENDS):
            raise
        if type(error).__name__ in COMMON_FAULTS:
            raise WrongUsage(str(error)) from None
        return evolve(known, error=error), False


def _claims(path: Path, texts: Translator) -> FileClaims:
    """Claims in this file; an error of usage where it can never hold them."""
    _ = texts.gettext
    try:
        if not path.exists():
            if not path.parent.is_dir():
                raise WrongUsage(_("--claims: there is no folder {folder}.").format(folder=path.parent))
        elif not path.is_file():
            raise WrongUsage(_("--claims: {path} is no file.").format(path=path))
        else:
            with path.open("r+b") as file:
                if file.read(len(_SQLITE)) not in (b"", _SQLITE):
                    sentence = _("--claims: {path} holds something else: name another file.")
                    raise WrongUsage(sentence.format(path=path))
    except OSError as error:
        raise WrongUsage(f"--claims: {os_message(error)}.") from None
    return FileClaims(path)


@asynccontextmanager
async def _live_line(wait: float | None, texts: Translator) -> AsyncGenerator[None]:
    """Show on stderr, while the block runs, how long it may still take."""
    if not wait:
        yield
        return
    if not is_terminal():
        write(texts.gettext("Waiting up to {time} for the customer.").format(time=_minutes(wait)), err=True)
        yield
        return
    end = time.monotonic() + wait
    with Console(stderr=True).status("") as status:

        async def tick() -> None:
            while True:
                left = _minutes(end - time.monotonic())
                status.update(texts.gettext("Waiting for the customer, {time} left").format(time=left))
                await asyncio.sleep(1)

        ticking = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticking.cancel()


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _to_dict(phone: str, outcome: ConsentOutcome) -> dict[str, object]:
    request = outcome.request
    return {
        "phone": phone,
        **outcome.consent.to_dict(),
        "granted": _granted(outcome),
        "did": outcome.did.value,
        "request_id": None if request is None or request.id is None else str(request.id),
        "is_other_call_type": outcome.is_other_call_type,
        "is_charged": outcome.is_charged,
        "ask_again_at": None if outcome.ask_again_at is None else utc_text(outcome.ask_again_at),
        "failure": None if outcome.error is None else _said(outcome.error),
    }


def _granted(outcome: ConsentOutcome) -> bool | None:
    """None where nothing is known: the answer says so, or the last check failed."""
    if outcome.granted:
        return True
    is_unchecked = outcome.error is not None and outcome.did is not ConsentStep.IN_DOUBT
    return None if is_unchecked or not outcome.consent.state.conclusive else False


def _said(error: Exception) -> str:
    words = error.message if isinstance(error, EtelecomError) else str(error)
    return f"{type(error).__name__}: {words}".removesuffix(": ")


def _show(phone: str, outcome: ConsentOutcome, texts: Translator, *, err: bool) -> None:
    _ = texts.gettext
    now = datetime.now(UTC).astimezone()
    fields = _to_dict(phone, outcome)
    words = {True: _("yes"), False: _("no"), None: "?"}
    again = _("Ask again ({offset})").format(offset=offset(now))
    grid = table(_("Phone"), _("Granted"), _("State"), _("Done"), _("Request"), _("Charged"), again, _("Message"))
    message = what_was_answered(outcome.consent, texts=texts)
    if outcome.is_other_call_type:
        message = _("The open request is for another kind of calls.")
    elif outcome.did is ConsentStep.IN_DOUBT:
        message = _("A request may have been made. Look again at that time.")
    elif outcome.error is not None:
        message = what_failed(outcome.error, texts=texts)
    grid.add_row(
        plain(phone),
        words[_granted(outcome)],
        plain(_(outcome.consent.state.value)),
        _(outcome.did.value),
        plain(str(fields["request_id"] or "")),
        words[outcome.is_charged],
        local(outcome.ask_again_at, zone=now.tzinfo),
        plain(message),
    )
    show(grid, err=err)


def _exit_code(outcome: ConsentOutcome) -> ExitCode:
    if outcome.did is ConsentStep.IN_DOUBT and not outcome.granted:
        return ExitCode.IN_DOUBT
    return {True: ExitCode.DONE, False: ExitCode.NOT_GRANTED, None: ExitCode.NOT_CHECKED}[_granted(outcome)]
