"""The `etelecom` command. It needs the extra `[cli]`: only this package imports click and rich."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit. Without the extra: one sentence on stderr and exit code 2."""
    # Ctrl-C may come during the imports, so these come first.
    from .exit_codes import ExitCode  # noqa: PLC0415
    from .interrupts import interrupted_by_any_signal, leave_at_once, leaving_at_once  # noqa: PLC0415

    with leaving_at_once():
        from importlib.util import find_spec  # noqa: PLC0415

        from .descriptors import prepare_standard_streams  # noqa: PLC0415

        prepare_standard_streams()
        if not all(map(find_spec, ("click", "rich"))):
            sys.stderr.write("etelecom: the command line needs an extra: pip install 'etelecom-async[cli]'\n")
            sys.exit(ExitCode.USAGE)
        from .app import run  # noqa: PLC0415
    interrupted_by_any_signal()
    code = run()
    leave_at_once()
    sys.exit(code)
