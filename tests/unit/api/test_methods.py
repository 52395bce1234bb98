"""Every method of the namespaces: its name, what it sends with which key, and what it makes of an answer."""

import importlib
import inspect
import json
import re
import typing

import attrs
import pytest

from etelecom_async import ConfigError, DecodeError, InvalidArgument, Partner, Phase, Retry, Session, Shop, Unavailable
from etelecom_async.api import ENDPOINTS
from etelecom_async.api.catalog import function_of
from etelecom_async.api.paging import Listing
from etelecom_async.codec import decode
from etelecom_async.endpoint import Encoding, Role, Safety
from etelecom_async.enums import OpenEnum
from etelecom_async.pipeline.multipart import parsed
from etelecom_async.testing import MockTransport
from tests.support import KEY, SHOP_KEY, FakeTransport, answer, session_over
from tests.support.arguments import ROWS
from tests.support.contract import TYPED, is_for_partners, method_of
from tests.support.methods import CALLS

BOTH = Partner(api_key=KEY, shop_key=SHOP_KEY)
EVERY = pytest.mark.parametrize("name", CALLS)
EACH = pytest.mark.parametrize(
    ("name", "given", "body"),
    [pytest.param(name, *call, id=f"{name}-{at}") for name, calls in CALLS.items() for at, call in enumerate(calls)],
)


RECORDS = {"Zalo/SendZNS", "Zalo/SendZNSJourney", "Zalo/CreateJourney"}
"""Methods whose answer is a record that must say something: they may be billed."""


def least(name):
    """The fields of the smallest answer that says that the call was carried out."""
    return {"id": "7"} if name in RECORDS else {}


def result_of(name):
    """What such an answer is read as."""
    return decode(least(name), ENDPOINTS[name].result)


async def written(sent):
    """The object that a request carries."""
    body = await sent.read_body()
    if ENDPOINTS[sent.endpoint.name].encoding is Encoding.JSON:
        return json.loads(body)
    return parsed(sent.headers["Content-Type"], body)


async def made(session, name, given=None):
    """A call of a method; of a list, its first page."""
    return await method_of(session, name)(**(CALLS[name][0][0] if given is None else given))


def test_every_typed_method_has_its_calls_here():
    done_elsewhere = {"Zalo/CheckConsent", "Zalo/RequestConsent", "Zalo/ListRequestConsent"}
    assert set(CALLS) == set(ENDPOINTS) - done_elsewhere


@EACH
async def test_a_call_is_sent_in_the_names_and_types_of_the_wire_with_the_methods_key(name, given, body):
    transport = FakeTransport(answer(least(name)))
    await made(Session(BOTH, transport=transport), name, given)
    (sent,) = transport.requests
    assert str(sent.url) == f"https://api.etelecom.vn/v1/partner.{name}"
    assert await written(sent) == body
    key = KEY if ENDPOINTS[name].role is Role.ACCOUNT else SHOP_KEY
    assert sent.headers["Authorization"] == f"Bearer {key}"


@pytest.mark.parametrize("name", [name for name in CALLS if name not in RECORDS])
async def test_an_answer_without_fields_is_a_result_that_says_nothing(name):
    result = await made(session_over(answer({}), account=BOTH), name)
    assert result == ENDPOINTS[name].result()


@pytest.mark.parametrize("name", sorted(RECORDS))
@pytest.mark.parametrize("body", [{}, {"id": "0"}, {"id": None, "status": "Z"}, {"error_code": 0}])
async def test_a_record_that_says_nothing_leaves_its_call_in_doubt(name, body):
    with pytest.raises(DecodeError, match="no id and no status") as caught:
        await made(session_over(answer(body), account=BOTH), name)
    assert caught.value.phase is Phase.UNKNOWN


