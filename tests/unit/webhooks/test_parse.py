"""Bodies become typed events, with their payload where no class fits, or `InvalidEvent`."""

import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from etelecom_async import InvalidEvent
from etelecom_async.codec import encode
from etelecom_async.webhooks import (
    ACK,
    MAX_BODY,
    CallMedium,
    Change,
    ConsentRequestType,
    OACallUser,
    OASendConsent,
    UnknownEvent,
    UserCallOA,
    UserConsent,
    UserReplyConsent,
    parse,
)
from tests.support import CANARY
from tests.support.events import (
    APP,
    ASKED,
    BODIES,
    CALL_LOG,
    CALLED,
    CALLING,
    CHANGE,
    MESSAGE,
    MILLIS,
    MOMENT,
    OTHER,
    REPLIED,
    to_bytes,
)

PHONE = "84987654321"
OA = {"oa_id": 1000000000000000003, "app_id": int(APP), "timestamp": MOMENT}


def read(value, headers=None):
    return parse(to_bytes(value), headers or {})


def only(value):
    [event] = read(value)
    return event


def test_the_answer_to_a_sender_is_exactly_ok():
    assert ACK == b"ok"


CALL = {
    **OA,
    "call_id": "c-1",
    "call_type": CallMedium.AUDIO,
    "init_time": MOMENT,
    "call_duration": timedelta(seconds=61.5),
    "waiting_time": timedelta(seconds=4),
    "talk_time": timedelta(seconds=57.5),
    "status_code": "0",
}


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (
            ASKED,
            OASendConsent(
                phone=PHONE,
                request_type=ConsentRequestType.SENT,
                create_time=MOMENT,
                expired_time=MOMENT + timedelta(days=1),
                **OA,
            ),
        ),
        (
            REPLIED,
            UserReplyConsent(
                phone=PHONE, user_consent=UserConsent.ALLOW, confirmed_time=MOMENT, expired_time=None, **OA
            ),
        ),
        (CALLED, UserCallOA(user_id="3000000000000000009", **CALL)),
        (CALLING, OACallUser(phone=PHONE, **CALL)),
    ],
    ids=lambda it: type(it).__name__,
)
def test_an_event_of_zalo_has_its_fields_with_units_and_time_zones(body, event):
    assert only(body) == event
    assert type(only(body)) is type(event)
    assert only(body).timestamp.utcoffset() == timedelta(0)


def test_the_changes_of_an_account_delivery_are_events_in_their_order():
    call, message = read({"id": "1", "changes": [CHANGE, MESSAGE]})
    assert (type(call), call.entity, call.change_type, call.time) == (Change, "call_log", "update", MOMENT)
    assert (call.record, call.record_id) == (CALL_LOG, CALL_LOG["id"])
    assert call.changed == CHANGE["changed"]
    assert message.record == {"id": "5", "status": "P"}
    assert read({"id": "2", "changes": []}) == ()
    assert len(read({"id": "3", "changes": [CHANGE] * 1000})) == 1000


