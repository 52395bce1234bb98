"""`etelecom doctor`: is everything in order, from this machine to the Official Account?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing

import click

from . import doctor_texts as texts
from .command import Command, exits_with
from .doctor_checks import Checkup
from .exit_codes import ExitCode
from .exits import printable
from .finding import Finding, Verdict
from .language import texts_of
from .network import Network, network_options
from .options import as_id, as_patience, as_text
from .render import as_json, write

__all__ = ["doctor"]

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red", Verdict.SKIPPED: None}
_WIDTH = max(len(title) for title in texts.TITLES.values())
_VERDICT_WIDTH = max(len(verdict.value) for verdict in Verdict)


def _as_id_or_none(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    return None if value is None else as_id(context, option, value)


@exits_with(ExitCode.STOPPED)
@click.command("doctor", cls=Command)
@click.option(
    "--base-url",
    callback=as_text,
    metavar="URL",
    help="The API to look at.  [default: ETELECOM_BASE_URL, else the operator's]",
)
@click.option(
    "--oa-id",
    callback=_as_id_or_none,
    envvar="ETELECOM_OA_ID",
    show_envvar=True,
    help="The Zalo Official Account to look for.",
)
@click.option(
    "--timeout",
    callback=as_patience,
    default="5s",
    show_default=True,
    metavar="TIME",
    help="What each check may take.",
)
@click.option("--json", "wants_json", is_flag=True, help="Print one JSON object a line for each check.")
@network_options
@click.pass_context
def doctor(
    context: click.Context,
    *,
    base_url: str | None,
    oa_id: int | None,
    timeout: float,
    wants_json: bool,
    network: Network,
) -> None:
    """Look whether this machine, the network and the key are in order.

    It looks at the versions, the base URL and the keys' shape, the proxy, DNS, TCP, TLS, who answers, this machine's
    clock, whether the keys are accepted, and whether the Official Account is the shop's. What cannot succeed after a
    failure is skipped. It sends only calls that look and cost nothing, and prints no key.

    \b
    Examples:
        etelecom doctor
        etelecom doctor --base-url http://127.0.0.1:8084
        etelecom doctor --json --timeout 2s | jq -r 'select(.verdict == "failed")'
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    checkup = Checkup(network=network, language=texts_of(context), base_url=base_url, oa_id=oa_id, seconds=timeout)
    findings = asyncio.run(_print(checkup, wants_json=wants_json))
    failed = [it for it in findings if it.verdict is Verdict.FAILED]
    if not wants_json:
        warnings = sum(it.verdict is Verdict.WARNING for it in findings)
        nothing = not failed and not warnings
        write("\n" + (texts.ALL_WELL if nothing else texts.SUMMARY.format(failed=len(failed), warnings=warnings)))
    context.exit(_exit_code(failed))


async def _print(checkup: Checkup, *, wants_json: bool) -> list[Finding]:
    findings: list[Finding] = []
    async with aclosing(checkup.run()) as run:
        async for finding in run:
            findings.append(finding)
            if wants_json:
                write(as_json(finding.to_dict()).encode())
            else:
                _show(finding)
    return findings


def _show(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict.value:{_VERDICT_WIDTH}}", fg=_COLOURS[finding.verdict])
    write(f"{verdict}  {texts.TITLES[finding.check]:{_WIDTH}}  {printable(finding.found)}")
    if finding.advice:
        write(f"{'':{_VERDICT_WIDTH + _WIDTH + 4}}{finding.advice}")


def _exit_code(failed: Iterable[Finding]) -> ExitCode:
    """2 where something has to be changed, 4 where it may pass."""
    passing = [it.is_passing for it in failed]
    return ExitCode.DONE if not passing else ExitCode.STOPPED if all(passing) else ExitCode.USAGE
