"""What the tests share: made-up people, canned answers, sessions over them, and the command line as people run it."""

import asyncio
import contextlib
import copy
import functools
import json
import os
import pickle
import signal
import sys
import threading
import traceback
from pathlib import Path

import pytest
from click.testing import CliRunner

from etelecom_async import CHECK_CONSENT, EtelecomError, Retry, Session, Shop
from etelecom_async.cli.app import etelecom
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, serve
from etelecom_async.testing import MockTransport, run_virtually
from etelecom_async.transport.base import Response
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport

KEY = "1234567890123456789:canary-b7f3"
SHOP_KEY = "shop1234567890123456789:canary-b7f3"
CANARY = "canary"
OA = 1000000000000000003
PHONE = "0987654321"
HANG = 300
"""Seconds after which something counts as hanging, however busy the machine is."""


class FakeTransport:
    """Answers with its canned responses in turn, the last one for ever, and keeps the requests."""

    def __init__(self, *responses):
        self.responses = responses
        self.requests = []

    async def send(self, request, /):
        self.requests.append(request)
        return self.responses[min(len(self.requests), len(self.responses)) - 1]

    async def aclose(self):
        pass


each_carrier = pytest.mark.parametrize(
    "carry",
    [
        pytest.param(lambda: None, id="default"),
        pytest.param(HttptoolsTransport, id="HttptoolsTransport"),
        pytest.param(HttpxTransport, id="HttpxTransport"),
    ],
)
"""Gives what a session gets as its transport: None for one of its own, or one that is the test's to close."""


async def close(session, carrier):
    """Close a session and the transport that it was given."""
    await session.aclose()
    if carrier is not None:
        await carrier.aclose()


def mock_of(*ends, endpoint=CHECK_CONSENT):
    """A mock whose attempts end so in turn, the last one for ever: in errors, bare responses, results."""
    mock = MockTransport()
    route = mock.on(endpoint)
    for end in ends:
        if isinstance(end, EtelecomError):
            route.fail(end)
        elif isinstance(end, Response):
            route.respond(lambda _, end=end: end)
        else:
            route.reply(end)
    return mock


def answer(body=b"", status=200, **headers):
    """A response: bytes as they are, a text in UTF-8, anything else as JSON; `retry_after=` is Retry-After."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def session_over(*responses, account=None, retry=None, **options):
    """A session whose server gives these answers; it tries once unless told otherwise."""
    transport = FakeTransport(*responses)
    return Session(account or Shop(KEY), transport=transport, retry=retry or Retry(attempts=1), **options)


def virtually(test, *, start=None):
    """The test in virtual time, in a loop of its own."""

    @functools.wraps(test)
    def run(*arguments, **options):
        run_virtually(test(*arguments, **options), start=start)

    return run


async def ask(session):
    """Check the usual customer."""
    return await session.zalo.check_consent(oa_id=OA, phone=PHONE)


def descriptors():
    """How many file descriptors this process has open."""
    return sum(1 for _ in Path("/dev/fd").iterdir())


def open_files():
    """The files that this process has open, by name."""
    names = []
    for number in Path("/dev/fd").iterdir():
        with contextlib.suppress(OSError):  # the one of this list
            names.append(str(number.readlink()))
    return names


async def settled(condition):
    """Wait until it holds: the other side of a socket needs some turns of the loop."""
    async with asyncio.timeout(HANG):
        while not condition():
            await asyncio.sleep(0)


def everything_shown(error):
    """All that a log, a crash reporter or a queue could print of an error, with the SDK's and aiohttp's locals."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    texts = [repr(error), str(error), repr(error.__dict__), repr(error.args), repr(pickle.dumps(error))]
    texts += [repr(copy.copy(error)), *shown.format_exception_only()]
    chain = [shown]
    tests = Path(__file__).parents[1]
    while chain:
        part = chain.pop()
        texts += [repr(frame.locals) for frame in part.stack if tests not in Path(frame.filename).parents]
        chain += [link for link in (part.__cause__, part.__context__) if link is not None]
    return "\n".join(texts)


def environment(served=None, **changes):
    """The environment of a shop of the sandbox, with nothing of the developer's own, and in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ETELECOM_", "COLUMNS"))}
    base_url = {} if served is None else {"ETELECOM_BASE_URL": served.base_url}
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    return {**kept, **account, **base_url, "ETELECOM_LANG": "en", "PYTHONIOENCODING": "utf-8", **changes}


@contextlib.contextmanager
def served_in_a_thread(world, **options):
    """A sandbox that answers while the test itself runs no event loop, or is busy in its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = serve(world, **options)
    try:
        yield asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(HANG)
    finally:
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(HANG)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(HANG)
        loop.close()


async def spawn(*arguments, env, stdout=asyncio.subprocess.PIPE):
    """An `etelecom` process."""
    pipe = asyncio.subprocess.PIPE
    # Where the tests themselves run in the background, Ctrl-C is ignored, and a child would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "etelecom_async.cli", *arguments), stdin=pipe, stdout=stdout, stderr=pipe, env=env
    )


async def run(*arguments, env, stdin=b""):
    """An `etelecom` process, to its end: exit code, stdout, stderr."""
    process = await spawn(*arguments, env=env)
    stdout, stderr = await process.communicate(stdin)
    return process.returncode, stdout.decode(), stderr.decode()


def invoke(*arguments, stdin=None, **env):
    """The command inside this process, which takes a twentieth of the time of one of its own."""
    clean = dict.fromkeys((name for name in os.environ if name.startswith(("ETELECOM_", "COLUMNS"))), None)
    result = CliRunner().invoke(etelecom, arguments, input=stdin, env={**clean, "ETELECOM_LANG": "en", **env})
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr
