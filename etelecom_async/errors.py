"""Every exception of the SDK, by the layer that failed.

Each carries `endpoint`, `url`, `attempts`, `elapsed` and `phase`, pickles and copies, and holds no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import ClassVar

from ._error_kinds import ErrorCategory, Phase, PhoneProblem, SignatureProblem, one_line

__all__ = [
    "AccountClosed",
    "ApiError",
    "AttemptTimeout",
    "BadAnswer",
    "BadRoute",
    "BodyTooLarge",
    "ClaimsError",
    "ConfigError",
    "Conflict",
    "ConnectError",
    "DeadlineExceeded",
    "DecodeError",
    "Disconnected",
    "ErrorCategory",
    "EtelecomError",
    "FailedPrecondition",
    "InternalError",
    "InvalidArgument",
    "InvalidEvent",
    "InvalidId",
    "InvalidPhone",
    "InvalidRow",
    "InvalidSignature",
    "JobStopped",
    "NotFound",
    "PermissionDenied",
    "Phase",
    "PhoneProblem",
    "ProxyError",
    "QueueTimeout",
    "RateLimited",
    "SendFailed",
    "ServerFault",
    "SessionClosed",
    "SignatureProblem",
    "TlsError",
    "TransportError",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedStatus",
    "Unimplemented",
    "UnknownHost",
]


def _check(name: str, value: object, kind: type | UnionType, wanted: str) -> None:
    # Not in `_checks`, which imports this module.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind != bool | None):
        raise ConfigError(f"The {name} of an error is {wanted}; got {type(value).__name__}.")


class EtelecomError(Exception):
    """The base of every error that the SDK raises on purpose. Catch this to catch them all."""

    # `args` is the message alone, and `__dict__` has the rest: so every subclass pickles and copies without more code.

    message: str
    """What went wrong; for an `ApiError` the server's own words, on one line of at most 500 characters."""
    phase: Phase = Phase.NOT_SENT
    """How far the request came."""
    transient: ClassVar[bool] = False
    """Whether the same call may succeed later."""
    endpoint: str | None = None
    """The method's wire name, such as `Zalo/CheckConsent`; None before any call."""
    url: str | None = None
    """Where the call went; holds no key."""
    attempts: int = 0
    """How many times the request was tried."""
    elapsed: float = 0.0
    """Seconds from the call to this error, waiting included."""

    def __init__(self, message: str = "", *, phase: Phase | None = None) -> None:
        _check("message", message, str, "a str")
        _check("phase", phase, Phase | None, "a Phase such as Phase.UNKNOWN, or None")
        super().__init__(message)
        self.message = message
        if phase is not None:
            self.phase = phase

    def _summary(self) -> str:
        return type(self).__name__

    def __str__(self) -> str:
        text = f"{self._summary()}: {self.message}" if self.message else self._summary()
        if self.url is None:
            return self.message or text
        route = "/".join(self.url.rsplit("/", 2)[1:])
        return f"{route} -> {text} (attempt {self.attempts}, {self.elapsed:.2f} s)"


class ConfigError(EtelecomError, ValueError):
    """An account, key, URL or option cannot work. Nothing was sent; fix what the message names."""


class InvalidPhone(EtelecomError, ValueError):
    """The text is not certain to be one phone number. Nothing was sent; ask for the number again."""

    reason: PhoneProblem = PhoneProblem.NOT_A_NUMBER
    """Why, for programs. The message says it for people, with the number masked."""

    def __init__(self, message: str = "", *, reason: PhoneProblem | None = None, phase: Phase | None = None) -> None:
        super().__init__(message, phase=phase)
        _check("reason", reason, PhoneProblem | None, "a PhoneProblem such as PhoneProblem.TOO_SHORT, or None")
        if reason is not None:
            self.reason = reason


class InvalidId(EtelecomError, ValueError):
    """The value cannot be an id (in most places a whole number in 1..2**63-1). Nothing was sent."""


class InvalidRow(EtelecomError, ValueError):
    """A row of a table cannot be used: it has too many fields, for example. Nothing was sent; correct the row."""


class InvalidEvent(EtelecomError, ValueError):
    """The body of a webhook is no event. Answer 400, and look at who sends to that URL.

    The message names what does not fit and where, never the value.
    """


