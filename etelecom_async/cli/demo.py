"""`etelecom demo`: from a file of phones to a file of results, without a key or a network."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click

from ..account import Shop
from ..errors import EtelecomError
from ..jobs.demo_results import mark_demo, remove_demo
from ..jobs.job import ConsentJob
from ..jobs.plan import JobSummary
from ..messages.translation import Translator
from ..pipeline.retry import Retry
from ..sandbox import World, serve
from ..session import Session
from ..tables import Reading
from .command import Command, exits_with
from .exit_codes import ExitCode
from .exits import WrongUsage, printable
from .job_display import print_summary, run
from .language import texts_of
from .options import FilePath
from .reading import asked_reading, reading_of, reading_options

__all__ = ["demo"]

# For some customers the sandbox always answers "try later": a demo does not wait for them.
_QUICK = Retry(attempts=2, base=0.05)
# Slow enough to see its progress.
_LATENCY = 0.1
_CONCURRENCY = 10
_LINE_SECONDS = 0.2


@exits_with(ExitCode.NOT_CHECKED, ExitCode.STOPPED)
@click.command("demo", cls=Command)
@click.argument("source", metavar="[INPUT]", required=False, type=FilePath())
@click.option(
    "-o",
    "--output",
    type=FilePath(),
    default=Path("results.csv"),
    show_default=True,
    help="Where the results go. Results of an earlier demo are replaced, unless they were changed.",
)
@reading_options
@click.option("--excel", is_flag=True, help="Begin CSV results with the mark by which Excel knows UTF-8.")
@click.pass_context
def demo(context: click.Context, *, source: Path | None, output: Path, excel: bool) -> None:
    """Check a file of phones, end to end, against a sandbox on this machine: no key, no network, no cost.

    INPUT is any file that `etelecom bulk` takes; without it the sandbox's own customers are checked. The results are
    its rows with the answers.

    \b
    Example:
        etelecom demo examples/phones.csv -o results.csv
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    texts = texts_of(context)
    world = World()
    with tempfile.TemporaryDirectory() as folder:
        try:
            if source is None:
                source = Path(folder, "customers.csv")
                source.write_text("\n".join(["phone", *world.customers]), encoding="utf-8")
                reading = reading_of(context)
            else:
                reading = asked_reading(source, reading_of(context), texts=texts)
            remove_demo(output, source=source)
            summary = asyncio.run(_check(world, source, output, reading, texts, excel=excel))
        except EtelecomError as error:
            raise WrongUsage(str(error)) from None
    print_summary(summary, output, texts=texts, can_retry=False)
    if not summary.is_complete:
        _ = texts.gettext
        kept = _("What was finished is in {file}.").format(file=output) if summary.rows else ""
        said = filter(None, (_("Stopped early."), kept, _("The next demo begins anew.")))
        click.echo(printable(" ".join(said)), err=True)
        context.exit(ExitCode.INTERRUPTED)
    context.exit(ExitCode.NOT_CHECKED if summary.failures else ExitCode.DONE)


async def _check(
    world: World, source: Path, output: Path, reading: Reading, texts: Translator, *, excel: bool
) -> JobSummary:
    # Real requests over a real socket: only the server's address is different from a real job.
    async with serve(world, latency=_LATENCY) as sandbox:
        session = Session(Shop(world.api_key, base_url=sandbox.base_url), retry=_QUICK)
        job = ConsentJob(
            session,
            source=source,
            output=output,
            oa_id=world.oa_id,
            reading=reading,
            excel=excel,
            concurrency=_CONCURRENCY,
        )
        try:
            return await run(job, session, texts=texts, line_seconds=_LINE_SECONDS)
        finally:
            mark_demo(output, base_url=str(session.account.base_url))
