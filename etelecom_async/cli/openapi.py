"""`etelecom openapi`: the methods as an OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..account import SHOP_URL
from ..openapi import document
from .command import Command, exits_with
from .exit_codes import ExitCode
from .options import FilePath, as_text
from .render import write

__all__ = ["openapi"]


@exits_with(ExitCode.STOPPED)
@click.command("openapi", cls=Command)
@click.option("-o", "--output", type=FilePath(), metavar="FILE", help="Write it there, and not to stdout.")
@click.option(
    "--base-url",
    callback=as_text,
    default=SHOP_URL,
    envvar="ETELECOM_BASE_URL",
    show_default=True,
    show_envvar=True,
    help="The server that the document names.",
)
def openapi(output: Path | None, base_url: str) -> None:
    """Write every typed method as an OpenAPI 3.1 document, from which other languages generate their clients.

    \b
        etelecom openapi -o etelecom.json
        npx openapi-typescript etelecom.json -o etelecom.ts
    """  # noqa: D301 - click wants a real backspace before lines that keep their breaks
    text = json.dumps(document(base_url=base_url), ensure_ascii=False, indent=2)
    if output is None:
        write(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
