"""A child process that answers a line with a line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.lib.affinity import Role, children_on_core_for

_ROOT = Path(__file__).parents[2]
_PATIENCE = 60.0
_LONGEST = 2**26
"""Bytes of an answer."""


class ChildFailed(Exception):
    """A child ended or fell silent; what it printed to stderr says why."""


class Child:
    """A running child."""

    def __init__(self, process: Process, name: str) -> None:
        self._process = process
        self._name = name

    async def ask(self, line: object, *, patience: float = _PATIENCE) -> dict[str, Any]:
        """Send a line, return the answer.

        Raises:
            ChildFailed: none came within so many seconds.
        """
        self.tell(line)
        return await self.hear(patience=patience)

    def tell(self, line: object) -> None:
        """Send a line that has no answer."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())

    async def hear(self, *, patience: float = _PATIENCE) -> dict[str, Any]:
        """The next answer.

        Raises:
            ChildFailed: none came within so many seconds.
        """
        assert self._process.stdout
        try:
            answer = await asyncio.wait_for(self._process.stdout.readline(), patience)
        except TimeoutError:
            raise ChildFailed(f"{self._name} gave no answer within {patience:g} s.") from None
        if not answer:
            raise ChildFailed(f"{self._name} ended before its time.")
        return json.loads(answer)


@asynccontextmanager
async def child(module: str, *args: str, role: Role | None = None) -> AsyncIterator[Child]:
    """Run a module of `benchmarks.children`. It ends with the block, and should the parent die, with its stdin."""
    name = " ".join((module, *args[:1]))
    async with program(name, sys.executable, "-m", f"benchmarks.children.{module}", *args, role=role) as it:
        yield it


@asynccontextmanager
async def program(name: str, *command: str, role: Role | None = None) -> AsyncIterator[Child]:
    """Run any program that speaks in lines as a child; its role says on which core."""
    with children_on_core_for(role):
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=_ROOT,
            stdin=PIPE,
            stdout=PIPE,
            limit=_LONGEST,
            process_group=0,  # so that Ctrl-C reaches the parent alone
        )
    try:
        yield Child(process, name)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
