"""The document: a path for each method and base, with its bodies, its errors, and the key that it wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

from yarl import URL

from .. import errors
from .._version import __version__
from ..account import SHOP_URL, parse_base_url
from ..api import catalog
from ..endpoint import JSON, AnyEndpoint, Role
from ..errors import ApiError, ConfigError
from .docstrings import words_of
from .schemas import Schema, Schemas

__all__ = ["document"]

_SHOP, _PARTNER = "/v1/shop", "/v1/partner"
_API_KEY, _SHOP_KEY = "api_key", "shop_key"
_OK, _BAD_REQUEST = 200, 400
_ABOUT = """\
The documented methods of the eTelecom API, as the Python package etelecom-async {version} knows them: an independent
description, not the operator's. Each method says how certain its fields are and what a call costs.

Every answer may lack any field, and may have further ones and further values of its enums. Ids are strings of digits,
since JavaScript's numbers cannot hold them. A 200 can be a failure: `status` N, an `error_code` other than 0, or
`updated` 0."""


def document(*, base_url: str | URL = SHOP_URL) -> dict[str, JSON]:
    """The typed methods as an OpenAPI 3.1 document: plain JSON values.

    Args:
        base_url: the host or base of the API, of shops or of partners, for `servers`.

    Raises:
        ConfigError: base_url cannot be one, or its path ends neither in `/v1/shop` nor in `/v1/partner`.
    """
    server = _server(base_url)
    schemas = Schemas()
    paths: Schema = {}
    for name, endpoint in sorted(catalog.endpoints().items()):
        for base in (_PARTNER,) if endpoint.partner_only else (_SHOP, _PARTNER):
            paths[f"{base}.{name}"] = {"post": _operation(endpoint, base, schemas)}
    schemas.components["Error"] = _ERROR
    made: Schema = {
        "openapi": "3.1.0",
        "info": {"title": "eTelecom", "version": __version__, "description": _ABOUT.format(version=__version__)},
        "servers": [{"url": server}],
        "tags": [{"name": service} for service in sorted({name.partition("/")[0] for name in catalog.endpoints()})],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": {
                **{str(status): _refusal(kinds) for status, kinds in _refusals().items()},
                "default": {
                    "description": "Anything else, such as 413, 429, 502 and 504 of a proxy, often a web page."
                },
            },
            "securitySchemes": {
                _API_KEY: _bearer("The api_key of a shop, or of a partner for what it does for itself."),
                _SHOP_KEY: _bearer("The shop_key, for what a partner does for one shop."),
            },
        },
    }
    return deepcopy(made)  # so that a change of it is none of the next one


_ERROR: Schema = {
    "type": "object",
    "description": "Why the server refused. Decide by `meta.xcode`, or by `code` without it, never by `msg`.",
    "properties": {
        "code": {"type": ["string", "null"]},
        "msg": {"type": ["string", "null"], "description": "For people, often in Vietnamese."},
        "meta": {"type": ["object", "null"], "properties": {"xcode": {"type": "string"}}},
    },
}


def _server(base_url: str | URL) -> str:
    url = parse_base_url(base_url, default_path=_SHOP, allow_http=True)
    for base in (_SHOP, _PARTNER):
        if url.raw_path.endswith(base):
            return str(url.with_path(url.raw_path.removesuffix(base), encoded=True)).removesuffix("/")
    raise ConfigError(f"base_url has a path that ends neither in {_SHOP} nor in {_PARTNER}.")


def _operation(endpoint: AnyEndpoint, base: str, schemas: Schemas) -> Schema:
    service, _, method = endpoint.name.partition("/")
    facts, words = catalog.facts(endpoint.name), words_of(catalog.function_of(endpoint.name))
    key = _SHOP_KEY if base == _PARTNER and endpoint.role is Role.SHOP else _API_KEY
    payload = schemas.of(endpoint.payload, is_read=False, said=words.of)
    result = schemas.of(endpoint.result, is_read=True)
    return {
        "operationId": f"{base.rpartition('/')[2]}_{service}_{method}",
        "tags": [service],
        "summary": facts.summary,
        "description": words.text,
        "security": [{key: []}],
        "requestBody": {"required": True, "content": {endpoint.encoding.value: {"schema": payload}}},
        "responses": {
            str(_OK): {"description": "The answer.", "content": {"application/json": {"schema": result}}},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in (*map(str, _refusals()), "default")},
        },
        "x-etelecom-evidence": facts.evidence,
        "x-etelecom-billed": facts.is_billed,
        "x-etelecom-repeat": endpoint.safety.value,
    }


def _refusals() -> Mapping[int, list[type[ApiError]]]:
    """The classes of errors by the HTTP status that usually brings them."""
    found: dict[int, list[type[ApiError]]] = {}
    for kind in _api_errors():
        if kind.usual[0] >= _BAD_REQUEST and kind is not ApiError:
            found.setdefault(kind.usual[0], []).append(kind)
    return dict(sorted(found.items()))


def _api_errors() -> Iterator[type[ApiError]]:
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, ApiError):
            yield kind


def _refusal(kinds: list[type[ApiError]]) -> Schema:
    said = "\n".join(f"- `{kind.usual[1]}`: {words_of(kind).text}" for kind in kinds)
    return {
        "description": said,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _bearer(description: str) -> Schema:
    return {"type": "http", "scheme": "bearer", "description": description}
