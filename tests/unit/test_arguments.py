"""D: every public callable judges its arguments where they are given.

Each has a row in `tests.support.arguments`. What comes of values that do not fit is one of the documented errors, with
a sentence that names the argument, and before any I/O: coroutines are driven by hand up to their first wait, and there
is no event loop to wait in. A callable in no table, or a parameter in no row, is a failure.
"""

import enum
import importlib
import inspect
import re
from contextlib import closing
from pathlib import Path

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    CheckConsent,
    ConfigError,
    Endpoint,
    EtelecomError,
    InvalidId,
    InvalidPhone,
    Partner,
    Retry,
    Session,
    Shop,
    Timeout,
)
from etelecom_async.bulk import Bulk
from etelecom_async.ids import to_id
from etelecom_async.jobs import ConsentJob
from etelecom_async.ratelimit.redis_rate import RedisRate
from etelecom_async.sandbox import World, serve
from etelecom_async.testing import MockTransport
from etelecom_async.workers.batches import ConsentBatches
from tests.support import KEY, OA, PHONE, SHOP_KEY
from tests.support.arguments import ROWS
from tests.support.arguments.methods import IDS, NUMBERS, USER_IDS
from tests.support.arguments.runs import make_batch
from tests.support.arguments.values import mocked

DOCUMENTED = (ConfigError, InvalidId, InvalidPhone)
KINDS = {**dict.fromkeys(IDS | NUMBERS | USER_IDS | {"user_id"}, InvalidId), "phone": InvalidPhone}
SEVERAL = {"user_ids", "zl_user_ids", "extension_ids", "hotline_ids"}
"""A wrong item of these is an InvalidId, what is no list a ConfigError."""
_MODULES = (
    "phone ids messages bulk claims claims.file claims.redis "
    "workers.batches jobs.job jobs.plan workers.ray_workers tables.reading sandbox testing "
    "openapi transport transport.aiohttp transport.fast.httptools transport.httpx ratelimit.redis_rate pipeline.retry "
    "ratelimit.throttle webhooks contrib.opentelemetry contrib.prometheus"
)
MODULES = ("etelecom_async", *(f"etelecom_async.{name}" for name in _MODULES.split()))
"""Where public names live: those in `__all__`."""

EXEMPT = {
    "made by the SDK, not by callers": {
        "etelecom_async": {"AttemptRecord", "CallRecord", "Checked", "Failed", "Reply"}
        | {"ConsentOutcome", "ConsentRequest", "ConsentRequests", "Listing", "PageInfo"},
        "etelecom_async.tables.reading": {"Undecided"},
        "etelecom_async.bulk": {"Done", "NotDone", "Progress", "Waiting"},
        "etelecom_async.jobs.plan": {"JobSummary", "Plan"},
        "etelecom_async.messages": {"Explanation"},
        "etelecom_async.pipeline.retry": {"RetryBudget", "Retrying"},
        "etelecom_async.ratelimit.throttle": {"ThrottleSnapshot"},
        "etelecom_async.sandbox": {"Charge", "SandboxRequest", "LogEntry", "Served"},
        "etelecom_async.testing": {"MockCall", "MockRoute"},
        "etelecom_async.transport": {"Request", "Response"},
        "etelecom_async.webhooks": {
            *("Change", "OACallUser", "OASendConsent", "UnknownEvent", "UserCallOA", "UserReplyConsent")
        },
    },
    "a protocol, or a base class without arguments": {
        "etelecom_async": {"Observer"},
        "etelecom_async.claims": {"Claims"},
        "etelecom_async.bulk": {"Service"},
        "etelecom_async.ratelimit.throttle": {"SharedRate"},
        "etelecom_async.testing": {"Cut", "Echo", "HangUp", "Refuse", "Silence", "TransportContract"},
        "etelecom_async.transport": {"ChecksUrl", "Pooled", "StreamedBody", "Transport"},
        "etelecom_async.webhooks": {"SeenStore"},
    },
    "answers whatever it is given": {"etelecom_async.phone": {"is_phone", "mask"}},
    "for arguments named oa_id, which CheckConsent and the others here have": {"etelecom_async.ids": {"to_oa_id"}},
}


