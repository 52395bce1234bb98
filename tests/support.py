"""What the tests share: made-up people, canned answers, and sessions over them."""

import asyncio
import json
import selectors

from etelecom_async import Retry, Session, Shop
from etelecom_async.transport.base import Response

KEY = "1234567890123456789:canary-b7f3"
SHOP_KEY = "shop1234567890123456789:canary-b7f3"
CANARY = "canary"
OA = 1225934657594830147
PHONE = "0987654321"


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


async def no_sleep(_):
    pass


def answer(body=b"", status=200, **headers):
    """A response: bytes as they are, a text in UTF-8, anything else as JSON; `retry_after=` is Retry-After."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def session_over(*responses, account=None, retry=None, **options):
    """A session whose server gives these answers; it tries once unless told otherwise."""
    transport = FakeTransport(*responses)
    return Session(account or Shop(KEY), transport=transport, retry=retry or Retry(attempts=1), **options)


async def ask(session):
    """Check the usual customer."""
    return await session.zalo.check_consent(oa_id=OA, phone=PHONE)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer instead of waiting for it. For code without sockets."""

    def __init__(self):
        self._now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self):
        return self._now

    def jump(self, seconds):
        self._now += seconds


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("everything waits and no timer runs: this would hang")
        self._loop.jump(timeout)
        return super().select(0)


def run_virtually(coroutine):
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)
