"""An account is right or says what to write instead, and its keys show in no view of it."""

import copy
import pickle
import re
import string

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from etelecom_async import ConfigError, EtelecomError, Partner, Retry, Role, Secret, Session, Shop
from etelecom_async.account import from_env
from tests.support import CANARY, KEY, SHOP_KEY, FakeTransport, answer, ask, everything_shown, session_over

PBX = "https://pbx.example.vn"
PARTNER = {"ACCOUNT": "partner"}
OTHER_SHOP_KEY = "shop9876543210987654321:another"
VARIABLES = ("ETELECOM_ACCOUNT", "ETELECOM_API_KEY", "ETELECOM_SHOP_KEY", "ETELECOM_BASE_URL", "ETELECOM_OA_ID")


@pytest.fixture
def environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def describe(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"ETELECOM_{name}", value)

    return describe


# --- Base URLs


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://api.etelecom.vn", "https://api.etelecom.vn/v1/shop"),
        ("https://api.etelecom.vn/", "https://api.etelecom.vn/v1/shop"),
        ("api.etelecom.vn", "https://api.etelecom.vn/v1/shop"),
        ("api.etelecom.vn/v1/shop", "https://api.etelecom.vn/v1/shop"),
        ("https://api.etelecom.vn/v1/shop", "https://api.etelecom.vn/v1/shop"),
        ("https://api.etelecom.vn/v1/shop/", "https://api.etelecom.vn/v1/shop"),
        ("https://api.etelecom.vn/v1/shop//", "https://api.etelecom.vn/v1/shop"),
        ("https://api-sandbox.etelecom.vn", "https://api-sandbox.etelecom.vn/v1/shop"),
        ("HTTPS://API.eTelecom.VN/v1/shop", "https://api.etelecom.vn/v1/shop"),
        ("https://api.etelecom.vn:443/v1/shop", "https://api.etelecom.vn/v1/shop"),
        ("https://pbx.example.vn:8443", "https://pbx.example.vn:8443/v1/shop"),
        ("pbx.example.vn:8443", "https://pbx.example.vn:8443/v1/shop"),
        ("localhost:8080", "https://localhost:8080/v1/shop"),
        ("10.0.0.1", "https://10.0.0.1/v1/shop"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443/v1/shop"),
        ("https://pbx.example.vn/calls/v2.1/shop", "https://pbx.example.vn/calls/v2.1/shop"),
        ("https://pbx.example.vn/a%2Fb/", "https://pbx.example.vn/a%2Fb"),
        ("https://pbx.example.vn/a%20b/v9", "https://pbx.example.vn/a%20b/v9"),
        ("https://pbx.example.vn/điện-thoại", "https://pbx.example.vn/%C4%91i%E1%BB%87n-tho%E1%BA%A1i"),
        ("http://localhost:8080", "http://localhost:8080/v1/shop"),
        ("http://LOCALHOST", "http://localhost/v1/shop"),
        ("http://127.0.0.1:8080/v1/shop", "http://127.0.0.1:8080/v1/shop"),
        ("http://127.0.0.5", "http://127.0.0.5/v1/shop"),
        ("http://[::1]", "http://[::1]/v1/shop"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
async def test_every_form_of_base_url_leads_to_the_method(written, base):
    for form in (written, URL(written) if "://" in written else written):
        shop = Shop(KEY, base_url=form)
        assert str(shop.base_url) == base
        transport = FakeTransport(answer({"error": 0}))
        await ask(Session(shop, transport=transport))
        assert [str(request.url) for request in transport.requests] == [f"{base}.Zalo/CheckConsent"]


@pytest.mark.parametrize(
    ("account", "base"),
    [
        (Shop(KEY), "https://api.etelecom.vn/v1/shop"),
        (Partner(api_key=KEY), "https://api.etelecom.vn/v1/partner"),
        (Partner(api_key=KEY, base_url="pbx.example.vn"), "https://pbx.example.vn/v1/partner"),
    ],
)
def test_an_account_knows_its_usual_base(account, base):
    assert str(account.base_url) == base


@pytest.mark.parametrize(
    "base_url", ["http://pbx.example.vn", "http://10.0.0.1:8080/v1/shop", "http://[2001:db8::1]:80/x", "http://0.0.0.0"]
)
def test_plain_http_to_another_machine_wants_allow_http(base_url):
    with pytest.raises(ConfigError, match="allow_http=True"):
        Shop(KEY, base_url=base_url)
    assert Shop(KEY, base_url=base_url, allow_http=True).base_url.scheme == "http"


REFUSED = [
    ("", "empty"),
    *((value, "https://api.etelecom.vn/v1/shop") for value in (None, 0, b"https://api.etelecom.vn")),
    (" https://api.etelecom.vn", "spaces"),
    ("https://api.etelecom.vn\n", "line breaks"),
    ("https://api.etelecom.vn/\r\nX: y", "line breaks"),
    ("https://api\0.etelecom.vn", "line breaks"),
    ('"https://api.etelecom.vn"', "quote"),
    ("https//api.etelecom.vn", "no URL with a host"),
    ("http:/127.0.0.1:8084", "no URL with a host"),
    ("https://", "no URL with a host"),
    ("https:///v1/shop", "no URL with a host"),
    ("https://:443", "no URL with a host"),
    ("/v1/shop", "no URL with a host"),
    ("https://api.etelecom.vn:port", "no URL with a host"),
    ("https://api.etelecom.vn:99999", "no URL with a host"),
    ("https://[::1", "no URL with a host"),
    ("ftp://api.etelecom.vn", "with https"),
    ("wss://api.etelecom.vn", "with https"),
    ("https://api.etelecom.vn/v1/shop?x=1", "without '?' and '#'"),
    ("https://api.etelecom.vn/v1/shop?", "without '?' and '#'"),
    ("https://api.etelecom.vn/v1/shop#x", "without '?' and '#'"),
    ("https://api.etelecom.vn/v1/shop#", "without '?' and '#'"),
    ("https://user@api.etelecom.vn", "user or password"),
    ("https://user:password@api.etelecom.vn", "user or password"),
    ("https://:password@api.etelecom.vn", "user or password"),
    ("http://127.0.0.1@evil.example", "user or password"),
    ("http://localhost.evil.example", "https://localhost.evil.example"),
    ("http://127.0.0.1.evil.example", "https://127.0.0.1.evil.example"),
    ("https://api.etelecom.vn/v1", "write https://api.etelecom.vn/v1/shop"),
    ("https://api.etelecom.vn/v1/", "write https://api.etelecom.vn/v1/shop"),
    ("https://api.etelecom.vn/v1/shop.", "write https://api.etelecom.vn/v1/shop"),
    ("https://api.etelecom.vn/v1/shop.Zalo", "write https://api.etelecom.vn/v1/shop"),
    ("https://api.etelecom.vn/v1/shop.Zalo/", "write https://api.etelecom.vn/v1/shop"),
    ("https://api.etelecom.vn/v1/shop.Zalo/CheckConsent", "write https://api.etelecom.vn/v1/shop"),
    ("https://api.etelecom.vn/.Zalo/CheckConsent", "write https://api.etelecom.vn"),
    ("http://pbx.example.vn:8080/calls", "write https://pbx.example.vn:8080/calls"),
    ("http://[2001:db8::1]:8080", "write https://[2001:db8::1]:8080"),
]


@pytest.mark.parametrize(("base_url", "advice"), REFUSED, ids=ascii)
def test_a_base_url_that_cannot_work_is_refused_with_what_to_write(base_url, advice):
    with pytest.raises(ConfigError, match=re.escape(advice)) as caught:
        Shop(KEY, base_url=base_url)
    named = re.search(r"https://[^\s),]+", str(caught.value))
    assert named is not None
    assert Shop(KEY, base_url=named[0].rstrip(".:"))


@pytest.mark.parametrize(
    "base_url",
    [
        f"https://user:{CANARY}@api.etelecom.vn",
        f"https://{CANARY}@api.etelecom.vn",
        f"http://{CANARY}@pbx.example.vn/v1/shop.Zalo/CheckConsent?x",
        f"https://api.etelecom.vn/?key={CANARY}",
        f"https://api.etelecom.vn/#{CANARY}",
        KEY,
    ],
)
def test_what_may_be_a_secret_in_a_base_url_is_not_repeated(base_url):
    with pytest.raises(ConfigError) as caught:
        Shop(KEY, base_url=base_url)
    assert CANARY not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None


@given(st.text(string.printable + "é\u2028\ufeff", max_size=30))
def test_any_text_is_a_base_url_or_a_config_error(text):
    for base_url in (text, f"https://{text}", f"https://example.vn{text}"):
        try:
            shop = Shop(KEY, base_url=base_url)
        except ConfigError:
            continue
        assert shop.base_url.host
        assert not shop.base_url.query_string
        assert Shop(KEY, base_url=shop.base_url) == shop


# --- Keys


@pytest.mark.parametrize(
    "key", [KEY, "secret", "1234", "a:b", "sk_test_1/+=", "shop", "shopping:list", "SHOP1:x", "~!@"]
)
async def test_an_api_key_of_another_shape_is_let_through(key):
    transport = FakeTransport(answer({"error": 0}))
    await ask(Session(Shop(key), transport=transport))
    assert transport.requests[0].headers["Authorization"] == f"Bearer {key}"


@pytest.mark.parametrize("key", [SHOP_KEY, "secret", "shop", "shopping:list", "a:b"])
def test_a_shop_key_of_another_shape_is_let_through(key):
    assert Partner(shop_key=key).key(Role.SHOP).reveal() == key


@given(st.text())
def test_a_key_is_printable_ascii_without_spaces_or_refused(text):
    key = f"1:{text}."
    try:
        shop = Shop(key)
    except ConfigError:
        assert not all("!" <= c <= "~" for c in text)
    else:
        assert all("!" <= c <= "~" for c in text)
        assert shop.key(Role.SHOP).reveal() == key


# --- The key of a method


def test_a_shop_has_one_key_for_both_roles():
    shop = Shop(KEY)
    assert shop.key(Role.SHOP) == shop.key(Role.ACCOUNT) == Secret(KEY)


def test_a_partner_has_a_key_for_each_role():
    partner = Partner(shop_key=SHOP_KEY, api_key=KEY)
    assert (partner.key(Role.SHOP), partner.key(Role.ACCOUNT)) == (Secret(SHOP_KEY), Secret(KEY))


@pytest.mark.parametrize(
    ("partner", "role", "advice"),
    [
        (Partner(api_key=KEY), Role.SHOP, r"session\.for_shop\(\)"),
        (Partner(shop_key=SHOP_KEY), Role.ACCOUNT, "its api_key"),
    ],
)
async def test_a_partner_without_the_key_for_a_method_says_which(partner, role, advice):
    transport = FakeTransport(answer({}))
    with pytest.raises(ConfigError, match=advice) as caught:
        await Session(partner, transport=transport).invoke("Etelecom/GetHotlines", role=role)
    assert caught.value.endpoint == "Etelecom/GetHotlines"
    assert transport.requests == []


def test_for_shop_keeps_everything_of_a_partner_but_the_shop_key():
    partner = Partner(shop_key=SHOP_KEY, api_key=KEY, base_url="http://pbx.example.vn/x", allow_http=True)
    other = partner.for_shop(OTHER_SHOP_KEY)
    assert other.key(Role.SHOP) == Secret(OTHER_SHOP_KEY)
    assert other.key(Role.ACCOUNT) == Secret(KEY)
    assert other.base_url == partner.base_url
    assert partner.key(Role.SHOP) == Secret(SHOP_KEY)
    assert other.for_shop(Secret(SHOP_KEY)) == partner


async def test_a_session_for_another_shop_shares_the_connections():
    transport = FakeTransport(answer({"error": 0}))
    session = Session(Partner(shop_key=SHOP_KEY), transport=transport)
    await ask(session)
    await ask(session.for_shop(OTHER_SHOP_KEY))
    await ask(session)
    sent = [request.headers["Authorization"] for request in transport.requests]
    assert sent == [f"Bearer {key}" for key in (SHOP_KEY, OTHER_SHOP_KEY, SHOP_KEY)]


# --- The environment


@pytest.mark.parametrize(
    ("variables", "account"),
    [
        ({"API_KEY": KEY}, Shop(KEY)),
        ({"ACCOUNT": "shop", "API_KEY": KEY, "BASE_URL": PBX, "SHOP_KEY": ""}, Shop(KEY, base_url=PBX)),
        ({**PARTNER, "SHOP_KEY": SHOP_KEY}, Partner(shop_key=SHOP_KEY)),
        ({**PARTNER, "API_KEY": KEY, "SHOP_KEY": "", "BASE_URL": ""}, Partner(api_key=KEY)),
        (
            {**PARTNER, "SHOP_KEY": SHOP_KEY, "API_KEY": KEY, "BASE_URL": PBX},
            Partner(shop_key=SHOP_KEY, api_key=KEY, base_url=PBX),
        ),
        # D3, D4: a file or a shell that adds blanks and line breaks
        (
            {"ACCOUNT": " shop\n", "API_KEY": f"\n{KEY}\r\n", "BASE_URL": f"{PBX} \n", "SHOP_KEY": ""},
            Shop(KEY, base_url=PBX),
        ),
    ],
)
def test_the_environment_describes_an_account(environment, variables, account):
    environment(**variables)
    assert from_env() == account


@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        ({}, "Set ETELECOM_API_KEY"),
        ({"API_KEY": ""}, "Set ETELECOM_API_KEY"),
        ({"SHOP_KEY": SHOP_KEY}, "ETELECOM_ACCOUNT=partner"),
        (PARTNER, "api_key, a shop_key, or both"),
        ({"ACCOUNT": "customer", "API_KEY": KEY, "SHOP_KEY": SHOP_KEY}, "'shop' or 'partner'"),
        ({"ACCOUNT": KEY}, "ETELECOM_ACCOUNT"),
        ({"API_KEY": SHOP_KEY}, "is a shop_key"),
        ({**PARTNER, "API_KEY": SHOP_KEY}, "is a shop_key"),
        ({**PARTNER, "SHOP_KEY": KEY, "API_KEY": KEY}, "pass it as api_key"),
        ({"API_KEY": KEY + "\nX"}, "ETELECOM_API_KEY"),
        ({"API_KEY": KEY, "BASE_URL": "ftp://x"}, "with https"),
    ],
)
def test_an_environment_without_an_account_says_what_to_set_and_shows_no_key(environment, variables, advice):
    environment(**variables)
    with pytest.raises(ConfigError, match=advice) as caught:
        Session.from_env(transport=FakeTransport(answer()))
    # What stands where no key belongs is known to be none only when it was read.
    assert CANARY not in (str(caught.value) if variables.get("ACCOUNT") == KEY else everything_shown(caught.value))


