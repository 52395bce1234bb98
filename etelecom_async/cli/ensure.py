"""`etelecom ensure`: get one customer's permission, and pay for at most one request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from .._times import offset, utc_text
from ..api.consent import ConsentState
from ..api.consent_outcome import ConsentOutcome, ConsentStep
from ..api.consent_requests import REQUEST_CONSENT
from ..claims.file import FileClaims
from ..errors import EtelecomError, InvalidPhone, SendFailed
from ..phone import normalize
from ..pipeline import CallNext
from ..transport.base import Request, Response
from .command import Command, exits_with
from .exit_codes import ExitCode
from .exits import WrongUsage
from .network import Network, network_options
from .options import FilePath, as_seconds, call_type_option, oa_id_option, reason_option, yes_option
from .render import as_json, is_terminal, local, plain, show, table, write
from .request import confirm
from .session import open_session

__all__ = ["ensure"]

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
    try:
        number = normalize(phone)
    except InvalidPhone as error:
        raise WrongUsage(str(error)) from None
    flight = _Flight()
    kept = None if claims is None else FileClaims(claims)

    def run(*, may_request: bool, wait: float | None) -> ConsentOutcome:
        session, runtime = open_session(network, REQUEST_CONSENT, middlewares=[flight.watch])

        async def main() -> ConsentOutcome:
            async with session, _live_line(wait):
                return await session.zalo.ensure_consent(
                    oa_id=oa_id,
                    phone=number,
                    call_type=call_type,
                    reason_code=reason,
                    may_request=may_request,
                    wait=wait,
                    claims=kept,
                )

        return runtime.run(main())

    try:
        outcome = run(may_request=False, wait=None)
        may_request = not no_request and outcome.did is ConsentStep.CHECKED and outcome.consent.state in _ASKS
        if may_request:
            confirm(f"{outcome.consent.state.value.capitalize()}. Ask the customer? The request is billed.", yes=yes)
        if may_request or wait:
            outcome = run(may_request=may_request, wait=wait)
    except KeyboardInterrupt:
        if not flight.is_under_way:
            raise
        write(
            "Error: interrupted while a request was under way. Run it again after a minute: it looks first.", err=True
        )
        context.exit(ExitCode.IN_DOUBT)
    except SendFailed as error:
        known = f" (error_code {error.error_code}, {error.category.value}: {error.meaning})" if error.meaning else ""
        charged = {True: "It was charged.", False: "It was not charged.", None: "Whether it was charged is not known."}
        write(f"Error: the request failed: {error.message}{known}. {charged[error.is_charged]}", err=True)
        context.exit(ExitCode.NOT_CHECKED)
    if wants_json:
        write(as_json(_to_dict(number, outcome)).encode())
    else:
        _show(number, outcome)
    context.exit(_exit_code(outcome))


class _Flight:
    """Knows whether a request has left and is not answered."""

    is_under_way = False

    async def watch(self, request: Request, call_next: CallNext) -> Response:
        if request.endpoint is not REQUEST_CONSENT:
            return await call_next(request)
        self.is_under_way = True
        response = await call_next(request)
        self.is_under_way = False
        return response


@asynccontextmanager
async def _live_line(wait: float | None) -> AsyncGenerator[None]:
    """Show on stderr, while the block runs, how long it may still take."""
    if not wait:
        yield
        return
    if not is_terminal():
        write(f"Waiting up to {_minutes(wait)} for the customer.", err=True)
        yield
        return
    end = time.monotonic() + wait
    with Console(stderr=True).status("") as status:

        async def tick() -> None:
            while True:
                status.update(f"Waiting for the customer, {_minutes(end - time.monotonic())} left")
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
        "did": outcome.did.value,
        "request_id": None if request is None or request.id is None else str(request.id),
        "is_other_call_type": outcome.is_other_call_type,
        "is_charged": outcome.is_charged,
        "ask_again_at": None if outcome.ask_again_at is None else utc_text(outcome.ask_again_at),
        "failure": None if outcome.error is None else _said(outcome.error),
    }


def _said(error: Exception) -> str:
    words = error.message if isinstance(error, EtelecomError) else str(error)
    return f"{type(error).__name__}: {words}".removesuffix(": ")


def _show(phone: str, outcome: ConsentOutcome) -> None:
    now = datetime.now(UTC).astimezone()
    fields = _to_dict(phone, outcome)
    words = {True: "yes", False: "no", None: "?"}
    grid = table("Phone", "Granted", "State", "Done", "Request", "Charged", f"Ask again ({offset(now)})", "Message")
    message = outcome.consent.message
    if outcome.is_other_call_type:
        message = "The open request is for another kind of calls."
    elif outcome.did is ConsentStep.IN_DOUBT:
        message = "A request may have been made. Look again at that time."
    grid.add_row(
        plain(phone),
        words[outcome.granted],
        plain(outcome.consent.state.value),
        outcome.did.value,
        plain(str(fields["request_id"] or "")),
        words[outcome.is_charged],
        local(outcome.ask_again_at, zone=now.tzinfo),
        plain(message),
    )
    show(grid)


def _exit_code(outcome: ConsentOutcome) -> ExitCode:
    if outcome.granted:
        return ExitCode.DONE
    if outcome.did is ConsentStep.IN_DOUBT:
        return ExitCode.IN_DOUBT
    return ExitCode.NOT_GRANTED if outcome.consent.state.conclusive else ExitCode.NOT_CHECKED
