"""A 200 that does not say what it should."""

from etelecom_async import DecodeError, Phase, RateLimited, Unavailable
from etelecom_async.testing import Answer
from tests.faults.case import Case, doubtful, final, harmless
from tests.faults.steps import Hear

MISFIT = final(DecodeError, Phase.UNKNOWN)
BODIES = {
    "an array": b"[0]",
    "null": b"null",
    "a number in a string": b'{"error":"0"}',
    "a fraction for a whole number": b'{"error":0.0}',
    "an expiry that is no time": b'{"error":0,"expired_time":"soon"}',
    "two names that contradict each other": b'{"error":0,"error_code":3}',
    "200,000 brackets": b"[" * 200_000,
    "a number of 5,000 digits": b'{"error":' + b"1" * 5_000 + b"}",
    "JSON cut short": b'{"error":0,"message":"Succ',
    "two documents": b'{"error":0}{"error":0}',
    "bytes that are no UTF-8": b'{"error":0,"message":"\xff"}',
}

WORDS = (
    *(Case(name, (Hear(), Answer(200, body)), MISFIT) for name, body in BODIES.items()),
    Case(
        "consent code 5, too many requests",
        (Hear(), Answer(200, b'{"error":5}')),
        harmless(RateLimited, Phase.REJECTED),
    ),
    Case("consent code 10, bad connection", (Hear(), Answer(200, b'{"error":10}')), doubtful(Unavailable)),
    Case("consent code 12, system error", (Hear(), Answer(200, b'{"error":12}')), doubtful(Unavailable)),
)
