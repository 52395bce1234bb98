"""When the SDK tries again: through a session, a mock in place of the server, and virtual time."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import (
    AccountClosed,
    AttemptTimeout,
    ConfigError,
    Conflict,
    ConnectError,
    Consent,
    DeadlineExceeded,
    DecodeError,
    Disconnected,
    Endpoint,
    EtelecomError,
    InvalidArgument,
    Phase,
    RateLimited,
    Retry,
    Safety,
    ServerFault,
    Session,
    Shop,
    Throttle,
    Timeout,
    TlsError,
    Unavailable,
)
from etelecom_async.api.consent import CHECK_CONSENT, CheckConsent
from etelecom_async.pipeline.retry import RetryBudget
from etelecom_async.testing import MockTransport, run_virtually
from etelecom_async.transport import Response
from tests.support import mock_of, virtually

READ = CHECK_CONSENT
SEND = Endpoint(name="Zalo/RequestConsent", payload=CheckConsent, result=Consent, safety=Safety.SEND)
PAYLOAD = CheckConsent(oa_id=7, phone="0987654321")
OK = Consent(error=0)


def now():
    return asyncio.get_running_loop().time()


def go_on(seconds):
    """So much time goes by at once, as where the loop is busy."""
    asyncio.get_running_loop().jump(seconds)


def session(mock, **options):
    options.setdefault("retry", Retry(random=lambda: 1.0))
    options.setdefault("throttle", Throttle(adaptive=False))
    return Session(Shop("1:test"), transport=mock, **options)


async def outcome(errors, endpoint=READ, **options):
    """Call against a server that fails with these errors in turn and then works: attempts, pauses and the end."""
    mock, times = mock_of(*errors, OK, endpoint=endpoint), []

    async def note(request, call_next):
        times.append(now())
        return await call_next(request)

    try:
        end = await session(mock, middlewares=[note], **options).call(endpoint, PAYLOAD)
    except EtelecomError as error:
        end = error
    return len(mock.calls), [later - earlier for earlier, later in pairwise(times)], end


@pytest.mark.parametrize(
    "error",
    [RateLimited(), Unavailable(), ServerFault(), ConnectError("x"), Disconnected("x"), AttemptTimeout("x")],
    ids=lambda error: type(error).__name__,
)
@virtually
async def test_a_read_is_repeated_after_every_transient_failure(error):
    attempts, _, end = await outcome([error, error])
    assert (attempts, end) == (3, OK)


@pytest.mark.parametrize(
    "error", [InvalidArgument(), AccountClosed(), Conflict(), TlsError("x")], ids=lambda error: type(error).__name__
)
@virtually
async def test_a_permanent_failure_is_raised_at_once(error):
    attempts, pauses, end = await outcome([error])
    assert (attempts, pauses, type(end)) == (1, [], type(error))


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (ConnectError("never reached"), 2),
        (RateLimited(), 2),
        (Disconnected("during the exchange"), 1),
        (AttemptTimeout("no answer"), 1),
        (Unavailable(), 1),
        (ServerFault(), 1),
    ],
    ids=lambda value: type(value).__name__,
)
@virtually
async def test_a_send_is_repeated_only_where_it_was_certainly_not_carried_out(error, attempts):
    made, _, end = await outcome([error], SEND)
    assert made == attempts
    if attempts == 1:
        assert end.phase is Phase.UNKNOWN
        assert "may have been carried out" in end.__notes__[0]


@pytest.mark.parametrize("body", [b"<html>", b'{"error":"0"}'])
@virtually
async def test_a_send_whose_answer_cannot_be_read_may_have_been_carried_out(body):
    mock = MockTransport()
    mock.on(SEND).respond(lambda _: Response(200, {}, body))
    with pytest.raises(DecodeError) as caught:
        await session(mock).call(SEND, PAYLOAD)
    assert len(mock.calls) == 1
    assert "may have been carried out" in caught.value.__notes__[0]


@virtually
async def test_a_send_whose_time_is_over_may_have_been_carried_out():
    mock = MockTransport()

    def late(_request):
        go_on(25)
        raise AttemptTimeout("no answer")

    mock.on(SEND).respond(late)
    with pytest.raises(DeadlineExceeded) as caught:
        await session(mock, timeout=Timeout(total=25)).call(SEND, PAYLOAD)
    assert "may have been carried out" in caught.value.__notes__[0]


FAILURES = st.sampled_from(
    [
        ConnectError("c"),
        Disconnected("d"),
        AttemptTimeout("t"),
        RateLimited(),
        Unavailable(),
        ServerFault(),
        InvalidArgument(),
    ]
)


@given(st.lists(FAILURES, max_size=6))
def test_a_send_never_follows_a_failure_of_unknown_fate(errors):
    attempts, _, _ = run_virtually(outcome(errors, SEND))
    before_the_last = errors[: attempts - 1]
    assert all(error.phase is not Phase.UNKNOWN for error in before_the_last)


@virtually
async def test_attempts_are_counted_in_all_and_the_error_says_how_many():
    attempts, _, end = await outcome([Unavailable("later")] * 9, retry=Retry(attempts=3, random=lambda: 0.0))
    assert attempts == 3
    assert end.attempts == 3
    assert str(end) == "shop.Zalo/CheckConsent -> 503 unavailable: later (attempt 3, 0.00 s)"


@virtually
async def test_one_attempt_means_no_retry():
    attempts, _, end = await outcome([Unavailable()], retry=Retry(attempts=1))
    assert attempts == 1
    assert isinstance(end, Unavailable)


@virtually
async def test_pauses_double_up_to_the_cap_under_full_jitter():
    retry = Retry(attempts=6, base=0.5, cap=3.0, random=lambda: 1.0)
    _, pauses, _ = await outcome([Unavailable()] * 5, retry=retry)
    assert pauses == [0.5, 1.0, 2.0, 3.0, 3.0]
    _, pauses, _ = await outcome([Unavailable()] * 2, retry=Retry(base=0.5, random=lambda: 0.25))
    assert pauses == [0.125, 0.25]


@virtually
async def test_retry_after_is_a_floor_under_the_pause():
    _, pauses, _ = await outcome([RateLimited(retry_after=7)])
    assert pauses == [7.5]


@virtually
async def test_a_retry_after_beyond_the_deadline_is_not_waited_for():
    attempts, pauses, end = await outcome([RateLimited(retry_after=90)])
    assert (attempts, pauses) == (1, [])
    assert end.retry_after == 90


@virtually
async def test_the_first_disconnection_is_repeated_at_once_and_the_second_waits():
    _, pauses, _ = await outcome([Disconnected("stale"), Disconnected("again")])
    assert pauses == [0.0, 1.0]


@virtually
async def test_the_last_attempt_is_cut_to_the_deadline_and_says_so():
    mock = MockTransport()
    limits = []

    def hang(request):
        limits.append(request.timeout.attempt)
        go_on(request.timeout.attempt)
        raise AttemptTimeout("no answer")

    mock.on(READ).respond(hang)
    with pytest.raises(DeadlineExceeded) as caught:
        await session(mock, timeout=Timeout(attempt=10, total=25)).call(READ, PAYLOAD)
    assert limits == [10, 10, 3.5]
    assert now() == 25
    assert isinstance(caught.value.__cause__, AttemptTimeout)
    assert caught.value.phase is Phase.UNKNOWN
    assert caught.value.elapsed == 25


@given(st.floats(1, 50), st.floats(1, 50), st.lists(st.floats(0, 30), min_size=1, max_size=8))
def test_attempts_and_pauses_never_outlast_the_deadline(attempt, total, durations):
    mock = MockTransport()

    def take(request):
        seconds = durations[(len(mock.calls) - 1) % len(durations)]
        go_on(min(seconds, request.timeout.attempt))
        raise AttemptTimeout("no answer") if seconds >= request.timeout.attempt else Unavailable()

    mock.on(READ).respond(take)
    limits = Timeout(attempt=attempt, total=total)

    async def main():
        with pytest.raises((DeadlineExceeded, Unavailable, AttemptTimeout)):
            await session(mock, timeout=limits, retry=Retry(attempts=9)).call(READ, PAYLOAD)
        return now()

    assert run_virtually(main()) <= total * (1 + 1e-9)


@pytest.mark.parametrize(
    ("time", "limits"),
    [
        (Timeout(attempt=10, total=10.5), [10, 0.5]),
        (Timeout(attempt=None, total=25), [25]),
        (Timeout(attempt=10, total=None), [10, 10, 10, 10]),
        (Timeout(attempt=10, total=10), [10]),
    ],
    ids=["a rest", "no limit of an attempt", "no limit of all", "no rest"],
)
@virtually
async def test_an_attempt_has_its_own_limit_and_what_is_left_of_all(time, limits):
    mock, seen = MockTransport(), []

    def hang(request):
        seen.append(request.timeout.attempt)
        go_on(request.timeout.attempt)
        raise AttemptTimeout("no answer")

    mock.on(READ).respond(hang)
    with pytest.raises(TimeoutError):
        await session(mock, timeout=time, retry=Retry(base=0)).call(READ, PAYLOAD)
    assert seen == limits


@virtually
async def test_a_pause_that_leaves_no_time_is_not_made():
    retry = Retry(base=1, random=lambda: 1.0)
    attempts, pauses, end = await outcome([Unavailable()], retry=retry, timeout=Timeout(total=1))
    assert (attempts, pauses, type(end)) == (1, [], Unavailable)
    attempts, pauses, end = await outcome([Unavailable()], retry=retry, timeout=Timeout(total=1.5))
    assert (attempts, pauses, end) == (2, [1.0], OK)


@pytest.mark.parametrize("phase", Phase)
@virtually
async def test_when_all_the_time_is_over_the_fate_is_that_of_the_last_attempt(phase):
    mock = MockTransport()

    def late(_request):
        go_on(2.5)
        raise AttemptTimeout("no answer", phase=phase)

    mock.on(READ).respond(late)
    with pytest.raises(DeadlineExceeded) as caught:
        await session(mock, timeout=Timeout(total=2.5)).call(READ, PAYLOAD)
    assert caught.value.phase is phase
    assert caught.value.message == "no answer within 2.5 s"


@virtually
async def test_a_pause_that_outlasts_the_deadline_leaves_the_next_attempt_a_moment():
    mock = MockTransport()
    limits = []

    def late(request):
        limits.append(request.timeout.attempt)
        raise AttemptTimeout("no answer")

    mock.on(READ).fail(Unavailable()).respond(late)
    one = session(mock, retry=Retry(base=1, random=lambda: 1.0), timeout=Timeout(total=1.5))
    asyncio.get_running_loop().call_later(0.9, go_on, 1)  # in the middle of the pause
    with pytest.raises(DeadlineExceeded, match=r"no answer within 1\.5 s"):
        await one.call(READ, PAYLOAD)
    assert limits == [0.001]


@virtually
async def test_a_time_in_which_the_process_stood_still_in_a_pause_counts_in_no_limit():
    mock = MockTransport()
    mock.on(READ).fail(Unavailable()).reply(OK)
    one = session(mock, retry=Retry(base=1, random=lambda: 1.0), timeout=Timeout(total=5))
    asyncio.get_running_loop().call_later(0.5, go_on, 3600)
    assert await one.call(READ, PAYLOAD) == OK
    assert mock.calls[-1].request.timeout.attempt == pytest.approx(4.0, abs=0.6)


@virtually
async def test_a_call_that_goes_back_into_the_line_makes_no_pause_and_spends_nothing_of_the_budget():
    mock = MockTransport()
    one = session(mock, throttle=Throttle(random=lambda: 0.0), retry=Retry(base=1000, cap=1000, random=lambda: 1.0))
    for _ in range(120):  # one retry each: more than the budget has
        mock.on(READ).fail(RateLimited()).reply(OK)
        assert await one.call(READ, PAYLOAD) == OK
    assert one.throttle.snapshot().refusals == 120
    mock.on(READ).fail(RateLimited(retry_after=60))
    with pytest.raises(RateLimited) as caught:
        await one.call(READ, PAYLOAD)
    assert caught.value.attempts == 1


@virtually
async def test_every_attempt_has_its_number():
    numbers = []

    async def note(request, call_next):
        numbers.append(request.attempt)
        return await call_next(request.with_headers(request.headers))

    mock = MockTransport()
    mock.on(READ).fail(Unavailable()).fail(Unavailable()).reply(OK)
    reply = await session(mock, middlewares=[note]).call_raw(READ, PAYLOAD)
    assert (numbers, reply.attempts) == ([1, 2, 3], 3)
    assert [sent.request.attempt for sent in mock.calls] == numbers


@virtually
async def test_waiting_for_a_slot_counts_in_no_time_limit():
    mock = MockTransport()

    async def slow(_payload):
        await asyncio.sleep(9)
        return OK

    mock.on(READ).answer(slow)
    one_at_a_time = session(mock, throttle=Throttle(concurrency=1), timeout=Timeout(total=20))
    answers = await asyncio.gather(*(one_at_a_time.call(READ, PAYLOAD) for _ in range(50)))
    assert answers == [OK] * 50
    assert now() == 450


@virtually
async def test_a_call_that_waited_long_for_its_slot_still_has_its_time_for_a_retry():
    failed = set()
    mock = MockTransport()

    async def fails_once(payload):
        await asyncio.sleep(4)
        if payload.oa_id in failed or payload.oa_id % 2:
            return OK
        failed.add(payload.oa_id)
        raise Unavailable

    mock.on(READ).answer(fails_once)
    one_at_a_time = session(mock, throttle=Throttle(concurrency=1), timeout=Timeout(total=20), retry=Retry(base=0))
    checks = (one_at_a_time.zalo.check_consent(oa_id=n, phone="0987654321") for n in range(1, 31))
    assert await asyncio.gather(*checks) == [OK] * 30


@virtually
async def test_when_everything_fails_attempts_stay_within_a_fifth_above_the_calls():
    mock = MockTransport()
    mock.on(READ).fail(Unavailable())
    failing = session(mock)
    ends = await asyncio.gather(*(failing.call(READ, PAYLOAD) for _ in range(1000)), return_exceptions=True)
    assert {type(end) for end in ends} == {Unavailable}
    assert len(mock.calls) <= 1000 * 1.2
    notes = {note for end in ends for note in getattr(end, "__notes__", ())}
    assert notes == {"Not tried again: too many calls fail, and the retry budget is spent."}


def test_the_budget_refills_by_a_tenth_of_a_call_up_to_its_reserve():
    budget = RetryBudget(reserve=2)
    assert [budget.withdraw() for _ in range(3)] == [True, True, False]
    budget.calls += 11
    assert [budget.withdraw() for _ in range(2)] == [True, False]
    budget.calls += 100
    assert [budget.withdraw() for _ in range(3)] == [True, True, False]


def test_a_budget_is_of_a_hundred_retries_unless_told_otherwise():
    budget = RetryBudget()
    budget.calls += 1000
    assert [budget.withdraw() for _ in range(101)] == [True] * 100 + [False]


@virtually
async def test_calls_that_work_refill_the_budget():
    mock = MockTransport()
    mock.on(READ).fail(Unavailable())
    spent = session(mock)
    for _ in range(60):
        with pytest.raises(Unavailable):
            await spent.call(READ, PAYLOAD)
    mock.on(READ).reply(OK)
    for _ in range(20):
        await spent.call(READ, PAYLOAD)
    mock.on(READ).fail(Unavailable()).reply(OK)
    assert await spent.call(READ, PAYLOAD) == OK


@virtually
async def test_derived_sessions_share_the_budget():
    mock = MockTransport()
    mock.on(READ).fail(Unavailable())
    root = session(mock)
    for _ in range(60):
        with pytest.raises(Unavailable):
            await root.call(READ, PAYLOAD)
    mock.calls.clear()
    with pytest.raises(Unavailable):
        await root.with_options(retry=Retry(attempts=9)).call(READ, PAYLOAD)
    assert len(mock.calls) == 1


@virtually
async def test_cancellation_is_never_retried():
    mock = MockTransport()
    mock.on(READ).answer(lambda _payload: asyncio.get_running_loop().create_future())
    call = asyncio.ensure_future(session(mock).call(READ, PAYLOAD))
    while not mock.calls:
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    assert len(mock.calls) == 1


@virtually
async def test_a_hundred_calls_that_lose_their_connections_together_are_all_repeated():
    mock, cut = MockTransport(), set()

    def once(payload):
        if payload.oa_id in cut:
            return OK
        cut.add(payload.oa_id)
        raise Disconnected("the server was restarted")

    mock.on(READ).answer(once)
    checks = session(mock).zalo.check_consent
    assert await asyncio.gather(*(checks(oa_id=n, phone="0987654321") for n in range(1, 101))) == [OK] * 100


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"attempts": 0}, "Retry.attempts is a whole number above 0; got 0."),
        ({"base": -1}, "Retry.base is a number of seconds of at least 0; got -1."),
        ({"cap": -0.5}, "Retry.cap is a number of seconds of at least 0; got -0.5."),
        ({"base": float("nan")}, "Retry.base is a number of seconds of at least 0; got nan."),
    ],
)
def test_a_retry_that_cannot_work_is_refused(options, words):
    with pytest.raises(ConfigError) as caught:
        Retry(**options)
    assert caught.value.message == words


def test_a_retry_tries_four_times_with_pauses_from_half_a_second_up_to_twenty():
    assert repr(Retry()) == "Retry(attempts=4, base=0.5, cap=20.0)"
    assert Retry() == Retry(random=lambda: 1.0)
    assert Retry(cap=0) != Retry()
    with pytest.raises(TypeError, match="positional"):
        Retry(5)
