"""The `etelecom` group, and how it ends: exit codes for errors and for Ctrl-C."""

from __future__ import annotations

import io
import sys

import click

from .._version import __version__
from .bulk import bulk
from .check import check
from .demo import demo
from .sandbox import sandbox

__all__ = ["etelecom", "run"]

_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="etelecom")
def etelecom() -> None:
    """May this business call this customer over Zalo? Ask eTelecom.

    No key yet? See everything work on this machine first:

    \b
        etelecom demo                 check made-up customers, end to end
        etelecom sandbox              an eTelecom of your own to program against

    With a key, in the environment and never in an argument:

    \b
        export ETELECOM_API_KEY='<digits>:<secret>'
        export ETELECOM_OA_ID=1000000000000000003
        etelecom check 0987654321
        etelecom bulk customers.csv -o checked.csv

    A partner sets ETELECOM_ACCOUNT=partner and ETELECOM_SHOP_KEY. ETELECOM_BASE_URL names another server.
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks


etelecom.add_command(check)
etelecom.add_command(bulk)
etelecom.add_command(sandbox)
etelecom.add_command(demo)


def run() -> int | None:
    """Run the command line of this process and return its exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # A character that the terminal or the pipe cannot carry is worth a question mark, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        # Not click's standalone mode, which makes Ctrl-C exit code 1: that has a meaning of its own here.
        code: int | None = etelecom.main(prog_name="etelecom", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _INTERRUPTED
    return code