ENV_REFUSED = {
    "redact": " ",
    "blanks": "\t\n ",
    "quotes": f"'{KEY}'",
    "double quotes": f'"{KEY}"',
    "a quote at the end": f'{KEY}"',
    "None": "None",
    "null": "null",
    "undefined": "undefined",
    "nil": "NIL",
    "a Secret shown": "***",
    "a template": "<digits>:<secret>",
    "a variable that was not expanded": "${ETELECOM_KEY}",
    "braces": "{{ etelecom_key }}",
    "Bearer": f"Bearer {KEY}",
    "bearer": f"bearer  {KEY}",
    "inner break": f"{KEY}\nx",
    "full width": f"{KEY}：",
}


@pytest.mark.parametrize("value", ENV_REFUSED.values(), ids=ENV_REFUSED)
@pytest.mark.parametrize("name", ["API_KEY", "SHOP_KEY", "BASE_URL"])
def test_a_variable_that_cannot_work_is_named_and_not_shown(environment, name, value):
    """D4: what is no key is refused before anything is sent with it."""
    environment(**{"ACCOUNT": "partner", "API_KEY": KEY, "SHOP_KEY": SHOP_KEY, name: value})
    with pytest.raises(ConfigError, match=f"ETELECOM_{name}") as caught:
        Session.from_env(transport=FakeTransport(answer()))
    assert CANARY not in (f"{caught.value!r}" if name == "BASE_URL" else everything_shown(caught.value))


