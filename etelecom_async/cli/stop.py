"""How a command ends that cannot do its work."""

from __future__ import annotations

from typing import ClassVar

import click

__all__ = ["CANNOT", "Stop"]

CANNOT = 2
"""The exit code of a command that could not find out what it was asked for."""


class Stop(click.ClickException):
    """One sentence on stderr, and exit code 2."""

    exit_code: ClassVar[int] = CANNOT
