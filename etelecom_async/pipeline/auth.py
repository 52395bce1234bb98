"""The key goes out here and comes no further back: innermost, so that no layer above ever holds it."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..account import Account, Masked, Secret
from ..endpoint import Role
from ..errors import ConfigError
from ..transport.base import Request, Response
from ..transport.headers import HEADERS, ConstantHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Auth", "Key"]

_BLANK = "***"
_ENTITIES = MappingProxyType({'"': "quot", "&": "amp", "'": "apos", "<": "lt", ">": "gt"})
"""The names that HTML has for what a key can hold."""
_BACKSLASH, _PERCENT, _AMPERSAND = b"\\%&"
_OK = 200
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


class Key:
    """A key made ready: the header that carries it, and how to find it in an answer that repeats it."""

    __slots__ = ("_bytes", "_header", "_pattern", "_raw", "_signed", "_text")

    # A shorter "key" is no secret, and blanking it would garble answers.
    _SHORTEST = 8

    def __init__(self, key: Secret) -> None:
        self._header = Masked(f"Bearer {key.reveal()}")
        self._signed = ConstantHeaders({**HEADERS, "Authorization": self._header})
        self._text = key.reveal()
        self._raw = self._text.encode() if len(self._text) >= self._SHORTEST else None
        self._pattern = re.compile("".join(map(_spellings, key.reveal())))
        self._bytes = re.compile(self._pattern.pattern.encode())

    def sign(self, request: Request) -> Request:
        """The request with the key.

        Raises:
            ConfigError: a middleware has put a header on it that cannot be sent.
        """
        headers = self._signed if request.headers is HEADERS else self._with_key(request.headers)
        return Request(request.endpoint, request.url, headers, request.body, request.timeout, request.attempt)

    def _with_key(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """A middleware's headers, with the key."""
        _check(headers)
        return {**headers, "Authorization": self._header}

    def redact(self, response: Response) -> Response:
        """The answer without the key, in whatever escaping it stands there."""
        if self._raw is None:
            return response
        body, headers = response.body, response.headers
        # Nearly every answer has nothing that could be an escaped key. What has no key stays the very same object.
        if _BACKSLASH in body or _PERCENT in body or _AMPERSAND in body:
            body = self._bytes.sub(_BLANK.encode(), body)
        else:
            body = body.replace(self._raw, b"***")
        text, is_suspect = self._text, response.status != _OK
        for value in headers.values():  # a loop here is cheaper than joining them
            if text in value:
                is_suspect = True
        if is_suspect:
            headers = {name: self._pattern.sub(_BLANK, value) for name, value in headers.items()}
        elif body is response.body:
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
    name = _ENTITIES.get(character)
    forms = [
        re.escape(character),
        re.escape("\\" + character),
        rf"(?i:\\u{code:04x}|%{code:02x}|&\#x0*{code:x};|&\#0*{code};)",
        *([f"&{name};"] if name else []),
    ]
    return f"(?:{'|'.join(forms)})"


class Auth:
    """The keys of an account, made ready at their first use."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._for_shop: Key | None = None
        self._for_account: Key | None = None

    def key(self, role: Role) -> Key:
        """The key for a method of this role.

        Raises:
            ConfigError: the account has none.
        """
        if role is Role.SHOP:
            key = self._for_shop = self._for_shop or Key(self._account.key(role))
        else:
            key = self._for_account = self._for_account or Key(self._account.key(role))
        return key