@pytest.mark.parametrize("value", ["'{}'", '"{}"', "None", "null", "undefined", "***", "$KEY", "<key>", "Bearer {}"])
@pytest.mark.parametrize(
    ("name", "make"),
    [("api_key", Shop), ("api_key", lambda key: Partner(api_key=key)), ("shop_key", lambda key: Partner(shop_key=key))],
)
def test_what_a_program_writes_in_place_of_a_key_is_refused(name, make, value):
    """D4: as an argument too."""
    with pytest.raises(ConfigError, match=name):
        make(value.format(KEY))


@pytest.mark.parametrize("key", [b"1:canary", bytearray(b"1:canary"), ["1:canary"], {"key": "1:canary"}, 5, None])
@pytest.mark.parametrize(
    "make",
    [
        Secret,
        Shop,
        lambda key: Partner(api_key=key, shop_key=[key]),
        lambda key: Partner(api_key=KEY).for_shop(key),
        lambda key: session_over(answer(), account=Partner(api_key=KEY)).for_shop(key),
    ],
)
def test_a_key_of_another_type_is_refused_and_not_shown(make, key):
    with pytest.raises(ConfigError, match="is a str") as caught:
        make(key)
    assert CANARY not in everything_shown(caught.value)


async def test_a_session_from_the_environment_calls(environment):
    environment(API_KEY=KEY, BASE_URL=PBX)
    transport = FakeTransport(answer({"error": 0}))
    assert (await ask(Session.from_env(transport=transport, retry=Retry(attempts=1)))).granted
    assert str(transport.requests[0].url) == "https://pbx.example.vn/v1/shop.Zalo/CheckConsent"


