"""Tries to join a Ray cluster in a child process, which can be killed.

With a wrong address Ray tries for 80 seconds (measured with Ray 2.60), and only SIGKILL ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import platform
import subprocess
import sys

from ..errors import ConfigError
from ..transport.connecting import system_message
from .ray_module import ray_module

__all__ = ["main", "probe", "versions"]

_MOST = 600
"""Characters of Ray's message: enough for both versions if they differ."""


async def probe(address: str) -> None:
    """Join the cluster and leave it, or raise a ConfigError with Ray's reason. Cancelling ends it at once."""
    await _check_listening(address)
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
        await process.communicate()  # waits until it has ended
        raise
    if process.returncode:
        raise ConfigError(one_sentence(_reason(output), address=address))


def one_sentence(reason: str, *, address: str | None) -> str:
    where = "on this machine" if address is None else f"at {address}"
    words = " ".join(reason.split())[:_MOST].rstrip(" .")
    return f"Ray cannot run the workers {where}: {words}. Here: {versions()}."


def versions() -> str:
    """The versions of Ray and Python here: those of the cluster must be the same."""
    ray = sys.modules.get("ray")
    return f"Ray {getattr(ray, '__version__', 'of unknown version')}, Python {platform.python_version()}"


def main(address: str) -> int:
    """The child process: if it cannot join, it prints the reason as JSON on the last line and returns 1."""
    ray = ray_module(is_local=False)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="CRITICAL")
        ray.shutdown()
    except Exception as error:  # noqa: BLE001 - Ray raises errors of many kinds
        sys.stdout.write(f"\n{json.dumps(f'{type(error).__name__}: {error}')}\n")
        return 1
    return 0


async def _check_listening(address: str) -> None:
    """A wrong host or port is a ConfigError at once, and clearer than Ray's."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # such as `auto`
    try:
        _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OverflowError as error:  # the number is no port
        raise ConfigError(one_sentence(str(error), address=address)) from None
    except OSError as error:
        raise ConfigError(one_sentence(f"no connection: {system_message(error)}", address=address)) from None
    writer.close()


def _reason(output: bytes) -> str:
    last = output.strip().rpartition(b"\n")[2]
    try:
        return str(json.loads(last))
    except ValueError:
        return "it ended and gave no reason"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
