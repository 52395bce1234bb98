from . import errors
from ._version import __version__
from .account import Partner, Secret, Shop
from .api.consent import CHECK_CONSENT, CheckConsent, Checked, Consent, ConsentState, Failed
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
    "AttemptRecord",
    "Blocking",
    "CallRecord",
    "CheckConsent",
    "Checked",
    "Consent",
    "ConsentState",
    "Endpoint",
    "Failed",
    "Observer",
    "Outcome",
    "Partner",
    "Reply",
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
