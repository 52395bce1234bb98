from . import errors
from ._version import __version__
from .account import Partner, Secret, Shop
from .api.consent import CHECK_CONSENT, CheckConsent, Checked, Consent, ConsentState, Failed
from .api.consent_outcome import ConsentOutcome, ConsentStep
from .api.consent_requests import (
    LIST_REQUEST_CONSENT,
    REQUEST_CONSENT,
    CallType,
    ConsentRequest,
    ConsentRequestFilter,
    ConsentRequests,
    DeliveryStatus,
    ListRequestConsent,
    ReasonCode,
    ReplyStatus,
    RequestConsent,
    RequestStatus,
)
from .api.paging import Listing, PageInfo, Paging
from .blocking import Blocking
from .endpoint import Endpoint, Role, Safety
from .errors import *  # noqa: F403 - the names stand in one list, `errors.__all__`
from .pipeline.retry import Retry
from .pipeline.telemetry import AttemptRecord, CallRecord, Observer, Outcome
from .ratelimit.throttle import Throttle
from .session import Reply, Session
from .timeout import Timeout

__all__ = [
    "CHECK_CONSENT",
    "LIST_REQUEST_CONSENT",
    "REQUEST_CONSENT",
    "AttemptRecord",
    "Blocking",
    "CallRecord",
    "CallType",
    "CheckConsent",
    "Checked",
    "Consent",
    "ConsentOutcome",
    "ConsentRequest",
    "ConsentRequestFilter",
    "ConsentRequests",
    "ConsentState",
    "ConsentStep",
    "DeliveryStatus",
    "Endpoint",
    "Failed",
    "ListRequestConsent",
    "Listing",
    "Observer",
    "Outcome",
    "PageInfo",
    "Paging",
    "Partner",
    "ReasonCode",
    "Reply",
    "ReplyStatus",
    "RequestConsent",
    "RequestStatus",
    "Retry",
    "Role",
    "Safety",
    "Secret",
    "Session",
    "Shop",
    "Throttle",
    "Timeout",
    "__version__",
]
__all__ += errors.__all__
