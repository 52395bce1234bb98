"""An account is right or says what to write instead, and shows its keys to nobody."""

import copy
import os
import pickle
import re
import string
import traceback

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from etelecom_async import ConfigError, EtelecomError, Partner, Retry, Role, Secret, Session, Shop
from etelecom_async.account import from_env
from tests.support import CANARY, KEY, SHOP_KEY, FakeTransport, answer, ask, session_over

OTHER_SHOP_KEY = "shop9876543210987654321:another"
VARIABLES = ("ETELECOM_ACCOUNT", "ETELECOM_API_KEY", "ETELECOM_SHOP_KEY", "ETELECOM_BASE_URL", "ETELECOM_OA_ID")


# Where the keys come from, so that no frame of a test has one as a local variable.
def api_key():
    return KEY


def shop_key():
    return SHOP_KEY


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
        shop = Shop(api_key(), base_url=form)
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
        Shop(api_key(), base_url=base_url)
    assert Shop(api_key(), base_url=base_url, allow_http=True).base_url.scheme == "http"


REFUSED = [
    ("", "empty"),
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
        Shop(api_key(), base_url=base_url)
    named = re.search(r"https://[^\s),]+", str(caught.value))
    assert named is not None
    assert Shop(api_key(), base_url=named[0].rstrip(".:"))


@pytest.mark.parametrize("base_url", [None, 0, b"https://api.etelecom.vn"], ids=repr)
def test_a_base_url_is_a_str_or_a_url(base_url):
    with pytest.raises(ConfigError, match=r"https://api\.etelecom\.vn/v1/shop"):
        Shop(api_key(), base_url=base_url)


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
        Shop(api_key(), base_url=base_url)
    assert CANARY not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None


@given(st.text(string.printable + "é\u2028\ufeff", max_size=30))
def test_any_text_is_a_base_url_or_a_config_error(text):
    for base_url in (text, f"https://{text}", f"https://example.vn{text}"):
        try:
            shop = Shop(api_key(), base_url=base_url)
        except ConfigError:
            continue
        assert shop.base_url.host
        assert not shop.base_url.query_string
        assert Shop(api_key(), base_url=shop.base_url) == shop


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


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda: Shop(shop_key()), r"Partner\(shop_key=\.\.\.\)"),
        (lambda: Partner(api_key=shop_key()), r"Partner\(shop_key=\.\.\.\)"),
        (lambda: Partner(shop_key=api_key()), "pass it as api_key"),
        (lambda: Partner(shop_key=api_key(), api_key=shop_key()), "as api_key"),
        (lambda: Partner(api_key=api_key()).for_shop(api_key()), "pass it as api_key"),
        (Partner, "its api_key, a shop_key, or both"),
    ],
    ids=["shop", "api", "shop_key", "swapped", "for_shop", "none"],
)
def test_a_key_in_the_wrong_role_is_caught(make, advice):
    with pytest.raises(ConfigError, match=advice):
        make()


BAD_KEYS = ["{}\r\nX-Evil: 1", "{}\n", "\n{}", "{} ", " {}", "{}\t", "{}\0", "{}\x7f", "Bearer {}", "{}é", "{}\u2028"]
BAD_KEYS += ["{}\ufeff", "{}：", "{}\ud800"]


@pytest.mark.parametrize("text", BAD_KEYS, ids=ascii)
@pytest.mark.parametrize("make", [Shop, lambda key: Partner(shop_key=key), lambda key: Partner(api_key=key)])
def test_a_key_that_no_header_could_carry_is_refused(make, text):
    with pytest.raises(ConfigError, match="bare key"):
        make(text.format(api_key()))


@pytest.mark.parametrize("key", ["", None, 1, b"key", ["key"]], ids=repr)
def test_a_key_that_is_no_text_is_refused(key):
    with pytest.raises(ConfigError, match="api_key"):
        Shop(key)


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


# --- Who uses which key


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


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("Zalo/CheckConsent", SHOP_KEY),
        ("Zalo/RequestConsent", SHOP_KEY),
        ("Etelecom/GetHotlines", SHOP_KEY),
        ("Shop/AuthorizeShop", KEY),
        ("Webhook/CreateWebhook", KEY),
        ("Etelecom/GetPartnerHotlines", KEY),
    ],
)
async def test_a_partner_calls_each_method_with_the_key_that_it_wants(method, key):
    transport = FakeTransport(answer({}))
    await Session(Partner(shop_key=SHOP_KEY, api_key=KEY), transport=transport).invoke(method)
    assert transport.requests[0].headers["Authorization"] == f"Bearer {key}"


def test_for_shop_keeps_everything_of_a_partner_but_the_shop_key():
    partner = Partner(shop_key=SHOP_KEY, api_key=KEY, base_url="http://pbx.example.vn/x", allow_http=True)
    other = partner.for_shop(OTHER_SHOP_KEY)
    assert other.key(Role.SHOP) == Secret(OTHER_SHOP_KEY)
    assert other.key(Role.ACCOUNT) == Secret(KEY)
    assert other.base_url == partner.base_url
    assert partner.key(Role.SHOP) == Secret(SHOP_KEY)
    assert other.for_shop(Secret(SHOP_KEY)) == partner


