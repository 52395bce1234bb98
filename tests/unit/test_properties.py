"""What holds for every answer, every model, every sequence of faults."""

import asyncio
import itertools
import json
import pickle
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    AccountClosed,
    ApiError,
    AttemptTimeout,
    BadAnswer,
    CheckConsent,
    ConnectError,
    Consent,
    DeadlineExceeded,
    DecodeError,
    Disconnected,
    Endpoint,
    EtelecomError,
    InvalidArgument,
    Phase,
    QueueTimeout,
    RateLimited,
    Retry,
    Safety,
    ServerFault,
    Session,
    Shop,
    Throttle,
    Timeout,
    TransportError,
    Unavailable,
    UnexpectedStatus,
)
from etelecom_async.api import ENDPOINTS
from etelecom_async.codec import decode, encode, loads
from etelecom_async.endpoint import Encoding
from etelecom_async.testing import MockTransport, run_virtually
from tests.support import KEY, OA, PHONE, answer, ask
from tests.support.oracles import permits
from tests.support.strategies import answers, instances, values

MOMENT = datetime(2030, 1, 1, tzinfo=UTC)


# Answers


async def ends(*calls):
    """Their results and the SDK's errors; any other error comes through."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    for end in found:
        if isinstance(end, BaseException) and not isinstance(end, EtelecomError):
            raise end
    return found


def answer_to(response):
    """What a call makes of an answer: a consent, or the error that it raises; anything else comes through."""

    async def call():
        mock = MockTransport()
        mock.on(CHECK_CONSENT).respond(lambda _: response)
        return await ask(Session(Shop(KEY), transport=mock, retry=Retry(attempts=1)))

    [end] = asyncio.run(ends(call()))
    if isinstance(end, EtelecomError):
        assert type(pickle.loads(pickle.dumps(end))) is type(end)
        assert "\n" not in str(end)
    return end


@given(values | answers)
@example({"error": 0, "error_code": 1})
@example({"error": None, "error_code": 0})
@example({"error": 0, "expired_time": "0001-01-01T00:00:00Z"})
def test_any_json_is_read_as_permission_only_in_the_documented_form(value):
    try:
        consent = decode(value, Consent)
    except DecodeError:
        return
    assert consent.granted_at(MOMENT) is permits(value, MOMENT)
    assert consent.error is None or consent.error in (value.get("error"), value.get("error_code"))


@given(values | answers)
@example({"error": 5, "message": {"a": 1}})
@example({"error": 12.0})
@example({"error": True})
def test_any_json_in_a_200_is_a_consent_that_fails_closed_or_an_error(value):
    end = answer_to(answer(value))
    if isinstance(end, Consent):
        assert end.granted is permits(value, datetime.now(UTC))
    elif isinstance(end, ApiError):
        assert isinstance(end, RateLimited | Unavailable)
        assert end.code in {"error 5", "error 10", "error 12"}
    else:
        assert type(end) is DecodeError
        assert end.phase is Phase.UNKNOWN


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b'{"error":0}\x00')
@example(b'\xef\xbb\xbf{"error":0}')
@example('{"error":0}'.encode("utf-16"))
@example(b'{"error":0,"error":3}')
@example(b'{"error":3,"error":0}')
@example(b'{"error":' * 100_000)
def test_any_bytes_in_a_200_are_a_consent_that_fails_closed_or_an_error(body):
    end = answer_to(answer(body))
    if isinstance(end, Consent):
        assert end.granted is permits(json.loads(body), datetime.now(UTC))
    else:
        assert isinstance(end, DecodeError | RateLimited | Unavailable)


@given(
    status=st.integers(201, 599),
    body=st.binary() | values.map(lambda value: json.dumps(value).encode()) | st.just(b'{"error":0}'),
    retry_after=st.text() | st.floats().map(str),
    location=st.text(),
)
@example(status=200 + 1, body=b'{"error":0}', retry_after="", location="")
def test_any_other_status_is_an_error_whatever_comes_with_it(status, body, retry_after, location):
    end = answer_to(answer(body, status, retry_after=retry_after, location=location))
    assert isinstance(end, ApiError)
    assert end.status == status
    assert end.retry_after is None or 0 <= end.retry_after < float("inf")


# Models


FORMS = {endpoint.payload for endpoint in ENDPOINTS.values() if endpoint.encoding is Encoding.MULTIPART}
"""They are not JSON, and hold a file."""
MODELS = {kind.__name__: kind for endpoint in ENDPOINTS.values() for kind in (endpoint.payload, endpoint.result)}
MODELS = {name: kind for name, kind in MODELS.items() if kind is not object and kind not in FORMS}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@given(data=st.data())
def test_every_model_reads_back_as_it_was_written(model, data):
    value = data.draw(instances(model))
    assert decode(loads(encode(value)), model) == value
    if "Secret(" not in repr(value):  # a secret refuses to be pickled
        assert pickle.loads(pickle.dumps(value)) == value


def test_the_last_moment_that_there_is_reads_back_in_any_time_zone():
    consent = Consent(error=0, expired_time=datetime.max.replace(tzinfo=timezone(timedelta(hours=-7))))
    assert decode(loads(encode(consent)), Consent) == consent
    assert consent.granted


@given(instances(Consent), instances(CheckConsent))
def test_what_a_server_answers_is_what_a_caller_gets(consent, payload):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(consent)
    session = Session(Shop(KEY), transport=mock, retry=Retry(attempts=1))
    if consent.error in (5, 10, 12):
        with pytest.raises((RateLimited, Unavailable)):
            asyncio.run(session.call(CHECK_CONSENT, payload))
    else:
        assert asyncio.run(session.call(CHECK_CONSENT, payload)) == consent
    assert mock.calls[0].payload == payload


# Faults


def error_of(kind, **options):
    """An error of that kind with these options, as a value that is told apart from others by its own fate."""
    return kind("made up", **options)


faults = (
    st.builds(
        error_of,
        st.sampled_from([TransportError, ConnectError, Disconnected, AttemptTimeout, BadAnswer]),
        phase=st.sampled_from(Phase),
    )
    | st.builds(
        error_of,
        st.sampled_from([RateLimited, Unavailable, ServerFault, InvalidArgument, AccountClosed, UnexpectedStatus]),
        retry_after=st.none() | st.floats(0, 30),
    )
    | st.sampled_from([Consent(error=5), Consent(error=10), Consent(error=12)])
)
"""What can come instead of an answer, in every phase: from a transport, from the server, from inside a 200."""

_FATE_OF_CODES = {5: Phase.REJECTED, 10: Phase.UNKNOWN, 12: Phase.UNKNOWN}


def fate(fault):
    """What a caller can know after it."""
    return _FATE_OF_CODES[fault.error] if isinstance(fault, Consent) else fault.phase


class Till:
    """A server on which every request that is carried out costs money."""

    def __init__(self, script):
        self.script = list(script)
        self.arrived = 0
        self.carried_out = 0

    def answer(self, _payload):
        fault, is_carried_out = self.script[self.arrived] if self.arrived < len(self.script) else (None, True)
        self.arrived += 1
        # Only of an unknown fate nobody can tell, and so it is decided by lot.
        self.carried_out += fault is None or (is_carried_out and fate(fault) is Phase.UNKNOWN)
        if isinstance(fault, EtelecomError):
            raise fault
        return fault or Consent(error=0)


@given(
    script=st.lists(st.tuples(faults, st.booleans()), max_size=8),
    attempts=st.integers(1, 10),
    adaptive=st.booleans(),
    safety=st.sampled_from(Safety),
)
def test_a_send_is_carried_out_once_at_most_and_a_success_was_carried_out(script, attempts, adaptive, safety):
    method = Endpoint(
        name="Zalo/RequestConsent", payload=CheckConsent, result=Consent, safety=safety, refusal=CHECK_CONSENT.refusal
    )

    async def main():
        till, mock = Till(script), MockTransport()
        mock.on(method).answer(till.answer)
        session = Session(
            Shop(KEY),
            transport=mock,
            retry=Retry(attempts=attempts),
            throttle=Throttle(adaptive=adaptive),
            timeout=Timeout(total=None),
        )
        [end] = await ends(session.call(method, CheckConsent(oa_id=OA, phone=PHONE)))
        return till, end

    till, end = run_virtually(main())
    # Up to eight more follow refusals by a server that takes others.
    assert till.arrived <= (attempts + 8 if attempts > 1 else 1)
    if isinstance(end, Consent):
        assert till.carried_out >= 1
        assert till.arrived == len(script) + 1
    if safety is Safety.READ:
        return
    fates = [fate(fault) for fault, _ in script[: till.arrived]]
    assert Phase.UNKNOWN not in fates[:-1]
    assert till.carried_out <= 1
    if isinstance(end, EtelecomError):
        assert end.phase is fates[-1]
        assert (till.carried_out == 0) or end.phase is Phase.UNKNOWN
        is_warned = any("may have been carried out" in note for note in getattr(end, "__notes__", ()))
        assert is_warned is (end.phase is Phase.UNKNOWN)


LATE = 1e6
"""Seconds after which an answer is as good as none."""


class SlowServer:
    """Takes its time as the script says, and knows how long each call had waited in line before it came.

    Its `stopwatch` is a layer of the session's, between retry and throttle.
    """

    def __init__(self, script, now):
        self.waited = defaultdict(float)
        self.now = now
        self._script = itertools.cycle(script)
        self._came = {}

    async def stopwatch(self, request, call_next):
        self._came[request.body] = self.now()
        try:
            return await call_next(request)
        except (QueueTimeout, Unavailable) as error:
            if error.phase is Phase.NOT_SENT:
                self._stop(request)
            raise

    async def serve(self, request):
        self._stop(request)
        duration, end = next(self._script)
        await asyncio.sleep(duration)
        if isinstance(end, TransportError):
            raise end
        if isinstance(end, Consent):
            return answer({"error": end.error})
        wait = {} if end.retry_after is None else {"retry_after": str(end.retry_after)}
        return answer({"code": end.code, "msg": end.message}, end.status, **wait)

    def _stop(self, request):
        self.waited[request.body] += self.now() - self._came[request.body]


_seconds = st.floats(0.1, 50)


@given(
    script=st.lists(st.tuples(st.floats(0, 40) | st.just(LATE), faults | st.just(Consent(error=0))), min_size=1),
    limits=st.builds(Timeout, attempt=_seconds, total=_seconds, queue=st.none() | _seconds),
    throttle=st.fixed_dictionaries({"concurrency": st.integers(1, 3), "rate": st.none() | st.floats(0.1, 10)}),
    callers=st.integers(1, 6),
)
def test_no_call_outlasts_its_deadline_but_by_what_it_waited_in_line(script, limits, throttle, callers):
    async def main():
        now, mock = asyncio.get_running_loop().time, MockTransport()
        server = SlowServer(script, now)
        mock.on(CHECK_CONSENT).respond(server.serve)
        session = Session(
            Shop(KEY),
            transport=mock,
            middlewares=[server.stopwatch],
            timeout=limits,
            retry=Retry(attempts=6),
            throttle=Throttle(**throttle),
        )

        async def call(number):
            payload, began = CheckConsent(oa_id=number, phone=PHONE), now()
            [end] = await ends(session.call(CHECK_CONSENT, payload))
            elapsed = now() - began
            assert isinstance(end, Consent) or end.elapsed == pytest.approx(elapsed)
            assert not isinstance(end, DeadlineExceeded) or isinstance(end.__cause__, EtelecomError)
            return elapsed, server.waited[encode(payload)]

        return await asyncio.gather(*(call(number) for number in range(1, callers + 1)))

    for elapsed, in_line in run_virtually(main()):
        assert elapsed <= limits.total + in_line + 1e-6
        if limits.queue is not None:
            assert in_line <= 6 * limits.queue + 1e-6
