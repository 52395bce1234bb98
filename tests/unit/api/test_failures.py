"""Failures in a 200, of every method that has them: a typed error with the record, and nothing sent twice."""

import pickle

import pytest

from etelecom_async import DecodeError, ErrorCategory, Partner, Phase, Retry, Safety, SendFailed
from etelecom_async.api import ENDPOINTS
from etelecom_async.api.error_codes import NO_CODE, OA_CODES, UNKNOWN_CODE, ZNS_CODES
from etelecom_async.api.zns import MessageStatus
from tests.support import KEY, SHOP_KEY, answer, session_over
from tests.support.contract import CONTRACT, TYPED, method_of
from tests.support.methods import CALLS

BOTH = Partner(api_key=KEY, shop_key=SHOP_KEY)
OFTEN = Retry(attempts=4, base=0)
SENDS = {
    name
    for name, entry in TYPED.items()
    if not entry["read_only"] and {"status", "error_code", "error_message"} <= set(entry["response"])
} - {"Zalo/RequestConsent"}
UPDATES = {name for name, entry in TYPED.items() if set(entry["response"]) == {"updated"}}


async def failed(name, body, kind=SendFailed):
    session = session_over(answer(body), account=BOTH, retry=OFTEN)
    with pytest.raises(kind) as caught:
        await method_of(session, name)(**CALLS[name][0][0])
    assert len(session._transport.transport.requests) == 1
    return caught.value


def test_the_methods_that_fail_in_a_200_are_those_of_the_contract():
    assert {"Zalo/SendZNS", "Zalo/SendZNSJourney", "Zalo/CreateJourney"} == SENDS
    assert len(UPDATES) == 6
    others = {name for name, it in ENDPOINTS.items() if it.refusal is not None} - SENDS - UPDATES
    assert others == {"Zalo/CheckConsent", "Zalo/RequestConsent"}


@pytest.mark.parametrize("name", sorted(SENDS))
@pytest.mark.parametrize(
    "signs",
    [{"status": "N"}, {"status": "-1"}, {"status": "127"}, {"status": "P", "error_code": -118}, {"error_code": 4242}],
    ids=repr,
)
async def test_either_sign_of_a_failed_sending_is_an_error_with_the_record(name, signs):
    error = await failed(name, {"id": "7", "error_message": "Không gửi được\n", "is_charged": False, **signs})
    assert (error.status, error.phase, error.transient, error.attempts) == (200, Phase.REJECTED, False, 1)
    assert (error.message, error.error_code, error.is_charged) == (
        "Không gửi được",
        signs.get("error_code"),
        False,
    )
    assert isinstance(error.record, ENDPOINTS[name].result)
    assert error.record.id == 7
    assert pickle.loads(pickle.dumps(error)).record == error.record
    unknown = UNKNOWN_CODE if "error_code" in signs else NO_CODE
    known = ZNS_CODES.get(signs.get("error_code"), unknown)
    assert (error.category, error.meaning, error.hint) == known


@pytest.mark.parametrize("name", sorted(SENDS))
async def test_a_record_without_a_sign_of_failure_is_the_result(name):
    session = session_over(answer({"status": "P", "error_code": 0}), account=BOTH)
    assert (await method_of(session, name)(**CALLS[name][0][0])).status == MessageStatus.SENT


@pytest.mark.parametrize("name", sorted(SENDS))
async def test_a_200_that_does_not_fit_is_a_decode_error_of_unknown_outcome(name):
    error = await failed(name, {"status": 7}, DecodeError)
    assert error.phase is Phase.UNKNOWN
    assert "list_" in error.__notes__[0]


@pytest.mark.parametrize("name", sorted(UPDATES))
async def test_an_update_that_was_not_done_is_an_error_with_the_record(name):
    error = await failed(name, {"updated": 0})
    assert (error.status, error.code, error.category) == (200, "updated 0", ErrorCategory.UNKNOWN)
    assert (error.meaning, error.hint) == ("", NO_CODE.hint)
    assert error.record.updated == 0
    assert "updated 0" in str(error)


@pytest.mark.parametrize("name", sorted(UPDATES))
@pytest.mark.parametrize("body", [{"updated": 1}, {}, {"updated": None}, {"updated": 7}], ids=repr)
async def test_an_update_of_another_number_or_of_none_is_the_result(name, body):
    session = session_over(answer(body), account=BOTH)
    assert (await method_of(session, name)(**CALLS[name][0][0])).updated == body.get("updated")


@pytest.mark.parametrize("body", [{"updated": "0"}, {"updated": False}, [], 0], ids=repr)
async def test_an_update_that_is_no_number_is_a_decode_error(body):
    await failed("Etelecom/AssignUserToExtension", body, DecodeError)


CATEGORIES = {
    None: ErrorCategory.UNKNOWN,
    "configuration": ErrorCategory.CONFIGURATION,
    "input": ErrorCategory.INPUT,
    "recipient": ErrorCategory.RECIPIENT,
    "quota": ErrorCategory.QUOTA,
    "money": ErrorCategory.MONEY,
    "token": ErrorCategory.TOKEN,
    "transient": ErrorCategory.MAY_PASS,
}


@pytest.mark.parametrize(("table", "codes"), [("zns", ZNS_CODES), ("oa", OA_CODES)])
def test_a_table_of_codes_is_that_of_the_contract(table, codes):
    import json

    wanted = json.loads(CONTRACT.read_text(encoding="utf-8"))["error_codes"][table]
    wanted.pop("0", None)
    assert {code: it.category for code, it in codes.items()} == {
        int(code): CATEGORIES[it["class"]] for code, it in wanted.items()
    }


def test_whatever_fails_in_a_200_is_a_send_but_for_the_check():
    assert {it.safety for name, it in ENDPOINTS.items() if it.refusal and name != "Zalo/CheckConsent"} == {Safety.SEND}
