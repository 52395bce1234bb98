"""The results of a demo, which the next demo may replace while they are unchanged."""

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
    """Note the results of a demo in its job file, if it left any.

    Args:
        output: where the results are.
        base_url: of the sandbox that answered. Results of other servers are not touched.

    Raises:
        ConfigError: the job file cannot be written.
    """
    if not Manifest.path(output).exists():
        return
    manifest = Manifest.load(output)
    if manifest.base_url == base_url:
        evolve(manifest, demo=_fingerprint(output)).save(output)


def remove_demo(output: Path, *, source: Path) -> None:
    """Remove the results of an earlier demo, if they are unchanged. Nothing else is ever removed.

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
    """Of the output, and of the journal of an unfinished Parquet file."""
    whole = hashlib.sha256()
    for path in dict.fromkeys((output, journal_of(output))):
        if path.exists():
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
