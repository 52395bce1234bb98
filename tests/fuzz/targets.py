"""What must hold for any bytes at all. Each target takes some and raises where it does not."""

import asyncio
import html
import json
import math
import pickle
from datetime import UTC, datetime
from urllib.parse import quote

from etelecom_async import (
    CHECK_CONSENT,
    ApiError,
    CheckConsent,
    Consent,
    DecodeError,
    EtelecomError,
    Phase,
    RateLimited,
    ServerFault,
    Unavailable,
    UnexpectedStatus,
)
from etelecom_async.api import ENDPOINTS
from etelecom_async.codec import decode, encode, loads
from etelecom_async.pipeline.status import api_error
from tests.support import KEY, answer, everything_shown, session_over
from tests.support.oracles import BY_STATUS, NEW, OLD, REJECTED, permits

MOMENT = datetime(2030, 1, 1, tzinfo=UTC)
MODELS = {kind for endpoint in ENDPOINTS.values() for kind in (endpoint.payload, endpoint.result)}
CODES = {code: kind for _, code, kind in OLD} | {xcode: kind for _, _, xcode, kind in NEW}
STATUSES = dict(BY_STATUS)
SPELLINGS = {
    b"<key>": KEY,
    b"<json>": "".join(f"\\u{ord(character):04x}" for character in KEY),
    b"<url>": quote(KEY, safe=""),
    b"<html>": "".join(f"&#{ord(character)};" for character in KEY),
    b"<HTML>": "".join(f"&#x{ord(character):X};" for character in html.escape(KEY)),
}
"""What stands for the key in an input, and how it is written there."""
ASKED = CheckConsent(oa_id=7, phone="0987654321")


class Twice(ValueError):
    """An object has a name twice."""


def once(members):
    """An object as a dict, whose names stand in it once."""
    if len(dict(members)) < len(members):
        raise Twice
    return dict(members)


def certain(members):
    """An object as a dict, without the names that stand in it with different values."""
    return {
        name: value for name, value in members if all(repr(value) == repr(it) for its, it in members if its == name)
    }


def parsed(data, hook=once):
    """The value that a body says, by the standard library alone; None, which no model is, for what says none."""
    try:
        return json.loads(data.decode(), object_pairs_hook=hook)
    except (ValueError, RecursionError):
        return None


def check_error(error):
    """What holds for every error: it pickles, and its text is one line."""
    assert isinstance(error, EtelecomError)
    assert str(error).isprintable()
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def consent(data):
    """A body is a `Consent` that fails closed, and reads back as it is written, or it is a `DecodeError`."""
    try:
        found = decode(loads(data), Consent)
    except DecodeError as error:
        check_error(error)
        return
    assert found.granted_at(MOMENT) is permits(parsed(data), MOMENT)
    assert found.granted_at(MOMENT) <= (found.error == 0)
    assert decode(loads(encode(found)), Consent) == found


def models(data):
    """A body is a model or a `DecodeError`, and reads back as it is written."""
    for model in MODELS:
        try:
            found = decode(loads(data), model)
        except DecodeError as error:
            check_error(error)
        else:
            assert decode(loads(encode(found)), model) == found


def response_of(data):
    """An answer, from lines as HTTP has them: the status, the headers, nothing, the body."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    status = int(first) if first.isascii() and first.isdigit() and 200 <= int(first[:4]) <= 599 else 500
    headers = {name.lower(): value for name, mark, value in (line.partition(":") for line in lines) if mark}
    return answer(body, status, **headers)


def right_kind(status, code, xcode):
    """The class that the server's documents give to an error."""
    if status == 429:
        return RateLimited
    usual = ServerFault if status >= 500 else UnexpectedStatus
    return CODES.get(xcode) or CODES.get(code) or STATUSES.get(status) or usual


def refusal(data):
    """An answer of another status than 200 is the right `ApiError`."""
    response = response_of(data)
    if response.status == 200:
        return
    error = api_error(response)
    check_error(error)
    body = parsed(response.body, certain)
    body = body if isinstance(body, dict) else {}
    meta = body.get("meta") if isinstance(body.get("meta"), dict) else {}
    code, xcode = (text if isinstance(text, str) else "" for text in (body.get("code"), meta.get("xcode")))
    assert type(error) is right_kind(response.status, code, xcode)
    assert error.status == response.status
    is_rejected = response.status >= 400 and type(error) in REJECTED
    assert error.phase is (Phase.REJECTED if is_rejected else Phase.UNKNOWN)
    assert error.retry_after is None or (error.retry_after >= 0 and math.isfinite(error.retry_after))
    assert len(error.message) <= 500
    assert error.code.isprintable()
    assert error.meta.keys() <= meta.keys()


def end_of(response):
    """What a call makes of an answer: a `Reply`, or the error that it raises."""
    try:
        return asyncio.run(session_over(response).call_raw(CHECK_CONSENT, ASKED))
    except EtelecomError as error:
        return error


def call(data):
    """A whole call ends in a `Consent` that fails closed or in a right error, and neither shows the key."""
    for mark, spelling in SPELLINGS.items():
        data = data.replace(mark, spelling.encode())
    response = response_of(data)
    end = end_of(response)
    if isinstance(end, EtelecomError):
        check_error(end)
        assert KEY not in everything_shown(end)
        assert isinstance(end, (DecodeError | RateLimited | Unavailable) if response.status == 200 else ApiError)
        return
    assert response.status == 200
    now = datetime.now(UTC)
    assert end.value.granted_at(now) is permits(parsed(response.body), now)
    assert KEY not in f"{end!r} {end.value} {end.response.headers} {end.response.body} {end.response.json()}"


TARGETS = {target.__name__: target for target in (consent, models, refusal, call)}