# --- Secrets


@pytest.mark.parametrize(
    "thing",
    [
        Secret(KEY),
        Secret(Secret(KEY)),
        Shop(KEY),
        Partner(shop_key=SHOP_KEY, api_key=KEY),
        session_over(answer()),
        session_over(answer(), account=Partner(shop_key=SHOP_KEY)),
    ],
    ids=type,
)
def test_a_key_shows_itself_in_no_view_of_what_holds_it(thing):
    views = [str(thing), repr(thing), format(thing), f"{thing}", repr([thing]), str({"x": (thing,)})]
    if isinstance(thing, Partner):
        views.append(str(attrs.asdict(thing)))
    assert CANARY not in " ".join(views)


def test_a_secret_is_its_text_only_on_request():
    assert Secret(KEY).reveal() == KEY
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret(SHOP_KEY)
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY), Secret(SHOP_KEY)}) == 2


@pytest.mark.parametrize("thing", [Secret(KEY), Shop(KEY), Partner(shop_key=SHOP_KEY)], ids=type)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_holds_a_key_does_not_pickle_and_says_what_to_do(thing, protocol):
    with pytest.raises(TypeError, match=r"Session\.from_env\(\)"):
        pickle.dumps(thing, protocol)


@pytest.mark.parametrize("thing", [Secret(KEY), Shop(KEY), Partner(shop_key=SHOP_KEY, api_key=KEY)], ids=type)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_what_holds_a_key_can_be_copied(thing, duplicate):
    assert duplicate(thing) == thing
    assert CANARY not in repr(duplicate(thing))


