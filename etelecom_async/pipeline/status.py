"""Which answers are errors: every status but 200, and a 200 that says "try later"."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from types import MappingProxyType

from yarl import URL

from .. import clock
from ..codec import loads_certain
from ..endpoint import JSON
from ..errors import (
    AccountClosed,
    ApiError,
    BadRoute,
    Conflict,
    DecodeError,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Phase,
    RateLimited,
    ServerFault,
    Unauthenticated,
    Unavailable,
    UnexpectedStatus,
    Unimplemented,
)
from ..transport.base import Response

__all__ = ["api_error", "retry_after"]

_BAD_REQUEST, _NOT_FOUND, _TOO_MANY_REQUESTS, _SERVER_ERROR = 400, 404, 429, 500
_WORDS = 200
_ELSEWHERE = "no API is at this base URL: check its host and path, which is /v1/shop, or /v1/partner for a partner"
"""What a 404 without a code of the API's own means: a plain page for an unknown service, or another server."""
_EPOCH = 1e9
"""Seconds of a `Retry-After` from which on it must be a moment: as a wait it would be 31 years."""
_REDIRECTS = range(300, 400)

_BY_CODE = MappingProxyType(
    {
        "invalid_argument": InvalidArgument,
        "malformed": InvalidArgument,
        "validation_failed": InvalidArgument,
        "out_of_range": InvalidArgument,
        "unauthenticated": Unauthenticated,
        "permission_denied": PermissionDenied,
        "resource_exhausted": RateLimited,
        "not_found": NotFound,
        "bad_route": BadRoute,
        "canceled": Unavailable,
        "deadline_exceeded": Unavailable,
        "already_exists": Conflict,
        "aborted": Conflict,
        "failed_precondition": FailedPrecondition,
        "internal": ServerFault,
        "unknown": ServerFault,
        "data_loss": ServerFault,
        "external_service": Unavailable,
        "unimplemented": Unimplemented,
        "unavailable": Unavailable,
        "account_closed": AccountClosed,
    }
)
_BY_STATUS = MappingProxyType(
    {
        400: InvalidArgument,
        401: Unauthenticated,
        403: PermissionDenied,
        404: BadRoute,
        408: Unavailable,
        409: Conflict,
        412: FailedPrecondition,
        413: InvalidArgument,
        429: RateLimited,
        500: ServerFault,
        501: Unimplemented,
        502: Unavailable,
        503: Unavailable,
        504: Unavailable,
    }
)


def api_error(response: Response) -> ApiError:
    """What an answer with another status than 200 means, read from both generations of the error body or from none.

    The class follows the effective code (`meta.xcode` or `code`), then the HTTP status.
    """
    code, message, meta = _parse(response)
    xcode = meta.get("xcode", "")
    if response.status == _NOT_FOUND and not (xcode or code):
        message = f"{message[:_WORDS]} ({_ELSEWHERE})" if message else _ELSEWHERE
    return _kind(xcode, code, response.status)(
        _redirection(response) or message,
        status=response.status,
        code=xcode or code,
        meta=meta,
        retry_after=retry_after(response),
        # A status below 400 refuses nothing, so it is not known what was done.
        phase=Phase.UNKNOWN if response.status < _BAD_REQUEST else None,
    )


def _kind(xcode: str, code: str, status: int) -> type[ApiError]:
    if status == _TOO_MANY_REQUESTS:
        return RateLimited  # a proxy's limiter may put any body under it
    known = _BY_CODE.get(xcode) or _BY_CODE.get(code) or _BY_STATUS.get(status)
    return known or (ServerFault if status >= _SERVER_ERROR else UnexpectedStatus)


def retry_after(response: Response) -> float | None:
    """Seconds that an answer's `Retry-After` asks to wait; None without one.

    It is given as seconds, as an HTTP date or, against the standard, as a Unix time in seconds or milliseconds.
    """
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    # Moments are set against the server's own clock where it is told, since ours may differ.
    now = _http_date(response.headers.get("date", "")) or clock.now()
    try:
        seconds = float(value)
    except ValueError:
        moment = _http_date(value)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    else:
        if not math.isfinite(seconds):
            return None
        if seconds >= _EPOCH:
            seconds = (seconds / 1000 if seconds >= 1000 * _EPOCH else seconds) - now.timestamp()
    return max(0.0, seconds)


def _http_date(value: str) -> datetime | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - costly to import, and dates are rare

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _parse(response: Response) -> tuple[str, str, dict[str, str]]:
    """Code, words and meta of an error body; any of them may be missing, of the wrong type or there twice."""
    try:
        body = loads_certain(response.body)
    except DecodeError:
        return "", _page(response), {}
    if not isinstance(body, dict):
        return "", "", {}
    raw = body.get("meta")
    meta = {name: value for name, value in raw.items() if isinstance(value, str)} if isinstance(raw, dict) else {}
    return _text(body.get("code")), _text(body.get("msg")), meta


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _page(response: Response) -> str:
    """The words of a plain-text or HTML error page, as a proxy or an unknown service sends it."""
    from html import unescape  # noqa: PLC0415 - costly to import, and pages are rare

    text = response.body[:4000].decode(errors="replace")
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]*>", " ", text)
    return unescape(text)[:_WORDS].strip()


def _redirection(response: Response) -> str:
    """Where a redirect leads, without what may be anybody's secret: user, password, query, fragment."""
    location = response.headers.get("location")
    if not location or response.status not in _REDIRECTS:
        return ""
    try:
        url = URL(location)
        shown = url.with_query(None).with_fragment(None)
        shown = shown.with_user(None) if url.absolute else shown
    except ValueError:
        return "redirects to somewhere that is no URL; redirects are not followed"
    return f"redirects to {shown}; redirects are not followed, put the right host into base_url"
