"""Options of several commands, and checks of values that click's own types lack."""

from __future__ import annotations

import errno
import math
import os
import re
from pathlib import Path

import click

from ..api.consent_requests import CallType, ReasonCode
from ..errors import ConfigError, InvalidId
from ..ids import to_id
from ..jobs.failure_limit import FailureLimit
from .exits import WrongUsage

__all__ = [
    "FilePath",
    "Number",
    "Whole",
    "as_failure_limit",
    "as_host",
    "as_id",
    "as_number",
    "as_patience",
    "as_seconds",
    "as_text",
    "call_type_option",
    "oa_id_option",
    "reason_option",
    "yes_option",
]


class Whole(click.IntRange):
    """A whole number; click's own word for it is "integer range"."""

    name = "whole number"


class Number(click.FloatRange):
    """A number; click's own word for it is "float range"."""

    name = "number"


class FilePath(click.Path):
    """A path that is not empty: `pathlib` reads that as the current folder, and a variable that is not set is empty."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if param is not None and ctx is not None:
            if value == "":
                raise _refused(ctx, param, "It is empty: name a file.")
            try:
                os.lstat(value)
            except ValueError:
                raise _refused(ctx, param, "A NUL is no part of a name: name a file.") from None
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:
                    raise _refused(ctx, param, "The name is too long: name another file.") from None
        return super().convert(value, param, ctx)


_TIME = re.compile(r"([0-9]{1,7}(?:\.[0-9]+)?)(s|m|h|)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def _known(kind: type[CallType | ReasonCode]) -> list[str]:
    return [member.value for member in kind if member.value != kind.NOT_SET]


def as_id(context: click.Context, option: click.Parameter, value: str) -> int:
    try:
        return to_id(value)
    except InvalidId as error:
        raise _refused(context, option, error.message) from None


def as_number(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    # `nan` passes every range check of click.
    if value is None or math.isfinite(value):
        return value
    raise _refused(context, option, f"{value} is not a finite number.")


def as_text(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    # A variable that is not set is empty.
    if value is None or value.strip():
        return value
    raise _refused(context, option, "It is empty: leave it out, or give it a value.")


def as_patience(context: click.Context, option: click.Parameter, value: str) -> float:
    """A time above zero."""
    seconds = as_seconds(context, option, value)
    if seconds:
        return seconds
    raise _refused(context, option, f"{value!r} is not a time above zero such as 90s, 30m or 2h.")


def as_failure_limit(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        try:
            FailureLimit.of("It", value)
        except ConfigError:
            raise _refused(
                context, option, f"{value!r} is no number of rows such as 100, or share such as 5%."
            ) from None
    return value


def as_host(context: click.Context, option: click.Parameter, value: str) -> str:
    if value.strip() and value.isprintable():
        return value.strip()
    raise _refused(context, option, "It is empty: give an address or a host name, such as 127.0.0.1.")


oa_id_option = click.option(
    "--oa-id",
    callback=as_id,
    envvar="ETELECOM_OA_ID",
    show_envvar=True,
    required=True,
    help="The Zalo Official Account.",
)


def as_seconds(context: click.Context, option: click.Parameter, value: str | None) -> float | None:
    """A time such as `90s`, `30m` or `2h`, in seconds; a bare number is seconds."""
    if value is None:
        return None
    match = _TIME.fullmatch(value.strip())
    if match is None:
        raise _refused(context, option, f"{value!r} is not a time such as 90s, 30m or 2h.")
    return float(match[1]) * _UNITS[match[2]]


call_type_option = click.option(
    "--call-type", type=click.Choice(_known(CallType)), required=True, help="The kind of calls to allow."
)
reason_option = click.option(
    "--reason",
    type=click.Choice(_known(ReasonCode)),
    required=True,
    help="Why you want to call, as the customer is told.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask before money is spent: for scripts.")


def _refused(context: click.Context, option: click.Parameter, sentence: str) -> WrongUsage:
    # One line, where click would put the usage above it.
    return WrongUsage(f"{option.get_error_hint(context)}: {sentence}")
