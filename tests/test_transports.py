"""Both transports are held to the same contract; aiohttp's own promises follow."""

from contextlib import asynccontextmanager

from etelecom_async.testing import MockTransport, TransportContract
from etelecom_async.transport.aiohttp import AiohttpTransport


class TestAiohttp(TransportContract):
    def make(self, *, max_body):
        return AiohttpTransport(max_body=max_body)


class TestMock(TransportContract):
    @asynccontextmanager
    async def connect(self, peer, *, max_body):
        mock = MockTransport(max_body=max_body)
        mock.on("Zalo/CheckConsent").respond(peer.answer)
        yield mock, "http://mock"
