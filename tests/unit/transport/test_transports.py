"""All transports are held to the same contract; what is each one's own stands in files of their own."""

import sys
from contextlib import asynccontextmanager

from etelecom_async.testing import MockTransport, TransportContract
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport


class TestAiohttp(TransportContract):
    def make(self, *, max_body):
        return AiohttpTransport(max_body=max_body)


class TestHttptools(TransportContract):
    def make(self, *, max_body):
        return HttptoolsTransport(max_body=max_body)


class TestHttpx(TransportContract):
    def make(self, *, max_body):
        return HttpxTransport(max_body=max_body)


class TestMock(TransportContract):
    @asynccontextmanager
    async def connect(self, peer, *, max_body):
        mock = MockTransport(max_body=max_body)
        mock.on("Zalo/CheckConsent").respond(peer.answer)
        yield mock, "http://mock"


if sys.platform != "win32":
    import uvloop

    class TestAiohttpOnUvloop(TestAiohttp):
        def new_loop(self):
            return uvloop.new_event_loop()

    class TestHttptoolsOnUvloop(TestHttptools):
        def new_loop(self):
            return uvloop.new_event_loop()

    class TestHttpxOnUvloop(TestHttpx):
        def new_loop(self):
            return uvloop.new_event_loop()
