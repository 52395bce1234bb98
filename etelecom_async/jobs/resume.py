"""Begins a job's output, or goes on with one that belongs to the same job."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from ..errors import ConfigError
from ..tables import Source
from .changed_rows import first_changed
from .finished_rows import FinishedRows
from .half_read import rows_read_whole
from .input_fingerprint import InputFingerprint
from .manifest import Manifest
from .options import JobOptions
from .record import Recorder
from .sink import FileSink

__all__ = ["begin_or_resume"]


def begin_or_resume(
    options: JobOptions,
    sink: FileSink,
    source: Source,
    *,
    output: Path,
    column: str,
    recorder: Recorder,
    finished: FinishedRows,
) -> InputFingerprint | None:
    """Create or reopen the output, and write its manifest.

    Args:
        options: those of the job.
        sink: the output.
        source: the input, open.
        output: the output's name as it was given; the manifest lies beside it.
        column: the heading of the phone column.
        recorder: reads the phones of the input again, if it was changed.
        finished: gets the rows that earlier runs finished.

    Returns:
        The fingerprint of the input; None for a stream.

    Raises:
        ConfigError: the output exists and is not resumed, is another job's, or cannot be written.
    """
    if options.input_path is None:
        sink.refuse_existing()
        sink.create(bind=lambda: Manifest.remove(output))
        return None
    fingerprint = InputFingerprint.of(options.input_path)
    saved = Manifest.load(output) if options.resume and sink.exists else None
    manifest = Manifest.of(
        sha256=fingerprint.sha256,
        column=column,
        oa_id=options.oa_id,
        account=options.account,
        reading=source.reading,
        endings=fingerprint.endings,
        salt=None if saved is None else saved.salt,
    )
    if saved is not None and saved != manifest and not any(True for _ in sink.answered()):
        sink.clear()
        saved = None
    if saved is None:
        sink.refuse_existing()
        sink.create(bind=lambda: manifest.save(output))
    else:
        saved.check(manifest)
        whole: float = math.inf
        if saved.input != manifest.input:
            if source.kind in {"csv", "ndjson"}:
                read = rows_read_whole(
                    options.input_path, before=saved.endings, now=fingerprint.endings, reading=source.reading
                )
                whole = math.inf if read is None else read
            _check_answered(sink, source, recorder, whole=whole)
            finished.read_half = sum(1 for number, _ in sink.answered() if number > whole)
        finished.witness = next((phone for _, phone in sink.answered()), "")
        is_dropped: Callable[[int, bool], bool] | None = None
        if options.retry_failed or finished.read_half:
            is_dropped = lambda number, has_failed: number > whole or (options.retry_failed and has_failed)
        sink.reopen(is_dropped=is_dropped, on_row=finished.add)
        if saved.input != manifest.input:
            manifest.save(output)
    return fingerprint


def _check_answered(sink: FileSink, source: Source, recorder: Recorder, *, whole: float) -> None:
    """Check that each answered row up to `whole` of an input that was changed is where it was."""
    changed = first_changed(
        answered=lambda: (row for row in sink.answered() if row[0] <= whole),
        current=lambda: ((row.number, recorder.question(row).phone) for row in source.rows()),
    )
    if changed is not None:
        raise ConfigError(
            f"The output belongs to another input: row {changed:,} has an answer, and is gone or has another phone now."
            " Correct rows where they stand and add new ones at the end; or write to another file."
        )
