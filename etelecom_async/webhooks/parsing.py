"""Events from the bytes of a request."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .. import _checks
from ..codec import decode, loads
from ..endpoint import JSON
from ..errors import DecodeError, InvalidEvent
from .events import OA_EVENTS, Change, Event, UnknownEvent

__all__ = ["ACK", "MAX_BODY", "header", "parse", "read_body"]

ACK = b"ok"
"""The body of the answer, with status 200, for every sender. An account delivery counts any other body as a failure."""
MAX_BODY = 8 * 2**20
"""Bytes of the largest body that is read. A delivery has up to 1,000 changes, which are a few megabytes."""

_MAX_DEPTH = 32
_MAX_RETRY_DIGITS = 4


def parse(body: bytes, headers: Mapping[str, str]) -> tuple[Event, ...]:
    """The events in the body of a request that eTelecom or Zalo has sent: one, or the changes of an account delivery.

    It neither verifies the sender nor leaves out what has come before: `verify`, `Seen`.

    Args:
        body: the bytes as they came. Bound them by `MAX_BODY` while you read them from the network, too.
        headers: of the request, in any case of letters.

    Returns:
        What there is no class for, or does not fit its class, is an `UnknownEvent` with its payload.

    Raises:
        InvalidEvent: the body is no event: no JSON object of at most `MAX_BODY` bytes, one that has a name twice in one
            object, or neither an `event_name` nor `changes`.
        ConfigError: body is no bytes, or headers is no mapping of str to str.
    """
    num_retry = _num_retry(header("num_retry", headers))
    value = read_body(body)
    name, changes = value.get("event_name"), value.get("changes")
    if type(name) is str and name:
        return (_oa_event(name, value, num_retry),)
    if type(changes) is list:
        return tuple(map(_change, changes))
    raise InvalidEvent("The body is no event: it has neither an event_name nor an array of changes.")


def read_body(body: bytes) -> dict[str, JSON]:
    """The JSON object that a body is, bounded in bytes and depth, so that it can be compared, pickled and written.

    Raises:
        InvalidEvent: it is none.
        ConfigError: body is no bytes.
    """
    _checks.instance("body", body, bytes, "bytes: the body of the request, before anything is decoded")
    if len(body) > MAX_BODY:
        raise InvalidEvent(f"The body is too large for an event ({len(body)} bytes, and at most {MAX_BODY}).")
    value, problem = _loads(body)
    if problem:
        raise InvalidEvent(problem)  # here, so that it has no context
    if type(value) is not dict:
        raise InvalidEvent("The body is no event: it is JSON, and no object.")
    _check_plain(value)
    return value


def header(name: str, headers: Mapping[str, str]) -> set[str]:
    """The different values of a header, whose name is given in lower case.

    Raises:
        ConfigError: headers is no mapping of str to str.
    """
    wanted = "a mapping of str to str, such as request.headers"
    _checks.instance("headers", headers, Mapping, wanted)
    found: set[str] = set()
    for key, value in headers.items():
        _checks.instance("headers", key, str, wanted)
        _checks.instance("headers", value, str, wanted)
        if key.lower() == name:
            found.add(value.strip())
    return found


def _loads(body: bytes) -> tuple[JSON, str]:
    try:
        return loads(body), ""
    except DecodeError as error:
        return None, error.message


def _check_plain(value: JSON) -> None:
    """Refuse numbers that JSON does not have, and nesting on which other programs fail."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
        if any(type(inner) is float and not math.isfinite(inner) for inner in level):
            raise InvalidEvent("The body has a number that JSON does not have, such as NaN, or that is too large.")
        if not level:
            return
    raise InvalidEvent(f"The body is nested more than {_MAX_DEPTH} deep.")


def _members(value: JSON) -> list[JSON]:
    return list(value.values()) if type(value) is dict else value if type(value) is list else []


def _num_retry(values: set[str]) -> int:
    text = next(iter(values)) if len(values) == 1 else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_RETRY_DIGITS else 0


def _oa_event(name: str, value: dict[str, JSON], num_retry: int) -> Event:
    model = OA_EVENTS.get(name)
    if model is None:
        return UnknownEvent(name=name, payload=value)
    try:
        event = decode(value, model)
    except DecodeError as error:
        # Of these classes' fields only the phone is judged by the constructor, whose errors name no field.
        problem = "not a phone number @ $.phone" if error.message == "invalid value @ $" else error.message
        return UnknownEvent(name=name, payload=value, problem=problem)
    object.__setattr__(event, "num_retry", num_retry)  # it is not in the body, so no argument
    return event


def _change(value: JSON) -> Event:
    if type(value) is not dict:
        raise InvalidEvent("The body is no event: one of its changes is no object.")
    try:
        return decode(value, Change)
    except DecodeError as error:
        name = value.get("entity")
        return UnknownEvent(name=name if type(name) is str else "", payload=value, problem=error.message)
