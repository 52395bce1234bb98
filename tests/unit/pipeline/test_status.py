"""Which answers are errors, what class they are, and what of the server's words they carry."""

import html
import json
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    ApiError,
    CheckConsent,
    InvalidArgument,
    NotFound,
    Phase,
    RateLimited,
    ServerFault,
    Shop,
    UnexpectedStatus,
)
from etelecom_async.pipeline.status import retry_after
from tests.support import KEY, OA, PHONE, answer, ask, session_over
from tests.support.oracles import BY_STATUS, NEW, OLD, REJECTED

WORDLESS = [b"", b"{}", b"[]", b'["a", 1]', b"null", b"17", b'{"code": 5, "msg": ["x"], "meta": "y"}']
WORDLESS += [b'{"meta": null}']
UNEXPECTED = (201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 402, 405, 418, 451, 499)
PAGES = [b"404 page not found\n", b"<html><body><h1>502 Bad Gateway</h1></body></html>", b"\x00\xff\xfe\x1f\x8b", b"{"]


async def error_of(response):
    with pytest.raises(ApiError) as caught:
        await ask(session_over(response))
    return caught.value


@pytest.mark.parametrize(("status", "code", "kind"), OLD)
@pytest.mark.parametrize("meta", [{}, {"meta": {}}, {"meta": None}, {"meta": {"reason": "x"}}, {"meta": {"xcode": ""}}])
async def test_each_documented_code_has_its_class(status, code, kind, meta):
    error = await error_of(answer({"code": code, "msg": "lời máy chủ", **meta}, status))
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (status, code, "lời máy chủ")
    assert error.meta == (meta.get("meta") or {})
    assert error.phase is (Phase.REJECTED if kind in REJECTED else Phase.UNKNOWN)
    assert (error.attempts, error.endpoint) == (1, "Zalo/CheckConsent")


@pytest.mark.parametrize(("status", "code", "xcode", "kind"), NEW)
async def test_the_xcode_wins_over_the_code(status, code, xcode, kind):
    error = await error_of(answer({"code": code, "msg": "words", "meta": {"xcode": xcode, "a": "b"}}, status))
    assert type(error) is kind
    assert (error.status, error.code, error.meta) == (status, xcode, {"xcode": xcode, "a": "b"})
    assert error.phase is (Phase.REJECTED if kind in REJECTED else Phase.UNKNOWN)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(404, "not_found", NotFound), (403, "resource_exhausted", RateLimited), (400, "out_of_range", InvalidArgument)],
)
async def test_an_unknown_xcode_leaves_the_class_to_the_code(status, code, kind):
    error = await error_of(answer({"code": code, "msg": "words", "meta": {"xcode": "brand_new"}}, status))
    assert type(error) is kind
    assert error.code == "brand_new"


@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
@pytest.mark.parametrize("body", WORDLESS + PAGES + [b'{"code": "brand_new"}'], ids=lambda body: ascii(body[:12]))
async def test_without_a_known_code_the_status_decides(status, kind, body):
    error = await error_of(answer(body, status))
    assert type(error) is kind
    assert error.status == status
    assert error.phase is (Phase.REJECTED if kind in REJECTED else Phase.UNKNOWN)


@pytest.mark.parametrize("body", WORDLESS, ids=ascii)
async def test_an_answer_without_words_and_code_has_none(body):
    error = await error_of(answer(body, 500))
    assert (error.code, error.message, error.meta) == ("", "", {})
    assert "-> 500 (attempt 1," in str(error)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"404 page not found\n", "404 page not found"),
        (b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<center>nginx</center></html>", "nginx"),
        (b"<HTML><HEAD><TITLE>x</TITLE></HEAD><BODY>Oops</BODY></HTML>", "Oops"),
        (
            b"<style>p {}</style><script>alert('<p>')</script><p>Qu\xc3\xa1 t\xe1\xba\xa3i &amp; n\xc3\xb3ng</p>",
            "Quá tải & nóng",
        ),
        (b"upstream\x00 connect\x1b[0m error", "upstream connect[0m error"),
        (b"x" * 10**6, "x" * 200),
    ],
    ids=range(6),
)
async def test_the_words_of_a_page_are_kept_without_its_markup(body, message):
    assert (await error_of(answer(body, 502))).message == message


