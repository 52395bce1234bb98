"""`etelecom bulk`: from a file of phones to a file of answers."""

from __future__ import annotations

import contextlib
import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
from attrs import asdict
from yarl import URL

from ..account import from_env
from ..api.consent import CHECK_CONSENT
from ..bulk.common_fault import may_be_common
from ..errors import EtelecomError, InternalError
from ..jobs.job import ConsentJob
from ..jobs.output_paths import check_report
from ..jobs.plan import JobSummary
from ..messages import hint
from ..messages.translation import Translator
from ..reports import page as pages
from ..reports.from_output import statistics_of
from ..session import Session
from ..tables import Reading, journal_of
from ..workers.ray_workers import RayWorkers
from ..workers.worker import REDIS_URL, WorkerSetup
from .command import Command, exits_with
from .descriptors import was_closed
from .exit_codes import ExitCode
from .exits import StoppedByFault, WrongUsage, code_of, print_bug, printable
from .job_display import print_summary, run
from .language import texts_of
from .network import Network, Runtime, TransportChoice, network_options
from .options import FilePath, Number, Whole, as_failure_limit, as_number, as_patience, as_text, oa_id_option
from .reading import asked_reading, reading_of, reading_options
from .render import as_json

__all__ = ["bulk"]

_WORKERS = 2


