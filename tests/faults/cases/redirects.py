"""Redirects: none is followed, since the key must not travel."""

from etelecom_async import Phase, UnexpectedStatus
from tests.faults.case import Case, final
from tests.faults.steps import Hear, Redirect

TOLD = final(UnexpectedStatus, Phase.UNKNOWN)
STATUSES = (301, 302, 303, 307, 308)
PATH = "/v1/shop.Zalo/CheckConsent"


def redirected(status, where, to, **options):
    return Case(f"{status} {where}", (Hear(), Redirect(status, to)), TOLD, **options)


REDIRECTS = (
    *(redirected(status, "to another host", "{elsewhere}" + PATH) for status in STATUSES),
    *(
        redirected(status, "from TLS to plain HTTP", "{elsewhere}" + PATH, certificate="right", cheap=False)
        for status in STATUSES
    ),
    *(redirected(status, "to where the request went", "{origin}" + PATH) for status in STATUSES),
    redirected(302, "to no URL", "http://["),
    redirected(302, "to a script", "javascript:alert(1)"),
)