@pytest.mark.parametrize("body", [*WORDLESS, *PAGES, b'{"code": "internal"}', b'{"code": "account_closed"}'], ids=ascii)
async def test_429_is_rate_limited_whatever_its_body(body):
    error = await error_of(answer(body, 429, retry_after="3"))
    assert type(error) is RateLimited
    assert (error.status, error.retry_after, error.phase) == (429, 3.0, Phase.REJECTED)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, UnexpectedStatus) for status in UNEXPECTED),
        *((n, ServerFault) for n in (505, 507, 511, 520, 524, 599)),
    ],
)
async def test_an_undocumented_status_is_not_a_success(status, kind):
    error = await error_of(answer({"error": 0}, status))
    assert type(error) is kind
    assert error.phase is Phase.UNKNOWN


@pytest.mark.parametrize("status", [201, 204, 301, 307])
@pytest.mark.parametrize("code", ["invalid_argument", "bad_route", "resource_exhausted", "brand_new"])
async def test_a_status_below_400_refuses_nothing(status, code):
    assert (await error_of(answer({"code": code}, status))).phase is Phase.UNKNOWN


# --- Retry-After

DATE = "Wed, 21 Oct 2065 07:28:00 GMT"
NO_WAITS = ["", " ", "soon", "7 seconds", "7,5", "inf", "-inf", "Infinity", "nan", "1e999", "2065-10-21T07:28:30Z"]
NO_WAITS += ["Wed, 99 Oct 2065 07:28:00 GMT", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"]
NO_WAITS += ["Fri, 31 Dec 2065 23:59:59 +99999999999999999999"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("0.25", 0.25),
        ("120.5", 120.5),
        ("-3", 0.0),
        ("-0.5", 0.0),
        ("Wed, 21 Oct 2065 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2065 14:28:30 +0700", 30.0),
        ("Wed, 21 Oct 2065 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2065 07:27:00 GMT", 0.0),
        *((value, None) for value in NO_WAITS),
    ],
)
async def test_retry_after_is_seconds_or_a_date_against_the_servers_clock(value, seconds):
    for response in (
        answer(b"", 429, retry_after=value, date=DATE),
        answer({"code": "unavailable"}, 503, retry_after=value, date=DATE),
        answer({"error": 5}, 200, retry_after=value, date=DATE),
    ):
        assert (await error_of(response)).retry_after == seconds


async def test_no_retry_after_is_none():
    assert (await error_of(answer(b"", 429))).retry_after is None


@pytest.mark.parametrize("date", ["", "today", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"])
async def test_without_the_servers_clock_a_date_is_against_ours(date):
    far_off, long_ago = "Wed, 21 Oct 2965 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT"
    assert (await error_of(answer(b"", 429, retry_after=far_off, date=date))).retry_after > 10**9
    assert (await error_of(answer(b"", 429, retry_after=long_ago, date=date))).retry_after == 0


@given(st.text() | st.text("0123456789 ,:+-.eGMTFriDecinfa"), st.text())
def test_any_retry_after_is_a_wait_or_none(value, date):
    seconds = retry_after(answer(b"", 429, retry_after=value, date=date))
    assert seconds is None or 0 <= seconds < float("inf")


# --- Words


@pytest.mark.parametrize("body", [b"", b"{}", b"<html><body>301 Moved Permanently<hr>nginx</body></html>", b"Found"])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://new.example.vn/v1/shop.Zalo/CheckConsent", "https://new.example.vn/v1/shop.Zalo/CheckConsent"),
        ("https://login.example.vn/?token=hidden&x=1", "https://login.example.vn/"),
        ("https://login.example.vn/#token=hidden", "https://login.example.vn/"),
        ("https://user:hidden@login.example.vn/", "login.example.vn/"),
        ("/elsewhere?token=hidden", "/elsewhere"),
    ],
)
async def test_a_redirect_names_where_it_leads_without_what_may_be_secret(location, named, body):
    error = await error_of(answer(body, 301, location=location))
    assert type(error) is UnexpectedStatus
    assert named in str(error)
    assert "redirects are not followed" in str(error)
    assert "hidden" not in str(error)


@pytest.mark.parametrize("status", [201, 429, 503])
async def test_only_a_redirect_redirects(status):
    assert "redirect" not in str(await error_of(answer(b"", status, location="https://x.example/")))


