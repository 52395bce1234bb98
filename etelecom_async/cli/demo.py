"""`etelecom demo`: the whole way from a file of phones to a file of results, with no key and no network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from ..account import Shop
from ..middleware.retry import Retry
from ..sandbox import World, serve
from ..session import Session
from .outcome import Outcome, look
from .render import bar, is_terminal, lines, plain, put, show, table, verdict
from .sheet import Sheet, claim, read, write

__all__ = ["demo"]

# Some customers of the sandbox say "try later" forever; a demo does not wait for them.
_QUICK = Retry(attempts=2, base=0.05)


@click.command("demo", short_help="Check a file of phones against a sandbox, end to end.")
@click.argument("source", metavar="[INPUT]", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("results.csv"),
    show_default=True,
    help="Where the results go.",
)
def demo(source: Path | None, output: Path) -> None:
    """Check a file of phones, end to end, against a sandbox on this machine: no key, no network, no cost.

    INPUT is a CSV file with a column named phone; without it the sandbox's own customers are checked. The results
    are its rows and what was found out. Texts that a spreadsheet would take for formulas get an apostrophe.

    \b
    Example:
        etelecom demo examples/phones.csv -o results.csv
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    world = World()
    sheet = Sheet.of_phones(world.customers) if source is None else read(source)
    claim(output, apart_from=source)
    with bar(len(sheet.rows)) if is_terminal() else lines(len(sheet.rows)) as advance:
        outcomes = asyncio.run(_check(world, sheet.phones, advance))
    write(output, sheet, outcomes)
    _show(outcomes)
    put(f"Results: {output}")


async def _check(world: World, phones: Iterable[str], advance: Callable[[], None]) -> list[Outcome]:
    """Real requests over a real socket: everything but the server's address is as it would be."""

    async def one(phone: str) -> Outcome:
        outcome = await look(session, oa_id=world.oa_id, phone=phone)
        advance()
        return outcome

    async with (
        serve(world) as sandbox,
        Session(Shop(world.api_key, base_url=sandbox.base_url), retry=_QUICK) as session,
    ):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(phone)) for phone in phones]
        return [task.result() for task in tasks]


def _show(outcomes: Iterable[Outcome]) -> None:
    by_state: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_state.setdefault(_label(outcome), []).append(outcome)
    grid = table("State", "Granted", "Phones")
    for label, alike in sorted(by_state.items(), key=lambda item: (-len(item[1]), item[0])):
        grid.add_row(plain(label), verdict(alike[0]), str(len(alike)))
    show(grid)
    counts = Counter(outcome.granted for outcomes in by_state.values() for outcome in outcomes)
    put(f"{counts.total()} phones: {counts[True]} granted, {counts[False]} not, {counts[None]} could not be checked.")


def _label(outcome: Outcome) -> str:
    """The state; without an answer, the class of the failure."""
    return outcome.state or "no answer: " + (outcome.failure or "").partition(":")[0]
