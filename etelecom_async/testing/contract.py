"""What `Transport` promises, as a test suite for any transport.

from etelecom_async.testing import TransportContract


class TestMyTransport(TransportContract):
    def make(self, *, max_body):
        return MyTransport(max_body=max_body)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager

import attrs
from yarl import URL

from ..api import untyped
from ..errors import (
    AttemptTimeout,
    BodyTooLarge,
    ConfigError,
    ConnectError,
    Disconnected,
    EtelecomError,
    Phase,
    TransportError,
)
from ..timeout import Timeout
from ..transport.base import Request, Response, StreamedBody, Transport
from .peer import Act, Answer, Cut, Echo, HangUp, Peer, Refuse, Silence

__all__ = ["TransportContract"]

_METHOD = untyped("Zalo/CheckConsent")
_PATH = "/v1/shop.Zalo/CheckConsent"
_MAX_BODY = 100_000
_PATIENCE = 10.0


@attrs.frozen(eq=False)
class _Pieces:
    """A body in pieces, which may end in an error."""

    pieces: tuple[bytes, ...]
    error: EtelecomError | None = None

    def __len__(self) -> int:
        return sum(map(len, self.pieces)) + (self.error is not None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(0)
            yield piece
        if self.error is not None:
            raise self.error


@attrs.frozen
class _Client:
    """An open transport, and the origin of its peer."""

    transport: Transport
    origin: str

    def request(self, *, body: bytes | StreamedBody = b"{}", attempt: float = _PATIENCE) -> Request:
        headers = {"Content-Type": "application/json", "Authorization": "Bearer 1:contract", "X-Trace": "7"}
        return Request(_METHOD, URL(self.origin + _PATH), headers, body, Timeout(attempt=attempt))

    async def send(self, *, body: bytes | StreamedBody = b"{}", attempt: float = _PATIENCE) -> Response:
        return await self.transport.send(self.request(body=body, attempt=attempt))

    async def echo(self, number: int, *, attempt: float = _PATIENCE) -> None:
        """Send a unique request and check that every part of the answer belongs to it."""
        text = b"%d " % number * (number % 7 * 500)  # some come in one piece, others in many
        body = b'{"number":%d,"text":"%b"}' % (number, text)
        request = self.request(body=body, attempt=attempt)
        status, trace = 200 + number % 90 + (number % 90 > 3) * 200, str(number)  # 204 and 304 have no body
        headers = {**request.headers, "X-Trace": trace, "X-Status": str(status)}
        response = await self.transport.send(request.with_headers(headers))
        assert response.body == body, "a request got the body of another one's answer"
        assert (response.status, response.headers["x-trace"]) == (status, trace), "an answer is mixed with another one"

    async def failure(self, *, attempt: float = _PATIENCE) -> TransportError:
        failure: TransportError | None = None
        try:
            await self.send(attempt=attempt)
        except TransportError as error:
            failure = error
        assert failure is not None, "the request did not fail"
        assert failure.__context__ is None, "an HTTP library's error holds the request and with it the key"
        assert failure.__cause__ is None, "an HTTP library's error holds the request and with it the key"
        return failure


class TransportContract:
    """Subclass it and override `make`; a transport without sockets overrides `connect` instead.

    The tests are plain functions that run their own event loops, so any runner can collect them.
    """

    def make(self, *, max_body: int) -> Transport:
        """A new transport that reads at most `max_body` bytes of an answer."""
        raise NotImplementedError(f"override make() or connect() in {type(self).__name__}")

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of one test."""
        return asyncio.new_event_loop()

    @asynccontextmanager
    async def connect(self, peer: Peer, *, max_body: int) -> AsyncGenerator[tuple[Transport, str]]:
        """A transport in front of the peer, and the peer's origin."""
        async with peer.serve() as origin:
            transport = self.make(max_body=max_body)
            try:
                yield transport, origin
            finally:
                await transport.aclose()

    def run(
        self, peer: Peer, test: Callable[[_Client], Coroutine[object, object, None]], *, max_body: int = _MAX_BODY
    ) -> None:
        """Run one test in an event loop of its own, and check that it leaves no task behind."""

        async def main() -> None:
            async with asyncio.timeout(3 * _PATIENCE):
                async with self.connect(peer, max_body=max_body) as (transport, origin):
                    before = asyncio.all_tasks()
                    await test(_Client(transport, origin))
                    await _settle(lambda: asyncio.all_tasks() <= before | _servers())

        # With a factory a Runner does not change the thread's current loop, which test runners rely on.
        with asyncio.Runner(loop_factory=self.new_loop) as runner:
            runner.run(main())

    def test_an_answer_arrives_with_status_headers_and_exact_bytes(self) -> None:
        body = bytes(range(256)) * 10

        async def test(client: _Client) -> None:
            response = await client.send()
            assert response.status == 200
            assert response.headers["x-limit"] == "Ten"
            assert response.body == body

        self.run(Peer(Answer(200, body, {"X-Limit": "Ten"})), test)

    def test_a_request_arrives_as_a_post_with_its_exact_bytes_and_headers(self) -> None:
        peer = Peer(Answer())
        body = '{"phone":"84987654321","note":"đồng ý"}'.encode()

        async def test(client: _Client) -> None:
            await client.send(body=body)
            received = peer.received[0]
            assert (received.method, received.path, received.body) == ("POST", _PATH, body)
            assert received.headers["authorization"] == "Bearer 1:contract"
            assert received.headers["content-type"] == "application/json"
            assert received.headers["x-trace"] == "7"

        self.run(peer, test)

    def test_a_streamed_body_arrives_whole_with_its_length_however_often_it_is_sent(self) -> None:
        peer = Peer(Echo())
        body = _Pieces((b'"', *(b"%d" % number * 5000 for number in range(100, 150)), b'"'))

        async def test(client: _Client) -> None:
            for _ in range(2):
                assert len((await client.send(body=body)).body) == len(body)
            assert [received.body for received in peer.received] == [b"".join(body.pieces)] * 2
            lengths = {received.headers.get("content-length", str(len(body))) for received in peer.received}
            assert lengths == {str(len(body))}
            assert not any("transfer-encoding" in received.headers for received in peer.received)

        self.run(peer, test, max_body=len(body))

    def test_a_streamed_body_that_cannot_be_read_is_not_sent_whole_and_the_next_call_works(self) -> None:
        peer = Peer(Answer())
        body = _Pieces((b"a" * 100,), ConfigError("unreadable"))

        async def test(client: _Client) -> None:
            failure: EtelecomError | None = None
            try:
                await client.send(body=body)
            except EtelecomError as error:
                failure = error
            assert failure is not None, "a body that cannot be read was answered"
            assert (await client.send()).status == 200
            assert [received.body for received in peer.received] == [b"{}"]

        self.run(peer, test)

    def test_every_status_is_an_answer(self) -> None:
        statuses = [status for status in range(200, 600) if status not in (204, 205, 304)]

        async def test(client: _Client) -> None:
            assert [(await client.send()).status for _ in statuses] == statuses

        self.run(Peer(*(Answer(status) for status in statuses)), test)

    def test_a_redirect_is_not_followed(self) -> None:
        for status in (301, 302, 303, 307, 308):
            peer = Peer(Answer(status, b"", {"Location": "/elsewhere"}), Answer())

            async def test(client: _Client, peer: Peer = peer, status: int = status) -> None:
                assert (await client.send()).status == status
                assert [received.path for received in peer.received] == [_PATH]

            self.run(peer, test)

    def test_a_cookie_is_not_kept(self) -> None:
        peer = Peer(Answer(200, b"{}", {"Set-Cookie": "a=1; Path=/"}), Answer())

        async def test(client: _Client) -> None:
            # By name: cookie jars keep nothing for a bare address.
            named = _Client(client.transport, client.origin.replace("127.0.0.1", "localhost"))
            await named.send()
            await named.send()
            assert "cookie" not in peer.received[1].headers

        self.run(peer, test)

    def test_a_body_above_the_bound_is_refused_and_the_next_call_works(self) -> None:
        peer = Peer(Answer(200, b"x" * (_MAX_BODY + 1)), Answer(200, b"y" * _MAX_BODY))

        async def test(client: _Client) -> None:
            assert isinstance(await client.failure(), BodyTooLarge)
            assert len((await client.send()).body) == _MAX_BODY

        self.run(peer, test)

    def test_silence_ends_with_the_attempts_time(self) -> None:
        async def test(client: _Client) -> None:
            # On an open connection: otherwise the time could be over before the request is sent.
            await client.send()
            error = await client.failure(attempt=0.05)
            assert isinstance(error, AttemptTimeout)
            assert error.phase is Phase.UNKNOWN

        self.run(Peer(Answer(), Silence()), test)

    def test_a_connection_closed_without_an_answer_is_disconnected(self) -> None:
        async def test(client: _Client) -> None:
            error = await client.failure()
            assert isinstance(error, Disconnected)
            assert error.phase is Phase.UNKNOWN

        self.run(Peer(HangUp()), test)

    def test_a_body_cut_short_is_never_an_answer(self) -> None:
        async def test(client: _Client) -> None:
            assert (await client.failure()).phase is Phase.UNKNOWN

        self.run(Peer(Cut()), test)

    def test_a_refused_connection_was_not_sent(self) -> None:
        async def test(client: _Client) -> None:
            error = await client.failure()
            assert isinstance(error, ConnectError)
            assert error.phase is Phase.NOT_SENT

        self.run(Peer(Refuse()), test)

    def test_cancellation_passes_through_and_the_next_call_works(self) -> None:
        peer = Peer(Silence(), Answer())

        async def test(client: _Client) -> None:
            call = asyncio.ensure_future(client.send())
            await _settle(lambda: bool(peer.received))
            call.cancel()
            await asyncio.wait([call])
            assert call.cancelled()
            assert (await client.send()).status == 200

        self.run(peer, test)

    def test_many_requests_at_once_each_get_an_answer(self) -> None:
        peer = Peer(Answer())

        async def test(client: _Client) -> None:
            answers: list[Awaitable[Response]] = [client.send(body=b"%d" % n) for n in range(50)]
            assert {response.status for response in await asyncio.gather(*answers)} == {200}
            assert sorted(int(received.body) for received in peer.received) == list(range(50))

        self.run(peer, test)

    def test_each_of_many_requests_at_once_gets_its_own_answer_however_late_it_comes(self) -> None:
        peer = Peer(*_late_echoes(50))

        async def test(client: _Client) -> None:
            await asyncio.gather(*(client.echo(number) for number in range(50)))
            assert _traces(peer) == set(range(50)), "a request was lost"
            assert len(peer.received) == 50, "a request was sent twice"

        self.run(peer, test)

    def test_equal_requests_at_once_each_reach_the_server_and_get_an_answer_of_their_own(self) -> None:
        peer = Peer(*_late_echoes(10))

        async def test(client: _Client) -> None:
            responses = await asyncio.gather(*(client.send() for _ in range(10)))
            numbers = sorted(int(response.headers["x-number"]) for response in responses)
            assert numbers == list(range(1, 11)), "requests share an answer"

        self.run(peer, test)

    def test_requests_one_after_the_other_each_get_their_own_answer(self) -> None:
        async def test(client: _Client) -> None:
            for number in range(20):
                await client.echo(number)

        self.run(Peer(Echo()), test)

    def test_an_answer_that_comes_after_its_requests_time_reaches_no_later_request(self) -> None:
        peer = Peer(Echo(0.2), Echo(0.4), Echo())  # the first answer comes while the second request waits for its own

        async def test(client: _Client) -> None:
            assert isinstance(await client.failure(attempt=0.05), AttemptTimeout)
            for number in range(5):
                await client.echo(number)

        self.run(peer, test)

    def test_an_answer_that_comes_after_its_request_was_cancelled_reaches_no_later_request(self) -> None:
        peer = Peer(Echo(0.2), Echo(0.4), Echo())

        async def test(client: _Client) -> None:
            call = asyncio.ensure_future(client.send())
            await _settle(lambda: bool(peer.received))
            call.cancel()
            await asyncio.wait([call])
            for number in range(5):
                await client.echo(number)

        self.run(peer, test)

    def test_requests_that_are_cancelled_among_others_leave_the_others_their_answers(self) -> None:
        peer = Peer(*_late_echoes(30), *(Echo() for _ in range(30)))

        async def test(client: _Client) -> None:
            calls = [asyncio.ensure_future(client.echo(number)) for number in range(30)]
            await _settle(lambda: len(peer.received) >= 10)
            for call in calls[::3]:
                call.cancel()
            ends = await asyncio.gather(*calls, return_exceptions=True)
            others = [end for number, end in enumerate(ends) if number % 3 and end is not None]
            assert not others, f"requests that were not cancelled failed: {others}"
            await asyncio.gather(*(client.echo(number) for number in range(30, 60)))

        self.run(peer, test)

    def test_a_request_is_sent_once_whatever_comes_of_it(self) -> None:
        acts: tuple[Act, ...] = (HangUp(), Cut(), Silence(), Answer(503), Answer(429, b"", {"Retry-After": "0"}))
        for act in acts:
            peer = Peer(act, Answer())

            async def test(client: _Client, peer: Peer = peer, act: Act = act) -> None:
                if isinstance(act, Answer):
                    assert (await client.send()).status == act.status
                else:
                    await client.failure(attempt=0.05 if isinstance(act, Silence) else _PATIENCE)
                assert len(peer.received) == 1, "a request was sent twice: a transport does not repeat requests"

            self.run(peer, test)

    def test_closing_twice_does_nothing_and_a_later_call_opens_anew(self) -> None:
        async def test(client: _Client) -> None:
            await client.transport.aclose()
            await client.send()
            await client.transport.aclose()
            await client.transport.aclose()
            assert (await client.send()).status == 200

        self.run(Peer(Answer()), test)


def _late_echoes(count: int) -> Iterable[Echo]:
    """Echoes in another order than the requests, the same each time."""
    return [Echo(place / 1000) for place in random.Random(7).sample(range(count), count)]  # noqa: S311 - no secret


def _traces(peer: Peer) -> set[int]:
    return {int(received.headers["x-trace"]) for received in peer.received}


async def _settle(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110 - the condition belongs to the other side of a socket
            await asyncio.sleep(0.001)


def _servers() -> set[asyncio.Task[object]]:
    """The peer's own tasks, which live as long as its connections."""
    return {task for task in asyncio.all_tasks() if "Peer.serve" in repr(task.get_coro())}