async def test_a_redirect_to_nowhere_is_still_an_error():
    assert str(await error_of(answer(b"", 302))).startswith("shop.Zalo/CheckConsent -> 302 (attempt 1, ")


# --- Keys

MARK = "canary-b7f3"
SPELT = f"1234567890123456789:{MARK}/\"&<>\\+'="


def _go_json(key):
    return "".join(f"\\u{ord(c):04x}" if c in "&<>" else json.dumps(c)[1:-1] for c in key)


def _all_escaped(key):
    return "".join(f"\\u{ord(c):04x}" for c in key)


IN_TEXT = {
    "bare": str,
    "html": html.escape,
    "html as go writes it": lambda key: html.escape(key).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    "url": lambda key: quote(key, safe=""),
    "url with slashes": quote,
}
IN_JSON = {
    "json": lambda key: json.dumps(key)[1:-1],
    "json with slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "json as go writes it": _go_json,
    "json with all escaped": _all_escaped,
    "json with all escaped in capitals": lambda key: _all_escaped(key).upper().replace("U", "u"),
    "html in json": lambda key: json.dumps(html.escape(key))[1:-1],
    "url in json": IN_TEXT["url"],
}

in_text = pytest.mark.parametrize("spell", IN_TEXT.values(), ids=IN_TEXT)
in_json = pytest.mark.parametrize("spell", IN_JSON.values(), ids=IN_JSON)
each_key = pytest.mark.parametrize("key", [KEY, SPELT], ids=["plain", "special"])


def _everything(error):
    return (
        f"{error} {error!r} {vars(error)} {pickle.loads(pickle.dumps(error))!r} {error.__cause__} {error.__context__}"
    )


async def _everything_after(response, key):
    with pytest.raises(ApiError) as caught:
        await ask(session_over(response, account=Shop(key)))
    return _everything(caught.value)


@each_key
@in_json
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, '{"code": "unauthenticated", "msg": "the key <key> is unknown"}'),
        (401, '{"code": "<key>"}'),
        (500, '{"code": "internal", "meta": {"xcode": "<key>", "auth": "Bearer <key>", "<key>": "x"}}'),
        (200, '{"error": 5, "message": "<key>"}'),
    ],
    ids=["msg", "code", "meta", "consent"],
)
async def test_a_key_that_an_error_repeats_is_blanked(key, spell, status, body):
    response = answer(body.replace("<key>", spell(key)), status)
    assert MARK in str(response.json())
    assert MARK not in await _everything_after(response, key)


@each_key
@in_text
async def test_a_key_that_a_page_repeats_is_blanked(key, spell):
    response = answer(f"<html><body>the key {spell(key)} is unknown</body></html>", 401)
    assert MARK not in await _everything_after(response, key)


@each_key
@in_text
async def test_a_key_in_a_header_is_blanked(key, spell):
    response = answer(b"", 302, location=f"https://x.example/{spell(key)}/y")
    assert MARK not in await _everything_after(response, key)


@each_key
@in_json
async def test_a_key_in_a_success_is_blanked_in_all_of_the_reply(key, spell):
    body = f'{{"error": 1, "message": "hello {spell(key)}!", "{spell(key)}": 1}}'
    session = session_over(answer(body, x_echo=f"Bearer {key}", x_url=quote(key)), account=Shop(key))
    reply = await session.call_raw(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE))
    response = reply.response
    assert MARK not in f"{reply!r} {response.headers} {response.body} {response.json()} {reply.value}"
    assert (reply.value.error, reply.value.message) == (1, "hello ***!")


@pytest.mark.parametrize("key", ["x", "0", "time", "error"])
async def test_a_short_key_garbles_no_answer(key):
    session = session_over(answer({"error": 0, "expired_time": "2001-01-01T00:00:00Z"}), account=Shop(key))
    assert (await ask(session)).expired_time is not None
    assert not (await ask(session)).granted


async def test_what_repeats_no_key_comes_back_byte_for_byte():
    body = b'{"error": 3,  "message": "1234567890123456789 canary"}'
    reply = await session_over(answer(body, x_id="1")).call_raw(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE))
    assert (reply.response.body, reply.response.headers) == (body, {"x-id": "1"})
