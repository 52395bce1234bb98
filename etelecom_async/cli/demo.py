"""`etelecom demo`: the whole way from a file of phones to a file of results, with no key and no network."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import BinaryIO

import click

from ..account import Shop
from ..bulk.job import ConsentJob, JobSummary
from ..errors import EtelecomError
from ..middleware.retry import Retry
from ..sandbox import World, serve
from ..session import Session
from .command import Command, exits_with
from .exit_codes import ExitCode
from .stop import Stop
from .watch import run, tell

__all__ = ["demo"]

# Some customers of the sandbox say "try later" forever; a demo does not wait for them.
_QUICK = Retry(attempts=2, base=0.05)
# Slow enough for its progress to be seen.
_LATENCY = 0.1
_CONCURRENCY = 10
_LINE_SECONDS = 0.2


@exits_with(ExitCode.STOPPED)
@click.command("demo", cls=Command)
@click.argument("source", metavar="[INPUT]", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("results.csv"),
    show_default=True,
    help="Where the results go. Replaced if it is there.",
)
def demo(source: Path | None, output: Path) -> None:
    """Check a file of phones, end to end, against a sandbox on this machine: no key, no network, no cost.

    INPUT is any file that `etelecom bulk` takes; without it the sandbox's own customers are checked. The results are
    its rows and what was found out.

    \b
    Example:
        etelecom demo examples/phones.csv -o results.csv
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    _make_way(output, source)
    world = World()
    phones = io.BytesIO("\n".join(["phone", *world.customers]).encode()) if source is None else source
    try:
        summary = asyncio.run(_check(world, phones, output))
    except EtelecomError as error:
        raise Stop(str(error)) from None
    tell(summary, output)


def _make_way(output: Path, source: Path | None) -> None:
    try:
        if source is not None and output.exists() and output.samefile(source):
            raise Stop(f"{output} is the input itself: name another file for the results with -o.")
        output.unlink(missing_ok=True)
    except OSError as error:
        raise Stop(f"Cannot write {output}: {error.strerror}.") from None


async def _check(world: World, source: Path | BinaryIO, output: Path) -> JobSummary:
    """Real requests over a real socket: everything but the server's address is as it would be."""
    async with serve(world, latency=_LATENCY) as sandbox:
        session = Session(Shop(world.api_key, base_url=sandbox.base_url), retry=_QUICK)
        job = ConsentJob(session, source=source, output=output, oa_id=world.oa_id, concurrency=_CONCURRENCY)
        return await run(job, session, line_seconds=_LINE_SECONDS)