@exits_with(ExitCode.NOT_CHECKED, ExitCode.STOPPED)
@click.command("bulk", cls=Command)
@click.argument("source", metavar="INPUT", type=FilePath())
@click.option("-o", "--output", required=True, type=FilePath(), help="Where the rows go; - is stdout.")
@oa_id_option
@click.option(
    "--column",
    callback=as_text,
    help="The phones' column, by name or number. Left out, it is found by name or content.",
)
@reading_options
@click.option("--excel", is_flag=True, help="Begin a CSV output with the mark by which Excel knows UTF-8.")
@click.option("--concurrency", type=Whole(1, 10_000), default=100, show_default=True, help="Checks at once.")
@click.option(
    "--rate",
    type=Number(min=0, min_open=True),
    callback=as_number,
    help="Requests per second at most, of all workers together.",
)
@click.option("--redis", is_flag=True, help=f"Share --rate with others through the Redis of {REDIS_URL}.")
@click.option("--executor", type=click.Choice(["ray"]), help="Let its workers make the checks; needs an extra.")
@click.option(
    "--workers",
    type=Whole(1, 10_000),
    help="With --executor: how many, each with --concurrency.  [default: 2]",
)
@click.option(
    "--address", callback=as_text, metavar="HOST:PORT", help="With --executor: its cluster.  [default: this machine]"
)
@click.option(
    "--transport",
    type=click.Choice([choice.value for choice in TransportChoice]),
    default=TransportChoice.AUTO.value,
    show_default=True,
    help="The HTTP client: fast needs an extra, and auto takes it if it is installed.",
)
@click.option("--resume", is_flag=True, help="Go on with the output of an earlier run.")
@click.option("--retry-failed", is_flag=True, help="Like --resume, and check again the rows that failed.")
@click.option(
    "--give-up-after",
    metavar="TIME",
    default="30m",
    show_default=True,
    callback=as_patience,
    help="How long to wait while the service accepts no request, such as 90s, 30m or 2h.",
)
@click.option(
    "--max-failures",
    metavar="N|P%",
    callback=as_failure_limit,
    help="Stop when more rows than that could not be checked; a share counts from the 100th row on.",
)
@click.option("--report", type=FilePath(), metavar="PAGE.html", help="Also write a report.")
@click.option("--quiet", is_flag=True, help="Show nothing but errors and what of INPUT is left out.")
@click.option("--json", "wants_json", is_flag=True, help="Print the summary as JSON on stderr.")
@network_options
@click.pass_context
def bulk(
    context: click.Context,
    *,
    source: Path,
    output: Path,
    oa_id: int,
    column: str | None,
    excel: bool,
    concurrency: int,
    rate: float | None,
    redis: bool,
    executor: str | None,
    workers: int | None,
    address: str | None,
    transport: str,
    resume: bool,
    retry_failed: bool,
    give_up_after: float,
    max_failures: str | None,
    report: Path | None,
    quiet: bool,
    wants_json: bool,
    network: Network,
) -> None:
    """Check the phone of every row of INPUT, and append the row with its answer to OUTPUT.

    INPUT and OUTPUT are CSV (.csv, .tsv, .txt), NDJSON (.ndjson, .jsonl) or Parquet (.parquet, .pq; needs an extra); -
    is standard input or output. INPUT can also be an Excel workbook (.xlsx, .xls; needs an extra), text packed by gzip,
    or a folder of such files. If it is not certain how to read INPUT, the command asks on a terminal; in a script it
    stops and names the option to add. OUTPUT has the columns of INPUT and: row, phone_normalized, state, granted,
    expired_time, error, message, failure, checked_at. Rows come as they finish, not in the order of INPUT.

    OUTPUT is also the journal. Whatever ends the command, even kill -9, the same command with --resume goes on, and in
    the end OUTPUT has every row exactly once. Meanwhile you may correct rows of INPUT without an answer, in place, and
    add rows at its end; --retry-failed checks the corrected ones. Without --resume an existing file is never changed.

    While the service accepts no request, the command waits and says so; no row fails for that. After --give-up-after it
    stops, and --resume goes on.

    With --executor, workers on a cluster or on this machine make the checks; this command still reads INPUT and writes
    OUTPUT. Each worker takes the account from its own environment. One process already makes thousands of checks a
    second, more than most limits allow.

    \b
    Examples:
        etelecom bulk customers.csv -o checked.csv --oa-id 1000000000000000003
        etelecom bulk customers.csv -o checked.csv --oa-id 1000000000000000003 --resume
        etelecom bulk customers.csv -o checked.csv --oa-id 1000000000000000003 --retry-failed --report report.html
        etelecom bulk lake/ -o checked.parquet --oa-id 1000000000000000003 --executor ray --workers 8 --address auto
        zcat phones.csv.gz | etelecom bulk - -o - --oa-id 1000000000000000003 --quiet > checked.csv
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    texts = texts_of(context)
    if report is not None:
        _check_report(report, texts, source=source, output=output)
    if executor is None and (workers is not None or address is not None):
        raise WrongUsage(texts.gettext("--workers and --address say how --executor works: give --executor too."))
    try:
        setup = WorkerSetup(
            oa_id=oa_id,
            concurrency=concurrency,
            workers=1 if executor is None else workers or _WORKERS,
            rate=rate,
            is_shared=redis,
        )
        account = from_env()
        runtime = _runtime(transport, executor, network, account.base_url, texts)
        session = Session(account, transport=runtime.transport, throttle=setup.throttle())
        session.account.key(CHECK_CONSENT.role)
        ray = None if executor is None else RayWorkers(setup, account=session.account, address=address)
        job = ConsentJob(
            session,
            source=sys.stdin.buffer if str(source) == "-" else source,
            output=_stdout(texts) if str(output) == "-" else output,
            oa_id=oa_id,
            column=column,
            reading=_reading(context, source, column, texts, is_settled=resume or retry_failed),
            excel=excel,
            resume=resume,
            retry_failed=retry_failed,
            concurrency=concurrency,
            executor=ray,
            give_up_after=give_up_after,
            max_failures=max_failures,
        )
    except EtelecomError as error:
        raise WrongUsage(str(error)) from None
    can_retry = _can_retry(source, output)
    summary = _run(job, session, ray, runtime, texts, source=source, output=output, quiet=quiet)
    if report is not None and summary.is_complete:
        _write_report(report, texts, source=source, output=output, can_retry=can_retry)
    if wants_json:
        click.echo(as_json(asdict(summary)), err=True)
    elif not quiet:
        print_summary(summary, output, texts=texts, report=report, executor=job.executor, can_retry=can_retry)
    if job.first_bug is not None:
        print_bug(job.first_bug, texts)
    if not summary.is_complete:
        kept = _what_is_kept(job, source, output, texts, is_fault=False) or texts.gettext("No row was finished.")
        click.echo(printable(f"{texts.gettext('Stopped early.')} {kept}"), err=True)
        context.exit(ExitCode.INTERRUPTED)
    context.exit(_exit_code(job, summary))


def _reading(
    context: click.Context, source: Path, column: str | None, texts: Translator, *, is_settled: bool
) -> Reading:
    given = reading_of(context)
    return given if is_settled else asked_reading(source, given, texts=texts, column=column)


def _exit_code(job: ConsentJob, summary: JobSummary) -> ExitCode:
    if job.first_bug is not None:
        return ExitCode.BUG
    return ExitCode.NOT_CHECKED if summary.failures or summary.failed_before else ExitCode.DONE


def _runtime(transport: str, executor: str | None, network: Network, url: URL, texts: Translator) -> Runtime:
    if executor is None:
        return network.runtime(TransportChoice(transport), url, texts=texts)
    if transport != TransportChoice.AUTO.value:
        raise WrongUsage(
            texts.gettext("--transport is for checks in this process, and with --executor the workers make them.")
        )
    if network.proxy is not None or network.ca is not None:
        raise WrongUsage(
            texts.gettext(
                "--proxy and --ca are for checks in this process, and with --executor the workers make them: set"
                " HTTPS_PROXY and SSL_CERT_FILE there."
            )
        )
    return network.runtime(TransportChoice.AIOHTTP, url, texts=texts)


def _check_report(report: Path, texts: Translator, *, source: Path, output: Path) -> None:
    if str(output) == "-":
        raise WrongUsage(texts.gettext("A report is made from the output file: name one with -o."))
    try:
        check_report(report, output=output, source=None if str(source) == "-" else source)
        pages.require()
    except EtelecomError as error:
        raise WrongUsage(str(error)) from None


def _run(
    job: ConsentJob,
    session: Session,
    ray: RayWorkers | None,
    runtime: Runtime,
    texts: Translator,
    *,
    source: Path,
    output: Path,
    quiet: bool,
) -> JobSummary:
    # Ray prints a lot about lost workers on stdout, which may be the output; the display has their number.
    silenced = contextlib.nullcontext() if ray is None else contextlib.redirect_stdout(io.StringIO())
    try:
        with silenced:
            name = runtime.name if ray is None else None
            going_on = texts.gettext("The same command with --resume goes on.")
            advice = f" {going_on}" if _can_retry(source, output) else ""
            return runtime.run(run(job, session, ray, texts=texts, transport=name, quiet=quiet, advice=advice))
    except InternalError:
        raise
    except EtelecomError as error:
        # After the first row it is a fault, and not the usage.
        has_begun = job.progress is not None and job.progress.done > 0
        end = StoppedByFault if has_begun or code_of(error) is ExitCode.STOPPED else WrongUsage
        advice = f". {hint(type(error).__name__, can_retry=False, texts=texts)}" if may_be_common(error) else ""
        kept = _what_is_kept(job, source, output, texts, is_fault=True)
        raise end(f"{error}{advice} {kept}".rstrip()) from None


def _can_retry(source: Path, output: Path) -> bool:
    """Whether the same command can check failed rows again: a stream can be read only once."""
    return (source.is_file() or source.is_dir()) and str(output) != "-"


def _what_is_kept(job: ConsentJob, source: Path, output: Path, texts: Translator, *, is_fault: bool) -> str:
    _ = texts.gettext
    if job.progress is None:
        return ""
    if str(output) == "-":
        return _("What was finished is written.") if job.progress.done else ""
    kept = next((path for path in (output, journal_of(output)) if path.exists()), None)
    if kept is None:
        return ""
    sentence = _("What was finished is in {file}.")
    if _can_retry(source, output):
        sentence = (
            _("What was finished is in {file}; once that is fixed, the same command with --resume goes on.")
            if is_fault
            else _("What was finished is in {file}; the same command with --resume goes on.")
        )
    return sentence.format(file=kept)


def _write_report(report: Path, texts: Translator, *, source: Path, output: Path, can_retry: bool) -> None:
    statistics = statistics_of(output)
    _ = texts.gettext
    title, now = _("Calling permissions"), datetime.now(UTC)
    try:
        # Hours may have passed since the first check.
        check_report(report, output=output, source=None if str(source) == "-" else source)
        pages.write(report, statistics, title=title, source=source.name, now=now, can_retry=can_retry, texts=texts)
    except OSError as error:
        sentence = _("Cannot write {file}: {reason}. The output is complete.")
        raise StoppedByFault(sentence.format(file=report, reason=error.strerror or error)) from None
    except EtelecomError as error:
        raise StoppedByFault(f"{error} {_('The output is complete.')}") from None


def _stdout(texts: Translator) -> BinaryIO:
    if was_closed(sys.stdout):
        raise WrongUsage(texts.gettext("Standard output is closed: name a file with -o."))
    return sys.stdout.buffer
