"""A server on a loopback socket that plays a script of steps on its first connection and behaves well on all others."""

import asyncio
import contextlib
import re
import socket
import struct

from attrs import define

from etelecom_async.testing import Answer, Silence
from tests.faults import steps

_PHONE = re.compile(rb'"phone":"(\d+)"')
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def http(body, *, status="200 OK", headers=""):
    """A whole answer with its right length."""
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def granted(message):
    """The body of a yes."""
    return b'{"error":0,"message":"%s","expired_time":null}' % message


@define(eq=False)
class _Line:
    """One connection and what was heard on it last."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: bytes = b""


class FaultServer:
    """Plays its script; reads and answers rightly from there on.

    Args:
        script: what to do on the first connection.
        repeats: play the script over and over, on every connection.
        tls: the context to speak TLS with.
        scheme: of the origin, where it is not what the server speaks.
        elsewhere: the origin that redirects lead to.

    Attributes:
        origin: where it listens, such as `http://127.0.0.1:40123`.
        connections: how many were taken.
        requests: every request that was heard whole.
    """

    def __init__(self, *script, repeats=False, tls=None, scheme=None, elsewhere=""):
        self.origin = ""
        self.requests = []
        self._script = script
        self._repeats = repeats
        self._tls = tls
        self._scheme = scheme or ("https" if tls else "http")
        self._elsewhere = elsewhere
        self.connections = 0
        self._tasks = {}
        self._idle = asyncio.Event()
        self._idled = asyncio.Event()
        self._listener = None
        self._filler = None

    @contextlib.asynccontextmanager
    async def serve(self):
        """Listen; yields the origin."""
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
            self._sock = sock
            self.origin = f"{self._scheme}://127.0.0.1:{sock.getsockname()[1]}"
            match self._script:
                case (steps.Refused(),):
                    pass
                case (steps.Lost(),):
                    # A queue that is full of connections that are not accepted: the kernel drops what comes on top.
                    sock.listen(0)
                    self._filler = socket.create_connection(sock.getsockname())
                case _:
                    await self._listen()
            try:
                yield self.origin
            finally:
                await self._stop()

    async def recover(self):
        """What was not there comes back."""
        if self._listener is None:
            await self._listen()
        if self._filler is not None:
            while not self.connections:
                await asyncio.sleep(0)
            self._filler.close()
            self._filler = None

    async def between(self):
        """The calls so far are over: do what the script has for an idle connection, and let it reach the client."""
        if any(isinstance(step, steps.WhileIdle) for step in self._script):
            self._idle.set()
            await self._idled.wait()
        for _ in range(5):
            await asyncio.sleep(0)

    async def _listen(self):
        self._listener = await asyncio.start_server(self._converse, sock=self._sock, ssl=self._tls, limit=2**20)

    async def _stop(self):
        if self._filler is not None:
            self._filler.close()
        if self._listener is not None:
            self._listener.close()
            self._idle.set()
            for writer in self._tasks.values():
                writer.transport.abort()
            await asyncio.gather(*self._tasks)
            await self._listener.wait_closed()

    async def _converse(self, reader, writer):
        task = asyncio.current_task()
        self._tasks[task] = writer
        self.connections += 1
        line = _Line(reader, writer)
        try:
            if self._repeats or self.connections == 1:
                await self._play(line, self._script)
            while not writer.transport.is_closing():
                await self._play(line, (self._repeats and self._script) or (steps.Hear(), steps.Good()))
        except (ConnectionError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            del self._tasks[task]

    async def _play(self, line, script):
        for step in script:
            if line.writer.transport.is_closing():
                return
            await self._do(line, step)

    async def _do(self, line, step):  # noqa: C901, PLR0912 - a table, one row a step
        reader, writer = line.reader, line.writer
        match step:
            case steps.Refused() | steps.Lost():
                pass
            case steps.Hear(None):
                line.heard = await self._hear(reader)
            case steps.Hear(size):
                line.heard = await reader.readexactly(size)
            case steps.Good(headers, None):
                await _write(writer, http(_right(line), headers=headers))
            case steps.Good(headers, pause):
                await _drip(writer, http(_right(line), headers=headers), pause)
            case steps.GoodBody():
                await _write(writer, _right(line))
            case steps.GoodChunks():
                await _write(writer, b"".join(b"1\r\n%c\r\n" % byte for byte in _right(line)))
            case steps.Say(data):
                await _write(writer, data)
            case steps.Echo(before):
                await _write(writer, before + line.heard)
            case Answer(status, body, headers):
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                await _write(writer, http(body, status=f"{status} Any", headers=lines))
            case steps.Redirect(status, to):
                place = to.format(elsewhere=self._elsewhere, origin=self.origin)
                await _write(writer, http(b"", status=f"{status} Moved", headers=f"Location: {place}\r\n"))
            case steps.Stream(piece, times):
                while times is None or times > 0:
                    await _write(writer, piece)
                    times = None if times is None else times - 1
            case steps.Drip(data, pause):
                await _drip(writer, data, pause)
            case steps.Drain() | Silence():
                while await reader.read(2**16):
                    pass
                writer.close()
            case steps.Close():
                writer.close()
            case steps.Reset():
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            case steps.WhileIdle(inner):
                await self._idle.wait()
                await self._play(line, inner)
                self._idled.set()

    async def _hear(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        request = head + await reader.readexactly(int(length[1]) if length else 0)
        self.requests.append(request)
        return request


def _right(line):
    return granted(_PHONE.search(line.heard)[1])


async def _drip(writer, data, pause):
    for n in range(len(data)):
        await _write(writer, data[n : n + 1])
        await asyncio.sleep(pause)


async def _write(writer, data):
    writer.write(data)
    await writer.drain()
    if writer.transport.is_closing():
        raise ConnectionResetError("the client hung up")
