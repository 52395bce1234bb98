"""A session from its first call to its end: event loops in a row and side by side, forks, closing, dropping."""

import asyncio
import gc
import re
import sys
import textwrap
from contextlib import asynccontextmanager

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    CheckConsent,
    ConfigError,
    Consent,
    Disconnected,
    Endpoint,
    Phase,
    Retry,
    Safety,
    Session,
    SessionClosed,
    Shop,
    Throttle,
)
from etelecom_async.testing import Answer, Peer, Silence
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from tests.support import HANG, KEY, OA, PHONE, FakeTransport, answer, ask, close, descriptors, each_carrier, settled

OK = Answer(200, b'{"error":0}')
LOOPS = {"asyncio": "asyncio.new_event_loop", "uvloop": "__import__('uvloop').new_event_loop"}
on_uvloop = pytest.mark.skipif(sys.platform == "win32", reason="uvloop knows no Windows")
each_program = pytest.mark.parametrize(
    ("loop", "carrier"),
    [
        ("asyncio", "None"),
        pytest.param("uvloop", "HttptoolsTransport()", marks=on_uvloop),
        pytest.param("asyncio", "HttptoolsTransport()", marks=pytest.mark.long),
        pytest.param("uvloop", "None", marks=[on_uvloop, pytest.mark.long]),
        ("asyncio", "HttpxTransport()"),
        pytest.param("uvloop", "HttpxTransport()", marks=[on_uvloop, pytest.mark.long]),
    ],
)
"""The event loop of a program, and the transport of its session: None for one of its own, or one that it is given."""

PROGRAM = """
    import asyncio, gc, logging, os, sys, warnings, weakref
    from etelecom_async import Session, Shop
    from etelecom_async.transport.fast import HttptoolsTransport
    from etelecom_async.transport.httpx import HttpxTransport

    # asyncio's dev mode tells of slow steps: a busy machine is not what is looked for.
    logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing "))

    carriers = weakref.WeakKeyDictionary()

    def make():
        carrier = CARRIER
        session = Session(Shop("1:made-up", base_url=sys.argv[1]), transport=carrier)
        carriers[session] = carrier
        return session

    async def close(session):
        await session.aclose()
        if carriers[session] is not None:
            await carriers[session].aclose()

    class opened:
        def __init__(self, session):
            self.session = session

        async def __aenter__(self):
            return await self.session.__aenter__()

        async def __aexit__(self, *_):
            await close(self.session)

    def run(main):
        with asyncio.Runner(loop_factory=LOOP) as runner:
            return runner.run(main())

    async def ask(session):
        return await session.zalo.check_consent(oa_id=1, phone="0987654321")
"""


async def output_of(tmp_path, program, loop, carrier, origin, *, warn="error"):
    """What a program says, on stdout and stderr, that calls the server there in dev mode."""
    place = tmp_path / "program.py"
    text = textwrap.dedent(PROGRAM) + textwrap.dedent(program)
    place.write_text(text.replace("LOOP", LOOPS[loop]).replace("CARRIER", carrier))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "dev", "-W", warn, place, origin),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode()


# One event loop after another


IN_A_ROW = """
    async def check():
        consents = await asyncio.gather(*(ask(session) for _ in range(10)))
        assert all(consent.granted for consent in consents)

    async def check_and_close():
        async with opened(session):
            await check()

    async def stream():
        async with opened(make()) as inner:
            yield await ask(inner)
            yield None

    async def leave_a_stream_open():
        global left_open  # an async generator that the loop closes at its end, together with what the session holds
        left_open = stream()
        assert (await anext(left_open)).granted

    async def leave_calls_under_way():
        global under_way  # the loop cancels them at its end
        await check()
        under_way = [asyncio.create_task(ask(session)) for _ in range(50)]
        await asyncio.sleep(0)

    kept = []  # until the program ends, as a module's session is
    for mains in [
        [check] * 3,
        [check_and_close] * 3,
        [check, check_and_close, check_and_close],
        [leave_a_stream_open] * 3,
        [leave_calls_under_way] * 3,
        [leave_calls_under_way, check, check_and_close],
    ]:
        session = make()
        kept.append(session)
        for main in mains:
            run(main)
        print(*(main.__name__ for main in mains))
    print("done")
"""


@each_program
async def test_a_module_level_session_is_silent_under_three_event_loops_in_a_row(tmp_path, loop, carrier):
    async with Peer(OK).serve() as origin:
        said = await output_of(tmp_path, IN_A_ROW, loop, carrier, origin)
    assert len(said.splitlines()) == 7, said
    assert said.endswith("\ndone\n")


