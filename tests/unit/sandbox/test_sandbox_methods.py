"""The sandbox answers the typed methods of its services, each in the form that the contract has."""

import contextlib
import json
import re

import pytest

from etelecom_async import BadRoute, EtelecomError, Partner, Retry, Session, Shop, Unauthenticated
from etelecom_async.api import ENDPOINTS
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_SHOP_KEY, SandboxTransport, World
from tests.support.contract import TYPED
from tests.support.sandbox_calls import CALLS

ANSWERED = {"Zalo"}
"""The services that the sandbox answers whole."""
EVERY = [name for name in ENDPOINTS if name.partition("/")[0] in ANSWERED]

RARE = {
    "Zalo/SendZNS": {"enable_sms_on_zns_failure", "sms"},
    "Zalo/SendZNSJourney": {"type"},
}
"""Fields that only some versions of the server have, and the name of which there are two."""


class Recorder:
    """A transport to a sandbox that keeps the last request and its answer."""

    def __init__(self, world):
        self._transport = SandboxTransport(world)
        self.sent = self.last = None

    async def send(self, request, /):
        self.sent = request
        self.last = await self._transport.send(request)
        return self.last

    async def aclose(self):
        pass


PLAIN = {
    ("string", "int64"): lambda value: type(value) is str and re.fullmatch("[0-9]{1,19}", value),
    ("string", "date-time"): lambda value: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(value)),
    ("string", None): lambda value: type(value) is str,
    ("integer", None): lambda value: type(value) is int,
    ("boolean", None): lambda value: type(value) is bool,
}
"""By type and format: whether a value is of that kind."""


def faults(value, kind, path):
    """Where a value of an answer is not of the contract's kind."""
    form = kind["type"], kind.get("format")
    if value is None:
        return
    if form[0] == "array":
        for at, item in enumerate(value):
            yield from faults(item, kind["items"], f"{path}[{at}]")
    elif form[0] == "object":
        yield from differences(value, kind.get("properties") or {name: {"type": "string"} for name in value}, path)
    elif not PLAIN[form](value) or value not in kind.get("enum", [value]):
        yield f"{path}: {value!r} is not {kind}"


def differences(body, fields, path="", *, rare=frozenset()):
    """How an object differs from the contract's fields: what is too much, what lacks, what is of another kind."""
    for name in body.keys() - fields.keys():
        yield f"{path}.{name} is not in the contract"
    for name in fields.keys() - body.keys() - rare:
        yield f"{path}.{name} is missing"
    for name in fields.keys() & body.keys():
        yield from faults(body[name], fields[name], f"{path}.{name}")


@pytest.mark.parametrize("name", EVERY)
async def test_every_method_is_answered_with_what_the_sdk_reads_and_the_contract_has(name):
    recorder = Recorder(World())
    result = await CALLS[name](Session(Shop(SANDBOX_API_KEY), transport=recorder, retry=Retry(attempts=1)))
    assert isinstance(result, ENDPOINTS[name].result)
    body = json.loads(recorder.last.body)
    assert list(differences(body, TYPED[name]["response"], rare=RARE.get(name, frozenset()))) == []


@pytest.mark.parametrize("name", EVERY)
async def test_a_partner_calls_it_with_a_shop_key_and_no_other_key(name):
    transport = SandboxTransport(World())
    partner = Session(Partner(shop_key=SANDBOX_SHOP_KEY), transport=transport, retry=Retry(attempts=1))
    assert isinstance(await CALLS[name](partner), ENDPOINTS[name].result)
    unknown = Session(Shop("1:unknown"), transport=transport, retry=Retry(attempts=1))
    with pytest.raises(Unauthenticated):
        await unknown.invoke(name, {})


STRANGE = [None, "", "x", 0, -1, 2**70, 1.5, True, [], ["x"], {}, {"x": "y"}, "9" * 30, "http://["]


def odd_bodies(fields):
    """Objects of a request's fields, in each of which one field, at any depth, is not what it is for."""
    for name, kind in fields.items():
        for value in STRANGE:
            yield {name: value}
        for inner in odd_bodies(kind.get("properties") or {}):
            yield {name: inner}


@pytest.mark.parametrize("name", EVERY)
async def test_a_field_that_is_not_what_it_is_for_is_answered_and_never_breaks_the_sandbox(name):
    recorder = Recorder(World())
    session = Session(Shop(SANDBOX_API_KEY), transport=recorder, retry=Retry(attempts=1))
    await CALLS[name](session)
    usual = json.loads(recorder.sent.body)
    for odd in odd_bodies(TYPED[name]["request"]):
        with contextlib.suppress(EtelecomError):
            await session.invoke(name, {**usual, **odd})
        assert recorder.last.status in {200, 400, 404, 500}, odd
        assert recorder.last.status != 500 or b"external_service" in recorder.last.body, odd


async def test_a_method_that_no_handler_answers_is_a_bad_route():
    session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(World()), retry=Retry(attempts=1))
    for name in ("Zalo/Nothing", "OmniMessage/SendMessage"):
        with pytest.raises(BadRoute):
            await session.invoke(name, {})