def test_for_shop_of_a_shop_is_refused():
    with pytest.raises(ConfigError, match="needs a Partner"):
        Shop(KEY).for_shop(SHOP_KEY)
    with pytest.raises(ConfigError, match="needs a Partner"):
        session_over(answer()).for_shop(SHOP_KEY)


async def test_a_session_for_another_shop_shares_the_connections():
    transport = FakeTransport(answer({"error": 0}))
    session = Session(Partner(shop_key=SHOP_KEY), transport=transport)
    await ask(session)
    await ask(session.for_shop(OTHER_SHOP_KEY))
    await ask(session)
    sent = [request.headers["Authorization"] for request in transport.requests]
    assert sent == [f"Bearer {key}" for key in (SHOP_KEY, OTHER_SHOP_KEY, SHOP_KEY)]


# --- The environment


def test_the_environment_describes_a_shop(environment):
    environment(API_KEY=KEY)
    assert from_env() == Shop(KEY)


def test_the_environment_describes_a_shop_elsewhere(environment):
    environment(ACCOUNT="shop", API_KEY=KEY, BASE_URL="https://pbx.example.vn", SHOP_KEY="")
    assert from_env() == Shop(KEY, base_url="https://pbx.example.vn")


@pytest.mark.parametrize(
    ("variables", "partner"),
    [
        ({"SHOP_KEY": SHOP_KEY}, Partner(shop_key=SHOP_KEY)),
        ({"API_KEY": KEY, "SHOP_KEY": "", "BASE_URL": ""}, Partner(api_key=KEY)),
        (
            {"SHOP_KEY": SHOP_KEY, "API_KEY": KEY, "BASE_URL": "pbx.example.vn"},
            Partner(shop_key=SHOP_KEY, api_key=KEY, base_url="pbx.example.vn"),
        ),
    ],
)
def test_the_environment_describes_a_partner(environment, variables, partner):
    environment(ACCOUNT="partner", **variables)
    assert from_env() == partner


@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        ({}, "Set ETELECOM_API_KEY"),
        ({"API_KEY": ""}, "Set ETELECOM_API_KEY"),
        ({"SHOP_KEY": SHOP_KEY}, "ETELECOM_ACCOUNT=partner"),
        ({"ACCOUNT": "partner"}, "api_key, a shop_key, or both"),
        ({"ACCOUNT": "customer", "API_KEY": KEY}, "'shop' or 'partner'"),
        ({"API_KEY": SHOP_KEY}, "is a shop_key"),
        ({"API_KEY": KEY, "BASE_URL": "ftp://x"}, "with https"),
    ],
)
def test_an_environment_that_describes_nobody_says_what_to_set(environment, variables, advice):
    environment(**variables)
    with pytest.raises(ConfigError, match=advice):
        Session.from_env(transport=FakeTransport(answer()))


def inside(error):
    """The local variables of the SDK's own frames."""
    story = traceback.TracebackException.from_exception(error, capture_locals=True)
    return str([frame.locals for frame in story.stack if f"{os.sep}etelecom_async{os.sep}" in frame.filename])


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
    assert CANARY not in f"{caught.value!r} {caught.value}"
    if name != "BASE_URL":
        assert CANARY not in inside(caught.value)


@pytest.mark.parametrize("value", ["'{}'", '"{}"', "None", "null", "undefined", "***", "$KEY", "<key>", "Bearer {}"])
@pytest.mark.parametrize(
    ("name", "make"),
    [("api_key", Shop), ("api_key", lambda key: Partner(api_key=key)), ("shop_key", lambda key: Partner(shop_key=key))],
)
def test_what_a_program_writes_in_place_of_a_key_is_refused(name, make, value):
    """D4: as an argument too."""
    with pytest.raises(ConfigError, match=name):
        make(value.format(api_key()))


def test_blanks_around_a_variable_do_not_count(environment):
    """D3, D4: a file or a shell that adds a line break."""
    environment(ACCOUNT=" shop\n", API_KEY=f"\n{KEY}\r\n", BASE_URL="pbx.example.vn \n", SHOP_KEY="")
    assert from_env() == Shop(KEY, base_url="pbx.example.vn")


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
    assert CANARY not in f"{inside(caught.value)} {caught.value!r}"


def test_a_key_in_the_wrong_variable_is_not_repeated(environment):
    environment(ACCOUNT=KEY)
    with pytest.raises(ConfigError, match="ETELECOM_ACCOUNT") as caught:
        from_env()
    assert CANARY not in str(caught.value)


async def test_a_session_from_the_environment_calls(environment):
    environment(API_KEY=KEY, BASE_URL="https://pbx.example.vn")
    transport = FakeTransport(answer({"error": 0}))
    assert (await ask(Session.from_env(transport=transport, retry=Retry(attempts=1)))).granted
    assert str(transport.requests[0].url) == "https://pbx.example.vn/v1/shop.Zalo/CheckConsent"


