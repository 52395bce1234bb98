"""Values that fit no argument of a kind, and how the arguments of one callable are written down."""

import enum
import io
import math
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import aiohttp
from attrs import field, frozen

from etelecom_async import CheckConsent, Consent, Endpoint, Phase, Retry, Safety, Session, Shop, Throttle
from etelecom_async.testing import MockTransport
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.webhooks import CallMedium
from tests.support import KEY, SHOP_KEY


class Whole:
    """An integral type of another library."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class NoIndex:
    """As an array: it has `__index__` and no index."""

    def __index__(self):
        raise TypeError


class Nowhere(tzinfo):
    """A time zone that does not know its offset."""

    def utcoffset(self, moment, /):
        return None


def nothing(*_):
    """A function of anything."""


class Recorder:
    """An observer."""

    attempt_ended = call_ended = nothing


class AsyncRecorder(Recorder):
    """None, since what it returns is never awaited."""

    async def call_ended(self, record):
        pass


THING = object()
NAN, INF = math.nan, math.inf
WHOLE = [0, -1, 1.5, 1.0, NAN, INF, True, "5", b"5", [], {}, THING, Decimal(5), 2j, NoIndex()]
COUNT = [value for value in WHOLE if value != 0]
NUMBER = [0, -1, -0.5, NAN, INF, -INF, 10**400, True, "5", b"5", [], THING, 2j]
LEAST_ZERO = [value for value in NUMBER if value != 0]
FLAG = [0, 1, None, "no", "", "False", [], THING]
FUNCTION = [None, 0, 5, "f", "", [nothing], {}, THING]
FUNCTIONS = [nothing, None, 5, "f", [5], [None], [nothing, "f"], THING]
LINE = [None, "", " ", "\n", "a\nb", "a\0", 5, b"a", ["a"], THING]


class OwnText(enum.StrEnum):
    """An enum of a caller, with a text that the API knows and one that it does not."""

    AUDIO = "audio"
    NEW = "canary"


MEMBER = [*LINE, *OwnText, CallMedium.AUDIO, Phase.UNKNOWN]
"""No members of an enum of the API, but such of others."""
ID = [0, -1, 2**63, 10**5000, 1.0, 1000000000000000003.0, NAN, True, False, None, "", " ", "abc", "1.5", "1.0", "1e3"]
ID += ["0x1", "-1", "+1", "0", "'7'", "１２", "١", "1 2", b"1", [1], Decimal(1), Fraction(1), THING, NoIndex()]
ID += ["9" * 30, "9" * 10_000, str(2**63), "²", "1_0"]
PHONES = ["", "abc", "113", "09876543", None, 5, 84987654321, 1.0, b"0987654321", ["0987654321"], True, THING]
ITEMS = ["0987654321", "", b"0987654321", bytearray(b"1"), {"0987654321": 1}, 5, None, THING, list]
SERVICES = [0, "throttle", [], THING, nothing, Throttle, Session]
TASKS = [None, 5, "task", [5], [None], nothing, [nothing], THING]
TIMEOUTS = [0, -1, NAN, INF, True, "5", b"5", [5], (1, 2), aiohttp.ClientTimeout(5), THING]
RETRIES = [0, 3, True, "3", [], THING, Retry, Throttle()]
THROTTLES = [0, 20, 2.5, True, "20", [], THING, Throttle, Retry()]
OBSERVERS = [0, "log", [], THING, nothing, Recorder, AsyncRecorder()]
TRANSPORTS = [0, "aiohttp", [], THING, AiohttpTransport, MockTransport, nothing]
NAMES = [None, "", "Zalo", "Zalo/", "/x", "Zalo/Check Consent", "zalo.CheckConsent", "a/b/c", 5, b"a/b", ["a/b"], KEY]
NO_KEYS = ["", " ", "None", "null", "undefined", f"'{KEY}'", f'"{KEY}"', f"Bearer {KEY}", f"{KEY}\n", "khóa"]
NO_KEYS += [5, b"1:a", []]
API_KEYS = [*NO_KEYS, None, SHOP_KEY]
SHOP_KEYS = [*NO_KEYS, None, KEY]
SECRETS = [5, None, b"1:a", [], THING]
URLS = ["", " ", None, 5, b"https://x", [], "ftp://x", "http://pbx.example.vn", "https://", "https://u:p@x", "None"]
URLS += ['"https://x"', "https//x", "https://x/v1", "https://x?a=1", "${URL}"]
MOMENTS = [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=Nowhere()), date(2026, 1, 1), 5, "2026-01-01", THING]  # noqa: DTZ001
"""D15: a time without a zone is refused where it is given, not later where it is compared."""
ENUMS = [0, "READ", "read", True, THING, Safety, Phase.UNKNOWN]
PATHS = [None, 5, "customers.csv", b"customers.csv", "", io.StringIO("phone"), [], THING, Path]
ENDPOINTS = [None, "Zalo/CheckConsent", 5, Endpoint, CheckConsent, THING]
PAYLOADS = [None, {}, 5, "0987654321", THING, CheckConsent, Consent()]
TEXT = [None, 5, b"x", [], THING]
CONTEXTS = [True, False, "ca.pem", Path("ca.pem"), 0, THING]
COROUTINES = [None, 5, "x", nothing, [], THING, Session.call]
DEFAULT = object()
"""In place of what is made anew for each call."""
NOW = datetime.now(UTC)


def without(values, *left_out):
    """Of these values those that do not fit where some do."""
    return [value for value in values if not any(value is each for each in left_out)]


def mocked(account=None):
    return Session(account or Shop(KEY), transport=MockTransport())


@frozen
class Row:
    """One callable: how it is called, arguments that fit, and those that do not."""

    bad: dict
    good: dict = field(factory=dict)
    call: object = None
    """Calls it with keyword arguments; itself unless given."""
    fits: dict = field(factory=dict)
    """Further values that have to be taken, by argument."""
    named: dict = field(factory=dict)
    """What a sentence has in place of the argument's name, or beside it, as a pattern."""
    error: type | None = None
    """What comes of all of them, where the name does not say."""
