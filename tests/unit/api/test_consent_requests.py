"""Asking for permission: what is sent, what a failure in a 200 says, and that doubt repeats nothing."""

import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from etelecom_async import (
    REQUEST_CONSENT,
    AttemptTimeout,
    CallType,
    ConfigError,
    ConsentRequest,
    ConsentRequestFilter,
    DecodeError,
    DeliveryStatus,
    Disconnected,
    ErrorCategory,
    InvalidArgument,
    Phase,
    RateLimited,
    ReasonCode,
    ReplyStatus,
    RequestConsent,
    RequestStatus,
    Retry,
    Safety,
    SendFailed,
    ServerFault,
    Session,
    Shop,
    Unavailable,
)
from etelecom_async.api.error_codes import CONSENT_CODES, OA_CODES, UNKNOWN_CODE, ZNS_CODES
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA, PHONE, FakeTransport, answer, session_over

RECORD = {
    "id": "9007199254740993",
    "shop_id": "2",
    "user_id": "0",
    "oa_id": str(OA),
    "phone": "84987654321",
    "call_type": "audio",
    "reason_code": "update_order",
    "status": "P",
    "reply_status": "S",
    "delivery_status": "seen",
    "delivery_time": "2030-05-17T12:00:05Z",
    "error_code": 0,
    "error_message": "",
    "is_charged": True,
    "expires_at": "2030-05-18T12:00:00Z",
    "created_at": "2030-05-17T12:00:00Z",
    "updated_at": "0001-01-01T00:00:00Z",
}
NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
OFTEN = Retry(attempts=4, base=0)


async def request(session, **changes):
    given = {"oa_id": OA, "phone": PHONE, "call_type": CallType.AUDIO, "reason_code": ReasonCode.UPDATE_ORDER}
    return await session.zalo.request_consent(**{**given, **changes})


async def failed(body, kind=SendFailed):
    session = session_over(answer(body), retry=OFTEN)
    with pytest.raises(kind) as caught:
        await request(session)
    assert len(session._transport.transport.requests) == 1
    return caught.value


@pytest.mark.parametrize("text", [False, True])
async def test_a_request_is_sent_in_the_names_of_the_wire(text):
    transport = FakeTransport(answer(RECORD))
    session = Session(Shop(KEY), transport=transport)
    options = {"call_type": "audio", "reason_code": "update_order"} if text else {}
    await request(session, phone="+84 (0)987.654.321", **options)
    (sent,) = transport.requests
    assert str(sent.url) == "https://api.etelecom.vn/v1/shop.Zalo/RequestConsent"
    assert sent.body == (
        b'{"oa_id":"1000000000000000003","phone":"84987654321","call_type":"audio","reason_code":"update_order"}'
    )


async def test_an_answer_is_read_into_a_record():
    assert await request(session_over(answer(RECORD))) == ConsentRequest(
        id=9007199254740993,
        shop_id=2,
        user_id=0,
        oa_id=OA,
        phone="84987654321",
        call_type=CallType.AUDIO,
        reason_code=ReasonCode.UPDATE_ORDER,
        status=RequestStatus.SENT,
        reply_status=ReplyStatus.WAITING,
        delivery_status=DeliveryStatus.SEEN,
        delivery_time=NOON + timedelta(seconds=5),
        error_code=0,
        is_charged=True,
        expires_at=NOON + timedelta(days=1),
        created_at=NOON,
    )


@pytest.mark.parametrize("body", [{}, dict.fromkeys(RECORD), {"id": 0, "status": "Z"}, {"is_charged": True}], ids=str)
async def test_an_answer_without_an_id_and_a_status_leaves_the_request_in_doubt(body):
    error = await failed(body, DecodeError)
    assert error.phase is Phase.UNKNOWN
    assert "list_request_consent" in error.__notes__[0]


@pytest.mark.parametrize("body", [{"id": "7"}, {"status": "P"}], ids=str)
async def test_an_answer_with_an_id_or_a_status_alone_is_a_record(body):
    record = await request(session_over(answer(body)))
    assert (record.is_charged, record.expires_at) == (None, None)


