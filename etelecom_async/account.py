"""Who calls: the account, its keys, and the base URL of its API."""

from __future__ import annotations

import ipaddress
import os
import re
from typing import NoReturn

from attrs import field, frozen
from yarl import URL

from . import _checks
from ._secret import Secret, hidden
from .endpoint import Role, check_role
from .errors import ConfigError

__all__ = [
    "Account",
    "Masked",
    "Partner",
    "Secret",
    "Shop",
    "check_key",
    "from_env",
    "hidden",
    "parse_base_url",
    "url_from_env",
]

SHOP_URL = "https://api.etelecom.vn/v1/shop"
PARTNER_URL = "https://api.etelecom.vn/v1/partner"

_KEY_CHARACTERS = re.compile(r"[\x21-\x7e]+")
_QUOTED = re.compile(r"""(['"`]).*|.*(['"`])""", re.DOTALL)
# What other programs write for "nothing", a template that was not filled in, and the repr of `Secret`.
_NO_VALUE = re.compile(
    r"none|null|nil|undefined|nan|true|false|\*+|\$.*|%.*%|<.*>|\{.*\}|shop<.*>|<digits>:.*", re.IGNORECASE | re.DOTALL
)
_API_KEY_SHAPE = re.compile(r"\d+:")
_SHOP_KEY_SHAPE = re.compile(r"shop\d+:")
_ACCOUNT, _API_KEY, _SHOP_KEY = "ETELECOM_ACCOUNT", "ETELECOM_API_KEY", "ETELECOM_SHOP_KEY"
_BASE_URL = "ETELECOM_BASE_URL"
_METHOD_IN_PATH = re.compile(r"\.[A-Z][A-Za-z0-9]*(/[A-Za-z0-9]*)?$")