class InvalidSignature(EtelecomError, ValueError):
    """The body of a webhook is not signed as Zalo signs it. Answer 403, unless your events come unsigned."""

    reason: SignatureProblem = SignatureProblem.WRONG
    """Why, for programs."""

    def __init__(
        self, message: str = "", *, reason: SignatureProblem | None = None, phase: Phase | None = None
    ) -> None:
        super().__init__(message, phase=phase)
        _check("reason", reason, SignatureProblem | None, "a SignatureProblem such as SignatureProblem.WRONG, or None")
        if reason is not None:
            self.reason = reason


class JobStopped(EtelecomError):
    """A file job cannot go on. Fix what the message names, such as a full disk, and run it with `resume=True`."""


class InternalError(EtelecomError):
    """A bug: one row of a file job raised an exception that the SDK did not expect. Report it.

    The message names the exception and the line of code, and no value. The exception is the `__cause__`, until pickled.
    """

    phase: Phase = Phase.UNKNOWN


class ClaimsError(EtelecomError):
    """Where claims are kept (a file, Redis) does not answer, so no request was made. Try later."""

    transient: ClassVar[bool] = True


class SessionClosed(EtelecomError, RuntimeError):
    """The session was closed. Make a new one, or enter the old one again with `async with`."""


class TransportError(EtelecomError):
    """No usable answer came. Transports raise only this and its subclasses; each says its `phase`."""

    phase: Phase = Phase.UNKNOWN
    transient: ClassVar[bool] = True


class ConnectError(TransportError):
    """No connection was made: DNS, refusal, no route, proxy. Try later; check the base URL and the network."""

    phase: Phase = Phase.NOT_SENT


class ProxyError(ConnectError):
    """The proxy refused the request: it wants a user (407), or its rules forbid it. Do not retry; fix the proxy.

    After 408, 425, 429 and from 500 on it may accept the request later: those are a `ConnectError`.
    """

    transient: ClassVar[bool] = False


class TlsError(ConnectError):
    """The server's TLS certificate was not accepted, or it does not speak TLS. Do not retry; fix what is named."""

    transient: ClassVar[bool] = False


class UnknownHost(ConnectError):
    """The host name has no address, before the first connection. Do not retry; fix the base URL or the proxy."""

    transient: ClassVar[bool] = False


class Disconnected(TransportError):
    """The connection broke during the exchange. A READ may be repeated; a SEND may have been carried out."""


class AttemptTimeout(TransportError, TimeoutError):
    """One attempt took longer than `Timeout.attempt` seconds."""


class BadAnswer(TransportError):
    """The answer is not HTTP, or not complete. A proxy or another service may be answering."""


class BodyTooLarge(TransportError):
    """The answer is larger than the transport's `max_body`, and was not read to its end."""

    transient: ClassVar[bool] = False


class QueueTimeout(EtelecomError, TimeoutError):
    """The call waited in this process longer than `Timeout.queue` seconds. Nothing was sent.

    The same call may succeed later. The session does not repeat it: its time is over.
    """

    transient: ClassVar[bool] = True


class DeadlineExceeded(EtelecomError, TimeoutError):
    """All attempts together took `Timeout.total` seconds. The last attempt's error is the `__cause__`.

    The same call may succeed later. The session does not repeat it: its time is over.
    """

    phase: Phase = Phase.UNKNOWN
    transient: ClassVar[bool] = True


class DecodeError(EtelecomError):
    """The server answered 200 with a body that does not fit the method. Treat it as "could not check".

    The message names the JSON path and what was expected there, never the value.
    """

    phase: Phase = Phase.UNKNOWN


