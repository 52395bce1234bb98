"""What is read from the wire is exact or refused, and what is written reads back."""

import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest

from etelecom_async import CheckConsent, Consent, ConsentState, DecodeError, Phase
from etelecom_async.codec import decode, encode, loads
from tests.support import CANARY, PHONE, answer, ask, session_over

MOMENT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "consent"),
    [
        ({}, Consent()),
        ({"error": None, "message": None, "expired_time": None}, Consent()),
        ({"error": 0}, Consent(error=0)),
        ({"error": 0, "message": None}, Consent(error=0)),
        ({"error": None, "message": "words"}, Consent(message="words")),
        ({"error": 3, "new": {"a": [1]}, "": None, "granted": True}, Consent(error=3)),
    ],
)
def test_null_means_absent_and_unknown_fields_are_ignored(body, consent):
    assert decode(body, Consent) == consent


@pytest.mark.parametrize("body", [{}, {"error": None}, {"error_code": None}, {"message": "ok"}])
def test_a_missing_error_is_unknown_and_never_zero(body):
    assert decode(body, Consent).state is ConsentState.UNKNOWN


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error_code": 3}, 3),
        ({"error_code": 0}, 0),
        ({"error": None, "error_code": 3}, 3),
        ({"error": 3, "error_code": None}, 3),
        ({"error": 3, "error_code": 3}, 3),
    ],
)
def test_error_code_is_read_where_error_is_absent(body, code):
    assert decode(body, Consent).error == code


@pytest.mark.parametrize(("error", "error_code"), [(0, 3), (3, 0), (0, "0"), (0, False), (0, 0.0), (0, [])])
def test_two_codes_that_contradict_each_other_are_refused(error, error_code):
    with pytest.raises(DecodeError, match="error and error_code contradict each other"):
        decode({"error": error, "error_code": error_code}, Consent)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("error", value)
        for value in ("0", "", 0.0, 0.5, float("nan"), float("inf"), 2**64, -(2**63) - 1, False, True, [], {}, [0])
    ]
    + [("message", value) for value in (0, 1.5, True, [], {}, ["words"])]
    + [("expired_time", value) for value in (0, 1893456000, 1.5, True, [], {})],
)
def test_nothing_is_coerced(field, value):
    with pytest.raises(DecodeError, match=rf"@ \$\.{field}$"):
        decode({"error": 0, field: value}, Consent)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-01-01T00:00:00Z", MOMENT),
        ("2030-01-01t00:00:00z", MOMENT),
        ("2030-01-01T07:00:00+07:00", MOMENT),
        ("2029-12-31T18:30:00-05:30", MOMENT),
        ("2030-01-01T00:00:00-00:00", MOMENT),
        ("2030-01-01T00:00:00.5Z", MOMENT.replace(microsecond=500_000)),
        ("2030-01-01T00:00:00.000001+00:00", MOMENT.replace(microsecond=1)),
        ("2030-01-01T00:00:00.123456789Z", MOMENT.replace(microsecond=123_456)),
    ],
)
def test_a_time_has_any_offset_and_any_fraction(text, moment):
    read = decode({"expired_time": text}, Consent).expired_time
    assert read == moment
    assert read.utcoffset() is not None


