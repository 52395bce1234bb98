"""Scenes for `ensure_consent`: a mocked server, and sessions over sandboxes."""

from datetime import UTC, datetime, timedelta

from etelecom_async import (
    CHECK_CONSENT,
    LIST_REQUEST_CONSENT,
    REQUEST_CONSENT,
    AttemptTimeout,
    CallType,
    Consent,
    ConsentRequest,
    ConsentRequests,
    ConsentState,
    Retry,
    Session,
    Shop,
)
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SandboxTransport
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA, PHONE

WIRE = "84987654321"
NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
ONCE = Retry(attempts=1)
NEVER = Consent.of(ConsentState.NEVER_ASKED)
PENDING = Consent.of(ConsentState.PENDING)
GRANTED = Consent.of(ConsentState.GRANTED)


class Scene:
    """A mocked server: answers to checks in turn, the open requests, and what a request leads to."""

    def __init__(self, *consents, listed=(), retry=ONCE):
        self.mock = MockTransport()
        checks = self.checks = self.mock.on(CHECK_CONSENT)
        for consent in consents:
            checks.reply(consent)
        self.lists = self.mock.on(LIST_REQUEST_CONSENT).answer(lambda _: ConsentRequests(consents=tuple(listed)))
        self.requests = self.mock.on(REQUEST_CONSENT)
        self.requests.reply(ConsentRequest(id=7, is_charged=True, expires_at=NOON + timedelta(days=1)))
        self.session = Session(Shop(KEY), transport=self.mock, retry=retry)

    def failing(self, error):
        self.requests = self.mock.on(REQUEST_CONSENT).fail(error)
        return self

    async def ensure(self, **options):
        return await ensure(self.session, OA, **options)


async def ensure(session, oa_id=SANDBOX_OA, **options):
    given = {"phone": PHONE, "call_type": "audio", "reason_code": "update_order", **options}
    return await session.zalo.ensure_consent(oa_id=oa_id, **given)


def opened(**fields):
    given = {"id": 5, "oa_id": OA, "phone": "0987654321", "call_type": CallType.AUDIO, **fields}
    return ConsentRequest(**given)


def asked(world, **options):
    return Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world, **options))


class Losing(SandboxTransport):
    """Loses the answer of every request for permission, which the server has taken."""

    async def send(self, request, /):
        response = await super().send(request)
        if request.endpoint.name == "Zalo/RequestConsent":
            raise AttemptTimeout("lost")
        return response