def test_an_account_does_not_change():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Shop(KEY).base_url = URL("https://evil.example")


BARE = "bare key"
TO_PARTNER = r"Partner\(shop_key=\.\.\.\)"
TO_API_KEY = "pass it as api_key"
CONFIG_ERRORS = [
    (lambda: Shop(SHOP_KEY), TO_PARTNER),
    (lambda: Shop(Secret(SHOP_KEY)), TO_PARTNER),
    (lambda: Partner(api_key=SHOP_KEY), TO_PARTNER),
    (lambda: Partner(api_key=SHOP_KEY, shop_key=SHOP_KEY), TO_PARTNER),
    (lambda: Partner(shop_key=KEY), TO_API_KEY),
    (lambda: Partner(shop_key=KEY, api_key=KEY), TO_API_KEY),
    (lambda: Partner(shop_key=KEY, api_key=SHOP_KEY), "as api_key"),
    (Partner, "its api_key, a shop_key, or both"),
    (lambda: Partner(api_key=KEY).for_shop(KEY), TO_API_KEY),
    (lambda: Shop(KEY).for_shop(SHOP_KEY), "needs a Partner"),
    (lambda: session_over(answer(), account=Shop(KEY)).for_shop(SHOP_KEY), "needs a Partner"),
    (lambda: session_over(answer(), account=Partner(api_key=KEY)).for_shop(KEY), TO_API_KEY),
    (lambda: Partner(shop_key=SHOP_KEY).key(Role.ACCOUNT), "its api_key"),
    (lambda: Partner(api_key=KEY).key(Role.SHOP), r"session\.for_shop\(\)"),
    (lambda: Shop(KEY + "\r\nX-Evil: 1"), BARE),
    (lambda: Shop("Bearer " + KEY), BARE),
    (lambda: Partner(shop_key=SHOP_KEY + " ", api_key=KEY), BARE),
    (lambda: Partner(shop_key=SHOP_KEY, api_key=KEY + " "), BARE),
    (lambda: Shop(KEY.encode()), "is a str"),
    (lambda: Partner(api_key=KEY).for_shop(SHOP_KEY + " "), BARE),
    (lambda: Shop(KEY, base_url=""), "empty"),
    (lambda: Shop(KEY, base_url="https://"), "no URL with a host"),
    (lambda: Shop(KEY, base_url="https://x:y@example.vn"), "user or password"),
    (lambda: Shop(KEY, base_url="https://example.vn?x"), "without"),
    (lambda: Partner(api_key=KEY, base_url="ftp://example.vn"), "with https"),
    (lambda: Partner(shop_key=SHOP_KEY, base_url="http://example.vn"), "allow_http=True"),
    (lambda: Shop(KEY, base_url="https://example.vn/v1/shop.Zalo/CheckConsent"), "write https://"),
    (lambda: Shop(KEY, base_url="https://example.vn/v1/shop."), "write https://"),
    (lambda: Shop(KEY, base_url="https://example.vn/v1"), "write https://"),
]


@pytest.mark.parametrize(("fail", "advice"), CONFIG_ERRORS)
def test_a_config_error_says_what_to_do_and_shows_no_key_even_with_all_local_variables(fail, advice):
    with pytest.raises(ConfigError, match=advice) as caught:
        fail()
    assert CANARY not in everything_shown(caught.value)


async def test_no_failed_call_shows_a_key_even_with_all_local_variables():
    for given_answer in (answer({"code": "internal"}, 500), answer({"error": 5}), answer(b"{")):
        with pytest.raises(EtelecomError) as caught:
            await ask(session_over(given_answer))
        assert CANARY not in everything_shown(caught.value)
