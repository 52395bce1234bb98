"""What the wire writes in more than one way, and what must not be seen: values of single methods."""

import contextlib
import traceback

import pytest

from etelecom_async import ConfigError, DecodeError, InvalidId, InvalidPhone, Partner, Secret, Session
from etelecom_async.api.extensions import Extension
from etelecom_async.api.journeys import Journey
from etelecom_async.api.messages import OaMessage
from etelecom_async.api.oa import OfficialAccount
from etelecom_async.api.shop import CreateAccountUser
from etelecom_async.api.templates import Template
from etelecom_async.api.zns import Message, MessageType, SendZNS
from etelecom_async.codec import decode, encode
from etelecom_async.testing import MockTransport
from tests.support import CANARY, KEY, OA, PHONE, SHOP_KEY
from tests.support.methods import WHEN

PASSWORD = f"{CANARY}-p4ss"


def mocked():
    return Session(Partner(api_key=KEY, shop_key=SHOP_KEY), transport=MockTransport())


@pytest.mark.parametrize(
    ("model", "first", "second", "value"),
    [
        (OfficialAccount, "owner_id", "onwer_id", "7"),
        (Journey, "expired_at", "expires_at", WHEN),
        (Message, "type", "msg_type", "journey"),
    ],
)
def test_either_spelling_of_a_name_is_read(model, first, second, value):
    assert decode({second: value}, model) == decode({first: value}, model) != model()
    assert decode({first: value, second: value}, model) == decode({first: value}, model)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Template, "template_id"),
        (Message, "template_id"),
        (Message, "journey_id"),
        (Message, "zl_user_id"),
        (Journey, "journey_id"),
        (Extension, "extension_number"),
        (OaMessage, "recipient_id"),
    ],
)
def test_an_id_that_is_a_text_or_a_number_is_a_text_with_all_its_digits(model, name):
    for written in ("0101", "9" * 30, 2**63, 7, 0):
        assert getattr(decode({name: written}, model), name) == str(written)
    with pytest.raises(DecodeError):
        decode({name: 1.5}, model)


def test_the_numbers_of_a_quota_are_texts_whichever_way_they_come():
    quota = decode({"quota": {"remain": 7, "total": "08", "quota_type": "new"}}, OaMessage).quota
    assert (quota.remain, quota.total, quota.quota_type) == ("7", "08", "new")
    assert not quota.quota_type.is_known


def test_a_template_number_goes_out_as_a_number_unless_it_has_a_zero_in_front():
    assert b'"template_id":123,' in encode(Template(template_id="123"))
    assert b'"template_id":"0123",' in encode(Template(template_id="0123"))


async def test_a_number_of_an_extension_that_would_lose_its_zero_is_refused():
    with pytest.raises(InvalidId, match="extension_number"):
        await mocked().etelecom.create_extension(hotline_id=7, extension_number="0101")


def test_a_kind_of_message_that_is_newer_than_the_package_is_kept():
    message = decode({"type": "7", "template_data": {"a": None, "b": 7, "c": "d"}}, Message)
    assert message.type == "7"
    assert message.type not in [*MessageType]
    assert message.template_data == {"b": "7", "c": "d"}


def shown_by_frames(error):
    """The values in the SDK's frames, but those of an object that was never finished, which has no repr."""
    texts = []
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if "tests" not in frame.f_code.co_filename:
            for value in frame.f_locals.values():
                with contextlib.suppress(AttributeError):
                    texts.append(repr(value))
    assert len(texts) > 3
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"full_name": "", "phone": PHONE}, ConfigError),
        ({"full_name": "A", "phone": "113"}, InvalidPhone),
        ({"full_name": "A", "phone": PHONE, "password": f"{PASSWORD}\n"}, ConfigError),
    ],
)
async def test_a_password_is_in_no_error_whatever_else_is_wrong(given, error):
    with pytest.raises(error) as caught:
        await mocked().shop.create_account_user(**{"password": PASSWORD, **given})
    assert CANARY not in str(caught.value)
    assert CANARY not in shown_by_frames(caught.value)


def test_a_password_is_in_no_repr_and_goes_out_whole():
    payload = CreateAccountUser(full_name="A", password=Secret(PASSWORD), phone=PHONE)
    assert CANARY not in repr(payload)
    assert PASSWORD.encode() in encode(payload)
    assert payload == CreateAccountUser(full_name="A", password=PASSWORD, phone=PHONE)


async def test_a_password_of_an_answer_is_a_secret_of_a_mock_too():
    mock = MockTransport()
    mock.on("Etelecom/GetExtensionInfo").reply({"extension_number": "0101", "extension_password": PASSWORD})
    session = Session(Partner(shop_key=SHOP_KEY), transport=mock)
    info = await session.etelecom.get_extension_info(extension_number=101)
    assert info.extension_password == Secret(PASSWORD)
    assert CANARY not in repr(info)


def test_a_template_data_that_changes_later_does_not_change_the_payload():
    data = {"a": "b"}
    payload = SendZNS(oa_id=OA, phone=PHONE, template_id=1, template_data=data)
    data["a"] = "c"
    assert payload.template_data == {"a": "b"}
