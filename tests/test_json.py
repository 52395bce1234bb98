"""JSON is read alike with orjson and without: the standard library says how."""

import asyncio
import json
import re
import subprocess
import sys
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import answer, ask, session_over

from etelecom_async import Consent, DecodeError, EtelecomError, _json, codec

orjson = pytest.importorskip("orjson")

integers = st.integers() | st.integers(-(2**70), 2**70) | st.sampled_from([-(2**63) - 1, -(2**63), 2**64 - 1, 2**64])
scalars = st.none() | st.booleans() | integers | st.floats() | st.text()
names = st.text() | st.sampled_from(["error", "error_code", "message", "expired_time"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=20
)
texts = values.flatmap(lambda value: st.builds(json.dumps, st.just(value), ensure_ascii=st.booleans()))
signs = ['"', "\\", "\\u", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\x", "{", "}", "[", "]", ":", ",", "//", "/*", "'"]
numbers = [
    "-",
    "+",
    ".",
    "e",
    "0",
    "00",
    "-0",
    "1",
    "9" * 18,
    "9" * 19,
    "9" * 20,
    "1e400",
    "1e-400",
    "-0.0",
    "0.1",
    "1E5",
]
words = ["NaN", "Infinity", "-Infinity", "nul", "null", "true", '"a"', '{"a":1,"a":2}']
blanks = [" ", "\t", "\n", "\r", "\x0b", "\x00", "\x1f", "\x7f", "\ufeff", "\u2028"]
pieces = st.sampled_from([*signs, *numbers, *words, *blanks])


def put_in(text, piece, at):
    return f"{text[:at]}{piece}{text[at:]}"


bodies = (
    texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(pieces).map(lambda parts: "".join(parts).encode())
    | st.builds(put_in, texts, pieces, st.integers(0, 30)).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.binary()
)  # fmt: skip


def outcome(parse, body):
    """What comes of it, told apart to the last bit: the type of each number, the order of keys, the sign of zero."""
    try:
        return repr(parse(body))
    except (ValueError, RecursionError, DecodeError):
        return "refused"


def reference(body):
    """The standard library's own function, given text: it would guess at the encoding of bytes."""
    return json.loads(body.decode())


ODDITIES = [
    b'{"a":1,"b":2,"a":3}',
    b'{"error":0,"error":3}',
    b"[NaN,Infinity,-Infinity]",
    b"[1e400,-1e400,1e-400]",
    b"[-0,-0.0,0e0,1E5]",
    b"[9223372036854775807,9223372036854775808,18446744073709551615,18446744073709551616]",
    b"[-9223372036854775808,-9223372036854775809,-10000000000000000000]",
    b"1" * 400,
    b"1" * 5000,
    b"[" + b"-" * 20 + b"]",
    b'"12345678901234567890123"',
    b'["\\ud800","\\udc00\\ud800","\\ud83d\\ude00"]',
    b'"\xed\xa0\x80"',
    b'"\xff"',
    b'"\xc0\x80"',
    b'\xef\xbb\xbf{"error":0}',
    '{"error":0}'.encode("utf-16"),
    '{"error":0}'.encode("utf-16-le"),
    '{"error":0}'.encode("utf-32"),
    b"",
    b" ",
    b" \t\r\n{} \t\r\n",
    b"\x0c{}",
    b"{}\x0c",
    b" {}\x0b ",
    "{}\N{NO-BREAK SPACE}".encode(),
    b"{}\x00",
    b"{} {}",
    b"X{}",
    b"{}X",
    b'"\x00"',
    b'"\x7f\\u0000"',
    b"{1:2}",
    b"{'a':1}",
    b"[1,]",
    b"[01]",
    b"[.5,5.]",
    b"[" * 300 + b"]" * 300,
    b"[" * 1020 + b"]" * 1020,
    b"[" * 1024 + b"]" * 1024,
    b'{"a":' * 1023 + b"1" + b"}" * 1023,
    b"[" * 100_000,
    b"[" + b"[]," * 2000 + b"0]",
]  # fmt: skip


@given(bodies)
def test_any_bytes_are_read_as_the_standard_library_reads_them(body):
    assert outcome(_json.loads, body) == outcome(reference, body)
    assert outcome(_json.by_the_standard_library, body) == outcome(reference, body)


@pytest.mark.parametrize("body", ODDITIES, ids=lambda body: ascii(body[:24]))
def test_each_oddity_is_read_as_the_standard_library_reads_it(body):
    assert outcome(_json.loads, body) == outcome(reference, body)
    assert outcome(_json.by_the_standard_library, body) == outcome(reference, body)


def consent_by(parse):
    def read(body):
        try:
            return repr(codec.decode(parse(body), Consent))
        except (ValueError, RecursionError):
            return "no JSON"
        except DecodeError as error:
            return str(error)

    return read


@given(bodies | values.map(lambda value: json.dumps({"error": value}).encode()))
@example(b'{"error":18446744073709551615}')
@example(b'{"error":18446744073709551616}')
@example(b'{"error":-9223372036854775809}')
@example(b'{"error":1e400}')
@example(b'{"error":0,"error":3}')
@example(b'{"error":0,"error_code":18446744073709551616}')
@example(b'{"error":0,"message":"\\ud800"}')
def test_a_consent_or_the_words_of_its_refusal_do_not_depend_on_the_parser(body):
    with_orjson = consent_by(_json.by_orjson(orjson.loads))(body)
    assert with_orjson == consent_by(_json.by_the_standard_library)(body)


def end_of_a_call(scan, body, status):
    with mock.patch.object(_json, "scan", scan), asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        try:
            return repr(runner.run(ask(session_over(answer(body, status)))))
        except EtelecomError as error:
            return re.sub(r"[0-9.]+ s\)$", "s)", f"{type(error).__name__}: {error}")


refusals = st.fixed_dictionaries(
    {}, optional={"code": names | scalars, "msg": scalars, "meta": st.dictionaries(st.just("xcode"), values) | values}
).map(lambda value: json.dumps(value).encode())


@given(bodies | refusals, st.sampled_from([200, 400, 403, 404, 500, 503]))
def test_a_call_ends_alike_whatever_the_parser(body, status):
    with_orjson = end_of_a_call(_json.by_orjson(orjson.loads), body, status)
    assert with_orjson == end_of_a_call(_json.by_the_standard_library, body, status)


@given(values)
def test_what_is_written_does_not_depend_on_the_parser(value):
    try:
        expected = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError, match="Out of range"):
            codec.encode(value)
    else:
        assert codec.encode(value) == expected.encode()


@pytest.mark.parametrize("character", range(256))
def test_twenty_digits_and_signs_in_a_row_are_what_may_be_read_inexactly(character):
    is_digit = character in b"-0123456789"
    assert codec.is_exact(bytes([character]) * 19)
    assert codec.is_exact(bytes([character]) * 20) is not is_digit


@pytest.mark.parametrize(
    ("body", "is_asked"),
    [
        (b"[" * 999, True),
        (b"[" * 399 + b" " * 601, True),
        (b"[" * 400 + b" " * 600, False),
        (b"{[" * 199 + b" " * 602, True),
        (b"{[" * 200 + b" " * 600, False),
    ],
    ids=["short", "shallow", "deep", "shallow in turn", "deep in turn"],
)
def test_orjson_is_asked_unless_a_body_is_long_and_has_many_brackets(body, is_asked):
    parse = _json.by_orjson(lambda body: len(body))
    if is_asked:
        assert parse(body) == len(body)
    else:
        with pytest.raises(DecodeError):
            parse(body)


def test_what_may_be_read_inexactly_is_not_read_by_orjson_and_everything_else_is(monkeypatch):
    monkeypatch.setattr(_json, "scan", lambda body: body)
    assert _json.loads(b"123") == b"123"
    assert _json.loads(b"1" * 20) == 11111111111111111111


def test_a_second_value_is_refused():
    with pytest.raises(DecodeError, match=r"^The body is not JSON \(5 bytes\)\.$"):
        _json.by_the_standard_library(b"{} {}")


def test_orjson_is_used_where_it_is_installed():
    assert _json.scan is not _json.by_the_standard_library


def test_without_orjson_the_sdk_works_and_does_not_miss_it():
    script = """
import sys
sys.modules["orjson"] = None
import asyncio
from etelecom_async import Session, Shop, _json
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SandboxTransport, World
async def main():
    world = World()
    async with Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world)) as session:
        print((await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=next(iter(world.customers)))).error)
assert _json.scan is _json.by_the_standard_library
asyncio.run(main())
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip().isdigit()


async def test_a_number_in_an_unknown_field_costs_nothing_of_the_answer():
    consent = await ask(session_over(answer(b'{"error":3,"new":123456789012345678901234567890}')))
    assert consent == Consent(error=3)


async def test_invoke_gives_numbers_exactly():
    session = session_over(answer(b'{"n":123456789012345678901234567890,"f":0.1}'))
    assert await session.invoke("Etelecom/GetHotlines") == {"n": 123456789012345678901234567890, "f": 0.1}
