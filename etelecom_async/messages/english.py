"""English texts, keyed by the values of the output's column `failure`: the class of an error, or a state."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from attrs import frozen

__all__ = ["FAILURES", "OTHER_FAILURE", "Reason"]

_AGAIN: Final = "Run the same command again with `--retry-failed`."
_CORRECTED: Final = "Then run the same command again with `--retry-failed`."


@frozen
class Reason:
    """Why something could not be checked.

    Attributes:
        name: of the failure, for tables and charts: a few words in lower case.
        hint: what it means and what to do: whole sentences; `...` marks what to type.
        retry: what to type afterwards, if the command can be repeated.
    """

    name: str
    hint: str
    retry: str = _AGAIN


OTHER_FAILURE: Final = Reason("another failure", "See the columns `failure` and `message` of the output.")

FAILURES: Final = MappingProxyType(
    {
        # The row cannot be checked.
        "InvalidPhone": Reason("not a phone number", "Correct it in place in the input.", _CORRECTED),
        "InvalidRow": Reason("damaged row", "See the column `message`. Correct it in place in the input.", _CORRECTED),
        "InternalError": Reason("bug of this program", "Report it: the last lines of the output say what."),
        "InvalidId": Reason("not an id", "Correct it in place in the input.", _CORRECTED),
        # No usable answer came.
        "ConnectError": Reason("no connection", "Check the network."),
        "UnknownHost": Reason("host not found", "Check the addresses of the service and of the proxy."),
        "ProxyError": Reason("refused by the proxy", "Check its user, its password and its rules."),
        "TlsError": Reason("certificate not accepted", "Check the clock and the address of the service."),
        "Disconnected": Reason("connection broken", "The service or the network closed it."),
        "AttemptTimeout": Reason("no answer in time", "The service or the network is slow."),
        "DeadlineExceeded": Reason(
            "no answer in time, after all attempts", "The service or the network is in trouble."
        ),
        "QueueTimeout": Reason(
            "waited too long for its turn",
            "There were more requests at once than the service answers.",
            "Run the same command again with `--retry-failed`, with fewer at once.",
        ),
        "BadAnswer": Reason("not an answer of the service", "Something else answered: check proxies."),
        "BodyTooLarge": Reason("answer too large", "Check the address of the service."),
        "ClaimsError": Reason("claims not reachable", "Check the file or the Redis where claims are kept."),
        "TransportError": Reason("no usable answer", "See the column `message` of the output."),
        "DecodeError": Reason("unreadable answer", "Tell eTelecom, and try a newer version of this program."),
        # The service answered with an error.
        "InvalidArgument": Reason("refused by the service", "Check the number and the Official Account.", _CORRECTED),
        "Unauthenticated": Reason("key not accepted", "Check the key and the address of the service."),
        "PermissionDenied": Reason(
            "not permitted for this key", "Check that the Official Account belongs to the shop of the key."
        ),
        "NotFound": Reason("not known to the service", "Check the Official Account.", _CORRECTED),
        "BadRoute": Reason("no such method", "Check the address of the service."),
        "Conflict": Reason("changed at the same time", "Another program changed it."),
        "FailedPrecondition": Reason("account not ready", "The column `message` says what is missing."),
        "RateLimited": Reason(
            "too many requests",
            "The service asks to slow down.",
            "Run the same command again with `--retry-failed`, at a lower rate.",
        ),
        "Unavailable": Reason("service unavailable", "The service could not answer for a while."),
        "AccountClosed": Reason("account closed", "Talk to eTelecom."),
        "ServerFault": Reason("fault of the service", "Tell eTelecom if it continues."),
        "Unimplemented": Reason("not offered by the service", "Tell eTelecom."),
        "UnexpectedStatus": Reason("unexpected answer", "Check proxies and the address of the service."),
        "SendFailed": Reason("sending failed", "See the column `message`: it says why.", _CORRECTED),
        "ApiError": Reason("refused by the service", "See the column `message` of the output."),
        "other": Reason("other failures", "See the columns `failure` and `message` of the output."),
        # The service answered, and the answer is inconclusive.
        "try later": Reason("asked to try later", "Zalo was busy."),
        "failed": Reason("check failed at Zalo", "Zalo could not make the check."),
        "bad request": Reason("not accepted by Zalo", "Check the number and the Official Account.", _CORRECTED),
        "unknown": Reason("answer with an unknown code", "Ask eTelecom what the code means."),
    }
)
