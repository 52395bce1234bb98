"""What the fields of payloads and results can be: the types that are written in the classes, and how each is read."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import pytest
from attrs import field, frozen

from etelecom_async import DecodeError
from etelecom_async.codec import EpochMillis, Id, Milliseconds, Plain, Seconds, Text, also, decode, encode, loads
from etelecom_async.enums import OpenEnum

T = TypeVar("T")


class Status(OpenEnum):
    UNSET = "Z"
    OK = "P"


@frozen(kw_only=True)
class Button:
    title: str = ""


@frozen(kw_only=True)
class Message:
    id: Id
    onwer_id: Id | None = field(default=None, metadata=also("owner_id"))
    status: Status = Status.UNSET
    template_id: Text = ""
    price: float | None = None
    buttons: tuple[Button, ...] = ()
    params: dict[str, str] = field(factory=dict)
    replies: list[Message] = field(factory=list)
    reply_to: Message | None = None
    numbers: list[int | None] = field(factory=list)


@frozen(kw_only=True)
class Page(Generic[T]):
    items: tuple[T, ...] = ()
    next: str = ""


FULL = Message(
    id=7,
    onwer_id=8,
    status=Status.OK,
    template_id="9",
    price=0.5,
    buttons=(Button(title="a"), Button()),
    params={"name": "An"},
    replies=[Message(id=2**63 - 1)],
    reply_to=Message(id=1),
    numbers=[1, None],
)


def read(**fields):
    return decode({"id": "1", **fields}, Message)


def test_a_class_of_every_type_reads_back_as_it_was_written():
    assert decode(loads(encode(FULL)), Message) == FULL


def test_ids_and_enums_are_strings_on_the_wire_and_numbers_stay_numbers():
    written = loads(encode(FULL))
    assert [written[name] for name in ("id", "onwer_id", "status", "template_id", "price")] == ["7", "8", "P", "9", 0.5]
    assert written["replies"][0]["id"] == "9223372036854775807"


def test_a_second_name_is_read_and_never_written():
    assert read(owner_id="5") == Message(id=1, onwer_id=5)
    assert b"owner_id" not in encode(read(owner_id="5"))


def test_a_second_name_leaves_the_parsed_answer_as_it_is():
    body = {"id": "1", "owner_id": "5", "status": None}
    decode(body, Message)
    assert body == {"id": "1", "owner_id": "5", "status": None}


def test_null_means_the_default_in_nested_objects_too():
    assert read(replies=[{"id": "2", "status": None, "buttons": [{"title": None}]}]).replies == [
        Message(id=2, buttons=(Button(),))
    ]


@pytest.mark.parametrize("value", ["7", "-1", "", "PP", "OK", "z"])
def test_an_unknown_value_of_an_enum_is_kept_and_says_that_it_is_unknown(value):
    status = read(status=value).status
    assert type(status) is Status
    assert (status, status.value, status.name, str(status)) == (value, value, value, value)
    assert not status.is_known
    assert status not in list(Status)
    assert encode(Message(id=1, status=status)) == encode(read(status=value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\ud800", r"\ud800"),
        ("P\nCRITICAL:root:all paid", r"P\nCRITICAL:root:all paid"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202e\x00", r"\u202e\x00"),
        ("đồng ý", "đồng ý"),
        ("9" * 100, "9" * 100),
        ("9" * 101, "9" * 100 + "..."),
    ],
)
def test_an_unknown_value_of_an_enum_is_shown_escaped_and_bounded_and_kept_whole(value, shown):
    status = Status(value)
    assert (str(status), f"{status}", f"{status:>4}", "%s" % status) == (shown, shown, f"{shown:>4}", shown)  # noqa: UP031
    assert repr(status) == f"<Status: '{shown}'>"
    assert (status, status.value) == (value, value)


def test_a_listed_value_of_an_enum_is_shown_as_enums_are():
    assert (repr(Status("P")), f"{Status('P')}") == (f"<Status.{Status('P').name}: 'P'>", "P")


@pytest.mark.parametrize("status", Status)
def test_a_listed_value_of_an_enum_is_its_member(status):
    assert read(status=status.value).status is status
    assert status.is_known


@pytest.mark.parametrize("status", [*Status, Status("7")])
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_member_is_copied_and_pickled_as_what_it_is(status, again):
    assert again(status) == status
    assert hash(again(status)) == hash(status)
    assert type(again(status)) is Status
    assert again(status).is_known is status.is_known


@pytest.mark.parametrize("value", [7, None, b"P"])
def test_what_is_no_text_is_no_member(value):
    with pytest.raises(ValueError, match="is not a valid Status"):
        Status(value)


@pytest.mark.parametrize(("value", "text"), [("a", "a"), ("", ""), (12, "12"), (-(2**63), str(-(2**63)))])
def test_a_text_is_read_from_a_string_or_a_whole_number(value, text):
    assert read(template_id=value).template_id == text


@pytest.mark.parametrize("value", [2**53, 0, 1.5, -0.25])
def test_a_number_with_a_fraction_is_read_from_any_number(value):
    price = read(price=value).price
    assert type(price) is float
    assert price == value


def test_a_class_with_a_type_parameter_is_read_for_each_type():
    body = {"items": [{"id": "1"}], "next": "."}
    assert decode(body, Page[Message]) == Page(items=(Message(id=1),), next=".")
    assert decode({"items": ["1"]}, Page[Id]) == Page(items=(1,))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": 7}, "expected a string, got a number @ $.status"),
        ({"template_id": 1.0}, "expected a string or a whole number, got a number @ $.template_id"),
        ({"template_id": True}, "expected a string or a whole number, got a boolean @ $.template_id"),
        ({"template_id": 2**64}, "expected a string or a whole number, got a number @ $.template_id"),
        ({"price": "1.5"}, "expected a finite number, got a string @ $.price"),
        ({"price": True}, "expected a finite number, got a boolean @ $.price"),
        ({"price": float("nan")}, "expected a finite number, got a number @ $.price"),
        ({"price": float("inf")}, "expected a finite number, got a number @ $.price"),
        ({"price": 10**400}, "invalid value @ $.price"),
        ({"buttons": "ab"}, "expected an array, got a string @ $.buttons"),
        ({"buttons": {}}, "expected an array, got an object @ $.buttons"),
        ({"replies": "ab"}, "expected an array, got a string @ $.replies"),
        ({"replies": {"id": "1"}}, "expected an array, got an object @ $.replies"),
        ({"replies": [{"id": "1"}, {}]}, "required field missing @ $.replies[1].id"),
        ({"buttons": [None]}, "expected an object, got null @ $.buttons[0]"),
        ({"numbers": [1, "2"]}, "expected a whole number of 64 bits, got a string @ $.numbers[1]"),
        ({"params": []}, "invalid value @ $.params"),
        ({"params": {"name": None}}, "expected a string, got null @ $.params['name']"),
        ({"reply_to": {"id": "1", "reply_to": {}}}, "required field missing @ $.reply_to.reply_to.id"),
        (
            {"replies": [{"id": "1", "onwer_id": "1", "owner_id": 1}]},
            "onwer_id and owner_id contradict each other @ $.replies[0]",
        ),
    ],
    ids=lambda it: repr(it)[:40],
)
def test_what_is_not_of_its_type_is_refused_and_named_with_its_place(fields, words):
    with pytest.raises(DecodeError) as caught:
        read(**fields)
    assert caught.value.message == words


@frozen(kw_only=True)
class Call:
    began: EpochMillis = datetime(2026, 1, 1, tzinfo=UTC)
    ended: EpochMillis | None = None
    talk: Milliseconds | None = None
    waited: Seconds = timedelta(0)
    record: Plain = field(factory=dict)


@pytest.mark.parametrize(
    ("fields", "call"),
    [
        ({"began": 1767225600001}, Call(began=datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC))),
        ({"ended": "1767225600000"}, Call(ended=datetime(2026, 1, 1, tzinfo=UTC))),
        ({"ended": 0}, Call()),
        ({"ended": "0"}, Call()),
        ({"ended": None, "talk": None, "waited": None, "record": None}, Call()),
        ({"talk": 1500, "waited": "2"}, Call(talk=timedelta(seconds=1.5), waited=timedelta(seconds=2))),
        ({"talk": 0, "waited": 0}, Call(talk=timedelta(0))),
        ({"record": {"a": [None, {"b": 1.5}]}}, Call(record={"a": [None, {"b": 1.5}]})),
    ],
)
def test_counts_of_time_are_read_from_numbers_and_texts_and_written_as_numbers(fields, call):
    assert decode(fields, Call) == call
    assert decode(loads(encode(call)), Call) == call


def test_a_time_in_milliseconds_and_durations_are_whole_numbers_on_the_wire():
    call = Call(ended=datetime(2026, 1, 1, tzinfo=UTC), talk=timedelta(seconds=1.5), waited=timedelta(seconds=2))
    assert loads(encode(call)) == {
        "began": 1767225600000,
        "ended": 1767225600000,
        "talk": 1500,
        "waited": 2,
        "record": {},
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"began": 0}, "expected epoch milliseconds, got a number @ $.began"),
        ({"began": 1767225600}, "expected epoch milliseconds, got a number @ $.began"),
        ({"ended": "2026-01-01T00:00:00Z"}, "expected epoch milliseconds, got a string @ $.ended"),
        ({"ended": True}, "expected epoch milliseconds, got a boolean @ $.ended"),
        ({"ended": 1767225600000.0}, "expected epoch milliseconds, got a number @ $.ended"),
        ({"ended": 10**15}, "expected epoch milliseconds, got a number @ $.ended"),
        ({"talk": -1}, "expected milliseconds, got a number @ $.talk"),
        ({"talk": ""}, "expected milliseconds, got a string @ $.talk"),
        ({"talk": 2**64}, "expected milliseconds, got a number @ $.talk"),
        ({"waited": 1.5}, "expected seconds, got a number @ $.waited"),
        ({"waited": "9" * 30}, "expected seconds, got a string @ $.waited"),
        ({"record": []}, "expected an object, got an array @ $.record"),
        ({"record": "{}"}, "expected an object, got a string @ $.record"),
    ],
)
def test_what_is_no_count_of_time_and_no_object_is_refused(fields, words):
    with pytest.raises(DecodeError) as caught:
        decode(fields, Call)
    assert caught.value.message == words
