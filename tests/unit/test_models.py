"""A model is read as its constructor makes it, and what does not fit is named in words, with its place."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import Factory, field, frozen, validators
from cattrs import StructureHandlerNotFoundError

from etelecom_async import CheckConsent, DecodeError
from etelecom_async.codec import Id, also, decode, encode, loads


@frozen
class Plain:
    name: str
    size: int = 7
    tags: list[str] = Factory(list)
    note: str | None = None


@frozen
class OfItself:
    size: int
    double: int = Factory(lambda self: 2 * self.size, takes_self=True)


@frozen
class Converted:
    name: str = field(converter=str.upper)
    size: int = 7


@frozen
class Validated:
    size: int = field(validator=validators.lt(10))


@frozen
class Partly:
    name: str
    seen: bool = field(default=False, init=False)


@frozen
class Private:
    _name: str
    size: int = field(default=7, alias="extent")


@frozen
class Nested:
    plain: Plain
    others: list[Plain]
    owner: Id
    is_new: bool = False


@frozen
class Renamed:
    name: str = field(converter=str.upper, metadata=also("title"))
    size: int | None = field(default=None, metadata=also("extent"))


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Shade(enum.StrEnum):
    DARK = "dark"


@frozen
class Kinds:
    moment: datetime
    ids: list[Id]
    until: datetime | None = None
    anything: object = None
    color: Color | None = None
    level: Level | None = None
    shade: Shade | None = None
    flag: bool | None = None
    plain: Plain | None = None


NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
EVENING = datetime(2030, 5, 17, 19, 0, 0, 500_000, tzinfo=timezone(timedelta(hours=7)))
KINDS = [
    (
        Kinds(NOON, [1, 2], EVENING, {"a": [1, None, True]}, Color.RED, Level.HIGH, Shade.DARK, True, Plain("a", 1)),
        (
            b'{"moment":"2030-05-17T12:00:00Z","ids":["1","2"],"until":"2030-05-17T19:00:00.500000+07:00",'
            b'"anything":{"a":[1,null,true]},"color":"red","level":3,"shade":"dark","flag":true,'
            b'"plain":{"name":"a","size":1,"tags":[],"note":null}}'
        ),
    ),
    (
        Kinds(NOON, []),
        (
            b'{"moment":"2030-05-17T12:00:00Z","ids":[],"until":null,"anything":null,"color":null,"level":null,'
            b'"shade":null,"flag":null,"plain":null}'
        ),
    ),
]


@pytest.mark.parametrize(("model", "written"), KINDS, ids=["all", "least"])
def test_every_type_is_written_as_the_wire_has_it_and_reads_back(model, written):
    assert encode(model) == written
    read = decode(loads(written), Kinds)
    assert read == model
    assert [type(value) for value in (read.level, read.shade)] == [type(value) for value in (model.level, model.shade)]


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        ("a", str, "a"),
        ("dark", Shade, Shade.DARK),
        (-(2**63), int, -(2**63)),
        (2**64 - 1, int, 2**64 - 1),
        (3, Level, Level.HIGH),
        (True, bool, True),
        ("12", Id, 12),
        ({"a": [1]}, object, {"a": [1]}),
        ([{"name": "a"}], list[Plain], [Plain("a")]),
        ("2030-05-17T12:00:00Z", datetime, NOON),
    ],
)
def test_what_is_no_model_is_read_too(value, kind, read):
    assert decode(value, kind) == read
    assert type(decode(value, kind)) is type(read)


def test_a_field_of_two_types_is_refused_where_its_model_is_first_read():
    @frozen
    class Either:
        it: int | str | None = None

    with pytest.raises(StructureHandlerNotFoundError):
        decode({}, Either)


def test_models_within_plain_values_are_written_too():
    assert encode([CheckConsent(oa_id=7, phone="0987654321")]) == b'[{"oa_id":"7","phone":"84987654321"}]'
    assert encode(Kinds(NOON, [], anything=[Validated(7)])).endswith(
        b'"anything":[{"size":7}],"color":null,"level":null,"shade":null,"flag":null,"plain":null}'
    )
    models = {"a": [Plain("b")], "c": Color.RED, "d": NOON}
    assert encode(models) == (
        b'{"a":[{"name":"b","size":7,"tags":[],"note":null}],"c":"red","d":"2030-05-17T12:00:00Z"}'
    )


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "0000-12-31T17:00:00-07:00"])
def test_the_zero_time_is_a_time_only_where_there_must_be_one(text):
    value = {"moment": "2030-05-17t12:00:00z", "ids": [], "until": text}
    assert decode(value, Kinds) == Kinds(NOON, [])
    if text.startswith("0001"):
        assert decode({"moment": text, "ids": []}, Kinds).moment == datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("owner", ["1" * 19, "0" * 18 + "1", "0", 0, 2**63 - 1])
def test_an_id_has_up_to_nineteen_digits_in_a_text_and_63_bits_as_a_number(owner):
    assert decode({"plain": {"name": "a"}, "others": [], "owner": owner}, Nested).owner == int(owner)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("moment", 0, "expected an RFC 3339 time, got a number"),
        ("moment", "noon", "expected an RFC 3339 time, got a string"),
        ("moment", "٢٠٣٠-01-01T00:00:00Z", "invalid value"),
        ("moment", None, "required field missing"),
        ("moment", "2030-02-30T00:00:00Z", "invalid value"),
        ("until", 0, "expected an RFC 3339 time, got a number"),
        ("until", "2030-02-30T00:00:00Z", "invalid value"),
        ("level", "3", "expected a whole number of 64 bits, got a string"),
        ("level", 4, "invalid value"),
        ("shade", 3, "expected a string, got a number"),
        ("shade", "light", "invalid value"),
        ("flag", 1, "expected true or false, got a number"),
        ("plain", "a", "expected an object, got a string"),
        ("ids", ["1" * 20], "expected an id (a decimal string), got a string"),
        ("ids", [2**63], "expected an id (a decimal string), got a number"),
        ("ids", [-1], "expected an id (a decimal string), got a number"),
        ("ids", [None], "expected an id (a decimal string), got null"),
    ],
)
def test_what_is_not_of_its_type_is_refused(field, value, words):
    place = f"{field}[0]" if isinstance(value, list) else field
    with pytest.raises(DecodeError) as caught:
        decode({"moment": "2030-05-17T12:00:00Z", "ids": [], field: value}, Kinds)
    assert caught.value.message == f"{words} @ $.{place}"


def test_all_that_does_not_fit_is_named_in_one_line():
    with pytest.raises(DecodeError) as caught:
        decode({"moment": 0, "ids": [], "flag": ""}, Kinds)
    assert caught.value.message == (
        "expected an RFC 3339 time, got a number @ $.moment; expected true or false, got a string @ $.flag"
    )


@pytest.mark.parametrize(
    ("value", "model"),
    [
        ({"name": "a", "size": 1, "tags": ["x"], "note": "n"}, Plain("a", 1, ["x"], "n")),
        ({"name": "a"}, Plain("a")),
        ({"name": "a", "size": None, "tags": None, "note": None}, Plain("a")),
        ({"size": 2}, OfItself(2)),
        ({"size": 2, "double": 5}, OfItself(2, 5)),
        ({"name": "a"}, Converted("a")),
        ({"name": "a", "size": 1}, Converted("a", 1)),
        ({"size": 9}, Validated(9)),
        ({"name": "a", "seen": True}, Partly("a")),
        ({"_name": "a", "size": 1}, Private("a", 1)),
        ({"_name": "a"}, Private("a")),
        ({"title": "a", "extent": 3}, Renamed("a", 3)),
        ({"name": "a", "title": None, "size": 2, "extent": 2}, Renamed("a", 2)),
        (
            {"plain": {"name": "a"}, "others": [{"name": "b", "size": 2}], "owner": "12", "is_new": True},
            Nested(Plain("a"), [Plain("b", 2)], 12, True),
        ),
    ],
    ids=repr,
)
def test_a_model_is_read_as_its_constructor_makes_it(value, model):
    read = decode(value, type(model))
    assert type(read) is type(model)
    assert read == model
    assert repr(read) == repr(model)


def test_no_two_that_are_read_share_a_default_that_was_made():
    assert decode({"name": "a"}, Plain).tags is not decode({"name": "a"}, Plain).tags


NESTED = {"plain": {"name": "a"}, "others": [], "owner": 1}


@pytest.mark.parametrize(
    ("value", "model", "words"),
    [
        ({}, Plain, "required field missing @ $.name"),
        ({"name": None}, Plain, "required field missing @ $.name"),
        ({"size": 10}, Validated, "invalid value @ $"),
        ({"name": 1, "title": 1}, Renamed, "expected a string, got a number @ $.name"),
        ({"name": "a", "title": "b"}, Renamed, "name and title contradict each other @ $"),
        ({"size": True, "extent": 1, "name": "a"}, Renamed, "size and extent contradict each other @ $"),
        ({**NESTED, "plain": {"name": 1}}, Nested, "expected a string, got a number @ $.plain.name"),
        ({**NESTED, "others": [{"name": "b"}, {}]}, Nested, "$.others[1].name"),
        ({**NESTED, "plain": 1}, Nested, "expected an object, got a number @ $.plain"),
        ({**NESTED, "owner": []}, Nested, "expected an id (a decimal string), got an array"),
        ({**NESTED, "is_new": 0}, Nested, "expected true or false, got a number @ $.is_new"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(value, model, words):
    with pytest.raises(DecodeError) as caught:
        decode(value, model)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({}, "an object"),
        ([], "an array"),
        (0, "a number"),
        (0.5, "a number"),
        (2**70, "a number"),
        (True, "a boolean"),
        (object(), "something else"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_json_has_its_words(value, kind):
    with pytest.raises(DecodeError) as caught:
        decode({"name": value}, Plain)
    assert caught.value.message == f"expected a string, got {kind} @ $.name"


@pytest.mark.parametrize(("value", "kind"), [(None, "null"), ("", "a string"), (1, "a number")])
def test_what_is_no_object_is_named_as_what_it_is(value, kind):
    with pytest.raises(DecodeError) as caught:
        decode(value, Plain)
    assert caught.value.message == f"expected an object, got {kind} @ $"