def test_a_record_shows_no_phone():
    assert "987" not in repr(ConsentRequest(phone=PHONE, id=1))


async def test_a_value_that_is_newer_than_the_package_is_kept():
    record = await request(session_over(answer({"call_type": "7", "reason_code": "x", "status": "S"})), call_type="7")
    assert (record.call_type, record.reason_code, record.status) == ("7", "x", "S")
    assert not record.call_type.is_known


@pytest.mark.parametrize(
    "signs",
    [
        {"status": "N"},
        {"status": "-1"},
        {"status": "127"},
        {"status": "N", "error_code": 0},
        {"status": "N", "error_code": -213},
        {"status": "P", "error_code": -213},
        {"error_code": 4242},
    ],
    ids=repr,
)
async def test_either_sign_of_a_failure_in_a_200_is_an_error_with_the_record(signs):
    error = await failed({"id": "7", "error_message": "Không gửi được\n", "is_charged": False, **signs})
    assert (error.status, error.phase, error.transient, error.attempts) == (200, Phase.REJECTED, False, 1)
    assert error.message == "Không gửi được"
    assert error.error_code == signs.get("error_code")
    assert error.is_charged is False
    assert isinstance(error.record, ConsentRequest)
    assert (error.record.id, error.record.status) == (7, signs.get("status"))


@pytest.mark.parametrize(("code", "category", "word", "hint"), [(code, *it) for code, it in CONSENT_CODES.items()])
async def test_a_known_code_has_its_category_meaning_and_hint_and_is_never_tried_again(code, category, word, hint):
    error = await failed({"error_code": code, "error_message": "lời"})
    assert (error.error_code, error.category, error.meaning, error.hint) == (code, category, word, hint)
    assert word in str(error)
    assert f"error_code {code}" in str(error)
    assert error.transient is False


@pytest.mark.parametrize("code", [1, -1, 77, 2**31])
async def test_a_code_outside_the_table_is_of_unknown_category(code):
    error = await failed({"error_code": code})
    assert (error.category, error.meaning, error.code) == (ErrorCategory.UNKNOWN, "", f"error_code {code}")
    assert error.hint == UNKNOWN_CODE.hint


async def test_a_code_of_which_the_tables_differ_is_unknown_since_no_document_names_the_methods_table():
    assert OA_CODES.keys() & ZNS_CODES.keys() == OA_CODES.keys() - CONSENT_CODES.keys() == {-100}
    error = await failed({"error_code": -100})
    assert (error.category, error.meaning) == (ErrorCategory.UNKNOWN, "")


def test_each_category_but_that_of_unknown_codes_is_in_the_table():
    assert {it.category for it in OA_CODES.values()} == {*ErrorCategory}
    assert OA_CODES[-200].category is ErrorCategory.MAY_PASS


@pytest.mark.parametrize(("charged", "shown"), [(True, True), (False, False), (None, None)])
async def test_a_failure_says_whether_it_was_charged(charged, shown):
    error = await failed({"status": "N", "is_charged": charged})
    assert error.is_charged is shown
    assert ("charged" in str(error)) is (charged is True)


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
async def test_a_failure_travels_with_its_record(through):
    error = await failed({"id": "7", "error_code": -32, "is_charged": True})
    again = through(error)
    assert vars(again) == vars(error)
    assert again.record == error.record
    assert again.category is ErrorCategory.QUOTA


@pytest.mark.parametrize("body", [[], None, "P", {"status": 7}, {"error_code": "1"}, {"is_charged": "no"}], ids=repr)
async def test_a_200_that_does_not_fit_is_a_decode_error_of_unknown_outcome(body):
    error = await failed(body, DecodeError)
    assert error.phase is Phase.UNKNOWN
    assert "list_request_consent" in error.__notes__[0]


@pytest.mark.parametrize("fault", [AttemptTimeout(), Disconnected(), ServerFault(), Unavailable()])
async def test_a_request_in_doubt_is_sent_once_and_says_where_to_look(fault):
    mock = MockTransport()
    route = mock.on(REQUEST_CONSENT).fail(fault)
    with pytest.raises(type(fault)) as caught:
        await request(Session(Shop(KEY), transport=mock, retry=OFTEN))
    assert len(route.payloads) == 1
    assert caught.value.phase is Phase.UNKNOWN
    (note,) = caught.value.__notes__
    assert note == (
        "It may have been carried out. Look before you send it again: list_request_consent for this phone shows"
        " whether there is one."
    )


