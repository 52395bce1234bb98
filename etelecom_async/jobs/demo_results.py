"""The results of a demo, which the next demo may replace for as long as they are as the demo left them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from attrs import evolve

from ..errors import ConfigError
from ..tables import journal_of
from .manifest import Manifest
from .output_files import OutputFiles
from .output_paths import check_output

__all__ = ["mark_demo", "remove_demo"]


def mark_demo(output: Path, *, base_url: str) -> None:
    """Note in the job file what a demo left, if there is anything.

    Args:
        output: its output.
        base_url: of the sandbox that answered. Results of any other server are not touched.

    Raises:
        ConfigError: the job file cannot be written.
    """
    if not Manifest.place(output).exists():
        return
    manifest = Manifest.load(output)
    if manifest.base_url == base_url:
        evolve(manifest, demo=_fingerprint(output)).save(output)


def remove_demo(output: Path, *, source: Path) -> None:
    """Make way for the next demo. Nothing else is ever removed, nor a result that was changed since.

    Args:
        output: where the results go.
        source: the input.

    Raises:
        ConfigError: something else is there, or it cannot be removed or written.
    """
    check_output(output, source=source)
    with OutputFiles(output) as files:
        if not files.exists:
            return
        try:
            is_ours = Manifest.load(output).demo == _fingerprint(output)
        except ConfigError:
            is_ours = False
        if not is_ours:
            raise ConfigError(
                f"{output} exists and is not the unchanged result of an earlier demo: choose another name with -o."
            )
        files.clear()
        Manifest.remove(output)
        files.discard()


def _fingerprint(output: Path) -> str:
    """Of all that a job writes as results: the output, and the journal of a Parquet file that was not finished."""
    whole = hashlib.sha256()
    for path in dict.fromkeys((output, journal_of(output))):
        if path.exists():
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
