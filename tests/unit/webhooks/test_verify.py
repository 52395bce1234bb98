"""Zalo's signature: over the raw bytes, of one key and one app, for some hours."""

import hmac
import json
import pickle
from datetime import timedelta

import pytest

from etelecom_async import InvalidEvent, InvalidSignature, Secret, SignatureProblem
from etelecom_async.testing import run_virtually
from etelecom_async.webhooks import verify
from tests.support import everything_shown
from tests.support.events import APP, BODIES, MILLIS, MOMENT, REPLIED, SECRET, signed, to_bytes

BODY = to_bytes(REPLIED)
HOUR = timedelta(hours=1)


def check(body=BODY, headers=None, *, app_id=APP, secret=SECRET, at=MOMENT, **options):
    verify(body, signed(BODY) if headers is None else headers, app_id=app_id, secret=secret, now=lambda: at, **options)


def refusal(*arguments, **options):
    with pytest.raises(InvalidSignature) as caught:
        check(*arguments, **options)
    assert SECRET not in everything_shown(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).reason is caught.value.reason
    return caught.value.reason


@pytest.mark.parametrize("body", [body for body in BODIES if "timestamp" in body], ids=lambda body: body["event_name"])
def test_what_zalo_has_signed_is_accepted(body):
    raw = to_bytes(body)
    check(raw, signed(raw))
    check(raw, signed(raw), app_id=int(APP), secret=Secret(SECRET))


def test_a_timestamp_that_is_a_number_is_signed_by_its_digits():
    raw = to_bytes({**REPLIED, "timestamp": MILLIS})
    check(raw, signed(raw))


@pytest.mark.parametrize("name", ["X-ZEvent-Signature", "x-zevent-signature", "X-ZEVENT-SIGNATURE"])
def test_the_header_is_found_in_any_case_and_its_digits_are_read_in_any(name):
    [mac] = signed(BODY).values()
    check(headers={name: mac})
    check(headers={name: f" mac={mac.removeprefix('mac=').upper()} "})


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + b" "},
        {"body": BODY.replace(b"ALLOW", b"DENY1")},
        {"body": json.dumps(REPLIED, separators=(",", ":")).encode()},
        {"app_id": int(APP) + 1},
        {"secret": SECRET + "x"},
        {"headers": signed(BODY, secret="another")},
        {"headers": signed(BODY, app="7")},
        {"headers": signed(BODY, timestamp=str(MILLIS + 1))},
        {"headers": {"X-ZEvent-Signature": "mac=" + "0" * 64}},
    ],
)
def test_another_body_key_app_or_time_is_a_wrong_signature(changed):
    assert refusal(**changed) is SignatureProblem.WRONG


@pytest.mark.parametrize("headers", [{}, {"X-Signature": "mac=" + "0" * 64}, {"Content-Type": "application/json"}])
def test_a_request_without_the_header_is_told_apart_from_a_wrong_one(headers):
    assert refusal(headers=headers) is SignatureProblem.ABSENT


MAC = signed(BODY)["X-ZEvent-Signature"]


@pytest.mark.parametrize(
    "value", ["", "mac=", MAC[4:], MAC[:-1], MAC + "0", f"mac={MAC}", MAC.replace("mac", "MAC"), "mac=" + "٠" * 64]
)
def test_a_header_of_another_form_is_malformed(value):
    assert refusal(headers={"X-ZEvent-Signature": value}) is SignatureProblem.MALFORMED


def test_two_different_signatures_are_none():
    both = {"X-ZEvent-Signature": MAC, "x-zevent-signature": "mac=" + "0" * 64}
    assert refusal(headers=both) is SignatureProblem.MALFORMED


@pytest.mark.parametrize(
    "timestamp", [None, 0, "", "soon", 1.79e12, True, -MILLIS, MILLIS // 1000, f"0{MILLIS}", "9" * 20]
)
def test_a_body_without_a_time_in_milliseconds_is_refused_even_if_it_is_signed(timestamp):
    raw = to_bytes({**REPLIED, "timestamp": timestamp})
    assert refusal(raw, signed(raw, timestamp=str(timestamp))) is SignatureProblem.UNDATED


@pytest.mark.parametrize("late", [timedelta(0), 2 * HOUR, 3 * HOUR, -timedelta(minutes=5)])
def test_a_signature_is_accepted_for_three_hours_and_by_a_clock_that_is_five_minutes_behind(late):
    check(at=MOMENT + late)


@pytest.mark.parametrize("late", [3 * HOUR + timedelta(seconds=1), 24 * HOUR, -timedelta(minutes=5, seconds=1)])
def test_a_signature_beyond_that_is_out_of_date(late):
    assert refusal(at=MOMENT + late) is SignatureProblem.OUT_OF_DATE


def test_the_age_is_the_callers_choice():
    check(at=MOMENT + 24 * HOUR, max_age=24 * 3600)
    assert refusal(at=MOMENT + timedelta(seconds=61), max_age=60) is SignatureProblem.OUT_OF_DATE


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"headers": {}}, "The request has no header X-ZEvent-Signature."),
        (
            {"headers": {"X-ZEvent-Signature": ""}},
            "The header X-ZEvent-Signature is not one of 'mac=' and 64 hex digits.",
        ),
        ({"body": b"{}", "headers": signed(b"{}")}, "The body has no timestamp in epoch milliseconds."),
        ({"secret": "another"}, "The signature is of another key, another app or another body."),
        ({"at": MOMENT + 4 * HOUR}, "The event was signed 14400 seconds ago, and is accepted from -300 to 10800."),
    ],
)
def test_the_error_says_why_a_signature_is_not_accepted(changed, words):
    with pytest.raises(InvalidSignature) as caught:
        check(**changed)
    assert caught.value.message == words


def test_what_is_wrong_and_old_is_wrong():
    """An age that was not signed says nothing."""
    assert refusal(secret="another", at=MOMENT + 24 * HOUR) is SignatureProblem.WRONG


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"timestamp": "1", "timestamp": "2"}'])
def test_a_body_that_is_no_object_is_no_event(body):
    with pytest.raises(InvalidEvent):
        check(body, signed(body))


def test_the_clock_is_that_of_the_sdk_unless_one_is_given():
    async def check_now():
        verify(BODY, signed(BODY), app_id=APP, secret=SECRET)

    run_virtually(check_now(), start=MOMENT)
    with pytest.raises(InvalidSignature):
        run_virtually(check_now(), start=MOMENT + 4 * HOUR)


def test_signatures_are_compared_in_constant_time(monkeypatch):
    compared = []

    def compare(one, other):
        compared.append((one, other))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    check(headers={"X-ZEvent-Signature": "mac=" + "0" * 64})
    assert compared == [(MAC.removeprefix("mac="), "0" * 64)]
