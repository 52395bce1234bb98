"""The key goes out here and comes no further back: innermost, so that no layer above ever holds it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
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
    """A key made ready: the header that carries it, and the spellings in which an answer could repeat it."""

    __slots__ = ("header", "spellings")

    def __init__(self, key: Secret) -> None:
        self.header = _Masked(f"Bearer {key.reveal()}")
        self.spellings = frozenset(
            {
                key.reveal(),
                json.dumps(key.reveal())[1:-1],
                key.reveal().replace("/", "\\/"),
                html.escape(key.reveal()),
            }
        )

    def blank(self, response: Response) -> Response:
        """The answer without the key."""
        for spelling in self.spellings:
            if spelling.encode() in response.body or _any_has(response.headers, spelling):
                headers = {name: value.replace(spelling, _BLANK) for name, value in response.headers.items()}
                response = response.with_body(headers, response.body.replace(spelling.encode(), _BLANK.encode()))
        return response


def _any_has(headers: Mapping[str, str], text: str) -> bool:
    return any(text in value for value in headers.values())


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