@EVERY
async def test_a_mock_decodes_the_payload_and_answers_with_a_result(name):
    mock = MockTransport()
    route = mock.on(ENDPOINTS[name]).reply(result_of(name))
    assert await made(Session(BOTH, transport=mock), name) == result_of(name)
    (payload,) = route.payloads
    assert payload == decode(CALLS[name][0][1], ENDPOINTS[name].payload)
    assert "canary" not in repr(payload)


@EVERY
async def test_without_the_methods_key_nothing_is_sent(name):
    account = Partner(shop_key=SHOP_KEY) if ENDPOINTS[name].role is Role.ACCOUNT else Partner(api_key=KEY)
    session = session_over(answer({}), account=account)
    with pytest.raises(ConfigError, match="shop_key" if account.api_key else "api_key"):
        await made(session, name)
    assert session._transport.transport.requests == []


@EVERY
async def test_a_shop_is_refused_only_where_partners_alone_are_documented(name):
    session = session_over(answer(least(name)), account=Shop(KEY))
    if is_for_partners(TYPED[name]):
        with pytest.raises(ConfigError, match=rf"{name} is for partners"):
            await made(session, name)
        assert session._transport.transport.requests == []
        await session.invoke(name)
    else:
        await made(session, name)
    assert len(session._transport.transport.requests) == 1


@EVERY
async def test_only_a_read_is_repeated_on_doubt(name):
    mock = MockTransport()
    route = mock.on(ENDPOINTS[name]).fail(Unavailable()).fail(InvalidArgument())
    expected = InvalidArgument if ENDPOINTS[name].safety is Safety.READ else Unavailable
    with pytest.raises(expected) as caught:
        await made(Session(BOTH, transport=mock, retry=Retry(attempts=2, base=0)), name)
    assert len(route.payloads) == (2 if ENDPOINTS[name].safety is Safety.READ else 1)
    assert any("Look before" in note for note in getattr(caught.value, "__notes__", [])) is (expected is Unavailable)


PAGED = [name for name in CALLS if "paging_list" in TYPED[name]]


@pytest.mark.parametrize("name", PAGED)
async def test_a_list_is_walked_page_after_page(name):
    items = TYPED[name]["paging_list"]
    transport = FakeTransport(
        answer({items: [{}, {}], "paging": {"next": "c1"}}), answer({items: [{}], "paging": {"next": ""}})
    )
    listing = method_of(Session(BOTH, transport=transport), name)()
    assert isinstance(listing, Listing)
    assert len([item async for item in listing]) == 3
    assert [json.loads(sent.body)["paging"] for sent in transport.requests] == [{}, {"after": "c1"}]


@EVERY
def test_a_look_names_a_method_that_there_is(name):
    look = ENDPOINTS[name].look
    assert look is None or ENDPOINTS[name].safety is Safety.SEND
    names = {each.partition("/")[2] for each in ENDPOINTS}
    for word in re.findall(r"\b(?:get|list)_\w+", look or ""):
        assert "".join(part.title() for part in word.split("_")).replace("Oa", "OA") in names


SUBJECTS = {vars(inspect.getmodule(function_of(name)))["__name__"] for name in CALLS}


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_every_public_class_of_a_subject_is_judged_or_only_read(subject):
    module = importlib.import_module(subject)
    read = set()

    def walk(model):
        if attrs.has(model) and model not in read:
            read.add(model)
            for hint in typing.get_type_hints(model).values():
                for part in [hint, *typing.get_args(hint)]:
                    walk(part)

    for name in CALLS:
        walk(ENDPOINTS[name].result)
    public = [getattr(module, name) for name in module.__all__]
    classes = [it for it in public if inspect.isclass(it) and not issubclass(it, OpenEnum)]
    namespaces = {it for it in classes if "_caller" in vars(it)}
    assert set(classes) - namespaces - read - set(ROWS) == set()
    missing = {
        f"{owner.__name__}.{name}"
        for owner in namespaces
        for name, method in vars(owner).items()
        if inspect.isfunction(method) and not name.startswith("_") and method not in ROWS
    }
    assert missing == set()