ZERO_TIMES = ["0001-01-01T00:00:00Z", "0001-01-01t00:00:00z", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00+00:00"]
ZERO_TIMES += ["0001-01-01T07:00:00+07:00", "0001-01-01T07:06:40+07:06", "0000-12-31T17:00:00-07:00"]


@pytest.mark.parametrize("text", ZERO_TIMES)
def test_the_zero_time_means_unset_in_every_offset(text):
    assert decode({"error": 0, "expired_time": text}, Consent) == Consent(error=0)


NO_TIMES = ["", "never", "0", "1893456000", "1893456000000", "2030-01-01", "2030-01-01T00:00:00"]
NO_TIMES += ["2030-01-01 00:00:00Z", "2030-01-01T00:00Z", "2030-01-01T00:00:00.Z", "2030-01-01T00:00:00+07"]
NO_TIMES += ["2030-01-01T00:00:00+0700", "2030-01-01T00:00:00+24:00", "2030-13-01T00:00:00Z", "2030-02-30T00:00:00Z"]
NO_TIMES += ["2030-01-01T25:00:00Z", "2030-01-01T00:00:00Z\n", " 2030-01-01T00:00:00Z", "٢٠٣٠-01-01T00:00:00Z"]
NO_TIMES += ["20300101T000000Z", "0001-01-01T", "0001-01-01Tgarbage", "0001-01-01Tab:cd:efZ", "2030-01-01Tab:cd:efZ"]
NO_TIMES += ["0001-01-01T00:00:00"]


@pytest.mark.parametrize("text", NO_TIMES, ids=ascii)
def test_what_is_no_time_is_refused_and_never_read_as_unset(text):
    with pytest.raises(DecodeError, match=r"@ \$\.expired_time$"):
        decode({"error": 0, "expired_time": text}, Consent)


NO_JSON = [b"", b" ", b"{", b'{"error": 0', b'{"error": 0}}', b"<html></html>", b"error=0", b"'error'"]
NO_JSON += [b"\xff\xfe\xfd", b"\0", b"[" * 100_000, b'{"error": ' + b"1" * 5000 + b"}"]


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: ascii(body[:15]))
async def test_a_200_that_is_not_json_is_a_decode_error(body):
    with pytest.raises(DecodeError, match="not JSON") as caught:
        await ask(session_over(answer(body)))
    assert caught.value.phase is Phase.UNKNOWN
    assert caught.value.endpoint == "Zalo/CheckConsent"
    assert caught.value.__context__ is None


@pytest.mark.parametrize("body", [b"null", b"0", b"true", b'"GRANTED"', b"[]", b'[{"error": 0}]', b"0.0", b"NaN"])
async def test_a_200_that_is_no_object_is_a_decode_error(body):
    with pytest.raises(DecodeError):
        await ask(session_over(answer(body)))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"error": CANARY}, "$.error"),
        ({"error": {CANARY: CANARY}}, "$.error"),
        ({"error": 0, "message": [CANARY]}, "$.message"),
        ({"error": 0, "expired_time": CANARY}, "$.expired_time"),
        ({"error": 0, "expired_time": f"2030-01-01T00:00:00Z{CANARY}"}, "$.expired_time"),
        ([CANARY], "$"),
        (f'"{CANARY}"', "$"),
    ],
)
async def test_a_decode_error_names_the_path_and_never_the_value(body, path):
    with pytest.raises(DecodeError) as caught:
        await ask(session_over(answer(body)))
    error = caught.value
    assert error.message.endswith(f"@ {path}")
    assert CANARY not in f"{error} {error!r} {vars(error)}"
    assert CANARY.encode() not in pickle.dumps(error)
    assert (error.__context__, error.__cause__) == (None, None)


@pytest.mark.parametrize("oa_id", ["", " 1", "1.0", "-1", "0x1", "١", "9" * 25, 1.0, True, [], None])
def test_what_is_not_written_like_an_id_is_named(oa_id):
    with pytest.raises(DecodeError, match=r"@ \$\.oa_id"):
        decode({"oa_id": oa_id, "phone": PHONE}, CheckConsent)


@pytest.mark.parametrize("oa_id", ["0", 0, -1, 2**63, str(2**63)])
def test_a_number_outside_the_range_of_ids_is_refused(oa_id):
    with pytest.raises(DecodeError):
        decode({"oa_id": oa_id, "phone": PHONE}, CheckConsent)


def test_a_time_is_written_with_its_offset():
    hanoi = timezone(timedelta(hours=7))
    written = loads(encode(Consent(error=0, expired_time=datetime(2030, 1, 1, 7, tzinfo=hanoi))))
    assert written == {"error": 0, "message": "", "expired_time": "2030-01-01T07:00:00+07:00"}
