"""Every known body, and many that were damaged: typed events or the typed error, and never anything else."""

import copy
import json
import pickle
import random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etelecom_async import InvalidEvent, InvalidSignature
from etelecom_async.webhooks import ConsentWaiter, Event, Seen, parse, verify
from tests.support import session_over
from tests.support.events import APP, BODIES, MILLIS, MOMENT, SECRET, signed, to_bytes
from tests.support.strategies import values

MUTATED = 10_000 if settings.default.max_examples > 25 else 300
"""By the profile: `--hypothesis-profile=thorough` takes all of them."""

odd = st.sampled_from(
    [None, True, 0, -1, 1.5, 2**63, 10**30, "", "0", "soon", "\ud800", "\0", [], {}, [[]], MILLIS, str(MILLIS), "ALLOW"]
)
headers = st.dictionaries(st.sampled_from(["num_retry", "X-ZEvent-Signature", "a"]), st.text(max_size=10), max_size=3)


def places(value):
    """Every object and array in it that has something."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] * bool(inner) + [place for part in inner for place in places(part)]


@st.composite
def restructured(draw):
    """A body with some of its values replaced, dropped, moved or added."""
    body = json.loads(json.dumps(draw(st.sampled_from(BODIES))))
    for _ in range(draw(st.integers(0, 3))):
        choices = places(body)
        if not choices:
            break
        place = draw(st.sampled_from(choices))
        at = draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
        match draw(st.sampled_from(["replace", "drop", "wrap", "add"])):
            case "replace":
                place[at] = copy.deepcopy(draw(odd | values))
            case "drop":
                del place[at]
            case "wrap":
                place[at] = [place[at]]
            case "add" if isinstance(place, dict):
                place[draw(st.sampled_from(["changes", "event_name", "time", "num_retry", "key", ""]))] = copy.deepcopy(
                    draw(odd)
                )
    return json.dumps(body).encode()


@st.composite
def damaged(draw):
    """The bytes of a body with some of them cut out, repeated, replaced or swapped."""
    body = bytearray(draw(restructured()))
    chance = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 4))):
        one, other = sorted(chance.randrange(len(body) + 1) for _ in range(2))
        match chance.randrange(4):
            case 0:
                del body[one : min(other, one + 20)]
            case 1:
                body[one:one] = body[one : one + 40]
            case 2:
                body[one : one + 1] = chance.choice(
                    [b"{", b"}", b"[", b'"', b",", b":", b"\\", b"0", b"\xff", b"-", b"e"]
                )
            case _:
                body[one:other] = body[other : 2 * other - one]
    return bytes(body)


def check(body, given):
    try:
        events = parse(body, given)
    except InvalidEvent:
        return
    assert type(events) is tuple
    waiter = ConsentWaiter(session_over())
    for event in Seen().new(events):
        assert isinstance(event, get_args(Event))
        assert pickle.loads(pickle.dumps(event)) == event
        assert (len(event.key), hash(event)) == (32, hash(event))
        assert repr(event)
        waiter.feed(event)
    assert [event.key for event in events] == [event.key for event in parse(body, {})]


@pytest.mark.longest
@settings(max_examples=MUTATED)
@given(st.sampled_from(BODIES).map(to_bytes) | restructured() | damaged() | st.binary(max_size=60), headers)
def test_any_body_is_typed_events_or_the_typed_error(body, given):
    check(body, given)


@given(st.sampled_from(BODIES).map(to_bytes) | restructured() | damaged(), headers, st.booleans())
def test_any_body_and_header_is_verified_or_refused_by_a_typed_error(body, given, is_signed):
    try:
        verify(body, signed(body) if is_signed else given, app_id=APP, secret=SECRET, now=lambda: MOMENT)
    except (InvalidEvent, InvalidSignature):
        return
    assert is_signed
    assert str(json.loads(body)["timestamp"]) == str(MILLIS)
