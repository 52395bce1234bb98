"""Serves the aiohttp application of a module until it is ended: `aiohttp_server.py MODULE`. Prints the port."""

import asyncio
import sys
from importlib import import_module

from aiohttp import web


async def main():
    runner = web.AppRunner(import_module(sys.argv[1]).application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.path.insert(0, ".")
    asyncio.run(main())
