"""Read by the type checkers and never run: what the public face promises them."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol, assert_never, assert_type

import etelecom_async
from etelecom_async import (
    CHECK_CONSENT,
    AttemptRecord,
    CallRecord,
    CallType,
    CheckConsent,
    Consent,
    ConsentOutcome,
    ConsentRequest,
    ConsentRequests,
    Endpoint,
    ErrorCategory,
    Listing,
    Observer,
    Outcome,
    RateLimited,
    ReasonCode,
    Reply,
    RequestStatus,
    Secret,
    SendFailed,
    Session,
    Shop,
)
from etelecom_async.api.call_logs import CallDirection, CallLog
from etelecom_async.api.extensions import ExtensionInfo
from etelecom_async.api.journeys import Journey
from etelecom_async.api.messages import OaMessage
from etelecom_async.api.misc import AccountInfo
from etelecom_async.api.oa import OaStatus, OfficialAccount, OfficialAccounts
from etelecom_async.api.updated import Updated
from etelecom_async.api.webhook import WebhookEntity
from etelecom_async.api.zns import SEND_ZNS, Message, Messages, MessageStatus, SendZNS, ZnsMode
from etelecom_async.blocking import Blocking
from etelecom_async.claims import Claims
from etelecom_async.claims.file import FileClaims
from etelecom_async.claims.redis import RedisClaims
from etelecom_async.endpoint import JSON
from etelecom_async.messages import Explanation, explain
from etelecom_async.pipeline import CallNext
from etelecom_async.testing import MockTransport, run_virtually
from etelecom_async.transport import Request, Response, Transport
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.webhooks import (
    Change,
    ConsentWaiter,
    Event,
    OACallUser,
    OASendConsent,
    Seen,
    UnknownEvent,
    UserCallOA,
    UserConsent,
    UserReplyConsent,
    parse,
    verify,
)


def names() -> None:
    assert_type(etelecom_async.Session(Shop("1:key")), Session)
    assert_type(etelecom_async.__version__, str)
    Session(etelecom_async.Shopp("1:key"))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def explanations(error: RateLimited, failed: SendFailed) -> None:
    assert_type(explain(error, lang="vi"), Explanation)
    assert_type(
        (explain(failed).meaning, explain(failed).category, explain(failed).hint), tuple[str, ErrorCategory, str]
    )
    assert_type((failed.meaning, failed.category, failed.hint), tuple[str, ErrorCategory, str])
    explain(ValueError())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    explain(failed).hint = ""  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


async def calls(session: Session) -> None:
    assert_type(await session.zalo.check_consent(oa_id="7", phone="0987654321"), Consent)
    assert_type(await session.call(CHECK_CONSENT, CheckConsent(oa_id=7, phone="0987654321")), Consent)
    assert_type(await session.call_raw(CHECK_CONSENT, CheckConsent(oa_id="7", phone="0987654321")), Reply[Consent])
    assert_type(await session.invoke("Etelecom/GetHotlines", {"filter": {"a": [1, None]}}), JSON)
    assert_type(CHECK_CONSENT, Endpoint[CheckConsent, Consent])
    assert_type(CheckConsent(oa_id="7", phone="0987654321").oa_id, int)


async def requests(session: Session) -> None:
    request = await session.zalo.request_consent(
        oa_id=7, phone="0987654321", call_type=CallType.AUDIO, reason_code="update_order"
    )
    assert_type(request, ConsentRequest)
    assert_type(request.status, RequestStatus | None)
    listing = session.zalo.list_request_consent(oa_id=7, limit=10)
    assert_type(listing, Listing[ConsentRequests, ConsentRequest])
    assert_type(await listing, ConsentRequests)
    async for item in listing:
        assert_type(item, ConsentRequest)
    claims: Claims = FileClaims("claims.db")
    outcome = await session.zalo.ensure_consent(
        oa_id=7, phone="0987654321", call_type="audio", reason_code=ReasonCode.UPDATE_ORDER, wait=60, claims=claims
    )
    assert_type(outcome, ConsentOutcome)
    assert_type(outcome.is_charged, bool | None)
    shared: Claims = RedisClaims("redis://h")
    await session.zalo.ensure_consent(oa_id=7, phone="1", call_type="audio", reason_code="x", claims=shared)
    session.zalo.list_request_consent(limit="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def methods(session: Session) -> None:
    assert_type(await session.misc.current_account(), AccountInfo)
    assert_type((await session.shop.authorize_shop(shop_id="7")).auth_token, Secret | None)
    accounts = session.zalo.list_oa(oa_id=7)
    assert_type(accounts, Listing[OfficialAccounts, OfficialAccount])
    async for account in accounts:
        assert_type(account.status, OaStatus | None)
        assert_type(account.owner_id, int | None)
    message = await session.zalo.send_zns(
        oa_id=7, phone="0987654321", template_id=123, template_data={"a": "b"}, mode=ZnsMode.DEVELOPMENT
    )
    assert_type(message, Message)
    assert_type(message.template_id, str)
    assert_type(message.status, MessageStatus | None)
    assert_type(await session.zalo.list_messages(status="P"), Messages)
    assert_type(await session.zalo.create_journey(oa_id=7, phone="0987654321", token_type="7"), Journey)
    assert_type(await session.zalo.oa_send_text(oa_id=7, user_id="1", text="a"), OaMessage)
    assert_type(await session.zalo.request_user_info(oa_id=7, zl_user_id=1), Updated)
    assert_type(await session.etelecom.get_extension_info(extension_number="0101"), ExtensionInfo)
    async for call in session.etelecom.list_call_logs(direction=CallDirection.IN, extension_ids=["7", 8]):
        assert_type(call, CallLog)
    assert_type(
        (await session.webhook.create_webhook(url="u", entities=["call_log"])).entities, tuple[WebhookEntity, ...]
    )
    assert_type(SEND_ZNS, Endpoint[SendZNS, Message])
    assert_type(SendZNS(oa_id="7", phone="1", template_id=1, template_data={}).template_id, str)


async def wrong_methods(session: Session) -> None:
    await session.zalo.send_zns(oa_id=7, phone="1", template_id=1.5, template_data={})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await session.zalo.send_zns(oa_id=7, phone="1", template_id=1, template_data={"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await session.zalo.get_message(oa_id=7)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    session.zalo.list_messages(limit="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    session.zalo.list_messages(statuss="P")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await session.zalo.list_call_logs()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    await session.webhook.create_webhook(url="u", entities=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SendZNS(oa_id=7, phone="1", template_id=[], template_data={})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def wrong_calls(session: Session) -> None:
    await session.call(CHECK_CONSENT, "a payload of another type")  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await session.zalo.check_consent(oa_id=7.0, phone="0987654321")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await session.zalo.check_consent(7, "0987654321")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Session(Shop("1:key"), tiemout=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def mocks(mock: MockTransport) -> None:
    route = mock.on(CHECK_CONSENT, where=lambda payload: payload.oa_id == 7)
    assert_type(route.payloads, list[CheckConsent])
    route.reply(Consent(error=0)).fail(RateLimited(retry_after=1)).answer(
        lambda payload: Consent(message=payload.phone)
    )
    route.reply("no consent")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    route.fail(TimeoutError())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def layer(request: Request, call_next: CallNext) -> Response:
    return await call_next(request)


class Own:
    async def send(self, request: Request, /) -> Response:
        return Response(200, {}, await request.read_body())

    async def aclose(self) -> None: ...


class Counter:
    """An observer, without a base class."""

    def attempt_ended(self, record: AttemptRecord, /) -> None:
        assert_type(record.response_bytes, int | None)

    def call_ended(self, record: CallRecord, /) -> None:
        assert_type(record.outcome, Outcome)
        record.attempts = 0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


class OnlyCalls:
    def call_ended(self, record: CallRecord, /) -> None: ...


def observers(session: Session) -> None:
    observer: Observer = Counter()
    Session(Shop("1:key"), observer=observer)
    assert_type(Session.from_env(observer=Counter()), Session)
    assert_type(session.with_options(observer=observer), Session)
    session.with_options(observer=OnlyCalls())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class ChecksConsents(Protocol):
    """What a program needs of a session, so that its tests can give it something smaller."""

    async def check_consent(self, *, oa_id: int | str, phone: str) -> Consent: ...


class HasZalo(Protocol):
    @property
    def zalo(self) -> ChecksConsents: ...


async def greet(session: HasZalo) -> bool:
    return (await session.zalo.check_consent(oa_id=7, phone="0987654321")).granted


async def protocols(session: Session) -> None:
    assert_type(await greet(session), bool)


def threads(session: Session) -> None:
    blocking = Blocking(session)
    assert_type(blocking, etelecom_async.Blocking)
    assert_type(blocking.run(session.zalo.check_consent(oa_id=7, phone="0987654321")), Consent)
    assert_type(blocking.run(session.call(CHECK_CONSENT, CheckConsent(oa_id=7, phone="1")), timeout=5), Consent)
    with blocking as entered:
        assert_type(entered, Blocking)
    blocking.run(session.zalo.check_consent)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def virtual_time(session: Session) -> None:
    assert_type(run_virtually(session.zalo.check_consent(oa_id=7, phone="0987654321")), Consent)


def events(session: Session, body: bytes, headers: dict[str, str]) -> None:
    verify(body, headers, app_id="7", secret=etelecom_async.Secret("secret"), max_age=60)
    assert_type(parse(body, headers), tuple[Event, ...])
    for event in Seen(store=set[str]()).new(parse(body, headers)):
        ConsentWaiter(session).feed(event)
        match event:
            case UserReplyConsent():
                assert_type(event.user_consent, UserConsent | None)
                assert_type(event.expired_time, datetime | None)
            case Change():
                assert_type(event.record, dict[str, JSON])
            case UnknownEvent():
                assert_type(event.payload, dict[str, JSON])
            case OASendConsent() | UserCallOA() | OACallUser():
                assert_type(event.oa_id, int | None)
            case _:
                assert_never(event)
    verify(body, headers, app_id="7")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


TRANSPORTS: list[Transport] = [AiohttpTransport(), MockTransport(), Own()]
SESSION = Session(Shop("1:key"), transport=TRANSPORTS[0], middlewares=[layer])
NEXT: Awaitable[Response] | None = None