class Masked(str):
    """A header value with credentials, such as `Bearer <key>`. Its repr and its pickle show only the scheme."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{self._shown()}'"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (self._shown(),)

    def _shown(self) -> str:
        return f"{self.partition(' ')[0]} ***"


@frozen(init=False, repr=False)
class Shop:
    """A shop: one api_key for everything.

    Args:
        api_key: as the eTelecom console shows it, `<digits>:<secret>`.
        base_url: host or base of the API, such as `https://pbx.example.vn` or `https://pbx.example.vn/v1/shop`.
        allow_http: permit plain http to a host that is not this machine. The key then travels in the clear.

    Raises:
        ConfigError: the key or the URL cannot work; the message says what to write instead.
    """

    api_key: Secret
    base_url: URL

    def __init__(self, api_key: str | Secret, *, base_url: str | URL = SHOP_URL, allow_http: bool = False) -> None:
        # From here on no frame holds the bare key, so no traceback can print it.
        api_key = hidden(api_key)
        object.__setattr__(self, "api_key", _api_key(api_key, "api_key"))
        object.__setattr__(self, "base_url", parse_base_url(base_url, default_path="/v1/shop", allow_http=allow_http))

    def __repr__(self) -> str:
        return _describe(self)

    def key(self, role: Role) -> Secret:
        """The key for a method of this role; a shop has one for every role.

        Raises:
            ConfigError: role is not a Role.
        """
        check_role("role", role)
        return self.api_key

    def for_shop(self, shop_key: str | Secret) -> NoReturn:
        """Always a ConfigError: only a partner acts for shops."""
        del shop_key
        raise ConfigError("for_shop() needs a Partner account; this session belongs to a Shop.")


@frozen(init=False, repr=False)
class Partner:
    """A partner: a shop_key for the methods of one shop (all of `Zalo/*`), its own api_key for the rest.

    Args:
        shop_key: `shop<digits>:<secret>`, from Shop/AuthorizeShop. Without it use `session.for_shop(...)`.
        api_key: the partner's, `<digits>:<secret>`. Needed for `Shop/*`, `Webhook/*` and `Etelecom/*Partner*`.
        base_url: host or base of the API.
        allow_http: permit plain http to a host that is not this machine. The keys then travel in the clear.

    Raises:
        ConfigError: a key or the URL cannot work, or neither key is given.
    """

    shop_key: Secret | None
    api_key: Secret | None
    base_url: URL
    _allow_http: bool = field(eq=False)

    def __init__(
        self,
        *,
        shop_key: str | Secret | None = None,
        api_key: str | Secret | None = None,
        base_url: str | URL = PARTNER_URL,
        allow_http: bool = False,
    ) -> None:
        shop_key = None if shop_key is None else hidden(shop_key)
        api_key = None if api_key is None else hidden(api_key)
        if shop_key is None and api_key is None:
            raise ConfigError("A Partner needs its api_key, a shop_key, or both.")
        object.__setattr__(self, "shop_key", shop_key and _shop_key(shop_key, "shop_key"))
        object.__setattr__(self, "api_key", api_key and _api_key(api_key, "api_key"))
        url = parse_base_url(base_url, default_path="/v1/partner", allow_http=allow_http)
        object.__setattr__(self, "base_url", url)
        object.__setattr__(self, "_allow_http", allow_http)

    def __repr__(self) -> str:
        return _describe(self)

    def key(self, role: Role) -> Secret:
        """The key for a method of this role.

        Raises:
            ConfigError: this partner has no such key, or role is not a Role.
        """
        check_role("role", role)
        if role is Role.SHOP:
            if self.shop_key is None:
                raise ConfigError("This method acts for one shop: give Partner a shop_key, or use session.for_shop().")
            return self.shop_key
        if self.api_key is None:
            raise ConfigError("This method acts for the partner itself: give Partner its api_key.")
        return self.api_key

    def for_shop(self, shop_key: str | Secret) -> Partner:
        """The same partner for another shop.

        Raises:
            ConfigError: it is not a shop_key.
        """
        shop_key = hidden(shop_key)
        return Partner(shop_key=shop_key, api_key=self.api_key, base_url=self.base_url, allow_http=self._allow_http)


Account = Shop | Partner


def _describe(account: Account) -> str:
    # Tracebacks with locals also print an account that was refused before it was complete.
    return f"<{type(account).__name__} {getattr(account, 'base_url', 'without a base URL')}>"


def from_env(*, base_url: URL | None = None) -> Account:
    """The account that the environment describes.

    `ETELECOM_ACCOUNT` (shop, the default, or partner), `ETELECOM_API_KEY`, `ETELECOM_SHOP_KEY`, `ETELECOM_BASE_URL`.
    Blanks and line breaks around a value do not count, and an empty variable counts as not set.

    Args:
        base_url: in place of that of the environment.

    Raises:
        ConfigError: a variable is missing or cannot work; the message names it and shows no value.
    """
    base_url = url_from_env() if base_url is None else base_url
    api_key = _secret_variable(_API_KEY)
    api_key = api_key and _api_key(api_key, _API_KEY)
    if not _is_partner():
        if api_key is None:
            raise ConfigError(f"Set {_API_KEY} to the shop's api_key (for a partner, also {_ACCOUNT}=partner).")
        return Shop(api_key, base_url=base_url)
    shop_key = _secret_variable(_SHOP_KEY)
    shop_key = shop_key and _shop_key(shop_key, _SHOP_KEY)
    if api_key is None and shop_key is None:
        raise ConfigError(f"Set {_API_KEY} and {_SHOP_KEY}: a partner needs its own api_key, a shop_key, or both.")
    return Partner(shop_key=shop_key, api_key=api_key, base_url=base_url)


def url_from_env(given: str | None = None, *, name: str = "base_url") -> URL:
    """The base URL that the environment names, or the one that is given, for the account in the environment.

    `name` is that of the argument, for messages.

    Raises:
        ConfigError: it cannot be one, or `ETELECOM_ACCOUNT` is neither shop nor partner.
    """
    default, path = (PARTNER_URL, "/v1/partner") if _is_partner() else (SHOP_URL, "/v1/shop")
    if given is not None:
        return parse_base_url(given, default_path=path, allow_http=False, name=name)
    return parse_base_url(_variable(_BASE_URL) or default, default_path=path, allow_http=False, name=_BASE_URL)


def _is_partner() -> bool:
    kind = _variable(_ACCOUNT)
    if kind in (None, "shop", "partner"):
        return kind == "partner"
    # The message does not show the value: it may be a key in the wrong variable.
    raise ConfigError(f"{_ACCOUNT} has to be 'shop' or 'partner', and is something else.")


def _variable(name: str) -> str | None:
    """The value of an environment variable, without blanks around it; None if it is empty or not set."""
    value = os.environ.get(name)
    if not value:
        return None
    if not value.strip():
        raise ConfigError(f"{name} holds only blanks: set it, or unset it.")
    return value.strip()


def _secret_variable(name: str) -> Secret | None:
    _variable(name)  # refuses blanks
    return Secret(os.environ[name].strip()) if os.environ.get(name) else None


def check_key(key: Secret, name: str, *, source: str = "the eTelecom console") -> None:
    """Refuse what cannot be a key, and what stands where one was not filled in.

    `name` is the argument's, and `source` where the key is found; both are for the message, which never shows the key.

    Raises:
        ConfigError: it cannot be a key.
    """
    if not isinstance(key.reveal(), str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _checks.refused(name, f"a str, as {source} shows it", key.reveal())
    if not key.reveal():
        raise ConfigError(f"The {name} is empty: copy it from {source}.")
    if key.reveal()[:7].lower() == "bearer ":
        raise ConfigError(f"The {name} begins with 'Bearer': give the bare key, the SDK adds the word.")
    if not _KEY_CHARACTERS.fullmatch(key.reveal()):
        raise ConfigError(
            f"The {name} has spaces, line breaks or non-ASCII characters: give the bare key, without 'Bearer'."
        )
    if _QUOTED.fullmatch(key.reveal()):
        raise ConfigError(f"The {name} has a quote at its beginning or end: give the bare key, without quotes.")
    if _NO_VALUE.fullmatch(key.reveal()):
        raise ConfigError(f"The {name} is a placeholder and not a key: copy it from {source}.")


def _api_key(key: Secret, name: str) -> Secret:
    check_key(key, name)
    if _SHOP_KEY_SHAPE.match(key.reveal()):
        raise ConfigError(f"The {name} is a shop_key (it begins with 'shop'): write Partner(shop_key=...) for it.")
    return key


def _shop_key(key: Secret, name: str) -> Secret:
    check_key(key, name)
    if _API_KEY_SHAPE.match(key.reveal()):
        raise ConfigError(f"The {name} is an api_key (a shop_key begins with 'shop'): pass it as api_key instead.")
    return key


def parse_base_url(base_url: str | URL, *, default_path: str, allow_http: bool, name: str = "base_url") -> URL:
    """The base to which `.<Service>/<Method>` is added, from a bare host or a full base.

    Raises:
        ConfigError: it cannot be a base URL; the message says what to write instead.
    """
    _checks.flag("allow_http", allow_http)
    example = f"https://api.etelecom.vn{default_path}"
    # None, as from a variable that is not set, must not become a host named "None".
    text = str(_checks.instance(name, base_url, (str, URL), f"a str or URL like {example}"))
    if not text.isprintable() or " " in text or not text:
        raise ConfigError(f"{name} is empty or has spaces or line breaks: write it like {example}.")
    if _NO_VALUE.fullmatch(text):
        raise ConfigError(f"{name} is a placeholder and not a URL: write it like {example}.")
    if _QUOTED.fullmatch(text):
        raise ConfigError(f"{name} has a quote at its beginning or end: write it like {example}.")
    try:
        url = URL(text if "://" in text else "https://" + text)
        host = url.host
    except ValueError:
        host = url = None
    # `https//host` and `http:/host` would have a host named "https" or "http".
    if url is None or not host or host in ("http", "https"):
        raise ConfigError(f"{name} is no URL with a host: write it like {example}.")
    # No message shows the text until it is known to hold no password.
    if url.user is not None or url.password is not None:
        raise ConfigError(f"{name} has a user or password in it: leave them out ({example}).")
    if url.raw_query_string or url.raw_fragment or "?" in text or "#" in text:
        raise ConfigError(f"{name} has a query or a fragment: write it without '?' and '#', like {example}.")
    if url.scheme not in ("https", "http"):
        raise ConfigError(f"{name} has the scheme {url.scheme!r}: write it with https, like {example}.")
    if url.scheme == "http" and not allow_http and not _is_loopback(host):
        raise ConfigError(
            f"{name}: plain http would show the key to the network: write {url.with_scheme('https')}, or pass"
            " allow_http=True."
        )
    return url.with_path(_base_path(url, default_path, name), encoded=True)


def _base_path(url: URL, default_path: str, name: str) -> str:
    path = url.raw_path.rstrip("/")
    if method := _METHOD_IN_PATH.search(path):
        base = f"{url.origin()}{path[: method.start()] or default_path}"
        raise ConfigError(f"{name} names a method: write {base}, the SDK adds the rest.")
    if path.endswith("."):
        raise ConfigError(f"{name} ends in a dot: write {url.origin()}{path.rstrip('.')}, the SDK adds the dot.")
    if path == "/v1":
        raise ConfigError(f"{name} stops at /v1: write {url.origin()}{default_path}.")
    return path or default_path


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
