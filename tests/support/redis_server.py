"""A Redis of the tests' own: a real server on a Unix socket in a folder of its own, with nothing kept on disk."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import redis


class RedisServer:
    """Starts, stops, restarts; at the end nothing is left of it."""

    def __init__(self, *options: str) -> None:
        program = shutil.which("redis-server")
        assert program, "These tests need redis-server on the PATH: apt-get install redis-server"
        # A socket's path is limited to some hundred bytes, so it lies in no deep folder.
        self._folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.socket = self._folder / "socket"
        self.url = f"unix://{self.socket}"
        files = ("--dir", str(self._folder), "--save", "", "--appendonly", "no", "--logfile", str(self._folder / "log"))
        self._command = (program, "--port", "0", "--unixsocket", str(self.socket), *files, *options)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 300
        while not self.socket.exists():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "redis-server does not start"
            time.sleep(0.01)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def look(self, password: str | None = None) -> redis.Redis:
        """A client to look at it with; use it in a `with` block."""
        return redis.Redis(unix_socket_path=str(self.socket), password=password, decode_responses=True)

    def now(self) -> float:
        """The server's own clock, in seconds."""
        with self.look() as client:
            seconds, micros = client.time()
        return seconds + micros / 1e6

    def evals(self) -> int:
        """How often a script was run, in whatever way."""
        with self.look() as client:
            stats = client.info("commandstats")
        return sum(
            stats.get(f"cmdstat_{name}", {"calls": 0, "failed_calls": 0})[kind] * sign
            for name in ("eval", "evalsha")
            for kind, sign in (("calls", 1), ("failed_calls", -1))
        )

    def keys(self) -> list[str]:
        with self.look() as client:
            return client.keys()
