"""Every error tells the whole story on one line, travels between processes, and is where the docs say."""

import asyncio
import copy
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import etelecom_async
from etelecom_async import (
    ApiError,
    AttemptTimeout,
    BadRoute,
    ConfigError,
    DeadlineExceeded,
    EtelecomError,
    InvalidId,
    InvalidPhone,
    NotFound,
    Phase,
    QueueTimeout,
    RateLimited,
    Retry,
    SendFailed,
    SessionClosed,
    TransportError,
    errors,
)
from etelecom_async.pipeline.status import api_error
from etelecom_async.testing import run_virtually
from tests.support import answer, ask, session_over


def _family(kind):
    # Other modules, and tests, may have errors of their own.
    children = [child for child in kind.__subclasses__() if child.__module__ == kind.__module__]
    return [kind, *(relative for child in children for relative in _family(child))]


# Users, and other tests, may have subclasses of their own.
ERRORS = sorted(
    {kind for kind in _family(EtelecomError) if kind.__module__.startswith("etelecom_async")}, key=lambda k: k.__name__
)
API_ERRORS = [kind for kind in ERRORS if issubclass(kind, ApiError)]
TREE = Path(__file__).parents[2].joinpath("docs/guide/errors.md").read_text()
URL = "https://api.etelecom.vn/v1/shop.Zalo/CheckConsent"

each_error = pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)


def _lived(kind):
    """An error that has been through everything."""
    if issubclass(kind, ApiError):
        error = kind("lời máy chủ", status=418, code="teapot", meta={"xcode": "teapot"}, retry_after=1.5)
    else:
        error = kind("words")
    error.endpoint, error.url = "Zalo/CheckConsent", URL
    error.attempts, error.elapsed, error.phase = 3, 1.25, Phase.UNKNOWN
    error.add_note("Look before you send it again.")
    return error


def _pickled(error):
    return pickle.loads(pickle.dumps(error))


def _anciently_pickled(error):
    return pickle.loads(pickle.dumps(error, protocol=0))


@each_error
def test_every_error_is_made_from_a_message_or_from_nothing(kind):
    assert str(kind("words")) == "words"
    assert kind("words").message == "words"
    assert kind("words").args == ("words",)
    assert kind().message == ""
    assert str(kind())
    assert (kind().endpoint, kind().url, kind().attempts, kind().elapsed) == (None, None, 0, 0.0)


@each_error
def test_every_error_takes_a_phase_and_has_one_of_its_own(kind):
    assert kind("words", phase=Phase.UNKNOWN).phase is Phase.UNKNOWN
    assert isinstance(kind().phase, Phase)
    assert isinstance(kind().transient, bool)


FINAL = ["EtelecomError", "ConfigError", "InvalidPhone", "InvalidId", "InvalidRow", "JobStopped", "SessionClosed"]
FINAL += ["ProxyError", "TlsError", "UnknownHost", "InvalidEvent", "InvalidSignature"]
DOUBTFUL = ["TransportError", "Disconnected", "AttemptTimeout", "BadAnswer", "DeadlineExceeded"]
# How far a call came that ends in it, and may the same call succeed later?
FACTS = {
    **dict.fromkeys(FINAL, (Phase.NOT_SENT, False)),
    **dict.fromkeys(["ClaimsError", "ConnectError", "QueueTimeout"], (Phase.NOT_SENT, True)),
    **dict.fromkeys(["InternalError", "BodyTooLarge", "DecodeError"], (Phase.UNKNOWN, False)),
    **dict.fromkeys(DOUBTFUL, (Phase.UNKNOWN, True)),
    # and of what the server answers: the status and the code that it usually sends
    "ApiError": (Phase.REJECTED, False, 500, "unknown"),
    "InvalidArgument": (Phase.REJECTED, False, 400, "invalid_argument"),
    "Unauthenticated": (Phase.REJECTED, False, 401, "unauthenticated"),
    "PermissionDenied": (Phase.REJECTED, False, 403, "permission_denied"),
    "NotFound": (Phase.REJECTED, False, 404, "not_found"),
    "BadRoute": (Phase.REJECTED, False, 404, "bad_route"),
    "Conflict": (Phase.REJECTED, False, 409, "already_exists"),
    "FailedPrecondition": (Phase.REJECTED, False, 412, "failed_precondition"),
    "RateLimited": (Phase.REJECTED, True, 403, "resource_exhausted"),
    "Unavailable": (Phase.UNKNOWN, True, 503, "unavailable"),
    "AccountClosed": (Phase.REJECTED, False, 503, "account_closed"),
    "ServerFault": (Phase.UNKNOWN, True, 500, "internal"),
    "Unimplemented": (Phase.REJECTED, False, 501, "unimplemented"),
    "UnexpectedStatus": (Phase.UNKNOWN, False, 302, ""),
    "SendFailed": (Phase.REJECTED, False, 200, ""),
}


@each_error
def test_each_error_is_of_one_phase_and_one_status_and_may_pass_or_not(kind):
    error = kind("words")
    assert (error.phase, error.transient, *kind.__dict__.get("usual", ())) == FACTS[kind.__name__]
    if isinstance(error, ApiError):
        assert (error.status, error.code) == kind.usual


def test_a_phase_says_in_words_what_it_means():
    assert [phase.value for phase in Phase] == ["not sent", "rejected", "unknown"]


