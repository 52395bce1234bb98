"""Async Python SDK for the eTelecom API: may this business call this customer over Zalo?

async with Session(Shop(api_key)) as session:
    consent = await session.zalo.check_consent(oa_id=1225934657594830147, phone="0987 654 321")
    if consent.granted:
        ...
"""

from ._version import __version__
from .account import Partner, Secret, Shop
from .api.consent import CHECK_CONSENT, CheckConsent, Checked, Consent, ConsentState, Failed
from .endpoint import Endpoint, Role, Safety
from .errors import (
    AccountClosed,
    ApiError,
    AttemptTimeout,
    BadAnswer,
    BadRoute,
    BodyTooLarge,
    ConfigError,
    Conflict,
    ConnectError,
    DeadlineExceeded,
    DecodeError,
    Disconnected,
    EtelecomError,
    FailedPrecondition,
    InvalidArgument,
    InvalidId,
    InvalidPhone,
    InvalidRow,
    NotFound,
    PermissionDenied,
    Phase,
    QueueTimeout,
    RateLimited,
    ServerFault,
    SessionClosed,
    TlsError,
    TransportError,
    Unauthenticated,
    Unavailable,
    UnexpectedStatus,
    Unimplemented,
)
from .middleware.retry import Retry
from .middleware.throttle import Throttle
from .session import Reply, Session
from .timeout import Timeout

__all__ = [
    "CHECK_CONSENT",
    "AccountClosed",
    "ApiError",
    "AttemptTimeout",
    "BadAnswer",
    "BadRoute",
    "BodyTooLarge",
    "CheckConsent",
    "Checked",
    "ConfigError",
    "Conflict",
    "ConnectError",
    "Consent",
    "ConsentState",
    "DeadlineExceeded",
    "DecodeError",
    "Disconnected",
    "Endpoint",
    "EtelecomError",
    "Failed",
    "FailedPrecondition",
    "InvalidArgument",
    "InvalidId",
    "InvalidPhone",
    "InvalidRow",
    "NotFound",
    "Partner",
    "PermissionDenied",
    "Phase",
    "QueueTimeout",
    "RateLimited",
    "Reply",
    "Retry",
    "Role",
    "Safety",
    "Secret",
    "ServerFault",
    "Session",
    "SessionClosed",
    "Shop",
    "Throttle",
    "Timeout",
    "TlsError",
    "TransportError",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedStatus",
    "Unimplemented",
    "__version__",
]
