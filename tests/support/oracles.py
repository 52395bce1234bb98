"""What must come of an answer, written down anew from what the server says, to hold the SDK against."""

from datetime import datetime

from etelecom_async import (
    AccountClosed,
    BadRoute,
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerFault,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)

OLD = [
    (400, "invalid_argument", InvalidArgument),
    (400, "malformed", InvalidArgument),
    (400, "out_of_range", InvalidArgument),
    (401, "unauthenticated", Unauthenticated),
    (403, "permission_denied", PermissionDenied),
    (403, "resource_exhausted", RateLimited),
    (404, "not_found", NotFound),
    (404, "bad_route", BadRoute),
    (408, "canceled", Unavailable),
    (408, "deadline_exceeded", Unavailable),
    (409, "already_exists", Conflict),
    (409, "aborted", Conflict),
    (412, "failed_precondition", FailedPrecondition),
    (500, "internal", ServerFault),
    (500, "unknown", ServerFault),
    (500, "data_loss", ServerFault),
    (501, "unimplemented", Unimplemented),
    (503, "unavailable", Unavailable),
]
NEW = [
    (404, "not_found", "bad_route", BadRoute),
    (400, "invalid_argument", "malformed", InvalidArgument),
    (400, "invalid_argument", "validation_failed", InvalidArgument),
    (500, "unknown", "external_service", Unavailable),
    (503, "unavailable", "account_closed", AccountClosed),
]
BY_STATUS = [
    *((400, InvalidArgument), (401, Unauthenticated), (403, PermissionDenied), (404, BadRoute), (409, Conflict)),
    *((412, FailedPrecondition), (413, InvalidArgument), (429, RateLimited), (500, ServerFault), (501, Unimplemented)),
    *((status, Unavailable) for status in (408, 502, 503, 504)),
]

REJECTED = {InvalidArgument, Unauthenticated, PermissionDenied, NotFound, BadRoute, Conflict, FailedPrecondition}
REJECTED |= {RateLimited, AccountClosed, Unimplemented}


def permits(value, moment):
    """Does a parsed answer say, in the one documented way, that the business may call?"""
    if not isinstance(value, dict):
        return False
    codes = [value[name] for name in ("error", "error_code") if value.get(name) is not None]
    if not codes or any(type(code) is not int or code != 0 for code in codes):
        return False
    expiry = value.get("expired_time")
    if expiry is None or expiry.startswith(("0001-01-01", "0000-12-31")):
        return True
    return datetime.fromisoformat(expiry.upper()) > moment
