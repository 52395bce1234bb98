"""A master, its replica and a Sentinel that watches both, on loopback ports; at the end nothing is left of them."""

from __future__ import annotations

import contextlib
import socket

from tests.support.redis_server import RedisServer

NAME = "shared"
"""What the Sentinel calls the master."""


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class _Sentinel(RedisServer):
    def __init__(self, port, master):
        super().__init__()
        lines = ("bind 127.0.0.1", f"port {port}", f"unixsocket {self.socket}", f"dir {self._folder}")
        logged = f"logfile {self._folder / 'log'}"
        config = self._folder / "sentinel.conf"  # it writes into it what it finds
        config.write_text("\n".join((*lines, logged, f"sentinel monitor {NAME} 127.0.0.1 {master} 1\n")))
        self._command = (self._command[0], str(config), "--sentinel")


class Watched:
    """A master with a replica, and their Sentinel.

    Attributes:
        port: of the Sentinel.
        master: the one that is the master at first.
        replica: the one that is its replica at first.
    """

    def __init__(self):
        first, self._second, self.port = _free_ports(3)
        here = ("--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0")
        self.master = RedisServer(*here, "--port", str(first))
        self.replica = RedisServer(*here, "--port", str(self._second), "--replicaof", f"127.0.0.1 {first}")
        self._sentinel = _Sentinel(self.port, first)

    def __enter__(self):
        for server in (self.master, self.replica, self._sentinel):
            server.start()
        return self

    def __exit__(self, *_):
        for server in (self._sentinel, self.replica, self.master):
            server.remove()

    def knows_replica(self):
        with self._sentinel.look() as client:
            return any(one["master-link-status"] == "ok" for one in client.sentinel_slaves(NAME))

    def fail_over(self):
        with self._sentinel.look() as client:
            client.execute_command("SENTINEL FAILOVER", NAME)

    def is_failed_over(self):
        with self._sentinel.look() as client:
            return int(client.sentinel_masters()[NAME]["port"]) == self._second
