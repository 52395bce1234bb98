"""Async Python SDK for the eTelecom API: may this business call this customer over Zalo?

async with Session(Shop(api_key)) as session:
    consent = await session.zalo.check_consent(oa_id=1000000000000000003, phone="0987 654 321")
    if consent.granted:
        ...

A public name is loaded with its module at its first use: code that only reads a `Consent` or catches an error does not
pay for an event loop. The names of the errors stand in `errors.__all__` alone. `__init__.pyi` tells type checkers where
the names come from; a test holds the two together.
"""

from importlib import import_module

_MODULES = {
    "_version": ("__version__",),
    "account": ("Partner", "Secret", "Shop"),
    "api.consent": ("CHECK_CONSENT", "CheckConsent", "Checked", "Consent", "ConsentState", "Failed"),
    "api.consent_outcome": ("ConsentOutcome", "ConsentStep"),
    "api.consent_requests": (
        *("LIST_REQUEST_CONSENT", "REQUEST_CONSENT", "CallType", "ConsentRequest", "ConsentRequestFilter"),
        *("ConsentRequests", "DeliveryStatus", "ListRequestConsent", "ReasonCode", "ReplyStatus", "RequestConsent"),
        "RequestStatus",
    ),
    "api.paging": ("Listing", "PageInfo", "Paging"),
    "blocking": ("Blocking",),
    "endpoint": ("Endpoint", "Role", "Safety"),
    "pipeline.retry": ("Retry",),
    "pipeline.telemetry": ("AttemptRecord", "CallRecord", "Observer", "Outcome"),
    "ratelimit.throttle": ("Throttle",),
    "session": ("Reply", "Session"),
    "timeout": ("Timeout",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def _error_names() -> list[str]:
    names: list[str] = import_module(f"{__name__}.errors").__all__
    return names


def __getattr__(name: str) -> object:
    value: object
    if name == "__all__":
        value = [*_HOME, *_error_names()]
    elif name in _HOME or (name[:1].isupper() and name in _error_names()):
        value = getattr(import_module(f"{__name__}.{_HOME.get(name, 'errors')}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The next use finds it without this function. Threads that come at once find the same object in the module.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_error_names()})