# --- Secrets


def _views(thing):
    return " ".join([str(thing), repr(thing), format(thing), f"{thing}", repr([thing]), str({"x": (thing,)})])


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
    assert CANARY not in _views(thing)


def test_a_key_shows_itself_in_no_dict_of_its_account():
    assert CANARY not in str(attrs.asdict(Partner(shop_key=SHOP_KEY, api_key=KEY)))


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


CONFIG_ERRORS = {
    "role: shop": lambda: Shop(shop_key()),
    "role: secret": lambda: Shop(Secret(shop_key())),
    "role: api_key": lambda: Partner(api_key=shop_key(), shop_key=shop_key()),
    "role: shop_key": lambda: Partner(shop_key=api_key(), api_key=api_key()),
    "role: partner.for_shop": lambda: Partner(api_key=api_key()).for_shop(api_key()),
    "role: shop.for_shop": lambda: Shop(api_key()).for_shop(shop_key()),
    "role: session.for_shop": lambda: session_over(answer(), account=Shop(api_key())).for_shop(shop_key()),
    "role: partner session": lambda: session_over(answer(), account=Partner(api_key=api_key())).for_shop(api_key()),
    "no api_key": lambda: Partner(shop_key=shop_key()).key(Role.ACCOUNT),
    "no shop_key": lambda: Partner(api_key=api_key()).key(Role.SHOP),
    "line break": lambda: Shop(api_key() + "\r\nX-Evil: 1"),
    "bearer": lambda: Shop("Bearer " + api_key()),
    "shop_key with a space": lambda: Partner(shop_key=shop_key() + " ", api_key=api_key()),
    "api_key with a space": lambda: Partner(shop_key=shop_key(), api_key=api_key() + " "),
    "bytes": lambda: Shop(api_key().encode()),
    "for_shop with a space": lambda: Partner(api_key=api_key()).for_shop(shop_key() + " "),
    "url: empty": lambda: Shop(api_key(), base_url=""),
    "url: none": lambda: Shop(api_key(), base_url="https://"),
    "url: password": lambda: Shop(api_key(), base_url="https://x:y@example.vn"),
    "url: query": lambda: Shop(api_key(), base_url="https://example.vn?x"),
    "url: scheme": lambda: Partner(api_key=api_key(), base_url="ftp://example.vn"),
    "url: http": lambda: Partner(shop_key=shop_key(), base_url="http://example.vn"),
    "url: method": lambda: Shop(api_key(), base_url="https://example.vn/v1/shop.Zalo/CheckConsent"),
    "url: dot": lambda: Shop(api_key(), base_url="https://example.vn/v1/shop."),
    "url: v1": lambda: Shop(api_key(), base_url="https://example.vn/v1"),
}
BY_ENVIRONMENT = {
    "kind": {"ACCOUNT": "customer", "API_KEY": KEY, "SHOP_KEY": SHOP_KEY},
    "role: shop": {"API_KEY": SHOP_KEY},
    "role: api_key": {"ACCOUNT": "partner", "API_KEY": SHOP_KEY},
    "role: shop_key": {"ACCOUNT": "partner", "SHOP_KEY": KEY, "API_KEY": KEY},
    "line break": {"API_KEY": KEY + "\nX"},
    "url": {"API_KEY": KEY, "BASE_URL": "ftp://example.vn"},
}


def _safe_repr(value):
    try:
        return repr(value)
    except AttributeError:
        return "half made"


def _told(error):
    """Everything that a tool could print of an error: its chain, its frames and their local variables."""
    told = traceback.format_exception(error)
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            told += [f"{name} = {_safe_repr(value)}" for name, value in frame.f_locals.items()]
        error = error.__cause__ or error.__context__
    return "\n".join(told)


@pytest.mark.parametrize("fail", CONFIG_ERRORS.values(), ids=CONFIG_ERRORS)
def test_a_config_error_can_be_told_with_all_local_variables(fail):
    with pytest.raises(ConfigError) as caught:
        fail()
    story = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert CANARY not in "".join(story.format())


@pytest.mark.parametrize("fail", CONFIG_ERRORS.values(), ids=CONFIG_ERRORS)
def test_no_config_error_shows_a_key_even_with_all_local_variables(fail):
    with pytest.raises(ConfigError) as caught:
        fail()
    assert CANARY not in _told(caught.value)
    assert CANARY.encode() not in pickle.dumps(caught.value)


@pytest.mark.parametrize("case", BY_ENVIRONMENT)
def test_no_config_error_of_the_environment_shows_a_key(environment, case):
    environment(**BY_ENVIRONMENT[case])
    with pytest.raises(ConfigError) as caught:
        Session.from_env(transport=FakeTransport(answer()))
    assert CANARY not in _told(caught.value)


async def test_no_failed_call_shows_a_key_even_with_all_local_variables():
    for given_answer in (answer({"code": "internal"}, 500), answer({"error": 5}), answer(b"{")):
        with pytest.raises(EtelecomError) as caught:
            await ask(session_over(given_answer))
        assert CANARY not in _told(caught.value)
