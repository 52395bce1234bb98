"""A way to a server on a Unix socket that takes its time, over a loopback port."""

from __future__ import annotations

import asyncio
import contextlib


@contextlib.asynccontextmanager
async def slow_way(socket, delay):
    """Carry all that comes, each direction so many seconds later; yields the port."""
    loop = asyncio.get_running_loop()
    writers, tasks = [], set()

    async def carry(reader, writer):
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(2**16):
                loop.call_later(delay, writer.write, data)
        loop.call_later(delay, writer.close)

    async def converse(reader, writer):
        tasks.add(asyncio.current_task())
        there, back = await asyncio.open_unix_connection(str(socket))
        writers.extend((writer, back))
        await asyncio.gather(carry(there, writer), carry(reader, back))

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*tasks)
        await server.wait_closed()
