"""The `etelecom` command. It needs the extra `[cli]`; nothing outside of this package imports click or rich."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit. Without the extra: one sentence on stderr and exit code 2."""
    try:
        from .app import run  # noqa: PLC0415 - what it imports may not be installed
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        sys.stderr.write("etelecom: the command line needs an extra: pip install 'etelecom-async[cli]'\n")
        sys.exit(2)
    sys.exit(run())
