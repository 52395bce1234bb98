"""`TransportContract` fails transports that swap, delay, duplicate, mix or drop what is sent at once."""

import asyncio
import contextlib
from collections import deque
from contextlib import asynccontextmanager

import pytest
from attrs import define, evolve, field

from etelecom_async import AttemptTimeout, Disconnected
from etelecom_async.testing import MockTransport, TransportContract, VirtualTimeLoop
from etelecom_async.transport import Response

EACH_ITS_OWN = "test_each_of_many_requests_at_once_gets_its_own_answer_however_late_it_comes"
EQUAL = "test_equal_requests_at_once_each_reach_the_server_and_get_an_answer_of_their_own"
IN_A_ROW = "test_requests_one_after_the_other_each_get_their_own_answer"
TOO_LATE = "test_an_answer_that_comes_after_its_requests_time_reaches_no_later_request"
AFTER_CANCEL = "test_an_answer_that_comes_after_its_request_was_cancelled_reaches_no_later_request"
AMONG_OTHERS = "test_requests_that_are_cancelled_among_others_leave_the_others_their_answers"
ONCE = "test_a_request_is_sent_once_whatever_comes_of_it"


@define(eq=False)
class Faithful:
    """A transport over another that does nothing to what it carries; those below do something wrong."""

    carry: object

    async def send(self, request, /):
        return await self.carry(request)

    async def aclose(self):
        pass


@define(eq=False)
class Swaps(Faithful):
    """Gives an answer to the request that has waited longest."""

    waiting: object = field(factory=deque)

    async def send(self, request, /):
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            answer = await self.carry(request)
        except BaseException:
            self.waiting.remove(turn)
            raise
        self.waiting.popleft().set_result(answer)
        return await turn


@define(eq=False)
class SwapsTwo(Faithful):
    """Swaps two answers that come in the same turn of the loop, and only those."""

    first: object = None

    async def send(self, request, /):
        answer = [await self.carry(request)]
        if self.first is None:
            self.first = answer
            await asyncio.sleep(0.002)
            self.first = None
        else:
            answer[0], self.first[0] = self.first[0], answer[0]
            self.first = None
        return answer[0]


@define(eq=False)
class Delays(Faithful):
    """Gives the answer that came too late for its request to the next one."""

    late: object = field(factory=list)

    async def send(self, request, /):
        if self.late:
            return self.late.pop()
        patient = request.with_timeout(evolve(request.timeout, attempt=5))
        task = asyncio.ensure_future(self.carry(patient))
        done = set()
        try:
            done, _ = await asyncio.wait([task], timeout=request.timeout.attempt)
        finally:
            if not done:
                task.add_done_callback(self.keep)
        if not done:
            raise AttemptTimeout("no answer")
        return task.result()

    def keep(self, task):
        if not task.cancelled() and task.exception() is None:
            self.late.append(task.result())


class OneBehind(Faithful):
    """Gives to each request the answer of the one before."""

    before = None

    async def send(self, request, /):
        answer = await self.carry(request)
        answer, self.before = self.before or answer, answer
        return answer


class DuplicatesAnswers(Faithful):
    """Takes the answer of a request under way for all that begin meanwhile."""

    under_way = None

    async def send(self, request, /):
        if self.under_way is not None:
            return await asyncio.shield(self.under_way)
        self.under_way = asyncio.ensure_future(self.carry(request))
        try:
            return await self.under_way
        finally:
            self.under_way = None


@define(eq=False)
class DuplicatesEqualOnes(Faithful):
    """Asks once for requests under way that are equal, as a cache would."""

    under_way: object = field(factory=dict)

    async def send(self, request, /):
        if request.body in self.under_way:
            return await asyncio.shield(self.under_way[request.body])
        self.under_way[request.body] = asyncio.ensure_future(self.carry(request))
        try:
            return await self.under_way[request.body]
        finally:
            del self.under_way[request.body]


class DuplicatesRequests(Faithful):
    """Sends a request a second time where others are under way."""

    count = 0

    async def send(self, request, /):
        self.count += 1
        try:
            if self.count > 5:
                await self.carry(request)
            return await self.carry(request)
        finally:
            self.count -= 1


class TriesAgain(Faithful):
    """Repeats what failed."""

    async def send(self, request, /):
        with contextlib.suppress(Disconnected):
            return await self.carry(request)
        return await self.carry(request)


class Drops(Faithful):
    """Loses the answer of one request among many, which then waits for its time to end."""

    count = 0

    async def send(self, request, /):
        self.count += 1
        try:
            answer = await self.carry(request)
            if self.count > 20:
                await asyncio.sleep(request.timeout.attempt)
                raise AttemptTimeout("no answer")
            return answer
        finally:
            self.count -= 1