def _callables():
    """Every public name that can be called, by its module."""
    for name in MODULES:
        module = importlib.import_module(name)
        for public in module.__all__:
            value = getattr(module, public)
            is_enum = inspect.isclass(value) and issubclass(value, enum.Enum)
            if callable(value) and not is_enum and not isinstance(value, Endpoint | type(int | str)):
                yield name, public, value


def _called(row, subject, arguments, *, is_driven=True):
    result = (row.call or subject)(**arguments)
    if inspect.iscoroutine(result):
        try:
            if is_driven:
                result.send(None)
        finally:
            result.close()
    return result


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    for name in ("ETELECOM_ACCOUNT", "ETELECOM_SHOP_KEY", "ETELECOM_BASE_URL", "ETELECOM_OA_ID"):
        monkeypatch.delenv(name, raising=False)


def _shown(value):
    return f"{value!r:.60}" if not isinstance(value, int) or abs(value) < 10**30 else "a huge number"


REFUSALS = [
    pytest.param(subject, name, values, id=f"{subject.__qualname__}-{name}")
    for subject, row in ROWS.items()
    for name, values in row.bad.items()
]


@pytest.mark.parametrize(("subject", "name", "values"), REFUSALS)
def test_an_argument_that_does_not_fit_is_refused_in_a_sentence_that_names_it(subject, name, values):
    row = ROWS[subject]
    for value in values:
        try:
            _called(row, subject, {**row.good, name: value})
        except DOCUMENTED as error:
            message, kind = error.message, type(error)
        else:
            pytest.fail(f"{_shown(value)} was taken")
        assert kind is (row.error or KINDS.get(name, ConfigError)) or (name in SEVERAL and kind is InvalidId)
        # The API's own noun stands for a phone; a sentence about one of several may have the singular.
        named = message.replace("phone number", "phone")
        pattern = row.named.get(name, rf"\b{name}\b|\b{name.removesuffix('s')}\b")
        assert re.search(pattern, named, re.IGNORECASE), f"{_shown(value)}: {message}"
        assert message.endswith((".", ")")), message
        assert len(message) < 300
        assert "canary" not in message
        assert " at 0x" not in message


@pytest.mark.parametrize("subject", ROWS, ids=lambda subject: subject.__qualname__)
def test_arguments_that_fit_are_taken(subject):
    row = ROWS[subject]
    given = [row.good, *({**row.good, name: value} for name, values in row.fits.items() for value in values)]
    for arguments in given if row.call is None or row.good else []:
        result = _called(row, subject, arguments, is_driven=False)
        assert result is not None


@pytest.mark.parametrize("subject", ROWS, ids=lambda subject: subject.__qualname__)
def test_every_parameter_of_a_callable_has_values_that_do_not_fit(subject):
    parameters = [
        name
        for name, parameter in inspect.signature(subject).parameters.items()
        if name not in ("self", "name") or (name == "name" and subject is not to_id)
    ]
    assert set(parameters) == set(ROWS[subject].bad)


def test_every_public_callable_has_a_row_or_a_reason():
    exempt = {(module, name) for modules in EXEMPT.values() for module, names in modules.items() for name in names}
    public = {(module, name): value for module, name, value in _callables()}
    missing = {where for where, value in public.items() if value not in ROWS} - exempt
    assert missing == set()
    assert exempt <= set(public)
    assert len(ROWS) >= 60
    assert sum(len(values) for row in ROWS.values() for values in row.bad.values()) >= 2000