# Two event loops at once


@asynccontextmanager
async def second_loop():
    """Runs coroutines in a thread, under an event loop that stays open."""
    loop = asyncio.new_event_loop()
    try:
        yield lambda coroutine: asyncio.to_thread(loop.run_until_complete, coroutine)
    finally:
        loop.close()


@each_carrier
async def test_a_session_open_in_another_live_loop_says_so_and_where_it_was_made_and_goes_on_there(carry):
    async with Peer(OK).serve() as origin, second_loop() as elsewhere:
        session = Session(Shop(KEY, base_url=origin), transport=(carrier := carry()))
        assert (await ask(session)).granted
        with pytest.raises(ConfigError, match=r"test_lifecycle\.py:\d+ is open in another event loop") as caught:
            await elsewhere(ask(session))
        assert caught.value.attempts == 1
        assert (await ask(session)).granted
        await close(session, carrier)


@each_carrier
async def test_a_session_closed_in_its_loop_may_be_used_in_another(carry):
    async with Peer(OK).serve() as origin, second_loop() as elsewhere:
        session = Session(Shop(KEY, base_url=origin), transport=(carrier := carry()))

        async def use():
            async with session:
                try:
                    return await ask(session)
                finally:
                    await close(session, carrier)

        assert (await use()).granted
        assert (await elsewhere(use())).granted
        assert (await use()).granted


# Forks


@asynccontextmanager
async def counting_server():
    """Tells every caller in `message` which connection it came over, counted from 1. Yields the origin."""
    connections = 0
    writers = []

    async def converse(reader, writer):
        nonlocal connections
        connections += 1
        body = b'{"error":0,"message":"%d"}' % connections
        writers.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head)[1]))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        for writer in writers:
            writer.transport.abort()
        await listener.wait_closed()
        await asyncio.sleep(0)


FORK = """
    # Python 3.12 and later warn of forks beside threads, and this program has none.
    session = make()
    others = set()

    def in_a_child():
        # As Celery's workers. It exits without what Python does at its end, which would close the copy of the parent's
        # event loop, and so take the parent's sockets out of the epoll that they share.
        async def work():
            global session
            BEGIN
            messages = {(await ask(session)).message for _ in range(3)}
            CLOSE
            gc.collect()
            await asyncio.sleep(0)
            return messages

        code = 1
        try:
            print("child", *run(work), flush=True)
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def fork():
        child = os.fork()
        if child == 0:
            in_a_child()
        assert os.waitpid(child, 0)[1] == 0
"""
BETWEEN_RUNS = """
    with asyncio.Runner(loop_factory=LOOP) as runner:
        print("parent", runner.run(ask(session)).message, flush=True)
        fork()
        fork()
        print("parent", runner.run(ask(session)).message, flush=True)
        runner.run(close(session))
"""
INSIDE_A_RUN = """
    async def main():
        print("parent", (await ask(session)).message, flush=True)
        fork()
        fork()
        print("parent", (await ask(session)).message, flush=True)
        await close(session)

    run(main)
"""
CHILDREN = [
    ("pass", "pass"),
    ("pass", "await close(session)"),
    ("session = None; gc.collect(); session = make()", "await close(session)"),
    ("await close(session); await session.__aenter__()", "await close(session)"),
]
"""What a child does before it calls, and afterwards: uses the session; closes it; makes its own; enters it anew."""
forks = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


@forks
@each_program
async def test_a_forked_child_makes_connections_of_its_own_and_the_parents_go_on(tmp_path, loop, carrier):
    scenes = [(begin, close, when) for when in (BETWEEN_RUNS, INSIDE_A_RUN) for begin, close in CHILDREN]
    program = "".join(FORK.replace("BEGIN", begin).replace("CLOSE", close) + when for begin, close, when in scenes)
    async with counting_server() as origin:
        said = await output_of(tmp_path, program, loop, carrier, origin)
    assert said.splitlines() == [
        f"{who} {3 * n + at}"
        for n in range(len(scenes))
        for who, at in (("parent", 1), ("child", 2), ("child", 3), ("parent", 1))
    ]


PREFORK = """
    import multiprocessing
    session = make()

    def task(_):
        return run(lambda: ask(session)).granted

    before = task(None)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map(task, range(20), chunksize=1)
        pool.close()
        pool.join()
    print(before, answers.count(True), task(None))
"""


@forks
@each_program
async def test_a_pool_of_forked_workers_runs_an_event_loop_for_each_task_on_the_session_of_the_module(
    tmp_path, loop, carrier
):
    async with Peer(OK).serve() as origin:
        assert await output_of(tmp_path, PREFORK, loop, carrier, origin) == "True 20 True\n"


