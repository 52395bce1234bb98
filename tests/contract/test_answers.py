"""Every typed method's answer, made from the contract: whole, with nothing in it, and with what is newer than both."""

import copy
import typing
from datetime import UTC, datetime

import attrs
import pytest

from etelecom_async import Secret
from etelecom_async.api import ENDPOINTS
from etelecom_async.codec import decode, encode, loads
from etelecom_async.enums import OpenEnum
from tests.support.contract import TYPED

EVERY = pytest.mark.parametrize("name", [name for name in TYPED if ENDPOINTS[name].result is not object])

WHEN = "2030-05-17T12:00:00Z"
BIG = str(2**63 - 1)


def sample(kind, *, spell="usual"):
    """A value of the wire for a field of the contract."""
    if "enum" in kind:
        return {"usual": [*kind["enum"]][-1], "new": "127"}.get(spell, "x")
    match kind["type"], kind.get("format"):
        case "string", "int64":
            return int(BIG) if spell == "numbers" else BIG
        case "string", "date-time":
            return WHEN
        case "object", _:
            return {name: sample(it, spell=spell) for name, it in kind["properties"].items()} or {"a": "b"}
        case "array", _:
            return [sample(kind["items"], spell=spell)] * 2
        case plain, _:
            return {"string": "Lời", "integer": 7, "boolean": True}[plain]


def whole(name, **options):
    return {field: sample(kind, **options) for field, kind in TYPED[name]["response"].items()}


def shown(value):
    """What was read, as the contract's own kinds of values; ids as texts."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, OpenEnum):
        return value.value
    if isinstance(value, datetime):
        return WHEN if value == datetime(2030, 5, 17, 12, tzinfo=UTC) else value
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    if attrs.has(type(value)):
        return {
            it.metadata.get("also", it.name) if it.metadata.get("also") == "onwer_id" else it.name: shown(
                getattr(value, it.name)
            )
            for it in attrs.fields(type(value))
        }
    return value


def alike(read, sent, path=""):
    """Where what was read differs from what was sent."""
    if isinstance(sent, dict) and isinstance(read, dict):
        for name, item in sent.items():
            yield from alike(read.get(name), item, f"{path}.{name}")
    elif isinstance(sent, list) and isinstance(read, list) and len(read) == len(sent):
        for at, pair in enumerate(zip(read, sent, strict=True)):
            yield from alike(*pair, f"{path}[{at}]")
    elif read != sent and str(read) != str(sent):
        yield f"{path}: {read!r} and not {sent!r}"


@EVERY
@pytest.mark.parametrize("spell", ["usual", "new", "numbers"])
def test_every_field_of_an_answer_is_read_with_its_value(name, spell):
    body = whole(name, spell=spell)
    body.pop("msg_type", None)
    assert list(alike(shown(decode(body, ENDPOINTS[name].result)), body)) == []


@EVERY
def test_an_answer_without_fields_and_one_of_nulls_say_nothing(name):
    result = ENDPOINTS[name].result
    empty = result()
    assert decode({}, result) == empty
    assert decode(dict.fromkeys(TYPED[name]["response"]), result) == empty
    for it in attrs.fields(result):
        value = getattr(empty, it.name)
        assert value in (None, "", (), {}) or attrs.has(type(value))


@EVERY
def test_nulls_at_any_depth_are_read_as_what_is_missing(name):
    body = whole(name)

    def emptied(value):
        match value:
            case dict():
                return {key: emptied(item) if isinstance(item, dict | list) else None for key, item in value.items()}
            case list():
                return [emptied(item) for item in value if isinstance(item, dict)]
        return value

    result = decode(emptied(copy.deepcopy(body)), ENDPOINTS[name].result)
    assert decode(loads(encode(result)), ENDPOINTS[name].result) == result


@EVERY
def test_a_result_is_written_as_it_is_read_and_shows_no_secret_or_phone(name):
    body = {key: "phone-0987654321" if key == "phone" else value for key, value in whole(name).items()}
    body.pop("msg_type", None)
    result = decode(body, ENDPOINTS[name].result)
    assert decode(loads(encode(result)), ENDPOINTS[name].result) == result
    assert "0987654321" not in repr(result)
    for secret in TYPED[name].get("secrets", ()):
        assert f"{secret}='Lời'" not in repr(result)


def test_the_phones_and_emails_of_results_are_hidden_by_their_classes():
    hidden = {"phone", "email", "full_name", "recording_urls", "caller", "callee"}
    seen = set()

    def walk(model):
        for it in attrs.fields(model):
            if it.name in hidden:
                seen.add(it.name)
                assert it.repr is False, f"{model.__name__}.{it.name}"
            for part in typing.get_args(it.type) or [it.type]:
                if attrs.has(part) and part is not model:
                    walk(part)

    for name in TYPED:
        model = ENDPOINTS[name].result
        if attrs.has(model):
            attrs.resolve_types(model, include_extras=True)
            walk(model)
    assert seen
