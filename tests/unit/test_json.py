"""JSON is read as the standard library reads it, but for names that stand twice in one object."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import Consent, DecodeError, RateLimited, Unauthenticated, Unavailable, codec
from tests.support import answer, ask, session_over

integers = st.integers() | st.integers(-(2**70), 2**70) | st.sampled_from([-(2**63) - 1, -(2**63), 2**64 - 1, 2**64])
scalars = st.none() | st.booleans() | integers | st.floats() | st.text()
names = st.text() | st.sampled_from(["error", "error_code", "message", "expired_time"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=20
)
texts = values.flatmap(lambda value: st.builds(json.dumps, st.just(value), ensure_ascii=st.booleans()))
signs = ['"', "\\", "\\u", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\x", "{", "}", "[", "]", ":", ",", "//", "/*", "'"]
numbers = ["-", "+", ".", "e", "0", "00", "-0", "1", "9" * 18, "9" * 19, "9" * 20, "1e400", "1e-400", "-0.0", "0.1"]
numbers += ["1E5"]
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


def once(members):
    """A dict of members whose names differ."""
    if len({name for name, _ in members}) < len(members):
        raise ValueError
    return dict(members)


def reference(body):
    """The standard library's own function, given text: it would guess at the encoding of bytes."""
    return json.loads(body.decode(), object_pairs_hook=once)


ODDITIES = [b'{"a":1,"b":2,"a":3}', b'{"error":0,"error":3}', b"[NaN,Infinity,-Infinity]", b"[1e400,-1e400,1e-400]"]
ODDITIES += [b"[-0,-0.0,0e0,1E5]"]
ODDITIES += [b"[9223372036854775807,9223372036854775808,18446744073709551615,18446744073709551616]"]
ODDITIES += [b"[-9223372036854775808,-9223372036854775809,-10000000000000000000]", b"1" * 400, b"1" * 5000]
ODDITIES += [b"[" + b"-" * 20 + b"]", b'"12345678901234567890123"', b'["\\ud800","\\udc00\\ud800","\\ud83d\\ude00"]']
ODDITIES += [b'"\xed\xa0\x80"', b'"\xff"', b'"\xc0\x80"', b'\xef\xbb\xbf{"error":0}', '{"error":0}'.encode("utf-16")]
ODDITIES += ['{"error":0}'.encode("utf-16-le"), '{"error":0}'.encode("utf-32"), b"", b" ", b" \t\r\n{} \t\r\n"]
ODDITIES += [b"\x0c{}", b"{}\x0c", b" {}\x0b ", "{}\N{NO-BREAK SPACE}".encode(), b"{}\x00", b"{} {}", b"X{}", b"{}X"]
ODDITIES += [b'"\x00"', b'"\x7f\\u0000"', b"{1:2}", b"{'a':1}", b"[1,]", b"[01]", b"[.5,5.]", b"[" * 300 + b"]" * 300]
ODDITIES += [b"[" * 1020 + b"]" * 1020, b"[" * 1024 + b"]" * 1024, b'{"a":' * 1023 + b"1" + b"}" * 1023]
ODDITIES += [b"[" * 100_000, b"[" + b"[]," * 2000 + b"0]"]


@given(bodies)
def test_any_bytes_are_read_as_the_standard_library_reads_them(body):
    assert outcome(codec.loads, body) == outcome(reference, body)


@pytest.mark.parametrize("body", ODDITIES, ids=lambda body: ascii(body[:24]))
def test_each_oddity_is_read_as_the_standard_library_reads_it(body):
    assert outcome(codec.loads, body) == outcome(reference, body)


TWICE = ['{"error":3,"error":0}', '{"error":0,"error":0}', '{"error" : 3, "error" : 0}']
TWICE += ['{"error":3,"\\u0065rror":0}', '{"error":0,"new":[{"a":1,"a":2}]}']
TWICE += ['{"error":0,"new":{"deep":{"a":null,"b":1,"a":null}}}', '{"message":"a","error":0,"message":"b"}']
TWICE += ['{"error":0,"":1,"":2}']


@pytest.mark.parametrize("body", TWICE)
async def test_a_name_given_twice_in_an_answer_is_a_decode_error_and_no_permission(body):
    """B9: of `{"error":3,"error":0}` the last would be a permission."""
    with pytest.raises(DecodeError, match="has a name twice in one object") as caught:
        await ask(session_over(answer(body.encode())))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "body", ['{"error":0,"new":[{"a":1},{"a":2}]}', '{"error":0,"new":{"error":3}}', '{"data":{"a":{}},"error":0}']
)
async def test_one_name_in_several_objects_of_an_answer_is_no_contradiction(body):
    """B10: unknown fields and nested objects are passed over."""
    assert await ask(session_over(answer(body.encode()))) == Consent(error=0)


async def test_an_answer_that_is_nested_in_another_object_grants_nothing():
    """B10: the fields count where they are documented, and nowhere else."""
    consent = await ask(session_over(answer(b'{"data":{"error":0,"message":"","expired_time":null}}')))
    assert consent == Consent()
    assert not consent.granted


@pytest.mark.parametrize("body", ['{"error":5,"error":0}', '{"error":0,"error":5}'])
async def test_try_later_beside_another_code_of_the_same_name_is_a_decode_error(body):
    with pytest.raises(DecodeError):
        await ask(session_over(answer(body.encode())))


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, '{"code":"unauthenticated","code":"ok","msg":"no"}', Unauthenticated, ""),
        (503, '{"code":"account_closed","code":"unavailable"}', Unavailable, ""),
        (403, '{"code":"resource_exhausted","msg":"a","msg":"b"}', RateLimited, "resource_exhausted"),
        (403, '{"code":"resource_exhausted","code":"resource_exhausted"}', RateLimited, "resource_exhausted"),
        (500, '{"code":"a","meta":{"xcode":"external_service","b":"1","b":"2"}}', Unavailable, "external_service"),
        (503, '{"code":"unavailable","meta":{},"meta":{"xcode":"account_closed"}}', Unavailable, "unavailable"),
        (401, '{"error":3,"error":0}', Unauthenticated, ""),
    ],
)  # fmt: skip
async def test_a_name_given_twice_in_an_error_body_does_not_hide_the_error(status, body, kind, code):
    """B9: what is certain in the body is read, and the status stands."""
    with pytest.raises(kind) as caught:
        await ask(session_over(answer(body.encode(), status)))
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code) == (status, code)


@given(bodies)
def test_what_is_certain_in_an_error_body_is_read_wherever_the_body_is_json(body):
    if outcome(reference, body) != "refused":
        assert outcome(codec.loads_certain, body) == outcome(reference, body)
    is_json = outcome(lambda it: json.loads(it.decode()), body) != "refused"
    assert (outcome(codec.loads_certain, body) != "refused") is is_json


@given(values)
def test_plain_values_are_written_as_compact_json(value):
    try:
        expected = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError, match="JSON does not have"):
            codec.encode(value)
    else:
        assert codec.encode(value) == expected.encode()


def test_a_second_value_is_refused():
    with pytest.raises(DecodeError, match=r"^The body is not JSON \(5 bytes\)\.$"):
        codec.loads(b"{} {}")


async def test_invoke_gives_numbers_exactly():
    session = session_over(answer(b'{"n":123456789012345678901234567890,"f":0.1}'))
    assert await session.invoke("Etelecom/GetHotlines") == {"n": 123456789012345678901234567890, "f": 0.1}