@pytest.mark.parametrize(
    ("parts", "record", "record_id"),
    [
        ({"latest": {"call_log": {"id": 7}}}, {"id": 7}, "7"),
        ({"latest": {"another_name": {"id": "7"}}}, {"id": "7"}, "7"),  # the inner name is an inference
        ({"latest": None, "changed": {"call_log": {"id": "7"}}}, {"id": "7"}, "7"),
        ({"latest": {"a": {"id": "7"}, "b": {"id": "8"}}}, {}, ""),
        ({"latest": {"call_log": [1]}}, {}, ""),
        ({"latest": {"call_log": {"id": True}}}, {"id": True}, ""),
        ({"latest": {"call_log": {}}}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_the_record_of_a_change_is_found_or_empty(parts, record, record_id):
    [change] = read({"changes": [{"entity": "call_log", **parts}]})
    assert (change.record, change.record_id) == (record, record_id)


@pytest.mark.parametrize("wire", [MILLIS, str(MILLIS)])
def test_epoch_milliseconds_are_read_as_a_number_and_as_text(wire):
    assert only({**REPLIED, "confirmed_time": wire}).confirmed_time == MOMENT


@pytest.mark.parametrize("wire", [0, "0", None])
def test_no_time_is_none(wire):
    assert only({**REPLIED, "expired_time": wire}).expired_time is None


def test_milliseconds_are_exact_and_go_to_the_end_of_the_calendar():
    assert only({**REPLIED, "confirmed_time": MILLIS + 1}).confirmed_time == MOMENT + timedelta(milliseconds=1)
    last = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    assert only({**REPLIED, "confirmed_time": 253_402_300_799_999}).confirmed_time == last


WRONG_TIMES = [
    MILLIS // 1000,
    -1,
    253_402_300_800_000,
    10**30,
    1.79e12,
    True,
    "",
    "-1",
    "soon",
    "１７９００００００００００",
    [],
]
WRONG_TIMES += ["2026-09-21T14:13:20Z", " 1790000000000", "1_790_000_000_000", "9" * 5000, {}]


@pytest.mark.parametrize("wire", WRONG_TIMES, ids=lambda it: ascii(it)[:20])
def test_what_is_no_time_in_milliseconds_is_never_read_as_one(wire):
    """Seconds least of all, which would be a time in 1970."""
    event = only({**REPLIED, "confirmed_time": wire})
    assert type(event) is UnknownEvent
    assert event.problem.startswith("expected epoch milliseconds")
    assert event.problem.endswith("@ $.confirmed_time")
    assert event.payload["confirmed_time"] == wire


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone", None),
        ("phone", "84***321"),
        ("phone", ""),
        ("phone", 1.5),
        ("oa_id", "abc"),
        ("user_consent", 1),
        ("timestamp", "soon"),
    ],
)
def test_an_event_that_does_not_fit_its_class_keeps_its_payload_and_says_where(name, value):
    body = {**REPLIED, name: value}
    event = only(body)
    assert (type(event), event.name, event.payload) == (UnknownEvent, "user_reply_consent", body)
    assert "@ $" in event.problem


@pytest.mark.parametrize("phone", ["84***321", "", "0987654321 or 0987654322", 12])
def test_a_phone_that_is_none_is_the_named_problem(phone):
    for event in (REPLIED, ASKED, CALLED, CALLING):
        assert only({**event, "phone": phone}).problem == "not a phone number @ $.phone"
    assert only({**REPLIED, "phone": phone, "user_consent": 1}).problem.endswith("@ $.user_consent")


@pytest.mark.parametrize("wire", [84987654321, "0987 654 321", "+84987654321", 987654321])
def test_a_phone_is_in_wire_form_however_it_is_written(wire):
    assert only({**REPLIED, "phone": wire}).phone == PHONE
    assert only({**CALLING, "phone": wire}).phone == PHONE


def test_a_new_value_of_an_enum_is_kept():
    event = only({**REPLIED, "user_consent": "LATER"})
    assert (event.user_consent, event.user_consent.is_known) == ("LATER", False)


@pytest.mark.parametrize("answer", ["\ud800", "ALLOW\nCRITICAL:root:all granted", "\x1b[2J", "A" * 1_000_000])
def test_an_event_prints_a_new_value_of_an_enum_in_one_short_line_that_any_stream_takes(answer):
    for event in (only({**REPLIED, "user_consent": answer}), only({**CALLING, "call_type": answer})):
        assert repr(event).isprintable()
        assert len(repr(event).encode()) < 1000


def test_an_event_without_a_class_keeps_its_payload():
    assert only(OTHER) == UnknownEvent(name="user_send_text", payload=OTHER)


@pytest.mark.parametrize("change", [{**CHANGE, "time": 5}, {**CHANGE, "entity": None}, {**CHANGE, "latest": []}, {}])
def test_one_change_that_does_not_fit_takes_no_other_with_it(change):
    good, bad = read({"id": "1", "changes": [CHANGE, change]})
    assert type(good) is Change
    assert (type(bad), bad.payload) == (UnknownEvent, change)
    assert bad.problem


@pytest.mark.parametrize("headers", [{"num_retry": "3"}, {"Num_Retry": " 3 "}, {"NUM_RETRY": "3", "x": "y"}])
def test_the_number_of_repetitions_comes_from_the_header_in_any_case(headers):
    [event] = read(REPLIED, headers)
    assert event.num_retry == 3
    assert event == only(REPLIED)
    assert event.key == only(REPLIED).key


def test_a_number_of_repetitions_has_up_to_four_digits():
    assert read(REPLIED, {"num_retry": "9999"})[0].num_retry == 9999


@pytest.mark.parametrize("text", ["", "-1", "many", "1.5", "²", "10000", "9" * 5000])
def test_a_number_of_repetitions_that_is_none_counts_as_the_first_time(text):
    assert read(REPLIED, {"num_retry": text})[0].num_retry == 0


def test_the_body_cannot_say_how_often_it_came():
    assert only({**REPLIED, "num_retry": 7}).num_retry == 0


def nested(depth):
    """A body whose object is the first level."""
    return b'{"event_name": "x", "a": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_a_body_is_nested_up_to_32_deep():
    assert type(parse(nested(32), {})[0]) is UnknownEvent
    with pytest.raises(InvalidEvent, match="nested more than 32 deep"):
        parse(nested(33), {})


NO_EVENTS = [b"", b"ok", b"null", b"5", b'"text"', b"[]", b'[{"event_name": "x"}]', b"{}", b'{"id": "1"}', b"\xff\xfe"]
NO_EVENTS += [b'{"event_name": ""}', b'{"event_name": 5}', b'{"event_name": null}', b'{"changes": {}}']
NO_EVENTS += [b'{"changes": [5]}', b'{"changes": [null]}', b"event_name=user_reply_consent", b"\xef\xbb\xbf{}"]
NO_EVENTS += [b'{"event_name": "x", "a": NaN}', b'{"event_name": "x", "a": [1e999]}', b'{"event_name": "x"} {}']
NO_EVENTS += [nested(40), nested(100_000), b'{"event_name": "x", "a": ' + b"1" * 5000 + b"}"]


@pytest.mark.parametrize("body", NO_EVENTS, ids=lambda body: ascii(body[:30]))
def test_a_body_that_is_no_event_is_the_typed_error(body):
    with pytest.raises(InvalidEvent) as caught:
        parse(body, {})
    assert caught.value.message.endswith((".", ")"))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "The body is not JSON (1 bytes)."),
        (b"[]", "The body is no event: it is JSON, and no object."),
        (b"{}", "The body is no event: it has neither an event_name nor an array of changes."),
        (b'{"changes": [5]}', "The body is no event: one of its changes is no object."),
        (
            b'{"event_name": "x", "a": NaN}',
            "The body has a number that JSON does not have, such as NaN, or that is too large.",
        ),
    ],
)
def test_the_error_says_why_a_body_is_no_event(body, words):
    with pytest.raises(InvalidEvent) as caught:
        parse(body, {})
    assert caught.value.message == words