class DropsTheEnd(Faithful):
    """Gives of a long body what came in its first piece."""

    async def send(self, request, /):
        answer = await self.carry(request)
        return Response(answer.status, answer.headers, answer.body[:2000])


class Mixes(Faithful):
    """Gives a body with the status and the headers of the answer that came before it."""

    head = None

    async def send(self, request, /):
        answer = await self.carry(request)
        status, headers = self.head or (answer.status, answer.headers)
        self.head = (answer.status, answer.headers)
        return Response(status, headers, answer.body)


@define(eq=False)
class CancelsAll(Faithful):
    """A request that is cancelled takes those along that are under way with it."""

    under_way: object = field(factory=set)

    async def send(self, request, /):
        task = asyncio.ensure_future(self.carry(request))
        self.under_way.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            for other in self.under_way:
                other.cancel()
            if asyncio.current_task().cancelling():
                raise
            raise Disconnected("gone") from None
        finally:
            self.under_way.discard(task)


def contract_over(broken):
    """The contract over that transport in memory, in virtual time."""

    class Contract(TransportContract):
        def new_loop(self):
            return VirtualTimeLoop()

        @asynccontextmanager
        async def connect(self, peer, *, max_body):
            mock = MockTransport(max_body=max_body)
            mock.on("Zalo/CheckConsent").respond(peer.answer)
            yield broken(mock.send), "http://mock"

    return Contract()


def failed(contract, *names):
    """Which tests of the contract fail."""
    failures = set()
    for name in names or [name for name in dir(contract) if name.startswith("test_")]:
        try:
            getattr(contract, name)()
        except (Exception, ExceptionGroup):
            failures.add(name)
    return failures


def test_a_faithful_transport_passes_in_virtual_time():
    assert failed(contract_over(Faithful)) == set()


@pytest.mark.parametrize(
    ("broken", "tests"),
    [
        (Swaps, {EACH_ITS_OWN}),
        (SwapsTwo, {EACH_ITS_OWN}),
        (Delays, {TOO_LATE, AFTER_CANCEL}),
        (OneBehind, {EACH_ITS_OWN, IN_A_ROW}),
        (DuplicatesAnswers, {EACH_ITS_OWN, EQUAL}),
        (DuplicatesEqualOnes, {EQUAL}),
        (DuplicatesRequests, {EACH_ITS_OWN}),
        (TriesAgain, {ONCE}),
        (Drops, {EACH_ITS_OWN}),
        (DropsTheEnd, {EACH_ITS_OWN, IN_A_ROW}),
        (Mixes, {EACH_ITS_OWN, IN_A_ROW}),
        (CancelsAll, {AMONG_OTHERS}),
    ],
)
def test_a_transport_that_does_wrong_to_requests_at_once_fails_the_contract(broken, tests):
    """E6: one that swaps answers passed every test."""
    assert failed(contract_over(broken), *tests) == tests


class KeepsTheConnection:
    """Speaks HTTP over one connection, and after a time limit goes on with that one."""

    def __init__(self):
        self.lock = asyncio.Lock()
        self.streams = None

    async def send(self, request, /):
        async with self.lock:
            if self.streams is None:
                self.streams = await asyncio.open_connection(request.url.host, request.url.port)
            reader, writer = self.streams
            head = [f"POST {request.url.raw_path} HTTP/1.1", f"Content-Length: {len(request.body)}"]
            head += [f"{name}: {value}" for name, value in request.headers.items()]
            writer.write(("\r\n".join(head) + "\r\n\r\n").encode() + request.body)
            try:
                async with asyncio.timeout(request.timeout.attempt):
                    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
                    body = await reader.readexactly(int(headers["content-length"]))
            except TimeoutError:
                failure = AttemptTimeout("no answer")
            else:
                return Response(int(lines[0].split()[1]), headers, body)
        raise failure

    async def aclose(self):
        if self.streams is not None:
            self.streams[1].close()
            await self.streams[1].wait_closed()
            self.streams = None


def test_a_connection_that_is_kept_after_a_time_limit_fails_the_contract_on_a_real_socket():
    """E6: the late answer is read as the next request's."""

    class Contract(TransportContract):
        def make(self, *, max_body):
            return KeepsTheConnection()

    assert failed(Contract(), IN_A_ROW, TOO_LATE, AFTER_CANCEL) == {TOO_LATE, AFTER_CANCEL}