class ApiError(EtelecomError):
    """The server answered with an error. The class follows the effective code, then the HTTP status."""

    usual: ClassVar[tuple[int, str]] = (500, "unknown")
    """The HTTP status and code that the server usually sends for this class."""
    phase: Phase = Phase.REJECTED
    status: int
    """The HTTP status; 200 for an error inside a successful answer."""
    code: str
    """The effective code: `meta.xcode` if the server sent one, else `code`, else empty."""
    meta: dict[str, str]
    retry_after: float | None
    """Seconds that the server asked to wait, or None."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        meta: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        phase: Phase | None = None,
    ) -> None:
        _check("message", message, str, "a str")
        _check("status", status, int | None, "a whole number, or None for the usual one")
        _check("code", code, str | None, "a str, or None for the usual one")
        _check("meta", meta, Mapping | None, "a dict of str to str, or None")
        _check("retry_after", retry_after, int | float | None, "a number of seconds, or None")
        super().__init__(one_line(message), phase=phase)
        self.status = self.usual[0] if status is None else status
        self.code = self.usual[1] if code is None else one_line(code)
        self.meta = dict(meta or {})
        self.retry_after = retry_after

    def _summary(self) -> str:
        return f"{self.status} {self.code}".rstrip()


class InvalidArgument(ApiError):
    """The server refused the request. Correct it; the message says what is wrong."""

    usual = (400, "invalid_argument")


class Unauthenticated(ApiError):
    """The server does not know the key. Check it and the base URL; every other call fails too."""

    usual = (401, "unauthenticated")


class PermissionDenied(ApiError):
    """The key may not do this. Check that the OA belongs to the shop, and which key the method takes."""

    usual = (403, "permission_denied")


class NotFound(ApiError):
    """What the request names does not exist."""

    usual = (404, "not_found")


class BadRoute(NotFound):
    """The method or service does not exist there. Check the base URL; every other call fails too."""

    usual = (404, "bad_route")


class Conflict(ApiError):
    """The object exists already, or changed at the same time. Read its present state first."""

    usual = (409, "already_exists")


class FailedPrecondition(ApiError):
    """The account or object is not in a state that allows this. The message says what is missing."""

    usual = (412, "failed_precondition")


class RateLimited(ApiError):
    """Too many requests (429, 403 resource_exhausted, consent code 5). Slow down."""

    usual = (403, "resource_exhausted")
    transient: ClassVar[bool] = True


class Unavailable(ApiError):
    """The server, its proxy, Zalo or a phone network could not answer now. Try later."""

    usual = (503, "unavailable")
    phase: Phase = Phase.UNKNOWN
    transient: ClassVar[bool] = True


class AccountClosed(ApiError):
    """The account was closed for good: talk to eTelecom."""

    usual = (503, "account_closed")


class ServerFault(ApiError):
    """The server failed on this request. Try later; report it to eTelecom if it stays."""

    usual = (500, "internal")
    phase: Phase = Phase.UNKNOWN
    transient: ClassVar[bool] = True


class Unimplemented(ApiError):
    """The server knows the method but does not offer it."""

    usual = (501, "unimplemented")


class UnexpectedStatus(ApiError):
    """A status that the API does not document, such as a redirect. Check the base URL and proxies."""

    usual = (302, "")
    phase: Phase = Phase.UNKNOWN


class SendFailed(ApiError):
    """A 200 that says that a SEND failed: its `status` is N, its `error_code` is not 0, or its `updated` is 0.

    Read `category`, `meaning` and `hint`; `etelecom_async.messages.explain` has them in Vietnamese. Never repeated by
    the SDK; repeat it yourself only for QUOTA or MAY_PASS, later, and only where `is_charged` is False.
    """

    usual = (200, "")
    record: object
    """The answer, of the method's result class, such as a `ConsentRequest`; None in an error made by hand."""
    is_charged: bool | None
    """Whether it was billed all the same; None where the server did not say."""
    error_code: int | None
    """The raw number; None where the server sent none."""
    category: ErrorCategory
    """What the number is about."""
    meaning: str
    """What the number means, as a phrase; empty for an unknown one. `message` has the server's own words."""
    hint: str
    """What to do, in whole sentences; for an unknown number they say so. Empty in an error made by hand."""

    def __init__(
        self,
        message: str = "",
        *,
        record: object = None,
        is_charged: bool | None = None,
        error_code: int | None = None,
        category: ErrorCategory = ErrorCategory.UNKNOWN,
        meaning: str = "",
        hint: str = "",
        status: int | None = None,
        code: str | None = None,
        meta: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        phase: Phase | None = None,
    ) -> None:
        if code is None and error_code is not None:
            code = f"error_code {error_code}"
        super().__init__(message, status=status, code=code, meta=meta, retry_after=retry_after, phase=phase)
        _check("is_charged", is_charged, bool | None, "True, False, or None for unknown")
        _check("error_code", error_code, int | None, "a whole number, or None")
        _check("category", category, ErrorCategory, "an ErrorCategory such as ErrorCategory.QUOTA")
        _check("meaning", meaning, str, "a str")
        _check("hint", hint, str, "a str")
        self.record, self.is_charged = record, is_charged
        self.error_code, self.category, self.meaning, self.hint = error_code, category, meaning, hint

    def _summary(self) -> str:
        known = f" ({self.category.value}: {self.meaning})" if self.meaning else ""
        charged = ", charged" if self.is_charged else ""
        return f"{super()._summary()}{known}{charged}"
