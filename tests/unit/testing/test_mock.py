"""The mock, as a consumer's tests use it."""

import asyncio

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    AccountClosed,
    ApiError,
    AttemptTimeout,
    BadRoute,
    BodyTooLarge,
    CheckConsent,
    ConnectError,
    Consent,
    DecodeError,
    Disconnected,
    InvalidArgument,
    NotFound,
    RateLimited,
    Retry,
    SendFailed,
    Session,
    Shop,
    Timeout,
    Unauthenticated,
    Unavailable,
)
from etelecom_async.testing import MockTransport
from etelecom_async.transport import Response

OK = Consent(error=0)
KEY = "1000000000000000001:canary-2f9c"


def session(mock, **options):
    options.setdefault("retry", Retry(attempts=1))
    return Session(Shop(KEY), transport=mock, **options)


async def check(mock, phone="0987654321", **options):
    return await session(mock, **options).zalo.check_consent(oa_id=7, phone=phone)


async def test_steps_are_taken_in_turn_and_the_last_one_stays():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(OK).fail(Unavailable()).reply(Consent(error=3))
    assert await check(mock) == OK
    with pytest.raises(Unavailable):
        await check(mock)
    assert [(await check(mock)).error for _ in range(3)] == [3, 3, 3]


async def test_a_failure_then_an_answer_goes_through_the_real_retry():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).fail(RateLimited("chậm lại")).reply(OK)
    assert await check(mock, retry=Retry(base=0)) == OK
    assert len(mock.calls) == 2


def _subclasses(kind):
    return {kind}.union(*(_subclasses(child) for child in kind.__subclasses__()))


@pytest.mark.parametrize("kind", sorted(_subclasses(ApiError) - {ApiError, SendFailed}, key=lambda kind: kind.__name__))
async def test_every_api_error_comes_back_as_itself_through_the_real_parser(kind):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).fail(kind("lời của máy chủ", retry_after=3))
    with pytest.raises(kind) as caught:
        await check(mock)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (*kind.usual, 3)
    assert caught.value.message == "lời của máy chủ"


async def test_a_code_in_meta_survives():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).fail(NotFound(meta={"xcode": "bad_route"}))
    with pytest.raises(BadRoute):
        await check(mock)


async def test_a_transport_error_is_raised_as_a_copy_each_time():
    mock = MockTransport()
    error = ConnectError("no route")
    mock.on(CHECK_CONSENT).fail(error)
    caught = []
    for _ in range(2):
        with pytest.raises(ConnectError) as one:
            await check(mock)
        caught.append(one.value)
    assert error not in caught
    assert error.endpoint is None
    assert [one.endpoint for one in caught] == ["Zalo/CheckConsent"] * 2


async def test_a_function_answers_by_the_payload_plain_or_async():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(lambda payload: Consent(error=0 if payload.phone.endswith("1") else 3))
    assert (await check(mock, "0987654321")).error == 0
    assert (await check(mock, "0987654322")).error == 3

    async def slowly(payload):
        await asyncio.sleep(0)
        if payload.oa_id == 7:
            raise InvalidArgument("oa_id")
        return OK

    mock.on(CHECK_CONSENT).answer(slowly)
    with pytest.raises(InvalidArgument):
        await check(mock)


async def test_a_function_that_takes_too_long_is_cut_like_a_server():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(lambda _payload: asyncio.get_running_loop().create_future())
    with pytest.raises(AttemptTimeout):
        await check(mock, timeout=Timeout(attempt=0.01))


async def test_a_timeout_error_of_the_function_itself_is_not_an_attempts_end():
    mock = MockTransport()

    async def broken(_payload):
        raise TimeoutError("of the test's own")

    mock.on(CHECK_CONSENT).answer(broken)
    with pytest.raises(TimeoutError, match="of the test's own"):
        await check(mock)


async def test_a_bare_response_can_be_anything():
    mock = MockTransport(max_body=10)
    mock.on(CHECK_CONSENT).respond(lambda _request: Response(200, {}, b"<html>"))
    with pytest.raises(DecodeError):
        await check(mock)
    mock.on(CHECK_CONSENT).respond(lambda _request: Response(200, {}, b"x" * 11))
    with pytest.raises(BodyTooLarge):
        await check(mock)


async def test_where_narrows_a_route_and_the_last_made_wins():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(OK)
    refused = mock.on(CHECK_CONSENT, where=lambda payload: payload.phone == "84900000003")
    refused.reply(Consent(error=3))
    assert (await check(mock, "0900000003")).error == 3
    assert (await check(mock, "0900000004")).error == 0
    assert refused.payloads == [CheckConsent(oa_id=7, phone="84900000003")]
    assert len(mock.calls) == 2


async def test_a_miss_is_an_assertion_that_lists_what_is_routed_and_is_not_retried():
    mock = MockTransport()
    mock.on(CHECK_CONSENT, where=lambda _payload: False).reply(OK)
    mock.on("Etelecom/GetHotlines").reply({})
    with pytest.raises(AssertionError) as caught:
        await check(mock, retry=Retry())
    text = str(caught.value)
    assert "No route answers Zalo/CheckConsent" in text
    assert "phone='84987654321'" in text
    assert "Etelecom/GetHotlines" in text
    assert len(mock.calls) == 1


async def test_an_answer_passes_through_the_real_codec():
    mock = MockTransport()
    mock.on("Zalo/CheckConsent").reply({"error": True})
    with pytest.raises(DecodeError, match=r"\$\.error"):
        await check(mock)


async def test_a_try_later_inside_a_200_is_an_error_as_from_the_server():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(Consent(error=5, message="quá nhiều"))
    with pytest.raises(RateLimited, match="quá nhiều"):
        await check(mock)


@pytest.mark.parametrize("error", [Disconnected("x"), AccountClosed(), Unauthenticated()], ids=repr)
async def test_one_failure_in_a_gather_leaves_the_others_alone(error):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(OK)
    mock.on(CHECK_CONSENT, where=lambda payload: payload.phone.endswith("5")).fail(error)
    phones = [f"090000000{n}" for n in range(10)]
    ends = await asyncio.gather(*(check(mock, phone) for phone in phones), return_exceptions=True)
    assert [type(end) for end in ends] == [type(error) if n == 5 else Consent for n in range(10)]
