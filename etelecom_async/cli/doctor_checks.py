"""The checks of `etelecom doctor`, in their order: each has a time limit, and none is made that cannot succeed."""

from __future__ import annotations

import asyncio
import platform
import re
import ssl
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import cast

from attrs import define, evolve, field
from yarl import URL

from .._version import __version__
from ..account import SHOP_URL, Account, Partner, from_env, url_from_env
from ..api.consent_requests import LIST_REQUEST_CONSENT
from ..errors import ApiError, EtelecomError, PermissionDenied, RateLimited, Unauthenticated
from ..messages.translation import Translator
from ..pipeline.calls import method_url
from ..pipeline.retry import Retry
from ..pipeline.status import api_error
from ..session import Session
from ..timeout import Timeout
from ..transport.base import Request, Response, Transport
from ..transport.connecting import not_connected
from ..transport.headers import HEADERS
from ..transport.proxies import Proxies, Proxy
from ..transport.trust import Trust
from . import doctor_texts as texts
from .bug_report import without_keys
from .doctor_account import look_at_keys, look_for_oa
from .doctor_network import Resolve, connect_to_each, handshake, is_address, resolve
from .finding import Finding, Verdict
from .network import Network, TransportChoice

__all__ = ["Checkup"]

_PACKAGES = ("aiohttp", "attrs", "cattrs", "yarl", "click", "rich")
_EXTRAS = ("uvloop", "httptools", "httpx", "phonenumbers", "pyarrow", "redis", "ray")
_API_KEY, _SHOP_KEY = re.compile(r"\d+:.+"), re.compile(r"shop\d+:.+")
_OK = 200
_DAY = 86_400
_FEW_DAYS = 14
_SLIGHT, _GREAT = 5.0, 300.0
"""Seconds that the clocks may differ; from the second on, the signatures of webhooks are not accepted."""
_SHARE = 0.9
"""Of a check's time: what is asked for ends before it, and says more of what is wrong."""


