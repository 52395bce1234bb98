"""Events that eTelecom and Zalo send to your URL: read, verified, each handled once. It needs no web framework.

    for event in seen.new(parse(body, headers)):
        waiter.feed(event)
    return 200, ACK

An event is a hint and no proof: a relayed one may come unsigned, late or twice. It is a reason to check, and it never
grants anything by itself.
"""

from .dedupe import Seen, SeenStore
from .events import (
    CallMedium,
    Change,
    ConsentRequestType,
    Event,
    OACallUser,
    OASendConsent,
    UnknownEvent,
    UserCallOA,
    UserConsent,
    UserReplyConsent,
)
from .parsing import ACK, MAX_BODY, parse
from .signature import MAX_AGE, verify
from .waiter import ConsentWaiter

__all__ = [
    "ACK",
    "MAX_AGE",
    "MAX_BODY",
    "CallMedium",
    "Change",
    "ConsentRequestType",
    "ConsentWaiter",
    "Event",
    "OACallUser",
    "OASendConsent",
    "Seen",
    "SeenStore",
    "UnknownEvent",
    "UserCallOA",
    "UserConsent",
    "UserReplyConsent",
    "parse",
    "verify",
]
