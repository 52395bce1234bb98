"""What to do about each kind of failure of a job."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["advice"]

_AGAIN = "Run the same command again with `--retry-failed`"
_MENDED = "Correct it in the input, where it stands, and run the same command again with `--retry-failed`."
_WHAT_TO_DO = MappingProxyType(
    {
        "InvalidPhone": f"No phone number is there. {_MENDED}",
        "InvalidRow": f"The row is damaged; the column `message` says how. {_MENDED}",
        "RateLimited": f"The service asked to slow down. {_AGAIN}, at a lower rate.",
        "Unavailable": f"The service could not answer for a while. {_AGAIN}.",
        "ServerFault": f"The service failed on these. {_AGAIN}; tell eTelecom if it stays.",
        "ConnectError": f"No connection was made. Check the network. {_AGAIN}.",
        "Disconnected": f"The connection broke. {_AGAIN}.",
        "AttemptTimeout": f"No answer came in time. {_AGAIN}.",
        "DeadlineExceeded": f"No answer came in time, with all repeats. {_AGAIN}.",
        "QueueTimeout": f"These waited too long for their turn. {_AGAIN}, with fewer at once.",
        "TlsError": "The certificate of the service was not accepted. Check the clock and the address of the service.",
        "ProxyError": "The proxy did not carry these. Check its address, its user and its rules.",
        "UnknownHost": "The address of the service or of the proxy does not exist. Check both.",
        "BadAnswer": f"Something other than the service answered. Check proxies. {_AGAIN}.",
        "BodyTooLarge": "The answer was too large. Check that the address is the one of the service.",
        "DecodeError": "The answer could not be read. Tell eTelecom, and see whether a newer version reads it.",
        "InvalidArgument": "The service refused the request. Check the number and the Official Account.",
        "NotFound": "The service does not know what was asked about. Check the Official Account.",
        "try later": f"The service asked to try later. {_AGAIN}.",
        "failed": f"The check itself failed at Zalo. {_AGAIN}.",
        "bad request": "Zalo did not accept the question. Check the number and the Official Account.",
        "unknown": "The answer has a code that nobody documents. Ask eTelecom what it means.",
    }
)


def advice(reason: str) -> str:
    """One or two sentences for people; `...` marks what is to be typed.

    Args:
        reason: as in the output's column `failure`.
    """
    return _WHAT_TO_DO.get(reason, f"The output says more in the column `message`. {_AGAIN}.")