@define(kw_only=True)
class Checkup:
    """Looks at one thing after the other, from this machine to the Official Account.

    Attributes:
        network: the options that say how the server is reached.
        language: of what `--verbose` says of that.
        base_url: in place of that of the environment.
        oa_id: the Official Account to look for; None for any.
        seconds: what a check may take.
        resolve: finds the addresses of a host.
        now: the time of this machine, in epoch seconds.
    """

    network: Network
    language: Translator
    base_url: str | None = None
    oa_id: int | None = None
    seconds: float = 5.0
    resolve: Resolve = resolve
    now: Callable[[], float] = time.time

    _url: URL = field(init=False, factory=lambda: URL(SHOP_URL))
    _account: Account | None = field(init=False, default=None)
    _proxy: Proxy | None = field(init=False, default=None)
    _addresses: Sequence[str] = field(init=False, default=())
    _transport: Transport | None = field(init=False, default=None)
    _date: tuple[str, float] = field(init=False, default=("", 0.0))

    async def run(self) -> AsyncGenerator[Finding]:
        """The findings, as they come. What needs a check that has failed is skipped."""
        blocked: list[str] = []
        try:
            for name, (needs, check) in self._checks().items():
                missing = [it for it in needs if it in blocked]
                if missing:
                    reason = texts.SKIPPED.format(checks=", ".join(texts.TITLES[it] for it in missing))
                    finding = Finding(check=name, verdict=Verdict.SKIPPED, found=reason)
                else:
                    finding = await self._made(name, check)
                if missing or finding.verdict is Verdict.FAILED:
                    blocked.append(name)
                yield finding
        finally:
            if self._transport is not None:
                await self._transport.aclose()

    def _checks(self) -> dict[str, tuple[tuple[str, ...], Callable[[str], Awaitable[Finding]]]]:
        """By their names: which others each needs, and how it is made."""
        return {
            "environment": ((), self._environment),
            "base_url": ((), self._base_url),
            "key_shape": ((), self._key_shape),
            "proxy": (("base_url",), self._which_proxy),
            "dns": (("proxy",), self._dns),
            "tcp": (("dns",), self._tcp),
            "tls": (("tcp",), self._tls),
            "service": (("tls",), self._service),
            "clock": (("service",), self._clock),
            "key": (("key_shape", "service"), self._key),
            "oa": (("key",), self._oa),
        }

    async def _made(self, name: str, check: Callable[[str], Awaitable[Finding]]) -> Finding:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.seconds):
                finding = await check(name)
        except EtelecomError as error:
            said = error.message or type(error).__name__
            advice = _ADVICE.get(name, texts.TRY_LATER)
            finding = _failed(name, said, advice, is_passing=error.transient)
        except TimeoutError:
            finding = _failed(name, texts.TIMED_OUT.format(seconds=self.seconds), texts.SLOW, is_passing=True)
        return evolve(finding, found=without_keys(finding.found), seconds=time.monotonic() - started)

    async def _environment(self, name: str) -> Finding:
        versions = {package: _version(package) for package in (*_PACKAGES, *_EXTRAS)}
        missing = [package for package in _PACKAGES if versions[package] is None]
        if missing:
            return _failed(name, texts.NOT_INSTALLED.format(packages=", ".join(missing)), texts.INSTALL)
        packages = ", ".join(f"{package} {number}" for package, number in versions.items() if number is not None)
        python, system = platform.python_version(), f"{sys.platform} {platform.machine()}"
        return _ok(name, texts.ENVIRONMENT.format(version=__version__, python=python, system=system, packages=packages))

    async def _base_url(self, name: str) -> Finding:
        self._url = url_from_env(self.base_url, name="--base-url")
        return _ok(name, texts.BASE_URL.format(url=self._url))

    async def _key_shape(self, name: str) -> Finding:
        self._account = account = from_env(base_url=self._url)
        keys = {"api_key": (account.api_key, _API_KEY, "<digits>:<secret>")}
        if isinstance(account, Partner):
            keys["shop_key"] = (account.shop_key, _SHOP_KEY, "shop<digits>:<secret>")
        given = [key for key, (secret, _, _) in keys.items() if secret is not None]
        odd = {
            key: words
            for key, (secret, form, words) in keys.items()
            if secret is not None and not form.fullmatch(secret.reveal())
        }
        if odd:
            found = texts.KEY_LOOKS_ODD.format(names=" and ".join(odd), form=" and ".join(odd.values()))
            return _warning(name, found, texts.COMPARE_KEY)
        kind = type(account).__name__.lower()
        return _ok(name, texts.KEYS.format(names=" and ".join(given), account=kind))

    async def _which_proxy(self, name: str) -> Finding:
        self._proxy = Proxies(self.network.proxy, source="--proxy").of(self._url)
        return _ok(name, texts.NO_PROXY if self._proxy is None else texts.PROXY.format(proxy=self._proxy))

    async def _dns(self, name: str) -> Finding:
        host, port = self._place()
        if is_address(host):
            self._addresses = [host]
            return _ok(name, texts.IS_ADDRESS.format(host=host))
        try:
            self._addresses = await self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise not_connected(error, host, port, has_connected=False) from None
        return _ok(name, texts.ADDRESSES.format(host=host, addresses=", ".join(self._addresses)))

    async def _tcp(self, name: str) -> Finding:
        _, port = self._place()
        outcomes = await connect_to_each(self._addresses, port, seconds=_SHARE * self.seconds)
        reached = [address for address, failure in outcomes.items() if failure is None]
        failures = "; ".join(failure for failure in outcomes.values() if failure is not None)
        if not reached:
            return _failed(name, texts.NOT_REACHED.format(failed=failures), texts.CHECK_FIREWALL, is_passing=True)
        self._addresses = reached
        places = ", ".join(f"{address} port {port}" for address in reached)
        if failures:
            return _warning(name, texts.REACHED_SOME.format(reached=places, failed=failures), texts.SOME_ADDRESSES)
        return _ok(name, texts.REACHED.format(places=places))

    async def _tls(self, name: str) -> Finding:
        if self._url.scheme != "https":
            return Finding(check=name, verdict=Verdict.SKIPPED, found=texts.NO_TLS)
        if self._proxy is not None:
            return Finding(check=name, verdict=Verdict.SKIPPED, found=texts.TLS_IN_PROXY)
        ca = self.network.ca
        trust = Trust.of_environment() if ca is None else Trust.given(ca, source="--ca")
        context = trust.context() or ssl.create_default_context()
        host, port = self._place()
        seen = await handshake(host, self._addresses[0], port, context)
        days = (seen.ends - self.now()) / _DAY
        if days < _FEW_DAYS:
            return _warning(name, texts.TLS_ENDS.format(version=seen.version, days=int(days)), texts.TELL_OPERATOR)
        return _ok(name, texts.TLS.format(version=seen.version, days=int(days)))

    async def _service(self, name: str) -> Finding:
        self._transport = transport = self.network.runtime(
            TransportChoice.AIOHTTP, self._url, texts=self.language
        ).transport
        # Without a key: this is about who answers, and says nothing to another program that does.
        url = method_url(self._url, LIST_REQUEST_CONSENT.name)
        response = await transport.send(Request(LIST_REQUEST_CONSENT, url, HEADERS, b"{}", self._timeout()))
        self._date = response.headers.get("date", ""), self.now()
        return _who_answers(name, response)

    async def _clock(self, name: str) -> Finding:
        date, here = self._date
        try:
            there = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return Finding(check=name, verdict=Verdict.SKIPPED, found=texts.NO_DATE)
        # The header leaves the fraction of the second out.
        difference = here - there - 0.5
        if abs(difference) <= _SLIGHT:
            return _ok(name, texts.CLOCK.format(seconds=abs(round(difference))))
        found = (texts.AHEAD if difference > 0 else texts.BEHIND).format(seconds=abs(difference))
        judge = _warning if abs(difference) <= _GREAT else _failed
        return judge(name, found, texts.SET_CLOCK)

    async def _key(self, name: str) -> Finding:
        return await look_at_keys(self._session(), name)

    async def _oa(self, name: str) -> Finding:
        return await look_for_oa(self._session(), name, self.oa_id, now=self.now())

    def _session(self) -> Session:
        # Both are there: what this is for needs the checks that have made them. Closing them is not the session's.
        account, transport = cast("Account", self._account), cast("Transport", self._transport)
        return Session(account, transport=transport, timeout=self._timeout(), retry=Retry(attempts=1))

    def _timeout(self) -> Timeout:
        return Timeout(attempt=_SHARE * self.seconds, total=_SHARE * self.seconds)

    def _place(self) -> tuple[str, int]:
        """Host and port of what the connection goes to: the proxy, if there is one."""
        url = self._url if self._proxy is None else self._proxy.url
        return url.host or "", url.port or 443


