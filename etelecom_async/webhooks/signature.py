"""Zalo's signature of its events."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from .. import _checks, clock
from ..account import Secret, check_key, hidden
from ..endpoint import JSON
from ..errors import InvalidSignature, SignatureProblem
from ..ids import to_id
from .parsing import header, read_body

__all__ = ["MAX_AGE", "verify"]

MAX_AGE = 3 * 3600.0
"""Seconds after which a signed event is out of date: Zalo repeats for nearly two hours."""

_HEADER = "x-zevent-signature"
_MAC = re.compile(r"mac=([0-9A-Fa-f]{64})", re.ASCII)
_MILLIS = re.compile(r"[1-9]\d{11,14}", re.ASCII)
_AHEAD = 300
"""Seconds by which this machine's clock may be behind Zalo's."""


def verify(
    body: bytes,
    headers: Mapping[str, str],
    *,
    app_id: int | str,
    secret: str | Secret,
    max_age: float = MAX_AGE,
    now: Callable[[], datetime] = clock.now,
) -> None:
    """Return if Zalo has signed this body, lately; raise if not.

    The header `X-ZEvent-Signature` is `mac=` and the SHA-256 of app id, body, timestamp and the OA's secret key.
    Whether eTelecom passes it on with the events that it relays is not known: see what comes before you insist on it.

    Args:
        body: the bytes as they came, before anything is decoded.
        headers: of the request, in any case of letters.
        app_id: the Zalo app that the OA is connected through.
        secret: the OA secret key of that app.
        max_age: seconds since the event's `timestamp`. Within them a copy of the request is accepted too: `Seen` leaves
            it out.
        now: the present as an aware datetime; for tests.

    Raises:
        InvalidSignature: `reason` says why.
        InvalidEvent: the body is no JSON object, or too large.
        ConfigError, InvalidId: an argument cannot work.
    """
    secret = hidden(secret)
    check_key(secret, "secret", source="the Zalo app's page of webhooks")
    app_id = to_id(app_id, name="app_id")
    _checks.number("max_age", max_age, above=0, unit="a number of seconds")
    _checks.function("now", now)
    given = header(_HEADER, headers)
    value = read_body(body)
    if not given:
        raise InvalidSignature("The request has no header X-ZEvent-Signature.", reason=SignatureProblem.ABSENT)
    mac = _MAC.fullmatch(given.pop())
    if mac is None or given:
        raise InvalidSignature(
            "The header X-ZEvent-Signature is not one of 'mac=' and 64 hex digits.", reason=SignatureProblem.MALFORMED
        )
    timestamp = _timestamp(value)
    digest = hashlib.sha256(str(app_id).encode())
    digest.update(body)
    digest.update(timestamp.encode())
    digest.update(secret.reveal().encode())
    if not hmac.compare_digest(digest.hexdigest(), mac[1].lower()):
        raise InvalidSignature(
            "The signature is of another key, another app or another body.", reason=SignatureProblem.WRONG
        )
    sent = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(timestamp))
    age = (_checks.aware("now()", now()) - sent).total_seconds()
    if not -_AHEAD <= age <= max_age:
        raise InvalidSignature(
            f"The event was signed {age:.0f} seconds ago, and is accepted from {-_AHEAD} to {max_age:g}.",
            reason=SignatureProblem.OUT_OF_DATE,
        )


def _timestamp(body: dict[str, JSON]) -> str:
    """The body's timestamp as it is written there."""
    value = body.get("timestamp")
    text = str(value) if type(value) in (str, int) else ""
    if not _MILLIS.fullmatch(text):
        raise InvalidSignature("The body has no timestamp in epoch milliseconds.", reason=SignatureProblem.UNDATED)
    return text
