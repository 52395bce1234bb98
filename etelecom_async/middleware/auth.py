"""The key goes out here and comes no further back: innermost, so that no layer above ever holds it."""

from __future__ import annotations

import html.entities
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from ..account import Account, Secret

if TYPE_CHECKING:
    from ..endpoint import Role
    from ..transport.base import Request, Response
    from . import CallNext

__all__ = ["Auth"]

_BLANK = "***"


class _Masked(str):
    """A header value that reads as itself and shows itself to no repr, so that tracebacks with locals stay clean."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'Bearer ***'"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (f"Bearer {_BLANK}",)


class _Key:
    """A key made ready: the header that carries it, and how to find it in an answer that repeats it."""

    __slots__ = ("_bytes", "_pattern", "_raw", "header")

    # A shorter "key" is nobody's secret, and blanking it would garble answers.
    _SHORTEST = 8

    def __init__(self, key: Secret) -> None:
        self.header = _Masked(f"Bearer {key.reveal()}")
        self._raw = key.reveal().encode() if len(key.reveal()) >= self._SHORTEST else None
        self._pattern = re.compile("".join(map(_spellings, key.reveal())))
        self._bytes = re.compile(self._pattern.pattern.encode())

    def blank(self, response: Response) -> Response:
        """The answer without the key, in whatever escaping it stands there."""
        if self._raw is None:
            return response
        body = response.body
        # Nearly every answer has neither the key nor anything that could be an escaped one.
        if self._raw in body or b"\\" in body or b"%" in body or b"&" in body:
            body = self._bytes.sub(_BLANK.encode(), body)
        headers = response.headers
        if response.status != HTTPStatus.OK or self._raw.decode() in "".join(headers.values()):
            headers = {name: self._pattern.sub(_BLANK, value) for name, value in headers.items()}
        if body is response.body and headers is response.headers:
            return response
        return response.with_body(headers, body)


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
        ConfigError: the account has no key for the method's role.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._keys: dict[Role, _Key] = {}

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        key = self._keys.get(request.endpoint.role)
        if key is None:
            key = self._keys[request.endpoint.role] = _Key(self._account.key(request.endpoint.role))
        response = await call_next(request.with_headers({**request.headers, "Authorization": key.header}))
        return key.blank(response)
