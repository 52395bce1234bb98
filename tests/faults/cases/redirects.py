"""Redirects: none is followed, since the key must not travel."""

from etelecom_async import Phase, UnexpectedStatus
from tests.faults.case import Case, final, slow
from tests.faults.steps import Hear, Redirect

TOLD = final(UnexpectedStatus, Phase.UNKNOWN)
STATUSES = (301, 302, 303, 307, 308)
PATH = "/v1/shop.Zalo/CheckConsent"

REDIRECTS = (
    *(Case(f"{status} to another host", (Hear(), Redirect(status, "{elsewhere}" + PATH)), TOLD) for status in STATUSES),
    *(
        slow(
            f"{status} from TLS to plain HTTP",
            (Hear(), Redirect(status, "{elsewhere}" + PATH)),
            TOLD,
            certificate="right",
        )
        for status in STATUSES
    ),
    *(
        Case(f"{status} to where the request went", (Hear(), Redirect(status, "{origin}" + PATH)), TOLD)
        for status in STATUSES
    ),
    Case("302 to no URL", (Hear(), Redirect(302, "http://[")), TOLD),
    Case("302 to a script", (Hear(), Redirect(302, "javascript:alert(1)")), TOLD),
)
