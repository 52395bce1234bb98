"""English texts, keyed by the values of the output's column `failure`: the class of an error, or a state.

Each text is a message id: `locale/` has it in other languages.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from attrs import frozen

from ..errors import ErrorCategory

__all__ = ["FAILURES", "IN_DOUBT", "OTHER_FAILURE", "UNKNOWN_CODE", "VALUES", "Reason"]

_AGAIN: Final = "Run the same command again with `--retry-failed`."
_CORRECTED: Final = "Correct the input in place, then run the same command again with `--retry-failed`."

_CONFIGURATION = ErrorCategory.CONFIGURATION
_INPUT = ErrorCategory.INPUT
_QUOTA = ErrorCategory.QUOTA
_MAY_PASS = ErrorCategory.MAY_PASS
_UNKNOWN = ErrorCategory.UNKNOWN


@frozen
class Reason:
    """Why something failed.

    Attributes:
        name: of the failure, for tables and charts: a few words in lower case.
        hint: what it means and what to do: whole sentences; `...` marks what to type.
        category: what it is about.
        retry: what to type afterwards, if the command can be repeated.
    """

    name: str
    hint: str
    category: ErrorCategory
    retry: str = _AGAIN


OTHER_FAILURE: Final = Reason("another failure", "The message says what happened.", _UNKNOWN)

IN_DOUBT: Final = (
    "It may have been carried out: before you repeat a call that sends or changes something, look whether it was."
)

UNKNOWN_CODE: Final = "unknown code {code}"

FAILURES: Final = MappingProxyType(
    {
        # Something given cannot be used, so nothing was sent.
        "InvalidPhone": Reason(
            "not a phone number", "Correct the phone number: the message says what is wrong.", _INPUT, _CORRECTED
        ),
        "InvalidRow": Reason("damaged row", "Correct the row: the message says what is wrong.", _INPUT, _CORRECTED),
        "InvalidId": Reason("not an id", "Correct the id: the message says what is wrong.", _INPUT, _CORRECTED),
        "ConfigError": Reason("wrong argument or setting", "Correct what the message names.", _CONFIGURATION),
        "SessionClosed": Reason("session closed", "Make a new session: this one was closed.", _CONFIGURATION),
        "InvalidEvent": Reason("not an event", "Answer 400, and look at who sends to this address.", _INPUT),
        "InvalidSignature": Reason("not signed by Zalo", "Answer 403, unless the events come unsigned.", _INPUT),
        "InternalError": Reason("bug of this program", "Report it: the message says where it happened.", _UNKNOWN),
        "JobStopped": Reason(
            "job stopped", "Correct what the message names, such as a full disk, and resume the job.", _CONFIGURATION
        ),
        # No usable answer came.
        "ConnectError": Reason("no connection", "Check the network.", _MAY_PASS),
        "UnknownHost": Reason("host not found", "Check the addresses of the service and of the proxy.", _CONFIGURATION),
        "ProxyError": Reason("refused by the proxy", "Check its user, its password and its rules.", _CONFIGURATION),
        "TlsError": Reason(
            "certificate not accepted", "Check the clock and the address of the service.", _CONFIGURATION
        ),
        "Disconnected": Reason(
            "connection broken", "The service or the network closed it: try again later.", _MAY_PASS
        ),
        "AttemptTimeout": Reason(
            "no answer in time", "The service or the network is slow: try again later.", _MAY_PASS
        ),
        "DeadlineExceeded": Reason(
            "no answer in time, after all attempts",
            "The service or the network is in trouble: try again later.",
            _MAY_PASS,
        ),
        "QueueTimeout": Reason(
            "waited too long for its turn",
            "There were more requests at once than the service answers: send fewer at once.",
            _MAY_PASS,
            "Run the same command again with `--retry-failed`, with fewer at once.",
        ),
        "BadAnswer": Reason("not an answer of the service", "Something else answered: check proxies.", _MAY_PASS),
        "BodyTooLarge": Reason("answer too large", "Check the address of the service.", _CONFIGURATION),
        "ClaimsError": Reason("claims not reachable", "Check the file or the Redis where claims are kept.", _MAY_PASS),
        "TransportError": Reason("no usable answer", "The message says what happened.", _MAY_PASS),
        "DecodeError": Reason("unreadable answer", "Tell eTelecom, and try a newer version of this program.", _UNKNOWN),
        # The service answered with an error.
        "InvalidArgument": Reason(
            "refused by the service", "Correct the request: the message says what is wrong.", _INPUT, _CORRECTED
        ),
        "Unauthenticated": Reason("key not accepted", "Check the key and the address of the service.", _CONFIGURATION),
        "PermissionDenied": Reason(
            "not permitted for this key",
            "Check that the Official Account belongs to the shop of the key.",
            _CONFIGURATION,
        ),
        "NotFound": Reason(
            "not known to the service", "Check the Official Account and the other ids.", _INPUT, _CORRECTED
        ),
        "BadRoute": Reason("no such method", "Check the address of the service.", _CONFIGURATION),
        "Conflict": Reason("exists already, or changed at the same time", "Read its present state first.", _INPUT),
        "FailedPrecondition": Reason("account not ready", "The message says what is missing.", _CONFIGURATION),
        "RateLimited": Reason(
            "too many requests",
            "The service asks to slow down: send more slowly.",
            _QUOTA,
            "Run the same command again with `--retry-failed`, at a lower rate.",
        ),
        "Unavailable": Reason(
            "service unavailable", "The service could not answer for a while: try again later.", _MAY_PASS
        ),
        "AccountClosed": Reason("account closed", "Talk to eTelecom.", _CONFIGURATION),
        "ServerFault": Reason("fault of the service", "Try again later, and tell eTelecom if it continues.", _MAY_PASS),
        "Unimplemented": Reason("not offered by the service", "Tell eTelecom.", _CONFIGURATION),
        "UnexpectedStatus": Reason("unexpected answer", "Check proxies and the address of the service.", _UNKNOWN),
        "SendFailed": Reason("sending failed", "The message says why.", _UNKNOWN, _CORRECTED),
        "ApiError": Reason("refused by the service", "The message says why.", _UNKNOWN),
        "EtelecomError": OTHER_FAILURE,
        "other": Reason("other failures", "See the columns `failure` and `message` of the output.", _UNKNOWN),
        # The service answered, and the answer is inconclusive.
        "try later": Reason("asked to try later", "Zalo was busy: try again later.", _MAY_PASS),
        "failed": Reason("check failed at Zalo", "Zalo could not make the check: try again later.", _UNKNOWN),
        "bad request": Reason("not accepted by Zalo", "Check the number and the Official Account.", _INPUT, _CORRECTED),
        "unknown": Reason("answer with an unknown code", "Ask eTelecom what the code means.", _UNKNOWN),
    }
)

VALUES: Final = (
    # States of a consent.
    *("granted", "already allowed", "pending", "refused", "blocked", "no permission", "reason needed", "never met"),
    *("expired", "outside hours", "outside permitted time", "never asked", "calls off", "try later", "bad request"),
    *("failed", "unknown"),
    # What became of a request for permission.
    *("sent", "not sent", "in doubt", "checked", "found open", "requested"),
)
"""Values of columns that people see; files and JSON have them as they are."""
