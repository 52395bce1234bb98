"""English texts, keyed by the values of the output's column `failure`: the class of an error, or a state."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from .reason import Reason

__all__ = ["FAILURES", "OTHER_FAILURE"]

_AGAIN: Final = "Run the same command again with `--retry-failed`."
_CORRECTED: Final = "Then run the same command again with `--retry-failed`."

OTHER_FAILURE: Final = Reason("another failure", "The output says more in the columns `failure` and `message`.", _AGAIN)

FAILURES: Final = MappingProxyType(
    {
        # The row cannot be checked.
        "InvalidPhone": Reason("not a phone number", "Correct it in the input, where it stands.", _CORRECTED),
        "InvalidRow": Reason(
            "damaged row", "The column `message` says how. Correct it in the input, where it stands.", _CORRECTED
        ),
        "InternalError": Reason("bug of this program", "Report it: the last lines of the output say what.", _AGAIN),
        "InvalidId": Reason("not an id", "Correct it in the input, where it stands.", _CORRECTED),
        # No usable answer came.
        "ConnectError": Reason("no connection", "Check the network.", _AGAIN),
        "UnknownHost": Reason("host not found", "Check the address of the service, and that of a proxy.", _AGAIN),
        "ProxyError": Reason("refused by the proxy", "Check its user and password, and its rules.", _AGAIN),
        "TlsError": Reason("certificate not accepted", "Check the clock and the address of the service.", _AGAIN),
        "Disconnected": Reason("connection broken", "The service or the network broke it off.", _AGAIN),
        "AttemptTimeout": Reason("no answer in time", "The service or the network is slow.", _AGAIN),
        "DeadlineExceeded": Reason(
            "no answer in time, with all repeats", "The service or the network is in trouble.", _AGAIN
        ),
        "QueueTimeout": Reason(
            "waited too long for its turn",
            "More was asked at once than the service answers.",
            "Run the same command again with `--retry-failed`, with fewer at once.",
        ),
        "BadAnswer": Reason("not an answer of the service", "Something else answered: check proxies.", _AGAIN),
        "BodyTooLarge": Reason("answer too large", "Check the address of the service.", _AGAIN),
        "TransportError": Reason("no usable answer", "The output says more in the column `message`.", _AGAIN),
        "DecodeError": Reason(
            "unreadable answer", "Tell eTelecom, and see whether a newer version of this program reads it.", _AGAIN
        ),
        # The service answered with an error.
        "InvalidArgument": Reason("refused by the service", "Check the number and the Official Account.", _CORRECTED),
        "Unauthenticated": Reason("key not accepted", "Check the key and the address of the service.", _AGAIN),
        "PermissionDenied": Reason(
            "not permitted to this key", "Check that the Official Account belongs to the shop of the key.", _AGAIN
        ),
        "NotFound": Reason("not known to the service", "Check the Official Account.", _CORRECTED),
        "BadRoute": Reason("no such method", "Check the address of the service.", _AGAIN),
        "Conflict": Reason("changed meanwhile", "Something else changed it at the same time.", _AGAIN),
        "FailedPrecondition": Reason(
            "the account is not ready for it", "The column `message` says what is missing.", _AGAIN
        ),
        "RateLimited": Reason(
            "too many requests",
            "The service asked to slow down.",
            "Run the same command again with `--retry-failed`, at a lower rate.",
        ),
        "Unavailable": Reason("service unavailable", "The service could not answer for a while.", _AGAIN),
        "AccountClosed": Reason("account closed", "Talk to eTelecom.", _AGAIN),
        "ServerFault": Reason("fault of the service", "Tell eTelecom if it stays.", _AGAIN),
        "Unimplemented": Reason("not offered by the service", "Tell eTelecom.", _AGAIN),
        "UnexpectedStatus": Reason("unexpected answer", "Check proxies and the address of the service.", _AGAIN),
        "ApiError": Reason("refused by the service", "The output says more in the column `message`.", _AGAIN),
        "other": Reason("other failures", "The output says more in the columns `failure` and `message`.", _AGAIN),
        # The service answered, and the answer is inconclusive.
        "try later": Reason("asked to try later", "Zalo was busy.", _AGAIN),
        "failed": Reason("check failed at Zalo", "The check itself failed there.", _AGAIN),
        "bad request": Reason("not accepted by Zalo", "Check the number and the Official Account.", _CORRECTED),
        "unknown": Reason("answer of unknown meaning", "Ask eTelecom what its code means.", _AGAIN),
    }
)
