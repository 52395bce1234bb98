"""Each event once: a repetition is known by what has changed, in bounded memory or in a store."""

import itertools

import pytest

from etelecom_async import ConfigError
from etelecom_async.webhooks import Seen, parse
from tests.support.events import ASKED, BODIES, CALL_LOG, CHANGE, MESSAGE, OTHER, REPLIED, to_bytes


def read(value):
    return parse(to_bytes(value), {})


def delivery(*changes, number):
    return read({"id": str(number), "changes": list(changes)})


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.get("event_name", "changes"))
def test_a_repetition_is_left_out(body):
    seen = Seen()
    assert tuple(seen.new(read(body))) == read(body)
    assert list(seen.new(read(body))) == []


def test_a_retry_under_a_new_id_is_known_by_its_changes_in_any_order_and_company():
    seen = Seen()
    assert len(list(seen.new(delivery(CHANGE, number=1)))) == 1
    [fresh] = seen.new(delivery(MESSAGE, CHANGE, number=2))
    assert fresh.entity == "zl_oa_message"


def test_a_change_twice_in_one_delivery_comes_once():
    assert len(list(Seen().new(delivery(CHANGE, CHANGE, number=1)))) == 1


def test_the_record_as_it_is_at_the_retry_makes_no_new_change():
    seen = Seen()
    list(seen.new(delivery(CHANGE, number=1)))
    refreshed = {**CHANGE, "latest": {"call_log": {**CALL_LOG, "note": "called back"}}}
    assert list(seen.new(delivery(refreshed, number=2))) == []


def test_the_same_moment_in_another_time_zone_is_the_same_change():
    elsewhere = {**CHANGE, "time": "2026-09-21T21:13:20+07:00"}
    assert delivery(CHANGE, number=1)[0].key == delivery(elsewhere, number=1)[0].key


OTHERS = [
    {**CHANGE, "time": "2026-09-21T14:13:21Z"},
    {**CHANGE, "change_type": "delete"},
    {**CHANGE, "entity": "zl_oa_message", "latest": {"zl_oa_message": CALL_LOG}},
    {**CHANGE, "latest": {"call_log": {**CALL_LOG, "id": "5"}}},
    {**CHANGE, "changed": {"call_log": {"id": CALL_LOG["id"], "duration": 62}}},  # within the same second
    {**CHANGE, "time": None},
    {**CHANGE, "time": None, "latest": {"call_log": {**CALL_LOG, "duration": 62}}},
    {**CHANGE, "latest": None, "changed": {"call_log": {"duration": 61}}},
    {"entity": "call_log"},
]


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations([CHANGE, *OTHERS], 2)])
def test_another_entity_record_moment_or_difference_is_another_change(one, other):
    assert len(list(Seen().new(delivery(one, other, number=1)))) == 2


@pytest.mark.parametrize(
    "other",
    [
        {**REPLIED, "user_consent": "DENY"},
        {**REPLIED, "phone": "84987654322"},
        {**REPLIED, "timestamp": "1790000000001"},
        {**ASKED, "request_type": "EXPIRED"},
        {**OTHER, "message": {"text": "khác"}},
    ],
)
def test_another_event_of_the_same_name_is_new(other):
    seen = Seen()
    for body in (REPLIED, ASKED, OTHER):
        assert len(list(seen.new(read(body)))) == 1
    assert len(list(seen.new(read(other)))) == 1


def test_an_event_whose_handling_failed_comes_again_and_those_before_it_do_not():
    seen, handled = Seen(), []

    def handle_all():
        for event in seen.new(delivery(CHANGE, MESSAGE, number=1)):
            if event.entity == "zl_oa_message" and len(handled) == 1:
                handled.append("failure")
                raise ZeroDivisionError
            handled.append(event.entity)

    with pytest.raises(ZeroDivisionError):
        handle_all()
    handle_all()
    handle_all()
    assert handled == ["call_log", "failure", "zl_oa_message"]


def test_memory_is_bounded_and_the_last_events_are_known():
    seen = Seen(size=10)
    events = [read({**OTHER, "number": number})[0] for number in range(25)]
    assert len(list(seen.new(events))) == 25
    assert list(seen.new(events[15:])) == []
    assert len(list(seen.new(events[:15]))) == 15


def test_an_event_that_is_known_is_not_kept_twice():
    seen = Seen(size=2)
    one, other, third = (read({**OTHER, "number": number})[0] for number in range(3))
    assert list(seen.new([one, other, other, other, third])) == [one, other, third]
    assert list(seen.new([other, third])) == []


def test_a_store_of_the_callers_keeps_the_keys_for_all():
    store = set()
    assert len(list(Seen(store=store).new(read(REPLIED)))) == 1
    assert list(Seen(store=store).new(read(REPLIED))) == []
    assert store == {read(REPLIED)[0].key}


class AsyncStore:
    def __contains__(self, key):
        return False

    async def add(self, key): ...


def test_a_store_that_would_have_to_be_awaited_is_refused_with_what_to_do_instead():
    with pytest.raises(ConfigError, match=r"^Seen\.store is .*keep event\.key .*; got an AsyncStore\.$"):
        Seen(store=AsyncStore())


def test_what_is_no_event_is_refused_by_its_place_after_those_before_it():
    event = read(REPLIED)[0]
    handled = Seen().new([event, None])
    assert next(handled) == event
    with pytest.raises(ConfigError, match=r"^events\[1\] is an event, as parse\(\) returns them; got None\.$"):
        next(handled)


def test_no_iterable_of_events_is_refused_without_the_promise_of_an_async_one():
    with pytest.raises(ConfigError) as caught:
        Seen().new(read(REPLIED)[0])
    assert caught.value.message == (
        "events is an iterable of events, as parse() returns them; got an UserReplyConsent."
    )
