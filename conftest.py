"""What all tests share. Every Python block of the README and the docs is one, run against the sandbox on a socket."""

import asyncio
import threading

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from etelecom_async.sandbox import SANDBOX_API_KEY, World, serve

# No deadline, since machines are shared; no database, so that a run depends on the code alone.
settings.register_profile("steady", deadline=None, database=None)
settings.load_profile("steady")
# Before Python 3.12 pytest-asyncio otherwise makes a loop only to remember it, and nobody closes that one.
asyncio.set_event_loop(None)

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["README.md", "docs/*.md"],
    fixtures=["sandbox_account", "tmp_path"],
).pytest()


@pytest.fixture(scope="session")
def sandbox():
    """The sandbox in a thread of its own, since the examples run event loops of theirs; yields its base URL."""
    started = threading.Event()
    stop = asyncio.Event()
    place = {}

    async def main():
        async with serve(World()) as server:
            place.update(base_url=server.base_url, loop=asyncio.get_running_loop())
            started.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert started.wait(10)
    yield place["base_url"]
    place["loop"].call_soon_threadsafe(stop.set)
    thread.join()


@pytest.fixture
def sandbox_account(sandbox, monkeypatch):
    """The environment that a reader of the README would have set."""
    monkeypatch.setenv("ETELECOM_API_KEY", SANDBOX_API_KEY)
    monkeypatch.setenv("ETELECOM_BASE_URL", sandbox)