# Closing


async def test_a_closed_session_says_so_and_works_again_when_entered():
    transport = FakeTransport(answer({"error": 0}))
    session = Session(Shop(KEY), transport=transport)
    derived = session.with_options(retry=Retry(attempts=1))
    async with session:
        await ask(session)
    for closed in (session, derived):
        with pytest.raises(SessionClosed, match="closed"):
            await ask(closed)
    await session.aclose()
    async with session:
        await ask(derived)
    assert len(transport.requests) == 2


async def test_a_transport_that_is_given_stays_open():
    class Counting(FakeTransport):
        closed = 0

        async def aclose(self):
            self.closed += 1

    transport = Counting(answer())
    async with Session(Shop(KEY), transport=transport):
        pass
    assert transport.closed == 0


@each_carrier
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, None], ids=lambda turns: f"after {turns or 'all'} turns")
async def test_closing_with_calls_under_way_ends_them_all_and_leaves_nothing_open(turns, carry):
    peer = Peer(Silence())
    async with peer.serve() as origin:
        here, alone = descriptors(), asyncio.all_tasks()
        carrier = carry()
        throttle = Throttle(concurrency=5)
        session = Session(Shop(KEY, base_url=origin), transport=carrier, throttle=throttle, retry=Retry(base=0))
        calls = [asyncio.create_task(ask(session)) for _ in range(20)]
        if turns is None:
            await settled(lambda: len(peer.received) == 4)  # as many as a throttle begins with
        else:
            for _ in range(turns):
                await asyncio.sleep(0)
        await close(session, carrier)
        async with asyncio.timeout(HANG):
            ends = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(end) for end in ends} == {SessionClosed}
        assert session.throttle.snapshot().in_flight == 0
        await settled(lambda: (descriptors(), asyncio.all_tasks()) == (here, alone))


@each_carrier
async def test_a_send_that_was_under_way_at_the_closing_says_that_its_fate_is_unknown(carry):
    send = Endpoint(name="Zalo/RequestConsent", payload=CheckConsent, result=Consent, safety=Safety.SEND)
    peer = Peer(Silence())
    async with peer.serve() as origin:
        session = Session(Shop(KEY, base_url=origin), transport=(carrier := carry()))
        call = asyncio.create_task(session.call(send, CheckConsent(oa_id=OA, phone=PHONE)))
        await settled(lambda: peer.received)
        await close(session, carrier)
        with pytest.raises(Disconnected) as caught:
            await call
    assert caught.value.phase is Phase.UNKNOWN
    assert "may have been carried out" in caught.value.__notes__[0]


@pytest.mark.parametrize("make", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
async def test_a_given_transport_finishes_what_is_under_way_when_the_session_closes(make):
    async with Peer(OK).serve() as origin:
        transport = make()
        session = Session(Shop(KEY, base_url=origin), transport=transport)
        reply = asyncio.create_task(session.call_raw(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE)))
        for _ in range(5):
            await asyncio.sleep(0)
        await session.aclose()
        assert (await reply).value.granted
        await transport.aclose()


# Dropping


WARN = """
    warnings.showwarning = lambda message, category, *_: print(category.__name__, message, flush=True)
"""
DROP = """
    async def main():
        session = make_here = Session(Shop("1:made-up", base_url=sys.argv[1]), transport=(carrier := CARRIER))
        carriers[session] = carrier
        derived = session.with_options()
        assert (await ask(derived)).granted
        DROP_IT
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)

    run(main)
    print("done")
"""


@each_program
async def test_a_session_that_is_dropped_open_warns_once_where_it_was_made_and_says_nothing_else(
    tmp_path, loop, carrier
):
    closings = ["await close(session)", "await derived.aclose(); await close(session)"]
    drops = ["del session, make_here, derived, carrier", *closings]
    program = WARN + "".join(DROP.replace("DROP_IT", drop) for drop in drops)
    async with Peer(OK).serve() as origin:
        said = await output_of(tmp_path, program, loop, carrier, origin, warn="always")
    place = tmp_path / "program.py"
    line = next(n for n, text in enumerate(place.read_text().splitlines(), 1) if "make_here = Session" in text)
    warning = (
        f"ResourceWarning The session or transport made at {place}:{line} was dropped open:"
        " use 'async with', or await its aclose().\n"
    )
    assert said == warning + "done\n" * len(drops)


def test_a_session_that_was_never_used_is_dropped_in_silence():
    Session(Shop(KEY))
    gc.collect()