@each_error
@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, _pickled, _anciently_pickled])
def test_every_error_travels_with_all_that_it_carries(kind, through):
    error = _lived(kind)
    arrived = through(error)
    assert type(arrived) is kind
    assert (arrived.args, str(arrived), repr(arrived)) == (error.args, str(error), repr(error))
    assert vars(arrived) == vars(error)
    assert arrived.__notes__ == ["Look before you send it again."]
    assert (arrived.endpoint, arrived.url, arrived.attempts) == ("Zalo/CheckConsent", URL, 3)
    assert (arrived.elapsed, arrived.phase, arrived.transient) == (1.25, Phase.UNKNOWN, kind.transient)
    if isinstance(arrived, ApiError):
        assert (arrived.status, arrived.code, arrived.meta) == (418, "teapot", {"xcode": "teapot"})
        assert arrived.retry_after == 1.5


@each_error
def test_every_error_is_exported(kind):
    assert getattr(etelecom_async, kind.__name__) is kind
    assert kind.__name__ in etelecom_async.__all__
    assert kind.__name__ in errors.__all__


@each_error
def test_every_error_says_what_it_means(kind):
    assert kind.__doc__
    assert kind.__doc__ != EtelecomError.__doc__ or kind is EtelecomError


def test_the_tree_in_the_docs_is_the_tree_in_the_code():
    drawn, above = {}, []
    for indent, name in re.findall(r"^([ │├└─]*)([A-Z]\w+)(?=$| {2,}|\s[a-z0-9])", TREE, re.MULTILINE):
        if name != "EtelecomError" and not indent:
            continue  # prose
        above = [(depth, parent) for depth, parent in above if depth < len(indent)]
        drawn[name] = above[-1][1] if above else "Exception"
        above.append((len(indent), name))
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in ERRORS}


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (QueueTimeout, TimeoutError),
        (AttemptTimeout, TimeoutError),
        (DeadlineExceeded, TimeoutError),
        (ConfigError, ValueError),
        (InvalidPhone, ValueError),
        (InvalidId, ValueError),
        (SessionClosed, RuntimeError),
        (BadRoute, NotFound),
        (AttemptTimeout, TransportError),
    ],
)
def test_an_error_is_also_what_python_would_call_it(kind, builtin):
    with pytest.raises(builtin, match="words"):
        raise kind("words")


@pytest.mark.parametrize(
    "kind", [kind for kind in API_ERRORS if kind not in (ApiError, SendFailed)], ids=lambda kind: kind.__name__
)
def test_the_usual_status_and_code_of_a_class_lead_back_to_it(kind):
    status, code = kind.usual
    assert (kind().status, kind().code) == (status, code)
    error = api_error(answer({"code": code, "msg": "words"}, status))
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (status, code, "words")


@pytest.mark.parametrize("kind", API_ERRORS, ids=lambda kind: kind.__name__)
def test_meta_is_a_copy(kind):
    meta = {"a": "b"}
    error = kind(meta=meta)
    meta["a"] = "c"
    assert error.meta == {"a": "b"}


def failure(session):
    """The error that a check ends in, in virtual time."""
    with pytest.raises(ApiError) as caught:
        run_virtually(ask(session))
    return caught.value


def test_an_error_prints_method_status_code_words_attempt_and_time():
    async def take_time(request, call_next):
        await asyncio.sleep(0.155)
        return await call_next(request)

    error = failure(
        session_over(
            answer({"code": "unavailable"}, 503),
            answer({"code": "invalid_argument", "msg": "OA không thuộc shop"}, 400),
            retry=Retry(attempts=2, base=0),
            middlewares=[take_time],
        )
    )
    assert str(error) == "shop.Zalo/CheckConsent -> 400 invalid_argument: OA không thuộc shop (attempt 2, 0.31 s)"
    assert error.message == "OA không thuộc shop"
    assert (error.endpoint, error.url) == ("Zalo/CheckConsent", URL)
    assert (error.attempts, error.elapsed) == (2, pytest.approx(0.31))


def test_an_error_that_is_no_answer_prints_its_class():
    error = AttemptTimeout("no answer within 10 s")
    error.url, error.attempts, error.elapsed = URL, 1, 10.0
    assert str(error) == "shop.Zalo/CheckConsent -> AttemptTimeout: no answer within 10 s (attempt 1, 10.00 s)"


HOSTILE = ["two\nlines", "carriage\rreturn", "para\u2029graph", "\x1b[31mred\x1b[0m\x07", "\x9b31m", "nul\0"]
HOSTILE += ["\u202egnp.exe", "\ud800", "\U000e0001", "x" * 2**20, "\n" * 2**20, "a b " * 2**18]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:10]))
@pytest.mark.parametrize("place", ["msg", "code", "xcode", "page", "location", "consent"])
async def test_text_of_the_server_stays_one_short_line(place, text):
    bodies = {
        "msg": answer({"code": "internal", "msg": text}, 500),
        "code": answer({"code": text, "msg": "words"}, 500),
        "xcode": answer({"code": "internal", "meta": {"xcode": text}}, 500),
        "page": answer(text.encode(errors="surrogatepass"), 502),
        "location": answer(b"", 302, location=text),
        "consent": answer({"error": 5, "message": text}),
    }
    with pytest.raises(ApiError) as caught:
        await ask(session_over(bodies[place]))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000
    assert _pickled(caught.value).args == caught.value.args


@given(st.text(), st.text())
def test_any_words_and_code_make_a_printable_line(message, code):
    error = api_error(answer({"code": code, "msg": message}, 400))
    error.url = URL
    assert str(error).isprintable()
    assert repr(_pickled(error)) == repr(error)


def test_words_keep_their_letters_and_lose_their_line_breaks():
    assert RateLimited("  Quá nhiều\r\n\tyêu cầu, thử lại sau 😀 ").message == "Quá nhiều yêu cầu, thử lại sau 😀"


def test_of_text_of_the_server_500_characters_are_kept_and_2000_are_looked_at():
    assert ApiError("x" * 501).message == "x" * 500
    assert ApiError(" " * 1999 + "yes").message == "y"
