"""The `etelecom` command, and how every run of it ends."""

from __future__ import annotations

import os
import sys
from types import MappingProxyType

import click
from click.shell_completion import shell_complete

from .._version import __version__
from .command import CommandGroup
from .descriptors import redirect_stdout_to_null
from .exit_codes import ExitCode
from .exits import report
from .language import LanguageChoice

__all__ = ["etelecom", "run"]

_COMPLETION = "_ETELECOM_COMPLETE"


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="etelecom")
def etelecom() -> None:
    """May this business call this customer over Zalo? Ask eTelecom.

    No key yet? See everything work on this machine first:

    \b
        etelecom demo                 check made-up customers, end to end
        etelecom sandbox              an eTelecom on this machine to program against

    With a key, in the environment and never in an argument:

    \b
        export ETELECOM_API_KEY='<digits>:<secret>'
        export ETELECOM_OA_ID=1000000000000000003
        etelecom check 0987654321
        etelecom bulk customers.csv -o checked.csv

    A partner sets ETELECOM_ACCOUNT=partner and ETELECOM_SHOP_KEY. ETELECOM_BASE_URL names another server.
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks


etelecom.modules = MappingProxyType(
    {
        "check": "Ask whether customers have granted calling permission.",
        "bulk": "Check every phone of a file, resumably.",
        "request": "Ask customers for permission: each request is billed.",
        "ensure": "Get a customer's permission, and pay for at most one request.",
        "call": "Call any method of the API, with JSON in and out.",
        "doctor": "Look whether this machine, the network and the key are in order.",
        "openapi": "Write the methods as an OpenAPI document, for other languages.",
        "sandbox": "Serve an eTelecom on this machine.",
        "demo": "Check a file of phones against a sandbox, end to end.",
    }
)


def run() -> int:
    """Run the command line of this process and return its exit code."""
    language = LanguageChoice()
    try:
        code = _run(sys.argv[1:], language)
    except BaseException as error:  # noqa: BLE001 - each has its message and its exit code
        code = report(error, language)
    try:
        sys.stdout.flush()
    except OSError as error:
        redirect_stdout_to_null()
        code = code or report(error, language)
    return code


def _run(arguments: list[str], language: LanguageChoice) -> int:
    # Not click's own `main`: its exit code for Ctrl-C and for a closed pipe is 1, which here means "not granted".
    if instruction := os.environ.get(_COMPLETION):
        return shell_complete(etelecom, {}, "etelecom", _COMPLETION, instruction)
    try:
        with etelecom.make_context("etelecom", arguments, obj=language) as context:
            etelecom.invoke(context)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    return ExitCode.DONE
