"""Which proxy a request goes through: one that the caller names, or one of the environment."""

from __future__ import annotations

import base64
import netrc
import os
import re
from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen
from yarl import URL

from ..account import Masked, Secret
from ..errors import ConfigError
from .no_proxy import NoProxy, is_loopback

__all__ = ["Proxies", "Proxy", "secret_url"]

_EXAMPLE = "http://proxy.example:3128"
_PLACE = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@frozen(kw_only=True)
class Proxy:
    """An HTTP proxy.

    Attributes:
        url: scheme, host and port; never a user or a password.
        source: what names it, such as `proxy`, `--proxy` or `HTTPS_PROXY`.
        headers: for the proxy: `Proxy-Authorization`, if there is a user.
    """

    url: URL
    source: str
    headers: Mapping[str, str] = field(default=_NOTHING, repr=False, eq=False)

    def __str__(self) -> str:
        return f"{self.url} (from {self.source})"


class Proxies:
    """Which proxy each request goes through.

    A proxy that is given is for all requests. Else the environment decides: `HTTPS_PROXY` for https, `HTTP_PROXY` for
    http, `ALL_PROXY` if the scheme's variable is not set, and no proxy for the hosts of `NO_PROXY` and this machine.
    Names in lower case come first.

    Args:
        given: `secret_url` of the proxy for all requests; None for the environment's.
        source: the caller's name for it, for messages.
        trust_env: whether the environment is read if no proxy is given.

    Raises:
        ConfigError: what is given cannot be a proxy.
    """

    def __init__(
        self, given: Secret | ConfigError | None = None, *, source: str = "proxy", trust_env: bool = True
    ) -> None:
        if isinstance(given, ConfigError):
            raise given
        self._given = None if given is None else _parse(given, source)
        environ = os.environ if trust_env and given is None else _NOTHING
        self._variables = {
            scheme: variable
            for scheme in ("https", "http")
            if (variable := _variable(environ, scheme) or _variable(environ, "all"))
        }
        self._exceptions = NoProxy(environ.get("no_proxy", environ.get("NO_PROXY", "")))
        self._found: dict[tuple[str, str | None, int | None], Proxy | None] = {}
        self.is_empty = self._given is None and not self._variables
        """Whether every request goes directly."""

    def of(self, url: URL) -> Proxy | None:
        """The proxy for a request to this URL; None if it goes directly.

        Raises:
            ConfigError: what the environment names cannot be a proxy; or the URL is plain http to this machine and the
                proxy is another machine, which would read the key.
        """
        key = url.scheme, url.raw_host, url.port
        if key not in self._found:
            self._found[key] = self._find(url, url.raw_host or "")
        return self._found[key]

    def _find(self, url: URL, host: str) -> Proxy | None:
        given = self._given
        if given is not None:
            if url.scheme == "http" and is_loopback(host) and not is_loopback(given.url.host or ""):
                raise ConfigError(
                    f"{url.origin()} is this machine, and the proxy {given} is another one, which would read the key:"
                    " leave the proxy out."
                )
            return given
        variable = self._variables.get(url.scheme)
        if variable is None or is_loopback(host) or self._exceptions.excepts(host, url.port):
            return None
        name, value = variable
        proxy = _parse(value, name)
        return proxy if proxy.headers else _with_netrc(proxy)


def _variable(environ: Mapping[str, str], scheme: str) -> tuple[str, Secret] | None:
    """Name and value of the scheme's variable, if it is set."""
    name = f"{scheme}_proxy"
    if name not in environ:
        name = name.upper()
        # Under CGI any client of the web server can set this one, with a header `Proxy`.
        if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
            return None
    return (name, Secret(environ[name])) if environ.get(name, "").strip() else None


def secret_url(given: str | URL | Secret | None, source: str) -> Secret | ConfigError | None:
    """A proxy's URL as a secret; or the error to raise later, when no frame, which tracebacks print, holds the URL."""
    if given is None or isinstance(given, Secret):
        return given
    if isinstance(given, str | URL):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may have no type checker
        return Secret(str(given))
    return ConfigError(
        f"{source} is the URL of a proxy, such as {_EXAMPLE!r}; got a value of type {type(given).__name__}."
    )


def _parse(text: Secret, source: str) -> Proxy:
    """The proxy at this URL, or a ConfigError that says what to write and shows no user and no password."""
    proxy = _read(text, source)
    if isinstance(proxy, str):
        raise ConfigError(f"{source} {proxy}")
    return proxy


def _read(secret: Secret, source: str) -> Proxy | str:  # noqa: PLR0911 - a list of what can be wrong
    """The proxy, or what is wrong with it. Nothing is raised here, where a frame holds the password."""
    text = secret.reveal().strip()
    if not text or not text.isprintable() or " " in text:
        return f"is empty or has spaces or line breaks in it: write it like {_EXAMPLE}."
    if "://" not in text:
        place = text.rpartition("@")[2].rstrip("/")
        return f"has no scheme: write {f'http://{place}' if _PLACE.fullmatch(place) else f'it like {_EXAMPLE}'}."
    try:
        url = URL(text)
        host, port, user, password = url.host, url.port, url.user, url.password
    except ValueError:
        return f"is no URL of a proxy: write it like {_EXAMPLE}, and / ? # @ : in a password as %2F %3F %23 %40 %3A."
    if url.scheme.startswith("socks"):
        return f"names a SOCKS proxy, and only HTTP proxies are supported: write it like {_EXAMPLE}."
    if url.scheme not in ("http", "https"):
        return f"has a scheme that is neither http nor https: write it like {_EXAMPLE}."
    if not host or not port:
        return f"names no host and port: write it like {_EXAMPLE}."
    if url.raw_path not in ("", "/") or "?" in text or "#" in text:
        return (
            f"has more behind host and port: write it like {_EXAMPLE}. PAC files are not supported, and / ? # in a"
            " password are written %2F %3F %23."
        )
    headers = _NOTHING if user is None and password is None else _authorization(user or "", password or "")
    return Proxy(url=url.origin(), source=source, headers=headers)


def _authorization(user: str, password: str) -> Mapping[str, str]:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return MappingProxyType({"Proxy-Authorization": Masked(f"Basic {token}")})


def _with_netrc(proxy: Proxy) -> Proxy:
    """The same proxy with the user that `.netrc` has for its host. The entry `default` does not count."""
    try:
        entry = netrc.netrc(os.environ.get("NETRC")).hosts.get(proxy.url.host or "")
    except (OSError, netrc.NetrcParseError, UnicodeError):
        return proxy  # the file may be for other programs; a proxy that wants a user says so
    if entry is None:
        return proxy
    return Proxy(url=proxy.url, source=proxy.source, headers=_authorization(entry[0], entry[2]))
