"""Async Python SDK for the eTelecom API: may this business call this customer over Zalo?

async with Session(Shop(api_key)) as session:
    consent = await session.zalo.check_consent(oa_id=1000000000000000003, phone="0987 654 321")
    if consent.granted:
        ...

A public name is loaded with its module at its first use: who only reads a `Consent` or catches an error pays for no
event loop. `__init__.pyi` tells type checkers where the names come from, and a test holds the two together.
"""

from importlib import import_module

_MODULES = {
    "_version": ("__version__",),
    "account": ("Partner", "Secret", "Shop"),
    "api.consent": ("CHECK_CONSENT", "CheckConsent", "Checked", "Consent", "ConsentState", "Failed"),
    "blocking": ("Blocking",),
    "endpoint": ("Endpoint", "Role", "Safety"),
    "errors": (
        "AccountClosed",
        "ApiError",
        "AttemptTimeout",
        "BadAnswer",
        "BadRoute",
        "BodyTooLarge",
        "ConfigError",
        "Conflict",
        "ConnectError",
        "DeadlineExceeded",
        "DecodeError",
        "Disconnected",
        "EtelecomError",
        "FailedPrecondition",
        "InternalError",
        "InvalidArgument",
        "InvalidId",
        "InvalidPhone",
        "InvalidRow",
        "JobStopped",
        "NotFound",
        "PermissionDenied",
        "Phase",
        "PhoneProblem",
        "ProxyError",
        "QueueTimeout",
        "RateLimited",
        "ServerFault",
        "SessionClosed",
        "TlsError",
        "TransportError",
        "Unauthenticated",
        "Unavailable",
        "UnexpectedStatus",
        "Unimplemented",
        "UnknownHost",
    ),
    "pipeline.retry": ("Retry",),
    "pipeline.telemetry": ("AttemptRecord", "CallRecord", "Observer", "Outcome"),
    "ratelimit.throttle": ("Throttle",),
    "session": ("Reply", "Session"),
    "timeout": ("Timeout",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll] - it reads the stub's


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # From now on it is found without coming here. Threads that come at once find the same object in the module.
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
