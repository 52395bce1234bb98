"""Can a process join that Ray cluster? It is tried in a process of its own, which can be ended.

Ray's own attempt at a wrong address takes 80 seconds (measured with Ray 2.60), and no signal but SIGKILL ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys

from ..errors import ConfigError
from .ray_module import ray_module

__all__ = ["main", "probe", "versions"]

_MOST = 600
"""Characters of what Ray says: both versions are among them where these do not fit."""


async def probe(address: str) -> None:
    """Join the cluster and leave it. Cancelling this ends it at once.

    Args:
        address: as `ray.init` takes it.

    Raises:
        ConfigError: it cannot be joined; with Ray's reason.
    """
    await _see_that_something_listens(address)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, address),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # until its pipe is closed and it is gone
        raise
    if process.returncode:
        raise ConfigError(one_sentence(_reason(output), address=address))


def one_sentence(reason: str, *, address: str | None) -> str:
    """Why Ray does not do its work, on one line, with the versions of this side."""
    place = "on this machine" if address is None else f"at {address}"
    words = " ".join(reason.split())[:_MOST].rstrip(" .")
    return f"Ray cannot run the workers {place}: {words}. Here: {versions()}."


def versions() -> str:
    """Ray's and Python's of this side: those of the cluster have to be the same."""
    ray = sys.modules.get("ray")
    return f"Ray {getattr(ray, '__version__', 'of unknown version')}, Python {platform.python_version()}"


def main(address: str) -> int:
    """The process itself: 0, or 1 and the reason as JSON on the last line."""
    ray = ray_module(stays_here=False)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="CRITICAL")
        ray.shutdown()
    except Exception as error:  # noqa: BLE001 - it raises whatever it met
        sys.stdout.write(f"\n{json.dumps(f'{type(error).__name__}: {error}')}\n")
        return 1
    return 0


async def _see_that_something_listens(address: str) -> None:
    """A wrong host or port is known at once, and by a better name than Ray has for it."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # `auto`, say
    try:
        _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OverflowError as error:  # no number of a port
        raise ConfigError(one_sentence(str(error), address=address)) from None
    except OSError as error:
        # The system's words; asyncio's own repeat the address, and name resolution has numbers of its own.
        reason = os.strerror(number) if (number := error.errno or 0) > 0 else error.strerror or str(error)
        raise ConfigError(one_sentence(f"no connection: {reason}", address=address)) from None
    writer.close()


def _reason(output: bytes) -> str:
    last = output.strip().rpartition(b"\n")[2]
    try:
        return str(json.loads(last))
    except ValueError:
        return "it ended without a reason"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
