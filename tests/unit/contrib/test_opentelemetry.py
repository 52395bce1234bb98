"""Spans, metrics and propagation, seen by the SDK's own exporters in memory."""

import asyncio

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from yarl import URL

from etelecom_async import (
    CHECK_CONSENT,
    AttemptRecord,
    CallRecord,
    Consent,
    Disconnected,
    EtelecomError,
    NotFound,
    Outcome,
    QueueTimeout,
    RateLimited,
    Retry,
    Session,
    Shop,
    Throttle,
    Timeout,
)
from etelecom_async.contrib.opentelemetry import OpenTelemetry
from etelecom_async.testing import Answer, MockTransport, Peer, run_virtually
from etelecom_async.transport import Request, Response
from tests.support import KEY

PHONE = "84900000017"
WORDS = f"there is no {PHONE}"


class Seen:
    """A telemetry, and what came of it."""

    def __init__(self):
        self._spans, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.tracer = tracers.get_tracer("test")
        meters = MeterProvider(metric_readers=[self._reader])
        self.telemetry = OpenTelemetry(tracer_provider=tracers, meter_provider=meters)

    @property
    def spans(self):
        return self._spans.get_finished_spans()

    def metric(self, name):
        """Attributes and value of each point; of a histogram count and sum."""
        data = self._reader.get_metrics_data()
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        points = [point for metric in metrics for point in metric.data.data_points]
        return [(dict(p.attributes), (p.count, p.sum) if hasattr(p, "count") else p.value) for p in points]


@pytest.fixture
def seen():
    return Seen()


def session_of(seen, *ends, middlewares=()):
    """A session whose attempts end so; each takes half a second of virtual time."""

    async def take_time(request, call_next):
        await asyncio.sleep(0.5)
        return await call_next(request)

    mock = MockTransport()
    route = mock.on(CHECK_CONSENT)
    for end in ends:
        if isinstance(end, EtelecomError):
            route.fail(end)
        else:
            route.reply(end)
    return Session(
        Shop(KEY, base_url="https://pbx.example.vn:8443/v1/shop"),
        transport=mock,
        retry=Retry(base=1.0, random=lambda: 1.0),
        throttle=Throttle(adaptive=False),
        observer=seen.telemetry,
        middlewares=[seen.telemetry, *middlewares, take_time],
    )


def check(session):
    return session.zalo.check_consent(oa_id=1, phone=PHONE)


SERVER = {"http.request.method": "POST", "server.address": "pbx.example.vn", "server.port": 8443}


def test_an_attempt_is_a_client_span_below_that_of_its_call_below_the_applications(seen):
    async def main():
        with seen.tracer.start_as_current_span("web request"):
            await check(session_of(seen, Consent(error=0)))

    run_virtually(main())
    attempt, call, root = seen.spans
    assert (attempt.name, attempt.kind, attempt.parent.span_id) == ("POST", SpanKind.CLIENT, call.context.span_id)
    assert (call.name, call.kind, call.parent.span_id) == (
        "Zalo/CheckConsent",
        SpanKind.INTERNAL,
        root.context.span_id,
    )
    assert dict(attempt.attributes) == {
        **SERVER,
        "url.full": "https://pbx.example.vn:8443/v1/shop.Zalo/CheckConsent",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "etelecom.endpoint": "Zalo/CheckConsent",
        "etelecom.client.limiter.wait": 0.0,
    }
    assert dict(call.attributes) == {"etelecom.endpoint": "Zalo/CheckConsent", "etelecom.client.attempts": 1}
    assert attempt.status.status_code is call.status.status_code is StatusCode.UNSET


def test_attempts_that_fail_say_why_and_which_resend_they_are(seen):
    ends = [RateLimited(WORDS, status=429), Disconnected("gone"), Consent(error=0)]
    run_virtually(check(session_of(seen, *ends)))
    *attempts, call = seen.spans
    names = ("http.response.status_code", "error.type", "http.request.resend_count")
    assert [[span.attributes.get(name) for name in names] for span in attempts] == [
        [429, "429", None],
        [None, "Disconnected", 1],
        [200, None, 2],
    ]
    assert [span.status.status_code for span in attempts] == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]
    assert call.attributes["etelecom.client.attempts"] == 3
    assert seen.metric("etelecom.client.retries") == [({"etelecom.endpoint": "Zalo/CheckConsent"}, 2)]
    assert seen.metric("etelecom.client.throttled") == [({"etelecom.endpoint": "Zalo/CheckConsent"}, 1)]
    durations = seen.metric("http.client.request.duration")
    assert len(durations) == 3
    assert (SERVER | {"http.response.status_code": 429, "error.type": "429"}, (1, 0.5)) in durations
    assert (SERVER | {"error.type": "Disconnected"}, (1, 0.5)) in durations
    assert (SERVER | {"http.response.status_code": 200}, (1, 0.5)) in durations


