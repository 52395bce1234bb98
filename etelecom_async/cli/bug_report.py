"""A bug report that the user can send: a file that holds no key and no whole phone number."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from .._version import __version__
from ..phone import mask

__all__ = ["describe", "redact", "without_keys", "write_bug_report"]

_MAX_TRACEBACK = 200_000
"""Characters of a traceback that are kept."""
_VARIABLES = ("ETELECOM_API_KEY", "ETELECOM_SHOP_KEY", "ETELECOM_REDIS_URL")
_MIN_SECRET = 4
"""Characters. A shorter part of a key would match in ordinary words."""

_KEY = re.compile(r"(shop)?\d{6,}:[^\s'\"\\,)]+")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\"\\,)]+")
_USERINFO = re.compile(r"://[^/\s@]+@")
_DIGITS = re.compile(r"\+?\d(?:[\s.()\-\u00a0]{0,3}\d){6,}")


def describe(arguments: Sequence[str]) -> str:
    """The versions, the system, and the command without its values, which may name customers or files."""
    return f"etelecom-async {__version__}, Python {platform.python_version()} on {sys.platform}, {_command(arguments)}"


def redact(text: str) -> str:
    """The text without keys and without whole phone numbers."""
    return _DIGITS.sub(lambda match: mask(match[0]), without_keys(text))


def without_keys(text: str) -> str:
    """The text without keys and passwords."""
    for secret in _secrets():
        text = text.replace(secret, "***")
    text = _KEY.sub("***", text)
    text = _BEARER.sub(r"\1 ***", text)
    return _USERINFO.sub("://***@", text)


def write_bug_report(error: BaseException, *, arguments: Sequence[str]) -> Path | None:
    """Write the traceback to a new file in the temporary folder, for this user only; None if that is impossible.

    `arguments` are those of the command line, without the program's name.
    """
    shown = redact("".join(traceback.format_exception(error)))
    try:
        descriptor, name = tempfile.mkstemp(prefix="etelecom-bug-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{describe(arguments)}\n\n{shown[-_MAX_TRACEBACK:]}")
    except OSError:
        return None
    return Path(name)


def _command(arguments: Sequence[str]) -> str:
    shown = [_without_value(argument) for argument in arguments]
    if arguments and arguments[0].isalpha():
        shown[0] = arguments[0]
    return f"`{' '.join(['etelecom', *shown])}`"


def _without_value(argument: str) -> str:
    name = re.match(r"--[a-z][a-z-]*|-[a-z]|-$", argument)
    return name[0] if name else "..."


def _secrets() -> Iterator[str]:
    """The keys of the environment, the longest part of each first."""
    for variable in _VARIABLES:
        value = os.environ.get(variable, "").strip()
        parts = (value, value.partition(":")[2], value.rpartition("@")[0].rpartition(":")[2])
        yield from (part for part in parts if len(part) >= _MIN_SECRET)