_ADVICE = {
    "dns": texts.CHECK_NAME,
    "base_url": texts.CORRECT_VARIABLE,
    "key_shape": texts.CORRECT_VARIABLE,
    "proxy": texts.CORRECT_VARIABLE,
    "tls": texts.CHECK_TLS,
    "service": texts.NO_API,
}


def _who_answers(name: str, response: Response) -> Finding:
    if response.status == _OK:
        found = texts.ANSWERS_WITHOUT.format(status=response.status)
        return _warning(name, found, texts.ANOTHER)
    error = api_error(response)
    said = f"{error.status} {error.code}: {error.message}".removesuffix(": ")
    if isinstance(error, Unauthenticated | PermissionDenied):
        # A page without a code of the API's own may be that of a proxy or of another server.
        answers = texts.ANSWERS.format(status=response.status)
        return _ok(name, answers) if error.code else _warning(name, answers, texts.ANOTHER)
    if isinstance(error, RateLimited):
        return _warning(name, said, texts.TRY_LATER)
    return _failed(name, said, _advice(error), is_passing=error.transient)


def _advice(error: ApiError) -> str:
    return texts.TRY_LATER if error.transient else texts.NO_API


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _ok(name: str, found: str) -> Finding:
    return Finding(check=name, verdict=Verdict.OK, found=found)


def _warning(name: str, found: str, advice: str) -> Finding:
    return Finding(check=name, verdict=Verdict.WARNING, found=found, advice=advice)


def _failed(name: str, found: str, advice: str, *, is_passing: bool = False) -> Finding:
    return Finding(check=name, verdict=Verdict.FAILED, found=found, advice=advice, is_passing=is_passing)