async def test_a_request_that_was_certainly_refused_is_sent_again():
    mock = MockTransport()
    route = mock.on(REQUEST_CONSENT).fail(RateLimited()).reply(ConsentRequest(id=7))
    assert (await request(Session(Shop(KEY), transport=mock, retry=OFTEN))).id == 7
    assert len(route.payloads) == 2


async def test_an_error_that_is_certain_says_nothing_of_doubt():
    mock = MockTransport()
    mock.on(REQUEST_CONSENT).fail(InvalidArgument("no"))
    with pytest.raises(InvalidArgument) as caught:
        await request(Session(Shop(KEY), transport=mock))
    assert not hasattr(caught.value, "__notes__")


async def test_a_method_called_by_its_name_has_the_same_failure():
    session = session_over(answer({"status": "N", "error_code": -32}), retry=OFTEN)
    with pytest.raises(SendFailed) as caught:
        await session.invoke("Zalo/RequestConsent", {"oa_id": "7"})
    assert caught.value.category is ErrorCategory.QUOTA


async def test_a_mock_plays_a_failure_in_a_200_as_a_record():
    mock = MockTransport()
    mock.on(REQUEST_CONSENT).reply(ConsentRequest(status=RequestStatus.FAILED, error_code=-213))
    with pytest.raises(SendFailed) as caught:
        await request(Session(Shop(KEY), transport=mock))
    assert caught.value.category is ErrorCategory.RECIPIENT


FAR, PAST = datetime(9000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "is_open"),
    [
        ({}, True),
        ({"status": "P", "reply_status": "S", "expires_at": FAR}, True),
        ({"status": "Z", "reply_status": "Z"}, True),
        ({"status": "7", "reply_status": "7"}, True),
        ({"expires_at": PAST}, False),
        ({"status": "N"}, False),
        ({"status": "-1"}, False),
        ({"status": "127"}, False),
        *(({"reply_status": reply, "expires_at": FAR}, False) for reply in ("P", "N", "NS", "-1", "127", "-2", "126")),
    ],
    ids=repr,
)
def test_a_request_is_open_unless_it_certainly_is_not(fields, is_open):
    enums = {"status": RequestStatus, "reply_status": ReplyStatus}
    record = ConsentRequest(**{name: enums.get(name, lambda it: it)(value) for name, value in fields.items()})
    assert record.is_open is is_open


class OwnText(str):
    """A text that shows itself as another one."""

    __slots__ = ()

    def __str__(self):
        return "video"


@pytest.mark.parametrize("text", ["audio", "newer"])
def test_a_subclass_of_str_is_taken_as_its_text(text):
    payload = RequestConsent(oa_id=OA, phone=PHONE, call_type=OwnText(text), reason_code=OwnText(text))
    assert (type(payload.call_type), payload.call_type.value) == (CallType, text)
    assert (type(payload.reason_code), type(payload.reason_code.value)) == (ReasonCode, str)


def test_swapped_enums_are_refused_by_the_name_of_the_argument():
    with pytest.raises(ConfigError, match=r"^call_type is a CallType such as .*; got a ReasonCode\.$"):
        RequestConsent(oa_id=OA, phone=PHONE, call_type=ReasonCode.NOT_SET, reason_code=CallType.NOT_SET)
    with pytest.raises(ConfigError, match=r"^reply_status is .*; got a RequestStatus\.$"):
        ConsentRequestFilter(reply_status=RequestStatus.SENT)


def test_a_request_is_a_send_and_its_payload_is_judged():
    assert REQUEST_CONSENT.safety is Safety.SEND
    payload = RequestConsent(oa_id=str(OA), phone=PHONE, call_type="video", reason_code="update_order")
    assert payload.call_type is CallType.VIDEO
    assert payload.reason_code is ReasonCode.UPDATE_ORDER
