"""Where a search begins, and the words that it puts together."""

import json
from datetime import UTC, datetime

import attrs

from tests.fuzz.targets import CODES, MODELS, SPELLINGS

_BODIES = [
    {"error": 0, "message": "Success", "expired_time": "2031-05-06T07:08:09.123456789+07:00"},
    {"error": 0, "message": "", "expired_time": "0001-01-01T00:00:00Z"},
    {"error": None, "error_code": 0, "expired_time": None},
    {"error": 0, "error_code": 3},
    {"error": 5, "message": "Too many"},
    {"error": -216, "message": "Khách hàng 😀", "expired_time": "2020-01-01t00:00:00z"},
    {"oa_id": "1000000000000000003", "phone": "84987654321"},
    {"oa_id": 7, "phone": "+84 (0)987.654.321"},
]
_ERRORS = [
    {"code": "permission_denied", "msg": "OA không thuộc shop", "meta": {}},
    {"code": "unknown", "msg": "x", "meta": {"xcode": "external_service", "reason": "y"}},
    {"code": 5, "msg": ["x"], "meta": "y"},
]
_PAGE = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad &amp; <b>Gateway</b></h1></body></html>"
_bodies = [json.dumps(body, ensure_ascii=False).encode() for body in _BODIES]
_answers = [
    *(f"{status}\n\n{json.dumps(body)}".encode() for status in (403, 404, 500, 503) for body in _ERRORS),
    f"502\nretry-after: 3\n\n{_PAGE}".encode(),
    b"429\nretry-after: Wed, 21 Oct 2026 07:28:00 GMT\ndate: Wed, 21 Oct 2026 07:27:00 GMT\n\n",
    b"302\nlocation: https://a:b@example.vn/x?y#z\n\n",
]
_echoes = [
    *(b"200\n\n" + body for body in _bodies),
    *(b'200\nx-a: %b\n\n{"error":0,"message":"%b","%b":1}' % (mark, mark, mark) for mark in SPELLINGS),
    *(b'401\nlocation: %b\n\n{"code":"%b","msg":"%b"}' % (mark, mark, mark) for mark in SPELLINGS),
    *(b"502\n\n<html>%b</html>" % mark for mark in SPELLINGS),
]

SEEDS = {"consent": _bodies, "models": _bodies, "refusal": _answers, "call": [*_answers, *_echoes]}
"""Whole inputs for each target."""

_NUMBERS = ["0", "-0", "0.0", "5", "10", "12", "1e400", str(2**63), str(2**64), str(-(2**63) - 1), "NaN", "-Infinity"]
_TIMES = ["2031-05-06T07:08:09Z", ".123456789", "+23:59", "-24:00", "0001-01-01T", "0000-12-31T", "9999-12-31T23:59:60"]
_HTTP = ["retry-after: ", "date: ", "location: ", "Wed, 21 Oct 2026 07:28:00 GMT", "\n\n", "inf", "nan", "1e309"]
_MARKUP = ["<script>", "</script>", "<!--", "&#0;", "&amp;", "\u2028", "\x1b[2J", "http://[", "javascript:", "//", "@"]
_JSON = ["null", "true", '"', '\\"', "\\ud800", "\\u0000", "[[[[", '{"', '":', ",", "}", "\ufeff", '"meta":{"xcode":"']


def dictionary():
    """The words, in libFuzzer's form."""
    names = {f'"{field.name}":' for model in MODELS for field in attrs.fields(model)} | {'"error_code":'}
    year = str(datetime.now(UTC).year)
    words = [*names, *_NUMBERS, *_TIMES, *_HTTP, *_MARKUP, *_JSON, *CODES, year, '"code":"', '"msg":"']
    entries = [word.encode() for word in words] + list(SPELLINGS)
    return "".join(f'"{_escaped(entry)}"\n' for entry in entries)


def _escaped(entry):
    return "".join(f"\\x{byte:02x}" for byte in entry)
