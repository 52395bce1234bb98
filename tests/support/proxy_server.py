"""An HTTP proxy on a loopback socket: tunnels to one server whatever name it is asked for, or refuses."""

import asyncio
import contextlib

from attrs import define, field


@define
class ProxyServer:
    """Answers CONNECT.

    Attributes:
        target: host and port that every tunnel leads to.
        status: what it answers to every request in place of carrying it; None carries.
        reply: bytes that it answers every request with, instead of HTTP of its own.
        tls: the context to speak TLS with.
        is_silent: whether it never answers.
        heads: the requests that it was sent, as text.
        carried: what went through its tunnels from the client.
    """

    target: tuple | None = None
    status: int | None = None
    reply: bytes | None = None
    tls: object = None
    is_silent: bool = False
    heads: list = field(factory=list)
    carried: bytearray = field(factory=bytearray)
    _writers: list = field(factory=list)

    @contextlib.asynccontextmanager
    async def serve(self):
        """Listen; yields its URL."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, ssl=self.tls)
        scheme = "http" if self.tls is None else "https"
        try:
            yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await server.wait_closed()
            await asyncio.sleep(0)

    async def _converse(self, reader, writer):
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if self.is_silent:
                await reader.read()
            elif self.reply is not None:
                writer.write(self.reply)
            elif self.status is not None:
                writer.write(f"HTTP/1.1 {self.status} Refused\r\nContent-Length: 0\r\n\r\n".encode())
            else:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._tunnel(reader, writer)
        writer.close()

    async def _tunnel(self, reader, writer):
        there, back = await asyncio.open_connection(*self.target)
        self._writers.append(back)
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(there, writer))
            while data := await reader.read(2**16):
                self.carried += data
                back.write(data)
            back.close()


async def _copy(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
    writer.close()
