"""What comes in over HTTP and how errors go out, as the server's framework does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from ..api import known
from ..endpoint import JSON, Encoding
from ..errors import ApiError, BadRoute, InvalidArgument, NotFound

__all__ = ["SandboxRequest", "encoding_of", "error_body", "route_of"]

_ROUTE = re.compile(r"/v1/(shop|partner)\.([^/]+)/(.*)", re.DOTALL)
_SERVICES = frozenset({"Etelecom", "Misc", "OA", "OmniMessage", "Shop", "Webhook", "Zalo"})

_STANDARD = MappingProxyType(
    {
        "bad_route": NotFound.usual[1],
        "malformed": InvalidArgument.usual[1],
        "external_service": ApiError.usual[1],
    }
)
"""The standard codes that newer servers send, with the finer code in `meta.xcode`."""


@frozen(kw_only=True)
class SandboxRequest:
    """An HTTP request as the server receives it: the path without the query, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=lambda body: f"<{len(body)} bytes>")


def route_of(request: SandboxRequest) -> tuple[str, str] | None:
    """The base in the path, `shop` or `partner`, and the method; None for a service that does not exist.

    Raises:
        BadRoute: another HTTP method than POST, or another Content-Type than the method's.
    """
    if request.method != "POST":
        raise BadRoute("Chỉ hỗ trợ phương thức POST")
    route = _ROUTE.fullmatch(request.path)
    method = f"{route[2]}/{route[3]}" if route else ""
    encoding = encoding_of(method)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != encoding.value:
        raise BadRoute(f"Content-Type phải là {encoding.value}")
    return (route[1], method) if route and route[2] in _SERVICES else None


def encoding_of(method: str) -> Encoding:
    """What the body of a method is: JSON for one that is not known."""
    endpoint = known(method)
    return Encoding.JSON if endpoint is None else endpoint.encoding


def error_body(error: ApiError, *, is_legacy: bool) -> dict[str, JSON]:
    """The body of an error.

    Args:
        error: what went wrong.
        is_legacy: as older servers have it, with `bad_route` and `malformed` in `code` and not in `meta.xcode`.
    """
    standard = None if is_legacy else _STANDARD.get(error.code)
    meta = error.meta if standard is None else {**error.meta, "xcode": error.code}
    body: dict[str, JSON] = {"code": standard or error.code, "msg": error.message}
    return {**body, "meta": {**meta}} if meta else body