def test_every_public_method_with_arguments_has_a_row_or_a_reason():
    judged_elsewhere = {
        "MockTransport": {"send"},  # called by the session, as are those below
        "AiohttpTransport": {"send", "check_url"},
        "HttptoolsTransport": {"send", "check_url"},
        "FileClaims": {"claim", "release"},  # called by ensure_consent
        "RedisClaims": {"claim", "release"},
        "HttpxTransport": {"send", "check_url"},
        "SandboxTransport": {"send"},
        "OpenTelemetry": {"attempt_ended", "call_ended"},
        "Prometheus": {"attempt_ended", "call_ended"},
        "Retry": {"decide"},
        "Shop": {"for_shop"},  # refuses everything
        "World": {"handle"},  # given what came over a socket
        "Peer": {"answer", "next_act"},
        "Reading": {"refuse_others", "resumed"},  # for the readers of tables
        # asyncio's own, but for the first
        "VirtualTimeLoop": {"jump", "run_in_executor", "set_default_executor", "shutdown_default_executor"},
        "RayWorkers": {"ask"},  # called by the job
    }
    missing = []
    for subject in ROWS:
        if not inspect.isclass(subject) or issubclass(subject, EtelecomError):
            continue
        for name, method in vars(subject).items():
            function = getattr(method, "__func__", method)
            is_public = inspect.isfunction(function) and not name.startswith("_")
            if not is_public or name in judged_elsewhere.get(subject.__name__, ()):
                continue
            if len(inspect.signature(function).parameters) > 1 and getattr(subject, name) not in ROWS:
                missing.append(f"{subject.__name__}.{name}")
    assert missing == []


@pytest.mark.parametrize("subject", [Session, Shop, Timeout, Retry, Bulk, World, MockTransport])
def test_an_argument_that_does_not_exist_stays_pythons_type_error(subject):
    with pytest.raises(TypeError, match="tiemout"):
        subject(**ROWS[subject].good, tiemout=5)


def test_a_number_of_seconds_is_the_total_time():
    """D1: `timeout=5` is `Timeout(total=5)`."""
    session = Session(Shop(KEY), transport=MockTransport(), timeout=5)
    assert session._options.timeout == session.with_options(timeout=5)._options.timeout == Timeout(total=5)
    assert session.with_options(timeout=Timeout(total=7))._options.timeout == Timeout(total=7)


def test_what_to_write_instead_of_a_number_is_said():
    """D1: a number of retries can mean two things, so none is guessed."""
    with pytest.raises(ConfigError, match=r"write Retry\(attempts=3\)"):
        Session(Shop(KEY), retry=3)
    with pytest.raises(ConfigError, match=r"Throttle\(concurrency=20\).*Throttle\(rate=20\)"):
        Session(Shop(KEY), throttle=20)
    with pytest.raises(ConfigError, match=r"write \[phone\] for a single one"):
        mocked().zalo.check_consents(oa_id=OA, phones=PHONE)  # D2


class Subclass(Session):
    label = "class"


@pytest.mark.parametrize("derive", [lambda it: it.with_options(timeout=5), lambda it: it.for_shop(SHOP_KEY)])
def test_a_subclass_of_session_survives_its_options(derive):
    """D14: with what it keeps in itself."""
    session = Subclass(Partner(api_key=KEY), transport=MockTransport())
    session.label = "mine"
    derived = derive(session)
    assert type(derived) is Subclass
    assert derived.label == "mine"
    assert derived.throttle is session.throttle
    assert type(derive(derived)) is Subclass


@pytest.mark.parametrize(
    "start",
    [
        lambda: mocked().zalo.check_consent(oa_id=OA, phone=PHONE),
        lambda: mocked().call(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE)),
        lambda: mocked().invoke("Zalo/X"),
        lambda: Session(Shop(KEY)).zalo.check_consent(oa_id=OA, phone=PHONE),
        lambda: mocked().zalo.check_consents(oa_id=OA, phones=[PHONE]).__aenter__(),
        lambda: mocked().zalo.check_consents(oa_id=OA, phones=[PHONE]).collect(),
        lambda: ConsentJob(mocked(), source=Path("in.csv"), output=Path("out.csv"), oa_id=OA).run(),
        lambda: ConsentBatches(oa_id=OA, open_session=mocked)(make_batch()),
        lambda: RedisRate("redis://h", rate=5, workers=1).acquire(),
        lambda: serve(World()).__aenter__(),
    ],
)
def test_without_a_loop_of_asyncio_one_error_says_what_is_needed(start):
    """D13: as under trio, whose loop is none of asyncio's."""
    with (
        closing(start()) as coroutine,
        pytest.raises(ConfigError, match=r"needs one: call it under asyncio\.run\(\.\.\.\); a program on trio"),
    ):
        coroutine.send(None)
