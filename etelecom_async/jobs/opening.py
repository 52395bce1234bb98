"""Opens the input and the output of a job, before its first call."""

from __future__ import annotations

import codecs
import contextlib
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
from attrs import define, field

from ..errors import ConfigError
from ..tables import Dialect, Reading, Row, Source, find_phone_column, kind_of, named_column, open_source
from ..tables.cells import refuse_lossy
from ..tables.input import is_packed
from .answer_table import AnswerTable
from .bugs import Bugs
from .finished_rows import FinishedRows
from .input_fingerprint import InputFingerprint
from .manifest import Manifest
from .options import JobOptions
from .output_files import OutputFiles
from .output_paths import check_output, check_stream
from .plan import Plan
from .record import RESULT_COLUMNS, Recorder
from .resume import begin_or_resume
from .sink import FileSink, Sink, StreamSink, layout_of

__all__ = ["OpenedJob", "open_job"]

_SAMPLE = 100


@define(kw_only=True)
class OpenedJob:
    """An input and an output that are open.

    Attributes:
        plan: what is going to be done.
        rows: every row of the input.
        recorder: makes records of rows.
        sink: what records are written to.
        answers: the table of answers; made with the rest, since that takes longer than an event loop should wait.
        fingerprint: of the input; None for a stream.
        closing: closes the files.
    """

    plan: Plan
    rows: Iterator[Row]
    recorder: Recorder
    sink: Sink
    answers: AnswerTable
    fingerprint: InputFingerprint | None = None
    closing: contextlib.ExitStack = field(factory=contextlib.ExitStack)


def open_job(options: JobOptions, *, finished: FinishedRows, bugs: Bugs) -> OpenedJob:
    """Open the input and the output. It blocks: call it in a thread.

    Args:
        options: those of the job.
        finished: gets the rows that earlier runs finished.
        bugs: gets the exceptions that are bugs.

    Raises:
        ConfigError: the input has no phones or cannot be read, or the output cannot be written or is another job's.
    """
    with contextlib.ExitStack() as closing:
        _check_paths(options)
        output = options.output
        held = closing.enter_context(OutputFiles(output)) if isinstance(output, Path) else output
        path = options.input_path
        source = open_source(options.source, reading=_known_reading(options), column=options.column)
        kind = kind_of(output) if isinstance(output, Path) else _streamed(source.kind)
        if kind != "ndjson":
            source = source.as_table(is_read_once=path is None)
        phone_at, found, rows = _phone_column(options.column, source, is_read_once=path is None)
        column = source.columns[phone_at]
        refuse_lossy(source.types.get(column, ""), column)
        kept = [at for at, name in enumerate(source.columns) if name not in RESULT_COLUMNS]
        columns = (*(source.columns[at] for at in kept), *RESULT_COLUMNS)
        layout = layout_of(kind, columns=columns, dialect=_dialect(source, kind, excel=options.excel))
        recorder = Recorder(kept=kept, phone_at=phone_at, has_extra=kind != "csv", now=options.now, bugs=bugs)
        fingerprint, total = None, None
        sink: Sink
        if isinstance(held, OutputFiles):
            sink = FileSink(held, layout=layout, columns=columns, types=source.types)
            fingerprint = begin_or_resume(
                options, sink, source, output=held.name, column=column, recorder=recorder, finished=finished
            )
            total = None if path is None or fingerprint is None else _length(path, source, fingerprint)
        else:
            fingerprint = None if path is None else InputFingerprint.glance(path)
            sink = StreamSink(held, layout=layout)
        return OpenedJob(
            plan=Plan(
                source=source.description,
                column=column,
                found=found,
                replaced=tuple(name for name in source.columns if name in RESULT_COLUMNS),
                total=total,
                finished=len(finished.rows),
                failed_before=finished.failed,
                read_half=finished.read_half,
                is_marked=layout.header.startswith(codecs.BOM_UTF8) if kind == "csv" else None,
            ),
            rows=rows,
            recorder=recorder,
            sink=sink,
            answers=AnswerTable(),
            fingerprint=fingerprint,
            closing=closing.pop_all(),
        )


def _check_paths(options: JobOptions) -> None:
    source = options.source if isinstance(options.source, Path) else None
    if source is not None:
        _check_name(source)
    if isinstance(options.output, Path):
        check_output(options.output, source=source)
    elif source is not None:
        with contextlib.suppress(OSError):  # not every stream is a file of the system
            check_stream(options.output.fileno(), source=source)


def _check_name(source: Path) -> None:
    """Refuse a name that no file can have, before anything is asked about the file."""
    try:
        source.lstat()
    except FileNotFoundError:
        pass  # the one who opens it says so
    except (OSError, ValueError) as error:
        raise ConfigError(f"Cannot read {source}: {getattr(error, 'strerror', None) or error}.") from None


def _known_reading(options: JobOptions) -> Reading:
    """How to read the input as far as that is known: from the user, and for a resume from the first run."""
    output = options.output
    if not (options.resume and isinstance(output, Path)):
        return options.reading
    if not any(path.is_file() and path.stat().st_size for path in (output, Path(f"{output}.ndjson"))):
        return options.reading
    settled = Manifest.load(output).reading
    return options.reading if settled is None else options.reading.resumed(settled)


def _dialect(source: Source, kind: str, *, excel: bool) -> Dialect | None:
    if not excel:
        return source.dialect
    if kind != "csv":
        raise ConfigError("A mark for Excel (--excel) is for an output in CSV: name a .csv file, or leave it out.")
    return attrs.evolve(source.dialect or Dialect(), has_bom=True)


def _phone_column(column: str | None, source: Source, *, is_read_once: bool) -> tuple[int, str, Iterator[Row]]:
    """The index of the phone column, how it was found, and all rows."""
    rows = source.rows()
    if column is not None:
        return named_column(source.columns, column), "as named", rows
    sample = list(itertools.islice(source.first_rows() if is_read_once else rows, _SAMPLE))
    read = [] if is_read_once else sample
    while True:
        try:
            at, found = find_phone_column(source.columns, sample)
        except ConfigError:
            # A slow stream is waited for only as long as its rows do not show the column.
            if len(sample) == _SAMPLE or not is_read_once:
                raise
            read += itertools.islice(rows, len(sample) + 1 - len(read))
            if len(read) <= len(sample):
                raise
            sample = read[:]
        else:
            return at, found, _one_after_the_other(read, rows)


def _one_after_the_other(read: Iterable[Row], rows: Iterator[Row]) -> Iterator[Row]:
    """Both, as a generator, so that to close it closes the file that the second is read from."""
    yield from read
    yield from rows


def _length(path: Path, source: Source, fingerprint: InputFingerprint) -> int | None:
    """About how many rows the input has; None if only unpacking it would tell."""
    if source.length is not None:
        return source.length
    if is_packed(path):
        return None
    before = (source.reading.skip_rows or 0) + bool(source.reading.header)
    return max(0, fingerprint.lines - fingerprint.files * before)


def _streamed(kind: str) -> str:
    """The kind of a stream's records: Parquet and workbooks cannot be written to one."""
    return {"parquet": "ndjson", "excel": "csv"}.get(kind, kind)
