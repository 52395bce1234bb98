"""Every status from 200 to 599, each with bodies of every kind, a yes among them."""

from http import HTTPStatus

from etelecom_async import (
    BadAnswer,
    BadRoute,
    Conflict,
    DecodeError,
    FailedPrecondition,
    InvalidArgument,
    PermissionDenied,
    Phase,
    RateLimited,
    ServerFault,
    Unauthenticated,
    Unavailable,
    UnexpectedStatus,
    Unimplemented,
)
from etelecom_async.testing import Answer
from tests.faults.case import ANSWERED, FORGED, Case, doubtful, final, harmless
from tests.faults.steps import Good, Hear

BODIES = {
    "JSON": FORGED,
    "HTML": b"<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>",
    "plain text": b"404 page not found\n",
    "nothing": b"",
    "binary": bytes(range(256)),
}
REFUSED = {
    400: InvalidArgument,
    401: Unauthenticated,
    403: PermissionDenied,
    404: BadRoute,
    409: Conflict,
    412: FailedPrecondition,
    413: InvalidArgument,
    501: Unimplemented,
}
UNWELL = {408, 502, 503, 504}
BODILESS = {204, 304}
"""HTTP allows them no body, so the bytes of one are no HTTP."""
SAMPLE = {200, 202, 302, 429, 500, 599} | BODILESS | REFUSED.keys() | UNWELL
"""One status of each kind; test_table.py plays them all."""


def ends(status, kind):
    """What must come of this status with this body."""
    if status == HTTPStatus.OK:
        return ANSWERED if kind == "JSON" else final(DecodeError, Phase.UNKNOWN)
    if status in BODILESS and kind != "nothing":
        return doubtful(BadAnswer)
    if status in REFUSED:
        return final(REFUSED[status], Phase.REJECTED)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return harmless(RateLimited, Phase.REJECTED)
    if status in UNWELL:
        return doubtful(Unavailable)
    return doubtful(ServerFault) if status >= 500 else final(UnexpectedStatus, Phase.UNKNOWN)


STATUSES = {
    (status, kind): Case(
        f"{status} with {kind}",
        (Hear(), Good() if (status, kind) == (200, "JSON") else Answer(status, body)),
        ends(status, kind),
    )
    for status in range(200, 600)
    for kind, body in BODIES.items()
}
