"""Spans and metrics of calls for OpenTelemetry. Needs the extra `[otel]`: its API alone, the SDK is the application's.

Names and attributes of HTTP are those of the stable semantic conventions (https://opentelemetry.io/docs/specs/semconv/http/).
No attribute holds a phone number, a key, a body or the server's words.
"""

from __future__ import annotations

from contextvars import ContextVar

from attrs import define, field
from yarl import URL

from .. import _checks
from ..errors import ApiError
from ..pipeline import CallNext
from ..pipeline.telemetry import AttemptRecord, CallRecord, Outcome
from ..transport.base import Request, Response

try:
    from opentelemetry import context, metrics, trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError:
    raise ImportError("OpenTelemetry needs an extra: pip install 'etelecom-async[otel]'") from None

__all__ = ["OpenTelemetry"]

_ERROR = 400
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The buckets that the conventions advise."""
# Of W3C's two headers the one with ids alone: baggage may hold anything, and goes to no other company.
_propagator = TraceContextTextMapPropagator()


@define(eq=False)
class _Traced:
    """The call that a task is in.

    Attributes:
        span: of the call; that of an attempt is below it.
        outer: the call inside of which this one is made, by a middleware.
        attempt: the span of the last attempt.
        is_under_way: whether that has not ended.
        server: what the metric says of the server.
        status: of the last answer.
    """

    span: trace.Span
    outer: _Traced | None
    attempt: trace.Span = trace.INVALID_SPAN
    is_under_way: bool = False
    server: dict[str, str | int] = field(factory=dict[str, str | int])
    status: int | None = None


class OpenTelemetry:
    """An INTERNAL span for each call, a CLIENT span for each attempt below it, and metrics. It is given twice:

        telemetry = OpenTelemetry()
        Session(account, observer=telemetry, middlewares=[telemetry])

    As a middleware it opens the spans and sends `traceparent` with the request, so it stands first; as an observer it
    ends them and counts. The time that an attempt waits for its turn is part of its span, and no part of the metric.

    Args:
        tracer_provider: where spans go; None for the application's global one.
        meter_provider: where metrics go; None for the application's global one.

    Raises:
        ConfigError: an argument is no provider.
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        if tracer_provider is not None:
            _checks.instance("tracer_provider", tracer_provider, trace.TracerProvider, "a TracerProvider, or None")
        if meter_provider is not None:
            _checks.instance("meter_provider", meter_provider, metrics.MeterProvider, "a MeterProvider, or None")
        self._tracer = trace.get_tracer("etelecom_async", tracer_provider=tracer_provider)
        meter = metrics.get_meter("etelecom_async", meter_provider=meter_provider)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._wait = meter.create_histogram(
            "etelecom.client.limiter.wait",
            "s",
            "How long a call waited for slots and permits of the throttle.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._retries = meter.create_counter("etelecom.client.retries", "{attempt}", "Attempts after the first.")
        self._throttled = meter.create_counter(
            "etelecom.client.throttled", "{attempt}", "Attempts that the server refused as too many."
        )
        self._call: ContextVar[_Traced | None] = ContextVar("call", default=None)

    async def __call__(self, request: Request, call_next: CallNext, /) -> Response:
        """One attempt, as a middleware."""
        call = self._call.get()
        if call is None or request.attempt == 1:
            span = self._tracer.start_span(request.endpoint.name)
            span.set_attribute("etelecom.endpoint", request.endpoint.name)
            call = _Traced(span, call if call is not None and call.is_under_way else None)
            self._call.set(call)
        call.server, call.status, call.is_under_way = _server(request.url), None, True
        below = trace.set_span_in_context(call.span)
        span = call.attempt = self._tracer.start_span("POST", below, trace.SpanKind.CLIENT)
        if span.is_recording():
            span.set_attributes({**call.server, "url.full": str(request.url), "network.protocol.version": "1.1"})
            span.set_attribute("etelecom.endpoint", request.endpoint.name)
            if request.attempt > 1:
                span.set_attribute("http.request.resend_count", request.attempt - 1)
        within = trace.set_span_in_context(span, below)
        ids: dict[str, str] = {}
        _propagator.inject(ids, within)
        token = context.attach(within)
        try:
            response = await call_next(request.with_headers({**request.headers, **ids}) if ids else request)
        except ApiError as error:
            call.status = error.status
            raise
        else:
            call.status = response.status
            return response
        finally:
            call.is_under_way = False
            context.detach(token)

    def attempt_ended(self, record: AttemptRecord, /) -> None:
        """As `Observer`."""
        call = self._call.get()
        if call is None:
            return
        ended = dict(call.server)
        if call.status is not None:
            ended["http.response.status_code"] = call.status
        if record.outcome is not Outcome.ANSWERED:
            is_status = call.status is not None and call.status >= _ERROR
            ended["error.type"] = str(call.status) if is_status else _error(record)
        self._duration.record(record.elapsed - record.waited, ended)
        if record.error == "RateLimited":
            self._throttled.add(1, {"etelecom.endpoint": record.endpoint})
        call.attempt.set_attribute("etelecom.client.limiter.wait", record.waited)
        _end(call.attempt, ended, is_failed=record.outcome is not Outcome.ANSWERED)

    def call_ended(self, record: CallRecord, /) -> None:
        """As `Observer`."""
        about = {"etelecom.endpoint": record.endpoint}
        self._wait.record(record.waited, about)
        if record.attempts > 1:
            self._retries.add(record.attempts - 1, about)
        call = self._call.get()
        if call is None or call.is_under_way:  # this one failed before its first attempt
            return
        self._call.set(call.outer)
        ended: dict[str, str | int] = {"etelecom.client.attempts": record.attempts}
        if record.outcome is not Outcome.ANSWERED:
            ended["error.type"] = _error(record)
        _end(call.span, ended, is_failed=record.outcome is not Outcome.ANSWERED)


def _server(url: URL) -> dict[str, str | int]:
    return {"http.request.method": "POST", "server.address": url.host or "", "server.port": url.port or 0}


def _error(record: AttemptRecord | CallRecord) -> str:
    return record.error or "_OTHER"


def _end(span: trace.Span, attributes: dict[str, str | int], *, is_failed: bool) -> None:
    span.set_attributes(attributes)
    if is_failed:
        span.set_status(trace.StatusCode.ERROR)
    span.end()