@pytest.mark.parametrize(
    "body",
    [
        b'{"event_name": "user_reply_consent", "user_consent": "DENY", "user_consent": "ALLOW"}',
        b'{"event_name": "a", "event_name": "b"}',
        b'{"event_name": "x", "a": {"b": 1, "b": 1}}',
        b'{"id": "1", "changes": [{"entity": "call_log", "entity": "other"}]}',
    ],
)
def test_a_name_twice_in_one_object_is_refused(body):
    with pytest.raises(InvalidEvent, match="a name twice in one object"):
        parse(body, {})


def test_a_body_up_to_the_bound_is_read_and_a_larger_one_is_not():
    assert MAX_BODY == 8 * 2**20
    head, tail = b'{"event_name": "x", "a": "', b'"}'
    body = head + b"a" * (MAX_BODY - len(head) - len(tail)) + tail
    assert type(parse(body, {})[0]) is UnknownEvent
    with pytest.raises(InvalidEvent, match=f"too large for an event .{MAX_BODY + 1} bytes"):
        parse(body + b" ", {})


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.get("event_name", "changes"))
def test_events_pickle_hash_and_show_no_phone(body):
    for event in read(body):
        copy = pickle.loads(pickle.dumps(event))
        assert (copy, hash(copy), copy.key) == (event, hash(event), event.key)
        assert "987654321" not in repr(event)
        assert "987654322" not in repr(event)


@pytest.mark.parametrize("body", [ASKED, REPLIED, CALLED, CALLING])
def test_an_event_reads_back_as_it_is_written(body):
    event = only(body)
    written = {**json.loads(encode(event)), "event_name": event.event_name}
    assert only(written) == event


def test_no_error_and_no_problem_shows_what_the_body_says():
    with pytest.raises(InvalidEvent) as caught:
        parse(f'{{"{CANARY}": "{CANARY}"}}'.encode(), {CANARY: CANARY})
    assert CANARY not in f"{caught.value!r} {vars(caught.value)}"
    for name in ("phone", "timestamp", "oa_id", "confirmed_time"):
        assert CANARY not in repr(only({**REPLIED, name: CANARY}))
