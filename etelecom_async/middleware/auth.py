"""The key goes out here and comes no further back: innermost, so that no layer above ever holds it."""

from __future__ import annotations

import html.entities
import re
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..account import Account, Secret
from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..endpoint import Role
    from ..transport.base import Request, Response
    from . import CallNext

__all__ = ["Auth"]

_BLANK = "***"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


class _Masked(str):
    """A header value that reads as itself and shows itself to no repr, so that tracebacks with locals stay clean."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'Bearer ***'"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (f"Bearer {_BLANK}",)


class _Key:
    """A key made ready: the header that carries it, and how to find it in an answer that repeats it."""

    __slots__ = ("_bytes", "_header", "_pattern", "_raw", "_signed", "_text")

    # A shorter "key" is nobody's secret, and blanking it would garble answers.
    _SHORTEST = 8

    def __init__(self, key: Secret) -> None:
        self._header = _Masked(f"Bearer {key.reveal()}")
        self._signed: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
        self._text = key.reveal()
        self._raw = self._text.encode() if len(self._text) >= self._SHORTEST else None
        self._pattern = re.compile("".join(map(_spellings, key.reveal())))
        self._bytes = re.compile(self._pattern.pattern.encode())

    def sign(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers with the key. A session's calls bring the very same ones, and read-only, so the last are kept."""
        unsigned, signed = self._signed
        if headers is not unsigned:
            _check(headers)
            signed = MappingProxyType({**headers, "Authorization": self._header})
            if isinstance(headers, MappingProxyType):
                self._signed = (headers, signed)
        return signed

    def blank(self, response: Response) -> Response:
        """The answer without the key, in whatever escaping it stands there."""
        if self._raw is None:
            return response
        body = response.body
        # Nearly every answer has neither the key nor anything that could be an escaped one.
        if self._raw in body or b"\\" in body or b"%" in body or b"&" in body:
            body = self._bytes.sub(_BLANK.encode(), body)
        headers = response.headers
        if response.status != HTTPStatus.OK or self._text in "".join(headers.values()):
            headers = {name: self._pattern.sub(_BLANK, value) for name, value in headers.items()}
        if body is response.body and headers is response.headers:
            return response
        return response.with_body(headers, body)


def _check(headers: Mapping[str, str]) -> None:
    """Refuse what would end a header early and begin another one: nothing like it may leave with the key."""
    for name, value in headers.items():
        if not (_is_text(name) and _NAME.fullmatch(name)):
            raise ConfigError("A header's name is a str of letters, digits and hyphens; some middleware's is not.")
        if not (_is_text(value) and _VALUE.fullmatch(value)):
            raise ConfigError(f"The header {name} has line breaks, control or non-ASCII characters, or is no str.")


def _is_text(value: object) -> bool:
    """Middlewares may come without a type checker."""
    return isinstance(value, str)


def _spellings(character: str) -> str:
    """A pattern for a character as it is, and as JSON, HTML or a URL may write it."""
    code = ord(character)
    names = html.entities.codepoint2name.get(code, "apos" if character == "'" else "")
    forms = [
        re.escape(character),
        re.escape("\\" + character),
        rf"(?i:\\u{code:04x}|%{code:02x}|&\#x0*{code:x};|&\#0*{code};)",
        *([f"&{names};"] if names else []),
    ]
    return f"(?:{'|'.join(forms)})"


class Auth:
    """Puts the account's key for the method's role on the request, and blanks it in an answer that repeats it.

    Raises (when called):
        ConfigError: the account has no key for the method's role, or a middleware has put a header on the request that
            cannot be sent.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._keys: dict[Role, _Key] = {}

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        key = self._keys.get(request.endpoint.role)
        if key is None:
            key = self._keys[request.endpoint.role] = _Key(self._account.key(request.endpoint.role))
        return key.blank(await call_next(request.with_headers(key.sign(request.headers))))
