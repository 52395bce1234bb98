"""Every exception of the SDK, by the layer that failed.

Each carries `endpoint`, `url`, `attempts`, `elapsed` and `phase`, pickles and copies, and holds no key.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import UnionType
from typing import ClassVar, Self

__all__ = [
    "AccountClosed",
    "ApiError",
    "AttemptTimeout",
    "BadAnswer",
    "BadRoute",
    "BodyTooLarge",
    "ConfigError",
    "Conflict",
    "ConnectError",
    "DeadlineExceeded",
    "DecodeError",
    "Disconnected",
    "EtelecomError",
    "FailedPrecondition",
    "InternalError",
    "InvalidArgument",
    "InvalidId",
    "InvalidPhone",
    "InvalidRow",
    "JobStopped",
    "NotFound",
    "PermissionDenied",
    "Phase",
    "PhoneProblem",
    "ProxyError",
    "QueueTimeout",
    "RateLimited",
    "ServerFault",
    "SessionClosed",
    "TlsError",
    "TransportError",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedStatus",
    "Unimplemented",
    "UnknownHost",
]


class Phase(enum.Enum):
    """How far a failed call came. It decides whether a SEND may be repeated."""

    NOT_SENT = "not sent"
    """The server has not seen the request."""
    REJECTED = "rejected"
    """The server saw the request and refused it: nothing was done."""
    UNKNOWN = "unknown"
    """The request may have been carried out."""


class PhoneProblem(enum.Enum):
    """Why a text is not read as a phone number. The value is a stable short name; `sentence` is for people."""

    sentence: str

    def __new__(cls, name: str, sentence: str) -> Self:
        member = object.__new__(cls)
        member._value_ = name
        member.sentence = sentence
        return member

    EMPTY = "empty", "No phone number is there."
    """Nothing, or only blanks and punctuation."""
    NOT_TEXT = "not text", "The value is not text, so it cannot be read as a phone number."
    """True or false, a date, a list, bytes that are not UTF-8."""
    NOT_A_NUMBER = "not a number", "No customer's phone number looks like that."
    """Digits that no mobile, landline or foreign number has: `1900 1234`, `+0987654321`."""
    TOO_SHORT = "too short", "Digits are missing."
    """`098765432`."""
    TOO_LONG = "too long", "There are too many digits."
    """`09876543210`."""
    TWO_NUMBERS = "two numbers", "There is more than one phone number: leave one."
    """`0987654321 / 0912345678`, and a number with the last digits of a second: `0987654321/22`."""
    EXTENSION = "extension", "An extension stands behind the phone number: leave it out."
    """`0987654321 ext 5`, `+1 202 555 0123 - 5`."""
    OLD_MOBILE = "old mobile", "It is an 11-digit mobile of before 2018: write the number that it became."
    """`0120 123 4567`. The message says what its first digits became."""
    AREA_CODE = "area code", "It is a landline of before 2017, and its area code reads like a mobile now."
    """`(08) 3812 3456`."""
    AMBIGUOUS = "ambiguous", "It can be read as two different phone numbers."
    """`00987654321` is a zero too many or a foreign number; in `+39 (0)6 ...` the zero is part of the number."""
    SCIENTIFIC = "scientific notation", "A spreadsheet dropped digits: format the column as text."
    """`8.49877E+10`."""
    DIGITS_LOST = "digits lost", "The value is a number with a fraction, or one so large that digits were lost."
    """`987654.5`, a float beyond 2**53."""
    LETTERS = "letters", "Something else than digits is in it."
    """`0987a54321`; the message names the character."""
    UNASSIGNED = "unassigned", "It has the form of a phone number and lies in no assigned block."
    """Only `phone.strict` raises it."""


def _check(name: str, value: object, kind: type | UnionType, wanted: str) -> None:
    # Not in `_checks`, which imports this module.
    if not isinstance(value, kind) or isinstance(value, bool):
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
    """The value cannot be an id (a whole number in 1..2**63-1). Nothing was sent."""


class InvalidRow(EtelecomError, ValueError):
    """A row of a table cannot be used: it has too many fields, for example. Nothing was sent; correct the row."""


class JobStopped(EtelecomError):
    """A file job cannot go on. Fix what the message names, such as a full disk, and run it with `resume=True`."""


class InternalError(EtelecomError):
    """A bug: one row of a file job raised an exception that the SDK did not expect. Report it.

    The message names the exception and the line of code, and no value. The exception is the `__cause__`, until pickled.
    """

    phase: Phase = Phase.UNKNOWN


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


def _one_line(words: str) -> str:
    """Received text, safe for a log: no line breaks, no terminal controls, at most 500 characters."""
    printable = "".join(c if c.isprintable() else " " * c.isspace() for c in words[:2000])
    return " ".join(printable.split())[:500].rstrip()


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
        super().__init__(_one_line(message), phase=phase)
        self.status = self.usual[0] if status is None else status
        self.code = self.usual[1] if code is None else _one_line(code)
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