def test_a_call_that_fails_is_marked_and_shows_no_phone_and_no_words_of_the_server(seen):
    with pytest.raises(NotFound):
        run_virtually(check(session_of(seen, NotFound(WORDS, status=404))))
    attempt, call = seen.spans
    assert attempt.attributes["error.type"] == "404"
    assert call.attributes["error.type"] == "NotFound"
    assert call.status.status_code is StatusCode.ERROR
    shown = "".join(span.to_json() for span in seen.spans) + str(seen.metric("http.client.request.duration"))
    assert PHONE not in shown
    assert PHONE[2:] not in shown
    assert KEY not in shown


def test_waiting_for_a_turn_is_a_metric_of_its_own_and_no_part_of_the_requests_duration(seen):
    async def answer(_):
        await asyncio.sleep(0.5)
        return Response(200, {}, b'{"error":0}')

    async def main():
        mock = MockTransport()
        mock.on(CHECK_CONSENT).respond(answer)
        session = Session(
            Shop(KEY),
            transport=mock,
            throttle=Throttle(concurrency=1, adaptive=False),
            observer=seen.telemetry,
            middlewares=[seen.telemetry],
        )
        await asyncio.gather(*(check(session) for _ in range(3)))

    run_virtually(main())
    assert seen.metric("etelecom.client.limiter.wait") == [({"etelecom.endpoint": "Zalo/CheckConsent"}, (3, 1.5))]
    ((_, duration),) = seen.metric("http.client.request.duration")
    assert duration == (3, 1.5)


def test_calls_at_once_and_one_inside_of_another_each_have_their_own_spans(seen):
    async def main():
        inner = session_of(seen, Consent(error=0))

        async def look_first(request, call_next):
            await check(inner)
            return await call_next(request)

        outer = session_of(seen, Consent(error=0), middlewares=[look_first])
        await asyncio.gather(check(outer), check(outer))

    run_virtually(main())
    spans = {span.context.span_id: span for span in seen.spans}
    assert len(spans) == 8
    roots = [span for span in spans.values() if span.parent is None]
    assert [span.name for span in roots] == ["Zalo/CheckConsent"] * 2
    for span in spans.values():
        if span.parent is not None:
            assert span.parent.span_id in spans
    assert len({span.context.trace_id for span in spans.values()}) == 2


def test_a_call_that_is_cancelled_ends_its_spans(seen):
    async def main():
        call = asyncio.create_task(check(session_of(seen, Consent(error=0))))
        await asyncio.sleep(0.1)
        call.cancel()
        await asyncio.wait([call])

    run_virtually(main())
    assert [(span.name, span.attributes["error.type"]) for span in seen.spans] == [
        ("POST", "CancelledError"),
        ("Zalo/CheckConsent", "CancelledError"),
    ]


async def test_the_server_gets_the_ids_of_the_attempts_span_and_no_baggage(seen):
    peer = Peer(Answer(200, b'{"error":0}'))
    current = []

    async def note(request, call_next):
        current.append(get_current_span().get_span_context().span_id)
        return await call_next(request)

    async with (
        peer.serve() as origin,
        Session(Shop(KEY, base_url=origin), observer=seen.telemetry, middlewares=[seen.telemetry, note]) as session,
    ):
        await check(session)
        await check(session)
    for received, span, inside in zip(peer.received, seen.spans[::2], current, strict=True):
        context = span.context
        assert received.headers["traceparent"].startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")
        assert "baggage" not in received.headers
        assert inside == context.span_id


async def test_without_an_sdk_calls_go_as_they_do_without_it():
    peer, telemetry = Peer(Answer(200, b'{"error":0}')), OpenTelemetry()
    async with (
        peer.serve() as origin,
        Session(Shop(KEY, base_url=origin), observer=telemetry, middlewares=[telemetry]) as session,
    ):
        await check(session)
    assert "traceparent" not in peer.received[0].headers


async def test_a_call_whose_only_attempt_was_given_up_unsent_ends_its_spans(seen):
    async def give_up(_):
        raise QueueTimeout("no turn")

    method, about = CHECK_CONSENT.name, {"outcome": Outcome.FAILED, "error": "QueueTimeout", "waited": 1.0}
    request = Request(CHECK_CONSENT, URL("https://pbx.example.vn/v1/shop.Zalo/CheckConsent"), {}, b"{}", Timeout())
    about |= {"endpoint": method, "elapsed": 1.0, "request_bytes": 2, "response_bytes": None}
    with pytest.raises(QueueTimeout):
        await seen.telemetry(request, give_up)
    seen.telemetry.attempt_ended(AttemptRecord(attempt=1, **about))
    seen.telemetry.call_ended(CallRecord(attempts=0, **about))
    assert [span.name for span in seen.spans] == ["POST", method]


async def test_a_call_that_fails_before_its_first_attempt_counts(seen):
    session = session_of(seen, Consent(error=0))
    await session.aclose()
    with pytest.raises(EtelecomError):
        await check(session)
    assert seen.metric("etelecom.client.limiter.wait") == [({"etelecom.endpoint": "Zalo/CheckConsent"}, (1, 0.0))]
